"""What people do in both CRMs after the first sync: the edits that a demo then syncs.

Every story takes records of its own, without odd traits, so that what a sync makes of one story
does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from sandbox.demo import owners
from sandbox.demo.world import DemoWorld, Edit, Entity, Record, Row, Side

_HANNA = owners.address("Hanna Okafor")
_PETER = owners.address("Peter Lindqvist")
_GRACE = owners.address("Grace Whitlock")
_ENOUGH = 1000
"""How many entities the stories choose from, so that a huge world costs no more."""


def edits(world: DemoWorld) -> list[Edit]:
    """The edits in the order in which people make them.

    A world too small for a story (fewer than some 60 people on both sides) lacks that story.
    """
    cast = _Cast(world)
    found: list[Edit] = []
    for story in _STORIES:
        try:
            found += story(cast)
        except LookupError:
            continue
    return found


def post(edit: Edit, ids_by_type: Mapping[str, Sequence[str]]) -> Record:
    """The body of `POST /_sandbox/edit` for an edit.

    `ids_by_type` is `ids` of the answer to the seed of the edit's side. Raises KeyError or
    IndexError where the edit refers to a row that was not seeded.
    """
    body: Record = {
        "object_type": edit.object_type,
        "id": None if edit.ref is None else ids_by_type[edit.object_type][edit.ref],
        "verb": edit.verb,
        "fields": {name: _resolve(value, ids_by_type) for name, value in edit.fields.items()},
        "as": edit.by,
    }
    if edit.to is not None:
        body |= {
            "to_type": edit.to.object_type,
            "to_id": ids_by_type[edit.to.object_type][edit.to.index],
            "label": edit.label,
            "primary": edit.primary,
        }
    return body


def _resolve(value: Any, ids_by_type: Mapping[str, Sequence[str]]) -> Any:
    if not (isinstance(value, str) and value.startswith("@") and ":" in value):
        return value
    object_type, _, index = value[1:].rpartition(":")
    return ids_by_type[object_type][int(index)]


class _Cast:
    """Hands out entities that no other story has; LookupError when there are none left."""

    def __init__(self, world: DemoWorld) -> None:
        self.world = world
        self._accounts = self._plain("account", "Account")
        self._leads = self._plain("person", "Lead")
        twins = {here.reference: there.reference for here, there in world.pairs("account")}
        linked = {(item["from_id"], item["to_id"]) for item in world.hubspot["associations"]}
        self._contacts = [
            found
            for found in self._plain("person", "Contact")
            if (found.there.reference, twins.get(found.account(world))) in linked
        ]
        self._deals = [
            found for found in self._plain("opportunity", "Opportunity") if self._open(found)
        ]
        roles = world.salesforce["records"]["OpportunityContactRole"]
        self._linked = linked | {(role["OpportunityId"], role["ContactId"]) for role in roles}

    def account(self) -> _Found:
        """An account on both sides."""
        return _take(self._accounts)

    def lead(self) -> _Found:
        """A lead on both sides."""
        return _take(self._leads)

    def contact(self, *fields: str) -> _Found:
        """A contact of the same account on both sides, with one of these fields on each."""
        return _take(
            self._contacts,
            lambda found: all(
                not fields or record.keys() & set(fields) for record in found.records(self.world)
            ),
        )

    def deal(self, not_at: str = "") -> _Found:
        """An open deal with an amount on both sides, not at that stage yet."""
        return _take(self._deals, lambda found: found.stage(self.world) != not_at)

    def newcomer(self) -> tuple[_Found, _Found]:
        """An open deal, and a contact of its account who takes no part in it on either side."""
        for deal in self._deals:
            for person in self._contacts:
                if self._absent(deal, person):
                    self._deals.remove(deal)
                    self._contacts.remove(person)
                    return deal, person
        raise LookupError

    def _absent(self, deal: _Found, person: _Found) -> bool:
        pairs = {(deal.here.reference, person.here.reference),
                 (deal.there.reference, person.there.reference)}  # fmt: skip
        return deal.account(self.world) == person.account(self.world) and not pairs & self._linked

    def _open(self, found: _Found) -> bool:
        here, there = found.records(self.world)
        closed = found.stage(self.world).startswith("Closed")
        return "Amount" in here and "amount" in there and not closed

    def _plain(self, kind: str, object_type: str) -> list[_Found]:
        """The first entities of that kind that are once on each side and have no odd trait."""
        plain = (
            _Found(kind, index, entity)
            for index, entity in enumerate(self.world.truth[kind])
            if entity.presence == "both"
            and not entity.traits
            and entity.salesforce[0].object_type == object_type
        )
        return list(islice(plain, _ENOUGH))


def _take(pool: list[_Found], fits: Callable[[_Found], bool] = lambda _: True) -> _Found:
    for index, found in enumerate(pool):
        if fits(found):
            return pool.pop(index)
    raise LookupError


class _Found:
    """An entity that a story is about."""

    def __init__(self, kind: str, index: int, entity: Entity) -> None:
        self.kind = kind
        self.index = index
        self.here = entity.salesforce[0]
        self.there = entity.hubspot[0]

    def records(self, world: DemoWorld) -> tuple[Record, Record]:
        """What was seeded for it in Salesforce and in HubSpot."""
        return world.record("salesforce", self.here), world.record("hubspot", self.there)

    def account(self, world: DemoWorld) -> str:
        """Reference to its account in Salesforce, or nothing."""
        return str(self.records(world)[0].get("AccountId", ""))

    def stage(self, world: DemoWorld) -> str:
        """Its stage in Salesforce, or nothing."""
        return str(self.records(world)[0].get("StageName", ""))

    def name(self, world: DemoWorld) -> str:
        """What people call it."""
        record, _ = self.records(world)
        if self.kind == "person":
            return f"{record.get('FirstName', '')} {record['LastName']}".strip()
        return str(record["Name"])

    def edit(self, side: Side, story: str, what: str, by: str, *, verb: str = "update",
             fields: Mapping[str, Any] | None = None, to: Row | None = None) -> Edit:  # fmt: skip
        """An edit of its row on that side."""
        row = self.here if side == "salesforce" else self.there
        return Edit(
            story=story, what=what, side=side, object_type=row.object_type, verb=verb,
            kind=self.kind, entity=self.index, ref=row.index, fields=fields or {}, to=to, by=by,
        )  # fmt: skip


def _one_sided_salesforce(cast: _Cast) -> list[Edit]:
    stage = "Proposal/Price Quote"
    person, deal, account = cast.contact(), cast.deal(not_at=stage), cast.account()
    return [
        person.edit(
            "salesforce", "one side", f"{person.name(cast.world)} got a new title in Salesforce.",
            _HANNA, fields={"Title": "Chief Procurement Officer"},
        ),
        deal.edit(
            "salesforce", "one side",
            f"The deal “{deal.name(cast.world)}” moved on and grew in Salesforce.",
            _PETER, fields={"StageName": stage, "Amount": 182_500},
        ),
        account.edit(
            "salesforce", "one side", f"{account.name(cast.world)} moved: new address.",
            _HANNA, fields={"BillingStreet": "Neue Werft 12", "BillingCity": "Bremen",
                            "BillingPostalCode": "28195", "BillingState": None,
                            "BillingCountry": "Germany"},
        ),
    ]  # fmt: skip


def _one_sided_hubspot(cast: _Cast) -> list[Edit]:
    person, deal, account = cast.contact(), cast.deal(), cast.account()
    return [
        person.edit(
            "hubspot", "one side", f"{person.name(cast.world)} has a new mobile number in HubSpot.",
            _GRACE, fields={"mobilephone": "+491713920042"},
        ),
        deal.edit(
            "hubspot", "one side", f"The deal “{deal.name(cast.world)}” will close later.",
            _GRACE, fields={"closedate": "2027-05-31T12:00:00Z"},
        ),
        account.edit(
            "hubspot", "one side", f"{account.name(cast.world)} hired: new head count in HubSpot.",
            _GRACE, fields={"numberofemployees": "4321"},
        ),
    ]  # fmt: skip


def _cleared(cast: _Cast) -> list[Edit]:
    person = cast.contact("Phone", "phone")
    what = f"The phone number of {person.name(cast.world)} was wrong and is cleared in Salesforce."
    return [person.edit("salesforce", "cleared", what, _HANNA, fields={"Phone": None})]


def _agreement(cast: _Cast) -> list[Edit]:
    person = cast.contact()
    title, name = "Director of Strategy", person.name(cast.world)
    return [
        person.edit("salesforce", "same value", f"{name} is promoted, noted in Salesforce …",
                    _HANNA, fields={"Title": title}),
        person.edit("hubspot", "same value", f"… and the same title for {name} in HubSpot.",
                    _GRACE, fields={"jobtitle": title}),
    ]  # fmt: skip


def _conflict(cast: _Cast) -> list[Edit]:
    deal, person = cast.deal(), cast.contact()
    title, name = deal.name(cast.world), person.name(cast.world)
    return [
        deal.edit("salesforce", "conflict", f"Sales says “{title}” is worth 75,000 …",
                  _PETER, fields={"Amount": 75_000}),
        deal.edit("hubspot", "conflict", f"… and marketing says “{title}” is worth 68,000.",
                  _GRACE, fields={"amount": "68000"}),
        person.edit("salesforce", "conflict", f"{name} is Head of Quality in Salesforce …",
                    _HANNA, fields={"Title": "Head of Quality"}),
        person.edit("hubspot", "conflict", f"… and {name} is Head of Compliance in HubSpot.",
                    _GRACE, fields={"jobtitle": "Head of Compliance"}),
    ]  # fmt: skip


def _role_added(cast: _Cast) -> list[Edit]:
    deal, person = cast.newcomer()
    what = f"{person.name(cast.world)} joins the buying committee of “{deal.name(cast.world)}”."
    fields = {
        "OpportunityId": deal.here.reference, "ContactId": person.here.reference,
        "Role": "Evaluator", "IsPrimary": False,
    }  # fmt: skip
    return [
        Edit("association", what, "salesforce", "OpportunityContactRole", "create",
             "opportunity", entity=deal.index, fields=fields, by=_PETER)
    ]  # fmt: skip


def _associated(cast: _Cast) -> list[Edit]:
    (deal, member), person, account = cast.newcomer(), cast.contact(), cast.account()
    world = cast.world
    return [
        deal.edit(
            "hubspot", "association",
            f"{member.name(world)} is associated with the deal “{deal.name(world)}” in HubSpot.",
            _GRACE, verb="associate", to=member.there,
        ),
        person.edit(
            "hubspot", "association",
            f"{person.name(world)} also works for {account.name(world)}: a second company.",
            _GRACE, verb="associate", to=account.there,
        ),
    ]  # fmt: skip


def _moved(cast: _Cast) -> list[Edit]:
    person, account = cast.contact(), cast.account()
    what = f"{person.name(cast.world)} changed jobs and now belongs to {account.name(cast.world)}."
    fields = {"AccountId": account.here.reference}
    return [person.edit("salesforce", "moved", what, _HANNA, fields=fields)]


def _deleted(cast: _Cast) -> list[Edit]:
    person = cast.lead()
    what = f"The lead {person.name(cast.world)} was only a test and is deleted in Salesforce."
    return [person.edit("salesforce", "deleted", what, _HANNA, verb="delete")]


def _unknown_value(cast: _Cast) -> list[Edit]:
    account = cast.account()
    what = f"{account.name(cast.world)} is put into an industry that HubSpot does not have."
    fields = {"Industry": "Space Tourism", "Phone": "+49 40 66969777"}
    return [account.edit("salesforce", "unknown value", what, _PETER, fields=fields)]


def _new_in_salesforce(cast: _Cast) -> list[Edit]:
    account = cast.account()
    name = account.name(cast.world)
    return [
        Edit(
            "new", f"Wiebke Ahlers, met at a fair, becomes a contact of {name} in Salesforce.",
            "salesforce", "Contact", "create", "person", by=_HANNA,
            fields={"FirstName": "Wiebke", "LastName": "Ahlers", "Title": "Head of Logistics",
                    "Email": "wiebke.ahlers@velmarasystems-fair.com",
                    "AccountId": account.here.reference},
        ),
        Edit(
            "new", f"{name} asks for an offer: a new opportunity in Salesforce.",
            "salesforce", "Opportunity", "create", "opportunity", by=_PETER,
            fields={"Name": f"{name} - Fair follow-up", "StageName": "Prospecting",
                    "CloseDate": "2027-02-26", "Amount": 41_000,
                    "AccountId": account.here.reference},
        ),
    ]  # fmt: skip


def _new_in_hubspot(cast: _Cast) -> list[Edit]:
    return [
        Edit(
            "new", "Quillfeather Optics fills in a form: a new company in HubSpot.",
            "hubspot", "companies", "create", "account", by=_GRACE,
            fields={"name": "Quillfeather Optics Ltd", "domain": "quillfeatheroptics.co.uk",
                    "industry": "CONSUMER_ELECTRONICS", "country": "GB", "city": "Leeds"},
        ),
        Edit(
            "new", "Imogen Hollis of Quillfeather Optics becomes a new contact in HubSpot.",
            "hubspot", "contacts", "create", "person", by=_GRACE,
            fields={"firstname": "Imogen", "lastname": "Hollis", "lifecyclestage": "lead",
                    "email": "imogen.hollis@quillfeatheroptics.co.uk", "hs_lead_status": "NEW",
                    "company": "Quillfeather Optics Ltd"},
        ),
    ]  # fmt: skip


_STORIES: tuple[Callable[[_Cast], list[Edit]], ...] = (
    _one_sided_salesforce,
    _one_sided_hubspot,
    _agreement,
    _conflict,
    _cleared,
    _role_added,
    _associated,
    _moved,
    _deleted,
    _unknown_value,
    _new_in_salesforce,
    _new_in_hubspot,
)
