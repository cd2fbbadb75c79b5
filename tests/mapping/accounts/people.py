"""A small company with people and opportunities, for the tests of account maps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mapping.accounts.graph import Entry, Graph, Part, bound

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
LATELY = datetime(2026, 6, 1, tzinfo=UTC)


def account(key: str, name: str, parent: str | None = None, **values: Any) -> Entry:
    """An account that a side `crm` shows."""
    found = {"name": name, "parent": parent, **values}
    return Entry(key, "account", found, (("crm", "Account", key.upper()),), LATELY)


def person(key: str, name: str, at: str | None, **values: Any) -> Entry:
    """A person at an account."""
    first, _, last = name.partition(" ")
    found = {"first_name": first, "last_name": last, "account": at, **values}
    found.setdefault("email", f"{key}@acme.example")
    return Entry(key, "person", found, (("crm", "Contact", key.upper()),), LATELY)


def deal(key: str, at: str, amount: str | None, stage: str, *parts: Part, **values: Any) -> Entry:
    """An opportunity."""
    money = {"amount": amount, "currency": values.pop("currency", "EUR")} if amount else None
    found = {"name": key, "account": at, "amount": money, "stage": stage, **values}
    return Entry(key, "opportunity", found, (("crm", "Opportunity", key),), LATELY, parts)


def part(person: str, role: str | None, vendor: str = "salesforce", side: str = "crm") -> Part:
    """That a person takes part in a deal."""
    return Part(person, side, vendor, role)


def acme() -> Graph:
    """Acme with a unit, four people of its own, an adviser of another company, and deals."""
    return bound(
        [
            account("a", "Acme", industry="technology", employees=100,
                    billing_address={"country": "DE"}),
            account("u", "Acme France", parent="a", billing_address={"country": "FR"}),
            account("x", "Adviser Ltd", account_type="customer"),
            person("ann", "Ann Able", "a", title="CEO"),
            person("bob", "Bob Best", "a", title="CFO"),
            person("cat", "Cat Cole", "u"),
            person("dan", "Dan Dean", "a"),
            person("eve", "Eve Ende", "x"),
            deal("Platform rollout", "a", "1000", "proposal", part("ann", "Decision Maker"),
                 part("bob", "Economic Decision Maker"), part("eve", "Evaluator"),
                 probability="60"),
            deal("Support 2025", "u", "250.50", "closed_won", part("cat", "Business User"),
                 is_closed=True, is_won=True),
            deal("Old pilot", "a", "70", "closed_lost", currency="USD"),
        ],
        "test",
    )  # fmt: skip
