"""Invented people and companies in any number, with known duplicates, from a seed."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mapping.matching.model import Company, Individual

ONSETS = ("b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m", "n",
          "p", "pr", "r", "s", "sch", "st", "t", "tr", "v", "w", "z")  # fmt: skip
VOWELS = ("a", "e", "i", "o", "u", "ai", "ei", "ia", "ou")
ENDS = ("", "n", "r", "s", "t", "l", "nd", "rt", "ck", "m")
STREETS = ("Street", "Road", "Avenue", "Lane", "Close", "Way", "Drive", "Place")
TRADES = ("Software", "Foods", "Logistics", "Motors", "Energy", "Systems", "Partners", "Labs",
          "Media", "Bank", "Health", "Consulting", "Industries", "Design")  # fmt: skip
FORMS = ("Inc.", "GmbH", "Ltd", "S.A.", "AG", "LLC", "B.V.", "Corp.", "plc", "AB")
COUNTRIES = ("US", "DE", "GB", "FR", "CH", "US", "NL", "US", "GB", "SE")
TLDS = ("com", "de", "co.uk", "fr", "ch", "io", "nl", "net", "uk", "se")

TWICE = 0.2
"""The share of records that are another record of somebody who is there already."""


def word(chance: random.Random, syllables: int) -> str:
    """An invented word."""
    made = "".join(chance.choice(ONSETS) + chance.choice(VOWELS) for _ in range(syllables))
    return made + chance.choice(ENDS)


@dataclass(frozen=True)
class World:
    """Names that people share: common ones more often."""

    first: list[str]
    last: list[str]
    cities: list[str]
    streets: list[str]
    employers: list[str]

    @classmethod
    def of(cls, chance: random.Random) -> World:
        """Names of a seed."""
        return cls(
            [word(chance, 2) for _ in range(3_000)], [word(chance, 2) for _ in range(40_000)],
            [word(chance, 2) for _ in range(2_000)], [word(chance, 2) for _ in range(8_000)],
            [word(chance, 3) for _ in range(60_000)],
        )  # fmt: skip


def common(chance: random.Random, names: list[str]) -> str:
    """One of the names; the front ones come up more often, as names do."""
    return names[int(len(names) * chance.random() ** 2.2)]


def people(count: int, seed: int = 7) -> Iterator[Individual]:
    """`count` records, a fifth of them duplicates with typos and missing values. The id is
    `person-record`, so that the truth can be told from it."""
    chance = random.Random(seed)
    world = World.of(chance)
    recent: list[tuple[int, Individual]] = []
    for number in range(count):
        if recent and chance.random() < TWICE:
            person, original = chance.choice(recent)
            yield replace(worn(original, chance), id=f"{person}-{number}")
            continue
        made = person_of(world, chance, f"{number}-{number}")
        if len(recent) < 5_000:
            recent.append((number, made))
        else:
            recent[chance.randrange(5_000)] = (number, made)
        yield made


def person_of(world: World, chance: random.Random, name: str) -> Individual:
    """Somebody with everything known."""
    first, last = common(chance, world.first), common(chance, world.last)
    employer = common(chance, world.employers)
    city = common(chance, world.cities)
    return Individual(
        name, first.title(), last.title(),
        (f"{first}.{last}{chance.randrange(100)}@{employer}.com",),
        (f"+1{chance.randrange(201, 990)}{chance.randrange(2_000_000, 9_999_999)}",),
        f"{chance.randrange(1940, 2004)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        None, street_of(world, chance),
        city.title(), None, f"{chance.randrange(10_000, 99_999)}", "US", employer.title(),
    )  # fmt: skip


def street_of(world: World, chance: random.Random) -> str:
    """A house in a street."""
    named = f"{common(chance, world.streets).title()} {chance.choice(STREETS)}"
    return f"{chance.randrange(1, 400)} {named}"


def worn(person: Individual, chance: random.Random) -> Individual:
    """The same human being as another hand would have written them down."""
    changed: dict[str, object] = {}
    for field in (
        "first_name",
        "last_name",
        "street",
        "city",
        "birth_date",
        "postal_code",
        "company",
    ):
        value = getattr(person, field)
        luck = chance.random()
        if value and luck < 0.12:
            changed[field] = slip(value, chance)
        elif luck < 0.22:
            changed[field] = None
    if chance.random() < 0.3:
        changed["emails"] = ()
    if chance.random() < 0.3:
        changed["phones"] = ()
    if chance.random() < 0.08:
        changed |= {"street": None, "city": None, "postal_code": None}
    return replace(person, **changed)  # type: ignore[arg-type]


def slip(text: str, chance: random.Random) -> str:
    """One typing error."""
    place = chance.randrange(len(text))
    letters = string.digits if text[place].isdigit() else string.ascii_lowercase
    kind = chance.randrange(4)
    if kind == 0:
        return text[:place] + chance.choice(letters) + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + chance.choice(letters) + text[place:]
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def accounts(
    count: int, shared: float = 0.3, seed: int = 11
) -> tuple[list[Company], list[Company]]:
    """Two lists of accounts of which a share is the same, spelled differently; equal ids tell.
    No two companies of one country have the same name but for the legal form: nobody could tell
    from such records that they are two."""
    chance = random.Random(seed)
    taken: set[tuple[str, str | None]] = set()
    left = [unlike(chance, f"{n}", taken) for n in range(count)]
    both = chance.sample(left, int(count * shared))
    right = [respelled(company, chance) for company in both]
    right += [unlike(chance, f"r{n}", taken) for n in range(count - len(both))]
    chance.shuffle(right)
    return left, right


def unlike(chance: random.Random, name: str, taken: set[tuple[str, str | None]]) -> Company:
    """An invented company that is no namesake of one that was taken before."""
    while True:
        made = account(chance, name)
        called = ((made.name or "").rsplit(" ", 1)[0], made.country)
        if called not in taken:
            taken.add(called)
            return made


def account(chance: random.Random, name: str) -> Company:
    """An invented company."""
    place = chance.randrange(len(FORMS))
    stem, trade = word(chance, chance.choice((2, 2, 3))), chance.choice(TRADES)
    domain = f"{stem}{chance.choice(('', trade.lower(), '-' + trade.lower()))}.{TLDS[place]}"
    has = chance.random()
    return Company(
        name, f"{stem.title()} {trade} {FORMS[place]}", domains=(domain,) if has < 0.75 else (),
        phones=(f"+1212{chance.randrange(2_000_000, 9_999_999)}",) if has > 0.5 else (),
        country=COUNTRIES[place],
    )  # fmt: skip


def respelled(company: Company, chance: random.Random) -> Company:
    """The same company in another's list."""
    name = (company.name or "").rsplit(" ", 1)[0]
    luck = chance.random()
    name = name.upper() if luck < 0.2 else slip(name, chance) if luck < 0.35 else name
    name = f"The {name}" if chance.random() < 0.1 else name
    domains = (
        tuple(f"https://www.{d}/about" for d in company.domains) if chance.random() < 0.8 else ()
    )
    phones = company.phones if chance.random() < 0.5 else ()
    return replace(company, name=name, domains=domains, phones=phones)
