"""The errors that the Salesforce API answers with, in its own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class SalesforceError(Exception):
    """One API error; `rest()` is its form in an error body, `row()` in a collection's result."""

    def __init__(
        self,
        code: str,
        message: str,
        fields: Iterable[str] | None = None,
        *,
        status: int = 400,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)
        self.status = status
        self.extra = dict(extra or {})

    def rest(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"message": self.message, "errorCode": self.code, **self.extra}
        if self.fields is not None:
            shown["fields"] = self.fields
        return shown

    def row(self) -> dict[str, Any]:
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}


class AmbiguousError(Exception):
    """An external id that several records hold; answered with 300 and their addresses."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} records")
        self.ids = ids


def not_found() -> SalesforceError:
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def no_external_id(name: str) -> SalesforceError:
    return SalesforceError(
        "NOT_FOUND",
        f"Provided external ID field does not exist or is not accessible: {name}",
        status=404,
    )


def deleted() -> SalesforceError:
    return SalesforceError("ENTITY_IS_DELETED", "entity is deleted", [], status=404)


def no_such_column(name: str, object_type: str) -> SalesforceError:
    return SalesforceError(
        "INVALID_FIELD", f"No such column '{name}' on sobject of type {object_type}"
    )


def session_expired() -> SalesforceError:
    return SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def limit_exceeded() -> SalesforceError:
    return SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def json_error(expected: str, value: object) -> SalesforceError:
    """A JSON value of the wrong type; nothing of the request is done."""
    kind = {bool: "VALUE_TRUE" if value else "VALUE_FALSE", int: "VALUE_NUMBER_INT"}.get(
        type(value), "VALUE_NUMBER_FLOAT" if isinstance(value, float) else "VALUE_STRING"
    )
    if isinstance(value, list | dict):
        kind = "START_ARRAY" if isinstance(value, list) else "START_OBJECT"
    return SalesforceError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {expected} from {kind} value {value} "
        "or request may be missing a required field",
    )
