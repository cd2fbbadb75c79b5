"""What is to be said of a committee: who is missing, who is covered, what is out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mapping.accounts.committee import Committee, Member
from mapping.accounts.words import COVERAGE, spoken

LEAST_COVERED = 2
"""Fewer covered people than this: the deal hangs by a single thread."""


@dataclass(frozen=True, slots=True)
class Standard:
    """What a committee is held against. `covered_from`: the least coverage that counts as
    covered; `stale_after`: days after which what is known of a person is old."""

    required: tuple[str, ...] = ("decision_maker", "economic_buyer", "champion", "end_user")
    covered_from: str = "multiple"
    least_covered: int = LEAST_COVERED
    stale_after: int = 180


USUAL = Standard()
"""The standard where nobody has said anything else."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a committee; people by key, in the order of the committee."""

    required: tuple[str, ...]
    filled: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    completeness: float
    """Share of the required roles that somebody fills who is still there."""
    covered: tuple[str, ...]
    single_thread: bool
    coverage_unknown: tuple[str, ...]
    opponents: tuple[str, ...]
    left: tuple[str, ...]
    elsewhere: tuple[str, ...]
    stale: Mapping[str, int | None]
    """Person -> age of what is known in days; None where it bears no date."""

    def to_json(self) -> dict[str, Any]:
        """As it is printed with --json."""
        return {
            "required": list(self.required),
            "filled": {role: list(people) for role, people in self.filled.items()},
            "missing": list(self.missing),
            "completeness": round(self.completeness, 4),
            "covered": list(self.covered),
            "single_thread": self.single_thread,
            "coverage_unknown": list(self.coverage_unknown),
            "opponents": list(self.opponents),
            "left": list(self.left),
            "elsewhere": list(self.elsewhere),
            "stale": dict(self.stale),
        }


def judged(committee: Committee, standard: Standard, today: date) -> Health:
    """Hold a committee against the standard. People who left fill no role and cover nothing."""
    there = [m for m in committee.members if not m.left]
    filled = {role: _with_role(there, role) for role in standard.required}
    missing = tuple(role for role, people in filled.items() if not people)
    covered = tuple(m.person for m in there if is_covered(m, standard))
    required = len(standard.required)
    return Health(
        required=standard.required,
        filled={role: people for role, people in filled.items() if people},
        missing=missing,
        completeness=(required - len(missing)) / required if required else 1.0,
        covered=covered,
        single_thread=len(covered) < standard.least_covered,
        coverage_unknown=tuple(m.person for m in there if m.coverage in (None, "unknown")),
        opponents=tuple(m.person for m in there if m.support in ("non_supporter", "enemy")),
        left=tuple(m.person for m in committee.members if m.left),
        elsewhere=tuple(m.person for m in there if m.elsewhere),
        stale=_stale(there, standard, today),
    )


def is_covered(member: Member, standard: Standard) -> bool:
    """Whether somebody of ours is in touch enough with this person."""
    known = member.coverage or "unknown"
    return COVERAGE.index(known) >= COVERAGE.index(standard.covered_from)


def _with_role(members: Sequence[Member], role: str) -> tuple[str, ...]:
    return tuple(m.person for m in members if role in m.role_names)


def _stale(members: Sequence[Member], standard: Standard, today: date) -> dict[str, int | None]:
    ages = {m.person: (today - m.date).days if m.date else None for m in members}
    return {p: age for p, age in ages.items() if age is None or age > standard.stale_after}


def warnings(committee: Committee, health: Health) -> list[str]:
    """What a reader has to know first, as sentences."""
    found: list[str] = []
    names = {m.person: m.name for m in committee.members}
    if health.single_thread:
        found.append(_thread(health))
    if health.missing:
        found.append("No one fills: " + ", ".join(map(spoken, health.missing)) + ".")
    for label, people in (
        ("Against us", health.opponents),
        ("Left", health.left),
        ("Belongs to another account now", health.elsewhere),
    ):
        if people:
            found.append(f"{label}: {_listed([names[p] for p in people])}.")
    if health.stale:
        found.append(_old(names, health.stale))
    return found


def _thread(health: Health) -> str:
    number = len(health.covered)
    text = f"Single thread: {number} covered {'person' if number == 1 else 'people'}."
    unknown = len(health.coverage_unknown)
    return f"{text} Coverage of {unknown} more is not known." if unknown else text


def _old(names: Mapping[str, str], stale: Mapping[str, int | None]) -> str:
    dated = sorted(((-age, names[p]) for p, age in stale.items() if age is not None))
    shown = [f"{name} ({-age} days)" for age, name in dated]
    shown += sorted(f"{names[p]} (no date)" for p, age in stale.items() if age is None)
    return f"Old data: {_listed(shown)}."


_MOST = 8
"""People whom one sentence names; the table beside it has all."""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more:,} more" if more > 0 else "")
