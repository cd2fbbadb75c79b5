"""The faults and counters that both sandboxes share, seen by a real HTTP client."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.clock import ManualClock
from sandbox.admin import AdminRefusedError, Classified, SandboxApp, answer, saving
from sandbox.serve import Running, serve


class Notes:
    """The smallest store that the admin routes can steer."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2024, 1, 1, tzinfo=UTC))
        self.posted = 0
        self.expired = 0
        self.saved = 0

    def seed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise ValueError("not an object")  # noqa: TRY004
        return {"ids": body}

    def edit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        raise AdminRefusedError([{"errorCode": "NO"}], 403)

    def dump(self, object_type: str | None) -> dict[str, Any]:
        return {"asked": object_type}

    def configure(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return dict(options)

    def expire_sessions(self) -> None:
        self.expired += 1

    def save(self) -> None:
        self.saved += 1


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def running(notes: Notes) -> Iterator[Running]:
    def post(request: Request) -> Response:
        notes.posted += 1
        return answer({"text": "some text that is long enough to cut"}, 201)

    def classify(method: str, path: str, query: str) -> Classified:
        return Classified(f"{method} {path}", method == "POST", ("note",))

    app = SandboxApp([Route("/notes", post, methods=["GET", "POST"])], store=notes,
                     classify=classify)  # fmt: skip
    with saving(serve(app), notes.save) as started:
        yield started


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(running.ca_file))
    with httpx.Client(base_url=running.url, verify=context, trust_env=False) as made:
        yield made


def fault(running: Running, **rule: Any) -> None:
    assert running.admin.post("/faults", json={"match": "/notes", **rule}).status_code == 200


def test_a_status_fault_carries_its_body_and_headers_and_then_passes(
    running: Running, client: httpx.Client, notes: Notes
) -> None:
    fault(running, action="status", status=429, body={"why": "slow"}, headers={"Retry-After": "3"})
    refused = client.post("/notes")
    assert (refused.status_code, refused.json()) == (429, {"why": "slow"})
    assert refused.headers["Retry-After"] == "3"
    assert notes.posted == 0
    assert client.post("/notes").status_code == 201


def test_html_comes_with_200(running: Running, client: httpx.Client) -> None:
    fault(running, action="html")
    page = client.get("/notes")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<html>" in page.text


def test_cut_is_a_whole_answer_of_half_the_json(running: Running, client: httpx.Client) -> None:
    whole = client.get("/notes").text
    fault(running, action="cut")
    cut = client.get("/notes")
    assert cut.status_code == 201
    assert cut.text == whole[: len(whole) // 2]
    assert int(cut.headers["content-length"]) == len(cut.content)


@pytest.mark.parametrize(("action", "posted"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_is_a_protocol_error(
    running: Running, client: httpx.Client, notes: Notes, action: str, posted: int
) -> None:
    fault(running, action=action)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post("/notes", content=b"x" * 200_000)
    assert notes.posted == posted
    assert client.post("/notes").status_code == 201


def test_skip_and_times_choose_which_requests_fail(running: Running, client: httpx.Client) -> None:
    fault(running, action="status", status=503, skip=1, times=2)
    assert [client.get("/notes").status_code for _ in range(4)] == [201, 503, 503, 201]


def test_rules_can_match_the_method_and_the_query(running: Running, client: httpx.Client) -> None:
    fault(running, match=r"^GET /notes\?.*page=2", action="status", status=500, times=None)
    assert client.get("/notes", params={"page": 1}).status_code == 201
    assert client.post("/notes", params={"page": 2}).status_code == 201
    assert client.get("/notes", params={"page": 2}).status_code == 500
    assert client.get("/notes", params={"page": 2}).status_code == 500
    running.admin.delete("/faults")
    assert client.get("/notes", params={"page": 2}).status_code == 201


def test_delay_is_longer_than_an_impatient_client_waits(
    running: Running, client: httpx.Client
) -> None:
    fault(running, action="delay", seconds=0.5)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/notes", timeout=0.1)


def test_expire_session_ends_sessions_and_goes_on(
    running: Running, client: httpx.Client, notes: Notes
) -> None:
    fault(running, action="expire_session")
    assert client.get("/notes").status_code == 201
    assert notes.expired == 1


@pytest.mark.parametrize(
    "rule", [{"match": "x", "action": "explode"}, {"match": "(", "action": "html"}, {"match": "x"}]
)
def test_a_rule_that_makes_no_sense_is_refused(running: Running, rule: dict[str, Any]) -> None:
    assert running.admin.post("/faults", json=rule).status_code == 400


def test_requests_are_counted_by_route_and_object(running: Running, client: httpx.Client) -> None:
    client.get("/notes")
    client.post("/notes")
    client.post("/notes")
    assert running.admin.get("/requests").json() == {
        "total": 3,
        "reads": 1,
        "writes": 2,
        "by_route": {"GET /notes": 1, "POST /notes": 2},
        "by_object": {"note": {"read": 1, "write": 2}},
    }
    running.admin.delete("/requests")
    assert running.admin.get("/requests").json()["total"] == 0


def test_the_clock_can_be_read_advanced_and_set(running: Running, notes: Notes) -> None:
    assert running.admin.get("/clock").json() == {"now": "2024-01-01T00:00:00+00:00"}
    running.admin.post("/clock", json={"advance": 90})
    assert notes.clock.now() == datetime(2024, 1, 1, 0, 1, 30, tzinfo=UTC)
    answered = running.admin.post("/clock", json={"now": "2023-06-01T12:00:00Z"})
    assert answered.json() == {"now": "2023-06-01T12:00:00+00:00"}


def test_admin_errors_say_what_is_wrong(running: Running) -> None:
    refused = running.admin.post("/edit", json={})
    assert (refused.status_code, refused.json()) == (403, [{"errorCode": "NO"}])
    bad = running.admin.post("/seed", json=[1])
    assert (bad.status_code, bad.json()) == (400, {"error": "ValueError: not an object"})
    assert running.admin.get("/dump", params={"object_type": "X"}).json() == {"asked": "X"}


def test_stopping_saves_once_asked_for(notes: Notes) -> None:
    app = SandboxApp([], store=notes, classify=lambda method, path, query: Classified(path))
    with saving(serve(app, tls=False), notes.save):
        assert notes.saved == 0
    assert notes.saved == 1
