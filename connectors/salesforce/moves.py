"""Conversions, merges and restores, each exactly once: looked up again wherever in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Convert, Merge, RemoteId, Restore, Write
from connectors.salesforce import soql
from connectors.salesforce.collections import Result, Row
from connectors.salesforce.errors import LOCK_CODE, record_error
from connectors.salesforce.ledger import Item, Ledger, may_have_happened
from connectors.salesforce.reads import Reader
from connectors.salesforce.soap import CONVERSIONS, MERGED_AT_ONCE, MERGES, UNDELETES, Soap
from core.clock import Clock
from core.errors import ConnectorError, NotFoundError, RecordError, RejectedError

WHOLE = (Restore, Merge, Convert)
MERGEABLE = frozenset({"Account", "Contact", "Lead"})
CONVERTIBLE = frozenset({"Lead"})
QUEUE = "00G"
ROUNDS = 5
PAUSE = 0.5

State = Mapping[str, Any]
"""A record as a look-up shows it; empty where there is none."""
Verdict = Result | RecordError | None
"""Done already, impossible, or to be sent."""


@dataclass(slots=True)
class Task:
    """One write on its way. `left` are the losers still to be merged."""

    item: Item
    write: Any
    id: str
    left: list[str] = field(default_factory=list)
    begun: bool = False
    """Something of it may have happened."""
    partly: bool = False
    """Some losers have been merged."""


class MoveWriter:
    """Carries out what changes records as a whole."""

    def __init__(self, soap: Soap, reader: Reader, clock: Clock, patience: float) -> None:
        self._soap = soap
        self._reader = reader
        self._clock = clock
        self._patience = patience
        self._status = ""

    def settle(self, object_type: str, placed: Sequence[tuple[int, Write]], ledger: Ledger) -> None:
        """Note an outcome for each write. Raises a ConnectorError only where nothing of the
        whole `apply` was sent yet."""
        for verb, size in ((Restore, UNDELETES), (Merge, MERGES), (Convert, CONVERSIONS)):
            waiting = [
                task
                for place, write in placed
                if isinstance(write, verb)
                if (task := _task(object_type, place, write, ledger)) is not None
            ]
            while waiting:
                batch = _apart(waiting, size)
                chosen = {task.item.place for task in batch}
                waiting = [task for task in waiting if task.item.place not in chosen]
                self._batch(object_type, verb, batch, ledger)

    def _batch(self, object_type: str, verb: type, tasks: list[Task], ledger: Ledger) -> None:
        judge, send = {
            Restore: (_judge_restore, self._restore),
            Merge: (_judge_merge, self._merge),
            Convert: (_judge_convert, self._convert),
        }[verb]
        try:
            self._once_each(object_type, tasks, ledger, judge, send)
        except ConnectorError as error:
            begun = [task for task in tasks if task.begun]
            if not begun and not ledger.acknowledged:
                raise
            ledger.failed([task.item for task in tasks], error)

    def _once_each(
        self,
        object_type: str,
        tasks: list[Task],
        ledger: Ledger,
        judge: Callable[[Task, Mapping[str, State]], Verdict],
        send: Callable[[str, Sequence[Task]], list[Result]],
    ) -> None:
        """Look, send what is to be sent, and where that left a doubt look again."""
        waiting, look = tasks, True
        for turn in range(ROUNDS):
            if look:
                waiting = self._looked(object_type, waiting, ledger, judge)
            if not waiting:
                return
            if turn:
                self._clock.sleep(min(PAUSE * 2**turn, self._patience / ROUNDS))
            waiting, look = self._sent(object_type, waiting, ledger, send, last=turn == ROUNDS - 1)
        if look:
            waiting = self._looked(object_type, waiting, ledger, judge)
        for task in waiting:
            ledger.lose(task.item, "Its answer was lost each time it was sent.")

    def _looked(
        self,
        object_type: str,
        tasks: list[Task],
        ledger: Ledger,
        judge: Callable[[Task, Mapping[str, State]], Verdict],
    ) -> list[Task]:
        """The tasks that are to be sent; the others are settled by what is there."""
        states = self._states(object_type, tasks)
        left = []
        for task in tasks:
            verdict = judge(task, states)
            if verdict is None:
                left.append(task)
            elif isinstance(verdict, Result):
                ledger.succeed(task.item, verdict)
            else:
                _refused(task, verdict, ledger)
        return left

    def _states(self, object_type: str, tasks: Sequence[Task]) -> dict[str, State]:
        columns = ["Id", "IsDeleted"]
        columns += ["MasterRecordId"] if object_type in MERGEABLE else []
        columns += ["IsConverted", "ConvertedContactId", "OwnerId"] if object_type == "Lead" else []
        ids = {id for task in tasks for id in (task.id, *task.left)}
        quoted = [soql.text(id) for id in sorted(ids)]
        states: dict[str, State] = {}
        for group in soql.chunks(quoted, soql.URL_BUDGET - 500):
            query = soql.select(columns, object_type, f"Id IN ({','.join(group)})")
            states |= {row["Id"]: row for row in self._reader.rows(query, deleted=True)}
        return states

    def _sent(
        self,
        object_type: str,
        tasks: list[Task],
        ledger: Ledger,
        send: Callable[[str, Sequence[Task]], list[Result]],
        *,
        last: bool,
    ) -> tuple[list[Task], bool]:
        """What is to be sent again, and whether to look first."""
        try:
            results = send(object_type, tasks)
        except ConnectorError as error:
            if not may_have_happened(error):
                raise
            for task in tasks:
                task.begun = True
            return tasks, True
        again: list[Task] = []
        look = False
        for task, result in zip(tasks, results, strict=True):
            if not result.faults:
                task.left = task.left[MERGED_AT_ONCE:]
                if task.left:
                    task.partly = True
                    again.append(task)
                else:
                    ledger.succeed(task.item, result)
            elif result.faults[0].code == LOCK_CODE and not last:
                again.append(task)
            elif task.begun and not last:
                # refused perhaps because the lost call came through meanwhile
                task.begun = False
                again.append(task)
                look = True
            else:
                _refused(task, record_error(result.faults, existing=False), ledger)
        return again, look

    # -- sending ------------------------------------------------------------------------------

    def _restore(self, _object_type: str, tasks: Sequence[Task]) -> list[Result]:
        return self._soap.undelete([task.id for task in tasks])

    def _merge(self, object_type: str, tasks: Sequence[Task]) -> list[Result]:
        return self._soap.merge(object_type, [(t.id, t.left[:MERGED_AT_ONCE]) for t in tasks])

    def _convert(self, _object_type: str, tasks: Sequence[Task]) -> list[Result]:
        results = self._soap.convert([self._wish(task.write, task.id) for task in tasks])
        # the lead goes on as another record; the outcome is about the lead
        return [
            Result(task.id) if not result.faults else result
            for task, result in zip(tasks, results, strict=True)
        ]

    def _wish(self, write: Convert, lead: RemoteId) -> Mapping[str, Any]:
        """A LeadConvert; its elements in the order of the schema."""
        given: dict[str, str | bool | None] = {
            "accountId": write.account_id,
            "contactId": write.contact_id,
            "convertedStatus": write.status or self._converted_status(),
            "doNotCreateOpportunity": write.opportunity_name is None,
            "leadId": lead,
            "opportunityName": write.opportunity_name,
            "overwriteLeadSource": False,
            "ownerId": write.owner_id,
            "sendNotificationEmail": False,
        }
        return {key: value for key, value in given.items() if value is not None}

    def _converted_status(self) -> str:
        """The first status that means converted; "" (which Salesforce refuses) without one."""
        if not self._status:
            query = soql.select(
                ["MasterLabel"], "LeadStatus", "IsConverted = true", "ORDER BY SortOrder LIMIT 1"
            )
            rows = self._reader.rows(query)
            self._status = str(rows[0]["MasterLabel"]) if rows else ""
        return self._status


def _refused(task: Task, error: RecordError, ledger: Ledger) -> None:
    """Refused means that nothing happened, which is not so once some losers are merged."""
    if task.partly:
        ledger.lose(task.item, f"Some records were merged, others not: {error}")
    else:
        ledger.refuse(task.item, error)


def _task(object_type: str, place: int, write: Write, ledger: Ledger) -> Task | None:
    """The write as a task; None where it can never be carried out, which is then its outcome."""
    given = write.survivor if isinstance(write, Merge) else getattr(write, "id", "")
    id = soql.id18(given)
    item = Item(place, write.op, Row(id or ""))
    task = Task(item, write, id or "")
    error: RecordError | None = None
    if isinstance(write, Merge):
        task.left = [loser for given in write.losers if (loser := soql.id18(given))]
        error = _unfit_merge(object_type, write, task)
    elif isinstance(write, Convert) and object_type not in CONVERTIBLE:
        error = RejectedError(f"{object_type} records cannot be converted.", field="Id")
    if id is None:
        error = NotFoundError(f"{given!r} is not the id of a Salesforce record.")
    if error is not None:
        ledger.refuse(item, error)
        return None
    return task


def _unfit_merge(object_type: str, write: Merge, task: Task) -> RecordError | None:
    if object_type not in MERGEABLE:
        return RejectedError(f"{object_type} records cannot be merged.")
    if len(task.left) < len(write.losers) or not task.left:
        return NotFoundError(f"{', '.join(write.losers) or 'nothing'}: no ids of records to merge.")
    if task.id in task.left or len(set(task.left)) < len(task.left):
        return RejectedError("A record cannot be merged with itself, nor twice.")
    return None


def _apart(tasks: Sequence[Task], size: int) -> list[Task]:
    """Tasks that may go into one call: as many as it takes, no record in two of them, and none
    before an earlier one with a record of its own."""
    seen: set[str] = set()
    batch: list[Task] = []
    for task in tasks:
        ids = {task.id, *task.left}
        if not ids & seen and len(batch) < size:
            batch.append(task)
        seen |= ids
    return batch


def _judge_restore(task: Task, states: Mapping[str, State]) -> Verdict:
    state = states.get(task.id)
    if not state:
        return NotFoundError(f"{task.id} is not in the recycle bin.")
    return None if state["IsDeleted"] else Result(task.id)


def _judge_merge(task: Task, states: Mapping[str, State]) -> Verdict:
    survivor = states.get(task.id)
    if not survivor or survivor["IsDeleted"]:
        return NotFoundError(f"The survivor {task.id} does not exist.")
    task.left = [loser for loser in task.left if not _absorbed(states.get(loser), task.id)]
    gone = [loser for loser in task.left if states.get(loser, {}).get("IsDeleted", True)]
    if gone:
        return NotFoundError(f"{', '.join(gone)} cannot be merged: deleted, or never there.")
    return None if task.left else Result(task.id)


def _absorbed(loser: State | None, survivor: str) -> bool:
    return loser is not None and loser.get("MasterRecordId") == survivor


def _judge_convert(task: Task, states: Mapping[str, State]) -> Verdict:
    lead = states.get(task.id)
    if not lead or lead["IsDeleted"]:
        return NotFoundError(f"The lead {task.id} does not exist.")
    if lead["IsConverted"]:
        if task.begun:
            return Result(task.id)
        return RejectedError(
            f"The lead {task.id} is converted already.",
            vendor_code="CANNOT_UPDATE_CONVERTED_LEAD",
        )
    if str(lead["OwnerId"]).startswith(QUEUE) and task.write.owner_id is None:
        return RejectedError(
            f"The lead {task.id} belongs to a queue; a conversion needs an owner who is a user.",
            field="OwnerId",
            remedy="Give the lead an owner in Salesforce, or set a fallback owner for this side.",
        )
    return None
