"""Signing in to HubSpot: a private app's token, or OAuth access renewed by a refresh token."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from hubspot.crm.objects.exceptions import ApiException
from urllib3.exceptions import HTTPError

from core.clock import Clock
from core.errors import AuthError, NetworkError, SettingsError, UnexpectedReplyError
from core.redact import redact

from .errors import account_error, retry_after, usual_wait

EARLY = 60.0
"""Seconds before its end at which an access token is renewed."""
LIFETIME = 1800.0
"""Seconds that an access token lasts, where the sign-in does not say."""


class Tokens(Protocol):
    """Keeps `configuration.access_token` of the client usable; `expire` says whether it ends."""

    expire: bool

    def ready(self) -> None:
        """See to a token before a call; may call the vendor."""
        ...

    def renew(self, used: str | None) -> bool:
        """After a 401 to the token `used`: whether there is another one to try."""
        ...


class PrivateApp:
    """A private app's token does not end, so a 401 is final."""

    expire = False

    def ready(self) -> None:
        """Nothing to do."""

    def renew(self, used: str | None) -> bool:
        return False


class OAuthRefresh:
    """Access tokens of 30 minutes; one thread renews while the others wait."""

    expire = True

    def __init__(self, http: Any, secrets: Mapping[str, str], clock: Clock, timeout: float) -> None:
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._ends = 0.0

    def ready(self) -> None:
        with self._lock:
            if self._token is None or self._clock.monotonic() > self._ends - EARLY:
                self._fetch()

    def renew(self, used: str | None) -> bool:
        with self._lock:
            if self._token == used:
                self._fetch()
            return True

    @property
    def _token(self) -> str | None:
        token: str | None = self._http.configuration.access_token
        return token

    def _fetch(self) -> None:
        from hubspot.oauth import TokensApi

        try:
            response = TokensApi(api_client=self._http).create(
                grant_type="refresh_token",
                client_id=self._secrets["client_id"],
                client_secret=self._secrets["client_secret"],
                refresh_token=self._secrets["refresh_token"],
                _preload_content=False,
                _request_timeout=self._timeout,
            )
            self._keep(response.data)
        except ApiException as error:
            raise _refusal(error, self._clock) from error
        except HTTPError as error:
            host = self._http.configuration.host
            text = f"no answer to the sign-in at {host}: {type(error).__name__}"
            raise NetworkError(text) from error

    def _keep(self, raw: bytes) -> None:
        try:
            answer = orjson.loads(raw)
            token = str(answer["access_token"])
            seconds = float(answer.get("expires_in") or LIFETIME)
        except (ValueError, KeyError, TypeError) as error:
            raise UnexpectedReplyError("HubSpot's sign-in answered without a token") from error
        redact.add(token)
        self._ends = self._clock.monotonic() + seconds
        self._http.configuration.access_token = token


def _refusal(error: ApiException, clock: Clock) -> Exception:
    try:
        body = orjson.loads(error.body or b"{}")
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    if error.status == 400:
        return AuthError(f"HubSpot refused the refresh token: {body.get('message', 'no reason')}")
    told = retry_after(error.headers or {}, clock.now())
    wait = usual_wait(body) if told is None else told
    return account_error(int(error.status or 0), body, wait)


def tokens(http: Any, credentials: Mapping[str, str], clock: Clock, timeout: float) -> Tokens:
    """What `credentials["flow"]` asks for; raises SettingsError naming what is absent."""
    flow = credentials.get("flow", "private_app")
    needed = {
        "private_app": ("token",),
        "oauth_refresh": ("client_id", "client_secret", "refresh_token"),
    }
    if flow not in needed:
        raise SettingsError(f"HubSpot has no sign-in flow {flow!r}", remedy="Use private_app.")
    if absent := [key for key in needed[flow] if not credentials.get(key)]:
        raise SettingsError(f"credentials of flow {flow} lack {', '.join(absent)}")
    if flow == "private_app":
        return PrivateApp()
    return OAuthRefresh(http, credentials, clock, timeout)
