"""CSV files as people have them: any usual encoding and delimiter, or an error that names both."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import SettingsError
from mapping.tables.model import UNREADABLE, Grid, table_error

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MOST_BYTES = 2 << 30
"""Of a CSV file, which is read whole: two million rows of a thousand letters."""
DELIMITERS = (",", ";", "\t", "|")
_WESTERN, _CENTRAL = "cp1252", "cp1250"
_DOUBTFUL = re.compile(
    r"[^\W\d_a-zA-Z]{3}"  # three such letters in a row: another script
    r"|[a-zß-öø-ÿ][À-ÖØ-ÞŠŽŒŸ]"  # a capital after a small letter: another code page
    r"|[A-Za-z][^\x00-\x7f\w\s’‘´°®™©…–—“”«»·½§²³ª º€£]"  # a sign inside a word
)
_SEP = re.compile(r"\"?sep=(.)\"?\r?\n", re.IGNORECASE)
_SAVE = (
    "Save it as `CSV UTF-8`. Of a partner's list the encoding can be named: --encoding cp1252 "
    "with --theirs, or `encoding:` in the configuration."
)


def beginning(path: Path, size: int) -> bytes:
    """The first bytes of a file. Raises SettingsError."""
    with _readable(path), path.open("rb") as file:
        return file.read(size)


def read_bytes(path: Path) -> bytes:
    """The whole file. Raises SettingsError."""
    with _readable(path):
        if path.stat().st_size > MOST_BYTES:
            what = f"it is larger than any list of accounts ({MOST_BYTES >> 30} GB)"
            raise table_error(path, "", what, "Save the rows that are wanted to another file.")
        return path.read_bytes()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise table_error(path, "", f"it cannot be read: {reason}", UNREADABLE) from error


def decoded(path: Path, data: bytes, encoding: str | None) -> tuple[str, str]:
    """The text and its encoding: the one named, that of its mark, UTF-8, or a Western code page
    where every letter reads the same in the Central European one. Raises SettingsError where
    that is not certain."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strictly(path, data[len(mark) :], name), name
    if encoding is not None:
        return _strictly(path, data, encoding), encoding
    wide = _without_mark(data)
    if wide:
        return _strictly(path, data, wide), wide
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        return _western(path, data, error.start), _WESTERN


def _strictly(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:  # some codecs do not say where
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        where = f"line {_line_of(data, start)}"
        raise table_error(path, where, f"it is not {encoding} text", _SAVE) from None
    except LookupError:
        what = f"there is no encoding {encoding}"
        raise table_error(path, "", what, "Name one such as utf-8, cp1252 or utf-16.") from None


def _without_mark(data: bytes) -> str:
    """UTF-16 without a mark shows a zero in every second byte of Western text; "" if it is not."""
    sample = data[:4000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(sample) < 4 or max(even, odd) * 2 < len(sample) * 0.6 or min(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _western(path: Path, data: bytes, start: int) -> str:
    where = f"line {_line_of(data, start)}"
    try:
        text, other = data.decode(_WESTERN), data.decode(_CENTRAL, errors="replace")
    except UnicodeDecodeError:
        raise table_error(path, where, "it is neither UTF-8 nor Western text", _SAVE) from None
    doubtful = _DOUBTFUL.search(text)
    if text == other and not doubtful and "\x00" not in text:
        return text
    at = next((i for i, (a, b) in enumerate(zip(text, other, strict=True)) if a != b), None)
    at = doubtful.start() if at is None and doubtful else at or 0
    words = [_word(text, at), _word(other, at)]
    shown = " or ".join(dict.fromkeys(f"`{word}`" for word in words))
    where = f"line {text.count(chr(10), 0, at) + 1}"
    what = f"its encoding is not certain: it is not UTF-8, and {shown} may be meant"
    raise table_error(path, where, what, _SAVE)


def _word(text: str, at: int) -> str:
    first = max((text.rfind(sign, 0, at) for sign in ',;\t\n"'), default=-1) + 1
    return re.split(r"[,;\t\r\n\"]", text[first:])[0][:40]


def _line_of(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def delimiter_of(text: str) -> str:
    """The delimiter: that of a `sep=` line, else the sign by which most of the first rows have the
    most columns; a comma where there is but one column."""
    named = _SEP.match(text)
    if named:
        return named.group(1)
    head = text[:50_000]
    return max(DELIMITERS, key=lambda sign: (_columns(head, sign), sign == ","))


def _columns(head: str, delimiter: str) -> int:
    rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))[:20]
    widths = Counter(len(row) for row in rows if any(row))
    return widths.most_common(1)[0][0] if widths else 0


def open_csv(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Grid:
    """A CSV file as a grid. Raises SettingsError with file and line."""
    text, known = decoded(path, read_bytes(path), encoding)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise table_error(path, f"line {line}", "it has a zero byte: it is no text", _SAVE)
    delimiter = delimiter or delimiter_of(text)
    named = {"\t": "tab"}.get(delimiter, delimiter)
    note = f"read as {known}, columns apart by `{named}`"
    rows = _rows(path, text, delimiter)
    return Grid(
        path, "", rows, lambda line, at: f"line {line}, column {at + 1}", True, notes=[note]
    )


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins."""
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begin = table.line_num + 1
        try:
            row = next(table, None)
        except csv.Error as error:
            raise _broken(path, begin, str(error)) from None
        if row is None:
            return
        if any(row) and not (begin == 1 and _SEP.match(text)):
            yield begin, row


def _broken(path: Path, line: int, reason: str) -> SettingsError:
    known = {"unexpected end of data": "a quote is opened here and never closed"}
    what = known.get(reason, f"the quotes of this row do not fit: {reason}")
    if reason.startswith("field larger"):
        what = f"a cell has more than {csv.field_size_limit():,} characters: is a quote not closed?"
    remedy = 'Write `""` for a quote inside a quoted cell, and close every quote.'
    return table_error(path, f"line {line}", what, remedy)
