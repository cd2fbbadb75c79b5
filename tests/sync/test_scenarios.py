"""Scenarios with golden plans and states; each also with the sides swapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sync.scenarios.play import (
    POINTS,
    Play,
    bare,
    golden,
    names,
    ordered,
    swapped,
    told,
    unswapped,
)
from tests.sync.situations import EVERY_GUARD


def check(name: str, folder: Path) -> Play:
    """A scenario ends as its golden files say."""
    play = Play(folder, told(name))
    plans, state = play.whole()
    assert plans == golden(name, "plan")
    assert state == golden(name, "state")
    return play


def test_there_are_scenarios_for_every_point() -> None:
    assert len(names()) >= 80
    assert [n for n in names() if "covers" not in told(n)] == []
    covered = {point for name in names() for point in told(name)["covers"]}
    assert covered == set(POINTS)
    assert [n for n in names() if not told(n)["says"].endswith(".")] == []


def test_nearly_all_are_played_with_the_sides_swapped() -> None:
    assert [n for n in names() if "only_as_told" in told(n)] == ["merge-contradiction"]


@pytest.mark.parametrize("name", names())
def test_a_scenario_ends_as_written_and_a_further_run_writes_nothing(
    name: str, tmp_path: Path
) -> None:
    play = check(name, tmp_path)
    play.world.clock.advance(60)
    before = play.world.snapshot()
    assert play.world.engine.run(allowed=EVERY_GUARD).writes == 0
    assert play.world.snapshot() == before
    assert play.world.engine.verify().unexplained == []


@pytest.mark.parametrize("name", [n for n in names() if "only_as_told" not in told(n)])
def test_no_side_is_special(name: str, tmp_path: Path) -> None:
    plans, state = Play(tmp_path, swapped(told(name))).whole()
    assert _decided(unswapped(plans)) == _decided(golden(name, "plan"))
    assert _decided(unswapped(state)) == _decided(golden(name, "state"))


def _decided(outcome: Any) -> Any:
    return ordered(bare(outcome))
