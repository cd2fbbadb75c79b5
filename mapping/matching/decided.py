"""What people said of pairs: it stands above the engine, and serves as labels to measure it by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from mapping.matching.model import Decision, Match, Verdict


def apply(
    matches: Sequence[Match], decisions: Iterable[Decision], left: Set[str], right: Set[str]
) -> list[Match]:
    """The matches with every decision on a pair of these records in place of the engine's view, in
    the order of ids. The latest decision on a pair counts; a decision holds in both directions."""
    found = {(match.left, match.right): match for match in matches}
    for decision in sorted(decisions, key=lambda each: (each.at, each.left, each.right)):
        for pair in _either_way(decision, found, left, right):
            found[pair] = _decided(found.get(pair), pair, decision)
    return sorted(found.values(), key=lambda m: (m.left, -m.score, m.right))


def _either_way(
    decision: Decision, found: dict[tuple[str, str], Match], left: Set[str], right: Set[str]
) -> list[tuple[str, str]]:
    pair, reverse = (decision.left, decision.right), (decision.right, decision.left)
    known = [p for p in (pair, reverse) if p in found]
    possible = [p for p in (pair, reverse) if p[0] in left and p[1] in right]
    return known or possible[:1]


def _decided(match: Match | None, pair: tuple[str, str], decision: Decision) -> Match:
    said = f"{decision.by} said on {decision.at.date().isoformat()}: {decision.verdict.value}"
    note = f" ({decision.note})" if decision.note else ""
    fixed = {Verdict.SAME: 1.0, Verdict.DIFFERENT: 0.0}
    blank = Match(*pair, decision.verdict, "decision", 0.5)
    base = match or blank
    return replace(
        base,
        verdict=decision.verdict,
        method="decision",
        score=fixed.get(decision.verdict, base.score),
        evidence=(said + note, *base.evidence),
        decided_by=decision.by,
    )
