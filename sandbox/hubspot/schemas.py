"""Properties, groups and pipelines over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.hubspot import errors
from sandbox.hubspot.http import Call, Endpoint, Reply
from sandbox.hubspot.metadata import FIELD_TYPES, Group, Option, Property
from sandbox.hubspot.pipelines import Pipeline, make_pipeline, make_stage
from sandbox.hubspot.records import Table

MAX_UNIQUE = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
SCHEMA_READ, SCHEMA_WRITE = "crm.schemas.{object_type}.read", "crm.schemas.{object_type}.write"


def list_properties(call: Call) -> Reply:
    archived = call.flag("archived")
    found = [p for p in call.table().properties.all.values() if p.archived == archived]
    return Reply(200, {"results": [p.to_json() for p in found]})


def read_property(call: Call) -> Reply:
    return Reply(200, _property(call, archived=call.flag("archived")).to_json())


def _property(call: Call, *, archived: bool = False) -> Property:
    name = call.params["name"]
    found = call.table().properties.all.get(name)
    if found is None or found.archived != archived:
        raise errors.not_found(
            f'Property "{name}" does not exist',
            context={"propertyName": [name]},
            subCategory="PropertiesError.PROPERTY_NOT_FOUND",
        )
    return found


def create_property(call: Call) -> Reply:
    table, body = call.table(), call.mapping()
    return Reply(201, add_property(table, body, call.store.now_text()).to_json())


def add_property(table: Table, body: Mapping[str, Any], now: str) -> Property:
    """Make a property from its JSON. Raises ApiError: 400 for what cannot be, 409 for a name
    that is taken."""
    missing = [n for n in ("groupName", "name", "label", "type", "fieldType") if not body.get(n)]
    if missing:
        raise errors.bad_json(f"Some required fields were not set: [{', '.join(missing)}]")
    name, kind, field_type = str(body["name"]), str(body["type"]), str(body["fieldType"])
    known = table.properties.all.get(name)
    if known is not None and not known.archived:
        raise errors.ApiError(
            409,
            f'A property named "{name}" already exists.',
            "CONFLICT",
            subCategory="Properties.PROPERTY_EXISTS",
        )
    _check_definition(table, name, kind, field_type, body)
    made = Property(
        name=name,
        label=str(body["label"]),
        type=kind,
        field_type=field_type,
        group=str(body["groupName"]),
        options=_options(body.get("options")),
        unique=body.get("hasUniqueValue") is True,
        hidden=body.get("hidden") is True,
        form=body.get("formField") is True,
        external=body.get("externalOptions") is True,
        custom=True,
        description=str(body.get("description") or ""),
        display_order=int(body.get("displayOrder", -1)),
        created_at=now,
        updated_at=now,
    )
    table.properties.all[name] = made
    return made


def _check_definition(
    table: Table, name: str, kind: str, field_type: str, body: Mapping[str, Any]
) -> None:
    if not _NAME.fullmatch(name):
        raise errors.invalid(
            f'Property name "{name}" is invalid: it must start with a letter and have only '
            "lowercase letters, numbers and underscores"
        )
    if field_type not in FIELD_TYPES.get(kind, ()):
        raise errors.invalid(f"Invalid type {kind} with fieldType {field_type}")
    if body["groupName"] not in table.properties.groups:
        raise errors.invalid(f"Property group {body['groupName']} does not exist")
    if kind == "enumeration" and not body.get("options") and not body.get("externalOptions"):
        raise errors.invalid("Enumeration properties need options")
    if body.get("hasUniqueValue") is True:
        if kind not in ("string", "number"):
            raise errors.invalid("Only text and number properties can have unique values")
        if table.properties.custom_unique_count() >= MAX_UNIQUE:
            raise errors.invalid(
                f"The limit of {MAX_UNIQUE} unique properties of {table.kind.name} is reached"
            )


def _options(given: Any) -> list[Option]:
    made = []
    for order, each in enumerate(given or ()):
        if not isinstance(each, Mapping) or "value" not in each or "label" not in each:
            raise errors.bad_json("Some required fields were not set: [label, value]")
        made.append(
            Option(
                str(each["value"]),
                str(each["label"]),
                int(each.get("displayOrder", order)),
                each.get("hidden") is True,
                str(each.get("description") or ""),
            )
        )
    if len({o.value for o in made}) < len(made):
        raise errors.invalid("Option values must be unique")
    return made


def update_property(call: Call) -> Reply:
    found, body = _property(call), call.mapping()
    if "options" in body:
        found.options = _options(body["options"])
    if found.custom:
        if "groupName" in body and body["groupName"] not in call.table().properties.groups:
            raise errors.invalid(f"Property group {body['groupName']} does not exist")
        found.group = str(body.get("groupName", found.group))
        found.description = str(body.get("description", found.description))
        found.hidden = body.get("hidden", found.hidden) is True
    found.label = str(body.get("label", found.label))
    found.updated_at = call.store.now_text()
    return Reply(200, found.to_json())


def archive_property(call: Call) -> Reply:
    found, table = _property(call), call.table()
    if not found.custom:
        raise errors.invalid(f"{found.name} is a HubSpot property and cannot be archived")
    found.archived = True
    table.drop_unique(found.name)
    return Reply(204)


def list_groups(call: Call) -> Reply:
    return Reply(200, {"results": [g.to_json() for g in call.table().properties.groups.values()]})


def create_group(call: Call) -> Reply:
    groups, body = call.table().properties.groups, call.mapping()
    if not body.get("name") or not body.get("label"):
        raise errors.bad_json("Some required fields were not set: [name, label]")
    if body["name"] in groups:
        raise errors.ApiError(409, f"A group named {body['name']} already exists.", "CONFLICT")
    made = Group(str(body["name"]), str(body["label"]), int(body.get("displayOrder", -1)))
    groups[made.name] = made
    return Reply(201, made.to_json())


def _pipelines(call: Call) -> dict[str, Pipeline]:
    return call.store.pipelines.setdefault(call.table().kind.name, {})


def _pipeline(call: Call) -> Pipeline:
    found = _pipelines(call).get(call.params["pipeline_id"])
    if found is None:
        raise errors.not_found(f"Pipeline {call.params['pipeline_id']} was not found")
    return found


def list_pipelines(call: Call) -> Reply:
    return Reply(200, {"results": [p.to_json() for p in _pipelines(call).values()]})


def read_pipeline(call: Call) -> Reply:
    return Reply(200, _pipeline(call).to_json())


def create_pipeline(call: Call) -> Reply:
    known = _pipelines(call)
    try:
        made = make_pipeline(
            call.mapping(), call.store.made_id(), len(known), call.store.now_text()
        )
    except ValueError as error:
        raise errors.bad_json(str(error)) from error
    if made.id in known:
        raise errors.ApiError(409, f"Pipeline {made.id} already exists.", "CONFLICT")
    known[made.id] = made
    return Reply(201, made.to_json())


def list_stages(call: Call) -> Reply:
    return Reply(200, {"results": [s.to_json() for s in _pipeline(call).stages.values()]})


def create_stage(call: Call) -> Reply:
    pipeline = _pipeline(call)
    try:
        made = make_stage(
            call.mapping(), call.store.made_id(), len(pipeline.stages), call.store.now_text()
        )
    except ValueError as error:
        raise errors.bad_json(str(error)) from error
    if made.id in pipeline.stages:
        raise errors.ApiError(409, f"Stage {made.id} already exists.", "CONFLICT")
    pipeline.stages[made.id] = made
    return Reply(201, made.to_json())


ALL, ONE = "/crm/properties/{object_type}", "/crm/properties/{object_type}/{name}"
LINES = "/crm/pipelines/{object_type}"
READ, WRITE = "crm.objects.{object_type}.read", SCHEMA_WRITE

ENDPOINTS = (
    Endpoint("GET", f"{ALL}/groups", list_groups, SCHEMA_READ),
    Endpoint("POST", f"{ALL}/groups", create_group, SCHEMA_WRITE, write=True),
    Endpoint("GET", ALL, list_properties, SCHEMA_READ),
    Endpoint("POST", ALL, create_property, SCHEMA_WRITE, write=True),
    Endpoint("GET", ONE, read_property, SCHEMA_READ),
    Endpoint("PATCH", ONE, update_property, SCHEMA_WRITE, write=True),
    Endpoint("DELETE", ONE, archive_property, SCHEMA_WRITE, write=True),
    Endpoint("GET", LINES, list_pipelines, READ),
    Endpoint("POST", LINES, create_pipeline, WRITE, write=True),
    Endpoint("GET", f"{LINES}/{{pipeline_id}}", read_pipeline, READ),
    Endpoint("GET", f"{LINES}/{{pipeline_id}}/stages", list_stages, READ),
    Endpoint("POST", f"{LINES}/{{pipeline_id}}/stages", create_stage, WRITE, write=True),
)
