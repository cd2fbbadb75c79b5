"""Raw rows and describes of Salesforce made into the contract's records and schemas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.base import (
    Fields,
    FieldSchema,
    FieldType,
    Move,
    Moved,
    PicklistValue,
    RawValue,
    Ref,
    RemoteRecord,
    Schema,
)
from connectors.salesforce.soql import name
from core.errors import UnexpectedReplyError

Raw = Mapping[str, Any]

ROLES = "OpportunityContactRoles"
ASSOCIATIONS: Mapping[str, Mapping[str, str]] = {"Opportunity": {ROLES: "Contact"}}
# queryAll may show deleted rows in a child query too
ROLES_QUERY = f"(SELECT ContactId, Role, IsPrimary FROM {ROLES} WHERE IsDeleted = false)"

UNDELETABLE = frozenset(
    {
        "User",
        "Group",
        "OpportunityStage",
        "LeadStatus",
        "RecordType",
        "Organization",
        "CurrencyType",
        "UserRole",
        "Profile",
        "PermissionSet",
    }
)
"""Object types without IsDeleted: their rows are only ever switched off."""
_MERGED = ("MasterRecordId",)
_CONVERTED = ("IsConverted", "ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId")
_EXTRA: Mapping[str, tuple[str, ...]] = {
    "Account": _MERGED,
    "Contact": _MERGED,
    "Lead": (*_MERGED, *_CONVERTED),
}

_TYPES: Mapping[str, FieldType] = {
    "id": "id",
    "string": "string",
    "encryptedstring": "string",
    "combobox": "string",
    "textarea": "text",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "double": "number",
    "int": "integer",
    "long": "integer",
    "currency": "currency",
    "percent": "percent",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "picklist": "picklist",
    "multipicklist": "multipicklist",
    "reference": "reference",
}


def columns(object_type: str, fields: Fields) -> list[str]:
    """The SELECT list: what identity and history need, then the fields asked for, each once."""
    system = system_columns(object_type)
    known = {column.lower() for column in system}
    wanted: list[str] = []
    for field in fields:
        if field.lower() not in known:
            known.add(field.lower())
            wanted.append(ROLES_QUERY if is_association(object_type, field) else name(field))
    return [*system, *wanted]


def system_columns(object_type: str) -> list[str]:
    """Id, stamps, and where the object type has them: deleted, merged into, converted to."""
    deleted = () if object_type in UNDELETABLE else ("IsDeleted",)
    return ["Id", "SystemModstamp", "CreatedDate", *deleted, *_EXTRA.get(object_type, ())]


def is_association(object_type: str, field: str) -> bool:
    return field in ASSOCIATIONS.get(object_type, {})


def when(value: Any) -> datetime | None:
    """A datetime as Salesforce writes it (`2024-01-01T00:00:00.000+0000`); None stays None."""
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UnexpectedReplyError(f"Salesforce sent {value!r} for a date and time.") from error


def record(object_type: str, raw: Raw, fields: Fields) -> RemoteRecord:
    """A row of a query over `columns(object_type, fields)` as the contract's record."""
    return RemoteRecord(
        object_type,
        raw["Id"],
        {field: _value(object_type, raw, field) for field in fields if _answered(raw, field)},
        modified=when(raw.get("SystemModstamp")),
        created=when(raw.get("CreatedDate")),
        archived=bool(raw.get("IsDeleted")),
        moved=_moved(object_type, raw),
    )


def joined(one: Raw, other: Raw) -> dict[str, Any]:
    """Two readings of one row with different fields, parent records' fields too."""
    both = dict(one)
    for key, value in other.items():
        known = both.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            both[key] = joined(known, value)
        else:
            both[key] = value
    return both


def _answered(raw: Raw, field: str) -> bool:
    return field.split(".")[0] in raw


def _value(object_type: str, raw: Raw, field: str) -> RawValue:
    if is_association(object_type, field):
        return associations(raw[field])
    value: Any = raw
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if key != "attributes"}
    return value


def associations(child: Any) -> list[dict[str, Any]]:
    """The contact roles of a child query (null: none), as an association set."""
    rows = child["records"] if child else []
    found = [
        {"id": row["ContactId"], "label": row["Role"], "primary": bool(row["IsPrimary"])}
        for row in rows
    ]
    return sorted(found, key=lambda item: (item["id"], item["label"] or ""))


def _moved(object_type: str, raw: Raw) -> Moved | None:
    master = raw.get("MasterRecordId")
    if master:
        return Moved(Move.MERGED, Ref(object_type, master))
    contact = raw.get("ConvertedContactId")
    if raw.get("IsConverted") and contact:
        also = tuple(
            Ref(made, raw[f"Converted{made}Id"])
            for made in ("Account", "Opportunity")
            if raw.get(f"Converted{made}Id")
        )
        return Moved(Move.CONVERTED, Ref("Contact", contact), also)
    return None


def schema(raw: Raw) -> Schema:
    """A describe as the contract's schema, with the association fields that we add to it."""
    object_type = raw["name"]
    fields = {entry["name"]: _field(entry) for entry in raw["fields"]}
    for field, target in ASSOCIATIONS.get(object_type, {}).items():
        fields[field] = FieldSchema(field, "Contact Roles", "association", references=(target,))
    return Schema(
        object_type,
        raw["label"],
        fields,
        createable=raw["createable"],
        updateable=raw["updateable"],
        deletable=raw["deletable"],
    )


def _field(entry: Raw) -> FieldSchema:
    createable = bool(entry["createable"])
    return FieldSchema(
        entry["name"],
        entry["label"],
        _TYPES.get(entry["type"], "other"),
        length=entry.get("length") or None,
        required_on_create=createable and not entry["nillable"] and not entry["defaultedOnCreate"],
        createable=createable,
        updateable=bool(entry["updateable"]),
        unique=bool(entry.get("unique")),
        custom=bool(entry.get("custom")),
        restricted=bool(entry.get("restrictedPicklist")),
        picklist=picklist(entry),
        references=tuple(entry.get("referenceTo") or ()),
    )


def picklist(entry: Raw) -> tuple[PicklistValue, ...]:
    """The values of a picklist field, inactive ones too."""
    return tuple(
        PicklistValue(item["value"], item["label"] or item["value"], bool(item["active"]))
        for item in entry.get("picklistValues") or ()
    )
