"""The Tooling API's custom fields: making them, finding them, granting access to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.catalog import pair
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.org import CustomField, Org
from sandbox.salesforce.service import Call, Reply, Route, Service

_TEXT, _LONG = 255, 32_768
_TYPES: Mapping[str, str] = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Email": "email",
    "Phone": "phone", "Url": "url", "Number": "double", "Currency": "currency",
    "Percent": "percent", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime",
    "Picklist": "picklist", "MultiselectPicklist": "multipicklist", "Lookup": "reference",
}  # fmt: skip
_LENGTHS = {"email": 80, "phone": 40, "picklist": 255, "multipicklist": 4_099, "reference": 18}


def create_field(service: Service, call: Call) -> Reply:
    """Make a custom field; the vendor's shape of `{"FullName": …, "Metadata": …}`."""
    org, given = service.org, call.record()
    if not org.options.user_permissions.get("customize_application", True):
        message = "insufficient access rights on cross-reference id"
        raise SalesforceError("INSUFFICIENT_ACCESS", message, [], status=403)
    object_type, _, name = str(given.get("FullName", "")).partition(".")
    kind = org.catalog.full.get(object_type.lower())
    if kind is None or not name.endswith("__c") or not kind.can("c"):
        raise SalesforceError("INVALID_TYPE", f"no such object or field name: {object_type}.{name}")
    made = add_field(org, kind.name, name, given.get("Metadata") or {})
    body = {"id": made.id, "success": True, "errors": [], "warnings": [], "infos": []}
    return Reply(201, body)


def add_field(org: Org, object_type: str, name: str, metadata: Mapping[str, Any]) -> CustomField:
    """Make a custom field and a row for it. Raises SalesforceError for a duplicate name."""
    taken = {(one.object_type, one.field.name.lower()) for one in org.custom}
    if (object_type, name.lower()) in taken:
        message = f"There is already a field named {name.removesuffix('__c')} on {object_type}."
        raise SalesforceError("DUPLICATE_DEVELOPER_NAME", message, ["DeveloperName"])
    one = field_from(name, metadata)
    visible = not org.options.field_access_needs_permission_set
    made = CustomField(org.ids.next("00N"), object_type, one, visible)
    org.custom.append(made)
    row = {
        **org.system_row(made.id), "DeveloperName": name.removesuffix("__c"),
        "TableEnumOrId": object_type, "NamespacePrefix": None,
    }  # fmt: skip
    org.store.put("CustomField", row)
    org.rebuild()
    return made


def field_from(name: str, metadata: Mapping[str, Any]) -> Field:
    """The field that a Metadata body describes. Raises SalesforceError for a bad type."""
    type_ = _TYPES.get(str(metadata.get("type")))
    if type_ is None:
        raise SalesforceError("INVALID_TYPE", f"unknown field type {metadata.get('type')!r}")
    if metadata.get("type") == "Text" and not metadata.get("length"):
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", "length: Text needs a length", [])
    formula = metadata.get("formula")
    unique, external = bool(metadata.get("unique")), bool(metadata.get("externalId"))
    target = metadata.get("referenceTo")
    return Field(
        name, type_, str(metadata.get("label") or name.removesuffix("__c")),
        length=_length(type_, metadata),
        precision=int(metadata.get("precision") or 18) if type_ in ("double", "currency") else 0,
        scale=int(metadata.get("scale") or 0),
        nillable=not metadata.get("required") and type_ != "boolean",
        defaulted=type_ == "boolean",
        default=metadata.get("defaultValue") in (True, "true") if type_ == "boolean" else None,
        id_lookup=external or unique, external_id=external, unique=unique,
        case_sensitive=bool(metadata.get("caseSensitive")), formula=formula,
        createable=formula is None, updateable=formula is None, custom=True, permissionable=True,
        restricted=bool((metadata.get("valueSet") or {}).get("restricted")),
        picklist=_values(metadata),
        refers_to=(str(target),) if target else (),
        relationship=name.removesuffix("__c") + "__r" if target else None,
    )  # fmt: skip


def _length(type_: str, metadata: Mapping[str, Any]) -> int:
    if type_ in _LENGTHS:
        return _LENGTHS[type_]
    if metadata.get("type") == "LongTextArea":
        return int(metadata.get("length") or _LONG)
    return int(metadata.get("length") or _TEXT) if type_ in ("string", "textarea", "url") else 0


def _values(metadata: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    definition = (metadata.get("valueSet") or {}).get("valueSetDefinition") or {}
    return tuple(
        pair(f"{value.get('fullName') or value.get('valueName')}={value.get('label') or ''}")
        for value in definition.get("value", ())
    )


def query_fields(service: Service, call: Call) -> Reply:
    """SOQL over CustomField, the only tooling object that is here."""
    answer = service.cursors.first(
        call.query.get("q", ""), version=call.version, deleted=False, batch=None, tooling=True
    )
    return Reply(200, answer)


ROUTES = (
    Route("POST", "tooling/sobjects/CustomField", create_field),
    Route("GET", "tooling/query", query_fields),
)
