"""The work of a Bulk query job: what may be asked, and its rows as CSV in pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.salesforce.binding import Bound
from sandbox.salesforce.bulk_csv import written
from sandbox.salesforce.bulk_jobs import Job, JobFailedError
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Org
from sandbox.salesforce.query import Query, is_aggregate, is_count
from sandbox.salesforce.soql import Select, Selected, parse
from sandbox.salesforce.store import Row

_CHUNK = 2_000
Cell = Callable[[Row], str]


def plan(org: Org, text: str, *, version: str, deleted: bool) -> Query:
    """The query, checked. Raises SalesforceError for what Bulk API 2.0 does not take."""
    select = parse(text)
    refused = {
        "GROUP BY": bool(select.group),
        "OFFSET": bool(select.offset),
        "aggregate functions": is_aggregate(select) or is_count(select),
        "a parent-to-child subquery": any(isinstance(item, Select) for item in select.items),
    }
    for name, used in refused.items():
        if used:
            raise SalesforceError("API_ERROR", f"Bulk API 2.0 queries do not support {name}")
    query = Query(org, select, version=version, deleted=deleted)
    for item in select.items:
        if isinstance(item, Selected) and item.expression.function == "FIELDS":
            raise SalesforceError("API_ERROR", "Bulk API 2.0 queries do not support FIELDS()")
    for bound in _bounds(query):
        if bound.field.type == "address":
            message = f"Bulk API 2.0 queries do not support compound fields: {bound.field.name}"
            raise SalesforceError("API_ERROR", message)
    return query


def _bounds(query: Query) -> list[Bound]:
    items = [item for item in query.select.items if isinstance(item, Selected)]
    return [query.binder.bind(item.expression) for item in items]


class Extract:
    """The result of one query job: the rows as they were when it ran."""

    def __init__(self, org: Org, job: Job, query: Query) -> None:
        self.processed = 0
        self.failed = 0
        self._org, self._job, self._query = org, job, query
        self._rows: list[Row] = []

    def forward(self, rows: int) -> bool:
        if self._org.quirks.strikes("bulk_failed_jobs", self._job.query):
            raise JobFailedError("InternalServerError : the query timed out")
        found = self._query.rows()
        if not self._query.sorts:
            found = self._org.quirks.shuffled("unordered_rows", found, self._job.id)
        self._rows, self.processed = found, len(found)
        return True

    def page(self, locator: str | None, size: int) -> tuple[Iterator[bytes], dict[str, str]]:
        """A page as CSV, and its headers; the last page's locator is the text `null`."""
        start = _offset(locator, len(self._rows))
        rows = self._rows[start : start + size]
        end = start + len(rows)
        following = _locator(end) if end < len(self._rows) else "null"
        headers = {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(len(rows))}
        return self._written(rows), headers

    def _written(self, rows: list[Row]) -> Iterator[bytes]:
        job, bounds = self._job, _bounds(self._query)
        names = [[".".join((*_path(bound), bound.field.name)) for bound in bounds]]
        cells = [_cell(bound) for bound in bounds]
        yield written(names, job.delimiter, job.line_ending).encode()
        for start in range(0, len(rows), _CHUNK):
            with self._org.lock:
                chunk = [[cell(row) for cell in cells] for row in rows[start : start + _CHUNK]]
            yield written(chunk, job.delimiter, job.line_ending).encode()


def _path(bound: Bound) -> list[str]:
    return [parent.relationship or parent.name for parent in bound.parents]


def _locator(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode()


def _offset(locator: str | None, most: int) -> int:
    if not locator:
        return 0
    try:
        offset = int(base64.b64decode(locator, validate=True))
    except (binascii.Error, ValueError):
        offset = -1
    if not 0 <= offset < most:
        raise SalesforceError("INVALIDLOCATOR", f"the locator {locator} is invalid")
    return offset


def _cell(bound: Bound) -> Cell:
    """How a field's value is written: nothing for null, times with a Z."""
    get, name = bound.get, bound.field.name
    kind = bound.field.type
    if kind == "boolean":
        return lambda row: "true" if get(row) else "false"
    if kind == "datetime":
        return lambda row: (get(row) or "").replace("+0000", "Z")
    if bound.plain and bound.own is None:
        return lambda row: _text(row.get(name))
    return lambda row: _text(get(row))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)
