"""Lead conversion of the generic CRM: a Lead goes on as Contact, Account, maybe Opportunity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.base import Convert, Move, Moved, RawFields, Ref, RemoteId
from connectors.memory.model import Row

if TYPE_CHECKING:
    from connectors.memory.store import MemoryCrm

LEAD, CONTACT, ACCOUNT, OPPORTUNITY = "Lead", "Contact", "Account", "Opportunity"


def convert(crm: MemoryCrm, wish: Convert) -> Moved:
    """Convert a living lead; without `account_id` an account of its company name is made.

    Raises NotFoundError for unknown ids and RejectedError for a lead converted already or a
    status that there is not; then nothing was made.
    """
    with crm.lock:
        lead = crm.live(LEAD, wish.id)
        known = None if wish.contact_id is None else crm.live(CONTACT, wish.contact_id)
        given = None if wish.account_id is None else crm.live(ACCOUNT, wish.account_id).id
        if wish.status is not None:
            crm.edit(LEAD, wish.id, {"lead_status": wish.status})
        account = given or _account(crm, lead)
        contact = _contact(crm, lead, account, known, wish.owner_id)
        also = [Ref(ACCOUNT, account)]
        if wish.opportunity_name is not None:
            also.append(Ref(OPPORTUNITY, _opportunity(crm, wish, account, contact)))
        moved = Moved(Move.CONVERTED, Ref(CONTACT, contact), tuple(also))
        crm.mark_converted(lead, moved)
        return moved


def _account(crm: MemoryCrm, lead: Row) -> RemoteId:
    name = lead.fields.get("company_name") or lead.fields["last_name"]
    return crm.store_new(ACCOUNT, {"name": name}).id


def _contact(
    crm: MemoryCrm, lead: Row, account: RemoteId, known: Row | None, owner: RemoteId | None
) -> RemoteId:
    always = {"account": account, **({"owner": owner} if owner is not None else {})}
    carried = _carried(crm, lead)
    if known is None:
        return crm.store_new(CONTACT, {**carried, **always}).id
    blank = {name: v for name, v in carried.items() if known.fields.get(name) is None}
    crm.store(known, {**blank, **always})
    return known.id


def _carried(crm: MemoryCrm, lead: Row) -> RawFields:
    fields = crm.schema(CONTACT).fields
    return {
        name: value
        for name, value in lead.fields.items()
        if name in fields and not fields[name].unique
    }


def _opportunity(crm: MemoryCrm, wish: Convert, account: RemoteId, contact: RemoteId) -> RemoteId:
    first = crm.schema(OPPORTUNITY).fields["stage"].picklist[0].value
    fields = {
        "name": wish.opportunity_name,
        "stage": first,
        "account": account,
        "contacts": [{"id": contact, "label": None, "primary": True}],
    }
    return crm.store_new(OPPORTUNITY, fields).id
