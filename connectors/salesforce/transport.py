"""The one function that every call goes through: re-login, retries, usage, and body checks."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import orjson
import requests

from connectors.base import Usage
from connectors.salesforce import xmltext
from connectors.salesforce.errors import (
    BUDGET_CODE,
    SESSION_CODES,
    TRANSIENT_CODES,
    TRANSIENT_STATUS,
    Fault,
    call_error,
    faults,
    limit_error,
    transient,
)
from connectors.salesforce.sender import Gate, NotSentError, Sender, persist
from connectors.salesforce.session import Grant, SignIn
from core.clock import Clock
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    CursorExpiredError,
    NetworkError,
    RateLimitedError,
    TransientError,
    UnexpectedReplyError,
    VendorDownError,
)
from core.log import get_logger

log = get_logger("salesforce")
_LIMIT_INFO = re.compile(r"api-usage=(\d+)/(\d+)")
"""Finds the organisation's usage, and where there is one the application's own."""
RENEWALS = 2
"""How often one call renews the session; a new one may be revoked at once, but not for ever."""
UNTOLD_PAUSE = 1.0
"""Seconds that all threads pause where the vendor asks to slow down and says not how long."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that is not JSON: made anew for each attempt, with that attempt's session."""

    type: str
    content: Callable[[str], bytes | Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """One call: `path` below `/services/data/vXX.0/`, or from the root where it starts with /.

    `route` names it for usage and messages, without ids. `write` says that it can change
    records; `repeatable` that sending it twice has the effect of sending it once. `body` is
    JSON or a Payload; `answer` is what a success is answered with.
    """

    method: str
    path: str
    route: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    write: bool = False
    repeatable: bool = True
    answer: Literal["json", "xml", "nothing"] = "json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Salesforce said, good or bad; nothing that a repeat or a new session would mend."""

    status: int
    body: Any
    route: str
    faults: tuple[Fault, ...] = ()
    repeated: bool = False
    """An earlier sending, whose answer was lost, may have done the work."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def value(self) -> Any:
        """The body. Raises the ConnectorError of a refused call."""
        if not self.ok:
            raise self.error()
        return self.body

    def error(self) -> ConnectorError:
        error = call_error(self.status, self.faults, self.route)
        if self.repeated:
            return NetworkError(f"The answer was lost, and when it was sent again: {error}")
        return error


class Meter:
    """Counts every request sent, and keeps the vendor's own count of the day."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: Counter[str] = Counter()
        self._writes = 0
        self._day: tuple[int | None, int | None] = (None, None)

    def sent(self, request: Request) -> None:
        with self._lock:
            self._routes[request.route] += 1
            self._writes += request.write

    def heard(self, headers: Mapping[str, str]) -> None:
        found = _LIMIT_INFO.findall(headers.get("Sforce-Limit-Info", ""))
        if found:
            pairs = [(int(used), int(limit)) for used, limit in found]
            with self._lock:
                # the account's allowance, unless the application's own is used up before it
                self._day = next((pair for pair in pairs if pair[0] >= pair[1]), pairs[0])

    def usage(self) -> Usage:
        with self._lock:
            calls = self._routes.total()
            used, limit = self._day
            return Usage(calls, calls - self._writes, self._writes, dict(self._routes), limit, used)


class _ExpiredError(ConnectorError):
    """The session ended; leaves this file only as an AuthError."""


class Transport:
    """Calls the API of one account; safe to use from several threads."""

    def __init__(self, sender: Sender, sign_in: SignIn, clock: Clock) -> None:
        self._sender = sender
        self._sign_in = sign_in
        self._clock = clock
        self._gate = Gate(clock)
        self.meter = Meter()

    def call(self, request: Request) -> Answer:
        """One answered call, with a few renewals of the session at most.

        Repeats what may pass by itself within the time-out's span: always where nothing was
        sent or the vendor says that it did not begin, else only a repeatable request. Raises
        TransientError, UnexpectedReplyError (HTML, cut-off JSON), AuthError and
        BudgetExhaustedError; every other refusal is the Answer's.
        """
        doubts: list[ConnectorError] = []

        def once(request: Request, grant: Grant) -> Answer:
            try:
                return self._once(request, grant)
            except (NetworkError, VendorDownError, UnexpectedReplyError) as error:
                if not isinstance(error, NotSentError):
                    doubts.append(error)
                raise

        try:
            answer = self._with_session(request, once)
        except (AuthError, BudgetExhaustedError, RateLimitedError) as error:
            if doubts and request.write:
                raise doubts[-1] from error  # the others mean that nothing was done
            raise
        return replace(answer, repeated=bool(doubts) and request.write)

    def stream(self, request: Request) -> requests.Response:
        """An answer whose body is still to be read; the caller closes it. Raises what `call`
        does, and the ConnectorError of a refused call."""
        return self._with_session(request, self._opened)

    def _with_session(self, request: Request, once: Callable[[Request, Grant], T]) -> T:
        grant = self._sign_in.grant()
        for _ in range(RENEWALS):
            try:
                return self._persist(request, grant, once)
            except _ExpiredError:
                grant = self._sign_in.renew(grant)
        try:
            return self._persist(request, grant, once)
        except _ExpiredError as error:
            raise AuthError(str(error)) from None

    def _persist(self, request: Request, grant: Grant, once: Callable[[Request, Grant], T]) -> T:
        def passing(error: BaseException) -> bool:
            if isinstance(error, RateLimitedError | NotSentError):
                return True
            if isinstance(error, CursorExpiredError):
                return False
            return request.repeatable and isinstance(error, TransientError | UnexpectedReplyError)

        return persist(
            lambda: once(request, grant),
            clock=self._clock,
            patience=self._sender.timeout,
            passing=passing,
        )

    def _once(self, request: Request, grant: Grant) -> Answer:
        return self._judge(request, self._sent(request, grant))

    def _opened(self, request: Request, grant: Grant) -> requests.Response:
        response = self._sent(request, grant, stream=True)
        if response.status_code == 200:
            return response
        try:
            # reading the refusal may be cut off like any answer
            answer = self._judge(request, response)
        except requests.exceptions.RequestException as error:
            raise NetworkError(f"The answer to {request.route} was cut off.") from error
        finally:
            response.close()
        raise (
            answer.error()
            if not answer.ok
            else UnexpectedReplyError(
                f"{request.route} was answered with status {answer.status} instead of results."
            )
        )

    def _sent(self, request: Request, grant: Grant, *, stream: bool = False) -> requests.Response:
        root = grant.instance if request.path.startswith("/") else grant.base
        headers = {"Accept": "application/json", **request.headers}
        data: bytes | Iterable[bytes] | None = None
        if isinstance(request.body, Payload):
            data = request.body.content(grant.token)
            headers["Content-Type"] = request.body.type
        elif request.body is not None:
            data = orjson.dumps(request.body)
            headers["Content-Type"] = "application/json"
        self._gate.wait(self._sender.timeout)
        self.meter.sent(request)
        response = self._sender.send(
            request.method,
            root + request.path,
            token=grant.token,
            headers=headers,
            data=data,
            stream=stream,
        )
        self.meter.heard(response.headers)
        log.debug("answered", route=request.route, status=response.status_code)
        return response

    def _judge(self, request: Request, response: requests.Response) -> Answer:
        status = response.status_code
        if 200 <= status < 300:
            return Answer(status, _body(request, response), request.route)
        if 301 <= status < 400:
            raise UnexpectedReplyError(f"{request.route} was answered with a redirect ({status}).")
        found = _faults(request, response)
        if not found and _garbled(response):
            raise UnexpectedReplyError(
                f"{request.route} was refused ({status}) for a reason that cannot be read."
            )
        codes = {fault.code for fault in found}
        if status == 401 or codes & SESSION_CODES:
            raise _ExpiredError(f"Salesforce refused the session: {_words(found, status)}")
        if BUDGET_CODE in codes:
            usage = self.meter.usage()
            raise limit_error(found, usage.daily_used, usage.daily_limit)
        # a SOAP fault comes with status 500 whatever it says
        broken = status >= 500 and not (request.answer == "xml" and found)
        if broken or status in TRANSIENT_STATUS or codes & TRANSIENT_CODES:
            raise self._passing(status, found, response)
        if not found and _unreadable(response):
            raise UnexpectedReplyError(f"{request.route} was refused ({status}) in words cut off.")
        return Answer(status, None, request.route, found)

    def _passing(
        self, status: int, found: tuple[Fault, ...], response: requests.Response
    ) -> TransientError:
        error = transient(status, found, _retry_after(response.headers))
        if isinstance(error, RateLimitedError):
            self._gate.close(UNTOLD_PAUSE if error.retry_after is None else error.retry_after)
        return error


def _garbled(response: requests.Response) -> bool:
    """Whether the refusal is not what Salesforce says, or only a part of it."""
    told = "json" in response.headers.get("Content-Type", "") and bool(response.content)
    return response.status_code == 400 or (told and _loads(response.content) is None)


def _faults(request: Request, response: requests.Response) -> tuple[Fault, ...]:
    if request.answer == "xml":
        return tuple(xmltext.faults(response.content))
    return faults(_loads(response.content))


def _body(request: Request, response: requests.Response) -> Any:
    if response.status_code == 204:
        return None
    if request.answer == "nothing":
        if response.content.strip():
            raise UnexpectedReplyError(f"{request.route} was answered with something.")
        return None
    if request.answer == "xml":
        return xmltext.read(response.content)
    value = _loads(response.content)
    if value is None:
        raise UnexpectedReplyError(
            f"{request.route} was answered with something that is not JSON "
            f"({response.headers.get('Content-Type', 'no type')}, {len(response.content)} bytes)."
        )
    return value


def _loads(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _unreadable(response: requests.Response) -> bool:
    """Whether a body that calls itself JSON is none: what it refused cannot be known."""
    kind = response.headers.get("Content-Type", "")
    return "json" in kind and bool(response.content) and _loads(response.content) is None


def _words(found: tuple[Fault, ...], status: int) -> str:
    return found[0].message if found else f"status {status}"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
