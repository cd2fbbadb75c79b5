"""The change feed's cursors and the query text: no row skipped, none read for ever."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from connectors.salesforce import soql
from connectors.salesforce.changes import _border
from connectors.salesforce.cursor import Mark, dump, load
from connectors.salesforce.soql import Position
from core.errors import CursorExpiredError, SchemaDriftError

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LOOKBACK = timedelta(seconds=60)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def raw(seconds: int, id: str) -> dict[str, str]:
    return {"Id": id, "SystemModstamp": at(seconds).isoformat()}


def sweep(mark: Mark, visible: list[Position], now: datetime) -> tuple[list[Position], Mark]:
    """What a reading of one page sees, and the mark after it."""
    mark = mark.begun(now)
    start = mark.under_way.at
    seen = [p for p in visible if start is None or _after(p, start)]
    best = max([*([mark.under_way.best] if mark.under_way.best else []), *seen], default=None)
    return seen, mark.moved(None, best).finished(now, LOOKBACK)


def _after(row: Position, start: Position) -> bool:
    return row.time >= start.time if not start.id else row > start


@pytest.mark.parametrize("skew", [-7200.0, -5.0, 0.0, 5.0, 7200.0, 1e8])
@pytest.mark.parametrize("seed", range(5))
def test_rows_that_show_late_are_not_lost_whatever_our_clock_says(skew: float, seed: int) -> None:
    """Rows are stamped by the vendor's clock in whole seconds and show up to a look-back later."""
    rng = random.Random(seed)
    rows = [
        (Position(at(rng.randrange(2000)), f"{n:015d}"), rng.uniform(0, LOOKBACK.total_seconds()))
        for n in range(200)
    ]
    found: set[Position] = set()
    mark = Mark()
    for now in [*sorted(rng.uniform(0, 2200) for _ in range(60)), 2300.0]:
        visible = [p for p, late in rows if p.time + timedelta(seconds=late) <= at(now)]
        seen, mark = sweep(mark, visible, at(now + skew))
        found |= set(seen)
        mark = load(dump({"own": mark}))["own"]
    assert found == {p for p, _ in rows}


@pytest.mark.parametrize("skew", [-5.0, 0.0, 5.0, 7200.0])
def test_a_quiet_account_is_not_read_again_and_again(skew: float) -> None:
    rows = [Position(at(0), f"{n:015d}") for n in range(1000)]
    mark = Mark()
    counts = []
    for now in (10, 20, 100, 200, 300):
        seen, mark = sweep(mark, rows, at(now + skew))
        counts.append(len(seen))
    assert counts[0] == 1000
    assert counts[-1] == 0


def test_a_stamp_in_the_future_does_not_hide_what_comes() -> None:
    rows = [Position(at(10**8), "a")]
    mark = Mark()
    for now in (0, 100, 200, 300):
        _, mark = sweep(mark, rows, at(now))
    seen, _ = sweep(mark, [*rows, Position(at(350), "b")], at(400))
    assert Position(at(350), "b") in seen


def test_an_interrupted_sweep_keeps_its_look_back() -> None:
    mark = Mark(good=Position(at(0), "a")).begun(at(100))
    mark = mark.moved(Position(at(99), "b"), Position(at(99), "b"))
    mark = load(dump({"own": mark}))["own"]
    assert mark.under_way.at == Position(at(99), "b")
    done = mark.begun(at(5000)).finished(at(5000), LOOKBACK)
    assert done.good == Position(at(39))


def test_a_row_edited_while_its_page_waits_does_not_hide_the_following() -> None:
    page = [raw(1, "a"), raw(2, "b"), raw(900, "c")]
    assert _border(page, [raw(4, "d"), raw(5, "e")]) == Position(at(2), "b")
    assert _border(page, [raw(950, "d"), raw(5, "e")]) == Position(at(2), "b")
    assert _border(page, []) == Position(at(900), "c")
    assert _border([raw(900, "c")], [raw(4, "d")]) == Position(at(4))


def test_equal_stamps_over_a_border_go_on_by_id() -> None:
    assert _border([raw(1, "a"), raw(1, "b")], [raw(1, "c")]) == Position(at(1), "b")


@pytest.mark.parametrize(
    "text", ["", "null", "{}", "[]", "{", '{"own": 3}', '{"own": {"good": ["x"]}}']
)
def test_a_cursor_that_is_none_is_told(text: str) -> None:
    with pytest.raises(CursorExpiredError):
        load(text)


def test_conditions() -> None:
    time = datetime.fromisoformat("2024-02-29T12:00:00.000+0000")
    assert Position(time).condition() == "SystemModstamp >= 2024-02-29T12:00:00Z"
    assert Position(time, "001").condition() == (
        "SystemModstamp > 2024-02-29T12:00:00Z"
        " OR (SystemModstamp = 2024-02-29T12:00:00Z AND Id > '001')"
    )
    assert soql.moment(time + timedelta(milliseconds=5)) == "2024-02-29T12:00:00.005Z"


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("003G000001SUbc4", "003G000001SUbc4IAD"),
        ("003G000001SUbc4IAD", "003G000001SUbc4IAD"),
        ("003G000001SUbc4IAE", None),
        ("003G000001SUbc", None),
        ("003G000001SUbc'", None),
        ("", None),
    ],
)
def test_ids(given: str, whole: str | None) -> None:
    assert soql.id18(given) == whole


@pytest.mark.parametrize("name", ["Name FROM User", "a'b", "", "Näme", "a..b", "(SELECT Id)", "1a"])
def test_nothing_but_names_gets_into_a_query(name: str) -> None:
    with pytest.raises(SchemaDriftError):
        soql.name(name)


def test_literals() -> None:
    assert soql.literal('O\'Brien \\ "x"\n', "string") == "'O\\'Brien \\\\ \\\"x\\\"\\n'"
    assert soql.literal("12.5", "number") == "12.5"
    assert soql.literal("1) OR (1=1", "number") is None
    assert soql.literal("", "string") is None
    assert soql.literal("\ud800", "string") is None


def test_chunks_keep_the_budget_and_the_order() -> None:
    items = [f"'{n:018d}'" for n in range(1000)]
    groups = list(soql.chunks(items, 2_000, 400))
    assert [item for group in groups for item in group] == items
    assert all(len(soql.encode(",".join(group))) <= 2_000 for group in groups)
    assert len(list(soql.chunks(items, 10**6, 400))) == 3
    assert list(soql.chunks([], 10)) == []
