"""The canonical model: what an account, a person and an opportunity are, whatever the CRM.

The engine works on plain normalised JSON; the pydantic models here are the gate that values
pass (`validate`), and `FIELDS` is what they say, as data. Forms by type:

==============================  ==============================================================
text, long_text, enum, country  str, trimmed
email, phone, url, domain       str, in the normal form of `mapping.values`, `mapping.places`
bool / integer                  bool / int
number                          str of a decimal: "20", "0.5"
date / datetime                 "YYYY-MM-DD" / ISO in UTC with Z
money                           {"amount": number, "currency": ISO code}
address                         {"street", "city", "region", "postal_code", "country"}, only
                                the keys that have a value
set                             sorted list of str without repeats
ref, owner                      {"object", "id"} of one side, or the entity id / e-mail that the
                                engine makes of it
roles                           sorted list of {"ref", "role": str | None, "primary": bool}
==============================  ==============================================================

Blank is always None: no empty string, list or object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from core.errors import MappingError
from mapping import places, values
from mapping.vocabulary import (
    ACCOUNT_TYPES,
    LEAD_SOURCES,
    LEAD_STATUS,
    LIFECYCLE,
    LIFECYCLE_APART,
    OPPORTUNITY_TYPES,
    STAGES,
)

ValueType = Literal[
    "text", "long_text", "email", "phone", "url", "domain", "country", "enum", "bool", "integer",
    "number", "date", "datetime", "money", "address", "set", "ref", "owner", "roles",
]  # fmt: skip
TYPES: tuple[str, ...] = get_args(ValueType)

KINDS = ("account", "person", "opportunity")
"""In dependency order: a kind refers only to kinds before it (or to its own)."""


@dataclass(frozen=True, slots=True)
class FieldDef:
    """What a canonical field is. `ref` is the kind that a ref or roles field points to; `values`
    the vocabulary of an enum (sides may add to it), from lowest to highest where `ordered`;
    `element` the type of a set's members; `length` what a side should have room for."""

    name: str
    type: ValueType
    description: str = ""
    ref: str | None = None
    values: tuple[str, ...] = ()
    ordered: bool = False
    element: ValueType | None = None
    length: int | None = None

    def rank(self, value: object) -> int | None:
        """The place of a value in the order, None for one that stands outside of it."""
        if not self.ordered or value not in self.values:
            return None
        return self.values.index(str(value))


class Canonical(BaseModel):
    """Unknown keys are errors; instances are values."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Money(Canonical):
    """An amount in one currency."""

    amount: Annotated[str, BeforeValidator(values.number)]
    currency: Annotated[str, BeforeValidator(values.currency)]


def _gate(normal: Callable[[Any], Any]) -> BeforeValidator:
    return BeforeValidator(lambda raw: None if values.blank(raw) else normal(raw))


Text = Annotated[str | None, _gate(values.text)]
LongText = Annotated[str | None, _gate(values.long_text)]
Email = Annotated[str | None, _gate(values.email)]
Phone = Annotated[str | None, _gate(values.phone)]
Url = Annotated[str | None, _gate(places.url)]
Domain = Annotated[str | None, _gate(places.domain)]
Country = Annotated[str | None, _gate(places.country)]
Bool = Annotated[bool | None, _gate(values.boolean)]
Integer = Annotated[int | None, _gate(values.integer)]
Number = Annotated[str | None, _gate(values.number)]
Date = Annotated[str | None, _gate(values.day)]
DateTime = Annotated[str | None, _gate(values.instant)]


class Address(Canonical):
    """A postal address; the country as ISO alpha-2."""

    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


Place = Annotated[Address | None, BeforeValidator(lambda raw: _address(raw))]


def _address(raw: Any) -> Any:
    """In normal form where it is a mapping with known parts; pydantic says what else it is."""
    known = isinstance(raw, Mapping) and set(raw) <= set(places.ADDRESS)
    return places.address(raw) if known else raw


class RecordRef(Canonical):
    """A record on one side, before the engine knows whose entity it is."""

    object: str
    id: str


Ref = Annotated[str | RecordRef | None, _gate(lambda raw: raw)]


class Role(Canonical):
    """One member of a roles field; `role` in the side's words or a value map's."""

    ref: str | RecordRef
    role: Text = None
    primary: bool = False


def role_key(item: Mapping[str, Any]) -> tuple[str, str, bool]:
    """The order of a roles field: by reference, then role, then primary."""
    ref = item["ref"]
    where = ref if isinstance(ref, str) else f"{ref['object']}/{ref['id']}"
    return where, item["role"] or "", bool(item["primary"])


def _sorted_set(members: list[str] | None) -> list[str] | None:
    return sorted({m for m in members or () if m}) or None


def _sorted_roles(members: list[Role] | None) -> list[Role] | None:
    unique = {role_key(member.model_dump()): member for member in members or ()}
    return [unique[key] for key in sorted(unique)] or None


TextSet = Annotated[list[Text] | None, _gate(lambda raw: raw), AfterValidator(_sorted_set)]
EmailSet = Annotated[list[Email] | None, _gate(lambda raw: raw), AfterValidator(_sorted_set)]
Roles = Annotated[list[Role] | None, _gate(lambda raw: raw), AfterValidator(_sorted_roles)]


def _is(type_: ValueType, description: str, **more: Any) -> Any:
    """A field of a model, carrying its `FieldDef`."""
    return Field(None, description=description, json_schema_extra={"type_": type_, **more})


class Account(Canonical):
    """A legal entity, or one unit of it, that business is done with. The company is the top of
    the `parent` chain, so a domain alone never proves that two accounts are one."""

    name: Text = _is("text", "the name business is done under", length=255)
    domain: Domain = _is("domain", "registered domain of its main web and mail address")
    website: Url = _is("url", "web address", length=255)
    phone: Phone = _is("phone", "main number")
    industry: Text = _is("enum", "what it works in")
    employees: Integer = _is("integer", "number of people")
    annual_revenue: Money | None = _is("money", "revenue of a year")
    billing_address: Place = _is("address", "where invoices go")
    description: LongText = _is("long_text", "free text")
    account_type: Text = _is("enum", "what it is to us", values=ACCOUNT_TYPES)
    parent: Ref = _is("ref", "the account it is a part of", ref="account")
    owner: Ref = _is("owner", "who looks after it")
    tags: TextSet = _is("set", "labels", element="text")


class Person(Canonical):
    """A natural person, whether a vendor calls it Lead or Contact."""

    first_name: Text = _is("text", "given name", length=40)
    last_name: Text = _is("text", "family name", length=80)
    email: Email = _is("email", "main e-mail address", length=80)
    other_emails: EmailSet = _is("set", "further e-mail addresses", element="email")
    phone: Phone = _is("phone", "number at work")
    mobile: Phone = _is("phone", "mobile number")
    title: Text = _is("text", "position", length=128)
    department: Text = _is("text", "department", length=80)
    company_name: Text = _is("text", "company, for people with no account yet", length=255)
    account_roles: Roles = _is("roles", "accounts the person has to do with", ref="account")
    account: Ref = _is("ref", "the account the person belongs to", ref="account")
    lifecycle_stage: Text = _is(
        "enum", "how far the relation has come", values=LIFECYCLE + LIFECYCLE_APART, ordered=True
    )
    lead_status: Text = _is("enum", "where sales stand with a lead", values=LEAD_STATUS)
    lead_source: Text = _is("enum", "where the person came from", values=LEAD_SOURCES)
    address: Place = _is("address", "postal address")
    description: LongText = _is("long_text", "free text")
    email_opt_out: Bool = _is("bool", "wants no e-mail")
    do_not_call: Bool = _is("bool", "wants no calls")
    owner: Ref = _is("owner", "who looks after the person")
    tags: TextSet = _is("set", "labels", element="text")


class Opportunity(Canonical):
    """The chance of a deal at an account."""

    name: Text = _is("text", "what is to be sold to whom", length=120)
    amount: Money | None = _is("money", "what it is worth")
    close_date: Date = _is("date", "when it is expected to close, or did")
    pipeline: Text = _is("enum", "the line of stages it moves along")
    stage: Text = _is("enum", "how far it has come", values=STAGES, ordered=True)
    probability: Number = _is("number", "chance of winning, in percent")
    is_closed: Bool = _is("bool", "no longer open; derived from the stage")
    is_won: Bool = _is("bool", "closed and won; derived from the stage")
    account: Ref = _is("ref", "the account it is at", ref="account")
    contacts: Roles = _is("roles", "the people in it", ref="person")
    opportunity_type: Text = _is("enum", "new or repeated business", values=OPPORTUNITY_TYPES)
    lead_source: Text = _is("enum", "where it came from", values=LEAD_SOURCES)
    next_step: Text = _is("text", "what is to be done next", length=255)
    owner: Ref = _is("owner", "who sells it")
    description: LongText = _is("long_text", "free text")


MODELS: Mapping[str, type[Canonical]] = {
    "account": Account,
    "person": Person,
    "opportunity": Opportunity,
}


def _definitions(model: type[Canonical]) -> dict[str, FieldDef]:
    found = {}
    for name, info in model.model_fields.items():
        extra: dict[str, Any] = {**info.json_schema_extra}  # type: ignore[dict-item]
        if extra.get("ordered"):
            extra["values"] = tuple(v for v in extra["values"] if v not in LIFECYCLE_APART)
        found[name] = FieldDef(name, extra.pop("type_"), info.description or "", **extra)
    return found


FIELDS: Mapping[str, Mapping[str, FieldDef]] = {k: _definitions(m) for k, m in MODELS.items()}
"""Every canonical field of every kind, in the order in which they are shown."""

Custom = Mapping[str, Mapping[str, str]]
"""Kind -> name without `custom.` -> type, as the configuration declares them."""

PREFIX = "custom."


def field_def(kind: str, name: str, custom: Custom | None = None) -> FieldDef:
    """The definition of a field; raises KeyError for one that is not there (or not declared)."""
    if not name.startswith(PREFIX):
        return FIELDS[kind][name]
    type_ = (custom or {}).get(kind, {})[name.removeprefix(PREFIX)]
    if type_ not in TYPES:
        raise KeyError(name)
    element: ValueType | None = "text" if type_ == "set" else None
    return FieldDef(name, type_, "custom field", element=element)  # type: ignore[arg-type]


_ANNOTATIONS: Mapping[str, Any] = {
    "text": Text, "long_text": LongText, "email": Email, "phone": Phone, "url": Url,
    "domain": Domain, "country": Country, "enum": Text, "bool": Bool, "integer": Integer,
    "number": Number, "date": Date, "datetime": DateTime, "set": TextSet,
}  # fmt: skip
_GATES = {type_: TypeAdapter[Any](annotation) for type_, annotation in _ANNOTATIONS.items()}
"""For custom fields, which have no model."""


def validate(kind: str, given: Mapping[str, Any], custom: Custom | None = None) -> dict[str, Any]:
    """The given fields in canonical form; fields that are not given stay away.

    Raises MappingError naming the first field that is unknown or cannot be represented.
    """
    own = {name: value for name, value in given.items() if name.startswith(PREFIX)}
    try:
        model = MODELS[kind].model_validate({k: v for k, v in given.items() if k not in own})
        shown = _plain({k: v for k, v in model.model_dump().items() if k in given})
    except ValidationError as error:
        raise _mapping_error(error) from None
    return {**shown, **{n: _validate_custom(kind, n, v, custom) for n, v in own.items()}}


def _validate_custom(kind: str, name: str, value: Any, custom: Custom | None) -> Any:
    try:
        return _GATES[field_def(kind, name, custom).type].validate_python(value)
    except KeyError:
        raise MappingError(f"{name} is not declared", field=name, value=value) from None
    except ValidationError as error:
        raise _mapping_error(error, name) from None


def _plain(shown: dict[str, Any]) -> dict[str, Any]:
    """Without the blank parts of addresses; a wholly blank address is None."""
    for name, value in shown.items():
        if isinstance(value, dict):
            shown[name] = {k: v for k, v in value.items() if v is not None} or None
    return shown


def _mapping_error(error: ValidationError, name: str | None = None) -> MappingError:
    first = error.errors(include_url=False)[0]
    field = name or ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    shown = json.dumps(first["input"], ensure_ascii=False, default=str)[:80]
    return MappingError(f"{field}: {shown} {reason}", field=field, value=first["input"])
