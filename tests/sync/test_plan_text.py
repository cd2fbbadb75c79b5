"""A plan is the same value for the same input, whatever order a process keeps its sets in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson

ROOT = Path(__file__).parents[2]


def _plans(folder: Path, hash_seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.sync.plan_text", str(folder)]
    found = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=environment)
    return found.stdout


def test_plans_are_the_same_byte_for_byte_under_any_hash_seed(tmp_path: Path) -> None:
    first, *others = (_plans(tmp_path / seed, seed) for seed in ("0", "1", "4321"))
    actions = [plan["actions"] for plan in orjson.loads(first)]
    assert all(actions), "every plan has something to compare"
    assert all(plans == first for plans in others)
