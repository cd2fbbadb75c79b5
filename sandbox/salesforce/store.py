"""The records of one organisation in memory, indexed, with an undo log for transactions."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.fields import Field
from sandbox.salesforce.tables import CHILDREN

Row = Mapping[str, Any]
"""A record in canonical values, never changed in place: a write puts a new one.

Datetimes are `2024-01-01T00:00:00.000+0000`, dates `2024-01-01`, so that text order is time
order. A field that is empty is absent or None.
"""


class Table:
    """The rows of one object type: by id, by modified stamp, by lookup value, by parent."""

    def __init__(self, kind: ObjectType) -> None:
        self.rows: dict[str, Row] = {}
        self.live = 0
        self._stamps: list[tuple[str, str]] = []
        self._lookups: dict[str, defaultdict[Any, set[str]]] = {}
        self._case_sensitive: set[str] = set()
        self._parents: dict[str, defaultdict[str, set[str]]] = {
            link.field: defaultdict(set) for link in CHILDREN if link.child == kind.name
        }
        for one in kind.fields.values():
            if one.indexed:
                self.index(one)

    def index(self, one: Field) -> None:
        """Look records up by that field from now on."""
        if one.name in self._lookups:
            return
        if one.case_sensitive:
            self._case_sensitive.add(one.name)
        made: defaultdict[Any, set[str]] = defaultdict(set)
        self._lookups[one.name] = made
        for row in self.rows.values():
            if row.get(one.name) is not None:
                made[self._key(one.name, row[one.name])].add(row["Id"])

    def _key(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and name not in self._case_sensitive:
            return value.casefold()
        return value

    def put(self, row: Row) -> None:
        """Add a record or replace the one with its id."""
        old = self.rows.get(row["Id"])
        self._reindex(old, row)
        self.rows[row["Id"]] = row
        if old is None or old["SystemModstamp"] != row["SystemModstamp"]:
            self._stamp(row["SystemModstamp"], row["Id"])

    def remove(self, id_: str) -> None:
        """Forget a record altogether (a rolled back insert)."""
        self._reindex(self.rows.pop(id_), None)

    def _reindex(self, old: Row | None, new: Row | None) -> None:
        before, after = old or {}, new or {}
        id_ = after.get("Id") or before["Id"]
        self.live += bool(new) and not after.get("IsDeleted")
        self.live -= bool(old) and not before.get("IsDeleted")
        for name, values in self._lookups.items():
            _move(values, id_, self._key(name, before.get(name)), self._key(name, after.get(name)))
        for name, parents in self._parents.items():
            _move(parents, id_, before.get(name), after.get(name))

    def _stamp(self, stamp: str, id_: str) -> None:
        entry = (stamp, id_)
        if not self._stamps or self._stamps[-1] < entry:
            self._stamps.append(entry)
        else:
            at = bisect_left(self._stamps, entry)
            if at == len(self._stamps) or self._stamps[at] != entry:
                self._stamps.insert(at, entry)
        if len(self._stamps) > 2 * len(self.rows) + 1_000:
            self._stamps = sorted((row["SystemModstamp"], id_) for id_, row in self.rows.items())

    def modified(self, since: str = "") -> Iterator[Row]:
        """Records in order of (SystemModstamp, Id), from a stamp on, deleted ones too."""
        stamps = self._stamps
        for at in range(bisect_left(stamps, (since, "")), len(stamps)):
            stamp, id_ = stamps[at]
            row = self.rows.get(id_)
            if row is not None and row["SystemModstamp"] == stamp:
                yield row

    def has_lookup(self, name: str) -> bool:
        return name in self._lookups or name in self._parents

    def lookup(self, name: str, value: Any) -> set[str]:
        """The ids of records, deleted ones too, that hold that value in an indexed field."""
        if name in self._parents:
            return self._parents[name].get(value, set())
        return self._lookups[name].get(self._key(name, value), set())


def _move(index: defaultdict[Any, set[str]], id_: str, before: Any, after: Any) -> None:
    if before == after:
        return
    if before is not None:
        index[before].discard(id_)
        if not index[before]:
            del index[before]
    if after is not None:
        index[after].add(id_)


class Store:
    """The tables of an organisation; every write goes through `put`, so that it can be undone."""

    def __init__(self, kinds: Iterable[ObjectType]) -> None:
        self.tables: dict[str, Table] = {}
        self.undo: list[tuple[str, str, Row | None]] | None = None
        for kind in kinds:
            self.ensure(kind)

    def ensure(self, kind: ObjectType) -> None:
        """Make the table of an object type, or index its new fields."""
        table = self.tables.setdefault(kind.name, Table(kind))
        for one in kind.fields.values():
            if one.indexed:
                table.index(one)

    def get(self, object_type: str, id_: str) -> Row | None:
        return self.tables[object_type].rows.get(id_)

    def put(self, object_type: str, row: Row) -> None:
        table = self.tables[object_type]
        if self.undo is not None:
            self.undo.append((object_type, row["Id"], table.rows.get(row["Id"])))
        table.put(row)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Undo every write of the block when it raises; blocks may be nested."""
        outer = self.undo
        made = Transaction(self)
        self.undo = made.writes
        try:
            yield made
        except BaseException:
            made.roll_back()
            raise
        finally:
            self.undo = outer
        if outer is not None:
            outer.extend(made.writes)


@dataclass
class Transaction:
    """The writes of a block, each with the row that was there before."""

    store: Store
    writes: list[tuple[str, str, Row | None]] = field(default_factory=list)

    def roll_back(self) -> None:
        """Undo the writes so far."""
        for object_type, id_, before in reversed(self.writes):
            if before is None:
                self.store.tables[object_type].remove(id_)
            else:
                self.store.tables[object_type].put(before)
        self.writes.clear()
