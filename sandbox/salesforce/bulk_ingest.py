"""The work of a Bulk ingest job: rows in, outcomes by row, results as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import Any

from sandbox.salesforce.bulk_csv import LINE_ENDINGS, NULL, CsvError, Reader, written
from sandbox.salesforce.bulk_jobs import Job, JobFailedError
from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.collections_api import existing
from sandbox.salesforce.errors import AmbiguousError, SalesforceError
from sandbox.salesforce.org import Actor, Org
from sandbox.salesforce.records import create, delete, update, upsert

CHUNK = 200
_RESULT_ROWS = 2_000
_LOST = "InternalServerError : the job could not be completed"

Fields = dict[str, Any]
Outcome = tuple[str, bool]
Line = Callable[[Reader, str, str, str], str]


class Ingest:
    """The rows of one job on their way; outcomes are kept as the vendor shows them."""

    def __init__(self, org: Org, job: Job, kind: ObjectType) -> None:
        self.processed = 0
        self.failed = 0
        self._org, self._job, self._kind = org, job, kind
        self._actor = Actor(job.actor, allow_duplicates=job.allow_duplicates)
        self._good: list[tuple[str, str, str]] = []
        self._bad: list[tuple[str, str, str]] = []
        self._reader: Reader | None = None
        self._records: Iterator[str] = iter(())
        self._stop: int | None = None

    def forward(self, rows: int) -> bool:
        if self._reader is None:
            self._open()
        for _ in range(max(1, rows // CHUNK)):
            records = list(islice(self._records, CHUNK))
            self._process(records)
            if len(records) < CHUNK:
                return True
            if self._stop is not None and self.processed >= self._stop:
                raise JobFailedError(_LOST)
        return False

    def _open(self) -> None:
        job = self._job
        try:
            self._reader = Reader(job.data, job.delimiter, job.line_ending)
        except CsvError as error:
            raise JobFailedError(str(error)) from None
        self._records = self._reader.records()
        key = blake2b(job.data, digest_size=8).hexdigest()
        rows = job.data.count(b"\n")
        job.data = b""
        for name in self._reader.header:
            self._check_column(name)
        if self._org.quirks.strikes("bulk_failed_jobs", key):
            self._stop = rows // 2
            if self._stop < CHUNK:
                raise JobFailedError(_LOST)

    def _check_column(self, name: str) -> None:
        own, _, parent = name.partition(".")
        known = self._kind.relationships if parent else self._kind.fields
        if own.lower() not in known:
            raise JobFailedError(f"InvalidBatch : Field name not found : {name}")
        if self._job.operation in ("delete", "hardDelete") and name.lower() != "id":
            raise JobFailedError(f"InvalidBatch : Delete takes only the Id column, not {name}")

    def _process(self, records: list[str]) -> None:
        parsed = [self._parsed(record) for record in records]
        keys = Counter(
            str(fields.get(self._job.external_id or "")).casefold()
            for fields in parsed
            if isinstance(fields, dict)
        )
        for record, fields in zip(records, parsed, strict=True):
            self.processed += 1
            try:
                if isinstance(fields, CsvError):
                    raise SalesforceError("INVALID_CSV_ROW", str(fields))  # noqa: TRY301
                id_, made = self._perform(fields, keys)
                self._good.append((id_, "true" if made else "false", record))
            except (SalesforceError, AmbiguousError) as error:
                self.failed += 1
                self._bad.append((self._shown_id(fields), cell_of(error), record))

    def _shown_id(self, fields: Fields | CsvError) -> str:
        return str(fields.get("Id") or "") if isinstance(fields, dict) else ""

    def _parsed(self, record: str) -> Fields | CsvError:
        """The fields of a row: empty cells are left out, `#N/A` empties a field."""
        assert self._reader is not None
        header = self._reader.header
        try:
            cells = self._reader.cells(record)
        except CsvError as error:
            return error
        if len(cells) != len(header):
            return CsvError(f"the row has {len(cells)} columns, the header {len(header)}")
        fields: Fields = {}
        for name, text in zip(header, cells, strict=True):
            if text == "":
                continue
            value = None if text == NULL else text
            parent, _, key = name.partition(".")
            if key:
                fields[parent] = None if value is None else {key: value}
            else:
                fields["Id" if name.lower() == "id" else name] = value
        return fields

    def _perform(self, fields: Fields, keys: Counter[str]) -> Outcome:
        work: Callable[[Fields, Counter[str]], Outcome] = {
            "insert": self._insert, "update": self._update, "upsert": self._upsert,
            "delete": self._delete,
        }[self._job.operation]  # fmt: skip
        return work(fields, keys)

    def _insert(self, fields: Fields, keys: Counter[str]) -> Outcome:
        return create(self._org, self._kind, fields, self._actor), True

    def _update(self, fields: Fields, keys: Counter[str]) -> Outcome:
        id_ = self._id(fields)
        rest = {name: value for name, value in fields.items() if name != "Id"}
        update(self._org, self._kind, id_, rest, self._actor)
        return id_, False

    def _upsert(self, fields: Fields, keys: Counter[str]) -> Outcome:
        name = self._job.external_id or "Id"
        value = fields.get(name)
        if not value and name != "Id":
            raise SalesforceError("MISSING_ARGUMENT", f"{name} not specified", [])
        if value and keys[str(value).casefold()] > 1:
            message = f"Duplicate external id specified: {value}"
            raise SalesforceError("DUPLICATE_VALUE", message, [name])
        return upsert(self._org, self._kind, name, str(value or ""), fields, self._actor)

    def _delete(self, fields: Fields, keys: Counter[str]) -> Outcome:
        id_ = self._id(fields)
        delete(self._org, self._kind, id_, self._actor)
        return id_, False

    def _id(self, fields: Fields) -> str:
        if not fields.get("Id"):
            raise SalesforceError("MISSING_ARGUMENT", "Id not specified", [])
        return existing(self._org, self._kind, str(fields["Id"]))

    # results

    def successful(self) -> Iterator[bytes]:
        return self._results(("sf__Id", "sf__Created"), self._good, self._good_line)

    def unsuccessful(self) -> Iterator[bytes]:
        return self._results(("sf__Id", "sf__Error"), self._bad, self._bad_line)

    def unprocessed(self) -> Iterator[bytes]:
        """The raw rows that the job never came to, under the header."""
        ending = LINE_ENDINGS[self._job.line_ending]
        if self._reader is None:
            return iter((self._job.data,))
        head = self._reader.delimiter.join(self._reader.header)
        self._rest: list[str] = list(self._records)
        self._records = iter(self._rest)
        return ((row + ending).encode() for row in (head, *self._rest))

    def _results(
        self, first: tuple[str, str], rows: Iterable[tuple[str, str, str]], line: Line
    ) -> Iterator[bytes]:
        """Outcome columns before the row's own, in an order of the vendor's choosing."""
        job, reader = self._job, self._reader
        if reader is None:
            return
        mixed = self._org.quirks.shuffled("shuffled_results", list(rows), f"{job.id} {first}")
        yield written([[*first, *reader.header]], job.delimiter, job.line_ending).encode()
        for start in range(0, len(mixed), _RESULT_ROWS):
            shown = mixed[start : start + _RESULT_ROWS]
            yield "".join(line(reader, *one) for one in shown).encode()

    def _good_line(self, reader: Reader, id_: str, made: str, record: str) -> str:
        """A row as it was sent behind its outcome."""
        between, ending = reader.delimiter, LINE_ENDINGS[self._job.line_ending]
        return f'"{id_}"{between}"{made}"{between}{record}{ending}'

    def _bad_line(self, reader: Reader, id_: str, outcome: str, record: str) -> str:
        """A row behind its error; one that could not be read is shown in the first column."""
        job = self._job
        first = written([[id_, outcome]], job.delimiter, "LF").removesuffix("\n")
        try:
            fits = len(reader.cells(record)) == len(reader.header)
        except CsvError:
            fits = False
        if not fits:
            cells = [record, *[""] * (len(reader.header) - 1)]
            record = written([cells], job.delimiter, "LF").removesuffix("\n")
        return f"{first}{reader.delimiter}{record}{LINE_ENDINGS[job.line_ending]}"


def cell_of(error: SalesforceError | AmbiguousError) -> str:
    """An error as `sf__Error` has it: CODE:message:fields --."""
    if isinstance(error, AmbiguousError):
        return (
            "DUPLICATE_EXTERNAL_ID:A user-specified external ID matches more than one record "
            "during an upsert.:--"
        )
    code = error.code
    if code == "JSON_PARSER_ERROR":
        code = "INVALID_TYPE_ON_FIELD_IN_RECORD"
    named = ",".join(error.fields or ())
    return f"{code}:{error.message}:{named} --" if named else f"{code}:{error.message}:--"
