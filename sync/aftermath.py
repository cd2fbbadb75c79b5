"""What a conversion says of the person by itself: the lead was converted, and sales goes on.

The contact that a lead becomes often has no field for either (Salesforce keeps the status on the
lead). It goes on showing what the conversion made of them, so that the other sides follow by the
rules of the fields; nothing is ever written to them there.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync.model import Row, Value
from sync.sides import Side
from sync.store import Store

_FIELDS = ("lead_status", "lifecycle_stage")

_BEFORE = {"lifecycle_stage": "lead"}
"""What a lead was, where its side has no field that would have said so."""


def leave_behind(lead: Row, contact: Row, store: Store, sides: Mapping[str, Side]) -> None:
    """Let the contact show what the conversion says; with what was settled for the lead before."""
    made = _also_made(lead, store, sides[lead.side])
    says = {
        "lead_status": "converted",
        "lifecycle_stage": "opportunity" if "opportunity" in made else "sql",
    }
    for name in shown_besides(sides[lead.side], contact.object_type, lead.kind):
        if _known_elsewhere(name, lead, sides):
            contact.seen[name] = says[name]
            contact.base[name] = lead.base.get(name, _BEFORE.get(name))


def shown_besides(side: Side, object_type: str, kind: str) -> tuple[str, ...]:
    """The fields that a converted record of this type shows though its mapping has none."""
    mapped = side.mapping.canonical_fields(object_type)
    return tuple(n for n in _FIELDS if kind == "person" and n not in mapped)


def after_conversion(side: Side, row: Row) -> Mapping[str, Value]:
    """What a row shows besides what its mapping reads."""
    if row.how != "converted":
        return {}
    names = shown_besides(side, row.object_type, row.kind)
    return {n: row.seen[n] for n in names if n in row.seen}


def _also_made(lead: Row, store: Store, side: Side) -> set[str]:
    """The kinds of what came of the conversion besides the contact."""
    types = store.made_from(lead.side, lead.id)
    return {side.mapping.kind_of(object_type) for object_type in types}


def _known_elsewhere(name: str, lead: Row, sides: Mapping[str, Side]) -> bool:
    others = [side for side in sides.values() if side.name != lead.side]
    types = [(side, o) for side in others for o in side.object_types(lead.kind)]
    return any(name in side.mapping.canonical_fields(o) for side, o in types)
