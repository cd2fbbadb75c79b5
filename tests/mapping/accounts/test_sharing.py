"""What a partner is told: levels, dates, the least count, private accounts, differencing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.accounts.overlap import Listed
from mapping.accounts.partner_map import Cell
from mapping.accounts.populations import Filter, Plain, Population, members
from mapping.accounts.records import Record, book_of
from mapping.accounts.sharing import Agreement, Earlier, Grant, How, Level, answered
from tests.mapping.accounts.lists import Talk, account, ours, theirs, told_counts

CELL = ("customers", "all")


def sharing(level: Level = Level.COUNTS, **more: object) -> Agreement:
    return Agreement("p", (Grant("customers", level, **more),))  # type: ignore[arg-type]


def customers(*numbers: int, private: tuple[str, ...] = ()) -> Listed:
    """Our list of forty accounts, of which those of the numbers are customers."""
    return ours(
        [account(n, "customer" if n in numbers else "prospect") for n in range(40)], private
    )


def his(*numbers: int) -> Listed:
    return theirs([account(n) for n in numbers])


def test_hidden_populations_are_not_even_named() -> None:
    agreement = Agreement("p", (Grant("customers", Level.COUNTS), Grant("prospects", Level.HIDDEN)))
    report = Talk(agreement).asks(customers(*range(20)), his(*range(30)))
    assert {c.ours for c in report.counts} == {"customers"}
    assert "prospects" not in str(report.as_json())
    assert "open_opportunities" not in str(report.as_json())


@pytest.mark.parametrize(("mutual", "told"), [(0, None), (1, None), (4, None), (5, 5), (9, 9)])
def test_counts_below_the_least_are_withheld(mutual: int, told: int | None) -> None:
    report = Talk(sharing()).asks(customers(*range(mutual)), his(*range(30)))
    assert told_counts(report)[CELL] == told
    assert report.accounts == ()


@pytest.mark.parametrize(("mutual", "told"), [(4, 0), (5, 5)])
def test_few_mutual_accounts_are_not_named(mutual: int, told: int) -> None:
    report = Talk(sharing(Level.OVERLAPS)).asks(customers(*range(mutual)), his(*range(30)))
    assert len(report.accounts) == told
    assert report.withheld == (() if told else ("customers",))
    assert told_counts(report)[CELL] == (told or None)


def test_overlaps_name_only_what_both_have_and_all_names_the_rest() -> None:
    mine = customers(*range(10))
    report = Talk(sharing(Level.OVERLAPS)).asks(mine, his(*range(4, 20)))
    assert [a.ours for a in report.accounts] == ["004", "005", "006", "007", "008", "009"]
    assert all(a.theirs == (a.ours,) for a in report.accounts)
    everything = Talk(sharing(Level.ALL)).asks(mine, his(*range(4, 20)))
    assert len(everything.accounts) == 10
    assert [a.ours for a in everything.accounts if not a.theirs] == ["000", "001", "002", "003"]


def test_only_the_agreed_fields_are_told() -> None:
    agreement = sharing(Level.OVERLAPS, fields=("name", "owner"))
    mine = ours([account(n, "customer", owner="ann@x.com", phone="+1") for n in range(8)])
    report = Talk(agreement).asks(mine, his(*range(8)))
    assert {tuple(a.fields) for a in report.accounts} == {("name", "owner")}
    assert "+1" not in str(report.as_json())
    assert "'ours': '0" not in str(report.as_json())


@pytest.mark.parametrize(
    ("day", "level"),
    [
        (date(2025, 12, 31), Level.HIDDEN), (date(2026, 1, 1), Level.COUNTS),
        (date(2026, 6, 30), Level.COUNTS), (date(2026, 7, 1), Level.HIDDEN),
    ],
)  # fmt: skip
def test_sharing_has_its_days(day: date, level: Level) -> None:
    dates = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 6, 30)}
    report = Talk(sharing(**dates)).asks(customers(*range(9)), his(*range(9)), day)
    assert (report.counts == ()) is (level is Level.HIDDEN)


def test_private_accounts_are_neither_named_nor_counted_nor_their_duplicates() -> None:
    double = replace(account(0, "customer"), id="double")
    mine = ours([*(account(n, "customer") for n in range(10)), double], private=["000", "001"])
    for level, number in ((Level.COUNTS, 8), (Level.OVERLAPS, 8), (Level.ALL, 8)):
        report = Talk(sharing(level)).asks(mine, his(*range(2, 10), 0, 1))
        assert told_counts(report)[CELL] == number
        told = {a.ours for a in report.accounts}
        assert not told & {"000", "001", "double"}
        assert len(told) == (0 if level is Level.COUNTS else 8)
    without = Talk(sharing(Level.ALL)).asks(mine, his(20))
    assert not {a.ours for a in without.accounts} & {"000", "001", "double"}


def test_the_status_names_only_populations_that_are_told() -> None:
    strategic = Filter(accounts=(Plain("industry", equals="x"),))
    every = Filter(accounts=(Plain("account_type", equals="customer"),))
    rows = [account(n, "customer", industry="x" if n < 2 else "y") for n in range(9)]
    book = book_of("ours", rows)
    named = {
        "customers": Population("customers", None, (every,)),
        "strategic": Population("strategic", None, (strategic,)),
        "hidden": Population("hidden", None, (every,)),
    }
    mine = Listed("we", book, members(named, book))
    listed = [Grant(name, Level.OVERLAPS) for name in ("customers", "strategic")]
    agreement = Agreement("p", (*listed, Grant("hidden", Level.COUNTS)))
    report = Talk(agreement).asks(mine, his(*range(9)))
    assert {tuple(a.fields["status"]) for a in report.accounts} == {("customers",)}
    assert report.withheld == ("strategic",)


# -- differencing -------------------------------------------------------------------------------

CUSTOMERS = tuple(range(0, 20, 2))


@pytest.mark.parametrize("target", [0, 1, 18, 19, 30])
def test_one_account_more_or_less_on_his_list_teaches_nothing(target: int) -> None:
    """Whatever the truth about one account, he is told the same after adding or dropping it."""
    others = [n for n in range(40) if n != target]
    answers = set()
    for truth in (True, False):
        talk = Talk(sharing())
        mine = customers(*({*CUSTOMERS} | {target} if truth else {*CUSTOMERS} - {target}))
        first = told_counts(talk.asks(mine, his(*others)))
        with_it = told_counts(talk.asks(mine, his(*others, target)))
        again = told_counts(talk.asks(mine, his(*others)))
        assert first == with_it == again
        answers.add(first[CELL])
    assert len(answers) == 1


def test_the_whole_list_one_by_one_teaches_nothing() -> None:
    """Dropping every account in turn, the answers never differ: 40 questions, one answer."""
    talk = Talk(sharing())
    answers = {told_counts(talk.asks(customers(*CUSTOMERS), his(*range(40))))[CELL]}
    for target in range(0, 40, 3):
        rest = [n for n in range(40) if n != target]
        answers.add(told_counts(talk.asks(customers(*CUSTOMERS), his(*rest)))[CELL])
    assert answers == {len(CUSTOMERS)}


def test_another_name_for_the_list_does_not_help() -> None:
    """The account is asked about by two lists of one report, or under another list's name."""
    mine = customers(*CUSTOMERS)
    rows = [account(n, population=["b"] if n == 0 else ["a", "b"]) for n in range(40)]
    report = Talk(sharing()).asks(mine, theirs(rows))
    answers = [c for c in report.counts if c.ours == "customers"]
    assert [(c.theirs, c.count, c.how) for c in answers] == [
        ("a", 9, How.FRESH), ("b", None, How.REFUSED),
    ]  # fmt: skip
    talk = Talk(sharing())
    talk.asks(mine, his(*range(40)))
    other = talk.asks(mine, theirs([account(n, population=["c"]) for n in range(1, 40)]))
    assert [(c.count, c.how) for c in other.counts] == [(None, How.REFUSED)]


def test_another_spelling_of_the_list_does_not_help() -> None:
    mine = customers(*CUSTOMERS)
    talk = Talk(sharing())
    assert told_counts(talk.asks(mine, his(*range(1, 40))))[CELL] == 9
    respelled = [
        replace(account(n, website=f"https://www.{account(n).values['domain']}/x"), id=f"r{n}")
        for n in range(40)
    ]
    assert told_counts(talk.asks(mine, theirs(respelled)))[CELL] == 9


def test_our_own_change_by_one_account_is_not_told() -> None:
    talk = Talk(sharing())
    assert told_counts(talk.asks(customers(*CUSTOMERS), his(*range(40))))[CELL] == 10
    assert told_counts(talk.asks(customers(*CUSTOMERS, 1), his(*range(40))))[CELL] == 10
    gone = customers(*CUSTOMERS[1:])
    assert told_counts(talk.asks(gone, his(*range(40))))[CELL] == 10


def test_a_change_by_enough_accounts_is_told() -> None:
    talk = Talk(sharing())
    assert told_counts(talk.asks(customers(*CUSTOMERS), his(*range(40))))[CELL] == 10
    more = customers(*CUSTOMERS, 1, 3, 5, 7, 9)
    later = talk.asks(more, his(*range(40)), date(2026, 3, 1))
    assert [(c.count, c.how) for c in later.counts] == [(15, How.FRESH)]
    between = talk.asks(customers(*CUSTOMERS, 1, 3, 5), his(*range(40)), date(2026, 4, 1))
    assert [(c.count, c.how, c.of) for c in between.counts] == [(15, How.EARLIER, "2026-03-01")]


def test_withheld_and_then_one_more_stays_withheld() -> None:
    talk = Talk(sharing())
    assert told_counts(talk.asks(customers(0, 1, 2, 3), his(*range(40))))[CELL] is None
    assert told_counts(talk.asks(customers(0, 1, 2, 3, 4), his(*range(40))))[CELL] is None


def test_fresh_answers_are_used_up() -> None:
    agreement = replace(sharing(), max_answers=2)
    talk = Talk(agreement)
    day = date(2026, 1, 1)
    told = [
        told_counts(talk.asks(customers(*range(n)), his(*range(40)), day))[CELL]
        for n in (10, 20, 30)
    ]
    assert told == [10, 20, 20]
    later = talk.asks(customers(*range(30)), his(*range(40)), date(2026, 2, 5))
    assert told_counts(later)[CELL] == 30


def test_counts_may_be_rounded() -> None:
    agreement = replace(sharing(), round_to=5)
    assert told_counts(Talk(agreement).asks(customers(*range(13)), his(*range(40))))[CELL] == 10


# Each truth about one account gets the same cells told and the same cells withheld, and what is
# told does not come down to that account.


def asked(mine: Listed, rows: list[Record]) -> list[tuple[str, int | None]]:
    report = Talk(sharing()).asks(mine, theirs(rows))
    return [(c.theirs, c.count) for c in report.counts if c.ours == "customers"]


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_the_place_of_a_blank_does_not_tell_whether_one_account_is_ours(names: str) -> None:
    """Two lists in one report, of which one has one account more."""
    short, long = names
    rows = [account(n, population=[long] if n == 30 else [short, long]) for n in (*range(12), 30)]
    without, having = (asked(customers(*range(10), *more), rows) for more in ((), (30,)))
    assert dict(without) == dict(having) == {short: 10, long: None}


def test_a_list_made_of_two_others_and_one_account_tells_nothing() -> None:
    """Pairwise these lists differ by many; the third less the two others is one account."""
    parts = {n: ["a" if n < 10 else "b", "c"] for n in range(20)} | {30: ["c"]}
    rows = [account(n, population=part) for n, part in parts.items()]
    answers = [asked(customers(*range(20), *more), rows) for more in ((), (30,))]
    assert answers[0] == answers[1] == [("a", 10), ("b", 10), ("c", None)]


def test_lists_of_several_days_that_add_up_to_one_account_tell_nothing() -> None:
    answers = []
    for more in ((), (30,)):
        talk, mine = Talk(sharing()), customers(*range(20), *more)
        lists = (range(10), range(10, 20), (*range(20), 30))
        answers.append([told_counts(talk.asks(mine, his(*numbers)))[CELL] for numbers in lists])
    assert answers[0] == answers[1] == [10, 10, 10]


def test_leaving_out_companies_that_are_known_to_be_mutual_tells_nothing() -> None:
    """Four known ones and the one in question are dropped from the list."""
    answers = []
    for more in ((), (30,)):
        talk, mine = Talk(sharing()), customers(*range(20), *more)
        first = talk.asks(mine, his(*range(24), 30))
        answers.append(told_counts(talk.asks(mine, his(*range(4, 24)))) == told_counts(first))
    assert answers == [True, True]


def test_known_companies_can_be_added_to_few_lists_only() -> None:
    """Four known ones and another account each time: every try is one of `max_answers`, whether
    it told anything or not."""
    talk = Talk(replace(sharing(), max_answers=3))
    mine = customers(*range(14), 39)
    talk.asks(mine, his(*range(10)))
    tries = [told_counts(talk.asks(mine, his(*range(14), n)))[CELL] for n in range(30, 40)]
    assert set(tries) == {10}


def two_populations(extra: int, **levels: Level) -> list[tuple[str, str, int | None]]:
    """What is told of customers and of a population that has one account more."""
    every = Filter(accounts=(Plain("account_type", equals="customer"),))
    one = Filter(accounts=(Plain("industry", equals="x"),))
    named = {
        "customers": Population("customers", None, (every,)),
        "wider": Population("wider", None, (every, one)),
    }
    rows = [
        account(n, "customer" if n < 10 else "prospect", industry="x" if n == extra else "y")
        for n in range(30)
    ]
    book = book_of("ours", rows)
    mine = Listed("we", book, members(named, book))
    agreement = Agreement("p", tuple(Grant(name, level) for name, level in levels.items()))
    report = Talk(agreement).asks(mine, his(*range(20)))
    return [(c.ours, c.theirs, c.count) for c in report.counts]


@pytest.mark.parametrize("first", [Level.COUNTS, Level.OVERLAPS])
def test_two_populations_that_differ_by_one_account_are_not_both_counted(first: Level) -> None:
    """Whether the customers are counted or named: who is in the other one besides is not told."""
    found = [two_populations(n, customers=first, wider=Level.COUNTS) for n in (15, 25)]
    assert found[0] == found[1] == [("customers", "all", 10), ("wider", "all", None)]


@pytest.mark.parametrize("order", list(permutations(("buying", "hoping", "everybody"))))
@pytest.mark.parametrize("level", [Level.COUNTS, Level.OVERLAPS])
def test_a_population_that_is_two_others_and_one_account_is_not_told_with_both(
    order: tuple[str, ...], level: Level
) -> None:
    """All accounts less customers and prospects would be one account, whether he has it or not."""
    tests = {
        "buying": (Filter(accounts=(Plain("industry", equals="a"),)),),
        "hoping": (Filter(accounts=(Plain("industry", equals="b"),)),),
        "everybody": (),
    }
    answers = []
    for extra in (15, 25):
        industry = {
            extra: "c",
            **dict.fromkeys(range(10), "a"),
            **dict.fromkeys(range(30, 38), "b"),
        }
        rows = [account(n, industry=i) for n, i in industry.items()]
        book = book_of("ours", rows)
        named = {name: Population(name, None, tests[name]) for name in order}
        mine = Listed("we", book, members(named, book))
        levels = {"buying": level, "hoping": Level.COUNTS, "everybody": Level.COUNTS}
        agreement = Agreement("p", tuple(Grant(name, levels[name]) for name in order))
        report = Talk(agreement).asks(mine, his(*range(20), *range(28, 40)))
        answers.append({c.ours: c.count for c in report.counts})
    blank = [{name for name, count in told.items() if count is None} for told in answers]
    assert blank[0] == blank[1]
    assert len(blank[0]) == 1
    assert "buying" not in blank[0] or level is Level.COUNTS


def test_populations_that_have_little_in_common_are_all_told() -> None:
    """What is refused is what comes down to few; three parts of a whole do not."""
    kinds = {n: "abc"[n // 8] for n in range(24)}
    book = book_of("ours", [account(n, industry=kind) for n, kind in kinds.items()])
    named = {
        kind: Population(kind, None, (Filter(accounts=(Plain("industry", equals=kind),)),))
        for kind in "abc"
    }
    mine = Listed("we", book, members(named, book))
    agreement = Agreement("p", tuple(Grant(name, Level.COUNTS) for name in "abc"))
    report = Talk(agreement).asks(mine, his(*range(24)))
    assert {c.ours: c.count for c in report.counts} == {"a": 8, "b": 8, "c": 8}


def test_accounts_that_were_named_are_held_against_later_counts() -> None:
    """Once they were named, a count less these is the count of the others."""
    talk = Talk(sharing(Level.OVERLAPS))
    mine = customers(*range(10), 30)
    talk.asks(mine, his(*range(10)))
    talk.agreement = sharing()
    assert told_counts(talk.asks(mine, his(*range(10), 30)))[CELL] == 10


def test_accounts_that_we_rename_are_no_new_ones() -> None:
    talk = Talk(sharing())
    talk.asks(customers(*range(10)), his(*range(10)))
    renamed = [
        account(n, "customer", name=f"{account(n).name} Renamed" if n < 9 else account(n).name)
        for n in (*range(10), 30)
    ]
    assert told_counts(talk.asks(ours(renamed), his(*range(10), 30)))[CELL] == 10


def test_reports_made_every_day_get_new_counts_again() -> None:
    """What was repeated because too much was asked is no try: a report a day is not shut out."""
    talk = Talk(replace(sharing(), max_answers=3))
    days = [date(2026, 1, 1) + timedelta(n) for n in range(32)]
    counted = [range(10)] * 20 + [range(20)] * 12
    told = [
        told_counts(talk.asks(customers(*numbers), his(*range(40)), day))[CELL]
        for day, numbers in zip(days, counted, strict=True)
    ]
    assert told == [10] * 30 + [20] * 2


COMPANIES = 12


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.frozensets(st.integers(0, COMPANIES - 1))),
        max_size=12,
    ),
    st.integers(2, 5),
)
def test_answers_do_not_come_down_to_few_companies(
    questions: list[tuple[str, frozenset[int]]], least: int
) -> None:
    """Whatever is asked: counts are large enough, and no sums and differences of answers, however
    often each is taken, are the count of fewer companies than that."""
    past: list[Earlier] = []
    for number, (theirs_called, numbers) in enumerate(questions):
        counted = [frozenset({str(n)}) for n in sorted(numbers)]
        cell = Cell("customers", theirs_called, 0, 0, len(counted), ())
        answer = answered(cell, counted, least, 1, past)
        assert answer.count is None or answer.count >= least
        if answer.how is How.FRESH:
            report, day = f"{number:03d}", date(2026, 1, 1)
            past.append(Earlier(day, report, "customers", theirs_called, counted, answer.count))
        elif answer.how is How.EARLIER:
            same = [one.answer for one in past if one.theirs == theirs_called]
            assert answer.count == same[-1]
        else:
            assert answer.count is None
    rows = [[int(frozenset({str(n)}) in one.counted) for n in range(COMPANIES)] for one in past
            if one.answer is not None]  # fmt: skip
    for size in range(1, least):
        for few in combinations(range(COMPANIES), size):
            sought = [int(n in few) for n in range(COMPANIES)]
            assert rank([*rows, sought]) > rank(rows)


def rank(rows: list[list[int]]) -> int:
    return int(np.linalg.matrix_rank(np.array(rows))) if rows else 0
