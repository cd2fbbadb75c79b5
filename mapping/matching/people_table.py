"""People as a table of normalised columns, one row each: what the probabilistic model compares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from anyascii import anyascii

from mapping.matching import keys, names
from mapping.matching.model import Individual

COLUMNS = (
    "unique_id", "first", "called", "last", "suffix", "birth", "national", "number", "street",
    "city", "postal", "region", "country", "email", "phone", "company",
)  # fmt: skip

BATCH = 50_000
"""Rows that are turned into columns at a time."""

WORDS = re.compile(r"[a-z0-9]+")
NUMBER = re.compile(r"^(\d+[a-z]?) (.+)$|^(.+) (\d+[a-z]?)$")
DATE = re.compile(
    r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:t.*)?|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})"
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WORDED = re.compile(
    r"(?:(\d{1,2})[ ./-]+)?([a-z]{3})[a-z]*\.?(?:[ -]+(\d{1,2}),?)?[ ./-]+(\d{4}|\d{2})"
)
YOUNGEST = 20
"""Two digits of a year from this on mean the last century."""

SUFFIXES = {
    "jr": "jr",
    "junior": "jr",
    "sr": "sr",
    "senior": "sr",
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
}
"""What tells a father from a son of his name."""

TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "frau", "mme", "phd", "md")
)


def table(people: Iterable[Individual]) -> Any:
    """A pyarrow table of `COLUMNS`, all texts, null where nothing is shown."""
    import pyarrow as pa

    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    rows = (row(person) for person in people)
    batches = []
    while chunk := list(islice(rows, BATCH)):
        columns = [pa.array(values, pa.string()) for values in zip(*chunk, strict=True)]
        batches.append(pa.record_batch(columns, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def row(person: Individual) -> tuple[str | None, ...]:
    """One person in the order of `COLUMNS`."""
    country = keys.country_key(person.country)
    number, street = address(person.street)
    mails = filter(None, map(keys.email_key, person.emails))
    phones = (phone_of(phone, country) for phone in person.phones)
    first, second = without_suffix(without_title(plain(person.first_name)))
    last, suffix = without_suffix(plain(person.last_name))
    return (
        person.id, first, called(first), last, suffix or second, birth(person.birth_date),
        keys.registration_key(person.national_id), number, street, plain(person.city),
        compact(person.postal_code), plain(person.region), country,
        next((mail for mail in mails if not keys.is_shared_mailbox(mail)), None),
        next(filter(None, phones), None), keys.name_key(person.company),
    )  # fmt: skip


@cache
def _nicknames() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in names.entries("nicknames.txt"):
        name, _, short = line.partition(":")
        for each in (name, *short.split()):
            found.setdefault(each, []).append(name)
    return found


def called(first: str | None) -> str | None:
    """The name that the first of someone's first names is short for."""
    word = first.partition(" ")[0] if first else None
    return _nicknames().get(word, [word])[0] if word else None


def stands_for(word: str) -> set[str]:
    """All names that one may be short for, itself included: Chris is Christopher or Christine."""
    return {word, *_nicknames().get(word, ())}


def without_title(first: str | None) -> str | None:
    """First names without Mr, Dr and the like."""
    if first is None or TITLES.isdisjoint(first.split()):
        return first
    return " ".join(word for word in first.split() if word not in TITLES) or None


def without_suffix(name: str | None) -> tuple[str | None, str | None]:
    """A first or last name, and what tells its bearer from a namesake of the family."""
    bare, _, end = (name or "").rpartition(" ")
    return (bare, SUFFIXES[end]) if bare and end in SUFFIXES else (name, None)


@lru_cache(maxsize=200_000)
def plain(text: str | None) -> str | None:
    """Lower case ASCII words."""
    if not text:
        return None
    ascii_ = text if text.isascii() else anyascii(text)
    return " ".join(WORDS.findall(ascii_.lower().replace("'", ""))) or None


def compact(text: str | None) -> str | None:
    """A code without spaces and punctuation."""
    found = plain(text)
    return found.replace(" ", "") if found else None


def phone_of(text: str, country: str | None) -> str | None:
    """E.164 where the country is known, else the digits."""
    return keys.phone_key(text, country) or digits(text)


def digits(text: str | None) -> str | None:
    """The digits of a number that no country is known for, from seven on."""
    found = re.sub(r"\D", "", text or "")
    return found if len(found) >= 7 and len(set(found)) > 2 else None


def address(text: str | None) -> tuple[str | None, str | None]:
    """The number of the house, first or last, and the street."""
    found = plain(text)
    if not found:
        return None, None
    split = NUMBER.match(found)
    if not split:
        return None, found
    return split[1] or split[4], split[2] or split[3]


@lru_cache(maxsize=100_000)
def birth(text: str | None) -> str | None:
    """`YYYYMMDD`. Of two numbers that could be the month the first is taken for it; the model
    knows days and months that are swapped."""
    written = (text or "").strip().lower()
    found = DATE.fullmatch(written)
    if found and found[1]:
        return found[1] + found[2] + found[3]
    if found:
        month, day = int(found[4]), int(found[5])
        return dated(found[6], *((day, month) if month > 12 else (month, day)))
    worded = WORDED.fullmatch(written)
    if not worded or worded[2] not in MONTHS or not (worded[1] or worded[3]):
        return None
    return dated(worded[4], MONTHS.index(worded[2]) + 1, int(worded[1] or worded[3]))


def dated(year: str, month: int, day: int) -> str:
    """A date in one spelling."""
    century = "" if len(year) == 4 else "19" if int(year) >= YOUNGEST else "20"
    return f"{century}{year}{month:02d}{day:02d}"
