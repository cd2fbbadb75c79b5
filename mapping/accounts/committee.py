"""The buying committee: who takes part in an account or in one opportunity, and what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mapping.accounts.graph import Entry, Graph, Part
from mapping.accounts.roles import PLAIN, TABLES, Held, RoleTable, ordered, read_all

ATTRIBUTES = ("support", "coverage", "influence", "reports_to", "approach")
"""What a membership says besides roles, tags and where it is from."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What one source says of a person in an account, or in one opportunity of it."""

    account: str
    person: str
    opportunity: str | None = None
    roles: tuple[Held, ...] = ()
    support: str | None = None
    coverage: str | None = None
    influence: str | None = None
    reports_to: str | None = None
    """The key of another person."""
    approach: str | None = None
    """How this person prefers to be approached."""
    tags: tuple[str, ...] = ()
    source: str = ""
    date: date | None = None
    """When it was last known to be so."""
    confidence: float | None = None
    """0 to 1."""
    left: bool | None = None


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """That one person reports to, influences, is in conflict with, or informally knows another."""

    start: str
    end: str
    kind: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person on the map: all memberships in one view, the newest word on each attribute."""

    person: str
    name: str
    title: str = ""
    department: str = ""
    email: str = ""
    roles: tuple[Held, ...] = ()
    support: str | None = None
    coverage: str | None = None
    influence: str | None = None
    reports_to: str | None = None
    approach: str | None = None
    tags: tuple[str, ...] = ()
    opportunities: tuple[str, ...] = ()
    date: date | None = None
    """Of the newest word on the person."""
    confidence: float | None = None
    left: bool = False
    elsewhere: str | None = None
    """The name of another account that the person belongs to."""
    sources: tuple[str, ...] = ()

    @property
    def role_names(self) -> tuple[str, ...]:
        """The canonical roles, the strongest first."""
        return tuple(dict.fromkeys(held.role for held in self.roles))


@dataclass(frozen=True, slots=True)
class Committee:
    """The members of a view with the lines between them."""

    members: tuple[Member, ...]
    lines: tuple[Line, ...]

    def member(self, person: str) -> Member | None:
        """The member that a person is."""
        return next((m for m in self.members if m.person == person), None)


@dataclass(frozen=True, slots=True)
class Notes:
    """What a committee spreadsheet says: memberships and lines between persons."""

    memberships: tuple[Membership, ...] = ()
    lines: tuple[Line, ...] = ()


Reader = Callable[[Entry, str], Any]
"""The value of an attribute (`support`, `coverage`, …) of a person, as the CRM has it; or None."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where memberships are from: the graph, a spreadsheet's notes, CRM fields, role tables."""

    graph: Graph
    notes: Notes = Notes()
    of_person: Reader = lambda _person, _attribute: None
    tables: Mapping[str, RoleTable] = field(default_factory=lambda: dict(TABLES))
    """By side or vendor; the side's own table wins."""

    def table(self, side: str, vendor: str) -> RoleTable:
        """The role table of a side."""
        return self.tables.get(side) or self.tables.get(vendor) or PLAIN


def memberships(sources: Sources, account: str) -> list[Membership]:
    """Every membership in an account and its units: people of the account, people in its
    opportunities, and what the notes say."""
    graph = sources.graph
    units = [unit.key for unit in graph.units(account)]
    found = [_of_account(sources, p, unit) for unit in units for p in graph.people(unit)]
    for unit in units:
        for opportunity in graph.opportunities(unit):
            found += [_part_in(sources, opportunity, part, unit) for part in opportunity.parts]
    opportunities = {o.key for unit in units for o in graph.opportunities(unit)}
    noted = sources.notes.memberships
    found += [m for m in noted if m.account in units or m.opportunity in opportunities]
    return [m for m in found if m.person in graph.entries]


def _of_account(sources: Sources, person: Entry, account: str) -> Membership:
    """What the CRM's own fields say of a person."""
    ask = sources.of_person
    return Membership(
        account,
        person.key,
        roles=ordered(held for part in person.parts for held in _held(sources, part)),
        support=ask(person, "support"),
        coverage=ask(person, "coverage"),
        influence=ask(person, "influence"),
        reports_to=ask(person, "reports_to"),
        approach=ask(person, "approach"),
        tags=tuple(person.values.get("tags") or ()),
        source="; ".join(sorted({i[0] for i in person.ids})) or sources.graph.source,
        date=person.modified.date() if person.modified else None,
        left=ask(person, "left"),
    )


def _held(sources: Sources, part: Part) -> tuple[Held, ...]:
    return read_all(sources.table(part.side, part.vendor), [part.role] if part.role else [])


def _part_in(sources: Sources, opportunity: Entry, part: Part, account: str) -> Membership:
    return Membership(
        account,
        part.person,
        opportunity=opportunity.key,
        roles=_held(sources, part),
        source=part.side,
        date=opportunity.modified.date() if opportunity.modified else None,
    )


def assembled(sources: Sources, account: str, *, opportunity: str | None = None) -> Committee:
    """The committee of an account, or of one of its opportunities: then only who takes part in
    it, with what is known of them in the account besides."""
    all_of_them = memberships(sources, account)
    inside = {m.person for m in all_of_them if m.opportunity == opportunity}
    grouped: dict[str, list[Membership]] = {}
    for membership in all_of_them:
        relevant = membership.opportunity in (None, opportunity) if opportunity else True
        if relevant and (opportunity is None or membership.person in inside):
            grouped.setdefault(membership.person, []).append(membership)
    members = [_member(sources.graph, account, key, found) for key, found in grouped.items()]
    members.sort(key=lambda m: (m.name.casefold(), m.person))
    return Committee(tuple(members), _lines(members, sources.notes.lines))


def _member(graph: Graph, account: str, person: str, found: Sequence[Membership]) -> Member:
    """The newest word on each attribute; what is said of the opportunity wins over what is said
    of the account on the same day. Known since: the newest word on any of them, for that a
    record was modified (by a sync, say) makes nothing new that is known of the person."""
    entry = graph.entries[person]
    newest = sorted(found, key=lambda m: (m.date or date.min, m.opportunity or ""), reverse=True)
    telling = [m for m in newest if any(getattr(m, name) is not None for name in ATTRIBUTES)]
    said = {name: _first(getattr(m, name) for m in newest) for name in ATTRIBUTES}
    values = entry.values
    return Member(
        person,
        entry.name,
        title=str(values.get("title") or ""),
        department=str(values.get("department") or ""),
        email=str(values.get("email") or ""),
        roles=ordered(held for m in found for held in m.roles),
        tags=tuple(sorted({tag for m in found for tag in m.tags})),
        opportunities=tuple(dict.fromkeys(sorted(m.opportunity for m in found if m.opportunity))),
        date=_first(m.date for m in telling or newest),
        confidence=_first(m.confidence for m in newest),
        left=bool(_first(m.left for m in newest)),
        elsewhere=_elsewhere(graph, account, entry),
        sources=tuple(sorted({s for m in found for s in m.source.split("; ") if s})),
        **said,
    )


def _elsewhere(graph: Graph, account: str, person: Entry) -> str | None:
    at = person.values.get("account")
    if not isinstance(at, str) or at not in graph.entries:
        return None
    inside = {unit.key for unit in graph.units(account)}
    return None if at in inside else graph.entries[at].name


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _lines(members: Sequence[Member], noted: Sequence[Line]) -> tuple[Line, ...]:
    """Lines between members; who reports to whom is a line as well."""
    inside = {m.person for m in members}
    found = {Line(m.person, m.reports_to, "reports") for m in members if m.reports_to in inside}
    found |= {ln for ln in noted if ln.kind != "reports" and {ln.start, ln.end} <= inside}
    return tuple(sorted(ln for ln in found if ln.start != ln.end))
