"""Values handed in from an account map: written as a plan, then as if a person had written them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from sync.serial import load_plan, save_plan
from tests.sync.situations import EVERY_GUARD, find, settle, two_sides
from tests.sync.worlds import World

SOURCE = "account map"


def entity_of(world: World, side: str, record: str) -> str:
    with world.engine.store() as store:
        row = store.row(side, "Account", record)
    assert row is not None
    assert row.entity is not None
    return row.entity


def settled(folder: Path) -> tuple[World, str, str]:
    """Two sides in step; the record and the entity of an account."""
    world = two_sides(folder)
    settle(world)
    acme = find(world, "left", "Account", name="Acme")
    return world, acme, entity_of(world, "left", acme)


def shown(world: World, side: str, record: str, name: str) -> object:
    return world.snapshot()[side]["Account"][record].get(name)


def test_a_value_is_written_to_one_side_and_carried_on_by_the_next_run(tmp_path: Path) -> None:
    world, acme, entity = settled(tmp_path)
    before = world.snapshot()
    plan, left = world.engine.plan_handed("left", {entity: {"description": "mapped"}}, SOURCE)
    assert left == []
    assert world.snapshot() == before
    save_plan(plan, tmp_path / "plan.json")
    report = world.engine.apply(load_plan(tmp_path / "plan.json"), allowed=EVERY_GUARD)
    assert report.tallies["left"]["account"].updated == 1
    assert shown(world, "left", acme, "description") == "mapped"
    world.clock.advance(600)
    world.engine.run(allowed=EVERY_GUARD)
    there = find(world, "right", "Account", name="Acme")
    assert shown(world, "right", there, "description") == "mapped"
    world.clock.advance(600)
    assert world.engine.run(allowed=EVERY_GUARD).writes == 0


def test_what_is_shown_already_is_not_written_again(tmp_path: Path) -> None:
    world, _, entity = settled(tmp_path)
    values = {entity: {"description": "mapped"}}
    plan, _ = world.engine.plan_handed("left", values, SOURCE)
    world.engine.apply(plan, allowed=EVERY_GUARD)
    again, left = world.engine.plan_handed("left", values, SOURCE)
    assert (again.actions, left) == ((), [])


def test_what_changed_since_the_plan_is_stale(tmp_path: Path) -> None:
    world, acme, entity = settled(tmp_path)
    plan, _ = world.engine.plan_handed("left", {entity: {"description": "mapped"}}, SOURCE)
    world.crms["left"].edit("Account", acme, {"description": "by hand"})
    report = world.engine.apply(plan, allowed=EVERY_GUARD)
    assert report.tallies["left"]["account"].stale == 1
    assert shown(world, "left", acme, "description") == "by hand"


def test_an_undo_takes_it_back_and_why_knows_where_it_was_from(tmp_path: Path) -> None:
    world, acme, entity = settled(tmp_path)
    before = shown(world, "left", acme, "description")
    plan, _ = world.engine.plan_handed("left", {entity: {"description": "mapped"}}, SOURCE)
    run = world.engine.apply(plan, allowed=EVERY_GUARD).run
    told = repr(world.engine.why("left", acme, object_type="Account", name="description"))
    assert SOURCE in told
    world.clock.advance(60)
    world.engine.apply(world.engine.plan_undo(run), allowed=EVERY_GUARD)
    assert shown(world, "left", acme, "description") == before
    world.clock.advance(600)
    assert world.engine.run(allowed=EVERY_GUARD).writes == 0


def test_what_cannot_be_written_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    world, _, entity = settled(tmp_path)
    values = {
        entity: {"industry": "no such industry", "description": "mapped"},
        "a_nobody": {"description": "x"},
    }
    plan, left = world.engine.plan_handed("left", values, SOURCE)
    assert [f.name for a in plan.actions for f in a.fields] == ["description"]
    assert left[0] == "a_nobody has no record on left"
    assert "industry" in left[1]


def test_a_side_that_is_not_there_is_told(tmp_path: Path) -> None:
    world, _, entity = settled(tmp_path)
    with pytest.raises(SettingsError, match="there is no side middle"):
        world.engine.plan_handed("middle", {entity: {}}, SOURCE)
