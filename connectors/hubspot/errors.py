"""What HubSpot's refusals mean: tables from (status, category or code) to an error class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    DuplicateError,
    ForbiddenError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    RecordError,
    RejectedError,
    SchemaDriftError,
    UnexpectedReplyError,
    VendorDownError,
)

Body = Mapping[str, Any]


class AnswerLostError(NetworkError):
    """A call that must not be repeated left, and no usable answer came back: it may have
    happened. Raised only to callers that asked for it with `repeat=False`."""


@dataclass(frozen=True, slots=True)
class Status:
    """How one HTTP status is treated.

    `happened`: the call may have taken effect all the same. `again`: sending it again may help,
    `wait`: after that many seconds at least, where the vendor names none.
    """

    error: type[ConnectorError]
    happened: bool = False
    again: bool = False
    wait: float = 0.0


STATUSES: Mapping[int, Status] = {
    401: Status(AuthError),
    403: Status(ForbiddenError),
    404: Status(SchemaDriftError),
    423: Status(VendorDownError, again=True, wait=2.0),  # locked for at least two seconds
    429: Status(RateLimitedError, again=True),
    477: Status(VendorDownError, again=True),  # the account is being moved between data centres
    500: Status(VendorDownError, happened=True, again=True),
    502: Status(VendorDownError, happened=True, again=True),
    503: Status(VendorDownError, again=True),
    504: Status(VendorDownError, happened=True, again=True),
    521: Status(VendorDownError, again=True),
    522: Status(VendorDownError, happened=True, again=True),
    523: Status(VendorDownError, again=True),
    524: Status(VendorDownError, happened=True, again=True),
    530: Status(AuthError),  # Cloudflare's answer to a token that belongs to no account
}
"""Source: HubSpot, "Error handling"; what it does not list falls to `_other`."""

DAILY = "DAILY"
WAITS: Mapping[str, float] = {"SECONDLY": 1.0}
USUAL_WAIT = 3.0
"""Seconds to wait after a 429 without Retry-After, by `policyName` and otherwise (HubSpot does
not promise the header)."""

UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"
UNIQUE_VALUE = "UNIQUE_VALUE"
DRIFT_REMEDY = SchemaDriftError.default_remedy
PROPERTY_WIDE = frozenset({UNKNOWN_PROPERTY, "READ_ONLY_VALUE"})
"""Codes about a property as such, whatever the value: no record of the batch may carry it."""


def account_error(status: int, body: Body, wait: float | None = None) -> ConnectorError:
    """The error about the whole account that an unaccepted answer stands for; `wait` are the
    seconds that the vendor asked for."""
    rule = rule_of(status)
    text = _summary(status, body)
    if status == 429:
        if policy_of(body) == DAILY:
            return BudgetExhaustedError(text)
        return RateLimitedError(text, retry_after=wait)
    if rule.error is ForbiddenError:
        message, remedy = _scopes(text, body)
        return ForbiddenError(message, remedy=remedy)
    return rule.error(text)


def rule_of(status: int) -> Status:
    """The treatment of a status, listed or not."""
    return STATUSES.get(status) or _other(status)


def policy_of(body: Body) -> str:
    """Which limit a 429 is about: DAILY, SECONDLY, TEN_SECONDLY_ROLLING or "". One of the two
    forms of the answer has no `policyName`, but may name its group."""
    named = str(body.get("policyName") or "").upper()
    if named:
        return named
    return DAILY if "-daily" in str(body.get("groupName") or "") else ""


def usual_wait(body: Body) -> float:
    """Seconds to wait after a 429 that names none."""
    return WAITS.get(policy_of(body), USUAL_WAIT)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the vendor asks to wait: the header holds a number or a date."""
    told = headers.get("Retry-After", "")
    if told.replace(".", "", 1).isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
    return max(0.0, (until.astimezone(UTC) - now).total_seconds())


def _other(status: int) -> Status:
    if status >= 500:
        return Status(VendorDownError, happened=True, again=True)
    return Status(UnexpectedReplyError)


def _summary(status: int, body: Body) -> str:
    message = str(body.get("message") or "no reason given")
    trace = body.get("correlationId")
    return f"HubSpot answered {status}: {message}" + (f" (correlation {trace})" if trace else "")


def _scopes(text: str, body: Body) -> tuple[str, str | None]:
    """Message and remedy: HubSpot names lacking scopes in the errors' context, under one of
    several keys."""
    names: set[str] = set()
    contexts = [error.get("context") for error in _error_dicts(body)]
    for context in [*contexts, body.get("context")]:
        if isinstance(context, Mapping):
            for key in ("requiredGranularScopes", "requiredScopes", "missingScopes"):
                names.update(_texts(context, key))
    if not names:
        return text, None
    listed = ", ".join(sorted(names))
    return f"{text}; lacking scopes: {listed}", f"Give the app the scope {listed}."


def _error_dicts(body: Body) -> Iterator[Body]:
    for error in body.get("errors") or ():
        if isinstance(error, Mapping):  # one endpoint sends plain strings here
            yield error


@dataclass(frozen=True, slots=True)
class Complaint:
    """One refusal about records, taken apart.

    `fields` maps the properties that it names to (message, code); `ids` and `traces` are the
    inputs of a batch that it names; `existing` is the record that is already there.
    """

    message: str
    category: str
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    traces: frozenset[str] = frozenset()
    existing: str | None = None

    def error(self, name: str | None = None) -> RecordError:
        """The refusal as an error about one record, or about the one field `name`."""
        if name is None and self.fields:
            name = next(iter(self.fields))
        message, code = self.fields.get(name or "", (self.message, self.category))
        existing = _existing(message) or (self.existing if message == self.message else None)
        if existing or code in _DUPLICATE or self.category in _DUPLICATE:
            return DuplicateError(message, existing_id=existing, vendor_code=code)
        if self.category in _MISSING:
            return NotFoundError(message)
        remedy = DRIFT_REMEDY if code == UNKNOWN_PROPERTY else None
        return RejectedError(message, field=name, vendor_code=code, remedy=remedy)

    @property
    def property_wide(self) -> set[str]:
        """The properties that no record may carry, whatever the value."""
        return {name for name, (_, code) in self.fields.items() if code in PROPERTY_WIDE}

    @property
    def unknown_properties(self) -> set[str]:
        """The properties that do not exist (any more)."""
        return {name for name, (_, code) in self.fields.items() if code == UNKNOWN_PROPERTY}

    def refuses(self, name: str, value: str) -> bool:
        """Whether the property does not take that value, whoever has it: the message of a value
        that does not fit its type begins with the value."""
        message, code = self.fields.get(name, ("", ""))
        return bool(value) and code.startswith("INVALID_") and message.startswith(f"{value} was ")

    @property
    def missing(self) -> bool:
        """Whether it says that records are not there."""
        return self.category in _MISSING

    @property
    def duplicate(self) -> bool:
        codes = {code for _, code in self.fields.values()}
        return bool(codes & _DUPLICATE) or self.category in _DUPLICATE or self.existing is not None


_DUPLICATE = frozenset(
    {
        "CONFLICT", "DUPLICATE", "OBJECT_ALREADY_EXISTS", "CONTACT_EXISTS", UNIQUE_VALUE,
        "DUPLICATE_VALUE", "NON_UNIQUE_VALUE", "UNIQUE_PROPERTY_VIOLATION",
    }
)  # fmt: skip
"""Categories and codes of a clash; sources differ, so none is relied on alone."""
_MISSING = frozenset({"OBJECT_NOT_FOUND", "NOT_FOUND"})
_EXISTING = (
    re.compile(r"[Ee]xisting (?:[A-Za-z]+ )?(?:ID|id|vid)[:=]? *\"?([1-9]\d*)"),
    re.compile(r"\b([1-9]\d*) already has that value"),
    re.compile(r"already (?:exists|in use|used)[^.]*? (?:on|by|with) [A-Za-z ]*?([1-9]\d*)\b"),
)
_EXISTING_KEYS = ("existingId", "existingObjectId", "existingObjectIds", "conflictingObjectId")
_NAMED = (
    (re.compile(r'Property "?([A-Za-z0-9_]+)"? does not exist'), UNKNOWN_PROPERTY),
    (re.compile(r"propertyName=([A-Za-z0-9_]+)"), UNIQUE_VALUE),
)


def complaint(body: Body, status: int = 400) -> Complaint:
    """Take an error body, or one member of a 207's `errors`, apart; every key is optional.

    The details sit in up to three places: a JSON array inside `message`, the members of
    `errors`, and `context`.
    """
    message = str(body.get("message") or f"HubSpot answered {status}")
    fallback = {404: "OBJECT_NOT_FOUND", 409: "CONFLICT"}.get(status, "")
    context = body.get("context")
    context = context if isinstance(context, Mapping) else {}
    fields = dict(_fields_in(message))
    for error in _error_dicts(body):
        fields.update(_fields_of(error))
    for key in ("propertyName", "properties"):
        fields.update({name: (message, _code(body)) for name in _texts(context, key)})
    return Complaint(
        message=message,
        category=str(body.get("category") or fallback),
        fields=fields,
        ids=frozenset(_texts(context, "ids") + _texts(context, "id")),
        traces=frozenset(_texts(context, "objectWriteTraceId")),
        existing=_existing(message) or _existing_in(body, context),
    )


def _code(body: Body) -> str:
    return str(body.get("code") or body.get("subCategory") or body.get("category") or "")


def _fields_in(message: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Properties named by a message: in its JSON array of details, else by its wording."""
    named = False
    for detail in _details(message):
        if isinstance(detail, Mapping) and detail.get("name"):
            named = True
            text = str(detail.get("message") or message)
            yield str(detail["name"]), (text, str(detail.get("error") or ""))
    for pattern, code in () if named else _NAMED:
        for name in pattern.findall(message):
            yield name, (message, code)


def _details(message: str) -> list[Any]:
    start = message.find("[{")
    if start < 0:
        return []
    try:
        found = orjson.loads(message[start : message.rfind("]") + 1])
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _fields_of(error: Body) -> Iterator[tuple[str, tuple[str, str]]]:
    message = str(error.get("message") or "")
    yield from _fields_in(message)
    context = error.get("context")
    for name in _texts(context, "propertyName") if isinstance(context, Mapping) else ():
        yield name, (message, _code(error))


def _texts(context: Mapping[str, Any], key: str) -> list[str]:
    value = context.get(key)
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _existing(message: str) -> str | None:
    for pattern in _EXISTING:
        if found := pattern.search(message):
            return found.group(1)
    return None


def _existing_in(body: Body, context: Body) -> str | None:
    """The record that is there already, where the answer names it outside the message: in the
    context, or in the oldest form as an identity profile."""
    profile = body.get("identityProfile")
    named = [text for key in _EXISTING_KEYS for text in _texts(context, key)]
    named += _texts(profile, "vid") if isinstance(profile, Mapping) else []
    return next((text for text in named if text.isdigit() and int(text)), None)
