"""Small books of accounts for the tests of partner maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from mapping.accounts.linking import fingerprint
from mapping.accounts.overlap import Listed, compare, marks_of
from mapping.accounts.partner_map import PartnerMap
from mapping.accounts.populations import USUAL, listed_members, members
from mapping.accounts.records import Book, Record, book_of
from mapping.accounts.sharing import Agreement, Earlier, Facts, Past, Told, told

NAMES = (
    "Aldermoor", "Bexhill", "Cranfield", "Dunwich", "Elmstead", "Farnborough", "Glenrothes",
    "Haverhill", "Inverurie", "Jarrow", "Kettering", "Lowestoft", "Mablethorpe", "Northallerton",
    "Okehampton", "Penzance", "Quorndon", "Rotherham", "Sheringham", "Tewkesbury", "Uttoxeter",
    "Ventnor", "Whitstable", "Yarmouth", "Zennor", "Abergavenny", "Brecknock", "Caernarfon",
    "Dolgellau", "Ebbwvale", "Fishguard", "Gwyneddshire", "Harlechton", "Irvinestown",
    "Kilmarnock", "Llandudno", "Machynlleth", "Newtownards", "Omaghville", "Pwllhelistrand",
)  # fmt: skip
"""Companies that nobody takes for one another."""


def account(number: int, kind: str | None = None, /, **values: Any) -> Record:
    """The account of a number; every list that has the number has the same company."""
    name = NAMES[number]
    plain = {"name": name, "domain": f"{name.lower()}.com", "account_type": kind}
    return Record("account", f"{number:03d}", {**plain, **values})


def ours(records: Iterable[Record], private: Iterable[str] = ()) -> Listed:
    """A list of ours with the usual populations."""
    book = book_of("ours", records)
    standard = {name: name for name in USUAL}
    return Listed("we", book, members(USUAL, book), standard, frozenset(private))


def theirs(records: Iterable[Record]) -> Listed:
    """A partner's list, whose populations are what it says of its accounts."""
    book = book_of("theirs", records)
    return Listed("they", book, listed_members(book))


def counts(found: PartnerMap) -> dict[tuple[str, str], int]:
    """The matrix in real companies."""
    return {(cell.ours, cell.theirs): cell.entity_count for cell in found.matrix}


class Talk:
    """All that one partner is told, time after time, by one agreement."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.past: list[Earlier] = []
        self.days: list[date] = []
        self.times = 0

    def asks(self, mine: Listed, his: Listed, day: date = date(2026, 1, 1)) -> Told:
        """The report for a list of his."""
        self.times += 1
        found = compare(mine, his, f"{day} {self.times:04d}")
        facts = Facts(
            {record.id: record for record in mine.book.accounts},
            {name: frozenset(marks) for name, marks in marks_of(mine).items()},
            mine.members,
        )
        past = Past(self.past, self.days)
        report, fresh = told(found, self.agreement, facts, past, day, "we")
        self.past += fresh
        self.days += [day] if report.decided else []
        return report


def told_counts(report: Told) -> Mapping[tuple[str, str], int | None]:
    """What a report says of every cell."""
    return {(c.ours, c.theirs): c.count for c in report.counts}


__all__ = ["Book", "account", "counts", "fingerprint", "ours", "theirs", "told_counts"]
