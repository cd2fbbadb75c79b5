"""Records that went without the vendor telling which: they are looked for, and a person is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from connectors.base import Cursor, Fields, Page, RemoteId, RemoteRecord
from connectors.memory import MemoryConnector, MemoryCrm
from sync.model import State
from tests.sync.asked import run
from tests.sync.worlds import make_world


class Forgetful(MemoryConnector):
    """A CRM that erased a contact and says no more than that one is missing."""

    def __init__(self, crm: MemoryCrm, erased: RemoteId, *, telling: bool) -> None:
        super().__init__(crm, name="right")
        self.erased = erased
        self.told = 1 if telling else 0

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        for page in super().changes(object_type, fields, since):
            kept = [r for r in page.records if r.id != self.erased]
            mine = object_type == "Contact"
            yield replace(page, records=kept, unaccounted=self.told if mine else 0)

    def fetch(
        self,
        object_type: str,
        fields: Fields,
        ids: list[RemoteId],  # type: ignore[override]
    ) -> list[RemoteRecord]:
        left = [i for i in ids if i != self.erased]
        return super().fetch(object_type, fields, left)


def test_what_is_gone_without_a_trace_is_found_and_told(tmp_path: Path) -> None:
    for telling in (False, True):
        world = make_world(tmp_path / str(telling))
        for name in ("Ann", "Ben"):
            row = {"last_name": name, "email": f"{name}@x.org"}
            world.crms["left"].insert("Contact", row)
        run(world)
        run(world)
        right = world.crms["right"]
        ann = next(i for i, f in right.snapshot()["Contact"].items() if f["last_name"] == "Ann")
        right.delete("Contact", ann)
        world.connectors["right"] = Forgetful(right, ann, telling=telling)
        report = run(world)
        assert bool([w for w in report.warnings if "right: 1 or more Contact" in w]) is telling
        with world.engine.store() as store:
            row = store.row("right", "Contact", ann)
            assert row is not None
            assert (row.state is State.LIVE) is not telling
