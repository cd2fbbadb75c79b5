"""A record that was deleted on a side and made anew there gets back into the sets it was in."""

from __future__ import annotations

from sync.model import Row, State
from sync.store import Store


def rejoin(store: Store, made: Row) -> None:
    """Have the sets of the made record's side that lost its predecessor decided as at a first link.

    A vendor takes a deleted record out of all associations. Nobody wished that of those that stay,
    and with the base kept it would stand as a difference that neither side has made.
    """
    known = store.by_entities([str(made.entity)]).get(str(made.entity), [])
    gone = [
        row for row in known if row.side == made.side and row.state in (State.GONE, State.ARCHIVED)
    ]
    for old in gone:
        part = f'"id":"{old.id}"'
        where = "side = ? AND state = 'live' AND instr(base, ?) > 0"
        for row in list(store.rows(where, (made.side, part))):
            lost = [name for name, value in row.base.items() if _holds(value, old)]
            for name in lost:
                del row.base[name]
            row.dirty = row.dirty or bool(lost)
            store.put([row])


def _holds(value: object, old: Row) -> bool:
    ref = {"object": old.object_type, "id": old.id}
    return isinstance(value, list) and any(
        isinstance(item, dict) and item.get("ref") == ref for item in value
    )
