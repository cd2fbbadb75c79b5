"""A run interrupted at every step and run again ends as if it had not been interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from sync import detect
from sync.store import Store
from tests.sync.situations import content, find, people_edit, settle, two_sides
from tests.sync.worlds import World


class CrashedError(BaseException):
    """The process dies here: nothing below may catch it."""


class Fuse:
    """Counts the steps of a run and blows at one of them."""

    def __init__(self, blows_at: int | None) -> None:
        self.blows_at = blows_at
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.blows_at:
            raise CrashedError


class Fused(MemoryConnector):
    """A connector whose process may die before a call is sent or before its answer is used."""

    fuse: Fuse

    def apply(self, object_type: str, writes: Any) -> Any:
        self.fuse.step()
        outcomes = super().apply(object_type, writes)
        self.fuse.step()
        return outcomes

    def changes(self, object_type: str, fields: Any, since: str | None) -> Any:
        for page in super().changes(object_type, fields, since):
            self.fuse.step()
            yield page

    def fetch(self, object_type: str, fields: Any, ids: Any) -> Any:
        found = super().fetch(object_type, fields, ids)
        self.fuse.step()
        return found


@contextmanager
def fused(world: World, fuse: Fuse, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fuses in every connector, and before and after every commit of the state store."""
    for name, crm in world.crms.items():
        connector = Fused(crm, name=name)
        connector.fuse = fuse
        world.connectors[name] = connector
    whole = Store.atomic

    @contextmanager
    def atomic(self: Store) -> Iterator[None]:
        with whole(self):
            yield
            if not self.db.conn.in_transaction:
                return
            fuse.step()
        fuse.step()

    with monkeypatch.context() as patch:
        patch.setattr(Store, "atomic", atomic)
        try:
            yield
        finally:
            world.connectors.clear()


def first_run(folder: Path) -> World:
    """A world before its first run."""
    return two_sides(folder)


def later_run(folder: Path) -> World:
    """A world in step, and then edited by people."""
    world = two_sides(folder)
    settle(world, 2)
    people_edit(world)
    return world


SITUATIONS: dict[str, Callable[[Path], World]] = {"first run": first_run, "later run": later_run}


def _interrupted(
    situation: Callable[[Path], World],
    folder: Path,
    blows_at: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[World, Fuse]:
    world = situation(folder)
    fuse = Fuse(blows_at)
    with fused(world, fuse, monkeypatch):
        try:
            settle(world)
        except CrashedError:
            assert fuse.steps == blows_at
    settle(world, 3)
    return world, fuse


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize(
    "every", [11, pytest.param(1, marks=pytest.mark.slow)], ids=["some steps", "every step"]
)
def test_every_interruption_ends_as_an_uninterrupted_run(
    name: str, every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, fuse = _interrupted(SITUATIONS[name], tmp_path / "whole", None, monkeypatch)
    wanted = content(whole)
    assert fuse.steps > 30
    for step in range(1, fuse.steps + 1, every):
        world, _ = _interrupted(SITUATIONS[name], tmp_path / str(step), step, monkeypatch)
        assert content(world) == wanted, f"interrupted at step {step}"


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_what_was_read_and_not_kept_is_read_again(
    page: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies while it puts one page of changes into the state; there are earlier and
    later changes on it, further apart than any looking back."""
    world = two_sides(tmp_path)
    settle(world, 2)
    left, right = world.crms["left"], world.crms["right"]
    left.edit("Account", find(world, "left", "Account", name="Globex"), {"description": "new"})
    right.edit(
        "Contact", find(world, "right", "Contact", last_name="Quick"), {"mobile": "+1 202 555 0133"}
    )
    world.clock.advance(24 * 3600 - 3000)
    left.insert("Account", {"name": "Later", "domain": "later.com"})
    right.insert("Contact", {"last_name": "Later", "email": "later@x.org"})
    fuse, observe = Fuse(page), detect.observe

    def dies(*arguments: Any) -> int:
        fuse.step()
        return observe(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(detect, "observe", dies)
        with pytest.raises(CrashedError):
            settle(world)
    settle(world)
    assert find(world, "right", "Account", name="Globex", description="new")
    assert find(world, "left", "Contact", last_name="Quick", mobile="+12025550133")
    assert find(world, "right", "Account", name="Later")
    assert find(world, "left", "Contact", last_name="Later")
