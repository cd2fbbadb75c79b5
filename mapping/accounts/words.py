"""The words of an account map (support, coverage, influence), and how people write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mapping.accounts.roles import folded

SUPPORT = ("mentor", "supporter", "neutral", "non_supporter", "enemy")
"""From the best to the worst."""

COVERAGE = ("unknown", "no_contact", "brief", "multiple", "in_depth")
"""From the least to the most."""

INFLUENCE = ("low", "medium", "high")

LINES = ("reports", "influences", "conflicts", "informal")

_SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "support": {
        "coach": "mentor", "champion": "mentor", "sponsor": "mentor", "advocate": "supporter",
        "for": "supporter", "positive": "supporter", "favorable": "supporter",
        "against": "non_supporter", "negative": "non_supporter", "opponent": "non_supporter",
        "non supporter": "non_supporter", "blocker": "enemy", "enemy champion": "enemy",
    },
    "coverage": {
        "none": "no_contact", "brief contact": "brief", "multiple contacts": "multiple",
        "in depth": "in_depth", "deep": "in_depth", "no contact": "no_contact",
    },
    "influence": {
        "outside political structure": "low", "political structure": "medium",
        "inner circle": "high", "h": "high", "m": "medium", "l": "low",
    },
}  # fmt: skip

_KNOWN: Mapping[str, Sequence[str]] = {
    "support": SUPPORT,
    "coverage": COVERAGE,
    "influence": INFLUENCE,
}


def word_of(attribute: str, text: str | None) -> str | None:
    """The canonical word of `support`, `coverage` or `influence`; None for a blank.

    Raises ValueError that names the words there are.
    """
    if text is None or not text.strip():
        return None
    plain = folded(text)
    known = {folded(word): word for word in _KNOWN[attribute]} | dict(_SYNONYMS[attribute])
    if plain not in known:
        raise ValueError(f"{text!r} is none of {', '.join(_KNOWN[attribute])}")
    return known[plain]


def spoken(word: str) -> str:
    """A canonical word as people read it: `non_supporter` is "Non-supporter"."""
    return {"non_supporter": "Non-supporter", "in_depth": "In depth"}.get(
        word, word.replace("_", " ").capitalize()
    )
