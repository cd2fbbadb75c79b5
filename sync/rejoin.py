"""A record that was deleted on a side and made anew there gets back into the sets it was in."""

from __future__ import annotations

from sync.model import Row, State
from sync.store import Store

Sets = dict[tuple[str, str, str], set[str]]
"""Sets: the names of fields, by record."""


def rejoin(store: Store, made: Row) -> Sets:
    """Have the made record's side owe it to the sets that it is still in elsewhere; returns them.

    A vendor takes a deleted record out of all associations. Nobody wished that of those that stay,
    and what was settled would stand as a difference that neither side has made.
    """
    found: Sets = {}
    known = store.by_entities([str(made.entity)]).get(str(made.entity), [])
    gone = (State.GONE, State.ARCHIVED)
    if not any(row.side == made.side and row.state in gone for row in known):
        return found
    for twin in known:
        if twin.side == made.side or twin.state is not State.LIVE:
            continue
        where = "side = ? AND state = 'live' AND instr(base, ?) > 0"
        for holder in list(store.rows(where, (twin.side, f'"id":"{twin.id}"'))):
            names = {name for name, value in holder.base.items() if _holds(value, twin)}
            for row in store.by_entities([str(holder.entity)]).get(str(holder.entity), []):
                lacking = names & row.base.keys() if row.side == made.side else set()
                if lacking and row.state is State.LIVE:
                    row.owes |= lacking
                    row.dirty = True
                    store.put([row])
                    found.setdefault(row.key, set()).update(lacking)
    return found


def _holds(value: object, row: Row) -> bool:
    ref = {"object": row.object_type, "id": row.id}
    return isinstance(value, list) and any(
        isinstance(item, dict) and item.get("ref") == ref for item in value
    )
