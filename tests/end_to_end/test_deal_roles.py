"""The people of a deal with their roles, over HTTP: labels in HubSpot, rows in Salesforce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.end_to_end.live import Live, live

LABELS = "/crm/v4/associations/deals/contacts/labels"
ROLE = "OpportunityContactRole"
SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}


def call(world: Live, method: str, path: str, body: Any = None) -> Any:
    running = world.running["hubspot"]
    headers = {"Authorization": f"Bearer {running.credentials['token']}"}
    answer = running.admin.request(method, f"{running.url}{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def settled(world: Live, runs: int = 2) -> int:
    writes = 0
    for _ in range(runs):
        world.pass_time(900)
        writes = world.run().writes
    return writes


def make(world: Live, side: str, object_type: str, **fields: Any) -> str:
    return world.edit(side, object_type=object_type, verb="create", id=None, fields=fields)


def deal_of_two(world: Live, side: str) -> None:
    """Ann decides, Ben evaluates; Ann is the primary one."""
    account = make(world, side, "Account", Name="Acme", Website="acme.com")
    deal = make(world, side, "Opportunity", Name="Deal", StageName="Prospecting",
                CloseDate="2026-06-30", AccountId=account)  # fmt: skip
    for name, role, primary in (("Ann", "Decision Maker", True), ("Ben", "Evaluator", False)):
        contact = make(world, side, "Contact", LastName=name, Email=f"{name}@acme.com",
                       AccountId=account)  # fmt: skip
        make(world, side, ROLE, OpportunityId=deal, ContactId=contact, Role=role, IsPrimary=primary)


def rows(world: Live, side: str, object_type: str) -> list[dict[str, Any]]:
    return [r for r in world.dump(side, object_type) if not r.get("IsDeleted")]


def people(world: Live, side: str) -> dict[str, tuple[set[str], bool]]:
    """Name -> roles, and whether it is the primary person."""
    names = {r["Id"]: r["LastName"] for r in rows(world, side, "Contact")}
    found: dict[str, tuple[set[str], bool]] = {}
    for row in rows(world, side, ROLE):
        roles, primary = found.get(names[row["ContactId"]], (set(), False))
        found[names[row["ContactId"]]] = (
            roles | ({row["Role"]} if row["Role"] else set()), primary or row["IsPrimary"],
        )  # fmt: skip
    return found


def labels(world: Live) -> dict[str, set[str]]:
    """Name -> labels of the deal's contacts in HubSpot."""
    contacts = world.dump("hubspot", "contacts")
    names = {str(r["id"]): r["properties"]["lastname"] for r in contacts}
    (deal,) = world.dump("hubspot", "deals")
    found = call(world, "GET", f"/crm/v4/objects/deals/{deal['id']}/associations/contacts")
    return {
        names[str(item["toObjectId"])]: {t["label"] for t in item["associationTypes"] if t["label"]}
        for item in found["results"]
    }


def test_roles_are_labels_where_there_are_such_and_stay_where_there_are_none(
    tmp_path: Path,
) -> None:
    with live(tmp_path, SIDES) as world:
        made = call(world, "POST", LABELS, {"label": "Decision Maker", "name": "decision_maker"})
        world.setup()
        deal_of_two(world, "salesforce")
        assert settled(world, 3) == 0
        assert labels(world) == {"Ann": {"Decision Maker"}, "Ben": set()}
        # Ben decides too, says HubSpot, and keeps the role that HubSpot does not know
        (deal,) = world.dump("hubspot", "deals")
        contacts = {r["properties"]["lastname"]: r["id"] for r in world.dump("hubspot", "contacts")}
        types = {r["label"]: r["typeId"] for r in call(world, "GET", LABELS)["results"]}
        assert made["results"][0]["typeId"] in types.values()
        put = [
            {"associationCategory": "USER_DEFINED", "associationTypeId": types["Decision Maker"]}
        ]
        pair = f"{deal['id']}/associations/contacts/{contacts['Ben']}"
        call(world, "PUT", f"/crm/v4/objects/deals/{pair}", put)
        assert settled(world, 3) == 0
        assert people(world, "salesforce") == {
            "Ann": ({"Decision Maker"}, True),
            "Ben": ({"Decision Maker", "Evaluator"}, False),
        }


def test_the_primary_person_moves_between_two_salesforce_orgs(tmp_path: Path) -> None:
    with live(tmp_path, {"one": "salesforce", "two": "salesforce"}) as world:
        world.setup()
        deal_of_two(world, "one")
        assert settled(world, 3) == 0
        both = {"Ann": ({"Decision Maker"}, True), "Ben": ({"Evaluator"}, False)}
        assert people(world, "one") == people(world, "two") == both
        names = {r["Id"]: r["LastName"] for r in rows(world, "two", "Contact")}
        ben = next(r["Id"] for r in rows(world, "two", ROLE) if names[r["ContactId"]] == "Ben")
        world.edit("two", object_type=ROLE, verb="update", id=ben,
                   fields={"IsPrimary": True, "Role": "Executive Sponsor"})  # fmt: skip
        assert settled(world, 3) == 0
        moved = {"Ann": ({"Decision Maker"}, False), "Ben": ({"Executive Sponsor"}, True)}
        assert people(world, "one") == people(world, "two") == moved
