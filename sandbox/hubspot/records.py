"""Records of one object type in memory, with the indexes that keep 100,000 of them fast."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.hubspot.metadata import Properties
from sandbox.hubspot.standard.kinds import ObjectType
from sandbox.hubspot.times import iso

Values = dict[str, str | None]


class Source(NamedTuple):
    """Who made a change: `type` is HubSpot's sourceType, `id` the app or user behind it."""

    type: str
    id: str | None = None
    label: str | None = None
    user_id: int | None = None


class Change(NamedTuple):
    """One entry of a property's history."""

    value: str | None
    at: int
    source: Source


@dataclass(slots=True)
class Record:
    """One record. `history` holds only properties that changed after the creation; for all the
    others the history is the present value at `created` by `source`."""

    id: int
    properties: Values
    created: int
    updated: int
    source: Source
    archived_at: int | None = None
    merged_into: int | None = None
    history: dict[str, list[Change]] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.archived_at is None and self.merged_into is None

    def changes_of(self, name: str) -> list[Change]:
        """A property's history, newest first."""
        kept = self.history.get(name)
        if kept is not None:
            return kept[::-1]
        value = self.properties.get(name)
        return [] if value is None else [Change(value, self.created, self.source)]


class _Past(NamedTuple):
    until: int
    properties: Values | None


class ModifiedIndex:
    """(modified, id) pairs in order; entries that a later change made stale are skipped."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int]] = []
        self._sorted = True

    def add(self, at: int, record_id: int) -> None:
        if self._entries and (at, record_id) < self._entries[-1]:
            self._sorted = False
        self._entries.append((at, record_id))

    def since(self, at: int) -> list[tuple[int, int]]:
        """Entries not before that moment, stale ones included."""
        if not self._sorted:
            self._entries = sorted(set(self._entries))
            self._sorted = True
        return self._entries[bisect_left(self._entries, (at, 0)) :]

    def shrink(self, records: Mapping[int, Record]) -> None:
        """Forget stale entries once they outnumber the records."""
        if len(self._entries) > 2 * len(records) + 1000:
            self._entries = sorted((r.updated, r.id) for r in records.values())
            self._sorted = True


class Table:
    """The records of one object type. Callers hold the store's lock."""

    def __init__(self, kind: ObjectType, lag: Callable[[str, int], int] | None = None) -> None:
        """`lag` gives the milliseconds until search shows a write to a record of an id."""
        self.kind = kind
        self.properties = Properties(kind)
        self.records: dict[int, Record] = {}
        self.live: list[int] = []
        self.archived: list[int] = []
        self.by_modified = ModifiedIndex()
        self.version = 0
        self.next_id = kind.first_id
        self.lag = lag
        self._unique: dict[str, dict[str, int]] = {}
        self._past: dict[int, list[_Past]] = {}

    def new_id(self) -> int:
        made = self.next_id
        self.next_id += 50
        return made

    def resolve(self, record_id: int) -> Record | None:
        """The record of that id, merges followed; None if there never was one."""
        record = self.records.get(record_id)
        while record is not None and record.merged_into is not None:
            record = self.records.get(record.merged_into)
        return record

    def add(self, record: Record) -> None:
        """Take up a new record, live or archived."""
        self._remember(record, None)
        self.records[record.id] = record
        self.next_id = max(self.next_id, record.id + 50)
        self._place(record)
        self._stamp(record, record.updated)
        self.version += 1

    def change(self, record: Record, values: Values, at: int, source: Source) -> bool:
        """Set stored values and move the modified stamp; False when nothing was different."""
        different = {
            n: v for n, v in values.items() if (record.properties.get(n) or "") != (v or "")
        }
        if not different:
            return False
        self._remember(record, record.properties)
        self._unplace(record)
        for name, value in different.items():
            _note(record, name, value, at, source)
            record.properties[name] = value
        self._place(record)
        self._stamp(record, at)
        self.version += 1
        return True

    def derive(self, record: Record, values: Values) -> None:
        """Set computed values that move no modified stamp (counts and ids of associations)."""
        record.properties.update(values)
        self.version += 1

    def archive(self, record: Record, at: int, merged_into: int | None = None) -> None:
        """Put a live record away; `merged_into` makes its id an alias of another record."""
        self._remember(record, record.properties)
        self._unplace(record)
        record.archived_at = at
        record.merged_into = merged_into
        self._place(record)
        self.version += 1

    def restore(self, record: Record, at: int) -> None:
        self._remember(record, None)
        self._unplace(record)
        record.archived_at = None
        self._place(record)
        self._stamp(record, at)
        self.version += 1

    def forget(self, record: Record) -> None:
        """Remove a record for good (GDPR)."""
        self._unplace(record)
        del self.records[record.id]
        self._past.pop(record.id, None)
        self.version += 1

    def holder(self, name: str, value: str) -> Record | None:
        """The live record that has that value of a unique property."""
        if name == "hs_object_id":
            record = self.records.get(int(value)) if value.isascii() and value.isdigit() else None
            return record if record is not None and record.live else None
        found = self._unique_index(name).get(_unique_key(name, value))
        return None if found is None else self.records[found]

    def ids_after(self, last: int, *, archived: bool = False) -> list[int]:
        """Ids greater than `last`, ascending."""
        ids = self.archived if archived else self.live
        return ids[bisect_right(ids, last) :]

    def drop_unique(self, name: str) -> None:
        """Forget the index of a property that was removed."""
        self._unique.pop(name, None)

    def settle(self, now: int) -> None:
        """Forget past states that search no longer shows."""
        if not self._past:
            return
        before = sum(map(len, self._past.values()))
        kept = {i: [p for p in states if p.until > now] for i, states in self._past.items()}
        self._past = {i: states for i, states in kept.items() if states}
        if sum(map(len, self._past.values())) != before:
            self.version += 1

    def past(self) -> Mapping[int, Values | None]:
        """For records whose latest writes search does not show yet: what it shows instead
        (None: nothing)."""
        return {i: states[0].properties for i, states in self._past.items()}

    def _unique_index(self, name: str) -> dict[str, int]:
        index = self._unique.get(name)
        if index is None:
            index = {}
            for record_id in self.live:
                for key in _unique_keys(name, self.records[record_id].properties):
                    index[key] = record_id
            self._unique[name] = index
        return index

    def _place(self, record: Record) -> None:
        if record.live:
            _insert(self.live, record.id)
            for name, index in self._unique.items():
                for key in _unique_keys(name, record.properties):
                    index[key] = record.id
        elif record.merged_into is None:
            _insert(self.archived, record.id)

    def _unplace(self, record: Record) -> None:
        if record.live:
            _remove(self.live, record.id)
            for name, index in self._unique.items():
                for key in _unique_keys(name, record.properties):
                    if index.get(key) == record.id:
                        del index[key]
        elif record.merged_into is None:
            _remove(self.archived, record.id)

    def _stamp(self, record: Record, at: int) -> None:
        record.updated = at
        record.properties[self.kind.modified] = iso(at)
        self.by_modified.add(at, record.id)
        self.by_modified.shrink(self.records)

    def _remember(self, record: Record, properties: Values | None) -> None:
        lag = self.lag(self.kind.name, record.id) if self.lag is not None else 0
        if lag > 0:
            shown = None if properties is None else dict(properties)
            self._past.setdefault(record.id, []).append(_Past(self._now + lag, shown))

    _now = 0

    def at(self, now: int) -> None:
        """Tell the moment of the writes that follow (for the search lag)."""
        self._now = now


def _note(record: Record, name: str, value: str | None, at: int, source: Source) -> None:
    kept = record.history.get(name)
    if kept is None:
        kept = record.history[name] = record.changes_of(name)
    kept.append(Change(value, at, source))


def _insert(ids: list[int], record_id: int) -> None:
    if not ids or ids[-1] < record_id:
        ids.append(record_id)
    else:
        insort(ids, record_id)


def _remove(ids: list[int], record_id: int) -> None:
    place = bisect_left(ids, record_id)
    if place < len(ids) and ids[place] == record_id:
        del ids[place]


def _unique_key(name: str, value: str) -> str:
    return value.strip().lower() if name == "email" else value


def _unique_keys(name: str, properties: Values) -> Iterator[str]:
    value = properties.get(name)
    if value:
        yield _unique_key(name, value)
    if name == "email":
        yield from _split(properties.get("hs_additional_emails"))


def _split(text: str | None) -> Iterable[str]:
    return (part.strip().lower() for part in (text or "").split(";") if part.strip())
