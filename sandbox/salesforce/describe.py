"""What the describe calls show of the catalog, in the shape of the recorded describes."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.catalog import Catalog, ObjectType
from sandbox.salesforce.fields import Field
from sandbox.salesforce.tables import CHILDREN

_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int",
    "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double",
    "date": "xsd:date", "datetime": "xsd:dateTime", "address": "urn:address",
}  # fmt: skip
_MASTER_RECORD_TYPE = "012000000000000AAA"
_NOT_GROUPABLE = ("double", "currency", "percent", "datetime", "address", "multipicklist")

_FLAGS = {
    "createable": "c", "updateable": "u", "deletable": "d", "undeletable": "e", "mergeable": "m",
    "queryable": "q", "replicateable": "r", "searchable": "s",
}  # fmt: skip
_NEVER = ("activateable", "custom", "customSetting", "deepCloneable", "deprecatedAndHidden",
          "hasSubtypes", "isInterface", "isSubtype")  # fmt: skip


_INTERFACES = ("defaultImplementation", "extendedBy", "extendsInterfaces", "implementedBy",
               "implementsInterfaces")  # fmt: skip
"""Keys of a described object that only interfaces have set."""
_FIELD_CONSTANTS = {
    **dict.fromkeys(
        (
            "aiPredictionField",
            "autoNumber",
            "calculated",
            "cascadeDelete",
            "dependentPicklist",
            "deprecatedAndHidden",
            "displayLocationInDecimal",
            "encrypted",
            "formulaTreatNullNumberAsZero",
            "highScaleNumber",
            "htmlFormatted",
            "restrictedDelete",
            "searchPrefilterable",
            "writeRequiresMasterRead",
        ),
        False,
    ),
    **dict.fromkeys(
        (
            "calculatedFormula",
            "controllerName",
            "defaultValueFormula",
            "filteredLookupInfo",
            "inlineHelpText",
            "mask",
            "maskType",
            "referenceTargetField",
            "relationshipOrder",
        )
    ),
}
"""Keys of a field that no field of this sandbox has set."""


def describe_field(one: Field) -> dict[str, Any]:
    filterable = one.filterable and not one.long_text
    sortable = filterable and one.type not in ("address", "multipicklist")
    wide = one.type in ("string", "textarea", "picklist", "multipicklist", "email", "phone", "url")
    return {
        **_FIELD_CONSTANTS,
        "aggregatable": one.type not in ("boolean", "address") and not one.long_text,
        "byteLength": one.length * 3 if wide else one.length,
        "calculated": one.formula is not None,
        "calculatedFormula": one.formula,
        "caseSensitive": one.case_sensitive,
        "compoundFieldName": one.compound,
        "createable": one.createable,
        "custom": one.custom,
        "defaultValue": one.default,
        "defaultedOnCreate": one.defaulted,
        "digits": one.digits,
        "externalId": one.external_id,
        "extraTypeInfo": one.extra,
        "filterable": filterable,
        "groupable": not one.long_text and one.type not in _NOT_GROUPABLE,
        "idLookup": one.id_lookup,
        "label": one.label,
        "length": one.length,
        "name": one.name,
        "nameField": one.name_field,
        "namePointing": len(one.refers_to) > 1,
        "nillable": one.nillable,
        "permissionable": one.permissionable,
        "picklistValues": _picklist(one),
        "polymorphicForeignKey": len(one.refers_to) > 1,
        "precision": one.precision,
        "queryByDistance": one.type == "address",
        "referenceTo": list(one.refers_to),
        "relationshipName": one.relationship,
        "restrictedPicklist": one.restricted,
        "scale": one.scale,
        "soapType": _SOAP.get(one.type, "xsd:string"),
        "sortable": sortable,
        "type": one.type,
        "unique": one.unique,
        "updateable": one.updateable,
    }


def _picklist(one: Field) -> list[dict[str, Any]]:
    return [
        {
            "active": True,
            "defaultValue": value == one.default,
            "label": label,
            "validFor": None,
            "value": value,
        }
        for value, label in one.picklist
    ]


def brief(kind: ObjectType, version: str) -> dict[str, Any]:
    """An object type as the global describe lists it."""
    base = f"/services/data/v{version}/sobjects/{kind.name}"
    return {
        **dict.fromkeys(_NEVER, False),
        **{name: kind.can(flag) for name, flag in _FLAGS.items()},
        "associateEntityType": None,
        "associateParentEntity": None,
        "feedEnabled": kind.can("f"),
        "keyPrefix": kind.table.prefix,
        "label": kind.table.label,
        "labelPlural": kind.table.plural,
        "layoutable": True,
        "mruEnabled": kind.can("f"),
        "name": kind.name,
        "retrieveable": True,
        "triggerable": kind.can("c"),
        "urls": {"rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base},
    }


def describe(kind: ObjectType, record_types: list[dict[str, Any]], version: str) -> dict[str, Any]:
    """An object type with its fields, as `sobjects/X/describe` shows it."""
    return {
        **brief(kind, version),
        **dict.fromkeys(_INTERFACES),
        "actionOverrides": [],
        "childRelationships": _children(kind),
        "compactLayoutable": kind.can("c"),
        "fields": [describe_field(one) for one in kind.fields.values()],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [*record_types, _master(kind, not record_types, version)],
        "searchLayoutable": kind.can("s"),
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {kind.table.plural.lower()}", "name": "everything"}],
    }


def _children(kind: ObjectType) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": link.cascade,
            "childSObject": link.child,
            "deprecatedAndHidden": False,
            "field": link.field,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": link.name,
            "restrictedDelete": False,
        }
        for link in CHILDREN
        if link.parent == kind.name and (link.name is None or link.name.lower() in kind.children)
    ]


def _master(kind: ObjectType, default: bool, version: str) -> dict[str, Any]:
    return record_type_info(kind.name, "Master", _MASTER_RECORD_TYPE, version, default, True)


def record_type_info(
    object_type: str, name: str, id_: str, version: str, default: bool, master: bool = False
) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{object_type}/describe/layouts"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": default,
        "developerName": name.replace(" ", "_"),
        "master": master,
        "name": name,
        "recordTypeId": id_,
        "urls": {"layout": f"{base}/{id_}"},
    }


def describe_global(catalog: Catalog, version: str) -> dict[str, Any]:
    kinds = sorted(catalog.seen.values(), key=lambda kind: kind.name)
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [brief(kind, version) for kind in kinds],
    }
