"""Which values a property takes, and how HubSpot stores them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from sandbox.hubspot.metadata import Property
from sandbox.hubspot.times import iso, read_date, read_moment

LONGEST = 65_536
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"]+@[^\s@,;:<>()\[\]\"]+\.[^\s@,;:<>()\[\]\".]{2,}")
_DOMAIN_LEAD = re.compile(r"^[a-z][a-z0-9+.-]*://|^www\.", re.IGNORECASE)


class InvalidValueError(Exception):
    """A value that a property does not take; `code` is HubSpot's name for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def text_of(raw: Any) -> str:
    """A JSON value as the text that HubSpot works with; None and "" are both "".

    Raises InvalidValueError for lists and objects.
    """
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(raw)
    if isinstance(raw, str):
        return raw
    raise InvalidValueError("INVALID_TYPE", f"{raw!r} is not a property value")


def stored(definition: Property, raw: Any, present: str | None) -> str:
    """The value as it is stored ("": cleared). `present` is the value now (a leading semicolon
    appends to it). Raises InvalidValueError."""
    text = text_of(raw)
    if not text.strip():
        return ""
    if len(text) > LONGEST:
        raise InvalidValueError(
            "STRING_TOO_LONG", f"The value is longer than the allowed {LONGEST} characters"
        )
    special = _BY_NAME.get(definition.name)
    if special is not None and definition.type == "string":
        return special(text)
    if definition.type == "enumeration":
        return _enumeration(definition, text, present)
    return _BY_TYPE.get(definition.type, _string)(text)


def _string(text: str) -> str:
    return text


def _email(text: str) -> str:
    text = text.strip().lower()
    if not _EMAIL.fullmatch(text):
        raise InvalidValueError("INVALID_EMAIL", f"Email address {text} is invalid")
    return text


def _domain(text: str) -> str:
    text = text.strip()
    while (found := _DOMAIN_LEAD.match(text)) is not None:
        text = text[found.end() :]
    return re.split(r"[/?#]", text, maxsplit=1)[0].lower()


def _number(text: str) -> str:
    text = text.strip()
    try:
        usable = math.isfinite(float(text))
    except ValueError:
        usable = False
    if not usable or "_" in text:
        raise InvalidValueError("INVALID_DOUBLE", f"{text} was not a valid number.")
    return text


def _bool(text: str) -> str:
    text = text.strip().lower()
    if text not in ("true", "false"):
        raise InvalidValueError(
            "INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]"
        )
    return text


def _date(text: str) -> str:
    try:
        return read_date(text.strip())
    except (ValueError, OverflowError) as error:
        reason = str(error) if "midnight" in str(error) else f"{text} was not a valid date."
        raise InvalidValueError("INVALID_DATE", reason) from error


def _datetime(text: str) -> str:
    try:
        return iso(read_moment(text.strip()))
    except (ValueError, OverflowError) as error:
        raise InvalidValueError("INVALID_LONG", f"{text} was not a valid long.") from error


def _enumeration(definition: Property, text: str, present: str | None) -> str:
    if definition.multiple:
        return _several(definition, text, present)
    if not definition.external:
        _check_options(definition, [text])
    return text


def _several(definition: Property, text: str, present: str | None) -> str:
    chosen = [part.strip() for part in text.split(";") if part.strip()]
    if not definition.external:
        _check_options(definition, chosen)
    if text.startswith(";") and present:
        chosen = [*present.split(";"), *chosen]
    return ";".join(dict.fromkeys(chosen))


def _check_options(definition: Property, chosen: list[str]) -> None:
    allowed = definition.allowed()
    for value in chosen:
        if value not in allowed:
            names = ", ".join(f'label: "{o.label}" value: "{o.value}"' for o in definition.options)
            raise InvalidValueError(
                "INVALID_OPTION", f"{value} was not one of the allowed options: [{names}]"
            )


_BY_NAME: dict[str, Callable[[str], str]] = {"email": _email, "domain": _domain}
_BY_TYPE: dict[str, Callable[[str], str]] = {
    "number": _number,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
}
