"""Which records are associated, in both directions, with types, labels and one primary company."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sandbox.hubspot.standard.kinds import ASSOCIATION_TYPES, PRIMARY_TYPES, AssociationType

CHILD_TO_PARENT = 14


class TypeRef(NamedTuple):
    """A type of association: HUBSPOT_DEFINED or USER_DEFINED, and its id."""

    category: str
    type_id: int


@dataclass(frozen=True, slots=True)
class Definition:
    """What one direction of an association type means."""

    ref: TypeRef
    source: str
    target: str
    inverse: TypeRef
    name: str
    label: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "category": self.ref.category,
            "typeId": self.ref.type_id,
            "label": self.label,
        }


def _hubspot(kind: AssociationType) -> Definition:
    return Definition(
        TypeRef("HUBSPOT_DEFINED", kind.type_id),
        kind.source,
        kind.target,
        TypeRef("HUBSPOT_DEFINED", kind.inverse),
        kind.name,
        kind.label,
    )


Pair = tuple[str, str]


class Associations:
    """All associations of one account. Callers hold the store's lock."""

    def __init__(self) -> None:
        self.definitions = {d.ref: d for d in map(_hubspot, ASSOCIATION_TYPES)}
        self.next_type_id = 37
        self._links: defaultdict[Pair, dict[int, dict[int, list[TypeRef]]]] = defaultdict(dict)

    def of(self, source: str, record_id: int, target: str) -> dict[int, list[TypeRef]]:
        """Associated ids with the types of each; not to be changed by callers."""
        return self._links[source, target].get(record_id, {})

    def definitions_of(self, source: str, target: str) -> list[Definition]:
        return [d for d in self.definitions.values() if (d.source, d.target) == (source, target)]

    def default_type(self, source: str, target: str) -> TypeRef | None:
        """The unlabelled type between two object types."""
        for found in self.definitions_of(source, target):
            if found.label is None:
                return found.ref
        return None

    def primary(self, source: str, record_id: int, target: str = "companies") -> int | None:
        """The primary company of a record."""
        type_id = PRIMARY_TYPES.get((source, target))
        for other, types in self.of(source, record_id, target).items():
            if ("HUBSPOT_DEFINED", type_id) in types:
                return other
        return None

    def add(self, source: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        """Associate two records. The unlabelled type is always among the types of a pair; the
        first company becomes the primary one, and a new primary company demotes the old."""
        default = self.default_type(source, target)
        wanted = [r for r in (default, ref) if r is not None and not self._is_hierarchy(r)]
        if self._is_hierarchy(ref):
            self._keep_one_parent(one if ref.type_id == CHILD_TO_PARENT else two)
            wanted = [ref]
        for each in wanted:
            self._set(source, one, target, two, each)
        self._keep_one_primary(source, one, target, two, ref)
        self._keep_one_primary(target, two, source, one, self.definitions[ref].inverse)

    def label(self, source: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        """Add one type and nothing else (loading a snapshot)."""
        self._set(source, one, target, two, ref)

    def remove(self, source: str, one: int, target: str, two: int) -> bool:
        """Remove every association between two records; False when there was none."""
        found = self._links[source, target].get(one, {}).pop(two, None) is not None
        self._links[target, source].get(two, {}).pop(one, None)
        return found

    def remove_type(self, source: str, one: int, target: str, two: int, ref: TypeRef) -> bool:
        """Remove one type; the pair stays associated while it has another."""
        inverse = self.definitions[ref].inverse
        found = self._unset(source, one, target, two, ref)
        self._unset(target, two, source, one, inverse)
        return found

    def define(
        self, source: str, target: str, name: str, labels: tuple[str, str | None]
    ) -> list[Definition]:
        """A user-defined label, with its counterpart in the other direction."""
        there = TypeRef("USER_DEFINED", self.next_type_id)
        paired = labels[1] is not None or source != target
        back = TypeRef("USER_DEFINED", self.next_type_id + 1) if paired else there
        self.next_type_id += 2
        made = {
            there: Definition(there, source, target, back, name, labels[0]),
            back: Definition(back, target, source, there, name, labels[1] or labels[0]),
        }
        self.definitions |= made
        return list(made.values())

    def rename(self, found: Definition, labels: tuple[str, str]) -> None:
        """Give a user-defined type and its counterpart other labels."""
        back = self.definitions[found.inverse]
        self.definitions[back.ref] = replace(back, label=labels[1])
        self.definitions[found.ref] = replace(found, label=labels[0])

    def undefine(self, found: Definition) -> None:
        """Remove a user-defined type, from all pairs that have it."""
        for source, one, target, two, ref in list(self.everything()):
            if ref == found.ref:
                self.remove_type(source, one, target, two, ref)
        self.definitions.pop(found.inverse, None)
        self.definitions.pop(found.ref, None)

    def drop_record(self, kind: str, record_id: int) -> list[tuple[str, int]]:
        """Remove all associations of a record; returns (object type, id) of the others."""
        others = list(self.neighbours(kind, record_id))
        for target, other in others:
            self.remove(kind, record_id, target, other)
        return others

    def neighbours(self, kind: str, record_id: int) -> Iterator[tuple[str, int]]:
        for (source, target), links in list(self._links.items()):
            if source == kind:
                for other in list(links.get(record_id, ())):
                    yield target, other

    def move(self, kind: str, old: int, new: int) -> list[tuple[str, int]]:
        """Give a record's associations to another (merge); returns the others touched."""
        touched = []
        for target, other in list(self.neighbours(kind, old)):
            types = list(self.of(kind, old, target)[other])
            primary = PRIMARY_TYPES.get((kind, target))
            taken = self.primary(kind, new, target) is not None
            self.remove(kind, old, target, other)
            if (kind, new) != (target, other):
                for ref in types:
                    if not (taken and ref == ("HUBSPOT_DEFINED", primary)):
                        self._set(kind, new, target, other, ref)
                touched.append((target, other))
        return touched

    def everything(self) -> Iterator[tuple[str, int, str, int, TypeRef]]:
        """Each association type of each pair, both directions."""
        for (source, target), links in self._links.items():
            for one, others in links.items():
                for two, types in others.items():
                    for ref in types:
                        yield source, one, target, two, ref

    def _is_hierarchy(self, ref: TypeRef) -> bool:
        return ref.category == "HUBSPOT_DEFINED" and ref.type_id in (13, CHILD_TO_PARENT)

    def _keep_one_parent(self, child: int) -> None:
        parent = TypeRef("HUBSPOT_DEFINED", CHILD_TO_PARENT)
        for other, types in list(self.of("companies", child, "companies").items()):
            if parent in types:
                self.remove_type("companies", child, "companies", other, parent)

    def _set(self, source: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        inverse = self.definitions[ref].inverse
        for here, a, there, b, each in (
            (source, one, target, two, ref),
            (target, two, source, one, inverse),
        ):
            types = self._links[here, there].setdefault(a, {}).setdefault(b, [])
            if each not in types:
                types.append(each)

    def _unset(self, source: str, one: int, target: str, two: int, ref: TypeRef) -> bool:
        links = self._links[source, target].get(one, {})
        types = links.get(two, [])
        if ref not in types:
            return False
        types.remove(ref)
        if not types:
            del links[two]
        return True

    def _keep_one_primary(self, source: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        type_id = PRIMARY_TYPES.get((source, target))
        if type_id is None:
            return
        primary = TypeRef("HUBSPOT_DEFINED", type_id)
        held = [other for other, types in self.of(source, one, target).items() if primary in types]
        if ref == primary:
            for other in held:
                if other != two:
                    self.remove_type(source, one, target, other, primary)
        elif not held:
            self._set(source, one, target, two, primary)
