"""Which error class a Salesforce answer means: tables from status and code, nothing by text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.salesforce.soql import id18
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    CursorExpiredError,
    DuplicateError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RecordError,
    RejectedError,
    SchemaDriftError,
    TransientError,
    UnexpectedReplyError,
    VendorDownError,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error as Salesforce words it; `errorCode`, `statusCode`,
    `exceptionCode` and `error` are all `code`."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    existing_id: str | None = None


SESSION_CODES = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "InvalidSessionId"})
BUDGET_CODE = "REQUEST_LIMIT_EXCEEDED"

TRANSIENT_STATUS = frozenset({406, 408, 420, 429})
TRANSIENT_CODES = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "TXN_SECURITY_METERING_ERROR",
        "QUERY_TIMEOUT",
        "UNKNOWN_EXCEPTION",
    }
)

CALL_CODES: Mapping[str, type[ConnectorError]] = {
    "INVALID_QUERY_LOCATOR": CursorExpiredError,
    "INVALID_FIELD": SchemaDriftError,
    "INVALID_TYPE": SchemaDriftError,
    "NOT_FOUND": SchemaDriftError,
    "API_DISABLED_FOR_ORG": ForbiddenError,
    "API_CURRENTLY_DISABLED": ForbiddenError,
    "FUNCTIONALITY_NOT_ENABLED": ForbiddenError,
    "INSUFFICIENT_ACCESS": ForbiddenError,
    "INSUFFICIENT_ACCESS_OR_READONLY": ForbiddenError,
    "INVALID_LOGIN": AuthError,
    "LOGIN_MUST_USE_SECURITY_TOKEN": AuthError,
    "INACTIVE_USER": AuthError,
    "PASSWORD_LOCKOUT": AuthError,
}
CALL_STATUS: Mapping[int, type[ConnectorError]] = {
    401: AuthError,
    403: ForbiddenError,
    404: SchemaDriftError,
    410: SchemaDriftError,
}

LOCK_CODE = "UNABLE_TO_LOCK_ROW"
DUPLICATE_CODES = frozenset({"DUPLICATES_DETECTED", "DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID"})
GONE_CODES = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
REMEDIES: Mapping[str, str] = {
    "UNDELETE_FAILED": "What went with its account comes back with it: restore the account. What"
    " the recycle bin has lost must be made anew.",
}
"""What to do, where the code alone tells."""
UNPROCESSED = "UNPROCESSED"
"""Our own code of a row that a bulk job was given up before."""
PASSING_CODES = frozenset(
    {LOCK_CODE, UNPROCESSED, "LIMIT_EXCEEDED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}
)

FIELD_CODES = frozenset(
    {
        "STRING_TOO_LONG",
        "INVALID_EMAIL_ADDRESS",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_CURRENCY_ISO",
        "FIELD_INTEGRITY_EXCEPTION",
        "FIELD_FILTER_VALIDATION_EXCEPTION",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INACTIVE_OWNER_OR_USER",
        "MALFORMED_ID",
        "JSON_PARSER_ERROR",
    }
)
"""Codes that concern one value: the rest of the record may be written without that field.
Not a validation rule (FIELD_CUSTOM_VALIDATION_EXCEPTION): it judges the record as a whole."""

ACCOUNT_WIDE_CODES = frozenset({"INVALID_TYPE", "NOT_FOUND", *TRANSIENT_CODES})
"""Codes of a refused collection call that no single record can be the cause of."""

_CODES = ("errorCode", "statusCode", "exceptionCode", "error")
_CODE_KEYS = frozenset(_CODES)
_MESSAGES = ("message", "exceptionMessage", "error_description")
_ID = re.compile(r"\b[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\b")


def faults(body: Any) -> tuple[Fault, ...]:
    """The errors in an answer's body, in any of the vendor's shapes; () where there are none."""
    entries = body if isinstance(body, list) else [body]
    return tuple(
        _fault(entry) for entry in entries if isinstance(entry, dict) and _CODE_KEYS & entry.keys()
    )


def _fault(entry: Mapping[str, Any]) -> Fault:
    code = str(next((entry[key] for key in _CODES if entry.get(key)), "UNKNOWN"))
    message = str(next((entry[key] for key in _MESSAGES if entry.get(key)), code))
    fields = entry.get("fields")
    return Fault(
        code,
        " ".join(message.split()),
        tuple(str(name) for name in fields) if isinstance(fields, list) else (),
        existing_id(code, message, entry.get("duplicateResult")),
    )


def existing_id(code: str, message: str, result: Any = None) -> str | None:
    """The record that a refused one is a duplicate of, as far as the answer names it."""
    if isinstance(result, dict):
        for match in result.get("matchResults") or []:
            for found in match.get("matchRecords") or []:
                return str(found["record"]["Id"]) if "record" in found else None
    if code == "DUPLICATE_VALUE":
        ids: list[str] = _ID.findall(message.rpartition(":")[2])
        return id18(ids[-1]) if ids else None
    return None


def call_error(status: int, found: Sequence[Fault], route: str) -> ConnectorError:
    """What a refused call means for the whole account."""
    first = found[0] if found else Fault("", f"status {status}")
    text = f"Salesforce refused {route}: {first.message}" + (
        f" ({first.code})" if first.code and first.code != first.message else ""
    )
    if first.code in SESSION_CODES:
        return AuthError(text)
    if first.code in TRANSIENT_CODES:
        return VendorDownError(text)
    kind = CALL_CODES.get(first.code) or CALL_STATUS.get(status) or UnexpectedReplyError
    return kind(text)


def drift(object_type: str, fields: Sequence[str]) -> SchemaDriftError:
    """Fields that an object type does not have, or not for the integration user."""
    return SchemaDriftError(
        f"{object_type} in Salesforce has no field {', '.join(fields)}, "
        "or the integration user may not see it.",
        remedy="Run `tieline doctor`; then give the user's permission set access to the field, "
        "or take it out of the mapping.",
    )


def transient(status: int, found: Sequence[Fault], retry_after: float | None) -> TransientError:
    """The error of an answer that may pass by itself."""
    words = found[0].message if found else f"status {status}"
    if status in (420, 429):
        return RateLimitedError(f"Salesforce asks to slow down: {words}", retry_after=retry_after)
    return VendorDownError(f"Salesforce cannot answer now: {words}")


def limit_error(found: Sequence[Fault], used: int | None, limit: int | None) -> ConnectorError:
    """REQUEST_LIMIT_EXCEEDED is the day's allowance, or (with calls left of the day) too many
    long-running requests at once."""
    words = found[0].message if found else BUDGET_CODE
    if used is not None and limit is not None and used < limit:
        return RateLimitedError(f"Salesforce asks to slow down: {words}")
    return BudgetExhaustedError(f"The day's API allowance of Salesforce is used up: {words}")


def record_error(found: Sequence[Fault], *, existing: bool) -> RecordError:
    """What the errors of one row mean for its record; `existing` says that the write named a
    record by id, so that a missing row is that record and not one it refers to."""
    first = found[0] if found else Fault("UNKNOWN", "refused without a reason")
    text = f"{first.message} ({first.code})"
    if first.code in DUPLICATE_CODES:
        return DuplicateError(text, existing_id=first.existing_id, vendor_code=first.code)
    if existing and first.code in GONE_CODES and set(first.fields) <= {"Id", "id"}:
        return NotFoundError(text)
    return RejectedError(
        text,
        field=first.fields[0] if first.fields else None,
        vendor_code=first.code,
        retryable=first.code in PASSING_CODES,
        remedy=REMEDIES.get(first.code),
    )
