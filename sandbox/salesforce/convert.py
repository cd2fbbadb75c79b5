"""Lead conversion, as a person does in the UI or the SOAP call `convertLead()`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce import relations
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Actor, Org
from sandbox.salesforce.records import create, find, touch
from sandbox.salesforce.store import Row

_TO_ACCOUNT = {
    "Company": "Name", "Phone": "Phone", "Fax": "Fax", "Website": "Website",
    "Industry": "Industry", "AnnualRevenue": "AnnualRevenue", "Rating": "Rating",
    "NumberOfEmployees": "NumberOfEmployees", "LeadSource": "AccountSource",
}  # fmt: skip
_TO_CONTACT = {
    name: name
    for name in (
        "FirstName", "LastName", "Salutation", "Title", "Email", "Phone", "MobilePhone", "Fax",
        "Description", "LeadSource", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall",
    )
}  # fmt: skip
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


def convert(org: Org, lead_id: str, wish: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Turn a lead into a contact at an account, with an opportunity unless not wished.

    `wish` has the keys of the vendor's LeadConvert: accountId, contactId, opportunityId,
    opportunityName, doNotCreateOpportunity, convertedStatus, ownerId, overwriteLeadSource, and
    accountRecord, contactRecord, opportunityRecord (fields for what is made anew).
    Returns {"leadId", "accountId", "contactId", "opportunityId", "success", "errors"}. Only
    empty fields of an existing account or contact are filled.
    """
    lead = find(org, org.kind("Lead", api=False), lead_id)
    if lead.get("IsConverted"):
        raise SalesforceError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
    status = _status(org, wish)
    owner = _owner(org, lead, wish)
    with org.store.transaction():
        account = _account(org, lead, wish, owner, actor)
        contact = _contact(org, lead, wish, account, owner, actor)
        opportunity = _opportunity(org, lead, wish, account, contact, owner, actor)
        now = org.now()
        done = {
            "IsConverted": True, "Status": status, "ConvertedDate": now[:10],
            "ConvertedAccountId": account, "ConvertedContactId": contact,
            "ConvertedOpportunityId": opportunity, "OwnerId": owner, "LastModifiedDate": now,
            "LastModifiedById": actor.user_id, "IsUnreadByOwner": False,
        }  # fmt: skip
        touch(org, "Lead", lead, done)
    return {
        "accountId": account, "contactId": contact, "opportunityId": opportunity,
        "leadId": lead["Id"], "success": True, "errors": [],
    }  # fmt: skip


def _status(org: Org, wish: Mapping[str, Any]) -> str:
    status = wish.get("convertedStatus") or org.catalog.converted_status()
    for known in org.catalog.lead_statuses:
        if known.converted and known.name.lower() == str(status).lower():
            return known.name
    raise SalesforceError(
        "INVALID_STATUS", f"convertedStatus must be a converted lead status: {status}", []
    )


def _owner(org: Org, lead: Row, wish: Mapping[str, Any]) -> str:
    owner = str(wish.get("ownerId") or lead["OwnerId"])
    found = org.owner_of(owner)
    if found is None or found[0] != "User":
        raise SalesforceError(
            "INVALID_CROSS_REFERENCE_KEY", "a lead owned by a queue needs an ownerId", ["ownerId"]
        )
    return owner


def _fill(org: Org, object_type: str, row: Row, values: Mapping[str, Any]) -> str:
    empty = {
        name: value
        for name, value in values.items()
        if value is not None and row.get(name) in (None, False) and value is not False
    }
    if empty:
        filled = touch(org, object_type, row, {**empty, "LastModifiedDate": org.now()})
        relations.follow(org, object_type, filled)
    return str(row["Id"])


def _taken(org: Org, object_type: str, lead: Row, names: Mapping[str, str]) -> dict[str, Any]:
    kind = org.kind(object_type, api=False)
    return {
        target: lead[source]
        for source, target in names.items()
        if lead.get(source) is not None and target.lower() in kind.fields
    }


def _account(org: Org, lead: Row, wish: Mapping[str, Any], owner: str, actor: Actor) -> str:
    kind = org.kind("Account", api=False)
    names = {**_TO_ACCOUNT, **{part: f"Billing{part}" for part in _ADDRESS}}
    values = _taken(org, "Account", lead, names)
    if wish.get("accountId"):
        values.pop("Name", None)
        return _fill(org, "Account", find(org, kind, str(wish["accountId"])), values)
    wished = {**values, "OwnerId": owner, **wish.get("accountRecord", {})}
    return create(org, kind, wished, actor)


def _contact(
    org: Org, lead: Row, wish: Mapping[str, Any], account: str, owner: str, actor: Actor
) -> str:
    kind = org.kind("Contact", api=False)
    names = {**_TO_CONTACT, **{part: f"Mailing{part}" for part in _ADDRESS}}
    values = {**_taken(org, "Contact", lead, names), "AccountId": account}
    if not wish.get("contactId"):
        wished = {**values, "OwnerId": owner, **wish.get("contactRecord", {})}
        return create(org, kind, wished, actor)
    row = find(org, kind, str(wish["contactId"]))
    if row.get("AccountId") not in (None, account):
        raise SalesforceError(
            "INVALID_CROSS_REFERENCE_KEY", "the contact belongs to another account", ["contactId"]
        )
    if wish.get("overwriteLeadSource") and values.get("LeadSource"):
        row = touch(org, "Contact", row, {"LeadSource": values["LeadSource"]})
    return _fill(org, "Contact", row, values)


def _opportunity(
    org: Org,
    lead: Row,
    wish: Mapping[str, Any],
    account: str,
    contact: str,
    owner: str,
    actor: Actor,
) -> str | None:
    """The opportunity that the conversion makes, or the existing one that gets the contact."""
    if wish.get("doNotCreateOpportunity") in (True, "true"):
        return None
    kind = org.kind("Opportunity", api=False)
    if wish.get("opportunityId"):
        found = str(find(org, kind, str(wish["opportunityId"]))["Id"])
        role = {"OpportunityId": found, "ContactId": contact, "IsPrimary": False}
        create(org, org.kind("OpportunityContactRole", api=False), role, actor)
        return found
    values = {
        "Name": wish.get("opportunityName") or f"{lead['Company']}-", "AccountId": account,
        "ContactId": contact, "StageName": org.catalog.stages[0].name, "OwnerId": owner,
        "CloseDate": _quarter_end(org.now()), "LeadSource": lead.get("LeadSource"),
        **wish.get("opportunityRecord", {}),
    }  # fmt: skip
    return create(org, kind, values, actor)


def _quarter_end(now: str) -> str:
    year, quarter = int(now[:4]), (int(now[5:7]) + 2) // 3
    return f"{year}-{('03-31', '06-30', '09-30', '12-31')[quarter - 1]}"
