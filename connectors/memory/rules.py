"""What a field takes: a table from field type to check, as a real CRM validates a write."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from connectors.base import FieldSchema, FieldType, RawFields, RawValue, Schema
from core.errors import RecordError, RejectedError


def blank_to_none(value: RawValue) -> RawValue:
    """An empty text is stored as None, as both vendors do."""
    return None if value == "" else value


def check(schema: Schema, fields: RawFields, *, creating: bool) -> dict[str, RecordError]:
    """Errors by field name; a required field that is missing or blank is one of them."""
    errors: dict[str, RecordError] = {
        name: error
        for name, value in fields.items()
        if (error := _check_one(schema, name, value, creating)) is not None
    }
    for name, field in schema.fields.items():
        blank = blank_to_none(fields.get(name)) is None
        if field.required_on_create and blank and (creating or name in fields):
            errors[name] = _rejected(name, "REQUIRED", f"{name} must have a value")
    return errors


def _check_one(schema: Schema, name: str, value: RawValue, creating: bool) -> RejectedError | None:
    field = schema.fields.get(name)
    if field is None:
        return _rejected(name, "UNKNOWN_FIELD", f"{schema.object_type} has no field {name}")
    if not (field.createable if creating else field.updateable):
        return _rejected(name, "NOT_WRITABLE", f"{name} cannot be written")
    if blank_to_none(value) is None:
        return None
    problem = _CHECKS[field.type](field, value)
    return _rejected(name, *problem) if problem else None


def _rejected(name: str, code: str, message: str) -> RejectedError:
    return RejectedError(message, field=name, vendor_code=code)


Problem = tuple[str, str]


def _wrong(field: FieldSchema, kind: str) -> Problem:
    return "WRONG_TYPE", f"{field.name} must be {kind}"


def _text(field: FieldSchema, value: Any) -> Problem | None:
    if not isinstance(value, str):
        return _wrong(field, "text")
    if field.length is not None and len(value) > field.length:
        return "TOO_LONG", f"{field.name} holds at most {field.length} characters"
    return None


def _email(field: FieldSchema, value: Any) -> Problem | None:
    if not isinstance(value, str) or "@" not in value.strip("@"):
        return "INVALID_EMAIL", f"{field.name} must be an e-mail address"
    return _text(field, value)


def _number(field: FieldSchema, value: Any) -> Problem | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if number and math.isfinite(value) else _wrong(field, "a number")


def _integer(field: FieldSchema, value: Any) -> Problem | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole else _wrong(field, "a whole number")


def _boolean(field: FieldSchema, value: Any) -> Problem | None:
    return None if isinstance(value, bool) else _wrong(field, "true or false")


def _parsed(parse: Callable[[str], object], kind: str) -> Check:
    def checked(field: FieldSchema, value: Any) -> Problem | None:
        try:
            parse(value)
        except (TypeError, ValueError):
            return _wrong(field, kind)
        return None

    return checked


def _option(field: FieldSchema, value: Any) -> Problem | None:
    allowed = {option.value for option in field.picklist if option.active}
    if field.restricted and value not in allowed:
        return "INVALID_OPTION", f"{field.name} has no option {value!r}"
    return _text(field, value)


def _options(field: FieldSchema, value: Any) -> Problem | None:
    if not isinstance(value, list):
        return _wrong(field, "a list")
    return next((problem for one in value if (problem := _option(field, one))), None)


def _associations(field: FieldSchema, value: Any) -> Problem | None:
    items = value if isinstance(value, list) else [None]
    sound = all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items)
    return None if sound else _wrong(field, "a list of associations")


def _anything(field: FieldSchema, value: Any) -> Problem | None:
    return None


Check = Callable[[FieldSchema, Any], Problem | None]

_CHECKS: Mapping[FieldType, Check] = {
    "id": _text,
    "string": _text,
    "text": _text,
    "email": _email,
    "phone": _text,
    "url": _text,
    "number": _number,
    "integer": _integer,
    "currency": _number,
    "percent": _number,
    "boolean": _boolean,
    "date": _parsed(date.fromisoformat, "a date"),
    "datetime": _parsed(datetime.fromisoformat, "a moment"),
    "picklist": _option,
    "multipicklist": _options,
    "reference": _text,
    "association": _associations,
    "other": _anything,
}
