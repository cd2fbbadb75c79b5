"""The jobs of Bulk API 2.0: what a job is, how it goes through its states by the clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Org
from sandbox.salesforce.values import stamp

OPEN, UPLOADED, RUNNING = "Open", "UploadComplete", "InProgress"
COMPLETE, FAILED, ABORTED = "JobComplete", "Failed", "Aborted"
ENDED = frozenset({COMPLETE, FAILED, ABORTED})
POLL_ROWS, PASSING_ROWS = 40_000, 2_000
"""How many rows a request about the job, and any other request, moves it forward at most."""
_KEPT = 7 * 86_400.0
_DAY = 86_400.0
_BEGIN = 0.25


class Work(Protocol):
    """What a job does once it runs."""

    processed: int
    failed: int

    def forward(self, rows: int) -> bool:
        """Process up to so many rows; whether that was the last. Raises JobFailedError."""
        ...


class JobFailedError(Exception):
    """The whole job fails; the message is its errorMessage."""


@dataclass
class Job:
    """One job. `began` is when its data was complete; `work` exists from then on."""

    id: str
    type: str
    operation: str
    object_type: str
    version: str
    actor: str
    created: str
    delimiter: str = "COMMA"
    line_ending: str = "LF"
    external_id: str | None = None
    allow_duplicates: bool = False
    query: str = ""
    state: str = OPEN
    changed: str = ""
    data: bytes = b""
    began: float | None = None
    born: float = 0.0
    error: str | None = None
    work: Work | None = None
    done: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def brief(self) -> dict[str, Any]:
        """The job as its making answers it."""
        shown: dict[str, Any] = {
            "id": self.id, "operation": self.operation, "object": self.object_type,
            "createdById": self.actor, "createdDate": self.created,
            "systemModstamp": self.changed, "state": self.state, "concurrencyMode": "Parallel",
            "contentType": "CSV", "apiVersion": float(self.version),
        }  # fmt: skip
        if self.type == "ingest":
            shown["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        if self.external_id:
            shown["externalIdFieldName"] = self.external_id
        return {**shown, "lineEnding": self.line_ending, "columnDelimiter": self.delimiter}

    def full(self) -> dict[str, Any]:
        """The job as GET shows it."""
        work = self.work
        spent = {"processed": work.processed, "failed": work.failed} if work else {}
        shown = {
            **self.brief(),
            "jobType": "V2Ingest" if self.type == "ingest" else "V2Query",
            "numberRecordsProcessed": spent.get("processed", 0),
            "retries": 0,
            "totalProcessingTime": spent.get("processed", 0) // 10,
        }
        if self.type == "ingest":
            shown |= {
                "numberRecordsFailed": spent.get("failed", 0),
                "apiActiveProcessingTime": spent.get("processed", 0) // 10,
                "apexProcessingTime": 0,
            }
        else:
            shown["isPkChunkingSupported"] = True
        return shown | ({"errorMessage": self.error} if self.error else {})


def text_options(given: dict[str, Any]) -> dict[str, str]:
    """Column delimiter and line ending of a job's body. Raises SalesforceError."""
    delimiter = given.get("columnDelimiter") or "COMMA"
    ending = given.get("lineEnding") or "LF"
    if delimiter not in DELIMITERS or ending not in LINE_ENDINGS:
        raise SalesforceError("INVALIDJOB", f"unknown delimiter or line ending: {delimiter}")
    if str(given.get("contentType") or "CSV").upper() != "CSV":
        raise SalesforceError("INVALIDJOB", "Unsupported content type; use CSV")
    return {"delimiter": delimiter, "line_ending": ending}


class Jobs:
    """The jobs of an organisation; hold its lock while using it."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, Job] = {}
        self._made: deque[float] = deque()

    def make(self, type_: str, **fields: Any) -> Job:
        """A new job, Open. Raises SalesforceError LIMIT_EXCEEDED."""
        now = self._org.clock.now().timestamp()
        while self._made and self._made[0] <= now - _DAY:
            self._made.popleft()
        if type_ == "query":
            if len(self._made) >= self._org.options.bulk_query_jobs:
                raise SalesforceError("LIMIT_EXCEEDED", "Max number of query jobs exceeded")
            self._made.append(now)
        job = Job(self._org.ids.next("750"), type_, actor=self._org.user_id, born=now,
                  created=self._org.now(), changed=self._org.now(), **fields)  # fmt: skip
        self._jobs[job.id] = job
        return job

    @property
    def query_jobs_left(self) -> int:
        return self._org.options.bulk_query_jobs - len(self._made)

    def get(self, id_: str, type_: str) -> Job:
        """A job, moved forward. Raises SalesforceError NOT_FOUND."""
        job = self._jobs.get(id_) or self._jobs.get(_long(id_, self._jobs))
        if job is None or job.type != type_ or self._age(job) > _KEPT:
            raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
        self._forward(job, POLL_ROWS)
        return job

    def listed(self, type_: str) -> Iterator[Job]:
        """The jobs of a type, newest first."""
        found = [job for job in self._jobs.values() if job.type == type_]
        return iter(found[::-1])

    def remove(self, job: Job) -> None:
        """Forget a job. Raises SalesforceError while it may still run."""
        if not job.ended:
            raise SalesforceError("INVALIDJOBSTATE", f"Job is in state {job.state}", status=400)
        del self._jobs[job.id]

    def begin(self, job: Job, work: Work) -> None:
        """Its data is complete: it runs from now on."""
        job.state, job.work = UPLOADED, work
        job.began = self._org.clock.now().timestamp()
        job.changed = self._org.now()

    def abort(self, job: Job) -> None:
        """Stop a job; what it did stays done. Raises SalesforceError when it has ended."""
        if job.ended:
            raise SalesforceError("INVALIDJOBSTATE", f"Job is in state {job.state}", status=400)
        self._end(job, ABORTED)

    def run_due(self) -> None:
        """Move every running job forward a little, as any passing request does."""
        for job in list(self._jobs.values()):
            if job.began is not None and not job.ended:
                self._forward(job, PASSING_ROWS)

    def _forward(self, job: Job, rows: int) -> None:
        if job.began is None or job.ended or job.work is None:
            return
        whole = self._org.quirks.seconds("bulk_seconds")
        spent = self._org.clock.now().timestamp() - job.began
        if spent < whole * _BEGIN:
            return
        job.state = RUNNING
        try:
            job.done = job.done or job.work.forward(rows)
        except JobFailedError as error:
            job.error = str(error)
            self._end(job, FAILED)
            return
        if job.done and spent >= whole:
            self._end(job, COMPLETE)

    def _end(self, job: Job, state: str) -> None:
        job.state, job.changed = state, stamp(self._org.clock.now())

    def _age(self, job: Job) -> float:
        return self._org.clock.now().timestamp() - job.born


def _long(id_: str, known: dict[str, Job]) -> str:
    """The known id that starts with a 15 character one."""
    return next((one for one in known if len(id_) == 15 and one.startswith(id_)), "")
