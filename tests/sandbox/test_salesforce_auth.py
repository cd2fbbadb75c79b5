"""Signing in to the sandbox, and how sessions end."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox.salesforce_kit import NOW, RECORDED, Kit, running_kit

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def shared() -> Iterator[Kit]:
    with running_kit() as kit:
        yield kit


def token(kit: Kit, form: dict[str, str], **more: Any) -> httpx.Response:
    return kit.http.post("/services/oauth2/token", data=form, headers={"Authorization": ""} | more)


def assertion(kit: Kit, key: str | None = None, **claims: Any) -> dict[str, str]:
    known = kit.sandbox.credentials
    whole = {
        "iss": known["client_id"],
        "sub": known["username"],
        "aud": kit.running.url,
        "exp": str(int(NOW.timestamp()) + 180),
        **claims,
    }
    signed = jwt.encode(whole, key or known["private_key"], algorithm="RS256")
    return {"grant_type": JWT, "assertion": signed}


def test_client_credentials_by_form_and_by_basic_header(shared: Kit) -> None:
    known = shared.sandbox.credentials
    client = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    by_form = token(shared, {"grant_type": "client_credentials", **client})
    pair = f"{known['client_id']}:{known['client_secret']}".encode()
    header = f"Basic {base64.b64encode(pair).decode()}"
    by_header = token(shared, {"grant_type": "client_credentials"}, Authorization=header)
    for answer in (by_form, by_header):
        assert answer.status_code == 200
        assert answer.json()["instance_url"] == shared.running.url
        assert answer.json()["token_type"] == "Bearer"
    path = RECORDED / "fixtures" / "auth_success_response.json"
    if path.exists():
        assert set(json.loads(path.read_text())) <= set(by_form.json())


def test_password_needs_the_security_token(shared: Kit) -> None:
    known = shared.sandbox.credentials
    form = {
        "grant_type": "password",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        "username": known["username"],
    }
    right = known["password"] + known["security_token"]
    assert token(shared, {**form, "password": right}).status_code == 200
    refused = token(shared, {**form, "password": known["password"]})
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "invalid_grant",
        "error_description": "authentication failure - Invalid Password",
    }


def test_a_signed_assertion_opens_a_session(shared: Kit) -> None:
    for claims in ({}, {"exp": int(NOW.timestamp()) + 60}, {"aud": "https://login.salesforce.com"}):
        answer = token(shared, assertion(shared, **claims))
        assert answer.status_code == 200, answer.text
        header = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert shared.http.get("/services/oauth2/userinfo", headers=header).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": str(int(NOW.timestamp()) - 1)}, "invalid_grant", "expired authorization code"),
        ({"exp": str(int(NOW.timestamp()) + 999)}, "invalid_grant", "expired authorization code"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "x@y.z"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
def test_assertions_that_are_refused(
    shared: Kit, claims: dict[str, Any], error: str, description: str
) -> None:
    answer = token(shared, assertion(shared, **claims))
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_an_assertion_signed_by_another_key_is_refused(shared: Kit) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    answer = token(shared, assertion(shared, key=other.decode()))
    assert answer.json()["error_description"] == "invalid assertion"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_secret": "x"}, "invalid_client"),
    ],
)
def test_wrong_clients(shared: Kit, form: dict[str, str], error: str) -> None:
    known = {"client_id": shared.sandbox.credentials["client_id"]}
    answer = token(shared, {**known, **form})
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def expired(kit: Kit) -> bool:
    answer = kit.call("GET", "limits")
    if answer.status_code == 200:
        return False
    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    return True


def test_a_session_ends_when_unused_for_its_lifetime() -> None:
    with running_kit(session_lifetime=600) as kit:
        for _ in range(3):
            kit.advance(500)
            assert not expired(kit)
        kit.advance(601)
        assert expired(kit)
        kit.sign_in()
        assert not expired(kit)


def test_sessions_can_be_revoked_or_all_expired() -> None:
    with running_kit() as kit:
        kit.http.post("/services/oauth2/revoke", data={"token": kit.sign_in()})
        assert expired(kit)
        kit.sign_in()
        kit.admin.post("/faults", json={"match": "GET .*/limits", "action": "expire_session"})
        assert expired(kit)


def test_without_a_token_only_the_versions_are_shown(shared: Kit) -> None:
    bare = {"Authorization": ""}
    found = shared.http.get("/services/data", headers=bare)
    assert found.status_code == 200
    assert {"label": "Spring '24", "url": "/services/data/v60.0", "version": "60.0"} in found.json()
    assert shared.http.get("/services/data/v60.0/", headers=bare).status_code == 401
    assert shared.http.get("/services/oauth2/userinfo", headers=bare).status_code == 401


def test_versions_that_are_retired_or_never_were(shared: Kit) -> None:
    statuses = {
        number: shared.http.get(f"/services/data/v{number}.0/limits").status_code
        for number in (20, 30, 31, 49, 68, 69)
    }
    assert statuses == {20: 410, 30: 410, 31: 200, 49: 200, 68: 200, 69: 404}


def test_an_account_without_api_access_is_forbidden() -> None:
    with running_kit(user_permissions={"api_enabled": False}) as kit:
        assert kit.error("GET", "limits")[:2] == (403, "API_DISABLED_FOR_ORG")
