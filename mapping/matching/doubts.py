"""What keeps two companies from being linked without a person's word, whatever their score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from mapping.matching import alike, names
from mapping.matching.alike import odds
from mapping.matching.evidence import KEYS, Case, NameEvidence
from mapping.matching.names import Name
from mapping.matching.prepare import Prepared

EVERYWHERE = frozenset(
    ("first", "general", "new", "best", "premier", "capital", "city", "state", "community", "one",
     "business", "company", "professional", "quality", "advanced", "central", "modern", "star")
)  # fmt: skip
"""Words of which the names of many companies are made; see also the short forms of words."""

BANKS = frozenset(("bank", "bancorporation", "bancshares"))

OF_BANKS = frozenset(
    ("first", "second", "united", "independent", "community", "citizens", "peoples", "farmers",
     "merchants", "mechanics", "commerce", "commercial", "union", "security", "savings", "trust",
     "national", "state", "american", "county", "city", "home", "heritage", "financial", "group",
     "holding")
)  # fmt: skip
"""Words that with those of `BANKS` make the names of many banks."""

CUT = 0.8
"""How alike two words are of which one is the other's beginning; see `alike.likeness`."""

OWN = 6.5
"""A word that weighs more than this names something of its own (a unit, a sister)."""

PLAIN = 8.9
"""A word that weighs less than this is found in several names."""

WIDE = frozenset(("international", "worldwide", "global"))
"""Words that companies of several words drop and add with the years."""

LOOSE = frozenset(
    ("inc", "corp", "co", "ltd", "plc", "llc", "lp", "ulc", "pc", "trust", "na", "adr", "np",
     "kk", "kr", "cn", "th", "vn", "id", "pte", "pvt", "pty", "zacc", "nz", "il", "jscg", "ooo",
     "lda", "ltda")
)  # fmt: skip
"""Legal forms that are changed for each other, translated, or stand beside another one."""

AROUND = names.OUTER | {"corp", "dba"}
"""Words that are put around a name without making another one of it."""

AROUND_SEVERAL = WIDE | {"bancorporation", "fund", "trust", "new"}
"""Such words where the names share several others."""

HOUSE = frozenset(("fund", "funds", "etf", "portfolio"))
"""Words that tell a fund from the house that runs it."""

FUNDS = HOUSE | {"trust"}
"""Words of the names of funds."""

Check = Callable[[Case], str | None]


def doubts(case: Case) -> Iterator[str]:
    """Every reason for which the pair is only a question. An equal registration number is only
    doubted where the names have nothing in common."""
    if case.columns.get("registration"):
        if case.name.alike is not None and not case.name.equal and case.name.log_odds < odds(0.02):
            yield "the registration numbers are equal, but the names are not alike"
        return
    checks = (*OF_COLUMNS, *(OF_NAMES if case.name.alike is not None else ()))
    for check in checks:
        if said := check(case):
            yield said


def elsewhere(case: Case) -> bool:
    """Whether two are not even asked about: nothing but the name speaks for one company, and two
    columns that have nothing to do with each other speak against it. Common names have such
    namesakes by the thousand in a long list."""
    if case.here or any(case.columns.get(key) for key in KEYS):
        return False
    against = (case.columns.get("country") is False, _other_sites(case), _forms(case) is not None)
    return sum(against) > 1


def _other_sites(case: Case) -> bool:
    """Whether the domains differ by more than the land that they end with."""
    if case.columns.get("domain") is not False:
        return False
    left, right = (
        {d.partition(".")[0] for d in each.all_domains} for each in (case.left, case.right)
    )
    return not left & right


def _registered(case: Case) -> str | None:
    one, other = case.left.registration or "", case.right.registration or ""
    alike_ = len(one) == len(other) and one.isdigit() == other.isdigit()
    differs = case.columns.get("registration") is False
    return "the registration numbers differ" if differs and alike_ else None


def _places(case: Case) -> str | None:
    left, right = case.left, case.right
    if case.columns.get("country") is False:
        return f"in different countries ({left.country}, {right.country})"
    if case.columns.get("city") is False and not case.here:
        return f"in different places ({left.record.city}, {right.record.city})"
    return None


def _domains(case: Case) -> str | None:
    if case.columns.get("domain") is not False or case.here:
        return None
    return f"different domains ({some(case.left.all_domains)}, {some(case.right.all_domains)})"


def _above(case: Case) -> str | None:
    left, right = case.left.record, case.right.record
    return "one is above the other" if left.id == right.parent or right.id == left.parent else None


def _nameless(case: Case) -> str | None:
    return "at least one shows no name" if case.name.alike is None and case.columns else None


def _forms(case: Case) -> str | None:
    pair, name = case.name.alike, case.name
    abroad = _abroad(case.left, name) or _abroad(case.right, name)
    return "legal forms of different countries" if (pair and pair["forms"]) or abroad else None


def _side_by_side(case: Case) -> str | None:
    """A GmbH and an AG or a Ltd of one name exist side by side; of Inc. and Corp. only one does, or
    it is written either way, and a K.K. calls itself Corporation abroad."""
    here, there = set(case.name.left.forms), set(case.name.right.forms)
    keyed = (
        case.here or case.columns.get("domain") or (case.name.alike and case.name.alike["known"])
    )
    if keyed or not here or not there or here & there or LOOSE.issuperset(here | there):
        return None
    return "different legal forms"


def _abroad(record: Prepared, name: NameEvidence) -> bool:
    """Whether a record is in a country that does not know the legal form of the other."""
    here, there = set(name.left.forms), set(name.right.forms)
    if not here or not there or here & there or not record.country:
        return False
    known = (names.families()[form] or {record.country} for form in here | there)
    return any(record.country not in countries for countries in known)


def _units(case: Case) -> str | None:
    known = case.name.alike is not None and case.name.alike["known"]
    apart = set() if known else {*case.over, *_main_apart(case)} - _in_brackets(case)
    units = sorted((apart | _swapped(case) | _beside(case.name)) & unit_words())
    return f"a unit or a place in one name only ({' '.join(units)})" if units else None


def _swapped(case: Case) -> set[str]:
    """Words spelled nearly alike that are units or places both (Berlin, Bern)."""
    here, there = set(case.name.left.core), set(case.name.right.core)
    one, other = here - there - {*case.over}, there - here - {*case.over}
    return one | other if one & unit_words() and other & unit_words() else set()


def _in_brackets(case: Case) -> frozenset[str]:
    """Words that one main name has in parentheses and the other one in the name itself."""
    left, right = case.left.names[0], case.right.names[0]
    beside = ((left.qualifiers, right.core), (right.qualifiers, left.core))
    return frozenset(w for told, core in beside for each in told for w in each.split() if w in core)


def _beside(name: NameEvidence) -> set[str]:
    """Words beside the names, in parentheses, of which the other name knows nothing."""
    one = {word for each in name.left.qualifiers for word in each.split()}
    other = {word for each in name.right.qualifiers for word in each.split()}
    return (one ^ other) - set(name.left.core) - set(name.right.core)


def _main_apart(case: Case) -> tuple[str, ...]:
    """Words that only one of the main names has, where other names were nearer."""
    left, right = case.left.names[0], case.right.names[0]
    left, right = alike.completed(left, right), alike.completed(right, left)
    if (case.name.left, case.name.right) == (left, right):
        return ()
    pair = alike.compare(left, right)
    return (*pair.only_left, *pair.only_right)


def _numbers(case: Case) -> str | None:
    return "a number in one name only" if case.name.alike and case.name.alike["numbers"] else None


def _common(case: Case) -> str | None:
    pair, name = case.name.alike, case.name
    keyed = case.columns.get("domain") or case.columns.get("phone")
    if not pair or not name.equal or keyed:
        return None
    if not pair["same_form"] and {name.left.key, name.right.key} <= shared_names():
        return "several known companies bear this name"
    if pair["known"] or name.listed:
        return None
    ends = (name.left, name.right)
    same = ends[0].written == ends[1].written and ends[0].qualifiers == ends[1].qualifiers
    bank = not same and any(map(_bank_of_many, ends))
    common = bank or (not pair["same_form"] and any(map(is_common, ends)))
    return "a name that many companies could have" if common else None


def _bank_of_many(name: Name) -> bool:
    """Whether a bank is called as banks of several places are: Farmers & Merchants Bancorp."""
    return not BANKS.isdisjoint(name.core) and (BANKS | OF_BANKS).issuperset(name.core)


def is_common(name: Name) -> bool:
    """Whether a name is made of words that say what a company does, and not which."""
    return len(name.core) <= 2 and _everyday().issuperset(name.core)


@cache
def _everyday() -> frozenset[str]:
    return EVERYWHERE | names.WEAK | names.written_out()


def _in_full(case: Case) -> str | None:
    """A name with its legal form is told in full: words that it lacks are another company's."""
    name, pair = case.name, case.name.alike
    if name.equal or not case.over or not pair:
        return None
    domain = bool(case.columns.get("domain"))
    if name.left.forms and name.right.forms:
        full = not (domain and names.OUTER.issuperset(case.over))
    elif name.unique:
        full = bool(pair["formal"]) and not domain
    else:
        full = not domain and _lacking(name) and not _around(case.over, pair.shared)
    return "told in full, with a legal form, one name lacks words of the other" if full else None


def _around(over: Iterable[str], shared: Iterable[str]) -> bool:
    """Whether the words that one name lacks are such as are put around any name of several words.
    One word alone with them is another company too often (Merck Group, Graham Holdings)."""
    several = sum(word not in names.DESCRIBING for word in shared) > 1
    return several and (names.OUTER | WIDE).issuperset(over)


def _lacking(name: NameEvidence) -> bool:
    """Whether the name that has a legal form is the one that lacks words."""
    if name.alike is None:
        return False
    left = name.left.forms and not name.alike.only_left and name.alike.only_right
    right = name.right.forms and not name.alike.only_right and name.alike.only_left
    return bool(left or right)


def _partnership(case: Case) -> str | None:
    left, right = set(case.name.left.forms), set(case.name.right.forms)
    beside = "partners" in case.over and "lp" in left | right
    one = bool(left and right) and ("lp" in left) != ("lp" in right)
    return "a partnership beside the company" if beside or one else None


def _funds(case: Case) -> str | None:
    """Funds of one house are called nearly alike, and every word of their names counts."""
    name = case.name
    if name.equal:
        return None
    if HOUSE.intersection(case.over) and len(case.over) > 1:
        return "a fund beside its house or another fund"
    both = FUNDS.intersection(name.left.core) and FUNDS.intersection(name.right.core)
    return "two funds whose names are not the same" if both else None


def _plain(case: Case) -> str | None:
    """Names of one plain word, with words around them that differ (Target, Target Group)."""
    pair, name = case.name.alike, case.name
    if not pair or name.equal or name.listed or case.columns.get("domain") or not case.over:
        return None
    telling = [word for word in pair.shared if word not in names.WEAK]
    plain = len(telling) == 1 and (alike.weight(telling[0]) < PLAIN or telling[0] in shared_names())
    if plain or (telling and (_everyday() | unit_words()).issuperset(telling)):
        return f"only {' '.join(telling)} is in both names, which is in many"
    return None


def _turned(case: Case) -> str | None:
    """California Bancorp and Banc of California: the same few words, and each of them in many."""
    pair, name = case.name.alike, case.name
    if not pair or name.equal or not pair["sorted"] or case.columns.get("domain"):
        return None
    plain = (_everyday() | unit_words()).issuperset(name.left.core)
    return "the same words in another order, and all of them are in many names" if plain else None


def _cut(case: Case) -> str | None:
    pair, name = case.name.alike, case.name
    if not pair or name.equal or name.unique or case.columns.get("domain"):
        return None
    cut = 0 < pair["closest"] <= CUT and not (_cut_off(name.left) or _cut_off(name.right))
    return "a word of one name is only the beginning of one of the other" if cut else None


def _cut_off(name: Name) -> bool:
    """Whether a full field may have cut the last word; a quarter or a unit is a word of its own."""
    return name.full and name.core[-1] not in unit_words()


def _misspelt(case: Case) -> str | None:
    """One letter more or less makes another company as often as a slip (Emcor, Emcore)."""
    pair, name = case.name.alike, case.name
    keyed = case.columns.get("domain") or case.columns.get("phone")
    if not pair or name.equal or pair["sorted"] or keyed:
        return None
    if pair["rarest"] == 0:
        return "no word is spelled alike in both names"
    return "the first word is spelled in two ways" if _slip(name.left, name.right) else None


def _slip(left: Name, right: Name) -> bool:
    """Whether what both names begin with is another word by a letter or two (Hansen, Jansen; Gold,
    Golden)."""
    one, two = left.core[0], right.core[0]
    short = min(one, two, key=len)
    more = max(one, two, key=len).removeprefix(short)
    begun = one.startswith(short) and two.startswith(short) and more not in ("n", "en", "e")
    return not begun and alike.likeness(one, two) > 0


def _sisters(case: Case) -> str | None:
    """Words of one name only: of a sister or a line of business, unless the name is the only one of
    a long list; and where no domain tells, any word that is not just put around a name (Tata and
    Tata Power, Aviva and Aviva Investors)."""
    pair, name = case.name.alike, case.name
    if not pair or name.equal:
        return None
    around = AROUND | AROUND_SEVERAL if len(pair.shared) > 1 else AROUND
    further = () if case.columns.get("domain") else (w for w in case.over if w not in around)
    own = () if name.unique else (w for w in case.over if _telling(w) or w in business_lines())
    found = dict.fromkeys((*own, *further))
    return f"only one name has: {' '.join(found)}" if found else None


def _telling(word: str) -> bool:
    """Whether a word is somebody's own."""
    return alike.weight(word) > OWN and word not in names.WEAK


OF_COLUMNS: tuple[Check, ...] = (_registered, _places, _domains, _above, _nameless)


OF_NAMES: tuple[Check, ...] = (
    _forms, _side_by_side, _units, _numbers, _common, _in_full, _partnership, _funds, _plain,
    _turned, _cut, _misspelt, _sisters,
)  # fmt: skip


@cache
def shared_names() -> frozenset[str]:
    """Name keys that do not tell which company is meant."""
    lines = names.entries("shared_names.txt")
    return frozenset(names.parse(line.partition("|")[0].strip()).key for line in lines)


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


def some(values: Iterable[str]) -> str:
    """The first few of some values, in order."""
    return ", ".join(sorted(values)[:3])
