"""HubSpot's batch calls: answers mapped to their inputs, refusals taken apart."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import NotFoundError, SchemaDriftError

from .client import Api, Reply
from .errors import AnswerLostError, Complaint, complaint
from .jobs import Job
from .routes import Routes
from .wire import Row, is_id, row_id, row_properties

REFUSALS = (400, 404, 409)
SUSPECTS = 10
"""Most records that are tried one by one because a refusal quotes their value."""


class Batches:
    """Sends jobs of one verb; afterwards each has an echo, an error or an `unknown`."""

    def __init__(self, api: Api, routes: Routes) -> None:
        self._api = api
        self._routes = routes
        self._made: deque[str] = deque(maxlen=1000)
        """Records lately told as created: no later write has made them, whatever their time says,
        which HubSpot's clock tells by the second."""

    def send(self, object_type: str, verb: str, jobs: Sequence[Job]) -> None:
        """Send jobs (at most a hundred) whose properties are to be written.

        A batch that HubSpot refuses as a whole is divided until the bad record stands alone;
        of that record the fields that HubSpot names are left out and reported in `refused`.
        """
        jobs = [job for job in jobs if self._sendable(object_type, job)]
        if not jobs:
            return
        try:
            reply = self._post(object_type, verb, jobs)
        except AnswerLostError as error:
            for job in jobs:
                job.unknown = error.message
            return
        if reply.ok:
            self._take(object_type, verb, jobs, reply)
        else:
            self._divide(object_type, verb, jobs, complaint(reply.body, reply.status))

    def archive(self, object_type: str, jobs: Sequence[Job]) -> None:
        """Archive; a batch that is refused is halved. The answer has no body."""
        jobs = [job for job in jobs if self._sendable(object_type, job)]
        if not jobs:
            return
        for job in jobs:
            job.sent = True
        try:
            reply = self._api.call(
                "POST",
                f"{self._routes.objects}/{object_type}/batch/archive",
                body={"inputs": [{"id": job.id} for job in jobs]},
                accept=REFUSALS,
            )
        except AnswerLostError as error:
            for job in jobs:
                job.unknown = error.message
            return
        if not reply.ok and len(jobs) > 1:
            half = len(jobs) // 2
            self.archive(object_type, jobs[:half])
            self.archive(object_type, jobs[half:])
        else:
            _archived(jobs, reply)

    def _sendable(self, object_type: str, job: Job) -> bool:
        """An id that cannot be HubSpot's would spoil the whole batch."""
        if job.id is not None and not is_id(job.id):
            job.error = NotFoundError(f"HubSpot has no {object_type} record {job.id!r}")
        return job.error is None

    def _post(self, object_type: str, verb: str, jobs: Sequence[Job]) -> Reply:
        for job in jobs:
            job.sent = True
        return self._api.call(
            "POST",
            f"{self._routes.objects}/{object_type}/batch/{verb}",
            body={"inputs": [_input(verb, number, job) for number, job in enumerate(jobs)]},
            accept=REFUSALS,
            needs="results",
            repeat=verb != "create",
        )

    def _take(self, object_type: str, verb: str, jobs: Sequence[Job], reply: Reply) -> None:
        """Map a 200 or 207 to its inputs; the order of the results means nothing."""
        rows: list[Row] = list(reply.results)
        left = list(jobs)
        for row in rows:
            job = _job_of(row, verb, jobs, left, alone=len(rows) == 1)
            if job is not None:
                left.remove(job)
                id = row_id(row)
                job.answer(row, id, None if id in self._made else reply.repeated_since)
                if job.created:
                    self._made.append(id)
        unmapped = len(rows) - (len(jobs) - len(left))
        said = [complaint(error) for error in _errors(reply)]
        for number, job in enumerate(jobs):
            mine = [c for c in said if job in left and _about(c, str(number), job)]
            if mine or (said and len(jobs) == 1 and job in left):
                left.remove(job)
                self._complain(object_type, verb, job, (mine or said)[0])
        self._again(object_type, verb, left, sure=not unmapped and bool(said))

    def _again(self, object_type: str, verb: str, left: Sequence[Job], *, sure: bool) -> None:
        """Inputs that the answer mentions neither as done nor as refused: sent one by one where
        a repeat is harmless, or where the refusals account for them."""
        for job in left:
            job.repeats += 1
            if job.repeats == 1 and (sure or verb != "create"):
                self.send(object_type, verb, [job])
            else:
                job.unknown = "HubSpot's answer did not mention this record"

    def _divide(self, object_type: str, verb: str, jobs: Sequence[Job], said: Complaint) -> None:
        wide = said.property_wide
        if len(jobs) == 1:
            self._complain(object_type, verb, jobs[0], said)
        elif drifted := [job for job in jobs if said.unknown_properties & job.properties.keys()]:
            for job in drifted:
                self._complain(object_type, verb, job, said)
            self.send(object_type, verb, [job for job in jobs if job not in drifted])
        elif unfit := [job for job in jobs if _unfit(job, said)]:
            for job in unfit:
                _leave_out(job, _unfit(job, said), said)
            self.send(object_type, verb, [job for job in jobs if job.properties])
        elif any(wide & job.properties.keys() for job in jobs):
            for job in jobs:
                _leave_out(job, wide & job.properties.keys(), said)
            self.send(object_type, verb, [job for job in jobs if job.properties])
        else:
            for part in _parts(jobs, said):
                self.send(object_type, verb, part)

    def _complain(self, object_type: str, verb: str, job: Job, said: Complaint) -> None:
        """A refusal of one record: try again without the fields that it names, if any is left.

        What exists already cannot be created by leaving out the field that shows it, and nothing
        is left out silently of a schema that has changed: `drift` names what is gone.
        """
        if gone := said.unknown_properties & job.properties.keys():
            job.drift = frozenset(gone)
            job.error = said.error(min(gone))
            return
        if job.stamp in said.property_wide:
            raise SchemaDriftError(f"HubSpot's {object_type} cannot be stamped: {said.message}")
        named = said.fields.keys() & job.properties.keys() - {job.stamp}
        if not named or (verb != "update" and said.duplicate):
            job.error = said.error()
            return
        _leave_out(job, named, said)
        if job.properties:
            self.send(object_type, verb, [job])


def _archived(jobs: Sequence[Job], reply: Reply) -> None:
    """What became of records that were to be archived, by a success (maybe in part) or by the
    refusal of a single one."""
    refused = [] if reply.ok else [complaint(reply.body, reply.status)]
    for said in [*refused, *(complaint(error) for error in _errors(reply))]:
        for job in jobs:
            if len(jobs) == 1 or job.id in said.ids:
                job.error = said.error()
    for job in jobs:
        if job.error is None:
            job.echo = {"id": job.id, "properties": {}}


def _input(verb: str, number: int, job: Job) -> dict[str, Any]:
    row: dict[str, Any] = {"properties": job.properties, "objectWriteTraceId": str(number)}
    if verb == "update":
        row["id"] = job.id
    elif job.stamp is not None:
        row |= {"id": job.properties[job.stamp], "idProperty": job.stamp}
    return row


def _job_of(
    row: Row, verb: str, jobs: Sequence[Job], left: Sequence[Job], *, alone: bool
) -> Job | None:
    """Whose result this is: by the trace id, else by the id or the stamp, else by the values."""
    trace = str(row.get("objectWriteTraceId") or "")
    if trace.isdigit() and int(trace) < len(jobs) and jobs[int(trace)] in left:
        return jobs[int(trace)]
    if alone and len(jobs) == 1:
        return jobs[0]
    properties = row_properties(row)
    if verb == "update":
        same = [job for job in left if job.id == row_id(row)]
    elif verb == "upsert":
        same = [job for job in left if job.stamp and properties.get(job.stamp) == job.key_value]
    else:
        same = [job for job in left if _shows(properties, job.properties)]
    return same[0] if len(same) == 1 else None


def _shows(properties: Mapping[str, Any], sent: Mapping[str, str]) -> bool:
    return all(properties.get(name) == value for name, value in sent.items())


def _about(said: Complaint, trace: str, job: Job) -> bool:
    return trace in said.traces or job.id in said.ids or job.key_value in said.ids


def _errors(reply: Reply) -> list[Mapping[str, Any]]:
    return [error for error in reply.body.get("errors") or () if isinstance(error, Mapping)]


def _leave_out(job: Job, names: set[str], said: Complaint) -> None:
    """Take properties out of a write; one that has nothing else to say is refused."""
    for name in names:
        job.properties.pop(name)
        job.refused[name] = said.error(name)
    if not (job.properties.keys() - {job.stamp} or job.associations):
        job.error = said.error()


def _unfit(job: Job, said: Complaint) -> set[str]:
    """Properties (not the stamp) whose value does not fit, in whichever record it stands."""
    return {
        name
        for name, value in job.properties.items()
        if name != job.stamp and said.refuses(name, value)
    }


def _parts(jobs: Sequence[Job], said: Complaint) -> list[list[Job]]:
    """The records whose value the refusal quotes one by one, and the rest together; where that
    tells nothing, halves."""
    suspects = [
        job
        for job in jobs
        if any(
            value and value in said.message
            for value in (job.properties.get(name, "") for name in said.fields)
        )
    ]
    if 0 < len(suspects) < len(jobs) and len(suspects) <= SUSPECTS:
        rest = [job for job in jobs if job not in suspects]
        return [*([job] for job in suspects), rest]
    half = len(jobs) // 2
    return [list(jobs[:half]), list(jobs[half:])]
