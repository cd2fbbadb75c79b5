"""What keeps two records of people from being one without somebody's word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from mapping.matching import names, people_table, splink_model

SHARED = frozenset(("first", "last", "suffix", "region", "country", "city", "company"))
"""Columns that say little of who somebody is."""

TOP = {column: len(words) - 1 for column, words in splink_model.SAID.items()}
"""The level of each column at which both show the same."""

SURE_NAME = TOP["first"] - 3
"""From this level on first names are one: equal, short for it, swapped, one letter apart."""

SWAPPED = TOP["first"] - 2
"""The level at which first and last name stand in each other's place."""


@cache
def _given() -> frozenset[str]:
    return frozenset(name for line in names.entries("given_names.txt") for name in line.split())


@lru_cache(maxsize=100_000)
def two_names(left: str | None, right: str | None) -> bool:
    """Whether these are first names of two people, each one that many have: Mark and Marsha, not
    a name and a slip of the pen, nor a name and what it is short for."""
    here, there = ((text or "").partition(" ")[0] for text in (left, right))
    known = here in _given() and there in _given()
    return known and people_table.stands_for(here).isdisjoint(people_table.stands_for(there))


def doubts(gammas: Mapping[str, int], first: tuple[str | None, str | None]) -> Iterator[str]:
    """In words: people of one family, house or office share all but what is theirs alone. `first`:
    the first names of both."""
    agree = {column for column, gamma in gammas.items() if splink_model.agrees(column, gamma)}
    apart = {column for column, gamma in gammas.items() if splink_model.differs(gamma)}
    if "suffix" in apart:
        yield "one is junior, the other senior"
    if gammas["national"] > 0:
        return
    yield from _first_names(gammas, agree, first)
    known = "email" in agree or gammas["birth"] > 0
    if "last" in apart and gammas["first"] != SWAPPED and not known:
        yield "last names differ: it may be somebody else of the same office"
    if "birth" in apart and gammas["email"] != TOP["email"]:
        yield "dates of birth differ: it may be a namesake of the family"
    if "national" in apart and gammas["birth"] <= 0:
        yield "national numbers differ"
    yield from _too_little(gammas, agree)


def _first_names(
    gammas: Mapping[str, int], agree: set[str], first: tuple[str | None, str | None]
) -> Iterator[str]:
    """Twins share the day, the name of the family and the house."""
    level, born = gammas["first"], gammas["birth"] > 0
    home = gammas["street"] >= TOP["street"] - 2 and not {"number", "postal"}.isdisjoint(agree)
    if level not in (TOP["first"], SWAPPED) and two_names(*first):
        yield "two first names: it may be somebody of the same family or office, or a twin"
    elif level == 0 and not ("birth" in agree and gammas["last"] > 0 and home):
        yield "first names differ: it may be somebody of the same family or office"
    elif level < SURE_NAME and not (born and (level < 0 or _elsewhere(gammas))):
        yield "first names are not sure to be one, and nothing else is theirs alone"


def _elsewhere(gammas: Mapping[str, int]) -> bool:
    """Whether anything agrees beside names and dates."""
    return any(gammas[c] > 0 for c in ("email", "phone", "street", "postal", "city", "company"))


def _too_little(gammas: Mapping[str, int], agree: set[str]) -> Iterator[str]:
    """Where only the name agrees, and what thousands share."""
    if agree - SHARED or any(gammas[c] > 0 for c in ("birth", "phone", "street", "postal")):
        return
    if gammas["email"] == 1 or not {"first", "last", "company"} <= agree:
        yield "nothing agrees but the name and what many share"
