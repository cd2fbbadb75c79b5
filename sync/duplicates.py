"""Records of one side that look like one: proposed, asked about, merged when a person says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mapping.matching.model import Decision, Verdict
from sync.answers import Answers, facts_of
from sync.model import Action, Question, Reply, Row, State, Verb
from sync.moves import Moves
from sync.proposals import Proposal, drop, keep, kept
from sync.sides import Side, by_name
from sync.store import Store, guarded
from sync.waiting import LOOKS_LIKE

CAUSE = "duplicate"
_LATER = "once the merge before it is done"


def decisions(store: Store, side: str) -> list[Decision]:
    """What people said of pairs of one side, by record ids: the engine is bound by it."""
    with guarded():
        found = store.db.conn.execute(
            "SELECT apart.one, apart.other, answers.given_by, answers.given_at FROM apart"
            " JOIN answers ON answers.id = apart.answer ORDER BY apart.one, apart.other"
        ).fetchall()
    return [
        Decision(one[2], other[2], Verdict.DIFFERENT, by, datetime.fromisoformat(at))
        for one_name, other_name, by, at in found
        for one, other in [(one_name.split(" ", 2), other_name.split(" ", 2))]
        if one[0] == other[0] == side
    ]


def propose(
    store: Store, side: Side, kind: str, proposals: Sequence[Proposal], at: datetime
) -> list[Question]:
    """Keep what was found on a side in place of what was before, and open its questions; returns
    those that wait. Pairs that a person keeps apart are not asked about again."""
    answers = Answers(store)
    asked: list[Question] = []
    with store.atomic():
        keep(store, side.name, kind, proposals, at)
        for p in kept(store):
            if (p.side, p.kind) != (side.name, kind):
                continue
            loser = store.row(p.side, p.loser_type, p.loser)
            survivor = store.row(p.side, p.survivor_type, p.survivor)
            question = question_of(p, loser, survivor, able=able_to_merge(side, p))
            if not answers.kept_apart(_name(p, "loser"), _name(p, "survivor")):
                asked += [question] if answers.to(question) is None else []
        store.close_causes((CAUSE,), [q.id for q in asked], side=side.name, kind=kind)
        store.ask(answers.asked(asked), at, facts_of)
    return asked


def _name(proposal: Proposal, which: str) -> str:
    """A record as pairs that are kept apart name it."""
    loser = (proposal.side, proposal.loser_type, proposal.loser)
    survivor = (proposal.side, proposal.survivor_type, proposal.survivor)
    return " ".join(loser if which == "loser" else survivor)


# -- asked -------------------------------------------------------------------------------------


def question_of(
    proposal: Proposal, loser: Row | None, survivor: Row | None, *, able: bool
) -> Question:
    """The question whether two records of a side are to become one; the rows, where they are
    known, say their names."""
    message = (
        f"{_named(loser)}{LOOKS_LIKE}{_named(survivor)}({proposal.survivor_type}"
        f" {proposal.survivor}, {proposal.score:.0%}):"
        f" {'; '.join(proposal.evidence) or proposal.method}"
    )
    if not able:
        message += " (by hand: this side cannot merge these)"
    detail = {
        "loser": proposal.loser,
        "survivor": proposal.survivor,
        "survivor_type": proposal.survivor_type,
    }
    return Question(
        CAUSE, proposal.kind, f"{proposal.loser_type}:{proposal.loser}", proposal.side, "",
        message, detail, {} if able else {"by hand": True},
    )  # fmt: skip


def _named(row: Row | None) -> str:
    """The name of a record in quotation marks, by which it is known to be somebody's data."""
    shown = row.seen if row is not None else {}
    names = ("name", "first_name", "last_name")
    told = " ".join(shown[n] for n in names if isinstance(shown.get(n), str) and shown[n])
    return f"“{told}” " if told else ""


def able_to_merge(side: Side, proposal: Proposal) -> bool:
    """Whether the side can be told to merge the two."""
    same = proposal.loser_type == proposal.survivor_type
    return same and proposal.loser_type in side.connector.capabilities.merge


def merge_duplicates(store: Store, sides: Sequence[Side], answers: Answers, moves: Moves) -> None:
    """Add what is proposed to the merges of a plan: a question, or where a person said so the
    write. A record takes part in one merge of a plan: a vendor may give the survivor a new id."""
    busy: set[tuple[str, str, str]] = set()
    for proposal in kept(store):
        side = by_name(sides).get(proposal.side)
        loser = store.row(proposal.side, proposal.loser_type, proposal.loser)
        survivor = _latest(store, proposal)
        if side is None:
            continue
        if loser is None or survivor is None or State.LIVE not in (loser.state, survivor.state):
            if loser is not None:  # not read yet is no reason: nothing may have run
                drop(store, proposal)
            continue
        if loser.state is not State.LIVE or loser.key == survivor.key:
            drop(store, proposal)
            continue
        if not answers.apart(loser, [survivor]):
            _propose(proposal, loser, survivor, side, answers, moves, busy)


def _latest(store: Store, proposal: Proposal) -> Row | None:
    """The survivor, or what it became when it was itself merged."""
    row = store.row(proposal.side, proposal.survivor_type, proposal.survivor)
    for _ in range(50):  # chains of merges are short; a loop in bad data must end
        if row is None or row.state is not State.MOVED:
            return row
        row = store.row(row.side, str(row.moved_type), str(row.moved_id))
    return None


def _propose(
    proposal: Proposal,
    loser: Row,
    survivor: Row,
    side: Side,
    answers: Answers,
    moves: Moves,
    busy: set[tuple[str, str, str]],
) -> None:
    able = able_to_merge(side, proposal)
    question = question_of(proposal, loser, survivor, able=able)
    answer = answers.to(question)
    if answer is None or (answer.reply is Reply.MERGE and not able):
        moves.questions.append(question)
        return
    waits = moves.answered.setdefault(answer.id, [])
    if answer.reply is not Reply.MERGE:
        return
    moves.resting.update(row.key for row in (loser, survivor) if row.entity is None)
    if busy & {loser.key, survivor.key}:
        waits.append((_LATER, ""))
        return
    busy.update((loser.key, survivor.key))
    action = _action(loser, survivor, answer.said)
    moves.actions.append(action)
    waits.append((action.id, ""))


def label(row: Row) -> str:
    """What actions and questions call a record: its entity, or its name while it has none."""
    return row.entity or f"{row.object_type}:{row.id}"


def _action(loser: Row, survivor: Row, why: str) -> Action:
    return Action(
        id=f"merge/{loser.side}/{loser.object_type}:{loser.id}",
        verb=Verb.MERGE,
        entity=label(survivor),
        kind=survivor.kind,
        side=survivor.side,
        object_type=survivor.object_type,
        record_id=survivor.id,
        other_id=loser.id,
        why=why,
    )
