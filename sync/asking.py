"""Pure: the questions that a field raises, and what a person's answers make of its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sync.answers import held_cause
from sync.fields import FieldContext, Set, Verdict, blank
from sync.model import Answer, Entity, Question, Reply, Shown, Value

PERSON = "person"
"""The source of a value that a person gave."""

AnswerTo = Callable[[Question], Answer | None]


@dataclass(slots=True)
class Asked:
    """A field after the answers: its verdict, what is still to be asked, what was answered."""

    verdict: Verdict
    questions: list[Question] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


def ask(
    entity: Entity,
    awake: Sequence[Shown],
    name: str,
    verdict: Verdict,
    context: FieldContext,
    answer_to: AnswerTo,
) -> Asked:
    """Raise the questions of a verdict; an answered one is not asked, and changes the verdict."""
    asked = Asked(verdict)
    for question in questions_of(entity, awake, name, verdict):
        answer = answer_to(question)
        if answer is None:
            asked.questions.append(question)
            continue
        asked.answers.append(answer)
        if answer.reply in (Reply.TAKE, Reply.VALUE):
            asked.verdict = by_answer(answer, awake, name, context)
            asked.questions = questions_of(entity, awake, name, asked.verdict)
            break
    return asked


def fought(
    entity: Entity, awake: Sequence[Shown], name: str, verdict: Verdict, answer_to: AnswerTo
) -> Answer | None:
    """The side that a person took in a fight over this very value, if one did."""
    shown = {s.side: s.values.get(name) for s in awake}
    for each in verdict.sets:
        detail = {each.side: shown.get(each.side), each.source: each.new}
        question = Question("fight", entity.kind, entity.id, each.side, name, "", detail)
        answer = answer_to(question)
        if answer is not None:
            return answer
    return None


def questions_of(
    entity: Entity, awake: Sequence[Shown], name: str, verdict: Verdict
) -> list[Question]:
    """The conflict and the held sides of a field, as questions."""
    shown = {s.side: s.values[name] for s in awake if name in s.values}
    found: list[Question] = []
    if verdict.conflict:
        found.append(
            Question("conflict", entity.kind, entity.id, "", name, verdict.conflict, shown)
        )
    found.extend(
        held(entity, side, name, reason, shown, verdict)
        for side, reason in verdict.held.items()
        if held_cause(reason)[0]
    )
    return found


def held(
    entity: Entity,
    side: str,
    name: str,
    reason: str,
    shown: dict[str, Value],
    verdict: Verdict | None = None,
) -> Question:
    """A value that a side does not accept, or shows and cannot be represented."""
    cause, message = held_cause(reason)
    told = verdict is not None and side in verdict.wanted
    facts = {"wanted": verdict.wanted[side]} if verdict and told else {"problem": message}
    return Question(cause, entity.kind, entity.id, side, name, message, shown, facts)


def by_answer(answer: Answer, awake: Sequence[Shown], name: str, context: FieldContext) -> Verdict:
    """The verdict that a person gave: one value for every side that may be written.

    Consent is never re-granted and read-only fields are never written, whoever says so.
    """
    source = str(answer.value) if answer.reply is Reply.TAKE else PERSON
    value = answer.value
    if answer.reply is Reply.TAKE:
        value = next((s.values.get(name) for s in awake if s.side == source), None)
    sets: list[Set] = []
    kept: dict[str, str] = {}
    notes: dict[str, str] = {}
    complete = True
    for shown in awake:
        present = shown.values.get(name)
        if shown.side == source or (name not in shown.values and name not in shown.problems):
            continue
        reason = _stays(shown, name, value, context)
        if reason:
            notes[shown.side] = reason
            continue
        there = context.project(shown.side, value)
        complete = complete and there.complete
        if there.problem:
            kept[shown.side] = there.problem
        elif there.value != present or name in shown.problems:
            sets.append(Set(shown.side, there.value, source, answer.said, answer.id))
    return Verdict(
        sets=tuple(sets),
        agreed=value,
        source=source,
        settled=complete and not kept,
        held=kept,
        notes=notes,
        wanted=dict.fromkeys(kept, value),
    )


def _stays(shown: Shown, name: str, value: Value, context: FieldContext) -> str:
    if name not in shown.writable:
        return f"read-only on {shown.side}"
    consent = context.settings.conflict.kind == "true-wins"
    if consent and shown.values.get(name) is True and (blank(value) or value is not True):
        return "consent is never re-granted by a sync"
    return ""
