"""`tieline setup`: the stamp fields of every mapped object type, made where they are absent."""

from __future__ import annotations

from app.session import Session
from app.show_findings import Found, of_side
from app.wiring import workshop
from connectors.base import StampField
from mapping.translate import SideMapping
from sync.sides import learn_schemas
from sync.store import Store


def prepare(session: Session) -> list[Found]:
    """Findings of every side. Raises SettingsError, MappingSpecError, ConnectorError."""
    found: list[Found] = []
    with workshop(session.load(), session.clock, writing=True) as shop:
        for side in shop.sides:
            if not side.connector.capabilities.stamps:
                text = "this CRM cannot keep stamps; records are matched by their keys alone"
                found.append(Found(side.name, "warning", "stamps", text))
                continue
            found += of_side(side.name, side.connector.prepare(stamps_of(side.mapping)))
        path = shop.loaded.state / "state.db"
        if path.is_file():  # a remembered schema does not have the new fields
            with Store(path) as store:
                for side in shop.sides:
                    learn_schemas(side, store, session.clock, fresh=True)
    return found


def stamps_of(mapping: SideMapping) -> list[StampField]:
    """The stamp fields that a mapping asks for."""
    named = [(name, mapping.stamp_field(name)) for name in mapping.objects]
    return [StampField(object_type, field) for object_type, field in named if field]
