"""Verify on a sample, and the plan that fixes what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import SettingsError
from sync.serial import load_plan, save_plan
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.worlds import World, make_world


def drifted(folder: Path) -> World:
    """Twelve accounts in step, of which one has drifted: its base was moved behind its back."""
    world = make_world(folder)
    left = world.crms["left"]
    for n in range(12):
        left.insert("Account", {"name": f"A{n}", "domain": f"a{n}.com", "description": "same"})
    settle(world, 2)
    right = world.crms["right"]
    account = find(world, "right", "Account", name="A3")
    right.edit("Account", account, {"description": "other"})
    with world.engine.store() as store:
        row = store.row("right", "Account", account)
        assert row is not None
        row.base["description"] = row.seen["description"] = "other"
        row.dirty = False
        store.put([row])
    world.clock.advance(600)
    return world


def calls(world: World) -> int:
    """Requests that all sides have answered so far."""
    return sum(sum(crm.requests.values()) for crm in world.crms.values())


def test_a_sample_is_always_the_same_and_costs_few_calls(tmp_path: Path) -> None:
    world = drifted(tmp_path)
    world.engine.verify(some=1)
    before = calls(world)
    found = world.engine.verify(some=5)
    assert found.entities == 5
    spent = calls(world) - before
    assert spent <= 2 + 2  # one reading a side, and their owners
    again = world.engine.verify(some=5)
    assert again.differences == found.differences
    whole = world.engine.verify(some=1000)
    assert (whole.entities, [d.cause for d in whole.unexplained]) == (12, ["drift"])


def test_a_difference_has_a_cause_and_a_sample_finds_it(tmp_path: Path) -> None:
    world = drifted(tmp_path)
    assert [(d.field, d.cause) for d in world.engine.verify().unexplained] == [
        ("description", "drift")
    ]


@pytest.mark.parametrize(("prefer", "wanted"), [("left", "same"), ("right", "other")])
def test_a_fix_decides_drift_for_the_preferred_side(
    prefer: str, wanted: str, tmp_path: Path
) -> None:
    world = drifted(tmp_path)
    before = world.snapshot()
    plan = world.engine.plan_fix(prefer)
    assert world.snapshot() == before
    assert [(f.name, f.source, f.new) for a in plan.actions for f in a.fields] == [
        ("description", prefer, wanted)
    ]
    file = tmp_path / "fix.json"
    save_plan(plan, file)
    world.engine.apply(load_plan(file), allowed=EVERY_GUARD)
    assert _described(world) == {"left": wanted, "right": wanted}
    world.clock.advance(600)
    assert world.engine.run().writes == 0
    assert world.engine.verify().differences == []


def test_a_fix_makes_counterparts_that_are_missing(tmp_path: Path) -> None:
    world = make_world(tmp_path, side={"right": {"create": []}})
    world.crms["left"].insert("Account", {"name": "A", "domain": "a.com"})
    settle(world)
    world.config = type(world.config).model_validate(
        {"sides": {n: {"type": "memory"} for n in ("left", "right")}}
    )
    world.clock.advance(600)
    assert [d.cause for d in world.engine.verify().unexplained] == ["missing"]
    world.engine.apply(world.engine.plan_fix("left"), allowed=EVERY_GUARD)
    assert find(world, "right", "Account", name="A")
    world.clock.advance(600)
    assert world.engine.run(allowed=EVERY_GUARD).writes == 0


def test_an_unknown_side_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no side middle"):
        make_world(tmp_path).engine.plan_fix("middle")


def _described(world: World) -> dict[str, Any]:
    return {
        side: world.crms[side].snapshot()["Account"][find(world, side, "Account", name="A3")][
            "description"
        ]
        for side in world.crms
    }
