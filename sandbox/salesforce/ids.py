"""Salesforce record ids: deterministic making, the 15 and 18 character forms."""

from __future__ import annotations

import re
from collections import Counter

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def check_characters(id15: str) -> str:
    """The three characters that make a 15 character id safe where case is lost.

    For each group of five: which are upper-case, lowest bit first, indexes the alphabet.
    """
    groups = (id15[start : start + 5] for start in (0, 5, 10))
    return "".join(
        _CHECKS[sum(1 << bit for bit, char in enumerate(group) if "A" <= char <= "Z")]
        for group in groups
    )


def to18(text: str) -> str | None:
    """The 18 character form of a 15 or 18 character id; None when it is no id."""
    if not _SHAPE.fullmatch(text):
        return None
    whole = text[:15] + check_characters(text[:15])
    return whole if text in (whole, text[:15]) else None


class IdSource:
    """Counts up per key prefix, in an order that sorting by id keeps."""

    def __init__(self, instance: str = "Hx") -> None:
        self._instance = instance
        self.counts: Counter[str] = Counter()

    def next(self, prefix: str) -> str:
        self.counts[prefix] += 1
        number = self.counts[prefix]
        digits = ""
        for _ in range(9):
            number, rest = divmod(number, 62)
            digits = _DIGITS[rest] + digits
        id15 = f"{prefix}{self._instance}0{digits}"
        return id15 + check_characters(id15)
