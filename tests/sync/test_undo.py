"""Undo of a run: the sides are as before, except what people changed since, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.memory.faults import Fault
from core.errors import GuardError, NetworkError, SettingsError
from sync.model import Plan, Verb
from sync.serial import load_plan, save_plan
from tests.sync.situations import EVERY_GUARD, find, people_edit, settle, two_sides
from tests.sync.worlds import World, make_world


def plain(world: World) -> dict[str, Any]:
    """What people see on all sides, without the stamps, which stay."""
    return {
        side: {
            (object_type, record_id): {k: v for k, v in fields.items() if k != "tieline_id"}
            for object_type, rows in snapshot.items()
            for record_id, fields in rows.items()
        }
        for side, snapshot in world.snapshot().items()
    }


def undo(world: World, run: str) -> Plan:
    """Plan the way back, and carry it out."""
    plan = world.engine.plan_undo(run)
    world.clock.advance(60)
    world.engine.apply(plan, allowed=EVERY_GUARD)
    return plan


def left_as_it_is(plan: Plan) -> list[tuple[str, str]]:
    """(side, field) of everything that an undo does not put back."""
    return sorted((q.side, q.field) for q in plan.questions if q.cause == "undo")


def quiet(world: World) -> None:
    """The next runs write nothing, and nothing is without an explanation."""
    for full in (False, True):
        world.clock.advance(600)
        assert world.engine.run(allowed=EVERY_GUARD, full=full).writes == 0
    assert world.engine.verify().unexplained == []


def test_undo_of_a_big_first_run_restores_every_side(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    before = plain(world)
    settle(world)
    assert plain(world) != before
    plan = undo(world, "r000001")
    assert plan.questions == ()
    assert plain(world) == before
    quiet(world)
    assert plain(world) == before


def test_what_people_changed_since_is_left_and_listed_field_by_field(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    before = plain(world)
    settle(world)
    left, right = world.crms["left"], world.crms["right"]
    acme = find(world, "left", "Account", name="Acme")
    left.edit("Account", acme, {"phone": "+12025550155"})  # filled by the run, then changed
    labs = find(world, "right", "Account", name="Acme Labs")
    right.edit("Account", labs, {"description": "ours"})  # made by the run, then edited
    world.clock.advance(60)
    plan = undo(world, "r000001")
    assert left_as_it_is(plan) == [("left", "phone"), ("right", "description")]
    after = plain(world)
    before["left"]["Account", acme]["phone"] = "+12025550155"
    assert after["left"] == before["left"]
    kept = after["right"].pop(("Account", labs))
    assert kept["description"] == "ours"
    assert after["right"] == before["right"]


def test_an_undo_writes_nothing_by_being_planned_and_can_be_saved(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    before = plain(world)
    settle(world)
    there = plain(world)
    plan = world.engine.plan_undo("r000001")
    assert plain(world) == there
    file = tmp_path / "undo.json"
    save_plan(plan, file)
    assert load_plan(file) == plan
    world.engine.apply(load_plan(file), allowed=EVERY_GUARD)
    assert plain(world) == before


def test_one_overwritten_value_comes_back_in_the_vendor_s_own_form(tmp_path: Path) -> None:
    rules = {"account": {"fields": {"phone": "left ->"}}}
    world = make_world(tmp_path, rules=rules)
    left, right = world.crms["left"], world.crms["right"]
    left.insert("Account", {"name": "Acme", "domain": "acme.com", "phone": "+12025550101"})
    acme = right.insert(
        "Account", {"name": "Acme", "domain": "acme.com", "phone": "(202) 555-0177"}
    )
    settle(world)
    assert right.snapshot()["Account"][acme]["phone"] == "+12025550101"
    undo(world, "r000001")
    assert right.snapshot()["Account"][acme]["phone"] == "(202) 555-0177"


def test_what_was_undone_is_not_done_again_until_somebody_speaks(tmp_path: Path) -> None:
    rules = {"account": {"fields": {"phone": "left ->"}}}
    world = make_world(tmp_path, rules=rules)
    left, right = world.crms["left"], world.crms["right"]
    mine = left.insert("Account", {"name": "Acme", "domain": "acme.com", "phone": "+12025550101"})
    acme = right.insert("Account", {"name": "Acme", "domain": "acme.com", "phone": "+12025550177"})
    settle(world, 2)
    undo(world, "r000001")
    left.edit("Account", mine, {"description": "another field of it"})
    settle(world, 2)
    shown = right.snapshot()["Account"][acme]
    assert (shown["phone"], shown["description"]) == ("+12025550177", "another field of it")
    quiet(world)
    left.edit("Account", mine, {"phone": "+12025550102"})
    settle(world)
    assert right.snapshot()["Account"][acme]["phone"] == "+12025550102"
    left.edit("Account", mine, {"phone": "+12025550101"})  # the value that had been undone
    settle(world)
    assert right.snapshot()["Account"][acme]["phone"] == "+12025550101"


def test_an_undone_creation_is_not_made_again(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"account": {"deletes": "restore"}})
    left = world.crms["left"]
    acme = left.insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world)
    undo(world, "r000001")
    assert world.crms["right"].snapshot()["Account"] == {}
    left.edit("Account", acme, {"phone": "+12025550101"})
    settle(world, 2)
    assert world.crms["right"].snapshot()["Account"] == {}
    quiet(world)
    story = world.engine.why("left", acme)
    assert any("undo" in e.text or "made by r000001" in e.text for e in story.entries)


def test_a_record_that_others_refer_to_now_stays(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world)
    right = world.crms["right"]
    labs = find(world, "right", "Account", name="Acme Labs")
    newcomer = right.insert("Contact", {"last_name": "New", "account": labs})
    world.clock.advance(60)
    plan = undo(world, "r000001")
    assert labs in right.snapshot()["Account"]
    assert right.snapshot()["Contact"][newcomer]["account"] == labs
    acme = find(world, "right", "Account", name="Acme")
    said = [q.message for q in plan.questions]
    assert any(f"{labs}: made by r000001, but Contact {newcomer} refers to it" in m for m in said)
    assert acme in right.snapshot()["Account"]


def test_undo_of_a_later_run_puts_back_its_values_only(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    there = plain(world)
    settle(world)
    plan = undo(world, "r000003")
    after = plain(world)
    assert left_as_it_is(plan) == []
    assert after == there
    world.clock.advance(600)
    assert world.engine.run(allowed=EVERY_GUARD).writes == 0


def test_an_undo_can_itself_be_undone(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    left.insert("Account", {"name": "Acme", "domain": "acme.com", "industry": "banking"})
    right.insert("Account", {"name": "Acme", "domain": "acme.com"})
    left.insert("Account", {"name": "Globex", "domain": "globex.com"})
    settle(world)
    synced = plain(world)
    undo(world, "r000001")
    undo(world, "r000002")
    assert plain(world) == synced
    quiet(world)


def test_a_value_written_again_by_a_later_run_names_that_run(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    mine = left.insert("Account", {"name": "Acme", "domain": "acme.com", "industry": "banking"})
    right.insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world)
    left.edit("Account", mine, {"industry": "energy"})
    settle(world)
    plan = world.engine.plan_undo("r000001")
    assert [q.message for q in plan.questions if "written again by r000002" in q.message]
    assert plan.actions == ()


def test_an_undo_is_held_by_the_guards_like_any_plan(tmp_path: Path) -> None:
    world = make_world(tmp_path, guards={"min_records": 1})
    for n in range(10):
        world.crms["left"].insert("Account", {"name": f"A{n}", "domain": f"a{n}.com"})
    settle(world)
    before = plain(world)
    plan = world.engine.plan_undo("r000001")
    assert {a.verb for a in plan.actions} == {Verb.ARCHIVE}
    with pytest.raises(GuardError, match="linked accounts of right"):
        world.engine.apply(plan)
    assert plain(world) == before


def test_an_unknown_run_is_named(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world)
    with pytest.raises(SettingsError, match="no run r000009"):
        world.engine.plan_undo("r000009")


def test_a_lost_answer_is_undone_by_what_is_seen(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    left.insert("Account", {"name": "Acme", "domain": "acme.com", "industry": "banking"})
    acme = right.insert("Account", {"name": "Acme", "domain": "acme.com"})
    before = plain(world)
    _lose_the_answer(world)
    settle(world)
    assert right.snapshot()["Account"][acme]["industry"] == "banking"
    undo(world, "r000001")
    assert plain(world) == before


def _lose_the_answer(world: World) -> None:
    fault = Fault("apply", NetworkError("gone"), after=True)
    world.crms["right"].faults.pending.append(fault)


def test_what_a_run_deleted_is_brought_back(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"account": {"deletes": "delete"}})
    left, right = world.crms["left"], world.crms["right"]
    acme = left.insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    there = right.snapshot()["Account"]
    left.delete("Account", acme)
    settle(world)
    assert right.snapshot()["Account"] == {}
    plan = undo(world, "r000003")
    assert [a.verb for a in plan.actions] == [Verb.RESTORE]
    assert right.snapshot()["Account"] == there
    world.clock.advance(600)
    assert world.engine.run(allowed=EVERY_GUARD).writes == 0
    assert right.snapshot()["Account"] == there
    assert left.snapshot()["Account"] == {}
