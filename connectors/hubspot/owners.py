"""Owners (HubSpot's users) read as an object type: few, and always read whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.base import Fields, FieldSchema, RawValue, RemoteRecord, Schema

from .client import Api
from .routes import Routes
from .wire import moment, row_id

OBJECT_TYPE = "owners"
PAGE = 100

SCHEMA = Schema(
    object_type=OBJECT_TYPE,
    label="Owners",
    fields={
        field.name: field
        for field in (
            FieldSchema("id", "Owner ID", "id", createable=False, updateable=False),
            FieldSchema("email", "Email", "email", createable=False, updateable=False),
            FieldSchema("firstName", "First name", "string", createable=False, updateable=False),
            FieldSchema("lastName", "Last name", "string", createable=False, updateable=False),
            FieldSchema("userId", "User ID", "string", createable=False, updateable=False),
            FieldSchema("active", "Active", "boolean", createable=False, updateable=False),
        )
    },
    createable=False,
    updateable=False,
    deletable=False,
)


def read_all(api: Api, routes: Routes, fields: Fields) -> list[RemoteRecord]:
    """Every owner once; those who left have `active` "false" (they are listed separately)."""
    found: dict[str, RemoteRecord] = {}
    for archived in ("false", "true"):
        for row in _rows(api, routes, archived):
            found.setdefault(row_id(row), _record(row, fields))
    return list(found.values())


def find(
    api: Api, routes: Routes, fields: Fields, by: str, values: Sequence[str]
) -> list[RemoteRecord]:
    """Those whose field equals one of the values, whatever the case."""
    wanted = {value.casefold() for value in values}
    equal = [
        record
        for record in read_all(api, routes, [*fields, by])
        if str(record.fields.get(by) or "").casefold() in wanted
    ]
    return [
        replace(record, fields={n: record.fields[n] for n in fields if n in record.fields})
        for record in equal
    ]


def _rows(api: Api, routes: Routes, archived: str) -> Iterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        query = [("limit", str(PAGE)), ("archived", archived)]
        query += [("after", after)] if after else []
        reply = api.call("GET", routes.owners, query=query, needs="results")
        yield from reply.results
        if reply.after is None or reply.after == after:
            return
        after = reply.after


def _record(row: Mapping[str, Any], fields: Fields) -> RemoteRecord:
    values: dict[str, RawValue] = {
        "id": row_id(row),
        "email": row.get("email"),
        "firstName": row.get("firstName"),
        "lastName": row.get("lastName"),
        "userId": _text(row.get("userId") or row.get("userIdIncludingInactive")),
        "active": "false" if row.get("archived") else "true",
    }
    return RemoteRecord(
        object_type=OBJECT_TYPE,
        id=row_id(row),
        fields={name: values[name] for name in fields if name in values},
        modified=moment(row.get("updatedAt")),
        created=moment(row.get("createdAt")),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
