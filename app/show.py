"""How values, records and tables look to a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from core.redact import redact
from sync.model import Row
from sync.privacy import hidden

_LONGEST = 60

_FEW = 4
"""Columns that are folded rather than stacked, however narrow the terminal is."""

_ABOUT = 2
"""Columns that say what a row is about."""

Names = Mapping[str, str]
"""Entity id -> the words by which a person knows it."""


def value(given: Any, names: Names | None = None, longest: int = _LONGEST) -> str:
    """A canonical value in a few words; entity ids by the names they are known by."""
    text = " ".join(_plain(given, names or {}).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _plain(given: Any, names: Names) -> str:
    if given is None or given in ([], {}):
        return "(blank)"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, list):
        return ", ".join(_plain(item, names) for item in given)
    if isinstance(given, Mapping):
        return _record(given, names)
    return names.get(str(given), str(given))


def _record(given: Mapping[str, Any], names: Names) -> str:
    if hidden(given):
        return "(hidden)"
    if "amount" in given:
        return f"{given['amount']} {given.get('currency', '')}".strip()
    if "ref" in given:
        marks = [str(given["role"])] if given.get("role") else []
        marks += ["primary"] if given.get("primary") else []
        return _plain(given["ref"], names) + (f" ({', '.join(marks)})" if marks else "")
    if set(given) == {"object", "id"}:
        return f"{given['object']} {given['id']}"
    return ", ".join(_plain(part, names) for part in given.values())


_ENTITY = re.compile(r"[apo]_[0-9a-f]{20}(_[0-9]+)?")


def mentioned(given: Any) -> set[str]:
    """The entities that a value refers to, by id."""
    if isinstance(given, Mapping):
        return {entity for part in given.values() for entity in mentioned(part)}
    if isinstance(given, list | tuple):
        return {entity for part in given for entity in mentioned(part)}
    return {given} if isinstance(given, str) and _ENTITY.fullmatch(given) else set()


def title(seen: Mapping[str, Any]) -> str:
    """The words by which a person knows a record, from its canonical values."""
    seen = {name: value for name, value in seen.items() if not hidden(value)}
    if seen.get("name"):
        return str(seen["name"])
    name = " ".join(str(seen[n]) for n in ("first_name", "last_name") if seen.get(n))
    return name or str(seen.get("email") or seen.get("domain") or "")


def names_of(rows: Iterable[Row]) -> dict[str, str]:
    """Entity id -> title, for the entities of some rows."""
    found: dict[str, str] = {}
    for row in rows:
        words = title(row.seen)
        if row.entity and words:
            found.setdefault(row.entity, words)
    return found


def when(moment: datetime | str | None) -> str:
    """A moment, to the second, in UTC."""
    if not moment:
        return "never"
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return known.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def age(moment: str, now: datetime) -> str:
    """How long ago a moment was, in its largest unit."""
    seconds = max(int((now - datetime.fromisoformat(moment)).total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def table(
    console: Console,
    head: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    caption: str = "",
    hide: bool = True,
) -> None:
    """Print a table; numbers stand to the right. Plain columns where no person looks. Secrets are
    masked unless `hide` is off; columns that are empty throughout are left out, and on a terminal
    that is too narrow those of zeros. Where that is not enough, rows are stacked."""
    body = [[_cell(cell, hide=hide) for cell in row] for row in rows]
    kept = [p for p in range(len(head)) if not body or any(row[p] for row in body)]
    head, body = [head[p] for p in kept], [[row[p] for p in kept] for row in body]
    if caption:
        console.print(Text(caption, style="bold"), soft_wrap=True)
    if not console.is_terminal:
        _columns(console, [list(head), *body])
        return
    if body and _natural([head, *body]) > console.width:
        told = [p for p in range(len(head)) if p < _ABOUT or any(row[p] != "0" for row in body)]
        head, body = [head[p] for p in told], [[row[p] for p in told] for row in body]
    if len(head) > _FEW and _natural([head, *body]) > console.width:
        _stacked(console, head, body)
        return
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for place, name in enumerate(head):
        numeric = bool(body) and all(_is_number(row[place]) for row in body)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in body:
        made.add_row(*(Text(cell) for cell in row))
    console.print(made)


def _natural(lines: Sequence[Sequence[str]]) -> int:
    """The width that no cell has to be folded for."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return sum(widths) + 2 * (len(widths) - 1)


def _stacked(console: Console, head: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    """Rows below each other, where side by side a terminal would leave a few letters a cell: what
    a row is about, then the rest with its headings."""
    for row in body:
        about = "  ".join(cell for cell in row[:_ABOUT] if cell)
        if about:
            console.print(Text(about, style="bold"))
        named = zip(head[_ABOUT:], row[_ABOUT:], strict=True)
        rest = " · ".join(f"{name}: {cell}" for name, cell in named if cell)
        if rest:
            console.print(Padding(Text(rest), (0, 0, 0, 4)))


def _columns(console: Console, lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        cells = [
            cell.rjust(width) if _is_number(cell) else cell.ljust(width)
            for cell, width in zip(line, widths, strict=True)
        ]
        console.file.write("  ".join(cells).rstrip() + "\n")


def line(console: Console, text: str = "", style: str = "") -> None:
    """Print one line of text as it is."""
    console.print(Text(redact(text), style=style), soft_wrap=True)


def _cell(given: Any, *, hide: bool) -> str:
    text = f"{given:,}" if isinstance(given, int) else str(given)
    return redact(text) if hide else text


def _is_number(text: str) -> bool:
    return bool(text) and text.replace(",", "").isdigit()


def count(number: int, word: str) -> str:
    """`1 record`, `2 records`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")
