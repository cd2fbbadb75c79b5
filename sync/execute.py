"""Carries out a plan: journal, check, write in batches, settle what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.base import (
    Create,
    Done,
    Outcome,
    Refused,
    RemoteRecord,
    Unknown,
    Update,
)
from core.clock import Clock
from core.errors import ConnectorError, RecordError, RejectedError, StaleError
from mapping.canonical import KINDS, FieldDef
from sync.batches import Prepared, batches, merged
from sync.detect import Progress, merge_record, observe
from sync.events import Events
from sync.journal import Journal
from sync.model import (
    Action,
    Failure,
    FieldWrite,
    Plan,
    Report,
    Result,
    Row,
    State,
    Value,
    Verb,
)
from sync.refs import References, shape_of
from sync.rejoin import rejoin
from sync.sets import settled_part
from sync.settle import Settler, let_go
from sync.sides import Side, by_name
from sync.store import Store
from sync.transitions import COUNTED, WHOLE, check, done, write_for


@dataclass(slots=True)
class Executor:
    """Executes one plan; decides nothing."""

    sides: Sequence[Side]
    store: Store
    definitions: Mapping[str, Mapping[str, FieldDef]]
    clock: Clock
    report: Report
    progress: Progress = lambda *_: None
    journal: Journal = field(init=False)
    events: Events = field(init=False)
    references: References = field(init=False)
    acknowledged: set[tuple[str, str]] = field(init=False, default_factory=set)
    """(action id, field) that a vendor took."""
    refused_fields: set[tuple[str, str]] = field(init=False, default_factory=set)
    """(action id, field) that a vendor did not take, or only in part."""
    failed_sides: dict[str, ConnectorError] = field(init=False, default_factory=dict)
    _settler: Settler = field(init=False)
    _deferred: list[Action] = field(init=False, default_factory=list)
    _sent: dict[tuple[str, str, str, str], Value] = field(init=False, default_factory=dict)
    """Sets as they were written, by record and field."""
    _origin: dict[str, str] = field(init=False, default_factory=dict)
    """Deferred update -> the creation it belongs to."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.store)
        self.events = Events(self.store, self.report.run)
        self.references = References(self.store, self.sides)

    def execute(self, plan: Plan) -> None:
        """Merges and restores first, creates before updates, parents before children, conversions
        once their accounts are there, archives last and children first.

        A side that fails as a whole is left alone for the rest of the plan, the others go on.
        """
        self._settler = Settler(
            plan,
            self.store,
            self.references,
            self.events,
            self.acknowledged,
            self.refused_fields,
            self._sent,
        )
        for kind in KINDS:
            self._deferred = []
            self._stage(plan.actions, kind, Verb.MERGE)
            self._stage(plan.actions, kind, Verb.RESTORE)
            self._stage(plan.actions, kind, Verb.CREATE)
            self._stage([*plan.actions, *self._addressed()], kind, Verb.UPDATE)
            self._stage(plan.actions, kind, Verb.CONVERT)
        for kind in reversed(KINDS):
            self._stage(plan.actions, kind, Verb.ARCHIVE)
        self._settler.finish()

    def _stage(self, actions: Sequence[Action], kind: str, verb: Verb) -> None:
        groups: dict[tuple[str, str], list[Action]] = {}
        for action in actions:
            if action.kind == kind and action.verb is verb:
                groups.setdefault((action.side, action.object_type), []).append(action)
        sides = by_name(self.sides)
        for (name, object_type), group in sorted(groups.items()):
            if name not in self.failed_sides:
                self._group(sides[name], object_type, verb, merged(group))

    def _addressed(self) -> list[Action]:
        """Deferred updates of what has been created meanwhile."""
        found = ((a, self.references.record_of(a.entity, a.side)) for a in self._deferred)
        return [replace(action, record_id=record[1]) for action, record in found if record]

    def _group(self, side: Side, object_type: str, verb: Verb, actions: list[Action]) -> None:
        size = side.connector.capabilities.batch_for(len(actions))
        try:
            # checked before they are cut into calls, so that skipped ones cost no part of a call
            for batch in batches(self._prepared(side, object_type, verb, actions), size):
                self._send(side, object_type, batch)
                self.progress("write", side.name, object_type, len(batch))
        except ConnectorError as error:
            self.failed_sides[side.name] = error
            self.report.escalate(Result.PARTIAL)

    # -- preparing -------------------------------------------------------------------------

    def _prepared(
        self, side: Side, object_type: str, verb: Verb, actions: Sequence[Action]
    ) -> Iterator[Prepared]:
        size = side.connector.capabilities.fetch_batch
        for start in range(0, len(actions), size):
            batch = actions[start : start + size]
            if verb is Verb.CREATE:
                found = [self._prepare_create(side, action) for action in batch]
            else:
                found = self._prepare_existing(side, object_type, verb, batch)
            yield from (prepared for prepared in found if prepared is not None)

    def _prepare_create(self, side: Side, action: Action) -> Prepared | None:
        if self.references.record_of(action.entity, side.name) is not None:
            return None  # there already: made by an interrupted run
        values, kept, left_out = self._localised(side, action, {})
        raw = side.mapping.from_canonical(action.object_type, values)
        stamp_field = side.stamp_field(action.object_type)
        fields = dict(raw.values)
        if stamp_field:
            fields[stamp_field] = action.entity
        self._note_errors(action, raw.errors)
        kept = tuple(f for f in kept if f.name not in raw.errors)
        return Prepared(
            action, lambda op: Create(op, fields, stamp_field), kept, (*left_out, *raw.errors)
        )

    def _prepare_existing(
        self, side: Side, object_type: str, verb: Verb, actions: Sequence[Action]
    ) -> list[Prepared | None]:
        ids = [str(a.record_id) for a in actions]
        if verb is Verb.MERGE:
            ids += [str(a.other_id) for a in actions]
        fields = self._fields_to_check(side, object_type, actions)
        records = side.connector.fetch(object_type, fields, ids) if fields else []
        observe(side, actions[0].kind, records, self.store)
        current = {r.requested_id or r.id: r for r in records}
        rows = self.store.by_ids(side.name, object_type, ids)
        prepare = self._prepare_update if verb is Verb.UPDATE else self._prepare_whole
        with self.store.atomic():
            prepared = [
                prepare(side, a, rows.get(str(a.record_id)), current.get(str(a.record_id)))
                for a in actions
            ]
            self._settler.advance(a.entity for a in actions if self._found(a))
        return prepared

    def _found(self, action: Action) -> bool:
        """Whether the side was found to show some of what was to be written."""
        return any((action.id, f.name) in self.acknowledged for f in action.fields)

    def _fields_to_check(
        self, side: Side, object_type: str, actions: Sequence[Action]
    ) -> list[str]:
        if any(a.verb in WHOLE for a in actions):
            return list(side.read_fields(object_type))
        names = sorted({f.name for a in actions for f in a.fields})
        found = [v for name in names for v in side.mapping.neighbours(object_type, name)]
        stamp = side.stamp_field(object_type)
        return list(dict.fromkeys([*found, *([stamp] if stamp else [])]))

    def _prepare_update(
        self, side: Side, action: Action, row: Row | None, record: RemoteRecord | None
    ) -> Prepared | None:
        if row is None or record is None or row.state is not State.LIVE:
            return self._stale(action, "it is no longer there")
        if row.entity != action.entity:
            return self._stale(action, "it belongs to another entity now")
        shown, _ = self.references.resolve(row, row.seen, self.definitions[row.kind])
        wanted = [f for f in action.fields if shown.get(f.name) != f.new]
        there = [f for f in action.fields if f not in wanted]
        for written in there:
            self._acknowledge(action, written, row, row.seen)
        self.store.put([row])
        self.events.found(row, {f.name: (f.source, f.rule) for f in there})
        moved = [f.name for f in wanted if shown.get(f.name) != f.old]
        if moved:
            return self._stale(action, f"{', '.join(moved)} changed since the plan was made")
        stamp_field = side.stamp_field(row.object_type) if action.stamp else None
        if row.stamp == action.entity:
            stamp_field = None
        if not wanted and not stamp_field:
            return None
        return self._update_write(side, action, row, record, tuple(wanted), stamp_field)

    def _update_write(
        self,
        side: Side,
        action: Action,
        row: Row,
        record: RemoteRecord,
        wanted: tuple[FieldWrite, ...],
        stamp_field: str | None,
    ) -> Prepared | None:
        values, kept, left_out = self._localised(side, action, row.seen, wanted)
        raw = side.mapping.from_canonical(row.object_type, values, record.fields)
        self._note_errors(action, raw.errors)
        kept = tuple(f for f in kept if f.name not in raw.errors)
        exact = action.options.get("raw", {})
        fields = {**raw.values, **{n: v for n, v in exact.items() if record.fields.get(n) != v}}
        before = self._before(side, row.object_type, fields, record)
        if stamp_field:
            fields[stamp_field] = action.entity
        if not fields:
            return None
        expect = {name: record.fields.get(name) for name in fields}
        return Prepared(
            action,
            lambda op: Update(op, row.id, fields, expect),
            kept,
            (*left_out, *raw.errors),
            row,
            before,
        )

    def _before(
        self, side: Side, object_type: str, fields: Mapping[str, Value], record: RemoteRecord
    ) -> dict[str, Value]:
        """The vendor's values that are replaced; associations are put back member by member."""
        sets = side.connector.capabilities.association_fields.get(object_type, {})
        kind, mapping = side.mapping.kind_of(object_type), side.mapping
        hides = (n for n in self.definitions[kind] if self.store.vault.is_personal(kind, n))
        left_out = {v for n in hides for v in mapping.vendor_fields(object_type, n)} | set(sets)
        return {name: record.fields.get(name) for name in fields if name not in left_out}

    def _prepare_whole(
        self, side: Side, action: Action, row: Row | None, record: RemoteRecord | None
    ) -> Prepared | None:
        reason = check(action, row)
        if not reason and action.verb is Verb.MERGE:
            loser = self.store.row(side.name, action.object_type, str(action.other_id))
            reason = "" if loser and loser.state is State.LIVE else "its twin is no longer there"
        if reason:
            return self._stale(action, reason)
        try:
            write_for(action, "", side, self.references)
        except StaleError as error:
            return self._stale(action, str(error).removeprefix("skipped: "))
        return Prepared(
            action, lambda op: write_for(action, op, side, self.references), (), (), row
        )

    def _localised(
        self,
        side: Side,
        action: Action,
        current: Mapping[str, Value],
        wanted: Sequence[FieldWrite] | None = None,
    ) -> tuple[dict[str, Value], tuple[FieldWrite, ...], tuple[str, ...]]:
        """Values with the side's own ids, the fields carried whole, and those left out."""
        values: dict[str, Value] = {}
        kept: list[FieldWrite] = []
        left_out: list[str] = []
        for f in action.fields if wanted is None else wanted:
            definition = self.definitions[action.kind][f.name]
            value, whole = self.references.localise(
                side.name, action.object_type, definition, f.new, current.get(f.name)
            )
            if whole or definition.type == "roles":
                values[f.name] = value
            if whole:
                kept.append(f)
            else:
                left_out.append(f.name)
        self._defer(side, action, left_out)
        return values, tuple(kept), tuple(left_out)

    def _defer(self, side: Side, action: Action, left_out: Sequence[str]) -> None:
        """References to records of the same kind are set once all of them exist."""
        if action.verb is not Verb.CREATE:
            return
        fields = tuple(
            f
            for f in action.fields
            if f.name in left_out and self.definitions[action.kind][f.name].ref == action.kind
        )
        if fields:
            later = replace(
                action,
                id=f"update/{side.name}/{action.entity}",
                verb=Verb.UPDATE,
                fields=fields,
                stamp=False,
                why="the record it refers to had to be made first",
            )
            self._deferred.append(later)
            self._origin[later.id] = action.id

    # -- sending and settling --------------------------------------------------------------

    def _send(self, side: Side, object_type: str, batch: Sequence[Prepared]) -> None:
        actions, before = [p.action for p in batch], [p.before for p in batch]
        ops = self.journal.intend(self.report.run, actions, self.clock.now(), before)
        writes = [p.write(op) for p, op in zip(batch, ops, strict=True)]
        try:
            outcomes = side.connector.apply(object_type, writes)
        except ConnectorError as error:
            for op in ops:
                self.journal.conclude(op, "unknown", record_id=None, error=str(error))
            self.report.tally(side.name, batch[0].action.kind).unknown += len(ops)
            raise
        created = self._read_back(side, object_type, batch, outcomes)
        with self.store.atomic():
            for prepared, outcome in zip(batch, outcomes, strict=True):
                self._take(side, prepared, outcome, created)
            self._settler.advance(action.entity for action in actions)
        for prepared, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Done) and prepared.action.verb in WHOLE:
                done(self.store, side, prepared.action, outcome.id)
                self.acknowledged.add((prepared.action.id, ""))
                self.journal.passed(prepared.action.entity, side.name, [""])
                self.references.forget()

    def _read_back(
        self,
        side: Side,
        object_type: str,
        batch: Sequence[Prepared],
        outcomes: Sequence[Outcome],
    ) -> dict[str, RemoteRecord]:
        """What was created, whole: values that the vendor added belong to what was settled."""
        ids = [
            o.id
            for p, o in zip(batch, outcomes, strict=True)
            if isinstance(o, Done) and p.action.verb is Verb.CREATE
        ]
        if not ids:
            return {}
        fields = side.read_fields(object_type)
        try:
            return {r.id: r for r in side.connector.fetch(object_type, fields, ids)}
        except ConnectorError:
            return {}  # the next run reads them; what was written is known from the outcomes

    def _take(
        self,
        side: Side,
        prepared: Prepared,
        outcome: Outcome,
        created: Mapping[str, RemoteRecord],
    ) -> None:
        action = prepared.action
        tally = self.report.tally(side.name, action.kind)
        if isinstance(outcome, Done):
            after = {}
            if action.verb not in WHOLE:
                after = self._done(side, prepared, outcome, created.get(outcome.id))
            counter = COUNTED[action.verb]
            setattr(tally, counter, getattr(tally, counter) + 1)
            kept = self.store.vault.cover_all(action.kind, after)
            self.journal.conclude(outcome.op, "done", record_id=outcome.id, error=None, after=kept)
        elif isinstance(outcome, Refused):
            tally.refused += 1
            self._refused(action, "", outcome.error)
            state = "stale" if isinstance(outcome.error, StaleError) else "refused"
            self.journal.conclude(outcome.op, state, record_id=None, error=str(outcome.error))
        elif isinstance(outcome, Unknown):
            tally.unknown += 1
            self.report.escalate(Result.PARTIAL)
            self.journal.conclude(outcome.op, "unknown", record_id=None, error=outcome.reason)

    def _done(
        self, side: Side, prepared: Prepared, outcome: Done, whole: RemoteRecord | None
    ) -> dict[str, Value]:
        """Settle what was taken; returns what the side shows of it (of a new record: of all)."""
        action = prepared.action
        refused = self._refused_names(side, action, outcome)
        taken = [f for f in prepared.fields if f.name not in refused]
        row = self._row_after(side, action, outcome.id)
        self.references.linked(action.entity, side.name, row.object_type, row.id)
        before = dict(row.seen)
        for written in taken:
            row.seen[written.name] = self._local(row, written)
        record, changed_by_people = whole or outcome.record, row.modified
        if record is not None:
            merge_record(side, action.kind, record, row)
            # "latest wins" asks when people changed it, and this was no person
            row.modified = changed_by_people or row.modified
        taken = self._kept(action, taken, row)
        for written in taken:
            self._acknowledge(action, written, row, before)
        for name in refused & row.seen.keys():
            # parts of it may have been taken: what it shows now is our doing, not its own word
            row.base[name] = row.seen[name]
            self.refused_fields.add((action.id, name))
        if action.verb is Verb.CREATE:
            self.acknowledged.add((action.id, ""))
        row.dirty = row.unsettled
        if action.verb is Verb.CREATE:
            let_go(self.store, action.entity, side.name)  # what was deleted there is its tombstone
        self.store.put([row])
        if action.verb is Verb.CREATE:
            for key, names in rejoin(self.store, row).items():
                self._settler.rejoined.setdefault(key, set()).update(names)
        took = [f.name for f in taken]
        self.journal.passed(action.entity, side.name, ["", *took])
        return dict(row.seen) if action.verb is Verb.CREATE else {n: row.seen[n] for n in took}

    def _kept(self, action: Action, taken: Sequence[FieldWrite], row: Row) -> list[FieldWrite]:
        """The fields that the side did not silently leave as they were; those are refused."""
        shown, _ = self.references.resolve(row, row.seen, self.definitions[row.kind])
        left = [f for f in taken if f.name in shown and shown[f.name] == f.old != f.new]
        for f in left:
            message = f"{f.name}: {row.side} acknowledged the value and kept what it had"
            self._refused(action, f.name, RejectedError(message, field=f.name))
        return [f for f in taken if f not in left]

    def _row_after(self, side: Side, action: Action, record_id: str) -> Row:
        row = self.store.row(side.name, action.object_type, record_id)
        if row is None or row.entity is None:
            row = row or Row(side.name, action.object_type, record_id, action.kind)
            row.entity, row.how = action.entity, "created"
        row.stamp = action.entity if action.stamp else row.stamp
        return row

    def _local(self, row: Row, written: FieldWrite) -> Value:
        definition = self.definitions[row.kind][written.name]
        current = row.seen.get(written.name)
        return self.references.localise(
            row.side, row.object_type, definition, written.new, current
        )[0]

    def _acknowledge(
        self, action: Action, written: FieldWrite, row: Row, before: Mapping[str, Value]
    ) -> None:
        """The base moves to what was written; what the side makes of it is then its own change,
        unless the rule does not let it speak: then that is how it keeps the value."""
        self.acknowledged.add((action.id, written.name))
        self.acknowledged.add((self._origin.get(action.id, action.id), written.name))
        seen = {written.name: row.seen.get(written.name)}
        shown, _ = self.references.resolve(row, seen, self.definitions[row.kind])
        kept = shown.get(written.name) == written.new or written.one_way
        now = row.seen.get(written.name) if kept else self._local(row, written)
        shape = shape_of(self.definitions[row.kind][written.name])
        if shape != "scalar" and action.verb is Verb.UPDATE:
            self._sent[(*row.key, written.name)] = now
            now = settled_part(row.base.get(written.name), before.get(written.name), now, shape)
        row.base[written.name] = now
        if shape == "scalar":  # of a set, some members may still be lacking
            row.owes.discard(written.name)

    def _refused_names(self, side: Side, action: Action, outcome: Done) -> set[str]:
        """Canonical names of the fields that the vendor did not take; each is listed."""
        names: set[str] = set()
        for vendor_field, error in outcome.refused.items():
            for f in action.fields:
                if vendor_field in side.mapping.vendor_fields(action.object_type, f.name):
                    names.add(f.name)
                    self._refused(action, f.name, error)
        return names

    def _refused(self, action: Action, name: str, error: RecordError) -> None:
        self.report.escalate(Result.PARTIAL)
        self.report.failures.append(
            Failure(
                action.side, action.object_type, action.record_id, action.entity, name,
                str(error), error.remedy,
            )
        )  # fmt: skip
        self.events.refused(action, name, str(error))
        if not isinstance(error, StaleError):
            self.journal.postpone(action, name, error, self.clock.now())

    def _stale(self, action: Action, reason: str) -> Prepared | None:
        self.report.tally(action.side, action.kind).stale += 1
        self._refused(action, "", StaleError(f"skipped: {reason}"))
        return None

    def _note_errors(self, action: Action, errors: Mapping[str, RecordError]) -> None:
        for name, error in errors.items():
            self._refused(action, name, error)
