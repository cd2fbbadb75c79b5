"""Sides that acknowledge a value and keep another, or none: no value is lost, and writes end."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory import Quirks
from tests.sync.situations import find, settle
from tests.sync.worlds import World, make_world

IGNORES = Quirks(ignored=frozenset({"Contact.title"}))
NORMALISES = Quirks(normalise={"Contact.title": str.upper})


def _world(folder: Path, quirks: Quirks, rule: str = "two-way") -> World:
    world = make_world(
        folder, quirks={"right": quirks}, rules={"person": {"fields": {"title": rule}}}
    )
    contact = {"last_name": "Ada", "email": "ada@x.org", "title": "Boss"}
    world.crms["left"].insert("Contact", contact)
    return world


def _titles(world: World) -> list[object]:
    return [
        world.crms[side]
        .snapshot()["Contact"][find(world, side, "Contact", last_name="Ada")]
        .get("title")
        for side in ("left", "right")
    ]


@pytest.mark.parametrize("rule", ["two-way", "left ->", "left unless blank"])
def test_a_value_that_a_side_silently_ignores_erases_nothing(tmp_path: Path, rule: str) -> None:
    world = _world(tmp_path, IGNORES, rule)
    report = world.engine.run()
    settle(world, 2)
    assert _titles(world) == ["Boss", None]
    assert [(f.side, f.field) for f in report.failures] == [("right", "title")]
    assert world.engine.run().writes == 0, "it is tried again once a day, not with every run"
    assert [d.cause for d in world.engine.verify().differences] == ["refused"]


def test_a_change_that_a_side_silently_ignores_is_not_undone(tmp_path: Path) -> None:
    world = _world(tmp_path, Quirks())
    settle(world, 2)
    world.crms["right"].quirks = IGNORES
    ada = find(world, "left", "Contact", last_name="Ada")
    world.crms["left"].edit("Contact", ada, {"title": "Chief"})
    settle(world, 3)
    assert _titles(world) == ["Chief", "Boss"]


def test_a_creation_whose_answer_was_lost_and_that_ignored_a_value_erases_nothing(
    tmp_path: Path,
) -> None:
    world = _world(tmp_path, IGNORES)
    world.crms["right"].lose_next_answer()
    settle(world, 3)
    assert _titles(world) == ["Boss", None]


@pytest.mark.parametrize(
    ("rule", "left"), [("two-way", "BOSS"), ("left ->", "Boss"), ("left unless blank", "Boss")]
)
def test_a_side_that_puts_values_in_its_own_form_is_not_written_to_for_ever(
    tmp_path: Path, rule: str, left: str
) -> None:
    world = _world(tmp_path, NORMALISES, rule)
    settle(world, 2)
    assert _titles(world) == [left, "BOSS"]
    world.clock.advance(600)
    assert world.engine.run().writes == 0
