"""A mapping against a live schema: what cannot work, what will be refused, and what is fine."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import FieldSchema, PicklistValue, Schema
from mapping.check import check
from mapping.spec import Problem
from mapping.translate import SideMapping
from tests.mapping.shipped import HUBSPOT, SALESFORCE, small

SHARED = Path(os.environ.get("TIELINE_SHARED") or Path(__file__).parents[3] / "shared")
DESCRIBES = SHARED / "recorded" / "salesforce" / "describe"

VENDOR_TYPES = {
    "textarea": "text", "double": "number", "int": "integer", "combobox": "string",
    "address": "other", "location": "other",
}  # fmt: skip


def schema(*fields: FieldSchema, **more: Any) -> Schema:
    return Schema("Thing", "Thing", {f.name: f for f in fields}, **more)


def field(name: str, type_: Any = "string", **more: Any) -> FieldSchema:
    return FieldSchema(name, name, type_, **more)


def found(mapping: SideMapping, *fields: FieldSchema) -> list[Problem]:
    return check(mapping, "Thing", schema(*fields))


def options(*values: str) -> tuple[PicklistValue, ...]:
    return tuple(PicklistValue(v, v) for v in values)


NAME = small({"name": "Name"})
TYPED = small(
    {"account_type": {"field": "Type", "values": "t"}},
    values={"t": {"customer": ["Customer", "Client"], "other": "Other"}},
)


def test_a_mapping_that_fits_has_no_problems() -> None:
    assert found(NAME, field("Name", length=255)) == []
    assert found(TYPED, field("Type", "picklist", picklist=options("Customer", "Other"))) == []


@pytest.mark.parametrize(
    ("mapping", "fields", "message", "remedy", "severity"),
    [
        (NAME, [field("Naam")], "no such field", "Did you mean Naam?", "error"),
        (NAME, [field("Name", updateable=False)], "cannot change it", "write: create", "error"),
        (NAME, [field("Name", updateable=False, createable=False)], "cannot change it",
         "write: false", "error"),
        (small({"name": {"field": "Name", "write": "create"}}),
         [field("Name", createable=False)], "cannot set it", "write: false", "error"),
        (NAME, [field("Name", length=80)], "takes 80 characters; name may have 255", "longer",
         "warning"),
        (small({"employees": "Size"}), [field("Size", "string")],
         "is of type string, which transform integer cannot use", "another field", "error"),
        (small({"custom.d": "When"}, custom={"account": {"d": "date"}}),
         [field("When", "datetime")], "dates are written to it as date", "form: datetime",
         "error"),
        (TYPED, [field("Type", "picklist", restricted=True, picklist=options("Customer"))],
         "does not offer Other", "values.t", "error"),
        (TYPED, [field("Type", "picklist", picklist=options("Customer"))],
         "does not offer Other", "values.t", "warning"),
        (TYPED, [field("Type", "picklist", picklist=options("Customer", "Other", "New"))],
         "offers New, which 't' does not know", "held", "warning"),
        (NAME, [field("Name"), field("Region__c", required_on_create=True)],
         "Region__c: is required in new records", "default", "warning"),
    ],
)  # fmt: skip
def test_what_does_not_fit(
    mapping: SideMapping, fields: list[FieldSchema], message: str, remedy: str, severity: str
) -> None:
    (problem,) = found(mapping, *fields)
    assert message in problem.message
    assert remedy in problem.remedy
    assert problem.severity == severity
    assert problem.path[:2] == ("objects", "Thing")


def test_inactive_picklist_values_count_as_gone() -> None:
    gone = (PicklistValue("Customer", "Customer"), PicklistValue("Other", "Other", active=False))
    (problem,) = found(TYPED, field("Type", "picklist", picklist=gone))
    assert "does not offer Other" in problem.message


def test_what_is_only_read_may_be_read_only() -> None:
    mapping = small({"name": {"field": "Name", "write": False}})
    assert found(mapping, field("Name", updateable=False, createable=False, length=10)) == []


def test_a_field_that_only_explains_another_need_not_be_writable() -> None:
    mapping = small({"phone": {"field": "Phone", "country": "Land"}})
    land = field("Land", "picklist", updateable=False, createable=False)
    assert found(mapping, field("Phone", "phone"), land) == []
    (problem,) = found(mapping, field("Phone", "phone"))
    assert "Thing.Land: this side shows no such field" in problem.message


def test_optional_fields_may_lack() -> None:
    assert found(small({"name": "Name", "phone": "Phone?"}), field("Name")) == []


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        (None, "is not there"),
        (field("tieline_id"), "takes one value twice"),
        (field("tieline_id", unique=True, updateable=False), "cannot be written"),
        (field("tieline_id", unique=True), ""),
    ],
)
def test_the_stamp_field(stamp: FieldSchema | None, message: str) -> None:
    there = [f for f in hubspot_fields("companies").values() if f.name != "tieline_id"]
    made = schema(*there, *([stamp] if stamp else []))
    problems = [p for p in check(HUBSPOT, "companies", made) if p.path[-1] == "stamp"]
    assert [message in p.message for p in problems] == ([True] if message else [])
    assert stamp is not None or "tieline setup" in problems[0].remedy


def hubspot_fields(object_type: str) -> dict[str, FieldSchema]:
    """A schema that fits: every mapped property with a type that its transform can use."""
    fields = {}
    for mapped in HUBSPOT.objects[object_type].fields.values():
        for part in mapped.parts:
            usable = sorted(mapped.transform.vendor_types(part.name) - {"other"})
            fields[part.vendor] = field(part.vendor, usable[0])
    return fields


def test_stages_of_other_pipelines_are_known_by_their_own_name() -> None:
    values = {"proposal": ["contractsent", "p2:678"]}
    mapping = small(
        {"stage": {"transform": "stage", "values": "s",
                   "fields": {"pipeline": "pipeline", "stage": "dealstage"}}},
        kind="opportunity", values={"s": values},
    )  # fmt: skip
    stages = field("dealstage", "picklist", picklist=options("contractsent", "678", "999"))
    (problem,) = found(mapping, field("pipeline", "picklist"), stages)
    assert "offers 999, which" in problem.message


def recorded(object_type: str) -> Schema:
    """A recorded Salesforce describe as a connector would show it."""
    path = DESCRIBES / f"{object_type}.json"
    if not path.exists():
        pytest.skip(f"no recorded describes: {path} is absent")
    fields = {}
    for raw in json.loads(path.read_text(encoding="utf-8"))["fields"]:
        values = (PicklistValue(v["value"], v["label"], v["active"]) for v in raw["picklistValues"])
        fields[raw["name"]] = FieldSchema(
            raw["name"], raw["label"], VENDOR_TYPES.get(raw["type"], raw["type"]),
            length=raw["length"] or None,
            required_on_create=raw["createable"]
            and not raw["nillable"] and not raw["defaultedOnCreate"],
            createable=raw["createable"], updateable=raw["updateable"], unique=raw["unique"],
            custom=raw["custom"], restricted=raw["restrictedPicklist"], picklist=tuple(values),
        )  # fmt: skip
    return Schema(object_type, object_type, fields)


@pytest.mark.parametrize("object_type", ["Account", "Contact", "Lead", "Opportunity"])
def test_the_shipped_mapping_fits_a_real_org(object_type: str) -> None:
    org = recorded(object_type)
    roles = FieldSchema("OpportunityContactRoles", "Contact roles", "association")
    org = replace(org, fields={**org.fields, roles.name: roles})
    problems = check(SALESFORCE, object_type, org)
    assert [p.path[-1] for p in problems if p.severity == "error"] == ["stamp"]
    assert [str(p) for p in problems if p.severity == "warning"] == []
