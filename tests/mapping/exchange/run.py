"""One whole exchange between two lists, message by message, as text goes by e-mail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mapping.accounts.exchange import protocol
from mapping.accounts.exchange.message import Mode, Terms, read, write
from mapping.accounts.exchange.protocol import Pending, Result

TERMS = Terms(normaliser="test-1", mode=Mode.REVEAL, minimum=1, limit=20_000)
COUNTS = Terms(normaliser="test-1", mode=Mode.COUNTS, minimum=1, limit=20_000)


@dataclass
class Run:
    """The three messages and what each side kept and learnt."""

    offer: str
    answer: str
    finish: str
    offerer: Result
    answerer: Result
    offered: Pending
    answered: Pending

    @property
    def messages(self) -> tuple[str, str, str]:
        return self.offer, self.answer, self.finish


def play(
    ours: Collection[str],
    theirs: Collection[str],
    terms: Terms = TERMS,
    *,
    secret: str = "",
    pad_to: int = 0,
) -> Run:
    """Offer, answer, finish, conclude."""
    first, offered = protocol.offer(ours, terms, pad_to=pad_to)
    offer = write(first, secret)
    second, answered = protocol.answer(read(offer, secret), theirs, terms, pad_to=pad_to)
    answer = write(second, secret)
    third, result = protocol.finish(read(answer, secret), offered)
    finish = write(third, secret)
    concluded = protocol.conclude(read(finish, secret), answered)
    return Run(offer, answer, finish, result, concluded, offered, answered)
