"""Pairs that fool matchers: no wrong link, and what nobody can tell is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mapping.matching.companies import compare_companies, link_companies
from mapping.matching.model import Company, Verdict

CASES = yaml.safe_load((Path(__file__).parent / "hard_cases.yaml").read_text(encoding="utf-8"))


def company(shown: dict[str, Any], name: str) -> Company:
    return Company(
        **{"id": name} | {k: tuple(v) if isinstance(v, list) else v for k, v in shown.items()}
    )


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_hard_case_is_never_linked_wrongly(case: list[Any]) -> None:
    _, left, right, answer = case
    match = compare_companies(company(left, "left"), company(right, "right"))
    assert (match.verdict == Verdict.SAME) <= (answer == "same"), match
    assert match.evidence or match.verdict == Verdict.DIFFERENT
    if answer == "same":
        assert match.verdict != Verdict.DIFFERENT, match


def test_the_open_ones_and_the_ones_that_are_the_same_are_told_or_asked() -> None:
    asked = [case for case in CASES if case[3] == "open"]
    verdicts = {
        c[0]: compare_companies(company(c[1], "a"), company(c[2], "b")).verdict for c in asked
    }
    assert set(verdicts.values()) <= {Verdict.QUESTION, Verdict.DIFFERENT}
    same = [case for case in CASES if case[3] == "same"]
    linked = [
        c
        for c in same
        if compare_companies(company(c[1], "a"), company(c[2], "b")).verdict == Verdict.SAME
    ]
    assert len(linked) >= 0.9 * len(same), [c[0] for c in same if c not in linked]


def test_among_all_the_others_no_wrong_link_is_made() -> None:
    """All left records against all right ones: only pairs of one case that is `same` may link."""
    left = [
        company(case[1], f"l{n}") for n, case in enumerate(CASES) if case[0] != "known to be above"
    ]
    right = [
        company(case[2], f"r{n}") for n, case in enumerate(CASES) if case[0] != "known to be above"
    ]
    answers = {(f"l{n}", f"r{n}"): case[3] for n, case in enumerate(CASES)}
    wrong = [
        match
        for match in link_companies(left, right)
        if match.verdict == Verdict.SAME
        and answers.get((match.left, match.right), "same") != "same"
    ]
    assert wrong == []


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60
    assert len({case[0] for case in CASES}) == len(CASES)
