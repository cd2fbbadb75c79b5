"""How alike two company names are, as figures that a model can weigh."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from rapidfuzz.distance import Indel, JaroWinkler

from mapping.matching.names import (
    DESCRIBING,
    OF_ISSUES,
    WEAK,
    Name,
    entries,
    families,
    form_words,
    parse,
)

NUMERAL = re.compile(r"\d+|[ivx]{1,4}")
RARE = 9.0
"""Weight of a word that the table does not know (natural logarithm of how rare it is)."""

SHORT_FIELD = 14
"""So many letters fill a short field; a word cut off there is only taken for one from four on."""

FEATURES = (
    "equal", "compact", "sorted", "spelling", "shared", "covered", "uncovered", "first",
    "left_over_left", "left_over_right", "instead", "numbers", "forms", "initials", "known",
    "weak_only", "closest", "exact", "misspelt", "rarest", "formal", "same_form", "bare",
)  # fmt: skip


PLACES = {feature: place for place, feature in enumerate(FEATURES)}


@cache
def word_weights() -> Mapping[str, float]:
    """How telling common words of company names are; what is not listed weighs `RARE`."""
    pairs = (line.split() for line in entries("word_weights.txt"))
    return {word: float(weight) for word, weight in pairs}


@cache
def brands() -> Mapping[str, frozenset[int]]:
    """Name keys under which one well-known company goes, as the numbers of their lines."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(entries("brands.txt")):
        for each in line.split("|"):
            found.setdefault(parse(each.strip()).key, set()).add(number)
    return {key: frozenset(numbers) for key, numbers in found.items()}


@cache
def abbreviations() -> Mapping[str, tuple[str, ...]]:
    """What short words may stand for where the other name has the word; too short to be read so
    by themselves."""
    lines = (line.partition(":") for line in entries("abbreviations.txt"))
    return {
        short: tuple(core for word in words.split(",") for core in parse(f"x {word}").core[1:])
        for short, _, words in lines
    }


@dataclass(frozen=True, slots=True)
class Alike:
    """Two names side by side."""

    features: tuple[float, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    shared: tuple[str, ...]

    def __getitem__(self, feature: str) -> float:
        return self.features[PLACES[feature]]


@lru_cache(maxsize=200_000)
def weight(word: str) -> float:
    """How telling a word is."""
    known = word_weights().get(word)
    if known is not None:
        return known
    return RARE if len(word) > 2 or not word.isalpha() else RARE - 2.0


def completed(name: Name, other: Name) -> Name:
    """A name whose end was cut off by a full field, or whose legal form is misspelt, as it reads
    in full where the other one goes on just there; else the name itself.

    `Booz Allen Hamilton Holding Cor` beside `… Corp`, `Fair Isaac Corproation` beside `… Corp`.
    """
    size = len(other.core)
    if name.forms or name.core == other.core or len(name.core) < size:
        return name
    if len(name.core) == size:
        last, whole = name.core[-1], other.core[-1]
        whole_word = NUMERAL.fullmatch(last) or last in word_weights()
        long = name.full or (len(name.written) >= SHORT_FIELD and len(last) >= 4)
        begun = long and name.core[:-1] == other.core[:-1] and not whole_word
        begun = begun and whole.startswith(last)
    else:
        begun = name.core[:size] == other.core and _begins_form(name, name.core[size:], other.forms)
    return replace(name, core=other.core, forms=other.forms) if begun else name


def _begins_form(name: Name, rest: Sequence[str], forms: Sequence[str]) -> bool:
    """Whether what is left of a name is the beginning of a legal form, or one misspelt."""
    spelled = form_words(forms)
    *whole, last = rest
    if not (spelled | OF_ISSUES | {"reit"}).issuperset(whole):
        return False
    if name.full and any(word.startswith(last) for word in spelled):
        return True
    slips = (word for word in spelled if len(word) >= 7 and word[0] == last[0])
    return len(last) >= 7 and any(likeness(last, word) > 0.8 for word in slips)


def compare(left: Name, right: Name) -> Alike:
    """All figures of a pair of names; symmetric but for the order of what is left over."""
    pairs, only_left, only_right = _aligned(left.core, right.core)
    gained = sum(min(weight(a), weight(b)) * likeness for a, b, likeness in pairs)
    lost_left, lost_right = _weights(only_left), _weights(only_right)
    spoiled = sum((1 - likeness) * min(weight(a), weight(b)) for a, b, likeness in pairs)
    whole_left, whole_right = gained + lost_left + spoiled, gained + lost_right + spoiled
    shares = sorted((gained / (whole_left or 1), gained / (whole_right or 1)))
    a, b = left.compact, right.compact
    features = (
        float(left.core == right.core),
        float(a == b or (bool(left.written) and left.written == right.written)),
        float(sorted(left.core) == sorted(right.core)),
        Indel.normalized_similarity(a, b),
        2 * gained / ((whole_left + whole_right) or 1),
        shares[1],
        shares[0],
        float(left.core[0] == right.core[0] or any(_opens(p, left, right) for p in pairs)),
        min(lost_left, lost_right) / 10,
        max(lost_left, lost_right) / 10,
        float(bool(only_left) and bool(only_right)),
        float(_numbers(only_left, only_right)),
        float(forms_conflict(left, right)),
        float(initials(left.core, right.core)),
        float(bool(brands().get(left.key, frozenset()) & brands().get(right.key, frozenset()))),
        float(bool(only_left or only_right) and WEAK.issuperset((*only_left, *only_right))),
        min((likeness for *_, likeness in pairs), default=0.0),
        float(bool(pairs) and not (only_left and only_right) and spoiled == 0),
        spoiled / ((whole_left + whole_right) / 2 or 1),
        max((weight(a) for a, _, same in pairs if same == 1.0), default=0.0) / 10,
        float(_formal(left, only_left, only_right) or _formal(right, only_right, only_left)),
        float(bool(set(left.forms) & set(right.forms))),
        float(_bare(left, only_left, only_right) or _bare(right, only_right, only_left)),
    )
    return Alike(features, only_left, only_right, tuple(word for word, *_ in pairs))


def _opens(pair: tuple[str, str, float], left: Name, right: Name) -> bool:
    return pair[0] == left.core[0] and pair[1] == right.core[0]


def _formal(name: Name, own: Sequence[str], others: Sequence[str]) -> bool:
    """Whether a name with its legal form, so in full, lacks words that the other one has."""
    return bool(name.forms) and not own and bool(others) and not DESCRIBING.issuperset(others)


def _bare(name: Name, own: Sequence[str], others: Sequence[str]) -> bool:
    """Whether a name without legal form, so in short, only lacks words that are left out."""
    return not name.forms and not own and bool(others) and WEAK.issuperset(others)


def _weights(words: Sequence[str]) -> float:
    return sum(weight(word) for word in words)


def _numbers(only_left: Sequence[str], only_right: Sequence[str]) -> bool:
    return any(NUMERAL.fullmatch(word) for word in (*only_left, *only_right))


def forms_conflict(left: Name, right: Name) -> bool:
    """Whether the legal forms are found in different countries only (Inc here, GmbH there)."""
    mine, other = _places(left), _places(right)
    return bool(mine) and bool(other) and not mine & other


def _places(name: Name) -> frozenset[str]:
    found = [families()[form] for form in name.forms if families()[form]]
    return frozenset.union(*found) if found else frozenset()


def initials(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether one name is what the other's words begin with (IBM)."""
    short, long = sorted((left, right), key=len)
    if len(short) != 1 or len(long) < 3 or not 3 <= len(short[0]) <= len(long) + 1:
        return False
    return "".join(word[0] for word in long).startswith(short[0])


Pairs = list[tuple[str, str, float]]


def _aligned(
    left: Sequence[str], right: Sequence[str]
) -> tuple[Pairs, tuple[str, ...], tuple[str, ...]]:
    """Words of both names that stand for each other, and what is left over of each."""
    here, there = list(left), list(right)
    pairs: Pairs = []
    for word in left:
        if word in there:
            pairs.append((word, word, 1.0))
            here.remove(word)
            there.remove(word)
    if here and there:
        pairs += _abbreviated(here, there)
        pairs += [(a, b, likeness) for b, a, likeness in _abbreviated(there, here)]
        pairs += _run_together(here, there)
        pairs += [(a, b, likeness) for b, a, likeness in _run_together(there, here)]
        pairs += _misspelled(here, there)
    return pairs, tuple(here), tuple(there)


def _abbreviated(here: list[str], there: list[str]) -> Pairs:
    """Words of one name that the other abbreviates as lists of shares do."""
    found: Pairs = []
    for short in tuple(here):
        whole = next((word for word in there if word in abbreviations().get(short, ())), None)
        if whole is not None:
            found.append((whole, whole, 1.0))
            here.remove(short)
            there.remove(whole)
    return found


def _run_together(here: list[str], there: list[str]) -> Pairs:
    """Two or three words of one name that the other writes as one."""
    found: Pairs = []
    for size in (3, 2):
        for start in range(len(here) - size + 1):
            joined = "".join(here[start : start + size])
            if joined in there:
                found.append((joined, joined, 1.0))
                there.remove(joined)
                del here[start : start + size]
                break
    return found


def _misspelled(here: list[str], there: list[str]) -> Pairs:
    """Words that are nearly spelled alike, or of which one is the other's beginning."""
    close = sorted(
        ((likeness(a, b), a, b) for a in here for b in there), key=lambda each: (-each[0], each[1:])
    )
    found: Pairs = []
    for alike, a, b in close:
        if alike and a in here and b in there:
            found.append((a, b, alike))
            here.remove(a)
            there.remove(b)
    return found


@lru_cache(maxsize=400_000)
def likeness(a: str, b: str) -> float:
    """0 for two different words, else how alike their spellings are (0.75 to 1)."""
    short, long = sorted((a, b), key=len)
    if any(c.isdigit() for c in a + b) or len(short) < 3:
        return 0.0
    if len(short) >= 4 and long.startswith(short):
        return 0.9 if long.removeprefix(short) in ("s", "es", "n", "en", "e") else 0.8
    spelled = Indel.normalized_similarity(a, b)
    if len(short) >= 4 and spelled >= 0.8:
        return max(spelled, JaroWinkler.similarity(a, b) - 0.05)
    return 0.0


def odds(probability: float) -> float:
    """Natural logarithm of the odds."""
    return math.log(probability / (1 - probability))


def probability(log_odds: float) -> float:
    """The reverse of `odds`."""
    return 1 / (1 + math.exp(-max(min(log_odds, 50.0), -50.0)))
