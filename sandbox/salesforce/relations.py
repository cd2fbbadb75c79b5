"""Contacts to multiple accounts: one relation for each account of a contact, one of them direct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.store import Row

RELATION = "AccountContactRelation"
"""The object type is there only in an organisation that lets contacts have several accounts."""


def enabled(org: Org) -> bool:
    return org.options.contacts_to_multiple_accounts


def check_create(org: Org, object_type: str, draft: Mapping[str, Any]) -> None:
    """One relation a pair, and none of a private contact. Raises SalesforceError."""
    if object_type != RELATION:
        return
    contact = org.store.get("Contact", draft.get("ContactId") or "")
    if contact is not None and not contact.get("AccountId"):
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            "You can't relate a private contact to an account: give it an account first.",
            ["ContactId"],
        )
    if any(_same(row, draft) for row in _live(org, "ContactId", draft.get("ContactId") or "")):
        raise SalesforceError(
            "DUPLICATE_VALUE", "This contact already has a relationship with this account.", []
        )


def _same(row: Row, draft: Mapping[str, Any]) -> bool:
    return bool(row["AccountId"] == draft.get("AccountId") and row["Id"] != draft["Id"])


def check_delete(org: Org, object_type: str, row: Row) -> None:
    """The direct relation goes only with the contact's own account; an account stays while its
    contacts have others. Raises SalesforceError."""
    if object_type == RELATION and row.get("IsDirect"):
        raise SalesforceError(
            "DELETE_FAILED",
            "You can't delete a direct relationship: change the contact's primary account.",
            [],
        )
    if object_type == "Account" and enabled(org) and _has_shared_contacts(org, row["Id"]):
        raise SalesforceError(
            "DELETE_FAILED",
            f"Your attempt to delete {row['Name']} could not be completed because some of its "
            "contacts are related to other accounts.",
            [],
        )


def _has_shared_contacts(org: Org, account: str) -> bool:
    direct = (row for row in _live(org, "AccountId", account) if row.get("IsDirect"))
    return any(len(list(_live(org, "ContactId", row["ContactId"]))) > 1 for row in direct)


def follow(org: Org, object_type: str, contact: Row) -> None:
    """Bring a contact's relations in line with its own account after a write."""
    if object_type != "Contact" or not enabled(org) or contact.get("IsPersonAccount"):
        return
    account, found = contact.get("AccountId"), False
    for row in list(_live(org, "ContactId", contact["Id"])):
        direct = row["AccountId"] == account
        found = found or direct
        if bool(row.get("IsDirect")) == direct:
            continue
        kept = direct or org.options.keep_former_account
        changed = {"IsDirect": direct} if kept else {"IsDeleted": True, "_deleted_at": org.now()}
        org.store.put(RELATION, {**row, **changed, "SystemModstamp": org.now()})
    if account and not found:
        _relate(org, contact)


def _relate(org: Org, contact: Row) -> None:
    made = {
        **org.system_row(org.ids.next("07k"), contact["LastModifiedById"]),
        "AccountId": contact["AccountId"], "ContactId": contact["Id"], "IsDirect": True,
        "IsActive": True, "Roles": None,
    }  # fmt: skip
    org.store.put(RELATION, made)


def furnish(org: Org) -> None:
    """Switched on: every contact with an account gets its direct relation. Switched off: the
    indirect ones are gone for good."""
    table = org.store.tables.get(RELATION)
    if table is None:
        return
    if not enabled(org):
        for id_ in [row["Id"] for row in table.rows.values() if not row.get("IsDirect")]:
            table.remove(id_)
        return
    for contact in list(org.store.tables["Contact"].rows.values()):
        if not contact.get("IsDeleted"):
            follow(org, "Contact", contact)


def settle(org: Org, contact_id: str) -> None:
    """After a merge: each account once, the direct one by the contact's own account."""
    seen: set[str] = set()
    # of two for one account, the one that says more stays
    rows = sorted(_live(org, "ContactId", contact_id), key=lambda row: not row.get("Roles"))
    for row in rows:
        if row["AccountId"] in seen:
            gone = {"IsDeleted": True, "_deleted_at": org.now(), "SystemModstamp": org.now()}
            org.store.put(RELATION, {**row, **gone})
        seen.add(row["AccountId"])
    contact = org.store.get("Contact", contact_id)
    if contact is not None:
        follow(org, "Contact", contact)


def settle_all(org: Org, object_type: str, survivor: str) -> None:
    """After a merge of contacts or accounts."""
    if not enabled(org):
        return
    if object_type == "Contact":
        settle(org, survivor)
    elif object_type == "Account":
        for id_ in sorted({row["ContactId"] for row in _live(org, "AccountId", survivor)}):
            settle(org, id_)


def _live(org: Org, field: str, id_: str) -> Iterator[Row]:
    table = org.store.tables[RELATION]
    for key in sorted(table.lookup(field, id_)):
        if not table.rows[key].get("IsDeleted"):
            yield table.rows[key]
