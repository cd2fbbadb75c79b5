"""Decides all entities that need a look, and gathers what was decided into a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from config.model import Config
from config.rules import given_orders, kind_settings, rules_for
from core.clock import Clock
from mapping.canonical import KINDS, FieldDef
from sync.aftermath import after_conversion
from sync.answers import Answers, facts_of
from sync.bind import links_as_answered
from sync.conversions import Conversions
from sync.deletion import made_anew
from sync.detect import look_again
from sync.duplicates import merge_duplicates
from sync.fields import Projected
from sync.fights import Past, split_fights
from sync.figures import calls, counted
from sync.guard import judge
from sync.journal import Journal
from sync.match import Matcher, Matching, held_by_questions
from sync.model import (
    Action,
    Entity,
    Plan,
    Question,
    Row,
    Settlement,
    Shown,
    State,
    Statistics,
    Value,
    Verb,
)
from sync.moves import follow_moves, propagate_merges
from sync.privacy import hidden
from sync.reconcile import Decision, Rules, Target, creation_question, decide
from sync.refs import References, shape_of
from sync.sides import Side, by_name
from sync.store import Store
from sync.undone import Undone
from sync.waiting import open_fights
from sync.wishes import NO_WISHES, Wishes

FORWARD_ONLY = frozenset({("person", "lifecycle_stage")})
"""Ordered fields whose backward moves travel only where the configuration allows it."""

_CHUNK = 500


@dataclass(slots=True)
class Draft:
    """A plan while it is being made."""

    actions: list[Action] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    entities: set[str] = field(default_factory=set)
    decided: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    """Entities that have all the records that they are to have."""
    unlink: list[tuple[str, str]] = field(default_factory=list)
    linked: dict[str, dict[str, int]] = field(default_factory=dict)
    ambiguous: int = 0
    answered: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    def follow(self, answered: Mapping[int, Sequence[tuple[str, str]]]) -> None:
        """Note answers that are followed, and by which writes."""
        for answer, waits in answered.items():
            self.answered.setdefault(answer, []).extend(waits)


class Planner:
    """Makes a plan from what the store holds; reads no side except to follow moved records."""

    def __init__(
        self,
        config: Config,
        sides: Sequence[Side],
        store: Store,
        definitions: Mapping[str, Mapping[str, FieldDef]],
        clock: Clock,
        run: str,
        wishes: Wishes = NO_WISHES,
    ) -> None:
        self.config = config
        self.sides = sides
        self.store = store
        self.definitions = definitions
        self.clock = clock
        self.run = run
        self.wishes = wishes
        self.references = References(store, sides)
        self.journal = Journal(store)
        self.run_number = self.journal.number_of(run)
        self.fights = open_fights(store)
        self.retries = {(r.entity, r.side, r.field): r for r in self.journal.retries()}
        self.undone = Undone.of(store)
        self.answers = Answers(store)
        self.matcher = Matcher(
            store, sides, self.references, definitions, run, self.answers, given_orders(config)
        )
        self.rules = self._rules()
        self.conversions = Conversions(
            sides, self.matcher, self.references, self.answers, self.rules
        )
        self.held = held_by_questions(store)
        """(entity, side): not made there until a person has said which deal is which."""
        self._projected: dict[tuple[str, str, str, str], Projected] = {}

    def _rules(self) -> Rules:
        settings = {
            (kind, name): rules_for(self.config, kind, name, definition.type)
            for kind, fields in self.definitions.items()
            for name, definition in fields.items()
        }
        kinds = {kind: kind_settings(self.config, kind) for kind in KINDS}
        return Rules(
            field=lambda kind, name: settings[kind, name],
            kind=kinds.__getitem__,
            shape=lambda kind, name: shape_of(self.definitions[kind][name]),
            order=lambda kind, name: _order(self.definitions[kind][name]),
            forward_only=lambda kind, name: (kind, name) in FORWARD_ONLY,
            project=self.project,
            missing_required=self.missing_required,
            wishes=self.wishes,
            supplies=self._supplies,
            answer_to=self.answers.to,
            replaced=self.answers.replacement,
        )

    # -- the pass --------------------------------------------------------------------------

    def plan(self, plan_id: str, digest: str, statistics: Statistics) -> Plan:
        """Match and decide everything; the plan's guards are judged at the end."""
        draft = Draft()
        contradictions = follow_moves(self.store, self.sides)
        unanswered, followed = links_as_answered(self.answers, contradictions, self.store, self.run)
        draft.questions.extend(unanswered)
        draft.follow(dict.fromkeys(followed, ()))
        moves = propagate_merges(
            self.store,
            self.sides,
            self._merges_are_carried_out,
            self.answers.to,
            self.answers.apart,
        )
        merge_duplicates(self.store, self.sides, self.answers, moves)
        self.matcher.resting.update(moves.resting)
        draft.questions.extend(moves.questions)
        draft.follow(moves.answered)
        draft.actions.extend(a for a in moves.actions if not self._must_wait(a, ""))
        self.references.forget()
        for kind in KINDS:
            matching = self._match(kind)
            self._note_matching(kind, matching, draft)
            self._decide_kind(kind, draft, self._hold(kind, matching))
        return self._finish(plan_id, digest, draft, statistics)

    def _match(self, kind: str) -> Matching:
        """Match a kind. What is asked is kept with what was linked: a run that died between the
        two would take deals for known that were as new as the one asked about."""
        if self.store.vault.active:
            self._uncover(self.store.unattached(kind))
        with self.store.atomic():
            matching = self.matcher.match(kind, self.rules.kind(kind))
            self.store.ask(self.answers.asked(matching.questions), self.clock.now(), facts_of)
        return matching

    def _hold(self, kind: str, matching: Matching) -> set[str]:
        """Hold back what is asked about; returns the entities that are, or were until now."""
        if kind != "opportunity":
            return set()
        before, self.held = self.held, matching.held
        return {entity for entity, _ in before | self.held}

    def hold_back(self) -> None:
        """Learn which deals are held back, without a plan: also by what a person left open."""
        self._hold("opportunity", self._match("opportunity"))

    def _merges_are_carried_out(self, kind: str) -> bool:
        return self.rules.kind(kind).merges == "merge"

    def _note_matching(self, kind: str, matching: Matching, draft: Draft) -> None:
        draft.questions.extend(matching.questions)
        draft.ambiguous += matching.ambiguous
        draft.follow({answer.id: () for answer in matching.answered})
        for side, number in matching.linked.items():
            draft.linked.setdefault(side, {})[kind] = number

    def _decide_kind(self, kind: str, draft: Draft, asked: Collection[str]) -> None:
        """Decide what needs a look, and the entities that are or were asked about."""
        self.references.hopeful = frozenset()
        entities = sorted({*self.store.dirty_entities(kind), *asked})
        start = len(draft.actions)
        self.references.hopeful = self._may_come(kind, entities)
        for chunk in _chunked(entities, _CHUNK):
            found = self._known(chunk)
            for entity in chunk:
                self._decide_entity(entity, kind, found.get(entity, []), draft)
        self.references.hopeful = frozenset()
        self._prune_unmet_references(kind, draft, start)

    def _known(self, entities: Sequence[str]) -> dict[str, list[Row]]:
        """The rows of some entities; those whose values are kept as hashes are read again."""
        found = self.store.by_entities(entities)
        if not self.store.vault.active:
            return found
        rows = [row for one in found.values() for row in one]
        self._uncover(rows)
        return self.store.by_entities(entities)

    def _uncover(self, rows: Sequence[Row]) -> None:
        unknown = [row for row in rows if any(hidden(v) for v in row.seen.values())]
        look_again(unknown, self.store, self.sides)

    def _may_come(self, kind: str, entities: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Entities of this kind that may be created by this very plan (parents of accounts)."""
        if not any(d.ref == kind and d.type == "ref" for d in self.definitions[kind].values()):
            return frozenset()
        names = [side.name for side in self.sides if side.may_create(kind)]
        return frozenset((entity, name) for entity in entities for name in names)

    def _decide_entity(self, entity: str, kind: str, rows: Sequence[Row], draft: Draft) -> None:
        decision = self.decide(entity, kind, rows)
        draft.decided.append(entity)
        if not decision.creates():
            draft.made.append(entity)
        kept = [action for a in decision.actions if (action := self._due(a)) is not None]
        for action in kept:
            if action.verb is Verb.CREATE:
                self.references.planned[entity, action.side] = action.object_type
        draft.actions.extend(kept)
        draft.questions.extend(decision.questions)
        if not any(a.verb is Verb.ARCHIVE and self._must_wait(a, "") for a in decision.actions):
            draft.unlink.extend((entity, side) for side in decision.unlink)
        draft.follow(decision.answered)
        if decision.settlement:
            draft.settlements.append(decision.settlement)
        if kept or decision.settlement or decision.questions:
            draft.entities.add(entity)

    def decide(self, entity: str, kind: str, rows: Sequence[Row]) -> Decision:
        """Decide one entity from its rows (pure but for looking references up)."""
        shown = tuple(self.shown(row) for row in rows if row.state in (State.LIVE, State.ARCHIVED))
        gone = frozenset(r.side for r in rows if r.state in (State.GONE, State.MOVED))
        known = Entity(entity, kind, shown, gone - {s.side for s in shown})
        decision = decide(known, self._targets(known), self.rules)
        self.conversions.add(known, decision, {**_merged(known), **decision.agreed()})
        unfought = (self._unfought(action, decision) for action in decision.actions)
        decision.actions = [action for action in unfought if action is not None]
        return decision

    def shown(self, row: Row) -> Shown:
        """A row with its references resolved."""
        side = by_name(self.sides)[row.side]
        definitions = self.definitions[row.kind]
        seen = self._mapped(side, row)
        values, problems = self.references.resolve(row, seen, definitions)
        base, _ = self.references.resolve(row, row.base, definitions)
        base = self.references.with_former(row, base, values)
        return Shown(
            side=row.side,
            object_type=row.object_type,
            id=row.id,
            values=values,
            base=base,
            seen=self.references.with_entities(row, seen, definitions),
            base_seen=row.base,
            owes=frozenset(row.owes),
            writable=self._writable(side, row.object_type, creating=False),
            problems={**problems, **row.problems},
            modified=row.modified,
            awake=self.matcher.in_scope(row),
            archived=row.state is State.ARCHIVED,
            stamped=self._is_stamped(side, row),
            restorable=side.connector.capabilities.restore,
        )

    def _mapped(self, side: Side, row: Row) -> dict[str, Value]:
        """What the row shows, without fields that are mapped no longer: they are kept, not used."""
        names = side.mapping.canonical_fields(row.object_type)
        mapped = {name: row.seen[name] for name in names if name in row.seen}
        return {**mapped, **after_conversion(side, row)}

    def _writable(self, side: Side, object_type: str, *, creating: bool) -> frozenset[str]:
        mapping = side.mapping
        names = mapping.canonical_fields(object_type)
        return frozenset(n for n in names if mapping.writable(object_type, n, creating=creating))

    def _is_stamped(self, side: Side, row: Row) -> bool:
        wanted = side.settings.stamp_linked and side.stamp_field(row.object_type)
        return not wanted or row.stamp == row.entity

    def _due(self, action: Action) -> Action | None:
        """The action without what was refused lately and whose time has not come."""
        if self._must_wait(action, "") or self.undone.forbids(action, ""):
            return None
        allowed = (f for f in action.fields if not self.undone.forbids(action, f.name, f.new))
        waiting = {f.name for f in action.fields if self._must_wait(action, f.name)}
        due = replace(action, fields=tuple(allowed)).without(waiting)
        if due.fields == action.fields:
            return action
        if action.verb is Verb.UPDATE and not due.fields and not action.stamp:
            return None
        return due

    def _unfought(self, action: Action, decision: Decision) -> Action | None:
        """The action without what its side replaces each time; that becomes a question."""
        if action.verb is not Verb.UPDATE or not action.fields:
            return action
        fights = self.fights.get(action.entity, {})
        past = Past(self.journal.history(action.entity), self.run_number, fights)
        kept, questions = split_fights(action, past)
        decision.questions.extend(questions)
        return kept

    def _must_wait(self, action: Action, name: str) -> bool:
        entry = self.retries.get((action.entity, action.side, name))
        if entry is None or entry.digest != self.journal.digest(action, name):
            return False
        return entry.next_at > self.clock.now()

    # -- creation --------------------------------------------------------------------------

    def _targets(self, entity: Entity) -> list[Target]:
        deletes = self.rules.kind(entity.kind).deletes
        made_again = made_anew(entity, self.rules.kind(entity.kind), self.answers.to)
        present = {s.side for s in entity.shown} - made_again
        if not any(s.awake and not s.archived for s in entity.shown):
            return []
        if self.store.merged_into(entity.id):
            return []  # it lives on as another, which has the records that it is to have
        wanted_back = self.answers.restores(entity.id)
        barred = {s for s in entity.gone if deletes[s] != "restore" and not wanted_back}
        return [
            self._target(entity, side)
            for side in self.sides
            if side.name not in present | barred and side.object_types(entity.kind)
        ]

    def _target(self, entity: Entity, side: Side) -> Target:
        if not side.may_create(entity.kind):
            refused = f"{entity.kind}s are not created on {side.name}"
            return Target(side.name, "", frozenset(), refused=refused)
        if (entity.id, side.name) in self.held:
            return Target(side.name, "", frozenset(), refused="a record there may be its own")
        values = _merged(entity)
        scope = side.settings.scope.get(entity.kind, [])  # type: ignore[call-overload]
        look = lambda path: self.matcher.value_of(values, entity.kind, path)  # noqa: E731
        if not self.matcher.meets(scope, look):
            return Target(side.name, "", frozenset(), refused=f"outside the scope of {side.name}")
        object_type = self._create_as(side, entity.kind, values)
        answer = None
        if object_type is None:
            text = f"no `create_as` rule of {side.name} fits this {entity.kind}"
            answer = self.answers.to(creation_question(entity, side.name, text))
            if answer is None or answer.value not in side.object_types(entity.kind):
                return Target(side.name, "", frozenset(), refused=f"ask: {text}")
            object_type = str(answer.value)
        creatable = self._writable(side, object_type, creating=True)
        return Target(side.name, object_type, creatable, answer=answer)

    def _create_as(self, side: Side, kind: str, values: Mapping[str, Value]) -> str | None:
        rules = side.settings.create_as.get(kind, [])  # type: ignore[call-overload]
        if not rules:
            return side.object_types(kind)[0]
        look = lambda path: self.matcher.value_of(values, kind, path)  # noqa: E731
        for rule in rules:
            if self.matcher.meets(rule.when, look):
                return str(rule.object)
        return None

    def missing_required(self, target: Target, values: Mapping[str, Value]) -> str:
        """The first field that the side requires on creation and that would be empty."""
        side = by_name(self.sides)[target.side]
        filled: set[str] = set()
        for name in values:
            filled.update(side.mapping.vendor_fields(target.object_type, name))
        required = sorted(side.required(target.object_type))
        return next((name for name in required if name not in filled), "")

    def _supplies(self, target: Target, vendor_field: str) -> str:
        mapping = by_name(self.sides)[target.side].mapping
        names = sorted(target.creatable)
        found = (n for n in names if vendor_field in mapping.vendor_fields(target.object_type, n))
        return next(found, "")

    # -- projection ------------------------------------------------------------------------

    def project(self, side: str, object_type: str, name: str, value: Value) -> Projected:
        """What a side would show after being written with a value."""
        if value is None:
            return Projected(None)
        there = by_name(self.sides)[side]
        kind = there.mapping.kind_of(object_type)
        definition = self.definitions[kind][name]
        if definition.type in ("ref", "owner", "roles"):
            return self.references.project(side, object_type, definition, value)
        key = (side, object_type, name, orjson.dumps(value).decode())
        if key not in self._projected:
            self._projected[key] = _projected(there, object_type, name, value)
        return self._projected[key]

    def _prune_unmet_references(self, kind: str, draft: Draft, start: int) -> None:
        """Take out references to records of the same kind that will not exist after all."""
        refs = {n for n, d in self.definitions[kind].items() if d.type == "ref" and d.ref == kind}
        for place in range(start, len(draft.actions)):
            action = draft.actions[place]
            fields = (f for f in action.fields if f.name in refs)
            unmet = {f.name for f in fields if not self._met(f.new, action)}
            if unmet:
                draft.actions[place] = action.without(unmet)
        draft.actions[start:] = [
            a for a in draft.actions[start:] if a.fields or a.stamp or a.verb is not Verb.UPDATE
        ]

    def _met(self, entity: Value, action: Action) -> bool:
        if entity is None or self.references.record_of(entity, action.side):
            return True
        return (entity, action.side) in self.references.planned

    # -- the end ---------------------------------------------------------------------------

    def _finish(self, plan_id: str, digest: str, draft: Draft, statistics: Statistics) -> Plan:
        draft.questions = self.answers.asked(draft.questions)
        self.answers.let_pass(set(draft.decided), draft.answered)
        self.store.set_unmade(draft.made, False)
        self.store.ask(draft.questions, self.clock.now(), facts_of)
        labels = {q.entity for q in draft.questions} | set(draft.decided)
        self.store.close_questions(labels, [q.id for q in draft.questions])
        self.store.close_stale_matches([q.id for q in draft.questions])
        return self.assemble(plan_id, digest, draft, statistics)

    def assemble(self, plan_id: str, digest: str, draft: Draft, statistics: Statistics) -> Plan:
        """A plan out of its parts, with what the guards say of it and what it costs."""
        statistics = replace(
            counted(statistics, draft.actions, self.store),
            ambiguous=draft.ambiguous,
            new_links=draft.linked,
        )
        rows = [
            row
            for found in self.store.by_entities(sorted(draft.entities)).values()
            for row in found
        ]
        return Plan(
            id=plan_id,
            made_at=self.clock.now(),
            digest=digest,
            actions=tuple(draft.actions),
            settlements=tuple(draft.settlements),
            questions=tuple(draft.questions),
            unlink=tuple(draft.unlink),
            rows=tuple(rows),
            statistics=statistics,
            violations=tuple(judge(statistics, self.config.guards)),
            cost=calls(draft.actions, self.sides),
            answered=tuple(self.answers.applied(draft.answered)),
        )


def _projected(side: Side, object_type: str, name: str, value: Value) -> Projected:
    """A plain value as a side would show it, or why its mapping or its schema cannot take it."""
    raw = side.mapping.from_canonical(object_type, {name: value})
    if name in raw.errors:
        return Projected(None, problem=str(raw.errors[name]))
    refusal = side.misfit(object_type, raw.values)
    if refusal:
        return Projected(None, problem=refusal)
    shown = side.mapping.project(object_type, {name: value})
    if name in shown.errors:
        return Projected(None, problem=str(shown.errors[name]))
    return Projected(shown.values.get(name))


def _order(definition: FieldDef) -> tuple[str, ...]:
    return definition.values if definition.ordered else ()


def _merged(entity: Entity) -> dict[str, Value]:
    """All values of an entity, the first side's where several have one."""
    merged: dict[str, Value] = {}
    for shown in entity.shown:
        for name, value in shown.values.items():
            if merged.get(name) is None:
                merged[name] = value
    return merged


def _chunked(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
