"""Records made while a run was reading: known by what refers to them, and read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mapping.canonical import FieldDef
from sync.detect import observe
from sync.sides import Side, by_name
from sync.store import Store, guarded

Key = tuple[str, str, str]

_UNKNOWN = """
    SELECT DISTINCT r.side, json_extract(r.seen, :object), json_extract(r.seen, :id)
    FROM records r
    WHERE r.dirty = 1 AND r.kind = :kind AND r.entity IS NOT NULL AND r.state = 'live'
    AND json_extract(r.seen, :id) IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM records t WHERE t.side = r.side
        AND t.object_type = json_extract(r.seen, :object) AND t.id = json_extract(r.seen, :id))
"""


def unknown(store: Store, definitions: Mapping[str, Mapping[str, FieldDef]]) -> set[Key]:
    """Side, object type and id of what linked records that changed refer to, and that no reading
    has shown."""
    found: set[Key] = set()
    for kind, fields in definitions.items():
        for name in (n for n, d in fields.items() if d.type == "ref"):
            path = {"kind": kind, "object": f'$."{name}".object', "id": f'$."{name}".id'}
            with guarded():
                found.update(store.db.conn.execute(_UNKNOWN, path).fetchall())
    return found


def meet(store: Store, sides: Sequence[Side], keys: set[Key]) -> None:
    """Read these records by id. A company that a side made by itself after its companies were read
    is linked, and not made a second time. Raises ConnectorError."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, object_type, own in sorted(keys):
        groups.setdefault((name, object_type), []).append(own)
    for (name, object_type), ids in groups.items():
        side = by_name(sides)[name]
        if object_type in side.mapping.objects:
            found = side.connector.fetch(object_type, side.read_fields(object_type), ids)
            observe(side, side.mapping.kind_of(object_type), found, store)
