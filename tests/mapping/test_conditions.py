"""Conditions on canonical values, as filters, creation rules and populations use them."""

from __future__ import annotations

from typing import Any

import pytest

from config.base import Condition
from mapping.conditions import Orders, holds, lookup

MONEY = {"amount": "250000.50", "currency": "EUR"}


@pytest.mark.parametrize(
    ("field", "value", "at_least", "at_most"),
    [
        ("employees", 100, 100, 100),
        ("employees", "250", 99.5, "1000"),
        ("employees", 9, 1, 10),
        ("annual_revenue", MONEY, 250000, 250001),
        ("annual_revenue.amount", "250000.50", "250000.50", None),
        ("close_date", "2026-05-01", "2026-05-01", "2026-12-31"),
        ("custom.seen", "2026-05-01T10:00:00+00:00", "2026-05-01", "2026-05-01"),
        ("lifecycle_stage", "sql", "mql", "customer"),
        ("stage", "proposal", None, "negotiation"),
    ],
)
def test_between_two_bounds_both_included(
    field: str, value: Any, at_least: Any, at_most: Any
) -> None:
    for word, bound in (("at_least", at_least), ("at_most", at_most)):
        if bound is not None:
            assert holds(Condition(field=field, **{word: bound}), lambda _: value)


@pytest.mark.parametrize(
    ("field", "value", "bounds"),
    [
        ("employees", 99, {"at_least": 100}),
        ("employees", 1000, {"at_most": 999}),
        ("employees", "1000", {"at_most": 200}),
        ("employees", None, {"at_least": 0}),
        ("employees", None, {"at_most": 10}),
        ("employees", "many", {"at_least": 0}),
        ("employees", True, {"at_least": 0}),
        ("annual_revenue", {"currency": "EUR"}, {"at_least": 0}),
        ("close_date", "2026-04-30", {"at_least": "2026-05-01"}),
        ("close_date", None, {"at_most": "2026-05-01"}),
        ("lifecycle_stage", "lead", {"at_least": "mql"}),
        ("lifecycle_stage", "other", {"at_least": "mql"}),
        ("lifecycle_stage", None, {"at_most": "mql"}),
        ("employees", 50, {"at_least": 1, "at_most": 49}),
    ],
)
def test_outside_of_a_bound_or_without_a_value(
    field: str, value: Any, bounds: dict[str, Any]
) -> None:
    assert not holds(Condition(field=field, **bounds), lambda _: value)


def test_an_order_of_the_rules_stands_above_the_usual_one() -> None:
    orders: Orders = {"lead_status": ("cold", "warm", "hot")}
    warm = Condition(field="lead_status", at_least="warm")
    assert holds(warm, lambda _: "hot", orders)
    assert not holds(warm, lambda _: "cold", orders)
    assert not holds(warm, lambda _: "unheard of", orders)


@pytest.mark.parametrize("field", ["custom.tier", "account.custom.tier"])
def test_custom_fields_have_orders_too(field: str) -> None:
    orders: Orders = {"custom.tier": ("bronze", "silver", "gold")}
    silver = Condition(field=field, at_least="silver")
    assert holds(silver, lambda _: "gold", orders)
    assert not holds(silver, lambda _: "bronze", orders)


def test_a_part_of_a_value_is_looked_up() -> None:
    assert lookup({"annual_revenue": MONEY}, "annual_revenue.amount") == "250000.50"
    assert lookup({"custom.size": 3}, "custom.size") == 3
    assert lookup({}, "billing_address.country") is None
