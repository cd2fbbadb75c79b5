"""Two lists of accounts compared: the same companies for both parties, openings, leads."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mapping.accounts.overlap import compare
from mapping.accounts.populations import USUAL, Filter, Plain, Population, listed_members, members
from mapping.accounts.records import Record, book_of
from mapping.matching.model import Decision, Verdict
from tests.mapping.accounts.lists import account, counts, ours, theirs

MINE = [account(n, "customer" if n < 6 else "prospect") for n in range(12)]
HIS = [account(n, "prospect" if n < 9 else "customer") for n in range(3, 20)]


def test_the_matrix_counts_companies_of_both() -> None:
    found = compare(ours(MINE), theirs(HIS), "now")
    assert counts(found) == {
        ("customers", "customers"): 0, ("customers", "prospects"): 3,
        ("open_opportunities", "customers"): 0, ("open_opportunities", "prospects"): 0,
        ("prospects", "customers"): 3, ("prospects", "prospects"): 3,
    }  # fmt: skip
    assert found.entities == 9
    assert {m.name for m in found.mutual} == {r.name for r in MINE[3:]}
    assert all(m.evidence and m.score > 0.9 for m in found.mutual)


def test_openings_are_the_customers_of_one_that_are_prospects_of_the_other() -> None:
    found = compare(ours(MINE), theirs(HIS), "now")
    kinds = {kind: sorted(o.name for o in found.openings if o.kind == kind)
             for kind in ("we can open", "they can open", "both sell")}  # fmt: skip
    assert kinds["we can open"] == sorted(r.name for r in MINE[3:6])
    assert kinds["they can open"] == sorted(r.name for r in MINE[9:])
    assert kinds["both sell"] == []


def test_leads_are_the_accounts_that_only_they_have() -> None:
    found = compare(ours(MINE), theirs(HIS), "now")
    assert [lead.name for lead in found.leads] == sorted(r.name for r in HIS[9:])


def test_duplicates_count_once_as_companies_and_each_as_records() -> None:
    twice = [*MINE, replace(account(3, "customer"), id="x")]
    also = [*HIS, replace(account(3, "prospect"), id="y"), replace(account(3, "prospect"), id="z")]
    found = compare(ours(twice), theirs(also), "now")
    cell = next(c for c in found.matrix if (c.ours, c.theirs) == ("customers", "prospects"))
    assert (cell.our_count, cell.their_count, cell.entity_count) == (4, 5, 3)
    assert (found.ours.records, found.ours.entities) == (13, 12)
    assert (found.theirs.records, found.theirs.entities) == (19, 17)


@pytest.mark.parametrize("seed", range(4))
def test_both_parties_see_the_same_figures(seed: int) -> None:
    chance = random.Random(seed)
    kinds = ("customer", "prospect")

    def spelled(number: int) -> Record:
        record = account(number, chance.choice(kinds))
        name = chance.choice((record.name, f"{record.name} Ltd", record.name.upper()))
        domain = chance.choice((record.values["domain"], None))
        values = {**record.values, "name": name, "domain": domain}
        return replace(record, id=f"{number}-{chance.random()}", values=values)

    mine = [spelled(n) for n in chance.sample(range(40), 25) for _ in range(chance.choice((1, 2)))]
    his = [spelled(n) for n in chance.sample(range(40), 25) for _ in range(chance.choice((1, 2)))]
    here = compare(theirs(mine), theirs(his), "now")
    renamed = [replace(r, id=f"other {i}") for i, r in enumerate(reversed(mine))]
    there = compare(theirs(his), theirs(renamed), "then")
    assert here.entities == there.entities > 5
    assert counts(here) == {(a, b): n for (b, a), n in counts(there).items()}
    assert (here.ours.entities, here.theirs.entities) == (
        there.theirs.entities, there.ours.entities,
    )  # fmt: skip


def test_decisions_of_people_override() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    odd = Record("account", "odd", {"name": "Umbrella", "domain": "umbrella.example.com"})
    decided = [
        Decision("003", "003", Verdict.DIFFERENT, "ann", at),
        Decision("000", "odd", Verdict.SAME, "ann", at),
    ]
    found = compare(ours(MINE), theirs([*HIS, odd]), "now", decisions=decided)
    names = {m.name: m for m in found.mutual}
    assert MINE[3].name not in names
    assert names[MINE[0].name].method == "decision"
    assert "ann" in " ".join(names[MINE[0].name].evidence)


def test_what_is_not_sure_is_a_question_and_counts_nowhere() -> None:
    mine = Record("account", "1", {"name": "Tesla", "domain": "tesla.com"})
    his = Record("account", "2", {"name": "Tesla Ventnor Battery Recycling"})
    found = compare(ours([mine]), theirs([his]), "now")
    assert found.entities == 0
    assert {d.theirs.id for d in found.doubts} <= {"2"}
    assert not ({lead.id for lead in found.leads} & {d.theirs.id for d in found.doubts})


def test_populations_by_opportunities_and_people() -> None:
    book = book_of(
        "ours",
        [
            account(0), account(1), account(2), account(3, "customer"),
            Record("opportunity", "o1", {"account": "000", "is_won": True, "is_closed": True}),
            Record("opportunity", "o2", {"account": "001", "is_won": False, "is_closed": False}),
            Record("person", "p1", {"account": "002", "title": "CEO"}),
        ],
    )  # fmt: skip
    bosses = Population("bosses", None, (Filter(people=(Plain("title", equals="CEO"),)),))
    quiet = Population(
        "quiet", None, (Filter(without_opportunities=(Plain("is_won", equals=True),)),), ("bosses",)
    )
    found = members({**USUAL, "quiet": quiet, "bosses": bosses}, book)
    assert {name: sorted(ids) for name, ids in found.items()} == {
        "customers": ["000", "003"], "open_opportunities": ["001"], "prospects": ["002"],
        "quiet": ["001", "003"], "bosses": ["002"],
    }  # fmt: skip


def test_a_list_may_name_its_populations() -> None:
    book = book_of(
        "theirs",
        [
            account(0, population=["Customers ", "Strategic"]), account(1, population=["customer"]),
            account(2, "Customer"), account(3, "other"), account(4),
        ],
    )  # fmt: skip
    found = listed_members(book)
    assert {name: sorted(ids) for name, ids in found.items()} == {
        "customers": ["000", "001", "002"], "all": ["003", "004"], "strategic": ["000"],
    }  # fmt: skip
    assert list(found) == ["customers", "all", "strategic"]


def test_our_own_list_may_name_its_populations_too() -> None:
    book = book_of("ours", [account(0, population=["customers"]), account(1, "Open Opportunity")])
    found = members(USUAL, book, listed=True)
    assert {name: sorted(ids) for name, ids in found.items()} == {
        "customers": ["000"], "open_opportunities": ["001"], "prospects": [],
    }  # fmt: skip
    assert members(USUAL, book)["prospects"] == {"000", "001"}


def test_a_map_is_plain_data() -> None:
    import json

    found = compare(ours(MINE, private=["004"]), theirs(HIS), "now")
    plain = json.loads(json.dumps(found.as_json()))
    assert plain["partner"] == "they"
    assert plain["ours"]["populations"]["customers"] == 6
    assert [m["name"] for m in plain["mutual"] if m["private"]] == [MINE[4].name]
