"""Proposals for custom fields: what corresponds is found, what does not is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import FieldSchema, PicklistValue, Schema
from mapping.spec import MappingSpec, overlay
from mapping.suggest import Suggestion, documents, plain_name, suggest
from mapping.translate import compile_mapping
from tests.mapping.shipped import HUBSPOT, SALESFORCE, document


def field(name: str, type_: Any = "string", label: str = "", **more: Any) -> FieldSchema:
    return FieldSchema(name, label or name, type_, custom=True, **more)


def options(*pairs: tuple[str, str]) -> tuple[PicklistValue, ...]:
    return tuple(PicklistValue(value, label) for value, label in pairs)


def proposals(
    account: list[FieldSchema], company: list[FieldSchema], **others: list[FieldSchema]
) -> list[Suggestion]:
    salesforce = {"Account": account, **others}
    schemas = {o: Schema(o, o, {f.name: f for f in fields}) for o, fields in salesforce.items()}
    companies = {"companies": Schema("companies", "", {f.name: f for f in company})}
    return suggest({"crm": (SALESFORCE, schemas), "hub": (HUBSPOT, companies)})


def places(found: Suggestion) -> list[tuple[str, str, str]]:
    return [(p.side, p.object_type, p.field) for p in found.places]


def test_the_same_name_in_both_spellings() -> None:
    (found,) = proposals([field("Support_Tier__c")], [field("support_tier")])
    assert (found.kind, found.name, found.type) == ("account", "custom.support_tier", "text")
    assert places(found) == [
        ("crm", "Account", "Support_Tier__c"), ("hub", "companies", "support_tier"),
    ]  # fmt: skip
    assert "same name on crm and hub" in found.reason


def test_the_same_label_under_other_names() -> None:
    (found,) = proposals(
        [field("X1__c", "number", "Fleet size")], [field("flotte", "number", "Fleet Size")]
    )
    assert (found.name, found.type) == ("custom.x1", "number")
    assert "same label" in found.reason


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (field("Tier__c", "boolean"), field("tier", "number")),
        (field("Tier__c"), field("tear")),
        (field("Tier__c", "reference"), field("tier")),
        (field("Tier__c", updateable=False), field("tier", updateable=False)),
        (field("Name"), field("name")),
    ],
)
def test_what_does_not_correspond_is_left_alone(left: FieldSchema, right: FieldSchema) -> None:
    assert proposals([left], [right]) == []


def test_picklists_correspond_by_their_labels() -> None:
    left = field("Tier__c", "picklist", picklist=options(("Gold", "Gold"), ("Silver", "Silver")))
    right = field("tier", "picklist", picklist=options(("1", "gold"), ("2", "Silver")))
    (found,) = proposals([left], [right])
    assert found.type == "enum"
    assert [dict(p.values) for p in found.places] == [
        {"gold": "Gold", "silver": "Silver"}, {"gold": "1", "silver": "2"},
    ]  # fmt: skip
    other = field("tier", "picklist", picklist=options(("r", "Red"), ("b", "Blue")))
    assert proposals([left], [other]) == []


def test_one_field_is_proposed_once_and_people_in_both_their_object_types() -> None:
    found = suggest(
        {
            "crm": (SALESFORCE, {
                "Lead": Schema("Lead", "", {"Shoe__c": field("Shoe__c", label="Shoe size")}),
                "Contact": Schema("Contact", "", {"Shoe__c": field("Shoe__c", label="Shoe size")}),
            }),
            "hub": (HUBSPOT, {
                "contacts": Schema("contacts", "", {
                    "shoe": field("shoe"), "size": field("size", label="Shoe size"),
                }),
            }),
        }
    )  # fmt: skip
    assert [places(s) for s in found] == [
        [("crm", "Contact", "Shoe__c"), ("crm", "Lead", "Shoe__c"), ("hub", "contacts", "shoe")]
    ]


def test_proposals_make_mapping_files_that_work() -> None:
    tiers = options(("Gold", "Gold"), ("Silver", "Silver"))
    found = proposals(
        [field("Tier__c", "picklist", picklist=tiers), field("Score__c", "number")],
        [field("tier", "picklist", picklist=options(("g", "Gold"), ("s", "Silver"))),
         field("score", "integer", updateable=False)],
    )  # fmt: skip
    custom, files = documents(found)
    assert custom == {"account": {"score": {"type": "number"}, "tier": {"type": "enum"}}}
    assert files["hub"]["objects"]["companies"]["fields"]["custom.score"]["write"] is False
    types = {k: {n: d["type"] for n, d in fields.items()} for k, fields in custom.items()}
    spec = MappingSpec.model_validate(overlay(document("hubspot"), files["hub"]))
    made = compile_mapping(spec, custom=types)
    assert made.to_canonical("companies", {"tier": "g"}).values == {"custom.tier": "gold"}


@pytest.mark.parametrize(
    ("vendor", "plain"),
    [
        ("Support_Tier__c", "support_tier"), ("ns__FleetSize__c", "fleet_size"),
        ("hs_fleet_size", "fleet_size"), ("FleetSize", "fleet_size"), ("Größe__c", "grosse"),
    ],
)  # fmt: skip
def test_plain_names(vendor: str, plain: str) -> None:
    assert plain_name(vendor) == plain
