"""Signing in and calling: what simple-salesforce leaves open is closed here."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from connectors.base import Convert, Create, Done, Merge, Refused, Unknown, Update
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ForbiddenError,
    NetworkError,
    RateLimitedError,
    SchemaDriftError,
    SettingsError,
    TransientError,
    UnexpectedReplyError,
)
from tests.connectors.salesforce_fakes import (
    CREDENTIALS,
    URL,
    Canned,
    FakeSalesforce,
    connector,
    expired,
    rows,
)

ID = "001000000000001AAA"
HTML = Canned(b"<html>Sign in</html>", headers={"Content-Type": "text/html"})


def refusal(code: str, status: int = 400, message: str = "no") -> Canned:
    return Canned([{"errorCode": code, "message": message}], status)


def read(fake: FakeSalesforce, **more: Any) -> list[Any]:
    made, _ = connector(fake, **more)
    try:
        return list(made.fetch("Account", ["Name"], [ID]))
    finally:
        made.close()


def cut() -> requests.exceptions.ConnectionError:
    return requests.exceptions.ConnectionError(ProtocolError("aborted", OSError("reset")))


def unreachable() -> requests.exceptions.ConnectionError:
    reason = NewConnectionError(HTTPConnection("acme.my.salesforce.com"), "refused")
    return requests.exceptions.ConnectionError(MaxRetryError(None, URL, reason))  # type: ignore[arg-type]


def test_every_request_has_a_timeout_signing_in_too() -> None:
    fake = FakeSalesforce(lambda _: rows())
    read(fake, timeout=7.0)
    assert fake.timeouts == [(7.0, 7.0), (7.0, 7.0)]


def test_a_session_that_is_never_accepted_ends_after_two_renewals() -> None:
    fake = FakeSalesforce(lambda _: expired())
    with pytest.raises(AuthError):
        read(fake)
    assert (len(fake.requests), len(fake.logins)) == (3, 3)


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b'{"odd": 1}', b"[]"])
def test_a_401_that_is_not_json_is_renewed_too(body: bytes) -> None:
    fake = FakeSalesforce(lambda _: Canned(body, 401) if len(fake.requests) == 1 else rows())
    assert read(fake) == []
    assert len(fake.logins) == 2


def test_threads_that_find_the_session_ended_renew_it_once() -> None:
    gate = threading.Barrier(4, timeout=10)

    def respond(request: requests.PreparedRequest) -> Canned:
        if request.headers["Authorization"] == "Bearer 00Dtoken!1":
            gate.wait()
            return expired()
        return rows()

    fake = FakeSalesforce(respond)
    made, _ = connector(fake)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: made.fetch("Account", [], [ID]), range(4))) == [[]] * 4
    made.close()
    assert len(fake.logins) == 2


def test_a_refused_sign_in_is_not_tried_again() -> None:
    denied = Canned({"error": "invalid_grant", "error_description": "Invalid Password"}, 400)
    fake = FakeSalesforce(lambda _: rows(), token=lambda _: denied)
    made, _ = connector(fake)
    for _ in range(3):
        with pytest.raises(AuthError, match="Invalid Password"):
            made.fetch("Account", [], [ID])
    made.close()
    assert len(fake.logins) == 1


def test_a_given_token_that_has_ended_cannot_be_renewed() -> None:
    fake = FakeSalesforce(lambda _: expired())
    with pytest.raises(AuthError):
        read(fake, credentials={"flow": "session", "token": "00Dgiven!x"})
    assert len(fake.requests) == 1
    assert fake.logins == []


def test_headers_survive_the_renewal_of_the_session() -> None:
    created = Canned([{"id": ID, "success": True, "errors": []}])
    answers = iter([expired(), created, rows()])
    fake = FakeSalesforce(lambda _: next(answers))
    made, _ = connector(fake)
    made.apply("Account", [Create("op", {"Name": "Acme"}, allow_duplicate=True)])
    made.close()
    posts = [r.headers for r in fake.requests if r.method == "POST"]
    assert [h["Sforce-Duplicate-Rule-Header"] for h in posts] == ["allowSave=true"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        Canned(b"gateway", 502),
        Canned(None, 503),
        Canned([], 429, {"Retry-After": "3"}),
        Canned(b"", 420),
        refusal("UNABLE_TO_LOCK_ROW"),
        refusal("TXN_SECURITY_METERING_ERROR", 403),
        HTML,
        Canned(b'{"totalSize":1,"rec'),
        Canned(b""),
        Canned({"totalSize": 0, "done": True}),
        Canned(error=cut()),
        Canned(error=unreachable()),
        Canned(error=requests.exceptions.ReadTimeout("slow")),
        Canned(error=requests.exceptions.ChunkedEncodingError("cut")),
    ],
    ids=lambda canned: f"{canned.status}-{type(canned.error).__name__}-{canned.body!r:.20}",
)
def test_what_may_pass_is_repeated_and_never_taken_for_an_empty_answer(answer: Canned) -> None:
    whole = rows({"Id": ID, "Name": "Acme", "SystemModstamp": None})
    fake = FakeSalesforce(lambda _: answer if len(fake.requests) < 3 else whole)
    if isinstance(answer.body, dict):
        with pytest.raises(UnexpectedReplyError):
            read(fake)
    else:
        assert [record.id for record in read(fake)] == [ID]


def test_a_lasting_outage_ends_within_the_patience_of_the_timeout() -> None:
    fake = FakeSalesforce(lambda _: Canned(None, 503))
    made, clock = connector(fake, timeout=3.0)
    with pytest.raises(TransientError):
        made.fetch("Account", [], [ID])
    made.close()
    assert 2 <= len(fake.requests) <= 5
    assert clock.monotonic() <= 3.0


def test_a_pause_longer_than_the_timeout_is_left_to_the_caller() -> None:
    fake = FakeSalesforce(lambda _: Canned([], 429, {"Retry-After": "600"}))
    made, clock = connector(fake)
    with pytest.raises(RateLimitedError) as caught:
        made.fetch("Account", [], [ID])
    made.close()
    assert caught.value.retry_after == 600
    assert clock.monotonic() == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("INVALID_FIELD"), SchemaDriftError),
        (refusal("INVALID_TYPE"), SchemaDriftError),
        (refusal("NOT_FOUND", 404), SchemaDriftError),
        (refusal("API_DISABLED_FOR_ORG", 403), ForbiddenError),
        (refusal("SOMETHING_NEW", 403), ForbiddenError),
        (refusal("SOMETHING_NEW", 400), UnexpectedReplyError),
        (refusal("GONE", 410), SchemaDriftError),
        (Canned(b"<html>", 404), SchemaDriftError),
        (Canned(b"", 302, {"Location": "https://evil.example"}), UnexpectedReplyError),
        (refusal("REQUEST_LIMIT_EXCEEDED", 403), BudgetExhaustedError),
        (Canned(error=unreachable()), NetworkError),
    ],
)
def test_what_will_not_pass_is_told(answer: Canned, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(FakeSalesforce(lambda _: answer))


def test_the_days_allowance_is_told_apart_from_too_many_calls_at_once() -> None:
    busy = refusal("REQUEST_LIMIT_EXCEEDED", 403)
    busy.headers = {"Sforce-Limit-Info": "api-usage=10/5000"}
    with pytest.raises(RateLimitedError):
        read(FakeSalesforce(lambda _: busy))


def test_the_days_usage_is_read_from_refusals_too() -> None:
    answer = refusal("INVALID_FIELD")
    answer.headers = {"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(app)"}
    made, _ = connector(FakeSalesforce(lambda _: answer))
    with pytest.raises(SchemaDriftError):
        made.describe("Account")
    usage = made.usage()
    assert (usage.daily_used, usage.daily_limit) == (25, 5000)
    assert (usage.calls, usage.reads, usage.writes) == (1, 1, 0)
    answer.headers = {"Sforce-Limit-Info": "api-usage=26/5000; per-app-api-usage=250/250(app)"}
    with pytest.raises(SchemaDriftError):
        made.describe("Account")
    usage = made.usage()
    made.close()
    assert (usage.daily_used, usage.daily_limit) == (250, 250)


@pytest.mark.parametrize("fault", [cut, lambda: requests.exceptions.ReadTimeout("slow")])
def test_a_create_without_stamp_is_not_repeated_after_a_lost_answer(
    fault: Callable[[], Exception],
) -> None:
    fake = FakeSalesforce(lambda _: Canned(error=fault()))
    made, _ = connector(fake)
    (outcome,) = made.apply("Account", [Create("op", {"Name": "Acme"})])
    made.close()
    assert isinstance(outcome, Unknown)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("answer", [Canned(None, 500), HTML])
def test_nor_after_an_answer_that_says_nothing(answer: Canned) -> None:
    fake = FakeSalesforce(lambda _: answer)
    made, _ = connector(fake)
    (outcome,) = made.apply("Account", [Create("op", {"Name": "Acme"})])
    made.close()
    assert isinstance(outcome, Unknown)
    assert len(fake.requests) == 1


def test_a_create_that_never_left_is_repeated() -> None:
    answers = iter(
        [
            Canned(error=unreachable()),
            Canned([{"id": ID, "success": True, "errors": []}]),
            rows({"Id": ID, "Name": "Acme", "SystemModstamp": None}),
        ]
    )
    made, _ = connector(FakeSalesforce(lambda _: next(answers)))
    (outcome,) = made.apply("Account", [Create("op", {"Name": "Acme"})])
    made.close()
    assert isinstance(outcome, Done)


def test_a_create_with_stamp_is_an_upsert_and_repeated() -> None:
    answers = iter(
        [
            Canned(error=cut()),
            Canned([{"id": ID, "success": True, "created": False, "errors": []}]),
            rows(),
        ]
    )
    fake = FakeSalesforce(lambda _: next(answers))
    made, _ = connector(fake)
    write = Create("op", {"Name": "Acme", "Tieline_Id__c": "e1"}, stamp_field="Tieline_Id__c")
    (outcome,) = made.apply("Account", [write])
    made.close()
    assert isinstance(outcome, Done)
    assert not outcome.created
    assert (fake.requests[0].url or "").endswith("/composite/sobjects/Account/Tieline_Id__c")


def test_what_was_acknowledged_is_not_lost_when_a_later_call_fails() -> None:
    def respond(request: requests.PreparedRequest) -> Canned:
        if request.method == "GET":
            return rows()
        if len(fake.requests) == 1:
            return Canned([{"id": ID, "success": True, "errors": []} for _ in range(200)])
        return Canned(None, 503)

    fake = FakeSalesforce(respond)
    made, _ = connector(fake)
    ids = [f"001{n:012d}" for n in range(201)]
    outcomes = made.apply(
        "Account", [Update(f"op{i}", id, {"Name": "x"}) for i, id in enumerate(ids)]
    )
    made.close()
    assert [type(o) for o in outcomes] == [Done] * 200 + [Unknown]


def test_a_record_that_cannot_be_parsed_does_not_take_the_others_along() -> None:
    """Salesforce refuses a whole collection call for one value that is no date."""

    def respond(request: requests.PreparedRequest) -> Canned:
        if request.method == "GET":
            return rows()
        body = orjson.loads(request.body or b"")
        if any(row.get("Name") == "bad" for row in body["records"]):
            return refusal("JSON_PARSER_ERROR")
        return Canned([{"id": row["Id"], "success": True, "errors": []} for row in body["records"]])

    fake = FakeSalesforce(respond)
    made, _ = connector(fake)
    names = ["a", "b", "bad", "c", "d", "e"]
    writes = [Update(n, f"001{i:012d}", {"Name": n}) for i, n in enumerate(names)]
    outcomes = made.apply("Account", writes)
    made.close()
    assert [type(o) for o in outcomes] == [Done, Done, Refused, Done, Done, Done]


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://user:pw@acme.my.salesforce.com",
        "https://127.0.0.1:8443",
        "acme.my.salesforce.com",
        "",
    ],
)
def test_credentials_go_to_salesforce_only(url: str) -> None:
    with pytest.raises(SettingsError):
        connector(FakeSalesforce(lambda _: rows()), url=url)


def test_a_trusted_url_is_an_exception_for_that_host_only() -> None:
    local = "https://127.0.0.1:8443"
    token = {"access_token": "t" * 9, "instance_url": local}
    fake = FakeSalesforce(lambda _: rows(), token=lambda _: Canned(token))
    assert read(fake, url=local, trust_url=True) == []
    assert (fake.requests[0].url or "").startswith(local)
    token["instance_url"] = "https://127.0.0.1:9999"
    with pytest.raises(UnexpectedReplyError, match="outside"):
        read(fake, url=local, trust_url=True)


def test_a_next_page_elsewhere_is_not_followed() -> None:
    body = {"totalSize": 2, "done": False, "records": [], "nextRecordsUrl": "//evil.example/x"}
    fake = FakeSalesforce(lambda _: Canned(body))
    with pytest.raises(UnexpectedReplyError):
        read(fake)
    assert all("evil" not in (request.url or "") for request in fake.requests)


def test_sign_in_flows_post_what_salesforce_expects() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    known = {"client_id": "ck", "client_secret": "cs", "username": "a&b@x.org"}
    cases = {
        "client_credentials": ({}, "grant_type=client_credentials"),
        "password": ({"password": "p&w", "security_token": "tok"}, "password=p%26wtok"),
        "jwt": ({"private_key": pem}, "jwt-bearer&assertion=ey"),
    }
    for flow, (more, expected) in cases.items():
        fake = FakeSalesforce(lambda _: rows())
        read(fake, credentials={"flow": flow, **known, **more})
        (login,) = fake.logins
        assert login.url == f"{URL}/services/oauth2/token"
        assert expected in str(login.body)


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"flow": "private_app", "token": "x"},
        {"flow": "jwt", "client_id": "x"},
        {**CREDENTIALS, "client_secret": ""},
    ],
)
def test_credentials_that_cannot_work_are_told_at_once(credentials: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        connector(FakeSalesforce(lambda _: rows()), credentials=credentials)


@pytest.mark.parametrize(
    "options",
    [{"api_version": "v60"}, {"api_version": 60}, {"page_size": 5}, {"lookback_seconds": 0}],
)
def test_options_that_cannot_work_are_told_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        connector(FakeSalesforce(lambda _: rows()), options=options)


def test_a_key_that_is_none_is_told() -> None:
    bad = {"flow": "jwt", "client_id": "c", "username": "u", "private_key": "none"}
    with pytest.raises(AuthError, match="private key"):
        read(FakeSalesforce(lambda _: rows()), credentials=bad)


MOVED = Canned(b"", 302, {"Location": "https://evil.example/x"})


@pytest.mark.parametrize(
    "call",
    [
        lambda made: made.apply("Lead", [Convert("op", "00Q000000000001")]),
        lambda made: made.apply("Account", [Merge("op", ID, ("001000000000002AAA",))]),
        lambda made: made.apply("Account", [Update("op", ID, {"Name": "x"})]),
        lambda made: list(made.changes("Account", ["Name"], None)),
        lambda made: made.describe("Account"),
    ],
)
def test_no_redirect_is_followed_with_a_session(call: Callable[[Any], Any]) -> None:
    fake = FakeSalesforce(lambda _: MOVED)
    made, _ = connector(fake, options={"bulk_read_threshold": 1, "bulk_write_threshold": 1})
    with contextlib.suppress(UnexpectedReplyError):
        call(made)
    made.close()
    assert fake.requests
    assert all((request.url or "").startswith(URL) for request in fake.requests)


def test_a_pause_that_one_thread_was_told_holds_for_all() -> None:
    slow = [Canned([], 429, {"Retry-After": "20"})]
    fake = FakeSalesforce(lambda _: slow.pop() if slow else rows())
    made, clock = connector(fake, timeout=5.0)
    with pytest.raises(RateLimitedError):
        made.fetch("Account", [], [ID])
    sent = len(fake.requests)
    with pytest.raises(RateLimitedError) as caught:
        made.fetch("Account", [], [ID])
    assert len(fake.requests) == sent, "nobody asks before the pause is over"
    assert caught.value.retry_after == 20
    clock.advance(17)
    assert made.fetch("Account", [], [ID]) == []
    assert clock.monotonic() == 20
    made.close()


def test_a_field_that_refuses_a_whole_call_is_named_and_costs_no_halving() -> None:
    field = {"label": "l", "type": "string", "nillable": True, "defaultedOnCreate": True}
    shown = {**field, "name": "Name", "createable": True, "updateable": True}
    flags = {"createable": True, "updateable": True, "deletable": True}
    body = {"name": "Account", "label": "Account", "fields": [shown], **flags}

    def respond(request: requests.PreparedRequest) -> Canned:
        return Canned(body) if request.method == "GET" else refusal("INVALID_FIELD")

    fake = FakeSalesforce(respond)
    made, _ = connector(fake)
    writes = [Update(f"{n}", f"001{n:012d}", {"Name": "x", "Gone__c": 1}) for n in range(200)]
    with pytest.raises(SchemaDriftError, match="Account in Salesforce has no field Gone__c"):
        made.apply("Account", writes)
    made.close()
    assert len(fake.requests) == 2


@pytest.mark.parametrize("last", [expired(), refusal("API_DISABLED_FOR_ORG", 403)])
def test_no_error_that_means_nothing_was_sent_hides_a_lost_answer(last: Canned) -> None:
    lost = [Canned(error=cut())]
    fake = FakeSalesforce(lambda _: lost.pop() if lost else last)
    made, _ = connector(fake)
    with pytest.raises(NetworkError):
        made.apply("Account", [Update("op", ID, {"Name": "x"})])
    made.close()


@pytest.mark.parametrize("body", [b"", b'[{"errorCode": "INVALID_FI', b"<html>"])
def test_a_refusal_that_cannot_be_read_is_asked_again(body: bytes) -> None:
    torn = [Canned(body, 400, {"Content-Type": "application/json"})]
    fake = FakeSalesforce(lambda _: torn.pop() if torn else rows())
    assert read(fake) == []
    assert len(fake.requests) == 2
