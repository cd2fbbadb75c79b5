"""One side's mapping at work: a vendor's raw record to canonical values and back.

Every value is either translated or an error that names it; nothing is dropped silently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.errors import MappingError, MappingSpecError
from mapping import values as normal
from mapping.canonical import KINDS, Custom, FieldDef
from mapping.compiled import CompiledField, CompiledObject, compile_objects
from mapping.how import Context
from mapping.spec import MappingSpec, OwnerSpec, PathKey, Problem
from mapping.transforms import zone

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Translated:
    """What came of a translation: `values` by name, and `errors` by canonical name for those
    that could not be translated. A name is in one of the two, never in both."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, MappingError] = field(default_factory=dict)


class SideMapping:
    """One side's mapping, compiled: specification, value maps, context (currency, country, time
    zone) and custom field types. A value: methods change nothing.

    Optional fields (`name?`) count as present until `without_absent` is told what the side has.
    """

    def __init__(
        self, spec: MappingSpec, objects: Mapping[str, CompiledObject], context: Context
    ) -> None:
        """Made by `compile_mapping`."""
        self.vendor = spec.vendor
        self.owners: OwnerSpec | None = spec.owners
        self.spec = spec
        self.objects = dict(objects)
        self.context = context

    def without_absent(self, schemas: Mapping[str, Collection[str]]) -> SideMapping:
        """The same mapping without the optional fields that the side lacks. `schemas` holds the
        side's field names by object type; object types that are not given stay as they are."""
        objects = {
            name: found.without_absent(schemas[name]) if name in schemas else found
            for name, found in self.objects.items()
        }
        if all(objects[name].fields == found.fields for name, found in self.objects.items()):
            return self
        return SideMapping(self.spec, objects, self.context)

    def kinds(self) -> tuple[str, ...]:
        """The kinds that this side has object types for, in dependency order."""
        there = {found.kind for found in self.objects.values()}
        return tuple(kind for kind in KINDS if kind in there)

    def object_types(self, kind: str) -> tuple[str, ...]:
        """The object types that a kind lives in, in the order of the file."""
        return tuple(name for name, found in self.objects.items() if found.kind == kind)

    def kind_of(self, object_type: str) -> str:
        """The kind of an object type; KeyError for one that is not mapped."""
        return self.objects[object_type].kind

    def read_fields(self, object_type: str) -> tuple[str, ...]:
        """The vendor fields to ask for: all that are read, and the stamp."""
        found = self.objects[object_type]
        names = [v for f in found.fields.values() if f.read for v in f.read_from()]
        return tuple(dict.fromkeys([*names, *([found.stamp] if found.stamp else [])]))

    def canonical_fields(self, object_type: str) -> tuple[str, ...]:
        """The canonical fields that this object type can show."""
        return tuple(n for n, f in self.objects[object_type].fields.items() if f.read)

    def writable(self, object_type: str, name: str, *, creating: bool) -> bool:
        """Whether a canonical field may be written to this object type."""
        found = self.objects[object_type].fields.get(name)
        return found is not None and (found.write is True or (creating and found.write == "create"))

    def vendor_fields(self, object_type: str, name: str) -> tuple[str, ...]:
        """The vendor fields of a canonical field; none where the object type does not have it."""
        found = self.objects[object_type].fields.get(name)
        return found.vendor_fields() if found else ()

    def neighbours(self, object_type: str, name: str) -> tuple[str, ...]:
        """The vendor fields of a canonical field, and of those that share one with it (a stage
        with its pipeline)."""
        own = self.vendor_fields(object_type, name)
        sharing = {other: None for vendor in own for other in self.names_for(object_type, vendor)}
        others = (v for other in sharing for v in self.vendor_fields(object_type, other))
        return tuple(dict.fromkeys([*own, *others]))

    def names_for(self, object_type: str, vendor_field: str) -> tuple[str, ...]:
        """The canonical fields that live in a vendor field."""
        fields = self.objects[object_type].fields.items()
        return tuple(n for n, f in fields if vendor_field in f.vendor_fields())

    def definition(self, object_type: str, name: str) -> FieldDef:
        """What a canonical field is; KeyError where the object type does not have it."""
        return self.objects[object_type].fields[name].definition

    def ref_object(self, object_type: str, name: str) -> str | None:
        """The object type that a reference, or the members of a roles field, point to here."""
        found = self.objects[object_type].fields.get(name)
        return found.how.object if found else None

    def path(self, object_type: str, name: str) -> PathKey:
        """Where a field stands in the mapping file."""
        return self.objects[object_type].fields[name].path

    def stamp_field(self, object_type: str) -> str | None:
        """The vendor field that keeps the entity's id."""
        return self.objects[object_type].stamp

    def to_canonical(self, object_type: str, raw: Raw) -> Translated:
        """A raw record in canonical values. A record with only some of its fields gives the names
        whose vendor fields are all there; the others are in neither `values` nor `errors`."""
        out = Translated()
        for name, found in self.objects[object_type].fields.items():
            if found.read and found.held_by(raw):
                try:
                    out.values[name] = found.forward(raw)
                except ValueError as reason:
                    shown = _what(found, raw)
                    out.errors[name] = _error(object_type, found, shown, reason)
        return out

    def from_canonical(
        self, object_type: str, values: Mapping[str, Any], current: Raw | None = None
    ) -> Translated:
        """The vendor fields to write for some canonical values.

        `current` is what the side holds now (as much of it as is known): what reads as the wished
        value already stays as it is spelled there, and associations or pipelines that the value
        does not speak of are kept. Fields are taken in the order of the file; of two that share a
        vendor field the earlier that has a value rules. Errors are by canonical name: the value
        cannot be represented, the field is never written, or this object type does not have it.
        """
        out = Translated()
        held = dict(current or {})
        fields = self.objects[object_type].fields
        for name in [*(n for n in fields if n in values), *(n for n in values if n not in fields)]:
            try:
                part = self._write(object_type, name, values[name], held, out.values)
            except ValueError as reason:
                found = fields.get(name)
                out.errors[name] = _error(object_type, found, values[name], reason, name)
            else:
                held.update(part)
                out.values.update(part)
        for name, found in fields.items():
            if current is not None and name not in values and _leaves_pipeline(found, current, out):
                self._follow(object_type, found, current, out)
        return out

    def _follow(
        self, object_type: str, found: CompiledField, current: Raw, out: Translated
    ) -> None:
        """A record that goes into another pipeline takes its stage along, as that one calls it."""
        try:
            stage = found.forward(current)
            out.values.update(_backward(found, stage, {**current, **out.values}))
        except ValueError as reason:
            where = _pipeline_of(found)
            for name in self.names_for(object_type, where):
                if name != found.name:
                    moved = self.objects[object_type].fields[name]
                    out.errors[name] = _error(object_type, moved, out.values[where], reason)
            del out.values[where]

    def _write(
        self, object_type: str, name: str, value: Any, held: Raw, done: Raw
    ) -> dict[str, Any]:
        found = self.objects[object_type].fields.get(name)
        if found is None or found.write is False:
            raise ValueError("is not written to this object type")
        if found.held_by(held) and _reads_as(found, held, value):
            return {vendor: held[vendor] for vendor in found.vendor_fields()}
        claimed = [v for v in found.vendor_fields() if not normal.blank(done.get(v))]
        if not claimed or found.transform.combines:
            return _backward(found, value, held)
        if value is None:
            return {}
        raise ValueError(f"does not agree with {claimed[0]}, which another field has filled")

    def project(
        self, object_type: str, values: Mapping[str, Any], current: Raw | None = None
    ) -> Translated:
        """What the side would show of these values after they were written to it: less than was
        given where the side's values are coarser, an error where it cannot hold them. Fields
        that it never shows or never takes are left out. References pass through."""
        fields = self.objects[object_type].fields
        wished = {n: v for n, v in values.items() if n in fields and fields[n].write is not False}
        written = self.from_canonical(object_type, wished, current)
        blank = {v: None for n in wished for v in fields[n].read_from()}
        shown = self.to_canonical(object_type, {**blank, **(current or {}), **written.values})
        kept = {n: v for n, v in shown.values.items() if n in wished and n not in written.errors}
        errors = {n: e for n, e in shown.errors.items() if n in wished}
        return Translated(kept, {**errors, **written.errors})

    def traits(self) -> dict[str, dict[str, Any]]:
        """`ObjectType.field` -> what decides how its values look (`CompiledField.traits`)."""
        return self._traits

    @cached_property
    def _traits(self) -> dict[str, dict[str, Any]]:
        return {
            f"{object_type}.{name}": found.traits()
            for object_type, known in self.objects.items()
            for name, found in known.fields.items()
        }

    def digest(self) -> str:
        """A stable hash of everything that this mapping does; it changes when a value might be
        read or written differently."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        effective = {
            "spec": self.spec.model_dump(mode="json"),
            "context": [
                self.context.currency, self.context.country, str(self.context.zone),
            ],
            "fields": {
                o: {n: [f.read_from(), f.definition.type] for n, f in found.fields.items()}
                for o, found in self.objects.items()
            },
        }  # fmt: skip
        text = json.dumps(effective, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _pipeline_of(stage: CompiledField) -> str:
    return next(part.vendor for part in stage.parts if part.name == "pipeline")


def _leaves_pipeline(found: CompiledField, current: Raw, out: Translated) -> bool:
    """Whether what is written moves a record into another pipeline without a word of its stage."""
    if found.transform_name != "stage" or not found.held_by(current) or found.write is False:
        return False
    where = _pipeline_of(found)
    moves = where in out.values and out.values[where] != current.get(where)
    return moves and not normal.blank(current.get(where))


def _reads_as(found: CompiledField, held: Raw, value: Any) -> bool:
    try:
        return bool(found.forward(held) == value)
    except ValueError:
        return False


def _backward(found: CompiledField, value: Any, held: Raw) -> dict[str, Any]:
    """As `CompiledField.backward`; a value that is not of the field's form is a ValueError."""
    try:
        return found.backward(value, held)
    except (TypeError, KeyError, AttributeError):
        raise ValueError(f"is not a value of type {found.definition.type}") from None


def _what(found: CompiledField, raw: Raw) -> Any:
    held = {vendor: raw[vendor] for vendor in found.vendor_fields()}
    return next(iter(held.values())) if len(held) == 1 else held


def _error(
    object_type: str, found: CompiledField | None, value: Any, reason: ValueError, name: str = ""
) -> MappingError:
    name = found.name if found else name
    where = "+".join(found.vendor_fields()) if found else "no field"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    shown = shown.encode(errors="backslashreplace").decode()
    shown = shown if len(shown) <= 80 else shown[:79] + "…"
    message = f"{name} ({object_type}.{where}): {shown} {reason}"
    return MappingError(message, field=name, value=value)


def find_problems(spec: MappingSpec, custom: Custom | None = None) -> list[Problem]:
    """What is wrong with a mapping file beyond its form; paths lead to the lines."""
    return compile_objects(spec, Context(), custom or {})[1]


def compile_mapping(
    spec: MappingSpec,
    *,
    currency: str = "USD",
    country: str = "US",
    timezone: str = "UTC",
    custom: Custom | None = None,
) -> SideMapping:
    """A mapping file made ready for one side. Raises MappingSpecError naming every problem."""
    try:
        context = Context(
            currency=normal.currency(currency),
            country=country.upper(),
            zone=zone(timezone),
            strings=spec.scalars == "strings",
        )
    except ValueError as error:
        message = f"currency {currency!r}, country {country!r}, timezone {timezone!r}: {error}"
        raise MappingSpecError(message) from None
    objects, problems = compile_objects(spec, context, custom or {})
    if problems:
        remedy = " ".join(dict.fromkeys(p.remedy for p in problems if p.remedy)) or None
        raise MappingSpecError("; ".join(str(p) for p in problems), remedy=remedy)
    return SideMapping(spec, objects, context)
