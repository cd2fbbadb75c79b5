"""Decides what a partner is told: sharing levels, private accounts, the least count, the past.

A count is an oracle: a partner who changes his list by one account and asks again learns whether
we have that account. So every answer is held against all earlier ones about the same population
of ours: where the companies counted differ from those of an earlier answer by fewer than the
least count, the earlier answer is given again, or none. What is compared are *our* accounts: the
partner decides how his are written, not how ours are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
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
    """Fresh counts (reports with any) in thirty days; then earlier ones are repeated."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One count that this partner was told, or was not told because it was too small."""

    at: date
    report: str
    """The report that it stood in."""
    ours: str
    theirs: str
    counted: frozenset[str]
    """Digests of what our companies in it are known by."""
    answer: int | None
    """None: withheld."""


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
                "withheld": list(self.withheld)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decisions stand on besides the map: our records, and digests of what they are
    known by."""

    records: Mapping[str, Record]
    digests: Mapping[str, str]
    """Our account's id -> digest of its fingerprint."""
    members: Mapping[str, frozenset[str]]
    open_deals: frozenset[str] = frozenset()


def told(
    found: PartnerMap,
    agreement: Agreement,
    facts: Facts,
    earlier: Sequence[Earlier],
    day: date,
    by: str,
) -> tuple[Told, tuple[Earlier, ...]]:
    """What the partner is told today, and the counts to be remembered. The log must have both
    before the partner has anything."""
    open_grants = {g.population: g for g in agreement.grants if g.on(day) is not Level.HIDDEN}
    mutual = {m.id: m for m in found.mutual if not m.private}
    counts, remembered = _counts(found, agreement, open_grants, mutual, facts, earlier, day)
    listed = {n: g for n, g in open_grants.items() if g.level in LISTED}
    named = {n: _named(g, mutual, found, facts) for n, g in listed.items()}
    enough = tuple(n for n, found_in in named.items() if len(found_in) >= listed[n].min_count)
    accounts = tuple(
        _account(listed[name], account, one, facts, enough)
        for name in enough
        for account, one in named[name]
    )
    withheld = tuple(name for name in named if name not in enough)
    report = Told(found.partner, found.made, by, tuple(counts), accounts, withheld)
    return report, tuple(remembered)


# -- counts --------------------------------------------------------------------------------------


def _counts(
    found: PartnerMap,
    agreement: Agreement,
    grants: Mapping[str, Grant],
    mutual: Mapping[str, Mutual],
    facts: Facts,
    earlier: Sequence[Earlier],
    day: date,
) -> tuple[list[ToldCount], list[Earlier]]:
    """Every cell whose population is shared, the largest answered first: of two that differ by
    too little it is the larger that is told."""
    cells = [cell for cell in found.matrix if cell.ours in grants]
    order = sorted(range(len(cells)), key=lambda i: (-cells[i].entity_count, i))
    past = list(earlier)
    spent = _spent(earlier, day) >= agreement.max_answers
    told_counts: dict[int, ToldCount] = {}
    fresh: list[Earlier] = []
    for i in order:
        cell, grant = cells[i], grants[cells[i].ours]
        counted = _counted(cell, mutual, facts)
        if grant.on(day) in LISTED:
            told_counts[i] = _listed(cell, len(counted), grant, agreement)
            continue
        answer = answered(cell, counted, grant.min_count, agreement.round_to, past, spent=spent)
        told_counts[i] = answer
        if answer.how is How.FRESH:
            memory = Earlier(day, found.made, cell.ours, cell.theirs, counted, answer.count)
            past.append(memory)
            fresh.append(memory)
    return [told_counts[i] for i in range(len(cells))], fresh


def answered(
    cell: Cell,
    counted: frozenset[str],
    least: int,
    round_to: int,
    past: Sequence[Earlier],
    *,
    spent: bool = False,
) -> ToldCount:
    """The answer to one cell, given everything that this partner was answered before.

    Fresh only where the companies counted differ from those of every earlier answer about the
    same population of ours by at least `least`, whichever list of theirs it was about.
    """
    about = [one for one in past if one.ours == cell.ours]
    if spent or any(len(counted ^ one.counted) < least for one in about):
        same = [one for one in about if one.theirs == cell.theirs]
        if not same:
            return ToldCount(cell.ours, cell.theirs, None, How.REFUSED)
        last = max(same, key=lambda one: one.report)
        of = last.at.isoformat()
        return ToldCount(cell.ours, cell.theirs, last.answer, How.EARLIER, of)
    number = len(counted)
    count = number - number % round_to if number >= least else None
    return ToldCount(cell.ours, cell.theirs, count, How.FRESH)


def _counted(cell: Cell, mutual: Mapping[str, Mutual], facts: Facts) -> frozenset[str]:
    """One digest for every company in a cell that may be told."""
    seen: Counter[str] = Counter()
    for name in cell.mutual:
        if name in mutual:
            seen[min(facts.digests[side.id] for side in mutual[name].ours)] += 1
    return frozenset(f"{digest}.{n}" for digest, number in seen.items() for n in range(number))


def _listed(cell: Cell, number: int, grant: Grant, agreement: Agreement) -> ToldCount:
    count = number - number % agreement.round_to if number >= grant.min_count else None
    return ToldCount(cell.ours, cell.theirs, count, How.LISTED)


def _spent(earlier: Sequence[Earlier], day: date) -> int:
    """Reports with a fresh count in the last thirty days."""
    return len({one.report for one in earlier if day - one.at < WINDOW})


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
