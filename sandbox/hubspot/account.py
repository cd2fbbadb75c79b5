"""Owners, account details and tokens over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.hubspot import errors
from sandbox.hubspot.auth import Auth
from sandbox.hubspot.http import Call, Endpoint, Reply

MAX_OWNERS = 500
OWNERS_SCOPE = "crm.objects.owners.read"


def list_owners(call: Call) -> Reply:
    limit = call.number("limit", 100, MAX_OWNERS)
    after = call.one("after", "0")
    if not after.isdigit():
        raise errors.invalid(f"Invalid after: {after}")
    listed = call.store.owners.listed(
        archived=call.flag("archived"), email=call.one("email") or None
    )
    rest = [owner for owner in listed if int(owner.id) > int(after)]
    body: dict[str, Any] = {"results": [owner.to_json() for owner in rest[:limit]]}
    if len(rest) > limit:
        following = rest[limit - 1].id
        body["paging"] = {"next": {"after": following, "link": f"?after={following}"}}
    return Reply(200, body)


def read_owner(call: Call) -> Reply:
    by_user = call.one("idProperty") == "userId"
    for owner in call.store.owners.all.values():
        key = str(owner.user_id) if by_user else owner.id
        if key == call.params["id"] and owner.archived == call.flag("archived"):
            return Reply(200, owner.to_json())
    raise errors.not_found(f"Owner {call.params['id']} was not found")


def details(call: Call) -> Reply:
    options = call.store.options
    moment = call.store.clock.now().astimezone(ZoneInfo(options.time_zone))
    offset = moment.utcoffset() or timedelta()
    return Reply(
        200,
        {
            "portalId": options.portal_id,
            "accountType": "STANDARD",
            "timeZone": options.time_zone,
            "companyCurrency": options.company_currency,
            "additionalCurrencies": list(options.additional_currencies),
            "utcOffset": moment.isoformat()[-6:],
            "utcOffsetMilliseconds": offset // timedelta(milliseconds=1),
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "eu1",
        },
    )


def daily_usage(call: Call) -> Reply:
    """`GET /account-info/v3/api-usage/daily/private-apps`."""
    remaining = int(call.headers.get("X-HubSpot-RateLimit-Daily-Remaining", "0"))
    limit = call.store.options.daily_limit
    usage = {
        "name": "Private app API calls",
        "usageLimit": limit,
        "currentUsage": limit - remaining,
        "collectedAt": call.store.now_text(),
        "fetchStatus": "SUCCESS",
    }
    return Reply(200, {"results": [usage]})


def token_endpoints(auth: Auth) -> tuple[Endpoint, ...]:
    """The endpoints that give tokens or tell about them."""

    def grant(call: Call) -> Reply:
        return Reply(200, auth.grant(dict(call.body or {})))

    def private_app(call: Call) -> Reply:
        if str(call.mapping().get("tokenKey")) != auth.credentials.token:
            raise errors.not_found("The token was not found")
        return Reply(200, _token_info(call))

    def access_token(call: Call) -> Reply:
        if not auth.knows(call.params["token"]):
            raise errors.not_found("The access token was not found or has expired")
        return Reply(200, _access_info(call, auth.seconds_left(call.params["token"])))

    made: list[tuple[str, str, Callable[[Call], Reply]]] = [
        ("POST", "/oauth/v1/token", grant),
        ("POST", "/oauth/v2/private-apps/get/access-token-info", private_app),
        ("GET", "/oauth/v1/access-tokens/{token}", access_token),
    ]
    return tuple(Endpoint(m, path, handler, public=True) for m, path, handler in made)


def _token_info(call: Call) -> dict[str, Any]:
    options = call.store.options
    return {
        "userId": options.user_id,
        "hubId": options.portal_id,
        "appId": options.app_id,
        "scopes": list(options.scopes),
    }


def _access_info(call: Call, left: int) -> dict[str, Any]:
    options = call.store.options
    return {
        "token": call.params["token"],
        "user": "sandbox@example.com",
        "hub_domain": "sandbox.example.com",
        "scopes": list(options.scopes),
        "hub_id": options.portal_id,
        "app_id": options.app_id,
        "expires_in": left,
        "user_id": options.user_id,
        "token_type": "access",
    }


ENDPOINTS = (
    Endpoint("GET", "/crm/owners", list_owners, OWNERS_SCOPE),
    Endpoint("GET", "/crm/owners/{id}", read_owner, OWNERS_SCOPE),
    Endpoint("GET", "/account-info/v3/details", details),
    Endpoint("GET", "/account-info/2026-03/details", details),
    Endpoint("GET", "/account-info/v3/api-usage/daily/private-apps", daily_usage),
)
