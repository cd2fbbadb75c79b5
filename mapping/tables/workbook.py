"""XLSX files: formulas give what they last showed, merged cells their value, faults an error."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from core.errors import TielineError
from mapping.tables.cells import NOT_AVAILABLE
from mapping.tables.model import UNREADABLE, Grid, table_error

MOST_UNPACKED = 4 * 1024**3
"""Bytes of a workbook once unpacked; more is no list of accounts but a trap."""
_MOST_PACKED = 200
"""How much smaller than its content a packed part of more than 100 MB may be."""
_MOST_SMALL = 10 << 20
"""Bytes of the parts that only say which sheets there are."""
_CELL = re.compile(
    rb'<(?:\w+:)?c (?=[^>]*?\br="([A-Z]+)(\d+)")([^>]*)>'
    rb"(<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?(?:<(?:\w+:)?v>([^<]*)</|(<|$))"
)
"""A cell: its column and row, its attributes, its formula, its value."""
_FAR = re.compile(rb'<(?:\w+:)?c (?=[^>]*?\br="([A-Z]{2,3})\d+")[^>]*(?<!/)>')
"""A cell beyond column Z that holds something, and its column."""
_ROW = re.compile(rb'<(?:\w+:)?row (?=[^>]*?\br="(\d+)")')
_MOST_CELLS = 64_000_000
"""Cells between the corners of a sheet. The reader of cells has room for each of them, blank ones
too: one stray cell in the last corner would take more memory than any machine has."""
_FEW_COLUMNS = 60
"""With no more than these even the longest sheet is within that."""
_SHARED = re.compile(
    rb't="s"[^>]*>(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>(\d+)</'
)
"""A cell that shows a text of the workbook's table of texts, and which."""
_TEXTS = "xl/sharedstrings.xml"
_MOST_TEXT = 1 << 30
"""Bytes of text in all cells of a sheet. A text stands in the file once however many cells show
it, so a small file can hold more than any memory."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_WORTH_A_LOOK = re.compile(rb't="e"|<(?:\w+:)?f[ />]|mergeCell ')
_CHUNK = 1 << 20
_OLD = b"\xd0\xcf\x11\xe0"
_SAVE = "Open it in a spreadsheet program and save it as XLSX (or CSV UTF-8)."


@dataclass(slots=True)
class _Marks:
    """What the reader of cells does not show."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    """Line and column of cells whose formula failed or was never computed, and why."""


ONE_SHEET = (
    "Keep one sheet in the file. Of a partner's list it can be named: --sheet with --theirs, or "
    "`sheet:` in the configuration."
)


def open_workbook(path: Path, sheet: str | None = None) -> Grid:
    """One sheet of a workbook as a grid: the one named, else the only one that has cells. Raises
    SettingsError."""
    _check(path)
    with _told(path):
        parts, epoch_1904 = _parts(path)
        looked = {n: _look(path, parts[n]) for n in parts if sheet not in parts or n == sheet}
        with _opened(path) as book:
            chosen = _chosen(path, book, list(parts), sheet)
    marks = looked[chosen]
    return Grid(
        path, chosen, _rows(path, chosen), cell_name,
        merged=marks.merged, faults=marks.faults, epoch_1904=epoch_1904,
    )  # fmt: skip


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Damaged workbooks fail in any way, that of the library's Rust included: one error."""
    try:
        yield
    except (TielineError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        reason = str(error).strip("'\"") or type(error).__name__
        what = f"it is no workbook, or damaged: {reason}"
        raise table_error(path, "", what, _SAVE) from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    try:
        yield book
    finally:
        book.close()


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


def _parts(path: Path) -> tuple[dict[str, str], bool]:
    """The part of every worksheet by its title, in order, and whether days count from 1904."""
    with zipfile.ZipFile(path) as archive:
        book = _xml(archive, "xl/workbook.xml")
        links = _xml(archive, "xl/_rels/workbook.xml.rels")
        there = set(archive.namelist())
    targets = {
        link.get("Id"): str(PurePosixPath("/xl", str(link.get("Target")))).lstrip("/")
        for link in links
        if str(link.get("Type")).endswith("/worksheet")
    }
    found: dict[str, str] = {}
    epoch_1904 = False
    for node in book.iter():
        tag = node.tag.rpartition("}")[2]
        if tag == "sheet":
            name = next((v for k, v in node.items() if k.endswith("}id")), None)
            if targets.get(name) in there:
                found[str(node.get("name"))] = targets[name]
        elif tag == "workbookPr":
            epoch_1904 = node.get("date1904") in ("1", "true", "on")
    return found, epoch_1904


def _xml(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    if archive.getinfo(part).file_size > _MOST_SMALL:
        raise ValueError(f"{part} is too large")
    data = archive.read(part)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError(f"{part} declares entities")
    return ElementTree.fromstring(data)


def _chosen(path: Path, book: Any, names: Sequence[str], sheet: str | None) -> str:
    from python_calamine import SheetVisibleEnum

    if sheet is not None:
        if sheet not in names:
            listed = ", ".join(names)
            raise table_error(path, "", f"there is no sheet `{sheet}`", f"One of: {listed}.")
        return sheet
    if len(names) == 1:
        return names[0]
    visible = {m.name for m in book.sheets_metadata if m.visible == SheetVisibleEnum.Visible}
    filled = [name for name in names if book.get_sheet_by_name(name).total_height]
    shown = [name for name in filled if name in visible] or filled
    if len(shown) != 1:
        listed = ", ".join(shown) or "none has cells"
        what = f"it has {len(shown) or 'no'} sheets to choose from: {listed}"
        raise table_error(path, "", what, ONE_SHEET)
    return shown[0]


def _look(path: Path, part: str) -> _Marks:
    """Merged areas and faulty cells, from the sheet as it is written, in one pass."""
    marks = _Marks()
    columns = 0
    for text in _text(path, part):
        if _WORTH_A_LOOK.search(text):
            _note(marks, text)
        far = {found.group(1) for found in _FAR.finditer(text)}
        columns = max([columns, *(_column(letters) + 1 for letters in far)])
    if columns > _FEW_COLUMNS:
        rows = max((int(n) for text in _text(path, part) for n in _ROW.findall(text)), default=0)
        if rows * columns > _MOST_CELLS:
            what = f"its cells reach to {cell_name(rows, columns - 1)}: that is no list"
            remedy = "Clear the cells that stand far away from the list, and save it."
            raise table_error(path, "", what, remedy)
    _not_too_much_text(path, part)
    return marks


def _not_too_much_text(path: Path, part: str) -> None:
    lengths = _text_lengths(path)
    if not lengths:
        return
    shown = sum(text.count(b't="s"') for text in _text(path, part))
    if shown * max(lengths) <= _MOST_TEXT:
        return
    places = (int(n) for text in _text(path, part) for n in _SHARED.findall(text))
    if sum(lengths[n] for n in places if n < len(lengths)) > _MOST_TEXT:
        what = "its cells show more text than any list of accounts has"
        raise table_error(path, "", what, "Save the rows that are wanted to a file of their own.")


def _text_lengths(path: Path) -> list[int]:
    """Bytes of every text that cells share."""
    with zipfile.ZipFile(path) as parts:
        part = next((n for n in parts.namelist() if n.casefold() == _TEXTS), None)
        if part is None:
            return []
        with parts.open(part) as file:
            found, rest = [], b""
            while chunk := file.read(_CHUNK):
                *texts, rest = (rest + chunk).split(b"</si>")
                found += [len(text) for text in texts]
    return found


def _text(path: Path, part: str) -> Iterator[bytes]:
    """A part of a workbook piece by piece, cut between cells."""
    with zipfile.ZipFile(path) as parts, parts.open(part) as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            whole = max(text.rfind(b"</c>"), text.rfind(b"</row>"))
            whole = whole if whole >= 0 else text.rfind(b">") + 1
            yield text[:whole]
            rest = text[whole:]
        yield rest


def _note(marks: _Marks, text: bytes) -> None:
    for found in _CELL.finditer(text):
        column, row, attributes, formula, value, _ = found.groups()
        if b't="e"' in attributes and value is not None:
            if value.decode() != NOT_AVAILABLE:
                why = f"the formula of this cell failed ({value.decode()})"
                marks.faults[int(row), _column(column)] = why
        elif formula and not value and b't="str"' not in attributes:
            marks.faults[int(row), _column(column)] = "the formula of this cell was never computed"
    for found in _MERGED.finditer(text):
        left, top, right, bottom = found.groups()
        marks.merged.append((int(top), _column(left), int(bottom), _column(right)))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def cell_name(line: int, column: int) -> str:
    """`C7` for line 7 and column 2."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return f"{name}{line}"


def _rows(path: Path, sheet: str) -> Iterator[tuple[int, Sequence[object]]]:
    """Rows that have a value."""
    with _told(path), _opened(path) as book:
        found = book.get_sheet_by_name(sheet)
        shift = found.start[1] if found.start else 0
        before = [None] * shift
        for line, row in enumerate(found.iter_rows(), start=1):
            if any(value != "" for value in row):
                yield line, [*before, *row] if shift else row
