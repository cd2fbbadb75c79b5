"""A mapping file made ready: each field with its definition, transform and options, or the list
of what is wrong with it."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mapping.canonical import FIELDS, PREFIX, Custom, FieldDef, field_def
from mapping.how import Context, How, ValueMap
from mapping.spec import FieldSpec, MappingSpec, ObjectSpec, PathKey, Problem
from mapping.transforms import (
    NEEDS_VALUES,
    POINTS,
    TRANSFORMS,
    TYPE_TRANSFORM,
    USES_VALUES,
    Transform,
    how,
)

_OUTSIDE = ("values", "parts")
"""Options that the traits of a field tell in another way."""


@dataclass(frozen=True, slots=True)
class Part:
    """One vendor field of a canonical field. A `context` part is read to understand the value,
    and not written with it."""

    name: str
    vendor: str
    optional: bool = False
    context: bool = False


@dataclass(frozen=True, slots=True)
class CompiledField:
    """One canonical field in one object type."""

    name: str
    path: PathKey
    definition: FieldDef
    transform: Transform
    transform_name: str
    parts: tuple[Part, ...]
    how: How
    write: bool | Literal["create"] = True
    read: bool = True

    def vendor_fields(self) -> tuple[str, ...]:
        """The vendor fields it lives in."""
        return tuple(part.vendor for part in self.parts if not part.context)

    def read_from(self) -> tuple[str, ...]:
        """The vendor fields it is read from, context included."""
        return tuple(part.vendor for part in self.parts)

    def traits(self) -> dict[str, Any]:
        """What decides how values of this field look: `shape`, a hash of all but the value map,
        and `values`, the canonical value of each listed vendor value."""
        options = {s: str(getattr(self.how, s)) for s in How.__slots__ if s not in _OUTSIDE}
        parts = [(p.name, p.vendor, p.context) for p in self.parts]
        text = json.dumps([self.definition.type, self.transform_name, parts, options, self.read])
        shape = hashlib.sha256(text.encode()).hexdigest()[:16]
        return {"shape": shape, "values": self.how.values.reads()}

    def held_by(self, raw: Mapping[str, Any]) -> bool:
        """Whether all of its vendor fields are there (with a value or blank)."""
        return all(part.vendor in raw for part in self.parts)

    def forward(self, raw: Mapping[str, Any]) -> Any:
        """The canonical value of a raw record that holds all of its fields. ValueError."""
        return self.transform.forward({p.name: raw[p.vendor] for p in self.parts}, self.how)

    def backward(self, value: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The vendor fields to write, given what the side holds now. ValueError."""
        current = {p.name: raw.get(p.vendor) for p in self.parts}
        out = self.transform.backward(value, self.how, current)
        return {p.vendor: out[p.name] for p in self.parts if p.name in out}

    def without(self, present: Collection[str]) -> CompiledField | None:
        """Without its optional parts that a side lacks; None where nothing of it is left or a
        part that the transform needs is gone."""
        gone = {p.name for p in self.parts if p.optional and p.vendor not in present}
        left = tuple(p for p in self.parts if p.name not in gone)
        if not left or gone & self.transform.needs:
            return None
        names = frozenset(p.name for p in left)
        if not gone and self.how.parts == names:
            return self
        return replace(self, parts=left, how=replace(self.how, parts=names))


@dataclass(frozen=True, slots=True)
class CompiledObject:
    """One object type: its kind, its stamp field and its fields in the order of the file."""

    object_type: str
    kind: str
    stamp: str | None
    fields: Mapping[str, CompiledField]

    def without_absent(self, present: Collection[str]) -> CompiledObject:
        """Without optional fields that the side's schema does not have."""
        kept = {n: f.without(present) for n, f in self.fields.items()}
        return replace(self, fields={n: f for n, f in kept.items() if f is not None})


class _Compiler:
    """Compiles the fields of one specification, collecting problems."""

    def __init__(self, spec: MappingSpec, context: Context, custom: Custom) -> None:
        self.spec = spec
        self.context = context
        self.custom = custom
        self.problems: list[Problem] = []

    def objects(self) -> dict[str, CompiledObject]:
        """Every object type of the specification; `problems` says what was left out."""
        return {
            object_type: CompiledObject(
                object_type, spec.kind, spec.stamp, dict(self._fields(object_type, spec))
            )
            for object_type, spec in self.spec.objects.items()
        }

    def _fields(self, object_type: str, spec: ObjectSpec) -> Iterator[tuple[str, CompiledField]]:
        for name, field in spec.fields.items():
            path = ("objects", object_type, "fields", name)
            found = self._field(path, spec.kind, name, field)
            if found is not None:
                yield name, found

    def _field(self, path: PathKey, kind: str, name: str, spec: FieldSpec) -> CompiledField | None:
        before = len(self.problems)
        definition = self._definition(path, kind, name)
        if definition is None:
            return None
        chosen = spec.transform or TYPE_TRANSFORM.get(definition.type, definition.type)
        transform = self._transform(path, chosen, definition, spec)
        if transform is None or len(self.problems) > before:
            return None
        parts = tuple(_parts(spec))
        options = how(
            spec,
            ValueMap(spec.values or "", self._entries(spec), passing=self._passes(spec, chosen)),
            self.context,
            target=self._target(spec, chosen),
            element=definition.element,
            parts=frozenset(p.name for p in parts),
        )
        return CompiledField(
            name, path, definition, transform, chosen, parts, options, spec.write, spec.read
        )

    def _definition(self, path: PathKey, kind: str, name: str) -> FieldDef | None:
        try:
            return field_def(kind, name, self.custom)
        except KeyError:
            pass
        if name.startswith(PREFIX):
            remedy = f"Declare it in the configuration under custom.{kind}."
            self._problem(path, f"the custom field {name} is not declared", remedy)
        else:
            self._problem(path, f"there is no canonical field {name}", _near(name, FIELDS[kind]))
        return None

    def _transform(
        self, path: PathKey, chosen: str, definition: FieldDef, spec: FieldSpec
    ) -> Transform | None:
        transform = TRANSFORMS.get(chosen)
        if transform is None:
            self._problem(path, f"there is no transform {chosen}", _near(chosen, TRANSFORMS))
            return None
        if definition.type not in transform.types:
            made = " or ".join(sorted(transform.types))
            message = f"transform {chosen} makes {made}, and {definition.name} is {definition.type}"
            self._problem(path, message, "Leave `transform` out to use the type's own.")
        if spec.country and chosen != "phone":
            self._problem(path, f"transform {chosen} takes no `country`", "Only phone does.")
        for check in (self._check_parts, self._check_values, self._check_target):
            check(path, chosen, definition, spec)
        return transform

    def _check_parts(
        self, path: PathKey, chosen: str, definition: FieldDef, spec: FieldSpec
    ) -> None:
        transform, given = TRANSFORMS[chosen], set(spec.parts())
        allowed = sorted(transform.needs | transform.may)
        for part in sorted(transform.needs - given):
            self._problem(path, f"transform {chosen} needs a field for {part!r}")
        for part in sorted(given - set(allowed)):
            message = f"transform {chosen} has no part {part!r}"
            self._problem(path, message, f"Parts: {', '.join(allowed)}.")

    def _check_values(
        self, path: PathKey, chosen: str, definition: FieldDef, spec: FieldSpec
    ) -> None:
        if spec.values is not None and chosen not in USES_VALUES:
            self._problem(path, f"transform {chosen} takes no value map")
        elif spec.values is not None and spec.values not in self.spec.values:
            message = f"there is no value map {spec.values}"
            self._problem((*path, "values"), message, _near(spec.values, self.spec.values))
        elif spec.values is None and chosen in NEEDS_VALUES and spec.unknown != "pass":
            remedy = "Name one under `values`, or say `unknown: pass` to carry values as they are."
            self._problem(path, f"{definition.name} has no value map", remedy)

    def _check_target(
        self, path: PathKey, chosen: str, definition: FieldDef, spec: FieldSpec
    ) -> None:
        if chosen == "owner" and self.spec.owners is None:
            self._problem(path, "the mapping has no `owners`", "Say which object type users are.")
        if chosen not in POINTS:
            return
        target = self.spec.objects.get(spec.object or "")
        if target is None or target.kind != definition.ref:
            wanted = [o for o, s in self.spec.objects.items() if s.kind == definition.ref]
            message = f"`object` must name an object type of kind {definition.ref}"
            self._problem(path, message, f"One of: {', '.join(wanted)}.")

    def _entries(self, spec: FieldSpec) -> Mapping[str, Any]:
        return self.spec.values.get(spec.values or "", {})

    def _passes(self, spec: FieldSpec, chosen: str) -> bool:
        return spec.unknown == "pass" or (spec.values is None and chosen not in NEEDS_VALUES)

    def _target(self, spec: FieldSpec, chosen: str) -> str | None:
        if chosen == "owner" and self.spec.owners is not None:
            return self.spec.owners.object
        return spec.object

    def _problem(self, path: PathKey, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(path, message, remedy, object_type=path[1], name=path[3]))


def _parts(spec: FieldSpec) -> Iterator[Part]:
    for part, vendor in spec.parts().items():
        yield Part(part, vendor.removesuffix("?"), vendor.endswith("?"))
    if spec.country:
        name = spec.country
        yield Part("country", name.removesuffix("?"), name.endswith("?"), context=True)


def _near(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {close[0]}?" if close else f"One of: {', '.join(sorted(known))}."


def compile_objects(
    spec: MappingSpec, context: Context, custom: Custom
) -> tuple[dict[str, CompiledObject], list[Problem]]:
    """The object types of a specification and everything that is wrong with it."""
    compiler = _Compiler(spec, context, custom)
    return compiler.objects(), compiler.problems
