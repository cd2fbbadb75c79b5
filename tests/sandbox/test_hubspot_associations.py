"""Associations of the HubSpot sandbox: types, primary company, labels, batches, stamps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.hubspot_support import COMPANIES, CONTACTS, Account

PAIR = "/crm/v4/associations/contacts/companies"


@pytest.fixture
def hs() -> Account:
    return Account()


def spec(type_id: int, category: str = "HUBSPOT_DEFINED") -> list[dict[str, Any]]:
    return [{"associationCategory": category, "associationTypeId": type_id}]


def link(
    one: str, two: str, type_id: int = 279, category: str = "HUBSPOT_DEFINED"
) -> dict[str, Any]:
    return {"from": {"id": one}, "to": {"id": two}, "types": spec(type_id, category)}


def types_of(hs: Account, path: str) -> dict[str, list[int]]:
    """Type ids by associated id."""
    return {
        r["toObjectId"]: sorted(t["typeId"] for t in r["associationTypes"])
        for r in hs.get(path)["results"]
    }


def contact_companies(hs: Account, contact: str) -> dict[str, list[int]]:
    return types_of(hs, f"/crm/v4/objects/contacts/{contact}/associations/companies")


def test_the_first_company_becomes_primary_in_both_directions(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    made = hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, company)]}, 201)
    assert made["results"][0]["labels"] == ["Primary Company"]
    assert contact_companies(hs, contact) == {company: [1, 279]}
    back = types_of(hs, f"/crm/v4/objects/companies/{company}/associations/contacts")
    assert back == {contact: [2, 280]}
    assert hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"] == company
    assert (
        hs.read("companies", company, "num_associated_contacts")["num_associated_contacts"] == "1"
    )


def test_a_new_primary_company_demotes_the_old(hs: Account) -> None:
    contact = hs.contact(email="a@example.com")
    one, two = hs.company(name="A"), hs.company(name="B")
    inputs = [link(contact, one), link(contact, two)]
    hs.post(f"{PAIR}/batch/create", {"inputs": inputs}, 201)
    assert contact_companies(hs, contact) == {one: [1, 279], two: [279]}
    hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, two, 1)]}, 201)
    assert contact_companies(hs, contact) == {one: [279], two: [1, 279]}
    assert hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"] == two


def test_associations_move_no_stamp(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    before = [
        hs.get(f"{CONTACTS}/{contact}")["updatedAt"],
        hs.get(f"{COMPANIES}/{company}")["updatedAt"],
    ]
    hs.clock.advance(60)
    hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, company)]}, 201)
    after = [
        hs.get(f"{CONTACTS}/{contact}")["updatedAt"],
        hs.get(f"{COMPANIES}/{company}")["updatedAt"],
    ]
    assert after == before


def test_unknown_ids_make_a_207(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    inputs = [link(contact, company), link(contact, "1234"), link("77", company)]
    found = hs.post(f"{PAIR}/batch/create", {"inputs": inputs}, 207)
    assert len(found["results"]) == 1
    assert [e["message"] for e in found["errors"]] == [
        "COMPANY=1234 is not valid",
        "CONTACT=77 is not valid",
    ]
    assert found["numErrors"] == 2


def test_a_type_of_another_direction_is_refused(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    body = hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, company, 280)]}, 400)
    assert "not an association type" in body["message"]


@pytest.mark.parametrize("version", ["v4", "2026-03"])
def test_date_versioned_forms(hs: Account, version: str) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    path = f"/crm/associations/{version}/0-1/0-2/batch"
    hs.post(f"{path}/create", {"inputs": [link(contact, company)]}, 201)
    found = hs.post(f"{path}/read", {"inputs": [{"id": contact}]}, 200)["results"]
    assert [to["toObjectId"] for to in found[0]["to"]] == [company]
    listed = types_of(hs, f"/crm/objects/{version}/contacts/{contact}/associations/companies")
    assert listed == {company: [1, 279]}


def test_user_defined_labels(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    made = hs.post(f"{PAIR}/labels", {"label": "Billing contact", "name": "billing"}, 201)
    ref = made["results"][0]
    assert (ref["category"], ref["label"]) == ("USER_DEFINED", "Billing contact")
    listed = hs.get("/crm/associations/v4/contacts/companies/labels")["results"]
    assert ref in listed
    assert {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None} in listed
    inputs = [link(contact, company, ref["typeId"], "USER_DEFINED")]
    hs.post(f"{PAIR}/batch/create", {"inputs": inputs}, 201)
    assert contact_companies(hs, contact) == {company: sorted([1, 279, ref["typeId"]])}
    hs.post(f"{PAIR}/batch/labels/archive", {"inputs": inputs}, 204)
    assert contact_companies(hs, contact) == {company: [1, 279]}
    hs.post(f"{PAIR}/labels", {"label": "Billing contact", "name": "other"}, 400)


def test_single_calls(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    base = f"/crm/v4/objects/contacts/{contact}/associations"
    made = hs.call("PUT", f"{base}/default/companies/{company}")
    assert made.status_code == 200
    assert contact_companies(hs, contact) == {company: [1, 279]}
    made = hs.call("PUT", f"{base}/companies/{company}", spec(1))
    assert (made.status_code, made.json()["labels"]) == (201, ["Primary Company"])
    assert hs.call("DELETE", f"{base}/companies/{company}").status_code == 204
    assert contact_companies(hs, contact) == {}
    assert hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"] is None
    assert hs.call("PUT", f"{base}/default/companies/77").status_code == 404


def test_batch_read_pages_and_names_records_without_any(hs: Account) -> None:
    hs.admin("POST", "config", {"association_page": 2})
    contact, alone = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    companies = [hs.company(name=f"C{i}") for i in range(5)]
    hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, c) for c in companies]}, 201)
    found = hs.post(f"{PAIR}/batch/read", {"inputs": [{"id": contact}, {"id": alone}]}, 207)
    assert found["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert found["errors"][0]["context"]["fromObjectId"] == [alone]
    seen: list[str] = []
    after: str | None = "0"
    while after:
        body = {"inputs": [{"id": contact, "after": after}]}
        result = hs.post(f"{PAIR}/batch/read", body, 200)["results"][0]
        assert result["from"] == {"id": contact}
        seen += [to["toObjectId"] for to in result["to"]]
        after = result.get("paging", {}).get("next", {}).get("after")
    assert seen == companies
    page = hs.get(f"/crm/v4/objects/contacts/{contact}/associations/companies", limit=500)
    assert len(page["results"]) == 2
    assert page["paging"]["next"]["after"] == companies[1]


def test_batch_archive_is_silent_about_unknown_ids(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, company)]}, 201)
    inputs = [{"from": {"id": contact}, "to": [{"id": company}, {"id": "1234"}]}]
    hs.post(f"{PAIR}/batch/archive", {"inputs": inputs}, 204)
    assert contact_companies(hs, contact) == {}


@pytest.mark.parametrize(("verb", "most"), [("create", 2000), ("read", 1000), ("archive", 100)])
def test_sizes(hs: Account, verb: str, most: int) -> None:
    inputs = [{"id": "1", **link("1", "2")}] * (most + 1)
    assert str(most) in hs.post(f"{PAIR}/batch/{verb}", {"inputs": inputs}, 400)["message"]


def test_associations_of_archived_records_come_back_with_them(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, company)]}, 201)
    hs.call("DELETE", f"{COMPANIES}/{company}")
    assert contact_companies(hs, contact) == {}
    assert hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"] is None
    hs.edit("restore", "companies", company)
    assert contact_companies(hs, contact) == {company: [1, 279]}
    assert hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"] == company


def test_parent_companies(hs: Account) -> None:
    child, one, two = (hs.company(name=n) for n in ("child", "one", "two"))
    path = "/crm/v4/associations/companies/companies/batch/create"
    for parent in (one, two):
        hs.post(path, {"inputs": [link(child, parent, 14)]}, 201)
    assert hs.read("companies", child, "hs_parent_company_id")["hs_parent_company_id"] == two
    assert types_of(hs, f"/crm/v4/objects/companies/{two}/associations/companies") == {child: [13]}
    assert types_of(hs, f"/crm/v4/objects/companies/{one}/associations/companies") == {}


def test_the_primary_company_may_be_set_as_a_property(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    hs.update("contacts", contact, associatedcompanyid=company)
    assert contact_companies(hs, contact) == {company: [1, 279]}


def test_ids_can_be_numbers() -> None:
    hs = Account(integer_association_ids=True)
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    found = hs.post(f"{PAIR}/batch/create", {"inputs": [link(contact, company)]}, 201)
    assert found["results"][0]["toObjectId"] == int(company)


def test_v3_forms(hs: Account) -> None:
    contact, company = hs.contact(email="a@example.com"), hs.company(name="A")
    path = f"/crm/v3/objects/contacts/{contact}/associations/companies"
    assert hs.call("PUT", f"{path}/{company}/contact_to_company").status_code == 200
    found = hs.get(path)["results"]
    assert {"id": company, "type": "contact_to_company"} in found
    body = {"inputs": [{"id": contact}]}
    batch = hs.post("/crm/v3/associations/contacts/companies/batch/read", body, 200)
    assert batch["results"][0]["from"] == {"id": contact}
    assert hs.call("DELETE", f"{path}/{company}/contact_to_company").status_code == 204
    assert hs.get(path)["results"] == []
