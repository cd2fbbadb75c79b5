"""A side as the engine uses it: its connector, mapping, settings, live schema and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from config.model import Side as SideSettings
from connectors.base import Connector, FieldSchema, PicklistValue, RemoteRecord, Schema
from core.clock import Clock
from mapping.translate import SideMapping
from sync.store import Store

_SCHEMA_AGE = timedelta(hours=24)
_OWNER_AGE = timedelta(hours=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owners:
    """The users of a side: id -> e-mail, and back for those who may be assigned."""

    emails: Mapping[str, str] = field(default_factory=dict)
    active: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Side:
    """One CRM account, ready for the engine."""

    name: str
    connector: Connector
    mapping: SideMapping
    settings: SideSettings
    schemas: dict[str, Schema] = field(default_factory=dict)
    owners: Owners = field(default_factory=Owners)
    whole: SideMapping | None = None
    """The mapping, the optional fields that the side lacks included; set with the schemas."""

    def object_types(self, kind: str) -> tuple[str, ...]:
        """The object types in which this side keeps a kind."""
        return self.mapping.object_types(kind)

    def stamp_field(self, object_type: str) -> str | None:
        """The field that carries the entity's id, where `setup` has made it and the connector
        can use it."""
        name = self.mapping.stamp_field(object_type)
        schema = self.schemas.get(object_type)
        there = schema is not None and name in schema.fields
        return name if there and self.connector.capabilities.stamps else None

    def read_fields(self, object_type: str) -> tuple[str, ...]:
        """The vendor fields to ask for; the stamp only where it exists."""
        stamp = self.mapping.stamp_field(object_type)
        drop = stamp if self.stamp_field(object_type) is None else None
        return tuple(f for f in self.mapping.read_fields(object_type) if f != drop)

    def may_create(self, kind: str) -> bool:
        """Whether the configuration allows new records of the kind here."""
        return kind in self.settings.create and bool(self.object_types(kind))

    def owner_id(self, email: str) -> str | None:
        """The user for an owner's e-mail: by table, else the same address, else the fallback."""
        wanted = self.settings.owners.get(email, email)
        fallback = self.settings.fallback_owner or ""
        return self.owners.active.get(wanted) or self.owners.active.get(fallback.lower())

    def misfit(self, object_type: str, raw: Mapping[str, Any]) -> str:
        """Why the side's live schema would refuse these vendor fields, or ""."""
        schema = self.schemas.get(object_type)
        for name, value in raw.items():
            known = schema.fields.get(name) if schema else None
            reason = _misfit(known, value) if known and isinstance(value, str) else ""
            if reason:
                return f"{object_type}.{name}: {value[:80]!r} {reason}"
        return ""

    def takes_label(self, object_type: str, name: str, items: Any) -> bool:
        """Whether the live schema has the labels of these associations."""
        schema = self.schemas.get(object_type)
        known = schema.fields.get(name) if schema else None
        if known is None or known.type != "association" or not known.restricted:
            return True
        labels = {value.value for value in known.picklist if value.active}
        return all(item["label"] is None or item["label"] in labels for item in items)

    def required(self, object_type: str) -> Mapping[str, FieldSchema]:
        """Vendor fields that must not be empty on creation."""
        schema = self.schemas.get(object_type)
        found = schema.fields.items() if schema else ()
        return {name: f for name, f in found if f.required_on_create}


def _misfit(known: FieldSchema, value: str) -> str:
    if known.length and len(value) > known.length and known.type != "multipicklist":
        return f"is too long ({len(value)} characters, at most {known.length})"
    closed = known.restricted and known.type == "picklist" and known.picklist and value
    if closed and value not in {v.value for v in known.picklist if v.active}:
        return "is not a value of its picklist"
    return ""


def learn_schemas(side: Side, store: Store, clock: Clock, *, fresh: bool = False) -> None:
    """Load the live schemas, from the store where they are younger than a day.

    Kept there because a describe costs a call per object type, and changes rarely; a refusal
    that smells of drift, `doctor` and `setup` ask afresh. Raises ConnectorError.
    """
    remember_schemas(side, load_schemas(side, store, clock, fresh=fresh), store, clock)


def load_schemas(side: Side, store: Store, clock: Clock, *, fresh: bool = False) -> list[str]:
    """As `learn_schemas`, but remembers nothing; the object types that the side was asked for."""
    asked = []
    for object_type in _object_types(side):
        known = None if fresh else store.recall(side.name, _topic(object_type))
        if known and clock.now() - known[1] < _SCHEMA_AGE:
            side.schemas[object_type] = _schema_from(known[0])
        else:
            side.schemas[object_type] = side.connector.describe(object_type)
            asked.append(object_type)
    present = {name: tuple(schema.fields) for name, schema in side.schemas.items()}
    side.whole = side.whole or side.mapping
    side.mapping = side.whole.without_absent(present)
    return asked


def recalled(side: Side, store: Store) -> dict[str, Schema]:
    """The remembered schemas by object type, however old they are."""
    found = {name: store.recall(side.name, _topic(name)) for name in _object_types(side)}
    return {name: _schema_from(one[0]) for name, one in found.items() if one}


def remember_schemas(side: Side, object_types: Sequence[str], store: Store, clock: Clock) -> None:
    """Keep the schemas of some object types as they are now."""
    for name in object_types:
        store.remember(side.name, _topic(name), asdict(side.schemas[name]), clock.now())


def doubt_schemas(side: Side, store: Store) -> None:
    """Have the schemas looked at anew by the next run."""
    for name, schema in recalled(side, store).items():
        store.remember(side.name, _topic(name), asdict(schema), _LONG_AGO)


def _object_types(side: Side) -> list[str]:
    return [name for kind in side.mapping.kinds() for name in side.object_types(kind)]


def _topic(object_type: str) -> str:
    return f"schema/{object_type}"


def learn_owners(side: Side, store: Store, clock: Clock, *, fresh: bool = False) -> None:
    """Load the users of a side, from the store where they are younger than an hour."""
    spec = side.mapping.owners
    if spec is None:
        return
    known = None if fresh else store.recall(side.name, "owners")
    if known and clock.now() - known[1] < _OWNER_AGE:
        side.owners = Owners(known[0]["emails"], known[0]["active"])
        return
    emails: dict[str, str] = {}
    active: dict[str, str] = {}
    fields = [spec.email, *([spec.active] if spec.active else [])]
    for page in side.connector.changes(spec.object, fields, None):
        for record in page.records:
            email = str(record.fields.get(spec.email) or "").strip().lower()
            if not email:
                continue
            emails[record.id] = email
            if _may_own(record, spec.active):
                active.setdefault(email, record.id)
    side.owners = Owners(emails, active)
    store.remember(side.name, "owners", {"emails": emails, "active": active}, clock.now())


def _may_own(record: RemoteRecord, active: str | None) -> bool:
    shown = "true" if active is None else str(record.fields.get(active)).lower()
    return shown == "true" and not record.archived


def _schema_from(data: Mapping[str, Any]) -> Schema:
    fields = {
        name: FieldSchema(
            **{
                **raw,
                "picklist": tuple(PicklistValue(**v) for v in raw["picklist"]),
                "references": tuple(raw["references"]),
            }
        )
        for name, raw in data["fields"].items()
    }
    return Schema(**{**data, "fields": fields})


def by_name(sides: Sequence[Side]) -> dict[str, Side]:
    """Sides by the names that the configuration gave them."""
    return {side.name: side for side in sides}
