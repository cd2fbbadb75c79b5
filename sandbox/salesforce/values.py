"""Field values: what the API accepts for a field, made canonical as the store keeps it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sandbox.salesforce.errors import SalesforceError, json_error
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import to18

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_INT_LIMIT = 2**31
_PICKLIST_LENGTH = 255  # whatever the describe says: Salesforce's own sample data is longer than 40


def stamp(moment: datetime) -> str:
    """A moment as the API writes it; system fields have whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def coerce(one: Field, value: Any) -> Any:
    """The canonical form of a value for a field, or None when it is empty.

    Raises SalesforceError as the API would. References are only made 18 characters long here.
    """
    if value is None:
        return None
    work = _COERCE.get(one.type)
    return _string(one, value) if work is None else work(one, value)


def _string(one: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise json_error("string", value)
    text = value.strip()
    limit = max(one.length, _PICKLIST_LENGTH) if one.type == "picklist" else one.length
    if len(text) > limit > 0:
        raise SalesforceError(
            "STRING_TOO_LONG",
            f"{one.label}: data value too large: {text} (max length={limit})",
            [one.name],
        )
    return text or None


def _email(one: Field, value: Any) -> str | None:
    text = _string(one, value)
    if text is not None and not _EMAIL.fullmatch(text):
        raise SalesforceError(
            "INVALID_EMAIL_ADDRESS", f"{one.label}: invalid email address: {text}", [one.name]
        )
    return text


def _picklist(one: Field, value: Any) -> str | None:
    text = _string(one, value)
    if text is None:
        return None
    for known, _ in one.picklist:
        if known.lower() == text.lower():
            return known
    if one.restricted:
        _refuse_value(one, text)
    return text


def _multipicklist(one: Field, value: Any) -> str | None:
    text = _string(one, value)
    if text is None:
        return None
    parts = list(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    known = [name for name, _ in one.picklist]
    if one.restricted and not set(parts) <= set(known):
        _refuse_value(one, text)
    return ";".join(sorted(parts, key=lambda part: known.index(part) if part in known else 999))


def _refuse_value(one: Field, text: str) -> None:
    if one.name == "CurrencyIsoCode":
        raise SalesforceError("INVALID_CURRENCY_ISO", f"invalid currency ISO code: {text}", [])
    raise SalesforceError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{one.label}: bad value for restricted picklist field: {text}",
        [one.name],
    )


def _boolean(one: Field, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise json_error("boolean", value)
    return value


def _integer(one: Field, value: Any) -> int | None:
    number = _number(one, value)
    if number is None:
        return None
    if number != int(number):
        raise json_error("int", value)
    if abs(number) >= _INT_LIMIT or (one.digits and abs(number) >= 10**one.digits):
        _refuse_range(one, value)
    return int(number)


def _decimal(one: Field, value: Any) -> float | None:
    number = _number(one, value)
    if number is None:
        return None
    if one.precision and abs(number) >= 10 ** (one.precision - one.scale):
        _refuse_range(one, value)
    return float(round(number, one.scale)) if one.precision else float(number)


def _number(one: Field, value: Any) -> float | None:
    expected = "int" if one.type == "int" else "double"
    if isinstance(value, str) and value.strip():
        try:
            value = float(value)
        except ValueError:
            raise json_error(expected, value) from None
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise json_error(expected, value)
    return value


def _refuse_range(one: Field, value: Any) -> None:
    raise SalesforceError(
        "NUMBER_OUTSIDE_VALID_RANGE",
        f"{one.label}: value outside of valid range on numeric field: {value}",
        [one.name],
    )


def _date(one: Field, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str):
        raise json_error("date", value)
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise json_error("date", value) from None


def _datetime(one: Field, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str):
        raise json_error("datetime", value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise json_error("datetime", value) from None
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _reference(one: Field, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str):
        raise json_error("reference", value)
    id_ = to18(value)
    if id_ is None:
        raise SalesforceError(
            "MALFORMED_ID", f"{one.label}: id value of incorrect type: {value}", [one.name]
        )
    return id_


_COERCE: Mapping[str, Callable[[Field, Any], Any]] = {
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "boolean": _boolean,
    "int": _integer,
    "double": _decimal,
    "currency": _decimal,
    "percent": _decimal,
    "date": _date,
    "datetime": _datetime,
    "reference": _reference,
    "id": _reference,
}

_PARTS = {
    "Street": "street", "City": "city", "State": "state", "PostalCode": "postalCode",
    "Country": "country", "Latitude": "latitude", "Longitude": "longitude",
    "GeocodeAccuracy": "geocodeAccuracy",
}  # fmt: skip


def address(one: Field, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The compound value of an address field, from its components; None when all are empty."""
    prefix = one.name.removesuffix("Address")
    found = {shown: row.get(prefix + part) for part, shown in _PARTS.items()}
    return found if any(value is not None for value in found.values()) else None
