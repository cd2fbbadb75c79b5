"""The terms of an exchange and the list that goes into it: options before configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from app.exchange import Agreement
from app.messages import usage
from app.session import Session
from config.model import SecretRef
from config.settings import resolve_secret
from mapping.accounts.exchange.message import MOST, KeyKind, Mode, Terms
from mapping.matching.keys import NORMALISER
from mapping.matching.model import Company
from mapping.tables.model import Column
from mapping.tables.read import read_table

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of one call; None: not given."""

    key: str | None = None
    mode: str | None = None
    minimum: int | None = None
    limit: int | None = None
    pad_to: int | None = None
    runs_a_week: int | None = None
    secret: Path | None = None


def agreement(session: Session, partner: str, wishes: Wishes) -> Agreement:
    """What holds for this partner. Raises SettingsError."""
    terms = Terms(
        normaliser=NORMALISER,
        mode=_one(Mode, wishes.mode or Mode.COUNTS, "--mode"),
        key=_one(KeyKind, wishes.key or KeyKind.DOMAIN, "--key"),
        minimum=wishes.minimum or 5,
        limit=min(wishes.limit or 100_000, MOST),
    )
    secret = resolve_secret(SecretRef(file=wishes.secret)) if wishes.secret else ""
    return Agreement(partner, terms, secret, wishes.pad_to or 0, wishes.runs_a_week or 4)


def _one(words: type[E], given: str, option: str) -> E:
    try:
        return words(given)
    except ValueError:
        raise usage(f"{option} {given}: it is one of {', '.join(words)}") from None


def companies(session: Session, file: Path | None, side: str | None) -> Sequence[Company]:
    """Our list of accounts. Raises SettingsError where it cannot be read."""
    if (file is None) == (side is None):
        raise usage("give one of --accounts FILE and --side SIDE")
    columns = (
        Column("name", ("Company name", "Name", "Account name", "Company"), required=True),
        Column("domains", ("Website", "Domain", "Domains", "URL"), "list"),
        Column("country", ("Country", "Billing country")),
        Column("id", ("Id", "Account ID", "Record ID")),
    )
    return [
        Company(
            id=row.get("id") or f"line {line}",
            name=row.get("name"),
            domains=tuple((row.get("domains") or "").split(";")),
            country=row.get("country"),
        )
        for line, row in read_table(file, columns).rows()  # type: ignore[arg-type]
    ]
