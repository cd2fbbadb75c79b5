"""Carrying out writes in batches, with one outcome for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from connectors.base import (
    Archive,
    Create,
    Done,
    Merge,
    Outcome,
    Refused,
    RemoteId,
    RemoteRecord,
    Unknown,
    Update,
    Write,
)
from core.errors import (
    ConnectorError,
    NotFoundError,
    RejectedError,
    SchemaDriftError,
    TransientError,
)

from .associations import Associations
from .batches import Batches
from .client import Api, Reply
from .errors import AnswerLostError, complaint
from .jobs import Job, create_job, update_job
from .reads import MERGING, Reader
from .routes import Routes
from .wire import chunks, is_id, plain_fields, row_id

BATCH = 100
MERGE_ATTEMPTS = 3
"""Sendings of one merge whose answer gets lost while the two records are still apart."""
STAGE = "lifecyclestage"
STAGE_REMEDY = (
    "Say `backward: true` in the rule of person.lifecycle_stage, or move the stage back in HubSpot."
)


class Writer:
    """Writes object types with properties and associations."""

    def __init__(
        self,
        api: Api,
        routes: Routes,
        reader: Reader,
        associations: Associations,
        *,
        backward: bool,
    ) -> None:
        self._api = api
        self._routes = routes
        self._reader = reader
        self._associations = associations
        self._batches = Batches(api, routes)
        self._backward = backward

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        """The contract's `apply`: ceil(n/100) calls for each verb that occurs.

        An error about the account is raised when it came before anything was settled; later it
        makes the writes that it hit, and those that were not sent for it, `Unknown`.
        """
        jobs = [self._job(write) for write in writes]
        written = [job for job in jobs if job.verb in WRITING and job.error is None]
        error = self._each_batch(object_type, jobs, _batches(written))
        self._after(object_type, [job for job in written if job.alive])
        others = [job for job in jobs if job.verb not in WRITING and job.error is None]
        self._each_batch(object_type, jobs, _batches(others), error)
        return [self._outcome(object_type, job) for job in jobs]

    def _each_batch(
        self,
        object_type: str,
        jobs: Sequence[Job],
        batches: Iterable[tuple[str, list[Job]]],
        error: ConnectorError | None = None,
    ) -> ConnectorError | None:
        """Carry out batches until an error of the account, which is returned, or raised where
        nothing is settled of all `jobs`; the rest is left."""
        for verb, batch in batches:
            if error is not None:
                _leave(batch, error)
                continue
            try:
                self._carry_out(object_type, verb, batch)
                _check_drift(object_type, jobs)
            except ConnectorError as raised:
                drift = isinstance(raised, SchemaDriftError)
                if not any(job.happened if drift else job.settled for job in jobs):
                    raise
                error = raised
                _leave(batch, error)
        return error

    def _job(self, write: Write) -> Job:
        if isinstance(write, Create):
            return create_job(write)
        if isinstance(write, Update):
            return update_job(write)
        if isinstance(write, Archive):
            return Job(write, "archive", id=write.id)
        if isinstance(write, Merge):
            return Job(write, "merge", id=write.survivor)
        refused = Job(write, "none")
        refused.error = RejectedError(
            f"HubSpot's API has no {type(write).__name__.lower()}", vendor_code="NOT_SUPPORTED"
        )
        return refused

    def _carry_out(self, object_type: str, verb: str, jobs: list[Job]) -> None:
        if verb == "archive":
            self._batches.archive(object_type, jobs)
        elif verb == "merge":
            for job in jobs:
                self._merge(object_type, job)
        else:
            whole = [job for job in jobs if job.properties or verb != "update"]
            self._batches.send(object_type, verb, whole)
            for job in jobs:
                job.skipped = job.echo is None and job.error is None and job.unknown is None

    def _after(self, object_type: str, jobs: list[Job]) -> None:
        """Associations and reading back, of all batches together. The records are written by
        now, so that an error of the account here no longer undoes what is known of them."""
        try:
            for each in _rounds(jobs, lambda job: str(job.id)):
                self._write_associations(object_type, each)
        except ConnectorError as error:
            for job in jobs:
                job.refuse_associations(error)
        try:
            self._read_back(object_type, jobs)
        except ConnectorError:
            for job in jobs:
                job.shown = None

    # --- associations ------------------------------------------------------------------------

    def _write_associations(self, object_type: str, jobs: list[Job]) -> None:
        for name in sorted({name for job in jobs for name in job.associations}):
            concerned = {str(job.id): job for job in jobs if name in job.associations}
            done = self._associations.write(
                object_type,
                name,
                {id: job.associations[name] for id, job in concerned.items()},
                new=[id for id, job in concerned.items() if job.created],
                expected={
                    id: job.expected[name]
                    for id, job in concerned.items()
                    if isinstance(job.expected.get(name), list)
                },
            )
            for id, job in concerned.items():
                job.associated(name, done.values.get(id, []), sure=id in done.sure)
                if id in done.refused:
                    job.refused[name] = done.refused[id]

    # --- reading back ------------------------------------------------------------------------

    def _read_back(self, object_type: str, jobs: list[Job]) -> None:
        """Give every job the record as it is now: from the answer to the write where that shows
        all fields, else by one read per hundred. A lifecycle stage is always read: HubSpot
        keeps quiet when it does not take one."""
        unsure = [job for job in jobs if job.needs_reading(STAGE)]
        self._show(object_type, unsure)
        silent = [job for job in unsure if self._stage_refused(job)]
        if silent and self._backward:
            self._set_back(object_type, silent)
            self._show(object_type, silent)
        for job in silent:
            if self._stage_refused(job):
                job.refused[STAGE] = RejectedError(
                    f"HubSpot kept the lifecycle stage instead of {job.wanted[STAGE]!r}",
                    field=STAGE,
                    vendor_code="LIFECYCLE_BACKWARD",
                    remedy=STAGE_REMEDY,
                )

    def _show(self, object_type: str, jobs: list[Job]) -> None:
        if not jobs:
            return
        fields = sorted({name for job in jobs for name in plain_fields(job.fields)})
        ids = sorted({str(job.id) for job in jobs})
        rows = {row_id(row): row for row in self._reader.rows(object_type, fields, ids)}
        for job in jobs:
            job.shown = rows.get(str(job.id))
            if job.shown is None and job.skipped:
                job.error = NotFoundError(f"HubSpot has no {object_type} record {job.id}")

    def _stage_refused(self, job: Job) -> bool:
        wanted = job.wanted.get(STAGE)
        if not wanted or STAGE in job.refused or job.shown is None:
            return False
        return bool(job.shown["properties"].get(STAGE) != wanted)

    def _set_back(self, object_type: str, jobs: list[Job]) -> None:
        """A stage moves backward only when it was cleared by a request of its own before."""
        self._batches.send(object_type, "update", [job.step({STAGE: ""}) for job in jobs])
        wanted = [job.step({STAGE: job.wanted[STAGE]}) for job in jobs]
        self._batches.send(object_type, "update", wanted)

    # --- merge -------------------------------------------------------------------------------

    def _merge(self, object_type: str, job: Job) -> None:
        """Merge the losers one after the other; the survivor may get a new id each time."""
        assert isinstance(job.write, Merge)
        survivor = job.write.survivor
        job.sent = True
        if object_type not in MERGING:
            job.error = RejectedError(f"HubSpot does not merge {object_type}")
            return
        for loser in job.write.losers:
            try:
                survivor = self._merge_one(object_type, job, survivor, loser)
            except AnswerLostError as lost:
                job.unknown = lost.message
            if not job.alive:
                return
        job.answer({"id": survivor, "properties": {}}, survivor)
        try:
            self._show(object_type, [job])
        except TransientError:
            job.shown = None

    def _merge_one(
        self, object_type: str, job: Job, survivor: RemoteId, loser: RemoteId
    ) -> RemoteId:
        if survivor == loser or not (is_id(survivor) and is_id(loser)):
            job.error = RejectedError(f"{loser!r} cannot be merged into {survivor!r}")
            return survivor
        for _ in range(MERGE_ATTEMPTS):
            try:
                reply = self._post_merge(object_type, survivor, loser)
            except AnswerLostError:
                reply = None
            if reply is not None and reply.ok:
                return row_id(reply.body)
            merged = self._merged_already(object_type, survivor, loser)
            if merged is not None:
                return merged
            if reply is not None:
                job.error = complaint(reply.body, reply.status).error()
                return survivor
        raise AnswerLostError(f"the answer to merging {loser} into {survivor} was lost")

    def _post_merge(self, object_type: str, survivor: RemoteId, loser: RemoteId) -> Reply:
        return self._api.call(
            "POST",
            f"{self._routes.objects}/{object_type}/merge",
            body={"primaryObjectId": survivor, "objectIdToMerge": loser},
            accept=(400, 404, 409),
            needs="id",
            repeat=False,
        )

    def _merged_already(
        self, object_type: str, survivor: RemoteId, loser: RemoteId
    ) -> RemoteId | None:
        """The record that both ids give, if they were merged: after a lost answer, or after the
        refusal of what an earlier attempt has done."""
        found = self._reader.fetch(object_type, (), [survivor, loser])
        now = {record.requested_id or record.id: record.id for record in found}
        same = now.get(survivor) is not None and now.get(survivor) == now.get(loser)
        return now[survivor] if same else None

    # --- outcomes ----------------------------------------------------------------------------

    def _outcome(self, object_type: str, job: Job) -> Outcome:
        op = job.write.op
        if job.error is not None:
            return Refused(op, job.error)
        if job.unknown is not None or job.id is None:
            return Unknown(op, job.unknown or "HubSpot's answer did not mention this record")
        if job.verb == "archive":
            gone = RemoteRecord(object_type, job.id, archived=True)
            return Done(op, gone, job.id)
        return Done(op, job.record(object_type), job.id, job.created, dict(job.refused))


def _batches(jobs: Sequence[Job]) -> list[tuple[str, list[Job]]]:
    """Batches of one verb each, creates first and merges last; no batch has two writes of one
    record, which HubSpot refuses as a whole."""
    found: list[tuple[str, list[Job]]] = []
    numbers = {id(job): str(number) for number, job in enumerate(jobs)}
    for verb in sorted({job.verb for job in jobs}, key=_ORDER.index):
        same = [job for job in jobs if job.verb == verb]
        rounds = _rounds(same, lambda job: str(job.key or numbers[id(job)]))
        found += [(verb, batch) for each in rounds for batch in chunks(each, BATCH)]
    return found


def _rounds(jobs: Sequence[Job], key: Callable[[Job], str]) -> list[list[Job]]:
    """The jobs in lists that have each key once, in their order."""
    rounds: list[list[Job]] = []
    times: Counter[str] = Counter()
    for job in jobs:
        turn = times[key(job)]
        times[key(job)] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(job)
    return rounds


WRITING = ("upsert", "create", "update")
_ORDER = [*WRITING, "archive", "merge"]


def _check_drift(object_type: str, jobs: Sequence[Job]) -> None:
    """Raise SchemaDriftError where properties are gone and so nothing came of any write."""
    gone = sorted({name for job in jobs for name in job.drift})
    if gone and not any(job.happened for job in jobs):
        raise SchemaDriftError(f"HubSpot's {object_type} have no {', '.join(gone)} any more")


def _leave(jobs: Sequence[Job], error: ConnectorError) -> None:
    """What remains of writes when an error of the account ends the call: whether they left or
    not, nothing is known of them, and only HubSpot itself can refuse one."""
    for job in jobs:
        if not job.settled:
            job.unknown = error.message if job.sent else f"not sent: {error.message}"
