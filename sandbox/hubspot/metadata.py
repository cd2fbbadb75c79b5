"""Properties and property groups of an object type: the standard ones, and those made later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.standard.kinds import ObjectType
from sandbox.hubspot.standard.options import OPTIONS

STANDARD_MADE_AT = "2019-08-06T02:41:52.759Z"
FIELD_TYPES = {
    "string": {"text", "textarea", "html", "file", "phonenumber", "select", "radio",
               "calculation_equation"},
    "number": {"number", "calculation_equation", "text"},
    "bool": {"booleancheckbox", "calculation_equation", "radio", "select"},
    "enumeration": {"booleancheckbox", "checkbox", "radio", "select", "calculation_equation",
                    "number", "text"},
    "date": {"date"},
    "datetime": {"date", "calculation_equation"},
    "phone_number": {"phonenumber", "text"},
}  # fmt: skip
"""Which `fieldType` each `type` allows, as the properties API validates it."""


@dataclass(slots=True)
class Option:
    """One value of an enumeration."""

    value: str
    label: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "value": self.value,
            "description": self.description,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
        }


@dataclass(slots=True)
class Property:
    """A property's definition, as `/crm/v3/properties` shows it."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: list[Option] = field(default_factory=list)
    read_only: bool = False
    calculated: bool = False
    hidden: bool = False
    unique: bool = False
    external: bool = False
    form: bool = False
    custom: bool = False
    description: str = ""
    display_order: int = -1
    created_at: str = STANDARD_MADE_AT
    updated_at: str = STANDARD_MADE_AT
    archived: bool = False

    @property
    def multiple(self) -> bool:
        """Several values, joined by semicolons."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    def allowed(self) -> dict[str, int]:
        """Option values with their place in the list."""
        return {option.value: option.display_order for option in self.options}

    def to_json(self) -> dict[str, Any]:
        made = {
            "updatedAt": self.updated_at,
            "createdAt": self.created_at,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.to_json() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": self.external,
            "archived": self.archived,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "modificationMetadata": {
                "archivable": self.custom,
                "readOnlyDefinition": not self.custom,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form,
            "dataSensitivity": "non_sensitive",
        }
        if self.custom:
            made |= {"createdUserId": "2506672", "updatedUserId": "2506672"}
        else:
            made |= {"hubspotDefined": True}
        if self.name == "hubspot_owner_id":
            made["referencedObjectType"] = "OWNER"
        return made


@dataclass(slots=True)
class Group:
    """A property group."""

    name: str
    label: str
    display_order: int = -1
    archived: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "displayOrder": self.display_order,
            "archived": self.archived,
        }


class Properties:
    """Every property of one object type; only live ones take part in reading and writing."""

    def __init__(self, kind: ObjectType) -> None:
        self.groups: dict[str, Group] = {}
        self.all: dict[str, Property] = {}
        for made in _parse(kind.table):
            if isinstance(made, Group):
                self.groups[made.name] = made
            else:
                self.all[made.name] = made

    def get(self, name: str) -> Property | None:
        """The live property of that name."""
        found = self.all.get(name)
        return found if found is not None and not found.archived else None

    def unique(self) -> list[str]:
        """Names of live properties whose values identify a record."""
        return [p.name for p in self.all.values() if p.unique and not p.archived]

    def custom_unique_count(self) -> int:
        return sum(p.unique and p.custom and not p.archived for p in self.all.values())


def _parse(table: str) -> Iterator[Group | Property]:
    group = ""
    for order, line in enumerate(table.strip().splitlines()):
        if line.startswith("["):
            group, _, label = line[1:].partition("] ")
            yield Group(group, label, order)
        else:
            yield _parse_property(line, group, order)


def _parse_property(line: str, group: str, order: int) -> Property:
    name, label, types, flags, options = [*(p.strip() for p in line.split("|")), "", ""][:5]
    kind, _, field_type = types.partition("/")
    return Property(
        name=name,
        label=label,
        type=kind,
        field_type="calculation_equation" if field_type == "equation" else field_type,
        group=group,
        options=parse_options(OPTIONS[options[1:]] if options.startswith("@") else options),
        read_only="r" in flags,
        calculated="c" in flags,
        hidden="h" in flags,
        unique="u" in flags,
        external="x" in flags,
        form="f" in flags,
        display_order=order,
    )


def parse_options(text: str) -> list[Option]:
    """Options from `value=label;value=label` text."""
    pairs = (item.strip().partition("=") for item in text.replace("\n", "").split(";"))
    return [
        Option(value, label, order)
        for order, (value, _, label) in enumerate(pair for pair in pairs if pair[0])
    ]
