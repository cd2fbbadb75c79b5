"""Hypothesis plays people, vendors and accidents; an oracle knows what must come of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
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
from tests.sync.machine_people import NORMALISED, QUIRKS, People
from tests.sync.machine_rules import LEAD_SIDE, OBJECTS, SPECS
from tests.sync.machine_world import CrashedError
from tests.sync.situations import EVERY_GUARD

NUMBER = st.integers(0, 63)
KIND = st.sampled_from(sorted(SPECS))
ACCIDENTS = ("none", "none", "crash", "crash", "lost", "before", "after", "read", "refuse")


class Machine(RuleBasedStateMachine):
    """Two or three CRMs with quirks, people who work in them, and runs in between."""

    def __init__(self) -> None:
        super().__init__()
        self.people: People | None = None

    @initialize(
        quirks=st.lists(st.sampled_from(sorted(QUIRKS)), min_size=3, max_size=3),
        three=st.sampled_from([False, False, False, True]),
    )
    def begin(self, quirks: list[str], three: bool) -> None:
        names = ("left", "right", "third") if three else ("left", "right")
        if quirks.count(NORMALISED) > 1:
            quirks = [NORMALISED, *(q if q != NORMALISED else "plain" for q in quirks[1:])]
        self.people = People(names, quirks[: len(names)])
        self.checks = Checks(self.people)
        for kind in SPECS:
            self.people.add(kind, ["left"], [3, 5])

    # -- people ----------------------------------------------------------------------------

    @rule(kind=KIND, side=NUMBER, values=st.lists(NUMBER, max_size=3), lead=st.booleans())
    def somebody_adds(self, kind: str, side: int, values: list[int], lead: bool) -> None:
        name = self._side(side)
        self.people.add(kind, [name], values, lead=lead)

    @rule(kind=KIND, values=st.lists(NUMBER, min_size=1, max_size=4), lead=st.booleans())
    def two_add_the_same(self, kind: str, values: list[int], lead: bool) -> None:
        sides = list(self.people.names[:2])
        both = [a for a in self.people.all("account") if set(sides) <= set(a.at)]
        if kind != "opportunity":
            self.people.add(kind, sides, values, lead=lead)
        elif both:
            self.people.add(kind, sides, values, account=both[values[0] % len(both)])
        self.people.world.clock.advance(self.people.world.lateness() + 1)

    @rule(kind=KIND, which=NUMBER, side=NUMBER, name=NUMBER, value=NUMBER)
    def somebody_edits(self, kind: str, which: int, side: int, name: int, value: int) -> None:
        self._edit(kind, which, [self._side(side)], name, [value])

    @rule(kind=KIND, which=NUMBER, name=NUMBER, values=st.tuples(NUMBER, NUMBER, NUMBER),
          apart=st.sampled_from([0, 0, 1, 90]))  # fmt: skip
    def all_edit_the_same_field(
        self, kind: str, which: int, name: int, values: tuple[int, ...], apart: int
    ) -> None:
        self._edit(kind, which, list(self.people.names), name, list(values), apart)

    def _edit(
        self, kind: str, which: int, sides: list[str], name: int, values: list[int], apart: int = 0
    ) -> None:
        things = self.people.all(kind)
        if not things:
            return
        thing = things[which % len(things)]
        spec = SPECS[kind][name % len(SPECS[kind])]
        for side, value in zip(sides, values, strict=False):
            self.people.edit(thing, side, spec, value)
            self.people.world.clock.advance(apart)

    @rule(kind=KIND, which=NUMBER, side=NUMBER)
    def somebody_deletes(self, kind: str, which: int, side: int) -> None:
        things = self.people.all(kind, side=self._side(side))
        if things:
            self.people.delete(things[which % len(things)], self._side(side))

    @rule(kind=KIND, which=NUMBER, other=NUMBER, side=NUMBER)
    def somebody_merges(self, kind: str, which: int, other: int, side: int) -> None:
        things = self.people.all(kind, side=self._side(side))
        if len(things) > 1:
            one, two = things[which % len(things)], things[other % len(things)]
            if one is not two:
                self.people.merge(one, two, self._side(side))

    @rule(which=NUMBER, into=NUMBER, deal=st.booleans())
    def somebody_converts_a_lead(self, which: int, into: int, deal: bool) -> None:
        people = self.people.all("person", side=LEAD_SIDE)
        leads = [t for t in people if t.at[LEAD_SIDE][0] == "Lead"]
        accounts = [None, *self.people.all("account", side=LEAD_SIDE)]
        if leads:
            self.people.convert(leads[which % len(leads)], accounts[into % len(accounts)], deal)

    @rule(seconds=st.sampled_from([1, 31, 90]))
    def time_passes(self, seconds: int) -> None:
        self.people.world.clock.advance(seconds)

    # -- runs ------------------------------------------------------------------------------

    @rule(accident=st.sampled_from(ACCIDENTS), side=NUMBER, at=NUMBER)
    def a_run(self, accident: str, side: int, at: int) -> None:
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

    @rule()
    def a_plan_is_looked_at(self) -> None:
        before = self.people.world.state()
        first = self.people.world.engine().plan()
        assert first.actions == self.people.world.engine().plan().actions
        assert self.people.world.state() == before, "a plan wrote something"

    @rule(which=NUMBER, name=NUMBER, value=NUMBER, kind=KIND, side=NUMBER)
    def a_plan_is_applied_late(
        self, which: int, name: int, value: int, kind: str, side: int
    ) -> None:
        plan, planned = self.people.world.engine().plan(), self.checks.values()
        self._edit(kind, which, [self._side(side)], name, [value])
        with self.checks.unsteady(planned):
            self.people.world.engine().apply(plan, allowed=EVERY_GUARD)

    @precondition(lambda self: self.people is not None)
    @rule(full=st.booleans())
    def all_comes_to_rest(self, full: bool) -> None:
        self.checks.rest(full=full)

    def teardown(self) -> None:
        if self.people is None:
            return
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


def play(examples: int, machine: type[Machine] = Machine) -> None:
    """So many games, the same ones every time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_people_and_accidents_do_the_sides_end_as_they_should() -> None:
    play(200)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_same_at_length() -> None:
    play(2000)
