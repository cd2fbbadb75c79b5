"""Large first readings by a Bulk query job: chosen by size, streamed, resumed by locator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.base import Fields, FieldType, RawValue, RemoteRecord
from connectors.salesforce import soql, wire
from connectors.salesforce.bulk import Job, Jobs
from connectors.salesforce.cursor import Mark, Sweep
from connectors.salesforce.reads import Reader
from connectors.salesforce.soql import Position
from connectors.salesforce.transport import Request, Transport
from core.clock import Clock
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    TransientError,
    UnexpectedReplyError,
)
from core.log import get_logger

log = get_logger("salesforce")

READ_THRESHOLD = 50_000
"""Records from which a job costs less than pages do; measured, see docs/decisions."""
JOB_PAGE = 50_000
"""Rows that one results call asks for."""
PAGE = 2_000
"""Rows that are handed out together."""
_SYSTEM: Mapping[str, FieldType] = {"IsDeleted": "boolean", "IsConverted": "boolean"}

Portion = tuple[list[RemoteRecord], Mark]


class BulkReader:
    """Reads whole object types of one account by jobs. `threshold` 0: never."""

    def __init__(
        self,
        jobs: Jobs,
        transport: Transport,
        reader: Reader,
        clock: Clock,
        threshold: int,
        job_page: int = JOB_PAGE,
    ) -> None:
        self._jobs = jobs
        self._transport = transport
        self._reader = reader
        self._clock = clock
        self._threshold = threshold
        self._job_page = job_page

    def begun(self, object_type: str, fields: Fields, mark: Mark, *, first: bool) -> Mark:
        """The mark of the reading that is to be made; its sweep names a job where a finished
        one answers it.

        Pages serve where the object type is small, a field has no form in CSV, the job did not
        come about, or the job that a reading was under way by is gone (it is then begun anew).
        """
        if mark.sweep is not None and mark.sweep.job:
            there = self._there(Job("query", mark.sweep.job))
            return mark if there else replace(mark, sweep=replace(mark.sweep, job="", locator=""))
        if not first or not self._worth_it(object_type, fields):
            return mark
        start = self._clock.now()
        job = self._ended_job(object_type, fields)
        if job is None:
            return mark
        # rows come in no order, so nothing is known to be read but what was there at the start,
        # by the earlier of both clocks
        return replace(mark, sweep=Sweep(min(start, job.created or start), job=job.id))

    def _ended_job(self, object_type: str, fields: Fields) -> Job | None:
        query = soql.select(wire.columns(object_type, fields), object_type)
        try:
            job = self._jobs.begin("query", {"operation": "query", "query": query})
            state = self._jobs.ended(job)
        except (AuthError, BudgetExhaustedError):
            raise
        except ConnectorError as error:
            log.info("read by pages, not by a job", object_type=object_type, reason=str(error))
            return None
        if state is not None and state["state"] == "JobComplete":
            return job
        log.info("read by pages: the job did not complete", object_type=object_type, job=job.id)
        return None

    def _there(self, job: Job) -> bool:
        try:
            return bool(self._jobs.state(job)["state"] == "JobComplete")
        except (TransientError, AuthError, BudgetExhaustedError):
            raise
        except ConnectorError:
            return False

    def portions(self, object_type: str, fields: Fields, mark: Mark) -> Iterator[Portion]:
        """The rows of the job, each portion with the mark that resumes at its results page (the
        rows of one page may then come again); the last mark still tells of the sweep."""
        schema = self._reader.schema(object_type).fields
        types = {**{name: one.type for name, one in schema.items()}, **_SYSTEM}
        columns = wire.columns(object_type, fields)
        job = Job("query", mark.under_way.job)
        best = mark.under_way.best
        while True:
            results = self._jobs.results(job, "results", mark.under_way.locator, self._job_page)
            for rows in _grouped(_rows(results, columns, types)):
                best = max([*([best] if best else []), *map(_place, rows)])
                mark = mark.moved(None, best)
                yield [wire.record(object_type, row, fields) for row in rows], mark
            if results.following is None:
                return
            mark = replace(mark, sweep=replace(mark.under_way, locator=results.following))

    def _worth_it(self, object_type: str, fields: Fields) -> bool:
        if not self._threshold or object_type in wire.UNDELETABLE:
            return False
        schema = self._reader.schema(object_type).fields
        if any(
            name not in schema or "." in name or schema[name].type in ("association", "other")
            for name in fields
        ):
            return False
        return self._count(object_type) >= self._threshold

    def _count(self, object_type: str) -> int:
        """About how many records there are; 0 where Salesforce does not say."""
        path = f"limits/recordCount?sObjects={soql.name(object_type)}"
        answer = self._transport.call(Request("GET", path, "GET limits/recordCount"))
        body = answer.body
        listed = body.get("sObjects") if isinstance(body, dict) else None
        counts = [entry.get("count") for entry in listed or [] if isinstance(entry, dict)]
        return next((count for count in counts if isinstance(count, int)), 0)


def _rows(
    results: Any, columns: Sequence[str], types: Mapping[str, FieldType]
) -> Iterator[wire.Raw]:
    """The rows by the names that were asked for, values as the other API gives them."""
    wanted = {name.lower(): name for name in columns}
    header: list[str] | None = None
    names: list[tuple[str, Callable[[str], RawValue]]] = []
    for row in results:
        if header is None:
            header = row
            if {cell.lower() for cell in row} != wanted.keys():
                raise UnexpectedReplyError("A result set has other columns than were asked for.")
            names = [
                (wanted[c.lower()], _CELLS.get(types.get(wanted[c.lower()]), str)) for c in row
            ]
        elif row != header:
            yield {
                name: read(cell) if cell else None
                for (name, read), cell in zip(names, row, strict=True)
            }


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise UnexpectedReplyError(f"Salesforce sent {cell!r} for a number.") from None


def _integer(cell: str) -> int | float:
    return int(cell) if cell.lstrip("-").isdigit() else _number(cell)


def _datetime(cell: str) -> str:
    """CSV has Z where JSON has +0000."""
    return f"{cell[:-1]}+0000" if cell.endswith("Z") else cell


_CELLS: Mapping[FieldType | None, Callable[[str], RawValue]] = {
    "boolean": lambda cell: cell.lower() == "true",
    "integer": _integer,
    "number": _number,
    "currency": _number,
    "percent": _number,
    "datetime": _datetime,
}


def _grouped(rows: Iterator[wire.Raw]) -> Iterator[list[wire.Raw]]:
    group: list[wire.Raw] = []
    for row in rows:
        group.append(row)
        if len(group) == PAGE:
            yield group
            group = []
    if group:
        yield group


def _place(row: wire.Raw) -> Position:
    time = wire.when(row.get("SystemModstamp"))
    if time is None:
        raise UnexpectedReplyError("Salesforce sent a row without SystemModstamp.")
    return Position(time, row["Id"])
