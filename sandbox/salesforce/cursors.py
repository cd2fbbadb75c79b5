"""The query calls: first pages, further pages, and the locators that lead to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.aggregate import aggregate_rows
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Org
from sandbox.salesforce.query import Query, is_aggregate, is_count
from sandbox.salesforce.soql import parse

MIN_BATCH, MAX_BATCH = 200, 2_000
LOCATOR_PREFIX = "01g"


@dataclass
class Cursor:
    """An open query: its rows' ids in order, read anew for every page."""

    query: Query
    ids: list[str]
    size: int
    born: float


class Cursors:
    """The open queries of an organisation, by locator."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._open: dict[str, Cursor] = {}

    def clear(self) -> None:
        """Forget every open query; further pages then meet INVALID_QUERY_LOCATOR."""
        self._open.clear()

    def first(
        self, text: str, *, version: str, deleted: bool, batch: int | None, tooling: bool = False
    ) -> Any:
        """The first page of a query. Raises SalesforceError for what is wrong with it."""
        select = parse(text)
        own = self._org.catalog.full.get(select.source.lower()) if tooling else None
        kind = own if own is not None and own.can("t") else None
        query = Query(self._org, select, version=version, deleted=deleted, kind=kind)
        if is_aggregate(select):
            records = aggregate_rows(query)
            return {"totalSize": len(records), "done": True, "records": records}
        rows = query.rows()
        if is_count(select):
            return {"totalSize": len(rows), "done": True, "records": []}
        size = self._size(batch)
        locator = self._org.ids.next(LOCATOR_PREFIX)
        if not query.sorts:
            rows = self._org.quirks.shuffled("unordered_rows", rows, locator)
        if len(rows) <= self._reach(locator, 0, size):
            records = [query.render(row) for row in rows]
            return {"totalSize": len(rows), "done": True, "records": records}
        ids = [row["Id"] for row in rows]
        self._open[locator] = Cursor(query, ids, size, self._now())
        return self._page(locator, 0, version)

    def more(self, locator: str, version: str) -> Any:
        """The page of a locator `01g…-2000`. Raises INVALID_QUERY_LOCATOR when it is gone."""
        name, _, start = locator.rpartition("-")
        cursor = self._open.get(name)
        expired = cursor and self._now() - cursor.born > self._org.options.cursor_lifetime
        if cursor is None or expired or not start.isdecimal() or int(start) >= len(cursor.ids):
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        if self._org.quirks.strikes("lost_cursors", f"{cursor.query.select.text} {start}"):
            del self._open[name]
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(name, int(start), version)

    def _page(self, locator: str, start: int, version: str) -> dict[str, Any]:
        cursor = self._open[locator]
        end = start + self._reach(locator, start, cursor.size)
        rows = cursor.query.table.rows
        records = [cursor.query.render(rows[id_]) for id_ in cursor.ids[start:end] if id_ in rows]
        answer: dict[str, Any] = {"totalSize": len(cursor.ids), "done": end >= len(cursor.ids)}
        if not answer["done"]:
            answer["nextRecordsUrl"] = f"/services/data/v{version}/query/{locator}-{end}"
        answer["records"] = records
        return answer

    def _reach(self, locator: str, start: int, size: int) -> int:
        """How many rows a page holds: at times fewer than asked for."""
        short = self._org.quirks.rate("short_pages", f"{locator} {start}")
        return max(1, size // 3) if short else size

    def _size(self, batch: int | None) -> int:
        wanted = MAX_BATCH if batch is None else min(max(batch, MIN_BATCH), MAX_BATCH)
        return min(wanted, self._org.options.page_size)

    def _now(self) -> float:
        return self._org.clock.now().timestamp()
