"""Workflows that rewrite our values: writes stop, and a fight is told as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connectors.memory import Quirks
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.worlds import World, make_world


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _mark(mark: str) -> Callable[[object], object]:
    return lambda value: f"{value}{mark}" if isinstance(value, str) else value


def _writes_of_runs(world: World, runs: int) -> list[int]:
    counted = []
    for _ in range(runs):
        world.clock.advance(600)
        counted.append(world.engine.run(allowed=EVERY_GUARD).writes)
    return counted


def _described(world: World) -> tuple[str, str]:
    left, right = (world.crms[n].snapshot()["Account"] for n in ("left", "right"))
    return (
        left[find(world, "left", "Account", name="Acme")]["description"],
        right[find(world, "right", "Account", name="Acme")]["description"],
    )


def test_one_workflow_wins_quietly(tmp_path: Path) -> None:
    rewriting = {"right": Quirks(normalise={"Account.description": _upper})}
    world = make_world(tmp_path, quirks=rewriting)
    acme = world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    world.crms["left"].edit("Account", acme, {"description": "Some words"})
    counted = _writes_of_runs(world, 4)
    assert counted[2:] == [0, 0]
    assert _described(world) == ("SOME WORDS", "SOME WORDS")
    with world.engine.store() as store:
        assert store.questions() == []


def test_two_workflows_that_undo_each_other_are_told_as_a_fight(tmp_path: Path) -> None:
    rewriting = {
        "left": Quirks(normalise={"Account.description": _mark("<")}),
        "right": Quirks(normalise={"Account.description": _mark(">")}),
    }
    world = make_world(tmp_path, quirks=rewriting)
    acme = world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    world.crms["left"].edit("Account", acme, {"description": "Some words"})
    counted = _writes_of_runs(world, 8)
    assert counted[4:] == [0, 0, 0, 0], counted
    with world.engine.store() as store:
        assert [(q["cause"], q["field"]) for q in store.questions()] == [("fight", "description")]
    assert world.engine.verify().unexplained == []


def test_a_person_who_changes_a_value_back_starts_no_fight(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left = world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    for side, words in (("left", "one"), ("right", "two"), ("left", "one")):
        account = left if side == "left" else find(world, "right", "Account", name="Acme")
        world.crms[side].edit("Account", account, {"description": words})
        settle(world)
    assert _described(world) == ("one", "one")
    with world.engine.store() as store:
        assert store.questions() == []
