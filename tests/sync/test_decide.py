"""The decision table, one row a line; the documentation's table is generated from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from config.rules import FieldSettings, Table, parse_first_link, parse_policy, parse_rule
from sync.fields import FieldContext, Project, Projected, Verdict, View, decide_scalar
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


def _unwritable(side: str, value: Value) -> Projected:
    return Projected(value) if side != "left" else Projected(None, problem="not written there")


def _read_only(*views: View) -> Verdict:
    rule, policy = parse_rule("two-way", SIDES), parse_policy("hold", SIDES)
    settings = FieldSettings(rule=rule, conflict=policy, blanks="travel", backward=False)
    first = parse_first_link("hold", SIDES)
    return decide_set(views, FieldContext(settings, first, _unwritable, shape="set"))


@pytest.mark.parametrize("base", [MISSING, None, ["b"]], ids=["first link", "grown", "changed"])
def test_a_set_that_one_side_alone_shows_is_settled_though_it_is_read_only(base: Value) -> None:
    verdict = _read_only(View("left", ["a"], base, writable=False))
    assert (verdict.sets, verdict.held, verdict.settled) == ((), {}, True)


def test_a_read_only_set_that_lacks_members_is_noted_not_held() -> None:
    right = View("right", ["a", "b"], ["a"])
    verdict = _read_only(View("left", ["a"], ["a"], writable=False), right)
    assert (verdict.sets, verdict.held, verdict.settled) == ((), {}, True)
    assert verdict.notes == {"left": "read-only on left"}


def test_a_read_only_set_that_lacks_members_for_long_is_no_drift() -> None:
    right = View("right", ["a", "b"], ["a", "b"])
    verdict = _read_only(View("left", ["a"], ["a"], writable=False), right)
    assert verdict.notes == {"left": "read-only on left"}
