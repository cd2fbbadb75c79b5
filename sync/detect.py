"""What changed on a side since its cursor: records are read, translated and put into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Move, Moved, Ref, RemoteRecord
from core.clock import Clock
from core.errors import CursorExpiredError
from sync import erasure
from sync.model import Row, State
from sync.sides import Side, by_name
from sync.store import Store

Progress = Callable[[str, str, str, int], None]
"""(step, side, what, number so far)"""

SWEEP_CALLS = 2
"""Calls per object type and run for fields that no feed shows."""
QUIET_CALLS = 3
"""Calls per kind and side that a run with nothing to do stays within."""


@dataclass(slots=True)
class Reading:
    """What was read from one side for one kind, and the cursors to advance at the end."""

    records: int = 0
    deleted: int = 0
    cursors: list[tuple[str, str, str | None]] = field(default_factory=list)
    """(object type, cursor, moment of a full reading)"""
    unaccounted: dict[str, int] = field(default_factory=dict)
    """Object type -> at least so many records that went without the vendor telling which."""


def read_kind(
    side: Side,
    kind: str,
    store: Store,
    clock: Clock,
    *,
    full: bool,
    progress: Progress = lambda *_: None,
) -> Reading:
    """Read all changes of a kind on a side into the store; cursors are returned, not saved.

    `full` reads everything and so finds what no feed showed. Raises ConnectorError; what was
    read by then is in the store, and is read again from the old cursor.
    """
    reading = Reading()
    before = side.connector.usage().calls
    for object_type in side.object_types(kind):
        cursor, _ = store.cursor(side.name, object_type)
        everything = full or cursor is None
        try:
            seen = _read_object_type(side, kind, object_type, store, everything, reading, progress)
        except CursorExpiredError:
            if everything:
                raise
            # the position is no longer known to the side: everything is read, nothing is lost
            everything = True
            seen = _read_object_type(side, kind, object_type, store, True, reading, progress)
        if (everything and cursor is not None) or reading.unaccounted.get(object_type):
            _find_vanished(side, object_type, seen, store, reading)
        if everything:
            newest = reading.cursors[-1]
            reading.cursors[-1] = (newest[0], newest[1], clock.now().isoformat())
        else:
            used = side.connector.usage().calls - before
            quiet = not reading.records and not reading.deleted
            allowed = min(SWEEP_CALLS, max(1, QUIET_CALLS - used)) if quiet else SWEEP_CALLS
            _sweep(side, kind, object_type, store, allowed)
    return reading


def _read_object_type(
    side: Side,
    kind: str,
    object_type: str,
    store: Store,
    everything: bool,
    reading: Reading,
    progress: Progress,
) -> set[str]:
    cursor = None if everything else store.cursor(side.name, object_type)[0]
    seen: set[str] = set()
    last = ""
    for page in side.connector.changes(object_type, side.read_fields(object_type), cursor):
        reading.records += len(page.records)
        reading.deleted += observe(side, kind, page.records, store)
        last = page.cursor
        seen.update(record.id for record in page.records if not record.archived)
        if page.unaccounted:
            known = reading.unaccounted.get(object_type, 0)
            reading.unaccounted[object_type] = known + page.unaccounted
        progress("read", side.name, object_type, reading.records)
    reading.cursors.append((object_type, last, None))
    return seen


def observe(side: Side, kind: str, records: Sequence[RemoteRecord], store: Store) -> int:
    """Put what a side showed into the store; returns how many linked records were deleted.

    Every record is translated once, here. A record that shows what it showed before is not
    written again.
    """
    changed: list[Row] = []
    deleted = 0
    for object_type, batch in _by_type([*records, *_merged_away(records)]):
        if store.vault.active:  # before the rows are read: then they are known in clear
            for record in batch:
                seen = side.mapping.to_canonical(record.object_type, record.fields).values
                store.vault.learn(kind, seen)
        known = store.by_ids(side.name, object_type, [r.id for r in batch])
        for record in batch:
            row = known.get(record.id)
            fresh = merge_record(side, kind, record, row)
            if fresh is not None:
                known[record.id] = fresh
                changed.append(fresh)
                deleted += int(fresh.state is State.ARCHIVED and fresh.entity is not None)
    with store.atomic():
        store.put({row.key: row for row in changed}.values())
        for record in records:
            for made in record.moved.also if record.moved else ():
                store.set_origin(side.name, made.object_type, made.id, record.id)
    return deleted


def look_again(rows: Iterable[Row], store: Store, sides: Sequence[Side]) -> None:
    """Read live records by id; those that a side no longer shows are noted as deleted."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.state is State.LIVE and row.side in by_name(sides):
            groups.setdefault((row.side, row.object_type), []).append(row.id)
    for (name, object_type), ids in groups.items():
        side = by_name(sides)[name]
        found = side.connector.fetch(object_type, side.read_fields(object_type), ids)
        gone = set(ids) - {r.requested_id or r.id for r in found}
        lost = [RemoteRecord(object_type, i, archived=True) for i in sorted(gone)]
        observe(side, side.mapping.kind_of(object_type), [*found, *lost], store)


def _merged_away(records: Iterable[RemoteRecord]) -> list[RemoteRecord]:
    """Ids that were asked for and answered by another record: so a vendor tells of merges."""
    return [
        RemoteRecord(
            r.object_type,
            r.requested_id,
            archived=True,
            moved=Moved(Move.MERGED, Ref(r.object_type, r.id)),
        )
        for r in records
        if r.requested_id and r.requested_id != r.id
    ]


def _by_type(records: Iterable[RemoteRecord]) -> Iterator[tuple[str, list[RemoteRecord]]]:
    found: dict[str, list[RemoteRecord]] = {}
    for record in records:
        found.setdefault(record.object_type, []).append(record)
    yield from found.items()


def merge_record(side: Side, kind: str, record: RemoteRecord, row: Row | None) -> Row | None:
    """The row as it is after this reading, or None if it says nothing new."""
    if row is not None and row.how == "forgotten":
        return None  # its person's data was removed from the state, and stays out of it
    if record.moved is not None:
        return _moved(side, kind, record, row)
    if record.archived:
        return _archived(row)
    translated = side.mapping.to_canonical(record.object_type, record.fields)
    problems = {name: str(error) for name, error in translated.errors.items()}
    stamp_field = side.stamp_field(record.object_type)
    stamp = record.fields.get(stamp_field) if stamp_field else None
    if row is None:
        row = Row(side.name, record.object_type, record.id, kind)
        before = None
    else:
        before = (row.state, dict(row.seen), dict(row.problems), row.stamp)
    if row.state in (State.ARCHIVED, State.GONE):  # it came back: restored on its side
        row.state = State.LIVE
    if row.state is State.MOVED:
        return None
    _take(row, translated.values, problems, record.modified)
    row.stamp = str(stamp) if stamp else (None if stamp_field in record.fields else row.stamp)
    if before == (row.state, row.seen, row.problems, row.stamp):
        return None
    row.dirty = row.entity is None or row.unsettled
    return row


def _take(
    row: Row, values: dict[str, object], problems: dict[str, str], modified: datetime | None
) -> None:
    first = values.keys() - row.seen.keys()
    row.seen.update(values)
    for name in values:
        row.problems.pop(name, None)
    for name, problem in problems.items():
        row.problems[name] = problem
    row.modified = modified or row.modified
    if row.how in ("created", "recovered"):
        # what the vendor added while creating is part of what was settled; what was seen before
        # and has no base (any more) is to meet what other sides show
        for name in first:
            row.base.setdefault(name, values[name])


def _archived(row: Row | None) -> Row | None:
    if row is None or row.state is not State.LIVE:
        return None
    row.state = State.ARCHIVED if row.entity else State.GONE
    row.dirty = row.entity is not None
    return row


def _moved(side: Side, kind: str, record: RemoteRecord, row: Row | None) -> Row | None:
    moved = record.moved
    if moved is None or (row is not None and row.moved_id == moved.to.id):
        return None
    row = row or Row(side.name, record.object_type, record.id, kind)
    row.state = State.MOVED
    row.moved_type, row.moved_id = moved.to.object_type, moved.to.id
    row.how = str(Move.MERGED if moved.how is Move.MERGED else Move.CONVERTED)
    row.dirty = row.entity is not None
    return row


def untold(side: Side, reading: Reading) -> list[str]:
    """What a person should know of records that went without a trace."""
    return [
        f"{side.name}: {number} or more {object_type} are gone of which it tells nothing (erased"
        " for privacy, perhaps); all that are known were looked up"
        for object_type, number in reading.unaccounted.items()
    ]


def _find_vanished(
    side: Side, object_type: str, seen: set[str], store: Store, reading: Reading
) -> None:
    """Records that a reading did not show though it should have, being full, or though some have
    gone unaccounted for: looked up by id, for a reading may lag."""
    missing = [i for i in store.live_ids(side.name, object_type) if i not in seen]
    if not missing:
        return
    kind = side.mapping.kind_of(object_type)
    found = side.connector.fetch(object_type, side.read_fields(object_type), missing)
    reading.deleted += observe(side, kind, found, store)
    answered = {r.requested_id or r.id for r in found}
    gone = [RemoteRecord(object_type, i, archived=True) for i in missing if i not in answered]
    reading.deleted += observe(side, kind, gone, store)
    if object_type in side.connector.capabilities.erases:
        erased = _erased(side, object_type, [record.id for record in gone])
        erasure.note(store, side.name, object_type, erased)


def _erased(side: Side, object_type: str, gone: Sequence[str]) -> list[str]:
    """Of records that were not answered, those that are not when asked for again, a few at a time
    (so that none is left out for being one of many): what follows cannot be taken back."""
    size = side.connector.capabilities.fetch_batch
    parts = [gone[start : start + size] for start in range(0, len(gone), size)]
    found = [r for part in parts for r in side.connector.fetch(object_type, (), part)]
    there = {r.requested_id or r.id for r in found}
    return [own for own in gone if own not in there]


def _sweep(side: Side, kind: str, object_type: str, store: Store, calls: int) -> None:
    """Re-read fields whose change moves no stamp, a bounded part of the records each run."""
    capabilities = side.connector.capabilities
    wanted = set(side.read_fields(object_type))
    silent = [f for f in capabilities.silent_fields.get(object_type, ()) if f in wanted]
    ids = store.live_ids(side.name, object_type, linked=True)
    if not silent or not ids:
        return
    size = capabilities.silent_batch
    chunks = [(f, ids[i : i + size]) for i in range(0, len(ids), size) for f in silent]
    topic = f"sweep/{side.name}/{object_type}"
    start = int(store.meta(topic) or 0) % len(chunks)
    for number in range(min(calls, len(chunks))):
        name, part = chunks[(start + number) % len(chunks)]
        observe(side, kind, side.connector.fetch(object_type, [name], part), store)
    store.set_meta(topic, str((start + calls) % len(chunks)))
