"""Writes CSV, XLSX and JSON: whole or not at all, for the owner's eyes, safe to open."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple

from core.errors import SettingsError
from mapping.tables.cells import printable, safe_cell

MOST_ROWS = 1_048_575
"""Rows of a sheet of a workbook, the headings apart."""


class Sheet(NamedTuple):
    """One sheet to be written."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Any]]


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once it is complete, readable by its owner only.
    Raises SettingsError where it cannot be written; then nothing has changed."""
    handle, name = -1, ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:  # mkstemp makes it for the owner only
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        _drop(name)
        raise SettingsError(
            f"{path} cannot be written: {error.strerror or error}",
            remedy="Name a file in a folder that exists, is writable and has space.",
        ) from error
    except BaseException:
        _drop(name)
        raise


def _drop(name: str) -> None:
    if name:
        Path(name).unlink(missing_ok=True)


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """UTF-8 with the mark that Excel wants. Raises SettingsError."""
    with written(path) as file:
        file.write(b"\xef\xbb\xbf")
        table = csv.writer(_Text(file))
        table.writerow([safe_cell(cell) for cell in head])
        table.writerows([safe_cell(cell) for cell in row] for row in rows)


class _Text:
    """What the csv module writes to: text into a binary file, without a buffer to flush."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode("utf-8", errors="replace"))


def write_json(path: Path, value: Any) -> None:
    """Indented JSON in UTF-8. Raises SettingsError."""
    with written(path) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n")


def write_text(path: Path, text: str) -> None:
    """Any text in UTF-8, such as a page. Raises SettingsError."""
    with written(path) as file:
        file.write(text.encode())


def write_xlsx(path: Path, sheets: Sequence[Sheet]) -> None:
    """A workbook in which every text is text: nothing in it is computed. Raises SettingsError."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    names: set[str] = set()
    try:
        for sheet in sheets:
            _fill(path, book.create_sheet(_title(sheet.title, names)), sheet)
        with written(path) as file:
            book.save(file)
    except BaseException:
        for target in book.worksheets:
            with suppress(Exception):  # it may be closed already, or hold half a row
                target.close()
        raise


def _fill(path: Path, target: Any, sheet: Sheet) -> None:
    target.freeze_panes = "A2"
    make = _maker(target)
    target.append([make(cell) for cell in sheet.head])
    for number, row in enumerate(sheet.rows):
        if number >= MOST_ROWS:
            raise SettingsError(
                f"{path}: {sheet.title} has more rows than a sheet holds ({MOST_ROWS})",
                remedy="Write CSV instead.",
            )
        target.append([make(cell) for cell in row])


def _title(wanted: str, taken: set[str]) -> str:
    plain = "".join("-" if c in r"[]:*?/\'" else c for c in printable(wanted))[:28] or "Sheet"
    title, number = plain, 1
    while title.casefold() in taken:
        number += 1
        title = f"{plain} {number}"
    taken.add(title.casefold())
    return title


def _maker(target: Any) -> Callable[[Any], Any]:
    from openpyxl.cell import WriteOnlyCell

    def make(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | Decimal):
            return value
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, date):
            return value
        cell = WriteOnlyCell(target, printable(safe_cell(value)))
        cell.data_type = "s"  # never a formula, whatever it begins with
        return cell

    return make


WRITERS: Mapping[str, str] = {".csv": "csv", ".xlsx": "xlsx", ".json": "json", ".html": "html"}
"""The form of a file by the ending of its name."""
