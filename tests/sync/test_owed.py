"""What a side has not got that the others have settled: it is written there in the end, nothing
else is, and nobody's change is lost meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Capabilities
from connectors.memory import MemoryConnector, MemoryCrm
from core.errors import RejectedError, VendorDownError
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.test_moves import quiet
from tests.sync.worlds import World, compiled, generic_mapping, make_world

DAY = 24 * 3600
THREE = ("left", "right", "third")
RESTORE: dict[str, Any] = {"rules": {"person": {"deletes": "restore"}}}


class CannotRestore(MemoryConnector):
    """What is deleted there can only be made anew."""

    def __init__(self, crm: MemoryCrm, *, name: str) -> None:
        super().__init__(crm, name=name)
        self.capabilities: Capabilities = replace(self.capabilities, restore=False)


def once(world: World, after: float = 600) -> None:
    """One run, some time later."""
    world.clock.advance(after)
    world.engine.run(allowed=EVERY_GUARD)


def at_rest(world: World) -> None:
    """Runs until all that waits for another try has had it; then nothing is left to do."""
    for _ in range(3):
        once(world, 2 * DAY)
    assert world.engine.verify().unexplained == []
    quiet(world)
    with world.engine.store() as store:
        assert list(store.rows("dirty = 1 OR owes <> '[]'")) == []
        assert store.db.conn.execute("SELECT id FROM entities WHERE unmade = 1").fetchall() == []


def shown(world: World, object_type: str, field: str, **wanted: Any) -> list[Any]:
    """A field of one record as each side shows it."""
    ids = [(crm, find(world, side, object_type, **wanted)) for side, crm in world.crms.items()]
    return [crm.snapshot()[object_type][i].get(field) for crm, i in ids]


def in_deal(world: World) -> list[list[tuple[str, str | None]]]:
    """Who is in the deal, in which role, on each side."""
    found = []
    for side, crm in world.crms.items():
        records = crm.snapshot()
        deal = records["Opportunity"][find(world, side, "Opportunity", name="Deal")]
        found.append(
            sorted(
                (records["Contact"][part["id"]]["last_name"], part.get("label"))
                for part in deal.get("contacts", [])
            )
        )
    return found


def with_deal(folder: Path, *names: str, sides: tuple[str, ...] = THREE, **settings: Any) -> World:
    """Ann, Ben and Cyd, and a deal with those of them that are named, on all sides."""
    world = make_world(folder, sides, **settings)
    left = world.crms["left"]
    people = {
        n: left.insert("Contact", {"last_name": n, "email": f"{n}@x.org"})
        for n in ("ann", "ben", "cyd")
    }
    deal = left.insert("Opportunity", {"name": "Deal", "stage": "proposal"})
    for name in names:
        left.associate("Opportunity", deal, "contacts", people[name])
    settle(world, 2)
    return world


def person(world: World, side: str, name: str) -> str:
    return find(world, side, "Contact", last_name=name)


def deal(world: World, side: str) -> str:
    return find(world, side, "Opportunity", name="Deal")


def read_only(world: World, side: str, object_type: str, field: str) -> None:
    """From now on the mapping of a side does not write a field."""
    data = generic_mapping(lead=False)
    fields = data["objects"][object_type]["fields"]
    given = fields[field] if isinstance(fields[field], dict) else {"field": fields[field]}
    fields[field] = {**given, "write": False}
    world.mappings[side] = compiled(data)


def test_a_write_that_waits_for_its_next_try_is_still_owed(tmp_path: Path) -> None:
    world = make_world(tmp_path, THREE)
    left, third = world.crms["left"], world.crms["third"]
    ada = left.insert("Contact", {"last_name": "A", "email": "a@x.org", "title": "old"})
    settle(world, 2)
    third.refuse(
        lambda _type, write: (
            RejectedError("no", field="title")
            if getattr(write, "fields", {}).get("title") == "X"
            else None
        )
    )
    for title in ("X", "old", "X"):
        left.edit("Contact", ada, {"title": title})
        once(world)
    third.clear_faults()
    at_rest(world)
    assert shown(world, "Contact", "title", email="a@x.org") == ["X"] * 3


def test_a_reference_to_what_takes_part_only_later_is_still_owed(tmp_path: Path) -> None:
    scope = {"account": [{"field": "industry", "equals": "banking"}]}
    world = make_world(tmp_path, THREE, side={"third": {"scope": scope}})
    left = world.crms["left"]
    kid = left.insert("Account", {"name": "Kid", "domain": "kid.com", "industry": "banking"})
    settle(world, 2)
    top = left.insert("Account", {"name": "Top", "domain": "top.com", "industry": "retail"})
    left.edit("Account", kid, {"parent": top})
    settle(world, 3)
    left.edit("Account", top, {"industry": "banking"})
    at_rest(world)
    parents = shown(world, "Account", "parent", name="Kid")
    assert parents == [find(world, side, "Account", name="Top") for side in THREE]


def test_a_record_that_could_not_be_made_is_made_whatever_changes_meanwhile(
    tmp_path: Path,
) -> None:
    world = with_deal(tmp_path)
    left, third = world.crms["left"], world.crms["third"]
    new = left.insert("Opportunity", {"name": "New", "stage": "proposal"})
    for name in ("ann", "ben"):
        left.associate("Opportunity", new, "contacts", person(world, "left", name))
        third.fail_next("apply", VendorDownError("down"), times=1)
        once(world)
    at_rest(world)
    assert [len(shown(world, "Opportunity", "contacts", name="New")[n]) for n in range(3)] == [
        2
    ] * 3


@pytest.mark.parametrize("sides", [THREE[:2], THREE])
def test_a_deleted_record_that_could_not_be_made_anew_is_made_in_the_next_run(
    tmp_path: Path, sides: tuple[str, ...]
) -> None:
    world = with_deal(tmp_path, sides=sides, **RESTORE)
    world.connectors = {n: CannotRestore(crm, name=n) for n, crm in world.crms.items()}
    right = world.crms["right"]
    right.delete("Contact", person(world, "right", "ann"))
    right.fail_next("apply", VendorDownError("down"))
    once(world)
    at_rest(world)
    assert all(person(world, side, "ann") for side in sides)


def test_a_changed_role_is_still_owed(tmp_path: Path) -> None:
    world = with_deal(tmp_path, "ann")
    left = world.crms["left"]
    ann = person(world, "left", "ann")
    left.dissociate("Opportunity", deal(world, "left"), "contacts", ann)
    left.associate("Opportunity", deal(world, "left"), "contacts", ann, label="Influencer")
    world.crms["third"].fail_next("apply", VendorDownError("down"))
    once(world)
    at_rest(world)
    assert in_deal(world) == [[("ann", "Influencer")]] * 3


def test_who_is_missing_where_nothing_is_written_is_taken_out_nowhere(tmp_path: Path) -> None:
    world = with_deal(tmp_path, "ann")
    read_only(world, "left", "Opportunity", "contacts")
    ben = person(world, "right", "ben")
    world.crms["right"].associate("Opportunity", deal(world, "right"), "contacts", ben)
    settle(world, 2)
    cyd = person(world, "left", "cyd")
    world.crms["left"].associate("Opportunity", deal(world, "left"), "contacts", cyd)
    world.crms["third"].fail_next("apply", VendorDownError("down"))
    once(world)
    once(world, 2 * DAY)
    names = [[name for name, _ in people] for people in in_deal(world)]
    assert names == [["ann", "cyd"], ["ann", "ben", "cyd"], ["ann", "ben", "cyd"]]


def test_a_side_that_cannot_be_written_keeps_no_other_from_what_it_is_owed(tmp_path: Path) -> None:
    world = make_world(tmp_path, (*THREE, "fourth"))
    read_only(world, "left", "Contact", "title")
    world.crms["left"].insert("Contact", {"last_name": "A", "email": "a@x.org", "title": "old"})
    settle(world, 2)
    ada = find(world, "right", "Contact", email="a@x.org")
    world.crms["right"].edit("Contact", ada, {"title": "X"})
    world.crms["fourth"].fail_next("apply", VendorDownError("down"))
    once(world)
    once(world, 2 * DAY)
    assert shown(world, "Contact", "title", email="a@x.org") == ["old", "X", "X", "X"]


@pytest.mark.parametrize("members", [("ann",), ("ann", "ben")], ids=["alone", "with another"])
@pytest.mark.parametrize("accident", ["none", "down", "lost"])
def test_who_is_made_anew_is_in_the_deal_again(
    tmp_path: Path, members: tuple[str, ...], accident: str
) -> None:
    world = with_deal(tmp_path, *members, sides=THREE[:2], **RESTORE)
    world.connectors = {n: CannotRestore(crm, name=n) for n, crm in world.crms.items()}
    right = world.crms["right"]
    right.delete("Contact", person(world, "right", "ann"))
    if accident != "none":
        right.fail_next("apply", VendorDownError("gone"), after=accident == "lost")
    once(world)
    at_rest(world)
    assert in_deal(world) == [[(name, None) for name in members]] * 2


@pytest.mark.parametrize("failing", [False, True])
def test_who_was_taken_out_meanwhile_stays_out(tmp_path: Path, failing: bool) -> None:
    world = with_deal(tmp_path, "ann", "ben", sides=THREE[:2], **RESTORE)
    world.connectors = {n: CannotRestore(crm, name=n) for n, crm in world.crms.items()}
    left, right = world.crms["left"], world.crms["right"]
    right.delete("Contact", person(world, "right", "ann"))
    left.dissociate("Opportunity", deal(world, "left"), "contacts", person(world, "left", "ben"))
    if failing:
        right.fail_next("apply", VendorDownError("down"), skip=1)
    once(world)
    at_rest(world)
    assert in_deal(world) == [[("ann", None)]] * 2


def test_roles_that_the_state_keeps_as_hashes_go_on(tmp_path: Path) -> None:
    privacy = {"values": "hashed", "personal": ["person.email", "opportunity.contacts"]}
    world = with_deal(tmp_path, "ann", sides=THREE[:2], privacy=privacy)
    ben = person(world, "left", "ben")
    world.crms["left"].associate("Opportunity", deal(world, "left"), "contacts", ben)
    settle(world, 2)
    assert in_deal(world) == [[("ann", None), ("ben", None)]] * 2
