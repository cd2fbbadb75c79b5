"""The REST resources for one record or object type: describe, query, CRUD, limits, changes."""

from __future__ import annotations

import re
from typing import Any

from sandbox.salesforce import formulas
from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.describe import brief, describe, describe_global, record_type_info
from sandbox.salesforce.errors import AmbiguousError, SalesforceError, no_external_id, not_found
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import to18
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import (
    create,
    delete,
    find,
    find_by_key,
    key_field,
    update,
    upsert,
)
from sandbox.salesforce.replication import deleted_since, updated_since
from sandbox.salesforce.service import NEWEST, OLDEST, Call, Reply, Route, Service
from sandbox.salesforce.store import Row
from sandbox.salesforce.values import address

_SEASONS = ("Spring", "Summer", "Winter")
_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.I)
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
    names = ("sobjects", "query", "queryAll", "limits", "composite", "tooling", "jobs")
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


def full_record(
    org: Org, kind: ObjectType, row: Row, version: str, names: list[str]
) -> dict[str, Any]:
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
        shown[one.name] = _shown(org, one, row)
    if names:
        shown["Id"] = row["Id"]
    return shown


def _shown(org: Org, one: Field, row: Row) -> Any:
    if one.formula is not None:
        return formulas.value(org, one, row)
    return address(one, row) if one.type == "address" else row.get(one.name)


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
    return Reply(200, full_record(service.org, kind, row, call.version, _names(call)))


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
    return Reply(200, full_record(service.org, kind, _required(row), call.version, _names(call)))


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


def updated(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    window = call.query.get("start"), call.query.get("end")
    return Reply(200, updated_since(service.org, kind, *window))


def deleted(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    window = call.query.get("start"), call.query.get("end")
    return Reply(200, deleted_since(service.org, kind, *window))


def limits(service: Service, call: Call) -> Reply:
    daily = service.org.options.daily_limit
    left = max(0, daily - service.allowance.used)
    return Reply(
        200,
        {
            "DailyApiRequests": {"Max": daily, "Remaining": left},
            "DailyBulkV2QueryJobs": {
                "Max": service.org.options.bulk_query_jobs,
                "Remaining": service.jobs.query_jobs_left,
            },
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
        },
    )


def record_count(service: Service, call: Call) -> Reply:
    given = [name.strip().lower() for name in call.query.get("sObjects", "").split(",") if name]
    counts = [
        {"count": count, "name": name}
        for name, count in sorted(service.live_counts().items())
        if (not given or name.lower() in given) and count
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
