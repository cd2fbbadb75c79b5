"""Fields that correspond on several live schemas and are not mapped yet, proposed as custom ones.

For `tieline init`: a proposal is only ever shown to a person, who takes it into the mapping
files or leaves it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mapping.canonical import KINDS
from mapping.check import FieldLike, SchemaLike
from mapping.places import fold
from mapping.translate import SideMapping

COMPATIBLE: Mapping[str, tuple[str, ...]] = {
    "string": ("text", "email", "phone", "url"),
    "text": ("text",),
    "email": ("email", "text"),
    "phone": ("phone", "text"),
    "url": ("url", "text"),
    "number": ("number", "integer"),
    "integer": ("integer", "number"),
    "currency": ("number",),
    "percent": ("number",),
    "boolean": ("bool",),
    "date": ("date",),
    "datetime": ("datetime",),
    "picklist": ("enum", "text"),
    "multipicklist": ("set",),
}
"""The canonical types that a vendor field type can be, the best one first."""

LEAST_SHARED = 0.5
"""Share of the shorter picklist whose values the other one must have too."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proposed field lives on one side. `values`: canonical to vendor, for picklists."""

    side: str
    object_type: str
    field: str
    writable: bool = True
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One proposed custom field, with the reason for thinking so."""

    kind: str
    name: str
    type: str
    places: tuple[Place, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    side: str
    object_type: str
    schema: FieldLike


Sides = Mapping[str, tuple[SideMapping, Mapping[str, SchemaLike]]]
"""Side name -> its mapping and its live schemas by object type."""


def suggest(sides: Sides) -> list[Suggestion]:
    """Proposals, by kind and name: fields that no side maps yet, whose names or labels are the
    same but for spelling, whose types can carry one value, and which can be written somewhere."""
    return [found for kind in KINDS for found in _of_kind(kind, sides)]


def _of_kind(kind: str, sides: Sides) -> Iterator[Suggestion]:
    candidates = list(_candidates(kind, sides))
    used: set[tuple[str, str, str]] = set()
    for read, word in ((_by_name, "name"), (_by_label, "label")):
        groups: dict[str, list[_Candidate]] = {}
        for candidate in candidates:
            if (candidate.side, candidate.object_type, candidate.schema.name) not in used:
                groups.setdefault(read(candidate), []).append(candidate)
        for key in sorted(groups):
            found = _suggestion(kind, groups[key], f"same {word} on {{sides}}")
            if key and found:
                used |= {(p.side, p.object_type, p.field) for p in found.places}
                yield found


def _candidates(kind: str, sides: Sides) -> Iterator[_Candidate]:
    for side, (mapping, schemas) in sides.items():
        for object_type in mapping.object_types(kind):
            mapped = {v for n in mapping.objects[object_type].fields
                      for v in mapping.vendor_fields(object_type, n)}  # fmt: skip
            mapped.add(mapping.stamp_field(object_type) or "")
            schema = schemas.get(object_type)
            for found in schema.fields.values() if schema else ():
                if found.name not in mapped and found.type in COMPATIBLE:
                    yield _Candidate(side, object_type, found)


def _by_name(candidate: _Candidate) -> str:
    return plain_name(candidate.schema.name).replace("_", "")


def _by_label(candidate: _Candidate) -> str:
    return fold(candidate.schema.label).replace(" ", "")


def plain_name(vendor: str) -> str:
    """A vendor's field name in snake case, without what vendors put round it (`__c`, a package's
    prefix, `hs_`)."""
    name = re.sub(r"__c$", "", vendor)
    name = name.rpartition("__")[2].removeprefix("hs_")
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return fold(name).replace(" ", "_").replace("__", "_")


def _suggestion(kind: str, group: list[_Candidate], reason: str) -> Suggestion | None:
    places = list({(c.side, c.object_type): c for c in reversed(group)}.values())[::-1]
    names = list(dict.fromkeys(c.side for c in places))
    if len(names) < 2 or not any(c.schema.updateable for c in places):
        return None
    type_ = _common_type([c.schema for c in places])
    maps = [_values(c.schema) if type_ in ("enum", "set") else {} for c in places]
    if type_ is None or not _share_values(maps):
        return None
    found = tuple(
        Place(c.side, c.object_type, c.schema.name, c.schema.updateable, values)
        for c, values in zip(places, maps, strict=True)
    )
    name = f"custom.{plain_name(places[0].schema.name)}"
    return Suggestion(kind, name, type_, found, reason.format(sides=" and ".join(names)))


def _common_type(fields: list[FieldLike]) -> str | None:
    for type_ in COMPATIBLE[fields[0].type]:
        if all(type_ in COMPATIBLE[f.type] for f in fields):
            return type_
    return None


def _values(schema: FieldLike) -> dict[str, str]:
    named = {fold(v.label or v.value).replace(" ", "_"): v.value
             for v in schema.picklist if v.active}  # fmt: skip
    return {canonical: vendor for canonical, vendor in named.items() if canonical}


def _share_values(maps: Iterable[Mapping[str, str]]) -> bool:
    """Whether picklists speak of the same things; a field without values shares with any."""
    given = [set(m) for m in maps if m]
    if len(given) < 2:
        return True
    shortest = min(len(m) for m in given)
    return len(set.intersection(*given)) >= LEAST_SHARED * shortest


def documents(
    suggestions: Iterable[Suggestion],
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Proposals as what to write down: the configuration's `custom` section, and for each side
    the entries of a mapping file that extends the one in use."""
    custom: dict[str, Any] = {}
    files: dict[str, dict[str, Any]] = {}
    for found in suggestions:
        custom.setdefault(found.kind, {})[found.name.removeprefix("custom.")] = {"type": found.type}
        for place in found.places:
            file = files.setdefault(place.side, {"values": {}, "objects": {}})
            fields = file["objects"].setdefault(place.object_type, {"fields": {}})["fields"]
            entry: dict[str, Any] = {"field": place.field}
            fields[found.name] = entry
            if not place.writable:
                entry["write"] = False
            if place.values:
                entry["values"] = f"{place.object_type}_{found.name.removeprefix('custom.')}"
                file["values"][entry["values"]] = dict(place.values)
            elif found.type == "enum":
                entry["unknown"] = "pass"
    return custom, files
