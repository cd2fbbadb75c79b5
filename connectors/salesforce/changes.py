"""The change feed: sweeps in the order (SystemModstamp, Id), one query for a quiet object type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connectors.base import Cursor, Fields, Page, RemoteRecord
from connectors.salesforce import soql, wire
from connectors.salesforce.bulkread import BulkReader
from connectors.salesforce.cursor import OWN, Mark, dump, load
from connectors.salesforce.reads import Reader
from connectors.salesforce.soql import Position
from core.clock import Clock
from core.errors import CursorExpiredError, UnexpectedReplyError

ROLES = "roles"
"""The mark of the rows that link records of the object type to others."""
RESTARTS = 5
ORDER = "ORDER BY SystemModstamp, Id"

Rows = list[wire.Raw]


class Feed:
    """Reads what changed since a cursor. The look-back is the time that a transaction may take
    to commit: its rows carry the stamp of their change and show only afterwards."""

    def __init__(self, reader: Reader, bulk: BulkReader, clock: Clock, lookback: timedelta) -> None:
        self._reader = reader
        self._bulk = bulk
        self._clock = clock
        self._lookback = lookback

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        """See the contract. Contact roles (relations with accounts) that changed by themselves
        bring their records as a page of their own, at the price of one more query."""
        linked = any(wire.is_association(object_type, field) for field in fields)
        link = wire.LINKS[object_type] if linked else None
        if since is not None:
            marks = load(since)
        else:
            marks = {OWN: Mark()} | ({ROLES: self._latest(link)} if link else {})
        marks[OWN] = self._bulk.begun(object_type, fields, marks[OWN], first=since is None)
        if marks[OWN].sweep is not None and marks[OWN].under_way.job:
            yield from self._by_job(object_type, fields, marks[OWN])
            return
        columns = self._reader.first_columns(object_type, fields)
        sweep = self._sweep(object_type, columns, marks[OWN], deleted=since is not None)
        with self._reader.naming(object_type, fields):
            for rows, mark in sweep:
                marks[OWN] = mark
                yield Page(self._reader.complete(object_type, fields, rows), dump(marks))
        if since is not None and link is not None:
            roles, shown = marks.get(ROLES, Mark()), _columns(link)
            for rows, mark in self._sweep(link.object_type, shown, roles, deleted=True):
                marks[ROLES] = mark
                touched = sorted({row[link.owner] for row in rows})
                yield Page(self._reader.fetch(object_type, fields, touched), dump(marks))

    def _by_job(self, object_type: str, fields: Fields, mark: Mark) -> Iterator[Page]:
        """A first reading by a Bulk job; association fields are never among its fields."""
        records: Sequence[RemoteRecord] = []
        for following, after in self._bulk.portions(object_type, fields, mark):
            if records:
                yield Page(records, dump({OWN: mark}))
            records, mark = following, after
        yield Page(records, dump({OWN: mark.finished(self._clock.now(), self._lookback)}))

    def _latest(self, link: wire.Link) -> Mark:
        """A first reading shows all roles with their records; later ones begin at the newest
        role that there was before it."""
        tail = "ORDER BY SystemModstamp DESC LIMIT 1"
        query = soql.select(_columns(link), link.object_type, tail=tail)
        rows = self._reader.rows(query, deleted=True)
        if not rows:
            return Mark()
        return Mark(Position(_place(rows[0]).time - self._lookback))

    def _sweep(
        self, object_type: str, columns: list[str], mark: Mark, *, deleted: bool
    ) -> Iterator[tuple[Rows, Mark]]:
        """All rows after the mark, page by page, each with the mark that resumes after it."""
        mark = mark.begun(self._clock.now())
        best = mark.under_way.best
        held: Rows | None = None
        for rows in self._pages(object_type, columns, mark.under_way.at, deleted=deleted):
            if held is not None:
                mark = mark.moved(_border(held, rows), best)
                yield held, mark
            held = rows
            best = max([*([best] if best else []), *(_place(row) for row in rows)], default=None)
        mark = mark.moved(None, best)
        yield held or [], mark.finished(self._clock.now(), self._lookback)

    def _pages(
        self, object_type: str, columns: list[str], at: Position | None, *, deleted: bool
    ) -> Iterator[Rows]:
        """The pages of the query; begun anew from the last row where its locator expires."""
        for attempt in range(RESTARTS + 1):
            where = at.condition() if at else ""
            query = soql.select(columns, object_type, where, ORDER)
            held: Rows | None = None
            try:
                for rows in self._reader.query(query, deleted=deleted):
                    if held:
                        at = _border(held, rows)
                    held = rows
                    yield rows
            except CursorExpiredError:
                if attempt == RESTARTS:
                    raise
                deleted = True
            else:
                return


def _columns(link: wire.Link) -> list[str]:
    return ["Id", "SystemModstamp", link.owner]


def _border(page: Sequence[wire.Raw], following: Sequence[wire.Raw]) -> Position | None:
    """A place with all of the page before it and all that follows after it; None where there is
    none to be had.

    A row that is edited while its page waits shows a later stamp than its place in the order;
    taken for the border, it would hide everything in between. So the border is the last row
    that does not lie behind the earliest of the next page.
    """
    low = min((_place(row).time for row in following), default=None)
    for row in reversed(page):
        place = _place(row)
        if low is None or place.time <= low:
            return place
    return Position(low) if low else None


def _place(row: wire.Raw) -> Position:
    time = wire.when(row.get("SystemModstamp"))
    if time is None:
        raise UnexpectedReplyError("Salesforce sent a row without SystemModstamp.")
    return Position(time, row["Id"])
