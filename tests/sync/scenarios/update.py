"""Writes the golden files anew: `python -m tests.sync.scenarios.update [name…]`; then read the
difference, for it is what changed for users."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from tests.sync.scenarios.play import HERE, Play, names, told


def update(name: str) -> None:
    """Play one scenario and keep its outcome."""
    with TemporaryDirectory() as folder:
        plans, state = Play(Path(folder), told(name)).whole()
    _keep(HERE / name / "plan.json", plans)
    _keep(HERE / name / "state.json", state)


def _keep(path: Path, value: Any) -> None:
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    for one in sys.argv[1:] or names():
        update(one)
