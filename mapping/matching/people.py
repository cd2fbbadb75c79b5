"""People: two lists linked, one list searched for duplicates, two records compared."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

from mapping.matching import backends, clusters, decided, people_table, splink_model
from mapping.matching.backends import Engine
from mapping.matching.model import Decision, Group, Individual, Match, Verdict

ACCEPT = 0.9
"""From this probability on two records are one person; precision and recall: docs/matching.md."""

ASK = 0.3
"""From this probability on it is a question."""

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
    matches = list(_scored(tables, options, floor=ASK))
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
    matches: Sequence[Match] = list(_scored([table], options, floor=ASK))
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
        wanted = f"select unique_id_l, unique_id_r, match_probability, {columns}"
        found = model.misc.query_sql(f"{wanted} from {scored.physical_name}").as_pyarrow_table()
    yield from _matches(found, options)


def _pairs(tables: Sequence[Any]) -> int:
    sizes = [int(table.num_rows) for table in tables]
    return sizes[0] * (sizes[0] - 1) // 2 if len(sizes) == 1 else sizes[0] * sizes[1]


def _matches(found: Any, options: PeopleOptions) -> Iterator[Match]:
    columns = tuple(splink_model.LEVELS)
    for batch in found.to_batches(max_chunksize=20_000):
        values = [batch.column(place).to_pylist() for place in range(batch.num_columns)]
        for left, right, score, *gammas in zip(*values, strict=True):
            match = _judged(left, right, score, dict(zip(columns, gammas, strict=True)))
            if match.verdict == Verdict.SAME or options.questions:
                yield match


def _judged(left: str, right: str, score: float, gammas: dict[str, int]) -> Match:
    """The verdict of one pair: the model's, but for what only allows a question."""
    against = tuple(_only_a_question(gammas))
    if against:
        score = min(score, ACCEPT - 0.01)
    verdict = Verdict.SAME if score >= ACCEPT else Verdict.QUESTION
    verdict = verdict if score >= ASK else Verdict.DIFFERENT
    method = next((c for c in STRONG[:3] if splink_model.agrees(c, gammas[c])), "score")
    return Match(left, right, verdict, _METHODS.get(method, method), round(score, 6),
                 (*_evidence(tuple(gammas.items())), *against))  # fmt: skip


_METHODS = {"national": "registration"}


def _only_a_question(gammas: Mapping[str, int]) -> Iterator[str]:
    """What keeps a pair from being one person without somebody's word: people of one family,
    house or office share all but what is theirs alone."""
    agree = {column for column, gamma in gammas.items() if splink_model.agrees(column, gamma)}
    apart = {column for column, gamma in gammas.items() if splink_model.differs(gamma)}
    if "suffix" in apart:
        yield "one is junior, the other senior"
    if gammas["national"] > 0:
        return
    born = gammas["birth"] > 0
    home = gammas["street"] >= TOP["street"] - 2 and not {"number", "postal"}.isdisjoint(agree)
    if "first" in apart and not ("birth" in agree and gammas["last"] > 0 and home):
        yield "first names differ: it may be somebody of the same family or office"
    elif not born and gammas["first"] < SURE_NAME:
        yield "first names are not sure to be one, and nothing else is theirs alone"
    if "birth" in apart and gammas["email"] != TOP["email"]:
        yield "dates of birth differ: it may be a namesake of the family"
    if "national" in apart and not born and not home:
        yield "national numbers differ"
    yield from _too_little(gammas, agree)


def _too_little(gammas: Mapping[str, int], agree: set[str]) -> Iterator[str]:
    """Where only the name agrees, and what thousands share."""
    if agree - SHARED or any(gammas[c] > 0 for c in ("birth", "phone", "street", "postal")):
        return
    if gammas["email"] == 1 or not {"first", "last", "company"} <= agree:
        yield "nothing agrees but the name and what many share"


SHARED = frozenset(("first", "last", "suffix", "region", "country", "city", "company"))
"""Columns that say little of who somebody is."""

TOP = {column: len(words) - 1 for column, words in splink_model.SAID.items()}
"""The level of each column at which both show the same."""

SURE_NAME = TOP["first"] - 3
"""From this level on first names are one: equal, short for it, swapped, one letter apart."""

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
