"""The figures of a plan: what guards judge by, and the API calls that it will cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sync.model import Action, Statistics, Verb
from sync.sides import Side, by_name
from sync.store import Store

Table = dict[str, dict[str, int]]
"""Side -> kind -> number."""


def counted(statistics: Statistics, actions: Sequence[Action], store: Store) -> Statistics:
    """The statistics with what the actions would change and delete, and who spoke."""
    changed: Table = {}
    deleted: Table = {side: dict(k) for side, k in store.count_linked("archived").items()}
    spoke: Table = {}
    settled = store.settled_entities([a.entity for a in actions])
    for action in actions:
        if action.verb is Verb.ARCHIVE:
            _count(deleted, action.side, action.kind)
        elif action.fields and (action.entity, action.side) in settled:
            _count(changed, action.side, action.kind)
    for entity, side, kind in sorted(_speakers(actions)):
        if (entity, side) in settled:
            _count(spoke, side, kind)
    linked = store.count_linked("live", "archived")
    return replace(statistics, linked=linked, changed=changed, deleted=deleted, spoke=spoke)


def _speakers(actions: Iterable[Action]) -> set[tuple[str, str, str]]:
    """(entity, side, kind) of records from which a value would be written elsewhere."""
    return {
        (action.entity, written.source, action.kind)
        for action in actions
        if action.verb is Verb.UPDATE
        for written in action.fields
        if written.source != action.side
    }


def calls(actions: Sequence[Action], sides: Sequence[Side]) -> Mapping[str, int]:
    """API calls per side: a read before and a write for each batch, a read-back of creates."""
    groups: dict[tuple[str, str, Verb], int] = {}
    for a in actions:
        key = (a.side, a.object_type, a.verb)
        groups[key] = groups.get(key, 0) + 1
    cost: dict[str, int] = {}
    known = by_name(sides)
    for (side, _, _), number in groups.items():
        capabilities = known[side].connector.capabilities
        needed = math.ceil(number / capabilities.write_batch)
        needed += math.ceil(number / capabilities.fetch_batch)
        cost[side] = cost.get(side, 0) + needed
    return cost


def _count(table: Table, side: str, kind: str) -> None:
    row = table.setdefault(side, {})
    row[kind] = row.get(kind, 0) + 1
