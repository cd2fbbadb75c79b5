"""Which accounts of two lists are one company: the same answer whoever of the two asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

from mapping.matching import keys
from mapping.matching.companies import Options, compare_companies, link_companies
from mapping.matching.model import Company, Decision, Match, Verdict

LONG = 20_000
"""Records of a list from which only names that are quite near are compared: half the time, the
same links, fewer questions."""
_WHOLE, _LONG = Options(), Options(floor=0.6, candidates=2)
CROWD = 20
"""More records than this under one key (the domain of a franchise) are not compared by it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One real company: the records that either party has of it, and what says that they are
    one."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    matches: tuple[Match, ...] = ()
    """Between the two lists (left: ours), strongest first."""


@dataclass(frozen=True, slots=True)
class Linked:
    """All real companies of two lists, and the pairs that only a person can decide."""

    companies: tuple[Shared, ...]
    doubts: tuple[Match, ...]


def link(
    ours: Sequence[Company], theirs: Sequence[Company], decisions: Sequence[Decision] = ()
) -> Linked:
    """The real companies of two lists.

    The lists are put into an order that depends on nothing but what is in them, and ids are taken
    away, before they are compared: so both parties find the same companies, whichever of them
    calls a list `ours`. `decisions` (left: ours) override what is found.
    """
    mine, other = _Numbered(ours), _Numbered(theirs)
    turned = other.content < mine.content
    lists = (other, mine) if turned else (mine, other)
    told = [d for d in (lists[0].decision(d, lists[1], turned=turned) for d in decisions) if d]
    options = _LONG if max(len(ours), len(theirs)) > LONG else _WHOLE
    found = link_companies(lists[0].companies, lists[1].companies, decisions=told, options=options)
    within = [duplicates_in(one.companies) for one in lists]
    groups = _components(found, within, lists)
    return _named(groups, found, lists, turned=turned)


def duplicates_in(listed: Sequence[Company]) -> list[Match]:
    """Pairs of one list that are the same company, among those with an equal key. Spellings that
    share none are left to `tieline duplicates`; where the other party has the company too, they
    meet over its record."""
    holders: dict[str, list[Company]] = {}
    for company in listed:
        for key in marks(company):
            holders.setdefault(key, []).append(company)
    pairs = {
        (one.id, other.id): (one, other)
        for group in holders.values()
        if 1 < len(group) <= CROWD
        for one, other in combinations(group, 2)
    }
    found = (compare_companies(*pairs[ids]) for ids in sorted(pairs))
    return [match for match in found if match.verdict is Verdict.SAME]


def marks(company: Company) -> set[str]:
    """What two records of one company are likely to share: all that it is known by."""
    name = keys.name_key(company.name) or ""
    number = keys.registration_key(company.registration)
    domains = {keys.domain_key(text) for text in company.domains} - {None}
    found = {f"domain {domain}" for domain in domains}
    found |= {f"domain {domain} {name}" for domain in domains}
    found |= {f"number {number}"} if number else set()
    return found | ({f"name {name} {keys.country_key(company.country)}"} if name else set())


def fingerprint(company: Company) -> str:
    """What a company is known by from one comparison to the next, whatever the id of its record:
    domain or registration number, name and place."""
    domain = next((d for d in map(keys.domain_key, company.domains) if d), "")
    number = keys.registration_key(company.registration) or ""
    name = keys.name_key(company.name) or ""
    country = keys.country_key(company.country) or ""
    place = f"{country} {(company.city or '').casefold()}".strip()
    known = domain or number or name
    return "|".join((domain or number, name, place)) if known else f"id {company.id}"


# -- order, components ---------------------------------------------------------------------------


def _content(company: Company) -> str:
    """All that a record says, but for its ids."""
    return repr([getattr(company, name) for name in _SAID])


_SAID = tuple(f.name for f in fields(Company) if f.name not in ("id", "parent"))


class _Numbered:
    """A list in the order of its content, with numbers for ids."""

    def __init__(self, companies: Sequence[Company]) -> None:
        ordered = sorted((_content(c), c.id, at) for at, c in enumerate(companies))
        self.content = [content for content, _, _ in ordered]
        self.ids = [name for _, name, _ in ordered]
        self.number = {name: f"{at:08d}" for at, name in enumerate(self.ids)}
        self.companies = [self._numbered(companies[at]) for _, _, at in ordered]

    def _numbered(self, company: Company) -> Company:
        parent = self.number.get(company.parent or "")
        return replace(company, id=self.number[company.id], parent=parent)

    def id(self, number: str) -> str:
        return self.ids[int(number)]

    def decision(self, given: Decision, other: _Numbered, *, turned: bool) -> Decision | None:
        """A decision in numbers, this list's on the left; None where a record is gone."""
        mine, theirs = (given.right, given.left) if turned else (given.left, given.right)
        if mine not in self.number or theirs not in other.number:
            return None
        return replace(given, left=self.number[mine], right=other.number[theirs])


Node = tuple[int, str]


class _Joined:
    """Records joined into companies; the least of each stands for it."""

    def __init__(self) -> None:
        self._top: dict[Node, Node] = {}

    def root(self, node: Node) -> Node:
        while node in self._top:
            self._top[node] = self._top.get(self._top[node], self._top[node])
            node = self._top[node]
        return node

    def join(self, one: Node, other: Node) -> None:
        a, b = sorted((self.root(one), self.root(other)))
        if a != b:
            self._top[b] = a


def _components(
    found: Sequence[Match], within: Sequence[Sequence[Match]], lists: Sequence[_Numbered]
) -> list[list[Node]]:
    """Records that are one company, over both lists, in order."""
    joined = _Joined()
    for match in found:
        if match.verdict is Verdict.SAME:
            joined.join((0, match.left), (1, match.right))
    for place, matches in enumerate(within):
        for match in matches:
            joined.join((place, match.left), (place, match.right))
    groups: dict[Node, list[Node]] = {}
    for place, one in enumerate(lists):
        for company in one.companies:
            node = (place, company.id)
            groups.setdefault(joined.root(node), []).append(node)
    return [groups[key] for key in sorted(groups)]


def _named(
    groups: Sequence[Sequence[Node]],
    found: Sequence[Match],
    lists: Sequence[_Numbered],
    *,
    turned: bool,
) -> Linked:
    ours, theirs = (1, 0) if turned else (0, 1)
    of: dict[Node, int] = {node: at for at, group in enumerate(groups) for node in group}
    by_group: dict[int, list[Match]] = {}
    doubts: list[Match] = []
    for match in found:
        ids = (lists[0].id(match.left), lists[1].id(match.right))
        left, right = ids[::-1] if turned else ids
        shown = replace(match, left=left, right=right)
        group, other = of[0, match.left], of[1, match.right]
        if match.verdict is Verdict.SAME:
            by_group.setdefault(group, []).append(shown)
        elif match.verdict is Verdict.QUESTION and group != other:
            doubts.append(shown)
    companies = [
        Shared(
            tuple(sorted(lists[ours].id(n) for place, n in group if place == ours)),
            tuple(sorted(lists[theirs].id(n) for place, n in group if place == theirs)),
            tuple(sorted(by_group.get(at, ()), key=lambda m: (-m.score, m.left, m.right))),
        )
        for at, group in enumerate(groups)
    ]
    doubts.sort(key=lambda m: (-m.score, m.left, m.right))
    return Linked(tuple(companies), tuple(doubts))
