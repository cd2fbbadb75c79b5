"""Invented companies: names, legal forms and domains, shown as accounts and as companies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from sandbox.demo import owners, places, values
from sandbox.demo.names import ascii_letters, family_name, without_umlauts
from sandbox.demo.places import City, Country
from sandbox.demo.values import Industry
from sandbox.demo.world import Draft, Entity, Presence, Record, Row, blank_some, casting

PLAIN: tuple[tuple[Presence, float], ...] = (("both", 0.55), ("salesforce", 0.25), ("hubspot", 0.2))
SPECIAL: tuple[tuple[Presence, str, float], ...] = (
    ("both", "spelling", 0.09),
    ("both", "conflict", 0.011),
    ("both", "twin salesforce", 0.006),
    ("both", "twin hubspot", 0.006),
    ("both", "unknown industry", 0.004),
    ("salesforce", "unknown industry", 0.004),
    ("salesforce", "twin salesforce", 0.004),
    ("hubspot", "long city", 0.003),
)
"""`spelling`: the names differ; `conflict`: a value differs; `twin`: the company is there twice;
`unknown industry`: no HubSpot option; `long city`: longer than Salesforce takes (40)."""

LONG_CITY = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HEADS = _words(
    "Vel Quor Zan Bryn Kest Lumo Thal Ost Mira Nev Dra Pell Syl Tarn Ulm Wex Yar Aldo Brix Cor"
    " Dun Elva Fjor Gren Hal Ister Jor Kal Lor Mel Nor Orin Pra Rav Sel Tor Ver Wil Xan Zeph"
    " Amber Cald Esk Farn Gild Hest Ivo Juno Larch Mord"
)
_TAILS = _words(
    "mora vane trel wick dale holm ford tica lund mere stead quist brook nova hurst ridge sund"
    " thal varn wold ington aris elle ovia umbra yard croft beck gard lyn"
)
_ELSEWHERE = {
    "zh": (
        _words("远山=Yuanshan 华泰=Huatai 新月=Xinyue 金桥=Jinqiao 东海=Donghai 白云=Baiyun"),
        _words("科技=Keji 贸易=Maoyi 物流=Wuliu 机械=Jixie 软件=Ruanjian 能源=Nengyuan"),
    ),
    "ja": (
        _words("青葉=Aoba 月島=Tsukishima 北斗=Hokuto 桜井=Sakurai 富岳=Fugaku"),
        _words("電機=Denki 商事=Shoji 精密=Seimitsu 物産=Bussan 製薬=Seiyaku 工業=Kogyo"),
    ),
    "ar": (
        _words("النخيل=Alnakheel الواحة=Alwaha الصقر=Alsaqr اللؤلؤة=Allulua الأفق=Alufuq"),
        _words("للتجارة=Trading للطاقة=Energy للتقنية=Tech للنقل=Transport"),
    ),
}
_WEBSITES = ("https://www.{}/", "https://www.{}", "http://www.{}", "www.{}", "https://{}", "{}")
_ABOUT = (
    "{name} serves {word} customers from {city}.",
    "Family-owned since three generations; {word} business in {city} and abroad.",
    "Fast-growing {word} company, second site planned outside {city}.",
)
_OPTIONAL_SALESFORCE = (
    "Phone", "Industry", "NumberOfEmployees", "AnnualRevenue", "Website", "Description",
)  # fmt: skip
_OPTIONAL_HUBSPOT = ("phone", "industry", "numberofemployees", "annualrevenue", "description",
                     "website")  # fmt: skip


@dataclass(slots=True)
class Company:
    """A company as it is in the invented world, and the rows that show it."""

    name: str
    base: str
    country: Country
    city: City
    industry: Industry
    domain: str
    type_index: int
    presence: Presence
    salesforce: Row | None = None
    hubspot: Row | None = None
    parent: Company | None = None
    people: list[int] = field(default_factory=list)

    @property
    def customer(self) -> bool:
        """Whether it buys already."""
        return values.ACCOUNT_TYPES[self.type_index][0].startswith("Customer")


class Registry:
    """Invents companies; no two with the same name, or with the same domain by chance."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._names: set[str] = set()
        self._domains: set[str] = set()
        self._types = rng.choices(range(len(values.ACCOUNT_TYPES)), values.ACCOUNT_TYPE_WEIGHTS,
                                  k=997)  # fmt: skip

    def invent(self, presence: Presence) -> Company:
        """A company that is not a part of another one."""
        rng = self._rng
        country = places.invent_country(rng)
        industry = rng.choice(values.WEIGHTED_INDUSTRIES)
        base, latin = self._base(country, industry)
        return Company(
            name=_legal_name(rng, country, base), base=base, country=country,
            city=rng.choice(country.cities), industry=industry,
            domain=self._domain(latin, country), type_index=rng.choice(self._types),
            presence=presence,
        )  # fmt: skip

    def subsidiary(self, parent: Company, presence: Presence) -> Company:
        """A unit abroad of that company, in one case of three under the same domain."""
        rng = self._rng
        country = places.invent_country(rng)
        base = self._unused(f"{parent.base} {country.name}")
        shared = rng.random() < 0.34
        latin = ascii_letters(parent.domain.split(".")[0]) + country.code.lower()
        return Company(
            name=_legal_name(rng, country, base), base=base, country=country,
            city=rng.choice(country.cities), industry=parent.industry,
            domain=parent.domain if shared else self._domain(latin, country),
            type_index=rng.choice(self._types), presence=presence, parent=parent,
        )  # fmt: skip

    def _base(self, country: Country, industry: Industry) -> tuple[str, str]:
        base = latin = ""
        for _ in range(20):
            base, latin = _invent_base(self._rng, country, industry)
            if base not in self._names:
                break
        base = self._unused(base)
        return base, latin

    def _unused(self, base: str) -> str:
        chosen, number = base, 2
        while chosen in self._names:
            chosen, number = f"{base} {number}", number + 1
        self._names.add(chosen)
        return chosen

    def _domain(self, latin: str, country: Country) -> str:
        stem = "".join(sign for sign in latin.lower() if sign.isalnum() or sign == "-").strip("-")
        tld = self._rng.choice(country.tlds)
        chosen, number = f"{stem}.{tld}", 2
        while chosen in self._domains:
            chosen, number = f"{stem}{number}.{tld}", number + 1
        self._domains.add(chosen)
        return chosen


def add_companies(draft: Draft, count: int) -> list[Company]:
    """Invent that many companies and seed their accounts and companies."""
    rng = draft.random("companies")
    registry = Registry(rng)
    companies: list[Company] = []
    truth: list[Entity] = []
    parents: dict[str, list[Company]] = {"both": [], "salesforce": [], "hubspot": []}
    for presence, trait in casting(rng, count, PLAIN, SPECIAL):
        heads = parents["both"] or parents[presence]
        if not trait and heads and rng.random() < 0.06:
            company = registry.subsidiary(rng.choice(heads), presence)
        else:
            company = registry.invent(presence)
            if not trait:
                parents[presence].append(company)
        companies.append(company)
        truth.append(_seed(draft, rng, company, trait))
    draft.truth["account"] = truth
    return companies


def company_name_only(rng: Random) -> tuple[str, str, Country]:
    """Name, domain and country of a company that neither side has as an account."""
    country = places.invent_country(rng)
    base, latin = _invent_base(rng, country, rng.choice(values.WEIGHTED_INDUSTRIES))
    stem = "".join(sign for sign in latin.lower() if sign.isalnum())
    return _legal_name(rng, country, base), f"{stem}-group.{country.tlds[-1]}", country


def other_spelling(rng: Random, name: str, base: str) -> str:
    """The company's name as another clerk would type it: never exactly the same.

    `base` is the name without its legal form.
    """
    candidates = (
        base,
        name.replace(".", ""),
        name.replace(" & ", " and "),
        without_umlauts(name),
        name.replace(" Inc.", ", Inc.").replace(" LLC", ", LLC").replace(" Ltd", " Limited"),
        name.replace("株式会社", "(株)").replace("有限公司", "有限责任公司"),
        name.upper(),
    )
    return rng.choice([text for text in candidates if text != name])


def _invent_base(rng: Random, country: Country, industry: Industry) -> tuple[str, str]:
    """A name without legal form, and the same in Latin letters for a domain."""
    if country.locale in _ELSEWHERE and rng.random() < 0.7:
        roots, trades = _ELSEWHERE[country.locale]
        parts = [word.partition("=") for word in (rng.choice(roots), rng.choice(trades))]
        gap = " " if country.locale == "ar" else ""
        lead = country.cities[0].name if country.locale == "zh" else ""
        return lead + gap.join(part[0] for part in parts), "-".join(part[2] for part in parts)
    word = rng.choice(industry.words)
    if rng.random() < 0.14:
        first, second = family_name(rng, country.locale), family_name(rng, "en")
        base = f"{first} & {second} {word}"
        return base, f"{_latin(first)}-{_latin(second)}-{word}"
    root = rng.choice(_HEADS) + rng.choice(_TAILS)
    return f"{root} {word}", f"{root}{word}"


def _latin(text: str) -> str:
    return ascii_letters(without_umlauts(text)).replace(" ", "") or "house"


def _legal_name(rng: Random, country: Country, base: str) -> str:
    legal = rng.choice(country.legal)
    if country.locale == "ja":
        return f"{legal}{base}"
    return f"{base}{legal}" if country.locale == "zh" else f"{base} {legal}"


def _seed(draft: Draft, rng: Random, company: Company, trait: str) -> Entity:
    """Both sides' rows of one company, its odd trait included."""
    account, other = _render(rng, company)
    _TRAITS.get(trait, _nothing)(rng, company, account, other)
    here = _rows(draft, "Account", account, company.presence != "hubspot", trait)
    there = _rows(draft, "companies", other, company.presence != "salesforce", trait)
    company.salesforce = here[0] if here else None
    company.hubspot = there[0] if there else None
    return Entity("account", here, there, (trait,) if trait else ())


def _rows(
    draft: Draft, object_type: str, record: Record, wanted: bool, trait: str
) -> tuple[Row, ...]:
    if not wanted:
        return ()
    first = draft.add(object_type, record)
    if trait != ("twin salesforce" if object_type == "Account" else "twin hubspot"):
        return (first,)
    name = "Name" if object_type == "Account" else "name"
    again = {**record, name: f"{record[name]} (HQ)"}
    again.pop("Phone" if object_type == "Account" else "phone", None)
    return (first, draft.add(object_type, again))


def _render(rng: Random, company: Company) -> tuple[Record, Record]:
    """The account and the company, alike in all that both sides show."""
    country, city = company.country, company.city
    phone = places.invent_phone(rng, country, city.phone)
    street, postal = places.invent_street(rng, country), places.digits(rng, city.postal)
    staff = int(10 ** rng.uniform(0.8, 4.3))
    revenue = staff * rng.choice((80, 120, 150, 210)) * 1000
    website = rng.choice(_WEBSITES).format(company.domain)
    user, owner = owners.assign(rng, company.presence)
    local_type, other_type = values.ACCOUNT_TYPES[company.type_index]
    about = _about(rng, company)
    account: Record = {
        "Name": company.name, "Type": local_type, "Industry": company.industry.salesforce,
        "Website": website, "Phone": places.salesforce_phone(rng, country, phone),
        "BillingStreet": street, "BillingCity": city.name, "BillingState": city.region,
        "BillingPostalCode": postal, "BillingCountry": country.name,
        "NumberOfEmployees": staff, "AnnualRevenue": revenue, "Description": about,
        "Rating": rng.choice(values.RATINGS), "Ownership": rng.choice(values.OWNERSHIP),
        "OwnerId": user, "ParentId": _parent(company),
    }  # fmt: skip
    other: Record = {
        "name": company.name, "domain": company.domain, "type": other_type,
        "industry": company.industry.hubspot, "phone": places.hubspot_phone(rng, phone),
        "website": website if rng.random() < 0.4 else None,
        "address": street, "city": city.name, "state": city.region, "zip": postal,
        "country": places.hubspot_country(rng, country), "numberofemployees": str(staff),
        "annualrevenue": str(revenue), "description": about if rng.random() < 0.7 else None,
        "lifecyclestage": _lifecycle(company), "hubspot_owner_id": owner,
    }  # fmt: skip
    blank_some(rng, account, _OPTIONAL_SALESFORCE, 0.18)
    blank_some(rng, other, _OPTIONAL_HUBSPOT, 0.18)
    return account, other


def _about(rng: Random, company: Company) -> str | None:
    if rng.random() < 0.6:
        return None
    word = company.industry.salesforce.lower()
    return rng.choice(_ABOUT).format(name=company.name, word=word, city=company.city.name)


def _parent(company: Company) -> str | None:
    parent = company.parent
    return parent.salesforce.reference if parent and parent.salesforce else None


def _lifecycle(company: Company) -> str:
    return "customer" if company.customer else "lead"


def _nothing(rng: Random, company: Company, account: Record, other: Record) -> None:
    """No odd trait."""


def _spelling(rng: Random, company: Company, account: Record, other: Record) -> None:
    other["name"] = other_spelling(rng, company.name, company.base)


def _conflict(rng: Random, company: Company, account: Record, other: Record) -> None:
    staff = account["NumberOfEmployees"] or 40
    account["NumberOfEmployees"] = staff
    other["numberofemployees"] = str(staff * 2 + rng.randint(1, 90))


def _unknown_industry(rng: Random, company: Company, account: Record, other: Record) -> None:
    account["Industry"] = rng.choice(values.UNKNOWN_INDUSTRIES)
    other["industry"] = None


def _long_city(rng: Random, company: Company, account: Record, other: Record) -> None:
    other["city"] = LONG_CITY


_TRAITS = {
    "spelling": _spelling,
    "conflict": _conflict,
    "unknown industry": _unknown_industry,
    "long city": _long_city,
}


def pools(companies: Sequence[Company]) -> dict[Presence, list[int]]:
    """For people and deals of each presence: indices of the companies to be seen beside them."""
    seen: dict[Presence, list[int]] = {"both": [], "salesforce": [], "hubspot": []}
    for index, company in enumerate(companies):
        for presence, pool in seen.items():
            if company.presence in {"both", presence}:
                pool.append(index)
    return seen
