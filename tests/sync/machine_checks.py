"""What must hold in the state machine's world: after any run, and once all has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mapping.canonical import FIELDS
from sync.model import State
from sync.resolve import Resolver, parse
from tests.sync.machine_doubts import doubts, new_doubts
from tests.sync.machine_model import FRESH, Outcome, Owing, Thing, Value, plain
from tests.sync.machine_people import NORMALISED, People
from tests.sync.machine_rules import KEYS, OBJECTS, SPECS, Spec
from tests.sync.situations import EVERY_GUARD

DAY = 25 * 3600
Values = dict[tuple[str, str], dict[str, Value]]
"""(thing, field) -> side -> what people see"""


class Checks:
    """Looks at the sides before and after runs, and holds the oracle's word against them."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.world = people.world
        self._edited: set[str] = set()
        """Keys of things that people have certainly edited since they were last settled."""
        self._untouched: set[str] = set()
        """Keys of things that show on all sides what was certainly settled."""
        self._steady = True
        """No accident since all was last right."""

    # -- after any run ---------------------------------------------------------------------

    @contextmanager
    def unsteady(self, planned: Values | None = None) -> Iterator[None]:
        """A run that accidents may cut short: every value is the old one or a justified one.

        `planned` are the values that a saved plan was made from, where one is applied.
        """
        self._meet(certain=False)
        before = self.values()
        opted_out = self._opted_out()
        self._edited = self._certainly_edited()
        self.people.runs += 1
        self._steady = False
        yield
        self._find_new_records()
        for thing in self.people.all():
            for spec in self.people.specs(thing):
                field = (thing.key, spec.name)
                self._glance(thing, spec, before.get(field, {}), (planned or before).get(field, {}))
            thing.maybe_dying |= thing.dying
            thing.dying = False
            for side in thing.at:
                if self.world.crms[side].quirks.late_seconds:
                    # seen only after the engine has written to it: both look like one change
                    self.people.touch(thing, side, certain=False)
        self._nobody_is_opted_in(opted_out)

    def values(self) -> Values:
        """What people see in every field."""
        return {
            (t.key, spec.name): self.people.now(t, spec)
            for t in self.people.all()
            for spec in self.people.specs(t)
        }

    def _glance(
        self, thing: Thing, spec: Spec, before: dict[str, Value], planned: dict[str, Value]
    ) -> None:
        after = self.people.now(thing, spec)
        justified = self._justified(thing, spec, before) | set(planned.values())
        for side, value in after.items():
            if spec.shape in ("set", "roles"):
                stray = (value or frozenset()) - {m for v in justified if v for m in v}
            else:
                stray = value not in justified
            assert not stray, f"{thing.key} {spec.name} became {value!r} on {side}: {before}"
            moved = planned.get(side, value) != before.get(side, value)
            # a plan may not have seen yet what a late side shows people: then it saw what was
            # there before, and what was put back has not moved
            moved = moved and not self.world.crms[side].quirks.late_seconds
            assert not moved or value == before[side], (
                f"{thing.key} {spec.name} on {side} was {before[side]!r} and became {value!r}, "
                f"by a plan that saw {planned[side]!r}"
            )
            seen = {before.get(side, FRESH), planned.get(side, FRESH), value}
            thing.possible(spec.name, side).update(seen)
            if before.get(side, FRESH) != value:
                thing.possible(spec.name, side).update(before.values(), planned.values())
            if FRESH in thing.possible(spec.name, side):
                thing.possible(spec.name, side).add(None)
            if len(after) > 2 and len(set(after.values())) > 1:  # some may have got it, some not
                shown = {before.get(side, FRESH), value}
                thing.possible(spec.name, side).update(Owing(v) for v in shown)

    def _justified(self, thing: Thing, spec: Spec, before: dict[str, Value]) -> set[Value]:
        settled = {v for side in self.people.names for v in self._settled(thing, spec, side)}
        found = {None, *before.values(), *settled, *self._shown_late(thing, spec)} - {FRESH}
        return found | {v.upper() for v in found if isinstance(v, str) and self._may_shout(spec)}

    def _shown_late(self, thing: Thing, spec: Spec) -> set[Value]:
        """References that a late side has shown, and whose end it does not show yet."""
        if spec.shape != "ref":
            return set()
        late = [s for s in self.people.names if self.world.crms[s].quirks.late_seconds]
        shown = {plain(v) for side in late for v in thing.possible(spec.name, side)}
        return {self.people.root(v) for v in shown - {None, FRESH}}

    def _may_shout(self, spec: Spec) -> bool:
        return spec.name == "department" and NORMALISED in self.people.quirky.values()

    def _find_new_records(self) -> None:
        """Know the records that a run has made, by their keys; each thing once on each side."""
        for side, kind, record in list(self.people.unknown()):
            key = self.world.value(side, record, KEYS[kind])
            assert key in self.people.things, f"nobody ever made {record} on {side}"
            thing = self.people.things[key]
            assert side not in thing.at, f"{key} is twice on {side}: {thing.at[side]}, {record}"
            assert side not in thing.gone, f"{key} was deleted on {side} and came back"
            self.people.note(thing, side, *record)
            self.people.touch(thing, side)
        for thing in self.people.all():
            for side, record in list(thing.at.items()):
                if not self._lives(side, record):
                    self._archived(thing, side)

    def _lives(self, side: str, record: tuple[str, str]) -> bool:
        row = self.world.crms[side].row(*record)
        return row is not None and row.live

    def _archived(self, thing: Thing, side: str) -> None:
        """A run has deleted a record: only because people deleted it elsewhere."""
        dying = thing.dying or thing.maybe_dying
        assert thing.kind == "opportunity", f"{thing.key} vanished on {side}"
        assert dying, f"{thing.key} was deleted on {side} though nobody deleted it"
        assert thing.key not in self._edited, f"{thing.key} was edited on {side}, and deleted"
        del thing.at[side]
        thing.gone.add(side)
        self.people.hand_over(thing)

    def _certainly_edited(self) -> set[str]:
        return {
            thing.key
            for thing in self.people.all()
            for spec in self.people.specs(thing)
            for side, value in self.people.now(thing, spec).items()
            if not {value, FRESH} & self._settled(thing, spec, side)
        }

    def _certainly_untouched(self) -> set[str]:
        return {
            thing.key
            for thing in self.people.all()
            if all(
                self._settled(thing, spec, side) == {value}
                and not any(isinstance(v, Owing) for v in thing.possible(spec.name, side))
                for spec in self.people.specs(thing)
                for side, value in self.people.now(thing, spec).items()
            )
        }

    def _settled(self, thing: Thing, spec: Spec, side: str) -> set[Value]:
        possible = thing.possible(spec.name, side)
        return {self.people.settled_as(spec, side, plain(value)) for value in possible}

    def _opted_out(self) -> set[tuple[str, str]]:
        spec = next(s for s in SPECS["person"] if s.name == "email_opt_out")
        return {
            (t.key, side)
            for t in self.people.all("person")
            for side, value in self.people.now(t, spec).items()
            if value is True
        }

    def _nobody_is_opted_in(self, opted_out: set[tuple[str, str]]) -> None:
        lost = {pair for pair in opted_out - self._opted_out() if self._still(*pair)}
        assert not lost, f"a sync has granted consent again: {lost}"

    def _still(self, key: str, side: str) -> bool:
        return side in self.people.things[key].at

    # -- a clean run -----------------------------------------------------------------------

    def one_run(self) -> None:
        """A run that nothing disturbs does all there is to do, unless an accident went before."""
        self.world.clock.advance(self.world.lateness() + 1)
        if not self._steady or self.people.schemas_moved:  # known from the next day on
            with self.unsteady():
                self._run()
            return
        expected, opted_out = self._expected(1), self._opted_out()
        self._edited, self._untouched = self._certainly_edited(), self._certainly_untouched()
        due = new_doubts(self.people)
        self._run()
        self._all_is_right(expected, opted_out, due)
        if self.people.runs % 2:  # people take their time
            self._somebody_answers()

    def _all_is_right(
        self,
        expected: dict[tuple[str, str], list[Outcome]],
        opted_out: set[tuple[str, str]],
        due: set[str],
    ) -> None:
        self._find_new_records()
        self._nobody_is_opted_in(opted_out)
        missed = due - self._doubted()
        assert not missed, f"nobody is asked whether {missed} are one"
        self._everything_is_everywhere()
        self._every_field_is_right(expected)
        self._links_are_right()

    # -- at rest ---------------------------------------------------------------------------

    def rest(self, *, full: bool) -> None:
        """People stop, vendors behave: after few runs nothing is written, and all is right."""
        refusing = any(crm.faults.refusals for crm in self.world.crms.values())
        for crm in self.world.crms.values():
            crm.clear_faults()
        waits = self.world.kept.db.conn.execute("SELECT count(*) FROM retries").fetchone()[0]
        moved, self.people.schemas_moved = self.people.schemas_moved, False
        patience = DAY if refusing or waits or moved or full else 600
        self.world.clock.advance(self.world.lateness() + patience)
        expected, opted_out = self._expected(4), self._opted_out()
        self._edited, self._untouched = self._certainly_edited(), self._certainly_untouched()
        due = new_doubts(self.people)
        self._run_until_quiet()
        self._all_is_right(expected, opted_out, due)
        self._verified()
        self._steady = True
        if self._somebody_answers():
            self.rest(full=full)

    def _somebody_answers(self) -> bool:
        """Of two deals about which people are asked they say once that they are two; False where
        there are none."""
        with self.world.engine().store() as store:
            made = Resolver(store, FIELDS, {}, "anna", self.world.clock.now())
            asked = [t for t in made.things if t.cause == "resembles"][:1]
            made.remember([made.check(t, parse(["create"])) for t in asked])
        return bool(asked)

    def _expected(self, runs: int) -> dict[tuple[str, str], list[Outcome]]:
        self._meet(certain=True)
        found = {}
        for thing in self.people.all():
            found.update({(thing.key, s.name): self.people.expected(thing, s, runs) for s in
                          self.people.specs(thing)})  # fmt: skip
        return found

    def _meet(self, *, certain: bool) -> None:
        for thing in self.people.all():
            self.people.meet(thing, certain=certain)

    def _run_until_quiet(self) -> None:
        normalising = NORMALISED in self.people.quirky.values()
        for _ in range(4 if normalising else 2):
            self._run()
        report = self._run()
        assert report.writes == 0, f"still writing: {report.tallies}"

    def _run(self) -> Any:
        self.people.runs += 1
        report = self.world.engine().run(allowed=EVERY_GUARD)
        self.world.clock.advance(600)
        return report

    def _everything_is_everywhere(self) -> None:
        asked, doubted = self._asked_for(), self._doubted()
        for thing in self.people.all():
            if thing.key in doubted:
                assert len(thing.at) == 1, f"{thing.key} was made while people are asked about it"
                continue
            left = thing.dying and thing.kind == "opportunity" and thing.key in self._untouched
            assert not left, f"{thing.key} was deleted, and is still on {list(thing.at)}"
            missing = set(self.people.creatable(thing))
            if missing and asked & {(thing.key, side) for side in missing}:
                required = {(thing.key, s.name) for s in self.people.specs(thing) if s.required}
                assert required & self._conflicts(), f"{thing.key} lacks nothing on {missing}"
                missing = set()
            assert not missing, f"{thing.key} is missing on {missing}"
            thing.linked = True
            thing.dying = thing.maybe_dying = False
        counts = Counter(
            (side, kind, self.world.value(side, record, KEYS[kind]))
            for side in self.people.names
            for kind in OBJECTS
            for record in self.world.live(side, kind)
            # of two that are one elsewhere, both may show the key of the one: a person is asked
            if self.people.owners[side, *record] not in self.people.merged
        )
        assert {k: n for k, n in counts.items() if n > 1} == {}

    def _every_field_is_right(self, expected: dict[tuple[str, str], list[Outcome]]) -> None:
        asked = self._conflicts()
        for thing in self.people.all():
            for spec in self.people.specs(thing):
                now = self.people.now(thing, spec)
                said = (thing.key, spec.name) in asked
                found = expected[thing.key, spec.name]
                right = [o for o in found if _agrees(o, now) and o.conflict == said]
                assert right, (
                    f"{thing.key} {spec.name} shows {now}, {'' if said else 'no '}conflict; "
                    f"expected {found}"
                )
                for side in now:
                    thing.bases.setdefault(spec.name, {})[side] = {o.base[side] for o in right}

    def _conflicts(self) -> set[tuple[str, str]]:
        entities = self._entities()
        return {
            (entities.get(q["entity"], q["entity"]), q["field"])
            for q in self.world.kept.questions()
            if q["cause"] == "conflict"
        }

    def _asked_for(self) -> set[tuple[str, str]]:
        """(thing, side) where a record waits for what it must not lack."""
        entities = self._entities()
        found = [q for q in self.world.kept.questions() if q["cause"] == "create"]
        return {(entities.get(q["entity"], q["entity"]), q["side"]) for q in found}

    def _doubted(self) -> set[str]:
        """Deals about which people are asked whether they are what a conversion made."""
        found: set[str] = set()
        for q in self.world.kept.questions():
            if q["cause"] != "resembles":
                continue
            object_type, _, record_id = q["entity"].partition(":")
            thing = self.people.things[self.people.owners[q["side"], object_type, record_id]]
            named = {self.people.owners[tuple(n.split(" "))] for n in q["detail"]["candidates"]}
            may_be = {other.key for other in doubts(self.people, thing)}
            assert named <= may_be, f"{thing.key} cannot be {named - may_be}"
            found |= {thing.key, *named}
        return found

    def _entities(self) -> dict[str, str]:
        """Entity -> key, from the links of living records; no record, no entity twice."""
        found: dict[str, str] = {}
        for row in self.world.kept.rows("state = 'live' AND entity IS NOT NULL"):
            key = self.people.owners[row.side, row.object_type, row.id]
            assert found.setdefault(str(row.entity), key) == key, f"{key} shares an entity"
        return found

    def _links_are_right(self) -> None:
        entities, doubted = self._entities(), self._doubted()
        for thing in self.people.all():
            if thing.key in doubted:
                continue
            links = {
                row.entity
                for side, record in thing.at.items()
                if (row := self.world.kept.row(side, *record)) and row.state is State.LIVE
            }
            assert len(links) == 1, f"{thing.key} belongs to {links}"
            assert entities[str(next(iter(links)))] == thing.key

    def a_plan_writes_nothing(self) -> None:
        """Neither on the sides nor in the state; and it is the same every time."""
        before = self.world.state()
        first = self.world.engine().plan()
        assert first.actions == self.world.engine().plan().actions
        assert self.world.state() == before, "a plan wrote something"

    def _verified(self) -> None:
        before = self.world.state()
        found = self.world.engine().verify()
        assert found.unexplained == [], f"unexplained: {found.unexplained}"
        assert self.world.state() == before, "verify wrote something"


def _agrees(outcome: Outcome, now: dict[str, Value]) -> bool:
    return {s: v for s, v in outcome.now.items() if s in now} == now
