"""How long the comparison of two lists of accounts takes, duplicates and doubtful pairs included.

    python -m benchmarks.overlap [ACCOUNTS]

Names are made from a seed: half of the accounts of one list are in the other too, one in five of
these spelled differently or without its domain.
"""

from __future__ import annotations

import argparse
import random
import resource
import time

from mapping.accounts.overlap import Listed, compare
from mapping.accounts.populations import listed_members
from mapping.accounts.records import Book, Record, book_of

_SYLLABLES = (
    "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu "
    "ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo vu zan zen zor fex tron lux nor"
)
_TRADES = (
    "Logistics Foods Systems Energy Software Medical Holdings Partners Steel Chemicals Textiles "
    "Consulting Motors Pharma Insurance Capital Robotics Marine Aerospace Packaging"
)
_FORMS = ("Inc", "LLC", "GmbH", "Ltd", "SA", "AG", "BV", "SpA", "Corp", "")
_COUNTRIES = ("US", "DE", "GB", "FR", "NL", "IT", "CH", "ES")
_TYPES = ("customer", "prospect", "prospect", "other")


def account(number: int, chance: random.Random, *, spoiled: bool) -> Record:
    """The account of a number; spoiled: another spelling, or no domain."""
    fixed = random.Random(number)
    word = "".join(
        fixed.choice(_SYLLABLES.split()) for _ in range(fixed.randint(2, 4))
    ).capitalize()
    trade, form, country = (fixed.choice(some) for some in (_TRADES.split(), _FORMS, _COUNTRIES))
    name = f"{word} {trade} {form}".strip()
    domain: str | None = f"{word}-{trade}{number}.com".lower()
    if spoiled:
        name = f"{word.upper()} {trade}" if chance.random() < 0.5 else name.replace(" ", ", ", 1)
        domain = domain if chance.random() < 0.5 else None
    values = {
        "name": name,
        "domain": domain,
        "account_type": chance.choice(_TYPES),
        "owner": f"rep{number % 50}@example.com",
        "billing_address": {"country": country},
    }
    return Record("account", f"{number:07d}", values)


def lists(size: int, seed: int = 1) -> tuple[Book, Book]:
    """Two lists, half of which is in both."""
    chance = random.Random(seed)
    mine = [account(n, chance, spoiled=False) for n in range(size)]
    other = [
        account(n, chance, spoiled=chance.random() < 0.2)
        for n in range(size // 2, size // 2 + size)
    ]
    return book_of("ours", mine), book_of("theirs", other)


def main() -> None:
    """Print what was found, and what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=100_000)
    size = parser.parse_args().accounts
    mine, other = lists(size)
    ours = Listed("we", mine, listed_members(mine))
    theirs = Listed("they", other, listed_members(other))
    began, worked = time.perf_counter(), time.process_time()
    found = compare(ours, theirs, "now")
    took, cpu = time.perf_counter() - began, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{size:,} against {size:,}: {found.entities:,} mutual, {len(found.doubts):,} questions")
    print(f"{took:.1f} s, {cpu:.1f} s of CPU time, {memory:,} MB at most")


if __name__ == "__main__":
    main()
