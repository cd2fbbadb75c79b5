"""Companies linked, compared and grouped: keys, lists, decisions, order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.matching import labelled, made, measure, train
from mapping.matching import alike, names, weights
from mapping.matching.companies import compare_companies, duplicate_companies, link_companies
from mapping.matching.labels import report
from mapping.matching.model import Company, Decision, Verdict

ACME = Company("1", "Acme GmbH", domains=("acme.de",), country="DE", city="Berlin")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def decide(left: str, right: str, verdict: Verdict, day: int = 2) -> Decision:
    return Decision(left, right, verdict, "jo", NOW.replace(day=day))


def test_a_match_says_how_it_was_found_and_why() -> None:
    match = compare_companies(ACME, Company("2", "ACME", domains=("https://www.acme.de/kontakt",)))
    assert (match.verdict, match.method) == (Verdict.SAME, "domain")
    assert match.evidence == (
        "same domain (acme.de)", "same name but for spelling and legal form (acme)",
    )  # fmt: skip
    assert match.score > 0.99


def test_without_a_name_a_domain_is_a_question() -> None:
    match = compare_companies(ACME, Company("2", domains=("acme.de",)))
    assert match.verdict == Verdict.QUESTION
    assert "at least one shows no name" in match.evidence


def test_nothing_in_common_is_different_and_not_told() -> None:
    other = Company("2", "Zebra Holdings", domains=("zebra.com",), country="US")
    assert compare_companies(ACME, other).verdict == Verdict.DIFFERENT
    assert link_companies([ACME], [other]) == []
    assert link_companies([], [other]) == link_companies([ACME], []) == []
    assert compare_companies(Company("1"), Company("2")).verdict == Verdict.DIFFERENT


def test_a_namesake_elsewhere_with_its_own_site_is_not_even_asked_about() -> None:
    here = Company("1", "Lemu Logistics Ltd", domains=("lemu39.com",), country="FR")
    there = Company("2", "Lemu Logistics Inc", domains=("lemu46.com",), country="NL")
    found = compare_companies(here, there)
    assert (found.verdict, found.score) == (Verdict.DIFFERENT, 0.14)
    assert link_companies([here], [there]) == []
    asked = (
        replace(there, domains=("lemu39.nl",), name="Lemu Logistics"),
        replace(there, domains=(), name="Lemu Logistics"),
        replace(there, country="FR", name="Lemu Logistics Ltd"),
        replace(there, phones=("+31201234567",)),
    )
    here = replace(here, phones=("+31201234567",))
    assert [compare_companies(here, each).verdict for each in asked] == [Verdict.QUESTION] * 4


def test_questions_about_namesakes_do_not_drown_a_long_list() -> None:
    """Of two lists of invented companies only those are asked about that may be one."""
    left, right = made.accounts(3_000)
    found = link_companies(left, right)
    asked = [m for m in found if m.verdict == Verdict.QUESTION]
    assert len(asked) < 0.05 * len(left)
    assert not any("different domains" in " ".join(m.evidence) and
                   "different countries" in " ".join(m.evidence) for m in asked)  # fmt: skip


def test_one_that_could_be_several_is_a_question() -> None:
    right = [Company("a", "Acme Co"), Company("b", "Acme Corp.")]
    found = link_companies([Company("1", "Acme")], right)
    assert {m.verdict for m in found} == {Verdict.QUESTION}
    assert all("2 of that name that are not the same" in m.evidence for m in found)


def test_duplicates_of_the_other_list_are_all_linked() -> None:
    right = [
        Company("a", "Acme", domains=("acme.de",)),
        Company("b", "ACME GmbH", domains=("acme.de",)),
    ]
    found = link_companies([ACME], right)
    assert [(m.right, m.verdict) for m in found] == [("b", Verdict.SAME), ("a", Verdict.SAME)]


def test_decisions_stand_above_the_engine_and_the_last_one_counts() -> None:
    other = Company("2", "Acme", domains=("acme.de",))
    stranger = Company("3", "Something Else")
    decisions = [
        decide("1", "2", Verdict.SAME, 1), decide("2", "1", Verdict.DIFFERENT),
        decide("1", "3", Verdict.SAME), decide("1", "gone", Verdict.SAME),
    ]  # fmt: skip
    found = link_companies([ACME], [other, stranger], decisions=decisions)
    assert [(m.right, m.verdict, m.method, m.decided_by, m.score) for m in found] == [
        ("3", Verdict.SAME, "decision", "jo", 1.0),
        ("2", Verdict.DIFFERENT, "decision", "jo", 0.0),
    ]
    assert found[0].evidence[0] == "jo said on 2026-01-02: same"


def test_groups_have_a_survivor_and_respect_what_was_kept_apart() -> None:
    records = [
        Company("1", "Acme", domains=("acme.de",)),
        Company("2", "Acme GmbH", domains=("acme.de",), phones=("+49 30 901820",), country="DE"),
        Company("3", "ACME", domains=("acme.de",)),
        Company("4", "Zebra"),
    ]
    (group,) = duplicate_companies(records)
    assert (group.members, group.survivor) == (("1", "2", "3"), "2")
    apart = [decide("1", "3", Verdict.DIFFERENT)]
    groups = duplicate_companies(records, decisions=apart)
    assert not any({"1", "3"} <= set(g.members) and len(g.members) > 2 for g in groups)


def test_the_order_of_the_input_does_not_change_what_is_found() -> None:
    left, right = made.accounts(400)
    found = link_companies(left, right)
    chance = random.Random(3)
    for _ in range(2):
        chance.shuffle(left)
        chance.shuffle(right)
        assert link_companies(left, right) == found
    same = {(m.left, m.right) for m in found if m.verdict == Verdict.SAME}
    gold = {(c.id, c.id) for c in right if not c.id.startswith("r")}
    assert len(same - gold) <= 1
    assert len(same & gold) > 0.85 * len(gold)


def test_the_engine_is_measured_on_what_people_decided() -> None:
    records = {
        c.id: c
        for c in (
            ACME,
            Company("2", "ACME", domains=("acme.de",)),
            Company("3", "Acme Energy"),
            Company("4", "Zebra"),
        )
    }
    said = [
        decide("1", "2", Verdict.SAME), decide("1", "3", Verdict.DIFFERENT),
        decide("1", "4", Verdict.SAME), decide("2", "gone", Verdict.SAME),
        decide("2", "3", Verdict.QUESTION),
    ]  # fmt: skip
    found = report(said, records, compare_companies)
    assert (found.decided, found.same, found.linked, found.right) == (3, 2, 1, 1)
    assert (found.precision, found.recall) == (1.0, 0.5)
    assert [(m.left, m.right) for m in found.against] == [("1", "4")]


def test_the_model_does_not_learn_from_what_is_known_beforehand() -> None:
    pair = alike.compare(names.parse("Sempra Energy"), names.parse("Sempra"))
    seen = train.as_strangers(pair)
    assert (pair["known"], seen["known"]) == (1.0, 0.0)
    assert [
        n for n, (a, b) in enumerate(zip(pair.features, seen.features, strict=True)) if a != b
    ] == [alike.PLACES["known"]]


@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_registrants_are_found_by_weights_learned_on_the_other_half(data: Path, part: int) -> None:
    whole = labelled.index_members()
    with weights.using(train.learned(1 - part)):
        found, _ = measure.linked("", whole.part(part))
        alone, _ = measure.linked("", whole.part(part).without_partners())
    assert found.precision >= 0.998
    assert found.recall >= 0.96
    assert alone.said <= 2
