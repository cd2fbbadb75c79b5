"""What the matching engine takes and gives: records, verdicts with their evidence, groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What is held of a pair; below the accept threshold it is a question, never a link."""

    SAME = "same"
    QUESTION = "question"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Company:
    """A company or one unit of it, as a list or side shows it; values as written."""

    id: str
    name: str | None = None
    other_names: tuple[str, ...] = ()
    """Former, brand and legal names."""
    domains: tuple[str, ...] = ()
    """Websites or bare domains; a URL will do."""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    registration: str | None = None
    """A registration number (DUNS, SIRET, LEI, CIK, VAT …) as written."""
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    """ISO 3166 alpha-2 code, or a name that one can be told from."""
    parent: str | None = None
    """The id of the record above it in the same list."""


@dataclass(frozen=True, slots=True)
class Individual:
    """A human being, as a list or side shows them; values as written."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    birth_date: str | None = None
    national_id: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    company: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One pair of records and what is held of it."""

    left: str
    right: str
    verdict: Verdict
    method: str
    """The stage that found it: `domain`, `email`, `registration`, `name`, `score`, `decision` …"""
    score: float
    """Probability that both are one, 0 to 1."""
    evidence: tuple[str, ...] = ()
    """What speaks for and against it, in words that a person can judge."""
    decided_by: str | None = None
    """Who overrode the engine, where somebody did."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a pair; it overrides the engine, is kept, and serves as a label."""

    left: str
    right: str
    verdict: Verdict
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one list that are one company or one person."""

    members: tuple[str, ...]
    survivor: str
    """The member that the others would be merged into."""
    matches: tuple[Match, ...]
