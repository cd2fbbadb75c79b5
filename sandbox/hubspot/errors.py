"""HubSpot's error answers: one exception that carries status and body, and makers for each form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

SCOPES_HELP = "https://developers.hubspot.com/scopes"
PAGE_404 = (
    "<html>\n<head>\n"
    '<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    "<title>Error 404 Not Found</title>\n</head>\n"
    "<body><h2>HTTP ERROR 404</h2>\n<p>Resource not found</p>\n</body>\n</html>\n"
)


class ApiError(Exception):
    """An error answer; `html` replaces the JSON body (unknown ids on GET)."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str | None = None,
        *,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.html = html
        self.headers = dict(headers or {})
        self._body = {"status": "error", "message": message, **extra}
        if category is not None:
            self._body["category"] = category

    def body(self, correlation_id: str) -> dict[str, Any]:
        """The JSON body of a whole answer."""
        return {**self._body, "correlationId": correlation_id}

    def in_batch(self, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """The error as one entry of a multi-status answer."""
        return {**self._body, "context": dict(context)} if context else dict(self._body)


def invalid(message: str, **extra: Any) -> ApiError:
    """A 400 of category VALIDATION_ERROR."""
    return ApiError(400, message, "VALIDATION_ERROR", **extra)


def problem(name: str, error: str, message: str, portal_id: int) -> dict[str, Any]:
    """One property that was not accepted, as it appears in the message's JSON."""
    return {
        "isValid": False,
        "message": message,
        "error": error,
        "name": name,
        "localizedErrorMessage": message,
        "portalId": portal_id,
    }


def invalid_values(problems: Sequence[Mapping[str, Any]]) -> ApiError:
    """Values of properties were refused; the details are JSON inside the message, as recorded."""
    return invalid(f"Property values were not valid: {orjson.dumps(list(problems)).decode()}")


def missing_properties(singular: str, names: Sequence[str]) -> ApiError:
    """A create that lacks required properties."""
    return invalid(
        f"Error creating {singular.upper()}. Some required properties were not set.",
        context={"properties": list(names)},
    )


def bad_json(detail: str) -> ApiError:
    """A body that cannot be read."""
    return ApiError(400, f"Invalid input JSON on line 1, column 1. {detail}", "VALIDATION_ERROR")


def no_body() -> ApiError:
    """A body that is not there: the form without category, whose `errors` are strings."""
    return ApiError(400, "validation error", errors=["The request body may not be null"])


def conflict(singular: str, existing: int) -> ApiError:
    """A create whose unique value an existing record has."""
    name = singular.capitalize()
    return ApiError(409, f"{name} already exists. Existing ID: {existing}", "CONFLICT")


def value_taken(portal_id: int, name: str, value: str, record: str, other: int) -> ApiError:
    """A unique value that another record has already."""
    return invalid(
        f"Cannot set PropertyValueCoordinates{{portalId={portal_id}, propertyName={name}, "
        f"value={value}}} on {record}. {other} already has that value."
    )


def too_many_associations(kind: str, record: int, target: str) -> ApiError:
    """A record that has all the associations that the account's limits allow it."""
    return invalid(
        f"The limit of associations from {kind} {record} to {target} is reached.",
        subCategory="crm.associations.ASSOCIATION_LIMIT_EXCEEDED",
    )


def not_found_page() -> ApiError:
    """A GET for an id that does not exist: a page, not JSON, as recorded."""
    return ApiError(404, "resource not found", "OBJECT_NOT_FOUND", html=PAGE_404)


def not_found(message: str = "resource not found", **extra: Any) -> ApiError:
    """A 404 in JSON."""
    return ApiError(404, message, "OBJECT_NOT_FOUND", **extra)


def gone_from_batch(singular: str, ids: Iterable[str]) -> dict[str, Any]:
    """The entry of a multi-status answer that lists ids which do not exist."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {singular.upper()} objects, they may be deleted or not "
        "exist. Check that ids are valid.",
        "context": {"ids": list(ids)},
    }


def unauthenticated(
    message: str | None = None, category: str = "INVALID_AUTHENTICATION"
) -> ApiError:
    """No token, a wrong one or an expired one."""
    return ApiError(
        401,
        message
        or "Authentication credentials not found. This API supports OAuth 2.0 authentication and "
        "you can find more details at https://developers.hubspot.com/docs/methods/auth/"
        "oauth-overview",
        category,
    )


def refused_at_the_edge() -> ApiError:
    """What looks like no token at all does not get beyond the network in front of HubSpot."""
    page = "<html><head><title>530</title></head><body>cloudflare</body></html>"
    return ApiError(530, "Origin is unreachable", html=page)


def missing_scopes(scopes: Sequence[str]) -> ApiError:
    """The token lacks a scope that the call needs."""
    return ApiError(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about "
        f"required scopes here: {SCOPES_HELP}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": SCOPES_HELP},
    )
