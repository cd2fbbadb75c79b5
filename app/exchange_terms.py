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
from core.errors import SettingsError
from mapping.accounts import records
from mapping.accounts.exchange.message import MOST, KeyKind, Mode, Terms
from mapping.matching.keys import NORMALISER
from mapping.matching.model import Company

E = TypeVar("E", bound=StrEnum)
STATE = "state"
"""What the last sync settled, as a list."""


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
    """Our list of accounts: a file, or a side. Raises TielineError where it cannot be read."""
    if (file is None) == (side is None):
        raise usage("give one of --accounts FILE and --side SIDE")
    if file is not None:
        from mapping.accounts.spreadsheet import read_records

        return records.companies(read_records(file, "account"))
    from app.sources import read_book

    loaded = session.load()
    if side not in (*loaded.config.sides, STATE):
        known = ", ".join([*loaded.config.sides, STATE])
        raise SettingsError(f"there is no side {side}", remedy=f"One of: {known}.")
    return records.companies(read_book(loaded, session.clock, str(side), kinds=("account",)))
