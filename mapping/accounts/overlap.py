"""Compares two books of accounts: matrix, mutual accounts, openings, leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mapping.accounts.linking import Linked, Shared, fingerprint, link, marks
from mapping.accounts.partner_map import Cell, Doubt, Mutual, Opening, PartnerMap, Party, Side
from mapping.accounts.populations import CUSTOMERS, OPEN, STANDARD, Members
from mapping.accounts.records import Book, Record, companies, company
from mapping.matching.model import Decision


@dataclass(frozen=True, slots=True)
class Listed:
    """One party's accounts and which populations they are in.

    `standard` says which of the standard populations one is, for those of another name.
    """

    name: str
    book: Book
    members: Members
    standard: Mapping[str, str] = field(default_factory=dict)
    private: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Shown:
    """A party's records ready to be shown."""

    listed: Listed
    records: Mapping[str, Record]
    status: Mapping[str, tuple[str, ...]]

    def side(self, account: str) -> Side:
        record = self.records[account]
        values = record.values
        address = values.get("billing_address") or {}
        return Side(
            id=account,
            name=record.name,
            website=values.get("website") or values.get("domain"),
            owner=values.get("owner"),
            status=self.status.get(account, ()),
            country=address.get("country"),
            where=record.where,
        )

    def standards(self, accounts: Sequence[str]) -> set[str]:
        """The standard populations that some of the records are in."""
        names = {name for account in accounts for name in self.status.get(account, ())}
        return {self.listed.standard.get(name, name) for name in names} & set(STANDARD)


def _shown(listed: Listed) -> _Shown:
    status: dict[str, list[str]] = {}
    for name, accounts in listed.members.items():
        for account in accounts:
            status.setdefault(account, []).append(name)
    records = {record.id: record for record in listed.book.accounts}
    return _Shown(listed, records, {k: tuple(v) for k, v in status.items()})


def compare(
    ours: Listed,
    theirs: Listed,
    made: str,
    *,
    decisions: Sequence[Decision] = (),
    known_since: Mapping[str, str] | None = None,
) -> PartnerMap:
    """The map of two lists; `known_since` says by our accounts' ids when an overlap was first
    seen. The counts of real companies are the same for both parties."""
    linked = link(companies(ours.book), companies(theirs.book), decisions)
    private = {a for one in linked.companies if set(one.ours) & ours.private for a in one.ours}
    ours = replace(ours, private=frozenset(private))
    mine, other = _shown(ours), _shown(theirs)
    shared = [one for one in linked.companies if one.ours and one.theirs]
    mutual = _mutual(shared, mine, other, known_since or {})
    return PartnerMap(
        partner=theirs.name,
        made=made,
        ours=_party(ours, sum(1 for one in linked.companies if one.ours)),
        theirs=_party(theirs, sum(1 for one in linked.companies if one.theirs)),
        matrix=tuple(_matrix(ours.members, theirs.members, mutual)),
        mutual=tuple(mutual),
        openings=tuple(_openings(mutual, mine, other)),
        leads=tuple(_leads(linked, other)),
        doubts=tuple(
            Doubt(mine.side(m.left), other.side(m.right), m.score, m.evidence)
            for m in linked.doubts
        ),
        private=tuple(sorted(private)),
        notes=(*ours.book.notes, *theirs.book.notes),
    )


def _party(listed: Listed, entities: int) -> Party:
    counts = {name: len(accounts) for name, accounts in listed.members.items()}
    return Party(listed.name, listed.book.name, len(listed.book.accounts), entities, counts)


def _mutual(
    shared: Sequence[Shared], mine: _Shown, other: _Shown, known_since: Mapping[str, str]
) -> list[Mutual]:
    ordered = sorted(shared, key=lambda one: (mine.records[one.ours[0]].name.casefold(), one.ours))
    return [_one(f"M{n}", one, mine, other, known_since) for n, one in enumerate(ordered, start=1)]


def _one(
    name: str, one: Shared, mine: _Shown, other: _Shown, known_since: Mapping[str, str]
) -> Mutual:
    best = one.matches[0]
    known = [known_since[account] for account in one.ours if account in known_since]
    return Mutual(
        id=name,
        name=mine.records[one.ours[0]].name,
        ours=tuple(mine.side(account) for account in one.ours),
        theirs=tuple(other.side(account) for account in one.theirs),
        method=best.method,
        score=best.score,
        evidence=best.evidence,
        private=any(account in mine.listed.private for account in one.ours),
        known_since=min(known, default=None),
    )


def _matrix(ours: Members, theirs: Members, mutual: Sequence[Mutual]) -> list[Cell]:
    in_cell: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    for one in mutual:
        left = Counter(name for side in one.ours for name in side.status)
        right = Counter(name for side in one.theirs for name in side.status)
        for mine, here in left.items():
            for other, there in right.items():
                in_cell.setdefault((mine, other), []).append((one.id, here, there))
    cells = []
    for mine in ours:
        for other in theirs:
            found = in_cell.get((mine, other), [])
            here, there = sum(n for _, n, _ in found), sum(n for *_, n in found)
            names = tuple(name for name, *_ in found)
            cells.append(Cell(mine, other, here, there, len(found), names))
    return cells


def _openings(mutual: Sequence[Mutual], mine: _Shown, other: _Shown) -> list[Opening]:
    found = []
    for one in mutual:
        ours = mine.standards([side.id for side in one.ours])
        theirs = other.standards([side.id for side in one.theirs])
        for kind in _chances(ours, theirs):
            found.append(_opening(kind, one))
    order = {"they can open": 0, "we can open": 1, "both sell": 2}
    return sorted(found, key=lambda o: (order[o.kind], o.name.casefold(), o.mutual))


def _chances(ours: set[str], theirs: set[str]) -> list[str]:
    found = []
    if CUSTOMERS in theirs and CUSTOMERS not in ours:
        found.append("they can open")
    if CUSTOMERS in ours and theirs and CUSTOMERS not in theirs:
        found.append("we can open")
    if OPEN in ours and OPEN in theirs:
        found.append("both sell")
    return found


def _opening(kind: str, one: Mutual) -> Opening:
    return Opening(
        kind=kind,
        mutual=one.id,
        name=one.name,
        our_status=_statuses(one.ours),
        their_status=_statuses(one.theirs),
        our_owner=_owner(one.ours),
        their_owner=_owner(one.theirs),
    )


def _statuses(sides: Sequence[Side]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for side in sides for name in side.status))


def _owner(sides: Sequence[Side]) -> str | None:
    return next((side.owner for side in sides if side.owner), None)


def _leads(linked: Linked, other: _Shown) -> list[Side]:
    doubted = {match.right for match in linked.doubts}
    found = [
        other.side(one.theirs[0])
        for one in linked.companies
        if one.theirs and not one.ours and not doubted & set(one.theirs)
    ]
    return sorted(found, key=lambda side: (side.name.casefold(), side.id))


def fingerprints(listed: Listed) -> dict[str, str]:
    """Account id -> what the company is known by, whatever the source of the list."""
    return {record.id: fingerprint(company(record)) for record in listed.book.accounts}


def marks_of(listed: Listed) -> dict[str, set[str]]:
    """Account id -> all that the company is known by: a new name or a new domain makes no new
    company as long as something stays. Where nothing is known, the id."""
    return {
        record.id: marks(company(record)) or {f"id {record.id}"} for record in listed.book.accounts
    }
