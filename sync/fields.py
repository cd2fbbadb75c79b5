"""Pure: one field of one entity over all its sides -> what is written where, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from config.rules import FieldSettings, Policy
from sync.model import MISSING, Missing, Value

Shape = Literal["scalar", "set", "roles"]


@dataclass(frozen=True, slots=True)
class Projected:
    """What a side would show after being written with a value.

    `problem` says why it cannot be written there; `complete` is False when something is left
    out only for now (a reference whose record does not exist there yet).
    """

    value: Value
    complete: bool = True
    problem: str = ""
    said: str = ""
    """A person's answer that put another value in the place of the one asked for."""
    answer: int = 0


Project = Callable[[str, Value], Projected]
"""(side, canonical value) -> what that side would show; pure."""


@dataclass(frozen=True, slots=True)
class View:
    """The field as one side shows it, with its base there."""

    side: str
    value: Value
    base: Value | Missing = MISSING
    writable: bool = True
    modified: datetime | None = None
    owes: bool = False
    """Two other sides have settled a value between them that this one has not been given: what
    it shows is no word of its own, and a change of it is made without knowing theirs."""

    @property
    def fresh(self) -> bool:
        """No base yet: the field is linked on this side for the first time."""
        return isinstance(self.base, Missing)

    @property
    def moved(self) -> bool:
        """The side changed the field since it was last settled."""
        return not self.fresh and self.value != self.base


@dataclass(frozen=True, slots=True)
class FieldContext:
    """Everything but the views that a decision depends on."""

    settings: FieldSettings
    first_link: Policy
    project: Project
    shape: Shape = "scalar"
    order: tuple[str, ...] = ()
    forward_only: bool = False


@dataclass(frozen=True, slots=True)
class Set:
    """Write this value to that side."""

    side: str
    new: Value
    source: str
    why: str
    answer: int = 0
    """The person's answer that it carries out; 0: none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided for one field.

    `agreed` is the value that holds for the entity now (MISSING: none does, a person decides or
    drift stands); `settled` says that bases may move once all `sets` are done. `held` maps a
    side ("" for all) to why nothing is written there; `notes` explain differences that stay.
    """

    sets: tuple[Set, ...] = ()
    agreed: Value | Missing = MISSING
    source: str = ""
    settled: bool = True
    conflict: str = ""
    held: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, Value] = field(default_factory=dict)
    """Side -> the value that it did not accept, for what is held."""


def blank(value: Value) -> bool:
    """Whether a canonical value is empty; False and 0 are not."""
    return value is None or value in ("", [], {})


def decide_scalar(views: Sequence[View], context: FieldContext) -> Verdict:
    """Decide a field of a single value by the decision table of `semantics.md`."""
    rule = context.settings.rule
    if rule.kind == "create-only":
        winner = _first_with_value(views)
        note = dict.fromkeys((v.side for v in views), "written on creation only")
        return Verdict(agreed=winner.value, source=winner.side, notes=note)
    speaker = _privileged(views, context)
    if speaker is not None:
        return spread(speaker, views, context, why=_source_why(speaker, views))
    if all(view.fresh for view in views):
        return _first_link(views, context)
    return _later(views, context)


def _first_with_value(views: Sequence[View]) -> View:
    return next((v for v in views if not blank(v.value)), views[0])


def _privileged(views: Sequence[View], context: FieldContext) -> View | None:
    """The side that the rule lets speak alone, if it shows the field (and has a value)."""
    rule = context.settings.rule
    if rule.kind not in ("source", "unless-blank"):
        return None
    view = next((v for v in views if v.side == rule.side), None)
    if view is None or (rule.kind == "unless-blank" and blank(view.value)):
        return None
    if view.fresh and blank(view.value):
        return None  # nothing was ever agreed: a blank at first sight erases nothing
    return view


def _source_why(speaker: View, views: Sequence[View]) -> str:
    if speaker.moved:
        return f"{speaker.side} changed it and is its source"
    if any(v.moved for v in views):
        return f"{speaker.side} is its source; the change elsewhere is overwritten"
    return f"{speaker.side} is its source"


def _first_link(views: Sequence[View], context: FieldContext) -> Verdict:
    with_value = [v for v in views if not blank(v.value)]
    if not with_value:
        return Verdict(agreed=None)
    groups = _groups(with_value, context)
    if len(groups) == 1:
        return spread(with_value[0], views, context, why="it was blank there")
    if context.settings.rule.kind == "fill-blank":
        return spread(with_value[0], views, context, why="it was blank there")
    fullest = _fullest(with_value)
    if fullest is not None:
        return spread(fullest, views, context, why="parts of it were blank there")
    policy = _policy(context, context.first_link)
    return _judge(groups, views, context, policy, "both had a value when they were linked")


def _fullest(views: Sequence[View]) -> View | None:
    """The side whose compound value (an address) has all that the others have, and more."""
    for view in views:
        if isinstance(view.value, dict) and all(
            isinstance(v.value, dict) and v.value.items() <= view.value.items() for v in views
        ):
            return view
    return None


def _later(views: Sequence[View], context: FieldContext) -> Verdict:
    based = [v for v in views if not v.fresh]
    settled = [v for v in based if not v.owes and not v.moved]
    if any(v.owes for v in based):  # a side that cannot be written says nothing of what is owed
        settled = [v for v in settled if v.writable] or settled
    moved = [v for v in based if v.moved]
    if all(v.owes for v in moved):
        moved += settled if moved else []
    groups = _groups(moved or settled or based, context)
    newcomers = [v for v in views if v.fresh and not blank(v.value)]
    if not moved and len(groups) > 1:
        filled = [v for v in views if not blank(v.value)]
        if newcomers and len(_groups(filled, context)) == 1:
            return spread(newcomers[0], views, context, why="it was blank there")
        return Verdict(settled=False, notes=_drift_notes([g[0] for g in groups], context))
    if len(groups) > 1:
        policy = _policy(context, context.settings.conflict)
        return _judge(groups, views, context, policy, "several sides changed it differently")
    winner = groups[0][0]
    if newcomers and not moved:
        return _join(winner, newcomers, views, context)
    owing = not moved and any(v.owes for v in based)
    said = "it has not been taken there yet" if owing else f"{winner.side} changed it"
    return spread(winner, views, context, why=said)


def _drift_notes(heads: Sequence[View], context: FieldContext) -> dict[str, str]:
    """Why unchanged values differ: what keeps one from being written, or nothing does (drift)."""
    reasons = {
        view.side: reason
        for view in heads
        for other in heads
        if other is not view and (reason := _stays(other, view, context))
    }
    sides = " and ".join(view.side for view in heads)
    return reasons or {"": f"drift: {sides} differ, neither changed"}


def _join(
    winner: View, newcomers: Sequence[View], views: Sequence[View], context: FieldContext
) -> Verdict:
    """A side was linked later: its values meet the value that already holds."""
    if blank(winner.value):
        winner = newcomers[0]
    groups = _groups([winner, *newcomers], context)
    if len(groups) == 1:
        return spread(winner, views, context, why="it was blank there")
    policy = _policy(context, context.first_link)
    return _judge(groups, views, context, policy, "both had a value when they were linked")


def _policy(context: FieldContext, configured: Policy) -> Policy:
    """Values that only move forward decide themselves: the furthest wins."""
    if context.settings.conflict.kind == "true-wins":
        return context.settings.conflict
    if context.forward_only and configured.kind == "hold":
        return Policy("highest")
    return configured


def _groups(views: Sequence[View], context: FieldContext) -> list[list[View]]:
    groups: list[list[View]] = []
    for view in views:
        for group in groups:
            if same(group[0], view, context.project):
                group.append(view)
                break
        else:
            groups.append([view])
    return groups


def same(one: View, other: View, project: Project) -> bool:
    """Whether two sides mean the same: equal, or one is what the other becomes there."""
    if one.value == other.value:
        return True
    if blank(one.value) or blank(other.value):
        return False
    there = project(other.side, one.value)
    if not there.problem and there.value == other.value:
        return True
    here = project(one.side, other.value)
    return not here.problem and here.value == one.value


def _judge(
    groups: list[list[View]],
    views: Sequence[View],
    context: FieldContext,
    policy: Policy,
    situation: str,
) -> Verdict:
    winner = _winner([group[0] for group in groups], groups, policy, context)
    if winner is None:
        shown = ", ".join(v.side for v in views)
        return Verdict(settled=False, conflict=f"{situation} ({shown}); policy: {policy}")
    return spread(winner, views, context, why=f"{situation}; {policy}: {winner.side}")


def _winner(
    heads: Sequence[View], groups: list[list[View]], policy: Policy, context: FieldContext
) -> View | None:
    if policy.kind == "prefer":
        return next((v for g in groups for v in g if v.side == policy.side), None)
    if policy.kind == "true-wins":
        return next((v for v in heads if v.value is True), None)
    if policy.kind == "latest":
        return _latest([v for group in groups for v in group])
    if policy.kind in ("highest", "lowest"):
        return _extreme(heads, context.order, highest=policy.kind == "highest")
    return None


def _latest(views: Sequence[View]) -> View | None:
    dated = [v for v in views if v.modified is not None]
    if len(dated) < len(views):
        return None
    newest = max(dated, key=lambda v: v.modified or datetime.min)  # noqa: DTZ901
    tied = [v for v in dated if v.modified == newest.modified and v.value != newest.value]
    return None if tied else newest


def _extreme(views: Sequence[View], order: tuple[str, ...], *, highest: bool) -> View | None:
    ranked = [(rank(v.value, order), v) for v in views]
    known = [(r, v) for r, v in ranked if r is not None]
    if len(known) < len(ranked):
        return None
    choose = max if highest else min
    return choose(known, key=lambda pair: pair[0])[1]


def rank(value: Value, order: tuple[str, ...]) -> float | None:
    """The place of a value in its order; None when it has none (`other`, text)."""
    if blank(value):
        return float("-inf")
    if order:
        return float(order.index(value)) if value in order else None
    return _number(value)


def _number(value: Value) -> float | None:
    if isinstance(value, dict):
        value = value.get("amount")
    try:
        return float(value)
    except (TypeError, ValueError):
        return _date_number(value)


def _date_number(value: Value) -> float | None:
    try:
        return float(datetime.fromisoformat(str(value)).toordinal())
    except ValueError:
        return None


def spread(winner: View, views: Sequence[View], context: FieldContext, *, why: str) -> Verdict:
    """Write the winner's value to every other side that differs, as far as the rule allows."""
    sets: list[Set] = []
    held: dict[str, str] = {}
    notes: dict[str, str] = {}
    complete = True
    for view in views:
        if view.side == winner.side or same(winner, view, context.project):
            continue
        reason = _stays(winner, view, context)
        if reason:
            notes[view.side] = reason
            continue
        there = context.project(view.side, winner.value)
        complete = complete and there.complete
        if there.problem:
            held[view.side] = there.problem
        elif there.value != view.value:
            said = there.said or _why(view, why)
            sets.append(Set(view.side, there.value, winner.side, said, there.answer))
    return Verdict(
        sets=tuple(sets),
        agreed=winner.value,
        source=winner.side,
        settled=complete and not held,
        held=held,
        notes=notes,
        wanted=dict.fromkeys(held, winner.value),
    )


def _why(view: View, why: str) -> str:
    return "it was blank there" if view.fresh and blank(view.value) else why


def _stays(winner: View, view: View, context: FieldContext) -> str:
    """Why this side keeps its own value; empty when it is to be written."""
    settings = context.settings
    if not view.writable:
        return f"read-only on {view.side}"
    if settings.rule.kind == "fill-blank" and not blank(view.value):
        return "fill blank: it has a value there"
    if blank(winner.value) and settings.blanks == "keep":
        return "blanks are kept from overwriting"
    if settings.conflict.kind == "true-wins" and view.value is True and winner.value is not True:
        return "consent is never re-granted by a sync"
    if context.forward_only and _backward(winner, view, context.order):
        return f"a move back from {view.value} to {winner.value} does not travel"
    return ""


def _backward(winner: View, view: View, order: tuple[str, ...]) -> bool:
    wanted, present = rank(winner.value, order), rank(view.value, order)
    return wanted is not None and present is not None and wanted < present
