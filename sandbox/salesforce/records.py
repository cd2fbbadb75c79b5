"""Writing records: create, update, upsert, delete, restore, with everything that follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sandbox.salesforce import person_accounts, relations
from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import (
    AmbiguousError,
    SalesforceError,
    deleted,
    no_external_id,
    no_such_column,
    not_found,
)
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import to18
from sandbox.salesforce.org import Actor, Org
from sandbox.salesforce.rules import (
    Draft,
    add_defaults,
    check_duplicate_rule,
    check_loop,
    check_references,
    check_unique,
    check_validation_rules,
    derive,
)
from sandbox.salesforce.store import Row
from sandbox.salesforce.values import coerce

_PARENTS = {"Account": "ParentId", "Contact": "ReportsToId"}
Right = Literal["createable", "updateable"]


def find(org: Org, kind: ObjectType, id_: str) -> Row:
    """A live record. Raises SalesforceError NOT_FOUND or ENTITY_IS_DELETED (both 404)."""
    row = org.store.get(kind.name, to18(id_) or "")
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise deleted()
    return row


def find_by_key(org: Org, kind: ObjectType, name: str, value: str) -> Row | None:
    """The live record with that value in an external id or idLookup field.

    Raises SalesforceError when the field is no such field, AmbiguousError for several records.
    """
    one = key_field(kind, name)
    if one.type == "id":
        row = org.store.get(kind.name, to18(value) or "")
        return None if row is None or row.get("IsDeleted") else row
    table = org.store.tables[kind.name]
    wanted = coerce(one, value)
    ids = sorted(id_ for id_ in table.lookup(one.name, wanted) if not is_deleted(table.rows[id_]))
    if len(ids) > 1:
        raise AmbiguousError(ids)
    return table.rows[ids[0]] if ids else None


def key_field(kind: ObjectType, name: str) -> Field:
    """A field that records can be addressed by. Raises SalesforceError NOT_FOUND."""
    one = kind.field(name)
    if one is None or not (one.id_lookup or one.external_id):
        raise no_external_id(name)
    return one


def is_deleted(row: Row) -> bool:
    return bool(row.get("IsDeleted"))


def clean(org: Org, kind: ObjectType, given: Mapping[str, Any], right: Right) -> Draft:
    """The given fields in canonical names and values.

    Raises SalesforceError for an unknown field, one that may not be written, a bad value.
    """
    draft: Draft = {}
    barred: list[str] = []
    for name, value in given.items():
        if name.lower() == "attributes":
            continue
        parent = kind.relationships.get(name.lower())
        if parent is not None and isinstance(value, dict | None):
            draft[parent.name] = _parent_id(org, parent, value)
            continue
        one = kind.field(name)
        if one is None:
            raise no_such_column(name, kind.name)
        if not getattr(one, right):
            barred.append(one.name)
        else:
            draft[one.name] = coerce(one, value)
    if barred:
        _refuse_fields(barred, right)
    return draft


def _refuse_fields(names: list[str], right: Right) -> None:
    if names == ["Id"] and right == "createable":
        message = "cannot specify Id in an insert call"
    else:
        message = (
            f"Unable to create/update fields: {', '.join(names)}. Please check the security "
            "settings of this field and verify that it is read/write for your profile or "
            "permission set."
        )
    raise SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", message, names)


def _parent_id(org: Org, one: Field, value: Mapping[str, Any] | None) -> str | None:
    """A parent named by its external id: {"Account": {"Ext__c": "x"}}."""
    keys = {name: text for name, text in (value or {}).items() if name != "attributes"}
    if not keys:
        return None
    name, text = next(iter(keys.items()))
    kind = org.kind(one.refers_to[-1])
    row = find_by_key(org, kind, name, text)
    if row is None:
        raise SalesforceError(
            "INVALID_FIELD",
            f"Foreign key external ID: {text} not found for field {name} in entity {kind.name}",
            [],
        )
    return str(row["Id"])


def create(org: Org, kind: ObjectType, given: Mapping[str, Any], actor: Actor) -> str:
    """Make a record and return its id. Raises SalesforceError; then nothing was done."""
    if not kind.can("c"):
        raise _no_right(kind.name)
    draft = clean(org, kind, given, "createable")
    fields = set(draft)
    check_references(org, kind, draft)
    draft = {**org.system_row(org.ids.next(kind.table.prefix), actor.user_id), **draft}
    add_defaults(org, kind, draft, actor.user_id)
    draft |= org.effects.rewritten(kind.name, draft)
    relations.check_create(org, kind.name, draft)
    if org.options.person_accounts and kind.name == "Account":
        person_accounts.prepare(org, draft, fields, None)
    _check_required(kind, draft)
    derive(org, kind, draft, None, fields)
    _check_record(org, kind, draft, draft, actor)
    with org.store.transaction():
        org.store.put(kind.name, draft)
        _after_write(org, kind, draft, created=True)
    org.effects.wrote(kind.name, None, draft, actor)
    return str(draft["Id"])


def update(org: Org, kind: ObjectType, id_: str, given: Mapping[str, Any], actor: Actor) -> None:
    """Change fields of a live record. Raises SalesforceError; then nothing was done."""
    row = find(org, kind, id_)
    if not kind.can("u"):
        raise _no_right(kind.name)
    _check_lock(org, row["Id"])
    if row.get("IsConverted"):
        raise SalesforceError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
    changed = clean(org, kind, given, "updateable")
    if changed.get("OwnerId", row.get("OwnerId")) == row.get("OwnerId"):
        changed.pop("OwnerId", None)
    check_references(org, kind, changed)
    person_accounts.check_contact(row, changed)
    _write(org, kind, row, changed, actor)


def _write(org: Org, kind: ObjectType, row: Row, changed: Draft, actor: Actor) -> None:
    changed = {**changed, **org.effects.rewritten(kind.name, {**row, **changed})}
    draft = {**row, **changed, **_touched(org, actor)}
    if org.options.person_accounts and kind.name == "Account":
        person_accounts.prepare(org, draft, set(changed), row)
    _check_required(kind, draft)
    derive(org, kind, draft, row, set(changed))
    _check_record(org, kind, draft, changed, actor)
    with org.store.transaction():
        org.store.put(kind.name, draft)
        _after_write(org, kind, draft, created=False)
    org.effects.wrote(kind.name, row, draft, actor)


def _touched(org: Org, actor: Actor) -> Draft:
    now = org.now()
    if actor.automated:
        return {"SystemModstamp": now}
    return {"SystemModstamp": now, "LastModifiedDate": now, "LastModifiedById": actor.user_id}


def touch(org: Org, object_type: str, row: Row, changed: Mapping[str, Any]) -> Draft:
    """Change a record as an automated process does: no checks, only SystemModstamp moves."""
    draft = {**row, **changed, "SystemModstamp": org.now()}
    org.store.put(object_type, draft)
    return draft


def _check_required(kind: ObjectType, draft: Draft) -> None:
    missing = [name for name in kind.required if draft.get(name) is None]
    if missing:
        raise SalesforceError(
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{', '.join(missing)}]",
            missing,
        )


def _check_record(
    org: Org, kind: ObjectType, draft: Draft, changed: Mapping[str, Any], actor: Actor
) -> None:
    loop = _PARENTS.get(kind.name)
    if loop is not None and changed.get(loop) is not None:
        check_loop(org, kind.name, loop, draft["Id"], changed[loop])
    check_unique(org, kind, changed, draft["Id"])
    check_validation_rules(org, kind, draft)
    check_duplicate_rule(org, kind, draft, actor.allow_duplicates)


def _check_lock(org: Org, id_: str) -> None:
    """Raises UNABLE_TO_LOCK_ROW: by order, by chance, or as others write at the same time."""
    left = org.options.locked.get(id_, 0)
    if left > 0:
        org.options.locked[id_] = left - 1
    together = org.writing > 1 and org.quirks.strikes("parallel_locks", id_)
    if left > 0 or together or org.quirks.strikes("lock_rows", id_):
        raise SalesforceError(
            "UNABLE_TO_LOCK_ROW",
            f"unable to obtain exclusive access to this record or 1 records: {id_}",
            [],
        )


def _no_right(object_type: str) -> SalesforceError:
    return SalesforceError(
        "INSUFFICIENT_ACCESS_OR_READONLY",
        f"insufficient access rights on object id: {object_type}",
        [],
        status=403,
    )


def _after_write(org: Org, kind: ObjectType, draft: Draft, *, created: bool) -> None:
    if org.options.person_accounts:
        person_accounts.mirror(org, kind.name, draft)
    relations.follow(org, kind.name, draft)
    if kind.name == "OpportunityContactRole" and draft.get("IsPrimary"):
        _only_primary(org, draft)
    if kind.name in ("FieldPermissions", "PermissionSetAssignment"):
        org.grant_fields()
    if kind.name == "Opportunity" and created and draft.get("ContactId"):
        role = {
            **org.system_row(org.ids.next("00K"), draft["CreatedById"]),
            "OpportunityId": draft["Id"], "ContactId": draft["ContactId"], "IsPrimary": True,
            "Role": None,
        }  # fmt: skip
        org.store.put("OpportunityContactRole", role)


def _only_primary(org: Org, role: Draft) -> None:
    """An opportunity has one primary contact role; the last one set wins."""
    table = org.store.tables["OpportunityContactRole"]
    for id_ in list(table.lookup("OpportunityId", role["OpportunityId"])):
        other = table.rows[id_]
        if id_ != role["Id"] and other.get("IsPrimary") and not is_deleted(other):
            touch(org, "OpportunityContactRole", other, {"IsPrimary": False})


def upsert(
    org: Org, kind: ObjectType, name: str, value: str, given: Mapping[str, Any], actor: Actor
) -> tuple[str, bool]:
    """Create or update by an external id; the record's id and whether it was created."""
    one = key_field(kind, name)
    row = find_by_key(org, kind, one.name, value) if value else None
    fields = {key: item for key, item in given.items() if key.lower() != one.name.lower()}
    if row is not None:
        update(org, kind, row["Id"], fields, actor)
        return str(row["Id"]), False
    if one.type == "id":
        if value:
            raise not_found()
        return create(org, kind, fields, actor), True
    return create(org, kind, {**fields, one.name: value}, actor), True


def delete(org: Org, kind: ObjectType, id_: str, actor: Actor) -> None:
    """Move a record and what hangs on it to the recycle bin."""
    row = find(org, kind, id_)
    if not kind.can("d"):
        raise _no_right(kind.name)
    _check_lock(org, row["Id"])
    person_accounts.check_delete(row)
    relations.check_delete(org, kind.name, row)
    if kind.name == "Account":
        _refuse_won(org, row)
    with org.store.transaction():
        _bin(org, kind.name, row, row["Id"], actor)


def _refuse_won(org: Org, account: Row) -> None:
    table = org.store.tables["Opportunity"]
    won = [
        table.rows[id_]
        for id_ in sorted(table.lookup("AccountId", account["Id"]))
        if table.rows[id_].get("IsWon") and not is_deleted(table.rows[id_])
    ]
    if won:
        raise SalesforceError(
            "DELETE_FAILED",
            f"Your attempt to delete {account['Name']} could not be completed because some "
            "opportunities in that account were closed won. The following opportunities are "
            f"closed won: {', '.join(str(row['Name']) for row in won)}",
            [],
        )


def _bin(org: Org, object_type: str, row: Row, root: str, actor: Actor) -> None:
    id_, cleared = row["Id"], []
    org.store.put(object_type, {**row, "IsDeleted": True, "_root": root, **_touched(org, actor)})
    for link in org.links(object_type):
        table = org.store.tables[link.child]
        for child_id in sorted(table.lookup(link.field, id_)):
            child = table.rows[child_id]
            if is_deleted(child):
                continue
            if link.cascade:
                _bin(org, link.child, child, root, actor)
            elif not link.field.startswith("Converted"):
                touch(org, link.child, child, {link.field: None})
                cleared.append([link.child, child_id, link.field])
    binned = org.store.get(object_type, id_) or row
    org.store.put(object_type, {**binned, "_deleted_at": org.now(), "_cleared": cleared})


def restore(org: Org, kind: ObjectType, id_: str, actor: Actor) -> str:
    """Bring a record back from the recycle bin, with what went there along with it."""
    row = org.store.get(kind.name, to18(id_) or "")
    if row is None or not is_deleted(row) or row.get("MasterRecordId"):
        raise SalesforceError("UNDELETE_FAILED", "Entity is not in the recycle bin", [])
    if row.get("_root", row["Id"]) != row["Id"]:  # it went along with its parent, and comes with it
        raise SalesforceError("UNDELETE_FAILED", "Entity is not in the recycle bin", [])
    check_unique(org, kind, row, row["Id"])
    with org.store.transaction():
        for object_type, binned in _binned_with(org, row["Id"], row["_deleted_at"]):
            _unbin(org, object_type, binned, actor)
    return str(row["Id"])


def _binned_with(org: Org, root: str, since: str) -> list[tuple[str, Row]]:
    return [
        (object_type, row)
        for object_type, table in org.store.tables.items()
        for row in list(table.modified(since))
        if row.get("_root") == root and is_deleted(row)
    ]


def _unbin(org: Org, object_type: str, row: Row, actor: Actor) -> None:
    kept = {name: value for name, value in row.items() if not name.startswith("_")}
    org.store.put(object_type, {**kept, "IsDeleted": False, **_touched(org, actor)})
    for child_type, child_id, field in row.get("_cleared", ()):
        child = org.store.get(child_type, child_id)
        if child is not None and child.get(field) is None:
            touch(org, child_type, child, {field: row["Id"]})
