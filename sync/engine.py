"""run(): the named steps of a run, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from config.model import Config
from config.rules import duration
from core.clock import Clock
from core.errors import GuardError, SettingsError, StateError, TielineError
from mapping.canonical import KINDS, FieldDef
from sync import ground, newcomers, undone
from sync.answers import Answers, facts_of
from sync.bind import bind_as_answered
from sync.conceal import conceal, forget, vault_of
from sync.detect import Progress, look_again, read_kind, untold
from sync.drift import doubt, fit, heeding
from sync.erasure import forget_erased
from sync.execute import Executor
from sync.guard import enforce, told
from sync.handed import Handed, plan_handed
from sync.journal import Journal
from sync.lock import locked
from sync.model import Plan, Report, Result, Row, State, Statistics
from sync.planner import Planner
from sync.rebase import backfilled, chosen, rebase, remapped, settled_before, waiting_fields
from sync.recover import recover
from sync.rows import dumps
from sync.sides import Side, learn_owners
from sync.store import Store
from sync.undo import plan_undo
from sync.unmet import takes_of
from sync.verify import Verification, sample, verify
from sync.waiting import overdue, waiting, waiting_things, words
from sync.why import Story, locate, rules_of, why
from sync.wishes import Wishes

Backfill = Sequence[str] | None
"""The fields to backfill (none named: all that wait); None: no backfill."""
Definitions = Mapping[str, Mapping[str, FieldDef]]
Reached = tuple[str, str, str, str | None]
"""Side, object type, how far it was read, and when it was read in full."""
T = TypeVar("T")


def _silent(_step: str, _side: str, _what: str, _number: int) -> None:
    """Progress that nobody looks at."""


def _accept(_side: Side) -> None:
    """Takes every mapping as it is."""


@dataclass(slots=True)
class Engine:
    """Keeps the configured sides in step; everything it needs is passed in."""

    config: Config
    sides: Sequence[Side]
    definitions: Definitions
    folder: Path
    clock: Clock
    progress: Progress = _silent
    accept: Callable[[Side], None] = _accept
    """Raises ConfigError where a side's mapping does not fit its live schemas; asked before
    anything is read."""

    # -- commands --------------------------------------------------------------------------

    def run(
        self,
        *,
        allowed: frozenset[str] = frozenset(),
        full: bool = False,
        backfill: Backfill = None,
    ) -> Report:
        """One whole run. Raises GuardError before any write, LockedError, StateError, and the
        ConnectorError of a side that cannot be read.

        `backfill`: fields (`kind.field`; none named: all that wait) whose differences since
        their mapping changed are decided as at a first link.
        """
        with self.alone(), self.store() as store:
            journal = Journal(store)
            report = Report(journal.begin_run(self.clock.now()))
            try:
                self._rehearse(store, report.run, allowed, backfill)
                cursors = self._read(store, report, full=full)
                self._forget_erased(store, report, allowed)
                plan = self._decide(store, report.run, backfill)
                enforce(plan.violations, allowed)
                self._write(store, plan, report)
                self._finish(store, plan, report, cursors)
            except TielineError as error:
                stopped = Result.STOPPED if isinstance(error, GuardError) else Result.FAILED
                report.escalate(stopped)
                report.message = str(error)
                self._close(journal, report, error)
                raise
            self._close(journal, report, None)
            return report

    def plan(self, *, full: bool = False, backfill: Backfill = None) -> Plan:
        """What a run would do. Writes to no side, and leaves the state as it was."""
        with self._copy() as copy:
            plan_id = f"p{len(Journal(copy).runs(last=1_000_000)) + 1:06d}"
            self._read(copy, Report(plan_id), full=full)
            self._forget_erased(copy, Report(plan_id))
            return self._decide(copy, plan_id, backfill)

    def verify(self, *, some: int | None = None) -> Verification:
        """Read every side in full (or that many entities by id) and compare; writes nothing."""
        with self._copy() as copy:
            if some is not None:
                return self._verify_some(copy, some)
            self._read(copy, Report("verify"), full=True)
            planner = self._planner(copy, "verify")
            plan = planner.plan("verify", self.digest(), Statistics())
            return verify(planner, plan.questions)

    def _verify_some(self, copy: Store, number: int) -> Verification:
        self._learn(copy)
        changes = remapped(copy, self.sides)
        settled = settled_before(copy, changes)
        entities = sample(copy, number)
        known = copy.by_entities(entities).values()
        rows = [row for found in known for row in found]
        self._heeding_drift(copy, lambda: look_again(rows, copy, self.sides))
        rebase(copy, self.sides, changes, settled, "verify")
        planner = self._planner(copy, "verify")
        planner.hold_back()
        return verify(planner, (), set(entities))

    def plan_fix(self, prefer: str) -> Plan:
        """What brings the sides in step again: drift is decided for the preferred side, missing
        counterparts are made. Writes nothing. Raises SettingsError for an unknown side."""
        if prefer not in self.config.sides:
            known = ", ".join(self.config.sides)
            raise SettingsError(f"there is no side {prefer}", remedy=f"One of: {known}.")
        with self._copy() as copy:
            self._read(copy, Report("fix"), full=True)
            self._forget_erased(copy, Report("fix"))
            copy.mark_all_dirty()
            return replace(self._decide(copy, "fix", prefer=prefer), purpose="fix")

    def plan_undo(self, run: str) -> Plan:
        """The plan that takes a run back; what has changed since is left, and listed as questions
        of cause "undo". Writes nothing. Raises SettingsError for an unknown run."""
        with self._copy() as copy:
            self._read(copy, Report("undo"), full=False)
            self._forget_erased(copy, Report("undo"))
            statistics = Statistics(unconfirmed=self._unconfirmed(copy))
            return plan_undo(self._planner(copy, "undo"), run, self.digest(), statistics)

    def plan_handed(self, side: str, handed: Handed, source: str) -> tuple[Plan, list[str]]:
        """The plan that gives the records of one side some values from outside of the sync, and
        what it leaves out. Writes nothing. Raises SettingsError for an unknown side."""
        with self._copy() as copy:
            self._read(copy, Report("map"), full=False)
            statistics = Statistics(unconfirmed=self._unconfirmed(copy))
            planner = self._planner(copy, "map")
            return plan_handed(planner, side, handed, source, self.digest(), statistics)

    def apply(self, plan: Plan, *, allowed: frozenset[str] = frozenset()) -> Report:
        """Carry out exactly a saved plan; what no longer holds is skipped as stale."""
        with self.alone(), self.store() as store:
            journal = Journal(store)
            report = Report(journal.begin_run(self.clock.now()))
            try:
                self._learn(store)  # before the digest, as in planning: it narrows the mappings
                self._hold_to(plan, allowed)
                recover(store, self.sides, self.definitions)
                contested = self._adopt(store, plan, report.run)
                self._write(store, _without(plan, contested), report)
            except TielineError as error:
                stopped = Result.STOPPED if isinstance(error, GuardError) else Result.FAILED
                report.escalate(stopped)
                report.message = str(error)
                self._close(journal, report, error)
                raise
            self._close(journal, report, None)
            return report

    def _hold_to(self, plan: Plan, allowed: frozenset[str]) -> None:
        """Raise GuardError for a plan of other rules, or one that a guard stops."""
        if plan.digest != self.digest():
            raise GuardError(
                "the configuration or a mapping is not what it was when the plan was made",
                guard="rules",
                remedy="Make the plan again with `tieline plan -o FILE`.",
            )
        enforce(plan.violations, allowed)

    def why(
        self, side: str, record_id: str, *, object_type: str | None = None, name: str | None = None
    ) -> Story:
        """The story of a record or of one field of it; asks no side. Raises SettingsError."""
        rule_of = rules_of(self.config, self.definitions)
        mappings = {s.name: s.mapping for s in self.sides}
        with self.store() as store:
            row = locate(store, side, record_id, object_type)
            return why(store, row, name, rule_of=rule_of, takes=takes_of(mappings))

    def forget(self, side: str, record_id: str, *, object_type: str | None = None) -> list[Row]:
        """Remove what the state knows of a record's person, on all sides; returns the records.
        Nothing is written to any side. Raises SettingsError for a record that is not known."""
        with self.alone(), self.store() as store:
            row = locate(store, side, record_id, object_type)
            journal = Journal(store)
            report = Report(journal.begin_run(self.clock.now()))
            found = forget(store, row, report.run)
            report.message = f"what was known of {len(found)} records was removed"
            journal.end_run(report, self.clock.now())
            return found

    def waiting(self) -> tuple[str, ...]:
        """Fields (`kind.field`) whose differences wait for a backfill: their mapping changed."""
        with self.store() as store:
            return waiting_fields(store)

    def digest(self) -> str:
        """A hash of everything that decides: rules, scopes, mappings. Not of addresses."""
        return dumps(ground.digests(self._standing()))

    # -- steps -----------------------------------------------------------------------------

    def _learn(self, store: Store) -> None:
        conceal(store)
        for side in self.sides:
            fit(side, store, self.clock, self.accept)
            learn_owners(side, store, self.clock)

    def _heeding_drift(self, store: Store, read: Callable[[], T]) -> T:
        return heeding(read, self.sides, store, self.clock, self.accept)

    def _read(self, store: Store, report: Report, *, full: bool) -> list[Reached]:
        self._learn(store)
        unknown = newcomers.unknown(store, self.definitions)
        return self._heeding_drift(store, lambda: self._read_all(store, report, unknown, full=full))

    def _read_all(
        self, store: Store, report: Report, unknown: set[newcomers.Key], *, full: bool
    ) -> list[Reached]:
        recover(store, self.sides, self.definitions)
        changes = remapped(store, self.sides)
        settled = settled_before(store, changes)
        cursors: list[Reached] = []
        for kind in KINDS:
            for side in self.sides:
                everything = full or self._full_is_due(store, side, kind)
                everything = everything or changes.touches(side.name, side.object_types(kind))
                reading = read_kind(
                    side, kind, store, self.clock, full=everything, progress=self.progress
                )
                report.tally(side.name, kind).read = reading.records
                report.warnings += untold(side, reading)
                cursors.extend((side.name, *cursor) for cursor in reading.cursors)
        newcomers.meet(store, self.sides, newcomers.unknown(store, self.definitions) - unknown)
        rebase(store, self.sides, changes, settled, report.run)
        if ground.changed(store, self._standing()):
            store.mark_all_dirty()
        return cursors

    def _forget_erased(
        self, store: Store, report: Report, allowed: frozenset[str] = frozenset()
    ) -> None:
        found = forget_erased(store, self.config.guards, report.run, allowed)
        if found:
            ids = ", ".join(f"{r.side} {r.object_type} {r.id}" for r in found)
            report.warnings.append(
                f"erased for privacy on a side, and removed from the state: {ids}"
            )

    def _rehearse(
        self, store: Store, run: str, allowed: frozenset[str], backfill: Backfill
    ) -> None:
        """Try changed rules on a copy first: where a guard stops them, the state stays as it was,
        and taking the change back leaves no trace. Raises GuardError."""
        self._learn(store)
        stops = self.config.guards.stop_when_rules_change and "rules" not in allowed
        if stops and ground.changed(store, self._standing()):
            with self._copy_of(store) as copy:
                self._read(copy, Report(run), full=False)
                self._forget_erased(copy, Report(run), allowed)
                enforce(self._decide(copy, run, backfill).violations, allowed)

    def _full_is_due(self, store: Store, side: Side, kind: str) -> bool:
        every = timedelta(seconds=duration(self.config.schedule.full_compare))
        for object_type in side.object_types(kind):
            _, full_at = store.cursor(side.name, object_type)
            if full_at and self.clock.now() - datetime.fromisoformat(full_at) >= every:
                return True
        return False

    def _decide(self, store: Store, run: str, wanted: Backfill = None, prefer: str = "") -> Plan:
        standing = self._standing()
        rules = ground.changed(store, standing)
        statistics = Statistics(rules_changed=rules, unconfirmed=self._unconfirmed(store))
        fields = () if wanted is None else chosen(store, wanted, self._fields())
        if fields:
            store.mark_all_dirty()
        planner = self._planner(store, run, backfill=fields, prefer=prefer)
        plan = planner.plan(run, self.digest(), statistics)
        if rules:
            plan = told(plan, "rules", ground.preview(planner, plan, standing))
        return replace(plan, purpose="backfill", subject=fields) if fields else plan

    def _planner(
        self, store: Store, run: str, *, backfill: Sequence[str] = (), prefer: str = ""
    ) -> Planner:
        waiting = frozenset(waiting_fields(store)) - frozenset(backfill)
        wishes = Wishes(waiting, frozenset(backfill), prefer)
        return Planner(self.config, self.sides, store, self.definitions, self.clock, run, wishes)

    def _fields(self) -> list[str]:
        return [f"{kind}.{name}" for kind, fields in self.definitions.items() for name in fields]

    def _write(self, store: Store, plan: Plan, report: Report) -> None:
        report.questions = len(plan.questions)
        executor = Executor(self.sides, store, self.definitions, self.clock, report, self.progress)
        if plan.purpose == "undo":
            undone.remember(store, plan, report.run)
        executor.execute(plan)
        if plan.purpose == "backfill":
            backfilled(store, plan)
        Answers(store).carried_out(plan.answered, report.run, executor.acknowledged)
        for side, kinds in plan.statistics.new_links.items():
            for kind, number in kinds.items():
                report.tally(side, kind).linked = number
        if plan.purpose not in (
            "undo",
            "map",
        ):  # what changed is still to be seen
            ground.keep(store, self._standing())
        for name in plan.statistics.unconfirmed:
            store.set_meta(f"confirmed/{name}", self.clock.now().isoformat())
        doubt(self.sides, executor.failed_sides, store)
        report.message = "; ".join(f"{s}: {e}" for s, e in executor.failed_sides.items())
        if len(executor.failed_sides) == len(self.sides):
            report.escalate(Result.FAILED)
        if plan.questions:
            report.escalate(Result.PARTIAL)
        self._tell_what_waits(store, report)

    def _tell_what_waits(self, store: Store, report: Report) -> None:
        """Nothing waits for ever silently: how much does, and what has for too long."""
        things, after = waiting_things(store), self.config.questions.warn_after
        report.waiting = waiting(things)
        late = overdue(things, timedelta(seconds=duration(after)), self.clock.now())
        for cause, found in late.items():
            report.escalate(Result.PARTIAL)
            report.warnings.append(
                f"{words(cause)}: {found.number} waiting for more than {after}, the oldest since"
                f" {found.oldest[:10]}: `tieline questions --cause {cause} --older-than {after}`"
            )

    def _finish(
        self,
        store: Store,
        plan: Plan,
        report: Report,
        cursors: Sequence[Reached],
    ) -> None:
        """Advance the cursors, last of all: until here a repeat reads the same again."""
        with store.atomic():
            for side, object_type, cursor, full_at in cursors:
                store.set_cursor(side, object_type, cursor, full_at)

    def _close(self, journal: Journal, report: Report, error: TielineError | None) -> None:
        report.calls = {side.name: side.connector.usage().calls for side in self.sides}
        if isinstance(error, StateError):
            return  # the store cannot be written: the message is all there is
        journal.end_run(report, self.clock.now())

    # -- saved plans -----------------------------------------------------------------------

    def _adopt(self, store: Store, plan: Plan, run: str) -> set[str]:
        """Take over the links a saved plan made, and its questions; returns entities that the
        store contradicts."""
        answers = Answers(store)
        for applied in plan.answered:
            answer = answers.get(applied.answer)
            if answer is not None and answer in answers.links():
                bind_as_answered(store, answer, run)
        store.ask(plan.questions, plan.made_at, facts_of)
        contested: set[str] = set()
        for row in plan.rows:
            here = store.row(*row.key)
            if here is not None and here.entity not in (None, row.entity):
                contested.add(str(row.entity))
                continue
            taken = store.by_entities([str(row.entity)]).get(str(row.entity), [])
            rival = [r for r in taken if r.side == row.side and r.key != row.key]
            if any(r.state in (State.LIVE, State.ARCHIVED) for r in rival):
                contested.add(str(row.entity))
            elif here is None or here.entity is None:
                store.add_entity(str(row.entity), row.kind, run)
                store.put([row])
        return contested

    # -- what the run stands on ------------------------------------------------------------

    def _standing(self) -> ground.Effective:
        return ground.effective(self.config, self.sides)

    def _unconfirmed(self, store: Store) -> tuple[str, ...]:
        return tuple(
            name
            for name, side in self.config.sides.items()
            if side.production and store.meta(f"confirmed/{name}") is None
        )

    # -- the state folder ------------------------------------------------------------------

    def store(self) -> Store:
        """Open the state store for reading what is known (`status`, `conflicts`)."""
        return Store(self.folder / "state.db", vault_of(self.config, self.folder))

    def alone(self) -> AbstractContextManager[None]:
        """Hold the state for this engine alone. Raises LockedError, StateError."""
        return locked(self.folder)

    @contextmanager
    def _copy(self) -> Iterator[Store]:
        """A copy of the state to think on; the state itself stays as it is."""
        with self.alone(), self.store() as store, self._copy_of(store) as copy:
            yield copy

    @contextmanager
    def _copy_of(self, store: Store) -> Iterator[Store]:
        with (
            TemporaryDirectory(prefix="tieline-") as folder,
            store.copy_to(Path(folder) / "state.db") as copy,
        ):
            yield copy


def _without(plan: Plan, entities: set[str]) -> Plan:
    return replace(
        plan,
        actions=tuple(a for a in plan.actions if a.entity not in entities),
        settlements=tuple(s for s in plan.settlements if s.entity not in entities),
    )
