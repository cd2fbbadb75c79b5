"""Signing in by simple-salesforce's flows, with a time-out, to a checked host, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import orjson
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.salesforce.errors import faults, transient
from connectors.salesforce.sender import Sender, persist
from core.clock import Clock
from core.errors import AuthError, SettingsError, TransientError, UnexpectedReplyError
from core.redact import redact

LOGIN_URL = "https://login.salesforce.com"
VENDOR_DOMAINS = ("salesforce.com", "force.com", "cloudforce.com", "sfcrmproducts.cn")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("client_id", "client_secret"),
    "jwt": ("client_id", "username", "private_key"),
    "password": ("client_id", "client_secret", "username", "password"),
    "session": ("token",),
}
OWN_ADDRESS = frozenset({"client_credentials", "session"})
"""Flows that work only at the account's own address, not at the common login page."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A session: the token and where the API of this account is."""

    token: str
    instance: str
    base: str


def check_address(url: str, trusted: str | None) -> str:
    """The address without path, if it is HTTPS and within Salesforce's domains, or has the host
    and port of the `trusted` address; else SettingsError, before any secret goes there."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not host or parts.username or parts.password:
        raise SettingsError(
            f"{url!r} is not a Salesforce address.",
            remedy="Give the address as https://<my domain>.my.salesforce.com.",
        )
    own = any(host == domain or host.endswith(f".{domain}") for domain in VENDOR_DOMAINS)
    if not own and (trusted is None or urlsplit(trusted).netloc.lower() != parts.netloc.lower()):
        raise SettingsError(
            f"{parts.netloc} is outside Salesforce's domains; no credentials were sent there.",
            remedy="Correct `url`, or set `trust_url: true` for this side if it is meant.",
        )
    return f"https://{parts.netloc}"


def check_credentials(credentials: Mapping[str, str], url: str | None) -> str:
    """The flow's name. Raises SettingsError naming the keys that the flow still needs."""
    flow = credentials.get("flow", "")
    if flow not in NEEDS:
        raise SettingsError(
            f"Salesforce has no sign-in flow {flow!r}; use one of {', '.join(NEEDS)}."
        )
    missing = [key for key in NEEDS[flow] if not credentials.get(key)]
    if missing:
        raise SettingsError(f"The flow {flow} also needs {', '.join(missing)}.")
    if flow in OWN_ADDRESS and url is None:
        raise SettingsError(f"The flow {flow} needs the account's own address in `url`.")
    return flow


class SignIn:
    """Holds the session of one account; threads that find it expired renew it once together.

    A refusal is remembered: wrong credentials are not tried again and again, which could lock
    the user out.
    """

    def __init__(
        self,
        credentials: Mapping[str, str],
        sender: Sender,
        clock: Clock,
        *,
        url: str | None,
        trust_url: bool,
        version: str,
        audience: str | None = None,
    ) -> None:
        self._flow = check_credentials(credentials, url)
        self._trusted = url if trust_url else None
        self._address = check_address(LOGIN_URL if url is None else url, self._trusted)
        self._credentials = credentials
        self._sender = sender
        self._clock = clock
        self._version = version
        self._audience = audience or ("test" if _is_sandbox(self._address) else "login")
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._refused: AuthError | None = None

    def grant(self) -> Grant:
        """The session, signing in first where there is none."""
        with self._lock:
            return self._grant or self._renewed()

    def renew(self, stale: Grant) -> Grant:
        """A session other than `stale`; only the first of several threads signs in."""
        with self._lock:
            if self._grant is not None and self._grant is not stale:
                return self._grant
            if self._flow == "session":
                raise AuthError("The Salesforce session given as token has ended.")
            return self._renewed()

    def _renewed(self) -> Grant:
        if self._refused is not None:
            raise self._refused
        try:
            self._grant = self._sign_in()
        except AuthError as refused:
            self._refused = refused
            raise
        return self._grant

    def _sign_in(self) -> Grant:
        if self._flow == "session":
            token, instance = self._credentials["token"], self._address
        else:
            token, instance = persist(
                self._login, clock=self._clock, patience=self._sender.timeout, passing=_passing
            )
        redact.add(token)
        try:
            address = check_address(instance, self._trusted)
        except SettingsError as error:
            raise UnexpectedReplyError(f"The sign-in was answered, but {error}") from None
        # with a token given, simple-salesforce signs nothing in: it works out the addresses
        api = Salesforce(
            session_id=token,
            instance_url=address,
            version=self._version,
            session=self._sender.http,
        )
        return Grant(token, address, api.base_url)

    def _login(self) -> tuple[str, str]:
        known = self._credentials
        asked: dict[str, Any] = {
            "consumer_key": known["client_id"],
            "session": _TokenPost(self._sender, f"{self._address}/services/oauth2/token"),
            "domain": self._audience,
        }
        if self._flow == "client_credentials":
            # simple-salesforce refuses this flow for the common login page; the address that
            # is really posted to is ours
            asked |= {"consumer_secret": known["client_secret"], "domain": "my"}
        elif self._flow == "jwt":
            asked |= {"username": known["username"], "privatekey": known["private_key"]}
        else:
            password = known["password"] + known.get("security_token", "")
            asked |= {"consumer_secret": known["client_secret"], "username": known["username"]}
            asked["password"] = password
        try:
            token, instance = SalesforceLogin(**asked)
        except SalesforceAuthenticationFailed as refused:
            raise AuthError(f"Salesforce refused the sign-in: {refused}") from None
        except (ValueError, jwt.PyJWTError):
            raise AuthError("The private key cannot sign: it is no RSA key in PEM form.") from None
        return str(token), f"https://{instance}"


class _TokenPost:
    """What SalesforceLogin posts through: ours, so that the call has a time-out, goes to the
    configured host and cannot end in an answer that is no token."""

    def __init__(self, sender: Sender, url: str) -> None:
        self._sender = sender
        self._url = url

    def post(
        self,
        _url: str,
        data: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        proxies: object = None,
    ) -> requests.Response:
        response = self._sender.send("POST", self._url, data=data, headers=dict(headers or {}))
        body = _json(response)
        if response.status_code == 200:
            if isinstance(body, dict) and body.get("access_token") and body.get("instance_url"):
                return response
            raise UnexpectedReplyError("Salesforce answered the sign-in without a token.")
        found = faults(body)
        if response.status_code >= 500 or response.status_code in (420, 429):
            raise transient(response.status_code, found, None)
        if found:
            raise AuthError(f"Salesforce refused the sign-in: {found[0].message} ({found[0].code})")
        raise UnexpectedReplyError(
            f"The sign-in was answered with status {response.status_code} and no reason."
        )


def _json(response: requests.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None


def _passing(error: BaseException) -> bool:
    # a page instead of a token may be gone the next time; signing in twice does no harm
    return isinstance(error, TransientError | UnexpectedReplyError)


def _is_sandbox(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host.startswith("test.") or ".sandbox." in host
