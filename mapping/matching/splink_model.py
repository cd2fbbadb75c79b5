"""The probabilistic model of people: Splink's comparisons, blocking rules and trained weights.

Only SQL that DuckDB and Spark both know is used, so that both give the same scores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

Level = dict[str, Any]

SMALL = 50_000
"""Up to this many records equal names alone make candidates; beyond, they would be too many."""

FREQUENT = 2_000
"""From this many records on it is counted how common each name is among them."""

NARROW = (
    ("national",), ("email",), ("phone",), ("birth", "last"), ("birth", "first"),
    ("birth", "postal"), ("first", "last", "postal"), ("first", "last", "city"),
    ("first", "last", "company"), ("street", "number", "postal"), ("postal", "number", "last"),
    ("postal", "number", "first"), ("street", "last"), ("street", "first"),
    ("birth", "number"),
)  # fmt: skip
"""Columns that two records must share to be compared; any of these rules will do."""

WIDE = (
    ("birth",), ("first", "last"), ("last", "postal"), ("first", "postal"), ("street",),
    ("city", "last"), ("city", "first"), ("postal", "number"), ("city", "postal"),
    ("last", "number"), ("first", "number"), ("company", "last"), ("company", "first"),
)  # fmt: skip
"""Further rules for lists that are not long."""

SWAPPED = "l.first = r.last and l.last = r.first"
"""A rule of its own: first and last name in each other's place."""

SAID: Mapping[str, tuple[str, ...]] = {
    "first": ("same first name", "one first name is short for the other",
              "first name stands as last name", "first names one letter apart",
              "first names two letters apart", "first names begin alike", "different first names"),
    "last": ("same last name", "last name stands as first name", "last names one letter apart",
             "last names two letters apart", "last names begin alike", "different last names"),
    "birth": ("same date of birth", "dates of birth with day and month swapped",
              "dates of birth one digit apart", "dates of birth two digits apart",
              "different dates of birth"),
    "national": ("same national number", "national numbers one digit apart",
                 "national numbers two digits apart", "different national numbers"),
    "number": ("same house number", "house numbers one digit apart", "different house numbers"),
    "street": ("same street", "streets two letters apart", "streets nearly alike",
               "streets begin alike", "streets have words in common", "different streets"),
    "city": ("same city", "cities two letters apart", "different cities"),
    "postal": ("same postal code", "postal codes one digit apart", "postal codes two digits apart",
               "different postal codes"),
    "suffix": ("same suffix", "one is junior, the other senior"),
    "region": ("same region", "different regions"),
    "country": ("same country", "different countries"),
    "email": ("same e-mail address", "e-mail addresses with the same name before the @",
              "e-mail addresses nearly alike", "different e-mail addresses"),
    "phone": ("same phone number", "phone numbers end alike", "different phone numbers"),
    "company": ("same company", "companies begin alike", "different companies"),
}  # fmt: skip
"""What each level says, from the one that agrees most to the one that differs."""


def _within(column: str, distance: int) -> str:
    return f"levenshtein({column}_l, {column}_r) <= {distance}"


def _begin(column: str, size: int) -> str:
    same = f"substr({column}_l, 1, {size}) = substr({column}_r, 1, {size})"
    return f"{same} and length({column}_l) >= {size}"


def _name(column: str, other: str) -> tuple[str, ...]:
    swapped = f"({_crossed(column, other)}) and coalesce({_crossed(other, column)}, true)"
    apart = f"{_within(column, 1)} and length({column}_l) >= 5 and length({column}_r) >= 5"
    return (swapped, apart, _within(column, 2), _begin(column, 3))


def _crossed(here: str, there: str) -> str:
    near = f"length({here}_l) >= 6 and levenshtein({here}_l, {there}_r) <= 2"
    return f"{here}_l = {there}_r or ({near})"


STREET_NEAR = (
    "levenshtein(street_l, street_r) <= 0.35 * greatest(length(street_l), length(street_r))"
)
STREET_SHARED = (
    "street_l like concat('%', substr(street_r, 1, 8), '%')"
    " or street_r like concat('%', substr(street_l, 1, 8), '%')"
)
SWAPPED_DATE = (
    "substr(birth_l, 1, 4) = substr(birth_r, 1, 4) and "
    "substr(birth_l, 5, 2) = substr(birth_r, 7, 2) and "
    "substr(birth_l, 7, 2) = substr(birth_r, 5, 2)"
)
MAILBOX = (
    "split_part(email_l, '@', 1) = split_part(email_r, '@', 1) "
    "and length(split_part(email_l, '@', 1)) >= 5"
)

LEVELS: Mapping[str, tuple[str, ...]] = {
    "first": ("called_l = called_r", *_name("first", "last")),
    "last": _name("last", "first"),
    "birth": (SWAPPED_DATE, _within("birth", 1), _within("birth", 2)),
    "national": (_within("national", 1), _within("national", 2)),
    "number": (_within("number", 1),),
    "street": (_within("street", 2), STREET_NEAR, _begin("street", 5), STREET_SHARED),
    "city": (_within("city", 2),),
    "postal": (_within("postal", 1), _within("postal", 2)),
    "suffix": (),
    "region": (),
    "country": (),
    "email": (MAILBOX, _within("email", 2)),
    "phone": ("substr(phone_l, -7) = substr(phone_r, -7)",),
    "company": (_begin("company", 6),),
}
"""Levels of each column between equal and different, in SQL."""

COUNTED = ("first", "last", "city")
"""Columns in which a rare value that is equal says more than a common one."""


def settings(link: str, size: int, *, every: bool = False) -> dict[str, Any]:
    """Splink's settings for `dedupe_only` or `link_only` over so many records. `every`: all pairs
    are compared, for lists so short that no candidates need be found."""
    rules: list[Any] = [_rule(columns) for columns in NARROW] + [SWAPPED]
    if size <= SMALL:
        rules += [_rule(columns) for columns in WIDE]
    return {
        "link_type": link,
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": min(0.01, 0.5 / max(size, 1)),
        "blocking_rules_to_generate_predictions": ["1=1"] if every else rules,
        "comparisons": [_comparison(column, counted=size >= FREQUENT) for column in LEVELS],
        "retain_intermediate_calculation_columns": False,
        "retain_matching_columns": True,
        "additional_columns_to_retain": [],
    }


def _rule(columns: Sequence[str]) -> str:
    return " and ".join(f"l.{column} = r.{column}" for column in columns)


def _comparison(column: str, *, counted: bool) -> dict[str, Any]:
    equal: Level = {"sql_condition": f"{column}_l = {column}_r"}
    if counted and column in COUNTED:
        equal |= {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0}
    levels = [
        equal,
        *({"sql_condition": each} for each in LEVELS[column]),
        {"sql_condition": "ELSE"},
    ]
    null: Level = {
        "sql_condition": f"{column}_l is null or {column}_r is null",
        "label_for_charts": "not shown",
        "is_null_level": True,
    }
    for level, said, (m, u) in zip(levels, SAID[column], weights()[column], strict=True):
        level |= {"label_for_charts": said, "m_probability": m, "u_probability": u}
    return {"output_column_name": column, "comparison_levels": [null, *levels]}


@cache
def weights() -> dict[str, list[tuple[float, float]]]:
    """For each level of each column: how often it is seen of one person, and of two."""
    text = (files("mapping.matching") / "data" / "people.json").read_text(encoding="utf-8")
    return {column: [(m, u) for m, u in levels] for column, levels in json.loads(text).items()}


def said(column: str, gamma: int) -> str | None:
    """What a comparison found, in words; nothing where one of the two shows nothing. Splink
    counts levels from the one that differs (0) up."""
    words = SAID[column]
    return None if gamma < 0 else words[len(words) - 1 - gamma]


def differs(gamma: int) -> bool:
    """Whether both show a value and the two have nothing in common."""
    return gamma == 0


def agrees(column: str, gamma: int) -> bool:
    """Whether both show the same value."""
    return gamma == len(SAID[column]) - 1
