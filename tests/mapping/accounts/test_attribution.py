"""Which partner a deal is credited to, and by what proof."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mapping.accounts.attribution import Ties, credits_of, totals
from mapping.accounts.populations import Plain
from mapping.accounts.records import Book, Record, book_of
from tests.mapping.accounts.lists import account


def deal(name: str, opened: str | None, /, **values: object) -> Record:
    created = datetime.fromisoformat(opened).replace(tzinfo=UTC) if opened else None
    plain = {"name": name, "account": "000", "amount": {"amount": "100", "currency": "EUR"},
             "is_closed": False, "is_won": False}  # fmt: skip
    return Record("opportunity", name, {**plain, **values}, created=created)


def book(*deals: Record) -> Book:
    return book_of("ours", [account(0), account(1), *deals])


KNOWN = {"p": Ties({"000": "2026-03-01"})}


@pytest.mark.parametrize(
    ("opened", "values", "kind"),
    [
        ("2026-03-02", {"lead_source": "partner_referral"}, "sourced"),
        ("2026-03-02", {"lead_source": "web"}, "influenced"),
        ("2026-03-01", {"lead_source": "partner_referral"}, "influenced"),
        ("2026-02-01", {}, "influenced"),
        ("2026-02-01", {"is_closed": True, "close_date": "2026-03-01"}, "influenced"),
        ("2026-02-01", {"is_closed": True, "close_date": "2026-02-28"}, "none"),
        ("2026-02-01", {"is_closed": True}, "review"),
        (None, {}, "review"),
    ],
)
def test_credit_follows_from_what_was_known_when(
    opened: str | None, values: dict[str, object], kind: str
) -> None:
    (credit,) = credits_of("p", KNOWN, book(deal("d", opened, **values)))
    assert credit.kind == kind
    assert "2026-03-01" in credit.evidence[0]
    assert credit.share == ("1" if kind in ("sourced", "influenced") else "0")


def test_deals_of_accounts_that_are_not_mutual_are_left_out() -> None:
    assert credits_of("p", KNOWN, book(deal("d", "2026-05-01", account="001"))) == ()


def test_the_record_may_say_so_itself() -> None:
    ties = {"p": Ties({}, sourced=(Plain("custom.partner", equals="P Inc"),))}
    (credit,) = credits_of("p", ties, book(deal("d", "2026-05-01", **{"custom.partner": "P Inc"})))
    assert credit.kind == "sourced"
    assert credit.evidence == (
        "the record says so: custom.partner = P Inc", "no overlap known before it",
    )  # fmt: skip


def test_several_partners_share_a_deal() -> None:
    ties = {**KNOWN, "q": Ties({"000": "2026-01-01"}), "r": Ties({"000": "2027-01-01"})}
    found = book(deal("d", "2026-05-01"), deal("e", "2026-02-01"))
    mine = {c.opportunity: c for c in credits_of("p", ties, found)}
    assert mine["d"].partners == ("p", "q", "r")
    assert mine["d"].share == "0.3333"
    closed = book(deal("d", "2026-05-01", is_closed=True, is_won=True, close_date="2026-06-01"))
    (credit,) = credits_of("p", ties, closed)
    assert (credit.partners, credit.share, credit.state) == (("p", "q"), "0.5", "won")


def test_a_referral_is_that_of_the_partner_whom_the_record_names() -> None:
    """Others whose overlap was known before too did not bring the deal."""
    named = Ties({"000": "2026-01-01"}, sourced=(Plain("custom.partner", equals="Q Inc"),))
    ties = {**KNOWN, "q": named, "r": Ties({"000": "2026-02-01"})}
    values = {"lead_source": "partner_referral", "custom.partner": "Q Inc"}
    found = book(deal("d", "2026-05-01", **values))
    credits = {name: credits_of(name, ties, found)[0] for name in ties}
    assert {n: (c.kind, c.share, c.partners) for n, c in credits.items()} == {
        "p": ("influenced", "0.5", ("p", "r")),
        "q": ("sourced", "1", ("q",)),
        "r": ("influenced", "0.5", ("p", "r")),
    }
    assert credits["p"].evidence[-1] == "the record names another partner as its source"


def test_the_parts_of_several_partners_add_up() -> None:
    ties = {name: Ties({"000": "2026-01-01"}) for name in "pqr"}
    found = book(deal("d", "2026-05-01", amount={"amount": "1000000", "currency": "EUR"}))
    parts = [totals(credits_of(name, ties, found))[0].weighted for name in ties]
    assert parts == ["333333.33"] * 3


def test_sums_are_kept_apart_by_currency() -> None:
    found = credits_of(
        "p",
        {**KNOWN, "q": Ties({"000": "2026-01-01"})},
        book(
            deal("a", "2026-05-01"), deal("b", "2026-05-01"),
            deal("c", "2026-05-01", amount={"amount": "7.50", "currency": "USD"}),
            deal("d", "2026-05-01", amount=None),
        ),
    )  # fmt: skip
    assert [(t.currency, t.number, t.amount, t.weighted) for t in totals(found)] == [
        ("", 1, "0", "0"), ("EUR", 2, "200", "100"), ("USD", 1, "7.5", "3.75"),
    ]  # fmt: skip
