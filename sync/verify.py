"""Compares every linked field over all sides, finds missing counterparts, and says why each
difference stands; what has no reason is unexplained."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sync.answers import held_cause
from sync.journal import Journal
from sync.model import Action, FieldWrite, Question, Row, State, Value, Verb
from sync.moves import is_contradiction
from sync.planner import Planner
from sync.reconcile import Decision
from sync.store import Store
from sync.wishes import BACKFILL


@dataclass(frozen=True, slots=True)
class Difference:
    """One field (or missing record) on which sides differ. `values` are what they show."""

    kind: str
    entity: str
    field: str
    cause: str
    message: str
    explained: bool
    values: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    records: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(slots=True)
class Verification:
    """What a comparison found."""

    entities: int = 0
    fields: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Difference]:
        """Differences that no rule, question or refusal accounts for."""
        return [d for d in self.differences if not d.explained]

    def by_cause(self) -> Counter[tuple[str, bool]]:
        """Number of differences per (cause, explained)."""
        return Counter((d.cause, d.explained) for d in self.differences)


def sample(store: Store, number: int) -> list[str]:
    """That many linked entities, spread evenly and always the same ones for the same state."""
    linked = (row.entity for row in store.rows("entity IS NOT NULL AND state = 'live'"))
    entities = {str(entity) for entity in linked}
    return sorted(entities, key=lambda e: hashlib.sha256(e.encode()).digest())[:number]


def verify(
    planner: Planner, questions: Sequence[Question], only: Collection[str] | None = None
) -> Verification:
    """Judge every entity (or some) in the planner's store, which has just been read.

    `questions` are those of the plan just made: records that wait for a person are explained.
    """
    found = Verification()
    store = planner.store
    refused = {(r.entity, r.side, r.field): r.error for r in Journal(store).retries()}
    contradictions = [frozenset(q.detail["candidates"]) for q in questions if is_contradiction(q)]
    for kind, entity in store.entities():
        rows = store.by_entities([entity]).get(entity, [])
        live = [row for row in rows if row.state is State.LIVE]
        if not live or (only is not None and entity not in only):
            continue
        found.entities += 1
        decision = planner.decide(entity, kind, rows)
        found.fields += len(decision.verdicts)
        records = {row.side: f"{row.object_type} {row.id}" for row in live}
        judge = _Judge(planner, kind, entity, rows, records, refused, contradictions)
        found.differences.extend(judge.differences(decision))
    found.differences.extend(
        Difference(q.kind, q.entity, "", q.cause, q.message, explained=True)
        for q in questions
        if q.cause in ("ambiguous", "resembles", "merge")
    )
    return found


def _named(value: Value) -> set[str]:
    """The entities that a resolved reference or set of roles names."""
    items = value if isinstance(value, list) else [value]
    return {str(item["ref"] if isinstance(item, dict) else item) for item in items if item}


@dataclass(frozen=True, slots=True)
class _Judge:
    planner: Planner
    kind: str
    entity: str
    rows: Sequence[Row]
    records: Mapping[str, str]
    refused: Mapping[tuple[str, str, str], str]
    contradictions: Sequence[frozenset[str]]
    """Records, as entities, of which merges on two sides left it open which one is meant."""

    def differences(self, decision: Decision) -> Iterator[Difference]:
        for question in decision.questions:
            values = dict(question.detail)
            yield self._difference(
                question.field, question.cause, question.message, values, explained=True
            )
        asked = {question.field for question in decision.questions}
        for name, verdict in decision.verdicts.items():
            left = [m for c, m in map(held_cause, verdict.held.values()) if not c]
            if left and name not in asked:
                yield self._difference(name, "let go", left[0], {}, explained=True)
            elif (verdict.conflict or verdict.held) and name not in asked:
                message = "left as it is, as a person said"
                yield self._difference(name, "answered", message, {}, explained=True)
            for side, note in verdict.notes.items():
                if note.startswith("drift"):
                    yield self._drift(name, note)
                elif note == BACKFILL:
                    yield self._difference(
                        name, "backfill", note, self._shown(name), explained=True
                    )
                elif side and self._differs(name):
                    yield self._difference(name, "rule", f"{side}: {note}", {}, explained=True)
        for action in decision.actions:
            yield from self._not_done(action)

    def _not_done(self, action: Action) -> Iterator[Difference]:
        """A write that is decided and has not been made: refused, undone, or still to come."""
        error = self.refused.get((self.entity, action.side, ""))
        if self.planner.undone.forbids(action, ""):
            yield self._difference("", "undone", "archived by an undo", {}, explained=True)
        elif action.verb is Verb.CREATE:
            message = error or f"no counterpart on {action.side}"
            cause = "refused" if error else "missing"
            yield self._difference("", cause, message, {}, explained=bool(error))
        else:
            for written in action.fields:
                yield self._not_written(action, written, error)

    def _not_written(self, action: Action, written: FieldWrite, error: str | None) -> Difference:
        values = {action.side: written.old, written.source: written.new}
        if self.planner.undone.forbids(action, written.name, written.new):
            message = "undone; it is not written again by itself"
            return self._difference(written.name, "undone", message, values, explained=True)
        error = error or self.refused.get((self.entity, action.side, written.name))
        if not error and self._own_form(action.side, written):
            message = f"{action.side} was given {written.new!r} and keeps it in a form of its own"
            return self._difference(written.name, "own form", message, values, explained=True)
        cause = "refused" if error else "pending"
        message = error or f"{written.why}; not written to {action.side} yet"
        return self._difference(written.name, cause, message, values, explained=bool(error))

    def _own_form(self, side: str, written: FieldWrite) -> bool:
        """Whether the very value was the last one written, and nobody has changed it since."""
        last = None
        for op in Journal(self.planner.store).history(self.entity):
            if op["side"] == side and op["state"] == "done":
                sent = [f["new"] for f in op["action"]["fields"] if f["name"] == written.name]
                last = sent[-1] if sent else last
        rows = [r for r in self.rows if r.side == side and r.state is State.LIVE]
        settled = all(r.base.get(written.name) == r.seen.get(written.name) for r in rows)
        return settled and last is not None and last == written.new

    def _differs(self, name: str) -> bool:
        shown = [r.seen[name] for r in self.rows if r.state is State.LIVE and name in r.seen]
        return any(value != shown[0] for value in shown[1:])

    def _drift(self, name: str, note: str) -> Difference:
        values = self._shown(name)
        if self._contested(name):
            message = "they name records that were merged into different ones: see the question"
            return self._difference(name, "merge", message, values, explained=True)
        taken_back = self.planner.undone.run_of(self.entity, name)
        if taken_back:
            message = f"{taken_back} was undone; nobody has changed it since"
            return self._difference(name, "undone", message, values, explained=True)
        maker = self._vendor_default(name)
        if maker:
            message = f"{maker} set it by itself when the record was created there"
            return self._difference(name, "vendor default", message, values, explained=True)
        return self._difference(name, "drift", note, values, explained=False)

    def _shown(self, name: str) -> dict[str, Value]:
        return {r.side: r.seen.get(name) for r in self.rows if r.state is State.LIVE}

    def _contested(self, name: str) -> bool:
        """Whether the sides differ only in which of two records they name, of which one is meant
        by merges that contradict each other."""
        live = [self.planner.shown(row) for row in self.rows if row.state is State.LIVE]
        named = [_named(shown.values.get(name)) for shown in live]
        apart = {one for names in named for one in names if any(one not in n for n in named)}
        return bool(apart) and any(apart <= pair for pair in self.contradictions)

    def _vendor_default(self, name: str) -> str:
        """The side that added the value itself when Tieline made the record, if one did."""
        made = {
            r.side
            for r in self.rows
            if r.how in ("created", "recovered") and r.seen.get(name) is not None
        }
        for op in Journal(self.planner.store).history(self.entity) if made else []:
            sent = {f["name"] for f in op["action"]["fields"]}
            if op["verb"] == "create" and op["side"] in made and name not in sent:
                return str(op["side"])
        return ""

    def _difference(
        self,
        name: str,
        cause: str,
        message: str,
        values: Mapping[str, Value],
        *,
        explained: bool,
    ) -> Difference:
        return Difference(
            self.kind, self.entity, name, cause, message, explained, values, self.records
        )
