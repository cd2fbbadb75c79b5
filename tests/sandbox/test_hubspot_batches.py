"""Batches of the HubSpot sandbox: order, 207, atomic creates, upserts, duplicates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.hubspot_support import CONTACTS, DEALS, Account

STAMP = {
    "name": "tieline_id",
    "label": "Tieline ID",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
    "hasUniqueValue": True,
}


@pytest.fixture
def hs() -> Account:
    made = Account()
    made.post("/crm/v3/properties/contacts", STAMP, 201)
    return made


def creates(*emails: str, trace: bool = False) -> dict[str, Any]:
    inputs: list[dict[str, Any]] = [{"properties": {"email": email}} for email in emails]
    if trace:
        for place, each in enumerate(inputs):
            each["objectWriteTraceId"] = f"t{place}"
    return {"inputs": inputs}


def upserts(**stamped: dict[str, str]) -> dict[str, Any]:
    return {
        "inputs": [
            {"id": stamp, "idProperty": "tieline_id", "properties": properties}
            for stamp, properties in stamped.items()
        ]
    }


def test_results_are_not_in_the_order_of_the_inputs(hs: Account) -> None:
    emails = [f"p{i}@example.com" for i in range(20)]
    made = hs.post(f"{CONTACTS}/batch/create", creates(*emails), 201)
    assert made["status"] == "COMPLETE"
    found = [r["properties"]["email"] for r in made["results"]]
    assert sorted(found) == sorted(emails)
    assert found != emails


def test_reading_names_the_missing(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    body = {"inputs": [{"id": made}, {"id": "999"}, {"id": made}], "properties": ["email"]}
    found = hs.post(f"{CONTACTS}/batch/read", body, 207)
    assert [r["id"] for r in found["results"]] == [made]
    assert found["numErrors"] == 1
    assert found["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert found["errors"][0]["context"] == {"ids": ["999"]}


def test_reading_by_a_unique_property(hs: Account) -> None:
    made = hs.contact(email="a@example.com", tieline_id="T1")
    for name, key in (("email", "A@example.com"), ("tieline_id", "T1")):
        body = {"idProperty": name, "inputs": [{"id": key}], "properties": ["tieline_id"]}
        found = hs.post(f"{CONTACTS}/batch/read", body, 200)["results"]
        assert [(r["id"], r["properties"]["tieline_id"]) for r in found] == [(made, "T1")]
    body = {"idProperty": "phone", "inputs": [{"id": "1"}]}
    assert hs.post(f"{CONTACTS}/batch/read", body, 400)["category"] == "VALIDATION_ERROR"


def test_archived_records_are_read_when_asked_for(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    hs.post(f"{CONTACTS}/batch/archive", {"inputs": [{"id": made}]}, 204)
    body = {"inputs": [{"id": made}]}
    assert hs.post(f"{CONTACTS}/batch/read", body, 207)["results"] == []
    found = hs.post(f"{CONTACTS}/batch/read?archived=true", body, 200)["results"]
    assert [(r["id"], r["archived"]) for r in found] == [(made, True)]


def test_a_create_is_all_or_nothing(hs: Account) -> None:
    body = creates("a@example.com", "not an address")
    assert hs.post(f"{CONTACTS}/batch/create", body, 400)["category"] == "VALIDATION_ERROR"
    assert hs.search("contacts")["total"] == 0


def test_two_creates_with_one_address_are_refused_together(hs: Account) -> None:
    hs.post(f"{CONTACTS}/batch/create", creates("a@example.com", "A@example.com"), 400)
    assert hs.search("contacts")["total"] == 0


def test_traced_creates_stand_alone(hs: Account) -> None:
    existing = hs.contact(email="b@example.com")
    body = creates("a@example.com", "b@example.com", "no address", trace=True)
    made = hs.post(f"{CONTACTS}/batch/create", body, 207)
    assert [r["objectWriteTraceId"] for r in made["results"]] == ["t0"]
    errors = {e["context"]["objectWriteTraceId"][0]: e for e in made["errors"]}
    assert errors["t1"]["message"].endswith(f"Existing ID: {existing}")
    assert errors["t2"]["category"] == "VALIDATION_ERROR"


def test_an_update_skips_ids_that_do_not_exist(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    inputs = [{"id": made, "properties": {"phone": "1"}}, {"id": "9", "properties": {"phone": "1"}}]
    found = hs.post(f"{CONTACTS}/batch/update", {"inputs": inputs}, 207)
    assert [r["properties"]["phone"] for r in found["results"]] == ["1"]
    assert found["errors"][0]["context"] == {"ids": ["9"]}


def test_one_bad_value_refuses_the_whole_update(hs: Account) -> None:
    one, two = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    inputs = [
        {"id": one, "properties": {"phone": "1"}},
        {"id": two, "properties": {"hs_lead_status": "?"}},
    ]
    assert (
        "INVALID_OPTION" in hs.post(f"{CONTACTS}/batch/update", {"inputs": inputs}, 400)["message"]
    )
    assert hs.read("contacts", one, "phone")["phone"] is None


def test_upserting_on_a_unique_property_twice_makes_one_record(hs: Account) -> None:
    body = upserts(T1={"email": "a@example.com"}, T2={"firstname": "B"})
    first = hs.post(f"{CONTACTS}/batch/upsert", body, 200)["results"]
    assert [r["new"] for r in first] == [True, True]
    again = hs.post(f"{CONTACTS}/batch/upsert", body, 200)["results"]
    assert [r["new"] for r in again] == [False, False]
    assert {r["properties"]["tieline_id"]: r["id"] for r in first} == {
        r["properties"]["tieline_id"]: r["id"] for r in again
    }
    assert hs.search("contacts")["total"] == 2


def test_an_upsert_on_a_property_that_is_not_unique(hs: Account) -> None:
    inputs = [{"id": "1", "idProperty": "phone", "properties": {"email": "a@example.com"}}]
    body = hs.post(f"{CONTACTS}/batch/upsert", {"inputs": inputs}, 400)
    assert "not a unique identifier" in body["message"]


@pytest.mark.parametrize("verb", ["update", "upsert"])
def test_ids_given_twice_are_refused(hs: Account, verb: str) -> None:
    made = hs.contact(email="a@example.com")
    one = {"id": made, "idProperty": "hs_object_id", "properties": {"phone": "1"}}
    body = hs.post(f"{CONTACTS}/batch/{verb}", {"inputs": [one, one]}, 400)
    assert made in body["message"]


@pytest.mark.parametrize("verb", ["read", "create", "update", "upsert", "archive"])
def test_at_most_a_hundred_inputs(hs: Account, verb: str) -> None:
    one = {"id": "1", "properties": {"email": "a@example.com"}}
    assert "100" in hs.post(f"{CONTACTS}/batch/{verb}", {"inputs": [one] * 101}, 400)["message"]
    hs.post(f"{CONTACTS}/batch/{verb}", {"inputs": []}, 400)


def test_unique_values_of_custom_properties(hs: Account) -> None:
    first = hs.contact(email="a@example.com", tieline_id="T1")
    body = {"properties": {"email": "b@example.com", "tieline_id": "T1"}}
    message = hs.post(CONTACTS, body, 400)["message"]
    assert message.endswith(f"{first} already has that value.")


def test_creating_with_associations(hs: Account) -> None:
    company, contact = hs.company(name="A"), hs.contact(email="a@example.com")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    others = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    body = {
        "properties": {"dealname": "D", "dealstage": "closedwon"},
        "associations": [
            {"to": {"id": company}, "types": types},
            {"to": {"id": contact}, "types": others},
        ],
    }
    made = hs.post(DEALS, body, 201)["id"]
    found = hs.get(f"{DEALS}/{made}", associations="companies,contacts")["associations"]
    assert {r["id"] for r in found["companies"]["results"]} == {company}
    assert found["contacts"]["results"] == [{"id": contact, "type": "deal_to_contact"}]
    body["associations"] = [{"to": {"id": "77"}, "types": types}]
    assert hs.post(DEALS, body, 400)["message"] == "COMPANY=77 is not valid"
