"""Rows that link two records (contact roles, relations of a contact with accounts): the wished set
made true with as few rows written as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.salesforce import soql, wire
from connectors.salesforce.collections import ROWS, Call, Result, Row, Verb, send
from connectors.salesforce.errors import record_error
from connectors.salesforce.reads import Reader
from connectors.salesforce.transport import Transport
from core.clock import Clock
from core.errors import (
    ConnectorError,
    RecordError,
    RejectedError,
    TransientError,
    UnexpectedReplyError,
)

TRIES = 3
LOCK_PAUSE = 0.5

Wished = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One row to write, for one record."""

    record: str
    row: Row


@dataclass(slots=True)
class Steps:
    """Rows to write, in the order in which the calls are made: there is room for a new primary
    role before it is set. `refused`: records of which something cannot be had at all."""

    refused: dict[str, RecordError] = field(default_factory=dict)
    delete: list[Step] = field(default_factory=list)
    update: list[Step] = field(default_factory=list)
    create: list[Step] = field(default_factory=list)


Compare = Callable[[Steps, str, Sequence[wire.Raw], Wished], None]
"""(steps, record, rows that are there, wished items): adds what leads from the one to the other."""


class LinkWriter:
    """Writes the link rows of one association field."""

    def __init__(
        self, link: wire.Link, compare: Compare, transport: Transport, reader: Reader, clock: Clock
    ) -> None:
        self.link = link
        self._compare = compare
        self._transport = transport
        self._reader = reader
        self._clock = clock

    def write(self, wished: Mapping[str, Wished]) -> dict[str, RecordError]:
        """Give each record (by id) exactly the wished items; the errors of those that did not
        come about whole. Never raises a ConnectorError: it is then each one's error.

        An answer that was lost and a row that was locked do no harm: what is there is read
        again and only what still lacks is sent.
        """
        errors: dict[str, RecordError] = {}
        for turn in range(TRIES):
            try:
                errors = self._once(wished)
            except ConnectorError as error:
                text = f"{self.link.label} may not have been written: {error}"
                errors = {
                    id: RejectedError(text, field=self.link.field, retryable=True) for id in wished
                }
                if not isinstance(error, TransientError | UnexpectedReplyError):
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
            self._compare(steps, id, present.get(id, []), items)
        errors.update(steps.refused)
        for verb, listed in _calls(steps):
            call = Call(verb, self.link.object_type)
            for step, result in zip(
                listed, send(self._transport, call, [s.row for s in listed]), strict=True
            ):
                if result.faults and not _gone_anyway(verb, result):
                    errors[step.record] = self._error(result)
        return errors

    def _present(self, ids: Sequence[str]) -> dict[str, list[wire.Raw]]:
        owner = self.link.owner
        columns = ["Id", owner, *self.link.columns]
        found: dict[str, list[wire.Raw]] = {}
        quoted = [soql.text(id) for id in ids]
        for group in soql.chunks(quoted, soql.URL_BUDGET - 500):
            where = f"{owner} IN ({','.join(group)})"
            for row in self._reader.rows(soql.select(columns, self.link.object_type, where)):
                found.setdefault(row[owner], []).append(row)
        return found

    def _error(self, result: Result) -> RecordError:
        error = record_error(result.faults, existing=False)
        if not isinstance(error, RejectedError):
            return error
        return RejectedError(
            error.message,
            field=self.link.field,
            vendor_code=error.vendor_code,
            retryable=error.retryable,
        )


def compare_roles(steps: Steps, id: str, present: Sequence[wire.Raw], wished: Wished) -> None:
    """Add what makes the present rows the wished ones: equal pairs of contact and label first,
    then rows of the same contact change their label."""
    rest = list(present)
    wanting: list[Mapping[str, Any]] = []
    for item in _one_primary(wished, present):
        row = _take(rest, ContactId=_linked(item), Role=item.get("label"))
        if row is None:
            wanting.append(item)
        else:
            _adjust(steps, id, row, item)
    for item in wanting:
        row = _take(rest, ContactId=_linked(item))
        if row is None:
            fields = {"OpportunityId": id, "ContactId": _linked(item), **_values(item)}
            steps.create.append(Step(id, Row(fields=fields)))
        else:
            _adjust(steps, id, row, item)
    steps.delete += [Step(id, Row(row["Id"])) for row in rest]


def _one_primary(wished: Wished, present: Sequence[wire.Raw]) -> Wished:
    """The primary person by one of their rows: Salesforce marks one row of an opportunity."""
    whole = [item for item in wished if item.get("primary")]
    now = {(row["ContactId"], row["Role"]) for row in present if row["IsPrimary"]}
    chosen = [item for item in whole if (_linked(item), item.get("label")) in now] or whole
    return [{**item, "primary": bool(chosen) and item is chosen[0]} for item in wished]


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


def _linked(item: Mapping[str, Any]) -> str:
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


def compare_relations(steps: Steps, id: str, present: Sequence[wire.Raw], wished: Wished) -> None:
    """One row for each account, with all its roles. The direct relation is Salesforce's own: it
    goes when the contact gets another account. Relations that have ended are let be."""
    rows = {row["AccountId"]: row for row in present}
    labels: dict[str, set[str]] = {}
    for item in wished:
        labels.setdefault(_linked(item), set()).update(filter(None, [item.get("label")]))
    for account, roles in labels.items():
        row, fields = rows.pop(account, None), {"Roles": ";".join(sorted(roles)) or None}
        if any(";" in role for role in roles):
            reason = "A role holds a semicolon, which separates roles in Salesforce."
            steps.refused[id] = RejectedError(reason, field=wire.RELATIONS)
        elif row is None:
            made = {"AccountId": account, "ContactId": id, **fields}
            steps.create.append(Step(id, Row(fields=made)))
        elif set(wire.roles_of(row)) != roles or not row["IsActive"]:
            steps.update.append(Step(id, Row(row["Id"], {**fields, "IsActive": True})))
    for row in rows.values():
        if row["IsActive"] and row["IsDirect"]:
            reason = "A contact stays related to its own account: give it another account first."
            steps.refused[id] = RejectedError(reason, field=wire.RELATIONS)
        elif row["IsActive"]:
            steps.delete.append(Step(id, Row(row["Id"])))


COMPARE: Mapping[str, Compare] = {wire.ROLES: compare_roles, wire.RELATIONS: compare_relations}
"""How the rows of each association field are compared."""
