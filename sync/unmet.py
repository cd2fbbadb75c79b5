"""References that cannot stand on another side: why a field that holds them is not settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mapping.translate import SideMapping
from sync.model import Row, State
from sync.refs import References
from sync.store import Store

Takes = Callable[[str, str, str], str | None]
"""(side, object type, field) -> the object type that the members of the field have there, if the
mapping says so."""
_SHOWN = 3


def takes_of(mappings: Mapping[str, SideMapping]) -> Takes:
    """What the sides' mappings say of it."""

    def takes(side: str, object_type: str, name: str) -> str | None:
        there = mappings.get(side)
        known = there is not None and object_type in there.objects
        return there.ref_object(object_type, name) if there and known else None

    return takes


def unmet(store: Store, rows: Sequence[Row], takes: Takes, name: str) -> str:
    """Which members, shown by any of an entity's records, another of them cannot have, in words;
    "" if all can."""
    references = References(store, ())
    live = [row for row in rows if row.state is State.LIVE]
    found = [
        reason
        for row in live
        for member in _members(row.seen.get(name))
        for there in live
        if there.side != row.side
        for reason in _reason(store, references, (row, member, there), takes(
            there.side, there.object_type, name))
    ]  # fmt: skip
    found = list(dict.fromkeys(found))
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more


def _members(value: Any) -> Iterator[Mapping[str, str]]:
    """The records that a reference or a set of roles names; none in values of another shape, or
    kept hashed."""
    if isinstance(value, dict) and set(value) == {"object", "id"}:
        yield value
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and isinstance(item.get("ref"), dict):
            yield item["ref"]


def _reason(
    store: Store,
    references: References,
    case: tuple[Row, Mapping[str, str], Row],
    wanted: str | None,
) -> Iterator[str]:
    row, member, there = case
    own = f"{row.side} {member['object']} {member['id']}"
    entity = references.entity_of(row.side, member["object"], member["id"])
    known = store.by_entities([entity]).get(entity, []) if entity else []
    theirs = [r for r in known if r.side == there.side and r.state is State.LIVE]
    if entity is None:  # an owner is no record that could take part
        known_here = store.row(row.side, member["object"], member["id"])
        yield from [f"{own} takes no part (yet)"] if known_here else []
    elif not theirs:
        deleted = any(r.side == there.side for r in known)
        yield f"{own} {'was deleted on' if deleted else 'has no record on'} {there.side}"
    elif wanted and all(r.object_type != wanted for r in theirs):
        as_what = " and ".join(f"{r.object_type} {r.id}" for r in theirs)
        yield f"{own} is {as_what} on {there.side}, where only a {wanted} can be named"
