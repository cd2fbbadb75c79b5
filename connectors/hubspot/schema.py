"""The live schema of an object type: properties, pipelines and association fields."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from connectors.base import FieldSchema, FieldType, PicklistValue, Schema
from core.errors import ForbiddenError, SchemaDriftError

from . import owners
from .associations import ASSOCIATION_FIELDS, AssociationField, labels_of
from .client import Api
from .routes import Routes
from .wire import row_id, told

TEXT_LENGTH = 65_536
"""Characters that a text property holds."""

_LABELS = {"contacts": "Contacts", "companies": "Companies", "deals": "Deals"}
_REQUIRED = {"deals": frozenset({"dealname", "dealstage"})}
_EMAILS = frozenset({"email", "work_email"})
_URLS = frozenset({"website", "linkedin_company_page", "facebook_company_page", "hs_linkedin_url"})
_TYPES: Mapping[str, FieldType] = {
    "string": "string",
    "number": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "enumeration": "picklist",
    "phone_number": "phone",
}
_TEXT_KINDS: Mapping[str, FieldType] = {
    "textarea": "text",
    "html": "text",
    "phonenumber": "phone",
}


class Catalog:
    """What the account's object types look like; property names are kept for the process."""

    def __init__(self, api: Api, routes: Routes) -> None:
        self._api = api
        self._routes = routes
        self._lock = threading.Lock()
        self._known: dict[str, Mapping[str, FieldSchema]] = {}

    def describe(self, object_type: str) -> Schema:
        """The schema as it is now; raises SchemaDriftError where the type does not exist."""
        if object_type == owners.OBJECT_TYPE:
            return owners.SCHEMA
        fields = self._properties(object_type)
        if object_type == "deals":
            fields.update(self._stages(fields))
        with self._lock:
            self._known[object_type] = dict(fields)
        rules = ASSOCIATION_FIELDS.get(object_type, {})
        fields.update({n: self._association(object_type, n, rule) for n, rule in rules.items()})
        label = _LABELS.get(object_type, object_type)
        return Schema(object_type=object_type, label=label, fields=fields)

    def properties(self, object_type: str, *, fresh: bool = False) -> Mapping[str, FieldSchema]:
        """The properties as this process last saw them; one call for the first question, and
        for every `fresh` one."""
        with self._lock:
            known = None if fresh else self._known.get(object_type)
        if known is None:
            known = self._properties(object_type)
            with self._lock:
                self._known[object_type] = known
        return known

    def check(self, object_type: str, names: Iterable[str], *, fresh: bool = False) -> None:
        """Raise SchemaDriftError where a property does not exist (HubSpot itself keeps quiet
        about unknown names); asks anew before it does."""
        names = set(names)
        if not fresh and names <= self.properties(object_type).keys():
            return
        known = self.properties(object_type, fresh=True).keys()
        if unknown := sorted(names - known):
            raise SchemaDriftError(f"HubSpot's {object_type} have no {', '.join(unknown)}")

    def _properties(self, object_type: str) -> dict[str, FieldSchema]:
        reply = self._api.call(
            "GET",
            f"{self._routes.properties}/{object_type}",
            query=[("archived", "false")],
            accept=(400, 404),
            needs="results",
        )
        if not reply.ok:
            raise SchemaDriftError(f"HubSpot has no object type {object_type!r}")
        fields = (_field(object_type, raw) for raw in reply.results)
        return {field.name: field for field in fields}

    def _association(self, object_type: str, name: str, rule: AssociationField) -> FieldSchema:
        """An association field, with the account's labels where they are roles; without a limit
        where the app may not see them."""
        field = FieldSchema(name, rule.label, "association", references=(rule.to,))
        if not rule.labelled:
            return field
        try:
            labels = sorted(labels_of(self._api, self._routes, object_type, rule))
        except ForbiddenError:
            return field
        known = tuple(PicklistValue(label, label) for label in labels)
        return replace(field, restricted=True, picklist=known)

    def _stages(self, fields: Mapping[str, FieldSchema]) -> dict[str, FieldSchema]:
        """`pipeline` and `dealstage` with their values, which live outside the properties."""
        reply = self._api.call("GET", f"{self._routes.pipelines}/deals", needs="results")
        pipelines = reply.results
        stages = [stage for pipeline in pipelines for stage in pipeline.get("stages") or ()]
        return {
            name: _with_values(fields[name], rows)
            for name, rows in (("pipeline", pipelines), ("dealstage", stages))
            if name in fields
        }


def _with_values(field: FieldSchema, rows: list[dict[str, Any]]) -> FieldSchema:
    values = tuple(
        PicklistValue(row_id(row), str(row.get("label") or row_id(row)), not row.get("archived"))
        for row in rows
    )
    return FieldSchema(
        name=field.name,
        label=field.label,
        type="picklist",
        required_on_create=field.required_on_create,
        restricted=True,
        picklist=values,
    )


def _field(object_type: str, raw: Mapping[str, Any]) -> FieldSchema:
    name = told(raw, "name")
    kind = _kind(name, raw)
    limits = raw.get("modificationMetadata") or {}
    writable = not (limits.get("readOnlyValue") or raw.get("calculated"))
    options = raw.get("options") or ()
    return FieldSchema(
        name=name,
        label=str(raw.get("label") or name),
        type=kind,
        length=TEXT_LENGTH if raw.get("type") == "string" else None,
        required_on_create=name in _REQUIRED.get(object_type, ()),
        createable=writable,
        updateable=writable,
        unique=bool(raw.get("hasUniqueValue")) or (object_type, name) == ("contacts", "email"),
        custom=not raw.get("hubspotDefined", False),
        restricted=kind in ("picklist", "multipicklist"),
        picklist=tuple(
            PicklistValue(
                str(option.get("value", "")),
                str(option.get("label", "")),
                not option.get("hidden", False),
            )
            for option in options
            if kind in ("picklist", "multipicklist")
        ),
        references=("owners",) if kind == "reference" else (),
    )


def _kind(name: str, raw: Mapping[str, Any]) -> FieldType:
    kind, shown = str(raw.get("type")), str(raw.get("fieldType"))
    if name == "hs_object_id":
        return "id"
    if name == "hubspot_owner_id" or raw.get("referencedObjectType") == "OWNER":
        return "reference"
    if kind == "enumeration" and shown == "checkbox":
        return "multipicklist"
    if kind == "number" and raw.get("showCurrencySymbol"):
        return "currency"
    if kind == "number" and raw.get("numberDisplayHint") == "percentage":
        return "percent"
    if kind == "string":
        return _text_kind(name, shown)
    return _TYPES.get(kind, "other")


def _text_kind(name: str, shown: str) -> FieldType:
    if name in _EMAILS:
        return "email"
    if name in _URLS:
        return "url"
    return _TEXT_KINDS.get(shown, "string")
