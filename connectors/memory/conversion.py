"""Lead conversion of the generic CRM: a Lead goes on as Contact, Account, maybe Opportunity."""

from __future__ import annotations

from connectors.base import Convert, Move, Moved, RawFields, Ref, RemoteId
from connectors.memory.model import Row
from connectors.memory.store import MemoryCrm
from core.errors import RejectedError

LEAD, CONTACT, ACCOUNT, OPPORTUNITY = "Lead", "Contact", "Account", "Opportunity"


def convert(crm: MemoryCrm, wish: Convert) -> Moved:
    """Convert a living lead; without `account_id` an account of its company name is made.

    Raises NotFoundError for unknown ids and RejectedError for a lead converted already.
    """
    with crm.lock:
        lead = crm.live(LEAD, wish.id)
        account = _account(crm, lead, wish.account_id)
        contact = _contact(crm, lead, account, wish)
        also = [Ref(ACCOUNT, account)]
        if wish.opportunity_name is not None:
            also.append(Ref(OPPORTUNITY, _opportunity(crm, wish, account, contact)))
        moved = Moved(Move.CONVERTED, Ref(CONTACT, contact), tuple(also))
        crm.mark_converted(lead, moved)
        return moved


def _account(crm: MemoryCrm, lead: Row, given: RemoteId | None) -> RemoteId:
    if given is not None:
        return crm.live(ACCOUNT, given).id
    name = lead.fields.get("company_name") or lead.fields.get("last_name")
    if name is None:
        raise RejectedError("the lead names no company", vendor_code="NO_COMPANY")
    return crm.store_new(ACCOUNT, {"name": name}).id


def _contact(crm: MemoryCrm, lead: Row, account: RemoteId, wish: Convert) -> RemoteId:
    carried = _carried(crm, lead)
    owner = {"owner": wish.owner_id} if wish.owner_id is not None else {}
    if wish.contact_id is None:
        return crm.store_new(CONTACT, {**carried, **owner, "account": account}).id
    contact = crm.live(CONTACT, wish.contact_id)
    blank = {name: v for name, v in carried.items() if contact.fields.get(name) is None}
    crm.store(contact, {**blank, **owner, "account": account})
    return contact.id


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
