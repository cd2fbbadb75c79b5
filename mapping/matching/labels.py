"""Decisions of people as labels: how often the engine would have said the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mapping.matching.model import Decision, Match, Verdict

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Report:
    """What the engine says of pairs that people decided."""

    decided: int
    """Pairs decided to be the same or different."""
    same: int
    """Of these, the same."""
    linked: int
    """Of these, linked by the engine."""
    right: int
    """Of the linked ones, those that people call the same."""
    asked: int
    """Of the decided ones, those that the engine would ask about."""
    against: tuple[Match, ...]
    """Pairs of which the engine is sure, and people said otherwise."""

    @property
    def precision(self) -> float | None:
        """The share of the engine's links that people confirm; none where it linked nothing."""
        return self.right / self.linked if self.linked else None

    @property
    def recall(self) -> float | None:
        """The share of what people call the same that the engine links."""
        return self.right / self.same if self.same else None


def report(
    decisions: Iterable[Decision],
    records: Mapping[str, Record],
    compare: Callable[[Record, Record], Match],
) -> Report:
    """The engine's view of every decided pair, each record by its id; `compare` is
    `compare_companies` or `compare_people`. The last decision on a pair counts; pairs of which a
    record is gone are left out."""
    last: dict[frozenset[str], Decision] = {}
    for decision in sorted(decisions, key=lambda each: each.at):
        last[frozenset((decision.left, decision.right))] = decision
    known = [
        d for d in last.values()
        if d.left in records and d.right in records and d.verdict != Verdict.QUESTION
    ]  # fmt: skip
    found = [(d.verdict, compare(records[d.left], records[d.right])) for d in known]
    linked = [(said, match) for said, match in found if match.verdict == Verdict.SAME]
    return Report(
        decided=len(found),
        same=sum(said == Verdict.SAME for said, _ in found),
        linked=len(linked),
        right=sum(said == Verdict.SAME for said, _ in linked),
        asked=sum(match.verdict == Verdict.QUESTION for _, match in found),
        against=tuple(
            match for said, match in found if match.verdict not in (said, Verdict.QUESTION)
        ),
    )
