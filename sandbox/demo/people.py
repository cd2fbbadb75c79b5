"""Invented people: shown as Leads or Contacts in Salesforce and as contacts in HubSpot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sandbox.demo import owners, places, values
from sandbox.demo.companies import Company, company_name_only, pools
from sandbox.demo.names import Name, invent_name, other_spelling
from sandbox.demo.places import Country
from sandbox.demo.world import Draft, Entity, Presence, Record, Row, blank_some, casting

PLAIN: tuple[tuple[Presence, float], ...] = (("both", 0.55), ("salesforce", 0.25), ("hubspot", 0.2))
SPECIAL: tuple[tuple[Presence, str, float], ...] = (
    ("both", "spelling", 0.03),
    ("both", "conflict", 0.011),
    ("both", "two leads", 0.004),
    ("both", "lead and contact", 0.004),
    ("both", "twin hubspot", 0.004),
    ("both", "other email", 0.005),
    ("both", "no email hubspot", 0.006),
    ("both", "long title", 0.002),
    ("both", "unknown lead status", 0.002),
    ("salesforce", "two leads", 0.003),
    ("salesforce", "shared email", 0.002),
    ("salesforce", "no email", 0.004),
    ("hubspot", "twin hubspot", 0.002),
    ("hubspot", "long title", 0.002),
)
"""`spelling`: the names differ; `conflict`: the titles differ; `two leads`: same e-mail twice;
`lead and contact`: a Lead beside the Contact; `twin hubspot`: again under a private address;
`other email`: the addresses differ; `shared email`: the address of another person; `long title`:
longer than Salesforce takes (128); `unknown lead status`: no HubSpot option."""

LEAD_SHARE = 0.4
_LEADS_ONLY = frozenset({"two leads", "unknown lead status"})
_CONTACTS_ONLY = frozenset({"lead and contact"})

_JOBS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Sales", ("Head of Sales", "Account Executive", "VP Sales", "Sales Operations Manager")),
    ("Marketing", ("Marketing Manager", "CMO", "Demand Generation Lead", "Brand Director")),
    ("IT", ("CTO", "IT Director", "Enterprise Architect", "CRM Administrator")),
    ("Finance", ("CFO", "Controller", "Head of Accounting")),
    ("Operations", ("COO", "Operations Manager", "Plant Manager")),
    ("Purchasing", ("Procurement Lead", "Senior Buyer", "Category Manager")),
    ("Human Resources", ("HR Director", "People Partner", "Talent Acquisition Lead")),
    ("Management", ("CEO", "Managing Director", "Owner", "President")),
    ("Engineering", ("VP Engineering", "Software Engineer", "R&D Manager", "QA Lead")),
)
_JOBS_AT: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "de": (
        ("IT", ("IT-Leitung", "Systemadministration")),
        ("Purchasing", ("Leitung Einkauf",)),
        ("Management", ("Geschäftsführung", "Prokura")),
    ),
    "fr": (("Finance", ("Direction financière",)), ("Sales", ("Responsable grands comptes",))),
    "es": (("Operations", ("Dirección de operaciones",)),),
    "zh": (("Management", ("总经理",)), ("Sales", ("销售经理",))),
    "ja": (("Sales", ("営業部長",)),),
    "ar": (("Management", ("المدير العام",)),),
}
_LONG_TITLE = (
    "Interim Senior Vice President for Digital Transformation, Process Excellence, Regional"
    " Supply Chain Integration and Strategic Customer Partnerships in {}"
)
_FREE_MAIL = ("gmail.com", "gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "icloud.com")
_FREE_MAIL_AT = {
    "de": ("gmx.de", "web.de", "t-online.de"), "fr": ("orange.fr", "laposte.net"),
    "pl": ("wp.pl", "onet.pl"), "it": ("libero.it",), "zh": ("qq.com", "163.com"),
    "pt": ("uol.com.br",), "ja": ("yahoo.co.jp",), "hi": ("rediffmail.com",),
}  # fmt: skip
_OPTIONAL_LEAD = ("Phone", "Title", "Website", "Industry", "LeadSource")
_OPTIONAL_CONTACT = ("Phone", "MobilePhone", "Title", "Department", "LeadSource")
_OPTIONAL_HUBSPOT = ("phone", "mobilephone", "jobtitle", "company")
_CROWD = 1.8
"""How unevenly people spread over companies: 1 is evenly, more puts more into the first ones."""


@dataclass(frozen=True, slots=True)
class Person:
    """The rows that first show a person, for deals and associations."""

    salesforce: Row | None
    hubspot: Row | None


@dataclass(slots=True)
class Profile:
    """A person as they are in the invented world."""

    name: Name
    email: str
    title: str
    department: str
    company: Company | None
    employer: str
    domain: str
    country: Country
    presence: Presence
    lead: bool


class Crew:
    """Invents people; no two have the same e-mail address."""

    def __init__(self, rng: Random, companies: Sequence[Company]) -> None:
        self._rng = rng
        self._companies = companies
        self._pools = pools(companies)
        self._taken: set[str] = set()

    def invent(self, presence: Presence, lead: bool) -> tuple[Profile, int | None]:
        """A person, and the index of the company they work for, if either side has it."""
        rng = self._rng
        index = self._employer(presence, lead)
        if index is None:
            employer, domain, country = company_name_only(rng)
            company = None
        else:
            company = self._companies[index]
            employer, domain, country = company.name, company.domain, company.country
        locale = country.locale if rng.random() < 0.85 else places.invent_country(rng).locale
        name = invent_name(rng, locale)
        department, titles = _job(rng, locale)
        profile = Profile(
            name, self.address(name, locale, domain), rng.choice(titles), department, company,
            employer, domain, country, presence, lead,
        )  # fmt: skip
        return profile, index

    def address(self, name: Name, locale: str, domain: str | None) -> str:
        """An unused address: at the company as a rule, else (or without one) a private one.

        Private ones have a hyphen and a number, a form that most free mailers do not hand out.
        """
        rng = self._rng
        first, last = _local(name.latin_given), _local(name.latin_family)
        if domain is None or rng.random() < 0.1:
            host = rng.choice(_FREE_MAIL_AT.get(locale, _FREE_MAIL))
            stem = f"{first}.{last}-{rng.randint(100, 999)}"
        else:
            host = domain
            stem = rng.choice((f"{first}.{last}", f"{first}.{last}", f"{first[0]}{last}"))
        email, number = f"{stem}@{host}", 2
        while email in self._taken:
            email, number = f"{stem}{number}@{host}", number + 1
        self._taken.add(email)
        return email

    def _employer(self, presence: Presence, lead: bool) -> int | None:
        rng = self._rng
        if rng.random() < (0.45 if lead else 0.1):
            return None
        pool = self._pools[presence]
        if not pool or rng.random() < 0.06:
            return rng.randrange(len(self._companies)) if self._companies else None
        return pool[int(len(pool) * rng.random() ** _CROWD)]


def add_people(draft: Draft, companies: Sequence[Company], count: int) -> list[Person]:
    """Invent that many people and seed their leads and contacts; companies learn their staff."""
    rng = draft.random("people")
    crew = Crew(rng, companies)
    people: list[Person] = []
    truth: list[Entity] = []
    leads = _LeadDeck(rng)
    spare = ""
    for presence, trait in casting(rng, count, PLAIN, SPECIAL):
        profile, index = crew.invent(presence, leads.deal(presence, trait))
        if trait == "shared email":
            profile.email = spare or profile.email
        elif presence == "both" and not trait:
            spare = profile.email
        entity = _seed(draft, rng, crew, profile, trait)
        truth.append(entity)
        if index is not None:
            companies[index].people.append(len(people))
        people.append(Person(next(iter(entity.salesforce), None), next(iter(entity.hubspot), None)))
    draft.truth["person"] = truth
    return people


class _LeadDeck:
    """Deals out "lead" so that the share among Salesforce people holds at any size."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._people = 0
        self._leads = 0

    def deal(self, presence: Presence, trait: str) -> bool:
        if presence == "hubspot":
            return self._rng.random() < LEAD_SHARE
        behind = self._leads < self._people * LEAD_SHARE
        lead = behind if self._rng.random() < 0.5 else self._rng.random() < LEAD_SHARE
        lead = (lead or trait in _LEADS_ONLY) and trait not in _CONTACTS_ONLY
        self._people += 1
        self._leads += lead
        return lead


def _job(rng: Random, locale: str) -> tuple[str, tuple[str, ...]]:
    """A department and what people there are called, now and then in their own language."""
    own = _JOBS_AT.get(locale)
    return rng.choice(own if own and rng.random() < 0.3 else _JOBS)


def _local(text: str) -> str:
    return text.lower().replace(" ", "").replace("'", "") or "office"


def _seed(draft: Draft, rng: Random, crew: Crew, profile: Profile, trait: str) -> Entity:
    """Both sides' rows of one person, their odd trait included."""
    here, there = _render(rng, profile)
    _TRAITS.get(trait, _nothing)(rng, crew, profile, here, there)
    salesforce = _salesforce_rows(draft, profile, here, trait)
    hubspot = _hubspot_rows(draft, rng, crew, profile, there, trait)
    return Entity("person", salesforce, hubspot, (trait,) if trait else ())


def _salesforce_rows(draft: Draft, profile: Profile, record: Record, trait: str) -> tuple[Row, ...]:
    if profile.presence == "hubspot":
        return ()
    first = draft.add("Lead" if profile.lead else "Contact", record)
    if trait == "two leads":
        return (first, draft.add("Lead", {**record, "LeadSource": "Web", "Phone": None}))
    if trait == "lead and contact":
        kept = ("FirstName", "LastName", "Email", "OwnerId")
        again = {name: record.get(name) for name in kept}
        again |= {"Company": profile.employer, "Status": values.LEAD_STATUSES[0][0]}
        return (first, draft.add("Lead", again))
    return (first,)


def _hubspot_rows(
    draft: Draft, rng: Random, crew: Crew, profile: Profile, record: Record, trait: str
) -> tuple[Row, ...]:
    if profile.presence == "salesforce":
        return ()
    rows = [draft.add("contacts", record)]
    if trait == "twin hubspot":
        private = crew.address(profile.name, profile.country.locale, None)
        rows.append(draft.add("contacts", {**record, "email": private, "jobtitle": None}))
    company = profile.company
    if company and company.hubspot and rng.random() < (0.7 if profile.lead else 0.97):
        for row in rows:
            draft.associate(row, company.hubspot, primary=True)
    return tuple(rows)


def _render(rng: Random, profile: Profile) -> tuple[Record, Record]:
    """The Salesforce and the HubSpot record, alike in all that both sides show."""
    country = profile.country
    city = profile.company.city if profile.company else rng.choice(country.cities)
    phone = places.invent_phone(rng, country, city.phone)
    extension = rng.randint(10, 999) if rng.random() < 0.08 else None
    mobile = country.mobile and rng.random() < 0.4
    handy = places.invent_phone(rng, country, country.mobile) if mobile else None
    status = rng.choices(range(len(values.LEAD_STATUSES)), values.LEAD_STATUS_WEIGHTS)[0]
    user, owner = owners.assign(rng, profile.presence)
    here: Record = {
        "Salutation": profile.name.salutation, "FirstName": profile.name.given,
        "LastName": profile.name.family, "Title": profile.title,
        "Email": profile.email.title() if rng.random() < 0.04 else profile.email,
        "Phone": _with(places.salesforce_phone(rng, country, phone), " x", extension),
        "MobilePhone": handy.international if handy else None,
        "LeadSource": rng.choice(values.LEAD_SOURCES), "OwnerId": user,
    }  # fmt: skip
    here |= _lead(rng, profile, city.name, status) if profile.lead else _contact(profile, city.name)
    there: Record = {
        "email": profile.email, "firstname": profile.name.given, "lastname": profile.name.family,
        "jobtitle": profile.title, "company": profile.employer,
        "phone": _with(places.hubspot_phone(rng, phone), " ext. ", extension),
        "mobilephone": handy.e164 if handy else None, "city": city.name,
        "country": places.hubspot_country(rng, country), "hubspot_owner_id": owner,
    }  # fmt: skip
    there |= _stage(rng, profile, status)
    here["HasOptedOutOfEmail"], there["hs_email_optout"] = _opted_out(rng)
    blank_some(rng, here, _OPTIONAL_LEAD if profile.lead else _OPTIONAL_CONTACT, 0.18)
    blank_some(rng, there, _OPTIONAL_HUBSPOT, 0.18)
    if rng.random() < 0.08:
        there["city"] = there["country"] = None
    return here, there


def _opted_out(rng: Random) -> tuple[bool | None, str | None]:
    """Who wants no e-mail said so to one side, or to both."""
    chance = rng.random()
    return (True if chance < 0.03 else None), ("true" if 0.02 < chance < 0.04 else None)


def _with(number: str, word: str, extension: int | None) -> str:
    return number if extension is None else f"{number}{word}{extension}"


def _lead(rng: Random, profile: Profile, city: str, status: int) -> Record:
    company = profile.company
    return {
        "Company": profile.employer, "Status": values.LEAD_STATUSES[status][0],
        "Website": f"https://www.{profile.domain}", "City": city,
        "Country": profile.country.name, "Rating": rng.choice(values.RATINGS),
        "Industry": company.industry.salesforce if company else None,
    }  # fmt: skip


def _contact(profile: Profile, city: str) -> Record:
    account = profile.company.salesforce if profile.company else None
    return {
        "AccountId": account.reference if account else None,
        "Department": profile.department, "MailingCity": city,
        "MailingCountry": profile.country.name,
    }  # fmt: skip


def _stage(rng: Random, profile: Profile, status: int) -> Record:
    """Lifecycle stage and lead status in HubSpot."""
    if profile.lead:
        known = values.LEAD_STATUSES[status][1]
        alone = rng.choice(values.HUBSPOT_LEAD_STATUSES)
        return {
            "lifecyclestage": rng.choice(values.HUBSPOT_LEAD_STAGES),
            "hs_lead_status": alone if profile.presence == "hubspot" else known,
        }
    customer = profile.company is not None and profile.company.customer
    return {"lifecyclestage": "customer" if customer else "opportunity"}


def _nothing(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    """No odd trait that shows in the fields."""


def _spelling(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    there["firstname"], there["lastname"] = other_spelling(profile.name)


def _conflict(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    here["Title"] = profile.title
    there["jobtitle"] = f"Deputy {profile.title}"


def _other_email(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    there["email"] = crew.address(profile.name, profile.country.locale, None)


def _no_email_there(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    there["email"] = None


def _no_email(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    here["Email"] = there["email"] = None


def _long_title(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    here["Title"] = None
    there["jobtitle"] = _LONG_TITLE.format(profile.country.name)


def _unknown_status(rng: Random, crew: Crew, profile: Profile, here: Record, there: Record) -> None:
    here["Status"] = values.UNKNOWN_LEAD_STATUS
    there["hs_lead_status"] = None


_TRAITS = {
    "spelling": _spelling,
    "conflict": _conflict,
    "other email": _other_email,
    "no email hubspot": _no_email_there,
    "no email": _no_email,
    "long title": _long_title,
    "unknown lead status": _unknown_status,
}
