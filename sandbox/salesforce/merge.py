"""Merging records, as a person does in the UI or the SOAP call `merge()`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Actor, Org
from sandbox.salesforce.records import find, is_deleted, touch, update
from sandbox.salesforce.relations import settle_all
from sandbox.salesforce.store import Row

MAX_LOSERS = 2


def merge(
    org: Org,
    kind: ObjectType,
    master: str,
    losers: Sequence[str],
    fields: Mapping[str, Any],
    actor: Actor,
) -> list[str]:
    """Let one record absorb up to two others; `fields` are set on it. Returns moved children.

    Losers go to the recycle bin with MasterRecordId set; their children get the master as
    parent, and their SystemModstamp moves. Blank fields of the master are not filled.
    """
    if not kind.can("m"):
        raise SalesforceError("INVALID_OPERATION", f"{kind.name} cannot be merged", [])
    if not 1 <= len(losers) <= MAX_LOSERS:
        raise SalesforceError("INVALID_OPERATION", "merge takes one or two losing records", [])
    survivor = find(org, kind, master)
    gone = [find(org, kind, loser) for loser in losers]
    if survivor in gone:
        raise SalesforceError("INVALID_OPERATION", "a record cannot be merged with itself", [])
    with org.store.transaction():
        moved = [child for row in gone for child in _absorb(org, kind.name, survivor, row, actor)]
        settle_all(org, kind.name, survivor["Id"])
        update(org, kind, survivor["Id"], fields, actor)
    return moved


def _absorb(org: Org, object_type: str, survivor: Row, loser: Row, actor: Actor) -> list[str]:
    now, moved = org.now(), []
    for link in org.links(object_type):
        table = org.store.tables[link.child]
        for child_id in sorted(table.lookup(link.field, loser["Id"])):
            child = table.rows[child_id]
            if not is_deleted(child) and child_id != survivor["Id"]:
                _reparent(org, link.child, child, link.field, survivor["Id"])
                moved.append(child_id)
            elif child_id == survivor["Id"]:
                touch(org, link.child, child, {link.field: None})
    binned = {
        "IsDeleted": True, "MasterRecordId": survivor["Id"], "_root": loser["Id"],
        "_deleted_at": now, "SystemModstamp": now, "LastModifiedDate": now,
        "LastModifiedById": actor.user_id,
    }  # fmt: skip
    current = org.store.get(object_type, loser["Id"]) or loser
    org.store.put(object_type, {**current, **binned})
    return moved


def _reparent(org: Org, object_type: str, child: Row, field: str, parent: str) -> None:
    """Move a child; a contact role that the master already has is dropped instead."""
    if object_type == "OpportunityContactRole" and _has_role(org, child, parent):
        touch(org, object_type, child, {"IsDeleted": True, "_deleted_at": org.now()})
    else:
        touch(org, object_type, child, {field: parent})


def _has_role(org: Org, role: Row, contact: str) -> bool:
    table = org.store.tables["OpportunityContactRole"]
    return any(
        table.rows[id_]["OpportunityId"] == role["OpportunityId"]
        and not is_deleted(table.rows[id_])
        for id_ in table.lookup("ContactId", contact)
    )
