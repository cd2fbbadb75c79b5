"""One API call from request to answer: version, session, allowance, the handler, its errors."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from sandbox.admin import RequestCounter
from sandbox.faults import LOGIN_PAGE
from sandbox.salesforce.auth import Auth
from sandbox.salesforce.bulk_jobs import Jobs
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import (
    AmbiguousError,
    SalesforceError,
    limit_exceeded,
    not_found,
)
from sandbox.salesforce.org import Actor, Org

OLDEST, NEWEST = 31, 68
MAX_URI = 16_384
INVALID_BULK_SESSION = {
    "exceptionCode": "InvalidSessionId",
    "exceptionMessage": "Invalid session id",
}
_VERSION = re.compile(r"v(\d+)\.0")
_DAY, _HOUR = 86_400.0, 3_600.0


@dataclass
class Call:
    """One REST call below /services/data/vXX.0/, decoded; `args` are the route's variables."""

    method: str
    version: str
    path: list[str]
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]
    actor: Actor
    args: dict[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def record(self) -> dict[str, Any]:
        """The body as one record. Raises SalesforceError JSON_PARSER_ERROR."""
        if not isinstance(self.body, dict):
            raise SalesforceError("JSON_PARSER_ERROR", "The HTTP entity body is required")
        return self.body


@dataclass(frozen=True)
class Reply:
    """An answer; a body of None is no body at all. `chunks` stream a body that is no JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None


Handler = Callable[["Service", Call], Reply]


class Route:
    """A method and a path such as `sobjects/{object}/describe`."""

    def __init__(self, method: str, path: str, handler: Handler) -> None:
        self.method = method
        self.path = path
        self.parts = path.split("/") if path else []
        self.handler = handler

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        if len(path) != len(self.parts):
            return None
        args: dict[str, str] = {}
        for part, given in zip(self.parts, path, strict=True):
            if part.startswith("{"):
                args[part[1:-1]] = given
            elif part.lower() != given.lower():
                return None
        return args


class Allowance:
    """The API calls of the last 24 hours."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._calls: deque[float] = deque()

    @property
    def used(self) -> int:
        oldest = self._org.clock.now().timestamp() - _DAY
        while self._calls and self._calls[0] <= oldest:
            self._calls.popleft()
        return len(self._calls)

    def spend(self) -> None:
        """Count a call. Raises SalesforceError REQUEST_LIMIT_EXCEEDED (403, no Retry-After)."""
        options, used = self._org.options, self.used
        spent = used >= options.daily_limit or 0 < options.app_limit <= used
        if spent and self._org.quirks.on("rate_limits"):
            raise limit_exceeded()
        self._calls.append(self._org.clock.now().timestamp())

    def reset(self) -> None:
        self._calls.clear()

    def header(self) -> dict[str, str]:
        """The usage, of the organisation and, where it is limited apart, of the app."""
        options, used = self._org.options, self.used
        shown = f"api-usage={used}/{options.daily_limit}"
        if options.app_limit:
            app = f"{used}/{options.app_limit}(appName={options.app_name})"
            shown += f"; per-app-api-usage={app}"
        return {"Sforce-Limit-Info": shown}


class Service:
    """An organisation behind its REST API. `routes` are tried in order."""

    def __init__(self, org: Org, auth: Auth, routes: Sequence[Route]) -> None:
        self.org = org
        self.auth = auth
        self.cursors = Cursors(org)
        self.jobs = Jobs(org)
        self.allowance = Allowance(org)
        self.routes = routes
        self.counter: RequestCounter | None = None
        self._counted: tuple[float, dict[str, int]] = (0.0, {})

    def touch(self, object_type: str, *, write: bool) -> None:
        """Tell the request counter about an object type that only the body named."""
        if self.counter is not None:
            self.counter.touch(object_type, write=write)

    def live_counts(self) -> dict[str, int]:
        """How many live records each visible type has; an hour old where that quirk is on."""
        now = self.org.clock.now().timestamp()
        stale = self.org.quirks.on("stale_counts") and now - self._counted[0] < _HOUR
        if not stale:
            tables = self.org.store.tables
            kinds = self.org.catalog.seen.values()
            self._counted = now, {kind.name: tables[kind.name].live for kind in kinds}
        return self._counted[1]

    def wrote(self) -> None:
        """Tell the request counter that this request, counted as a read, can change data."""
        if self.counter is not None:
            self.counter.wrote()

    def answer(
        self, method: str, raw_path: str, query: str, body: bytes, headers: Mapping[str, str]
    ) -> Reply:
        """Handle a request below /services/data/; errors become their bodies."""
        with self.org.lock:
            try:
                reply = self._authorised(method, raw_path, query, body, headers)
            except (SalesforceError, AmbiguousError) as error:
                reply = self._refusal(error, raw_path, headers)
            return replace(reply, headers={**reply.headers, **self.allowance.header()})

    def begin(self) -> None:
        """What happened by itself since the last call."""
        self.org.effects.run_due()
        self.jobs.run_due()

    def _refusal(
        self, error: SalesforceError | AmbiguousError, path: str, headers: Mapping[str, str]
    ) -> Reply:
        """An error's answer; an expired session is told in HTML or as Bulk API 1 does, too."""
        expired = isinstance(error, SalesforceError) and error.status == 401
        key = headers.get("authorization", "")
        if expired and "/jobs/" in path and self.org.quirks.rate("bulk_session_400", key):
            return Reply(400, INVALID_BULK_SESSION)
        if expired and self.org.quirks.rate("session_html", key):
            return Reply(401, None, {"Content-Type": "text/html;charset=UTF-8"}, [LOGIN_PAGE])
        return error_reply(error)

    def _meter(self, method: str, path: Sequence[str], query: str, body: bytes) -> None:
        """Transaction security sometimes takes too long. Raises TXN_SECURITY_METERING_ERROR."""
        if not self.org.quirks.on("metering"):
            return
        digest = blake2b(query.encode() + body, digest_size=8).hexdigest()
        if self.org.quirks.strikes("metering", f"{method} {'/'.join(path)} {digest}"):
            raise SalesforceError(
                "TXN_SECURITY_METERING_ERROR",
                "We can't complete the action because enabled transaction security policies took "
                "too long to complete.",
            )

    def _authorised(
        self, method: str, raw_path: str, query: str, body: bytes, headers: Mapping[str, str]
    ) -> Reply:
        if len(raw_path) + len(query) > MAX_URI:
            raise SalesforceError("URI_TOO_LONG", "URI Too Long", status=414)
        version, path = split_path(raw_path)
        user_id = self.auth.user_of(headers.get("authorization"))
        self.allowance.spend()
        self.begin()
        self._meter(method, path, query, body)
        allow = "allowsave=true" in headers.get("sforce-duplicate-rule-header", "").lower()
        actor = Actor(user_id, allow_duplicates=allow)
        params = dict(parse_qsl(query, keep_blank_values=True))
        decoded = decode(body) if method in ("POST", "PATCH") else body
        return self.dispatch(Call(method, version, path, params, decoded, headers, actor))

    def dispatch(self, call: Call) -> Reply:
        """Run the handler of a call. Raises SalesforceError, AmbiguousError."""
        allowed: list[str] = []
        method = {"HEAD": "GET"}.get(call.method, call.method)
        for route in self.routes:
            args = route.match(call.path)
            if args is None:
                continue
            if route.method == method:
                call.args = args
                return route.handler(self, call)
            allowed.append(route.method)
        if not allowed:
            raise not_found()
        raise SalesforceError(
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(allowed)}",
            status=405,
        )


def error_reply(error: SalesforceError | AmbiguousError, version: str = "60.0") -> Reply:
    """The answer that an error is."""
    if isinstance(error, AmbiguousError):
        return Reply(300, error.ids)
    return Reply(error.status, [error.rest()])


def split_path(raw_path: str) -> tuple[str, list[str]]:
    """Version and decoded segments of a path below /services/data/; trailing slashes fall away.

    Raises SalesforceError for a version that is retired (410) or never was (404).
    """
    parts = [unquote(part) for part in raw_path.split("/") if part]
    found = _VERSION.fullmatch(parts[2]) if len(parts) > 2 else None
    if found is None or int(found.group(1)) > NEWEST:
        raise not_found()
    if int(found.group(1)) < OLDEST:
        raise SalesforceError(
            "UNSUPPORTED_API_VERSION",
            "The requested API version is retired. Please use a supported version.",
            status=410,
        )
    return f"{found.group(1)}.0", parts[3:]


def decode(body: bytes) -> Any:
    """The JSON of a body; None when there is none. Raises SalesforceError JSON_PARSER_ERROR."""
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SalesforceError("JSON_PARSER_ERROR", f"Unexpected character: {error}") from None
