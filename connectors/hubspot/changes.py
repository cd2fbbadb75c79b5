"""Reading changes: everything on the first reading, later what the modified stamp shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors.base import Cursor, Fields, Move, Moved, Page, Ref, RemoteId, RemoteRecord
from core.clock import Clock
from core.errors import SchemaDriftError

from .client import Api, Reply
from .errors import complaint
from .position import EPOCH, Position, Progress, load
from .reads import MERGING, Reader, ReadOptions, check_associations
from .routes import Routes
from .schema import Catalog
from .search import PAGE, Search
from .wire import (
    Row,
    created_of,
    merged_ids,
    modified_of,
    moment,
    needed_properties,
    plain_fields,
    record,
    row_id,
    row_properties,
    tombstones,
)

LIST_PAGE = 100
WIDE = 12_000
"""Characters of property names beyond which an address would be too long (414 at some 16,300)."""


class Changes:
    """The feed of one account's object types (not owners)."""

    def __init__(
        self,
        api: Api,
        routes: Routes,
        catalog: Catalog,
        reader: Reader,
        clock: Clock,
        options: ReadOptions,
    ) -> None:
        self._api = api
        self._routes = routes
        self._catalog = catalog
        self._reader = reader
        self._clock = clock
        self._options = options

    def read(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        """The contract's `changes`: a list on the first reading, searches on later ones."""
        check_associations(object_type, fields)
        position = Position() if since is None else load(since)
        if position.since is None:
            yield from self._list(object_type, fields, position)
        else:
            yield from self._incremental(object_type, fields, position)

    # --- changes: the first reading ----------------------------------------------------------

    def _list(self, object_type: str, fields: Fields, position: Position) -> Iterator[Page]:
        """Everything by the list endpoint, which does not lag; archived records are left out."""
        progress = position.progress or Progress(started=self._clock.now())
        position.progress = progress
        held: list[Row] = []
        for reply in self._pages(object_type, fields, progress.listing):
            rows: list[Row] = list(reply.results)
            progress.note(object_type, rows, None, self._options.lookback)
            progress.count += len(rows)
            progress.listing = reply.after
            held += rows
            if reply.after is not None and len(held) >= self._options.page_records:
                self._check_fields(object_type, fields, held)
                yield self._page(object_type, fields, held, position)
                held = []
        self._check_fields(object_type, fields, held)
        self._finish(position)
        yield self._page(object_type, fields, held, position)

    def _pages(
        self, object_type: str, fields: Fields, after: str | None, *, archived: bool = False
    ) -> Iterator[Reply]:
        """Pages of the list endpoint from `after` on."""
        names = ",".join(needed_properties(object_type, fields))
        wide = len(names) > WIDE
        while True:
            query = [("limit", str(min(LIST_PAGE, self._options.page_records)))]
            query += [("archived", "true")] if archived else []
            query += [("properties", names)] if not wide else []
            query += [("after", after)] if after is not None else []
            path = f"{self._routes.objects}/{object_type}"
            reply = self._api.call("GET", path, query=query, accept=(400, 404), needs="results")
            if not reply.ok:
                said = complaint(reply.body, reply.status).message
                raise SchemaDriftError(f"HubSpot cannot list {object_type}: {said}")
            if wide:
                ids = [row_id(row) for row in reply.results]
                whole = self._reader.rows(object_type, fields, ids, archived=archived)
                reply = Reply(reply.status, {**reply.body, "results": whole})
            yield reply
            if reply.after is None or reply.after == after:
                return
            after = reply.after

    def _check_fields(self, object_type: str, fields: Fields, rows: Sequence[Row]) -> None:
        """HubSpot says nothing of unknown properties: their absence from a record betrays them,
        also when they go in mid-reading; where there is no record, the schema is asked once."""
        wanted = set(plain_fields(fields))
        if not rows:
            self._catalog.check(object_type, wanted)
        elif any(not wanted <= row_properties(row).keys() for row in rows):
            self._catalog.check(object_type, wanted, fresh=True)

    def _finish(self, position: Position) -> None:
        lookback = self._options.lookback
        tolerance = max(5.0, lookback.total_seconds() / 2)
        position.finish(lookback, clock_agrees=self._api.clock_agrees(tolerance))

    def _page(
        self, object_type: str, fields: Fields, rows: Sequence[Row], position: Position
    ) -> Page:
        live = self._reader.records(object_type, fields, rows)
        graves = [grave for row in rows for grave in tombstones(object_type, row)]
        return Page([*live, *graves], position.cursor())

    # --- changes: later readings -------------------------------------------------------------

    def _incremental(self, object_type: str, fields: Fields, position: Position) -> Iterator[Page]:
        before = position.model_copy()
        merged: set[RemoteId] = set()
        rows: list[Row] = []
        for rows, last in self._modified(object_type, fields, position):
            merged.update(id for row in rows for id in merged_ids(row))
            if not last:
                yield self._page(object_type, fields, rows, position)
        progress = position.progress
        assert progress is not None
        gone = _gone(before, progress)
        missing = _missing(before, progress) - len(merged) if progress.last_id is None else 0
        self._finish(position)
        if gone:
            position.look_for_archived(before.gone_since or EPOCH)
        yield self._page(object_type, fields, rows, position)
        if position.scan is not None:
            yield from self._archived(object_type, fields, position, merged, missing)

    def _modified(
        self, object_type: str, fields: Fields, position: Position
    ) -> Iterator[tuple[list[Row], bool]]:
        """(rows, whether they are the last) of everything modified since.

        One call where the newest records reach back beyond the cursor; else a keyset over ids.
        """
        since = position.since
        assert since is not None
        known = frozenset(position.recent or ())
        search = self._search(object_type, fields)
        if position.progress is None:
            position.progress = Progress(started=self._clock.now())
            newest = search.newest()
            rows: list[Row] = list(newest.results)
            self._check_fields(object_type, fields, rows)
            position.progress.count = int(newest.body.get("total") or 0)
            changed = [row for row in rows if _since(object_type, row, since)]
            if len(rows) < search.page or len(changed) < len(rows):
                self._note(object_type, position, rows, known)
                yield changed, True
                return
        held: list[Row] = []
        for rows in search.modified_since(since, position.progress.last_id or "0"):
            if rows:
                self._check_fields(object_type, fields, rows)
            self._note(object_type, position, rows, known)
            position.progress.last_id = row_id(rows[-1]) if rows else position.progress.last_id
            held += rows
            if len(held) >= self._options.page_records:
                yield held, False
                held = []
        yield held, True

    def _search(self, object_type: str, fields: Fields) -> Search:
        page = min(PAGE, self._options.page_records)
        properties = needed_properties(object_type, fields)
        return Search(self._api, self._routes, object_type, properties, page)

    def _note(
        self, object_type: str, position: Position, rows: Sequence[Row], known: frozenset[str]
    ) -> None:
        """Count the records that were not there at the last reading."""
        progress, since = position.progress, position.since
        assert progress is not None
        assert since is not None
        progress.note(object_type, rows, since, self._options.lookback)
        for row in rows:
            created = created_of(row)
            if created and created >= since and row_id(row) not in known:
                progress.new += 1

    def _archived(
        self,
        object_type: str,
        fields: Fields,
        position: Position,
        merged: set[RemoteId],
        missing: int,
    ) -> Iterator[Page]:
        """Archived records, a bounded number of pages per reading; those that live on in another
        record are told as merged. Of `missing` records, those that are not among them have been
        erased."""
        budget = self._options.archive_pages
        while position.scan is not None and budget > 0:
            scan = position.scan
            hits: list[Row] = []
            for reply in self._pages(object_type, fields, scan.after, archived=True):
                budget -= 1
                hits += [row for row in reply.results if _archived_since(row, scan.since)]
                scan.after = reply.after
                if budget <= 0 or reply.after is None:
                    break
            if scan.after is None:
                position.scanned()
            hits = [row for row in hits if row_id(row) not in merged]
            missing -= len(hits)
            left = max(0, missing) if position.scan is None else 0
            yield Page(self._graves(object_type, fields, hits), position.cursor(), left)

    def _graves(self, object_type: str, fields: Fields, rows: Sequence[Row]) -> list[RemoteRecord]:
        ids = [row_id(row) for row in rows]
        living = self._reader.rows(object_type, (), ids) if object_type in MERGING and ids else []
        survivors = {old: row_id(row) for row in living for old in merged_ids(row)}
        back = {row_id(row) for row in living}
        known = self._reader.known(object_type, fields, rows)
        graves = []
        for row in rows:
            id = row_id(row)
            if id in survivors:
                moved = Moved(Move.MERGED, Ref(object_type, survivors[id]))
                graves.append(RemoteRecord(object_type, id, archived=True, moved=moved))
            elif id not in back:
                plain = plain_fields(fields)
                graves.append(record(object_type, {**row, "archived": True}, plain, known=known))
        return graves


def _gone(before: Position, progress: Progress) -> bool:
    """Whether live records have disappeared since the last whole reading, as far as the numbers
    tell; in doubt yes."""
    return before.total is None or before.recent is None or _missing(before, progress) != 0


def _missing(before: Position, progress: Progress) -> int:
    """How many live records fewer there are than the last whole reading and the creations since
    account for, as one answer of the search tells it."""
    if before.total is None or before.recent is None:
        return 0
    return before.total + progress.new - progress.count


def _since(object_type: str, row: Row, since: datetime) -> bool:
    modified = modified_of(object_type, row)
    return modified is None or modified >= since


def _archived_since(row: Row, since: datetime) -> bool:
    when = moment(row.get("archivedAt"))
    return when is None or when >= since
