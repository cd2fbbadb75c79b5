"""The HubSpot sandbox's admin side: seeds, edits, dumps, faults, snapshots, own reactions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.hubspot import make
from tests.sandbox.hubspot_support import COMPANIES, CONTACTS, START, Account


@pytest.fixture
def hs() -> Account:
    return Account()


def test_a_seed_refers_to_itself(hs: Account) -> None:
    ids = hs.seed(
        owners=[{"email": "o@example.com"}],
        companies=[{"name": "A"}, {"name": "B"}],
        contacts=[{"email": "A@example.com", "hubspot_owner_id": "@owners:0"}],
        deals=[{"dealname": "D", "dealstage": "closedwon", "amount": 5}],
        associations=[
            {"from_type": "contacts", "from_id": "@contacts:0", "to_type": "companies",
             "to_id": "@companies:0", "label": None, "primary": False},
            {"from_type": "contacts", "from_id": "@contacts:0", "to_type": "companies",
             "to_id": "@companies:1", "label": "Adviser", "primary": True},
            {"from_type": "deals", "from_id": "@deals:0", "to_type": "contacts",
             "to_id": "@contacts:0"},
        ],
    )  # fmt: skip
    contact = hs.read(
        "contacts", ids["contacts"][0], "email", "hubspot_owner_id", "associatedcompanyid"
    )
    assert contact["email"] == "a@example.com"
    assert contact["hubspot_owner_id"] == ids["owners"][0]
    assert contact["associatedcompanyid"] == ids["companies"][1]
    deal = hs.read(
        "deals", ids["deals"][0], "pipeline", "hs_is_closed_won", "num_associated_contacts"
    )
    assert (deal["pipeline"], deal["hs_is_closed_won"]) == ("default", "true")
    assert deal["num_associated_contacts"] == "1"
    labels = {a["label"] for a in hs.admin("GET", "dump", object_type="contacts")["associations"]}
    assert labels == {None, "Primary Company", "Adviser"}


def test_seeds_make_properties_and_pipelines(hs: Account) -> None:
    field = {"name": "plan", "label": "Plan", "type": "string", "fieldType": "text",
             "groupName": "dealinformation"}  # fmt: skip
    stages = [{"id": "start", "label": "Start", "metadata": {"probability": "0.5"}}]
    body = {
        "properties": {"deals": [field]},
        "pipelines": {"deals": [{"id": "second", "label": "Second", "stages": stages}]},
        "records": {
            "deals": [{"dealname": "D", "pipeline": "second", "dealstage": "start", "plan": "x"}]
        },
    }
    made = hs.admin("POST", "seed", body)["ids"]["deals"][0]
    assert hs.read("deals", made, "plan")["plan"] == "x"


@pytest.mark.parametrize(
    "body",
    [
        {"records": {"unicorns": [{}]}},
        {"records": {"contacts": [{"nonsense": "1"}]}},
        {"records": {"contacts": [{"email": ["x"]}]}},
        {"records": {"contacts": [{"id": "51"}, {"id": "51"}]}},
        {"records": {"contacts": [{"hubspot_owner_id": "@owners:3"}]}},
        {
            "associations": [
                {"from_type": "deals", "from_id": "1", "to_type": "deals", "to_id": "2"}
            ]
        },
    ],
)
def test_seeds_that_cannot_be(hs: Account, body: dict[str, Any]) -> None:
    assert hs.call("POST", "/_sandbox/seed", body).status_code == 400


def test_100_000_records_are_seeded_quickly(hs: Account) -> None:
    records = [{"email": f"p{i}@example.com", "firstname": "P"} for i in range(100_000)]
    assert len(hs.seed(contacts=records)["contacts"]) == 100_000
    assert hs.search("contacts")["total"] == 100_000


def test_a_persons_edits_are_validated_and_counted_as_theirs(hs: Account) -> None:
    made = hs.edit("create", "companies", fields={"name": "A"})
    assert hs.read("companies", made, "hs_object_source")["hs_object_source"] == "CRM_UI"
    body = {"verb": "update", "object_type": "companies", "id": made, "fields": {"industry": "x"}}
    refused = hs.call("POST", "/_sandbox/edit", body)
    assert refused.status_code == 400
    assert "INVALID_OPTION" in refused.json()["message"]
    for verb, record in (("update", "77"), ("fly", made), ("restore", made)):
        body = {"verb": verb, "object_type": "companies", "id": record, "fields": {}}
        assert hs.call("POST", "/_sandbox/edit", body).status_code == 400


def test_edits_associate_and_dissociate(hs: Account) -> None:
    contact, one = hs.contact(email="a@example.com"), hs.company(name="A")
    more = {"to_type": "companies", "to_id": one}
    hs.edit("associate", "contacts", contact, **more, label="Adviser")
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies"
    kinds = hs.get(path)["results"][0]["associationTypes"]
    assert [k["label"] for k in kinds] == [None, "Adviser", "Primary Company"]
    hs.edit("dissociate", "contacts", contact, **more, label="Adviser")
    assert len(hs.get(path)["results"][0]["associationTypes"]) == 2
    hs.edit("dissociate", "contacts", contact, **more)
    assert hs.get(path)["results"] == []


def test_people_merge_delete_and_restore(hs: Account) -> None:
    one, two = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    merged = hs.edit("merge", "contacts", one, fields={"losers": [two]})
    dumped = {r["id"]: r for r in hs.admin("GET", "dump", object_type="contacts")["records"]}
    assert [dumped[i]["mergedInto"] for i in (one, two, merged)] == [merged, merged, None]
    assert hs.edit("delete", "contacts", merged) == merged
    assert hs.admin("GET", "dump")["contacts"] == {"live": 0, "archived": 1}
    assert hs.edit("restore", "contacts", merged) == merged
    owner = hs.edit("create", "owners", fields={"email": "o@example.com"})
    hs.edit("delete", "owners", owner)
    assert hs.admin("GET", "dump", object_type="owners")["records"][0]["archived"] is True


def test_requests_are_counted_by_route(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    hs.get(f"/crm/objects/2026-03/contacts/{made}")
    hs.search("contacts")
    hs.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": made}]})
    hs.call("GET", f"/crm/v4/objects/contacts/{made}/associations/companies")
    found = hs.admin("GET", "requests")
    assert (found["total"], found["reads"], found["writes"]) == (5, 4, 1)
    assert found["by_route"] == {
        "POST /crm/v3/objects/contacts": 1,
        "GET /crm/objects/2026-03/contacts/{id}": 1,
        "POST /crm/v3/objects/contacts/search": 1,
        "POST /crm/v3/objects/contacts/batch/read": 1,
        "GET /crm/v4/objects/contacts/{id}/associations/companies": 1,
    }
    assert found["by_object"]["contacts"] == {"read": 4, "write": 1}
    hs.admin("DELETE", "requests")
    assert hs.admin("GET", "requests")["total"] == 0


def test_options_change_while_running(hs: Account) -> None:
    assert hs.admin("POST", "config", {"search_lag": 5})["search_lag"] == 5.0
    for wrong in ({"nonsense": 1}, {"search_lag": "5"}, {"auto_associate": 1}):
        assert hs.call("POST", "/_sandbox/config", wrong).status_code == 400
    with pytest.raises(ValueError, match="unknown options"):
        make(nonsense=1)


def test_accounts_do_not_share_anything() -> None:
    one, two = Account(), Account(portal_id=39000002)
    assert one.token != two.token
    one.contact(email="a@example.com")
    assert two.get(CONTACTS)["results"] == []
    two.token = one.token
    assert two.call("GET", CONTACTS).status_code == 401


def test_the_same_calls_make_the_same_ids() -> None:
    def story(hs: Account) -> Any:
        ids = hs.seed(contacts=[{"email": f"p{i}@example.com"} for i in range(3)])
        return [ids, hs.contact(email="x@example.com"), hs.post(CONTACTS, {"properties": {}}, 400)]

    assert story(Account()) == story(Account())


def test_a_snapshot_brings_everything_back(tmp_path: Path) -> None:
    file = tmp_path / "hub.json"
    first = Account(snapshot=file, portal_id=39000007, search_lag=1.0)
    field = {"name": "plan", "label": "Plan", "type": "string", "fieldType": "text",
             "groupName": "contactinformation", "hasUniqueValue": True}  # fmt: skip
    first.post("/crm/v3/properties/contacts", field, 201)
    owner = first.edit("create", "owners", fields={"email": "o@example.com"})
    contact = first.contact(email="a@example.com", plan="P", hubspot_owner_id=owner)
    company = first.company(name="A")
    first.edit(
        "associate", "contacts", contact, to_type="companies", to_id=company, label="Adviser"
    )
    first.update("contacts", contact, firstname="Ann")
    gone = first.contact(email="b@example.com")
    first.call("DELETE", f"{CONTACTS}/{gone}")
    first.admin("POST", "snapshot", {})
    first.clock.advance(3600)
    first.admin("POST", "snapshot", {})
    second = Account(snapshot=file, search_lag=0.0)
    assert second.token == first.token
    assert second.clock.now() == first.clock.now()
    assert second.search("contacts")["total"] == 1
    for path in (
        f"{CONTACTS}/P?idProperty=plan&propertiesWithHistory=firstname&associations=companies",
        f"{CONTACTS}/{gone}?archived=true",
        f"/crm/v4/objects/companies/{company}/associations/contacts",
        "/crm/v3/owners",
        "/crm/v3/pipelines/deals",
    ):
        assert second.get(path) == first.get(path)
    assert second.contact(email="c@example.com") == first.contact(email="c@example.com")


def test_companies_come_of_addresses_after_a_while() -> None:
    hs = Account(auto_associate=True, auto_associate_delay=30.0)
    one, two = hs.contact(email="a@acme.example"), hs.contact(email="b@gmail.com")
    hs.clock.advance(29)
    assert hs.search("companies")["total"] == 0
    hs.clock.advance(2)
    found = hs.get(COMPANIES, properties="domain,name,hs_object_source")["results"]
    assert [r["properties"]["domain"] for r in found] == ["acme.example"]
    assert found[0]["properties"]["hs_object_source"] == "AUTO_ASSOCIATE_BY_DOMAIN"
    read = [
        hs.read("contacts", i, "associatedcompanyid")["associatedcompanyid"] for i in (one, two)
    ]
    assert read == [found[0]["id"], None]
    hs.contact(email="c@acme.example", website="https://other.example")
    hs.clock.advance(31)
    assert hs.search("companies")["total"] == 1


def test_deals_can_move_the_lifecycle_forward() -> None:
    hs = Account(lifecycle_automation=True, default_lifecycle_stage="lead")
    contact, deal = hs.contact(email="a@example.com"), hs.deal()
    assert hs.read("contacts", contact, "lifecyclestage")["lifecyclestage"] == "lead"
    hs.edit("associate", "deals", deal, to_type="contacts", to_id=contact)
    assert hs.read("contacts", contact, "lifecyclestage")["lifecyclestage"] == "opportunity"
    hs.update("deals", deal, dealstage="closedwon")
    assert hs.read("contacts", contact, "lifecyclestage")["lifecyclestage"] == "customer"
    hs.update("deals", deal, dealstage="closedlost")
    assert hs.read("contacts", contact, "lifecyclestage")["lifecyclestage"] == "customer"


def test_faults_and_the_clock_over_the_wire(tmp_path: Path) -> None:
    file = tmp_path / "hub.json"
    sandbox = make(snapshot=file)
    headers = {"Authorization": f"Bearer {sandbox.credentials['token']}"}
    with (
        sandbox.start(tls=False) as running,
        httpx.Client(base_url=running.url, headers=headers, trust_env=False) as client,
    ):
        create = {"properties": {"email": "a@example.com"}}
        running.admin.post("/faults", json={"match": f"POST {CONTACTS}", "action": "drop_after"})
        with pytest.raises(httpx.TransportError):
            client.post(CONTACTS, json=create)
        assert client.post(CONTACTS, json=create).status_code == 409
        running.admin.post("/faults", json={"match": "GET", "action": "cut"})
        assert not client.get(CONTACTS).text.endswith("}")
        running.admin.post("/faults", json={"match": "GET", "action": "html"})
        assert client.get(CONTACTS).headers["content-type"].startswith("text/html")
        body = {"now": START.isoformat()}
        assert running.admin.post("/clock", json=body).json()["now"].startswith("2026-03-02T09:30")
        made = client.post(CONTACTS, json={"properties": {"email": "b@example.com"}}).json()
        assert made["createdAt"].startswith("2026-03-02T09:30")
    assert file.exists()
