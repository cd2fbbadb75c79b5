"""What is proposed to be merged within a side, as the state keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from sync.model import Row
from sync.rows import dumps
from sync.store import Store, guarded


@dataclass(frozen=True, slots=True)
class Proposal:
    """One record that looks like another of its own side, and would be merged into it."""

    kind: str
    side: str
    loser_type: str
    loser: str
    survivor_type: str
    survivor: str
    score: float
    method: str
    evidence: tuple[str, ...] = ()


def keep(store: Store, side: str, kind: str, proposals: Iterable[Proposal], at: datetime) -> None:
    """Take these in place of what was proposed before for a side and kind."""
    hiding = store.vault.hiding and kind == "person"
    rows = [
        (p.kind, p.side, p.loser_type, p.loser, p.survivor_type, p.survivor, p.score, p.method,
         dumps([] if hiding else list(p.evidence)), at.isoformat())
        for p in proposals
    ]  # fmt: skip
    with store.atomic():
        conn = store.db.conn
        conn.execute("DELETE FROM duplicates WHERE side = ? AND kind = ?", (side, kind))
        conn.executemany("INSERT OR REPLACE INTO duplicates VALUES (?,?,?,?,?,?,?,?,?,?)", rows)


def kept(store: Store) -> list[Proposal]:
    """What is proposed, by side and record."""
    with guarded():
        found = store.db.conn.execute(
            "SELECT kind, side, loser_type, loser, survivor_type, survivor, score, method,"
            " evidence FROM duplicates ORDER BY side, loser_type, loser"
        ).fetchall()
    return [
        Proposal(kind, side, one, loser, other, survivor, score, method, tuple(orjson.loads(why)))
        for kind, side, one, loser, other, survivor, score, method, why in found
    ]


def drop(store: Store, proposal: Proposal) -> None:
    """Propose it no more."""
    with store.atomic():
        store.db.conn.execute(
            "DELETE FROM duplicates WHERE side = ? AND loser_type = ? AND loser = ?",
            (proposal.side, proposal.loser_type, proposal.loser),
        )


def forget(store: Store, rows: Iterable[Row]) -> None:
    """Remove what is proposed about some records."""
    with store.atomic():
        for row in rows:
            store.db.conn.execute(
                "DELETE FROM duplicates WHERE side = ? AND (loser_type = ? AND loser = ?"
                " OR survivor_type = ? AND survivor = ?)",
                (row.side, row.object_type, row.id, row.object_type, row.id),
            )
