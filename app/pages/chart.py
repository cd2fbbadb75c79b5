"""Where the people of a committee chart stand, and how the lines between them run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDE, HIGH = 232, 96
"""A card."""
GAP, DROP = 22, 54
"""Between cards beside and below one another."""
MARGIN = 24
SHELF = 5 * (WIDE + GAP)
"""How wide a row of cards becomes before another row is begun."""
MOST = 150
"""People on a chart; all others are in the table."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a person's card stands: its left upper corner."""

    person: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line on the chart as an SVG path."""

    kind: str
    start: str
    end: str
    path: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole drawing."""

    wide: int
    high: int
    spots: tuple[Spot, ...]
    strokes: tuple[Stroke, ...]
    left_out: int


@dataclass(slots=True)
class _Block:
    """A piece of the drawing with its own origin: places of cards, size, and its top card."""

    places: dict[str, tuple[int, int]]
    wide: int
    high: int


def laid_out(members: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, str]]) -> Chart:
    """Superiors above those who report to them; people without any such line in rows below."""
    shown = _chosen(members, lines)
    below, roots = _forest(shown, lines)
    trees = [root for root in roots if below.get(root)]
    single = [root for root in roots if not below.get(root)]
    upper = _shelved([_tree(root, below) for root in trees])
    lower = _shelved([_Block({person: (0, 0)}, WIDE, HIGH) for person in single])
    whole = _stacked(upper, lower)
    spots = {p: (x + MARGIN, y + MARGIN) for p, (x, y) in whole.places.items()}
    return Chart(
        whole.wide + 2 * MARGIN,
        whole.high + 2 * MARGIN,
        tuple(Spot(p, *spots[p]) for p in shown),
        tuple(_strokes(spots, lines)),
        len(members) - len(shown),
    )


def _chosen(members: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, str]]) -> list[str]:
    """Who is on the chart: everybody, or those who have a line or a role before all others."""
    connected = {ln["from"] for ln in lines} | {ln["to"] for ln in lines}
    if len(members) <= MOST:
        return [m["person"] for m in members]
    first = sorted(members, key=lambda m: (m["person"] not in connected, not m["roles"]))[:MOST]
    chosen = {m["person"] for m in first}
    return [m["person"] for m in members if m["person"] in chosen]


def _forest(
    shown: Sequence[str], lines: Sequence[Mapping[str, str]]
) -> tuple[dict[str, list[str]], list[str]]:
    """Who stands below whom, and who stands on top. A circle is cut where it closes."""
    above: dict[str, str] = {}
    inside = set(shown)
    for line in lines:
        start, end = line["from"], line["to"]
        if line["kind"] == "reports" and {start, end} <= inside and start not in above:
            above[start] = end
            if _circular(start, above):
                del above[start]
    below: dict[str, list[str]] = {}
    for person in shown:
        if person in above:
            below.setdefault(above[person], []).append(person)
    return below, [person for person in shown if person not in above]


def _circular(start: str, above: Mapping[str, str]) -> bool:
    here = above.get(start)
    while here is not None and here != start:
        here = above.get(here)
    return here == start


def _tree(root: str, below: Mapping[str, Sequence[str]]) -> _Block:
    """A person above the trees of those who report to them. Iterates, for chains may be long."""
    order = [root]
    for person in order:
        order += below.get(person, [])
    done: dict[str, _Block] = {}
    for person in reversed(order):
        reports = _shelved([done.pop(b) for b in below.get(person, [])])
        done[person] = _topped(person, reports)
    return done[root]


def _topped(person: str, reports: _Block) -> _Block:
    if not reports.places:
        return _Block({person: (0, 0)}, WIDE, HIGH)
    shift = max(0, (WIDE - reports.wide) // 2)
    places = {p: (x + shift, y + HIGH + DROP) for p, (x, y) in reports.places.items()}
    wide = max(WIDE, reports.wide)
    places[person] = ((wide - WIDE) // 2, 0)
    return _Block(places, wide, HIGH + DROP + reports.high)


def _shelved(blocks: Iterable[_Block]) -> _Block:
    """Blocks beside one another, in rows."""
    rows: list[list[_Block]] = [[]]
    used = 0
    for block in blocks:
        if rows[-1] and used + block.wide > SHELF:
            rows.append([])
            used = 0
        rows[-1].append(block)
        used += block.wide + GAP
    places: dict[str, tuple[int, int]] = {}
    widest, y = 0, 0
    for row in (r for r in rows if r):
        x = 0
        for block in row:
            places |= {p: (x + px, y + py) for p, (px, py) in block.places.items()}
            x += block.wide + GAP
        widest = max(widest, x - GAP)
        y += max(block.high for block in row) + GAP
    return _Block(places, widest, max(0, y - GAP))


def _stacked(upper: _Block, lower: _Block) -> _Block:
    if not upper.places or not lower.places:
        return upper if upper.places else lower
    drop = upper.high + DROP
    places = {p: (x, y + drop) for p, (x, y) in lower.places.items()}
    return _Block({**upper.places, **places}, max(upper.wide, lower.wide), drop + lower.high)


def _strokes(
    spots: Mapping[str, tuple[int, int]], lines: Sequence[Mapping[str, str]]
) -> Iterable[Stroke]:
    for line in lines:
        if line["from"] in spots and line["to"] in spots:
            start, end = spots[line["from"]], spots[line["to"]]
            draw = _elbow if line["kind"] == "reports" else _bow
            yield Stroke(line["kind"], line["from"], line["to"], draw(start, end))


def _elbow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From the top of a card up to the bottom of the one above it."""
    (x, y), (above_x, above_y) = start, end
    middle = WIDE // 2
    turn = y - DROP // 2
    return f"M{x + middle} {y}V{turn}H{above_x + middle}V{above_y + HIGH}"


def _bow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from border to border."""
    (x, y), (to_x, to_y) = start, end
    if abs(to_x - x) > WIDE:  # side by side: leave and arrive at the sides
        right = to_x > x
        ax, bx = (x + WIDE, to_x) if right else (x, to_x + WIDE)
        ay, by = y + HIGH // 2, to_y + HIGH // 2
        bend = (bx - ax) // 2
        return f"M{ax} {ay}C{ax + bend} {ay - 18} {bx - bend} {by - 18} {bx} {by}"
    down = to_y > y
    ay, by = (y + HIGH, to_y) if down else (y, to_y + HIGH)
    ax, bx = x + WIDE * 3 // 4, to_x + WIDE * 3 // 4
    bend = (by - ay) // 2
    return f"M{ax} {ay}C{ax + 30} {ay + bend} {bx + 30} {by - bend} {bx} {by}"
