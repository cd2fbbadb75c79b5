"""Several accounts per person, with roles, between the two sandboxes over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.live import Live, live

SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}
RELATION = "AccountContactRelation"
LABELS = "/crm/v4/associations/contacts/companies/labels"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Live]:
    """Ann works at One and advises Two; both sides know her, and HubSpot knows the roles."""
    with live(tmp_path, SIDES) as made:
        admin = made.running["salesforce"].admin
        admin.post("/config", json={"contacts_to_multiple_accounts": True}).raise_for_status()
        label(made, "Evaluator")
        label(made, "Influencer")
        made.setup()
        for name in ("One", "Two", "Three"):
            person(made, "Account", "create", None, Name=name, Website=f"{name.lower()}.com")
        person(made, "Contact", "create", None, LastName="Ann", Email="ann@one.com",
               AccountId=account(made, "One"))  # fmt: skip
        relate(made, "Two", "Evaluator;Influencer")
        settled(made)
        yield made


def label(world: Live, name: str) -> None:
    hubspot(world, "POST", LABELS, {"label": name, "name": name.lower()})


def hubspot(world: Live, method: str, path: str, body: Any = None) -> Any:
    running = world.running["hubspot"]
    headers = {"Authorization": f"Bearer {running.credentials['token']}"}
    answer = running.admin.request(method, f"{running.url}{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def person(world: Live, object_type: str, verb: str, id: str | None, **fields: Any) -> str:
    return world.edit("salesforce", object_type=object_type, verb=verb, id=id, fields=fields)


def settled(world: Live, runs: int = 2) -> int:
    """Some runs; the number of writes of the last."""
    writes = 0
    for _ in range(runs):
        world.pass_time(900)
        writes = world.run().writes
    return writes


def account(world: Live, name: str) -> str:
    return next(r["Id"] for r in rows(world, "Account") if r["Name"] == name)


def rows(world: Live, object_type: str) -> list[dict[str, Any]]:
    return [r for r in world.dump("salesforce", object_type) if not r.get("IsDeleted")]


def ann(world: Live) -> str:
    return str(next(r["Id"] for r in rows(world, "Contact")))


def relate(world: Live, name: str, roles: str | None) -> str:
    return person(
        world, RELATION, "create", None,
        ContactId=ann(world), AccountId=account(world, name), Roles=roles,
    )  # fmt: skip


def relation(world: Live, name: str) -> str:
    wanted = account(world, name)
    return next(r["Id"] for r in rows(world, RELATION) if r["AccountId"] == wanted)


def in_salesforce(world: Live) -> dict[str, tuple[bool, set[str]]]:
    """Account -> whether it is the direct one, and the roles."""
    names = {r["Id"]: r["Name"] for r in rows(world, "Account")}
    return {
        names[r["AccountId"]]: (r["IsDirect"], set((r["Roles"] or "").split(";")) - {""})
        for r in rows(world, RELATION)
    }


def in_hubspot(world: Live) -> dict[str, tuple[bool, set[str]]]:
    """Company -> whether it is the primary one, and the labels."""
    names = {str(r["id"]): r["properties"]["name"] for r in world.dump("hubspot", "companies")}
    contact = contact_id(world)
    found = hubspot(world, "GET", f"/crm/v4/objects/contacts/{contact}/associations/companies")
    shown = {}
    for item in found["results"]:
        types = item["associationTypes"]
        own = {t["label"] for t in types if t["category"] == "USER_DEFINED"}
        primary = any((t["category"], t["typeId"]) == ("HUBSPOT_DEFINED", 1) for t in types)
        shown[names[str(item["toObjectId"])]] = (primary, own)
    return shown


def contact_id(world: Live) -> str:
    return next(str(r["id"]) for r in world.dump("hubspot", "contacts") if not r.get("archived"))


def company_id(world: Live, name: str) -> str:
    companies = world.dump("hubspot", "companies")
    return next(str(r["id"]) for r in companies if r["properties"]["name"] == name)


def associate(world: Live, name: str, *labels: str, primary: bool = False) -> None:
    """A person in HubSpot relates Ann to a company."""
    known = {r["label"]: r["typeId"] for r in hubspot(world, "GET", LABELS)["results"]}
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": known[x]} for x in labels]
    number = 1 if primary else 279
    types.append({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number})
    pair = f"{contact_id(world)}/associations/companies/{company_id(world, name)}"
    hubspot(world, "PUT", f"/crm/v4/objects/contacts/{pair}", types)


BOTH = {"One": (True, set()), "Two": (False, {"Evaluator", "Influencer"})}


def test_all_accounts_of_a_person_travel_with_their_roles(world: Live) -> None:
    assert in_salesforce(world) == BOTH
    assert in_hubspot(world) == BOTH
    assert world.run().writes == 0


def test_one_role_less_leaves_the_others(world: Live) -> None:
    person(world, RELATION, "update", relation(world, "Two"), Roles="Influencer")
    settled(world)
    assert in_hubspot(world) == {**BOTH, "Two": (False, {"Influencer"})}
    assert in_salesforce(world) == in_hubspot(world)


def test_both_sides_change_the_roles_of_one_account(world: Live) -> None:
    label(world, "Other")
    world.pass_time(90_000)  # labels are looked up once a day
    associate(world, "Two", "Other")
    person(world, RELATION, "update", relation(world, "Two"), Roles="Evaluator")
    assert settled(world, 3) == 0
    assert in_salesforce(world) == {**BOTH, "Two": (False, {"Evaluator", "Other"})}
    assert in_hubspot(world) == in_salesforce(world)


@pytest.mark.slow
def test_a_company_added_in_hubspot_becomes_an_indirect_relation(world: Live) -> None:
    associate(world, "Three", "Influencer")
    assert settled(world, 3) == 0
    assert in_salesforce(world) == {**BOTH, "Three": (False, {"Influencer"})}


def test_another_primary_company_moves_the_contact(world: Live) -> None:
    associate(world, "Three", primary=True)
    assert settled(world, 3) == 0
    moved = {"One": (False, set()), "Two": BOTH["Two"], "Three": (True, set())}
    assert in_salesforce(world) == in_hubspot(world) == moved


@pytest.mark.slow
def test_a_relation_that_ends_is_taken_off(world: Live) -> None:
    person(world, RELATION, "delete", relation(world, "Two"))
    settled(world)
    assert in_hubspot(world) == {"One": (True, set())}


def test_a_role_without_a_label_stays_and_the_account_travels(world: Live) -> None:
    relate(world, "Three", "Technical Buyer")
    assert settled(world, 3) == 0
    assert in_hubspot(world) == {**BOTH, "Three": (False, set())}
    assert in_salesforce(world) == {**BOTH, "Three": (False, {"Technical Buyer"})}
    person(world, "Contact", "update", ann(world), Title="CTO")
    settled(world)
    assert in_salesforce(world)["Three"] == (False, {"Technical Buyer"})


def test_an_association_only_change_costs_few_calls(world: Live) -> None:
    settled(world, 3)
    world.reset_requests()
    relate(world, "Three", "Evaluator")
    world.pass_time(900)
    report = world.run()
    assert report.writes == 1
    assert report.calls["hubspot"] <= 10, world.requests("hubspot")["by_route"]
    assert report.calls["salesforce"] <= 10, world.requests("salesforce")["by_route"]


def test_a_quiet_run_stays_cheap(world: Live) -> None:
    settled(world, 3)
    world.pass_time(7200)
    world.run()
    world.reset_requests()
    world.pass_time(900)
    report = world.run()
    assert report.writes == 0
    assert report.calls["salesforce"] <= 8  # one for each object type, roles, relations; sign-in
    assert report.calls["hubspot"] <= 3 * 3 + 2, world.requests("hubspot")["by_route"]


def test_switched_off_the_direct_account_travels_alone(tmp_path: Path) -> None:
    with live(tmp_path, SIDES) as made:
        made.setup()
        one = person(made, "Account", "create", None, Name="One", Website="one.com")
        person(made, "Contact", "create", None, LastName="Ann", Email="ann@one.com", AccountId=one)
        assert settled(made, 3) == 0
        assert in_hubspot(made) == {"One": (True, set())}
