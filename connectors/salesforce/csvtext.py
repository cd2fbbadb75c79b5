"""CSV as the Bulk API writes it: read from and written to streams, never held as a whole."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from connectors.base import RawFields, RawValue
from core.errors import UnexpectedReplyError

CLEAR = "#N/A"
"""What empties a field; an empty cell leaves it as it is."""
MOST_CHARACTERS = 32_000
"""Of a cell, as Salesforce limits it."""
_CHUNK = 64 * 1024
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')


def read(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The rows, header first; newlines in quotes stay. Raises UnexpectedReplyError for what is
    no CSV, a row that was cut off among it."""
    width = None
    try:
        for row in csv.reader(_lines(chunks), strict=True):
            width = width or len(row)
            if len(row) != width:
                raise UnexpectedReplyError(f"A CSV row has {len(row)} cells instead of {width}.")
            yield row
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnexpectedReplyError(f"A CSV answer cannot be read: {error}.") from error


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + decode(chunk)).split("\n")
        for line in whole:
            yield f"{line}\n"
    rest += decode(b"", True)
    if rest:
        yield rest


def fits(fields: RawFields) -> bool:
    """Whether every value can be told in a cell, and means the same there."""
    return all(_fits(value) for value in fields.values())


def _fits(value: RawValue) -> bool:
    if isinstance(value, str):
        plain = len(value) <= MOST_CHARACTERS and "\0" not in value and value != CLEAR
        return plain and not any("\ud800" <= c <= "\udfff" for c in value)
    return value is None or isinstance(value, bool | int | float)


class Table:
    """Rows as the body of an upload: encoded anew each time it is iterated, so that it can be
    sent again; its length is known before it is sent.

    A field that a row lacks is an empty cell; None and "" clear.
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Mapping[str, RawValue]]) -> None:
        self._columns = columns
        self._rows = rows
        self._length = sum(map(len, self))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        held: list[str] = [",".join(self._columns)]
        size = 0
        for row in self._rows:
            line = ",".join(_cell(row[name]) if name in row else "" for name in self._columns)
            held.append(line)
            size += len(line)
            if size >= _CHUNK:
                yield ("\n".join(held) + "\n").encode()
                held, size = [], 0
        if held:
            yield ("\n".join(held) + "\n").encode()


def _cell(value: RawValue) -> str:
    if value is None or value == "":
        return CLEAR
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
