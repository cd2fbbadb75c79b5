"""The one place that calls HubSpot: time-outs, retries, checks of every answer, usage."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import orjson
from hubspot import HubSpot
from hubspot.crm.objects.exceptions import ApiException
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    SSLError,
)
from urllib3.util.retry import Retry

from connectors.base import Usage
from core.clock import Clock
from core.errors import ConnectorError, NetworkError, RateLimitedError, UnexpectedReplyError
from core.log import get_logger

from .auth import Tokens
from .errors import AnswerLostError, account_error, rule_of

ATTEMPTS = 6
GARBLED_ATTEMPTS = 3
CONNECT_SECONDS = 10.0
READS = ("/batch/read", "/search", "/access-token-info")
"""Ends of the paths that are posted to only in order to read."""

_log = get_logger("hubspot")


def open_client(url: str, token: str | None, ca_file: Path | None) -> Any:
    """hubspot-api-client's ApiClient for the address, held for good: the library makes a new
    one, with its own connections, at every attribute access. Its own retries are off (they are
    blind to POST and lose the answer), redirects are not followed."""
    hubspot = HubSpot(access_token=token, host=url, retry=Retry(total=0, raise_on_redirect=False))
    http = hubspot.crm.objects.basic_api.api_client
    if ca_file is not None:
        # Its own setting for a certificate authority would replace those of the system.
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=str(ca_file))
        http.rest_client.pool_manager.connection_pool_kw["ssl_context"] = context
    return http


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, and its JSON object (empty where it had none)."""

    status: int
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def results(self) -> list[dict[str, Any]]:
        """The `results` of a list or batch answer; empty on a refusal."""
        found = self.body.get("results")
        return found if isinstance(found, list) else []

    @property
    def after(self) -> str | None:
        """Where the next page starts; the vendor's `link` is never followed."""
        following = (self.body.get("paging") or {}).get("next") or {}
        after = following.get("after")
        return None if after is None else str(after)


class _Failure(Exception):
    """One attempt failed with `error`; it may have taken effect, another may help."""

    def __init__(self, error: ConnectorError, *, happened: bool, again: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.happened = happened
        self.again = again


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    ids: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: Any
    accept: Collection[int]
    needs: str | None


class Api:
    """One account. Thread-safe: all threads share one connection pool and one token."""

    def __init__(self, http: Any, tokens: Tokens, clock: Clock, timeout: float) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._routes: Counter[str] = Counter()
        self._daily: dict[str, int] = {}
        self._skew: float | None = None
        self._backoff = wait_exponential(multiplier=0.5, max=20) + wait_random(0, 0.5)

    @property
    def token(self) -> str:
        """The access token in use, for introspection only."""
        self._tokens.ready()
        return str(self._http.configuration.access_token)

    def call(
        self,
        method: str,
        path: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Sequence[tuple[str, str]] = (),
        body: Any = None,
        accept: Collection[int] = (),
        needs: str | None = None,
        repeat: bool = True,
    ) -> Reply:
        """Make a call, again where that can help, and check its answer.

        `{…}` in the path are filled, quoted, from `ids`. Refusals whose status is in `accept`
        are returned, others raise a ConnectorError. A success must carry the key `needs`:
        HTML, cut-off JSON or an object without it is an UnexpectedReplyError, never an empty
        answer. With `repeat=False` a call that may have taken effect is not sent again but
        raises AnswerLostError.
        """
        call = _Call(method, path, ids or {}, query, body, accept, needs)
        retrying = Retrying(
            retry=retry_if_exception(
                lambda e: isinstance(e, _Failure) and e.again and (repeat or not e.happened)
            ),
            wait=self._wait,
            stop=self._stop,
            sleep=self._clock.sleep,
            before_sleep=_note,
            reraise=True,
        )
        try:
            return retrying(self._attempt, call)
        except _Failure as failure:
            if failure.happened and not repeat:
                raise AnswerLostError(failure.error.message) from failure.error
            raise failure.error from failure.__cause__

    def usage(self) -> Usage:
        """Calls so far, repeated ones included, and what HubSpot last said of the day."""
        with self._lock:
            by_route = dict(self._routes)
            limit, left = self._daily.get("limit"), self._daily.get("left")
        writes = sum(count for route, count in by_route.items() if _writes(route))
        calls = sum(by_route.values())
        return Usage(
            calls=calls,
            reads=calls - writes,
            writes=writes,
            by_route=by_route,
            daily_limit=limit,
            daily_used=None if limit is None or left is None else limit - left,
        )

    def clock_agrees(self, seconds: float) -> bool:
        """Whether the last answer's Date is within that many seconds of our clock; False where
        the vendor told none."""
        return self._skew is not None and self._skew <= seconds

    def close(self) -> None:
        """Close the pooled connections. Clearing the manager alone would leave that to the
        garbage collector: the library keeps its last answer, and with it the pool."""
        manager = self._http.rest_client.pool_manager
        keys = manager.pools.keys()  # the container itself refuses to be iterated over
        for key in keys:
            manager.pools[key].close()
        manager.clear()

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        error = failure.error if isinstance(failure, _Failure) else None
        told = error.retry_after if isinstance(error, RateLimitedError) else None
        return max(told or 0.0, self._backoff(state))

    def _stop(self, state: RetryCallState) -> bool:
        failure = state.outcome.exception() if state.outcome else None
        garbled = isinstance(failure, _Failure) and isinstance(failure.error, UnexpectedReplyError)
        attempts = GARBLED_ATTEMPTS if garbled else ATTEMPTS
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= attempts or waited > self._timeout

    def _attempt(self, call: _Call) -> Reply:
        try:
            self._tokens.ready()
            used = self._http.configuration.access_token
            status, headers, raw = self._send(call)
            if status == 401 and self._tokens.renew(used):
                status, headers, raw = self._send(call)
        except ConnectorError as error:  # of the sign-in, so the call itself had no effect
            raise _Failure(error, happened=False, again=error.retry) from error
        if 200 <= status < 300:
            return Reply(status, _decode(raw, call.needs))
        body = _refusal(raw)
        if status in call.accept:
            return Reply(status, body)
        rule = rule_of(status)
        refusal = account_error(status, body, headers)
        raise _Failure(refusal, happened=rule.happened, again=rule.again and refusal.retry)

    def _send(self, call: _Call) -> tuple[int, Mapping[str, str], bytes | str]:
        with self._lock:
            self._routes[f"{call.method} {call.path}"] += 1
        try:
            response = self._http.call_api(
                call.path,
                call.method,
                dict(call.ids),
                list(call.query),
                {"Accept": "application/json", "Content-Type": "application/json"},
                body=call.body,
                auth_settings=["oauth2"],
                _preload_content=False,
                _request_timeout=(min(CONNECT_SECONDS, self._timeout), self._timeout),
            )
            status, headers, raw = response.status, response.headers, response.data
        except HTTPError as error:
            raise _network_failure(error) from error
        except (ApiException, UnicodeDecodeError, AttributeError) as error:
            status, headers, raw = _library_refusal(error)
        self._meter(headers)
        return status, headers, raw

    def _meter(self, headers: Mapping[str, str]) -> None:
        if date := headers.get("Date"):
            vendor = parsedate_to_datetime(date)
            self._skew = abs((vendor.astimezone(UTC) - self._clock.now()).total_seconds())
        limit = headers.get("X-HubSpot-RateLimit-Daily", "")
        left = headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if limit.isdigit() and left.isdigit():
            with self._lock:
                self._daily = {"limit": int(limit), "left": int(left)}


def _writes(route: str) -> bool:
    return not route.startswith("GET ") and not route.endswith(READS)


def _note(state: RetryCallState) -> None:
    failure = state.outcome.exception() if state.outcome else None
    _log.info("asking again", reason=str(failure), seconds=round(state.upcoming_sleep, 2))


def _decode(raw: bytes | str, needs: str | None) -> Mapping[str, Any]:
    if not raw and needs is None:
        return {}
    try:
        body = orjson.loads(raw)
    except ValueError as error:
        raise _garbled("is not JSON (HTML, or cut off)") from error
    if not isinstance(body, dict):
        raise _garbled("is not a JSON object")
    if needs == "results" and not _is_rows(body.get("results")):
        raise _garbled("has no list of results")
    if needs is not None and needs not in body:
        raise _garbled(f"has no {needs}")
    return body


def _is_rows(results: Any) -> bool:
    return isinstance(results, list) and all(isinstance(row, dict) for row in results)


def _garbled(what: str) -> _Failure:
    error = UnexpectedReplyError(f"HubSpot's answer {what}")
    return _Failure(error, happened=True, again=True)


def _refusal(raw: bytes | str) -> Mapping[str, Any]:
    """The body of a refusal: HubSpot answers some with HTML, which says nothing of use."""
    try:
        body = orjson.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _network_failure(error: HTTPError) -> _Failure:
    """No whole answer; only failures to connect prove that nothing was sent."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    unsent = isinstance(reason, (NewConnectionError, ConnectTimeoutError, SSLError))
    name = type(reason).__name__
    return _Failure(
        NetworkError(f"no whole answer from HubSpot: {name}"),
        happened=not unsent,
        again=not isinstance(reason, SSLError),
    )


def _library_refusal(error: BaseException) -> tuple[int, Mapping[str, str], bytes | str]:
    """Status, headers and body of a refusal. The library decodes every body as UTF-8 (HubSpot's
    HTML is Latin-1) and trips over bodies that are absent; the answer is then in the context."""
    refusal = error if isinstance(error, ApiException) else error.__context__
    if not isinstance(refusal, ApiException):
        raise error
    if not refusal.status:
        failure = NetworkError(f"no connection to HubSpot: {refusal.reason}")
        raise _Failure(failure, happened=False, again=False) from refusal
    return int(refusal.status), refusal.headers or {}, refusal.body or b""
