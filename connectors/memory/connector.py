"""The reference connector: the contract over a CRM in memory, in the shortest obedient form."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import TypeVar

from connectors.base import (
    Capabilities,
    Cursor,
    Fields,
    FieldSchema,
    Finding,
    Move,
    Outcome,
    Page,
    RemoteId,
    RemoteRecord,
    Schema,
    StampField,
    Unknown,
    Usage,
    Write,
)
from connectors.memory.conversion import LEAD
from connectors.memory.faults import Fault
from connectors.memory.generic import plain_schema, stamp_schema
from connectors.memory.model import Row
from connectors.memory.store import MemoryCrm
from connectors.memory.wire import Position, shown
from connectors.memory.writes import carry_out
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    SchemaDriftError,
    TielineError,
)

T = TypeVar("T")


def _chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


class MemoryConnector:
    """A connector to a MemoryCrm.

    `token` None: the right one. `page_size` records make a page of changes; `lookback` in
    seconds (None: 60 and what the CRM's quirks need) is how far a reading reaches back.
    """

    def __init__(
        self,
        crm: MemoryCrm,
        *,
        name: str = "memory",
        token: str | None = None,
        page_size: int = 500,
        write_batch: int = 100,
        fetch_batch: int = 100,
        lookback: float | None = None,
    ) -> None:
        quirks = crm.quirks
        self.name = name
        self.page_size = page_size
        self.capabilities = _capabilities(crm, write_batch, fetch_batch)
        self._crm = crm
        self._token = crm.token if token is None else token
        self._session = 0
        self._lookback = (
            60 + quirks.late_seconds + quirks.coarse_seconds if lookback is None else lookback
        )
        self._routes: Counter[tuple[str, str]] = Counter()

    def describe(self, object_type: str) -> Schema:
        with self._call("describe", object_type):
            return self._crm.schema(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        position = Position.begin(since, self._crm.clock.now())
        more = True
        while more:
            with self._call("changes", object_type):
                self._know(object_type, fields)
                rows, more = self._next_rows(object_type, position)
                records = [shown(self._crm, row, fields) for row in rows]
                last = rows[-1] if rows else None
                position = (
                    position.after(rows[-1]) if more else position.ended(last, self._lookback)
                )
            yield Page(records, position.cursor())

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        silent = set(self.capabilities.silent_fields.get(object_type, ()))
        only_silent = bool(fields) and set(fields) <= silent
        size = self.capabilities.silent_batch if only_silent else self.capabilities.fetch_batch
        found: list[RemoteRecord] = []
        for chunk in _chunks(list(dict.fromkeys(ids)), size):
            with self._call("fetch", object_type):
                self._know(object_type, fields)
                found += [r for id in chunk if (r := self._one(object_type, fields, id))]
        return found

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        found: list[RemoteRecord] = []
        for chunk in _chunks(list(dict.fromkeys(v.casefold() for v in values)), 100):
            with self._call("find", object_type):
                self._know(object_type, [*fields, by])
                rows = self._matching(object_type, by, set(chunk))
                found += [shown(self._crm, row, fields) for row in rows]
        return found

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for batch in _chunks(writes, self.capabilities.write_batch):
            try:
                outcomes += self._apply_batch(object_type, batch)
            except ConnectorError as error:
                if not outcomes:
                    raise
                outcomes += [Unknown(write.op, error.message) for write in batch]
        return outcomes

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        return [self._prepare_one(stamp) for stamp in stamps]

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        return [self._diagnose_one(object_type) for object_type in object_types]

    def usage(self) -> Usage:
        with self._crm.lock:
            writes = sum(n for (method, _), n in self._routes.items() if method in _WRITING)
            logins = self._routes["sign in", ""]
            calls = self._routes.total()
            by_route = {" ".join(key).strip(): n for key, n in self._routes.items() if n}
            limit, used = self._crm.daily_limit, self._crm.daily_used
        told = used if limit is not None else None
        return Usage(calls, calls - writes - logins, writes, by_route, limit, told)

    def close(self) -> None:
        self._session = 0

    # -- one call

    @contextmanager
    def _call(self, method: str, object_type: str) -> Iterator[Fault | None]:
        """One API call: counted, checked for allowance and session, failing where ordered."""
        with self._crm.lock:
            self._sign_in()
            self._count(method, object_type)
            self._crm.requests[method, object_type] += 1
            fault = self._crm.faults.take(method)
            if fault is not None and fault.error is not None and fault.without_effect:
                raise fault.error
            yield fault
            if fault is not None and fault.error is not None:
                raise fault.error

    def _sign_in(self) -> None:
        if self._session == self._crm.session:
            return
        self._count("sign in", "")
        if self._token != self._crm.token:
            raise AuthError(f"side {self.name!r}: the token is wrong")
        self._session = self._crm.session

    def _count(self, method: str, object_type: str) -> None:
        limit = self._crm.daily_limit
        if limit is not None and self._crm.daily_used >= limit:
            raise BudgetExhaustedError(f"side {self.name!r}: the daily allowance is used up")
        self._crm.daily_used += 1
        self._routes[method, object_type] += 1

    def _know(self, object_type: str, fields: Fields) -> None:
        known = self._crm.schema(object_type).fields
        for name in fields:
            if name not in known:
                raise SchemaDriftError(f"{object_type} has no field {name}")

    # -- reading

    def _next_rows(self, object_type: str, position: Position) -> tuple[list[Row], bool]:
        now = self._crm.clock.now()
        ahead = (
            row
            for row in self._crm.rows(object_type)
            if row.visible <= now and not (position.whole and row.archived) and position.before(row)
        )
        rows = heapq.nsmallest(self.page_size + 1, ahead, key=_keyset)
        return rows[: self.page_size], len(rows) > self.page_size

    def _one(self, object_type: str, fields: Fields, id: RemoteId) -> RemoteRecord | None:
        row = self._crm.row(object_type, id)
        while row is not None and row.moved is not None and row.moved.how is Move.MERGED:
            row = self._crm.row(object_type, row.moved.to.id)
        if row is None:
            return None
        return shown(self._crm, row, fields, requested=id if row.id != id else None)

    def _matching(self, object_type: str, by: str, values: set[str]) -> Iterator[Row]:
        now = self._crm.clock.now()
        indexed = not self._crm.schema(object_type).fields[by].unique
        for row in self._crm.rows(object_type):
            if row.live and not (indexed and row.visible > now):
                value = self._crm.value(row, by)
                if value is not None and str(value).casefold() in values:
                    yield row

    # -- writing

    def _apply_batch(self, object_type: str, batch: Sequence[Write]) -> list[Outcome]:
        with self._call("apply", object_type) as fault:
            self._crm.schema(object_type)
            reached = batch if fault is None or fault.applied is None else batch[: fault.applied]
            outcomes = [carry_out(self._crm, object_type, write) for write in reached]
        if fault is not None:
            return [Unknown(write.op, "the answer was lost") for write in batch]
        return outcomes

    def _prepare_one(self, stamp: StampField) -> Finding:
        subject = f"{stamp.object_type}.{stamp.name}"
        known = self.describe(stamp.object_type).fields.get(stamp.name)
        if stamp.type != "stamp":
            return self._prepare_plain(stamp, subject, known)
        if known is not None and known.unique:
            return Finding("ok", subject, "the stamp field is there")
        if known is not None:
            remedy = "Make the field unique, or choose another name for the stamp field."
            return Finding("problem", subject, "the field is not unique", remedy)
        if not self.capabilities.stamps:
            remedy = "Nothing to do: records are matched by their keys instead."
            return Finding("warning", subject, "this CRM takes no stamp fields", remedy)
        with self._call("prepare", stamp.object_type):
            self._crm.add_field(stamp.object_type, stamp_schema(stamp.name, stamp.label))
        return Finding("made", subject, "the stamp field was made")

    def _prepare_plain(self, stamp: StampField, subject: str, known: FieldSchema | None) -> Finding:
        if known is not None:
            return Finding("ok", subject, "the field is there")
        with self._call("prepare", stamp.object_type):
            made = plain_schema(stamp.name, stamp.label, stamp.type)
            self._crm.add_field(stamp.object_type, made)
        return Finding("made", subject, "the field was made")

    def _diagnose_one(self, object_type: str) -> Finding:
        try:
            self.describe(object_type)
        except TielineError as error:
            return Finding("problem", f"{self.name} {object_type}", error.message, error.remedy)
        return Finding("ok", f"{self.name} {object_type}", "can be read and written")


_WRITING = ("apply", "prepare")


def _keyset(row: Row) -> tuple[datetime, RemoteId]:
    return row.modified, row.id


def _capabilities(crm: MemoryCrm, write_batch: int, fetch_batch: int) -> Capabilities:
    writable = [name for name in crm.object_types if crm.schema(name).createable]
    associations = {name: crm.associations(name) for name in crm.object_types}
    silent = {name: tuple(sorted(crm.silent(name))) for name in crm.object_types}
    return Capabilities(
        write_batch=write_batch,
        fetch_batch=fetch_batch,
        association_fields={name: fields for name, fields in associations.items() if fields},
        silent_fields={name: fields for name, fields in silent.items() if fields},
        stamps=crm.quirks.stamps,
        restore=True,
        merge=frozenset(writable),
        convert=frozenset({LEAD} & set(writable)),
        field_times=crm.quirks.field_times,
        searchable={name: tuple(crm.schema(name).fields) for name in crm.object_types},
    )
