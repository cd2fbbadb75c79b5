"""What account mapping works on: the canonical records of a side, of a state, of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mapping.matching.model import Company, Individual

Values = Mapping[str, Any]

REGISTRATIONS = ("registration", "lei", "duns", "siret", "siren", "vat", "cik", "registration_no")
"""Names under which a registration number may stand, as `custom.NAME` on a side."""


@dataclass(frozen=True, slots=True)
class Record:
    """One canonical record. References in `values` are ids of the same book, owners e-mails (or
    names, from a spreadsheet); everything else is as in `mapping.canonical`.

    A spreadsheet may show more than a side: `other_names`, `registration`, `population`.
    """

    kind: str
    id: str
    """Unique within its kind and book."""
    values: Values
    object_type: str = ""
    """The side's object type; "" from a state or a spreadsheet."""
    created: datetime | None = None
    """When it was made, where the source tells."""
    where: str = ""
    """Where a person finds it: the line of a spreadsheet, the records of an entity."""

    @property
    def name(self) -> str:
        """What a person knows it by."""
        first, last = self.values.get("first_name"), self.values.get("last_name")
        person = " ".join(str(part) for part in (first, last) if part)
        return str(self.values.get("name") or person or self.id)


@dataclass(frozen=True, slots=True)
class Book:
    """All records of one source."""

    name: str
    """The side, `state`, or the file."""
    accounts: tuple[Record, ...] = ()
    people: tuple[Record, ...] = ()
    opportunities: tuple[Record, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be used or was taken for granted, in words."""

    def of(self, kind: str) -> tuple[Record, ...]:
        """The records of a kind."""
        return {
            "account": self.accounts,
            "person": self.people,
            "opportunity": self.opportunities,
        }[kind]


def book_of(name: str, records: Iterable[Record], notes: Sequence[str] = ()) -> Book:
    """A book out of records of any kind, in the order of their ids."""
    by_kind: dict[str, dict[str, Record]] = {"account": {}, "person": {}, "opportunity": {}}
    for record in records:
        by_kind[record.kind][record.id] = record
    ordered = {k: tuple(v[i] for i in sorted(v)) for k, v in by_kind.items()}
    return Book(name, ordered["account"], ordered["person"], ordered["opportunity"], tuple(notes))


@dataclass(frozen=True, slots=True)
class Around:
    """The people and opportunities of each account of a book, by the account's id."""

    people: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    opportunities: Mapping[str, Sequence[Record]] = field(default_factory=dict)


def around(book: Book) -> Around:
    """Who and what belongs to which account, by their references and roles."""
    people: dict[str, list[Record]] = {}
    for person in book.people:
        for account in accounts_of(person):
            people.setdefault(account, []).append(person)
    opportunities: dict[str, list[Record]] = {}
    for opportunity in book.opportunities:
        for account in accounts_of(opportunity):
            opportunities.setdefault(account, []).append(opportunity)
    return Around(people, opportunities)


def accounts_of(record: Record) -> list[str]:
    """The ids of the accounts that a person or an opportunity belongs to, each once."""
    roles = record.values.get("account_roles") or []
    found = [record.values.get("account"), *(role["ref"] for role in roles)]
    return list(dict.fromkeys(str(account) for account in found if account))


def company(record: Record) -> Company:
    """An account as the matching engine takes it."""
    values = record.values
    address = values.get("billing_address") or {}
    sites = (values.get("domain"), values.get("website"))
    return Company(
        id=record.id,
        name=values.get("name"),
        other_names=tuple(values.get("other_names") or ()),
        domains=tuple(dict.fromkeys(str(s) for s in sites if s)),
        emails=tuple(values.get("emails") or ()),
        phones=_given(values.get("phone")),
        registration=registration(values),
        street=address.get("street"),
        city=address.get("city"),
        region=address.get("region"),
        postal_code=address.get("postal_code"),
        country=address.get("country"),
        parent=values.get("parent"),
    )


def registration(values: Values) -> str | None:
    """A registration number, of a spreadsheet's column or a side's custom field."""
    for name in REGISTRATIONS:
        found = values.get(name) or values.get(f"custom.{name}")
        if found:
            return str(found)
    return None


def companies(book: Book) -> list[Company]:
    """The accounts of a book as the matching engine takes them."""
    return [company(record) for record in book.accounts]


def individual(record: Record, names: Mapping[str, str] | None = None) -> Individual:
    """A person as the matching engine takes them; `names` are the accounts' by id."""
    values = record.values
    address = values.get("address") or {}
    home = (names or {}).get(str(values.get("account")), values.get("company_name"))
    return Individual(
        id=record.id,
        first_name=values.get("first_name"),
        last_name=values.get("last_name"),
        emails=_given(values.get("email"), *(values.get("other_emails") or ())),
        phones=_given(values.get("phone"), values.get("mobile")),
        birth_date=values.get("custom.birth_date"),
        national_id=values.get("custom.national_id"),
        street=address.get("street"),
        city=address.get("city"),
        region=address.get("region"),
        postal_code=address.get("postal_code"),
        country=address.get("country"),
        company=home,
    )


def individuals(book: Book) -> list[Individual]:
    """The people of a book as the matching engine takes them."""
    names = {account.id: account.name for account in book.accounts}
    return [individual(record, names) for record in book.people]


def _given(*values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values if value))
