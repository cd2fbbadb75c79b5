"""Contact roles of opportunities: the wished set made true with as few rows written as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.salesforce import soql, wire
from connectors.salesforce.collections import ROWS, Call, Result, Row, Verb, send
from connectors.salesforce.errors import record_error
from connectors.salesforce.reads import Reader
from connectors.salesforce.transport import Transport
from core.clock import Clock
from core.errors import ConnectorError, RecordError, RejectedError, TransientError

ROLE_TYPE = "OpportunityContactRole"
TRIES = 3
LOCK_PAUSE = 0.5

Wished = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One row to write, for one opportunity."""

    opportunity: str
    row: Row


@dataclass(slots=True)
class Steps:
    """Rows to write, in the order in which the calls are made: there is room for a new primary
    role before it is set."""

    delete: list[Step] = field(default_factory=list)
    update: list[Step] = field(default_factory=list)
    create: list[Step] = field(default_factory=list)


class RoleWriter:
    """Writes contact roles of one account."""

    def __init__(self, transport: Transport, reader: Reader, clock: Clock) -> None:
        self._transport = transport
        self._reader = reader
        self._clock = clock

    def write(self, wished: Mapping[str, Wished]) -> dict[str, RecordError]:
        """Give each opportunity (by id) exactly the wished roles; the errors of those that did
        not come about whole. Never raises a ConnectorError: it is then each one's error.

        An answer that was lost and a row that was locked do no harm: what is there is read
        again and only what still lacks is sent.
        """
        errors: dict[str, RecordError] = {}
        for turn in range(TRIES):
            try:
                errors = self._once(wished)
            except ConnectorError as error:
                text = f"The contact roles may not have been written: {error}"
                errors = {
                    id: RejectedError(text, field=wire.ROLES, retryable=True) for id in wished
                }
                if not isinstance(error, TransientError):
                    break
            if not any(isinstance(e, RejectedError) and e.retryable for e in errors.values()):
                break
            self._clock.sleep(LOCK_PAUSE * 2**turn)
        return errors

    def _once(self, wished: Mapping[str, Wished]) -> dict[str, RecordError]:
        errors: dict[str, RecordError] = {}
        steps = Steps()
        present = self._present(list(wished))
        for id, items in wished.items():
            _compare(steps, id, present.get(id, []), items)
        for verb, listed in _calls(steps):
            call = Call(verb, ROLE_TYPE)
            for step, result in zip(
                listed, send(self._transport, call, [s.row for s in listed]), strict=True
            ):
                if result.faults and not _gone_anyway(verb, result):
                    errors[step.opportunity] = _error(result)
        return errors

    def _present(self, ids: Sequence[str]) -> dict[str, list[wire.Raw]]:
        columns = ["Id", "OpportunityId", "ContactId", "Role", "IsPrimary"]
        found: dict[str, list[wire.Raw]] = {}
        quoted = [soql.text(id) for id in ids]
        for group in soql.chunks(quoted, soql.URL_BUDGET - 500):
            where = f"OpportunityId IN ({','.join(group)})"
            for row in self._reader.rows(soql.select(columns, ROLE_TYPE, where)):
                found.setdefault(row["OpportunityId"], []).append(row)
        return found


def _compare(steps: Steps, id: str, present: Sequence[wire.Raw], wished: Wished) -> None:
    """Add what makes the present rows the wished ones: equal pairs of contact and label first,
    then rows of the same contact change their label."""
    rest = list(present)
    wanting: list[Mapping[str, Any]] = []
    for item in wished:
        row = _take(rest, ContactId=_contact(item), Role=item.get("label"))
        if row is None:
            wanting.append(item)
        else:
            _adjust(steps, id, row, item)
    for item in wanting:
        row = _take(rest, ContactId=_contact(item))
        if row is None:
            fields = {"OpportunityId": id, "ContactId": _contact(item), **_values(item)}
            steps.create.append(Step(id, Row(fields=fields)))
        else:
            _adjust(steps, id, row, item)
    steps.delete += [Step(id, Row(row["Id"])) for row in rest]


def _take(rows: list[wire.Raw], **wanted: Any) -> wire.Raw | None:
    for row in rows:
        if all(row[key] == value for key, value in wanted.items()):
            rows.remove(row)
            return row
    return None


def _adjust(steps: Steps, id: str, row: wire.Raw, item: Mapping[str, Any]) -> None:
    values = _values(item)
    fields = {key: value for key, value in values.items() if row[key] != value}
    if fields:
        # a primary role is taken away before another one is given
        place = 0 if fields.get("IsPrimary") is False else len(steps.update)
        steps.update.insert(place, Step(id, Row(row["Id"], fields)))


def _values(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"Role": item.get("label"), "IsPrimary": bool(item.get("primary"))}


def _contact(item: Mapping[str, Any]) -> str:
    id = str(item["id"])
    return soql.id18(id) or id


def _calls(steps: Steps) -> Iterator[tuple[Verb, list[Step]]]:
    verbs: tuple[tuple[Verb, list[Step]], ...] = (
        ("delete", steps.delete),
        ("update", steps.update),
        ("create", steps.create),
    )
    for verb, listed in verbs:
        for start in range(0, len(listed), ROWS):
            yield verb, listed[start : start + ROWS]


def _gone_anyway(verb: Verb, result: Result) -> bool:
    return verb == "delete" and result.faults[0].code == "ENTITY_IS_DELETED"


def _error(result: Result) -> RecordError:
    error = record_error(result.faults, existing=False)
    if isinstance(error, RejectedError):
        return RejectedError(
            error.message,
            field=wire.ROLES,
            vendor_code=error.vendor_code,
            retryable=error.retryable,
        )
    return error
