"""Webhooks of the HubSpot sandbox: signed, batched, out of order, twice, repeated on failure."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hubspot.utils.signature import Signature

from sandbox.hubspot import make
from sandbox.hubspot.webhooks import signature_headers
from tests.sandbox.hubspot_support import CONTACTS, Account

CALM = {
    "webhook_seconds": 0,
    "webhook_disorder": False,
    "webhook_duplicates": 0,
    "webhook_repeated_ids": 0,
}


class Receiver:
    """A web server that keeps what it gets; `status` is what it answers."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.calls.append((dict(self.headers), self.rfile.read(size)))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks?side=a%2Fb"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.calls for event in orjson.loads(body)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


Subscribed = Callable[..., Account]


@pytest.fixture
def subscribed(receiver: Receiver) -> Subscribed:
    """An account that sends these events; nothing is odd about them unless asked for."""

    def subscribed(*types: str, **more: Any) -> Account:
        given = {**CALM, "webhook_url": receiver.url, "webhook_subscriptions": types, **more}
        return Account(**given)

    return subscribed


def deliver(hs: Account) -> Any:
    return hs.admin("POST", "webhooks")


def test_what_happens_is_told(receiver: Receiver, subscribed: Subscribed) -> None:
    hs = subscribed(
        "contact.creation", "contact.propertyChange:email", "contact.deletion", "contact.restore",
        "contact.merge", "contact.privacyDeletion", "contact.associationChange",
    )  # fmt: skip
    one, two = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    hs.update("contacts", one, email="c@example.com", firstname="Ann")
    hs.edit("associate", "contacts", one, to_type="companies", to_id=hs.company(name="Acme"))
    hs.call("DELETE", f"{CONTACTS}/{two}")
    hs.edit("restore", "contacts", two)
    new = hs.post(f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    hs.call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": new})
    assert deliver(hs)["delivered"] == 8
    kinds = [event["subscriptionType"].partition(".")[2] for event in receiver.events]
    assert kinds == [
        "creation", "creation", "propertyChange", "associationChange", "deletion", "restore",
        "merge", "privacyDeletion",
    ]  # fmt: skip
    change, merge = receiver.events[2], receiver.events[6]
    assert (change["objectId"], change["propertyName"]) == (int(one), "email")
    assert (change["propertyValue"], change["changeSource"]) == ("c@example.com", "INTEGRATION")
    assert (change["sourceId"], change["portalId"]) == ("1024738", 39000001)
    assert (change["appId"], change["attemptNumber"]) == (1024738, 0)
    assert change["occurredAt"] == int(hs.clock.now().timestamp() * 1000)
    assert (merge["primaryObjectId"], merge["newObjectId"]) == (int(one), int(new))
    assert merge["mergedObjectIds"] == [int(one), int(two)]
    assert len({event["eventId"] for event in receiver.events}) == 8


def test_only_what_was_subscribed_to_is_told(receiver: Receiver, subscribed: Subscribed) -> None:
    hs = subscribed("company.propertyChange", "object.creation")
    hs.contact(email="a@example.com")
    company = hs.company(name="Acme")
    hs.update("companies", company, city="Ulm")
    hs.seed(companies=[{"name": "Seeded"}])
    deliver(hs)
    shown = [(e["subscriptionType"], e.get("propertyName")) for e in receiver.events]
    assert shown == [
        ("object.creation", None), ("object.creation", None), ("company.propertyChange", "city"),
    ]  # fmt: skip
    assert [e.get("objectTypeId") for e in receiver.events] == ["0-1", "0-2", None]


def test_edits_of_people_and_workflows_say_who(receiver: Receiver, subscribed: Subscribed) -> None:
    flow = {"object_type": "contacts", "property": "city", "rewrite": "upper"}
    hs = subscribed("contact.propertyChange:city", workflows=[flow])
    made = hs.contact(email="a@example.com")
    hs.edit("update", "contacts", made, fields={"city": "Ulm"})
    hs.get(CONTACTS)
    deliver(hs)
    shown = [(e["propertyValue"], e["changeSource"]) for e in receiver.events]
    assert shown == [("Ulm", "CRM_UI"), ("ULM", "AUTOMATION_PLATFORM")]


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_the_vendors_own_client_accepts_the_signature(
    receiver: Receiver, subscribed: Subscribed, version: str
) -> None:
    url = receiver.url.partition("?")[0]
    hs = subscribed("contact.creation", webhook_signatures=[version], webhook_url=url)
    # that client refuses what is old by the clock of this machine
    hs.admin("POST", "clock", {"now": datetime.now(UTC).isoformat()})
    hs.contact(email="a@example.com", firstname="Zoë")
    deliver(hs)
    [(headers, body)] = receiver.calls
    given = {
        "signature": headers["X-HubSpot-Signature" + ("-v3" if version == "v3" else "")],
        "client_secret": hs.sandbox.credentials["client_secret"],
        "http_uri": url,
        "http_method": "POST",
        "signature_version": headers.get("X-HubSpot-Signature-Version", "v3"),
        "timestamp": headers.get("X-HubSpot-Request-Timestamp"),
    }
    assert given["signature_version"] == version
    assert Signature.is_valid(**given, request_body=body.decode())
    assert not Signature.is_valid(**given, request_body=body.decode() + " ")


def test_signatures_of_version_3_undo_some_escapes() -> None:
    one = signature_headers("s", "http://127.0.0.1/a%2Fb?x=%20", b"[]", 1, ["v3"])
    two = signature_headers("s", "http://127.0.0.1/a/b?x=%20", b"[]", 1, ["v3", "v2"])
    assert one["X-HubSpot-Signature-v3"] == two["X-HubSpot-Signature-v3"]
    assert two["X-HubSpot-Signature-Version"] == "v2"


def test_at_most_a_hundred_events_at_once(receiver: Receiver, subscribed: Subscribed) -> None:
    hs = subscribed("contact.creation")
    rows = [{"email": f"p{i}@example.com"} for i in range(230)]
    hs.edit("import", "contacts", fields={"rows": rows})
    deliver(hs)
    assert [len(orjson.loads(body)) for _, body in receiver.calls] == [100, 100, 30]


def test_duplicates_disorder_repeated_ids_and_losses(
    receiver: Receiver, subscribed: Subscribed
) -> None:
    hs = subscribed(
        "contact.creation", webhook_disorder=True, webhook_duplicates=0.2, webhook_losses=0.1,
        webhook_repeated_ids=0.1, webhook_seconds=10,
    )  # fmt: skip
    for i in range(200):
        hs.contact(email=f"p{i}@example.com")
        hs.clock.advance(0.05)
    early = deliver(hs)
    assert 0 < early["pending"] < 240
    hs.clock.advance(20)
    state = deliver(hs)
    assert state["pending"] == 0
    told = Counter(event["objectId"] for event in receiver.events)
    assert len(told) == 200 - state["lost"] < 200
    assert 15 < sum(n == 2 for n in told.values()) < 70
    times = [event["occurredAt"] for event in receiver.events]
    assert any(one > two for one, two in pairwise(times))
    first_only = {event["objectId"]: event["eventId"] for event in receiver.events}
    assert len(set(first_only.values())) < len(first_only)


def test_failures_are_repeated_ten_times(receiver: Receiver, subscribed: Subscribed) -> None:
    hs = subscribed("contact.creation")
    receiver.status = 500
    hs.contact(email="a@example.com")
    started, waits = hs.clock.now(), []
    while deliver(hs)["pending"]:
        while len(receiver.calls) <= len(waits):
            hs.clock.advance(30)
            deliver(hs)
        waits.append(hs.clock.now())
    assert [event["attemptNumber"] for event in receiver.events] == list(range(11))
    assert (hs.clock.now() - started).total_seconds() < 86_400
    assert hs.admin("GET", "webhooks")["given_up"] == 1


def test_a_receiver_that_comes_back_gets_everything(
    receiver: Receiver, subscribed: Subscribed
) -> None:
    hs = subscribed("contact.creation")
    receiver.status = 503
    hs.contact(email="a@example.com")
    assert deliver(hs)["failed"] == 1
    receiver.status = 204
    assert deliver(hs)["delivered"] == 0
    hs.clock.advance(60)
    assert deliver(hs)["delivered"] == 1
    assert receiver.events[-1]["attemptNumber"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_url": "http://example.com/hooks"},
        {"webhook_url": "https://127.0.0.1/hooks"},
        {"webhook_subscriptions": ["contact.explosion"]},
        {"webhook_subscriptions": ["contact.creation:email"]},
    ],
)
def test_events_stay_on_this_machine(wrong: dict[str, Any]) -> None:
    assert Account().call("POST", "/_sandbox/config", wrong).status_code == 400


def test_a_running_sandbox_delivers_by_itself(receiver: Receiver) -> None:
    with make(webhook_subscriptions=["contact.creation"], **CALM).start(tls=False) as running:
        running.admin.post("/config", json={"webhook_url": receiver.url})
        body = {"verb": "create", "object_type": "contacts", "fields": {"email": "a@example.com"}}
        assert running.admin.post("/edit", json=body).status_code == 200
        for _ in range(100):
            if receiver.calls:
                break
            threading.Event().wait(0.05)
    assert [event["subscriptionType"] for event in receiver.events] == ["contact.creation"]
