"""API calls are near the least possible; the sandboxes count them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.demo_data import build
from tests.end_to_end.live import Live, live

SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}

KIND_OF = {
    "Account": "account", "Contact": "person", "Lead": "person", "Opportunity": "opportunity",
    "OpportunityContactRole": "opportunity",
    "companies": "account", "contacts": "person", "deals": "opportunity",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The demo world, in step, an hour later."""
    demo = build(accounts=60, people=700, opportunities=120)
    with live(tmp_path_factory.mktemp("counts"), SIDES) as made:
        made.seed("salesforce", demo.salesforce)
        made.seed("hubspot", demo.hubspot)
        made.setup()
        made.run()
        made.pass_time(1800)
        made.run()
        made.pass_time(1800)
        yield made


def _calls_by_kind(world: Live, side: str) -> dict[str, int]:
    """Requests per kind, by the object that each concerns; sign-in and owners are not a kind's."""
    counted: dict[str, int] = {}
    for route, number in world.requests(side)["by_route"].items():
        parts = route.replace("?", "/").split("/")
        kinds = {KIND_OF[part] for part in parts if part in KIND_OF}
        first = next((KIND_OF[part] for part in parts if part in KIND_OF), None)
        if kinds and first:
            counted[first] = counted.get(first, 0) + number
    for name, done in world.requests(side).get("by_object", {}).items():
        if name in KIND_OF and side == "salesforce":
            kind = KIND_OF[name]
            counted[kind] = counted.get(kind, 0) + int(done.get("read", 0))
    return counted


def test_a_run_with_nothing_to_do_makes_at_most_three_calls_per_kind_and_side(
    world: Live,
) -> None:
    world.reset_requests()
    report = world.run()
    assert report.writes == 0
    for side in SIDES:
        counted = _calls_by_kind(world, side)
        assert counted, "the sandbox counted nothing"
        assert max(counted.values()) <= 3, counted
        assert world.requests(side)["writes"] == 0
        assert world.requests(side)["total"] <= 3 * 3 + 2  # and the sign-in, and the owners


@pytest.mark.parametrize("number", [1, 150, 201])
def test_n_changes_cost_the_least_number_of_writing_calls(world: Live, number: int) -> None:
    linked = _linked_contacts(world)
    chosen = sorted(linked)[:number]
    assert len(chosen) == number
    for place, record in enumerate(chosen):
        world.edit(
            "hubspot",
            object_type="contacts",
            id=record,
            verb="update",
            fields={"jobtitle": f"Title {number}.{place}"},
        )
    world.pass_time(600)
    world.reset_requests()
    report = world.run()
    assert sum(t.updated for t in report.tallies["salesforce"].values()) == number
    writes = _writing_calls(world, "salesforce")
    types = {linked[record] for record in chosen}
    least = sum(math.ceil(sum(linked[r] == t for r in chosen) / 200) for t in types)
    assert writes == least
    world.pass_time(600)
    world.run()


@pytest.mark.parametrize("number", [1, 101])
def test_n_changes_cost_the_least_number_of_batches_on_hubspot(world: Live, number: int) -> None:
    linked = [rows["salesforce"] for rows in _pairs(world)]
    ids = [row.id for row in linked if row.object_type == "Contact"][:number]
    assert len(ids) == number
    for place, record in enumerate(ids):
        world.edit(
            "salesforce",
            object_type="Contact",
            id=record,
            verb="update",
            fields={"Title": f"Officer {number}.{place}"},
        )
    world.pass_time(600)
    world.reset_requests()
    report = world.run()
    assert sum(t.updated for t in report.tallies["hubspot"].values()) == number
    assert _writing_calls(world, "hubspot") == math.ceil(number / 100)
    world.pass_time(600)
    world.run()


def _writing_calls(world: Live, side: str) -> int:
    return int(world.requests(side)["writes"])


def _settled(world: Live) -> list[Any]:
    with world.engine(writing=False) as engine, engine.store() as store:
        rows = store.rows(
            "entity IS NOT NULL AND kind = 'person' AND state = 'live' AND entity NOT IN"
            " (SELECT entity FROM records WHERE dirty = 1 AND entity IS NOT NULL)"
        )
        return list(rows)


def _linked_contacts(world: Live) -> dict[str, str]:
    """HubSpot contact id -> the Salesforce object type of the same person."""
    return {rows["hubspot"].id: rows["salesforce"].object_type for rows in _pairs(world)}


def _pairs(world: Live) -> list[dict[str, Any]]:
    """People that are on both sides and of whom nothing waits, by side."""
    by_entity: dict[str, dict[str, Any]] = {}
    for row in _settled(world):
        by_entity.setdefault(row.entity, {})[row.side] = row
    return [rows for rows in by_entity.values() if len(rows) == len(SIDES)]
