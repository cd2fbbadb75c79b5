"""The CSV of Bulk API 2.0: strict reading row by row, and writing of results."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

DELIMITERS: Final = {
    "COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`",
}  # fmt: skip
LINE_ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}
NULL: Final = "#N/A"
MAX_CELL, MAX_COLUMNS, MAX_ROW = 32_000, 5_000, 400_000


class CsvError(Exception):
    """A file (the header) or a row that cannot be read; the message is the vendor's."""


class Reader:
    """The header and rows of an upload. Raises CsvError for a header that cannot be read."""

    def __init__(self, data: bytes, delimiter: str, line_ending: str) -> None:
        self.delimiter = DELIMITERS[delimiter]
        self._ending = LINE_ENDINGS[line_ending]
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CsvError("ClientInputError : the data is not UTF-8") from None
        self._records = _records(text)
        first = next(self._records, "")
        if first and first.endswith("\r\n") != (line_ending == "CRLF"):
            raise CsvError(
                "ClientInputError : LineEnding is invalid on user data. "
                f"Current LineEnding setting is {line_ending}"
            )
        self.header = self.cells(self._bare(first))
        if not first.strip() or len(self.header) > MAX_COLUMNS:
            raise CsvError("InvalidBatch : the header row is missing or has too many columns")

    def records(self) -> Iterator[str]:
        """The raw rows, without line endings; blank lines are left out."""
        return (bare for bare in map(self._bare, self._records) if bare)

    def _bare(self, record: str) -> str:
        return record.removesuffix("\n").removesuffix("\r")

    def cells(self, record: str) -> list[str]:
        """The cells of a raw row; nothing is trimmed. Raises CsvError."""
        if '"' in record and not _strict(self.delimiter).fullmatch(record):
            raise CsvError("a quote is not closed, or stands inside or beside an unquoted value")
        cells = next(csv.reader([record], delimiter=self.delimiter), [])
        if len(record) > MAX_ROW or any(len(cell) > MAX_CELL for cell in cells):
            raise CsvError("a value or the row is too long")
        return cells


@cache
def _strict(delimiter: str) -> re.Pattern[str]:
    """A row whose every cell is wholly quoted or holds no quote."""
    cell = rf'(?:"(?:[^"]|"")*"|[^"{re.escape(delimiter)}]*)'
    return re.compile(rf"{cell}(?:{re.escape(delimiter)}{cell})*")


def _records(text: str) -> Iterator[str]:
    """Lines, joined where a quoted value goes over several."""
    pending: list[str] = []
    quotes = 0
    for line in io.StringIO(text, newline="\n"):
        quotes += line.count('"')
        if not pending and quotes % 2 == 0:
            quotes = 0
            yield line
            continue
        pending.append(line)
        if quotes % 2 == 0:
            yield "".join(pending)
            pending, quotes = [], 0
    if pending:
        yield "".join(pending)


def written(rows: Iterable[Sequence[str]], delimiter: str, line_ending: str) -> str:
    """Rows as text, every value quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, delimiter=DELIMITERS[delimiter], lineterminator=LINE_ENDINGS[line_ending],
        quoting=csv.QUOTE_ALL,
    )  # fmt: skip
    writer.writerows(rows)
    return out.getvalue()
