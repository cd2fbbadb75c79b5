"""Collection calls: up to 200 rows of one verb each, with one answer a row, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from connectors.base import RawFields
from connectors.salesforce import soql
from connectors.salesforce.errors import ACCOUNT_WIDE_CODES, Fault, faults
from connectors.salesforce.transport import Answer, Request, Transport
from core.errors import UnexpectedReplyError

ROWS = 200
Verb = Literal["create", "upsert", "update", "delete"]
ALLOW_DUPLICATES = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}


@dataclass(frozen=True, slots=True)
class Call:
    """What all rows of a call share. `stamp_field` is the external id that an upsert goes by."""

    verb: Verb
    object_type: str
    stamp_field: str = ""
    allow_duplicate: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice makes what sending it once makes."""
        return self.verb != "create"


@dataclass(frozen=True, slots=True)
class Row:
    """One row to send: its fields, and its id where the record exists."""

    id: str = ""
    fields: RawFields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What Salesforce said to one row: an id, or faults; `lost` why nobody knows. `repeated`
    says that an earlier sending, whose answer was lost, may have done it."""

    id: str = ""
    created: bool = False
    faults: tuple[Fault, ...] = ()
    lost: str = ""
    repeated: bool = False


def send(
    transport: Transport, call: Call, rows: Sequence[Row], check: Callable[[], None] | None = None
) -> list[Result]:
    """One result a row, in order; at most `ROWS` rows.

    A call that Salesforce refuses as a whole because one row cannot even be parsed is halved
    until that row stands alone. Raises ConnectorError where no row is to blame; `check` is
    asked first whether a field that Salesforce does not know is to blame, and raises then.
    """
    answer = transport.call(_request(call, rows))
    if answer.ok:
        return _results(call, answer, len(rows))
    if (
        answer.status not in (400, 413)
        or {fault.code for fault in answer.faults} & ACCOUNT_WIDE_CODES
    ):
        raise answer.error()
    if check is not None and any(fault.code == "INVALID_FIELD" for fault in answer.faults):
        check()
    if len(rows) == 1:
        return [Result(faults=answer.faults or (Fault("", f"status {answer.status}"),))]
    half = len(rows) // 2
    return send(transport, call, rows[:half]) + send(transport, call, rows[half:])


def _request(call: Call, rows: Sequence[Row]) -> Request:
    headers = ALLOW_DUPLICATES if call.allow_duplicate else {}
    path = "composite/sobjects"
    if call.verb == "delete":
        ids = ",".join(row.id for row in rows)
        return Request("DELETE", f"{path}?ids={ids}&allOrNone=false", f"DELETE {path}", write=True)
    method, route = {"create": "POST", "upsert": "PATCH", "update": "PATCH"}[call.verb], path
    if call.verb == "upsert":
        path += f"/{soql.name(call.object_type)}/{soql.name(call.stamp_field)}"
        route += "/X/stamp"
    return Request(
        method,
        path,
        f"{method} {route}",
        body={"allOrNone": False, "records": [_record(call, row) for row in rows]},
        headers=headers,
        write=True,
        repeatable=call.repeatable,
    )


def _record(call: Call, row: Row) -> dict[str, Any]:
    named = {"Id": row.id} if row.id else {}
    return {"attributes": {"type": call.object_type}, **named, **row.fields}


def _results(call: Call, answer: Answer, expected: int) -> list[Result]:
    body = answer.body
    whole = isinstance(body, list) and all(isinstance(item, dict) for item in body)
    if not whole or len(body) != expected:
        raise UnexpectedReplyError(f"{answer.route} did not answer each of {expected} rows.")
    return [replace(_result(call, item), repeated=answer.repeated) for item in body]


def _result(call: Call, item: Mapping[str, Any]) -> Result:
    if item.get("success") is True:
        # only an upsert says whether it created
        return Result(str(item.get("id", "")), item.get("created") is True or call.verb == "create")
    return Result(faults=faults(item.get("errors") or []) or (Fault("", "refused"),))
