"""Which partners have to do with which of our deals, and what proves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from mapping.accounts.partner_map import Credit, Total
from mapping.accounts.populations import every
from mapping.accounts.records import Book, Record, accounts_of
from mapping.conditions import Condition

SOURCED, INFLUENCED, REVIEW, NONE = "sourced", "influenced", "review", "none"
REFERRAL = "partner_referral"
"""The canonical lead source that says that some partner brought a deal."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What is known of one partner and our deals."""

    known_since: Mapping[str, str]
    """Id of our account -> the day (ISO) since which the overlap is known."""
    sourced: Sequence[Condition] = ()
    """Of an opportunity: when all hold, this partner brought it."""
    influenced: Sequence[Condition] = ()


class _Finding(NamedTuple):
    kind: str
    known: str | None
    evidence: tuple[str, ...]
    said: bool = False
    """Whether the record itself names the partner."""


def credits_of(partner: str, ties: Mapping[str, Ties], book: Book) -> tuple[Credit, ...]:
    """What one partner has to do with the opportunities of a book. `ties` are those of every
    partner, since several may share a deal; deals with none of them are left out."""
    accounts = {account.id: account.name for account in book.accounts}
    found = []
    for deal in book.opportunities:
        findings = _settled({name: _finding(tie, deal) for name, tie in ties.items()})
        mine = findings.get(partner)
        if mine is None or (mine.kind == NONE and mine.known is None):
            continue
        same = tuple(sorted(n for n, f in findings.items() if f.kind == mine.kind))
        home = next((accounts[a] for a in accounts_of(deal) if a in accounts), "")
        found.append(_credit(deal, home, mine, same))
    return tuple(sorted(found, key=lambda c: (_ORDER[c.kind], c.name.casefold(), c.opportunity)))


def _settled(findings: Mapping[str, _Finding]) -> Mapping[str, _Finding]:
    """Where the record names who brought the deal, a referral is that partner's: the others, whose
    overlap was known before too, have influenced it."""
    if not any(one.kind == SOURCED and one.said for one in findings.values()):
        return findings
    words = "the record names another partner as its source"
    return {
        name: one._replace(kind=INFLUENCED, evidence=(*one.evidence, words))
        if one.kind == SOURCED and not one.said
        else one
        for name, one in findings.items()
    }


_ORDER = {SOURCED: 0, INFLUENCED: 1, REVIEW: 2, NONE: 3}


def _credit(deal: Record, account: str, mine: _Finding, same: tuple[str, ...]) -> Credit:
    money = deal.values.get("amount") or {}
    share = Decimal(1) / len(same) if mine.kind in (SOURCED, INFLUENCED) else Decimal(0)
    return Credit(
        opportunity=deal.id,
        name=deal.name,
        account=account,
        kind=mine.kind,
        share=_short(share.quantize(Decimal("0.0001"))),
        partners=same if mine.kind != NONE else (),
        amount=money.get("amount"),
        currency=money.get("currency"),
        state=_state(deal),
        opened=_day(deal),
        known_since=mine.known,
        evidence=mine.evidence,
    )


def _state(deal: Record) -> str:
    if deal.values.get("is_won"):
        return "won"
    return "lost" if deal.values.get("is_closed") else "open"


def _day(deal: Record) -> str | None:
    return deal.created.date().isoformat() if deal.created else None


def _finding(ties: Ties, deal: Record) -> _Finding:
    """What one partner has to do with one deal."""
    days = [ties.known_since[a] for a in accounts_of(deal) if a in ties.known_since]
    known = min(days, default=None)
    for kind, conditions in ((SOURCED, ties.sourced), (INFLUENCED, ties.influenced)):
        if conditions and every(conditions, deal):
            proof = (_said(conditions, deal), *_before(known, deal))
            return _Finding(kind, known, proof, said=True)
    if known is None:
        return _Finding(NONE, None, ())
    opened = _day(deal)
    if opened is None:
        words = "nothing tells when the deal was opened"
        return _Finding(REVIEW, known, (f"overlap known since {known}", words))
    if known < opened:
        return _before_opening(known, opened, deal)
    return _before_closing(known, opened, deal)


def _before_opening(known: str, opened: str, deal: Record) -> _Finding:
    words = f"overlap known since {known}, before the deal was opened on {opened}"
    if deal.values.get("lead_source") == REFERRAL:
        return _Finding(SOURCED, known, (words, "the deal's source is a partner's referral"))
    return _Finding(INFLUENCED, known, (words, "nothing says that the partner brought it"))


def _before_closing(known: str, opened: str, deal: Record) -> _Finding:
    words = f"overlap known since {known}, when the deal was open already ({opened})"
    if not deal.values.get("is_closed"):
        return _Finding(INFLUENCED, known, (words,))
    closed = deal.values.get("close_date")
    if closed is None:
        return _Finding(REVIEW, known, (words, "nothing tells when the deal was closed"))
    if known <= closed:
        return _Finding(INFLUENCED, known, (words, f"and before it closed on {closed}"))
    words = f"overlap known since {known} only, after the deal closed on {closed}"
    return _Finding(NONE, known, (words,))


def _before(known: str | None, deal: Record) -> tuple[str, ...]:
    opened = _day(deal)
    if known is None or opened is None:
        return ("no overlap known before it",) if known is None else ()
    when = "before" if known < opened else "after"
    return (f"overlap known since {known}, {when} the deal was opened on {opened}",)


def _said(conditions: Sequence[Condition], deal: Record) -> str:
    shown = ", ".join(f"{c.field} = {deal.values.get(c.field)}" for c in conditions)
    return f"the record says so: {shown}"


_CENT = Decimal("0.01")


def totals(found: Iterable[Credit]) -> tuple[Total, ...]:
    """Sums by kind, state and currency: nothing is converted."""
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for credit in found:
        if credit.kind == NONE:
            continue
        amount = Decimal(credit.amount or 0)
        key = (credit.kind, credit.state, credit.currency or "")
        number, whole, part = sums.get(key, [Decimal(0)] * 3)
        part_of_it = amount / len(credit.partners) if credit.share != "0" else Decimal(0)
        sums[key] = [number + 1, whole + amount, part + part_of_it]
    ordered = sorted(sums.items(), key=lambda item: (_ORDER[item[0][0]], item[0]))
    return tuple(
        Total(*key, int(number), _short(whole), _short(part.quantize(_CENT)))
        for key, (number, whole, part) in ordered
    )


def _short(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
