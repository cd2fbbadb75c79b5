"""Kinds of organisation: person accounts, currencies, record types; both forms of ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.salesforce_kit import Kit, running_kit


@pytest.fixture
def people() -> Iterator[Kit]:
    with running_kit(person_accounts=True) as made:
        yield made


def test_a_person_account_is_two_rows_that_change_together(people: Kit) -> None:
    id_ = people.create("Account", FirstName="Jo", LastName="Doe", PersonEmail="j@x.example")
    account = people.get("Account", id_)
    assert (account["Name"], account["IsPersonAccount"]) == ("Jo Doe", True)
    contact = people.get("Contact", account["PersonContactId"])
    assert (contact["Email"], contact["AccountId"]) == ("j@x.example", id_)
    people.advance(60)
    people.call("PATCH", f"sobjects/Contact/{contact['Id']}", {"LastName": "Roe"})
    changed = people.get("Account", id_)
    assert (changed["Name"], changed["LastName"]) == ("Jo Roe", "Roe")
    assert changed["SystemModstamp"] == "2024-05-06T07:09:09.000+0000"
    people.advance(60)
    people.call("PATCH", f"sobjects/Account/{id_}", {"PersonTitle": "CEO"})
    assert people.get("Contact", contact["Id"])["Title"] == "CEO"


def test_what_a_person_account_refuses(people: Kit) -> None:
    person = people.create("Account", LastName="Doe")
    firm = people.create("Account", Name="Acme")
    assert people.get("Account", firm)["IsPersonAccount"] is False
    contact = people.get("Account", person)["PersonContactId"]
    for method, path, body in (
        ("PATCH", f"sobjects/Account/{person}", {"Name": "x"}),
        ("PATCH", f"sobjects/Account/{firm}", {"LastName": "x"}),
        ("PATCH", f"sobjects/Contact/{contact}", {"AccountId": firm}),
        ("POST", "sobjects/Account", {"Name": "x", "LastName": "y"}),
    ):
        assert people.error(method, path, body)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert people.error("DELETE", f"sobjects/Contact/{contact}")[1] == "DELETE_FAILED"
    assert people.error("POST", "sobjects/Account", {})[1] == "REQUIRED_FIELD_MISSING"
    people.call("DELETE", f"sobjects/Account/{person}")
    assert people.rows("SELECT Id FROM Contact") == []


def test_seeded_and_custom_fields_of_persons(people: Kit) -> None:
    people.external_id("Contact")
    (id_,) = people.seed(Account=[{"LastName": "Doe", "Tieline_Id__pc": "k"}])["Account"]
    found = people.rows("SELECT Id, AccountId, Tieline_Id__c FROM Contact")
    assert [(row["AccountId"], row["Tieline_Id__c"]) for row in found] == [(id_, "k")]


def test_an_ordinary_organisation_has_no_person_fields() -> None:
    with running_kit() as kit:
        refused = kit.error("POST", "sobjects/Account", {"LastName": "Doe"})
        assert refused[1] == "INVALID_FIELD"


def test_several_currencies() -> None:
    rates = {"USD": 1.25}
    with running_kit(currency="multi", currencies=["EUR", "USD"], currency_rates=rates) as kit:
        plain = kit.create("Account", Name="a", AnnualRevenue=100)
        dollars = kit.create("Account", Name="b", AnnualRevenue=100, CurrencyIsoCode="USD")
        soql = (
            "SELECT Id, CurrencyIsoCode, convertCurrency(AnnualRevenue) FROM Account ORDER BY Name"
        )
        rows = {row["Id"]: (row["CurrencyIsoCode"], row["AnnualRevenue"]) for row in kit.rows(soql)}
        assert rows == {plain: ("EUR", 100.0), dollars: ("USD", 80.0)}
        bad = {"Name": "c", "CurrencyIsoCode": "XXX"}
        assert kit.error("POST", "sobjects/Account", bad)[1] == "INVALID_CURRENCY_ISO"
        found = kit.rows("SELECT IsoCode, ConversionRate, IsCorporate FROM CurrencyType")
        assert [(row["IsoCode"], row["ConversionRate"]) for row in found] == [
            ("EUR", 1.0), ("USD", 1.25),
        ]  # fmt: skip
        dated = kit.error("GET", "query", params={"q": "SELECT Id FROM DatedConversionRate"})
        assert dated[1] == "INVALID_TYPE"


def test_record_types() -> None:
    types = [
        {"object": "Account", "name": "Customer"}, {"object": "Account", "name": "Partner"},
        {"object": "Contact", "name": "Person"},
    ]  # fmt: skip
    with running_kit(record_types=types) as kit:
        found = kit.rows("SELECT Id, Name, SobjectType FROM RecordType")
        ids = {row["Name"]: row["Id"] for row in found}
        first = kit.create("Account", Name="a")
        assert kit.get("Account", first)["RecordTypeId"] == ids["Customer"]
        other = kit.create("Account", Name="b", RecordTypeId=ids["Partner"][:15])
        assert kit.get("Account", other)["RecordTypeId"] == ids["Partner"]
        wrong = {"Name": "c", "RecordTypeId": ids["Person"]}
        assert kit.error("POST", "sobjects/Account", wrong)[1] == "INVALID_CROSS_REFERENCE_KEY"
        by_name = "SELECT Id FROM Account WHERE RecordType.Name = 'Partner'"
        assert [row["Id"] for row in kit.rows(by_name)] == [other]


def test_short_ids_are_taken_and_long_ones_given() -> None:
    with running_kit() as kit:
        account = kit.create("Account", Name="a")
        short = account[:15]
        contact = kit.create("Contact", LastName="c", AccountId=short)
        assert kit.get("Contact", contact[:15])["AccountId"] == account
        assert kit.rows(f"SELECT Id FROM Contact WHERE AccountId = '{short}'")[0]["Id"] == contact
        body = {"ids": [short], "fields": ["Name"]}
        (found,) = kit.call("POST", "composite/sobjects/Account", body).json()
        assert found["Id"] == account
        rows = {"records": [{"attributes": {"type": "Account"}, "Id": short, "Name": "b"}]}
        assert kit.call("PATCH", "composite/sobjects", rows).json()[0]["id"] == account
        gone = kit.call("DELETE", "composite/sobjects", params={"ids": short}).json()
        assert gone[0]["id"] == account
