"""References between records: a side's own ids <-> entities, and owners <-> e-mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mapping.canonical import FieldDef, role_key
from sync.fields import Projected, Shape
from sync.model import Row, State, Value
from sync.privacy import hidden
from sync.sides import Side, by_name
from sync.store import Store

WAITS = "waits: "
"""Begins a problem that passes by itself once another record takes part."""


LET_GO = "let go: "
"""Begins a problem that nobody is asked about: the record that it refers to was deleted there."""


def shape_of(definition: FieldDef) -> Shape:
    """How a field merges: as one value, as a set, or as a set of roles."""
    if definition.type == "roles":
        return "roles"
    return "set" if definition.type == "set" else "scalar"


class References:
    """Resolves references, with a cache that lasts for one planning or executing pass."""

    def __init__(self, store: Store, sides: Sequence[Side]) -> None:
        self._store = store
        self._sides = by_name(sides)
        self._entities: dict[tuple[str, str, str], str | None] = {}
        self._records: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._roles: dict[tuple[str, str, str, str | None, bool], Mapping[str, Any]] = {}
        self.planned: dict[tuple[str, str], str] = {}
        """(entity, side) -> object type that the plan being made will create there."""
        self.hopeful: frozenset[tuple[str, str]] = frozenset()

    def forget(self) -> None:
        """Drop the cache: links were made."""
        self._entities.clear()
        self._records.clear()

    def linked(self, entity: str, side: str, object_type: str, record_id: str) -> None:
        """Note a link just made."""
        self._records[entity, side] = (object_type, record_id)
        self._entities[side, object_type, record_id] = entity

    # -- from a side -----------------------------------------------------------------------

    def entity_of(self, side: str, object_type: str, record_id: str) -> str | None:
        """The entity of a record, following merges and conversions; None if it has none. Where
        two were merged on one side only, both records of another side mean the survivor."""
        key = (side, object_type, record_id)
        if key not in self._entities:
            self._entities[key] = self._follow(key)
        return self._entities[key]

    def _follow(self, key: tuple[str, str, str]) -> str | None:
        for _ in range(50):  # chains of merges are short; a loop in bad data must end
            row = self._store.row(*key)
            if row is None:
                return None
            if row.state is State.MOVED and row.moved_id and row.moved_type:
                key = (row.side, row.moved_type, row.moved_id)
                continue
            if row.state is not State.LIVE or row.entity is None:
                return None
            return self._store.merged_into(row.entity) or row.entity
        return None

    def resolve(
        self, row: Row, values: Mapping[str, Value], definitions: Mapping[str, FieldDef]
    ) -> tuple[dict[str, Value], dict[str, str]]:
        """Values with references as entity ids and owners as e-mails, and what does not resolve."""
        resolved: dict[str, Value] = {}
        problems: dict[str, str] = {}
        for name, value in values.items():
            kind = definitions[name].type if name in definitions else "text"
            if value is None or hidden(value) or kind not in ("ref", "owner", "roles"):
                resolved[name] = value
            elif kind == "roles":
                resolved[name] = self._resolve_roles(row.side, value)
            else:
                found = self._resolve_one(row.side, kind, value)
                if found is None:
                    problems[name] = _unresolved(kind, value)
                else:
                    resolved[name] = found
        return resolved, problems

    def with_former(
        self, row: Row, base: dict[str, Value], values: Mapping[str, Value]
    ) -> dict[str, Value]:
        """A resolved base with what it named before that was deleted, where the record names
        another one by now: that is a change. Where it names nothing, the vendor took it out."""
        named = ((n, v) for n, v in row.base.items() if n not in base and values.get(n))
        found = ((name, self._tombstone(row.side, ref)) for name, ref in named)
        return {**base, **{name: entity for name, entity in found if entity}}

    def _tombstone(self, side: str, ref: Value) -> str | None:
        known = isinstance(ref, dict) and self._store.row(side, ref["object"], ref["id"])
        return known.entity if known and known.state is State.GONE else None

    def with_entities(
        self, row: Row, values: Mapping[str, Value], definitions: Mapping[str, FieldDef]
    ) -> dict[str, Value]:
        """Values in the side's own ids without the members of sets of roles that belong to no
        entity: not decided about, they are not settled either."""
        kept = dict(values)
        for name, value in values.items():
            if value and name in definitions and definitions[name].type == "roles":
                refs = [(item, item["ref"]) for item in value]
                known = [i for i, r in refs if self.entity_of(row.side, r["object"], r["id"])]
                kept[name] = value if len(known) == len(value) else known or None
        return kept

    def _resolve_one(self, side: str, kind: str, ref: Mapping[str, str]) -> str | None:
        if kind == "owner":
            return self._sides[side].owners.emails.get(ref["id"])
        return self.entity_of(side, ref["object"], ref["id"])

    def _resolve_roles(self, side: str, items: Sequence[Mapping[str, Any]]) -> Value:
        found: list[dict[str, Any]] = []
        for item in items:
            entity = self.entity_of(side, item["ref"]["object"], item["ref"]["id"])
            if entity is not None and {**item, "ref": entity} not in found:
                found.append({**item, "ref": entity})
        return sorted_roles(found)

    # -- to a side -------------------------------------------------------------------------

    def record_of(self, entity: str, side: str) -> tuple[str, str] | None:
        """Object type and id of an entity's live record on a side."""
        key = (entity, side)
        if key not in self._records:
            rows = self._store.rows("entity = ? AND side = ? AND state = 'live'", key)
            row = next(rows, None)
            self._records[key] = (row.object_type, row.id) if row else None
        return self._records[key]

    def project(self, side: str, object_type: str, definition: FieldDef, value: Value) -> Projected:
        """What a side would show of a reference, an owner or a set of roles."""
        if definition.type == "owner":
            return self._project_owner(side, value)
        wanted = self._sides[side].mapping.ref_object(object_type, definition.name)
        if definition.type == "ref":
            if self._there(value, side, wanted):
                return Projected(value)
            return Projected(None, problem=self._missing(value, side, wanted))
        there = [item for item in value if self._there(item["ref"], side, wanted)]
        shown = [self._shown_role(side, object_type, definition.name, item) for item in there]
        return Projected(sorted_roles(shown), complete=len(there) == len(value))

    def _missing(self, entity: str, side: str, wanted: str | None) -> str:
        """Why a reference cannot be made on a side; the entity by its records elsewhere."""
        rows = self._store.by_entities([entity]).get(entity, [])
        if any(row.side == side and row.state in (State.GONE, State.ARCHIVED) for row in rows):
            return f"{LET_GO}what it names was deleted on {side}"
        elsewhere = [r for r in rows if r.side != side and r.state is State.LIVE]
        named = f"{elsewhere[0].object_type} {elsewhere[0].id}" if elsewhere else entity
        return f"{WAITS}{named} has no {wanted} on {side} yet"

    def _there(self, entity: str, side: str, wanted: str | None) -> bool:
        record = self.record_of(entity, side)
        planned = record[0] if record else self.planned.get((entity, side))
        if planned is None:
            return (entity, side) in self.hopeful
        return planned == wanted

    def _shown_role(
        self, side: str, object_type: str, name: str, item: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The role as that side keeps it: labels it does not know are not shown there."""
        key = (side, object_type, name, item["role"], item["primary"])
        if key not in self._roles:
            self._roles[key] = self._kept_role(side, object_type, name, item)
        return {**self._roles[key], "ref": item["ref"]}

    def _kept_role(
        self, side: str, object_type: str, name: str, item: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        mapping = self._sides[side].mapping
        local = {**item, "ref": {"object": mapping.ref_object(object_type, name), "id": "0"}}
        raw = mapping.from_canonical(object_type, {name: [local]}).values
        if not all(self._sides[side].takes_label(object_type, v, raw[v]) for v in raw):
            return self._kept_role(side, object_type, name, {**item, "role": None})
        shown = mapping.project(object_type, {name: [local]}).values.get(name)
        return shown[0] if shown else {**item, "role": None, "primary": False}

    def _project_owner(self, side: str, email: str) -> Projected:
        user = self._sides[side].owner_id(email)
        if user is None:
            return Projected(
                None, problem=f"owner {email} has no active user on {side}, nor a fallback_owner"
            )
        return Projected(self._sides[side].owners.emails[user])

    def localise(
        self, side: str, object_type: str, definition: FieldDef, value: Value, current: Value = None
    ) -> tuple[Value, bool]:
        """A canonical value with the side's own ids, and whether all of it could be found.

        `current` is what the side shows of a set of roles now: its members that belong to no
        entity are kept.
        """
        if value is None and definition.type != "roles":
            return None, True
        if definition.type == "owner":
            return self._local_owner(side, value)
        if definition.type == "ref":
            local = self._local(value, side, object_type, definition.name)
            return local, local is not None
        if definition.type == "roles":
            return self._localise_roles(side, object_type, definition, value or [], current or [])
        return value, True

    def _local_owner(self, side: str, email: str) -> tuple[Value, bool]:
        user, spec = self._sides[side].owner_id(email), self._sides[side].mapping.owners
        if user is None or spec is None:
            return None, False
        return {"object": spec.object, "id": user}, True

    def _local(self, entity: str, side: str, object_type: str, name: str) -> Value:
        record = self.record_of(entity, side)
        wanted = self._sides[side].mapping.ref_object(object_type, name)
        if record is None or record[0] != wanted:
            return None
        return {"object": record[0], "id": record[1]}

    def _localise_roles(
        self, side: str, object_type: str, definition: FieldDef, value: Value, current: Value
    ) -> tuple[Value, bool]:
        items = [
            item
            for item in current
            if self.entity_of(side, item["ref"]["object"], item["ref"]["id"]) is None
        ]
        whole = True
        for item in value:
            local = self._local(item["ref"], side, object_type, definition.name)
            if local is None:
                whole = False
            else:
                items.append({**item, "ref": local})
        return sorted_roles(items), whole


def sorted_roles(items: Sequence[Mapping[str, Any]]) -> Value:
    """Roles in their canonical order, each once, and none beside a real one; blank when there are
    none. What is primary is the record, whatever its roles."""
    words: dict[str, dict[str | None, Mapping[str, Any]]] = {}
    for item in items:
        words.setdefault(role_key(item)[0], {})[item["role"] or None] = item
    primary = {role_key(item)[0] for item in items if item["primary"]}
    found = [
        {**item, "role": role, "primary": key in primary}
        for key, roles in words.items()
        for role, item in roles.items()
        if role or len(roles) == 1
    ]
    return sorted(found, key=role_key) or None


def _unresolved(kind: str, ref: Mapping[str, str]) -> str:
    if kind == "owner":
        return f"{WAITS}owner {ref['id']} is not a user with an e-mail (a queue, perhaps)"
    return f"{WAITS}{ref['object']} {ref['id']} does not take part (yet)"
