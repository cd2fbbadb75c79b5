"""Values that are handed in from outside of the sync (an account map, say), as a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.errors import SettingsError
from sync.detect import look_again
from sync.model import (
    Action,
    FieldWrite,
    Plan,
    Row,
    Settlement,
    Shown,
    State,
    Statistics,
    Value,
    Verb,
)
from sync.planner import Draft, Planner
from sync.sides import by_name

PURPOSE = "map"
"""The purpose of a plan that writes values of an account map."""
Handed = Mapping[str, Mapping[str, Value]]
"""Entity -> canonical field -> the value that its record shall have."""


def plan_handed(
    planner: Planner, side: str, handed: Handed, source: str, digest: str, statistics: Statistics
) -> tuple[Plan, list[str]]:
    """The plan that gives the records of one side some values, and what it leaves out: values
    that the side cannot take, entities without a record there.

    What a record shows already is not written. To the sync the values are as if a person had
    written them there: where the field takes part, the next run carries them on by its rule.
    Raises SettingsError for an unknown side.
    """
    if side not in by_name(planner.sides):
        known = ", ".join(by_name(planner.sides))
        raise SettingsError(f"there is no side {side}", remedy=f"One of: {known}.")
    found = _records(planner, side, sorted(handed))
    draft = Draft()
    left = [f"{entity} has no record on {side}" for entity in sorted(handed) if entity not in found]
    for entity, row in sorted(found.items()):
        left += _hand(planner, row, handed[entity], source, draft)
    draft.entities.update(action.entity for action in draft.actions)
    plan = planner.assemble(f"{PURPOSE}-{side}", digest, draft, statistics)
    return replace(plan, purpose=PURPOSE, subject=(source,)), left


def _records(planner: Planner, side: str, entities: Sequence[str]) -> dict[str, Row]:
    """The live record of each entity on the side; read again where the state hides values."""
    store = planner.store
    if store.vault.active:
        rows = (row for found in store.by_entities(entities).values() for row in found)
        look_again([row for row in rows if row.side == side], store, planner.sides)
    return {
        entity: row
        for entity, rows in store.by_entities(entities).items()
        for row in rows
        if row.side == side and row.state is State.LIVE
    }


def _hand(
    planner: Planner, row: Row, values: Mapping[str, Value], source: str, draft: Draft
) -> list[str]:
    """Add the writes of one record to the draft; returns what it cannot take."""
    shown = planner.shown(row)
    writes: list[FieldWrite] = []
    left: list[str] = []
    for name, value in values.items():
        refusal, wanted = _fitting(planner, shown, name, value)
        if refusal:
            left.append(f"{row.object_type} {row.id}: {name}: {refusal}")
        elif wanted != shown.values.get(name):
            old = shown.values.get(name)
            writes.append(FieldWrite(name, old, wanted, source, source, f"the {source} says so"))
    if not writes:
        return left
    entity = str(row.entity)
    made = Action(
        f"update/{row.side}/{entity}", Verb.UPDATE, entity, row.kind, row.side, row.object_type,
        row.id, tuple(writes), why=f"values of the {source}",
    )  # fmt: skip
    draft.actions.append(made)
    draft.settlements.append(_settlement(row, made))
    return left


def _fitting(planner: Planner, shown: Shown, name: str, value: Value) -> tuple[str, Value]:
    """Why the side cannot take a value, or the value as it will show it."""
    if name not in shown.writable:
        return "the mapping does not write it here", None
    found = planner.project(shown.side, shown.object_type, name, value)
    return found.problem or "", found.value


def _settlement(row: Row, action: Action) -> Settlement:
    """The base stays what it was, so that the sync sees the new value as a change."""
    names = [f.name for f in action.fields]
    return Settlement(
        action.entity,
        {row.side: {name: row.base.get(name) for name in names}},
        dict.fromkeys(names, (action.id,)),
    )
