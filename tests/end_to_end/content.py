"""What two sandboxes hold, with ids replaced by stamps, so that two histories can be compared."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.live import Live

OBJECT_TYPES = {
    "salesforce": ("Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole"),
    "hubspot": ("companies", "contacts", "deals"),
}
STAMP = {"salesforce": "Tieline_Id__c", "hubspot": "tieline_id"}
WANTED = {
    "Account": ("Name", "Website", "Phone", "Industry", "Type", "ParentId", "BillingCity"),
    "Contact": ("LastName", "FirstName", "Email", "Phone", "Title", "AccountId"),
    "Lead": ("LastName", "FirstName", "Email", "Phone", "Title", "Company", "Status"),
    "Opportunity": ("Name", "StageName", "CloseDate", "Amount", "AccountId"),
    "OpportunityContactRole": ("OpportunityId", "ContactId", "Role", "IsPrimary"),
    "companies": ("name", "domain", "phone", "industry", "city"),
    "contacts": ("firstname", "lastname", "email", "phone", "jobtitle", "company"),
    "deals": ("dealname", "dealstage", "amount", "closedate"),
}


def content(world: Live) -> dict[str, list[str]]:
    """Per side and object type, every live record's fields, sorted; associations included."""
    found: dict[str, list[str]] = {}
    for side, vendor in world.vendors.items():
        names = _names(world, side, vendor)
        for object_type in OBJECT_TYPES[vendor]:
            records = [r for r in _records(world, side, object_type) if not _dead(r)]
            found[f"{side}/{object_type}"] = sorted(
                repr(
                    [names.get(str(r.get(n)), r.get(n)) for n in (STAMP[vendor], *_w(object_type))]
                )
                for r in records
            )
        if vendor == "hubspot":
            found[f"{side}/associations"] = _associations(world, side, names)
    return found


def _w(object_type: str) -> tuple[str, ...]:
    return WANTED[object_type]


def _records(world: Live, side: str, object_type: str) -> list[dict[str, Any]]:
    return [{**r.get("properties", {}), **r} for r in world.dump(side, object_type)]


def _dead(record: dict[str, Any]) -> bool:
    return bool(record.get("IsDeleted") or record.get("archived"))


def _names(world: Live, side: str, vendor: str) -> dict[str, str]:
    """Record id -> stamp, or a name of its own for what carries none."""
    names: dict[str, str] = {}
    for object_type in OBJECT_TYPES[vendor]:
        for record in _records(world, side, object_type):
            own = str(record.get("Id") or record.get("id"))
            names[own] = str(record.get(STAMP[vendor]) or own)
    return names


def _associations(world: Live, side: str, names: dict[str, str]) -> list[str]:
    answer = world.running[side].admin.get("/dump", params={"object_type": "contacts"}).json()
    answer_deals = world.running[side].admin.get("/dump", params={"object_type": "deals"}).json()
    found = [*answer.get("associations", ()), *answer_deals.get("associations", ())]
    return sorted(
        {
            repr([a[k] if k.endswith("type") else names.get(str(a[k]), str(a[k])) for k in _KEYS])
            for a in found
        }
    )


_KEYS = ("from_type", "from_id", "to_type", "to_id")


def duplicates(world: Live) -> list[str]:
    """Stamps that more than one live record of an object type family carries."""
    seen: dict[tuple[str, str], int] = {}
    for side, vendor in world.vendors.items():
        for object_type in OBJECT_TYPES[vendor]:
            for record in _records(world, side, object_type):
                stamp = record.get(STAMP[vendor])
                if stamp and not _dead(record):
                    seen[side, stamp] = seen.get((side, stamp), 0) + 1
    return [f"{side} {stamp}" for (side, stamp), number in seen.items() if number > 1]
