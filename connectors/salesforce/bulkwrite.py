"""Large writes by Bulk ingest jobs: uploaded as CSV, each row's result found by its own key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.base import RawValue
from connectors.salesforce import csvtext
from connectors.salesforce.bulk import Job, Jobs
from connectors.salesforce.collections import Call, Result, Row
from connectors.salesforce.csvtext import Table
from connectors.salesforce.errors import UNPROCESSED, Fault, existing_id
from connectors.salesforce.sender import ATTEMPTS
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    TransientError,
    UnexpectedReplyError,
)
from core.log import get_logger

log = get_logger("salesforce")

WRITE_THRESHOLD = 2_000
"""Writes of a verb from which a job costs less than collection calls do; measured, see
docs/decisions."""
MOST_ROWS = 50_000
MOST_BYTES = 90_000_000
"""Salesforce takes uploads of up to 100 MB."""
READINGS = 2
"""How often result sets are read where some row is in none of them."""
_ERROR = re.compile(r"([A-Z][A-Z0-9_]*):(.*?)(?::([^:]*?)\s*--)?\s*", re.DOTALL)


class BulkWriter:
    """Sends rows of one call by jobs. `threshold` 0: never."""

    def __init__(self, jobs: Jobs, threshold: int) -> None:
        self._jobs = jobs
        self._threshold = threshold

    def takes(self, call: Call, rows: Sequence[Row]) -> bool:
        """Whether a job serves better: enough rows, each with a key of its own to know its
        result by, and no header that a job cannot carry."""
        return (
            0 < self._threshold <= len(rows) and call.verb != "create" and not call.allow_duplicate
        )

    @staticmethod
    def fits(call: Call, row: Row) -> bool:
        """Whether the row means in CSV what it means in JSON."""
        return csvtext.fits(row.fields) and bool(row.id or row.fields.get(call.stamp_field))

    def send(self, call: Call, rows: Sequence[Row]) -> list[Result | None]:
        """One result a row, in order; None where the job did not process it, so that it may be
        sent in another way. A row whose result could not be learnt is told as `lost`.

        Raises AuthError and BudgetExhaustedError before anything was sent.
        """
        found: list[Result | None] = []
        for part in _parts(call, rows):
            found += self._part(call, part)
        return found

    def _part(self, call: Call, rows: Sequence[Row]) -> list[Result | None]:
        cells = [_cells(call, row) for row in rows]
        job = self._uploaded(call, cells)
        if job is None:
            return [None] * len(rows)
        keys = [str(row[_key(call)]) for row in cells]
        told = self._told(job)
        for _ in range(READINGS):
            self._read(call, job, told)
            if told.complete(keys):
                break
        return [told(key) for key in keys]

    def _uploaded(self, call: Call, cells: Sequence[Mapping[str, RawValue]]) -> Job | None:
        """A job that holds all rows, still open; None where there is none to be had. Until it
        is closed nothing is written, so any failure can be left behind."""
        wish = {
            "object": call.object_type,
            "operation": call.verb,
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        if call.verb == "upsert":
            wish["externalIdFieldName"] = call.stamp_field
        table = Table(_columns(call, cells), cells)
        for attempt in range(ATTEMPTS):
            job = None
            try:
                job = self._jobs.begin("ingest", wish)
                self._jobs.upload(job, table)
            except (AuthError, BudgetExhaustedError):
                raise
            except ConnectorError as error:
                log.info("no bulk job", object_type=call.object_type, reason=str(error))
                if job is not None:
                    self._jobs.abort(job)
                passing = isinstance(error, TransientError | UnexpectedReplyError)
                if not passing or attempt == ATTEMPTS - 1:
                    return None
            else:
                return job
        return None

    def _told(self, job: Job) -> Outcomes:
        """Let the job run to its end, or give it up; its results are still to be read."""
        reason = "the job was given up"
        failed = untouched = False
        try:
            self._jobs.close(job)
            state = self._jobs.ended(job)
            if state is not None:
                failed = state["state"] == "Failed"
                untouched = failed and state.get("numberRecordsProcessed") == 0
                reason = str(state.get("errorMessage") or "the job was aborted")
        except ConnectorError as error:
            reason = str(error)
            self._jobs.abort(job)
        return Outcomes(resend=failed, untouched=untouched, reason=reason)

    def _read(self, call: Call, job: Job, outcomes: Outcomes) -> None:
        for part, take in (
            ("successfulResults", outcomes.succeeded),
            ("failedResults", outcomes.failed),
            ("unprocessedrecords", outcomes.unprocessed),
        ):
            try:
                for row in _named(self._jobs.results(job, part), _key(call)):
                    take(row.pop(_key(call)), row, created=call.verb == "upsert")
            except ConnectorError as error:
                outcomes.reason = str(error)


class Outcomes:
    """The results of a job by key. What no result set names is lost, unless the job was
    `untouched`; `resend` says that what it did not process may be sent again."""

    def __init__(self, *, resend: bool, untouched: bool, reason: str) -> None:
        self._resend = resend
        self._untouched = untouched
        self._found: dict[str, Result | None] = {}
        self.reason = reason

    def complete(self, keys: Iterable[str]) -> bool:
        return self._untouched or all(key in self._found for key in keys)

    def __call__(self, key: str) -> Result | None:
        lost = f"The result of a bulk job is not known: {self.reason}"
        return self._found.get(key, None if self._untouched else Result(lost=lost))

    def succeeded(self, key: str, row: Mapping[str, str], *, created: bool) -> None:
        made = created and row["sf__Created"].lower() == "true"
        self._found[key] = Result(row["sf__Id"], made)

    def failed(self, key: str, row: Mapping[str, str], *, created: bool) -> None:
        self._found[key] = Result(faults=(fault(row["sf__Error"]),))

    def unprocessed(self, key: str, row: Mapping[str, str], *, created: bool) -> None:
        given_up = Result(faults=(Fault(UNPROCESSED, f"Not processed: {self.reason}"),))
        self._found.setdefault(key, None if self._resend else given_up)


def fault(cell: str) -> Fault:
    """An error as a result set words it: `CODE:message:field,field --`."""
    parts = _ERROR.fullmatch(cell)
    if parts is None:
        return Fault("UNKNOWN", cell or "refused without a reason")
    code, message, fields = parts[1], parts[2], parts[3] or ""
    names = tuple(name.strip() for name in fields.split(",") if name.strip())
    found = Fault(code, " ".join(message.split()), names)
    return replace(found, existing_id=existing_id(found.code, found.message))


def _named(rows: Iterable[list[str]], key: str) -> Iterator[dict[str, str]]:
    """The rows by column. Raises UnexpectedReplyError where the key column lacks."""
    header: list[str] | None = None
    for row in rows:
        if header is None:
            header = row
            if key not in header:
                raise UnexpectedReplyError(f"A result set has no column {key}.")
        elif row != header:
            yield dict(zip(header, row, strict=True))


def _key(call: Call) -> str:
    return call.stamp_field if call.verb == "upsert" else "Id"


def _cells(call: Call, row: Row) -> dict[str, RawValue]:
    return dict(row.fields) if call.verb == "upsert" else {"Id": row.id, **row.fields}


def _columns(call: Call, cells: Sequence[Mapping[str, RawValue]]) -> list[str]:
    """The key first: a result row that was cut off then never shows half a key."""
    return list(dict.fromkeys([_key(call), *(name for row in cells for name in row)]))


def _parts(call: Call, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in jobs that are not too large; sizes are estimated on the safe side."""
    part: list[Row] = []
    size = 0
    for row in rows:
        # at most four bytes a character, or doubled quotes, and a comma a column
        length = sum(4 * len(str(value)) + 4 for value in row.fields.values()) + 64
        if part and (size + length > MOST_BYTES or len(part) >= MOST_ROWS):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part
