"""Which column of a sheet is which: named by a person, or told from the headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from mapping.tables.cells import as_text
from mapping.tables.model import Column, Grid, table_error

HEAD_WITHIN = 20
"""Rows among which the headings are looked for: titles and notes may stand above them."""


HOW_TO_NAME = (
    "Give the columns usual headings; those of a partner's list can be named: "
    "`columns: {KEY: heading}`, or --column KEY=HEADING beside --theirs."
)
"""What to do where the columns of a list are not told by their headings."""


def plain_heading(text: str) -> str:
    """A heading without case, accents, signs and what is in brackets."""
    text = unicodedata.normalize("NFKD", re.sub(r"[(\[].*?[)\]]", "", text)).casefold()
    return re.sub(r"[^\w]|_", "", "".join(c for c in text if not unicodedata.combining(c)))


def find_head(
    grid: Grid,
    rows: Iterator[tuple[int, Sequence[object]]],
    columns: Sequence[Column],
    named: Mapping[str, str],
) -> tuple[int, dict[str, int], list[str]]:
    """The line of the headings, the place of every column that is there, and the headings.

    `rows` is left behind the headings. Raises SettingsError where no row has the required ones, or
    a key that is named is none.
    """
    _known_keys(grid, columns, named)
    first: tuple[int, list[str]] | None = None
    for _, (line, row) in zip(range(HEAD_WITHIN), rows, strict=False):
        heads = [as_text(value) or "" for value in row]
        first = first or (line, heads)
        places = _places(grid, line, heads, columns, named)
        if places is not None:
            _no_merged_heads(grid, line, places)
            return line, places, heads
    raise _no_head(grid, first, columns, named)


def _places(
    grid: Grid,
    line: int,
    heads: Sequence[str],
    columns: Sequence[Column],
    named: Mapping[str, str],
) -> dict[str, int] | None:
    """Key -> place; None where a required or named column is not in this row."""
    plain = [plain_heading(head) for head in heads]
    found: dict[str, int] = {}
    for column in columns:
        place = _place(grid, line, heads, plain, column, named.get(column.key))
        if place is not None:
            found[column.key] = place
        elif column.required or column.key in named:
            return None
    return found or None


def _place(
    grid: Grid,
    line: int,
    heads: Sequence[str],
    plain: Sequence[str],
    column: Column,
    name: str | None,
) -> int | None:
    wanted = (name,) if name else column.headings
    for heading in wanted:
        same = [i for i, head in enumerate(plain) if head and head == plain_heading(heading)]
        if len(same) > 1:
            cells = " and ".join(grid.cell(line, i) for i in same)
            what = f"{column.key}: {cells} are both called `{heads[same[0]]}`"
            raise table_error(grid.path, _at(grid, line), what, "Rename one of the two columns.")
        if same:
            return same[0]
    return None


def _no_merged_heads(grid: Grid, line: int, places: Mapping[str, int]) -> None:
    for top, left, bottom, right in grid.merged:
        if top <= line <= bottom and right > left and any(left < p <= right or p == left
                                                          for p in places.values()):  # fmt: skip
            area = f"{grid.cell(top, left)}:{grid.cell(bottom, right)}"
            what = "headings are merged over several columns, so which column is meant is not told"
            raise table_error(grid.path, f"{grid.sheet}!{area}", what, "Unmerge these cells.")


def _no_head(
    grid: Grid,
    first: tuple[int, list[str]] | None,
    columns: Sequence[Column],
    named: Mapping[str, str],
) -> Exception:
    if first is None:
        return table_error(grid.path, grid.sheet, "there are no rows", "Give a file with headings.")
    line, heads = first
    plain = {plain_heading(head) for head in heads}
    missing = [
        f"{c.key} (`{named.get(c.key, c.headings[0])}`)"
        for c in columns
        if (c.required or c.key in named) and not plain & _possible(c, named)
    ]
    shown = ", ".join(f"`{head}`" for head in heads if head)
    lacks = f"there is no column {', '.join(missing)}" if missing else "no heading is understood"
    remedy = HOW_TO_NAME
    if not missing:
        remedy += f" Keys: {', '.join(column.key for column in columns)}."
    return table_error(grid.path, _at(grid, line), f"{lacks}; there are {shown}", remedy)


def _known_keys(grid: Grid, columns: Sequence[Column], named: Mapping[str, str]) -> None:
    keys = [column.key for column in columns]
    unknown = ", ".join(f"`{key}`" for key in named if key not in keys)
    if unknown:
        what = f"columns are named by {unknown}, and there is no such key"
        raise table_error(grid.path, grid.sheet, what, f"Keys: {', '.join(keys)}.")


def _possible(column: Column, named: Mapping[str, str]) -> set[str]:
    names = (named[column.key],) if column.key in named else column.headings
    return {plain_heading(name) for name in names}


def _at(grid: Grid, line: int) -> str:
    return f"line {line}" if grid.text else f"{grid.sheet}!row {line}"
