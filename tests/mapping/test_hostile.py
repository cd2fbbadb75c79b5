"""Values that break naive mappings: each is represented exactly or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mapping.shipped import HUBSPOT, SALESFORCE, SIDES, small

TEXTS = {
    "emoji": "👩‍👩‍👧 Ltd 🏳️‍🌈", "right to left": "שלום \u202eabc", "arabic": "شركة الاختبار",
    "chinese": "北京公司", "quotes": "O'Brien \"x\" \\' %27", "markup": "<script>alert(1)</script>",
    "soql": "' OR Name LIKE '%", "formula": "=cmd|' /C calc'!A0", "long": "x" * 40000,
    "zero width": "a\u200bb", "control": "a\x00b", "null word": "null", "percent": "100%",
    "inner space": "a  b\tc", "template": "{{user}} ${x}", "semicolon": "a;b", "number": "007",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_travel_unchanged(name: str) -> None:
    text = TEXTS[name]
    shown = SALESFORCE.to_canonical("Account", {"Name": text, "Description": text}).values
    assert shown == {"name": text, "description": text}
    written = HUBSPOT.from_canonical("companies", shown)
    assert written.values == {"name": text, "description": text}
    assert HUBSPOT.to_canonical("companies", written.values).values == shown


JUNK: dict[str, Any] = {
    "object": {"a": 1}, "list": [1, 2], "nested": [[{}]], "bool": True, "float": 1.5,
    "huge": "9" * 400, "lone surrogate": "\ud800", "list of nothing": [None], "word": "zzz",
    "not a number": float("nan"), "negative": -1, "newlines": "\n\r\n", "exponent": "1e400",
}  # fmt: skip


@pytest.mark.parametrize("name", JUNK)
def test_junk_in_any_field_is_a_value_or_a_named_error(name: str) -> None:
    """Nothing but blanks reads as None, and nothing raises."""
    for mapping in SIDES:
        for object_type, found in mapping.objects.items():
            record = dict.fromkeys(mapping.read_fields(object_type), JUNK[name])
            shown = mapping.to_canonical(object_type, record)
            assert set(shown.values) | set(shown.errors) == set(found.fields)
            blank = name == "newlines"
            empty = {n for n, value in shown.values.items() if value is None}
            allowed = set(found.fields) if blank else {"other_emails"}
            assert empty <= allowed
            for field, error in shown.errors.items():
                assert error.field == field
                str(error).encode()
                assert len(str(error)) < 400


@pytest.mark.parametrize("name", JUNK)
def test_junk_as_a_wish_is_a_value_or_a_named_error(name: str) -> None:
    for mapping in SIDES:
        for object_type, found in mapping.objects.items():
            written = mapping.from_canonical(object_type, dict.fromkeys(found.fields, JUNK[name]))
            assert set(written.errors) <= set(found.fields)
            assert None not in {e.field for e in written.errors.values()}


@pytest.mark.parametrize("empty", [None, "", "  ", "\t\n", []])
def test_every_blank_is_one_blank(empty: Any) -> None:
    for mapping in SIDES:
        for object_type, found in mapping.objects.items():
            record = dict.fromkeys(mapping.read_fields(object_type), empty)
            shown = mapping.to_canonical(object_type, record)
            assert shown.errors == {}
            assert shown.values == {n: f.how.blank for n, f in found.fields.items()}


def test_leap_day_and_the_ends_of_time() -> None:
    deals = {"closedate": "2024-02-29T00:00:00Z"}
    assert HUBSPOT.to_canonical("deals", deals).values == {"close_date": "2024-02-29"}
    for bad in ("2023-02-29", "0000-01-01", "10000-01-01", "9" * 15, "-" + "9" * 15):
        assert "close_date" in HUBSPOT.to_canonical("deals", {"closedate": bad}).errors


def test_a_number_that_json_would_change_is_refused() -> None:
    made = small({"custom.n": "N"}, custom={"account": {"n": "number"}})
    written = made.from_canonical("Thing", {"custom.n": "12345678901234567.89"})
    assert "more digits than a JSON number keeps" in str(written.errors["custom.n"])
    text = small({"custom.n": "N"}, custom={"account": {"n": "number"}}, scalars="strings")
    exact = text.from_canonical("Thing", {"custom.n": "12345678901234567.89"})
    assert exact.values == {"N": "12345678901234567.89"}


def test_a_reference_to_another_object_type_is_refused() -> None:
    written = SALESFORCE.from_canonical(
        "Opportunity",
        {"account": {"object": "companies", "id": "1"}, "owner": "ann@acme.com",
         "contacts": [{"ref": "entity-7", "role": None, "primary": False}]},
    )  # fmt: skip
    assert written.values == {}
    assert set(written.errors) == {"account", "owner", "contacts"}


def test_a_separator_inside_of_a_set_is_refused() -> None:
    made = small({"tags": "Tags"})
    assert made.to_canonical("Thing", {"Tags": ";b;a;;b "}).values == {"tags": ["a", "b"]}
    assert made.from_canonical("Thing", {"tags": ["a", "b"]}).values == {"Tags": "a;b"}
    assert "semicolon" in str(made.from_canonical("Thing", {"tags": ["a;b"]}).errors["tags"])


def test_the_web_address_of_a_new_account_is_not_overwritten_by_its_domain() -> None:
    both = {"website": "https://facebook.com/acme", "domain": "acme.com"}
    written = SALESFORCE.from_canonical("Account", both)
    assert written.values == {"Website": "https://facebook.com/acme"}
    assert "does not agree with Website" in str(written.errors["domain"])
    agreeing = {"website": "https://shop.acme.com", "domain": "acme.com"}
    assert SALESFORCE.from_canonical("Account", agreeing).errors == {}


def test_an_address_part_that_the_side_lacks_is_refused() -> None:
    made = small({"billing_address": {"fields": {"city": "City"}}})
    lost = made.from_canonical("Thing", {"billing_address": {"city": "Rome", "country": "IT"}})
    assert "has a country, for which this side has no field" in str(lost.errors)
