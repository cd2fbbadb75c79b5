"""CSV files that a spreadsheet opens without running what is in them, and that come back whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import SettingsError

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a spreadsheet takes for the beginning of a formula or a command."""


def safe_cell(value: Any) -> str:
    """A cell as text; what would be run stands behind an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_STARTS) else text


def plain_cell(text: str) -> str:
    """The cell as it was before `safe_cell`."""
    kept = text.removeprefix("'")
    return kept if kept.lstrip(" \u00a0").startswith(_STARTS) else text


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a file readable by its owner only. Raises SettingsError where it cannot be written."""
    try:
        path.touch(mode=0o600)
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # Excel wants the mark
            table = csv.writer(file)
            table.writerow(head)
            table.writerows([safe_cell(cell) for cell in row] for row in rows)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror or error}",
            remedy="Name a file in a folder that exists, is writable and has space.",
        ) from error


def read_csv(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column of each row that has any; other columns are welcome.

    Raises SettingsError where the file cannot be read or lacks a wanted column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(
            f"{path} cannot be read: {reason}", remedy="Give the path of a CSV file in UTF-8."
        ) from None
    table = csv.DictReader(text.splitlines(keepends=True), restval="")
    missing = [name for name in wanted if name not in (table.fieldnames or ())]
    if missing:
        raise SettingsError(
            f"{path}:1: there is no column {', '.join(missing)}",
            remedy=f"The first line names the columns: {','.join(wanted)}.",
        )
    for row in table:
        cells = {str(k): plain_cell(str(v).strip()) for k, v in row.items() if k is not None}
        if any(cells.values()):
            yield table.line_num, cells
