"""Pure: what a delete on one side does to the records elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.model import Deletes
from config.rules import KindSettings
from sync.answers import digest
from sync.asking import AnswerTo
from sync.fields import blank
from sync.model import Action, Answer, Entity, Question, Reply, Shown, Verb

_WORDS: dict[Reply, Deletes] = {
    Reply.DELETE: "delete",
    Reply.RESTORE: "restore",
    Reply.UNLINK: "unlink",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done, by the configuration or by a person's answer; `question` is asked
    where neither says. With an answer and no word, it is left as it is."""

    word: Deletes | None
    question: Question | None = None
    answer: Answer | None = None


def choose(entity: Entity, settings: KindSettings, answer_to: AnswerTo) -> Choice:
    """Edit beats delete unless told otherwise, then the kind's choice, then a person's."""
    gone = [s for s in entity.shown if s.archived]
    awake = [s for s in entity.shown if s.awake and not s.archived]
    edited = any(_unsettled(s, name) for s in awake for name in s.values)
    # whoever deleted it had not been given what the others settled between them
    edited = edited or any(s.owes & s.values.keys() for s in gone)
    word = settings.deletes[gone[0].side]
    if edited and word == "delete" and settings.delete_vs_edit != "delete wins":
        word = "ask" if settings.delete_vs_edit == "ask" else "unlink"
    if word != "ask":
        return Choice(word)
    question = _question(entity, gone, awake)
    answer = answer_to(question)
    if answer is None:
        return Choice(None, question)
    return Choice(_WORDS.get(answer.reply), answer=answer)


def _unsettled(shown: Shown, name: str) -> bool:
    """Whether a field was changed since it was settled, or has a value that never was."""
    if name in shown.base:
        return bool(shown.values[name] != shown.base[name])
    return name not in shown.base_seen and not blank(shown.values[name])


def _question(entity: Entity, gone: Sequence[Shown], awake: Sequence[Shown]) -> Question:
    sides = " and ".join(s.side for s in gone)
    message = f"deleted on {sides}: delete elsewhere, restore, or unlink?"
    shows = digest({s.side: dict(s.seen) for s in awake})
    return Question(
        "delete", entity.kind, entity.id, gone[0].side, "", message, {}, {"shows": shows}
    )


def made_anew(entity: Entity, settings: KindSettings, answer_to: AnswerTo) -> set[str]:
    """Sides that cannot bring a deleted record back: it is made anew where it is wanted."""
    gone = [s for s in entity.shown if s.archived and not s.restorable]
    if not gone:
        return set()
    choice = choose(entity, settings, answer_to)
    word = choice.word if choice.answer else None
    return {s.side for s in gone if (word or settings.deletes[s.side]) == "restore"}


@dataclass(frozen=True, slots=True)
class Deletion:
    """What follows: actions, and the sides whose deleted record is let go."""

    actions: tuple[Action, ...] = ()
    unlink: tuple[str, ...] = ()


def carry_out(entity: Entity, choice: Choice) -> Deletion:
    """The actions of a choice."""
    if choice.word is None:
        return Deletion()
    gone = [s for s in entity.shown if s.archived]
    awake = [s for s in entity.shown if s.awake and not s.archived]
    back = [s for s in gone if choice.word == "restore" and s.restorable and awake]
    said = choice.answer.said if choice.answer else ""
    actions = [
        whole(entity, s, Verb.RESTORE, said or "records deleted here are restored") for s in back
    ]
    if choice.word == "delete":
        why = said or f"deleted on {' and '.join(s.side for s in gone)}"
        actions.extend(whole(entity, s, Verb.ARCHIVE, why) for s in awake)
    return Deletion(tuple(actions), tuple(s.side for s in gone if s not in back))


def whole(entity: Entity, shown: Shown, verb: Verb, why: str) -> Action:
    """An action on a record as a whole; it is archived only as long as it shows what it shows
    now, settled or not, for that is what was decided about."""
    decided = {"seen": digest(dict(shown.seen)), "of": sorted(shown.seen)}
    return Action(
        id=f"{verb}/{shown.side}/{entity.id}",
        verb=verb,
        entity=entity.id,
        kind=entity.kind,
        side=shown.side,
        object_type=shown.object_type,
        record_id=shown.id,
        why=why,
        options=decided if verb is Verb.ARCHIVE else {},
    )
