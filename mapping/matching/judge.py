"""What is held of two companies: independent columns weighed, doubts heard, all told in words."""

from __future__ import annotations

from collections.abc import Iterator

from mapping.matching.alike import Alike, odds, probability
from mapping.matching.doubts import doubts, elsewhere, some
from mapping.matching.evidence import KEYS, Case, NameEvidence, case, name_evidence
from mapping.matching.model import Match, Verdict
from mapping.matching.prepare import Prepared

ACCEPT = 0.6
"""From this probability on a pair is the same company; precision and recall: docs/matching.md."""

ASK = 0.15
"""From this probability on it is a question."""

BELOW = 0.01
"""How far below `ACCEPT` a pair stays that a doubt keeps from it."""

WEIGHTS = {
    "registration": (11.0, -4.0), "domain": (5.0, -2.5), "phone": (4.5, -0.3),
    "country": (0.4, -3.0), "city": (1.5, -2.0), "postal_code": (2.5, -0.5), "street": (2.5, -0.5),
}  # fmt: skip
"""Log odds that a column adds where both show it: equal, different."""

EQUAL_NAME = odds(0.95)
"""What an equal name is worth at least, before the other columns."""

NO_NAME = odds(0.02)
"""What a pair starts from where one shows no name."""


def judge(left: Prepared, right: Prepared, name: NameEvidence) -> Match:
    """The verdict of two records with its score and what speaks for and against it."""
    pair = case(left, right, name)
    against = tuple(doubts(pair))
    log_odds = _named(name) + sum(
        WEIGHTS[column][0 if same else 1] for column, same in pair.columns.items()
    )
    score = probability(log_odds)
    if elsewhere(pair):
        score = min(score, ASK - BELOW)
    elif against:
        score = min(score, ACCEPT - BELOW)
        score = max(score, ASK) if _worth_asking(pair) else score
    evidence = (*_for(pair), *against)
    return Match(
        left.record.id, right.record.id, _verdict(score), _method(pair), round(score, 6), evidence
    )


def _named(name: NameEvidence) -> float:
    """Log odds of the names."""
    if name.alike is None:
        return NO_NAME
    return max(name.log_odds, EQUAL_NAME) if name.equal else name.log_odds


def _verdict(score: float) -> Verdict:
    if score >= ACCEPT:
        return Verdict.SAME
    return Verdict.QUESTION if score >= ASK else Verdict.DIFFERENT


def _worth_asking(pair: Case) -> bool:
    """A pair that would be the same but for one thing."""
    keyed = any(pair.columns.get(key) for key in KEYS)
    return keyed or pair.name.equal or pair.name.log_odds > odds(0.5)


def _method(pair: Case) -> str:
    """The strongest stage that found the pair."""
    found = (key for key in KEYS if pair.columns.get(key))
    return next(found, "name" if pair.name.equal else "score")


def _for(pair: Case) -> Iterator[str]:
    """What the pair shows, in words."""
    left, right, columns = pair.left, pair.right, pair.columns
    if columns.get("registration"):
        yield f"same registration number ({left.record.registration})"
    if columns.get("domain"):
        yield f"same domain ({some(left.all_domains & right.all_domains)})"
    if columns.get("phone"):
        yield f"same phone ({some(left.phones & right.phones)})"
    if pair.name.alike is not None:
        yield _names_said(pair.name, pair.name.alike)
    for column in ("country", "city", "postal_code", "street"):
        if columns.get(column):
            yield f"same {column.replace('_', ' ')}"
    if columns.get("phone") is False:
        yield "different phones"


def _names_said(name: NameEvidence, pair: Alike) -> str:
    if pair["equal"]:
        return f"same name but for spelling and legal form ({name.left.key})"
    if pair["compact"] or pair["sorted"]:
        return f"same name but for spaces, umlauts or order ({name.left.key}, {name.right.key})"
    if pair["known"]:
        return f"known under both names ({name.left.key}, {name.right.key})"
    said = f"names {round(100 * pair['spelling'])} % alike ({name.left.key}, {name.right.key})"
    return said + (", the only one in the list with these words" if name.unique else "")


__all__ = ["ACCEPT", "ASK", "judge", "name_evidence"]
