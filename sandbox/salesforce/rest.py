"""The REST resources for one record or object type: describe, query, CRUD, limits, changes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.describe import brief, describe, describe_global, record_type_info
from sandbox.salesforce.errors import AmbiguousError, SalesforceError, no_external_id, not_found
from sandbox.salesforce.ids import to18
from sandbox.salesforce.records import (
    create,
    delete,
    find,
    find_by_key,
    key_field,
    update,
    upsert,
)
from sandbox.salesforce.service import NEWEST, OLDEST, Call, Reply, Route, Service
from sandbox.salesforce.store import Row
from sandbox.salesforce.values import address, stamp

_SEASONS = ("Spring", "Summer", "Winter")
_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.I)
_UPDATED_DAYS, _DELETED_DAYS = 30, 15
_UPSERT_HAS_BODY = 46


def versions() -> list[dict[str, str]]:
    """The answer of /services/data, which needs no session."""
    return [
        {
            "label": f"{_SEASONS[number % 3]} '{(number + 13) // 3}",
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(OLDEST, NEWEST + 1)
    ]


def resources(service: Service, call: Call) -> Reply:
    base = f"/services/data/v{call.version}"
    names = ("sobjects", "query", "queryAll", "limits", "composite", "tooling")
    return Reply(200, {name: f"{base}/{name}" for name in names})


def all_objects(service: Service, call: Call) -> Reply:
    return Reply(200, describe_global(service.org.catalog, call.version))


def one_object(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    return Reply(200, {"objectDescribe": brief(kind, call.version), "recentItems": []})


def describe_object(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    rows = [
        row
        for row in service.org.store.tables["RecordType"].rows.values()
        if row["SobjectType"] == kind.name
    ]
    infos = [
        record_type_info(kind.name, row["Name"], row["Id"], call.version, row is rows[0])
        for row in rows
    ]
    return Reply(200, describe(kind, infos, call.version))


def query(service: Service, call: Call) -> Reply:
    if "q" not in call.query:
        raise SalesforceError("MALFORMED_QUERY", "unexpected token: '<EOF>'")
    found = _BATCH.search(call.headers.get("sforce-query-options", ""))
    answer = service.cursors.first(
        call.query["q"],
        version=call.version,
        deleted=call.path[0].lower() == "queryall",
        batch=int(found.group(1)) if found else None,
    )
    return Reply(200, answer)


def query_more(service: Service, call: Call) -> Reply:
    return Reply(200, service.cursors.more(call.args["locator"], call.version))


def full_record(kind: ObjectType, row: Row, version: str, names: list[str]) -> dict[str, Any]:
    """A record as GET shows it: the named fields, or all. Raises INVALID_FIELD."""
    shown: dict[str, Any] = {
        "attributes": {
            "type": kind.name,
            "url": f"/services/data/v{version}/sobjects/{kind.name}/{row['Id']}",
        }
    }
    for name in names or list(kind.fields):
        one = kind.field(name)
        if one is None:
            raise SalesforceError(
                "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}"
            )
        shown[one.name] = address(one, row) if one.type == "address" else row.get(one.name)
    if names:
        shown["Id"] = row["Id"]
    return shown


def _names(call: Call) -> list[str]:
    return [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]


def _id(call: Call) -> str:
    """The record id of the path; what is no id is taken for a key, as the vendor does."""
    if to18(call.args["id"]) is None:
        raise no_external_id(call.args["id"])
    return call.args["id"]


def create_record(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    id_ = create(service.org, kind, call.record(), call.actor)
    return _made(kind, id_, call.version, {})


def _made(kind: ObjectType, id_: str, version: str, more: dict[str, Any]) -> Reply:
    location = f"/services/data/v{version}/sobjects/{kind.name}/{id_}"
    body = {"id": id_, "success": True, "errors": [], **more}
    return Reply(201, body, {"Location": location})


def get_record(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    row = find(service.org, kind, _id(call))
    return Reply(200, full_record(kind, row, call.version, _names(call)))


def update_record(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    update(service.org, kind, _id(call), call.record(), call.actor)
    return Reply(204)


def delete_record(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    delete(service.org, kind, _id(call), call.actor)
    return Reply(204)


def _by_key(service: Service, call: Call) -> tuple[ObjectType, Row | None]:
    kind = service.org.kind(call.args["object"])
    try:
        return kind, find_by_key(service.org, kind, call.args["field"], call.args["value"])
    except AmbiguousError as error:
        base = f"/services/data/v{call.version}/sobjects/{kind.name}"
        raise AmbiguousError([f"{base}/{id_}" for id_ in error.ids]) from None


def _required(row: Row | None) -> Row:
    if row is None:
        raise not_found()
    return row


def get_by_key(service: Service, call: Call) -> Reply:
    kind, row = _by_key(service, call)
    return Reply(200, full_record(kind, _required(row), call.version, _names(call)))


def delete_by_key(service: Service, call: Call) -> Reply:
    kind, row = _by_key(service, call)
    delete(service.org, kind, _required(row)["Id"], call.actor)
    return Reply(204)


def upsert_by_key(service: Service, call: Call) -> Reply:
    kind, row = _by_key(service, call)
    one, given = key_field(kind, call.args["field"]), call.record()
    if any(name.lower() in (one.name.lower(), "id") for name in given):
        raise SalesforceError(
            "INVALID_FIELD",
            f"The {one.name} field should not be specified in the sobject data.",
            [one.name],
        )
    if row is None and call.flag("updateOnly"):
        raise not_found()
    id_, created = upsert(service.org, kind, one.name, call.args["value"], given, call.actor)
    if created:
        return _made(kind, id_, call.version, {"created": True})
    if float(call.version) < _UPSERT_HAS_BODY:
        return Reply(204)
    return Reply(200, {"id": id_, "success": True, "errors": [], "created": False})


def _window(service: Service, call: Call, days: int) -> tuple[str, str]:
    """Start and end of a replication call, as stamps. Raises INVALID_REPLICATION_DATE."""
    now = service.org.clock.now()
    try:
        start, end = (_moment(call.query[name]) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", "start and end must be ISO 8601 date/times"
        ) from None
    if end - start < timedelta(minutes=1):
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate"
        )
    if now - start > timedelta(days=days):
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago"
        )
    return stamp(start), stamp(min(end, now))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def updated(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    start, end = _window(service, call, _UPDATED_DAYS)
    rows = service.org.store.tables[kind.name].modified(start)
    ids = [row["Id"] for row in rows if row["SystemModstamp"] <= end and not row.get("IsDeleted")]
    return Reply(200, {"ids": ids, "latestDateCovered": end})


def deleted(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    start, end = _window(service, call, _DELETED_DAYS)
    rows = service.org.store.tables[kind.name].modified(start)
    found = [
        {"id": row["Id"], "deletedDate": row.get("_deleted_at", row["SystemModstamp"])}
        for row in rows
        if row.get("IsDeleted") and row.get("_deleted_at", row["SystemModstamp"]) <= end
    ]
    earliest = stamp(service.org.clock.now() - timedelta(days=_DELETED_DAYS))
    return Reply(
        200,
        {"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": end},
    )


def limits(service: Service, call: Call) -> Reply:
    daily = service.org.options.daily_limit
    left = max(0, daily - service.allowance.used)
    return Reply(
        200,
        {
            "DailyApiRequests": {"Max": daily, "Remaining": left},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
        },
    )


def record_count(service: Service, call: Call) -> Reply:
    given = [name.strip().lower() for name in call.query.get("sObjects", "").split(",") if name]
    kinds = service.org.catalog.seen
    tables = service.org.store.tables
    counts = [
        {"count": tables[kind.name].live, "name": kind.name}
        for name, kind in sorted(kinds.items())
        if (not given or name in given) and tables[kind.name].live
    ]
    return Reply(200, {"sObjects": counts})


ROUTES = (
    Route("GET", "", resources),
    Route("GET", "query", query),
    Route("GET", "queryAll", query),
    Route("GET", "query/{locator}", query_more),
    Route("GET", "queryAll/{locator}", query_more),
    Route("GET", "limits", limits),
    Route("GET", "limits/recordCount", record_count),
    Route("GET", "sobjects", all_objects),
    Route("GET", "sobjects/{object}", one_object),
    Route("POST", "sobjects/{object}", create_record),
    Route("GET", "sobjects/{object}/describe", describe_object),
    Route("GET", "sobjects/{object}/updated", updated),
    Route("GET", "sobjects/{object}/deleted", deleted),
    Route("GET", "sobjects/{object}/{id}", get_record),
    Route("PATCH", "sobjects/{object}/{id}", update_record),
    Route("DELETE", "sobjects/{object}/{id}", delete_record),
    Route("GET", "sobjects/{object}/{field}/{value}", get_by_key),
    Route("PATCH", "sobjects/{object}/{field}/{value}", upsert_by_key),
    Route("DELETE", "sobjects/{object}/{field}/{value}", delete_by_key),
)
