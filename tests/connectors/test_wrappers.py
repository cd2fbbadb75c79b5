"""Every wrapper passes the suite like what it wraps, and does what it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from connectors.base import Connector, Create, Done, StampField, Update
from connectors.memory import MemoryConnector, MemoryCrm, Quirks, generic_crm
from connectors.wrappers import Budgeted, Paced, ReadOnly
from core.clock import Clock, ManualClock
from core.errors import BudgetExhaustedError, ForbiddenError
from tests.connectors.conformance import ConnectorConformance
from tests.connectors.conformance_lookups import LookupConformance
from tests.connectors.conformance_reading import ReadingConformance
from tests.connectors.harness import Harness
from tests.connectors.memory_harness import START, MemoryHarness

Wrap = Callable[[Connector, Clock], Connector]

WRAPPERS: Mapping[str, Wrap] = {
    "paced": lambda inner, clock: Paced(inner, per_second=50, clock=clock),
    "budgeted": lambda inner, clock: Budgeted(inner, share=0.5, clock=clock),
    "both": lambda inner, clock: Paced(
        Budgeted(inner, share=0.5, clock=clock), per_second=50, clock=clock
    ),
}


class WrappedHarness(MemoryHarness):
    """The memory harness with every connector of it wrapped."""

    def __init__(self, wrap: Wrap) -> None:
        super().__init__(Quirks(silent_associations=True))
        self.crm.daily_limit = 1_000_000
        self._wrap = wrap
        self.connector = wrap(self.memory, self.clock)

    def reconnect(self) -> Connector:
        return self._wrap(super().reconnect(), self.clock)

    def with_wrong_credentials(self) -> Connector:
        return self._wrap(super().with_wrong_credentials(), self.clock)


class TestWrapped(ConnectorConformance):
    """Wrapping changes nothing of the contract."""

    @pytest.fixture(params=sorted(WRAPPERS))
    def harness(self, request: pytest.FixtureRequest) -> Harness:
        return WrappedHarness(WRAPPERS[request.param])


class TestReadOnlyReads(ReadingConformance, LookupConformance):
    """All reading of the contract holds for a connector that does not write."""

    @pytest.fixture
    def harness(self) -> Harness:
        return WrappedHarness(lambda inner, clock: ReadOnly(inner))


class StoppedClock:
    """Time stands still; what would have been slept is noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 100.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def crm(clock: ManualClock) -> MemoryCrm:
    return generic_crm(clock)


class TestPaced:
    """Requests per second over all threads of a side."""

    def test_calls_one_after_another(self, crm: MemoryCrm, clock: ManualClock) -> None:
        connector = MemoryConnector(crm)
        connector.describe("Account")
        paced = Paced(connector, per_second=4, clock=clock)
        for _ in range(9):
            paced.describe("Account")
        assert clock.monotonic() == pytest.approx(8 / 4)

    def test_threads_share_the_pace(self, crm: MemoryCrm) -> None:
        clock = StoppedClock()
        connector = MemoryConnector(crm)
        connector.describe("Account")
        paced = Paced(connector, per_second=10, clock=clock)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: paced.fetch("Account", ["name"], []), range(40)))
        assert sorted(clock.slept) == pytest.approx([n / 10 for n in range(40)])

    def test_idle_time_saves_up_no_burst(self, crm: MemoryCrm, clock: ManualClock) -> None:
        connector = MemoryConnector(crm)
        connector.describe("Account")
        paced = Paced(connector, per_second=1, clock=clock)
        clock.advance(1000)
        for _ in range(3):
            paced.describe("Account")
        assert clock.monotonic() == pytest.approx(1002)

    def test_a_call_of_several_requests_pays_for_each(
        self, crm: MemoryCrm, clock: ManualClock
    ) -> None:
        ids = [crm.insert("Account", {"name": f"Co {n}"}) for n in range(20)]
        connector = MemoryConnector(crm, fetch_batch=2)
        connector.describe("Account")
        paced = Paced(connector, per_second=2, clock=clock)
        assert len(paced.fetch("Account", ["name"], ids)) == 20
        paced.describe("Account")
        assert clock.monotonic() == pytest.approx(10 / 2)

    def test_pages_are_paced(self, crm: MemoryCrm, clock: ManualClock) -> None:
        for n in range(10):
            crm.insert("Account", {"name": f"Co {n}"})
        connector = MemoryConnector(crm, page_size=2)
        connector.describe("Account")
        paced = Paced(connector, per_second=1, clock=clock)
        assert len(list(paced.changes("Account", ["name"], None))) == 5
        assert clock.monotonic() >= 4


class TestBudgeted:
    """A share of the daily allowance."""

    def _budgeted(self, crm: MemoryCrm, spent: int = 0) -> Budgeted:
        crm.daily_limit = 100
        connector = MemoryConnector(crm)
        return Budgeted(connector, share=0.1, clock=crm.clock, spent=spent)

    def test_stops_at_its_share_before_sending(self, crm: MemoryCrm) -> None:
        budgeted = self._budgeted(crm)
        for _ in range(9):
            budgeted.describe("Account")
        with pytest.raises(BudgetExhaustedError, match="10 of the 10"):
            budgeted.describe("Account")
        assert crm.daily_used == 10

    def test_what_was_spent_before_counts(self, crm: MemoryCrm) -> None:
        budgeted = self._budgeted(crm, spent=10)
        with pytest.raises(BudgetExhaustedError):
            budgeted.describe("Account")
        assert crm.daily_used == 0

    def test_a_day_later_it_goes_on(self, crm: MemoryCrm, clock: ManualClock) -> None:
        budgeted = self._budgeted(crm, spent=10)
        for _ in range(25):
            with pytest.raises(BudgetExhaustedError):
                budgeted.describe("Account")
            clock.advance(3590)
        clock.advance(3600)
        assert budgeted.describe("Account").object_type == "Account"

    def test_all_batches_of_a_call_must_fit(self, crm: MemoryCrm) -> None:
        crm.daily_limit = 100
        connector = MemoryConnector(crm, write_batch=2, fetch_batch=2)
        budgeted = Budgeted(connector, share=0.1, clock=crm.clock)
        writes = [Create(f"op-{n}", {"name": "x"}) for n in range(21)]
        with pytest.raises(BudgetExhaustedError):
            budgeted.apply("Account", writes)
        with pytest.raises(BudgetExhaustedError):
            budgeted.fetch("Account", ["name"], [str(n) for n in range(21)])
        assert crm.daily_used == 0
        assert len(budgeted.apply("Account", writes[:10])) == 10

    def test_what_others_used_counts_against_the_limit(self, crm: MemoryCrm) -> None:
        crm.daily_limit, crm.daily_used = 100, 100
        budgeted = Budgeted(MemoryConnector(crm), share=1, clock=crm.clock)
        with pytest.raises(BudgetExhaustedError, match="100 of the vendor's 100"):
            budgeted.find("Account", ["name"], "name", ["x"])
        assert crm.daily_used == 100

    def test_a_reading_stops_between_two_pages_and_goes_on_from_there(
        self, crm: MemoryCrm, clock: ManualClock
    ) -> None:
        ids = {crm.insert("Account", {"name": f"Co {n}"}) for n in range(30)}
        crm.daily_limit = 100
        connector = MemoryConnector(crm, page_size=2)
        budgeted = Budgeted(connector, share=0.1, clock=clock)
        seen: set[str] = set()
        cursor = None
        with pytest.raises(BudgetExhaustedError):  # noqa: PT012 - it comes between two pages
            for page in budgeted.changes("Account", ["name"], None):
                seen |= {record.id for record in page.records}
                cursor = page.cursor
        assert len(seen) == 18
        clock.advance(2 * 86_400)
        for page in budgeted.changes("Account", ["name"], cursor):
            seen |= {record.id for record in page.records}
        assert seen == ids

    def test_without_a_limit_nothing_is_held_back(self, crm: MemoryCrm) -> None:
        budgeted = Budgeted(MemoryConnector(crm), share=0.0001, clock=crm.clock)
        for _ in range(50):
            budgeted.describe("Account")
        assert budgeted.usage().by_route["describe Account"] == 50

    def test_diagnose_says_so_instead_of_raising(self, crm: MemoryCrm) -> None:
        findings = self._budgeted(crm, spent=10).diagnose(["Account"])
        assert [(f.level, f.subject) for f in findings] == [("problem", "memory budget")]


class TestReadOnly:
    """Nothing is ever written."""

    def test_apply_is_forbidden_and_nothing_is_sent(self, crm: MemoryCrm) -> None:
        id = crm.insert("Account", {"name": "Before"})
        inner = MemoryConnector(crm)
        connector = ReadOnly(inner)
        for write in (Create("op-1", {"name": "x"}), Update("op-2", id, {"name": "After"})):
            with pytest.raises(ForbiddenError):
                connector.apply("Account", [write])
        assert connector.apply("Account", []) == []
        assert crm.snapshot()["Account"] == {id: {"name": "Before"}}
        assert inner.usage().calls == 0
        assert isinstance(inner.apply("Account", [Update("op-3", id, {"name": "A"})])[0], Done)

    def test_prepare_only_looks(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, stamp=False)
        connector = ReadOnly(MemoryConnector(crm))
        stamps = [StampField(t, n) for t, n in (("Account", "tieline_id"), ("Account", "name"))]
        found = connector.prepare([*stamps, StampField("Nothing", "tieline_id")])
        assert [finding.level for finding in found] == ["warning", "problem", "problem"]
        assert all(finding.remedy for finding in found)
        assert "tieline_id" not in crm.schema("Account").fields
        MemoryConnector(crm).prepare(stamps[:1])
        assert [finding.level for finding in connector.prepare(stamps[:1])] == ["ok"]
