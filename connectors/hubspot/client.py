"""The one place that calls HubSpot: time-outs, retries, checks of every answer, usage."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
from .errors import AnswerLostError, account_error, retry_after, rule_of, usual_wait
from .limits import Limits

ATTEMPTS = 6
GARBLED_ATTEMPTS = 4
SIGN_INS = 3
"""Access tokens tried for one attempt: another process may have ended the one just given."""
PATIENCE = 2.0
"""A call and its repeats take no longer than so many time-outs, and sleep no longer than one."""
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
    """An answer: its status, and its JSON object (empty where it had none).

    `repeated_since`: an earlier attempt may have taken effect already, after that moment of the
    vendor's time.
    """

    status: int
    body: Mapping[str, Any]
    repeated_since: datetime | None = None

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
    """One attempt failed with `error`; it may have taken effect, another may help after `wait`
    seconds at least."""

    def __init__(
        self, error: ConnectorError, *, happened: bool, again: bool, wait: float = 0.0
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.happened = happened
        self.again = again
        self.wait = wait


@dataclass(slots=True)
class _Call:
    method: str
    path: str
    ids: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: Any
    accept: Collection[int]
    needs: str | None
    started: float
    doubtful: bool = False

    @property
    def search(self) -> bool:
        return self.path.endswith("/search")


class Api:
    """One account. Thread-safe: all threads share one connection pool, one token and the
    `limits` of the account."""

    def __init__(
        self, http: Any, tokens: Tokens, clock: Clock, timeout: float, limits: Limits
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._timeout = timeout
        self.limits = limits
        self._lock = threading.Lock()
        self._routes: Counter[str] = Counter()
        self._ahead: timedelta | None = None
        self._jitter = wait_random(0, 0.5)
        self._backoff = wait_exponential(multiplier=0.5, max=20)

    @property
    def oauth(self) -> bool:
        """Whether access tokens are given for a time (else it is a private app's)."""
        return self._tokens.expire

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
        raises AnswerLostError; so does a write that was sent again and then met an error which
        would mean that nothing was written.
        """
        started = self._clock.monotonic()
        now = self._vendors_time()
        call = _Call(method, path, ids or {}, query, body, accept, needs, started)
        retrying = Retrying(
            retry=retry_if_exception(
                lambda e: isinstance(e, _Failure) and e.again and (repeat or not e.happened)
            ),
            wait=self._wait,
            stop=lambda state: self._over(call, state),
            sleep=self._clock.sleep,
            before_sleep=_note,
            reraise=True,
        )
        try:
            reply = retrying(self._attempt, call)
        except _Failure as failure:
            definite = not failure.error.retry and _writes(f"{method} {path}")
            if call.doubtful and (not repeat or definite):
                raise AnswerLostError(failure.error.message) from failure.error
            raise failure.error from failure.__cause__
        return replace(reply, repeated_since=now) if call.doubtful else reply

    def usage(self) -> Usage:
        """Calls so far, repeated ones included, and what HubSpot last said of the day."""
        with self._lock:
            by_route = dict(self._routes)
        limit, used = self.limits.daily
        writes = sum(count for route, count in by_route.items() if _writes(route))
        calls = sum(by_route.values())
        return Usage(
            calls=calls,
            reads=calls - writes,
            writes=writes,
            by_route=by_route,
            daily_limit=limit,
            daily_used=used,
        )

    def clock_agrees(self, seconds: float) -> bool:
        """Whether the last answer's Date is within that many seconds of our clock; False where
        the vendor told none."""
        return self._ahead is not None and abs(self._ahead.total_seconds()) <= seconds

    def _vendors_time(self) -> datetime:
        """Now, as HubSpot stamps it: in milliseconds, by a clock whose Date shows only seconds."""
        ahead = self._ahead or timedelta()
        near = abs(ahead) < timedelta(seconds=2)
        now = self._clock.now() + (timedelta() if near else ahead)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

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
        told = failure.wait if isinstance(failure, _Failure) else 0.0
        return max(told, self._backoff(state)) + self._jitter(state)

    def _over(self, call: _Call, state: RetryCallState) -> bool:
        """Whether to give up: after so many attempts, or when the caller's time would be up."""
        failure = state.outcome.exception() if state.outcome else None
        garbled = isinstance(failure, _Failure) and isinstance(failure.error, UnexpectedReplyError)
        attempts = GARBLED_ATTEMPTS if garbled else ATTEMPTS
        waited = state.idle_for + state.upcoming_sleep
        elapsed = self._clock.monotonic() - call.started + state.upcoming_sleep
        late = waited > self._timeout or elapsed >= PATIENCE * self._timeout
        return late or state.attempt_number >= attempts

    def _attempt(self, call: _Call) -> Reply:
        try:
            return self._checked(call)
        except _Failure as failure:
            call.doubtful |= failure.happened
            raise

    def _checked(self, call: _Call) -> Reply:
        try:
            status, headers, raw = self._signed_in(call)
        except ConnectorError as error:  # of the sign-in or the limits: the call had no effect
            again = error.retry or isinstance(error, UnexpectedReplyError)
            wait = error.retry_after if isinstance(error, RateLimitedError) else None
            raise _Failure(error, happened=False, again=again, wait=wait or 0.0) from error
        if 200 <= status < 300:
            body = _decode(raw, call.needs)
            self._set_clock(headers)
            return Reply(status, body)
        body = _refusal(raw)
        if status in call.accept:
            return Reply(status, body)
        raise self._refused(call, status, body, headers)

    def _refused(
        self, call: _Call, status: int, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> _Failure:
        rule = rule_of(status)
        told = retry_after(headers, self._clock.now())
        error: ConnectorError = account_error(status, body, told)
        wait = rule.wait if told is None else told
        if status == 429:
            error = self.limits.refused(body, headers, search=call.search) or error
            wait = usual_wait(body) if told is None else told
        return _Failure(error, happened=rule.happened, again=rule.again and error.retry, wait=wait)

    def _signed_in(self, call: _Call) -> tuple[int, Mapping[str, str], bytes | str]:
        """Send with a token that is good: one that ended meanwhile is renewed."""
        for left in reversed(range(SIGN_INS)):
            self._tokens.ready()
            self._keep_pace(call)
            used = self._http.configuration.access_token
            answer = self._send(call)
            if answer[0] != 401 or not left or not self._tokens.renew(used):
                break
        return answer

    def _keep_pace(self, call: _Call) -> None:
        wait = self.limits.wait(search=call.search)
        if wait > self._timeout:
            raise RateLimitedError("HubSpot's rate limit leaves no room", retry_after=wait)
        self._clock.sleep(wait)

    def _send(self, call: _Call) -> tuple[int, Mapping[str, str], bytes | str]:
        with self._lock:
            self._routes[f"{call.method} {call.path}"] += 1
        left = PATIENCE * self._timeout - (self._clock.monotonic() - call.started)
        seconds = min(self._timeout, max(left, self._timeout / 10))
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
                _request_timeout=(min(CONNECT_SECONDS, seconds), seconds),
            )
            status, headers, raw = response.status, response.headers, response.data
        except HTTPError as error:
            raise _network_failure(error, self._http.configuration.host) from error
        except (ApiException, UnicodeDecodeError, AttributeError) as error:
            status, headers, raw = _library_refusal(error, self._http.configuration.host)
        self.limits.note(headers)
        return status, headers, raw

    def _set_clock(self, headers: Mapping[str, str]) -> None:
        """See how far HubSpot's clock is ahead; pages of a proxy have the Date of another."""
        if date := headers.get("Date"):
            self._ahead = parsedate_to_datetime(date).astimezone(UTC) - self._clock.now()


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


def _network_failure(error: HTTPError, host: str) -> _Failure:
    """No whole answer; only failures to connect prove that nothing was sent."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    unsent = isinstance(reason, (NewConnectionError, ConnectTimeoutError, SSLError))
    name = type(reason).__name__
    return _Failure(
        NetworkError(f"no whole answer from HubSpot at {host}: {name}"),
        happened=not unsent,
        again=not isinstance(reason, SSLError),
    )


def _library_refusal(error: BaseException, host: str) -> tuple[int, Mapping[str, str], bytes | str]:
    """Status, headers and body of a refusal. The library decodes every body as UTF-8 (HubSpot's
    HTML is Latin-1) and trips over bodies that are absent; the answer is then in the context."""
    refusal = error if isinstance(error, ApiException) else error.__context__
    if not isinstance(refusal, ApiException):
        raise error
    if not refusal.status:
        failure = NetworkError(f"no connection to HubSpot at {host}: {refusal.reason}")
        raise _Failure(failure, happened=False, again=False) from refusal
    return int(refusal.status), refusal.headers or {}, refusal.body or b""
