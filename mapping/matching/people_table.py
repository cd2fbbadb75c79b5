"""People as a table of normalised columns, one row each: what the probabilistic model compares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from anyascii import anyascii

from mapping.matching import keys
from mapping.matching.model import Individual

COLUMNS = ("unique_id", "first", "last", "birth", "national", "number", "street", "city", "postal",
           "region", "country", "email", "phone", "company")  # fmt: skip

BATCH = 50_000
"""Rows that are turned into columns at a time."""

WORDS = re.compile(r"[a-z0-9]+")
NUMBER = re.compile(r"^(\d+[a-z]?) (.+)$|^(.+) (\d+[a-z]?)$")
DATE = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:T.*)?|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")


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
    phones = (keys.phone_key(phone, country) or digits(phone) for phone in person.phones)
    return (
        person.id, plain(person.first_name), plain(person.last_name), birth(person.birth_date),
        keys.registration_key(person.national_id), number, street, plain(person.city),
        compact(person.postal_code), plain(person.region), country,
        next((mail for mail in mails if not keys.is_shared_mailbox(mail)), None),
        next(filter(None, phones), None), keys.name_key(person.company),
    )  # fmt: skip


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
    found = DATE.fullmatch((text or "").strip())
    if not found:
        return None
    if found[1]:
        return found[1] + found[2] + found[3]
    month, day = int(found[4]), int(found[5])
    if month > 12:
        month, day = day, month
    return f"{found[6]}{month:02d}{day:02d}"


def ids(people: Iterable[Individual]) -> Iterator[str]:
    """The ids of people, in order."""
    return (person.id for person in people)
