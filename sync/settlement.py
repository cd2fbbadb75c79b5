"""Pure: what is settled once a decision is carried out, wholly or in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sync.fields import Shape, Verdict
from sync.model import (
    MISSING,
    Action,
    Entity,
    Missing,
    Question,
    Settlement,
    Shown,
    Value,
    Verb,
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for an entity. `waits` names the actions that carry a field; `incomplete`
    the sides on which a record is made without (all of) it; `shape` and `rule` are those of a
    field."""

    verdicts: Mapping[str, Verdict]
    actions: Sequence[Action]
    questions: Sequence[Question]
    waits: Mapping[str, Sequence[str]]
    incomplete: Mapping[str, Sequence[str]]
    shape: Callable[[str], Shape]
    rule: Callable[[str], str]

    @property
    def asked(self) -> set[str]:
        """The sides on which a person is asked before a record is made."""
        return {q.side for q in self.questions if q.cause == "create"}


def settlement_of(entity: Entity, awake: Sequence[Shown], decided: Decided) -> Settlement | None:
    """Bases to move once all is written. A set that is written is among them: until the others
    have it too, only what came from them is settled there."""
    lacking = _lacking(awake, decided)
    whole = {n for n, v in decided.verdicts.items() if v.settled and not decided.asked}
    settled = [n for n in decided.verdicts if n in whole or n in lacking]
    written = {
        (a.side, f.name)
        for a in decided.actions
        for f in a.fields
        if decided.shape(f.name) == "scalar"
    }
    sets = {f.name for a in decided.actions for f in a.fields} - {name for _, name in written}
    bases: dict[str, dict[str, Value]] = {}
    for shown in awake:
        moved = {
            name: shown.seen[name]
            for name in settled
            if name in shown.seen
            and (shown.side, name) not in written
            and shown.side not in lacking.get(name, ())
            and (name in sets or _moves(shown, name))
        }
        if moved:
            bases[shown.side] = moved
    members = _agreed_sets(decided, sets)
    if not bases and not members:
        return None
    names = sorted({name for moved in bases.values() for name in moved})
    return Settlement(
        entity.id,
        bases,
        waits={n: tuple(decided.waits[n]) for n in names if n in decided.waits},
        reasons={n: _reason(decided.verdicts[n], decided.rule(n)) for n in names},
        shows={
            n: _showing(awake, n, decided.verdicts[n], written)
            for n in names
            if n not in sets and (n in decided.waits or n in lacking)
        },
        lacking={n: lacking[n] for n in names if n in lacking},
        members=members,
    )


def _lacking(awake: Sequence[Shown], decided: Decided) -> dict[str, tuple[str, ...]]:
    """Field -> the sides that cannot be given its value for now, where it can be settled without
    them or has to wait for them. A set waits, but for the members that were written."""
    made = {a.side for a in decided.actions if a.verb is Verb.CREATE}
    found: dict[str, tuple[str, ...]] = {}
    for name, verdict in decided.verdicts.items():
        apart = {*verdict.held, *decided.incomplete.get(name, ())}
        if isinstance(verdict.agreed, Missing) or not (verdict.settled or verdict.held):
            continue
        having = (made | {s.side for s in awake if name in s.values}) - apart
        waits = bool(apart) and verdict.settled and not decided.asked
        between = decided.shape(name) == "scalar" and len(having) > 1
        if waits or (between and apart | decided.asked):
            found[name] = tuple(sorted(apart | decided.asked))
    return found


def _agreed_sets(decided: Decided, written: set[str]) -> dict[str, Value]:
    """Sets that are written, or of which a member cannot be carried over for now."""
    return {
        name: verdict.agreed
        for name, verdict in decided.verdicts.items()
        if decided.shape(name) != "scalar"
        and not isinstance(verdict.agreed, Missing)
        and (name in written or name in decided.incomplete or not verdict.settled)
    }


def _moves(shown: Shown, name: str) -> bool:
    return name in shown.owes or shown.base_seen.get(name, MISSING) != shown.seen[name]


def _showing(
    awake: Sequence[Shown], name: str, verdict: Verdict, written: set[tuple[str, str]]
) -> tuple[str, ...]:
    """The sides that have what was agreed before anything is written."""
    apart = {*verdict.held, *verdict.notes, *(side for side, n in written if n == name)}
    return tuple(s.side for s in awake if name in s.values and s.side not in apart)


def _reason(verdict: Verdict, rule: str) -> tuple[str, str, str]:
    """The side that spoke, the rule, and why; values that a rule kept from travelling too."""
    said = [*dict.fromkeys(s.why for s in verdict.sets), *dict.fromkeys(verdict.notes.values())]
    return (verdict.source, rule, "; ".join(said))
