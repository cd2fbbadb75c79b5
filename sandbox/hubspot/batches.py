"""Batches of up to 100 records over HTTP: read, create, update, upsert, archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.hubspot import errors
from sandbox.hubspot.http import Call, Endpoint, Reply
from sandbox.hubspot.objects import READ, WRITE, check_unique, find, links_of, number, properties_of
from sandbox.hubspot.records import Record, Table
from sandbox.hubspot.shapes import (
    batch_reply,
    history_json,
    record_json,
    shown_names,
    written_json,
)

MAX_INPUTS = 100
Json = Mapping[str, Any]


def inputs_of(call: Call, most: int = MAX_INPUTS) -> list[Json]:
    """The inputs of a batch. Raises ApiError (400) for none, too many or malformed ones."""
    inputs = call.mapping().get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(i, Mapping) for i in inputs):
        raise errors.bad_json("Some required fields were not set: [inputs]")
    if not inputs:
        raise errors.invalid("Invalid request: inputs must not be empty")
    if len(inputs) > most:
        raise errors.invalid(
            f"The maximum number of inputs supported in a batch request is {most}, was "
            f"{len(inputs)}"
        )
    return inputs


def _check_ids(call: Call, inputs: Sequence[Json]) -> None:
    """Raises ApiError (400) for an input without an id, and for ids given twice."""
    if any(i.get("id") in (None, "") for i in inputs):
        raise errors.bad_json("Some required fields were not set: [id]")
    counts = Counter((str(i["id"]), str(i.get("idProperty") or "")) for i in inputs)
    twice = [key for (key, _), n in counts.items() if n > 1]
    if twice and call.store.quirks.on("duplicate_ids"):
        raise errors.invalid(
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        )


def read_batch(call: Call) -> Reply:
    table, body, started = call.table(), call.mapping(), call.store.now_text()
    inputs = inputs_of(call)
    if any(i.get("id") in (None, "") for i in inputs):
        raise errors.bad_json("Some required fields were not set: [id]")
    id_property = str(body.get("idProperty") or "")
    names = shown_names(table, [str(n) for n in body.get("properties") or ()])
    history = [str(n) for n in body.get("propertiesWithHistory") or ()]
    found: dict[int, dict[str, Any]] = {}
    missing = []
    for each in inputs:
        record = _readable(call, table, each["id"], id_property)
        if record is None:
            missing.append(str(each["id"]))
        elif record.id not in found:
            found[record.id] = record_json(table, record, names)
            if history:
                found[record.id]["propertiesWithHistory"] = history_json(record, history)
    problems = [errors.gone_from_batch(table.kind.singular, missing)] if missing else []
    return batch_reply(call, started, list(found.values()), problems)


def _readable(call: Call, table: Table, key: Any, id_property: str) -> Record | None:
    if call.flag("archived") and not id_property:
        record = table.resolve(number(key) or 0)
        return record if record is not None and not record.live else None
    return find(call, table, key, id_property)


def _traced(inputs: Sequence[Json]) -> bool:
    """Whether every input has an `objectWriteTraceId` of its own: then each stands alone."""
    traces = [i.get("objectWriteTraceId") for i in inputs]
    return all(traces) and len(set(traces)) == len(traces)


def _result(table: Table, record: Record, each: Json) -> dict[str, Any]:
    made = written_json(table, record, each.get("properties") or ())
    if each.get("objectWriteTraceId"):
        made["objectWriteTraceId"] = str(each["objectWriteTraceId"])
    return made


def _one_by_one(
    inputs: Sequence[Json], act: Callable[[Json], dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Results and problems of inputs that stand alone."""
    results, problems = [], []
    for each in inputs:
        try:
            results.append(act(each))
        except errors.ApiError as error:
            trace = each.get("objectWriteTraceId")
            problems.append(error.in_batch({"objectWriteTraceId": [str(trace)]} if trace else {}))
    return results, problems


def create_batch(call: Call) -> Reply:
    table, inputs, started = call.table(), inputs_of(call), call.store.now_text()

    def create(each: Json) -> dict[str, Any]:
        links = links_of(call, table, each.get("associations"))
        record = call.writer.create(table, properties_of(each), links)
        return _result(table, record, each)

    if _traced(inputs) or not call.store.quirks.on("atomic_creates"):
        results, problems = _one_by_one(inputs, create)
        return batch_reply(call, started, results, problems, status=201)
    _check_creates(call, table, inputs)
    return batch_reply(call, started, [create(each) for each in inputs], status=201)


def _check_creates(call: Call, table: Table, inputs: Sequence[Json]) -> None:
    """Without trace ids a create is all or nothing. Raises ApiError for the first bad input."""
    validated = []
    for each in inputs:
        validated.append(call.writer.validated(table, None, properties_of(each)))
        links_of(call, table, each.get("associations"))
    _check_clashes(call, table, [(None, values) for values in validated])


def _check_clashes(
    call: Call, table: Table, wanted: Sequence[tuple[Record | None, Mapping[str, str | None]]]
) -> None:
    """Raises ApiError (400) when two inputs want one unique value."""
    for name in table.properties.unique():
        values = [(record, values[name]) for record, values in wanted if values.get(name)]
        counts = Counter(value for _, value in values)
        for record, value in values:
            if counts[value] > 1 and value is not None:
                shown = "null" if record is None else str(record.id)
                portal = call.store.options.portal_id
                raise errors.value_taken(portal, name, value, shown, 0)


def update_batch(call: Call) -> Reply:
    table, inputs, started = call.table(), inputs_of(call), call.store.now_text()
    _check_ids(call, inputs)
    if _traced(inputs):
        results, problems = _one_by_one(inputs, lambda each: _update_one(call, table, each))
        return batch_reply(call, started, results, problems)
    planned, missing = [], []
    for each in inputs:
        record = find(call, table, each["id"], str(each.get("idProperty") or ""))
        if record is None:
            missing.append(str(each["id"]))
        else:
            values = call.writer.validated(table, record, properties_of(each))
            planned.append((each, record, values))
    _check_clashes(call, table, [(record, values) for _, record, values in planned])
    results = [
        _result(table, call.writer.store_values(table, record, values), each)
        for each, record, values in planned
    ]
    problems = [errors.gone_from_batch(table.kind.singular, missing)] if missing else []
    return batch_reply(call, started, results, problems)


def _update_one(call: Call, table: Table, each: Json) -> dict[str, Any]:
    record = find(call, table, each["id"], str(each.get("idProperty") or ""))
    if record is None:
        raise errors.not_found(f"{table.kind.singular.upper()}={each['id']} was not found")
    call.writer.update(table, record, properties_of(each))
    return _result(table, record, each)


def upsert_batch(call: Call) -> Reply:
    table, inputs, started = call.table(), inputs_of(call), call.store.now_text()
    _check_ids(call, inputs)
    if _traced(inputs):
        results, problems = _one_by_one(inputs, lambda each: _upsert_one(call, table, each))
        return batch_reply(call, started, results, problems)
    planned = [_planned_upsert(call, table, each) for each in inputs]
    _check_clashes(call, table, [(record, values) for _, record, values in planned])
    results = [_carry_out(call, table, *plan) for plan in planned]
    return batch_reply(call, started, results)


def _planned_upsert(
    call: Call, table: Table, each: Json
) -> tuple[Json, Record | None, dict[str, str | None]]:
    name = str(each.get("idProperty") or "")
    if not name:
        raise errors.bad_json("Some required fields were not set: [idProperty]")
    record = find(call, table, each["id"], name)
    given = dict(properties_of(each))
    if name != "hs_object_id":
        check_unique(table, name)
        given.setdefault(name, each["id"])
    elif record is None:
        raise errors.not_found(f"{table.kind.singular.upper()}={each['id']} was not found")
    return each, record, call.writer.validated(table, record, given)


def _upsert_one(call: Call, table: Table, each: Json) -> dict[str, Any]:
    return _carry_out(call, table, *_planned_upsert(call, table, each))


def _carry_out(
    call: Call, table: Table, each: Json, record: Record | None, values: dict[str, str | None]
) -> dict[str, Any]:
    new = record is None
    if record is None:
        record = call.writer.insert(table, values)
    else:
        call.writer.store_values(table, record, values)
    name = str(each["idProperty"])
    made = _result(table, record, {**each, "properties": {**each["properties"], name: None}})
    return {**made, "new": new}


def archive_batch(call: Call) -> Reply:
    table, inputs = call.table(), inputs_of(call)
    if any(i.get("id") in (None, "") for i in inputs):
        raise errors.bad_json("Some required fields were not set: [id]")
    for each in inputs:
        record = find(call, table, each["id"])
        if record is not None:
            call.writer.archive(table, record)
    return Reply(204)


BATCH = "/crm/objects/{object_type}/batch"

ENDPOINTS = (
    Endpoint("POST", f"{BATCH}/read", read_batch, READ),
    Endpoint("POST", f"{BATCH}/create", create_batch, WRITE, write=True),
    Endpoint("POST", f"{BATCH}/update", update_batch, WRITE, write=True),
    Endpoint("POST", f"{BATCH}/upsert", upsert_batch, WRITE, write=True),
    Endpoint("POST", f"{BATCH}/archive", archive_batch, WRITE, write=True),
)
