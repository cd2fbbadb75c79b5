"""Pure: what a plan must satisfy before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from config.model import Guards
from core.errors import GuardError
from sync.model import Plan, Statistics, Violation

_NEARLY_ALL = 0.9


def judge(seen: Statistics, guards: Guards) -> list[Violation]:
    """Every guard that the plan violates, with what was seen and the flag that overrides it."""
    return [
        *_deletes(seen, guards),
        *_share(
            "changes",
            seen.changed,
            seen.linked,
            guards.max_change_share,
            guards,
            "would be changed",
        ),
        *_everything(seen, guards),
        *_ambiguous(seen, guards),
        *_rules(seen, guards),
        *_production(seen),
    ]


def enforce(violations: tuple[Violation, ...], allowed: frozenset[str]) -> None:
    """Raise GuardError for the first violation that is not allowed; nothing was written."""
    left = [v for v in violations if v.guard not in allowed]
    if left:
        said = "; ".join(v.message for v in left)
        flags = " ".join(dict.fromkeys(v.flag for v in left))
        raise GuardError(
            f"stopped before any write: {said}",
            guard=left[0].guard,
            remedy=f"Look at `tieline plan`; if this is what you want, add {flags} once.",
        )


def told(plan: Plan, guard: str, lines: tuple[str, ...]) -> Plan:
    """The plan with what a person wants to see about one of its violations."""
    violations = tuple(
        replace(v, message=f"{v.message}: {lines[0]}" if lines else v.message, detail=lines)
        if v.guard == guard
        else v
        for v in plan.violations
    )
    return replace(plan, violations=violations)


def _violation(guard: str, message: str) -> Violation:
    return Violation(guard, message, f"--allow {guard}")


def _deletes(seen: Statistics, guards: Guards) -> Iterator[Violation]:
    for side, kinds in seen.deleted.items():
        for kind, number in kinds.items():
            linked = seen.linked.get(side, {}).get(kind, 0)
            if guards.stop_when_empty and linked and number >= linked >= guards.min_records:
                yield _violation("empty", f"all {linked} linked {kind}s of {side} are gone")
    yield from _share(
        "deletes",
        seen.deleted,
        seen.linked,
        guards.max_delete_share,
        guards,
        "are gone or would be deleted",
    )


def _share(
    guard: str,
    counted: Mapping[str, Mapping[str, int]],
    linked: Mapping[str, Mapping[str, int]],
    limit: float,
    guards: Guards,
    verb: str,
) -> Iterator[Violation]:
    for side, kinds in counted.items():
        for kind, number in kinds.items():
            total = linked.get(side, {}).get(kind, 0)
            if total >= guards.min_records and number > limit * total:
                yield _violation(
                    guard,
                    f"{number} of {total} linked {kind}s of {side} {verb}"
                    f" ({number / total:.0%}, limit {limit:.0%})",
                )


def _everything(seen: Statistics, guards: Guards) -> Iterator[Violation]:
    if not guards.stop_when_all_change:
        return
    for side, kinds in seen.spoke.items():
        for kind, number in kinds.items():
            total = seen.linked.get(side, {}).get(kind, 0)
            if total >= guards.min_records and number >= _NEARLY_ALL * total:
                yield _violation(
                    "everything", f"{number} of {total} linked {kind}s of {side} changed at once"
                )


def _ambiguous(seen: Statistics, guards: Guards) -> Iterator[Violation]:
    if seen.ambiguous > guards.max_ambiguous:
        yield _violation(
            "ambiguous",
            f"{seen.ambiguous} records match ambiguously (limit {guards.max_ambiguous})",
        )


def _rules(seen: Statistics, guards: Guards) -> Iterator[Violation]:
    if guards.stop_when_rules_change and seen.rules_changed:
        parts = " and ".join(seen.rules_changed)
        yield _violation("rules", f"{parts} changed since the last run")


def _production(seen: Statistics) -> Iterator[Violation]:
    if seen.unconfirmed:
        names = " and ".join(seen.unconfirmed)
        yield _violation(
            "production", f"{names} is a production side, written to for the first time"
        )
