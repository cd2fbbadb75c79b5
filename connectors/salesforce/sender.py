"""One HTTP request with a time-out over pooled connections, and the policy of repeating it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_exponential, wait_random
from urllib3.exceptions import MaxRetryError, NewConnectionError

from core.clock import Clock
from core.errors import NetworkError, RateLimitedError

CONNECT_SECONDS = 10.0
ATTEMPTS = 5
POOL = 16

T = TypeVar("T")
_BACKOFF = wait_exponential(multiplier=0.5, max=8) + wait_random(0, 0.5)


class NotSentError(NetworkError):
    """No connection came about: the request did not leave, so repeating it is always safe."""


class Bearer(AuthBase):
    """The session's token; given as `auth` so that no .netrc entry can take its place."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Connections(HTTPAdapter):
    """The pooled connections; closing it closes them, where urllib3 would leave that to the
    garbage collector, which a kept traceback can put off for long."""

    def close(self) -> None:
        pools = self.poolmanager.pools
        for key in pools.keys():  # noqa: SIM118 - it cannot be iterated otherwise
            pool = pools.get(key)
            if pool is not None:
                pool.close()
        super().close()


class Sender:
    """The connections of one account. `timeout` in seconds, for each request."""

    def __init__(self, timeout: float, ca_file: Path | str | None = None) -> None:
        self.timeout = timeout
        self.http = requests.Session()
        self.http.verify = str(ca_file) if ca_file else True
        # cookies of one thread's answer must not colour another thread's request
        self.http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.http.mount("https://", _Connections(pool_connections=4, pool_maxsize=POOL))

    def send(
        self,
        method: str,
        url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | Iterable[bytes] | Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """The answer, whatever its status; redirects are not followed. With `stream` its body
        is still to be read, and the caller closes it.

        Raises NotSentError where no connection came about, NetworkError where the answer was
        lost.
        """
        try:
            return self.http.request(
                method,
                url,
                data=data,
                headers=headers,
                stream=stream,
                auth=Bearer(token),
                timeout=(min(CONNECT_SECONDS, self.timeout), self.timeout),
                allow_redirects=False,
                # said again here: an environment's CA bundle would replace the session's own
                verify=self.http.verify,
            )
        except requests.exceptions.RequestException as error:
            kind = NotSentError if _never_left(error) else NetworkError
            raise kind(f"No answer from {_host(url)}: {_reason(error)}") from error

    def close(self) -> None:
        """Release the connections."""
        self.http.close()


class Gate:
    """A pause that the vendor asked one thread for holds for all threads of the account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._opens = clock.monotonic()

    def close(self, seconds: float) -> None:
        """Let nobody through for so long; a longer pause stays."""
        with self._lock:
            self._opens = max(self._opens, self._clock.monotonic() + seconds)

    def wait(self, patience: float) -> None:
        """Return when it is open. Raises RateLimitedError where that takes longer than
        `patience` seconds."""
        with self._lock:
            rest = self._opens - self._clock.monotonic()
        if rest > patience:
            raise RateLimitedError("Salesforce asked to slow down.", retry_after=rest)
        self._clock.sleep(rest)


def persist(
    action: Callable[[], T],
    *,
    clock: Clock,
    patience: float,
    passing: Callable[[BaseException], bool],
) -> T:
    """The action's result; repeated with growing pauses while `passing(error)` says so, at most
    `ATTEMPTS` times and never pausing for more than `patience` seconds in all. Then the last
    error is raised."""
    policy = Retrying(
        sleep=clock.sleep,
        wait=_pause,
        stop=lambda state: (
            state.attempt_number >= ATTEMPTS or state.idle_for + state.upcoming_sleep > patience
        ),
        retry=retry_if_exception(passing),
        reraise=True,
    )
    return policy(action)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return error.retry_after
    return float(_BACKOFF(state))


def _never_left(error: requests.exceptions.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)


def _host(url: str) -> str:
    return url.split("/")[2]


def _reason(error: requests.exceptions.RequestException) -> str:
    names = {
        requests.exceptions.SSLError: "the certificate is not trusted",
        requests.exceptions.ProxyError: "the proxy refused",
        requests.exceptions.ConnectTimeout: "no connection within the time-out",
        requests.exceptions.ReadTimeout: "nothing within the time-out",
    }
    for kind, words in names.items():
        if isinstance(error, kind):
            return words
    return "refused" if _never_left(error) else "the connection was cut"
