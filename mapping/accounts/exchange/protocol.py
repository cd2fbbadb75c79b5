"""Private set intersection by commutative blinding, in three messages; no files, no clock.

With `a` and `b` the fresh scalars of offerer and answerer and `H` the hash into the group::

    offer   offerer → answerer   { a·H(x) }                       in an order that tells nothing
    answer  answerer → offerer   { b·H(y) }, { b·a·H(x) }         counts: sorted; reveal: as offered
    finish  offerer → answerer   how many, and in reveal mode which of { b·H(y) }

The offerer makes a·b·H(y) of the answer's points; what is in both sets is mutual. Each side
learns what `docs/private-exchange.md` says, as long as both follow the protocol.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.errors import ExchangeError
from mapping.accounts.exchange.group import blinded, dummies, fresh_key, hashed, unsound
from mapping.accounts.exchange.message import Message, Mode, Step, Terms, digest


@dataclass(frozen=True, slots=True)
class Commitment:
    """What binds a side to its list: `value` goes out, `salt` stays and opens it later."""

    value: str
    salt: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What a side keeps between its message and the reply to it; for its own eyes only."""

    run: str
    step: Step
    """The message that this side has sent."""
    terms: Terms
    sent: str
    """Its digest: the reply must name it."""
    bound: Commitment
    keys: tuple[str, ...]
    """The key behind each point that was sent, in their order; "" for a dummy."""
    secret: str = ""
    """Offerer: the scalar of this run, in hexadecimal. The answerer needs none any more."""
    points: tuple[str, ...] = ()
    """Offerer: its points in hexadecimal, to see that none comes back as the partner's own."""
    theirs: str = ""
    """Answerer: the commitment of the offerer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a side has learnt."""

    told: bool
    """False: fewer than the minimum are mutual, and neither side is told more."""
    size: int = 0
    mutual: tuple[str, ...] = ()
    """Reveal mode: the mutual keys, sorted."""


def commitment(keys: Collection[str], salt: str = "") -> Commitment:
    """HMAC-SHA256 of the sorted keys, one a line, under a salt of 32 random bytes; without the
    salt it says nothing about the list, with it the list can be shown to be that one."""
    salt = salt or secrets.token_hex(32)
    text = "\n".join(sorted(set(keys)))
    return Commitment(hmac.new(bytes.fromhex(salt), text.encode(), "sha256").hexdigest(), salt)


def same_list(bound: str, salt: str, keys: Collection[str]) -> bool:
    """Whether a commitment was made to this list: for showing it afterwards."""
    return hmac.compare_digest(commitment(keys, salt).value, bound)


def offer(keys: Collection[str], terms: Terms, *, pad_to: int = 0) -> tuple[Message, Pending]:
    """The first message, and what its sender keeps. Raises ExchangeError for too large a list."""
    run, key, bound = uuid.uuid4().hex, fresh_key(), commitment(keys)
    points, behind = _own_points(keys, terms, run, key, pad_to)
    message = Message(Step.OFFER, run, terms, bound.value, points=points)
    hexed = tuple(point.hex() for point in points)
    kept = Pending(run, Step.OFFER, terms, digest(message), bound, behind, key.hex(), hexed)
    return message, kept


def answer(
    offered: Message, keys: Collection[str], terms: Terms, *, pad_to: int = 0
) -> tuple[Message, Pending]:
    """The second message, and what its sender keeps, which is not the scalar.

    Raises ExchangeError where the offer is none, goes beyond `terms` (those that the answerer
    agreed to), or holds a point that is no sound one.
    """
    _is(offered, Step.OFFER)
    _agreed(offered.terms, terms)
    _sound(offered.points, offered.terms)
    key, bound = fresh_key(), commitment(keys)
    points, behind = _own_points(keys, offered.terms, offered.run, key, pad_to)
    doubled = blinded(offered.points, key)
    if offered.terms.mode is Mode.COUNTS:
        doubled.sort()  # their order is that of random numbers: no position tells whose it is
    message = Message(
        Step.ANSWER, offered.run, offered.terms, bound.value, digest(offered), points,
        tuple(doubled),
    )  # fmt: skip
    sent, theirs = digest(message), offered.commitment
    kept = Pending(offered.run, Step.ANSWER, offered.terms, sent, bound, behind, theirs=theirs)
    return message, kept


def finish(answered: Message, pending: Pending) -> tuple[Message, Result]:
    """The offerer's result, and the third message that gives the answerer the same.

    Raises ExchangeError where the answer is not the one to this very offer, or not sound.
    """
    _is(answered, Step.ANSWER)
    _bound(answered, pending, Step.OFFER)
    _sound(answered.points, pending.terms)
    _sound(answered.doubled, pending.terms)
    if len(answered.doubled) != len(pending.points):
        raise _refused("it does not return as many points as were offered")
    offered = {bytes.fromhex(point) for point in pending.points}
    if offered.intersection(answered.points) or offered.intersection(answered.doubled):
        raise _refused("it returns offered points as its own")
    ours = blinded(answered.points, bytes.fromhex(pending.secret))
    return _concluded(answered, pending, ours)


def _concluded(
    answered: Message, pending: Pending, ours: Sequence[bytes]
) -> tuple[Message, Result]:
    theirs = set(answered.doubled)
    mutual = tuple(place for place, point in enumerate(ours) if point in theirs)
    told = len(mutual) >= max(1, pending.terms.minimum)
    reveal = told and pending.terms.mode is Mode.REVEAL
    met = set(ours)
    keys = [k for k, point in zip(pending.keys, answered.doubled, strict=True) if point in met]
    message = Message(
        Step.FINISH, pending.run, pending.terms, pending.bound.value, digest(answered),
        told=told, size=len(mutual) if told else 0, mutual=mutual if reveal else (),
    )  # fmt: skip
    return message, Result(told, message.size, tuple(sorted(keys)) if reveal else ())


def conclude(finished: Message, pending: Pending) -> Result:
    """The answerer's result, out of the third message. Raises ExchangeError as `finish` does."""
    _is(finished, Step.FINISH)
    _bound(finished, pending, Step.ANSWER)
    if finished.commitment != pending.theirs:
        raise _refused("its commitment is not that of the offer")
    if not finished.told:
        return Result(told=False)
    chosen = finished.mutual
    if finished.size < max(1, pending.terms.minimum) or finished.size > len(pending.keys):
        raise _refused("its result is smaller than was agreed, or larger than it can be")
    if pending.terms.mode is Mode.COUNTS:
        return Result(told=True, size=finished.size)
    if len(set(chosen)) != finished.size or len(chosen) != finished.size:
        raise _refused("its result names another number of accounts than it says")
    if any(not 0 <= place < len(pending.keys) or not pending.keys[place] for place in chosen):
        raise _refused("its result names an account that was not sent")
    return Result(True, finished.size, tuple(sorted(pending.keys[place] for place in chosen)))


NO_KEY = (
    "No account has a key of this kind: is there a column Website or Domain (or Email), and "
    "Country where names are compared? Give the columns usual headings (docs/spreadsheets.md)."
)


def _own_points(
    keys: Collection[str], terms: Terms, run: str, key: bytes, pad_to: int
) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Blinded keys and dummies sorted by their bytes, which is the order of random numbers, and
    the key behind each."""
    wanted = sorted(set(keys) - {""})
    if len(wanted) > terms.limit or pad_to > terms.limit:
        raise _refused(
            f"the list has {max(len(wanted), pad_to):,} keys; {terms.limit:,} were agreed",
            "Agree on a larger `--limit`, or narrow the list.",
        )
    if not wanted:
        raise _refused("there is nothing to compare", NO_KEY)
    context = (terms.normaliser, str(terms.key), run)
    points = blinded((hashed(each, *context) for each in wanted), key)
    filled = dummies(max(0, pad_to - len(wanted)))
    pairs = sorted(
        [*zip(points, wanted, strict=True), *((point, "") for point in filled)],
        key=lambda pair: pair[0],
    )
    return tuple(p for p, _ in pairs), tuple(k for _, k in pairs)


# -- refusing ----------------------------------------------------------------------------------


def _is(message: Message, step: Step) -> None:
    if message.step is not step:
        raise _refused(f"it is the message `{message.step}`, not `{step}`", _ORDER)


def _agreed(offered: Terms, agreed: Terms) -> None:
    told = [
        (offered.normaliser == agreed.normaliser,
         f"its keys are made by {offered.normaliser}, ours by {agreed.normaliser}",
         "Both must use the same version of Tieline."),
        (offered.key is agreed.key, f"it compares by {offered.key}, not {agreed.key}", _AGREE),
        (offered.mode is agreed.mode, f"its mode is {offered.mode}, not {agreed.mode}", _AGREE),
        (offered.minimum >= agreed.minimum,
         f"its minimum result is {offered.minimum}, below {agreed.minimum}", _AGREE),
        (offered.limit <= agreed.limit,
         f"its limit is {offered.limit:,} accounts, above {agreed.limit:,}", _AGREE),
    ]  # fmt: skip
    for fine, message, remedy in told:
        if not fine:
            raise _refused(message, remedy)


def _bound(message: Message, pending: Pending, step: Step) -> None:
    if pending.step is not step or message.run != pending.run:
        raise _refused("it belongs to another run", _ORDER)
    if message.previous != pending.sent:
        raise _refused("it does not answer the message that was sent in this run", _TAMPERED)
    if message.terms != pending.terms:
        raise _refused("its terms are not those of this run", _TAMPERED)


def _sound(points: Sequence[bytes], terms: Terms) -> None:
    if not points:
        raise _refused("it holds no point")
    if len(points) > terms.limit:
        raise _refused(f"it holds more than the {terms.limit:,} points agreed")
    wrong = unsound(points)
    if wrong:
        raise _refused(wrong, _TAMPERED)


_ORDER = "offer → answer → finish: each file answers the one before it."
_AGREE = "Agree with your partner on the terms, and give both commands the same ones."
_TAMPERED = "Start a new run; if it happens again, ask who can change the files on their way."


def _refused(message: str, remedy: str | None = None) -> ExchangeError:
    return ExchangeError(message, remedy=remedy)
