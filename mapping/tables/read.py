"""Reads a spreadsheet whole: every wanted value in its plain form, or one error that says where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mapping.tables.cells import FAULTS, NOT_AVAILABLE, as_text
from mapping.tables.columns import find_head
from mapping.tables.model import Column, Grid, Line, Table, table_error
from mapping.tables.text import beginning, open_csv
from mapping.tables.values import (
    Convert,
    day,
    number,
    order_of_days,
    percent,
    several,
    yes_or_no,
)
from mapping.tables.workbook import open_workbook
from mapping.values import currency

_WORKBOOKS = (".xlsx", ".xlsm", ".xltx")
MOST_ROWS = 2_000_000


def open_grid(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Grid:
    """A file as rows of cells, by its content: a workbook is one whatever it is called. Raises
    SettingsError."""
    packed = path.is_file() and beginning(path, 4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
    if packed or path.suffix.lower() in _WORKBOOKS:
        return open_workbook(path, sheet)
    if sheet is not None:
        raise table_error(path, "", "a CSV file has no sheets", "Leave --sheet out.")
    return open_csv(path, encoding, delimiter)


def read_table(
    path: Path,
    columns: Sequence[Column],
    *,
    named: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Table:
    """The wanted columns of a sheet. `named` says which heading a key has, the rest is told from
    the headings.

    Everything or nothing: raises one SettingsError that names file, line or cell, key and remedy.
    """
    grid = open_grid(path, sheet=sheet, encoding=encoding, delimiter=delimiter)
    rows = iter(grid.rows)
    line, places, heads = find_head(grid, rows, columns, named or {})
    _no_faults(grid, line, places)
    taken = [column for column in columns if column.key in places]
    places = {column.key: places[column.key] for column in taken}
    raw = list(_taken(grid, _merged_down(grid, line, places, rows), places, len(heads)))
    lines = _converted(grid, raw, taken, places)
    shown = {key: heads[place] for key, place in places.items()}
    return Table(path, grid.sheet, shown, lines, tuple(grid.notes))


def _no_faults(grid: Grid, head: int, places: Mapping[str, int]) -> None:
    keys = {place: key for key, place in places.items()}
    for (line, place), why in sorted(grid.faults.items()):
        if line > head and place in keys:
            where, what = _where(grid, line, place), f"{keys[place]}: {why}"
            remedy = "Correct the formula, or compute it: open the file, save it, or paste values."
            raise table_error(grid.path, where, what, remedy)


def _taken(
    grid: Grid,
    rows: Iterable[tuple[int, Sequence[object]]],
    places: Mapping[str, int],
    width: int,
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The wanted cells of every row that has one."""
    at = tuple(places.values())
    keys = tuple(places)
    for count, (line, row) in enumerate(rows):
        if count >= MOST_ROWS:
            what = f"there are more than {MOST_ROWS} rows"
            raise table_error(grid.path, "", what, "Split the file.")
        if len(row) > width:
            _too_wide(grid, line, row, width)
        cells = tuple(_clean(row[i]) if i < len(row) else None for i in at)
        if any(cell is not None for cell in cells):
            yield line, _without_faults(grid, line, cells, at, keys)


def _clean(value: object) -> Any:
    """None for what is blank or not available; text trimmed; everything else as it is."""
    if isinstance(value, str):
        text = as_text(value)
        return None if text == NOT_AVAILABLE else text
    return value


def _too_wide(grid: Grid, line: int, row: Sequence[object], width: int) -> None:
    extra = next((i for i in range(width, len(row)) if as_text(row[i]) is not None), None)
    if extra is not None and grid.text:
        what = f"this row has {len(row)} columns, the headings have {width}"
        remedy = "Put values that contain the delimiter in quotes."
        raise table_error(grid.path, grid.cell(line, extra), what, remedy)


def _without_faults(
    grid: Grid, line: int, cells: tuple[Any, ...], at: Sequence[int], keys: Sequence[str]
) -> tuple[Any, ...]:
    for place, key, cell in zip(at, keys, cells, strict=True):
        if isinstance(cell, str) and cell in FAULTS:
            where = _where(grid, line, place)
            what = f"{key}: the formula of this cell failed ({cell})"
            raise table_error(grid.path, where, what, "Correct the formula, or clear the cell.")
    return cells


def _merged_down(
    grid: Grid,
    head: int,
    places: Mapping[str, int],
    rows: Iterator[tuple[int, Sequence[object]]],
) -> Iterator[tuple[int, Sequence[object]]]:
    """Rows in which a cell merged over several rows has its value in each of them. Cells merged
    over several wanted columns belong to none of them: an error."""
    areas = [area for area in grid.merged if area[2] > head]
    wanted = set(places.values())
    for top, left, bottom, right in areas:
        if len(wanted & set(range(left, right + 1))) > 1:
            where = f"{grid.sheet}!{grid.cell(top, left)}:{grid.cell(bottom, right)}"
            what = "cells are merged over several columns, so whose value it is is not told"
            raise table_error(grid.path, where, what, "Unmerge these cells.")
    down = sorted((a for a in areas if a[2] > a[0]), reverse=True)
    active: list[tuple[int, int, int, Any]] = []
    for line, row in rows:
        while down and down[-1][0] <= line:
            top, left, bottom, right = down.pop()
            value = row[left] if top == line and left < len(row) else None
            active.extend((bottom, at, line, value) for at in range(left, right + 1))
        active = [a for a in active if a[0] >= line]
        yield line, _filled(row, line, active) if active else row


def _filled(
    row: Sequence[object], line: int, active: Sequence[tuple[int, int, int, Any]]
) -> Sequence[object]:
    cells = list(row)
    for _, at, since, value in active:
        if since < line and at < len(cells) and cells[at] in (None, ""):
            cells[at] = value
    return cells


def _converted(
    grid: Grid,
    raw: Sequence[tuple[int, tuple[Any, ...]]],
    columns: Sequence[Column],
    places: Mapping[str, int],
) -> list[Line]:
    converts = [_convert(grid, c, i, raw, places[c.key]) for i, c in enumerate(columns)]
    lines: list[Line] = []
    for line, cells in raw:
        try:
            values = tuple(
                None if cell is None else convert(cell)
                for convert, cell in zip(converts, cells, strict=True)
            )
        except ValueError:
            _tell(grid, line, cells, columns, converts, places)
            raise
        if any(value is not None for value in values):
            lines.append(Line(line, values))
    return lines


def _tell(
    grid: Grid,
    line: int,
    cells: Sequence[Any],
    columns: Sequence[Column],
    converts: Sequence[Convert],
    places: Mapping[str, int],
) -> None:
    """Raise the error of the first cell of a row that cannot be understood."""
    for column, convert, cell in zip(columns, converts, cells, strict=True):
        try:
            _ = None if cell is None else convert(cell)
        except ValueError as error:
            where = _where(grid, line, places[column.key])
            what = f"{column.key}: `{str(cell)[:60]}` {error}"
            raise table_error(grid.path, where, what, _REMEDIES[column.type]) from None


_REMEDIES = {
    "date": "Write dates as YYYY-MM-DD, or format the column as a date and save again.",
    "number": "Write numbers plainly, such as 1234.50.",
    "percent": "Write a number from 0 to 100, or from 0 to 1.",
    "currency": "Write the ISO code of the currency, such as EUR.",
    "bool": "Write yes or no.",
    "text": "Correct the cell.",
    "list": "Correct the cell.",
}


def _where(grid: Grid, line: int, place: int) -> str:
    cell = grid.cell(line, place)
    return cell if grid.text else f"{grid.sheet}!{cell}"


def _convert(
    grid: Grid,
    column: Column,
    index: int,
    raw: Sequence[tuple[int, tuple[Any, ...]]],
    place: int,
) -> Convert:
    if column.type != "date":
        return _CONVERTS[column.type]
    try:
        order = order_of_days(cells[index] for _, cells in raw)
    except ValueError as error:
        where = f"column {grid.cell(raw[0][0], place)}" if raw else ""
        remedy = _REMEDIES["date"]
        raise table_error(grid.path, where, f"{column.key}: {error}", remedy) from None
    if order:
        grid.notes.append(f"{column.key}: dates are read {order}")
    return lambda value: day(value, order, epoch_1904=grid.epoch_1904, text=grid.text)


_CONVERTS: Mapping[str, Convert] = {
    "text": lambda value: value if isinstance(value, str) else as_text(value),
    "number": number,
    "percent": percent,
    "currency": lambda value: currency(text) if (text := as_text(value)) else None,
    "list": several,
    "bool": yes_or_no,
}
