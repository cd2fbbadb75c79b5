"""The canonical model: what passes its gate, and what it says about its fields."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import MappingError
from mapping.canonical import FIELDS, KINDS, LIFECYCLE, MODELS, TYPES, field_def, validate


def test_every_field_is_defined() -> None:
    assert tuple(FIELDS) == tuple(MODELS) == KINDS
    for kind, fields in FIELDS.items():
        for name, found in fields.items():
            assert found.name == name
            assert found.type in TYPES
            assert found.description
            assert (found.ref is not None) == (found.type in ("ref", "roles"))
            assert found.ref is None or KINDS.index(found.ref) <= KINDS.index(kind)


def test_lifecycle_stages_have_an_order_and_two_stand_apart() -> None:
    stage = FIELDS["person"]["lifecycle_stage"]
    assert stage.values == LIFECYCLE
    assert (stage.rank("lead") or 0) < (stage.rank("sql") or 0)
    assert stage.rank("disqualified") is None
    assert FIELDS["person"]["first_name"].rank("lead") is None


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("account", {"name": " A "}, {"name": "A"}),
        ("account", {"domain": "", "tags": []}, {"domain": None, "tags": None}),
        ("account", {"tags": ["b", "a", "b"]}, {"tags": ["a", "b"]}),
        ("account", {"annual_revenue": {"amount": 12.50, "currency": "eur"}},
         {"annual_revenue": {"amount": "12.5", "currency": "EUR"}}),
        ("account", {"billing_address": {"city": " ", "country": "France"}},
         {"billing_address": {"country": "FR"}}),
        ("account", {"billing_address": {"city": " "}}, {"billing_address": None}),
        ("account", {"parent": "entity-1", "owner": {"object": "User", "id": "5"}},
         {"parent": "entity-1", "owner": {"object": "User", "id": "5"}}),
        ("opportunity", {"contacts": [{"ref": "e2", "primary": True}, {"ref": "e1", "role": " "}]},
         {"contacts": [{"ref": "e1", "role": None, "primary": False},
                       {"ref": "e2", "role": None, "primary": True}]}),
        ("person", {"custom.vip": "true"}, {"custom.vip": True}),
    ],
)  # fmt: skip
def test_values_pass_in_canonical_form(
    kind: str, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    custom = {"person": {"vip": "bool"}}
    assert validate(kind, given, custom) == expected
    assert validate(kind, expected, custom) == expected


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"employees": "1.5"}, "employees"),
        ({"nmae": "x"}, "nmae"),
        ({"annual_revenue": {"amount": "1"}}, "annual_revenue.currency"),
        ({"annual_revenue": {"amount": "1", "currency": "ZZZ"}}, "annual_revenue.currency"),
        ({"billing_address": {"country": "Wonderland"}}, "billing_address"),
        ({"billing_address": {"town": "x"}}, "billing_address.town"),
        ({"custom.x": 1}, "custom.x"),
        ({"website": "not a site"}, "website"),
    ],
)
def test_what_is_no_value_is_refused_by_name(given: dict[str, Any], field: str) -> None:
    with pytest.raises(MappingError) as caught:
        validate("account", given)
    assert caught.value.field == field


def test_custom_fields_are_known_by_their_declaration() -> None:
    custom = {"account": {"tier": "enum", "labels": "set", "odd": "nonsense"}}
    assert field_def("account", "custom.tier", custom).type == "enum"
    assert field_def("account", "custom.labels", custom).element == "text"
    for name in ("custom.odd", "custom.other", "other"):
        with pytest.raises(KeyError):
            field_def("account", name, custom)
