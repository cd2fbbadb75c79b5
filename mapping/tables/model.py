"""What reading a spreadsheet takes and gives: wanted columns, rows with their line, one error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from core.errors import SettingsError

ColumnType = Literal["text", "date", "number", "percent", "currency", "list", "bool"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that somebody wants. It is told from `headings` where nobody names it."""

    key: str
    headings: tuple[str, ...]
    """How such a column is called in the spreadsheets of this world; case and signs do not
    matter."""
    type: ColumnType = "text"
    """`list`: several values in one cell, apart by semicolon, comma or line; given as text with
    ";" between them."""
    required: bool = False


class Line(NamedTuple):
    """One row of the file: the number that the person sees, and the values in the table's order
    (ISO dates, plain decimals, text; None: blank)."""

    number: int
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of one sheet, read whole. Rows without any wanted value are left out."""

    path: Path
    sheet: str
    """The sheet's name; "" for a CSV file."""
    columns: Mapping[str, str]
    """Key -> the heading that it was read from, in the order of the values."""
    lines: Sequence[Line]
    notes: tuple[str, ...] = ()
    """What was taken for granted, in words (encoding, delimiter, order of dates)."""

    def __len__(self) -> int:
        return len(self.lines)

    def rows(self) -> Iterator[tuple[int, dict[str, str | None]]]:
        """Line number and values by key; keys without a column are not in it."""
        keys = tuple(self.columns)
        for line in self.lines:
            yield line.number, dict(zip(keys, line.values, strict=True))


@dataclass(slots=True)
class Grid:
    """A sheet as it stands: rows of cells, with what is needed to tell where one is."""

    path: Path
    sheet: str
    rows: Iterable[tuple[int, Sequence[object]]]
    """(line number, cells); blank rows may be left out."""
    cell: Callable[[int, int], str]
    """Line and column (from 0) as the reader sees it: `line 7, column 2` or `C7`."""
    text: bool = False
    """Whether every cell is text (CSV)."""
    epoch_1904: bool = False
    merged: Sequence[tuple[int, int, int, int]] = ()
    """Merged areas: first line, first column, last line, last column."""
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """Line and column of cells that show nothing because of an error, and the words for it."""
    notes: list[str] = field(default_factory=list)


def table_error(path: Path, where: str, what: str, remedy: str) -> SettingsError:
    """The one error of a file that cannot be used: `file: where: what`."""
    place = f"{path}: {where}: " if where else f"{path}: "
    return SettingsError(place + what, remedy=remedy)


UNREADABLE = "Give the path of a CSV or XLSX file that you may read."
