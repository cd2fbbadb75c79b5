"""How the HubSpot connector calls: time-outs, retries, refusals, and answers that are not ones."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest

from connectors.base import Archive, Connector, Create, Done, Merge, Refused, Unknown, Update
from connectors.hubspot import connect
from connectors.hubspot.errors import complaint
from core.clock import ManualClock
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    DuplicateError,
    ForbiddenError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    SettingsError,
    UnexpectedReplyError,
    VendorDownError,
)
from sandbox.serve import Running
from tests.connectors.hubspot_vendor import Answer, Vendor, settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 5, 1, tzinfo=UTC))


@pytest.fixture
def connector(server: Running, clock: ManualClock) -> Iterator[Connector]:
    made = connect("hubspot", settings(server.url), clock)
    yield made
    made.close()


def row(id: str, **properties: Any) -> dict[str, Any]:
    shown = {"hs_object_id": id, "createdate": None, "lastmodifieddate": None, **properties}
    return {"id": id, "properties": shown, "updatedAt": "2026-04-01T00:00:00Z", "archived": False}


def fetch(connector: Connector, *ids: str) -> list[Any]:
    return connector.fetch("contacts", ["email"], list(ids) or ["1"])


def test_the_token_goes_only_to_hubspot(clock: ManualClock) -> None:
    for url in (
        "http://api.hubapi.com",
        "https://api.hubapi.com.evil.example",
        "https://evilhubapi.com",
        "https://127.0.0.1:8443",
    ):
        with pytest.raises(SettingsError):
            connect("hubspot", settings(url, trust_url=False), clock)
    for fine in (None, "https://api.hubapi.com/", "https://api-eu1.hubapi.com"):
        connect("hubspot", settings(fine, trust_url=False), clock).close()


@pytest.mark.parametrize(
    ("credentials", "lacking"),
    [
        ({"flow": "private_app"}, "token"),
        ({"flow": "oauth_refresh", "client_id": "x"}, "client_secret, refresh_token"),
        ({"flow": "jwt", "token": "x"}, "jwt"),
    ],
)
def test_lacking_credentials_are_named(
    clock: ManualClock, credentials: dict[str, str], lacking: str
) -> None:
    with pytest.raises(SettingsError, match=lacking):
        connect("hubspot", settings(None, credentials=credentials), clock)


def test_the_token_is_sent_and_one_connection_serves_all_calls(
    vendor: Vendor, connector: Connector
) -> None:
    vendor.say({"results": [row("1", email="a@b.c")]})
    for _ in range(3):
        assert fetch(connector)[0].fields == {"email": "a@b.c"}
    assert set(vendor.authorized) == {"Bearer pat-eu1-secret-secret"}


def test_a_rate_limit_is_waited_out_as_the_header_says(
    vendor: Vendor, connector: Connector, clock: ManualClock
) -> None:
    limited = {"status": "error", "policyName": "TEN_SECONDLY_ROLLING"}
    vendor.say(limited, 429, {"Retry-After": "7"})
    vendor.say({"results": [row("1", email=None)]})
    before = clock.now()
    assert len(fetch(connector)) == 1
    assert 7 <= (clock.now() - before).total_seconds() < 9


def test_a_rate_limit_without_header_is_waited_out_by_its_policy(
    vendor: Vendor, connector: Connector, clock: ManualClock
) -> None:
    vendor.say({"status": "error", "policyName": "TEN_SECONDLY_ROLLING"}, 429)
    vendor.say({"results": [row("1", email=None)]})
    before = clock.now()
    assert len(fetch(connector)) == 1
    assert (clock.now() - before).total_seconds() >= 3


def test_the_daily_limit_is_not_hammered(vendor: Vendor, connector: Connector) -> None:
    vendor.say({"status": "error", "message": "daily limit", "policyName": "DAILY"}, 429)
    with pytest.raises(BudgetExhaustedError):
        fetch(connector)
    assert len(vendor.asked) == 1


def test_no_wait_is_longer_than_the_time_out(
    vendor: Vendor, connector: Connector, clock: ManualClock
) -> None:
    vendor.say({"status": "error"}, 429, {"Retry-After": "3600"})
    before = clock.now()
    with pytest.raises(RateLimitedError) as raised:
        fetch(connector)
    assert raised.value.retry_after == 3600
    assert (clock.now() - before).total_seconds() < 20


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 521, 523, 524])
def test_a_passing_outage_is_overcome(vendor: Vendor, connector: Connector, status: int) -> None:
    vendor.say(b"<html>", status)
    vendor.say({"results": [row("1", email=None)]})
    assert len(fetch(connector)) == 1


def test_a_lasting_outage_is_told_after_some_attempts(vendor: Vendor, connector: Connector) -> None:
    vendor.say({"message": "down"}, 503)
    with pytest.raises(VendorDownError, match="down"):
        fetch(connector)
    assert 3 <= len(vendor.asked) <= 6


@pytest.mark.parametrize("status", [401, 530])
def test_refused_credentials(vendor: Vendor, connector: Connector, status: int) -> None:
    vendor.say({"category": "INVALID_AUTHENTICATION", "message": "no"}, status)
    with pytest.raises(AuthError):
        fetch(connector)
    assert len(vendor.asked) == 1


def test_lacking_scopes_are_named(vendor: Vendor, connector: Connector) -> None:
    context = {"requiredGranularScopes": ["crm.objects.contacts.read"]}
    vendor.say({"category": "MISSING_SCOPES", "errors": [{"context": context}]}, 403)
    with pytest.raises(ForbiddenError, match=r"crm\.objects\.contacts\.read"):
        fetch(connector)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Sign in</body></html>",
        b'{"results": [{"id": "1", "prop',
        b"[]",
        b"",
        b'{"status": "COMPLETE"}',
        b'{"results": null}',
        b'{"results": [7]}',
        b'{"results": [{"id": "1"}]}',
        b'{"results": [{"properties": {}}]}',
    ],
)
def test_an_answer_that_is_none_is_never_an_empty_page(
    vendor: Vendor, connector: Connector, body: bytes
) -> None:
    vendor.say(body)
    for reading in (
        lambda: fetch(connector),
        lambda: list(connector.changes("contacts", ["email"], None)),
        lambda: connector.find("contacts", ["email"], "email", ["a@b.c"]),
    ):
        with pytest.raises(UnexpectedReplyError):
            reading()


def test_a_redirect_is_not_followed(vendor: Vendor, connector: Connector) -> None:
    vendor.say(b"", 302, {"Location": "/login"})
    with pytest.raises(UnexpectedReplyError):
        fetch(connector)
    assert [path for _, path, _ in vendor.asked] == ["/crm/v3/objects/contacts/batch/read"]


def test_html_that_is_not_utf8_is_read_as_a_refusal(vendor: Vendor, connector: Connector) -> None:
    """HubSpot answers a GET of an unknown id in Latin-1; the client library trips over it."""
    vendor.say({"results": []})
    vendor.say({"results": []})
    vendor.say("<h2>Não há</h2>".encode("latin-1"), 404, {"Content-Type": "text/html"})
    assert fetch(connector, "404") == []


def test_nobody_at_the_address(clock: ManualClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        connector = connect("hubspot", settings(url), clock)
        with pytest.raises(NetworkError):
            fetch(connector)
        with pytest.raises(NetworkError):
            connector.apply("contacts", [Create("1", {"email": "a@b.c"})])
        connector.close()


def test_a_server_that_says_nothing_times_out(clock: ManualClock) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(20)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        connector = connect("hubspot", settings(url, timeout=0.2), clock)
        outcome = connector.apply("contacts", [Create("1", {"email": "a@b.c"})])
        assert isinstance(outcome[0], Unknown)
        with pytest.raises(NetworkError):
            fetch(connector)
        connector.close()


@pytest.mark.parametrize("body", [b"<html>", b'{"results": [', b""])
def test_a_garbled_answer_to_an_unstamped_create_is_not_repeated(
    vendor: Vendor, connector: Connector, body: bytes
) -> None:
    vendor.say(body)
    outcome = connector.apply("contacts", [Create("1", {"email": "a@b.c"})])
    assert isinstance(outcome[0], Unknown)
    assert len(vendor.asked) == 1


def test_an_unstamped_create_that_was_not_processed_is_repeated(
    vendor: Vendor, connector: Connector
) -> None:
    vendor.say({"message": "wait"}, 429)
    vendor.say({"message": "wait"}, 503)
    vendor.say({"results": [row("7", email="a@b.c")]}, 201)
    outcome = connector.apply("contacts", [Create("1", {"email": "a@b.c"})])
    assert isinstance(outcome[0], Done)
    assert (outcome[0].id, outcome[0].created) == ("7", True)


def test_usage_tells_calls_and_the_vendors_count(vendor: Vendor, connector: Connector) -> None:
    day = {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "249000"}
    vendor.say({"results": [row("1", email=None)]}, 200, day)
    fetch(connector)
    connector.apply("contacts", [Archive("1", "5")])
    usage = connector.usage()
    assert (usage.calls, usage.reads, usage.writes) == (2, 1, 1)
    assert (usage.daily_limit, usage.daily_used) == (250_000, 1000)
    assert usage.by_route["POST /crm/v3/objects/contacts/batch/read"] == 1


def test_the_link_of_a_page_is_never_followed(vendor: Vendor, connector: Connector) -> None:
    link = "https://elsewhere.example/crm/objects/v3/contacts?after=2"
    vendor.say(
        {"results": [row("1", email=None)], "paging": {"next": {"after": "2", "link": link}}}
    )
    vendor.say({"results": [row("2", email=None)]})
    pages = list(connector.changes("contacts", ["email"], None))
    assert [r.id for page in pages for r in page.records] == ["1", "2"]
    assert [path for _, path, _ in vendor.asked] == ["/crm/v3/objects/contacts"] * 2


def test_a_list_that_does_not_get_on_ends(vendor: Vendor, connector: Connector) -> None:
    vendor.say({"results": [row("1", email=None)], "paging": {"next": {"after": "1"}}})
    list(connector.changes("contacts", ["email"], None))
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(("ahead", "repeated"), [(0, {"9"}), (3600, {"9"}), (-3600, {"9", "1"})])
def test_a_record_that_search_shows_late_is_not_lost(
    vendor: Vendor, connector: Connector, clock: ManualClock, ahead: float, repeated: set[str]
) -> None:
    """Whether our clock agrees with the vendor's or not: an index does not fill in order."""
    vendors_time = clock.now() - timedelta(seconds=ahead)

    def stamp(seconds: float) -> str:
        return (vendors_time + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    def made(id: str, seconds: float) -> dict[str, Any]:
        when = stamp(seconds)
        return row(id, email=None, createdate=when, lastmodifieddate=when)

    def searched(*rows: Mapping[str, Any]) -> None:
        date = format_datetime(vendors_time, usegmt=True)
        vendor.say({"total": len(rows), "results": list(rows)}, 200, {"Date": date})

    old, late, newest = made("1", -900), made("5", -10), made("9", -2)
    searched(old)
    (page,) = connector.changes("contacts", ["email"], None)
    vendor.forget()
    searched(newest, old)
    (page,) = connector.changes("contacts", ["email"], page.cursor)
    assert "9" in {record.id for record in page.records}
    vendor.forget()
    searched(newest, late, old)
    (page,) = connector.changes("contacts", ["email"], page.cursor)
    assert {record.id for record in page.records} == {"5", *repeated}


# --- writes that HubSpot refuses as a whole ------------------------------------------------------


def refusing(bad: str) -> Callable[[Any], Answer]:
    """A vendor that refuses a whole batch for one bad value, quoting nothing but the property."""

    def answer(asked: Any) -> Answer:
        inputs = asked["inputs"]
        if any(i.get("properties", {}).get("industry") == bad for i in inputs):
            detail = [{"name": "industry", "error": "INVALID_OPTION", "message": "not allowed"}]
            text = f"Property values were not valid: {orjson.dumps(detail).decode()}"
            return 400, {"category": "VALIDATION_ERROR", "message": text}, {}
        rows = [row(i["id"], **i.get("properties", {})) for i in reversed(inputs)]
        return 200, {"results": rows}, {}

    return answer


def test_one_bad_value_in_a_batch_costs_only_its_field(
    vendor: Vendor, connector: Connector
) -> None:
    vendor.answers.append(refusing("BAD"))
    writes = [Update(str(n), str(100 + n), {"name": f"N{n}", "industry": "OK"}) for n in range(40)]
    writes[23] = Update("23", "123", {"name": "N23", "industry": "BAD"})
    outcomes = connector.apply("companies", writes)
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, Done)
        assert outcome.id == str(100 + number)
        assert set(outcome.refused) == ({"industry"} if number == 23 else set())
    error = outcomes[23].refused["industry"]  # type: ignore[union-attr]
    assert isinstance(error, RejectedError)
    assert (error.field, error.vendor_code) == ("industry", "INVALID_OPTION")


def test_a_write_whose_only_field_is_bad_is_refused(vendor: Vendor, connector: Connector) -> None:
    vendor.answers.append(refusing("BAD"))
    outcomes = connector.apply("companies", [Update("1", "5", {"industry": "BAD"})])
    assert isinstance(outcomes[0], Refused)


def test_results_without_trace_are_mapped_whatever_their_order(
    vendor: Vendor, connector: Connector
) -> None:
    def answer(asked: Any) -> Answer:
        rows = [
            row(str(900 + n), **i["properties"])
            for n, i in reversed(list(enumerate(asked["inputs"])))
        ]
        return 201, {"results": rows}, {}

    vendor.answers.append(answer)
    writes = [Create(str(n), {"email": f"p{n}@x.org", "firstname": "Same"}) for n in range(5)]
    outcomes = connector.apply("contacts", writes)
    assert [o.id for o in outcomes if isinstance(o, Done)] == [str(900 + n) for n in range(5)]


def test_a_result_that_cannot_be_mapped_is_unknown_and_not_repeated(
    vendor: Vendor, connector: Connector
) -> None:
    vendor.say({"results": [row("1", firstname="Same"), row("2", firstname="Same")]}, 201)
    writes = [Create(str(n), {"firstname": "Same"}) for n in range(2)]
    outcomes = connector.apply("contacts", writes)
    assert all(isinstance(outcome, Unknown) for outcome in outcomes)
    assert len(vendor.asked) == 1


def test_an_outage_after_the_first_batch_spoils_only_the_rest(
    vendor: Vendor, connector: Connector
) -> None:
    served: list[int] = []

    def answer(asked: Any) -> Answer:
        served.append(len(asked["inputs"]))
        if len(served) > 1:
            return 401, {"category": "EXPIRED_AUTHENTICATION", "message": "gone"}, {}
        return 200, {"results": [row(i["id"], **i["properties"]) for i in asked["inputs"]]}, {}

    vendor.answers.append(answer)
    writes = [Update(str(n), str(1000 + n), {"firstname": "X"}) for n in range(250)]
    outcomes = connector.apply("contacts", writes)
    assert all(isinstance(outcome, Done) for outcome in outcomes[:100])
    assert all(isinstance(outcome, Unknown) for outcome in outcomes[100:])
    assert len(served) == 2


def test_two_writes_of_one_record_go_in_two_batches_in_order(
    vendor: Vendor, connector: Connector
) -> None:
    vendor.answers.append(refusing("-"))
    writes = [Update("1", "5", {"name": "A"}), Update("2", "5", {"name": "B"})]
    outcomes = connector.apply("companies", writes)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert [a["inputs"][0]["properties"]["name"] for _, _, a in vendor.asked] == ["A", "B"]


def test_a_merge_whose_answer_was_lost_is_looked_up(vendor: Vendor, connector: Connector) -> None:
    vendor.say(b"", 504)
    vendor.say({"results": [row("3", hs_merged_object_ids="1;2")]})
    outcome = connector.apply("contacts", [Merge("1", "1", ("2",))])[0]
    assert isinstance(outcome, Done)
    assert outcome.id == "3"
    assert [path.rpartition("/")[2] for _, path, _ in vendor.asked][:2] == ["merge", "read"]


# --- refusals taken apart ------------------------------------------------------------------------


def test_existing_ids_are_read_from_the_message() -> None:
    error = complaint(
        {"category": "CONFLICT", "message": "Contact already exists. Existing ID: 512"}, 409
    ).error()
    assert isinstance(error, DuplicateError)
    assert error.existing_id == "512"
    clash = complaint(
        {
            "message": "Cannot set PropertyValueCoordinates{portalId=1, propertyName=email, "
            "value=a@b.c} on 7. 9 already has that value."
        }
    )
    error = clash.error("email")
    assert isinstance(error, DuplicateError)
    assert error.existing_id == "9"
    assert set(clash.fields) == {"email"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": None, "errors": None, "context": None},
        {"message": "validation error", "errors": ["The request body may not be null"]},
        {"message": "Property values were not valid: [{broken"},
        {"message": "x", "errors": [{"context": "{missingScopes=[a]}"}]},
    ],
)
def test_any_form_of_refusal_is_an_error_about_the_record(body: dict[str, Any]) -> None:
    error = complaint(body).error()
    assert isinstance(error, RejectedError)
    assert error.message


def test_a_missing_record_is_told_as_such() -> None:
    assert isinstance(complaint({"category": "OBJECT_NOT_FOUND"}).error(), NotFoundError)
    assert isinstance(complaint({}, 404).error(), NotFoundError)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("stamp", [None, "tieline_id"])
def test_a_refusal_after_a_lost_answer_does_not_say_that_nothing_was_sent(
    vendor: Vendor, connector: Connector, status: int, stamp: str | None
) -> None:
    vendor.say(b"<html>", 200)
    vendor.say({"message": "gone"}, status)
    fields = {"email": "a@b.c", "tieline_id": "s"}
    (outcome,) = connector.apply("contacts", [Create("1", fields, stamp_field=stamp)])
    assert isinstance(outcome, Unknown)
    vendor.forget()
    vendor.say(b"<html>", 200)
    vendor.say({"message": "gone"}, status)
    (outcome,) = connector.apply("contacts", [Archive("1", "5")])
    assert isinstance(outcome, Unknown)
