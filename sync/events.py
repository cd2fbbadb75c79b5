"""What runs did besides writing: kept so that `why` can tell where any value came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sync.model import Action, Row, Settlement, Value
from sync.rows import dumps
from sync.store import Store, guarded

_COLUMNS = "run, what, entity, side, object_type, record_id, field, detail"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run, to a record or to one field (`field` "": to all of it).

    `what`: record (linked, moved, deleted, restored), unlinked, asked, closed, settled, refused,
    found (it showed the value already), rebased, forgotten.
    """

    id: int
    run: str
    what: str
    entity: str
    side: str
    object_type: str
    record_id: str
    field: str
    detail: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """The record it happened to."""
        return (self.side, self.object_type, self.record_id)


@dataclass(frozen=True, slots=True)
class Events:
    """Writes events of one run, and reads those of an entity."""

    store: Store
    run: str = ""

    def settled(
        self,
        rows: Iterable[Row],
        before: Mapping[tuple[str, str, str], Mapping[str, Value]],
        settlement: Settlement,
    ) -> None:
        """Note every base that a settlement moved without a write: who spoke, by which rule."""
        for row in rows:
            cover = self.store.vault.cover_all
            known, now = cover(row.kind, before[row.key]), cover(row.kind, row.base)
            groups = _groups(known, now, settlement)
            if groups:
                self._add([("settled", row, "", {"groups": groups})])

    def refused(self, action: Action, name: str, error: str) -> None:
        """Note what a side did not take, or what was not sent; field "": the whole write."""
        row = Row(action.side, action.object_type, action.record_id or "", action.kind)
        row.entity = action.entity
        values = {f.name: f.new for f in action.fields if name in ("", f.name)}
        vault = self.store.vault
        values = vault.cover_all(action.kind, values)
        detail = {"verb": str(action.verb), "values": values, "error": vault.scrub(error)}
        self._add([("refused", row, name, detail)])

    def found(self, row: Row, fields: Mapping[str, tuple[str, str]]) -> None:
        """Note values that a side showed already when they were about to be written; field ->
        (side that spoke, rule)."""
        if fields:
            self._add([("found", row, "", {"fields": fields})])

    def rebased(self, row: Row, fields: Mapping[str, str]) -> None:
        """Note bases that moved because a mapping changed; field -> why."""
        if fields:
            self._add([("rebased", row, "", {"fields": fields})])

    def forgotten(self, row: Row, why: str) -> None:
        """Note that what was known of a record was removed."""
        self._add([("forgotten", row, "", {"why": why})])

    def of(self, entity: str, keys: Iterable[tuple[str, str, str]] = ()) -> list[Event]:
        """Everything that happened to an entity, oldest first; with the questions that were
        asked about its records (`keys`) before they belonged to it."""
        sql = f"SELECT id, {_COLUMNS} FROM events WHERE entity = ?"
        found = self._read(sql, (entity,))
        for side, object_type, record_id in keys:
            asked = f"{object_type}:{record_id}"
            found += self._read(f"{sql} AND side = ?", (asked, side))
        return sorted(found, key=lambda e: e.id)

    def _read(self, sql: str, parameters: Sequence[str]) -> list[Event]:
        with guarded():
            rows = self.store.db.conn.execute(sql, parameters).fetchall()
        return [Event(*(*row[:8], orjson.loads(row[8]))) for row in rows]

    def _add(self, found: Iterable[tuple[str, Row, str, Mapping[str, Any]]]) -> None:
        with self.store.atomic():
            self.store.db.conn.executemany(
                f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (self.run, what, str(row.entity), *row.key, name, dumps(dict(detail)))
                    for what, row, name, detail in found
                ],
            )


def _groups(
    before: Mapping[str, Value], after: Mapping[str, Value], settlement: Settlement
) -> list[dict[str, Any]]:
    """Moved bases by their reason: `first` are fields that had none, `moved` name -> [old, new]."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for name, value in sorted(after.items()):
        if name in before and before[name] == value:
            continue
        reason = settlement.reasons.get(name, ("", "", ""))
        group = found.setdefault(
            reason,
            {"source": reason[0], "rule": reason[1], "said": reason[2], "first": [], "moved": {}},
        )
        if name in before:
            group["moved"][name] = [before[name], value]
        else:
            group["first"].append(name)
    return list(found.values())
