"""HubSpot's limits as the connector keeps them: paces, refusals, the day, tokens, deadlines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.base import Archive, Connector, Done, Merge, StampField, Update
from connectors.hubspot import connect
from connectors.hubspot.limits import Limits, Window
from core.clock import ManualClock
from core.errors import AuthError, BudgetExhaustedError, NetworkError, VendorDownError
from sandbox.serve import Running
from tests.connectors.hubspot_harness import (
    STAMP,
    HubSpotHarness,
    Switchboard,
    calls,
    people,
)
from tests.connectors.hubspot_vendor import Vendor, settings
from tests.connectors.support import collect, stamped

START = datetime(2026, 5, 1, 21, 0, tzinfo=UTC)
COMPANIES = "associations.companies"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def connector(both: tuple[Vendor, Running], clock: ManualClock) -> Iterator[Connector]:
    made = connect("hubspot", settings(both[1].url, options={"time_zone": "Europe/Berlin"}), clock)
    yield made
    made.close()


@pytest.fixture
def crm(board: tuple[Switchboard, Running]) -> Iterator[HubSpotHarness]:
    harness = HubSpotHarness(board, flow="oauth_refresh")
    yield harness
    harness.close()


def row(id: str, **properties: Any) -> dict[str, Any]:
    shown = {"hs_object_id": id, "createdate": None, "lastmodifieddate": None, **properties}
    return {"id": id, "properties": shown, "updatedAt": "2026-04-01T00:00:00Z"}


def good() -> dict[str, Any]:
    return {"results": [row("1", email="a@b.c")]}


def fetch(connector: Connector) -> list[Any]:
    return connector.fetch("contacts", ["email"], ["1"])


# --- paces ---------------------------------------------------------------------------------------


def test_no_span_has_more_calls_than_allowed() -> None:
    window = Window(4, 1.0)
    taken = [window.take(now / 10) for now in range(40)]
    for slot in taken:
        assert sum(slot <= other < slot + 1.0 for other in taken) <= 4
    assert taken == sorted(taken)
    assert taken[-1] < 11


def test_a_window_without_a_number_remembers_only_its_span() -> None:
    window = Window(None, 10.0)
    assert [window.take(float(now)) for now in range(5000)] == [float(n) for n in range(5000)]
    window.narrow(3, 4999.0)
    assert window.take(4999.0) > 4999.0


def test_a_refusal_holds_back_all_threads(clock: ManualClock) -> None:
    limits = Limits(clock)
    assert limits.wait(search=False) == 0
    body = {"policyName": "TEN_SECONDLY_ROLLING"}
    limits.refused(body, {"Retry-After": "7", "X-HubSpot-RateLimit-Max": "100"}, search=False)
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda: waits.append(limits.wait(search=False))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == 8
    assert min(waits) == 7
    assert limits.wait(search=True) == 0


def test_after_a_refusal_the_told_limit_is_kept(clock: ManualClock) -> None:
    limits = Limits(clock)
    limits.refused({}, {"X-HubSpot-RateLimit-Max": "20"}, search=False)
    slots = []
    for _ in range(100):
        clock.sleep(limits.wait(search=False))
        slots.append(clock.monotonic())
    for slot in slots:
        assert sum(slot <= other < slot + 10 for other in slots) <= 19


def test_searches_are_paced_over_all_threads(clock: ManualClock) -> None:
    limits = Limits(clock)
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda: waits.append(limits.wait(search=True))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0.0] * 4 + [1.0] * 4 + [2.0] * 4
    assert Limits(clock, searches=0).wait(search=True) == 0


def test_many_searches_meet_no_refusal(board: tuple[Switchboard, Running]) -> None:
    crm = HubSpotHarness(board, vendor={"search_limit": 5})
    crm.insert_many("person", [{"firstname": f"N{n}"} for n in range(12)])
    calls(crm)
    for n in range(12):
        name = f"N{n}"
        assert len(crm.connector.find("contacts", ["firstname"], "firstname", [name])) == 1
    assert calls(crm)["POST /crm/v3/objects/contacts/search"] == 12
    crm.close()


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "least"),
    [
        ({"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}, 3),
        ({"status": "error", "category": "RATE_LIMITS", "message": "slow down"}, 3),
        ({"status": "error", "policyName": "SECONDLY"}, 1),
        ({}, 3),
    ],
)
def test_a_429_without_header_is_waited_out(
    vendor: Vendor, connector: Connector, clock: ManualClock, body: Any, least: float
) -> None:
    vendor.say(body, 429)
    vendor.say(good())
    before = clock.monotonic()
    assert len(fetch(connector)) == 1
    assert least <= clock.monotonic() - before < least + 1


def test_retry_after_may_be_a_date(
    vendor: Vendor, connector: Connector, clock: ManualClock
) -> None:
    until = format_datetime(clock.now() + timedelta(seconds=9), usegmt=True)
    vendor.say({}, 429, {"Retry-After": until})
    vendor.say(good())
    before = clock.monotonic()
    assert len(fetch(connector)) == 1
    assert 9 <= clock.monotonic() - before < 11


@pytest.mark.parametrize(("status", "told", "least"), [(423, None, 2), (477, "6", 6)])
def test_a_lock_and_a_move_of_the_account_are_waited_out(
    vendor: Vendor, connector: Connector, clock: ManualClock, status: int, told: str, least: float
) -> None:
    vendor.say({}, status, {"Retry-After": told} if told else {})
    vendor.say(good())
    before = clock.monotonic()
    assert len(fetch(connector)) == 1
    assert least <= clock.monotonic() - before < least + 2


@pytest.mark.parametrize(
    "body",
    [
        {"message": "You have reached your daily limit.", "policyName": "DAILY"},
        {"message": "limit", "groupName": "publicapi:private-app-api-calls-daily:39"},
    ],
)
def test_the_daily_limit_says_when_it_is_renewed_and_is_left_alone_until_then(
    vendor: Vendor, connector: Connector, clock: ManualClock, body: dict[str, str]
) -> None:
    vendor.say(body, 429)
    midnight = datetime(2026, 5, 1, 22, 0, tzinfo=UTC)  # in Berlin
    for _ in range(3):
        with pytest.raises(BudgetExhaustedError, match="2026-05-02T00:00") as caught:
            fetch(connector)
        assert caught.value.renews == midnight
        assert caught.value.remedy
    assert len(vendor.asked) == 1
    vendor.forget()
    vendor.say(good())
    clock.set(midnight)
    assert len(fetch(connector)) == 1


def test_a_day_whose_end_is_not_known_is_asked_for_now_and_then(
    both: tuple[Vendor, Running], vendor: Vendor, clock: ManualClock
) -> None:
    connector = connect("hubspot", settings(both[1].url), clock)
    vendor.say({"policyName": "DAILY"}, 429)
    for _ in range(2):
        with pytest.raises(BudgetExhaustedError, match="midnight") as caught:
            fetch(connector)
        assert caught.value.renews is None
    assert len(vendor.asked) == 1
    clock.advance(600)
    with pytest.raises(BudgetExhaustedError):
        fetch(connector)
    assert len(vendor.asked) == 2
    connector.close()


def test_no_call_and_its_repeats_go_beyond_two_time_outs(
    vendor: Vendor, connector: Connector, clock: ManualClock
) -> None:
    def slow(_: Any) -> tuple[int, Any, dict[str, str]]:
        clock.advance(15)
        return 503, {"message": "down"}, {}

    vendor.answers.append(slow)
    before = clock.monotonic()
    with pytest.raises(VendorDownError):
        fetch(connector)
    assert clock.monotonic() - before <= 2 * 20 + 15
    assert len(vendor.asked) == 3


# --- tokens --------------------------------------------------------------------------------------


def test_an_ended_token_costs_no_record_in_any_kind_of_call(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(450))
    (company,) = crm.insert_many("account", [{"name": "Acme"}])
    crm.advance(3600)
    for n in range(200):  # every third request
        crm.fault(match=r"/crm/", action="expire_session", skip=2 * n + 1)
    seen: list[str] = []
    cursor = ""
    for page in crm.connector.changes("contacts", ["email", COMPANIES], None):  # list
        seen += [record.id for record in page.records]
        cursor = page.cursor
    assert sorted(seen) == sorted(ids)
    crm.advance(900)
    for id in ids:
        crm.edit("person", id, {"jobtitle": "x"})
    crm.delete("person", ids[0])
    pages = list(crm.connector.changes("contacts", ["email"], cursor))  # search, archived list
    told = [record for page in pages for record in page.records]
    assert sorted(r.id for r in told if not r.archived) == sorted(ids[1:])
    assert [r.id for r in told if r.archived] == [ids[0]]
    assert len(crm.connector.fetch("contacts", ["email"], ids[1:])) == 449  # batch read
    found = crm.connector.find("contacts", ["email"], "email", ["p7@example.org"])
    assert [r.id for r in found] == [ids[7]]
    creates = [stamped(crm.names["person"], f"N{n}", f"s{n}") for n in range(150)]
    made = crm.connector.apply("contacts", creates)  # batch upsert
    assert all(isinstance(outcome, Done) and outcome.created for outcome in made)
    link = [{"id": company, "label": None, "primary": True}]
    updates = [Update(f"u{n}", id, {COMPANIES: link}) for n, id in enumerate(ids[1:])]
    for outcome in crm.connector.apply("contacts", updates):  # associations
        assert isinstance(outcome, Done)
        assert not outcome.refused
    merged, archived = crm.connector.apply(
        "contacts", [Merge("m", ids[2], (ids[3],)), Archive("a", ids[4])]
    )
    assert isinstance(merged, Done)
    assert isinstance(archived, Done)
    assert calls(crm)["POST /oauth/v1/token"] > 10
    crm.clear_faults()
    live = [r for r in collect(crm.connector, "contacts", [STAMP])[0].values() if not r.archived]
    assert len(live) == 450 - 1 + 150 - 1 - 1
    assert len({r.fields[STAMP] for r in live} - {None}) == 150


def test_one_thread_renews_a_token_for_all(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(8))
    fetch_one = crm.connector.fetch
    fetch_one("contacts", ["email"], ids[:1])
    crm.advance(1795)
    calls(crm)
    barrier = threading.Barrier(8)
    found: list[int] = []

    def look(id: str) -> None:
        barrier.wait()
        found.append(len(fetch_one("contacts", ["email"], [id])))

    threads = [threading.Thread(target=look, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 8
    assert calls(crm)["POST /oauth/v1/token"] == 1


def test_a_sign_in_that_is_refused_for_a_while_is_waited_out(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(1))
    crm.connector = crm.reconnect()
    crm.fault(match="oauth/v1/token", action="status", status=429, headers={"Retry-After": "5"})
    crm.fault(match="oauth/v1/token", action="html")
    crm.fault(match="oauth/v1/token", action="drop_after")
    assert len(crm.connector.fetch("contacts", ["email"], ids)) == 1


def test_a_token_that_never_helps_is_told(crm: HubSpotHarness) -> None:
    body = {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "expired"}
    crm.fault(match=r"/crm/", action="status", status=401, body=body, times=None)
    with pytest.raises(AuthError):
        crm.connector.fetch("contacts", ["email"], ["1"])


# --- addresses -----------------------------------------------------------------------------------


def test_names_in_an_address_are_quoted(vendor: Vendor, connector: Connector) -> None:
    vendor.say({"name": "x", "type": "string", "hasUniqueValue": True})
    connector.prepare([StampField("contacts", "../deals?archived=true#x")])
    _, path, _ = vendor.asked[0]
    assert path == "/crm/v3/properties/contacts/../deals%3Farchived=true%23x"


@pytest.mark.parametrize("id", ["../1", "1?archived=true", "1/2", "", "1 2", "１２"])
def test_an_id_that_cannot_be_is_sent_nowhere(
    vendor: Vendor, connector: Connector, id: str
) -> None:
    vendor.say({"results": []})
    outcomes = connector.apply(
        "contacts", [Update("1", id, {"email": "x"}), Archive("2", id), Merge("3", id, ("5",))]
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["Refused"] * 3
    assert connector.fetch("contacts", ["email"], [id]) == []
    assert vendor.asked == []


def test_a_lost_connection_is_told_after_some_attempts(crm: HubSpotHarness) -> None:
    crm.fault(match=r"/crm/", action="drop_before", times=None)
    with pytest.raises(NetworkError):
        crm.connector.fetch("contacts", ["email"], ["1"])
