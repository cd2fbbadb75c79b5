"""People: two lists linked, one list searched for duplicates, two records compared."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

from mapping.matching import (
    backends,
    clusters,
    decided,
    namesakes,
    people_doubts,
    people_table,
    splink_model,
)
from mapping.matching.backends import Engine
from mapping.matching.model import Decision, Group, Individual, Match, Verdict

ACCEPT = 0.9
"""From this probability on two records are one person; precision and recall: docs/matching.md."""

ASK = 0.3
"""From this probability on it is a question."""

BELOW = ACCEPT - 0.01
"""The most that a pair is worth that a doubt keeps from being one person."""

ALL_PAIRS = 20_000
"""Up to so many pairs, all are compared; beyond, those that a blocking rule finds."""

STRONG = ("national", "email", "phone", "birth")
"""Columns that few people share."""


@dataclass(frozen=True, slots=True)
class PeopleOptions:
    """How it is worked out."""

    engine: Engine = Engine()  # noqa: RUF009 - it is frozen
    questions: bool = True
    """Whether pairs are told that are not sure."""


DEFAULTS = PeopleOptions()


def compare_people(left: Individual, right: Individual, options: PeopleOptions = DEFAULTS) -> Match:
    """What is held of two records on their own."""
    here, there = people_table.table([left]), people_table.table([right])
    found = list(_scored([here, there], options, floor=0.0))
    return found[0] if found else Match(left.id, right.id, Verdict.DIFFERENT, "score", 0.0)


def link_people(
    left: Sequence[Individual],
    right: Sequence[Individual],
    *,
    decisions: Iterable[Decision] = (),
    options: PeopleOptions = DEFAULTS,
) -> list[Match]:
    """Pairs of a record of the left and one of the right that are the same person or may be, by id
    of the left, then score. Decisions stand above all else."""
    if not left or not right:
        return decided.apply([], decisions, {p.id for p in left}, {p.id for p in right})
    tables = [people_table.table(left), people_table.table(right)]
    matches = _judged_together(tables, options)
    return decided.apply(matches, decisions, {p.id for p in left}, {p.id for p in right})


def duplicate_people(
    records: Sequence[Individual],
    *,
    decisions: Iterable[Decision] = (),
    options: PeopleOptions = DEFAULTS,
) -> list[Group]:
    """Groups of records that are one person; the survivor is the one that shows most. Pairs that
    are questions are kept as with companies."""
    if len(records) < 2:
        return []
    return duplicates_in_table(people_table.table(records), decisions=decisions, options=options)


def duplicates_in_table(
    table: Any, *, decisions: Iterable[Decision] = (), options: PeopleOptions = DEFAULTS
) -> list[Group]:
    """`duplicate_people` of a pyarrow table as `people_table.table` makes it."""
    ids = table["unique_id"].to_pylist()
    matches: Sequence[Match] = _judged_together([table], options)
    decisions = list(decisions)
    if decisions:
        matches = decided.apply(matches, decisions, set(ids), set(ids))
    return clusters.groups(ids, matches, _shown(table))


def _shown(table: Any) -> Mapping[str, int]:
    """How many columns each record shows."""
    import pyarrow.compute as pc

    shown = [pc.cast(pc.is_valid(table[column]), "int8") for column in table.column_names[1:]]
    total: Any = reduce(pc.add, shown)
    return dict(zip(table["unique_id"].to_pylist(), total.to_pylist(), strict=True))


def _judged_together(tables: Sequence[Any], options: PeopleOptions) -> list[Match]:
    """Pairs of one table, or between two, each seen beside the others; in no order."""
    matches = namesakes.asked(list(_scored(tables, options, floor=ASK)), tables, BELOW)
    return [m for m in matches if m.verdict == Verdict.SAME or options.questions]


def _scored(tables: Sequence[Any], options: PeopleOptions, *, floor: float) -> Iterator[Match]:
    """Pairs of one table, or between two, from the floor on; questions only where they are asked
    for. In no order."""
    from splink import Linker

    every = _pairs(tables) <= ALL_PAIRS
    link = "dedupe_only" if len(tables) == 1 else "link_only"
    size = sum(table.num_rows for table in tables)
    with backends.opened(options.engine) as api:
        frames = [backends.frame(api, table, f"list_{place}") for place, table in enumerate(tables)]
        settings = splink_model.settings(link, size, every=every)
        linked = frames if len(frames) > 1 else frames[0]
        model: Any = Linker(linked, settings, log_level=logging.ERROR)
        scored = model.inference.predict(threshold_match_probability=floor, warning_mode="never")
        columns = ", ".join(f"gamma_{column}" for column in splink_model.LEVELS)
        wanted = f"select unique_id_l, unique_id_r, match_probability, first_l, first_r, {columns}"
        found = model.misc.query_sql(f"{wanted} from {scored.physical_name}").as_pyarrow_table()
    yield from _matches(found, options)


def _pairs(tables: Sequence[Any]) -> int:
    sizes = [int(table.num_rows) for table in tables]
    return sizes[0] * (sizes[0] - 1) // 2 if len(sizes) == 1 else sizes[0] * sizes[1]


def _matches(found: Any, options: PeopleOptions) -> Iterator[Match]:
    columns = tuple(splink_model.LEVELS)
    for batch in found.to_batches(max_chunksize=20_000):
        values = [batch.column(place).to_pylist() for place in range(batch.num_columns)]
        for left, right, score, here, there, *gammas in zip(*values, strict=True):
            found_ = dict(zip(columns, gammas, strict=True))
            match = _judged(left, right, score, found_, (here, there))
            if match.verdict == Verdict.SAME or options.questions:
                yield match


def _judged(
    left: str,
    right: str,
    score: float,
    gammas: dict[str, int],
    first: tuple[str | None, str | None],
) -> Match:
    """The verdict of one pair: the model's, but for what only allows a question."""
    against = tuple(people_doubts.doubts(gammas, first))
    if against:
        score = min(score, BELOW)
    verdict = Verdict.SAME if score >= ACCEPT else Verdict.QUESTION
    verdict = verdict if score >= ASK else Verdict.DIFFERENT
    method = next((c for c in STRONG[:3] if splink_model.agrees(c, gammas[c])), "score")
    return Match(left, right, verdict, _METHODS.get(method, method), round(score, 6),
                 (*_evidence(tuple(gammas.items())), *against))  # fmt: skip


_METHODS = {"national": "registration"}


_SAID: dict[tuple[tuple[str, int], ...], tuple[str, ...]] = {}
"""Evidence in words by what was found: few combinations come again and again."""


def _evidence(gammas: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    if gammas not in _SAID:
        found = [splink_model.said(column, gamma) for column, gamma in gammas]
        _SAID[gammas] = tuple(text for text in found if text)
    return _SAID[gammas]


def same_people(groups: Iterable[Group]) -> set[tuple[str, str]]:
    """Neighbouring members of each group, in order: which records are one, told briefly."""
    return {pair for group in groups for pair in pairwise(sorted(group.members))}
