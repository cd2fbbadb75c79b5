"""Two sandboxes with a small world, a configuration for them, and the program to call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli import main
from app.rehearsal import plant, sandboxes, write_config
from sandbox.demo_data import build
from tests.app.office import Office, Result


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    for name in [n for n in os.environ if n.startswith("TIELINE_") and n != "TIELINE_SHARED"]:
        monkeypatch.delenv(name)

    def program(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(list(arguments))
        shown = capsys.readouterr()
        return Result(code, shown.out, shown.err)

    return program


@pytest.fixture
def empty(tmp_path: Path, call: Callable[..., Result]) -> Iterator[Office]:
    """Sandboxes without records."""
    with sandboxes(("salesforce", "hubspot")) as running:
        office = Office(tmp_path, running, call)
        write_config(office.config, running)
        yield office


@pytest.fixture
def office(empty: Office) -> Office:
    """Sandboxes with a small demo world, nothing set up yet."""
    world = build(7, 30, 90, 30)
    plant(empty.running["salesforce"], world.salesforce)
    plant(empty.running["hubspot"], world.hubspot)
    for sandbox in empty.running.values():
        sandbox.admin.delete("/requests")
    return empty
