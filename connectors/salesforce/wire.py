"""Raw rows and describes of Salesforce made into the contract's records and schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from connectors.salesforce import recordtypes
from connectors.salesforce.soql import name
from core.errors import UnexpectedReplyError

Raw = Mapping[str, Any]

ROLES = "OpportunityContactRoles"
RELATIONS = "AccountContactRelations"


@dataclass(frozen=True, slots=True)
class Link:
    """An association field: a child relationship whose rows link two records.

    `object_type` holds the rows, `owner` is their field with the record that has the field,
    `columns` what the items are made of, `roles` the picklist of roles among them. An `optional`
    one exists only in some organisations.
    """

    field: str
    label: str
    to: str
    object_type: str
    owner: str
    columns: tuple[str, ...]
    roles: str
    optional: bool = False

    @property
    def query(self) -> str:
        """The child query; queryAll may show deleted rows in it too."""
        return f"(SELECT {', '.join(self.columns)} FROM {self.field} WHERE IsDeleted = false)"


LINKS: Mapping[str, Link] = {
    "Opportunity": Link(
        ROLES, "Contact Roles", "Contact", "OpportunityContactRole", "OpportunityId",
        ("ContactId", "Role", "IsPrimary"), "Role",
    ),
    "Contact": Link(
        RELATIONS, "Related Accounts", "Account", "AccountContactRelation", "ContactId",
        ("AccountId", "Roles", "IsDirect", "IsActive"), "Roles", optional=True,
    ),
}  # fmt: skip
"""By object type. Relations are there where contacts may have several accounts."""
ASSOCIATIONS: Mapping[str, Mapping[str, str]] = {o: {x.field: x.to} for o, x in LINKS.items()}

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
PROCESS: Mapping[str, tuple[str, ...]] = {"Opportunity": ("StageName",), "Lead": ("Status",)}
"""Picklists with a meaning of their own, in which the API takes any text: a stage that the org does
not have would leave the deal without forecast and probability."""
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
            linked = is_association(object_type, field)
            wanted.append(LINKS[object_type].query if linked else name(field))
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
        return associations(field, raw[field])
    value: Any = raw
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if key != "attributes"}
    return value


def associations(field: str, child: Any) -> list[dict[str, Any]]:
    """The rows of a child query (null: none) as an association set; of relations that last, one
    item for each role."""
    found = []
    rows = child["records"] if child else []
    primary = {row["ContactId"] for row in rows if field == ROLES and row["IsPrimary"]}
    for row in rows:
        if field == ROLES:
            found.append(_item(row["ContactId"], row["Role"], row["ContactId"] in primary))
        elif row["IsActive"]:
            labels: list[str | None] = [*roles_of(row)] or [None]
            found += [_item(row["AccountId"], label, row["IsDirect"]) for label in labels]
    return sorted(found, key=lambda item: (item["id"], item["label"] or ""))


def _item(id: str, label: str | None, primary: Any) -> dict[str, Any]:
    return {"id": id, "label": label, "primary": bool(primary)}


def roles_of(relation: Raw) -> list[str]:
    """The roles of a relation, a picklist of several values."""
    return [role for role in (relation.get("Roles") or "").split(";") if role]


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


def link_of(raw: Raw) -> Link | None:
    """The association field that an object type has by its describe."""
    link = LINKS.get(raw["name"])
    if link is None or not link.optional:
        return link
    children = raw.get("childRelationships") or ()
    there = any(child.get("relationshipName") == link.field for child in children)
    return link if there else None


def schema(raw: Raw, linking: Raw | None = None) -> Schema:
    """A describe as the contract's schema, with the association field that we add to it;
    `linking` is the describe of its rows, which knows the roles."""
    object_type, link = raw["name"], link_of(raw)
    fields = {entry["name"]: _field(entry) for entry in raw["fields"]}
    if link is not None:
        known = {entry["name"]: entry for entry in (linking or {}).get("fields", ())}
        roles = known.get(link.roles, {})
        fields[link.field] = FieldSchema(
            link.field,
            link.label,
            "association",
            references=(link.to,),
            restricted=bool(roles.get("restrictedPicklist")),
            picklist=picklist(roles),
        )
    record_type = recordtypes.field_of(raw)
    if record_type is not None:
        fields[record_type.name] = record_type
    for field in PROCESS.get(object_type, ()):
        if field in fields:
            fields[field] = replace(fields[field], restricted=True)
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
