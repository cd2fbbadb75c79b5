"""A mapping changed: what was settled is carried over to the new form, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.errors import SettingsError
from sync.events import Events
from sync.model import Plan, Row, Value
from sync.rows import dumps
from sync.sides import Side
from sync.store import Store

TRANSLATED = "translated"
"""The small fact that says how the store's values were translated: side -> traits."""
WAITING = "backfill"
"""The small fact that lists fields whose differences wait until a backfill is asked for."""
PURPOSE = "backfill"

Where = tuple[str, str, str]
"""Side, object type and field."""
Pairs = frozenset[tuple[Value, Value]]
Settled = dict[tuple[str, str, str], set[str]]
"""Record -> the fields of it that were settled, or never read, before it was read anew."""


@dataclass(frozen=True, slots=True)
class Remapped:
    """Fields that are mapped otherwise than when the store's values were translated.

    `shaped`: new, or read from elsewhere or in another way. `turned`: only the value map differs;
    with the pairs (old, new) of values that are read as something else now. A field of which the
    map has only grown is `turned` without pairs.
    """

    shaped: frozenset[Where] = frozenset()
    turned: Mapping[Where, Pairs] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.shaped or self.turned)

    def touches(self, side: str, object_types: Iterable[str]) -> bool:
        """Whether records of these types have to be read anew."""
        types = set(object_types)
        return any(s == side and o in types for s, o, _ in (*self.shaped, *self.turned))


def remapped(store: Store, sides: Sequence[Side]) -> Remapped:
    """What is mapped otherwise than before; nothing in a store that was never read into."""
    text = store.meta(TRANSLATED)
    if text is None:
        return Remapped()
    shaped: set[Where] = set()
    turned: dict[Where, Pairs] = {}
    for side in sides:
        before: dict[str, Any] = orjson.loads(text).get(side.name, {})
        for path, now in side.mapping.traits().items():
            object_type, _, name = path.partition(".")
            old = before.get(path)
            if old is None or old["shape"] != now["shape"]:
                shaped.add((side.name, object_type, name))
            elif old["values"] != now["values"]:
                turned[side.name, object_type, name] = _pairs(old["values"], now["values"])
    return Remapped(frozenset(shaped), turned)


def lost(store: Store, side: Side, vendor_fields: Iterable[tuple[str, str]]) -> None:
    """Have what is mapped from vendor fields (object type, name) that are gone count as newly
    mapped once they are back: that they come back empty is nobody's wish."""
    known: dict[str, dict[str, Any]] = orjson.loads(store.meta(TRANSLATED) or "{}")
    here = known.get(side.name, {})
    for object_type, vendor in vendor_fields:
        for name in side.mapping.names_for(object_type, vendor):
            if here.pop(f"{object_type}.{name}", None) is not None:
                store.set_meta(TRANSLATED, dumps(known))


def _pairs(old: Mapping[str, str], new: Mapping[str, str]) -> Pairs:
    return frozenset((was, new[v]) for v, was in old.items() if v in new and new[v] != was)


def settled_before(store: Store, changes: Remapped) -> Settled:
    """Which of the changed fields of linked records are settled, asked before they are read anew.

    A change that waits (a conflict, a refusal) keeps its base, and so goes on waiting.
    """
    found: Settled = {}
    names: dict[tuple[str, str], set[str]] = {}
    for side, object_type, name in sorted({*changes.shaped, *changes.turned}):
        names.setdefault((side, object_type), set()).add(name)
    for (side, object_type), wanted in names.items():
        where = "side = ? AND object_type = ? AND entity IS NOT NULL AND base <> '{}'"
        for row in store.rows(where, (side, object_type)):
            found[row.key] = {n for n in wanted if _is_settled(row, n)}
    return found


def _is_settled(row: Row, name: str) -> bool:
    if name in row.base:
        return name in row.seen and row.seen[name] == row.base[name]
    return name not in row.seen and name not in row.problems


def rebase(
    store: Store, sides: Sequence[Side], changes: Remapped, settled: Settled, run: str
) -> None:
    """Move the bases of changed fields to what each side shows now, and have their differences
    wait for a backfill. Repeating it changes nothing."""
    events = Events(store, run)
    waiting: set[str] = set()
    with store.atomic():
        for key, names in settled.items():
            row = store.row(*key)
            if row is not None:
                waiting.update(_rebase_row(store, row, names, changes, events))
        wait_for(store, waiting)
        translated = dumps({s.name: s.mapping.traits() for s in sides})
        if store.meta(TRANSLATED) != translated:
            store.set_meta(TRANSLATED, translated)


def _rebase_row(
    store: Store, row: Row, names: set[str], changes: Remapped, events: Events
) -> set[str]:
    """Move the bases of one record; returns the fields of which differences have to wait."""
    moved = {n: _why(row, n) for n in sorted(names) if _must_move(row, n, changes)}
    for name in moved:
        row.base[name] = row.seen[name]
    if moved:
        row.dirty = True
        store.put([row])
        events.rebased(row, moved)
    anew = {n for n in names if (row.side, row.object_type, n) in changes.shaped}
    others = [r for r in store.by_entities([str(row.entity)])[str(row.entity)] if r.key != row.key]
    waiting = {n for n in anew if any(r.base.get(n) != row.base.get(n) for r in others)}
    _rebase_others(store, others, moved, events)
    return {f"{row.kind}.{name}" for name in waiting | moved.keys()}


def _must_move(row: Row, name: str, changes: Remapped) -> bool:
    if name not in row.seen or (name in row.base and row.base[name] == row.seen[name]):
        return False
    where = (row.side, row.object_type, name)
    if where in changes.shaped:
        return True
    pair = (dumps(row.base.get(name)), dumps(row.seen[name]))
    return pair in {(dumps(old), dumps(new)) for old, new in changes.turned.get(where, ())}


def _why(row: Row, name: str) -> str:
    word = "mapped differently" if name in row.base else "newly mapped"
    return f"{word}: taken as it stood"


def _rebase_others(
    store: Store, others: Sequence[Row], moved: Mapping[str, str], events: Events
) -> None:
    """Other sides that show a newly mapped field and have no base for it take theirs too."""
    for other in others:
        known = other.seen if other.base else {}
        fresh = {n: why for n, why in moved.items() if n in known and n not in other.base}
        for name in fresh:
            other.base[name] = other.seen[name]
        if fresh:
            store.put([other])
            events.rebased(other, fresh)


# -- waiting for a backfill ------------------------------------------------------------------


def waiting_fields(store: Store) -> tuple[str, ...]:
    """The fields (`kind.field`) whose differences wait until a backfill is asked for."""
    return tuple(orjson.loads(store.meta(WAITING) or "[]"))


def wait_for(store: Store, names: Iterable[str]) -> None:
    """Have more fields wait."""
    found = sorted({*waiting_fields(store), *names})
    if found:
        store.set_meta(WAITING, dumps(found))


def chosen(store: Store, wanted: Sequence[str], fields: Iterable[str]) -> tuple[str, ...]:
    """The fields to backfill: those named, or all that wait. Raises SettingsError."""
    if not wanted:
        return waiting_fields(store)
    known = set(fields)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SettingsError(
            f"there is no field {unknown[0]}",
            remedy="Write KIND.FIELD, such as account.phone.",
        )
    return tuple(wanted)


def backfilled(store: Store, plan: Plan) -> None:
    """After a backfill: its fields wait no longer; what it left to a person is as at a first
    link, so that it stays asked until it is answered."""
    done = set(plan.subject)
    store.set_meta(WAITING, dumps([n for n in waiting_fields(store) if n not in done]))
    open_ones = {
        (q.entity, q.field)
        for q in plan.questions
        if q.cause in ("conflict", "held") and f"{q.kind}.{q.field}" in done
    }
    with store.atomic():
        for entity, name in open_ones:
            for row in store.by_entities([entity]).get(entity, []):
                row.base.pop(name, None)
                row.dirty = True
                store.put([row])
