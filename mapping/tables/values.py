"""The values of a column: days whichever way they were written, numbers, lists, yes and no."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?: .*)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_FIRST_DAY, _LAST_DAY = 10_000, 80_000  # 1927 and 2119 as day numbers
_MOST_DIGITS, _WHOLE = 30, 100
_SEPARATORS = re.compile(r"\s*[;\n,]\s*")
_YES = frozenset({"true", "yes", "y", "1", "x", "ja", "oui", "sí", "si", "✓", "wahr"})
_NO = frozenset({"false", "no", "n", "0", "", "nein", "non", "-", "falsch"})

Convert = Callable[[Any], str | None]


def order_of_days(values: Iterable[Any]) -> str:
    """`day first` or `month first`, told from all the dates of a column; "" where none says.
    Raises ValueError where the column contradicts itself."""
    found = set()
    for value in values:
        parts = _NUMERIC.fullmatch(value.strip()) if isinstance(value, str) else None
        if parts is None:
            continue
        first, second = int(parts.group(1)), int(parts.group(3))
        if parts.group(2) == "." or first > 12:
            found.add("day first")
        elif second > 12:
            found.add("month first")
    if len(found) > 1:
        raise ValueError("some dates of this column begin with the day, others with the month")
    return next(iter(found), "")


def day(value: Any, order: str, *, epoch_1904: bool, text: bool) -> str | None:
    """A day in ISO form. Numbers of a workbook are its day numbers. Raises ValueError."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_serial(float(value), epoch_1904)
    shown = str(value).strip()
    for pattern in (_ISO, _YEAR_FIRST):
        parts = pattern.fullmatch(shown)
        if parts:
            return date(*(int(part) for part in parts.groups()[:3])).isoformat()
    parts = _NUMERIC.fullmatch(shown)
    if parts:
        return _told(int(parts.group(1)), int(parts.group(3)), int(parts.group(4)), order)
    if _SERIAL.fullmatch(shown):
        if text:
            raise ValueError("is a day number of a spreadsheet, not a date")
        return _from_serial(float(shown), epoch_1904)
    raise ValueError("is not a date")


def _told(first: int, second: int, year: int, order: str) -> str:
    if not order and first != second:
        raise ValueError("may be day or month first, and no date of the column tells which")
    month, number = (second, first) if order == "day first" else (first, second)
    return date(year, month, number).isoformat()


def _from_serial(serial: float, epoch_1904: bool) -> str:
    if not _FIRST_DAY <= serial <= _LAST_DAY:
        raise ValueError("is a number, and no day number of a spreadsheet")
    start = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
    return (start + timedelta(days=int(serial))).date().isoformat()


def number(value: Any) -> str | None:
    """A plain decimal, whichever way thousands and decimals were written. Raises ValueError."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _written_out(Decimal(str(value)))
    shown = re.sub(r"[\s\u00a0'’€$£¥]|[A-Z]{3}\b", "", str(value))
    comma, dot = shown.rfind(","), shown.rfind(".")
    if comma >= 0 and dot >= 0:
        drop, keep = (".", ",") if comma > dot else (",", ".")
        shown = shown.replace(drop, "").replace(keep, ".")
    elif re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+", shown):
        shown = shown.replace(",", "")
    elif shown.count(".") > 1:
        shown = shown.replace(".", "")
    elif re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", shown):
        raise ValueError("may be a decimal or a thousand")
    try:
        return _written_out(Decimal(shown.replace(",", ".")))
    except InvalidOperation:
        raise ValueError("is not a number") from None


def _written_out(found: Decimal) -> str:
    """A decimal without an exponent: `1e999999999` would fill the memory with zeros."""
    if not found.is_finite():
        raise ValueError("is not a number")
    if abs(found.adjusted()) > _MOST_DIGITS:
        raise ValueError("is larger or smaller than any number here can be")
    return format(found.normalize(), "f")


def percent(value: Any) -> str | None:
    """A share as it is written, with or without its sign. Raises ValueError."""
    found = number(value.rstrip("% \u00a0") if isinstance(value, str) else value)
    if found is not None and not 0 <= Decimal(found) <= _WHOLE:
        raise ValueError("is no share between 0 and 100 %")
    return found


def several(value: Any) -> str | None:
    """Several values with ";" between them, each once."""
    parts = dict.fromkeys(p for p in _SEPARATORS.split(str(value).strip()) if p)
    return ";".join(parts) or None


def yes_or_no(value: Any) -> str | None:
    """`true` or `false`. Raises ValueError."""
    shown = str(value).strip().casefold()
    if shown in _YES:
        return "true"
    if shown in _NO:
        return "false"
    raise ValueError("is neither yes nor no")
