"""Tokens: the private app's lasting one, and OAuth access tokens that expire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.hubspot import errors
from sandbox.hubspot.store import Store

_TOKEN = re.compile(r"(pat-|C)[\w-]{20,}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to sign in to this account."""

    token: str
    client_id: str
    client_secret: str
    refresh_token: str
    code: str

    @classmethod
    def of(cls, portal_id: int) -> Credentials:
        """Credentials made from the account's number; the same account has the same ones."""
        tail = f"{portal_id:012d}"
        return cls(
            token=f"pat-eu1-0a1b2c3d-1111-4222-8333-{tail}",
            client_id=f"c11e4710-1111-4222-8333-{tail}",
            client_secret=f"5ec7e700-1111-4222-8333-{tail}",
            refresh_token=f"4ef7e500-1111-4222-8333-{tail}",
            code=f"c0de0000-1111-4222-8333-{tail}",
        )

    def to_mapping(self) -> dict[str, str]:
        return {
            "token": self.token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "code": self.code,
        }


class Auth:
    """Who may call. Callers hold the store's lock."""

    def __init__(self, store: Store, credentials: Credentials) -> None:
        self._store = store
        self.credentials = credentials
        self._access: dict[str, int] = {}
        self._issued = 0
        self.revoked = False

    def check(self, headers: Mapping[str, str], scopes: Sequence[str]) -> bool:
        """Whether an OAuth app calls (else the private app). Raises ApiError: 401 without a
        valid token, 403 without all the scopes."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise errors.unauthenticated()
        if not _TOKEN.fullmatch(token.strip()) and self._store.quirks.on("edge_530"):
            raise errors.refused_at_the_edge()
        self._check_token(token.strip())
        missing = [scope for scope in scopes if scope not in self._store.options.scopes]
        if missing:
            raise errors.missing_scopes(missing)
        return token.strip() != self.credentials.token

    def _check_token(self, token: str) -> None:
        if token == self.credentials.token:
            if self.revoked:
                raise errors.unauthenticated("The private app token was revoked.")
            return
        expires = self._access.get(token)
        if expires is None:
            raise errors.unauthenticated()
        late = self._store.now() - expires
        if late >= 0:
            raise errors.unauthenticated(
                f"The OAuth token used to make this call expired {late // 1000} second(s) ago.",
                "EXPIRED_AUTHENTICATION",
            )

    def expire_sessions(self) -> None:
        """End every OAuth access token; the private app's token does not expire."""
        now = self._store.now()
        self._access = dict.fromkeys(self._access, now)

    def grant(self, form: Mapping[str, str]) -> dict[str, object]:
        """Answer `POST /oauth/v1/token`. Raises ApiError (400) with HubSpot's `status` codes."""
        own = self.credentials
        if form.get("client_id") != own.client_id:
            raise _refused("BAD_CLIENT_ID", "missing or unknown client id")
        if form.get("client_secret") != own.client_secret:
            raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
        kind = form.get("grant_type")
        expected = {"refresh_token": "refresh_token", "authorization_code": "code"}.get(kind or "")
        if expected is None:
            raise _refused("BAD_GRANT_TYPE", "grant_type must be one of the supported values")
        if form.get(expected) != getattr(own, expected):
            code = "BAD_REFRESH_TOKEN" if expected == "refresh_token" else "BAD_AUTH_CODE"
            raise _refused(code, f"missing or invalid {expected.replace('_', ' ')}")
        return {
            "token_type": "bearer",
            "refresh_token": own.refresh_token,
            "access_token": self._issue(),
            "expires_in": int(self._store.quirks.seconds("token_seconds")),
        }

    def _issue(self) -> str:
        self._issued += 1
        token = f"CPOAuth{self._store.options.portal_id}-{self._issued:06d}-sandbox-access"
        self._access[token] = self._store.now() + int(
            self._store.quirks.seconds("token_seconds") * 1000
        )
        return token

    def seconds_left(self, token: str) -> int:
        """How long an OAuth access token is still accepted; below zero for none."""
        return (self._access.get(token, 0) - self._store.now()) // 1000

    def knows(self, token: str) -> bool:
        """Whether a token is valid now."""
        try:
            self._check_token(token)
        except errors.ApiError:
            return False
        return True


def _refused(status: str, message: str) -> errors.ApiError:
    return errors.ApiError(400, message, status, error="invalid_grant", error_description=message)
