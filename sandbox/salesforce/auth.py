"""Signing in: the OAuth token endpoint's flows, and the sessions that they open."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce.errors import SalesforceError, session_expired
from sandbox.salesforce.org import API_USERNAME, Org

LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MAX_ASSERTION = 5 * 60
_REFUSALS = {
    "rest": "This session is not valid for use with the REST API",
    "agent": "Connected app is not attached to Agent",
}


class TokenError(Exception):
    """What the token endpoint refuses with: HTTP 400 and an OAuth error body."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass
class ConnectedApp:
    """The connected app and the API user's credentials; made for one sandbox."""

    client_id: str = "3MVG9tielinesandbox"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(32).upper())
    username: str = API_USERNAME
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    security_token: str = field(default_factory=lambda: secrets.token_hex(12))
    private_key: str = field(default_factory=lambda: _new_key())

    def as_credentials(self) -> dict[str, str]:
        return dict(vars(self))


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*form, serialization.NoEncryption()).decode("ascii")


@dataclass
class _Session:
    user_id: str
    used: float
    born: float


class Auth:
    """The sessions of an organisation. Hold the organisation's lock while using it."""

    def __init__(self, org: Org, app: ConnectedApp) -> None:
        self.app = app
        self._org = org
        self._sessions: dict[str, _Session] = {}
        key = serialization.load_pem_private_key(app.private_key.encode("ascii"), None)
        self._public_key = key.public_key()

    def token(self, form: Mapping[str, str], basic: str | None, url: str) -> dict[str, Any]:
        """The answer of the token endpoint. Raises TokenError."""
        grants = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            JWT_GRANT: self._assertion,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise TokenError("unsupported_grant_type", "grant type not supported")
        grant({**form, **_basic(basic)}, url)
        return self._granted(url)

    def _client(self, form: Mapping[str, str]) -> None:
        if form.get("client_id") != self.app.client_id:
            raise TokenError("invalid_client_id", "client identifier invalid")
        if form.get("client_secret") != self.app.client_secret:
            raise TokenError("invalid_client", "invalid client credentials")

    def _client_credentials(self, form: Mapping[str, str], url: str) -> None:
        self._client(form)

    def _password(self, form: Mapping[str, str], url: str) -> None:
        self._client(form)
        expected = self.app.password + self.app.security_token
        if form.get("username") != self.app.username or form.get("password") != expected:
            raise TokenError("invalid_grant", "authentication failure - Invalid Password")

    def _assertion(self, form: Mapping[str, str], url: str) -> None:
        """A JWT signed by the app's key; `exp` may be text, as simple-salesforce sends it."""
        options: Any = {"verify_exp": False, "require": ["iss", "sub", "aud", "exp"]}
        audience = [url, *LOGIN_HOSTS]
        try:
            claims = jwt.decode(
                form.get("assertion", ""), self._public_key,  # type: ignore[arg-type]
                algorithms=["RS256"], audience=audience, options=options,
            )  # fmt: skip
            expires = float(claims["exp"])
        except jwt.InvalidAudienceError:
            raise TokenError("invalid_grant", "audience is invalid") from None
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise TokenError("invalid_grant", "invalid assertion") from None
        now = self._org.clock.now().timestamp()
        if not now < expires <= now + _MAX_ASSERTION:
            raise TokenError("invalid_grant", "expired authorization code")
        if claims["iss"] != self.app.client_id:
            raise TokenError("invalid_client_id", "client identifier invalid")
        if claims["sub"] != self.app.username:
            raise TokenError("invalid_grant", "user hasn't approved this consumer")

    def open(self) -> str:
        """Begin a session; its token."""
        now = self._org.clock.now().timestamp()
        token = f"{self._org.id[:15]}!AQ{secrets.token_urlsafe(48)}"
        self._sessions[token] = _Session(self._org.user_id, now, now)
        return token

    def _granted(self, url: str) -> dict[str, Any]:
        now = self._org.clock.now().timestamp()
        return {
            "access_token": self.open(),
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api",
            "instance_url": url,
            "id": f"{url}/id/{self._org.id}/{self._org.user_id}",
            "token_type": "Bearer",
            "issued_at": str(int(now * 1000)),
        }

    def user_of(self, authorization: str | None) -> str:
        """The user of a live session. Raises SalesforceError INVALID_SESSION_ID (401).

        Sessions end when they were not used for `session_lifetime` seconds, and, where the
        option says so, `session_max_age` seconds after they began.
        """
        scheme, _, token = (authorization or "").partition(" ")
        session = self._sessions.get(token.strip())
        now = self._org.clock.now().timestamp()
        if scheme.lower() not in ("bearer", "oauth") or session is None:
            raise session_expired()
        options = self._org.options
        if now - session.used > options.session_lifetime:
            raise session_expired()
        if 0 < options.session_max_age < now - session.born:
            raise session_expired()
        if not self._org.options.user_permissions.get("api_enabled", True):
            message = "The REST API is not enabled for this Organization or user."
            raise SalesforceError("API_DISABLED_FOR_ORG", message, status=403)
        refusal = _REFUSALS.get(self._org.options.session_refusal)
        if refusal is not None:
            raise SalesforceError("INVALID_SESSION_ID", refusal, status=401)
        session.used = now
        return session.user_id

    def expire(self) -> None:
        """End every session."""
        self._sessions.clear()

    def revoke(self, token: str) -> None:
        """End one session; an unknown token is no error."""
        self._sessions.pop(token, None)

    def userinfo(self, url: str) -> dict[str, Any]:
        user = self._org.store.tables["User"].rows[self._org.user_id]
        return {
            "sub": f"{url}/id/{self._org.id}/{user['Id']}",
            "user_id": user["Id"],
            "organization_id": self._org.id,
            "preferred_username": user["Username"],
            "nickname": user["Alias"],
            "name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user.get("FirstName"),
            "family_name": user["LastName"],
            "zoneinfo": "UTC",
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "urls": {
                "rest": f"{url}/services/data/v{{version}}/",
                "sobjects": f"{url}/services/data/v{{version}}/sobjects/",
                "query": f"{url}/services/data/v{{version}}/query/",
            },
        }


def _basic(header: str | None) -> dict[str, str]:
    """The client of an HTTP Basic header, as form fields."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise TokenError("invalid_client", "invalid client credentials") from None
    name, _, secret = text.partition(":")
    return {"client_id": unquote(name), "client_secret": unquote(secret)}
