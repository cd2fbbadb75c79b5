"""What an administrator set up in HubSpot: workflows, property rules, limits, company creation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.hubspot_support import COMPANIES, CONTACTS, START, Account

LINKS = "/crm/v4/associations/contacts/companies"


def with_workflow(rewrite: str, value: str = "", **more: Any) -> Account:
    flow = {"object_type": "contacts", "property": "lastname", "rewrite": rewrite, "value": value}
    return Account(workflows=[{**flow, **more}])


@pytest.mark.parametrize(
    ("rewrite", "value", "written", "shown"),
    [
        ("upper", "", "Müller", "MÜLLER"),
        ("lower", "", "Müller", "müller"),
        ("title", "", "van der berg", "Van Der Berg"),
        ("prefix", "Dr. ", "Müller", "Dr. Müller"),
        ("prefix", "Dr. ", "Dr. Who", "Dr. Who"),
        ("truncate", "3", "Müller", "Mül"),
        ("constant", "Doe", "Müller", "Doe"),
        ("clear", "", "Müller", ""),
    ],
)
def test_a_workflow_rewrites_after_the_answer(
    rewrite: str, value: str, written: str, shown: str
) -> None:
    hs = with_workflow(rewrite, value)
    answer = hs.post(CONTACTS, {"properties": {"email": "a@example.com", "lastname": written}})
    assert answer["properties"]["lastname"] == written
    assert hs.read("contacts", answer["id"], "lastname")["lastname"] == shown


def test_a_delayed_workflow_writes_at_its_own_time() -> None:
    hs = with_workflow("upper", delay=30)
    made = hs.contact(email="a@example.com", lastname="Müller")
    hs.clock.advance(29)
    assert hs.read("contacts", made, "lastname")["lastname"] == "Müller"
    hs.clock.advance(600)
    found = hs.get(f"{CONTACTS}/{made}", propertiesWithHistory="lastname")
    change = found["propertiesWithHistory"]["lastname"][0]
    assert (change["value"], change["sourceType"]) == ("MÜLLER", "AUTOMATION_PLATFORM")
    assert change["sourceId"].startswith("flowId:")
    assert change["timestamp"] == found["updatedAt"] == "2026-03-02T09:30:45.250Z"
    assert START.isoformat() == "2026-03-02T09:30:15.250000+00:00"


def test_a_workflow_sets_another_property_for_one_value_only() -> None:
    more = {"trigger": "hs_lead_status", "only": "CONNECTED", "property": "lifecyclestage"}
    hs = with_workflow("constant", "salesqualifiedlead", **more)
    made = hs.contact(email="a@example.com", hs_lead_status="OPEN")
    assert not hs.read("contacts", made, "lifecyclestage")["lifecyclestage"]
    hs.update("contacts", made, hs_lead_status="CONNECTED")
    stage = hs.read("contacts", made, "lifecyclestage")["lifecyclestage"]
    assert stage == "salesqualifiedlead"


def test_workflows_do_not_start_each_other_and_fail_silently() -> None:
    base = {"object_type": "contacts", "rewrite": "constant"}
    first = {**base, "trigger": "city", "property": "state", "value": "Bavaria"}
    second = {**base, "trigger": "state", "property": "country", "value": "Germany"}
    wrong = {**base, "trigger": "city", "property": "hs_lead_status", "value": "no such option"}
    hs = Account(workflows=[first, second, wrong])
    made = hs.contact(email="a@example.com", city="München")
    found = hs.read("contacts", made, "state", "country", "hs_lead_status")
    assert found["state"] == "Bavaria"
    assert (found["country"], found["hs_lead_status"]) == (None, None)


def test_workflows_act_on_edits_of_people_and_can_be_changed_while_running() -> None:
    hs = Account()
    flow = {"object_type": "companies", "property": "name", "rewrite": "upper"}
    hs.admin("POST", "config", {"workflows": [flow]})
    made = hs.edit("create", "companies", fields={"name": "Acme"})
    assert hs.read("companies", made, "name")["name"] == "ACME"
    hs.admin("POST", "config", {"workflows": []})
    hs.update("companies", made, name="Acme")
    assert hs.read("companies", made, "name")["name"] == "Acme"


@pytest.mark.parametrize(
    "wrong",
    [
        {"workflows": [{"object_type": "contacts", "property": "city"}]},
        {"workflows": [{"object_type": "contacts", "property": "city", "rewrite": "reverse"}]},
        {"workflows": [{"object_type": "contacts", "property": "city", "rewrite": "truncate"}]},
        {"workflows": ["upper"]},
        {"property_rules": [{"object_type": "contacts"}]},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    hs = Account()
    assert hs.call("POST", "/_sandbox/config", wrong).status_code == 400


def test_a_company_comes_of_the_domain_as_of_its_own_time_and_only_once() -> None:
    hs = Account(auto_associate=True, auto_associate_delay=10)
    ids = [hs.contact(email=f"{name}@acme.example") for name in ("ann", "bob")]
    free = hs.contact(email="x@gmail.com", website="https://www.free.example/shop")
    assert hs.get(COMPANIES)["results"] == []
    hs.clock.advance(3600)
    companies = hs.get(COMPANIES)["results"]
    domains = {c["properties"]["domain"]: c["id"] for c in companies}
    assert set(domains) == {"acme.example", "free.example"}
    assert {c["createdAt"] for c in companies} == {"2026-03-02T09:30:25.250Z"}
    for contact, domain in ((ids[0], "acme"), (ids[1], "acme"), (free, "free")):
        found = hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"]
        assert found == domains[f"{domain}.example"]


def test_property_rules_hold_from_2026_09_on() -> None:
    rules = [
        {"object_type": "contacts", "property": "phone", "rule": "regex", "value": r"\+\d+"},
        {"object_type": "companies", "property": "numberofemployees", "rule": "min_number",
         "value": 1},
    ]  # fmt: skip
    hs = Account(property_rules=rules)
    made = hs.contact(email="a@example.com", phone="0911 1234")
    company = hs.company(name="Acme", numberofemployees="0")
    for path, given in (
        (f"/crm/objects/2026-09/contacts/{made}", {"phone": "0911"}),
        (f"/crm/objects/2026-09/companies/{company}", {"numberofemployees": "0.5"}),
    ):
        answer = hs.call("PATCH", path, {"properties": given})
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
        assert next(iter(given)) in answer.json()["message"]
    good = {"properties": {"phone": "+49911", "city": "Ulm"}}
    path = f"/crm/objects/2026-09/contacts/{made}"
    assert hs.call("PATCH", path, good).status_code == 200
    older = f"/crm/objects/2026-03/contacts/{made}"
    assert hs.call("PATCH", older, {"properties": {"phone": "0911"}}).status_code == 200


def pair(one: str, two: str, type_id: int = 279) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"from": {"id": one}, "to": {"id": two}, "types": types}


def test_limits_of_associations_per_record() -> None:
    hs = Account(association_limits={"contacts:companies": 2})
    contact = hs.contact(email="a@example.com")
    companies = [hs.company(name=f"C{i}") for i in range(4)]
    body = {"inputs": [pair(contact, company) for company in companies[:3]]}
    answer = hs.call("POST", f"{LINKS}/batch/create", body)
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert answer.json()["errors"][0]["context"]["toObjectId"] == [companies[2]]
    path = f"/crm/v4/objects/companies/{companies[3]}/associations/default/contacts/{contact}"
    refused = hs.call("PUT", path)
    assert refused.status_code == 400
    assert refused.json()["subCategory"] == "crm.associations.ASSOCIATION_LIMIT_EXCEEDED"
    again = hs.call("POST", f"{LINKS}/batch/create", {"inputs": [pair(contact, companies[0], 1)]})
    assert again.status_code == 201


def test_a_create_beyond_the_limit_makes_nothing() -> None:
    hs = Account(association_limits={"companies:contacts": 1})
    company = hs.company(name="Acme")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    link = [{"to": {"id": company}, "types": types}]
    hs.post(CONTACTS, {"properties": {"email": "a@example.com"}, "associations": link}, 201)
    body = {"properties": {"email": "b@example.com"}, "associations": link}
    assert hs.call("POST", CONTACTS, body).status_code == 400
    assert hs.search("contacts")["total"] == 1


def test_labels_are_renamed_and_removed() -> None:
    hs = Account()
    body = {"label": "Advisor", "name": "advisor", "inverseLabel": "Advised by"}
    made = hs.post(f"{LINKS}/labels", body, 201)["results"][0]
    type_id = made["typeId"]
    contact, company = hs.contact(email="a@example.com"), hs.company(name="Acme")
    hs.edit("associate", "contacts", contact, to_type="companies", to_id=company, label="Advisor")
    change = {"associationTypeId": type_id, "label": "Consultant"}
    assert hs.call("PUT", f"{LINKS}/labels", change).status_code == 204
    assert "Consultant" in {d["label"] for d in hs.get(f"{LINKS}/labels")["results"]}
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies"
    labels = [t["label"] for t in hs.get(path)["results"][0]["associationTypes"]]
    assert "Consultant" in labels
    assert hs.call("DELETE", f"{LINKS}/labels/{type_id}").status_code == 204
    labels = [t["label"] for t in hs.get(path)["results"][0]["associationTypes"]]
    assert labels == [None, "Primary Company"]
    assert hs.call("DELETE", f"{LINKS}/labels/279").status_code == 404
