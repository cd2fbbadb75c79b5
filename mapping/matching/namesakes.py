"""One record that could be either of two people: it shows nothing of what tells these apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from rapidfuzz.distance import Levenshtein

from mapping.matching.model import Match, Verdict

TELLING = ("birth", "national", "suffix")
"""Columns by which namesakes are told apart."""

OWN = ("birth", "national", "email", "phone")
"""Columns in which a record is plainly nearer to one of two."""

SAID = "it could be one of several that differ in what this one does not show"

Record = tuple[int, str]
"""The list and the id."""


def asked(matches: Sequence[Match], tables: Sequence[Any], below: float) -> list[Match]:
    """The matches, where a link from such a record is a question, its score at most `below`."""
    linked: dict[Record, dict[Record, int]] = defaultdict(dict)
    other = len(tables) - 1
    for place, match in enumerate(matches):
        if match.verdict == Verdict.SAME:
            left, right = (0, match.left), (other, match.right)
            linked[left][right] = linked[right][left] = place
    crowded = [record for record, partners in linked.items() if len(partners) > 1]
    shown = _shown(tables, {each for record in crowded for each in (record, *linked[record])})
    found = list(matches)
    for record in crowded:
        for place in _unsure(record, linked, shown):
            found[place] = _question(matches[place], below)
    return found


def _shown(tables: Sequence[Any], wanted: set[Record]) -> dict[Record, dict[str, str | None]]:
    """What these records show in the columns that count."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = {}
    for place, table in enumerate(tables):
        ids = pa.array(sorted(name for which, name in wanted if which == place), pa.string())
        rows = table.filter(pc.is_in(table["unique_id"], value_set=ids))
        columns = ("unique_id", *dict.fromkeys(TELLING + OWN))
        for name, *values in zip(*(rows[column].to_pylist() for column in columns), strict=True):
            found[place, name] = dict(zip(columns[1:], values, strict=True))
    return found


def _unsure(
    record: Record,
    linked: Mapping[Record, Mapping[Record, int]],
    shown: Mapping[Record, Mapping[str, str | None]],
) -> Iterator[int]:
    """The links of a record that may be wrong."""
    mine, partners = shown[record], linked[record]
    for one, two in combinations(partners, 2):
        here, there = shown[one], shown[two]
        if two in linked[one] or not any(
            mine[column] is None and _differ(column, here[column], there[column])
            for column in TELLING
        ):
            continue
        nearer = _nearer(mine, here, there) - _nearer(mine, there, here)
        if nearer <= 0:
            yield partners[one]
        if nearer >= 0:
            yield partners[two]


def _differ(column: str, one: str | None, two: str | None) -> bool:
    """Whether both are shown and no slip of the pen makes one of the other."""
    if one is None or two is None or one == two:
        return False
    swapped = column == "birth" and one[:4] == two[:4] and one[4:] == two[6:] + two[4:6]
    return column == "suffix" or (not swapped and Levenshtein.distance(one, two) > 2)


def _nearer(
    mine: Mapping[str, str | None], one: Mapping[str, str | None], two: Mapping[str, str | None]
) -> bool:
    """Whether a record shares with the one what it does not share with the other."""
    return any(mine[c] is not None and mine[c] == one[c] != two[c] for c in OWN)


def _question(match: Match, below: float) -> Match:
    return replace(
        match, verdict=Verdict.QUESTION, score=min(match.score, below),
        evidence=(*match.evidence, SAID),
    )  # fmt: skip
