"""`tieline setup`: stamp fields, and the fields that account maps write, made where absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from app.session import Session
from app.show_findings import Found, of_side
from app.wiring import workshop
from config.model import Config
from connectors.base import StampField
from mapping.translate import SideMapping
from sync.sides import learn_schemas
from sync.store import Store


def prepare(session: Session) -> list[Found]:
    """Findings of every side. Raises SettingsError, MappingSpecError, ConnectorError."""
    found: list[Found] = []
    with workshop(session.load(), session.clock, writing=True) as shop:
        for side in shop.sides:
            wanted = fields_of(side.mapping, shop.loaded.config)
            if side.connector.capabilities.stamps:
                wanted = [*stamps_of(side.mapping), *wanted]
            else:
                text = "this CRM cannot keep stamps; records are matched by their keys alone"
                found.append(Found(side.name, "warning", "stamps", text))
            found += of_side(side.name, side.connector.prepare(wanted))
        path = shop.loaded.state / "state.db"
        if path.is_file():  # a remembered schema does not have the new fields
            with Store(path) as store:
                for side in shop.sides:
                    learn_schemas(side, store, session.clock, fresh=True)
    return found


_MADE_AS: Mapping[str, Literal["text", "number", "bool"]] = {
    "text": "text", "number": "number", "integer": "number", "bool": "bool",
}  # fmt: skip
"""How the field of a custom field of each type is made; others are made by hand."""


def fields_of(mapping: SideMapping, config: Config) -> list[StampField]:
    """The fields of a side that account maps write to, where they are fields of one's own."""
    named = config.account_maps.write.model_dump(exclude_none=True)
    found: dict[tuple[str, str], StampField] = {}
    for name in named.values():
        own = str(name).removeprefix("custom.")
        for object_type in mapping.objects:
            custom = config.custom.get(mapping.kind_of(object_type), {}).get(own)  # type: ignore[call-overload]
            made = _MADE_AS.get(custom.type) if custom else None
            fields = mapping.vendor_fields(object_type, str(name))
            if made and len(fields) == 1 and mapping.writable(object_type, name, creating=False):
                label = own.replace("_", " ").capitalize()
                found[object_type, fields[0]] = StampField(object_type, fields[0], label, made)
    return list(found.values())


def stamps_of(mapping: SideMapping) -> list[StampField]:
    """The stamp fields that a mapping asks for."""
    named = [(name, mapping.stamp_field(name)) for name in mapping.objects]
    return [StampField(object_type, field) for object_type, field in named if field]
