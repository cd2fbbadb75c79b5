"""What people answered: remembered, held against the facts it was given for, applied once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from sync.model import Answer, Applied, Question, Reply, Row, Value
from sync.refs import LET_GO, WAITS
from sync.rows import dumps
from sync.store import Store, guarded

ANY = "*"
"""Stands for the entity in what was answered for a whole group."""

_BY_MESSAGE = frozenset({"create", "convert"})
"""Causes whose message is itself what the answer was given for."""

_EVERY_PASS = frozenset({"ambiguous", "resembles", "merge", "duplicate"})
"""Causes that every plan looks at anew, whatever else it decides."""

_AGAIN = "; asked again: "


def digest(value: Value) -> str:
    """A short digest of a value: facts are compared, never shown."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:16]


def facts_of(question: Question) -> dict[str, str]:
    """What a question is asked about, as digests by name (sides, `wanted`, `reason`)."""
    facts = {**question.detail, **question.facts}
    if question.cause in _BY_MESSAGE:
        facts["reason"] = question.message
    return {name: digest(value) for name, value in facts.items()}


def held_cause(reason: str) -> tuple[str, str]:
    """Cause and message of a held field: what passes by itself is a cause of its own, and what
    follows from a delete that was let go has none."""
    if reason.startswith(LET_GO):
        return "", reason.removeprefix(LET_GO)
    return ("waits", reason.removeprefix(WAITS)) if reason.startswith(WAITS) else ("held", reason)


def group_id(cause: str, kind: str, side: str, field: str) -> str:
    """The id under which a standing answer is kept."""
    return "/".join((cause, kind, ANY, side, field))


def name_of(row: Row) -> str:
    """A record as pairs that are kept apart name it."""
    return " ".join(row.key)


def holds(
    answer: Answer, facts: Mapping[str, str], digest: Callable[[Value], str] = digest
) -> bool:
    """Whether the facts that an answer was given for still stand.

    A side that already shows the value that was chosen is no new fact: it was written there by
    a run that could not write it everywhere.
    """
    if dict(answer.facts) == dict(facts):
        return True
    if answer.cause != "conflict" or answer.reply not in (Reply.TAKE, Reply.VALUE):
        return False
    if answer.facts.keys() != facts.keys():
        return False
    taken = answer.reply is Reply.TAKE
    chosen = answer.facts.get(str(answer.value)) if taken else digest(answer.value)
    return all(now in (answer.facts[name], chosen) for name, now in facts.items())


class Answers:
    """All answers of a store, as they stood when this was made or last reloaded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._own: dict[str, Answer] = {}
        self._standing: dict[str, list[Answer]] = {}
        self._maps: dict[tuple[str, str, str, str, str], Answer] = {}
        self._apart: dict[str, set[str]] = {}
        self._free: set[tuple[str, str]] = set()
        self.reload()

    def reload(self) -> None:
        """Look at the store again."""
        for table in (self._own, self._standing, self._maps, self._apart):
            table.clear()
        self._free.clear()
        for answer in self._read("state IN ('given', 'done', 'stale')"):
            self._own[answer.question] = answer
            if answer.reply is Reply.LINK and answer.state == "given":
                self._free.add((answer.side, answer.entity))
            if answer.standing and answer.state == "given":
                self._standing.setdefault(answer.question, []).insert(0, answer)
            if _is_map(answer) and answer.state != "stale":
                self._maps[_map_key(answer)] = answer
        with guarded():
            pairs = self._store.db.conn.execute("SELECT one, other FROM apart").fetchall()
        for one, other in pairs:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def _read(self, where: str, parameters: Sequence[Any] = ()) -> Iterator[Answer]:
        with guarded():
            found = self._store.db.conn.execute(
                f"SELECT {_COLUMNS} FROM answers WHERE {where} ORDER BY id", parameters
            ).fetchall()
        yield from (_to_answer(row) for row in found)

    # -- looking up ------------------------------------------------------------------------

    def to(self, question: Question) -> Answer | None:
        """The answer to a question that is about to be asked; None: it is to be asked."""
        own = self._own.get(question.id)
        acts = own is not None and own.state == "given" and not _is_map(own)
        if own is not None and acts and holds(own, self._facts(question), self._digest):
            return own
        group = group_id(question.cause, question.kind, question.side, question.field)
        return next((a for a in self._standing.get(group, ()) if _fits(a, question)), None)

    def _digest(self, value: Value) -> str:
        return self._store.vault.seal(digest(value))

    def _facts(self, question: Question) -> dict[str, str]:
        return {n: self._store.vault.seal(d) for n, d in facts_of(question).items()}

    def replacement(
        self, kind: str, entity: str, side: str, field: str, wanted: Value
    ) -> Answer | None:
        """What a side is to get instead of a value that it does not accept."""
        if not self._maps:
            return None
        told = self._digest(wanted)
        own = self._maps.get((kind, entity, side, field, told))
        return own or self._maps.get((kind, ANY, side, field, told))

    def apart(self, row: Row, others: Iterable[Row]) -> bool:
        """Whether a person said that the record is not one of the others."""
        known = self._apart.get(name_of(row))
        return bool(known) and any(name_of(other) in (known or ()) for other in others)

    def kept_apart(self, one: str, other: str) -> bool:
        """Whether a person said that two records, by their names, are not one."""
        return other in self._apart.get(one, ())

    def keeps_apart(self) -> bool:
        """Whether any two records are kept apart."""
        return bool(self._apart)

    def links_free(self, row: Row) -> bool:
        """Whether a person named what a free record is to be linked with."""
        return (row.side, f"{row.object_type}:{row.id}") in self._free

    def links(self) -> list[Answer]:
        """Answers that bind a record to an entity whose creation was asked about."""
        return [
            a
            for a in self._own.values()
            if a.state == "given" and a.cause == "create" and a.reply is Reply.LINK
        ]

    def rests(self, question: str, facts: Mapping[str, str]) -> bool:
        """Whether a person let a refusal rest, for as long as the same is attempted."""
        own = self._own.get(question)
        return own is not None and own.reply is Reply.SKIP and dict(own.facts) == dict(facts)

    def restores(self, entity: str) -> bool:
        """Whether a person wanted a deleted record back."""
        return any(
            a.reply is Reply.RESTORE and a.entity == entity and a.state in ("given", "done")
            for a in self._own.values()
        )

    def all(self) -> list[Answer]:
        """Every answer ever given, oldest first; withdrawn and replaced ones too."""
        return list(self._read("1"))

    def of(self, entity: str) -> list[Answer]:
        """The answers about one entity, oldest first."""
        return list(self._read("entity = ?", (entity,)))

    def get(self, answer_id: int) -> Answer | None:
        """One answer by its id."""
        return next(self._read("id = ?", (answer_id,)), None)

    def applied(self, followed: Mapping[int, Sequence[tuple[str, str]]]) -> Iterator[Applied]:
        """Answers as a plan carries them: those that make something happen."""
        for answer_id, waits in followed.items():
            answer = self.get(answer_id)
            if answer is not None and answer.reply is not Reply.SKIP:
                yield Applied(answer_id, answer.question, tuple(dict.fromkeys(waits)))

    # -- asking again ----------------------------------------------------------------------

    def asked(self, questions: Iterable[Question]) -> list[Question]:
        """Questions as they are put to people: one that was answered before says so, and its
        answer, which did not hold, is dropped."""
        found: list[Question] = []
        for question in questions:
            own = self._own.get(question.id)
            if own is not None and own.state == "given":
                self._mark(own.id, "stale", None)
            if own is not None and _AGAIN not in question.message:
                again = f"{_AGAIN}things have changed since it was {own.said}"
                question = replace(question, message=question.message + again)
            found.append(question)
        return found

    def let_pass(self, decided: Container[str], followed: Container[int]) -> None:
        """Close the answers whose question did not come up when it should have: what they were
        about passed by itself, and must not come back to be applied to something else."""
        for own in self._own.values():
            looked_at = own.cause in _EVERY_PASS or own.entity in decided
            if own.state != "given" or own.standing or _is_map(own) or not looked_at:
                continue
            if own.id not in followed and own.cause != "refused":
                self._mark(own.id, "passed", None, only="given")

    # -- writing ---------------------------------------------------------------------------

    def give(self, answer: Answer, apart: Iterable[tuple[str, str]] = ()) -> int:
        """Remember an answer, in place of an earlier one to the same; returns its id."""
        with self._store.atomic():
            self._replace(answer)
            cursor = self._store.db.conn.execute(
                "INSERT INTO answers (question, cause, kind, entity, side, field, answer, value,"
                " facts, given_by, given_at, state, run) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (answer.question, answer.cause, answer.kind, answer.entity, answer.side,
                 answer.field, str(answer.reply), dumps(answer.value), dumps(dict(answer.facts)),
                 answer.by, answer.at.isoformat(), answer.state, answer.run),
            )  # fmt: skip
            given = int(cursor.lastrowid or 0)
            self._store.db.conn.executemany(
                "INSERT OR REPLACE INTO apart VALUES (?, ?, ?)",
                [(*sorted(pair), given) for pair in apart],
            )
        return given

    def _replace(self, answer: Answer) -> None:
        """A new word takes the place of the last; maps of other values stand beside it."""
        for earlier in self._read("question = ? AND state = 'given'", (answer.question,)):
            beside = answer.facts and earlier.facts and earlier.facts != answer.facts
            if not (answer.standing and beside):
                self._mark(earlier.id, "replaced", None)
        if _is_map(answer):
            for earlier in self._read("question = ? AND state = 'done'", (answer.question,)):
                if _is_map(earlier) and earlier.facts == answer.facts:
                    self._mark(earlier.id, "replaced", None)

    def withdraw(self, answer: Answer) -> None:
        """Take an answer back; what was already written stays."""
        with self._store.atomic():
            self._mark(answer.id, "withdrawn", None)
            self._store.db.conn.execute("DELETE FROM apart WHERE answer = ?", (answer.id,))

    def carried_out(
        self, applied: Iterable[Applied], run: str, acknowledged: set[tuple[str, str]]
    ) -> None:
        """Close the answers all of whose writes were acknowledged; the others are tried again."""
        with self._store.atomic():
            for each in applied:
                answer = self.get(each.answer)
                done = all(wait in acknowledged for wait in each.waits)
                if answer is None or answer.standing or answer.state != "given" or not done:
                    continue
                self._mark(answer.id, "done", run)
                self._store.close_question(answer.question)

    def _mark(self, answer_id: int, state: str, run: str | None, *, only: str = "%") -> None:
        with self._store.atomic():
            self._store.db.conn.execute(
                "UPDATE answers SET state = ?, run = coalesce(?, run)"
                " WHERE id = ? AND state LIKE ?",
                (state, run, answer_id, only),
            )


_COLUMNS = (
    "id, question, cause, kind, entity, side, field, answer, value, facts, given_by, given_at,"
    " state, run"
)


def _to_answer(found: Sequence[Any]) -> Answer:
    number, question, cause, kind, entity, side, field = found[:7]
    reply, value, facts, by, at, state, run = found[7:]
    return Answer(
        number, question, cause, kind, entity, side, field, Reply(reply), orjson.loads(value),
        orjson.loads(facts), by, datetime.fromisoformat(at), state, run,
    )  # fmt: skip


def _is_map(answer: Answer) -> bool:
    """Whether it says what a side gets instead of a value: it acts where values are projected,
    as long as it stands, and is not asked for when the question comes up."""
    return answer.reply is Reply.VALUE and "wanted" in answer.facts


def _map_key(answer: Answer) -> tuple[str, str, str, str, str]:
    return (answer.kind, answer.entity, answer.side, answer.field, answer.facts["wanted"])


def _fits(answer: Answer, question: Question) -> bool:
    """Whether a standing answer can be carried out for this question."""
    if _is_map(answer) or not answer.facts.items() <= facts_of(question).items():
        return False
    return answer.reply is not Reply.TAKE or answer.value in question.detail
