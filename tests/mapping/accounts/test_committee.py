"""Committees: who is in them, what is known, what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mapping.accounts.committee import Line, Membership, Notes, Sources, assembled
from mapping.accounts.graph import Entry, Graph, bound, total
from mapping.accounts.health import Standard, judged, warnings
from mapping.accounts.roles import PLAIN, read_all
from mapping.accounts.words import word_of
from tests.mapping.accounts.people import account, acme, person

TODAY = date(2026, 6, 30)
STANDARD = Standard(("decision_maker", "economic_buyer", "champion"), stale_after=90)


def said(who: str, at: str = "a", **more: Any) -> Membership:
    roles = read_all(PLAIN, more.pop("roles", []))
    return Membership(at, who, roles=roles, source="team", **more)


def sources(*memberships: Membership, lines: tuple[Line, ...] = ()) -> Sources:
    return Sources(acme(), Notes(memberships, lines))


def test_a_committee_is_everybody_of_the_account_its_units_and_its_deals() -> None:
    found = assembled(sources(), "a")
    assert [m.name for m in found.members] == [
        "Ann Able", "Bob Best", "Cat Cole", "Dan Dean", "Eve Ende",
    ]  # fmt: skip
    roles = {m.person: m.role_names for m in found.members}
    assert roles == {
        "ann": ("decision_maker",), "bob": ("economic_buyer",), "cat": ("end_user",), "dan": (),
        "eve": ("evaluator",),
    }  # fmt: skip
    assert found.member("eve").elsewhere == "Adviser Ltd"  # type: ignore[union-attr]


def test_the_committee_of_a_deal_is_who_takes_part_in_it() -> None:
    known = sources(said("ann", support="supporter"), said("dan", support="enemy"))
    found = assembled(known, "a", opportunity="Platform rollout")
    assert [m.person for m in found.members] == ["ann", "bob", "eve"]
    assert found.member("ann").support == "supporter"  # type: ignore[union-attr]


def test_a_word_about_one_deal_does_not_leak_into_another() -> None:
    other = said("ann", support="enemy", opportunity="Old pilot", date=TODAY)
    found = assembled(sources(other), "a", opportunity="Platform rollout")
    assert found.member("ann").support is None  # type: ignore[union-attr]


def test_the_newest_word_holds_attribute_by_attribute() -> None:
    old = said("ann", support="enemy", coverage="brief", date=date(2026, 1, 1), tags=("old",))
    new = said("ann", support="supporter", date=date(2026, 5, 1), tags=("new",))
    undated = said("ann", support="mentor", influence="high")
    member = assembled(sources(old, new, undated), "a").member("ann")
    assert member is not None
    assert (member.support, member.coverage, member.influence) == ("supporter", "brief", "high")
    assert member.tags == ("new", "old")
    assert member.date == date(2026, 5, 1)


def test_completeness_counts_required_roles_that_somebody_fills_who_is_there() -> None:
    health = judged(assembled(sources(), "a"), STANDARD, TODAY)
    assert health.completeness == pytest.approx(2 / 3)
    assert health.missing == ("champion",)
    gone = judged(assembled(sources(said("ann", left=True, date=TODAY)), "a"), STANDARD, TODAY)
    assert gone.missing == ("decision_maker", "champion")
    assert gone.left == ("ann",)


@pytest.mark.parametrize(
    ("coverage", "alarm"),
    [
        ([], True),
        (["in_depth"], True),
        (["in_depth", "brief"], True),
        (["in_depth", "multiple"], False),
        (["multiple", "multiple"], False),
    ],
)
def test_fewer_than_two_covered_people_raise_the_alarm(coverage: list[str], alarm: bool) -> None:
    people = ["ann", "bob"]
    known = [said(who, coverage=c) for who, c in zip(people, coverage, strict=False)]
    health = judged(assembled(sources(*known), "a"), STANDARD, TODAY)
    assert health.single_thread is alarm


def test_who_left_covers_nothing() -> None:
    known = [said(w, coverage="in_depth", left=w == "bob") for w in ("ann", "bob")]
    health = judged(assembled(sources(*known), "a"), STANDARD, TODAY)
    assert health.single_thread
    assert health.covered == ("ann",)


def test_old_data_is_told_with_its_age() -> None:
    known = sources(said("bob", support="neutral", date=date(2026, 1, 1)))
    committee = assembled(known, "a")
    health = judged(committee, STANDARD, TODAY)
    assert dict(health.stale) == {"bob": 180}
    assert "Old data: Bob Best (180 days)." in warnings(committee, health)


def test_a_warning_names_few_people_and_says_how_many_more() -> None:
    committee = assembled(sources(), "a")
    one = committee.members[0]
    many = tuple(replace(one, person=f"p{n}", name=f"P {n}", left=True) for n in range(5000))
    crowd = replace(committee, members=many)
    found = warnings(crowd, judged(crowd, STANDARD, TODAY))
    assert any(w.startswith("Left: P 0,") and w.endswith(" and 4,992 more.") for w in found)
    assert all(len(w) < 300 for w in found)


def test_warnings_say_what_to_look_at() -> None:
    known = sources(said("ann", support="enemy"), said("dan", left=True))
    committee = assembled(known, "a")
    found = warnings(committee, judged(committee, STANDARD, TODAY))
    assert found[0] == "Single thread: 0 covered people. Coverage of 4 more is not known."
    assert "No one fills: Champion." in found
    assert "Against us: Ann Able." in found
    assert "Left: Dan Dean." in found
    assert "Belongs to another account now: Eve Ende." in found


def test_lines_are_between_members_and_reports_come_from_memberships() -> None:
    known = sources(
        said("bob", reports_to="ann"),
        said("ann", reports_to="nobody"),
        lines=(Line("bob", "dan", "conflicts"), Line("bob", "stranger", "informal"),
               Line("dan", "dan", "influences")),
    )  # fmt: skip
    found = assembled(known, "a")
    assert found.lines == (Line("bob", "ann", "reports"), Line("bob", "dan", "conflicts"))


def test_a_circle_of_parents_ends() -> None:
    graph = bound([account("a", "A", parent="b"), account("b", "B", parent="a")])
    assert [u.key for u in graph.units("a")] == ["a", "b"]


def test_money_is_summed_by_currency_and_never_converted() -> None:
    deals = acme().of("opportunity")
    assert total(deals).amounts == {"EUR": Decimal("1250.50"), "USD": Decimal("70")}
    assert total(deals, weighted=True).amounts["EUR"] == Decimal("600")


@pytest.mark.parametrize(
    ("text", "found"),
    [("a", ["a"]), ("A", ["a"]), ("acme", ["a"]), ("Acme France", ["u"]), ("none", [])],
)
def test_an_account_is_found_by_key_id_or_name(text: str, found: list[str]) -> None:
    assert [e.key for e in acme().find("account", text)] == found


def test_two_of_the_same_name_are_both_found() -> None:
    graph: Graph = bound([person("p", "Jo Doe", None), person("q", "Jo Doe", None)])
    assert {e.key for e in graph.find("person", "jo doe")} == {"p", "q"}


@pytest.mark.parametrize(
    ("attribute", "text", "word"),
    [
        ("support", "Non-Supporter", "non_supporter"), ("support", "Coach", "mentor"),
        ("coverage", "In Depth", "in_depth"), ("coverage", "Multiple Contacts", "multiple"),
        ("influence", "Inner Circle", "high"), ("influence", " ", None), ("support", None, None),
    ],
)  # fmt: skip
def test_words_of_other_tools_are_understood(
    attribute: str, text: str | None, word: str | None
) -> None:
    assert word_of(attribute, text) == word


def test_a_word_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="'maybe' is none of mentor, supporter"):
        word_of("support", "maybe")


def test_fields_of_the_crm_are_asked_for_people_of_the_account() -> None:
    def of(entry: Entry, attribute: str) -> str | None:
        return {("ann", "support"): "mentor", ("bob", "reports_to"): "ann"}.get(
            (entry.key, attribute)
        )

    found = assembled(Sources(acme(), of_person=of), "a")
    assert found.member("ann").support == "mentor"  # type: ignore[union-attr]
    assert found.lines == (Line("bob", "ann", "reports"),)
