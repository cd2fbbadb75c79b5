"""A mapping held against a side's live schema before anything runs.

The schema comes from a connector; only its shape is known here (structural typing), because
mappings and connectors do not import each other.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from mapping.compiled import CompiledField, CompiledObject, Part
from mapping.spec import Problem
from mapping.translate import SideMapping


class PicklistLike(Protocol):
    """A value of a picklist, as connectors describe it."""

    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def active(self) -> bool: ...


class FieldLike(Protocol):
    """A field of a live schema, as connectors describe it."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def length(self) -> int | None: ...
    @property
    def required_on_create(self) -> bool: ...
    @property
    def createable(self) -> bool: ...
    @property
    def updateable(self) -> bool: ...
    @property
    def unique(self) -> bool: ...
    @property
    def custom(self) -> bool: ...
    @property
    def restricted(self) -> bool: ...
    @property
    def picklist(self) -> Sequence[PicklistLike]: ...


class SchemaLike(Protocol):
    """A live schema, as connectors describe it."""

    @property
    def fields(self) -> Mapping[str, FieldLike]: ...


def check(mapping: SideMapping, object_type: str, schema: SchemaLike) -> list[Problem]:
    """What does not fit between the mapping of an object type and the side's schema of it.

    An error says that a mapped field cannot work; a warning that some values or records will be
    refused one by one. Optional fields that the side lacks are no problem.
    """
    there = mapping.without_absent({object_type: schema.fields}).objects[object_type]
    problems = list(_stamp(there, schema))
    for field in there.fields.values():
        for part in field.parts:
            found = schema.fields.get(part.vendor)
            if found is None:
                problems.append(_unknown(there, field, part, schema.fields))
            elif not part.context:
                problems.extend(_field(there, field, part, found))
    return [*problems, *_required(there, schema)]


def _problem(
    there: CompiledObject,
    field: CompiledField,
    part: Part,
    message: str,
    remedy: str,
    severity: Literal["error", "warning"] = "error",
) -> Problem:
    return Problem(
        field.path,
        f"{there.object_type}.{part.vendor}: {message}",
        remedy,
        severity,
        there.object_type,
        field.name,
        part.vendor,
    )


def _unknown(
    there: CompiledObject, field: CompiledField, part: Part, known: Collection[str]
) -> Problem:
    close = difflib.get_close_matches(part.vendor, list(known), n=1)
    near = f"Did you mean {close[0]}? " if close else ""
    remedy = f"{near}Make the field visible to the integration user, or take the line out."
    return _problem(there, field, part, "this side shows no such field", remedy)


def _field(
    there: CompiledObject, field: CompiledField, part: Part, found: FieldLike
) -> Iterator[Problem]:
    yield from _access(there, field, part, found)
    yield from _type(there, field, part, found)
    yield from _picklist(there, field, part, found)
    wanted = field.definition.length
    if wanted and found.length and found.length < wanted and field.write:
        message = f"takes {found.length} characters; {field.name} may have {wanted}"
        remedy = "Longer values are refused one by one; make the field longer to take them."
        yield _problem(there, field, part, message, remedy, "warning")


def _access(
    there: CompiledObject, field: CompiledField, part: Part, found: FieldLike
) -> Iterator[Problem]:
    if field.write is True and not found.updateable:
        only = "create" if found.createable else "false"
        message = "is mapped for writing, and the integration user cannot change it"
        remedy = f"Give the user access to the field, or say `write: {only}` on this line."
        yield _problem(there, field, part, message, remedy)
    if field.write == "create" and not found.createable:
        message = "is written into new records, and the integration user cannot set it"
        yield _problem(there, field, part, message, "Say `write: false` on this line.")


def _type(
    there: CompiledObject, field: CompiledField, part: Part, found: FieldLike
) -> Iterator[Problem]:
    if found.type not in field.transform.vendor_types(part.name):
        message = f"is of type {found.type}, which transform {field.transform_name} cannot use"
        remedy = f"Map {field.name} to another field, or name a transform that fits."
        yield _problem(there, field, part, message, remedy)
    wants = "datetime" if field.how.form == "datetime" else "date"
    if field.transform_name == "date" and field.write and found.type not in (wants, "other"):
        message = f"is a {found.type}, and dates are written to it as {wants}"
        remedy = f"Say `form: {found.type}` on this line."
        yield _problem(there, field, part, message, remedy)


MOVING = frozenset({"stage", "lead_status", "lifecycle_stage"})
"""Fields whose values every org chooses for itself: one that a side lacks is held record by record,
and keeps nothing else from working."""


def _picklist(
    there: CompiledObject, field: CompiledField, part: Part, found: FieldLike
) -> Iterator[Problem]:
    """A value map against the values that the side offers, both ways."""
    values = field.how.values
    if not values.entries or not found.picklist or part.name not in ("value", "stage"):
        return
    offered = {v.value for v in found.picklist if v.active}
    words = {word.rpartition(":")[2] if part.name == "stage" else word: c
             for c, word in values.written().items()}  # fmt: skip
    missing = sorted(word for word in words if word not in offered)
    if missing and field.write:
        message = f"does not offer {', '.join(missing)}, which {values.name!r} writes"
        remedy = f"Add the values on this side, or change values.{values.name}."
        stops = found.restricted and field.name not in MOVING
        severity: Literal["error", "warning"] = "error" if stops else "warning"
        yield _problem(there, field, part, message, remedy, severity)
    known = {entry for word in _read_words(field) for entry in (word, word.rpartition(":")[2])}
    strange = sorted(v for v in offered if v not in known and not values.knows(v))
    if strange and field.read:
        message = f"offers {', '.join(strange)}, which {values.name!r} does not know"
        remedy = f"Add them to values.{values.name}; until then records with them are held."
        yield _problem(there, field, part, message, remedy, "warning")


def _read_words(field: CompiledField) -> set[str]:
    return {word for entry in field.how.values.entries.values() for word in entry.read}


def _stamp(there: CompiledObject, schema: SchemaLike) -> Iterator[Problem]:
    path = ("objects", there.object_type, "stamp")
    if there.stamp is None:
        return
    found = schema.fields.get(there.stamp)
    where = f"{there.object_type}.{there.stamp}"
    if found is None:
        message, remedy = "the stamp field is not there", "Run `tieline setup` to make it."
    elif not found.unique:
        message = "the stamp field takes one value twice"
        remedy = "Make it unique (an external id), or let `tieline setup` make another field."
    elif not found.updateable:
        message = "the stamp field cannot be written"
        remedy = "Give the integration user access to the field."
    else:
        return
    yield Problem(path, f"{where}: {message}", remedy, "error", there.object_type, "", there.stamp)


def _required(there: CompiledObject, schema: SchemaLike) -> Iterator[Problem]:
    filled = {v for f in there.fields.values() if f.write for v in f.vendor_fields()}
    for name, found in schema.fields.items():
        if found.required_on_create and found.createable and name not in {*filled, there.stamp}:
            message = f"{there.object_type}.{name}: is required in new records and not mapped"
            remedy = "Map it, or give it a default on that side; until then none can be created."
            path = ("objects", there.object_type, "fields")
            yield Problem(path, message, remedy, "warning", there.object_type, "", name)
