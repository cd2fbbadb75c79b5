"""Canned Salesforce answers for a connector, without a server: a requests adapter that records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import requests
from requests.adapters import BaseAdapter

from connectors.registry import ConnectorSettings
from connectors.salesforce.connector import SalesforceConnector
from core.clock import ManualClock

URL = "https://acme.my.salesforce.com"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CREDENTIALS = {
    "flow": "client_credentials",
    "client_id": "consumer-key",
    "client_secret": "consumer-secret",
}


@dataclass
class Canned:
    """One answer: a JSON body or raw bytes; `error` is raised instead."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None


Responder = Callable[[requests.PreparedRequest], Canned]


def rows(*records: Mapping[str, Any]) -> Canned:
    """A query answer that is done."""
    return Canned({"totalSize": len(records), "done": True, "records": list(records)})


def expired() -> Canned:
    """A session that has ended, as Salesforce says it."""
    body = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    return Canned(body, 401)


class FakeSalesforce(BaseAdapter):
    """Answers sign-ins with a new token each and everything else through `respond`."""

    def __init__(self, respond: Responder, token: Responder | None = None) -> None:
        super().__init__()
        self.respond = respond
        self.token = token or self._token
        self.logins: list[requests.PreparedRequest] = []
        self.requests: list[requests.PreparedRequest] = []
        self.timeouts: list[Any] = []
        self._lock = threading.Lock()

    def _token(self, _request: requests.PreparedRequest) -> Canned:
        token = f"00Dtoken!{len(self.logins)}"
        return Canned({"access_token": token, "instance_url": URL, "token_type": "Bearer"})

    def send(
        self, request: requests.PreparedRequest, *_args: Any, timeout: Any = None, **_more: Any
    ) -> requests.Response:
        login = "/oauth2/token" in (request.url or "")
        with self._lock:
            (self.logins if login else self.requests).append(request)
            self.timeouts.append(timeout)
        canned = self.token(request) if login else self.respond(request)
        if canned.error is not None:
            raise canned.error
        response = requests.Response()
        response.status_code = canned.status
        response.headers.update(canned.headers)
        response.url = request.url or ""
        response.request = request
        content = canned.body if isinstance(canned.body, bytes) else orjson.dumps(canned.body)
        response._content = content
        return response

    def close(self) -> None:
        """Nothing is open."""


def connector(fake: FakeSalesforce, **more: Any) -> tuple[SalesforceConnector, ManualClock]:
    """A connector whose requests the fake answers, and its clock."""
    clock = ManualClock(START)
    given: dict[str, Any] = {"url": URL, "credentials": CREDENTIALS, "timeout": 30.0}
    settings = ConnectorSettings(**given | more)
    made = SalesforceConnector("sf", settings, clock)
    made._sender.http.mount("https://", fake)
    return made, clock
