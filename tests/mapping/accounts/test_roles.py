"""Buying roles go from vendor to vendor and come back as they were."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.accounts.roles import (
    HUBSPOT,
    HUBSPOT_LABELS,
    PLAIN,
    ROLES,
    SALESFORCE,
    Held,
    RoleTable,
    read_all,
    read_one,
    written,
    written_all,
    written_one,
)

STANDARD = [
    "Business User", "Decision Maker", "Economic Buyer", "Economic Decision Maker", "Evaluator",
    "Executive Sponsor", "Influencer", "Technical Buyer", "Other",
]  # fmt: skip
OPTIONS = [
    "BLOCKER", "BUDGET_HOLDER", "CHAMPION", "DECISION_MAKER", "END_USER", "EXECUTIVE_SPONSOR",
    "INFLUENCER", "LEGAL_AND_COMPLIANCE", "OTHER",
]  # fmt: skip


@pytest.mark.parametrize("word", STANDARD)
def test_every_salesforce_value_comes_back_from_hubspot(word: str) -> None:
    held = read_one(SALESFORCE, word)
    for other in (HUBSPOT, HUBSPOT_LABELS):
        back = read_all(other, written_all(other, held), held)
        assert written_one(SALESFORCE, back) == word


@pytest.mark.parametrize("word", OPTIONS)
def test_every_hubspot_value_comes_back_from_salesforce(word: str) -> None:
    held = read_all(HUBSPOT, [word])
    back = read_one(SALESFORCE, written_one(SALESFORCE, held), held)
    assert written_all(HUBSPOT, back) == [word]


@pytest.mark.parametrize(
    ("word", "role", "option"),
    [
        ("Decision Maker", "decision_maker", "DECISION_MAKER"),
        ("Economic Buyer", "economic_buyer", "BUDGET_HOLDER"),
        ("Economic Decision Maker", "economic_buyer", "BUDGET_HOLDER"),
        ("Executive Sponsor", "executive_sponsor", "EXECUTIVE_SPONSOR"),
        ("Influencer", "influencer", "INFLUENCER"),
        ("Business User", "end_user", "END_USER"),
        ("Technical Buyer", "technical_buyer", "OTHER"),
        ("Evaluator", "evaluator", "OTHER"),
        ("Other", "other", "OTHER"),
    ],
)
def test_what_each_salesforce_value_is_elsewhere(word: str, role: str, option: str) -> None:
    (held,) = read_one(SALESFORCE, word)
    assert held.role == role
    assert written(HUBSPOT, held) == option


@given(st.sets(st.sampled_from(STANDARD)), st.lists(st.sampled_from([HUBSPOT, HUBSPOT_LABELS])))
def test_any_set_of_salesforce_values_survives_any_journey(
    words: set[str], journey: list[RoleTable]
) -> None:
    held = read_all(SALESFORCE, words)
    for table in journey:
        held = read_all(table, written_all(table, held), held)
    assert set(written_all(SALESFORCE, held)) == words


@given(st.sets(st.sampled_from(OPTIONS), min_size=1))
def test_a_field_of_one_value_does_not_lose_the_others(words: set[str]) -> None:
    held = read_all(HUBSPOT, words)
    back = read_one(SALESFORCE, written_one(SALESFORCE, held), held)
    assert set(written_all(HUBSPOT, back)) == words


@given(st.sets(st.sampled_from(OPTIONS), min_size=1), st.sampled_from(STANDARD))
def test_a_new_value_of_a_field_of_one_value_is_what_holds(words: set[str], new: str) -> None:
    held = read_one(SALESFORCE, new, read_all(HUBSPOT, words))
    assert written_one(SALESFORCE, held) == new


@given(
    st.sets(st.sampled_from(STANDARD)),
    st.sets(st.sampled_from(OPTIONS)),
    st.sets(st.sampled_from(STANDARD)),
)
def test_what_a_side_shows_is_what_is_written_to_it_next(
    first: set[str], second: set[str], third: set[str]
) -> None:
    """Whatever people change in turn, a side is never overwritten with something else than it
    shows: otherwise two sides would go on correcting each other."""
    held = read_all(SALESFORCE, first)
    for table, words in ((HUBSPOT, second), (SALESFORCE, third), (HUBSPOT, second)):
        held = read_all(table, words, held)
        assert set(written_all(table, held)) == words


@given(st.lists(st.text(max_size=30)))
def test_any_words_are_kept_as_they_are(words: list[str]) -> None:
    held = read_all(SALESFORCE, words)
    assert set(written_all(SALESFORCE, held)) == {w for w in words if w.strip()}
    assert all(h.role in ROLES for h in held)


@given(st.sets(st.sampled_from(STANDARD)))
def test_what_is_kept_beside_a_membership_reads_back(words: set[str]) -> None:
    held = read_all(SALESFORCE, words)
    assert tuple(Held.from_json(h.to_json()) for h in held) == held


@pytest.mark.parametrize(
    ("words", "role"),
    [
        (("Champion", "champion", "CHAMPION", "Coach"), "champion"),
        (("decision-maker", "DECISION_MAKER", "Decision maker", "Approver"), "decision_maker"),
        (("Legal & Compliance", "LEGAL_AND_COMPLIANCE", "legal"), "legal"),
        (("economic buyer", "Budget holder"), "economic_buyer"),
        (("something of our own", "テスト"), "other"),
    ],
)
def test_words_that_people_use_are_read(words: Sequence[str], role: str) -> None:
    for word in words:
        assert [h.role for h in read_all(PLAIN, [word])] == [role], word


def test_an_org_with_values_of_its_own_is_written_in_its_words() -> None:
    table = SALESFORCE.extended({"champion": ["Champion"], "end_user": ["Key User", "User"]})
    held = read_all(HUBSPOT, ["CHAMPION"])
    assert written_one(table, held) == "Champion"
    assert written_one(SALESFORCE, held) == "Other"
    assert [h.role for h in read_all(table, ["Key User", "user"])] == ["end_user", "end_user"]
