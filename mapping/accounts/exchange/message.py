"""The three messages of an exchange as JSON text: written, read strictly, bound to each other."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.errors import ExchangeError
from mapping.accounts.exchange.group import POINT, SUITE

FORMAT = "tieline/private-exchange"
VERSION = 1
MOST = 2_000_000
"""Points that no exchange has more of, whatever was agreed."""


class Step(StrEnum):
    """What a message is: the first, second or third."""

    OFFER = "offer"
    ANSWER = "answer"
    FINISH = "finish"


class Mode(StrEnum):
    """What both sides learn: how many accounts are mutual, or which."""

    COUNTS = "counts"
    REVEAL = "reveal"


class KeyKind(StrEnum):
    """What accounts are compared by; a run has one kind."""

    DOMAIN = "domain"
    NAME = "name-country"


@dataclass(frozen=True, slots=True)
class Terms:
    """What both agreed on before the run; each message of it repeats them."""

    normaliser: str
    mode: Mode = Mode.COUNTS
    key: KeyKind = KeyKind.DOMAIN
    minimum: int = 5
    """A result smaller than this is told to nobody."""
    limit: int = 100_000
    """Points that either side sends at most."""
    suite: str = SUITE


@dataclass(frozen=True, slots=True)
class Message:
    """One message; which parts it has follows from its step."""

    step: Step
    run: str
    terms: Terms
    commitment: str
    """Of the sender to the list that it compares; see `protocol.commitment`."""
    previous: str = ""
    """The digest of the message that this one answers."""
    points: tuple[bytes, ...] = ()
    """Offer, answer: the sender's keys, blinded by the sender."""
    doubled: tuple[bytes, ...] = ()
    """Answer: the offerer's points, blinded by the answerer too; in reveal mode in their order."""
    told: bool = False
    """Finish: whether the result reaches the minimum, so that it is told."""
    size: int = 0
    """Finish: how many keys are mutual, where told."""
    mutual: tuple[int, ...] = field(default=())
    """Finish, reveal mode: which of the answer's points are mutual, where told."""


def digest(message: Message) -> str:
    """SHA-256 of a message's content without its seals: what the next message is bound to."""
    return _digest(_content(message))


def fingerprint(message: Message) -> str:
    """Twenty digits of a message for reading out over the telephone: `1234 5678 …`."""
    digits = f"{int(digest(message), 16) % 10**20:020d}"
    return " ".join(digits[i : i + 4] for i in range(0, 20, 4))


def write(message: Message, secret: str = "") -> str:
    """The message as JSON text; sealed where the two share a secret."""
    content = _content(message)
    content["digest"] = _digest(content)
    if secret:
        content["seal"] = _seal(content["digest"], secret)
    return json.dumps(content, indent=1) + "\n"


def _digest(content: Mapping[str, Any]) -> str:
    plain = {k: v for k, v in content.items() if k not in ("digest", "seal")}
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(canonical).hexdigest()


def _content(message: Message) -> dict[str, Any]:
    terms = message.terms
    return {
        "format": FORMAT,
        "v": VERSION,
        "step": str(message.step),
        "run": message.run,
        "terms": {
            "suite": terms.suite,
            "normaliser": terms.normaliser,
            "key": str(terms.key),
            "mode": str(terms.mode),
            "minimum": terms.minimum,
            "limit": terms.limit,
        },
        "commitment": message.commitment,
        "previous": message.previous,
        **_body(message),
    }


def _body(message: Message) -> dict[str, Any]:
    if message.step is Step.FINISH:
        body: dict[str, Any] = {"told": message.told}
        if message.told:
            body["size"] = message.size
        if message.told and message.terms.mode is Mode.REVEAL:
            body["mutual"] = list(message.mutual)
        return body
    body = {"n": len(message.points), "points": _packed(message.points)}
    if message.step is Step.ANSWER:
        body["doubled"] = _packed(message.doubled)
    return body


def read(text: str, secret: str = "") -> Message:
    """A message out of its text. Raises ExchangeError for whatever is not exactly one.

    Nothing is computed with what it holds before its form, its digest and, where a secret is
    shared, its seal are right.
    """
    content = _plausible(text)
    if secret:
        _unsealed(content, secret)
    elif "seal" in content:
        raise _refused("the message is sealed with a secret", _SECRET)
    try:
        message = _message(content)
    except (TypeError, ValueError, KeyError) as error:
        raise _refused(f"the message is not well formed: {_plain(error)}") from None
    if digest(message) != content["digest"]:
        raise _refused("the message is not written as Tieline writes it", _SEND_FILE)
    return message


def _plausible(text: str) -> dict[str, Any]:
    """The JSON of a message with a right digest. Raises ExchangeError."""
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_int=_short)
    except (ValueError, RecursionError) as error:
        raise _refused(f"it is no message: {_plain(error)}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _refused("it is no message of a private exchange", _SEND_FILE)
    if content.get("v") != VERSION:
        version = str(content.get("v"))[:20]
        raise _refused(f"its version is {version!r}, not {VERSION}", _SAME_TIELINE)
    told = content.get("digest")
    if not isinstance(told, str) or not hmac.compare_digest(
        told.encode(), _digest(content).encode()
    ):
        raise _refused("it was changed after it was written", _SEND_FILE)
    return content


def _unsealed(content: Mapping[str, Any], secret: str) -> None:
    seal = content.get("seal")
    if not isinstance(seal, str):
        raise _refused("it is not sealed, though a secret was agreed", _SECRET)
    if not hmac.compare_digest(seal.encode(), _seal(content["digest"], secret).encode()):
        raise _refused("its seal is not that of the agreed secret", _SECRET)


def _seal(of: str, secret: str) -> str:
    return hmac.new(secret.encode(), b"tieline/seal/v1/" + of.encode(), "sha256").hexdigest()


_PARTS = {
    Step.OFFER: {"n", "points"},
    Step.ANSWER: {"n", "points", "doubled"},
    Step.FINISH: {"told"},
}
_ALWAYS = {"format", "v", "step", "run", "terms", "commitment", "previous", "digest"}
_HEX = re.compile(r"[0-9a-f]{64}")
_RUN = re.compile(r"[0-9a-f]{32}")


def _message(content: Mapping[str, Any]) -> Message:
    step = Step(content["step"])
    terms = _terms(content["terms"])
    wanted = _ALWAYS | _PARTS[step]
    if step is Step.FINISH and content.get("told") is True:
        wanted = wanted | {"size"} | ({"mutual"} if terms.mode is Mode.REVEAL else set())
    found = set(content) - {"seal"}
    if found != wanted:
        odd = ", ".join(sorted(found ^ wanted)[:5])
        raise ValueError(f"parts are missing or unknown: {odd}")
    made = Message(
        step=step,
        run=_matching(content["run"], _RUN, "run"),
        terms=terms,
        commitment=_matching(content["commitment"], _HEX, "commitment"),
        previous=_previous(content["previous"], step),
        points=_unpacked(content, "points", terms),
        doubled=_unpacked(content, "doubled", terms),
        told=_flag(content.get("told", False)),
        size=_whole(content.get("size", 0), "size"),
        mutual=tuple(_whole(i, "mutual") for i in content.get("mutual", [])),
    )
    if step is not Step.FINISH and _whole(content["n"], "n") != len(made.points):
        raise ValueError("`n` is not the number of its points")
    return made


def _terms(told: object) -> Terms:
    if not isinstance(told, dict) or set(told) != {
        "suite",
        "normaliser",
        "key",
        "mode",
        "minimum",
        "limit",
    }:
        raise ValueError("its terms are not those of this version")
    if told["suite"] != SUITE:
        raise ValueError(f"its suite is not {SUITE}")
    return Terms(
        normaliser=str(told["normaliser"]),
        mode=Mode(told["mode"]),
        key=KeyKind(told["key"]),
        minimum=_whole(told["minimum"], "minimum"),
        limit=_whole(told["limit"], "limit", MOST),
    )


def _previous(value: object, step: Step) -> str:
    if step is Step.OFFER:
        if value != "":
            raise ValueError("an offer answers no message")
        return ""
    return _matching(value, _HEX, "previous")


def _matching(value: object, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"`{name}` is not {pattern.pattern}")
    return value


def _whole(value: object, name: str, most: int = 10**9) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"`{name}` holds no whole number that makes sense")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("`told` is neither true nor false")
    return value


def _packed(points: tuple[bytes, ...]) -> str:
    return base64.b64encode(b"".join(points)).decode()


def _unpacked(content: Mapping[str, Any], name: str, terms: Terms) -> tuple[bytes, ...]:
    text = content.get(name, "")
    if not isinstance(text, str):
        raise TypeError(f"`{name}` is no text")
    if len(text) > (terms.limit * POINT + 2) // 3 * 4:
        raise ValueError(f"`{name}` holds more than the {terms.limit:,} points agreed")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"`{name}` is not base64") from None
    if len(data) % POINT:
        raise ValueError(f"`{name}` does not hold whole points")
    return tuple(data[i : i + POINT] for i in range(0, len(data), POINT))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _short(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("a number has too many digits")
    return int(digits)


def _plain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}"
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    return str(error)[:200]


_SEND_FILE = "Ask your partner to send the file again, unchanged, as an attachment."
_SAME_TIELINE = "Both must use the same version of Tieline."
_SECRET = "Give both sides the same `secret` for this partner, or neither of them one."


def _refused(message: str, remedy: str | None = None) -> ExchangeError:
    return ExchangeError(message, remedy=remedy)
