"""Planted bugs: each is noticed by every check named for it, and by none where nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.mutants import MUTANTS
from tests.sync.proofs import notices, play

CHECKS = sorted({check for mutant in MUTANTS.values() for check in mutant.noticed_by})


def test_there_are_many_planted_bugs() -> None:
    assert len(MUTANTS) >= 40


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = MUTANTS[name]
    passed = []
    for place, check in enumerate(mutant.noticed_by):
        with monkeypatch.context() as patch:
            mutant.plant(patch)
            if not notices(check, tmp_path / str(place), patch):
                passed.append(check)
    assert passed == [], f"not noticed: {name}"


@pytest.mark.parametrize("check", CHECKS)
def test_without_a_bug_the_check_passes(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(check, tmp_path, monkeypatch)
