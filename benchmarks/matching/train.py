"""Learns the weights of company names from labelled pairs; writes what the engine comes with."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.matching.labelled import Linked, applicants, half, index_members
from mapping.matching import alike, candidates, names
from mapping.matching.companies import Options, _by_names
from mapping.matching.prepare import prepare
from mapping.matching.weights import IN_LIST, Names, in_list

OPEN = 0.25
"""What a pair counts of a list that its true partner was taken out of."""

TARGET = Path(names.__file__).parent / "data" / "company_names.json"

Row = tuple[tuple[float, ...], bool, float]


def list_rows(linked: Linked, weight: float) -> list[Row]:
    """Features of every candidate of two lists, whether it is right, what it counts."""
    here = [prepare(company) for company in linked.left]
    there = [prepare(company) for company in linked.right]
    listed = Names(p.names[0] for p in there if p.names)
    found = []
    for one, other, cosine, rival in _by_names(here, there, Options(unlike=0.0), within=False):
        ends = here[one].names[0], there[other].names[0]
        pair = as_strangers(alike.compare(*ends))
        features = (*pair.features, *in_list(pair, ends, listed, cosine, rival))
        same = (here[one].record.id, there[other].record.id) in linked.gold
        found.append((features, same, weight))
    return found


def as_strangers(pair: alike.Alike) -> alike.Alike:
    """The pair as if nobody had told that the names are one company's: what such a list settles is
    not to be explained by it, or the model would learn nothing of brands and their full names."""
    place = alike.PLACES["known"]
    return replace(pair, features=(*pair.features[:place], 0.0, *pair.features[place + 1 :]))


def spelling_rows(wanted: int | None, each: int = 12) -> list[Row]:
    """Pairs of spellings of one patent applicant, and of the nearest other applicants."""
    owners = {
        owner: sorted({names.parse(name).key: name for name in spelled}.values())[:each]
        for owner, spelled in applicants().items()
        if wanted is None or half(owner) == wanted
    }
    found = []
    for spelled in owners.values():
        for one, other in combinations(spelled, 2):
            found.append((_features(one, other), True, 0.1))
    listed = [(owner, name) for owner, spelled in owners.items() for name in spelled]
    keys = [names.parse(name).key for _, name in listed]
    for a, b, _ in candidates.similar(keys, keys, each=6, floor=0.2):
        if listed[a][0] != listed[b][0]:
            found.append((_features(listed[a][1], listed[b][1]), False, 0.5))
    return found


def _features(one: str, other: str) -> tuple[float, ...]:
    return alike.compare(names.parse(one), names.parse(other)).features


def fitted(rows: list[Row]) -> dict[str, float]:
    """Weights by the name of the feature; the intercept first."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    features, same, weight = (np.array(column) for column in zip(*rows, strict=True))
    model = LogisticRegression(C=1.0, max_iter=5_000).fit(features, same, sample_weight=weight)
    named = (*alike.FEATURES, *IN_LIST)[: features.shape[1]]
    weights = {name: round(float(w), 4) for name, w in zip(named, model.coef_[0], strict=True)}
    return {"intercept": round(float(model.intercept_[0]), 4), **weights}


def learned(wanted: int | None = None) -> dict[str, Any]:
    """Both models, from one half of the labelled sets or from everything."""
    whole = index_members()
    linked = whole if wanted is None else whole.part(wanted)
    closed, opened = list_rows(linked, 1.0), list_rows(linked.without_partners(), OPEN)
    size = len(alike.FEATURES)
    pairs = [(features[:size], same, weight) for features, same, weight in closed + opened]
    return {"pair": fitted(pairs + spelling_rows(wanted)), "listed": fitted(closed + opened)}


def main() -> None:
    """Learn from everything and write it."""
    TARGET.write_text(json.dumps(learned(), indent=1) + "\n", encoding="utf-8")
    print(f"written to {TARGET}")
