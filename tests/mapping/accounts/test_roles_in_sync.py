"""Buying roles through the mappings that a sync uses: both vendors' words, without loss."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.spec import MappingSpec
from mapping.translate import SideMapping, compile_mapping
from tests.mapping.accounts.test_roles import STANDARD
from tests.mapping.shipped import document

ROLES = {
    "salesforce": {
        "decision_maker": "Decision Maker",
        "economic_buyer": ["Economic Buyer", "Economic Decision Maker"],
        "executive_sponsor": "Executive Sponsor",
        "influencer": "Influencer",
        "end_user": "Business User",
        "technical_buyer": "Technical Buyer",
        "evaluator": "Evaluator",
        "other": "Other",
    },
    "hubspot": {
        "decision_maker": "Decision maker",
        "economic_buyer": "Budget holder",
        "executive_sponsor": "Executive sponsor",
        "influencer": "Influencer",
        "end_user": "End user",
        "technical_buyer": "Technical buyer",
        "evaluator": "Evaluator",
        "other": "Other",
    },
}
"""The value maps of docs/account-map.md."""
OBJECTS = {"salesforce": "Opportunity", "hubspot": "deals"}
PEOPLE = {"salesforce": "Contact", "hubspot": "contacts"}


def side(vendor: str) -> SideMapping:
    data = document(vendor)
    data["values"]["buying_role"] = ROLES[vendor]
    data["objects"][OBJECTS[vendor]]["fields"]["contacts"]["values"] = "buying_role"
    return compile_mapping(MappingSpec.model_validate(data))


def raw(vendor: str, *items: tuple[str, str | None]) -> dict[str, Any]:
    """The vendor's own list of contacts: (id, label)."""
    (field,) = side(vendor).vendor_fields(OBJECTS[vendor], "contacts")
    return {field: [{"id": i, "label": label, "primary": False} for i, label in items]}


def carried(start: str, end: str, given: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """What is written at the end for what the start shows; ids are alike on both."""
    value = side(start).to_canonical(OBJECTS[start], given).values["contacts"]
    told = [{**m, "ref": {**m["ref"], "object": PEOPLE[end]}} for m in value]
    wished = side(end).from_canonical(OBJECTS[end], {"contacts": told}, there)
    assert not wished.errors
    return wished.values


@pytest.mark.parametrize("word", STANDARD)
def test_every_salesforce_value_survives_the_way_to_hubspot_and_back(word: str) -> None:
    here = raw("salesforce", ("1", word))
    there = carried("salesforce", "hubspot", here, raw("hubspot"))
    assert carried("hubspot", "salesforce", there, here) == here


def test_a_person_added_in_hubspot_changes_no_role_of_the_others() -> None:
    here = raw("salesforce", ("1", "Economic Decision Maker"), ("2", "Evaluator"))
    there = raw("hubspot", ("1", "Budget holder"), ("2", "Evaluator"), ("3", "End user"))
    assert carried("hubspot", "salesforce", there, here) == raw(
        "salesforce", ("1", "Economic Decision Maker"), ("2", "Evaluator"), ("3", "Business User")
    )


def test_a_role_changed_in_hubspot_is_written() -> None:
    here = raw("salesforce", ("1", "Economic Decision Maker"))
    there = raw("hubspot", ("1", "Decision maker"))
    assert carried("hubspot", "salesforce", there, here) == raw(
        "salesforce", ("1", "Decision Maker")
    )


def test_two_labels_for_one_role_both_stay() -> None:
    here = raw("salesforce", ("1", "Economic Buyer"), ("1", "Economic Decision Maker"))
    there = raw("hubspot", ("1", "Budget holder"))
    assert carried("hubspot", "salesforce", there, here) == here
