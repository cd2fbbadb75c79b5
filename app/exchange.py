"""Private exchanges with partners over files: `tieline partner`, without printing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.exchange_store import Entry, ExchangeStore, Named
from app.session import Session
from config.settings import user_name
from core.errors import ExchangeError, SettingsError
from mapping.accounts.exchange import protocol
from mapping.accounts.exchange.keys import keyed
from mapping.accounts.exchange.message import (
    KeyKind,
    Message,
    Mode,
    Step,
    Terms,
    fingerprint,
    read,
    write,
)
from mapping.accounts.exchange.protocol import Pending, Result
from mapping.matching.model import Company
from mapping.tables.write import write_csv, written

_A_POINT, _THE_REST = 100, 100_000
"""Bytes that a message has at most for each point that was agreed, and for all else: what is
larger is not even read, since a hostile file of that size would take all memory."""


_HEAD = {
    KeyKind.DOMAIN: ("Domain", "Id", "Company name"),
    KeyKind.NAME: ("Key", "Id", "Company name"),
}
"""Headings by which `tieline map partner` reads the mutual accounts as the partner's list."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with a partner, and how this side keeps to it."""

    partner: str
    terms: Terms
    secret: str = ""
    pad_to: int = 0
    runs_a_week: int = 4


class Exchange:
    """One side's part in exchanges with one partner."""

    def __init__(self, session: Session, agreement: Agreement) -> None:
        self._session = session
        self.agreed = agreement
        self._store = ExchangeStore(state_folder(session) / "exchange")

    def offer(self, companies: Sequence[Company], out: Path) -> dict[str, Any]:
        """Write the first message. Raises ExchangeError, SettingsError, StateError."""
        agreed = self.agreed
        with self._store.alone():
            self._not_too_often()
            index = keyed(companies, agreed.terms.key)
            message, kept = protocol.offer(index, agreed.terms, pad_to=agreed.pad_to)
            with self._sent(message, out):
                self._store.keep(kept, agreed.partner, _named(index, companies))
                self._note(kept, "offered", sent=len(message.points))
        return self._told(message, out, companies, index)

    def answer(self, offered: Path, companies: Sequence[Company], out: Path) -> dict[str, Any]:
        """Write the second message. An offer is answered once: an answer to it with another list
        would tell the difference of the two."""
        agreed = self.agreed
        offer = self._read(offered, agreed.terms.limit)
        with self._store.alone():
            self._not_too_often()
            self._not_had_before(offer.run)
            index = keyed(companies, agreed.terms.key)
            message, kept = protocol.answer(offer, index, agreed.terms, pad_to=agreed.pad_to)
            received, sent = len(offer.points), len(message.points)
            with self._sent(message, out):
                self._store.keep(kept, agreed.partner, _named(index, companies))
                self._note(kept, "answered", sent=sent, received=received)
        told = self._told(message, out, companies, index)
        return {**told, "received_fingerprint": fingerprint(offer)}

    def finish(self, received: Path, out: Path | None, table: Path | None) -> dict[str, Any]:
        """The result; for the offerer the third message too. The key of the run is destroyed."""
        limit = max(self.agreed.terms.limit, self._store.widest())
        message = self._read(received, limit)
        with self._store.alone():
            pending, named = self._store.pending(message.run, self.agreed.partner)
            if pending.step is Step.OFFER:
                if out is None:
                    raise SettingsError(
                        "the partner is to get the result too", remedy="Name its file with --out."
                    )
                third, result = protocol.finish(message, pending)
                with self._sent(third, out):
                    pass
            else:
                if out is not None:
                    raise SettingsError(
                        "in this run there is nothing more to send", remedy="Leave --out out."
                    )
                result = protocol.conclude(message, pending)
            mutual = _mutual(result, named)
            if table is not None and result.mutual:
                write_csv(table, _HEAD[pending.terms.key], mutual)
            did = "finished" if pending.step is Step.OFFER else "concluded"
            size = result.size if result.told else None
            self._note(pending, did, received=len(message.points), result=size)
            self._store.destroy(message.run)
        return self._result(message, pending, result, mutual, out, table)

    # -- files -----------------------------------------------------------------------------

    def _read(self, path: Path, limit: int) -> Message:
        try:
            if path.stat().st_size > limit * _A_POINT + _THE_REST:
                raise ExchangeError(
                    f"{path}: it is larger than any message of {limit:,} points can be"
                )
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ExchangeError(
                f"{path} cannot be read: {reason}", remedy="Name the file that the partner sent."
            ) from None
        try:
            return read(text, self.agreed.secret)
        except ExchangeError as error:
            raise ExchangeError(f"{path}: {error.message}", remedy=error.remedy) from None

    @contextmanager
    def _sent(self, message: Message, out: Path) -> Iterator[None]:
        """The message is there once what belongs to it is noted: where its file cannot be
        written nothing is, so that the run is not lost; where it was noted it may have gone."""
        with written(out) as file:
            file.write(write(message, self.agreed.secret).encode())
            file.flush()
            yield

    def _not_had_before(self, run: str) -> None:
        before = self._store.begun_here(run)
        if before is None:
            return
        if before.did == "answered":
            raise ExchangeError(f"this offer was answered on {before.at[:10]} already")
        raise ExchangeError(
            f"this offer was made here on {before.at[:10]}: it is the partner who answers it",
            remedy="Name the partner's offer; to try both parts yourself give each a --state.",
        )

    def _not_too_often(self) -> None:
        agreed = self.agreed
        begun = self._store.begun(agreed.partner, self._session.clock.now())
        if begun >= agreed.runs_a_week:
            raise ExchangeError(
                f"{begun} runs were begun with {agreed.partner} within a week, and each tells"
                " something",
                remedy="Wait, or allow more with --runs-a-week if both want it.",
            )

    def _note(self, kept: Pending, did: str, **counts: Any) -> None:
        terms = kept.terms
        entry = Entry(
            at=self._session.clock.now().isoformat(), by=user_name(), partner=self.agreed.partner,
            run=kept.run, did=did, mode=str(terms.mode), key=str(terms.key),
            minimum=terms.minimum, commitment=kept.bound.value, salt=kept.bound.salt,
            theirs=kept.theirs,
        )  # fmt: skip
        self._store.note(replace(entry, **counts))

    # -- telling ---------------------------------------------------------------------------

    def _told(
        self, message: Message, out: Path, companies: Sequence[Company], index: dict[str, list[str]]
    ) -> dict[str, Any]:
        with_key = {i for ids in index.values() for i in ids}
        return {
            "run": message.run,
            "message": str(message.step),
            "file": str(out),
            "partner": self.agreed.partner,
            "accounts": len(companies),
            "without_key": len({c.id for c in companies} - with_key),
            "keys": len(index),
            "points": len(message.points),
            "terms": _terms(message.terms),
            "fingerprint": fingerprint(message),
        }

    def _result(
        self,
        message: Message,
        pending: Pending,
        result: Result,
        mutual: Sequence[Sequence[str]],
        out: Path | None,
        table: Path | None,
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            "run": message.run,
            "partner": self.agreed.partner,
            "terms": _terms(pending.terms),
            "told": result.told,
            "mutual_keys": result.size if result.told else None,
            "received_fingerprint": fingerprint(message),
        }
        if pending.terms.mode is Mode.REVEAL:
            told["mutual"] = [dict(zip(("key", "id", "name"), row, strict=True)) for row in mutual]
        if pending.step is Step.OFFER:
            told["file"] = str(out)
        if table is not None:
            told["table"] = str(table) if mutual else None
        return told


def state_folder(session: Session) -> Path:
    """The folder of the state; without a configuration that of the command line, or `.tieline`."""
    if session.config.exists():
        return session.load().state
    return session.state or Path(".tieline")


def log(session: Session, partner: str | None) -> list[dict[str, Any]]:
    """All runs, or those with one partner, the oldest first."""
    from dataclasses import asdict

    entries = ExchangeStore(state_folder(session) / "exchange").log()
    return [asdict(e) for e in entries if partner in (None, e.partner)]


def _named(index: dict[str, list[str]], companies: Sequence[Company]) -> Named:
    names = {c.id: c.name or "" for c in companies}
    return {key: [[i, names[i]] for i in ids] for key, ids in index.items()}


def _mutual(result: Result, named: Named) -> list[list[str]]:
    return [[key, *account] for key in result.mutual for account in named[key]]


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "key": str(terms.key),
        "mode": str(terms.mode),
        "minimum": terms.minimum,
        "limit": terms.limit,
        "normaliser": terms.normaliser,
    }
