"""The model of company names: weights learned from labelled pairs, kept with the program."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mapping.matching import alike
from mapping.matching.names import Name

IN_LIST = ("cosine", "holders", "whole", "only", "margin", "inner")
"""What a list of names tells beyond a pair: nearness in letters, how many records hold the words
shared, whether it is one, whether that one has the whole name, how far the next best is, whether
it is the only one that is called so but for words like Group."""

LONG = 500
"""From this many names on, that a word is found once says something."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log odds as a weighted sum."""

    intercept: float
    weights: tuple[float, ...]

    def log_odds(self, features: Sequence[float]) -> float:
        """Of a pair with these features, in the order of the model."""
        return self.intercept + sum(
            weight * value for weight, value in zip(self.weights, features, strict=True)
        )


@dataclass(frozen=True, slots=True)
class NameModels:
    """One model for two names alone and one for a name within a list."""

    pair: Logistic
    listed: Logistic


_instead: ContextVar[NameModels | None] = ContextVar("_instead", default=None)


def models() -> NameModels:
    """The weights that come with the program, made by `python -m benchmarks.matching --train`,
    or those that `using` put in their place."""
    return _instead.get() or _shipped()


@contextmanager
def using(said: Mapping[str, Mapping[str, float]]) -> Iterator[None]:
    """Other weights for a while: how those learned from one half do on the other."""
    token = _instead.set(read(said))
    try:
        yield
    finally:
        _instead.reset(token)


@cache
def _shipped() -> NameModels:
    text = (files("mapping.matching") / "data" / "company_names.json").read_text(encoding="utf-8")
    return read(json.loads(text))


def read(said: Mapping[str, Mapping[str, float]]) -> NameModels:
    """Models out of their weights by feature; the intercept stands first."""
    return NameModels(*(_logistic(said[which]) for which in ("pair", "listed")))


def _logistic(said: Mapping[str, float]) -> Logistic:
    return Logistic(said["intercept"], tuple(said.values())[1:])


class Names:
    """The distinct names of a list, and how many of them hold given words."""

    def __init__(self, names: Iterable[Name]) -> None:
        self.size = 0
        self._holders: dict[str, set[int]] = defaultdict(set)
        self._inner: Counter[tuple[str, ...]] = Counter()
        seen: set[tuple[str, ...]] = set()
        for name in names:
            if name.core not in seen:
                seen.add(name.core)
                self._inner[name.inner] += 1
                for word in name.core:
                    self._holders[word].add(self.size)
                self.size += 1

    def holders(self, words: Sequence[str]) -> int:
        """How many distinct names hold all of these words; 0 where none of them is known."""
        known = sorted((self._holders[w] for w in words if w in self._holders), key=len)
        if len(known) == 1:
            return len(known[0])
        return len(known[0].intersection(*known[1:])) if known else 0

    def called(self, name: Name) -> int:
        """How many distinct names are this one but for words like Group."""
        return self._inner[name.inner]


def in_list(
    pair: alike.Alike, ends: tuple[Name, Name], names: Names, cosine: float, next_best: float
) -> tuple[float, ...]:
    """The features of `IN_LIST`. `next_best`: the highest cosine of another name of the list."""
    holders = names.holders(pair.shared)
    only = float(holders == 1)
    whole = only * pair["exact"] * pair["first"]
    inner = ends[0].inner == ends[1].inner and names.called(ends[1]) == 1
    return (cosine, math.log1p(holders), whole, only, cosine - next_best, float(inner))
