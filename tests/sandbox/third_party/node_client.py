"""jsforce and @hubspot/api-client behind the steps of `clients`: a Node process, a line a call."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.sandbox.third_party.clients import Fields, Refusal

HERE = Path(__file__).resolve().parent
MODULES = HERE.parents[2] / "build" / "node" / "node_modules"


def missing() -> str:
    """Why the Node clients cannot run here; empty if they can."""
    if shutil.which("node") is None:
        return "node is not installed"
    return "" if MODULES.is_dir() else f"{MODULES} is not there: run `make test-slow`"


class NodeClient:
    """One of the scripts beside this file; `settings` reach it as its environment."""

    def __init__(self, script: str, settings: Mapping[str, str], environment: Mapping[str, str]):
        node = shutil.which("node")
        assert node is not None
        self._process = subprocess.Popen(
            [node, str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, **settings, "NODE_PATH": str(MODULES)},
            text=True,
        )

    def _call(self, step: str, **given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"step": step, **given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the Node process ended at {step}"
        answer = json.loads(line)
        if "unexpected" in answer:
            raise AssertionError(f"{step}: {answer['unexpected']}")
        if "refused" in answer:
            return Refusal(**answer["refused"])
        return answer["result"]

    def create(self, fields: Fields) -> str:
        return str(self._call("create", fields=fields))

    def read(self, id_: str, name: str) -> str | Refusal:
        found: str | Refusal = self._call("read", id=id_, name=name)
        return found

    def update(self, id_: str, fields: Fields) -> None:
        assert self._call("update", id=id_, fields=fields) is True

    def upsert(self, key: str, fields: Fields) -> None:
        assert self._call("upsert", key=key, fields=fields) is True

    def pages(self, size: int) -> list[str]:
        return list(self._call("pages", size=size))

    def batch(self, updates: Sequence[tuple[str, Fields]]) -> list[str]:
        return list(self._call("batch", updates=list(updates)))

    def refused(self, fields: Fields) -> Refusal:
        found = self._call("create", fields=fields)
        assert isinstance(found, Refusal)
        return found

    def delete(self, id_: str) -> None:
        assert self._call("delete", id=id_) is True

    def close(self) -> None:
        self._process.communicate(timeout=20)
