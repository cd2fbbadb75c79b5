"""Single cells: text that no spreadsheet runs as a formula, and what a cell says as text."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula or a command, full-width forms too."""
_BLANKS = " \u00a0"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST = 32_767
"""Characters that a cell of a workbook holds."""
FAULTS = frozenset({"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"})
"""What a spreadsheet shows where a formula failed."""
NOT_AVAILABLE = "#N/A"
"""What a look-up without a result shows: no value."""


def safe_cell(value: Any) -> str:
    """A cell as text; what would be run stands behind an apostrophe."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float | Decimal):
        return text
    return f"'{text}" if text.lstrip(_BLANKS).startswith(_STARTS) else text


def plain_cell(text: str) -> str:
    """The cell as it was before `safe_cell`."""
    kept = text.removeprefix("'")
    return kept if kept.lstrip(_BLANKS).startswith(_STARTS) else text


def printable(text: str) -> str:
    """Without the characters that a workbook cannot hold, and no longer than a cell."""
    return _UNPRINTABLE.sub("", text)[:_LONGEST]


def as_text(value: Any) -> str | None:
    """What a cell of a workbook says: whole numbers without a fraction, days in ISO form; None
    where it is blank."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return plain_cell(str(value).strip()) or None
