"""Single records over HTTP: list, create, read, update, archive, search, merge, GDPR delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.hubspot import errors
from sandbox.hubspot.associations import TypeRef
from sandbox.hubspot.http import Call, Endpoint, Reply
from sandbox.hubspot.merging import merge
from sandbox.hubspot.records import Record, Table
from sandbox.hubspot.shapes import full_json, record_json, shown_names, written_json
from sandbox.hubspot.writer import Link

API_HOST = "https://api.hubapi.com"
MAX_WITH_HISTORY = 50


def number(text: Any) -> int | None:
    """An id as a number; None for anything else."""
    shown = str(text)
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 19 else None


def find(call: Call, table: Table, key: Any, id_property: str = "") -> Record | None:
    """The live record of an id (merges followed) or of a unique property's value.

    Raises ApiError (400) for a property that is not unique.
    """
    if id_property and id_property != "hs_object_id":
        check_unique(table, id_property)
        return table.holder(id_property, str(key))
    found = number(key)
    return None if found is None else call.store.live(table.kind.name, found)


def check_unique(table: Table, name: str) -> None:
    """Raises ApiError (400) unless the property identifies a record."""
    definition = table.properties.get(name)
    if definition is None:
        raise errors.invalid(f'Property "{name}" does not exist')
    if not definition.unique:
        raise errors.invalid(f"Property {name} is not a unique identifier property")


def properties_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `properties` of an input. Raises ApiError (400) where they are absent."""
    given = body.get("properties")
    if not isinstance(given, Mapping):
        raise errors.bad_json("Some required fields were not set: [properties]")
    return given


def links_of(call: Call, table: Table, given: Sequence[Any] | None) -> list[Link]:
    """The associations of a create. Raises ApiError (400) for unknown types or records."""
    made: list[Link] = []
    for each in given or ():
        try:
            other = number(each["to"]["id"])
            refs = [
                TypeRef(str(t["associationCategory"]), int(t["associationTypeId"]))
                for t in each["types"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise errors.bad_json(f"Some required fields were not set: [{error}]") from error
        made += [_link(call, table, other, ref) for ref in refs]
    return made


def _link(call: Call, table: Table, other: int | None, ref: TypeRef) -> Link:
    definition = call.store.associations.definitions.get(ref)
    if definition is None or definition.source != table.kind.name:
        raise errors.invalid(f"Invalid association type {ref.type_id} for {table.kind.singular}")
    record = None if other is None else call.store.live(definition.target, other)
    if record is None:
        name = call.store.tables[definition.target].kind.singular.upper()
        raise errors.invalid(f"{name}={other} is not valid")
    return definition.target, record.id, ref


def _listed_ids(call: Call, table: Table, after: int) -> list[int]:
    """Ids of the list from `after` on. A position beyond the last record starts anew from the
    first one: recorded in 2026, and a trap when the last records vanish while one is paging."""
    archived = call.flag("archived")
    ids = table.ids_after(after - 1, archived=archived)
    if archived and call.store.quirks.on("merged_listed"):
        merged = (r.id for r in table.records.values() if r.merged_into is not None)
        ids = sorted({*ids, *(i for i in merged if i >= after)})
    if ids or not after or not call.store.quirks.on("list_wraps"):
        return ids
    return _listed_ids(call, table, 0)


def list_records(call: Call) -> Reply:
    """A page of the list; `after` is the id to go on from, inclusive."""
    table = call.table()
    history = bool(call.many("propertiesWithHistory"))
    limit = call.number("limit", 10, MAX_WITH_HISTORY if history else 100)
    limit = min(limit, call.store.options.max_page)
    after = number(call.one("after", "0"))
    if after is None:
        raise errors.invalid(f"Invalid after: {call.one('after')}")
    ids = _listed_ids(call, table, after)
    names = shown_names(table, call.many("properties"))
    results = [full_json(call, table, table.records[i], names) for i in ids[:limit]]
    body: dict[str, Any] = {"results": results}
    if len(ids) > limit:
        following = ids[limit - 1] + 1
        link = (
            f"{API_HOST}/crm/objects/v3/{table.kind.name}"
            f"?offset_param=after&limit={limit}&after={following}"
        )
        body["paging"] = {"next": {"after": str(following), "link": link}}
    return Reply(200, body)


def create_record(call: Call) -> Reply:
    table, body = call.table(), call.mapping()
    given = properties_of(body)
    record = call.writer.create(table, given, links_of(call, table, body.get("associations")))
    location = f"{API_HOST}/crm/v3/objects/{table.kind.name}/{record.id}"
    return Reply(201, written_json(table, record, given), {"Location": location})


def read_record(call: Call) -> Reply:
    table, key = call.table(), call.params["id"]
    record = find(call, table, key, call.one("idProperty"))
    if call.flag("archived"):
        found = table.resolve(number(key) or 0)
        record = found if found is not None and not found.live else None
    if record is None:
        if call.store.quirks.on("html_404"):
            raise errors.not_found_page()
        raise errors.not_found()
    return Reply(200, full_json(call, table, record, shown_names(table, call.many("properties"))))


def update_record(call: Call) -> Reply:
    table, given = call.table(), properties_of(call.mapping())
    record = find(call, table, call.params["id"], call.one("idProperty"))
    if record is None:
        raise errors.not_found(context={"id": [call.params["id"]]})
    call.writer.update(table, record, given)
    return Reply(200, written_json(table, record, given))


def archive_record(call: Call) -> Reply:
    table = call.table()
    record = table.resolve(number(call.params["id"]) or 0)
    if record is None:
        raise errors.not_found(context={"id": [call.params["id"]]})
    if record.live:
        call.writer.archive(table, record)
    return Reply(204)


def search_records(call: Call) -> Reply:
    table, body = call.table(), call.mapping()
    found = call.searcher.search(table, body)
    names = shown_names(table, [str(name) for name in body.get("properties") or ()])
    results = [record_json(table, table.records[i], names, values) for i, values in found.results]
    answer: dict[str, Any] = {"total": found.total, "results": results}
    if found.after is not None:
        answer["paging"] = {"next": {"after": found.after}}
    return Reply(200, answer)


def merge_records(call: Call) -> Reply:
    table, body = call.table(), call.mapping()
    if not table.kind.can_merge:
        raise errors.not_found()
    ids = [number(body.get(name)) for name in ("primaryObjectId", "objectIdToMerge")]
    if ids[0] is None or ids[1] is None:
        raise errors.bad_json(
            "Some required fields were not set: [primaryObjectId, objectIdToMerge]"
        )
    record = merge(call.store, table, ids[0], ids[1], call.source)
    return Reply(200, record_json(table, record, sorted(record.properties)))


def gdpr_delete(call: Call) -> Reply:
    """Deletes a contact for good; an address that no contact has is blocked all the same."""
    table, body = call.table(), call.mapping()
    if table.kind.name != "contacts":
        raise errors.not_found()
    key, name = body.get("objectId"), str(body.get("idProperty") or "")
    if key in (None, ""):
        raise errors.bad_json("Some required fields were not set: [objectId]")
    record = find(call, table, key, name)
    if record is not None:
        call.writer.forget(table, record)
    elif name == "email":
        call.store.forgotten_emails.add(str(key).strip().lower())
    return Reply(204)


READ, WRITE = "crm.objects.{object_type}.read", "crm.objects.{object_type}.write"
ONE, ALL = "/crm/objects/{object_type}/{id}", "/crm/objects/{object_type}"

ENDPOINTS = (
    Endpoint("POST", f"{ALL}/search", search_records, READ, search=True),
    Endpoint("GET", ALL, list_records, READ),
    Endpoint("POST", ALL, create_record, WRITE, write=True),
    Endpoint("POST", f"{ALL}/merge", merge_records, WRITE, write=True),
    Endpoint("POST", f"{ALL}/gdpr-delete", gdpr_delete, WRITE, write=True),
    Endpoint("GET", ONE, read_record, READ),
    Endpoint("PATCH", ONE, update_record, WRITE, write=True),
    Endpoint("DELETE", ONE, archive_record, WRITE, write=True),
)
