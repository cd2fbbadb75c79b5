"""The metadata of one organisation: its object types and fields, as the API user sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.options import Options
from sandbox.salesforce.person_accounts import extra_fields
from sandbox.salesforce.tables import (
    CHILDREN,
    LEAD_STATUSES,
    OBJECTS,
    PICKLISTS,
    STAGES,
    ChildRelation,
    LeadStatus,
    ObjectTable,
    Stage,
)

STRINGS = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "id", "reference"}
)
NUMBERS = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True)
class ObjectType:
    """One object type; `fields` by lower-case name, in the order of the describe."""

    table: ObjectTable
    fields: Mapping[str, Field]
    relationships: Mapping[str, Field]
    children: Mapping[str, ChildRelation]

    @property
    def name(self) -> str:
        return self.table.name

    def can(self, flag: str) -> bool:
        return flag in self.table.flags

    def field(self, name: str) -> Field | None:
        return self.fields.get(name.lower())

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields.values() if one.required)

    @cached_property
    def unique(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields.values() if one.unique)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What a new record has in the fields that nobody set."""
        given = self.fields.values()
        return {one.name: one.default for one in given if one.default is not None}


def object_type(
    table: ObjectTable, fields: Iterable[Field], absent: frozenset[str] = frozenset()
) -> ObjectType:
    """`absent`: object types that the organisation does not have."""
    by_name = {one.name.lower(): one for one in fields}
    related = {one.relationship.lower(): one for one in by_name.values() if one.relationship}
    children = {
        link.name.lower(): link
        for link in CHILDREN
        if link.parent == table.name and link.name and link.child not in absent
    }
    return ObjectType(table, by_name, related, children)


class Catalog:
    """The object types of an organisation, by lower-case name.

    `full` is what exists; `seen` is what the API user's profile shows and lets him edit.
    """

    def __init__(self, options: Options, custom: Mapping[str, Mapping[str, Field]]) -> None:
        self.stages = _stages(options)
        self.lead_statuses = _lead_statuses(options)
        values = self._values(options)
        self.full: dict[str, ObjectType] = {}
        self.seen: dict[str, ObjectType] = {}
        absent = _absent(options)
        for table in OBJECTS:
            if table.name in absent:
                continue
            fields = [self._with_values(one, table, values) for one in _standard(table)]
            fields = [one for one in fields if _exists(one, table, options)]
            fields += _currency_field(table, options)
            fields += custom.get(table.name, {}).values()
            if options.person_accounts:
                fields += extra_fields(table.name, self._contact(values, custom))
            self.full[table.name.lower()] = object_type(table, fields, absent)
            if "t" not in table.flags and options.allowed(table.name, "read"):
                self.seen[table.name.lower()] = _as_seen(table, fields, options, absent)

    def _contact(
        self,
        values: Mapping[str, tuple[str, ...]],
        custom: Mapping[str, Mapping[str, Field]],
    ) -> list[Field]:
        """The fields of Contact, which a person's account has too."""
        table = next(table for table in OBJECTS if table.name == "Contact")
        standard = [self._with_values(one, table, values) for one in _standard(table)]
        return [*standard, *custom.get("Contact", {}).values()]

    def _values(self, options: Options) -> dict[str, tuple[str, ...]]:
        values = dict(PICKLISTS)
        values["stage"] = tuple(stage.name for stage in self.stages)
        values["lead_status"] = tuple(status.name for status in self.lead_statuses)
        values["currency"] = tuple(options.currencies)
        if options.contact_roles is not None:
            values["contact_role"] = tuple(options.contact_roles)
        values.update({name: tuple(given) for name, given in options.picklists.items()})
        return values

    def _with_values(
        self, one: Field, table: ObjectTable, values: Mapping[str, tuple[str, ...]]
    ) -> Field:
        if not one.picklist:
            return one
        key = f"{table.name}.{one.name}"
        given = values.get(key) or values[one.picklist[0][0]]
        pairs = tuple(pair(value) for value in given)
        default = self.default_status() if key == "Lead.Status" else one.default
        return replace(one, picklist=pairs, default=default)

    def default_status(self) -> str:
        return next(status.name for status in self.lead_statuses if status.default)

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name.lower() == name.lower()), None)

    def converted_status(self) -> str:
        return next(status.name for status in self.lead_statuses if status.converted)


def pair(given: str) -> tuple[str, str]:
    """A picklist entry, written `value` or `value=label`."""
    value, _, label = given.partition("=")
    return value, label or value


def _stages(options: Options) -> tuple[Stage, ...]:
    return STAGES if options.stages is None else tuple(Stage(**row) for row in options.stages)


def _lead_statuses(options: Options) -> tuple[LeadStatus, ...]:
    if options.lead_statuses is None:
        return LEAD_STATUSES
    return tuple(LeadStatus(**row) for row in options.lead_statuses)


def _exists(one: Field, table: ObjectTable, options: Options) -> bool:
    if one.name == "RecordTypeId":
        return any(row["object"] == table.name for row in options.record_types)
    return True


def _currency_field(table: ObjectTable, options: Options) -> list[Field]:
    if not options.multi_currency or table.name not in (
        "Account",
        "Contact",
        "Lead",
        "Opportunity",
    ):
        return []
    pairs = tuple((code, code) for code in options.currencies)
    made = Field(
        "CurrencyIsoCode", "picklist", "Currency ISO Code", length=3, defaulted=True,
        restricted=True, picklist=pairs, default=options.currencies[0],
    )  # fmt: skip
    return [made]


def _absent(options: Options) -> frozenset[str]:
    """Object types that only certain organisations have."""
    there = {
        "CurrencyType": options.multi_currency,
        "AccountContactRelation": options.contacts_to_multiple_accounts,
    }
    return frozenset(name for name, present in there.items() if not present)


def _as_seen(
    table: ObjectTable, fields: Iterable[Field], options: Options, absent: frozenset[str]
) -> ObjectType:
    rights = options.user_permissions.get(table.name, {})
    hidden, readonly = set(rights.get("hidden", ())), set(rights.get("readonly", ()))
    flags = table.flags
    for flag, right in (("c", "create"), ("u", "edit"), ("d", "delete")):
        if not options.allowed(table.name, right):
            flags = flags.replace(flag, "")
    shown = [
        replace(one, createable=False, updateable=False) if one.name in readonly else one
        for one in fields
        if one.name not in hidden
    ]
    unread = {other.name for other in OBJECTS if not options.allowed(other.name, "read")}
    return object_type(table._replace(flags=flags), shown, absent | unread)


@cache
def _sections() -> Mapping[str, tuple[Field, ...]]:
    """The fields of standard_fields.txt; the picklist of a field holds the key of its values."""
    text = files("sandbox.salesforce").joinpath("standard_fields.txt").read_text("utf-8")
    found: dict[str, list[Field]] = {}
    current: list[Field] = []
    for line in text.splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(_parsed(line))
    return {name: tuple(fields) for name, fields in found.items()}


def _standard(table: ObjectTable) -> list[Field]:
    sections = _sections()
    audit = [one for one in sections["audit"] if one.name != "IsDeleted" or "I" in table.flags]
    viewed = sections["viewed"] if "v" in table.flags else ()
    return [*sections[table.name], *audit, *viewed]


def _parsed(line: str) -> Field:
    name, kind, flags, details, label = (part.strip() for part in line.split("|"))
    type_, _, size = kind.partition(" ")
    length, precision, scale, digits = _size(type_, size)
    known = dict(part.split("=", 1) for part in details.split())
    return Field(
        name, type_, label, length=length, precision=precision, scale=scale, digits=digits,
        nillable="n" in flags, createable="c" in flags, updateable="u" in flags,
        id_lookup="i" in flags, defaulted="d" in flags, restricted="r" in flags,
        name_field="N" in flags, permissionable="m" in flags, filterable="F" not in flags,
        refers_to=tuple(known.get("to", "").split(",")) if "to" in known else (),
        relationship=known.get("rel"), compound=known.get("in"), extra=known.get("extra"),
        picklist=((known["values"], ""),) if "values" in known else (),
        default=False if type_ == "boolean" else None,
    )  # fmt: skip


def _size(type_: str, size: str) -> tuple[int, int, int, int]:
    """Length, precision, scale, digits."""
    if type_ in ("id", "reference"):
        return 18, 0, 0, 0
    if type_ == "int":
        return 0, 0, 0, int(size)
    if type_ in NUMBERS:
        precision, _, scale = size.partition(".")
        return 0, int(precision), int(scale), 0
    return int(size or 0), 0, 0, 0
