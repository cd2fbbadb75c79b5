"""What proves a rule or notices a planted bug, by name: rows of the decision table, scenarios and
tests, played in this process.

* ``row: one side changed``: all rows of the decision table of that state, sides swapped as well
* ``scenario: conflict``: the scenario of that folder, against its golden files
* ``test_moves::test_an_edit_beats_a_delete``: a test of this folder; ``config/test_load::…`` one of
  another; ``test_brakes::test_x(guard=deletes)`` with its arguments
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import TielineError
from tests.sync.decision_table import ROWS
from tests.sync.scenarios.play import names
from tests.sync.test_decide import test_each_row_of_the_table_is_decided_as_it_says as decide_row
from tests.sync.test_scenarios import check as play_scenario

_TEST = re.compile(
    r"(?:(?P<folder>\w+)/)?(?P<file>test_\w+)::(?P<test>test_\w+)(?:\((?P<with>.*)\))?"
)


def exists(name: str) -> bool:
    """Whether there is such a row, scenario or test."""
    kind, _, rest = name.partition(": ")
    if kind == "row":
        return any(row.state == rest for row in ROWS)
    if kind == "scenario":
        return rest in names()
    found = _TEST.fullmatch(name)
    return found is not None and hasattr(_module(found), found["test"])


def play(name: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Raises AssertionError, or the program's own error, where what it proves does not hold."""
    kind, _, rest = name.partition(": ")
    if kind == "row":
        for row in ROWS:
            for reverse in (False, True) if row.state == rest else ():
                decide_row(row, reverse)
    elif kind == "scenario":
        folder.mkdir(parents=True, exist_ok=True)
        play_scenario(rest, folder)
    else:
        _run_test(name, folder, patch)


def notices(name: str, folder: Path, patch: pytest.MonkeyPatch) -> bool:
    """Whether it fails now. Any other error than its own or the program's is raised: it would say
    that a bug was planted badly."""
    try:
        play(name, folder, patch)
    except (AssertionError, TielineError):
        return True
    return False


def _run_test(name: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    found = _TEST.fullmatch(name)
    assert found is not None, name
    test: Callable[..., None] = getattr(_module(found), found["test"])
    given: dict[str, Any] = {"tmp_path": folder, "monkeypatch": patch}
    for pair in (found["with"] or "").split(",") if found["with"] else ():
        argument, _, value = pair.partition("=")
        given[argument] = int(value) if value.isdecimal() else value
    folder.mkdir(parents=True, exist_ok=True)
    test(**{n: v for n, v in given.items() if n in inspect.signature(test).parameters})


def _module(found: re.Match[str]) -> Any:
    return importlib.import_module(f"tests.{found['folder'] or 'sync'}.{found['file']}")
