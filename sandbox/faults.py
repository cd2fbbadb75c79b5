"""Makes a sandbox fail on request: wrong answers, lost connections, delays, expired sessions."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.quirks import Quirks

ACTIONS = frozenset(
    {"status", "html", "cut", "drop_before", "drop_after", "delay", "expire_session"}
)
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"


@dataclass
class FaultRule:
    """One rule: the first `skip` matching requests pass, the next `times` fail (None: all)."""

    match: str
    action: str
    status: int = 503
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}; one of {sorted(ACTIONS)}")
        self._pattern = re.compile(self.match)

    def matches(self, *lines: str) -> bool:
        return any(self._pattern.search(line) for line in lines)

    def spend(self) -> bool:
        """Whether this matching request fails; counts it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    """The rules in force; thread-safe. The first rule that applies to a request decides."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()

    def add(self, rule: Mapping[str, Any]) -> None:
        """Add a rule from its JSON form. Raises ValueError when it cannot be understood."""
        try:
            made = FaultRule(**rule)
        except (TypeError, re.error) as error:
            raise ValueError(f"not a fault rule: {error}") from error
        with self._lock:
            self._rules.append(made)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, *lines: str) -> FaultRule | None:
        """The rule that decides a request, known as 'METHOD path' and 'METHOD path?query'."""
        with self._lock:
            for rule in self._rules:
                if rule.matches(*lines) and rule.spend():
                    return rule
        return None


Spoils = Mapping[str, Sequence[FaultRule]]
"""Quirk name -> what a request that meets it gets; one of several by the request."""

SPOILS: Spoils = {
    "server_errors": tuple(FaultRule("", "status", status) for status in (500, 502, 503, 504)),
    "lost_requests": (FaultRule("", "drop_before"),),
    "lost_answers": (FaultRule("", "drop_after"),),
    "html_answers": (FaultRule("", "html"),),
    "cut_answers": (FaultRule("", "cut"),),
    "slow_answers": (FaultRule("", "delay", seconds=0.25),),
    "lost_sessions": (FaultRule("", "expire_session"),),
}
_CALM = 25
"""Requests after lost sessions that keep theirs, so that a caller is not signed out for ever."""


class Spoiler:
    """Spoils requests by the quirks that are on, each at most a few times in a row."""

    def __init__(self, quirks: Quirks, spoils: Spoils = SPOILS) -> None:
        self._quirks = quirks
        self._spoils = spoils
        self._calm = 0

    @property
    def active(self) -> bool:
        return any(self._quirks.on(name) for name in self._spoils)

    def take(self, key: str) -> FaultRule | None:
        """What happens to this attempt of a request; the key is its fingerprint."""
        self._calm -= 1
        names = [name for name in self._spoils if name != "lost_sessions" or self._calm <= 0]
        name = self._quirks.first(names, key)
        if name is None:
            return None
        if name == "lost_sessions":
            self._calm = _CALM
        rules = self._spoils[name]
        return rules[self._quirks.pick(name, key, len(rules))]


class FaultMiddleware:
    """Applies the rules to every request outside `/_sandbox/`; must be the outermost layer."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        expire_sessions: Callable[[], None],
        spoiler: Spoiler | None = None,
    ) -> None:
        self._app = app
        self._faults = faults
        self._expire_sessions = expire_sessions
        self._spoiler = spoiler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = None
        if scope["type"] == "http" and not scope["path"].startswith("/_sandbox/"):
            line = f"{scope['method']} {scope['path']}"
            rule = self._faults.take(line, f"{line}?{scope['query_string'].decode('latin-1')}")
            if rule is None and self._spoiler is not None and self._spoiler.active:
                body, receive = await _held(receive)
                rule = self._spoiler.take(_fingerprint(line, scope["query_string"], body))
        if rule is None:
            await self._app(scope, receive, send)
        else:
            await self._apply(rule, scope, receive, send)

    async def _apply(self, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
        if rule.seconds > 0:
            await asyncio.sleep(rule.seconds)
        if rule.action in ("status", "html"):
            await _drain(receive)
            await _canned(rule)(scope, receive, send)
        elif rule.action == "drop_before":
            await _drain(receive)
            await drop(receive, send)
        elif rule.action == "drop_after":
            await self._app(scope, receive, _discard)
            await drop(receive, send)
        elif rule.action == "cut":
            await self._cut(scope, receive, send)
        else:
            if rule.action == "expire_session":
                self._expire_sessions()
            await self._app(scope, receive, send)

    async def _cut(self, scope: Scope, receive: Receive, send: Send) -> None:
        started: Message = {}
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, hold)
        half = bytes(body[: len(body) // 2])
        headers = [(k, v) for k, v in started["headers"] if k.lower() != b"content-length"]
        headers.append((b"content-length", str(len(half)).encode()))
        await send({**started, "headers": headers})
        await send({"type": "http.response.body", "body": half})


def _canned(rule: FaultRule) -> Response:
    if rule.action == "html":
        body = rule.body.encode() if isinstance(rule.body, str) else LOGIN_PAGE
        return Response(body, 200, dict(rule.headers), media_type="text/html")
    if rule.body is None or isinstance(rule.body, str):
        return Response(rule.body or "", rule.status, dict(rule.headers), media_type="text/plain")
    content = orjson.dumps(rule.body)
    return Response(content, rule.status, dict(rule.headers), media_type="application/json")


async def _held(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a request, and a `receive` that tells it again."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body.extend(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return bytes(body), again


def _fingerprint(line: str, query: bytes, body: bytes) -> str:
    return f"{line} {blake2b(query + b' ' + body, digest_size=8).hexdigest()}"


async def _discard(message: Message) -> None:
    """A send that loses the answer."""


async def _drain(receive: Receive) -> None:
    """Read the request to its end, so that closing does not race the client's sending."""
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


async def drop(receive: Receive, send: Send) -> None:
    """Close the connection without an answer; the client sees a protocol or read error.

    Works on the server's transport, which uvicorn's `send` belongs to. Raises
    ConnectionResetError where there is no transport (an in-process client).
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox dropped the connection")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
