"""A value that a person takes back after it was carried to some sides, and not to all: a change
like any other, although the record shows again what was settled last on its own side."""

from __future__ import annotations

from collections.abc import Mapping

from sync.model import Row, State, Value
from sync.refs import References
from sync.store import Store


def put_back(row: Row, before: Mapping[str, Value], store: Store) -> None:
    """Move the bases of fields that show their base again, and showed meanwhile (`before`) what
    another side has taken over: to what was taken over.

    Where one side took a value and another did not (it refused, was down, ...), the base of the
    side that the value came from stays behind, so that it is carried on. Without this the way
    back to that base would be no change, and the sides would differ for ever.
    """
    names = [
        name
        for name, value in row.seen.items()
        if before.get(name, value) != value and row.base.get(name, before[name]) == value
    ]
    names = [name for name in names if not isinstance(row.base[name] or before[name], list)]
    if row.entity is None or row.state is not State.LIVE or not names:
        return  # sets remember what came from where, member by member
    rows = store.by_entities([row.entity]).get(row.entity, [])
    others = [r for r in rows if r.side != row.side and r.state is State.LIVE]
    references = References(store, ())
    for name in names:
        carried = _meaning(references, row, before[name])
        if any(name in r.base and _meaning(references, r, r.base[name]) == carried for r in others):
            row.base[name] = before[name]
            row.dirty = True


def _meaning(references: References, row: Row, value: Value) -> Value:
    """The value, or the entity of the record that it names."""
    if isinstance(value, dict) and value.keys() == {"object", "id"}:
        return references.entity_of(row.side, value["object"], value["id"]) or value
    return value
