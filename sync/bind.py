"""Binds exactly the records that a person named, after checking that nothing is linked twice."""

from __future__ import annotations

from collections.abc import Sequence

from sync.answers import Answers
from sync.model import Answer, Question, Reply, Row, State, Value
from sync.store import Store

_HERE = (State.LIVE, State.ARCHIVED)


def candidate(store: Store, value: Value, offered: Sequence[str]) -> Row | None:
    """The record that a `link` answer names, or the only one that was offered."""
    if value:
        side, object_type, record_id = value
        return store.row(side, object_type, record_id)
    if len(offered) != 1:
        return None
    found = offered[0].split(" ", 2)
    return store.row(found[0], found[1], found[2]) if len(found) == 3 else None


def obstacle(store: Store, row: Row, other: Row | None) -> str:
    """Why two records cannot be linked, or ""."""
    if other is None or other.state is not State.LIVE:
        return "the other record is not there (any more)"
    if other.kind != row.kind:
        return f"{other.object_type} {other.id} is no {row.kind}"
    if other.side == row.side:
        return "two records of one side are never linked"
    if row.entity and row.entity == other.entity:
        return ""
    mine, theirs = _sides(store, row), _sides(store, other)
    both = sorted(mine & theirs)
    if both:
        names = " and ".join(both)
        return f"{other.object_type} {other.id} is linked already, to another record of {names}"
    return ""


def _sides(store: Store, row: Row) -> set[str]:
    if row.entity is None:
        return {row.side}
    rows = store.by_entities([row.entity]).get(row.entity, [])
    return {r.side for r in rows if r.state in _HERE}


def bind(store: Store, entity: str, row: Row, how: str, run: str) -> None:
    """Link a record to an entity; what it was linked with before comes along.

    The records that join have nothing settled with those of the entity: they meet as at a first
    link. Call `obstacle` first.
    """
    with store.atomic():
        store.add_entity(entity, row.kind, run)
        earlier = row.entity
        joining = store.by_entities([earlier]).get(earlier, []) if earlier else [row]
        for each in joining:
            each.entity, each.how, each.dirty = entity, how, True
            each.base, each.owes = {}, set()
        store.put(joining)
        if earlier is not None:
            store.merge_entities(earlier, entity)
        store.mark_dirty([entity])


def links_as_answered(
    answers: Answers, contradictions: Sequence[Question], store: Store, run: str
) -> tuple[list[Question], list[int]]:
    """Make the links that people named, and make one thing of what they said is one; returns the
    contradictions that are still to be asked about, and the answers that were followed."""
    asked: list[Question] = []
    followed: list[int] = []
    for question in contradictions:
        answer = answers.to(question)
        if answer is None:
            asked.append(question)
            continue
        if answer.reply is Reply.MERGE:
            one_thing(store, question.detail["candidates"])
        followed.append(answer.id)
    followed += [a.id for a in answers.links() if bind_as_answered(store, a, run)]
    return asked, followed


def bind_as_answered(store: Store, answer: Answer, run: str) -> bool:
    """Carry out a `link` that was answered where a counterpart could not be made; False where it
    cannot be carried out any more."""
    rows = store.by_entities([answer.entity]).get(answer.entity, [])
    here = next((r for r in rows if r.state is State.LIVE), None)
    other = candidate(store, answer.value, ())
    if here is None or other is None or obstacle(store, here, other):
        return False
    if other.entity != answer.entity:
        bind(store, answer.entity, other, answer.said, run)
    return True


def one_thing(store: Store, entities: Sequence[str]) -> None:
    """Two entities are one, a person said: the first lives on as the second."""
    loser, survivor = (store.merged_into(e) or e for e in entities)
    if loser != survivor:
        store.merge_entities(loser, survivor)
