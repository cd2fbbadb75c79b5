"""People whom a side erased for privacy: what the state knows of them goes too, and stays gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import orjson

from config.model import Guards
from sync.conceal import forget
from sync.model import Row
from sync.rows import dumps
from sync.store import Store, guarded

_TOPIC = "erased/"
LETTING = frozenset({"deletes", "empty"})
"""Guards that stop a run which sees too many records gone; let pass, erased people go too."""


def note(store: Store, side: str, object_type: str, ids: Sequence[str]) -> None:
    """Keep in mind records that a side shows neither alive, nor archived, nor merged, until they
    are forgotten: a run may be stopped before that."""
    if not ids:
        return
    topic = f"{_TOPIC}{side}/{object_type}"
    known = orjson.loads(store.meta(topic) or "[]")
    store.set_meta(topic, dumps(sorted({*known, *ids})))


def forget_erased(
    store: Store, guards: Guards, run: str, allowed: Collection[str] = ()
) -> list[Row]:
    """Remove what the state knows of the people whose records were erased; their records on all
    sides. Nothing is written to any side, and none of them is read, linked or made again.

    Where so many are gone that the guard `deletes` stops the run, nothing is forgotten before it
    is let pass: an access that was lost may look like this.
    """
    forgotten: list[Row] = []
    for topic, rows in _waiting(store):
        if LETTING & set(allowed) or not _too_many(store, rows, guards):
            for row in rows:
                forgotten += forget(store, row, run)
            store.set_meta(topic, "[]")
    return forgotten


def _waiting(store: Store) -> list[tuple[str, list[Row]]]:
    with guarded():
        found = store.db.conn.execute(
            "SELECT key, value FROM meta WHERE key LIKE ? AND value <> '[]'", (f"{_TOPIC}%",)
        ).fetchall()
    waiting = []
    for topic, value in found:
        _, side, object_type = topic.split("/", 2)
        rows = store.by_ids(side, object_type, orjson.loads(value)).values()
        waiting.append((topic, list(rows)))
    return waiting


def _too_many(store: Store, rows: list[Row], guards: Guards) -> bool:
    gone, all_of = store.count_linked("archived"), store.count_linked("live", "archived")
    for side, kind in {(row.side, row.kind) for row in rows}:
        total = all_of.get(side, {}).get(kind, 0)
        number = gone.get(side, {}).get(kind, 0)
        if total >= guards.min_records and number > guards.max_delete_share * total:
            return True
    return False
