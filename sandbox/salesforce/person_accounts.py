"""Person accounts: an account that is a person, and the contact row that goes along with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fields import Field

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.store import Row

_SHARED = ("FirstName", "LastName", "Salutation")
_PERSON = (
    "Email", "Title", "MobilePhone", "HomePhone", "Birthdate", "LeadSource", "Department",
    "MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry",
    "HasOptedOutOfEmail", "DoNotCall",
)  # fmt: skip
_FLAG = Field("IsPersonAccount", "boolean", "Is Person Account", nillable=False,
              createable=False, updateable=False, defaulted=True, default=False)  # fmt: skip


def account_name(name: str) -> str:
    """What a field of Contact is called on a person's Account."""
    if name in _SHARED:
        return name
    return f"{name.removesuffix('c')}pc" if name.endswith("__c") else f"Person{name}"


def contact_fields(contact: Iterable[Field]) -> dict[str, str]:
    """The fields that both rows hold: name on Contact -> name on Account."""
    return {
        one.name: account_name(one.name)
        for one in contact
        if one.name in (*_SHARED, *_PERSON) or one.custom
    }


def extra_fields(object_type: str, contact: Iterable[Field]) -> list[Field]:
    """The fields that an organisation with person accounts has besides."""
    if object_type == "Contact":
        return [_FLAG]
    if object_type != "Account":
        return []
    known = {one.name: one for one in contact}
    link = Field(
        "PersonContactId", "reference", "Contact ID", length=18, createable=False,
        updateable=False, refers_to=("Contact",), relationship="PersonContact",
    )  # fmt: skip
    mirrored = [
        replace(known[name], name=shown, nillable=True, name_field=False, compound=None,
                unique=False)
        for name, shown in contact_fields(known.values()).items()
    ]  # fmt: skip
    return [_FLAG, link, *mirrored]


def prepare(org: Org, draft: dict[str, Any], given: set[str], old: Row | None) -> None:
    """Make an account's draft a person's where it has a last name; raises SalesforceError.

    An account is a person for good or never; a person's Name is not written.
    """
    person = bool(draft.get("LastName")) if old is None else bool(old.get("IsPersonAccount"))
    ours = contact_fields(org.catalog.full["contact"].fields.values()).values()
    filled = {name for name in ours if draft.get(name)}
    barred = given & ({"Name"} if person else filled)
    if barred:
        names = ", ".join(sorted(barred))
        raise SalesforceError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Account: bad field names on insert/update call: {names}",
            sorted(barred),
        )
    if person:
        draft["IsPersonAccount"] = True
        parts = (draft.get("FirstName"), draft.get("LastName"))
        draft["Name"] = " ".join(part for part in parts if part)


def mirror(org: Org, object_type: str, row: Row) -> None:
    """Bring the other row of a person up to date; both get the same stamps."""
    if object_type not in ("Account", "Contact") or not row.get("IsPersonAccount"):
        return
    names = contact_fields(org.catalog.full["contact"].fields.values())
    stamps = {name: row[name] for name in ("SystemModstamp", "LastModifiedDate",
                                           "LastModifiedById")}  # fmt: skip
    if object_type == "Account":
        values = {name: row.get(shown) for name, shown in names.items()}
        contact = _contact(org, row)
        named = {**values, **stamps, "Name": row["Name"], "AccountId": row["Id"],
                 "IsPersonAccount": True, "OwnerId": row["OwnerId"]}  # fmt: skip
        org.store.put("Contact", {**contact, **named})
        if row.get("PersonContactId") != contact["Id"]:
            org.store.put("Account", {**row, "PersonContactId": contact["Id"]})
        return
    account = org.store.get("Account", row["AccountId"])
    if account is not None:
        values = {shown: row.get(name) for name, shown in names.items()}
        org.store.put("Account", {**account, **values, **stamps, "Name": row["Name"]})


def _contact(org: Org, account: Row) -> Mapping[str, Any]:
    known = org.store.get("Contact", account.get("PersonContactId") or "")
    if known is not None:
        return known
    return org.system_row(org.ids.next("003"), account["CreatedById"])


def check_delete(row: Row) -> None:
    """A person's contact goes only with its account. Raises SalesforceError."""
    if row["Id"].startswith("003") and row.get("IsPersonAccount"):
        raise SalesforceError(
            "DELETE_FAILED", "a person account's contact is deleted with the account", []
        )


def check_contact(row: Row, changed: Mapping[str, Any]) -> None:
    """A person's contact stays with its account. Raises SalesforceError."""
    if row.get("IsPersonAccount") and "AccountId" in changed:
        raise SalesforceError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Contact: bad field names on insert/update call: AccountId",
            ["AccountId"],
        )
