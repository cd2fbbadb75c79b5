"""What an undo put back stays put back: no run writes the same value again by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sync.model import Action, Plan, Value, Verb
from sync.privacy import NO_VAULT, Vault
from sync.rows import dumps
from sync.store import Store, guarded

Mark = tuple[str, str, str]
"""Entity, side and field ("": the record itself, which was made and archived again)."""


@dataclass(frozen=True, slots=True)
class Undone:
    """Everything that was undone: mark -> (digest of the value taken back, the run undone)."""

    marks: Mapping[Mark, tuple[str, str]]
    vault: Vault = NO_VAULT

    @classmethod
    def of(cls, store: Store) -> Undone:
        """As the store knows it."""
        with guarded():
            found = store.db.conn.execute(
                "SELECT entity, side, field, digest, undone FROM undone"
            ).fetchall()
        return cls(
            {(e, side, name): (digest, run) for e, side, name, digest, run in found}, store.vault
        )

    def run_of(self, entity: str, name: str) -> str:
        """The run whose value of this field was taken back on some side, or ""."""
        found = (run for (e, _, n), (_, run) in self.marks.items() if (e, n) == (entity, name))
        return next(found, "")

    def forbids(self, action: Action, name: str, value: Value = None) -> bool:
        """Whether writing this would only do again what was undone."""
        mark = self.marks.get((action.entity, action.side, name))
        if mark is None or (action.verb is Verb.UPDATE and not name):
            return False
        return not name or mark[0] == self.vault.seal(_digest(value))


def remember(store: Store, plan: Plan, run: str) -> None:
    """Note, before an undo writes, what is never to be written again by itself."""
    marks: list[tuple[str, ...]] = []
    for action in plan.actions:
        for name, value in action.options.get("undoes", {}).items():
            mark = (action.entity, action.side, name, store.vault.seal(_digest(value)))
            marks.append((*mark, run, plan.subject[0]))
        if action.verb is Verb.ARCHIVE:
            marks.append((action.entity, action.side, "", "", run, plan.subject[0]))
    with store.atomic():
        store.db.conn.executemany("INSERT OR REPLACE INTO undone VALUES (?,?,?,?,?,?)", marks)


def spoken(store: Store, moved: Iterable[tuple[str, str]]) -> None:
    """Drop the marks of (entity, field) pairs whose value somebody has changed since."""
    with store.atomic():
        store.db.conn.executemany("DELETE FROM undone WHERE entity = ? AND field = ?", list(moved))


def _digest(value: Value) -> str:
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:16]
