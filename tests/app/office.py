"""An office with two sandboxes: its folder, its configuration, and the program to call."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.serve import Running

ROOT = Path(__file__).parents[2]


@dataclass
class Result:
    """What one call of the program gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


@dataclass
class Office:
    """A folder with a configuration, the sandboxes that it points at, and the program."""

    folder: Path
    running: dict[str, Running]
    call: Callable[..., Result]

    @property
    def config(self) -> Path:
        return self.folder / "tieline.yaml"

    def tieline(self, *arguments: str) -> Result:
        """Call the program with this configuration."""
        return self.call("--config", str(self.config), *arguments)

    def replace(self, old: str, new: str) -> None:
        """Change the configuration file."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def writes(self) -> dict[str, int]:
        """Requests that could change data, as the sandboxes counted them."""
        return {
            name: int(sandbox.admin.get("/requests").json()["writes"])
            for name, sandbox in self.running.items()
        }

    def dump(self, side: str, object_type: str) -> dict[str, dict[str, Any]]:
        """All records of an object type by id."""
        found = self.running[side].admin.get("/dump", params={"object_type": object_type})
        return {str(r.get("Id") or r.get("id")): r for r in found.json()["records"]}

    def process(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """The program in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "--config", str(self.config), *arguments],
            cwd=ROOT, text=True, capture_output="stdout" not in options, check=False,
            timeout=120, **options,
        )  # fmt: skip
