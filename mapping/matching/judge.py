"""What is held of two companies: independent columns weighed, and what only allows a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import Indel

from mapping.matching import alike, names
from mapping.matching.alike import Alike, odds, probability
from mapping.matching.model import Match, Verdict
from mapping.matching.names import Name
from mapping.matching.prepare import Prepared
from mapping.matching.weights import Names, in_list, models

ACCEPT = 0.6
"""From this probability on a pair is the same company; precision and recall: docs/matching.md."""

ASK = 0.15
"""From this probability on it is a question."""

EVERYWHERE = frozenset(
    ("first", "general", "new", "best", "premier", "capital", "city", "state", "community", "one",
     "business", "company", "professional", "quality", "advanced", "central", "modern", "star")
)  # fmt: skip
"""Words of which the names of many companies are made; see also the short forms of words."""

OWN = 6.5
"""A word that weighs more than this names something of its own (a unit, a sister)."""

WEIGHTS = {
    "registration": (11.0, -4.0), "domain": (5.0, -2.5), "phone": (4.5, -0.3),
    "country": (0.4, -3.0), "city": (1.5, -2.0), "postal_code": (2.5, -0.5), "street": (2.5, -0.5),
}  # fmt: skip
"""Log odds that a column adds where both show it: equal, different."""


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """The names of two records, each with the other's nearest."""

    log_odds: float
    left: Name
    right: Name
    alike: Alike | None
    unique: bool
    """Whether it is the only one in a long list that holds this whole name."""
    listed: bool = False
    """Whether a long list was there to tell how many have such a name."""

    @property
    def equal(self) -> bool:
        """One and the same normalised name, or two that are known to be one company's."""
        return self.alike is not None and bool(
            self.alike["equal"] or self.alike["compact"] or self.alike["known"]
        )


NO_NAME = Name((), (), (), ())


def name_evidence(
    left: Prepared, right: Prepared, names_there: Names | None = None,
    cosines: tuple[float, float] | None = None,
) -> NameEvidence:  # fmt: skip
    """The nearest pair of names of two records; with a long list and the cosines (this pair's, the
    next best's) what the list tells is weighed too."""
    found = max(
        (_pair(a, b) for a in left.names for b in right.names),
        key=lambda each: (each.equal, each.log_odds),
        default=NameEvidence(0.0, NO_NAME, NO_NAME, None, unique=False),
    )
    if found.alike is None or names_there is None or cosines is None:
        return found
    beyond = in_list(found.alike, (found.left, found.right), names_there, *cosines)
    log_odds = models().listed.log_odds((*found.alike.features, *beyond))
    return NameEvidence(log_odds, found.left, found.right, found.alike, beyond[2] > 0, listed=True)


def _pair(left: Name, right: Name) -> NameEvidence:
    pair = alike.compare(left, right)
    return NameEvidence(models().pair.log_odds(pair.features), left, right, pair, unique=False)


def judge(left: Prepared, right: Prepared, name: NameEvidence) -> Match:
    """The verdict of two records with its score and what speaks for and against it."""
    columns = dict(_columns(left, right))
    against = tuple(_only_a_question(left, right, name, columns))
    log_odds = name.log_odds + sum(WEIGHTS[c][0 if same else 1] for c, same in columns.items())
    if name.alike is None:
        log_odds += odds(0.02)
    elif name.equal:
        log_odds = max(log_odds, log_odds - name.log_odds + odds(0.95))
    score = probability(log_odds)
    if against:
        score = min(score, ACCEPT - 0.01)
        score = max(score, ASK) if _worth_asking(name, columns) else score
    verdict = (
        Verdict.SAME if score >= ACCEPT else Verdict.QUESTION if score >= ASK else Verdict.DIFFERENT
    )
    evidence = (*_for(left, right, name, columns), *against)
    return Match(
        left.record.id, right.record.id, verdict, _method(name, columns), round(score, 6), evidence
    )


def _columns(left: Prepared, right: Prepared) -> Iterator[tuple[str, bool]]:
    """The columns that both records show, and whether they are equal there."""
    if left.registration and right.registration:
        yield "registration", left.registration == right.registration
    if left.all_domains and right.all_domains:
        yield "domain", bool(left.all_domains & right.all_domains)
    if left.phones and right.phones:
        yield "phone", bool(left.phones & right.phones)
    for column in ("country", "city", "postal_code", "street"):
        here, there = getattr(left, column), getattr(right, column)
        if here and there:
            yield column, here == there or (column in ("city", "street") and _near(here, there))


def _near(here: str, there: str) -> bool:
    """One spelled wrongly or cut short; never two house numbers."""
    digits = [[word for word in text.split() if word.isdigit()] for text in (here, there)]
    if digits[0] and digits[1] and digits[0] != digits[1]:
        return False
    short, long = sorted((here, there), key=len)
    return Indel.normalized_similarity(here, there) > 0.8 or f" {short} " in f" {long} "


def _only_a_question(
    left: Prepared, right: Prepared, name: NameEvidence, columns: dict[str, bool]
) -> Iterator[str]:
    """What keeps a pair from being the same without a person's word, whatever its score."""
    if columns.get("registration"):
        if name.alike is not None and name.log_odds < odds(0.02) and not name.equal:
            yield "the registration numbers are equal, but the names are not alike"
        return
    if "registration" in columns and _same_register(left, right):
        yield "the registration numbers differ"
    here = any(columns.get(column) for column in ("postal_code", "street", "phone"))
    if columns.get("country") is False:
        yield f"in different countries ({left.country}, {right.country})"
    elif columns.get("city") is False and not here:
        yield f"in different places ({left.record.city}, {right.record.city})"
    if columns.get("domain") is False and not here:
        yield f"different domains ({_some(left.all_domains)}, {_some(right.all_domains)})"
    if left.record.parent == right.record.id or right.record.parent == left.record.id:
        yield "one is above the other"
    yield from _names_only_a_question(name, columns)


def _names_only_a_question(name: NameEvidence, columns: dict[str, bool]) -> Iterator[str]:
    pair = name.alike
    if pair is None:
        if columns:
            yield "at least one shows no name"
        return
    if pair["forms"]:
        yield "legal forms of different countries"
    units = [w for w in (*pair.only_left, *pair.only_right, *_beside(name)) if w in unit_words()]
    if units and not pair["known"]:
        yield f"a unit or a place in one name only ({' '.join(units)})"
    if pair["numbers"]:
        yield "a number in one name only"
    if name.equal:
        keyed = columns.get("domain") or columns.get("phone") or name.listed
        if not keyed and _common(name.left):
            yield "a name that many companies could have"
        return
    if pair["formal"] and not columns.get("domain"):
        yield "one name is told in full, with its legal form, and lacks words of the other"
    over = (*pair.only_left, *pair.only_right)
    if "partners" in over and "lp" in (*name.left.forms, *name.right.forms):
        yield "a partnership beside the company"
    if name.unique:
        return
    extra = [word for word in over if alike.weight(word) > OWN]
    lines = [word for word in over if word in business_lines()]
    if extra or lines:
        yield f"only one name has: {' '.join(dict.fromkeys((*extra, *lines)))}"


def _beside(name: NameEvidence) -> list[str]:
    """Words beside the names, in parentheses, of which the other name knows nothing."""
    one = {word for each in name.left.qualifiers for word in each.split()}
    other = {word for each in name.right.qualifiers for word in each.split()}
    return sorted((one ^ other) - set(name.left.core) - set(name.right.core))


def _same_register(left: Prepared, right: Prepared) -> bool:
    """Whether two numbers look like numbers of one register: a difference then means something."""
    one, other = left.registration or "", right.registration or ""
    return len(one) == len(other) and one.isdigit() == other.isdigit()


def _common(name: Name) -> bool:
    words = EVERYWHERE | names.WEAK | names.written_out()
    return len(name.core) <= 2 and words.issuperset(name.core)


def _worth_asking(name: NameEvidence, columns: dict[str, bool]) -> bool:
    """A pair that would be the same but for one thing."""
    keyed = any(columns.get(key) for key in ("registration", "domain", "phone"))
    return keyed or name.equal or name.log_odds > odds(0.5)


@cache
def unit_words() -> frozenset[str]:
    """Words that make of a name that of a unit or of a namesake elsewhere."""
    return _normalised("units.txt")


@cache
def business_lines() -> frozenset[str]:
    """Lines of business that groups have sister companies for."""
    return _normalised("lines.txt")


def _normalised(file: str) -> frozenset[str]:
    words = [word for line in names.entries(file) for word in line.split()]
    return frozenset(words) | {
        each for word in words for each in names.parse(f"x {word}").core if each != "x"
    }


def _some(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)[:3])


def _method(name: NameEvidence, columns: dict[str, bool]) -> str:
    """The strongest stage that found the pair."""
    for key in ("registration", "domain", "phone"):
        if columns.get(key):
            return key
    return "name" if name.equal else "score"


def _for(
    left: Prepared, right: Prepared, name: NameEvidence, columns: dict[str, bool]
) -> Iterator[str]:
    """What speaks for a pair, in words."""
    if columns.get("registration"):
        yield f"same registration number ({left.record.registration})"
    if columns.get("domain"):
        yield f"same domain ({_some(left.all_domains & right.all_domains)})"
    if columns.get("phone"):
        yield f"same phone ({_some(left.phones & right.phones)})"
    if name.alike is not None:
        yield _names_said(name, name.alike)
    for column, said in (("country", "country"), ("city", "city"), ("postal_code", "postal code"),
                         ("street", "street")):  # fmt: skip
        if columns.get(column):
            yield f"same {said}"
    if columns.get("phone") is False:
        yield "different phones"


def _names_said(name: NameEvidence, pair: Alike) -> str:
    if pair["equal"]:
        return f"same name but for spelling and legal form ({name.left.key})"
    if pair["compact"] or pair["sorted"]:
        return f"same name but for spaces or order ({name.left.key}, {name.right.key})"
    if pair["known"]:
        return f"known under both names ({name.left.key}, {name.right.key})"
    said = f"names {round(100 * pair['spelling'])} % alike ({name.left.key}, {name.right.key})"
    return said + (", the only one in the list with these words" if name.unique else "")
