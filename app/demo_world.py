"""The demo's two sandboxes, filled with one invented world, and the people who work in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from app.rehearsal import plant, sandboxes
from core.clock import OffsetClock
from core.errors import SettingsError
from sandbox.demo_data import DemoWorld, Edit, build, post
from sandbox.serve import Running


@dataclass(frozen=True, slots=True)
class Size:
    """How big the world is, and which one."""

    seed: int = 7
    accounts: int = 340
    people: int = 2200
    opportunities: int = 640


@dataclass(frozen=True, slots=True)
class Stage:
    """Two running sandboxes with the world in them, on one clock."""

    running: Mapping[str, Running]
    clock: OffsetClock
    world: DemoWorld
    ids: Mapping[str, Mapping[str, Sequence[str]]]

    def counts(self) -> dict[str, dict[str, int]]:
        """Records by side and object type, as seeded."""
        return {side: {n: len(i) for n, i in ids.items() if i} for side, ids in self.ids.items()}

    def later(self, minutes: int) -> None:
        """Let time pass, for the sandboxes and for the sync alike."""
        self.clock.advance(60 * minutes)

    def act(self, edit: Edit) -> None:
        """Let a person edit a record in a vendor's own user interface."""
        body = post(edit, self.ids[edit.side])
        answer = self.running[edit.side].admin.post("/edit", content=orjson.dumps(body))
        if answer.is_error:
            raise SettingsError(f"the edit “{edit.what}” was refused: {answer.text[:200]}")

    def requests(self) -> dict[str, dict[str, Any]]:
        """API requests as the sandboxes counted them: total, reads, writes."""
        found = {}
        for side, sandbox in self.running.items():
            seen = sandbox.admin.get("/requests").json()
            found[side] = {name: seen[name] for name in ("total", "reads", "writes")}
        return found


@contextmanager
def staged(size: Size) -> Iterator[Stage]:
    """Both sandboxes over TLS, seeded."""
    clock = OffsetClock()
    world = build(size.seed, size.accounts, size.people, size.opportunities)
    with sandboxes(("salesforce", "hubspot"), clock=clock) as running:
        ids = {
            "salesforce": plant(running["salesforce"], world.salesforce),
            "hubspot": plant(running["hubspot"], world.hubspot),
        }
        stage = Stage(running, clock, world, ids)
        stage.later(15)
        yield stage
