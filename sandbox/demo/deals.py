"""Invented deals: opportunities with contact roles in Salesforce, deals in HubSpot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sandbox.demo import owners, values
from sandbox.demo.companies import Company, pools
from sandbox.demo.people import Person
from sandbox.demo.values import Stage
from sandbox.demo.world import Draft, Entity, Presence, Record, Row, blank_some, casting

PLAIN: tuple[tuple[Presence, float], ...] = (("both", 0.55), ("salesforce", 0.25), ("hubspot", 0.2))
SPECIAL: tuple[tuple[Presence, str, float], ...] = (
    ("both", "spelling", 0.03),
    ("both", "conflict", 0.011),
    ("both", "roles differ", 0.04),
    ("salesforce", "unknown type", 0.004),
    ("hubspot", "long name", 0.005),
)
"""`spelling`: the names differ; `conflict`: the amounts differ; `roles differ`: HubSpot knows only
one of the people; `unknown type`: no HubSpot option; `long name`: longer than Salesforce takes
(120)."""

TURN = date(2026, 9, 30)
"""Closed deals closed before this day, open ones are expected to close after it."""

_MATTERS = (
    "Platform rollout", "Annual licence", "Renewal 2026", "Expansion", "Pilot", "Support contract",
    "Data migration", "Fleet order", "Framework agreement", "Training package", "Integration",
    "Second site", "Wartungsvertrag", "Upgrade Premium",
)  # fmt: skip
_LONG = " – consolidated framework agreement for all sites, including options for the years 2027-31"
_STEPS = ("Send revised offer", "Call with the buyer", "Wait for legal", "Book a demo",
          "Security review")  # fmt: skip
_OPTIONAL_SALESFORCE = ("Amount", "NextStep", "LeadSource", "Type", "Description")
_OPTIONAL_HUBSPOT = ("amount", "dealtype", "description", "hs_next_step")


@dataclass(slots=True)
class Deal:
    """A deal as it is in the invented world."""

    name: str
    company: Company | None
    stage: Stage
    amount: int
    close: date
    presence: Presence


class Desk:
    """Invents deals; no two with the same name."""

    def __init__(self, rng: Random, companies: Sequence[Company]) -> None:
        self._rng = rng
        self._companies = companies
        self._pools = pools(companies)
        self._names: set[str] = set()

    def invent(self, presence: Presence) -> Deal:
        """A deal at a company that is to be seen beside it, as a rule."""
        rng = self._rng
        pool = self._pools[presence]
        company = self._companies[rng.choice(pool)] if pool and rng.random() < 0.97 else None
        stage = rng.choice(values.WEIGHTED_STAGES)
        days = rng.randint(1, 420) if stage.closed else -rng.randint(1, 200)
        return Deal(
            name=self._name(company), company=company, stage=stage,
            amount=round(10 ** rng.uniform(3.2, 5.9)) // 50 * 50,
            close=TURN - timedelta(days=days), presence=presence,
        )  # fmt: skip

    def _name(self, company: Company | None) -> str:
        stem = f"{company.base if company else 'Inbound'} - {self._rng.choice(_MATTERS)}"
        chosen, number = stem, 2
        while chosen in self._names:
            chosen, number = f"{stem} ({number})", number + 1
        self._names.add(chosen)
        return chosen


def add_deals(
    draft: Draft, companies: Sequence[Company], people: Sequence[Person], count: int
) -> None:
    """Invent that many deals and seed them with the people who take part."""
    rng = draft.random("deals")
    desk = Desk(rng, companies)
    truth: list[Entity] = []
    for presence, trait in casting(rng, count, PLAIN, SPECIAL):
        deal = desk.invent(presence)
        here, there = _render(rng, deal)
        _TRAITS.get(trait, _nothing)(rng, deal, here, there)
        opportunity = draft.add("Opportunity", here) if presence != "hubspot" else None
        other = draft.add("deals", there) if presence != "salesforce" else None
        _take_part(draft, rng, deal, trait, _team(rng, deal, people), (opportunity, other))
        truth.append(_entity(opportunity, other, trait))
    draft.truth["opportunity"] = truth


def _entity(opportunity: Row | None, other: Row | None, trait: str) -> Entity:
    return Entity(
        "opportunity",
        (opportunity,) if opportunity else (),
        (other,) if other else (),
        (trait,) if trait else (),
    )


def _render(rng: Random, deal: Deal) -> tuple[Record, Record]:
    """The opportunity and the deal, alike in all that both sides show."""
    local_type, other_type = rng.choice(values.DEAL_TYPES)
    user, owner = owners.assign(rng, deal.presence)
    account = deal.company.salesforce if deal.company else None
    step = None if deal.stage.closed or rng.random() < 0.5 else rng.choice(_STEPS)
    here: Record = {
        "Name": deal.name, "StageName": _local_stage(rng, deal),
        "CloseDate": deal.close.isoformat(), "Amount": deal.amount, "Type": local_type,
        "LeadSource": rng.choice(values.LEAD_SOURCES), "NextStep": step, "OwnerId": user,
        "AccountId": account.reference if account else None,
    }  # fmt: skip
    there: Record = {
        "dealname": deal.name, "dealstage": deal.stage.hubspot,
        "pipeline": values.HUBSPOT_PIPELINE, "closedate": f"{deal.close.isoformat()}T12:00:00Z",
        "amount": str(deal.amount), "dealtype": other_type, "hs_next_step": step,
        "hubspot_owner_id": owner,
    }  # fmt: skip
    blank_some(rng, here, _OPTIONAL_SALESFORCE, 0.12)
    blank_some(rng, there, _OPTIONAL_HUBSPOT, 0.12)
    return here, there


def _local_stage(rng: Random, deal: Deal) -> str:
    stage = deal.stage.salesforce
    if deal.presence == "salesforce" and rng.random() < 0.4:
        return values.FINER_STAGES.get(stage, stage)
    return stage


def _team(rng: Random, deal: Deal, people: Sequence[Person]) -> list[Person]:
    """One to four people of the company, those whom the deal's sides know first."""
    if deal.company is None:
        return []
    staff = [people[index] for index in deal.company.people]
    known = [person for person in staff if _shows(person, deal.presence)]
    pool = known or staff
    return rng.sample(pool, min(len(pool), rng.randint(1, 4)))


def _shows(person: Person, presence: Presence) -> bool:
    contact = person.salesforce is not None and person.salesforce.object_type == "Contact"
    return (contact or presence == "hubspot") and (
        person.hubspot is not None or presence == "salesforce"
    )


def _take_part(draft: Draft, rng: Random, deal: Deal, trait: str, team: Sequence[Person],
               rows: tuple[Row | None, Row | None]) -> None:  # fmt: skip
    """Contact roles in Salesforce, associations in HubSpot."""
    opportunity, other = rows
    contacts = [
        person.salesforce
        for person in team
        if person.salesforce and person.salesforce.object_type == "Contact"
    ]
    if opportunity:
        for index, contact in enumerate(contacts):
            draft.add("OpportunityContactRole", _role(rng, opportunity, contact, index == 0))
    if other is None:
        return
    if deal.company and deal.company.hubspot:
        draft.associate(other, deal.company.hubspot, primary=True)
    known = [person.hubspot for person in team if person.hubspot]
    for row in known[:1] if trait == "roles differ" else known:
        draft.associate(other, row)


def _role(rng: Random, opportunity: Row, contact: Row, primary: bool) -> Record:
    return {
        "OpportunityId": opportunity.reference, "ContactId": contact.reference,
        "Role": rng.choice(values.ROLES), "IsPrimary": primary,
    }  # fmt: skip


def _nothing(rng: Random, deal: Deal, here: Record, there: Record) -> None:
    """No odd trait that shows in the fields."""


def _spelling(rng: Random, deal: Deal, here: Record, there: Record) -> None:
    there["dealname"] = rng.choice((deal.name.replace(" - ", " – "), deal.name.upper()))


def _conflict(rng: Random, deal: Deal, here: Record, there: Record) -> None:
    here["Amount"] = deal.amount
    there["amount"] = str(deal.amount + rng.choice((-1, 1, 3)) * 500)


def _unknown_type(rng: Random, deal: Deal, here: Record, there: Record) -> None:
    here["Type"] = values.UNKNOWN_DEAL_TYPE


def _long_name(rng: Random, deal: Deal, here: Record, there: Record) -> None:
    there["dealname"] = f"{deal.name}{_LONG} ({deal.close.isoformat()})"


_TRAITS = {
    "spelling": _spelling,
    "conflict": _conflict,
    "unknown type": _unknown_type,
    "long name": _long_name,
}
