"""A run that reaches only some of the sides loses no change: the next one carries the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import VendorDownError
from tests.sync.situations import find, settle
from tests.sync.worlds import World, make_world


def _deal(folder: Path) -> World:
    """A deal with one person in it and two who might be, in step on both sides."""
    world = make_world(folder)
    left = world.crms["left"]
    people = [
        left.insert("Contact", {"last_name": name, "email": f"{name}@x.org"})
        for name in ("ann", "ben", "cyd")
    ]
    deal = left.insert("Opportunity", {"name": "Deal", "stage": "proposal"})
    left.associate("Opportunity", deal, "contacts", people[0])
    settle(world, 2)
    return world


def _edit(world: World, side: str, *, add: str = "", remove: str = "") -> None:
    crm, deal = world.crms[side], find(world, side, "Opportunity", name="Deal")
    if add:
        crm.associate("Opportunity", deal, "contacts", find(world, side, "Contact", last_name=add))
    if remove:
        person = find(world, side, "Contact", last_name=remove)
        crm.dissociate("Opportunity", deal, "contacts", person)


def _members(world: World, side: str) -> set[str]:
    crm = world.crms[side].snapshot()
    deal = crm["Opportunity"][find(world, side, "Opportunity", name="Deal")]
    return {crm["Contact"][item["id"]]["last_name"] for item in deal.get("contacts", [])}


@pytest.mark.parametrize("down", ["left", "right"])
def test_members_added_on_both_sides_reach_a_side_that_was_down(tmp_path: Path, down: str) -> None:
    world = _deal(tmp_path)
    _edit(world, "left", add="ben")
    _edit(world, "right", add="cyd")
    world.crms[down].fail_next("apply", VendorDownError("down"))
    settle(world, 3)
    assert _members(world, "left") == _members(world, "right") == {"ann", "ben", "cyd"}
    assert world.engine.verify().unexplained == []


@pytest.mark.parametrize("down", ["left", "right"])
def test_a_member_removed_on_one_side_leaves_a_side_that_was_down(
    tmp_path: Path, down: str
) -> None:
    world = _deal(tmp_path)
    _edit(world, "left", remove="ann")
    _edit(world, "right", add="cyd")
    world.crms[down].fail_next("apply", VendorDownError("down"))
    settle(world, 3)
    assert _members(world, "left") == _members(world, "right") == {"cyd"}
    assert world.engine.verify().unexplained == []


def test_the_engine_s_own_write_does_not_make_a_side_the_later_one(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"person": {"fields": {"title": {"conflict": "latest"}}}})
    world.crms["left"].insert("Contact", {"last_name": "A", "email": "a@x.org", "title": "T"})
    settle(world, 2)
    ids = {side: find(world, side, "Contact", last_name="A") for side in world.crms}
    world.crms["right"].edit("Contact", ids["right"], {"department": "Labs"})
    settle(world)  # writes the department to the left
    world.crms["left"].edit("Contact", ids["left"], {"title": "Left"})
    world.crms["right"].edit("Contact", ids["right"], {"title": "Right"})
    settle(world, 2)
    with world.engine.store() as store:
        assert [(q["cause"], q["field"]) for q in store.questions()] == [("conflict", "title")]
