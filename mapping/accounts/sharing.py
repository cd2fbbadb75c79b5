"""Decides what a partner is told: sharing levels, private accounts, the least count, the past.

A count is an oracle: a partner who changes his list by one account and asks again learns whether
we have that account. So every answer is held against all earlier ones about the same population
of ours: unless at least the least count of its companies were never counted before, the earlier
answer is given again, or none. Then every answer has a part of that size that no other answer has
a smaller piece of, and no sum or difference of answers comes down to fewer companies. What is
compared are *our* accounts: the partner decides how his are written, not how ours are.

Which cells are told depends on what the partner knows (how large his lists are) and never on how
many companies are mutual: else the place of a blank would tell what the count does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Any

from mapping.accounts.partner_map import Cell, Mutual, PartnerMap
from mapping.accounts.records import Record


class Level(StrEnum):
    """What a partner is told of a population, least first."""

    HIDDEN = "hidden"
    """Nothing, not even that there is such a population."""
    COUNTS = "counts"
    """How many of their accounts are in it."""
    OVERLAPS = "overlaps"
    """Which of their accounts are in it, with the fields agreed."""
    ALL = "all"
    """Every account in it."""


LISTED = (Level.OVERLAPS, Level.ALL)
PRESETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("name", "website"),
        "status": ("name", "website", "status"),
        "contact": ("name", "website", "status", "owner"),
        "full": (
            "name", "website", "status", "owner", "industry", "employees", "country",
            "open_opportunity",
        ),
    }
)  # fmt: skip
"""Field presets that need not be configured."""
DERIVED = ("status", "country", "open_opportunity")
"""Fields that may be shared besides those of an account."""
WINDOW = timedelta(days=30)
_MOST_BESIDE = 7
"""Populations of which it is seen whether one is the sum of others."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one partner is told of one population of ours, and when."""

    population: str
    level: Level
    fields: tuple[str, ...] = PRESETS["status"]
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day on which it holds."""
    min_count: int = 5

    def on(self, day: date) -> Level:
        """The level on a day: hidden outside of its dates."""
        early = self.valid_from is not None and day < self.valid_from
        late = self.valid_until is not None and day > self.valid_until
        return Level.HIDDEN if early or late else self.level


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is shared with one partner. Populations without a grant are hidden."""

    partner: str
    grants: tuple[Grant, ...] = ()
    round_to: int = 1
    """Counts are rounded down to a multiple of this."""
    max_answers: int = 12
    """Reports in thirty days for which counts are decided anew, told or not; then earlier ones
    are repeated."""


Marks = frozenset[str]
"""Digests of everything that one company of ours is known by: two that share one are the same."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One count that this partner was told, or was not told because it was too small."""

    at: date
    report: str
    """The report that it stood in."""
    ours: str
    theirs: str
    counted: Sequence[Marks]
    """Our companies in it."""
    answer: int | None
    """None: withheld."""
    listed: bool = False
    """They were named besides."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a partner was told before."""

    counts: Sequence[Earlier] = ()
    decided: Sequence[date] = ()
    """The day of every report for which counts were decided anew."""


class How(StrEnum):
    """Where an answer comes from."""

    FRESH = "fresh"
    EARLIER = "earlier"
    REFUSED = "refused"
    LISTED = "listed"
    """The companies are named besides, so the count is no secret."""


@dataclass(frozen=True, slots=True)
class ToldCount:
    """One count as the partner is told it. `count` None: withheld."""

    ours: str
    theirs: str
    count: int | None
    how: How
    of: str | None = None
    """The day of the earlier answer that is repeated."""


@dataclass(frozen=True, slots=True)
class ToldAccount:
    """One of our accounts as the partner is told it."""

    population: str
    theirs: tuple[str, ...]
    """Ids of his own records that it is; none for accounts that he does not have."""
    their_names: tuple[str, ...]
    fields: Mapping[str, Any]
    ours: str
    """The id of our record: for our log, never told."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report for a partner: all of it, and nothing else, is told."""

    partner: str
    made: str
    by: str
    counts: tuple[ToldCount, ...]
    accounts: tuple[ToldAccount, ...]
    withheld: tuple[str, ...]
    """Populations of which nothing is told, because too few of them are mutual."""
    decided: bool
    """Whether counts were decided anew for it."""

    def as_json(self) -> dict[str, Any]:
        """What is written for the partner: without our ids, and not saying how an answer came
        about beyond its date."""
        return {
            "from": self.by,
            "to": self.partner,
            "made": self.made,
            "counts": [
                {"ours": c.ours, "yours": c.theirs, "count": c.count, "of": c.of or self.made[:10]}
                for c in self.counts
            ],
            "accounts": [
                {
                    "population": a.population,
                    "your_ids": list(a.theirs),
                    "your_names": list(a.their_names),
                    **dict(a.fields),
                }
                for a in self.accounts
            ],
            "withheld": list(self.withheld),
        }

    def as_log(self) -> dict[str, Any]:
        """What the log keeps: everything."""
        return {"counts": [asdict(c) for c in self.counts],
                "accounts": [asdict(a) for a in self.accounts],
                "withheld": list(self.withheld),
                "decided": self.decided}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decisions stand on besides the map: our records, and digests of what they are
    known by."""

    records: Mapping[str, Record]
    marks: Mapping[str, Marks]
    """By our account's id."""
    members: Mapping[str, frozenset[str]]
    open_deals: frozenset[str] = frozenset()


def told(
    found: PartnerMap,
    agreement: Agreement,
    facts: Facts,
    past: Past,
    day: date,
    by: str,
) -> tuple[Told, tuple[Earlier, ...]]:
    """What the partner is told today, and the counts to be remembered. The log must have both
    before the partner has anything."""
    open_grants = {g.population: g for g in agreement.grants if g.on(day) is not Level.HIDDEN}
    mutual = {m.id: m for m in found.mutual if not m.private}
    listed = {n: g for n, g in open_grants.items() if g.level in LISTED}
    named = {n: _named(g, mutual, found, facts) for n, g in listed.items()}
    enough = tuple(n for n, found_in in named.items() if len(found_in) >= listed[n].min_count)
    accounts = tuple(
        _account(listed[name], account, one, facts, enough)
        for name in enough
        for account, one in named[name]
    )
    withheld = tuple(name for name in named if name not in enough)
    book = _Counts(found, agreement, open_grants, mutual, facts, day)
    counts, remembered, decided = book.decided(past, enough)
    report = Told(found.partner, found.made, by, tuple(counts), accounts, withheld, decided)
    return report, tuple(remembered)


# -- counts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counts:
    """The cells whose population is shared."""

    found: PartnerMap
    agreement: Agreement
    grants: Mapping[str, Grant]
    mutual: Mapping[str, Mutual]
    facts: Facts
    day: date

    def decided(
        self, past: Past, named: Collection[str]
    ) -> tuple[list[ToldCount], list[Earlier], bool]:
        """Every cell as it is told, what is to be remembered, and whether any was decided anew.
        `named`: populations whose companies are named."""
        cells = [cell for cell in self.found.matrix if cell.ours in self.grants]
        spent = self._spent(past)
        before = list(past.counts)
        told_counts: dict[int, ToldCount] = {}
        fresh: list[Earlier] = []
        asked = False
        for i in self._order(cells):
            cell, grant = cells[i], self.grants[cells[i].ours]
            counted = self._counted(cell)
            if grant.level in LISTED:
                answer = _listed(cell, len(counted), grant, self.agreement)
                kept = cell.ours in named
            else:
                asked = asked or not spent
                least, round_to = grant.min_count, self.agreement.round_to
                answer = answered(cell, counted, least, round_to, before, spent=spent)
                kept = answer.how is How.FRESH
            told_counts[i] = answer
            if kept:
                fresh.append(self._memory(cell, counted, answer))
                before.append(fresh[-1])
        return [told_counts[i] for i in range(len(cells))], fresh, asked

    def _order(self, cells: Sequence[Cell]) -> list[int]:
        """Where cells are named, no answer is held back; then the partner's smaller lists first:
        of two that differ by too little it is the smaller that is told."""
        sizes = self.found.theirs.populations
        return sorted(
            range(len(cells)),
            key=lambda i: (
                self.grants[cells[i].ours].level not in LISTED,
                sizes.get(cells[i].theirs, 0),
                cells[i].theirs,
                i,
            ),
        )

    def _counted(self, cell: Cell) -> list[Marks]:
        """The companies in a cell that may be told."""
        return [
            frozenset().union(*(self.facts.marks[side.id] for side in self.mutual[name].ours))
            for name in cell.mutual
            if name in self.mutual
        ]

    def _memory(self, cell: Cell, counted: Sequence[Marks], answer: ToldCount) -> Earlier:
        listed = answer.how is How.LISTED
        made = self.found.made
        return Earlier(self.day, made, cell.ours, cell.theirs, counted, answer.count, listed)

    def _spent(self, past: Past) -> bool:
        recent = [day for day in past.decided if self.day - day < WINDOW]
        return len(recent) >= self.agreement.max_answers


def answered(
    cell: Cell,
    counted: Sequence[Marks],
    least: int,
    round_to: int,
    past: Sequence[Earlier],
    *,
    spent: bool = False,
) -> ToldCount:
    """The answer to one cell, given everything that this partner was answered before.

    Fresh only where at least `least` of the companies counted were in no earlier answer about the
    same population of ours, whichever list of theirs it was about, and where they differ by as
    many from all that was told of our other populations.
    """
    about = [one for one in past if one.ours == cell.ours]
    others = [one for one in past if one.ours != cell.ours]
    few = bool(about) and _without(counted, [m for one in about for m in one.counted]) < least
    near = any(_near(counted, one, least) for one in others)
    if spent or few or near or _derived(counted, _beside(cell, others), least):
        same = [one for one in about if one.theirs == cell.theirs]
        if not same:
            return ToldCount(cell.ours, cell.theirs, None, How.REFUSED)
        last = max(same, key=lambda one: one.report)
        of = last.at.isoformat()
        return ToldCount(cell.ours, cell.theirs, last.answer, How.EARLIER, of)
    number = len(counted)
    count = number - number % round_to if number >= least else None
    return ToldCount(cell.ours, cell.theirs, count, How.FRESH)


def _near(counted: Sequence[Marks], other: Earlier, least: int) -> bool:
    """Whether fewer than `least` companies tell two populations of ours apart."""
    if other.answer is None and not other.listed:
        return False
    return _without(counted, other.counted) + _without(other.counted, counted) < least


def _beside(cell: Cell, others: Sequence[Earlier]) -> list[Earlier]:
    """What was told last of our other populations about the same list of his."""
    last = {one.ours: one for one in others if one.theirs == cell.theirs}
    told_of = [one for one in last.values() if one.answer is not None or one.listed]
    return sorted(told_of, key=lambda one: one.report)[-_MOST_BESIDE:]


def _derived(counted: Sequence[Marks], beside: Sequence[Earlier], least: int) -> bool:
    """Whether fewer than `least` companies are what is left of a count when those of other
    populations are added or taken away: as of all accounts less customers and prospects."""
    if len(beside) < 2:
        return False
    first, *rest = _numbered([counted, *(one.counted for one in beside)])
    everybody = first.union(*rest)
    alike = Counter((n in first, *(n in one for one in rest)) for n in everybody)
    return any(
        sum(
            size
            for (here, *there), size in alike.items()
            if here + sum(sign for sign, inside in zip(signs, there, strict=True) if inside)
        )
        < least
        for signs in product((-1, 0, 1), repeat=len(rest))
        if any(signs)
    )


def _numbered(groups: Sequence[Sequence[Marks]]) -> list[set[int]]:
    """Every group as numbers of its companies, the same for those that share a mark."""
    number: dict[str, int] = {}
    found: list[set[int]] = []
    for group in groups:
        numbers = set()
        for marks in group:
            known = next((number[m] for m in marks if m in number), len(number))
            number |= dict.fromkeys(marks, known)
            numbers.add(known)
        found.append(numbers)
    return found


def _without(companies: Sequence[Marks], others: Sequence[Marks]) -> int:
    """How many companies are not among the others."""
    seen = frozenset[str]().union(*others)
    return sum(1 for marks in companies if not marks & seen)


def _listed(cell: Cell, number: int, grant: Grant, agreement: Agreement) -> ToldCount:
    count = number - number % agreement.round_to if number >= grant.min_count else None
    return ToldCount(cell.ours, cell.theirs, count, How.LISTED)


# -- accounts ------------------------------------------------------------------------------------


def _named(
    grant: Grant, mutual: Mapping[str, Mutual], found: PartnerMap, facts: Facts
) -> list[tuple[str, Mutual | None]]:
    """The accounts of one population that may be named, by name: one for each real company, with
    what the partner has of it."""
    ids = facts.members.get(grant.population, frozenset())
    named: list[tuple[str, Mutual | None]] = []
    seen: set[str] = set(found.private)
    for one in mutual.values():
        mine = [side.id for side in one.ours if side.id in ids]
        seen.update(side.id for side in one.ours)
        if mine:
            named.append((mine[0], one))
    if grant.level is Level.ALL:
        named += [(account, None) for account in ids - seen]
    return sorted(named, key=lambda pair: (facts.records[pair[0]].name.casefold(), pair[0]))


def _account(
    grant: Grant, account: str, one: Mutual | None, facts: Facts, enough: Sequence[str]
) -> ToldAccount:
    record = facts.records[account]
    return ToldAccount(
        grant.population,
        tuple(side.id for side in one.theirs) if one else (),
        tuple(side.name for side in one.theirs) if one else (),
        {name: _value(name, record, facts, enough) for name in grant.fields},
        account,
    )


def _value(name: str, record: Record, facts: Facts, enough: Sequence[str]) -> Any:
    """A field as it is told; as status only populations whose accounts are told at all."""
    if name == "name":
        return record.name
    if name == "status":
        return [p for p in enough if record.id in facts.members.get(p, ())]
    if name == "open_opportunity":
        return record.id in facts.open_deals
    if name == "country":
        return (record.values.get("billing_address") or {}).get("country")
    return record.values.get(name)
