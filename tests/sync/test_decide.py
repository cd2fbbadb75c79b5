"""The decision table, one row a line; the documentation's table is generated from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from config.rules import FieldSettings, Table, parse_first_link, parse_policy, parse_rule
from sync.fields import FieldContext, Project, Projected, View, decide_scalar
from sync.model import MISSING, Value
from sync.sets import decide_set
from sync.stages import along
from tests.sync.decision_table import BEGIN, END, NONE, PAGE, ROWS, Row, table

SIDES = ("left", "right", "third")


def _views(row: Row, names: list[str]) -> list[View]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = {side: start + timedelta(hours=n) for n, side in enumerate(row.modified)}
    return [
        View(
            name,
            row.sides[name][1],
            MISSING if row.sides[name][0] == NONE else row.sides[name][0],
            modified=times.get(name),
            owes=name == row.owes,
        )
        for name in names
    ]


def _context(row: Row) -> FieldContext:
    def plain(side: str, value: Value) -> Projected:
        if row.refuses == (side, value):
            return Projected(None, problem=f"{value} is not known on {side}")
        return Projected(value)

    project: Project = plain
    if row.moves:
        shown = {side: now for side, (_, now) in row.sides.items()}
        project = along(Table(moves=row.moves), "person.stage", shown, plain)
    settings = FieldSettings(
        rule=parse_rule(row.rule, SIDES),
        conflict=parse_policy(row.conflict, SIDES),
        blanks=row.blanks,  # type: ignore[arg-type]
        backward=row.backward,
    )
    return FieldContext(
        settings=settings,
        first_link=parse_first_link(row.first_link, SIDES),
        project=project,
        shape=row.shape,  # type: ignore[arg-type]
        order=row.order,
        forward_only=bool(row.order) and not row.backward,
    )


@pytest.mark.parametrize("reverse", [False, True], ids=["as written", "sides swapped"])
@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.state} | {r.rule} | {r.decision}")
def test_each_row_of_the_table_is_decided_as_it_says(row: Row, reverse: bool) -> None:
    decide = decide_scalar if row.shape == "scalar" else decide_set
    names = sorted(row.sides, reverse=reverse)
    verdict = decide(_views(row, names), _context(row))
    assert {s.side: s.new for s in verdict.sets} == row.writes
    assert bool(verdict.conflict) == (row.held == "conflict")
    assert list(verdict.held) == ([row.held] if row.held not in ("", "conflict") else [])
    assert verdict.settled is row.settled
    assert all(s.why and s.source in row.sides for s in verdict.sets)


def test_the_documentation_shows_this_very_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table(), "run `python -m tests.sync.decision_table`"
