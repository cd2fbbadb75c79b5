"""Company names taken apart: what distinguishes them, their legal form, and what stands beside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from importlib.resources import files

from anyascii import anyascii

from mapping import places

EAST_ASIAN = re.compile(
    "股份有限公司|有限责任公司|有限責任公司|有限公司|集团公司|集團公司|集团|集團|公司"
    "|株式会社|株式會社|有限会社|合同会社|合資会社|㈱|㈲|[(（](?:株|有|同|주|유)[)）]"
    "|주식회사|유한회사|유한책임회사"
)
"""Legal forms that stand before or after a name without a space."""

CYRILLIC = re.compile(
    r"\b(?:ООО|ОАО|ЗАО|ПАО|НАО|АО|ТОО|ИП|ТОВ|ПрАТ|ПРАТ|ПАТ|АТ|ФГУП|ГУП|МУП|ОДО|ЧУП|АД|ЕООД|ООД|ЕАД)\b"
)
"""Forms in Cyrillic whose transliteration would be an everyday abbreviation (AO Smith)."""

FORMER = re.compile(
    r"[(\[,;/]?\s*\b(?:formerly(?: known as)?|f/?k/?a|d/?b/?a|doing business as|trading as|t/a"
    r"|a/?k/?a|also known as|now known as|previously|vormals|vorm\.|anciennement|ex-)\b[:.\s]*"
    r"([^()\[\];]+)[)\]]?",
    re.IGNORECASE,
)
"""A second name told within a name: (formerly Beta Inc), DBA Gamma."""

HINT = re.compile(
    r"k/?a\b|b/?a\b|t/a|\bex-|form|known|trading|previous|ancien|doing", re.IGNORECASE
)
"""What is in every text that `FORMER` could find something in; looked for because it is quick."""

BESIDE = re.compile(r"[()\[\]（）/\\]|[^\x00-\x7f]")
"""What is in every text that has something beside the name."""

TIGHT = re.compile(r"\b([a-z]{1,2})\s?&\s?([a-z])\b")
"""An ampersand within an abbreviation: AT&T, H&R, S & P."""

ARTICLES = frozenset(("the", "la", "le", "les", "der", "die", "das", "el", "los", "las", "il"))
"""The only ignored words that are left out where they open a name."""

WORD = re.compile(r"[a-z0-9]+")

PARTICLES = ("o", "d", "l")
"""Letters that belong to the word behind them: O Reilly, L Oreal."""

STATE = re.compile(r"\s*[/\\(]\s*[A-Za-z]{2,5}\s*[/\\)]?\s*$")
"""How registers tell namesakes apart: `First Bancorp /ME/`, `ACME CORP \\DE\\`."""

CUT = re.compile(r"(?<=.{24}),\s*[A-Za-z]\s*$|(?<=.{8})\s*\([^()]*$")
"""What is left of the end of a name where a field was full: `…Services, I`, `…Energy (Holdin`."""

LAND = re.compile(r"\s*/\s*([A-Za-z][A-Za-z. ]{5,24})/?\s*$")
"""How a register adds where a company was founded: `Troops, Inc. /Cayman Islands/`."""

INDIA = re.compile(r"\(\s*I\s*\)")
"""How Indian names abbreviate their land: `Berger Paints (I) Limited`."""

IGNORED = frozenset(
    ("and", "the", "und", "et", "y", "e", "og", "och", "en", "of", "de", "la", "le", "les",
     "del", "der", "die", "das", "du", "des", "di", "da", "do", "dos", "el", "los", "las", "il",
     "van", "het", "for", "fur", "for", "in", "at", "a", "an", "s")
)  # fmt: skip
"""Words that are left out or added freely; a name of nothing else keeps them."""

WEAK = frozenset(
    ("group", "holding", "com", "companies", "global", "worldwide", "enterprises", "corporate",
     "headquarters", "hq", "main")
)  # fmt: skip
"""Words that one list writes and the other leaves out."""

DESCRIBING = WEAK | {
    "international", "industries", "technologies", "systems", "solutions", "services", "brands",
    "national", "energy", "logistics", "networks", "communications", "products",
}  # fmt: skip
"""Words that come and go when a company is renamed."""

OUTER = frozenset(("group", "holding", "com", "companies", "corporate"))
"""Words around a name that do not change whose it is, where nobody else has the rest."""

ISSUES = frozenset(
    ("new", "class", "clas", "cla", "cl", "series", "serie", "ser", "warrant", "warrants", "right",
     "rights", "common", "ordinary", "preferred", "depositary", "depository", "tranche", "shs",
     "non", "nonvoting", "voting", "sponsored", "ads", "adr", "commonstock")
)  # fmt: skip
"""Words that begin what lists of shares write behind a legal form: Liberty Media Corp Series A."""

SHARES = frozenset(("stock", "commonstock", "share", "shares", "ads", "adr", "receipt", "receipts"))
"""Words of which one tells such an end where no legal form stands before it."""

OF_ISSUES = ISSUES | SHARES | frozenset(
    ("american", "each", "representing", "one", "two", "three", "four", "five", "six", "eight",
     "ten", "half", "which", "st", "sto", "stoc", "sh", "sha", "shar", "cumulative", "redeemable",
     "perpetual", "convertible", "fixed", "floating", "rate", "par", "value", "capital",
     "beneficial", "interest", "no", "the", "of", "and", "to", "a", "an")
)  # fmt: skip
"""Words that go on with it, besides numbers and single letters."""

STATES = frozenset(
    ("ak", "al", "ar", "az", "ca", "ct", "dc", "de", "fl", "ga", "hi", "ia", "id", "il", "in", "ks",
     "ky", "la", "ma", "md", "me", "mi", "mn", "mo", "ms", "mt", "nc", "nd", "ne", "nh", "nj", "nm",
     "nv", "ny", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "va", "vt", "wa", "wi",
     "wv", "wy", "ala", "ariz", "ark", "calif", "cal", "colo", "conn", "del", "fla", "ill", "ind",
     "kans", "mass", "mich", "minn", "miss", "mont", "neb", "nev", "okla", "ore", "tenn", "tex",
     "wash", "wis", "wyo")
)  # fmt: skip
"""States of the United States as registers write them behind a legal form: `PARSONS CORP DEL`."""

FIELD = 24
"""So many letters fill a field of thirty, spaces and commas not counted."""


UMLAUT = re.compile(r"(?<![aeiouq])([aou])e(?=[b-df-hj-np-tv-xz])|a(?=a)")
"""Letters that stand for ä, ö, ø, ü, å; not in Bauer, Boeing, Value or Quest."""


@lru_cache(maxsize=100_000)
def without_umlauts(word: str) -> str:
    """A word in ASCII as if its umlauts had been left out: mueller as muller, aarhus as arhus.
    Short words stay: Aaon is not Aon."""
    return UMLAUT.sub(lambda found: found[1] or "", word) if len(word) >= 5 else word


@dataclass(frozen=True, slots=True)
class Name:
    """One company name, taken apart."""

    core: tuple[str, ...]
    """The words that distinguish it, in order, without articles and legal form."""
    forms: tuple[str, ...]
    """Families of legal forms found (`inc`, `gmbh` …)."""
    qualifiers: tuple[str, ...]
    """What stood in parentheses or behind a dash: a place, a unit, a state of registration."""
    others: tuple[str, ...]
    """Former and trade names told within the name."""
    written: str = ""
    """All its words, legal forms included, without spaces: SiemensAG is Siemens AG."""

    @property
    def key(self) -> str:
        """The normalised name: equal for two spellings of one name, but for written-out umlauts."""
        return " ".join(self.core)

    @property
    def exact(self) -> str:
        """The key in which Müller, Muller and Mueller are one."""
        return " ".join(map(without_umlauts, self.core))

    @property
    def full(self) -> bool:
        """Whether it may have been cut off in its last word, where a field was full."""
        return not self.forms and len(self.written) >= FIELD

    @property
    def inner(self) -> tuple[str, ...]:
        """The words without `OUTER` ones, unless there is nothing else."""
        return tuple(word for word in self.core if word not in OUTER) or self.core

    @property
    def compact(self) -> str:
        """The key without spaces and umlauts: JP Morgan and JPMorgan, Müller and Mueller."""
        return "".join(map(without_umlauts, self.core))


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling of a legal form."""

    family: str
    words: tuple[str, ...]
    first: bool


def entries(file: str) -> Iterator[str]:
    """The lines of a list that comes with the engine, without comments."""
    text = (files("mapping.matching") / "data" / file).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


@cache
def families() -> dict[str, frozenset[str]]:
    """The countries of each family of legal forms; empty where it is found everywhere."""
    found = {}
    for line in entries("legal_forms.txt"):
        family, places, _ = (part.strip() for part in line.split("|"))
        found[family] = frozenset() if places == "*" else frozenset(places.split())
    return found


@cache
def _forms() -> tuple[dict[str, tuple[Form, ...]], dict[str, tuple[Form, ...]]]:
    """Forms by their first word, for those that stand first, and by their last for the others."""
    start: dict[str, list[Form]] = {}
    end: dict[str, list[Form]] = {}
    for line in entries("legal_forms.txt"):
        family, _, spelled = (part.strip() for part in line.split("|"))
        for each in spelled.split(";"):
            words = tuple(_joined(each.strip().removeprefix("^").split()))
            first = each.strip().startswith("^")
            form = Form(family, words, first)
            where = start.setdefault(words[0], []) if first else end.setdefault(words[-1], [])
            where.append(form)
    return _longest(start), _longest(end)


@cache
def form_words(chosen: tuple[str, ...]) -> frozenset[str]:
    """The words in which legal forms of some families are written, short forms told in full."""
    every = (form for table in _forms() for forms in table.values() for form in forms)
    found = {word for form in every if form.family in chosen for word in form.words}
    return frozenset(found | {_spellings().get(word, word) for word in found})


def _longest(found: dict[str, list[Form]]) -> dict[str, tuple[Form, ...]]:
    return {
        word: tuple(sorted(forms, key=lambda form: -len(form.words)))
        for word, forms in found.items()
    }


@cache
def _spellings() -> dict[str, str]:
    """What short forms stand for."""
    found: dict[str, str] = {}
    for line in entries("words.txt"):
        word, _, spelled = line.partition(":")
        for each in spelled.split(","):
            found.setdefault(each.strip(), word)
    return found


@cache
def written_out() -> frozenset[str]:
    """The words that short forms stand for: what companies do, not what they are called."""
    return frozenset(_spellings().values())


@lru_cache(maxsize=400_000)
def parse(name: str) -> Name:
    """A company name taken apart; never empty where the name has a letter or digit."""
    text = unicodedata.normalize("NFKC", unescape(name) if "&" in name else name).strip(
        " *\t\n\r'\""
    )
    others: tuple[str, ...] = ()
    if HINT.search(text):
        others = tuple(found.strip() for found in FORMER.findall(text) if found.strip())
        text = FORMER.sub(" ", text) if FORMER.sub(" ", text).strip() else text
    text = CUT.sub("", text)
    text, qualifiers = _beside(text) if BESIDE.search(text) else (text, ())
    told = plain_words(text)
    words = _told_twice(_without_issue(told))
    if len(words) < len(told):  # where shares are told, the land is that of the register
        qualifiers = tuple(each for each in qualifiers if not _is_land(each))
    if state := _state(words):
        words, qualifiers = words[:-1], (*qualifiers, state)
    core, forms = _without_forms(words)
    core = _without_initials(_kept([_spellings().get(word, word) for word in _one_name(core)]))
    return Name(tuple(core or words), forms, qualifiers, others, "".join(words))


def _beside(text: str) -> tuple[str, tuple[str, ...]]:
    """A name without what stands in parentheses, unless there is nothing else."""
    found = []
    land = LAND.search(text)
    if land and land.start() > 2 and _is_land(land[1]):
        text = text[: land.start()]
    state = STATE.search(text)
    if state and state.start() > 2 and not EAST_ASIAN.search(text):
        found.append(state.group().strip(" /\\()"))
        if found[0].lower() in ("uk", "us", "can") and "(" not in state.group():
            found = []  # the register's land, not a unit there
        text = text[: state.start()]
    for inner in re.findall(r"[(\[（]([^()\[\]（）]*)[)\]）]", INDIA.sub("(India)", text)):
        bare = re.sub(r"[(\[（][^()\[\]（）]*[)\]）]", " ", text).strip()
        if bare and not EAST_ASIAN.search(f"({inner})"):
            found.append(inner.strip())
    bare = re.sub(r"[(\[（][^()\[\]（）]*[)\]）]", " ", EAST_ASIAN.sub(" ", text)).strip(" ,-")
    return bare or text, tuple(
        " ".join(plain_words(each)) for each in found if each.lower() != "the" and plain_words(each)
    )


def _is_land(text: str) -> bool:
    """Whether a text is a country or a state of the United States."""
    written = text.strip(" .").lower()
    try:
        return bool(places.country(written))
    except ValueError:
        return places.region(written, "US") != written


def plain_words(text: str) -> list[str]:
    """The words of a text in ASCII and lower case; letters with dots between are one word."""
    if not text.isascii():
        text = CYRILLIC.sub(" ", EAST_ASIAN.sub(" ", text))
        text = anyascii(unicodedata.normalize("NFC", text))
    text = text.lower().replace("'", "").replace("`", "")
    if "&" in text or "+" in text:
        text = TIGHT.sub(r"\1\2", text).replace("&", " and ").replace("+", " and ")
    return _joined(WORD.findall(text))


def _joined(words: list[str]) -> list[str]:
    """Runs of single letters as one word: N V, A. O. Smith, H & R Block keep together."""
    done: list[str] = []
    run = ""
    for index, word in enumerate(words):
        bridge = word == "and" and run and index + 1 < len(words) and len(words[index + 1]) == 1
        if len(word) == 1 and word.isalpha():
            run += word
            continue
        if bridge:
            continue
        if run:
            done.append(run)
            run = ""
        if done and done[-1] in PARTICLES:
            word = done.pop() + word
        done.append(word)
    return [*done, run] if run else done


def _without_forms(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Legal forms taken from both ends, again and again, never down to nothing."""
    start, end = _forms()
    found: list[str] = []
    while True:
        while len(words) > 1 and words[-1] in ("and", "the", "of"):
            words = words[:-1]
        form = _at(words, end.get(words[-1], ()) if words else (), last=True)
        if form is not None:
            words = words[: -len(form.words)]
        else:
            form = _at(words, start.get(words[0], ()) if words else (), last=False)
            if form is None:
                return words, tuple(dict.fromkeys(found))
            words = words[len(form.words) :]
        found.append(form.family)


def _one_name(words: list[str]) -> list[str]:
    """A name without the legal form that lists of shares write into it: Four Corners Inc Trust."""
    return words[:1] + [word for word in words[1:] if word != "inc"]


def _without_initials(core: list[str]) -> list[str]:
    """A name without its own initials in front or behind: `CHPA Canadian Homeopathic …`."""
    for initials, rest in ((core[:1], core[1:]), (core[-1:], core[:-1])):
        if len(rest) > 2 and initials == ["".join(word[0] for word in rest)]:
            return rest
    return core


def _without_issue(words: list[str]) -> list[str]:
    """A name without the class of shares or the security behind it: `Acme Inc Series A`, `Fund of
    Acme Common Shares of Beneficial Interest`."""
    _, end = _forms()
    for place in range(1, len(words) if not ISSUES.isdisjoint(words) else 0):
        named, issue = words[:place], words[place:]
        if not all(w in OF_ISSUES or len(w) == 1 or w[0].isdigit() for w in issue):
            continue
        opens = issue[0] in ISSUES or (issue[0] == "american" and issue[1:2] != issue[-1:])
        formal = _at(named, end.get(named[-1], ()), last=True)
        if opens and (formal or not SHARES.isdisjoint(issue)):
            return named
    return words


def _state(words: list[str]) -> str | None:
    """The state that a register writes behind a legal form without a slash, if any."""
    known = len(words) > 2 and words[-1] in STATES and words[-2] in ("inc", "corp", "co", "ltd")
    return words[-1] if known else None


def _told_twice(words: list[str]) -> list[str]:
    """A name that stands there twice: once."""
    half = len(words) // 2
    return words[:half] if half > 1 and words[:half] == words[half:] else words


def only_form(text: str) -> bool:
    """Whether a text is nothing but a legal form or a class of shares."""
    words = plain_words(text)
    _, end = _forms()
    return bool(words) and any(form.words == tuple(words) for form in end.get(words[-1], ()))


def _at(words: list[str], forms: tuple[Form, ...], *, last: bool) -> Form | None:
    for form in forms:
        size = len(form.words)
        piece = words[-size:] if last else words[:size]
        if len(words) > size and tuple(piece) == form.words:
            return form
    return None


def _kept(words: list[str]) -> list[str]:
    """Without articles and the like, unless there is nothing else; `com` at the end is a spelling
    of a website's name."""
    kept = [
        word for place, word in enumerate(words) if word not in (IGNORED if place else ARTICLES)
    ]
    if len(kept) > 1 and kept[-1] == "com":
        kept = kept[:-1]
    return kept or words
