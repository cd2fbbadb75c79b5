"""Hypothesis plays people, vendors and accidents; an oracle knows what must come of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from connectors.base import Write
from core.errors import (
    ConnectorError,
    NetworkError,
    RateLimitedError,
    RecordError,
    RejectedError,
    VendorDownError,
)
from tests.sync.machine_checks import Checks
from tests.sync.machine_model import Thing
from tests.sync.machine_people import NORMALISED, QUIRKS, People
from tests.sync.machine_rules import LEAD_SIDE, OBJECTS, SPECS
from tests.sync.machine_world import CrashedError
from tests.sync.situations import EVERY_GUARD

NUMBER = st.integers(0, 63)
KINDS = sorted(SPECS)
WORK = (*["edit"] * 6, *["edit everywhere"] * 4,
        "add", "add twice", "delete", "merge", "tidy", "convert", "schema", "wait")  # fmt: skip
ACCIDENTS = (*["none"] * 5, "crash", "crash", "lost", "before", "after", "read", "refuse")
TASK = st.tuples(st.sampled_from(WORK), NUMBER, NUMBER, NUMBER, NUMBER)


class Machine(RuleBasedStateMachine):
    """Two or three CRMs with quirks, people who work in them, and runs in between."""

    people: People
    checks: Checks

    @initialize(
        quirks=st.lists(st.sampled_from(sorted(QUIRKS)), min_size=3, max_size=3),
        three=st.sampled_from([False, False, False, True]),
        values=st.lists(NUMBER, min_size=6, max_size=6),
        rested=st.booleans(),
    )
    def begin(self, quirks: list[str], three: bool, values: list[int], rested: bool) -> None:
        names = ("left", "right", "third") if three else ("left", "right")
        if quirks.count(NORMALISED) > 1:
            quirks = [NORMALISED, *(q if q != NORMALISED else "plain" for q in quirks[1:])]
        self.people = People(names, quirks[: len(names)])
        self.checks = Checks(self.people)
        for number, kind in enumerate(["account", "account", "person", "person", "opportunity"]):
            self.people.add(kind, [names[number % 2]], values[: number + 1], lead=number == 2)
        if rested:
            self.checks.rest(full=False)

    # -- people ----------------------------------------------------------------------------

    def _work(self, what: str, *numbers: int) -> None:
        work = {
            "edit": self._edit,
            "edit everywhere": self._edit_everywhere,
            "add": self._add,
            "add twice": self._add_twice,
            "delete": self._delete,
            "merge": self._merge,
            "tidy": self._tidy,
            "schema": self._schema,
            "convert": self._convert,
            "wait": self._wait,
        }
        work[what](*numbers)

    def _pick(self, number: int, kind: int, side: str = "") -> Thing | None:
        things = self.people.all(KINDS[kind % 3], side=side)
        return things[number % len(things)] if things else None

    def _edit(self, which: int, kind: int, name: int, value: int) -> None:
        thing = self._pick(which, kind)
        if thing is not None:
            specs = self.people.specs(thing)
            side = self._side(value // 8)
            self.people.edit(thing, side, specs[name % len(specs)], value)

    def _edit_everywhere(self, which: int, kind: int, name: int, value: int) -> None:
        thing = self._pick(which, kind)
        if thing is not None:
            specs = self.people.specs(thing)
            for place, side in enumerate(self.people.names):
                self.people.edit(thing, side, specs[name % len(specs)], value // (place + 1))
                self.people.world.clock.advance((0, 1, 90)[name // 8 % 3])

    def _add(self, kind: int, side: int, value: int, lead: int) -> None:
        values = [value, lead, side]
        self.people.add(KINDS[kind % 3], [self._side(side)], values, lead=lead % 2 == 0)

    def _add_twice(self, kind: int, value: int, other: int, lead: int) -> None:
        sides = list(self.people.names[:2])
        both = [a for a in self.people.all("account") if set(sides) <= set(a.at)]
        account = both[other % len(both)] if both else None
        if KINDS[kind % 3] != "opportunity" or account:
            values = [value, lead, kind]
            self.people.add(KINDS[kind % 3], sides, values, lead=lead % 2 == 0, account=account)
        self.people.world.clock.advance(self.people.world.lateness() + 1)

    def _delete(self, which: int, kind: int, side: int, _: int) -> None:
        thing = self._pick(which, kind, self._side(side))
        if thing is not None:
            self.people.delete(thing, self._side(side))

    def _merge(self, which: int, kind: int, other: int, side: int) -> None:
        survivor = self._pick(which, kind, self._side(side))
        loser = self._pick(other, kind, self._side(side))
        if survivor is not None and loser is not None and survivor is not loser:
            self.people.merge(survivor, loser, self._side(side))

    def _tidy(self, which: int, side: int, how: int, _: int) -> None:
        """Somebody ends by hand what was merged elsewhere and is still two here."""
        twins = self.people.twins(self._side(side))
        if twins:
            one, other = twins[which % len(twins)]
            one, other = (one, other) if how % 2 else (other, one)
            if how % 3:
                self.people.merge(one, other, self._side(side))
            else:
                self.people.delete(one, self._side(side))

    def _schema(self, side: int, which: int, value: int, _: int) -> None:
        """Somebody adds a field that is not mapped, or retires an option or brings it back."""
        self.people.change_schema(self._side(side), which, value)

    def _convert(self, which: int, into: int, deal: int, beside: int) -> None:
        people = self.people.all("person", side=LEAD_SIDE)
        leads = [t for t in people if t.at[LEAD_SIDE][0] == "Lead"]
        accounts = [None, *self.people.all("account", side=LEAD_SIDE)]
        if leads:
            lead, into_account = leads[which % len(leads)], accounts[into % len(accounts)]
            self.people.convert(lead, into_account, deal % 2 == 0)
            if beside % 3 == 0:  # somebody who has not heard of it sells to the same person
                others = self.people.names[1:]
                self.people.sell(lead, others[beside // 3 % len(others)])

    def _wait(self, seconds: int, *_: int) -> None:
        self.people.world.clock.advance(seconds * 2)

    # -- runs ------------------------------------------------------------------------------

    @rule(work=st.lists(TASK, min_size=1, max_size=4), accident=st.sampled_from(ACCIDENTS),
          side=NUMBER, at=NUMBER)  # fmt: skip
    def people_work_and_a_run_follows(
        self, work: list[tuple[str, int, int, int, int]], accident: str, side: int, at: int
    ) -> None:
        for task in work:
            self._work(*task)
        self.people.let_twins_show()
        if accident == "none":
            self.checks.one_run()
            return
        self._order(accident, self.people.world.crms[self._side(side)], at)
        with self.checks.unsteady():
            try:
                self.people.world.engine().run(allowed=EVERY_GUARD)
            except CrashedError:
                assert accident == "crash"
            except ConnectorError:
                assert accident in ("before", "after", "read")
        self.people.world.fuse.left = None
        if accident != "refuse":
            for crm in self.people.world.crms.values():
                crm.faults.pending.clear()

    def _order(self, accident: str, crm: Any, at: int) -> None:
        errors = (RateLimitedError("slow down"), VendorDownError("down"), NetworkError("cut"))
        error = errors[at % 3]
        if accident == "crash":
            self.people.world.fuse.left = at
        elif accident == "lost":
            crm.lose_next_answer()
        elif accident in ("before", "after"):
            half = None if accident == "before" else at % 3
            crm.fail_next("apply", error, after=accident == "after", skip=at % 4, applied=half)
        elif accident == "read":
            crm.fail_next(("changes", "fetch", "find")[at % 3], error, skip=at % 5)
        elif accident == "refuse":
            object_type = sorted(t for types in OBJECTS.values() for t in types)[at % 4]
            crm.refuse(lambda name, write: _refusal(name, write, object_type, at))

    @rule(work=st.lists(TASK, min_size=1, max_size=3))
    def a_plan_is_applied_late(self, work: list[tuple[str, int, int, int, int]]) -> None:
        self.people.let_twins_show()
        plan, planned = self.people.world.engine().plan(), self.checks.values()
        for task in work:
            if task[0].startswith("edit"):
                self._work(*task)
        with self.checks.unsteady(planned):
            self.people.world.engine().apply(plan, allowed=EVERY_GUARD)

    @rule(full=st.booleans())
    def all_comes_to_rest(self, full: bool) -> None:
        self.checks.a_plan_writes_nothing()
        self.checks.rest(full=full)

    def teardown(self) -> None:
        if not hasattr(self, "people"):
            return  # not even begun
        try:
            self.checks.rest(full=True)
        finally:
            self.people.world.end()

    def _side(self, number: int) -> str:
        return self.people.names[number % len(self.people.names)]


def _refusal(name: str, write: Write, object_type: str, at: int) -> RecordError | None:
    if name != object_type:
        return None
    return RejectedError("no", vendor_code="LOCKED", retryable=bool(at % 2))


def play(examples: int, *, shrink: bool = True, course: int = 0) -> None:
    """So many games, the same ones every time; the first that fails is made as short as can be.

    Another `course` of chance makes other games.
    """
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(
        seed(course)(type("Machine", (Machine,), {})),
        settings=settings(
            phases=phases,
            max_examples=examples,
            stateful_step_count=8,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("course", range(4))
def test_whatever_people_and_accidents_do_the_sides_end_as_they_should(course: int) -> None:
    play(50, course=course)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("course", range(10, 20))
def test_the_same_at_length(course: int) -> None:
    play(200, course=course)
