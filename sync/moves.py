"""Records that live on under another identity: links follow merges and conversions, and what one
side merged is proposed to, or carried out on, the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.base import Move
from core.errors import ConnectorError
from sync.aftermath import leave_behind
from sync.detect import observe
from sync.model import Action, Answer, Question, Reply, Row, State, Verb
from sync.sides import Side, by_name
from sync.store import Store


@dataclass(slots=True)
class Moves:
    """What follows from merges: questions for people, and merges to be carried out."""

    questions: list[Question] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    answered: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Answer of a person -> the (action, "") pairs that carry it out."""
    resting: set[tuple[str, str, str]] = field(default_factory=set)
    """Free records that are about to become one: not matched before they are."""


def follow_moves(store: Store, sides: Sequence[Side]) -> list[Question]:
    """Carry links over to where records moved; what contradicts another side is asked.

    A record whose successor cannot be seen yet is tried again by the next run.
    """
    questions: list[Question] = []
    moved = list(store.rows("state = 'moved' AND dirty = 1 AND entity IS NOT NULL"))
    # where two became one under a new id, it is the one that lives on elsewhere, or else the one
    # whose values it shows
    moved.sort(key=lambda r: _likeness(r, _successor(r, store, by_name(sides))), reverse=True)
    moved.sort(key=lambda r: store.merged_into(str(r.entity)) is not None)
    for row in moved:
        question = _follow(row, store, by_name(sides))
        if question is not None:
            questions.append(question)
    return questions


_NAMES = ("name", "domain", "email", "first_name", "last_name")


def _likeness(row: Row, successor: Row | None) -> tuple[int, int, int]:
    """How much the successor looks like what the row was: its blanks were filled from the other,
    so what counts first is what it shows otherwise, and of that the names."""
    shown = successor.seen if successor else {}
    alike = [n for n, value in row.seen.items() if value and shown.get(n) == value]
    other = [n for n, value in row.seen.items() if value and shown.get(n) != value]
    return (-len([n for n in other if n in _NAMES]), -len(other), len(alike))


def _follow(row: Row, store: Store, sides: Mapping[str, Side]) -> Question | None:
    successor = _successor(row, store, sides)
    if successor is None or row.entity is None:
        return None
    loser = store.merged_into(row.entity) or row.entity
    row.dirty = False
    with store.atomic():
        store.put([row])
        if successor.entity is None:
            taken = _is_taken(loser, row.side, store)
            _take_over(row, successor, row.entity if taken else loser, store, sides)
            return None
        survivor = store.merged_into(successor.entity) or successor.entity
        if survivor == loser:
            if row.entity == survivor != successor.entity:
                # merged the other way round here: what that made of the values is a change
                _take_over(row, successor, survivor, store, sides)
            return None
        if loser != row.entity:
            row.dirty = True  # asked by every run until it is answered
            store.put([row])
            return _contradiction(row, loser, survivor, store)
        store.merge_entities(loser, survivor)
        _hand_over(loser, survivor, store)
    return None


def _successor(row: Row, store: Store, sides: Mapping[str, Side]) -> Row | None:
    """The live record at the end of the chain, read from the side where it is not known yet."""
    for _ in range(50):  # chains are short; a loop in a vendor's data must end
        object_type, record_id = str(row.moved_type), str(row.moved_id)
        found = store.row(row.side, object_type, record_id)
        if found is None:
            side = sides[row.side]
            fields = side.read_fields(object_type)
            kind = side.mapping.kind_of(object_type)
            observe(side, kind, side.connector.fetch(object_type, fields, [record_id]), store)
            found = store.row(row.side, object_type, record_id)
        if found is None or found.state is not State.MOVED:
            return found
        row = found
    return None


def _take_over(
    row: Row, successor: Row, entity: str, store: Store, sides: Mapping[str, Side]
) -> None:
    """The link moves: what was settled for the old record stays settled for the new one."""
    successor.entity = entity
    successor.how = str(row.how or Move.MERGED)
    successor.base = {k: v for k, v in row.base.items() if k in successor.seen}
    successor.owes = row.owes & successor.base.keys()
    if successor.how == Move.CONVERTED:
        leave_behind(row, successor, store, sides)
    successor.dirty = True
    store.put([successor])


def _is_taken(entity: str, side: str, store: Store) -> bool:
    rows = store.by_entities([entity]).get(entity, [])
    return any(r.side == side and r.state is State.LIVE for r in rows)


def _hand_over(loser: str, survivor: str, store: Store) -> None:
    """Records of the loser go to the survivor on sides where that has none (any more).

    There they meet what holds already, as at a first link; only what was changed on them and not
    yet carried over stays a change. A record that was deleted beside one that stays is let go:
    the one that stays is the counterpart.
    """
    rows = store.by_entities([loser, survivor])
    kept = rows.get(survivor, [])
    there = {r.side for r in kept if r.state is State.LIVE}
    for row in rows.get(loser, []):
        if row.state is not State.LIVE or row.side in there:
            continue
        for dead in kept:
            if dead.side == row.side and dead.state is State.ARCHIVED:
                dead.state, dead.dirty = State.GONE, False
        row.entity, row.dirty = survivor, True
        if there:
            row.base = {n: v for n, v in row.base.items() if row.seen.get(n) != v}
            row.owes &= row.base.keys()
        store.put([row])
    for row in kept:
        row.dirty = row.state is State.LIVE or row.dirty
        store.put([row])


def is_contradiction(question: Question) -> bool:
    """Whether it asks which of two records is meant that one was merged into."""
    return question.cause == "merge" and question.field == "contradiction"


def _contradiction(row: Row, one: str, other: str, store: Store) -> Question:
    there = [r for r in store.by_entities([one]).get(one, []) if r.side != row.side]
    named = [f"{r.side} {r.object_type} {r.id}" for r in there if r.state is State.LIVE]
    message = (
        f"{row.object_type} {row.id} was merged into {row.moved_id} on {row.side}, but elsewhere"
        f" into {' and '.join(named) or 'another record'}: are these two one?"
    )
    detail = {"candidates": [one, other]}
    return Question("merge", row.kind, str(row.entity), row.side, "contradiction", message, detail)


def propagate_merges(
    store: Store,
    sides: Sequence[Side],
    carry_out: Callable[[str], bool],
    answer_to: Callable[[Question], Answer | None] = lambda _question: None,
    apart: Callable[[Row, Sequence[Row]], bool] = lambda _row, _others: False,
) -> Moves:
    """What one side merged and others still have twice: an action where the configuration or a
    person says so (`carry_out` by kind) and the vendor can, else a question. Records that a
    person keeps `apart` stay two."""
    moves = Moves()
    for kind, loser in store.unfinished_merges():
        survivor = str(store.merged_into(loser))
        _hand_over(loser, survivor, store)
        rows = store.by_entities([loser, survivor])
        kept = {r.side: r for r in rows.get(survivor, []) if r.state is State.LIVE}
        for row in rows.get(loser, []):
            target = kept.get(row.side)
            side = by_name(sides).get(row.side)
            if row.state is not State.LIVE or target is None or side is None:
                continue
            if apart(row, [target]):
                continue
            able = row.object_type in side.connector.capabilities.merge
            able = able and row.object_type == target.object_type
            if able and carry_out(kind):
                moves.actions.append(_merge_action(row, target, survivor, _MERGED_ELSEWHERE))
            else:
                _propose(row, target, survivor, answer_to, moves, able=able)
    return moves


def _propose(
    row: Row,
    target: Row,
    survivor: str,
    answer_to: Callable[[Question], Answer | None],
    moves: Moves,
    *,
    able: bool,
) -> None:
    """Ask a person, or do what one answered."""
    question = _proposal(row, target, survivor, able=able)
    answer = answer_to(question)
    if answer is None or (answer.reply is Reply.MERGE and not able):
        moves.questions.append(question)
        return
    waits = moves.answered.setdefault(answer.id, [])
    if answer.reply is Reply.MERGE:
        action = _merge_action(row, target, survivor, answer.said)
        moves.actions.append(action)
        waits.append((action.id, ""))


_MERGED_ELSEWHERE = "the two were merged on another side"


def _merge_action(row: Row, target: Row, survivor: str, why: str) -> Action:
    return Action(
        id=f"merge/{row.side}/{row.entity}",
        verb=Verb.MERGE,
        entity=survivor,
        kind=row.kind,
        side=row.side,
        object_type=row.object_type,
        record_id=target.id,
        other_id=row.id,
        why=why,
    )


def _proposal(row: Row, target: Row, survivor: str, *, able: bool) -> Question:
    message = (
        f"merged on another side, but still two here: merge {row.object_type} {row.id} into"
        f" {target.id} on {row.side}"
    )
    if not able:
        message += " (by hand: this side cannot be told to)"
    detail = {"loser": row.id, "survivor": target.id}
    # the survivor as an entity: another merge into it may give it a new id in the meantime
    facts = {"survivor": survivor, **({} if able else {"by hand": True})}
    return Question("merge", row.kind, str(row.entity), row.side, "", message, detail, facts)


def after_merge(store: Store, action: Action, survivor_id: str) -> None:
    """Links after a side merged two records for us; the survivor may carry a new id."""
    with store.atomic():
        for record_id in sorted({str(action.record_id), str(action.other_id)} - {survivor_id}):
            row = store.row(action.side, action.object_type, record_id)
            if row is None:
                continue
            # of two things that became one, the next run hears through the links
            row.state, row.dirty = State.MOVED, row.entity not in (None, action.entity)
            row.moved_type, row.moved_id, row.how = action.object_type, survivor_id, "merged"
            store.put([row])
            if record_id == action.record_id:
                _renamed(store, action, survivor_id, row)


def _renamed(store: Store, action: Action, survivor_id: str, before: Row) -> None:
    row = store.row(action.side, action.object_type, survivor_id)
    row = row or Row(action.side, action.object_type, survivor_id, action.kind)
    row.entity, row.how, row.state = _entity(action), "merged", State.LIVE
    row.seen, row.base, row.owes = {**before.seen, **row.seen}, before.base, before.owes
    row.dirty = True
    store.put([row])


def _entity(action: Action) -> str | None:
    """The entity of an action; a record without one is called by its type and id."""
    return None if ":" in action.entity else action.entity


def reread(side: Side, kind: str, object_type: str, ids: Sequence[str], store: Store) -> None:
    """Look again at records that a vendor has just changed by itself (best effort)."""
    try:
        records = side.connector.fetch(object_type, side.read_fields(object_type), ids)
    except ConnectorError:
        return  # the next run's reading shows them
    observe(side, kind, records, store)
