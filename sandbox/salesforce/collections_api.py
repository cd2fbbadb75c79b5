"""The sObject Collections resources: up to 200 records in one call, an outcome for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import AmbiguousError, SalesforceError
from sandbox.salesforce.ids import to18
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import create, delete, key_field, update, upsert
from sandbox.salesforce.rest import full_record
from sandbox.salesforce.service import Call, Reply, Route, Service

MAX_RECORDS = 200
MAX_RETRIEVED = 2_000
MAX_CHUNKS = 10

_ROLLED_BACK = SalesforceError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header",
)


Work = Callable[[], dict[str, Any]]


def _perform(service: Service, works: Sequence[Work], all_or_none: bool) -> Reply:
    """Do every piece of work, in order; a failing one is a row of the answer."""
    with service.org.store.transaction() as transaction:
        rows = [_row(work) for work in works]
        if all_or_none and not all(row["success"] for row in rows):
            transaction.roll_back()
            rows = [_failed(_ROLLED_BACK) if row["success"] else row for row in rows]
    return Reply(200, rows)


def _row(work: Work) -> dict[str, Any]:
    try:
        return work()
    except AmbiguousError:
        return _failed(
            SalesforceError(
                "DUPLICATE_EXTERNAL_ID",
                "A user-specified external ID matches more than one record during an upsert.",
            )
        )
    except SalesforceError as error:
        if error.code == "JSON_PARSER_ERROR":
            raise
        return _failed(error)


def _failed(error: SalesforceError) -> dict[str, Any]:
    return {"success": False, "errors": [error.row()]}


def _done(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "success": True, "errors": [], **more}


def _records(call: Call) -> list[dict[str, Any]]:
    """The records of the body. Raises SalesforceError when there are too many or none."""
    records = call.record().get("records")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise SalesforceError("JSON_PARSER_ERROR", "The records of the request are missing")
    if len(records) > MAX_RECORDS:
        raise _too_many()
    return records


def _too_many(limit: int = MAX_RECORDS) -> SalesforceError:
    return SalesforceError(
        "EXCEEDED_ID_LIMIT",
        f"record limit reached. cannot submit more than {limit} records into this call",
    )


def _types(service: Service, records: Sequence[Mapping[str, Any]], *, write: bool = True) -> None:
    """Every record names its type, in at most ten chunks; tells the counter."""
    given = [(one.get("attributes") or {}).get("type") for one in records]
    names = [name for name in given if isinstance(name, str)]
    if len(names) < len(given):
        raise SalesforceError(
            "INVALID_FIELD", "Include an entity type in the attributes of each record"
        )
    chunks = [name for name, _ in groupby(names)]
    if len(chunks) > MAX_CHUNKS:
        raise SalesforceError(
            "LIMIT_EXCEEDED",
            f"Cannot have more than {MAX_CHUNKS} chunks per operation. Rearrange the data to "
            "reduce chunking.",
        )
    for name in sorted(set(chunks)):
        service.touch(name, write=write)


def _kind(service: Service, record: Mapping[str, Any]) -> ObjectType:
    name = record["attributes"]["type"]
    found = service.org.catalog.seen.get(name.lower())
    if found is None:
        raise SalesforceError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return found


def create_many(service: Service, call: Call) -> Reply:
    records = _records(call)
    _types(service, records)

    def work(record: dict[str, Any]) -> Work:
        return lambda: _done(create(service.org, _kind(service, record), record, call.actor))

    return _perform(service, [work(one) for one in records], _all_or_none(call))


def _all_or_none(call: Call) -> bool:
    return bool(call.record().get("allOrNone", False))


def update_many(service: Service, call: Call) -> Reply:
    records = _records(call)
    _types(service, records)

    def work(record: dict[str, Any]) -> Work:
        return lambda: _update(service, call, record)

    return _perform(service, [work(one) for one in records], _all_or_none(call))


def _update(service: Service, call: Call, record: Mapping[str, Any]) -> dict[str, Any]:
    kind = _kind(service, record)
    given = next((value for name, value in record.items() if name.lower() == "id"), None)
    if not given:
        raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    fields = {name: value for name, value in record.items() if name.lower() != "id"}
    id_ = existing(service.org, kind, str(given))
    update(service.org, kind, id_, fields, call.actor)
    return _done(id_)


def existing(org: Org, kind: ObjectType, given: str) -> str:
    """A live record's id. Raises the errors that collections and bulk rows have for none."""
    id_ = to18(given)
    if id_ is None:
        raise SalesforceError("MALFORMED_ID", f"bad id {given}", ["Id"])
    row = org.store.get(kind.name, id_)
    if row is None:
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    if row.get("IsDeleted"):
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", [])
    return id_


def upsert_many(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    one = key_field(kind, call.args["field"])
    records = _records(call)
    _types(service, records)
    keys = [next((v for k, v in row.items() if k.lower() == one.name.lower()), None)
            for row in records]  # fmt: skip
    folded = Counter(str(key).casefold() for key in keys if key)

    def work(record: dict[str, Any], key: Any) -> Work:
        def perform() -> dict[str, Any]:
            if key and folded[str(key).casefold()] > 1:
                message = f"Duplicate external id specified: {key}"
                raise SalesforceError("DUPLICATE_VALUE", message, [one.name])
            if not key and one.type != "id":
                raise SalesforceError("MISSING_ARGUMENT", f"{one.name} not specified", [one.name])
            id_, made = upsert(service.org, kind, one.name, str(key or ""), record, call.actor)
            return _done(id_, created=made)

        return perform

    works = [work(row, key) for row, key in zip(records, keys, strict=True)]
    return _perform(service, works, _all_or_none(call))


def delete_many(service: Service, call: Call) -> Reply:
    ids = [id_ for id_ in call.query.get("ids", "").split(",") if id_]
    if len(ids) > MAX_RECORDS:
        raise _too_many()

    def work(given: str) -> Work:
        def perform() -> dict[str, Any]:
            kind = _by_prefix(service, given)
            id_ = existing(service.org, kind, given)
            delete(service.org, kind, id_, call.actor)
            return _done(id_)

        return perform

    for kind in service.org.catalog.seen.values():
        if any(id_.startswith(kind.table.prefix) for id_ in ids):
            service.touch(kind.name, write=True)
    return _perform(service, [work(id_) for id_ in ids], call.flag("allOrNone"))


def _by_prefix(service: Service, given: str) -> ObjectType:
    for kind in service.org.catalog.seen.values():
        if given.startswith(kind.table.prefix):
            return kind
    raise SalesforceError("MALFORMED_ID", f"bad id {given}", ["Id"])


def retrieve_many(service: Service, call: Call) -> Reply:
    kind = service.org.kind(call.args["object"])
    given = call.record() if call.method == "POST" else call.query
    ids, fields = (_listed(given.get(name)) for name in ("ids", "fields"))
    if len(ids) > MAX_RETRIEVED:
        raise _too_many(MAX_RETRIEVED)
    if not fields:
        raise SalesforceError("INVALID_FIELD", "At least one field must be specified")
    found = (service.org.store.get(kind.name, to18(id_) or "") for id_ in ids)
    return Reply(
        200,
        [
            None if row is None or row.get("IsDeleted")
            else full_record(service.org, kind, row, call.version, fields)
            for row in found
        ],
    )  # fmt: skip


def _listed(given: Any) -> list[str]:
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return [str(part) for part in given or []]


ROUTES = (
    Route("POST", "composite/sobjects", create_many),
    Route("PATCH", "composite/sobjects", update_many),
    Route("DELETE", "composite/sobjects", delete_many),
    Route("GET", "composite/sobjects/{object}", retrieve_many),
    Route("POST", "composite/sobjects/{object}", retrieve_many),
    Route("PATCH", "composite/sobjects/{object}/{field}", upsert_many),
)
