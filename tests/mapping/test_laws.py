"""Laws of the shipped mappings, over made-up values for every field of every object type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.canonical import validate
from mapping.compiled import CompiledField
from mapping.translate import SideMapping
from tests.mapping.shipped import SIDES, shipped

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
NUMBERS = st.decimals(-(10**9), 10**9, places=2).map(str)
EMAILS = st.from_regex(r"[a-z]{1,6}@[a-z]{1,6}\.com", fullmatch=True)
HOSTS = st.from_regex(r"[a-z]{1,8}\.(com|de|example)", fullmatch=True)
PHONES = st.from_regex(r"\+1212555[0-9]{4}( ext\. [1-9])?", fullmatch=True)
COUNTRIES = st.sampled_from(["US", "DE", "GB", "JP", "CI"])
IDS = st.sampled_from(["1", "2", "3", "001x/?&", "001000000000001AAA"])
DAYS = st.dates().map(lambda d: d.isoformat())
ADDRESSES = st.fixed_dictionaries(
    {"city": WORDS},
    optional={"street": WORDS, "region": WORDS, "postal_code": WORDS, "country": COUNTRIES},
)

CANONICAL: dict[str, Any] = {
    "text": WORDS, "long_text": WORDS, "email": EMAILS, "phone": PHONES | WORDS,
    "url": HOSTS.map("https://{}/x".format), "domain": HOSTS, "bool": st.booleans(),
    "integer": st.integers(0, 10**8), "number": NUMBERS, "date": DAYS, "address": ADDRESSES,
    "money": st.fixed_dictionaries({"amount": NUMBERS, "currency": st.just("USD")}),
    "set": st.lists(EMAILS, min_size=1),
}  # fmt: skip
"""Values of a canonical type (before normalisation)."""


def refs(field: CompiledField) -> st.SearchStrategy[Any]:
    """References of the object type that a field points to."""
    return IDS.map(lambda id_: {"object": field.how.object, "id": id_})


def canonical(field: CompiledField) -> st.SearchStrategy[Any]:
    """Values that a field of any side could show."""
    type_ = field.definition.type
    if type_ in ("ref", "owner"):
        return refs(field)
    if type_ == "roles":
        item = {"ref": refs(field), "role": st.none() | WORDS, "primary": st.booleans()}
        return st.lists(st.fixed_dictionaries(item), min_size=1)
    if type_ == "enum":
        return st.sampled_from([*field.how.values.entries, "unheard of"])
    return CANONICAL[type_]


ITEM = st.fixed_dictionaries(
    {"id": IDS, "label": st.none() | st.sampled_from(["Decision Maker", "x"]),
     "primary": st.booleans()}
)  # fmt: skip
JUNK = st.none() | st.just("") | st.booleans() | st.integers() | WORDS | st.just("  ") | NUMBERS


def raw(field: CompiledField, part: str) -> st.SearchStrategy[Any]:
    """What a vendor's field might hold: what belongs there in several spellings, and junk."""
    spelled: dict[str, Any] = {
        "email": EMAILS.map(lambda e: f" {e.upper()} "), "url": HOSTS.map("www.{}/".format),
        "domain": HOSTS, "phone": st.sampled_from(["(212) 555-0123", "ask Bob", "+49 30 1234567"]),
        "date": DAYS | st.just("2026-03-01T12:00:00Z") | st.just("1772323200000"),
        "bool": st.sampled_from(["true", "false", True, False]), "number": st.floats(-9, 9),
        "money": NUMBERS | st.sampled_from(["USD", "eur", "XXQ"]),
        "address": st.sampled_from(["Paris", "France", "CA", "Deutschland", "US", " a\r\nb"]),
        "multi": st.lists(EMAILS, max_size=3).map(";".join),
        "roles": st.lists(ITEM, max_size=3), "primary_ref": st.lists(ITEM, max_size=3),
        "stage": st.sampled_from(["default", "closedwon", "contractsent", "p2"]),
    }  # fmt: skip
    words = [word for entry in field.how.values.entries.values() for word in entry.read]
    if words and part != "pipeline":
        return st.sampled_from([*words, *(w.lower() for w in words)]) | JUNK
    return spelled.get(field.transform_name, JUNK) | JUNK


def records(mapping: SideMapping, object_type: str) -> st.SearchStrategy[dict[str, Any]]:
    """Raw records of an object type; two fields that share a vendor field agree on its form."""
    by_vendor = {
        part.vendor: raw(field, part.name)
        for field in mapping.objects[object_type].fields.values()
        for part in field.parts
    }
    return st.fixed_dictionaries(by_vendor)


OBJECTS = [
    pytest.param(mapping, object_type, id=f"{mapping.vendor}-{object_type}")
    for mapping in (*SIDES, shipped("hubspot", currency="EUR", timezone="America/Sao_Paulo"))
    for object_type in mapping.objects
]
FIELDS = [
    pytest.param(mapping, object_type, field, id=f"{mapping.vendor}-{object_type}-{name}")
    for mapping in SIDES
    for object_type, found in mapping.objects.items()
    for name, field in found.fields.items()
    if field.write
]


@pytest.mark.parametrize(("mapping", "object_type"), OBJECTS)
def test_writing_back_what_was_read_changes_nothing(mapping: SideMapping, object_type: str) -> None:
    @given(records(mapping, object_type))
    def law(record: dict[str, Any]) -> None:
        shown = mapping.to_canonical(object_type, record)
        assert set(shown.values) | set(shown.errors) == set(mapping.canonical_fields(object_type))
        assert not set(shown.values) & set(shown.errors)
        wished = {
            name: value
            for name, value in shown.values.items()
            if mapping.writable(object_type, name, creating=True)
        }
        back = mapping.from_canonical(object_type, wished, record)
        assert back.errors == {}
        assert {**record, **back.values} == record

    law()


@pytest.mark.parametrize(("mapping", "object_type"), OBJECTS)
def test_what_is_read_is_in_canonical_form(mapping: SideMapping, object_type: str) -> None:
    @given(records(mapping, object_type))
    def law(record: dict[str, Any]) -> None:
        shown = mapping.to_canonical(object_type, record).values
        assert validate(mapping.kind_of(object_type), shown) == shown

    law()


@pytest.mark.parametrize(("mapping", "object_type"), OBJECTS)
def test_projecting_twice_is_projecting_once(mapping: SideMapping, object_type: str) -> None:
    fields = mapping.objects[object_type].fields
    wishes = st.fixed_dictionaries({}, optional={n: canonical(f) for n, f in fields.items()})

    @given(wishes)
    def law(wished: dict[str, Any]) -> None:
        kind = mapping.kind_of(object_type)
        once = mapping.project(object_type, validate(kind, wished))
        again = mapping.project(object_type, once.values)
        assert again.values == once.values
        assert again.errors == {}

    law()


@pytest.mark.parametrize(("mapping", "object_type", "field"), FIELDS)
def test_what_is_written_reads_back_the_same(
    mapping: SideMapping, object_type: str, field: CompiledField
) -> None:
    """Exactly, except where a side is known to be coarser: value maps, roles, stage."""

    @given(canonical(field))
    def law(value: Any) -> None:
        wished = validate(mapping.kind_of(object_type), {field.name: value})
        shown = mapping.project(object_type, wished)
        assert set(shown.values) | set(shown.errors) == {field.name}
        if field.transform_name not in ("enum", "stage", "roles"):
            assert shown.values == wished

    law()


@pytest.mark.parametrize(("mapping", "object_type", "field"), FIELDS)
def test_blank_can_be_written_and_read(
    mapping: SideMapping, object_type: str, field: CompiledField
) -> None:
    shown = mapping.project(object_type, {field.name: None})
    assert shown.errors == {}
    assert shown.values == {field.name: field.how.blank}


ENUMS = [p for p in FIELDS if p.values[2].how.values.entries]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mapping", "object_type", "field"), ENUMS)
def test_a_value_outside_of_the_value_map_is_an_error(
    mapping: SideMapping, object_type: str, field: CompiledField
) -> None:
    raw_record = dict.fromkeys(field.vendor_fields(), "Unheard of")
    shown = mapping.to_canonical(object_type, raw_record)
    assert field.name not in shown.values
    assert shown.errors[field.name].field == field.name
    assert "Unheard of" in str(shown.errors[field.name])
    written = mapping.from_canonical(object_type, {field.name: "unheard of"})
    assert written.values == {}
    assert written.errors[field.name].value == "unheard of"
