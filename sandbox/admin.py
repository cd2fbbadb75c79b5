"""What every sandbox shares: its application shell, the request counter and the admin routes."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, NamedTuple, Protocol

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.clock import ManualClock, OffsetClock
from sandbox.faults import SPOILS, FaultMiddleware, Faults, Spoiler, Spoils
from sandbox.quirks import Quirks
from sandbox.serve import Running

SteeredClock = OffsetClock | ManualClock


class AdminRefusedError(Exception):
    """An admin edit that the vendor's own validation refuses; `body` is the vendor's error."""

    def __init__(self, body: Any, status: int = 400) -> None:
        super().__init__(str(body))
        self.body = body
        self.status = status


class Administered(Protocol):
    """A vendor's store as the admin routes see it; methods are called from worker threads.

    `seed`, `edit` and `configure` raise ValueError for a body they cannot understand and
    `AdminRefusedError` for an edit that the vendor would refuse.
    """

    clock: SteeredClock

    def seed(self, body: Mapping[str, Any]) -> dict[str, Any]: ...

    def edit(self, body: Mapping[str, Any]) -> dict[str, Any]: ...

    def dump(self, object_type: str | None) -> dict[str, Any]: ...

    def configure(self, options: Mapping[str, Any]) -> dict[str, Any]: ...

    def expire_sessions(self) -> None: ...

    def save(self) -> None: ...


class Classified(NamedTuple):
    """What a request is: its templated route, whether it can change CRM data, whose objects.

    Objects known only from the body are told to `RequestCounter.touch` by the handler.
    """

    route: str
    write: bool = False
    objects: tuple[str, ...] = ()


Classify = Callable[[str, str, str], Classified]
"""(method, path, query string) -> Classified."""


class RequestCounter:
    """Counts requests as they arrive, those that a fault rule then spoils included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._routes: Counter[str] = Counter()
            self._objects: defaultdict[str, Counter[str]] = defaultdict(Counter)
            self._reads = 0
            self._writes = 0

    def count(self, request: Classified) -> None:
        with self._lock:
            self._routes[request.route] += 1
            self._writes += request.write
            self._reads += not request.write
            for name in request.objects:
                self._objects[name]["write" if request.write else "read"] += 1

    def touch(self, object_type: str, *, write: bool) -> None:
        """Count a request for an object type that only its body named; once per request."""
        with self._lock:
            self._objects[object_type]["write" if write else "read"] += 1

    def wrote(self) -> None:
        """Count a request as a write that only its body showed to be one."""
        with self._lock:
            self._reads -= 1
            self._writes += 1

    def report(self) -> dict[str, Any]:
        with self._lock:
            return {
                "total": self._reads + self._writes,
                "reads": self._reads,
                "writes": self._writes,
                "by_route": dict(self._routes),
                "by_object": {
                    name: {"read": seen["read"], "write": seen["write"]}
                    for name, seen in self._objects.items()
                },
            }


class _CountMiddleware:
    def __init__(self, app: ASGIApp, counter: RequestCounter, classify: Classify) -> None:
        self._app = app
        self._counter = counter
        self._classify = classify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/_sandbox/"):
            query = scope["query_string"].decode("latin-1")
            self._counter.count(self._classify(scope["method"], scope["path"], query))
        await self._app(scope, receive, send)


class SandboxApp(Starlette):
    """A vendor's routes plus `/_sandbox/`, with counting and faults as the outermost layers."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        *,
        store: Administered,
        classify: Classify,
        quirks: Quirks | None = None,
        spoils: Spoils = SPOILS,
    ) -> None:
        self.faults = Faults()
        self.counter = RequestCounter()
        self.quirks = quirks or Quirks()
        self._spoiler = Spoiler(self.quirks, spoils)
        self._store = store
        self._classify = classify
        admin = admin_routes(store, self.faults, self.counter, self.quirks)
        super().__init__(routes=[*admin, *routes])

    def build_middleware_stack(self) -> ASGIApp:
        inner = super().build_middleware_stack()
        dated = _DateMiddleware(inner, self._store.clock)
        # outside the dating layer: dropping a connection needs the server's own `send`
        expire = self._store.expire_sessions
        faulty = FaultMiddleware(dated, self.faults, expire, self._spoiler)
        return _CountMiddleware(faulty, self.counter, self._classify)


class _DateMiddleware:
    """Dates every answer by the sandbox's clock, as a vendor does by its own."""

    def __init__(self, app: ASGIApp, clock: SteeredClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", date)]
            await send(message)

        await self._app(scope, receive, dated)


@dataclass
class SavingRunning(Running):
    """A running sandbox that saves its snapshot when it is stopped."""

    save: Callable[[], None] = lambda: None

    def stop(self) -> None:
        super().stop()
        self.save()


def saving(running: Running, save: Callable[[], None]) -> SavingRunning:
    """The same running sandbox, calling `save` on a clean stop."""
    return SavingRunning(**vars(running), save=save)


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response through orjson."""
    return Response(
        orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS),
        status,
        dict(headers or {}),
        media_type="application/json",
    )


Action = Callable[[Any], Any]


def admin_routes(
    store: Administered, faults: Faults, counter: RequestCounter, quirks: Quirks
) -> list[Route]:
    """The routes below `/_sandbox/`; no authentication, for tests and demos on loopback."""
    actions: dict[tuple[str, str], Action] = {
        ("POST", "seed"): store.seed,
        ("POST", "edit"): store.edit,
        ("GET", "dump"): lambda query: store.dump(query.get("object_type")),
        ("POST", "config"): lambda body: _configure(store, quirks, body),
        ("GET", "quirks"): lambda _: quirks.listing(),
        ("POST", "snapshot"): lambda _: _done(store.save),
        ("GET", "requests"): lambda _: counter.report(),
        ("DELETE", "requests"): lambda _: _done(counter.reset),
        ("POST", "faults"): lambda body: _done(lambda: faults.add(body)),
        ("DELETE", "faults"): lambda _: _done(faults.clear),
        ("GET", "clock"): lambda _: {"now": store.clock.now().isoformat()},
        ("POST", "clock"): lambda body: _steer(store.clock, body),
    }
    return [
        Route(f"/_sandbox/{name}", _endpoint(action, method), methods=[method])
        for (method, name), action in actions.items()
    ]


def _done(action: Callable[[], None]) -> dict[str, Any]:
    action()
    return {"ok": True}


def _configure(store: Administered, quirks: Quirks, body: Mapping[str, Any]) -> dict[str, Any]:
    """Options go to the vendor's store; "profile", "seed" and "quirks" to the quirks."""
    return {**store.configure(quirks.configure(body)), "profile": quirks.profile}


def _steer(clock: SteeredClock, body: Mapping[str, Any]) -> dict[str, Any]:
    if "now" in body:
        clock.set(datetime.fromisoformat(body["now"]))
    clock.advance(float(body.get("advance", 0)))
    return {"now": clock.now().isoformat()}


def _endpoint(action: Action, method: str) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body() if method == "POST" else b""
        given = dict(request.query_params) if method != "POST" else {}
        return await run_in_threadpool(_perform, action, raw, given)

    return endpoint


def _perform(action: Action, raw: bytes, given: dict[str, str]) -> Response:
    try:
        return answer(action(orjson.loads(raw) if raw else given))
    except AdminRefusedError as refused:
        return answer(refused.body, refused.status)
    except (ValueError, KeyError) as error:
        return answer({"error": f"{type(error).__name__}: {error}"}, 400)
