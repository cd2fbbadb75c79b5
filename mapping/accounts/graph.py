"""The records that an account map is drawn from: accounts, people and opportunities, connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """That a person has a part in something, as one side shows it."""

    person: str
    side: str
    vendor: str
    role: str | None = None
    """In the side's own words."""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One account, person or opportunity; `values` are canonical, references are keys of entries.

    `ids`: (side, object type, id) of every record that shows it.
    """

    key: str
    kind: str
    values: Mapping[str, Any]
    ids: tuple[tuple[str, str, str], ...] = ()
    modified: datetime | None = None
    parts: tuple[Part, ...] = ()
    """Of an opportunity: who takes part in it. Of a person: the roles that its own records show."""

    @property
    def name(self) -> str:
        """The words by which a person knows it."""
        if self.kind != "person":
            return str(self.values.get("name") or self.values.get("domain") or self.key)
        whole = [self.values.get("first_name"), self.values.get("last_name")]
        return " ".join(str(w) for w in whole if w) or str(self.values.get("email") or self.key)


@dataclass(frozen=True, slots=True)
class Money:
    """Sums by currency; nothing is ever converted."""

    amounts: Mapping[str, Decimal] = field(default_factory=dict)

    def plus(self, currency: str, amount: Decimal) -> Money:
        """With one more amount."""
        return Money({**self.amounts, currency: self.amounts.get(currency, Decimal(0)) + amount})

    def and_(self, other: Money) -> Money:
        """Both together."""
        both = self
        for currency, amount in other.amounts.items():
            both = both.plus(currency, amount)
        return both

    def to_json(self) -> dict[str, str]:
        """Currency -> amount, by currency; whole cents."""
        return {c: f"{a:.2f}" for c, a in sorted(self.amounts.items()) if a}


NOTHING = Money()


@dataclass(frozen=True, slots=True)
class Graph:
    """All entries of one source, with what leads from one to the other."""

    entries: Mapping[str, Entry]
    source: str = ""
    """Where they are from, in words."""
    _below: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    _ids: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    _names: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Entry]:
        """Every entry of a kind, by name."""
        return _sorted(e for e in self.entries.values() if e.kind == kind)

    def children(self, account: str) -> list[Entry]:
        """The accounts right below one."""
        return self._at("account", account)

    def people(self, account: str) -> list[Entry]:
        """The people of one account."""
        return self._at("person", account)

    def opportunities(self, account: str) -> list[Entry]:
        """The opportunities at one account, open and closed."""
        return self._at("opportunity", account)

    def units(self, account: str) -> list[Entry]:
        """The account and everything below it, top first; safe against circles."""
        found: dict[str, Entry] = {}
        waiting = [account]
        while waiting:
            key = waiting.pop(0)
            if key in found or key not in self.entries:
                continue
            found[key] = self.entries[key]
            waiting += [child.key for child in self.children(key)]
        return list(found.values())

    def top(self, account: str) -> str:
        """The key of the company that an account belongs to: the top of its parents."""
        seen = {account}
        while (above := self.entries[account].values.get("parent")) in self.entries:
            account = str(above)
            if account in seen:
                return min(seen)
            seen.add(account)
        return account

    def find(self, kind: str, text: str) -> list[Entry]:
        """Entries that a person may mean: by key, by any side's id, else by name or e-mail."""
        if text in self.entries and self.entries[text].kind == kind:
            return [self.entries[text]]
        wanted = (kind, text.strip().casefold())
        keys = self._ids.get(wanted) or self._names.get(wanted) or ()
        return _sorted(self.entries[key] for key in keys)

    def _at(self, kind: str, account: str) -> list[Entry]:
        return _sorted(self.entries[key] for key in self._below.get((kind, account), ()))


def _names(entry: Entry) -> set[str]:
    found = {entry.name, entry.values.get("email"), entry.values.get("domain")}
    return {str(word).casefold() for word in found if word}


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda e: (e.name.casefold(), e.key))


def bound(entries: Iterable[Entry], source: str = "") -> Graph:
    """A graph of entries. References to what is not in it lead nowhere and harm nothing."""
    known = {entry.key: entry for entry in entries}
    below: dict[tuple[str, str], list[str]] = {}
    ids: dict[tuple[str, str], list[str]] = {}
    names: dict[tuple[str, str], list[str]] = {}
    for entry in known.values():
        above = entry.values.get("parent" if entry.kind == "account" else "account")
        if isinstance(above, str) and above in known and above != entry.key:
            below.setdefault((entry.kind, above), []).append(entry.key)
        for word in {record[2].casefold() for record in entry.ids}:
            ids.setdefault((entry.kind, word), []).append(entry.key)
        for word in _names(entry):
            names.setdefault((entry.kind, word), []).append(entry.key)
    return Graph(known, source, below, ids, names)


def worth(opportunity: Entry, *, weighted: bool = False) -> Money:
    """What an opportunity is worth, in its own currency; times its probability if `weighted`
    (nothing where there is none)."""
    amount = opportunity.values.get("amount")
    if not isinstance(amount, Mapping):
        return NOTHING
    number = Decimal(str(amount["amount"]))
    if weighted:
        number = number * Decimal(str(opportunity.values.get("probability") or 0)) / 100
    return NOTHING.plus(str(amount["currency"]), number)


def total(opportunities: Iterable[Entry], *, weighted: bool = False) -> Money:
    """What several are worth."""
    found = NOTHING
    for opportunity in opportunities:
        found = found.and_(worth(opportunity, weighted=weighted))
    return found


def is_open(opportunity: Entry) -> bool:
    """Neither won nor lost."""
    stage = opportunity.values.get("stage")
    return not (opportunity.values.get("is_closed") or stage in ("closed_won", "closed_lost"))


def is_won(opportunity: Entry) -> bool:
    """Closed and won."""
    values = opportunity.values
    return bool(values.get("is_won") or values.get("stage") == "closed_won")
