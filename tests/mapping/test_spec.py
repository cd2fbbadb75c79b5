"""Mapping files: the short forms, and every mistake found with the path to its line."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import MappingSpecError
from mapping.spec import MappingSpec, overlay
from mapping.translate import compile_mapping, find_problems
from tests.mapping.shipped import HUBSPOT, SALESFORCE, document, shipped, small


def spec(fields: dict[str, Any], **more: Any) -> MappingSpec:
    objects = {"Thing": {"kind": "account", "fields": fields}}
    return MappingSpec.model_validate({"vendor": "test", "objects": objects, **more})


@pytest.mark.parametrize(
    ("fields", "more", "message", "remedy"),
    [
        ({"nmae": "Name"}, {}, "there is no canonical field nmae", "Did you mean name?"),
        ({"custom.tier": "T"}, {}, "custom.tier is not declared", "custom.account"),
        ({"name": {"field": "N", "transform": "txt"}}, {}, "no transform txt", "mean text?"),
        ({"name": {"field": "N", "transform": "money"}}, {}, "makes money", "Leave"),
        ({"industry": "I"}, {}, "industry has no value map", "unknown: pass"),
        ({"industry": {"field": "I", "values": "i"}}, {"values": {"industry": {"a": "A"}}},
         "no value map i", "industry"),
        ({"name": {"field": "N", "values": "v"}}, {"values": {"v": {"a": "A"}}},
         "takes no value map", ""),
        ({"name": {"field": "N", "country": "C"}}, {}, "takes no `country`", "phone"),
        ({"annual_revenue": "R"}, {}, "needs a field for 'amount'", ""),
        ({"billing_address": {"fields": {"town": "T"}}}, {}, "no part 'town'", "city"),
        ({"parent": {"field": "P", "object": "Other"}}, {}, "kind account", "One of: Thing."),
        ({"owner": "O"}, {}, "has no `owners`", "users"),
    ],
)  # fmt: skip
def test_mistakes_are_found_with_their_path(
    fields: dict[str, Any], more: dict[str, Any], message: str, remedy: str
) -> None:
    made = spec(fields, **more)
    problems = find_problems(made)
    assert problems[0].path[:4] == ("objects", "Thing", "fields", next(iter(fields)))
    assert message in str(problems[0])
    assert any(remedy in p.remedy for p in problems)
    with pytest.raises(MappingSpecError, match=r"objects\.Thing\.fields\."):
        compile_mapping(made)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"objects": {"T": {"kind": "deal", "fields": {"name": "N"}}}}, ("objects", "T", "kind")),
        ({"objects": {"T": {"kind": "account", "fields": {}}}}, ("objects", "T", "fields")),
        ({"vendr": "x"}, ("vendr",)),
        ({"values": {"v": {"a": True}}}, ("values", "v", "a")),
        ({"values": {"v": {"a": []}}}, ("values", "v", "a")),
        ({"values": {"v": {"a": "X", "b": ["Y", "X"]}}}, ("values", "v")),
        ({"objects": {"T": {"kind": "account", "fields": {"name": {"feild": "N"}}}}},
         ("objects", "T", "fields", "name")),
        ({"objects": {"T": {"kind": "account", "fields": {
            "name": {"field": "N", "read": False, "write": False}}}}},
         ("objects", "T", "fields", "name")),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_where_it_is_wrong(
    change: dict[str, Any], where: tuple[str, ...]
) -> None:
    base = {"vendor": "t", "objects": {"T": {"kind": "account", "fields": {"name": "N"}}}}
    with pytest.raises(ValidationError) as caught:
        MappingSpec.model_validate({**base, **change})
    assert caught.value.errors()[0]["loc"][: len(where)] == where


def test_two_values_that_claim_one_vendor_value_name_the_way_out() -> None:
    with pytest.raises(ValidationError, match=r"use \{write: X\} for the other"):
        spec({"name": "N"}, values={"v": {"a": "X", "b": "X"}})


def test_a_side_with_an_unknown_zone_or_currency_is_refused() -> None:
    with pytest.raises(MappingSpecError, match="no time zone 'Mars/Base'"):
        shipped("hubspot", timezone="Mars/Base")
    with pytest.raises(MappingSpecError, match="not an ISO currency"):
        shipped("hubspot", currency="EURO")


def test_extending_changes_only_what_it_names() -> None:
    changes = {
        "extends": "salesforce",
        "values": {"account_type": {"competitor": "Competitor"}},
        "objects": {"Lead": None, "Account": {"fields": {"phone": "Main_Phone__c"}}},
    }
    made = compile_mapping(MappingSpec.model_validate(overlay(document("salesforce"), changes)))
    assert made.object_types("person") == ("Contact",)
    assert made.vendor_fields("Account", "phone") == ("Main_Phone__c",)
    assert made.vendor_fields("Account", "name") == ("Name",)
    written = made.from_canonical("Account", {"account_type": "competitor"})
    assert written.values == {"Type": "Competitor"}


def test_what_a_side_has() -> None:
    assert SALESFORCE.kinds() == HUBSPOT.kinds() == ("account", "person", "opportunity")
    assert SALESFORCE.object_types("person") == ("Contact", "Lead")
    assert HUBSPOT.kind_of("deals") == "opportunity"
    assert HUBSPOT.stamp_field("deals") == "tieline_id"
    assert "tieline_id" in HUBSPOT.read_fields("deals")
    assert SALESFORCE.read_fields("Account").count("Website") == 1
    assert SALESFORCE.names_for("Account", "Website") == ("website", "domain")
    assert HUBSPOT.vendor_fields("contacts", "department") == ()
    assert HUBSPOT.definition("deals", "stage").ordered
    assert HUBSPOT.path("deals", "stage") == ("objects", "deals", "fields", "stage")
    assert HUBSPOT.owners is not None
    assert HUBSPOT.owners.object == "owners"


def test_what_may_be_written_when() -> None:
    assert SALESFORCE.writable("Account", "domain", creating=True)
    assert not SALESFORCE.writable("Account", "domain", creating=False)
    assert not HUBSPOT.writable("contacts", "email_opt_out", creating=True)
    assert not HUBSPOT.writable("contacts", "department", creating=True)
    assert HUBSPOT.writable("contacts", "email", creating=False)


def test_writing_what_is_never_written_is_an_error() -> None:
    written = HUBSPOT.from_canonical("deals", {"is_won": True, "nonsense": 1, "name": "x"})
    assert written.values == {"dealname": "x"}
    assert set(written.errors) == {"is_won", "nonsense"}


def test_optional_fields_go_with_the_schema() -> None:
    there = set(SALESFORCE.read_fields("Contact")) - {"HasOptedOutOfEmail"}
    org = SALESFORCE.without_absent({"Contact": there})
    assert "email_opt_out" not in org.canonical_fields("Contact")
    assert "do_not_call" in org.canonical_fields("Contact")
    assert "HasOptedOutOfEmail" not in org.read_fields("Contact")
    assert "HasOptedOutOfEmail" in org.read_fields("Lead")
    assert "HasOptedOutOfEmail" in SALESFORCE.read_fields("Contact")


def test_another_currency_cannot_be_written_where_there_is_no_currency_field() -> None:
    org = SALESFORCE.without_absent({"Opportunity": {"Amount"}})
    euros = {"amount": {"amount": "5", "currency": "EUR"}}
    assert SALESFORCE.from_canonical("Opportunity", euros).values == {
        "Amount": 5, "CurrencyIsoCode": "EUR",
    }  # fmt: skip
    assert "amounts here are in USD" in str(org.from_canonical("Opportunity", euros).errors)


def test_the_digest_moves_with_what_the_mapping_does() -> None:
    same = shipped("hubspot")
    assert same.digest() == HUBSPOT.digest()
    assert shipped("hubspot", currency="EUR").digest() != HUBSPOT.digest()
    assert shipped("hubspot", timezone="Europe/Berlin").digest() != HUBSPOT.digest()
    assert HUBSPOT.without_absent({"deals": {"dealname"}}).digest() != HUBSPOT.digest()
    assert small({"name": "A"}).digest() != small({"name": "B"}).digest()


def test_custom_fields_of_every_type() -> None:
    types = {
        "a": "text", "b": "email", "c": "phone", "d": "url", "e": "number", "f": "integer",
        "g": "bool", "h": "date", "i": "datetime", "k": "set",
    }  # fmt: skip
    fields = {f"custom.{name}": name.upper() for name in types}
    made = small(fields, custom={"account": types})
    record = {
        "A": " x ", "B": "A@B.com", "C": "2125550123", "D": "acme.com", "E": "1.50", "F": 3.0,
        "G": "true", "H": "2026-01-02T00:00:00Z", "I": "2026-01-02T03:04:05+0000", "K": "y;x",
    }  # fmt: skip
    shown = made.to_canonical("Thing", record)
    assert shown.errors == {}
    assert shown.values == {
        "custom.a": "x", "custom.b": "a@b.com", "custom.c": "+12125550123",
        "custom.d": "https://acme.com", "custom.e": "1.5", "custom.f": 3, "custom.g": True,
        "custom.h": "2026-01-02", "custom.i": "2026-01-02T03:04:05Z", "custom.k": ["x", "y"],
    }  # fmt: skip
    assert made.from_canonical("Thing", shown.values, record).values == record


def test_numbers_are_scaled_without_losing_digits() -> None:
    made = small({"custom.p": {"field": "P", "scale": 100}}, custom={"account": {"p": "number"}})
    assert made.to_canonical("Thing", {"P": "0.075"}).values == {"custom.p": "7.5"}
    assert made.from_canonical("Thing", {"custom.p": "7.5"}).values == {"P": 0.075}


def test_a_stage_in_another_pipeline() -> None:
    stages = {"proposal": ["contractsent", "p2:678"], "closed_won": "closedwon"}
    fields = {
        "stage": {"transform": "stage", "values": "s",
                  "fields": {"pipeline": "pipeline", "stage": "dealstage"}}
    }  # fmt: skip
    made = small(fields, kind="opportunity", values={"s": stages})
    raw = {"pipeline": "p2", "dealstage": "678"}
    assert made.to_canonical("Thing", raw).values == {"stage": "proposal"}
    back = made.from_canonical("Thing", {"stage": "proposal"}, {"pipeline": "p2"})
    assert back.values == raw
    assert made.from_canonical("Thing", {"stage": "proposal"}).values == {
        "pipeline": "default", "dealstage": "contractsent",
    }  # fmt: skip
