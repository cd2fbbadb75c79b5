"""A generic CRM: object types Account, Contact, Opportunity, User and, on request, Lead.

Fields are named as in the canonical model, so that a mapping onto it is nearly one to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.base import FieldSchema, FieldType, PicklistValue, Schema
from connectors.memory.model import Quirks
from connectors.memory.store import MemoryCrm
from core.clock import Clock

STAMP = "tieline_id"

LIFECYCLE = (
    "subscriber", "lead", "mal", "mql", "sal", "sql", "opportunity", "customer", "evangelist",
    "other", "disqualified",
)  # fmt: skip
STAGES = ("prospecting", "qualification", "proposal", "negotiation", "closed_won", "closed_lost")
INDUSTRIES = ("banking", "biotechnology", "energy", "manufacturing", "retail", "technology")
ACCOUNT_TYPES = ("prospect", "customer", "partner", "competitor", "other")
LEAD_STATUSES = ("new", "open", "in_progress", "qualified", "unqualified")
SOURCES = ("web", "phone", "partner", "event", "other")


def _field(name: str, type: FieldType = "string", **more: Any) -> FieldSchema:
    length = {"string": 255, "email": 80, "phone": 40, "url": 255, "text": 32_000}.get(type)
    label = name.replace("_", " ").capitalize()
    return FieldSchema(name, type=type, **{"label": label, "length": length, **more})


def _options(name: str, values: Iterable[str], **more: Any) -> FieldSchema:
    picklist = tuple(PicklistValue(v, v.replace("_", " ").capitalize()) for v in values)
    return _field(name, "picklist", picklist=picklist, restricted=True, **more)


def _reference(name: str, to: str) -> FieldSchema:
    return _field(name, "reference", references=(to,))


def _schema(object_type: str, fields: Iterable[FieldSchema], *, writable: bool = True) -> Schema:
    id = _field("id", "id", createable=False, updateable=False)
    named = {field.name: field for field in (id, *fields)}
    return Schema(object_type, object_type, named, writable, writable, writable)


def stamp_schema(name: str = STAMP, label: str = "Tieline ID") -> FieldSchema:
    """The field that carries an entity's id."""
    return _field(name, "string", length=64, unique=True, custom=True, label=label)


def plain_schema(name: str, label: str, type_: str) -> FieldSchema:
    """A field of one's own: `text`, `number` or `bool`."""
    kinds: dict[str, FieldType] = {"text": "string", "number": "number", "bool": "boolean"}
    return _field(name, kinds[type_], custom=True, label=label)


_ADDRESS = tuple(_field(name) for name in ("street", "city", "region", "postal_code", "country"))
_COMMON = (_reference("owner", "User"), _field("tags", "multipicklist"))

_ACCOUNT = (
    _field("name", required_on_create=True),
    _field("domain"),
    _field("website", "url"),
    _field("phone", "phone"),
    _options("industry", INDUSTRIES),
    _field("employees", "integer"),
    _field("annual_revenue", "currency"),
    _field("currency", length=3),
    _field("description", "text"),
    _options("account_type", ACCOUNT_TYPES),
    _reference("parent", "Account"),
    *_ADDRESS,
    *_COMMON,
)
_PERSON = (
    _field("first_name", length=40),
    _field("last_name", length=80, required_on_create=True),
    _field("email", "email"),
    _field("phone", "phone"),
    _field("mobile", "phone"),
    _field("title", length=128),
    _field("department", length=80),
    _field("company_name"),
    _options("lifecycle_stage", LIFECYCLE),
    _options("lead_status", LEAD_STATUSES),
    _options("lead_source", SOURCES),
    _field("birthdate", "date"),
    _field("score", "number"),
    _field("email_opt_out", "boolean"),
    _field("do_not_call", "boolean"),
    _field("description", "text"),
    *_ADDRESS,
    *_COMMON,
)
_CONTACT = (*_PERSON, _reference("account", "Account"))
_OPPORTUNITY = (
    _field("name", length=120, required_on_create=True),
    _options("stage", STAGES, required_on_create=True),
    _field("pipeline"),
    _field("amount", "currency"),
    _field("currency", length=3),
    _field("close_date", "date"),
    _field("probability", "percent"),
    _field("opportunity_type"),
    _options("lead_source", SOURCES),
    _field("next_step"),
    _field("description", "text"),
    _reference("account", "Account"),
    _field("contacts", "association", references=("Contact",)),
    _reference("owner", "User"),
)
_USER = (_field("name"), _field("email", "email"), _field("active", "boolean"))


def generic_schemas(*, lead: bool = True, stamp: bool = True) -> tuple[Schema, ...]:
    """The object types; without `stamp` the stamp fields are still to be made by `prepare`."""
    types = {"Account": _ACCOUNT, "Contact": _CONTACT, "Opportunity": _OPPORTUNITY}
    if lead:
        types["Lead"] = _PERSON
    more = (stamp_schema(),) if stamp else ()
    made = [_schema(name, (*fields, *more)) for name, fields in types.items()]
    return (*made, _schema("User", _USER, writable=False))


def generic_crm(
    clock: Clock,
    *,
    lead: bool = True,
    stamp: bool = True,
    quirks: Quirks | None = None,
    prefix: str = "",
) -> MemoryCrm:
    """An empty generic CRM; `prefix` begins every id, so that two CRMs never share one."""
    quirks = quirks or Quirks()
    schemas = generic_schemas(lead=lead, stamp=stamp and quirks.stamps)
    return MemoryCrm(schemas, clock, quirks=quirks, prefix=prefix)
