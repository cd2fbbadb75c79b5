"""What `doctor` and `setup` say last."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from app.session import Session
from app.show_findings import Found, Level, told


@pytest.mark.parametrize(
    ("levels", "said", "code"),
    [
        (["ok", "made"], "All well.", 0),
        (["ok", "warning"], "1 warning found.", 0),
        (["problem", "warning", "warning"], "1 problem and 2 warnings found.", 3),
    ],
)
def test_warnings_hinder_nothing_and_are_counted(levels: list[Level], said: str, code: int) -> None:
    text = StringIO()
    console = Console(file=text)
    session = Session(Path(), None, console, console)
    findings = [Found("left", level, "owners", "so it is") for level in levels]
    assert told(session, findings, "doctor") == code
    assert text.getvalue().rstrip().splitlines()[-1] == said
