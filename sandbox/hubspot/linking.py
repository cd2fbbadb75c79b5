"""Associations over HTTP: v4 single and batch calls, labels, and the v3 forms still in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.hubspot import errors
from sandbox.hubspot.associations import Definition, TypeRef
from sandbox.hubspot.batches import inputs_of
from sandbox.hubspot.http import Call, Endpoint, Reply
from sandbox.hubspot.objects import READ, WRITE, number
from sandbox.hubspot.records import Record, Table
from sandbox.hubspot.shapes import associations_json, batch_reply, record_json

MAX_CREATE, MAX_READ, MAX_ARCHIVE = 2000, 1000, 100
V4, V3 = frozenset({"v4"}), frozenset({"v3"})
Json = Mapping[str, Any]


def shown_id(call: Call, record_id: int) -> str | int:
    """An id as the account emits it in associations: text, or a number as in 2022."""
    return record_id if call.store.quirks.on("integer_association_ids") else str(record_id)


def _side(call: Call, table: Table, given: Any) -> Record | None:
    """The live record of `{"id": …}`."""
    key = number(given.get("id")) if isinstance(given, Mapping) else None
    return None if key is None else call.store.live(table.kind.name, key)


def _not_valid(table: Table, given: Any) -> dict[str, Any]:
    """The entry of a multi-status answer for a record that does not exist, as recorded."""
    shown = given.get("id") if isinstance(given, Mapping) else given
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "message": f"{table.kind.singular.upper()}={shown} is not valid",
    }


def _refs(call: Call, source: Table, target: Table, given: Any) -> list[TypeRef]:
    """The types of an input. Raises ApiError (400) for one that is not of this direction."""
    made = []
    for each in given or ():
        try:
            category = str(each.get("associationCategory") or each["category"])
            ref = TypeRef(category, int(each.get("associationTypeId") or each["typeId"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise errors.bad_json(
                "Some required fields were not set: [associationCategory, associationTypeId]"
            ) from error
        found = call.store.associations.definitions.get(ref)
        if found is None or (found.source, found.target) != (source.kind.name, target.kind.name):
            raise errors.invalid(
                f"{ref.category}:{ref.type_id} is not an association type from "
                f"{source.kind.type_id} to {target.kind.type_id}"
            )
        made.append(ref)
    if not made:
        raise errors.bad_json("Some required fields were not set: [types]")
    return made


def _default(call: Call, source: Table, target: Table) -> TypeRef:
    found = call.store.associations.default_type(source.kind.name, target.kind.name)
    if found is None:
        raise errors.invalid(
            f"No default association from {source.kind.type_id} to {target.kind.type_id}"
        )
    return found


def _link_json(call: Call, source: Table, one: int, target: Table, two: int) -> dict[str, Any]:
    held = call.store.associations.of(source.kind.name, one, target.kind.name).get(two, ())
    found = (call.store.associations.definitions[ref].label for ref in held)
    return {
        "fromObjectTypeId": source.kind.type_id,
        "fromObjectId": shown_id(call, one),
        "toObjectTypeId": target.kind.type_id,
        "toObjectId": shown_id(call, two),
        "labels": [label for label in found if label is not None],
    }


def _create(call: Call, source: Table, target: Table, *, default: bool) -> Reply:
    inputs, started = inputs_of(call, MAX_CREATE), call.store.now_text()
    results, problems, planned = [], [], []
    for each in inputs:
        wanted = (
            [_default(call, source, target)]
            if default
            else _refs(call, source, target, each.get("types"))
        )
        pair = _side(call, source, each.get("from")), _side(call, target, each.get("to"))
        if pair[0] is None:
            problems.append(_not_valid(source, each.get("from")))
        elif pair[1] is None:
            problems.append(_not_valid(target, each.get("to")))
        else:
            planned.append((pair[0].id, pair[1].id, wanted))
    for one, two, refs in planned:
        try:
            for ref in refs:
                call.writer.associate(source.kind.name, one, target.kind.name, two, ref)
        except errors.ApiError as error:
            ends = {"fromObjectId": [str(one)], "toObjectId": [str(two)]}
            problems.append(error.in_batch(ends))
        else:
            results.append(_link_json(call, source, one, target, two))
    return batch_reply(call, started, results, problems, status=201)


def create_batch(call: Call) -> Reply:
    return _create(call, call.table(), call.table("to_type"), default=False)


def create_default_batch(call: Call) -> Reply:
    return _create(call, call.table(), call.table("to_type"), default=True)


def _others(call: Call, source: Table, one: int, target: Table) -> list[dict[str, Any]]:
    definitions = call.store.associations.definitions
    found = call.store.associated(source.kind.name, one, target.kind.name)
    return [
        {
            "toObjectId": shown_id(call, other),
            "associationTypes": [definitions[ref].to_json() for ref in types],
        }
        for other, types in found.items()
    ]


def _page(
    call: Call, found: Sequence[Json], after: Any, limit: int
) -> tuple[Sequence[Json], dict[str, Any]]:
    """A page of associations after an id, and its `paging` part."""
    start = number(after or 0) or 0
    rest = [each for each in found if int(each["toObjectId"]) > start]
    page = rest[: min(limit, call.store.options.association_page)]
    if len(page) == len(rest):
        return page, {}
    following = str(page[-1]["toObjectId"])
    return page, {"paging": {"next": {"after": following, "link": f"?after={following}"}}}


def read_batch(call: Call) -> Reply:
    source, target, started = call.table(), call.table("to_type"), call.store.now_text()
    results, problems = [], []
    for each in inputs_of(call, MAX_READ):
        record = _side(call, source, each)
        if record is None:
            problems.append(_no_associations(source, target, each))
            continue
        found = _others(call, source, record.id, target)
        if not found:
            problems.append(_no_associations(source, target, each))
            continue
        page, paging = _page(call, found, each.get("after"), MAX_READ)
        results.append({"from": {"id": shown_id(call, record.id)}, "to": page, **paging})
    return batch_reply(call, started, results, problems)


def _no_associations(source: Table, target: Table, given: Json) -> dict[str, Any]:
    """Records without associations are errors of a batch read, as are unknown ones."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {target.kind.singular} is associated with {source.kind.singular} "
        f"{given.get('id')}.",
        "context": {
            "fromObjectId": [str(given.get("id"))],
            "fromObjectType": [source.kind.type_id],
            "toObjectType": [target.kind.type_id],
        },
    }


def archive_batch(call: Call) -> Reply:
    source, target = call.table(), call.table("to_type")
    for each in inputs_of(call, MAX_ARCHIVE):
        record = _side(call, source, each.get("from"))
        wanted = each.get("to")
        for given in wanted if isinstance(wanted, list) else [wanted]:
            other = _side(call, target, given)
            if record is not None and other is not None:
                call.writer.dissociate(source.kind.name, record.id, target.kind.name, other.id)
    return Reply(204)


def archive_labels(call: Call) -> Reply:
    source, target = call.table(), call.table("to_type")
    for each in inputs_of(call, MAX_ARCHIVE):
        refs = _refs(call, source, target, each.get("types"))
        one, two = _side(call, source, each.get("from")), _side(call, target, each.get("to"))
        if one is not None and two is not None:
            for ref in refs:
                call.writer.dissociate_type(source.kind.name, one.id, target.kind.name, two.id, ref)
    return Reply(204)


def _pair(call: Call) -> tuple[Table, Record, Table, Record]:
    """The two records of a path. Raises ApiError (404) when one does not exist."""
    source, target = call.table(), call.table("to_type")
    one = _side(call, source, {"id": call.params["id"]})
    two = _side(call, target, {"id": call.params["to_id"]})
    if one is None or two is None:
        wrong, shown = (source, "id") if one is None else (target, "to_id")
        raise errors.not_found(f"{wrong.kind.singular.upper()}={call.params[shown]} is not valid")
    return source, one, target, two


def list_associations(call: Call) -> Reply:
    source, target = call.table(), call.table("to_type")
    record = _side(call, source, {"id": call.params["id"]})
    if record is None:
        raise errors.not_found(context={"id": [call.params["id"]]})
    limit = call.number("limit", 500, 500)
    page, paging = _page(call, _others(call, source, record.id, target), call.one("after"), limit)
    return Reply(200, {"results": page, **paging})


def put_default(call: Call) -> Reply:
    source, one, target, two = _pair(call)
    ref = _default(call, source, target)
    call.writer.associate(source.kind.name, one.id, target.kind.name, two.id, ref)
    definition = call.store.associations.definitions[ref]
    results = [
        _ends(call, (source, one.id), (target, two.id), ref),
        _ends(call, (target, two.id), (source, one.id), definition.inverse),
    ]
    return batch_reply(call, call.store.now_text(), results)


def _ends(
    call: Call, one: tuple[Table, int], two: tuple[Table, int], ref: TypeRef
) -> dict[str, Any]:
    return {
        "from": {"id": shown_id(call, one[1])},
        "to": {"id": shown_id(call, two[1])},
        "associationSpec": {
            "associationCategory": ref.category,
            "associationTypeId": ref.type_id,
        },
    }


def put_types(call: Call) -> Reply:
    source, one, target, two = _pair(call)
    if not isinstance(call.body, list):
        raise errors.bad_json("The request body must be a list of association types")
    for ref in _refs(call, source, target, call.body):
        call.writer.associate(source.kind.name, one.id, target.kind.name, two.id, ref)
    return Reply(201, _link_json(call, source, one.id, target, two.id))


def delete_one(call: Call) -> Reply:
    source, target = call.table(), call.table("to_type")
    one = _side(call, source, {"id": call.params["id"]})
    two = _side(call, target, {"id": call.params["to_id"]})
    if one is not None and two is not None:
        call.writer.dissociate(source.kind.name, one.id, target.kind.name, two.id)
    return Reply(204)


def list_labels(call: Call) -> Reply:
    source, target = call.table().kind.name, call.table("to_type").kind.name
    found = call.store.associations.definitions_of(source, target)
    return Reply(200, {"results": [definition.to_json() for definition in found]})


def create_label(call: Call) -> Reply:
    source, target = call.table().kind.name, call.table("to_type").kind.name
    body = call.mapping()
    label, name = body.get("label"), body.get("name")
    if not label or not name:
        raise errors.bad_json("Some required fields were not set: [label, name]")
    known = call.store.associations.definitions_of(source, target)
    if any(d.label == label or d.name == name for d in known):
        raise errors.invalid(f"An association label {label} exists already")
    inverse = body.get("inverseLabel")
    labels = (str(label), None if inverse is None else str(inverse))
    made = call.store.associations.define(source, target, str(name), labels)
    return Reply(201, {"results": [definition.to_json() for definition in made]})


def update_label(call: Call) -> Reply:
    """Rename a user-defined label: `{"associationTypeId", "label", "inverseLabel"?}`."""
    body = call.mapping()
    found = _own_label(call, body.get("associationTypeId"))
    if not body.get("label"):
        raise errors.bad_json("Some required fields were not set: [label]")
    inverse = body.get("inverseLabel")
    labels = (str(body["label"]), str(body["label"] if inverse is None else inverse))
    call.store.associations.rename(found, labels)
    return Reply(204)


def delete_label(call: Call) -> Reply:
    found = _own_label(call, call.params["type_id"])
    call.store.associations.undefine(found)
    return Reply(204)


def _own_label(call: Call, type_id: Any) -> Definition:
    """The user-defined label of that id. Raises ApiError (404)."""
    source, target = call.table().kind.name, call.table("to_type").kind.name
    for found in call.store.associations.definitions_of(source, target):
        if found.ref == ("USER_DEFINED", number(type_id)):
            return found
    raise errors.not_found(f"No association label {type_id} from {source} to {target}")


def list_v3(call: Call) -> Reply:
    source, target = call.table(), call.table("to_type")
    record = _side(call, source, {"id": call.params["id"]})
    if record is None:
        raise errors.not_found_page()
    found = associations_json(call.store, source, record, [target.kind.name])
    return Reply(200, found.get(target.kind.name, {"results": []}))


def put_v3(call: Call) -> Reply:
    """The v3 form with the type's name or id as last part of the path, as recorded."""
    source, one, target, two = _pair(call)
    wanted = call.params["type"]
    known = call.store.associations.definitions_of(source.kind.name, target.kind.name)
    for definition in known:
        if wanted in (definition.name, str(definition.ref.type_id)):
            call.writer.associate(
                source.kind.name, one.id, target.kind.name, two.id, definition.ref
            )
            made = record_json(source, one, source.kind.defaults)
            made["associations"] = associations_json(call.store, source, one, [target.kind.name])
            return Reply(200, made)
    raise errors.invalid(f"{wanted} is not an association type")


def delete_v3(call: Call) -> Reply:
    return delete_one(call)


def read_batch_v3(call: Call) -> Reply:
    source, target, started = call.table(), call.table("to_type"), call.store.now_text()
    results = []
    for each in inputs_of(call, MAX_READ):
        record = _side(call, source, each)
        if record is not None:
            found = associations_json(call.store, source, record, [target.kind.name])
            to = found.get(target.kind.name, {"results": []})["results"]
            results.append({"from": {"id": str(record.id)}, "to": to})
    return batch_reply(call, started, results)


PAIR = "/crm/associations/{object_type}/{to_type}"
ONE = "/crm/objects/{object_type}/{id}/associations"

ENDPOINTS = (
    Endpoint("POST", f"{PAIR}/batch/read", read_batch, READ, dialects=V4),
    Endpoint("POST", f"{PAIR}/batch/read", read_batch_v3, READ, dialects=V3),
    Endpoint("POST", f"{PAIR}/batch/create", create_batch, WRITE, write=True),
    Endpoint("POST", f"{PAIR}/batch/archive", archive_batch, WRITE, write=True),
    Endpoint(
        "POST", f"{PAIR}/batch/associate/default", create_default_batch, WRITE, write=True
    ),
    Endpoint("POST", f"{PAIR}/batch/labels/archive", archive_labels, WRITE, write=True),
    Endpoint("GET", f"{PAIR}/labels", list_labels, READ),
    Endpoint("POST", f"{PAIR}/labels", create_label, WRITE, write=True),
    Endpoint("PUT", f"{PAIR}/labels", update_label, WRITE, write=True),
    Endpoint("DELETE", f"{PAIR}/labels/{{type_id}}", delete_label, WRITE, write=True),
    Endpoint("GET", f"{ONE}/{{to_type}}", list_associations, READ, dialects=V4),
    Endpoint("GET", f"{ONE}/{{to_type}}", list_v3, READ, dialects=V3),
    Endpoint("PUT", f"{ONE}/default/{{to_type}}/{{to_id}}", put_default, WRITE, write=True,
             dialects=V4),
    Endpoint("PUT", f"{ONE}/{{to_type}}/{{to_id}}", put_types, WRITE, write=True, dialects=V4),
    Endpoint("DELETE", f"{ONE}/{{to_type}}/{{to_id}}", delete_one, WRITE, write=True, dialects=V4),
    Endpoint("PUT", f"{ONE}/{{to_type}}/{{to_id}}/{{type}}", put_v3, WRITE, write=True,
             dialects=V3),
    Endpoint("DELETE", f"{ONE}/{{to_type}}/{{to_id}}/{{type}}", delete_v3, WRITE, write=True,
             dialects=V3),
)  # fmt: skip
