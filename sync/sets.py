"""Pure: set-valued fields (tags, roles) merge member by member instead of as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mapping.canonical import role_key
from sync.fields import FieldContext, Set, Shape, Verdict, View, blank, decide_scalar
from sync.model import Missing, Value
from sync.privacy import hidden

Members = dict[str, Value]
"""Member key -> the member: the text itself, or for an entity the list of its roles."""


def decide_set(views: Sequence[View], context: FieldContext) -> Verdict:
    """Decide a set: additions and removals of all sides are combined.

    Rules that name one side's word, and `create only`, treat the set as one value.
    """
    unknown = any(hidden(view.base) for view in views)  # its members cannot be told apart
    if unknown or context.settings.rule.kind in ("source", "unless-blank", "create-only"):
        return decide_scalar(views, context)
    if not any(v.fresh or v.moved or v.owes for v in views):
        return _unmoved(views, context)
    sets: list[Set] = []
    held: dict[str, str] = {}
    refused: dict[str, Value] = {}
    notes: dict[str, str] = {}
    complete = True
    agreed: Members = {}
    for target in views:
        wanted, sources = _wanted(target, views, context)
        _apply(agreed, {}, wanted)
        if not sources:  # it has all of it, whether or not it could be written there
            continue
        reason = _stays(target, context)
        if reason:
            notes[target.side] = reason
            continue
        asked = _listed(wanted, context.shape)
        there = context.project(target.side, asked)
        if there.problem:
            held[target.side] = there.problem
            refused[target.side] = asked
            continue
        complete = complete and there.complete
        shown = _with_its_own(there.value, wanted, target, context.shape)
        if shown != target.value:
            said = there.said or _why(sources)
            sets.append(Set(target.side, shown, sources[0], said, there.answer))
    return Verdict(
        sets=tuple(sets),
        agreed=_listed(agreed, context.shape),
        source=_union_source(views),
        settled=complete and not held,
        held=held,
        notes=notes,
        wanted=refused,
    )


def _unmoved(views: Sequence[View], context: FieldContext) -> Verdict:
    agreed = _listed(_union(views, context), context.shape)
    lacking = [
        v for v in views if _listed(members(v.value, context.shape), context.shape) != agreed
    ]
    notes = {v.side: reason for v in lacking if (reason := _stays(v, context))}
    able = [v for v in lacking if v.side not in notes]
    apart = [v.side for v in able if context.project(v.side, agreed).value != v.value]
    if apart:
        notes = {"": f"drift: {' and '.join(apart)} lack members, neither side changed"}
    return Verdict(agreed=agreed, settled=False, notes=notes)


def _union_source(views: Sequence[View]) -> str:
    return next((v.side for v in views if not blank(v.value)), views[0].side)


def _why(sources: Sequence[str]) -> str:
    return "additions and removals of " + " and ".join(sources) + " are combined"


def _stays(target: View, context: FieldContext) -> str:
    if not target.writable:
        return f"read-only on {target.side}"
    if context.settings.rule.kind == "fill-blank" and not blank(target.value):
        return "fill blank: it has a value there"
    return ""


def _wanted(
    target: View, views: Sequence[View], context: FieldContext
) -> tuple[Members, list[str]]:
    """What the target should hold: its own members, with what it has not been given yet and the
    others' changes applied."""
    wanted = members(target.value, context.shape)
    sources: list[str] = []
    others = [v for v in views if not v.owes and not v.fresh]
    others = [v for v in others if v.writable] or others
    if target.owes and not target.fresh and others:
        theirs: Members = {}
        for other in others:  # one of them may lack members for reasons of its own
            theirs = {**members(other.base, context.shape), **theirs}
        mine = members(target.base, context.shape)
        mine = {key: theirs.get(key, member) for key, member in mine.items()}
        if _apply(wanted, mine, theirs):
            sources.append(others[0].side)
    for other in views:
        if other.side == target.side:
            continue
        now = members(other.value, context.shape)
        joins = target.fresh or isinstance(other.base, Missing)
        before = {} if joins else members(other.base, context.shape)
        if _apply(wanted, before, now):
            sources.append(other.side)
    return wanted, sources


def _apply(wanted: Members, before: Members, now: Members) -> bool:
    """Apply one side's additions, removals and altered attributes; says whether any was new."""
    changed = False
    for key, member in now.items():
        if key in wanted and (key not in before or before[key] != member):
            combined = _combine(wanted[key], before.get(key), member)
        elif key not in wanted and key not in before:
            combined = member
        else:
            continue
        if wanted.get(key) != combined:
            _demote_others(wanted, combined)
            wanted[key] = combined
            changed = True
    for key in before.keys() - now.keys():
        if wanted.pop(key, None) is not None:
            changed = True
    return changed


def _combine(mine: Value, before: Value, now: Value) -> Value:
    """One member with another side's changes to it: the roles that it gained and lost there, and
    the primary mark where that moved."""
    if not isinstance(mine, list):
        return mine
    had = _roles(before or ())
    roles = (_roles(mine) - (had - _roles(now))) | (_roles(now) - had)
    primary = _primary(now) or _primary(mine)
    if before:
        primary = _primary(now if _primary(now) != _primary(before) else mine)
    words: list[str | None] = [*sorted(roles)] or [None]
    return [{**mine[0], "role": role, "primary": primary} for role in words]


def _roles(items: Sequence[Mapping[str, Any]]) -> set[str]:
    return {item["role"] for item in items if item["role"]}


def _primary(items: Sequence[Mapping[str, Any]]) -> bool:
    return any(item["primary"] for item in items)


def _with_its_own(value: Value, wanted: Members, target: View, shape: Shape) -> Value:
    """What is to be written, with the roles that the side shows by itself and keeps, though they
    could not be given there."""
    if shape != "roles":
        return value
    found, own = members(value, shape), members(target.value, shape)
    for key in found.keys() & own.keys():
        kept = _roles(own[key]) & _roles(wanted.get(key, ()))
        words = sorted(_roles(found[key]) | kept)
        if words:
            found[key] = [{**found[key][0], "role": role} for role in words]
    return _listed(found, shape)


def _demote_others(wanted: Members, member: Value) -> None:
    """One primary only: a new one takes the mark from the others."""
    if not isinstance(member, list) or not _primary(member):
        return
    for key, others in wanted.items():
        if _primary(others):
            wanted[key] = [{**item, "primary": False} for item in others]


def _union(views: Sequence[View], context: FieldContext) -> Members:
    union: Members = {}
    for view in views:
        _apply(union, {}, members(view.value, context.shape))
    return union


def settled_part(base: Value, old: Value, new: Value, shape: Shape) -> Value:
    """The base of a side whose set was written from `old` to `new`: what came from elsewhere is
    settled there, the side's own additions and removals stay changes until all sides have them."""
    settled, before, after = (members(value, shape) for value in (base, old, new))
    for key in before.keys() | after.keys():
        if key not in after:
            settled.pop(key, None)
        elif before.get(key) != after[key]:
            settled[key] = after[key]
    return _listed(settled, shape)


def shown_part(written: Value, shown: Value, shape: Shape) -> Value:
    """The members of a set as it was written that the side shows."""
    there = members(shown, shape)
    return _listed({k: m for k, m in members(written, shape).items() if k in there}, shape)


def members(value: Value, shape: Shape) -> Members:
    """The members of a set by key; a blank value has none. A person may have several roles:
    the member is then the list of them."""
    if blank(value):
        return {}
    if shape != "roles":
        return {str(item): item for item in value}
    found: Members = {}
    for item in value:
        found.setdefault(role_key(item)[0], []).append(item)
    return found


def _listed(found: Members, shape: Shape) -> Value:
    """The set as its canonical value: a sorted list, blank when empty."""
    if not found:
        return None
    if shape != "roles":
        return sorted(found)
    return sorted((item for items in found.values() for item in items), key=role_key)
