"""The way back from a run: what it wrote is put back, as far as nobody has changed it since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.base import RemoteRecord
from core.errors import SettingsError
from sync.answers import digest
from sync.detect import observe
from sync.journal import Journal
from sync.model import Action, FieldWrite, Plan, Question, Row, State, Statistics, Value, Verb
from sync.planner import Draft, Planner
from sync.privacy import hidden
from sync.sides import by_name

Key = tuple[str, str, str]
Op = Mapping[str, Any]

CAUSE = "undo"
"""The cause of what an undo leaves as it is, in the plan's questions."""
PURPOSE = "undo"
"""The purpose of a plan that takes a run back."""


def plan_undo(planner: Planner, run: str, digest: str, statistics: Statistics) -> Plan:
    """The plan that takes a run back. What has changed since is left as it is, and listed as a
    question of cause "undo", field by field.

    Reads the records that the run wrote, and puts what they show now into the planner's store.
    Raises SettingsError for an unknown run, ConnectorError.
    """
    journal = Journal(planner.store)
    known = [r["id"] for r in journal.runs(last=1_000_000)]
    if run not in known:
        latest = ", ".join(known[:3]) or "none yet"
        raise SettingsError(f"there is no run {run}", remedy=f"The latest runs: {latest}.")
    written = journal.written(run)
    _look_again(planner, written)
    written = journal.written(run)  # hidden values are known now, where the sides still show them
    undoing = _Undoing(planner, run)
    for op in written:
        undoing.take(op)
    undoing.decide()
    draft = Draft(actions=undoing.actions(), questions=undoing.left)
    draft.entities.update(action.entity for action in draft.actions)
    plan = planner.assemble(f"undo-{run}", digest, draft, statistics)
    return replace(plan, purpose=PURPOSE, subject=(run,))


def _look_again(planner: Planner, written: Sequence[Op]) -> None:
    """Read the written records by id: what they show now decides, not what was read last."""
    groups: dict[tuple[str, str], list[str]] = {}
    for op in written:
        if op["record_id"] and op["side"] in by_name(planner.sides):
            groups.setdefault((op["side"], op["object_type"]), []).append(op["record_id"])
    for (name, object_type), ids in groups.items():
        side = by_name(planner.sides)[name]
        kind = side.mapping.kind_of(object_type)
        records = side.connector.fetch(object_type, side.read_fields(object_type), ids)
        observe(side, kind, records, planner.store)
        answered = {r.requested_id or r.id for r in records}
        gone = [RemoteRecord(object_type, i, archived=True) for i in ids if i not in answered]
        observe(side, kind, gone, planner.store)
    planner.references.forget()


@dataclass(slots=True)
class _Field:
    """One field that the run wrote: what was there before, what it set, how that looked then."""

    written: FieldWrite
    old: Value
    after: Value
    known: bool
    """False: the answer was lost, or a part was refused: only a look can tell what happened."""


@dataclass(slots=True)
class _Undoing:
    """Gathers what a run wrote, record by record, and decides what is put back."""

    planner: Planner
    run: str
    created: dict[Key, Op] = field(default_factory=dict)
    archived: list[Op] = field(default_factory=list)
    updated: dict[Key, dict[str, _Field]] = field(default_factory=dict)
    raw: dict[Key, dict[str, Value]] = field(default_factory=dict)
    left: list[Question] = field(default_factory=list)
    puts: dict[Key, tuple[FieldWrite, ...]] = field(default_factory=dict)
    ends: dict[Key, Row] = field(default_factory=dict)
    """Records that the run made and that are archived again."""
    back: list[Row] = field(default_factory=list)

    # -- gathering -------------------------------------------------------------------------

    def take(self, op: Op) -> None:
        """Sort one journalled write of the run."""
        verb, done = Verb(op["verb"]), op["state"] == "done"
        key = (op["side"], op["object_type"], str(op["record_id"]))
        if verb is Verb.CREATE and done:
            self.created[key] = op
        elif verb is Verb.UPDATE and op["state"] not in ("refused", "stale"):
            self._take_update(key, op, done)
        elif verb is Verb.ARCHIVE and done:
            self.archived.append(op)
        elif verb in (Verb.MERGE, Verb.CONVERT) and done:
            self._leave(op, "", f"a {verb} cannot be taken back", {})
        elif verb is Verb.RESTORE and done:
            self._leave(op, "", "a restored record is not deleted again", {})

    def _take_update(self, key: Key, op: Op, done: bool) -> None:
        fields = self.updated.setdefault(key, {})
        for name, value in op["before"].items():
            self.raw.setdefault(key, {}).setdefault(name, value)
        for data in op["action"]["fields"]:
            written = FieldWrite(**data)
            # not in `after`: refused as a whole or in part, or left for later
            known = done and (op["after"] is None or written.name in op["after"])
            first = fields.get(written.name)
            old = first.old if first else written.old
            after = (op["after"] or {}).get(written.name)
            fields[written.name] = _Field(written, old, after, known=known)

    # -- deciding --------------------------------------------------------------------------

    def decide(self) -> None:
        """Decide every record that the run wrote."""
        for key, op in self.created.items():
            self._end(key, op)
        for op in self.archived:
            self._bring_back(op)
        for key, fields in self.updated.items():
            if key not in self.created:
                self._put_back(key, fields)
        self._spare_what_is_referred_to()

    def _end(self, key: Key, op: Op) -> None:
        """A record that the run made is archived, unless it shows what Tieline did not write."""
        row = self.planner.store.row(*key)
        if row is None or row.state in (State.ARCHIVED, State.GONE):
            return  # gone already
        if row.state is State.MOVED or row.entity is None:
            self._leave(op, "", f"it lives on as {row.moved_type} {row.moved_id}", {})
            return
        expected = dict(row.base) if op["after"] is None else {}
        for later in Journal(self.planner.store).history(row.entity):
            if (later["side"], later["object_type"], later["record_id"]) == key:
                expected.update(later["after"] or {})
        edited = sorted(n for n, v in row.seen.items() if v != expected.get(n))
        for name in edited:
            message = f"made by {self.run}, but {name} was changed there since: the record stays"
            shown = {key[0]: row.seen[name], "before": expected.get(name)}
            self._leave(op, name, message, shown)
        if not edited:
            self.ends[key] = row

    def _bring_back(self, op: Op) -> None:
        row = self.planner.store.row(op["side"], op["object_type"], op["record_id"])
        if row is None or row.state is State.LIVE:
            return
        side = by_name(self.planner.sides).get(op["side"])
        if side is None or not side.connector.capabilities.restore:
            text = f"{op['side']} cannot bring {op['object_type']} {op['record_id']} back"
            self._leave(op, "", text, {})
        elif row.state is State.MOVED:
            self._leave(op, "", f"it lives on as {row.moved_type} {row.moved_id}", {})
        else:
            self.back.append(row)

    def _put_back(self, key: Key, fields: Mapping[str, _Field]) -> None:
        row = self.planner.store.row(*key)
        if row is None or row.state is not State.LIVE or row.entity is None:
            for name, found in fields.items():
                if found.known:
                    self._leave_field(key, found, name, "the record is gone or was merged", None)
            return
        definitions = self.planner.definitions[row.kind]
        shown, _ = self.planner.references.resolve(row, row.seen, definitions)
        puts = [self._put(row, name, found, shown) for name, found in fields.items()]
        self.puts[key] = tuple(p for p in puts if p is not None)

    def _put(
        self, row: Row, name: str, found: _Field, shown: Mapping[str, Value]
    ) -> FieldWrite | None:
        now = shown.get(name)
        if now == found.old:
            return None  # it is as it was before
        as_left = row.seen.get(name) == found.after if found.after is not None else False
        if not as_left and now != found.written.new:
            who = self._who(row, name) if found.known else "taken in part, or changed since"
            self._leave_field(row.key, found, name, who, now)
            return None
        if hidden(found.old):
            self._leave_field(row.key, found, name, "what it replaced is kept as a hash only", now)
            return None
        if not self._can_hold(row, name, found.old):
            reason = "what it referred to is no longer there"
            self._leave_field(row.key, found, name, reason, now)
            return None
        why = f"put back what {self.run} replaced"
        return FieldWrite(name, now, found.old, row.side, f"undo {self.run}", why)

    def _can_hold(self, row: Row, name: str, value: Value) -> bool:
        definition = self.planner.definitions[row.kind].get(name)
        if definition is None or row.side not in by_name(self.planner.sides):
            return False
        if definition.type != "ref" or any(value == r.entity for r in self.back):
            return True
        found = self.planner.references.localise(row.side, row.object_type, definition, value)
        return found[1]

    def _who(self, row: Row, name: str) -> str:
        """In words, who changed a field since the run."""
        later = [
            op["run"]
            for op in Journal(self.planner.store).history(str(row.entity))
            if op["run"] > self.run
            and (op["side"], op["object_type"], op["record_id"]) == row.key
            and name in (op["after"] or {})
        ]
        if later:
            return f"written again by {later[-1]}"
        return f"changed on {row.side} since"

    # -- references ------------------------------------------------------------------------

    def _spare_what_is_referred_to(self) -> None:
        """A record stays when one that stays refers to it: its reference would be lost."""
        while spared := self._referred_to():
            for target, referrer in spared.items():
                del self.ends[target]
                text = f"{referrer.object_type} {referrer.id} refers to it: the record stays"
                self._leave(self.created[target], "", f"made by {self.run}, but {text}", {})

    def _referred_to(self) -> dict[Key, Row]:
        found: dict[Key, Row] = {}
        for side in sorted({key[0] for key in self.ends}):
            for row in self.planner.store.rows("side = ? AND state = 'live'", (side,)):
                if row.key in self.ends:
                    continue
                for target in self._kept_targets(row):
                    if target in self.ends:
                        found[target] = row
        return found

    def _kept_targets(self, row: Row) -> set[Key]:
        """The records that a record still refers to once its fields are put back. A membership
        without a role of its own only repeats the reference beside it, and goes with it."""
        put = {f.name for f in self.puts.get(row.key, ())}
        taken = set(_targets(row.side, [v for n, v in row.seen.items() if n in put]))
        kept = [(n, v) for n, v in row.seen.items() if n not in put]
        bare = set(_targets(row.side, [_bare(v) for _, v in kept]))
        own = set(_targets(row.side, [_roles(v) for _, v in kept]))
        return own | (bare - taken)

    # -- the plan --------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """What is written, in the order of the run."""
        found = [self._action(row, Verb.RESTORE, f"archived by {self.run}") for row in self.back]
        for key, fields in self.puts.items():
            row = self.planner.store.row(*key)
            if fields and row is not None:
                found.append(self._update(row, fields))
        for row in self.ends.values():
            why = f"made by {self.run}"
            found.append(self._action(row, Verb.ARCHIVE, why, {"seen": digest(row.seen)}))
        return found

    def _update(self, row: Row, fields: tuple[FieldWrite, ...]) -> Action:
        mapping = by_name(self.planner.sides)[row.side].mapping
        vendor = {v for f in fields for v in mapping.vendor_fields(row.object_type, f.name)}
        raw = {n: v for n, v in self.raw.get(row.key, {}).items() if n in vendor}
        was = self.updated[row.key]
        undoes = {f.name: was[f.name].written.new for f in fields}
        why = f"undo of {self.run}"
        return self._action(row, Verb.UPDATE, why, {"raw": raw, "undoes": undoes}, fields)

    def _action(
        self,
        row: Row,
        verb: Verb,
        why: str,
        options: Mapping[str, Value] | None = None,
        fields: tuple[FieldWrite, ...] = (),
    ) -> Action:
        return Action(
            id=f"{verb}/{row.side}/{row.entity}",
            verb=verb,
            entity=str(row.entity),
            kind=row.kind,
            side=row.side,
            object_type=row.object_type,
            record_id=row.id,
            fields=fields,
            why=why,
            options=options or {},
        )

    def _leave_field(self, key: Key, found: _Field, name: str, reason: str, now: Value) -> None:
        row = self.planner.store.row(*key)
        kind = row.kind if row else by_name(self.planner.sides)[key[0]].mapping.kind_of(key[1])
        entity = str(row.entity) if row and row.entity else f"{key[1]}:{key[2]}"
        detail = {key[0]: now, "before": found.old, "written": found.written.new}
        message = f"{key[1]} {key[2]}: {reason}: left as it is"
        self.left.append(Question(CAUSE, kind, entity, key[0], name, message, detail))

    def _leave(self, op: Op, name: str, reason: str, detail: Mapping[str, Value]) -> None:
        message = f"{op['object_type']} {op['record_id']}: {reason}"
        question = Question(CAUSE, op["kind"], op["entity"], op["side"], name, message, detail)
        self.left.append(question)


def _is_bare(item: Value) -> bool:
    return isinstance(item, dict) and "ref" in item and not item.get("role")


def _bare(value: Value) -> Value:
    """The members of a set that have no role of their own."""
    return [item for item in value if _is_bare(item)] if isinstance(value, list) else None


def _roles(value: Value) -> Value:
    """A value without such members."""
    if not isinstance(value, list):
        return value
    return [item for item in value if not _is_bare(item)]


def _targets(side: str, values: Iterable[Value]) -> Iterator[Key]:
    """The records that values refer to, alone or in sets of roles."""
    for value in values:
        items = value if isinstance(value, list) else [value]
        for item in items:
            ref = item.get("ref", item) if isinstance(item, dict) else None
            if isinstance(ref, dict) and ref.keys() >= {"object", "id"}:
                yield (side, str(ref["object"]), str(ref["id"]))
