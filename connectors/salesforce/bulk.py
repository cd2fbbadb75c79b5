"""Jobs of the Bulk API 2.0: begun, waited for, given up, and their results as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import requests

from connectors.salesforce import csvtext, wire
from connectors.salesforce.csvtext import Table
from connectors.salesforce.sender import ATTEMPTS
from connectors.salesforce.transport import Payload, Request, Transport
from core.clock import Clock
from core.errors import ConnectorError, NetworkError, TransientError, UnexpectedReplyError
from core.log import get_logger

log = get_logger("salesforce")

FIRST_POLL = 0.2
LONGEST_POLL = 20.0
POLL_GROWTH = 1.6
PATIENCE = 3_600
"""Seconds that a job may take before it is given up; `options.bulk_patience`."""
_CHUNK = 64 * 1024
_END = "null"
"""What `Sforce-Locator` says on the last page."""

Kind = Literal["query", "ingest"]
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its id; `created` is the vendor's time of its beginning, where it was told."""

    kind: Kind
    id: str
    created: datetime | None = None

    @property
    def path(self) -> str:
        return f"jobs/{self.kind}/{quote(self.id, safe='')}"

    @property
    def route(self) -> str:
        return f"jobs/{self.kind}/X"


class Jobs:
    """The jobs of one account. Each pause is at most the time-out, all together `patience`."""

    def __init__(self, transport: Transport, clock: Clock, timeout: float, patience: float) -> None:
        self._transport = transport
        self._clock = clock
        self._longest = min(LONGEST_POLL, timeout)
        self._patience = patience

    def begin(self, kind: Kind, wish: Mapping[str, Any]) -> Job:
        """A new job. One whose answer was lost stays open and empty, and does nothing."""
        request = Request(
            "POST", f"jobs/{kind}", f"POST jobs/{kind}", body=wish, write=kind == "ingest"
        )
        body = self._transport.call(request).value()
        if not isinstance(body, dict) or not isinstance(body.get("id"), str):
            raise UnexpectedReplyError(f"{request.route} was answered without a job.")
        return Job(kind, body["id"], wire.when(body.get("createdDate")))

    def upload(self, job: Job, table: Table) -> None:
        """The rows of an ingest job. Salesforce takes only one upload, so a lost answer is not
        repeated: nothing is done until the job is closed, and it can be left."""
        request = Request(
            "PUT",
            f"{job.path}/batches",
            f"PUT {job.route}/batches",
            body=Payload("text/csv; charset=UTF-8", lambda _: table),
            write=True,
            repeatable=False,
            answer="nothing",
        )
        self._transport.call(request).value()

    def close(self, job: Job) -> None:
        """Let Salesforce begin with what was uploaded."""
        answer = self._transport.call(self._turned(job, "UploadComplete"))
        if not answer.ok and self.state(job)["state"] == "Open":
            raise answer.error()

    def abort(self, job: Job) -> None:
        """Give a job up; whether that came through is not known and does not matter."""
        try:
            self._transport.call(self._turned(job, "Aborted"))
        except ConnectorError as error:
            log.debug("job not aborted", job=job.id, reason=str(error))

    def _turned(self, job: Job, state: str) -> Request:
        return Request("PATCH", job.path, f"PATCH {job.route}", body={"state": state}, write=True)

    def state(self, job: Job) -> State:
        """How far the job is; its key `state` is there."""
        body = self._transport.call(Request("GET", job.path, f"GET {job.route}")).value()
        if not isinstance(body, dict) or not isinstance(body.get("state"), str):
            raise UnexpectedReplyError(f"GET {job.route} was answered without a state.")
        return body

    def ended(self, job: Job) -> State | None:
        """The last state of a job: JobComplete, Failed or Aborted; None where it took longer
        than the patience and was given up."""
        start, pause = self._clock.monotonic(), FIRST_POLL
        while True:
            state = self.state(job)
            if state["state"] in ("JobComplete", "Failed", "Aborted"):
                return state
            if self._clock.monotonic() - start + pause > self._patience:
                self.abort(job)
                return None
            self._clock.sleep(min(pause, self._longest))
            pause = min(pause * POLL_GROWTH, self._longest)

    def results(self, job: Job, part: str, locator: str = "", most: int | None = None) -> Results:
        """A result set of an ended job, still to be read."""
        path = f"{job.path}/{part}"
        if most is not None:
            path += f"?maxRecords={most}" + (f"&locator={quote(locator)}" if locator else "")
        request = Request("GET", path, f"GET {job.route}/{part}", headers={"Accept": "text/csv"})
        return Results(self._transport, self._clock, request)


class _OtherOrderError(UnexpectedReplyError):
    """Rows came in another order than before: better some twice than one never."""


def _other_order() -> None:
    raise _OtherOrderError("A result set comes in another order each time it is read.")


class Results:
    """The rows of one result set, header first, each once: a download that breaks off is begun
    again and gone on with behind the last row."""

    def __init__(self, transport: Transport, clock: Clock, request: Request) -> None:
        self._transport = transport
        self._clock = clock
        self._request = request
        self.following: str | None = None
        """The locator of the next page; known once the rows have been read."""

    def __iter__(self) -> Iterator[list[str]]:
        """Raises the ConnectorError of a download that does not come through."""
        told, last = 0, None
        for attempt in range(ATTEMPTS):
            try:
                for number, row in enumerate(self._downloaded(), 1):
                    if number == told and row != last:
                        _other_order()
                    if number > told:
                        told, last = number, row
                        yield row
            except _OtherOrderError:
                told = 0
            except (TransientError, UnexpectedReplyError):
                if attempt == ATTEMPTS - 1:
                    raise
                self._clock.sleep(FIRST_POLL * 2**attempt)
            else:
                return
        _other_order()

    def _downloaded(self) -> Iterator[list[str]]:
        with closing(self._transport.stream(self._request)) as response:
            kind = response.headers.get("Content-Type", "")
            if "csv" not in kind.lower():
                raise UnexpectedReplyError(
                    f"{self._request.route} was answered with {kind or 'no type'} instead of CSV."
                )
            count = -1
            for row in csvtext.read(_chunks(response)):
                count += 1
                yield row
            expected = response.headers.get("Sforce-NumberOfRecords", "")
            if expected.isdigit() and int(expected) != max(count, 0):
                raise UnexpectedReplyError(
                    f"{self._request.route} told {max(count, 0)} of {expected} rows."
                )
            following = response.headers.get("Sforce-Locator", _END)
            self.following = None if following in ("", _END) else following


def _chunks(response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_content(_CHUNK)
    except requests.exceptions.RequestException as error:
        raise NetworkError("A download from Salesforce was cut off.") from error
