"""Pure: an entity as every side shows it -> actions, settlements and questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from config.rules import FieldSettings, KindSettings
from sync.fields import FieldContext, Project, Projected, Shape, Verdict, View, blank, decide_scalar
from sync.model import (
    MISSING,
    Action,
    Entity,
    FieldWrite,
    Missing,
    Question,
    Settlement,
    Shown,
    Value,
    Verb,
)
from sync.sets import decide_set
from sync.wishes import NO_WISHES, Wishes


@dataclass(frozen=True, slots=True)
class Target:
    """A side on which the entity may be created: as what, with which fields, or why not."""

    side: str
    object_type: str
    creatable: frozenset[str]
    required: Mapping[str, str] = field(default_factory=dict)
    """Canonical field (or "") -> the vendor field that must not be empty."""
    refused: str = ""
    """Why it is not created; a question is asked when it begins with "ask: "."""


ProjectField = Callable[[str, str, str, Value], Projected]
"""(side, object type, field name, value) -> what that side would show."""
MissingRequired = Callable[[Target, Mapping[str, Value]], str]
"""(target, values to be created with) -> the first required vendor field left empty, or ""."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that decides besides the data; all of it pure."""

    field: Callable[[str, str], FieldSettings]
    kind: Callable[[str], KindSettings]
    shape: Callable[[str, str], Shape]
    order: Callable[[str, str], tuple[str, ...]]
    forward_only: Callable[[str, str], bool]
    project: ProjectField
    missing_required: MissingRequired
    wishes: Wishes = NO_WISHES


@dataclass(slots=True)
class Decision:
    """What follows for one entity; `unlink` lists sides whose deleted record is let go, and
    `verdicts` keeps the reasoning for `verify` and `why`."""

    actions: list[Action] = field(default_factory=list)
    settlement: Settlement | None = None
    questions: list[Question] = field(default_factory=list)
    unlink: list[str] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def decide(entity: Entity, targets: Sequence[Target], rules: Rules) -> Decision:
    """Decide every field of an entity, and its creation where it has no record yet."""
    decision = Decision()
    awake = [s for s in entity.shown if s.awake and not s.archived]
    if any(s.archived for s in entity.shown):
        _decide_deletion(entity, awake, rules, decision)
    if not awake or decision.actions:  # nothing is left to compare, or it is being deleted
        return decision
    names = sorted({name for s in awake for name in (*s.values, *s.problems)})
    for name in names:
        decision.verdicts[name] = _decide_field(entity, awake, name, rules)
    waits: dict[str, list[str]] = {}
    _update(entity, awake, rules, decision, waits)
    for target in targets:
        _create(entity, awake, target, rules, decision, waits)
    decision.settlement = _settle(entity, awake, decision, waits, rules)
    return decision


def _decide_field(entity: Entity, awake: Sequence[Shown], name: str, rules: Rules) -> Verdict:
    settings = rules.field(entity.kind, name)
    if settings.rule.kind == "off":
        return Verdict(notes={"": "the rule is off"})
    path = f"{entity.kind}.{name}"
    found = [_view(s, name) for s in awake if name in s.values and name not in s.problems]
    views = rules.wishes.views(path, found)
    problems = {s.side: s.problems[name] for s in awake if name in s.problems}
    if not views:
        return Verdict(settled=False, held=problems)
    context = _context(entity, awake, name, settings, rules)
    decide_shape = decide_scalar if context.shape == "scalar" else decide_set
    verdict = rules.wishes.verdict(path, decide_shape(views, context), views, context)
    if not problems:
        return verdict
    return Verdict(
        sets=verdict.sets,
        agreed=verdict.agreed,
        source=verdict.source,
        settled=False,
        conflict=verdict.conflict,
        held={**verdict.held, **problems},
        notes=verdict.notes,
    )


def _view(shown: Shown, name: str) -> View:
    return View(
        side=shown.side,
        value=shown.values[name],
        base=shown.base.get(name, MISSING),
        writable=name in shown.writable,
        modified=shown.modified,
    )


def _context(
    entity: Entity, awake: Sequence[Shown], name: str, settings: FieldSettings, rules: Rules
) -> FieldContext:
    types = {s.side: s.object_type for s in awake}
    project: Project = lambda side, value: rules.project(side, types[side], name, value)  # noqa: E731
    return FieldContext(
        settings=settings,
        first_link=rules.kind(entity.kind).first_link,
        project=project,
        shape=rules.shape(entity.kind, name),
        order=rules.order(entity.kind, name),
        forward_only=rules.forward_only(entity.kind, name) and not settings.backward,
    )


def _update(
    entity: Entity,
    awake: Sequence[Shown],
    rules: Rules,
    decision: Decision,
    waits: dict[str, list[str]],
) -> None:
    for name, verdict in decision.verdicts.items():
        _ask_about(entity, name, verdict, awake, decision)
    for shown in awake:
        fields = tuple(
            FieldWrite(name, shown.values[name], s.new, s.source, _rule(entity, name, rules), s.why)
            for name, verdict in decision.verdicts.items()
            for s in verdict.sets
            if s.side == shown.side
        )
        if not fields and shown.stamped:
            continue
        action = Action(
            id=f"update/{shown.side}/{entity.id}",
            verb=Verb.UPDATE,
            entity=entity.id,
            kind=entity.kind,
            side=shown.side,
            object_type=shown.object_type,
            record_id=shown.id,
            fields=fields,
            stamp=not shown.stamped,
            why="" if fields else "stamped with the entity's id",
        )
        decision.actions.append(action)
        for written in fields:
            waits.setdefault(written.name, []).append(action.id)


def _rule(entity: Entity, name: str, rules: Rules) -> str:
    return str(rules.field(entity.kind, name).rule)


def _ask_about(
    entity: Entity, name: str, verdict: Verdict, awake: Sequence[Shown], decision: Decision
) -> None:
    if verdict.conflict:
        shown = {s.side: s.values[name] for s in awake if name in s.values}
        decision.questions.append(
            Question("conflict", entity.kind, entity.id, "", name, verdict.conflict, shown)
        )
    for side, reason in verdict.held.items():
        detail = {s.side: s.values[name] for s in awake if name in s.values}
        decision.questions.append(
            Question("held", entity.kind, entity.id, side, name, reason, detail)
        )


def _create(
    entity: Entity,
    awake: Sequence[Shown],
    target: Target,
    rules: Rules,
    decision: Decision,
    waits: dict[str, list[str]],
) -> None:
    if target.refused:
        _refuse_creation(entity, target, decision)
        return
    fields, incomplete = _creation_fields(entity, target, rules, decision)
    missing = rules.missing_required(target, {f.name: f.new for f in fields})
    if missing:
        text = f"cannot be created on {target.side}: {missing} is required and would be empty"
        refusal = Target(target.side, target.object_type, frozenset(), refused=f"ask: {text}")
        _refuse_creation(entity, refusal, decision)
        return
    source = awake[0]
    action = Action(
        id=f"create/{target.side}/{entity.id}",
        verb=Verb.CREATE,
        entity=entity.id,
        kind=entity.kind,
        side=target.side,
        object_type=target.object_type,
        record_id=None,
        fields=tuple(fields),
        stamp=True,
        why=f"{source.side} {source.object_type} {source.id} has no counterpart",
    )
    decision.actions.append(action)
    for name in decision.verdicts:
        waits.setdefault(name, []).append(action.id)
    for name in incomplete:
        waits[name].append("later")


def _creation_fields(
    entity: Entity, target: Target, rules: Rules, decision: Decision
) -> tuple[list[FieldWrite], set[str]]:
    """What a new record is made with, and the fields that are not (wholly) in it."""
    fields: list[FieldWrite] = []
    incomplete: set[str] = set()
    for name, verdict in decision.verdicts.items():
        if name not in target.creatable or blank(_agreed(verdict)):
            continue
        there = rules.project(target.side, target.object_type, name, verdict.agreed)
        if there.problem:
            decision.questions.append(
                Question("held", entity.kind, entity.id, target.side, name, there.problem)
            )
        elif not blank(there.value):
            why, rule = f"{verdict.source} has it", _rule(entity, name, rules)
            fields.append(FieldWrite(name, None, there.value, verdict.source, rule, why))
        if there.problem or not there.complete:
            incomplete.add(name)
    return fields, incomplete


def _agreed(verdict: Verdict) -> Value:
    return None if isinstance(verdict.agreed, Missing) else verdict.agreed


def _refuse_creation(entity: Entity, target: Target, decision: Decision) -> None:
    if not target.refused.startswith("ask: "):
        return
    message = target.refused.removeprefix("ask: ")
    decision.questions.append(Question("create", entity.kind, entity.id, target.side, "", message))


def _settle(
    entity: Entity,
    awake: Sequence[Shown],
    decision: Decision,
    waits: Mapping[str, list[str]],
    rules: Rules,
) -> Settlement | None:
    asked_creation = any(q.cause == "create" for q in decision.questions)
    settled = [n for n, v in decision.verdicts.items() if v.settled and not asked_creation]
    written = {(a.side, f.name) for a in decision.actions for f in a.fields}
    bases: dict[str, dict[str, Value]] = {}
    for shown in awake:
        moved = {
            name: shown.seen[name]
            for name in settled
            if name in shown.seen
            and (shown.side, name) not in written
            and (name not in shown.base_seen or shown.base_seen[name] != shown.seen[name])
        }
        if moved:
            bases[shown.side] = moved
    if not bases:
        return None
    names = {name for moved in bases.values() for name in moved}
    reasons = {n: _reason(decision.verdicts[n], _rule(entity, n, rules)) for n in sorted(names)}
    return Settlement(entity.id, bases, {n: tuple(waits[n]) for n in names if n in waits}, reasons)


def _reason(verdict: Verdict, rule: str) -> tuple[str, str, str]:
    """The side that spoke, the rule, and why; values that a rule kept from travelling too."""
    said = [*dict.fromkeys(s.why for s in verdict.sets), *dict.fromkeys(verdict.notes.values())]
    return (verdict.source, rule, "; ".join(said))


def _decide_deletion(
    entity: Entity, awake: Sequence[Shown], rules: Rules, decision: Decision
) -> None:
    """A record is gone on some side: edit beats delete, then the kind's choice."""
    settings = rules.kind(entity.kind)
    gone = [s for s in entity.shown if s.archived]
    sides = " and ".join(s.side for s in gone)
    edited = any(
        name in s.base and s.values[name] != s.base[name] for s in awake for name in s.values
    )
    choice = settings.deletes[gone[0].side]
    if edited and choice == "delete" and settings.delete_vs_edit != "delete wins":
        choice = "ask" if settings.delete_vs_edit == "ask" else "unlink"
    if choice == "ask":
        message = f"deleted on {sides}: delete elsewhere, restore, or unlink?"
        decision.questions.append(
            Question("delete", entity.kind, entity.id, gone[0].side, "", message)
        )
        return
    back = [s for s in gone if choice == "restore" and s.restorable and awake]
    decision.unlink.extend(s.side for s in gone if s not in back)
    decision.actions.extend(
        _whole(entity, s, Verb.RESTORE, "records deleted here are restored") for s in back
    )
    if choice == "delete":
        decision.actions.extend(
            _whole(entity, s, Verb.ARCHIVE, f"deleted on {sides}") for s in awake
        )


def _whole(entity: Entity, shown: Shown, verb: Verb, why: str) -> Action:
    return Action(
        id=f"{verb}/{shown.side}/{entity.id}",
        verb=verb,
        entity=entity.id,
        kind=entity.kind,
        side=shown.side,
        object_type=shown.object_type,
        record_id=shown.id,
        why=why,
    )
