"""Pure: an entity as every side shows it -> actions, settlements and questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from config.rules import FieldSettings, KindSettings
from sync.answers import held_cause
from sync.asking import AnswerTo, ask, by_answer, fought, held, questions_of
from sync.deletion import carry_out, choose
from sync.fields import FieldContext, Project, Projected, Shape, Verdict, View, blank, decide_scalar
from sync.model import (
    MISSING,
    Action,
    Answer,
    Entity,
    FieldWrite,
    Missing,
    Question,
    Reply,
    Settlement,
    Shown,
    Value,
    Verb,
)
from sync.sets import decide_set
from sync.settlement import Decided, settlement_of
from sync.stages import along, pipeline_of
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
    answer: Answer | None = None
    """The answer that says as what it is created."""


ProjectField = Callable[[str, str, str, Value], Projected]
"""(side, object type, field name, value) -> what that side would show."""
MissingRequired = Callable[[Target, Mapping[str, Value]], str]
"""(target, values to be created with) -> the first required vendor field left empty, or ""."""
Supplies = Callable[[Target, str], str]
"""(target, vendor field) -> the canonical field that fills it, or ""."""
Replaced = Callable[[str, str, str, str, Value], Answer | None]
"""(kind, entity, side, field, value) -> the answer that says what the side gets instead."""


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
    supplies: Supplies = lambda _target, _vendor_field: ""
    answer_to: AnswerTo = lambda _question: None
    replaced: Replaced = lambda *_: None


@dataclass(slots=True)
class Decision:
    """What follows for one entity; `unlink` lists sides whose deleted record is let go, and
    `verdicts` keeps the reasoning for `verify` and `why`."""

    actions: list[Action] = field(default_factory=list)
    settlement: Settlement | None = None
    questions: list[Question] = field(default_factory=list)
    unlink: list[str] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    answered: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Answer -> the (action, field) pairs that carry it out."""
    lacking: dict[str, list[str]] = field(default_factory=dict)
    """Field -> sides on which a record is made without (all of) it."""

    def follow(self, answer: Answer, *waits: tuple[str, str]) -> None:
        """Note that an answer was followed, by these writes."""
        self.answered.setdefault(answer.id, []).extend(waits)

    def creates(self) -> bool:
        """Whether a record is still to be made, or asked for."""
        made = any(action.verb is Verb.CREATE for action in self.actions)
        return made or any(question.cause == "create" for question in self.questions)

    def agreed(self) -> dict[str, Value]:
        """The values that hold for the entity once this is written."""
        return {n: v.agreed for n, v in self.verdicts.items() if not isinstance(v.agreed, Missing)}


def decide(entity: Entity, targets: Sequence[Target], rules: Rules) -> Decision:
    """Decide every field of an entity, and its creation where it has no record yet."""
    decision = Decision()
    awake = [s for s in entity.shown if s.awake and not s.archived]
    if any(s.archived for s in entity.shown):
        _decide_deletion(entity, rules, decision)
    if not awake or decision.actions:  # nothing is left to compare, or it is being deleted
        return decision
    names = sorted({name for s in awake for name in (*s.values, *s.problems)})
    for name in names:
        verdict = _decide_field(entity, awake, name, rules)
        decision.verdicts[name] = _answered(entity, awake, name, verdict, rules, decision)
    for target in targets:
        _supply(entity, awake, target, rules, decision)
    waits: dict[str, list[str]] = {}
    _update(entity, awake, rules, decision, waits)
    for target in targets:
        _create(entity, awake, target, rules, decision, waits)
    decision.settlement = settlement_of(
        entity,
        awake,
        Decided(
            decision.verdicts,
            decision.actions,
            decision.questions,
            waits,
            decision.lacking,
            shape=lambda name: rules.shape(entity.kind, name),
            rule=lambda name: _rule(entity, name, rules),
        ),
    )
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


def _answered(
    entity: Entity,
    awake: Sequence[Shown],
    name: str,
    verdict: Verdict,
    rules: Rules,
    decision: Decision,
) -> Verdict:
    """The verdict as people's answers leave it; what they did not answer is asked."""
    taken = fought(entity, awake, name, verdict, rules.answer_to)
    if not (verdict.conflict or verdict.held or taken):
        return verdict
    settings = rules.field(entity.kind, name)
    context = _context(entity, awake, name, settings, rules, asked=True)
    if taken:
        decision.follow(taken)
        return by_answer(taken, awake, name, context)
    asked = ask(entity, awake, name, verdict, context, rules.answer_to)
    decision.questions.extend(asked.questions)
    for answer in asked.answers:
        decision.follow(answer)
    return asked.verdict


def _view(shown: Shown, name: str) -> View:
    return View(
        side=shown.side,
        value=shown.values[name],
        base=shown.base.get(name, MISSING),
        writable=name in shown.writable,
        modified=shown.modified,
        owes=name in shown.owes,
    )


def _context(
    entity: Entity,
    awake: Sequence[Shown],
    name: str,
    settings: FieldSettings,
    rules: Rules,
    *,
    asked: bool = False,
) -> FieldContext:
    """`asked`: a person says what is written, and is not held to the table of moves."""
    types = {s.side: s.object_type for s in awake}
    project: Project = lambda side, value: _project(  # noqa: E731
        entity, rules, side, types[side], name, value
    )
    table = settings.table_in(pipeline_of(awake))
    if table.moves and not asked:
        shown = {s.side: s.values.get(name) for s in awake}
        project = along(table, f"{entity.kind}.{name}", shown, project)
    return FieldContext(
        settings=settings,
        first_link=rules.kind(entity.kind).first_link,
        project=project,
        shape=rules.shape(entity.kind, name),
        order=table.order or rules.order(entity.kind, name),
        forward_only=rules.forward_only(entity.kind, name) and not settings.backward,
    )


def _project(
    entity: Entity, rules: Rules, side: str, object_type: str, name: str, value: Value
) -> Projected:
    """What a side would show; a person may have said what it gets instead."""
    answer = None if blank(value) else rules.replaced(entity.kind, entity.id, side, name, value)
    if answer is None:
        return rules.project(side, object_type, name, value)
    there = rules.project(side, object_type, name, answer.value)
    return replace(there, said=answer.said, answer=answer.id)


def _update(
    entity: Entity,
    awake: Sequence[Shown],
    rules: Rules,
    decision: Decision,
    waits: dict[str, list[str]],
) -> None:
    for shown in awake:
        fields = tuple(
            FieldWrite(
                name, shown.values.get(name), s.new, s.source, _rule(entity, name, rules), s.why
            )
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
        for name, verdict in decision.verdicts.items():
            for s in verdict.sets:
                if s.side == shown.side and s.answer:
                    decision.answered.setdefault(s.answer, []).append((action.id, name))


def _rule(entity: Entity, name: str, rules: Rules) -> str:
    return str(rules.field(entity.kind, name).rule)


def _create(
    entity: Entity,
    awake: Sequence[Shown],
    target: Target,
    rules: Rules,
    decision: Decision,
    waits: dict[str, list[str]],
) -> None:
    if target.refused:
        _refuse_creation(entity, target, rules, decision)
        return
    made = _creation_fields(entity, awake, target, rules, decision.verdicts)
    decision.questions.extend(made.questions)
    fields, incomplete, followed = made.fields, made.incomplete, made.followed
    missing = rules.missing_required(target, {f.name: f.new for f in fields})
    if missing:
        question = _missing(entity, target, missing, rules, made.problems)
        _ask_for_creation(question, rules, decision)
        return
    source = awake[0]
    why = f"{source.side} {source.object_type} {source.id} has no counterpart"
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
        why=f"{why}; {target.answer.said}" if target.answer else why,
        lacks=tuple(sorted(incomplete)),
    )
    decision.actions.append(action)
    if target.answer:
        decision.follow(target.answer, (action.id, ""))
    for answer, name in followed:
        decision.answered.setdefault(answer, []).append((action.id, name))
    for name in decision.verdicts:
        waits.setdefault(name, []).append(action.id)
    for name in incomplete:
        decision.lacking.setdefault(name, []).append(target.side)


@dataclass(slots=True)
class _Creation:
    """What a new record is made with, the fields that are not (wholly) in it, what is asked,
    and the (answer, field) pairs that are followed."""

    fields: list[FieldWrite] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    questions: list[Question] = field(default_factory=list)
    followed: list[tuple[int, str]] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    """Why a field that has a value is not in it."""


def _creation_fields(
    entity: Entity,
    awake: Sequence[Shown],
    target: Target,
    rules: Rules,
    verdicts: Mapping[str, Verdict],
) -> _Creation:
    made = _Creation()
    for name, verdict in verdicts.items():
        if name not in target.creatable or blank(_agreed(verdict)):
            continue
        there = _project(entity, rules, target.side, target.object_type, name, verdict.agreed)
        if there.problem:
            made.problems[name] = held_cause(there.problem)[1]
            question = _held_on_creation(entity, awake, target, name, verdict, there.problem)
            if question.cause and rules.answer_to(question) is None:
                made.questions.append(question)
        elif not blank(there.value):
            made.fields.append(_creation_write(entity, name, verdict, there, rules))
            answers = {there.answer, *(s.answer for s in verdict.sets)} - {0}
            made.followed.extend((answer, name) for answer in sorted(answers))
        if there.problem or not there.complete:
            made.incomplete.add(name)
    return made


def _creation_write(
    entity: Entity, name: str, verdict: Verdict, there: Projected, rules: Rules
) -> FieldWrite:
    said = there.said or next((s.why for s in verdict.sets if s.answer), "")
    why = said or f"{verdict.source} has it"
    return FieldWrite(name, None, there.value, verdict.source, _rule(entity, name, rules), why)


def _held_on_creation(
    entity: Entity,
    awake: Sequence[Shown],
    target: Target,
    name: str,
    verdict: Verdict,
    reason: str,
) -> Question:
    shown = {s.side: s.values[name] for s in awake if name in s.values}
    refused = Verdict(wanted={target.side: verdict.agreed})
    return held(entity, target.side, name, reason, shown, refused)


def _supply(
    entity: Entity, awake: Sequence[Shown], target: Target, rules: Rules, decision: Decision
) -> None:
    """Take the values that people gave for what a new record must not lack; they are then the
    entity's own, on every side."""
    given: set[str] = set()
    while not target.refused:
        made = _creation_fields(entity, awake, target, rules, decision.verdicts)
        missing = rules.missing_required(target, {f.name: f.new for f in made.fields})
        name = rules.supplies(target, missing) if missing else ""
        if not name or name in given:  # given, but this side does not take it: asked below
            return
        given.add(name)
        answer = rules.answer_to(_missing(entity, target, missing, rules))
        if answer is None or answer.reply is not Reply.VALUE:
            return
        settings = rules.field(entity.kind, name)
        context = _context(entity, awake, name, settings, rules, asked=True)
        verdict = by_answer(answer, awake, name, context)
        decision.verdicts[name] = verdict
        decision.questions.extend(questions_of(entity, awake, name, verdict))
        decision.follow(answer)


def _missing(
    entity: Entity,
    target: Target,
    missing: str,
    rules: Rules,
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Question:
    """The question about one vendor field that a new record must not lack; `problems`: why fields
    that have a value cannot be given it."""
    name = rules.supplies(target, missing)
    reason = problems.get(name)
    lacking = f"and its value is held: {reason}" if reason else "and would be empty"
    text = f"cannot be created on {target.side}: {missing} is required {lacking}"
    return creation_question(entity, target.side, text, name or missing, supplied=bool(name))


def creation_question(
    entity: Entity, side: str, message: str, field: str = "", *, supplied: bool = False
) -> Question:
    """Why a counterpart cannot be made; `supplied`: a value for `field` would do."""
    facts = {"supplied": supplied} if field else {}
    return Question("create", entity.kind, entity.id, side, field, message, {}, facts)


def _agreed(verdict: Verdict) -> Value:
    return None if isinstance(verdict.agreed, Missing) else verdict.agreed


def _refuse_creation(entity: Entity, target: Target, rules: Rules, decision: Decision) -> None:
    if target.refused.startswith("ask: "):
        message = target.refused.removeprefix("ask: ")
        _ask_for_creation(creation_question(entity, target.side, message), rules, decision)


def _ask_for_creation(question: Question, rules: Rules, decision: Decision) -> None:
    answer = rules.answer_to(question)
    if answer is None or answer.reply is not Reply.SKIP:
        decision.questions.append(question)
    else:
        decision.follow(answer)


def _decide_deletion(entity: Entity, rules: Rules, decision: Decision) -> None:
    """A record is gone on some side: edit beats delete, then the kind's choice, or a person's."""
    choice = choose(entity, rules.kind(entity.kind), rules.answer_to)
    if choice.question:
        decision.questions.append(choice.question)
    deletion = carry_out(entity, choice)
    decision.actions.extend(deletion.actions)
    decision.unlink.extend(deletion.unlink)
    if choice.answer:
        decision.follow(choice.answer, *((a.id, "") for a in deletion.actions))
