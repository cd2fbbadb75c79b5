"""Pure: values that move by a table (stages, lead status): a move that is not in it is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.rules import Table
from sync.fields import Project, Projected
from sync.model import Shown, Value

PIPELINE = "pipeline"


def pipeline_of(awake: Sequence[Shown]) -> Value:
    """The pipeline that an entity is in: what the first side that knows it says."""
    found = (s.values.get(PIPELINE) for s in awake if PIPELINE not in s.problems)
    return next((value for value in found if value), None)


def along(table: Table, path: str, shown: Mapping[str, Value], project: Project) -> Project:
    """A projection that refuses to move a side's present value where the table does not; what a
    person put in the place of a value is let pass."""

    def projected(side: str, value: Value) -> Projected:
        there = project(side, value)
        present = shown.get(side)
        if there.problem or there.answer or not table.refuses(present, there.value):
            return there
        return Projected(None, problem=refusal(table, path, present, there.value))

    return projected


def refusal(table: Table, path: str, present: Value, wanted: Value) -> str:
    """Why a move is held."""
    allowed = ", ".join(table.moves[str(present)])
    may = f"it may move to {allowed}" if allowed else "it stays there"
    return f"{path} does not move from {present} to {wanted}: {may}"
