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
from config.base import Condition, SecretRef
from config.load import LoadedConfig
from config.partners import Partner, Sharing
from config.settings import resolve_secret
from core.errors import SettingsError
from mapping.accounts import records
from mapping.accounts.exchange.message import MOST, KeyKind, Mode, Terms
from mapping.accounts.linking import marks
from mapping.accounts.populations import every
from mapping.accounts.records import Book, Record
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


def agreement(session: Session, name: str, wishes: Wishes) -> Agreement:
    """What holds for this partner: the options, else the configuration. Raises SettingsError."""
    partner, sharing = _configured(session, name)
    settled = partner.exchange
    minimum = settled.minimum or partner.min_count or sharing.min_count
    terms = Terms(
        normaliser=NORMALISER,
        mode=_one(Mode, wishes.mode or settled.mode, "--mode"),
        key=_one(KeyKind, wishes.key or settled.key, "--key"),
        minimum=wishes.minimum or minimum,
        limit=min(wishes.limit or settled.limit, MOST),
    )
    pad_to = settled.pad_to if wishes.pad_to is None else wishes.pad_to
    often = wishes.runs_a_week or settled.runs_a_week
    return Agreement(name, terms, _secret(session, partner, wishes), pad_to, often)


def _secret(session: Session, partner: Partner, wishes: Wishes) -> str:
    if wishes.secret:
        return resolve_secret(SecretRef(file=wishes.secret))
    ref = partner.exchange.secret
    return resolve_secret(ref, session.config.parent) if ref else ""


def _configured(session: Session, name: str) -> tuple[Partner, Sharing]:
    """What the configuration says of a partner; without one, or a word in it, the defaults."""
    loaded = _loaded(session)
    found = loaded.config.partners.get(name) if loaded else None
    sharing = loaded.config.sharing if loaded else Sharing.model_validate({})
    return found or Partner.model_validate({}), sharing


def _loaded(session: Session) -> LoadedConfig | None:
    return session.load() if session.config.exists() else None


def _one(words: type[E], given: str, option: str) -> E:
    try:
        return words(given)
    except ValueError:
        raise usage(f"{option} {given}: it is one of {', '.join(words)}") from None


# -- our list ------------------------------------------------------------------------------------


def companies(
    session: Session, name: str, file: Path | None, side: str | None
) -> Sequence[Company]:
    """Our accounts out of a file or a side, but for those that are private to this partner and
    those that share what they are known by with one: their duplicates. Raises TielineError where
    the list cannot be read."""
    if (file is None) == (side is None):
        raise usage("give one of --accounts FILE and --side SIDE")
    book = _file(file) if file is not None else _side(session, str(side))
    partner, sharing = _configured(session, name)
    private = [*sharing.private, *partner.private]
    hidden = [a for a in book.accounts if _is_private(a, private)]
    known = set[str]().union(*(marks(records.company(a)) for a in hidden))
    taken = {a.id for a in hidden}
    listed = [a for a in book.accounts if a.id not in taken]
    open_ones = [a for a in listed if not known & marks(records.company(a))]
    return records.companies(Book(book.name, tuple(open_ones)))


def _is_private(account: Record, conditions: Sequence[Condition]) -> bool:
    return any(every([condition], account) for condition in conditions)


def _file(path: Path) -> Book:
    from mapping.accounts.spreadsheet import read_records

    return read_records(path, "account")


def _side(session: Session, side: str) -> Book:
    from app.sources import read_book

    loaded = session.load()
    if side not in (*loaded.config.sides, STATE):
        known = ", ".join([*loaded.config.sides, STATE])
        raise SettingsError(f"there is no side {side}", remedy=f"One of: {known}.")
    return read_book(loaded, session.clock, side, kinds=("account",))
