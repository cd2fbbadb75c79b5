"""Killed at any moment and run again, a run ends as if nobody had killed it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.demo_data import build
from tests.end_to_end.content import content, duplicates
from tests.end_to_end.live import Live, live

ROOT = Path(__file__).parents[2]
SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}
SMALL = {"accounts": 40, "people": 160, "opportunities": 60}
WHOLE: dict[str, int] = {}


@contextmanager
def seeded(folder: Path, size: dict[str, int]) -> Iterator[Live]:
    """A world before its first run."""
    folder.mkdir()
    demo = build(**size)
    with live(folder, SIDES) as world:
        world.seed("salesforce", demo.salesforce)
        world.seed("hubspot", demo.hubspot)
        world.setup()
        yield world


def command(world: Live) -> subprocess.Popen[bytes]:
    """`tieline run` as a process of its own."""
    arguments = [
        *(sys.executable, "-m", "app.cli", "--config", str(world.config)),
        *("run", "--allow", "ambiguous"),
    ]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(world: Live) -> None:
    """Run until done; partial is fine, for some things wait for people."""
    for _ in range(2):
        done = command(world)
        _, said = done.communicate(timeout=300)
        assert done.returncode in (0, 3), said.decode()


def _killed_after(world: Live, seconds: float) -> bool:
    process = command(world)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    process.communicate()
    return False


def _all_moments(tmp_path: Path, size: dict[str, int], moments: int) -> None:
    with seeded(tmp_path / "whole", size) as world:
        begun = time.monotonic()
        command(world).communicate(timeout=300)
        lasted = time.monotonic() - begun
        finish(world)
        wanted = content(world)
        assert duplicates(world) == []
    chance = random.Random(20261121)
    killed = 0
    for number in range(moments):
        with seeded(tmp_path / str(number), size) as world:
            moment = chance.uniform(0.25, 0.98) * lasted
            killed += _killed_after(world, moment)
            finish(world)
            assert duplicates(world) == [], f"killed after {moment:.2f} of {lasted:.2f} s"
            assert content(world) == wanted, f"killed after {moment:.2f} of {lasted:.2f} s"
    assert killed >= moments // 2, "too few runs were killed to say anything"


def test_killed_at_random_moments_both_sides_end_as_an_uninterrupted_run(tmp_path: Path) -> None:
    _all_moments(tmp_path, SMALL, 3)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_killed_at_ten_moments_over_the_demo_data(tmp_path: Path) -> None:
    _all_moments(tmp_path, WHOLE, 10)
