"""A server that answers the HubSpot connector from a script, for what no sandbox would say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.registry import ConnectorSettings

Answer = tuple[int, Any, Mapping[str, str]]


class Vendor:
    """A server that answers from a list, the last answer for good, and notes what it was asked."""

    def __init__(self) -> None:
        self.forget()
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=_METHODS)])

    def forget(self) -> None:
        """Start anew."""
        self.answers: list[Answer | Callable[[Any], Answer]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.authorized: list[str | None] = []

    def say(self, body: Any = None, status: int = 200, headers: Any = None) -> None:
        """Add an answer; bytes go out as they are."""
        self.answers.append((status, body, headers or {}))

    async def _answer(self, request: Request) -> Response:
        raw = await request.body()
        asked = orjson.loads(raw) if raw[:1] == b"{" else raw
        self.asked.append((request.method, request.url.path, asked))
        self.authorized.append(request.headers.get("authorization"))
        scripted = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, body, headers = scripted(asked) if callable(scripted) else scripted
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        return Response(content, status, dict(headers))


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def settings(url: str | None, **changed: Any) -> ConnectorSettings:
    given: dict[str, Any] = {
        "url": url,
        "credentials": {"flow": "private_app", "token": "pat-eu1-secret-secret"},
        "trust_url": True,
        "timeout": 20.0,
    }
    return ConnectorSettings(**{**given, **changed})
