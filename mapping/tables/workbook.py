"""XLSX files: rows are streamed, formulas give what they last showed, merged cells their value."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import TielineError
from mapping.tables.model import UNREADABLE, Grid, table_error

MOST_UNPACKED = 4 * 1024**3
"""Bytes of a workbook once unpacked; more is no list of accounts but a trap."""
_MOST_PACKED = 200
"""How much smaller than its content a packed part of more than 100 MB may be."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_CHUNK = 1 << 20
_OLD = b"\xd0\xcf\x11\xe0"
_SAVE = "Open it in a spreadsheet program and save it as XLSX (or CSV UTF-8)."


def open_workbook(path: Path, sheet: str | None = None) -> Grid:
    """One sheet of a workbook as a grid: the one named, else the only one that has cells. Raises
    SettingsError with file, sheet and cell."""

    _check(path)
    with _opened(path, data_only=True) as book:
        chosen = _chosen(path, book, sheet)
        part = _part(book[chosen])
        epoch = book.epoch.year
    formulas, merged = _look(path, part)
    grid = Grid(path, chosen, (), _cell, merged=merged, epoch_1904=epoch == 1904)
    grid.rows = _rows(grid, formulas)
    return grid


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            if file.read(4) == _OLD:
                what = "it is an old or encrypted workbook (XLS)"
                raise table_error(path, "", what, _SAVE)
        with zipfile.ZipFile(path) as parts:
            sizes = [(i.file_size, i.compress_size) for i in parts.infolist()]
    except OSError as error:
        reason = error.strerror or str(error)
        raise table_error(path, "", f"it cannot be read: {reason}", UNREADABLE) from error
    except zipfile.BadZipFile as error:
        raise table_error(path, "", "it is no workbook, or was cut off", _SAVE) from error
    bomb = any(size > 100 << 20 and size > packed * _MOST_PACKED for size, packed in sizes)
    if bomb or sum(size for size, _ in sizes) > MOST_UNPACKED:
        what = "unpacked it is larger than any list of accounts"
        raise table_error(path, "", what, "Save the rows that are wanted to a file of their own.")


def _chosen(path: Path, book: Any, sheet: str | None) -> str:
    names = [found.title for found in book.worksheets]
    if sheet is not None:
        if sheet not in names:
            listed = ", ".join(names)
            raise table_error(path, "", f"there is no sheet `{sheet}`", f"One of: {listed}.")
        return sheet
    filled = [name for name in names if _filled(book[name])]
    shown = [name for name in filled if book[name].sheet_state == "visible"] or filled
    if len(shown) != 1:
        listed = ", ".join(shown) or "none has cells"
        what = f"it has {len(shown) or 'no'} sheets to choose from: {listed}"
        raise table_error(path, "", what, "Name one with --sheet.")
    return str(shown[0])


def _filled(sheet: Any) -> bool:
    rows = sheet.iter_rows(max_row=50, values_only=True)
    return any(value is not None for row in rows for value in row)


def _part(sheet: Any) -> str:
    return str(sheet._worksheet_path)


def _look(path: Path, part: str) -> tuple[bool, list[tuple[int, int, int, int]]]:
    """Whether a sheet has formulas, and its merged areas: a streaming reader shows neither."""
    formulas, merged, rest = False, [], b""
    with zipfile.ZipFile(path) as parts, parts.open(part.lstrip("/")) as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            formulas = formulas or bool(_FORMULA.search(text))
            last = 0
            for found in _MERGED.finditer(text):
                left, top, right, bottom = found.groups()
                merged.append((int(top), _column(left), int(bottom), _column(right)))
                last = found.end()
            rest = text[max(last, len(text) - 200) :]
    return formulas, merged


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _cell(line: int, column: int) -> str:
    return f"{_letters(column)}{line}"


def _rows(grid: Grid, formulas: bool) -> Iterator[tuple[int, Sequence[object]]]:
    """Rows that have a value. Where there are formulas the sheet is read a second time beside,
    as they are written: a formula that shows nothing was never computed."""
    shown = _stream(grid, data_only=True)
    written = _stream(grid, data_only=False) if formulas else None
    for line, row in enumerate(shown, start=1):
        if written is not None:
            _computed(grid, line, row, next(written, ()))
        if any(value is not None for value in row):
            yield line, row


def _stream(grid: Grid, *, data_only: bool) -> Iterator[Sequence[Any]]:
    with _opened(grid.path, data_only=data_only) as book:
        sheet = book[grid.sheet]
        sheet.reset_dimensions()  # some programs write a wrong size, and rows would be lost
        yield from sheet.iter_rows(values_only=True)


@contextmanager
def _opened(path: Path, *, data_only: bool) -> Iterator[Any]:
    """A workbook that is read as a stream; whatever its parts fail with is one error."""
    from openpyxl import load_workbook

    with path.open("rb") as file:  # openpyxl judges a path by its ending
        try:
            book = load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
            yield book
        except (TielineError, GeneratorExit):
            raise
        except Exception as error:  # damaged workbooks raise anything: KeyError, XML errors …
            what = f"it is no workbook, or damaged: {_reason(error)}"
            raise table_error(path, "", what, _SAVE) from error


def _reason(error: Exception) -> str:
    return str(error).strip("'\"") or type(error).__name__


def _computed(grid: Grid, line: int, row: Sequence[Any], written: Sequence[Any]) -> None:
    for at, text in enumerate(written):
        formula = (isinstance(text, str) and text.startswith("=")) or _is_formula(text)
        if formula and at < len(row) and row[at] is None:
            where = f"{grid.sheet}!{_cell(line, at)}"
            what = "the formula of this cell was never computed"
            remedy = "Open the file in a spreadsheet program, save it again, or paste values."
            raise table_error(grid.path, where, what, remedy)


def _is_formula(value: Any) -> bool:
    return type(value).__name__ in ("ArrayFormula", "DataTableFormula")
