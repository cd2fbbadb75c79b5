"""Actions made ready to be sent, and cut into calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.base import Write
from sync.model import Action, FieldWrite, Row, Value


@dataclass(slots=True)
class Prepared:
    """An action ready to be sent: the vendor's write, and the fields it really carries."""

    action: Action
    write: Callable[[str], Write]
    fields: tuple[FieldWrite, ...]
    left_out: tuple[str, ...] = ()
    row: Row | None = None
    before: Mapping[str, Value] = field(default_factory=dict)
    """The vendor's own values that the write replaces."""


def merged(actions: Sequence[Action]) -> list[Action]:
    """One update a record: a deferred one joins a planned one."""
    found: dict[str, Action] = {}
    for action in actions:
        earlier = found.get(action.entity)
        if earlier is None:
            found[action.entity] = action
        else:
            fields = (*earlier.fields, *action.fields)
            found[action.entity] = replace(earlier, fields=fields)
    return list(found.values())


def batches(prepared: Iterator[Prepared], size: int) -> Iterator[list[Prepared]]:
    """What is ready, in calls of at most that many writes."""
    batch: list[Prepared] = []
    for item in prepared:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
