"""Record types by name: what a sales process hangs on, read and written without its org's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.base import Create, FieldSchema, PicklistValue, Update, Write
from core.errors import RejectedError

RECORD_TYPE = "RecordType.DeveloperName"
"""The field: as it is queried; Salesforce itself writes RecordTypeId only."""
ID_FIELD = "RecordTypeId"

Raw = Mapping[str, Any]


def ids(raw: Raw) -> dict[str, str]:
    """Developer name -> id of the record types that a describe lists, the master left out."""
    return {
        str(info["developerName"]): str(info["recordTypeId"])
        for info in raw.get("recordTypeInfos") or ()
        if not info.get("master") and info.get("developerName")
    }


def field_of(raw: Raw) -> FieldSchema | None:
    """The field by name, where the object type has record types that the user may see."""
    known = {entry["name"]: entry for entry in raw["fields"]}.get(ID_FIELD)
    names = ids(raw)
    if known is None or not names:
        return None
    usable = {i["developerName"] for i in raw["recordTypeInfos"] if i.get("available", True)}
    return FieldSchema(
        RECORD_TYPE,
        "Record Type",
        "picklist",
        createable=bool(known["createable"]),
        updateable=bool(known["updateable"]),
        restricted=True,
        picklist=tuple(PicklistValue(n, n, n in usable) for n in names),
    )


def by_id(write: Write, known: Mapping[str, str]) -> Write | RejectedError:
    """The write with the record type's id in the place of its name."""
    if not isinstance(write, Create | Update) or RECORD_TYPE not in write.fields:
        return write
    name = write.fields[RECORD_TYPE]
    if name is not None and name not in known:
        return RejectedError(f"There is no record type {name!r}.", field=RECORD_TYPE)
    fields = {key: value for key, value in write.fields.items() if key != RECORD_TYPE}
    return replace(write, fields={**fields, ID_FIELD: known[name] if name else None})
