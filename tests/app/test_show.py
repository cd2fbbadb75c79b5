"""How tables look on terminals of different widths, and where nobody looks."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from app import show

HEAD = ("side", "record", "field", "old", "new", "why")
ROWS = [
    (
        "salesforce",
        "update Contact Bob",
        "title",
        "(blank)",
        "Head of everything",
        "hubspot has it",
    ),
    ("", "", "phone", "(blank)", "+49301234567", "it was blank there"),
]


def printed(width: int, *, terminal: bool = True, rows: object = ROWS, head: object = HEAD) -> str:
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, no_color=True)
    show.table(console, head, rows)  # type: ignore[arg-type]
    return _plain(file.getvalue())


def _plain(text: str) -> str:
    return text.replace("\x1b[1m", "").replace("\x1b[0m", "")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_on_a_narrow_terminal_no_word_is_cut(width: int) -> None:
    shown = printed(width)
    assert all(len(line) <= width for line in shown.splitlines())
    assert "salesforce  update Contact Bob" in shown
    for word in ("title", "everything", "hubspot", "+49301234567"):
        assert word in shown


def test_on_a_wide_terminal_a_record_is_one_line() -> None:
    (head, first, _) = printed(120).splitlines()
    assert head.split() == list(HEAD)
    assert first.split()[0] == "salesforce"
    assert first.rstrip().endswith("hubspot has it")


def test_zeros_make_room_first() -> None:
    head = ("side", "kind", "read", "linked", "archived")
    rows = [("salesforce", "account", 3, 0, 0), ("hubspot", "account", 4, 1, 0)]
    assert printed(40, head=head, rows=rows).split()[:4] == ["side", "kind", "read", "linked"]
    assert "archived" not in printed(40, head=head, rows=rows)
    assert "archived" in printed(60, head=head, rows=rows)


def test_where_nobody_looks_columns_are_plain_and_whole() -> None:
    first = printed(40, terminal=False).splitlines()[1]
    assert first.startswith("salesforce  update Contact Bob  title  (blank)  Head of everything")
