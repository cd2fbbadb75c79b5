"""Deleted records of people, companies and deals hang together, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.model import State
from tests.end_to_end.live import Live, live

DEAL = {"dealname": "Deal", "dealstage": "appointmentscheduled", "closedate": "2026-12-31"}
SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Live]:
    """A company with a person and their deal, in step; people deleted in HubSpot come back."""
    rules = {"person": {"deletes": {"hubspot": "restore", "salesforce": "restore"}}}
    with live(tmp_path, SIDES, rules=rules) as world:
        world.setup()
        world.seed(
            "hubspot",
            {
                "records": {
                    "companies": [{"name": "Acme", "domain": "acme.example"}],
                    "contacts": [{"lastname": "Quick", "email": "zoe@acme.example"}],
                    "deals": [DEAL],
                },
                "associations": [
                    _joined("contacts", "companies"),
                    _joined("deals", "companies"),
                    _joined("deals", "contacts"),
                ],
            },
        )
        runs(world, 2)
        yield world


def _joined(one: str, other: str) -> dict[str, Any]:
    ends = {"from_type": one, "from_id": f"@{one}:0", "to_type": other, "to_id": f"@{other}:0"}
    return {**ends, "primary": other == "companies"}


def runs(world: Live, number: int) -> None:
    """Some runs, a quarter of an hour apart."""
    for _ in range(number):
        world.run()
        world.pass_time(900)


def alive(world: Live, side: str, object_type: str) -> list[dict[str, Any]]:
    """The records that are not deleted."""
    found = world.dump(side, object_type)
    return [r for r in found if not (r.get("IsDeleted") or r.get("archived"))]


def test_a_person_who_is_made_anew_is_back_in_their_deals(world: Live) -> None:
    (contact,) = alive(world, "hubspot", "contacts")
    world.edit("hubspot", object_type="contacts", id=contact["id"], verb="delete")
    runs(world, 3)
    (anew,) = alive(world, "hubspot", "contacts")
    assert anew["id"] != contact["id"]
    (deal,) = alive(world, "hubspot", "deals")
    joined = world.running["hubspot"].admin.get("/dump", params={"object_type": "deals"}).json()
    ends = [(a["from_id"], a["to_type"], a["to_id"]) for a in joined["associations"]]
    assert (deal["id"], "contacts", anew["id"]) in ends
    assert len(alive(world, "salesforce", "OpportunityContactRole")) == 1
    with world.engine(writing=False) as engine, engine.store() as store:
        tombstone = store.row("hubspot", "contacts", contact["id"])
    assert tombstone is not None
    assert tombstone.state is State.GONE
    assert world.run().writes == 0
    assert world.verify().unexplained == []


def test_what_went_with_its_account_comes_back_with_the_account_only(world: Live) -> None:
    (account,) = alive(world, "salesforce", "Account")
    world.edit("salesforce", object_type="Account", id=account["Id"], verb="delete")
    report = world.run()
    assert alive(world, "salesforce", "Contact") == []
    (failure,) = report.failures
    assert "UNDELETE_FAILED" in failure.message
    assert "restore the account" in failure.remedy
    world.edit("salesforce", object_type="Account", id=account["Id"], verb="restore")
    world.pass_time(90_000)
    runs(world, 2)
    assert len(alive(world, "salesforce", "Contact")) == 1
    assert world.verify().unexplained == []
