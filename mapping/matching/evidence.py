"""Two companies side by side: the nearest of their names, and the columns that both show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from mapping.matching import alike
from mapping.matching.alike import Alike
from mapping.matching.names import Name
from mapping.matching.prepare import Prepared
from mapping.matching.weights import Names, in_list, models

NO_NAME = Name((), (), (), ())

KEYS = ("registration", "domain", "phone")
"""Columns that few companies share."""


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """The names of two records, each with the other's nearest."""

    log_odds: float
    left: Name
    right: Name
    alike: Alike | None
    unique: bool
    """Whether it is the only one in a long list that holds this whole name."""
    listed: bool = False
    """Whether a long list was there to tell how many have such a name."""

    @property
    def equal(self) -> bool:
        """One and the same normalised name, or two that are known to be one company's."""
        return self.alike is not None and bool(
            self.alike["equal"] or self.alike["compact"] or self.alike["known"]
        )


@dataclass(frozen=True, slots=True)
class Case:
    """Two records with all that is known of the pair."""

    left: Prepared
    right: Prepared
    name: NameEvidence
    columns: dict[str, bool]
    """The columns that both show, and whether they are equal there."""

    @property
    def here(self) -> bool:
        """Whether they are in one place or answer one phone."""
        return any(self.columns.get(column) for column in ("postal_code", "street", "phone"))

    @property
    def over(self) -> tuple[str, ...]:
        """Words of the nearest names that only one of them has."""
        pair = self.name.alike
        return (*pair.only_left, *pair.only_right) if pair else ()


def case(left: Prepared, right: Prepared, name: NameEvidence) -> Case:
    """Two records whose names were compared."""
    return Case(left, right, name, dict(_columns(left, right)))


def name_evidence(
    left: Prepared, right: Prepared, names_there: Names | None = None,
    cosines: tuple[float, float] | None = None,
) -> NameEvidence:  # fmt: skip
    """The nearest pair of names of two records; with a long list and the cosines (this pair's, the
    next best's) what the list tells is weighed too."""
    found = max(
        (_pair(a, b) for a in left.names for b in right.names),
        key=lambda each: (each.equal, each.log_odds),
        default=NameEvidence(0.0, NO_NAME, NO_NAME, None, unique=False),
    )
    if found.alike is None or names_there is None or cosines is None:
        return found
    beyond = in_list(found.alike, (found.left, found.right), names_there, *cosines)
    log_odds = models().listed.log_odds((*found.alike.features, *beyond))
    return NameEvidence(log_odds, found.left, found.right, found.alike, beyond[2] > 0, listed=True)


def _pair(left: Name, right: Name) -> NameEvidence:
    left, right = alike.completed(left, right), alike.completed(right, left)
    pair = alike.compare(left, right)
    return NameEvidence(models().pair.log_odds(pair.features), left, right, pair, unique=False)


def _columns(left: Prepared, right: Prepared) -> Iterator[tuple[str, bool]]:
    if left.registration and right.registration:
        yield "registration", left.registration == right.registration
    if left.all_domains and right.all_domains:
        yield "domain", bool(left.all_domains & right.all_domains)
    if left.phones and right.phones:
        yield "phone", bool(left.phones & right.phones)
    for column in ("country", "city", "postal_code", "street"):
        here, there = getattr(left, column), getattr(right, column)
        if here and there:
            yield column, here == there or (column in ("city", "street") and _near(here, there))


def _near(here: str, there: str) -> bool:
    """One spelled wrongly or cut short; never two house numbers."""
    digits = [[word for word in text.split() if word.isdigit()] for text in (here, there)]
    if digits[0] and digits[1] and digits[0] != digits[1]:
        return False
    short, long = sorted((here, there), key=len)
    return Indel.normalized_similarity(here, there) > 0.8 or f" {short} " in f" {long} "
