"""Which accounts belong to which population: filters over accounts, their opportunities, people."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mapping.accounts.records import Around, Book, Record, around
from mapping.conditions import Condition, holds, lookup

CUSTOMERS, OPEN, PROSPECTS = "customers", "open_opportunities", "prospects"
STANDARD = (CUSTOMERS, OPEN, PROSPECTS)
"""What both parties understand alike."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Everything that is given must hold: of the account; of one of its opportunities (all
    conditions of the same one); of one of its people; and of none where `without_…` says so."""

    accounts: Sequence[Condition] = ()
    opportunities: Sequence[Condition] = ()
    people: Sequence[Condition] = ()
    without_opportunities: Sequence[Condition] = ()
    without_people: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """A named part of the accounts: those that one of the filters lets through (none: all), less
    those of the populations in `not_in`."""

    name: str
    standard: str | None = None
    """Which of `STANDARD` it is to a partner; None: one of our own."""
    filters: Sequence[Filter] = ()
    not_in: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plain:
    """A condition made here rather than in a file."""

    field: str
    equals: Any = None
    not_: Any = None
    in_: Sequence[Any] | None = None
    not_in: Sequence[Any] | None = None
    present: bool | None = None
    contains: str | None = None
    at_least: str | float | None = None
    at_most: str | float | None = None
    model_fields_set: set[str] = dataclasses.field(default_factory=lambda: {"equals"})


USUAL: Mapping[str, Population] = MappingProxyType(
    {
        CUSTOMERS: Population(
            CUSTOMERS,
            CUSTOMERS,
            (
                Filter(accounts=(Plain("account_type", equals="customer"),)),
                Filter(opportunities=(Plain("is_won", equals=True),)),
            ),
        ),
        OPEN: Population(OPEN, OPEN, (Filter(opportunities=(Plain("is_closed", equals=False),)),)),
        PROSPECTS: Population(PROSPECTS, PROSPECTS, (), (CUSTOMERS, OPEN)),
    }
)
"""What holds where the configuration names no populations."""

Members = Mapping[str, frozenset[str]]
"""Population -> ids of its accounts."""


def members(
    populations: Mapping[str, Population], book: Book, *, listed: bool = False
) -> dict[str, frozenset[str]]:
    """The accounts of every population, in the order in which they are given.

    Accounts of a list (`listed`) that says itself which populations they are in are in these too.
    """
    known = around(book)
    found: dict[str, frozenset[str]] = {}
    for name in _ordered(populations):
        one = populations[name]
        out = frozenset[str]().union(*(found[other] for other in one.not_in))
        found[name] = frozenset(
            account.id
            for account in book.accounts
            if account.id not in out
            and (
                _let_through(one.filters, account, known)
                or (listed and name in _named(account, ""))
            )
        )
    return {name: found[name] for name in populations}


def _ordered(populations: Mapping[str, Population]) -> list[str]:
    """Populations after those that they leave out. A ring is refused by the configuration."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        for other in populations[name].not_in:
            if other not in order:
                visit(other)
        order[name] = None

    for name in populations:
        visit(name)
    return list(order)


def _let_through(filters: Sequence[Filter], account: Record, known: Around) -> bool:
    return not filters or any(_passes(one, account, known) for one in filters)


def _passes(one: Filter, account: Record, known: Around) -> bool:
    opportunities = known.opportunities.get(account.id, ())
    people = known.people.get(account.id, ())
    return (
        every(one.accounts, account)
        and _some(one.opportunities, opportunities)
        and _some(one.people, people)
        and not (one.without_opportunities and _some(one.without_opportunities, opportunities))
        and not (one.without_people and _some(one.without_people, people))
    )


def _some(conditions: Sequence[Condition], records: Sequence[Record]) -> bool:
    return not conditions or any(every(conditions, record) for record in records)


def every(conditions: Sequence[Condition], record: Record) -> bool:
    """Whether all conditions hold of a record."""
    return all(holds(c, lambda path: lookup(record.values, path)) for c in conditions)


_WORDS: Mapping[str, str] = {
    "customer": CUSTOMERS, "client": CUSTOMERS, "active_customer": CUSTOMERS,
    "open_opportunity": OPEN, "opportunity": OPEN, "pipeline": OPEN, "open_deal": OPEN,
    "prospect": PROSPECTS, "lead": PROSPECTS, "target": PROSPECTS, "target_account": PROSPECTS,
}  # fmt: skip


def listed_members(book: Book, otherwise: str = "all") -> dict[str, frozenset[str]]:
    """The populations that a partner's list names itself, by `population` or by the type of the
    account; accounts that say nothing are in `otherwise`. By name."""
    found: dict[str, set[str]] = {}
    for account in book.accounts:
        for name in _named(account, otherwise):
            found.setdefault(name, set()).add(account.id)
    order = {name: place for place, name in enumerate(STANDARD)}
    names = sorted(found, key=lambda name: (order.get(name, len(order)), name))
    return {name: frozenset(found[name]) for name in names}


def _named(account: Record, otherwise: str) -> list[str]:
    given = account.values.get("population")
    words = list(given) if isinstance(given, list | tuple) else [given] if given else []
    if not words:
        words = [w for w in (account.values.get("account_type"),) if _word(w) in _WORDS]
    return [_WORDS.get(_word(word), _word(word)) for word in words] or [otherwise]


def _word(text: object) -> str:
    return "_".join(str(text or "").casefold().replace("-", " ").split())
