"""What a mapping file may say, as pydantic models; the JSON Schema is made from them.

A mapping file translates one vendor's fields into the canonical ones and back. Every mistake is
an error: unknown keys, a value that two canonical values claim, a value map that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

PathKey = tuple[str, ...]
"""Where something stands in the file: ("objects", "Account", "fields", "industry")."""


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must never be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _word(raw: Any) -> Any:
    """A picklist value: YAML reads unquoted numbers, which are meant as text here."""
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw


Word = Annotated[str, BeforeValidator(_word), Field(min_length=1)]


class ValueEntry(Strict):
    """One canonical value: the vendor values that read as it, and the one it is written as."""

    read: tuple[Word, ...] = Field((), description="vendor values that read as this value")
    write: Word | None = Field(None, description="vendor value it is written as; none: refused")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        """`value: X` reads and writes X; `value: [X, Y]` reads both and writes the first."""
        if isinstance(raw, str | int):
            return {"read": [raw], "write": raw}
        if isinstance(raw, list):
            return {"read": raw, "write": raw[0] if raw else None}
        return raw

    @model_validator(mode="after")
    def _says_something(self) -> ValueEntry:
        if not self.read and self.write is None:
            raise ValueError("name at least one vendor value")
        return self


def _claimed_once(entries: dict[str, ValueEntry]) -> dict[str, ValueEntry]:
    seen: dict[str, str] = {}
    for canonical, entry in entries.items():
        for vendor in entry.read:
            if vendor in seen:
                raise ValueError(
                    f"{vendor!r} reads as {seen[vendor]!r} and as {canonical!r}: "
                    f"give it to one, and use {{write: {vendor}}} for the other"
                )
            seen[vendor] = canonical
    return entries


class FieldSpec(Strict):
    """How one canonical field lives in an object type. `field: X` or `fields: {part: X}`; a name
    that ends in `?` is optional: used only where the side has that field."""

    field: str | None = Field(None, min_length=1, description="vendor field")
    fields: dict[str, str] | None = Field(None, description="vendor field by part of the value")
    transform: str | None = Field(None, description="default: the transform of the field's type")
    values: str | None = Field(None, description="name of a value map")
    unknown: Literal["error", "pass"] = Field(
        "error", description="a value that the value map does not list"
    )
    object: str | None = Field(None, description="object type that a reference points to")
    country: str | None = Field(
        None, description="vendor field with the country of phone numbers that carry none"
    )
    form: Literal["alpha2", "name", "date", "datetime"] | None = Field(
        None, description="how countries (alpha2, name) or dates (date, datetime) are written"
    )
    scale: Annotated[str, BeforeValidator(_word)] | None = Field(
        None, pattern=r"^(10*|0\.0*1)$", description="power of ten: canonical = vendor x scale"
    )
    blank: bool | None = Field(None, description="what a blank reads as, for yes/no fields")
    labels: Literal["carry", "ignore"] = Field(
        "carry", description="whether association labels are roles"
    )
    primary: Literal["carry", "ignore"] = Field(
        "carry", description="whether an association's primary flag belongs to the value"
    )
    pipeline: str | None = Field(None, description="pipeline of stages that name none")
    write: bool | Literal["create"] = Field(True, description="false: never; create: once")
    read: bool = Field(True, description="false: written, never read")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return {"field": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _one_source(self) -> FieldSpec:
        if (self.field is None) == (not self.fields):
            raise ValueError("give either `field` or `fields`")
        if self.write is False and not self.read:
            raise ValueError("is neither read nor written: leave it out")
        return self

    def parts(self) -> dict[str, str]:
        """Vendor field (still with its `?`) by part; a single field is the part `value`."""
        return {"value": self.field} if self.field else dict(self.fields or {})


class ObjectSpec(Strict):
    """One object type of the vendor."""

    kind: Literal["account", "person", "opportunity"]
    stamp: str | None = Field(None, description="field that keeps the entity's id")
    fields: dict[str, FieldSpec] = Field(..., min_length=1)


class OwnerSpec(Strict):
    """The object type of users, and which of its fields mean what."""

    object: str
    id: str
    email: str
    name: str | None = None
    active: str | None = Field(None, description="true for users that may own records")


class MappingSpec(Strict):
    """A whole mapping file."""

    vendor: str
    extends: str | None = Field(None, description="mapping whose entries this file changes")
    scalars: Literal["native", "strings"] = Field(
        "native", description="whether the vendor's numbers and booleans are JSON strings"
    )
    owners: OwnerSpec | None = None
    values: dict[
        str, Annotated[dict[str, ValueEntry], Field(min_length=1), AfterValidator(_claimed_once)]
    ] = {}
    objects: dict[str, ObjectSpec] = Field(..., min_length=1)

    def each_field(self) -> Iterator[tuple[PathKey, ObjectSpec, str, FieldSpec]]:
        """Every field with its path, its object type and its canonical name."""
        for object_type, spec in self.objects.items():
            for name, field in spec.fields.items():
                yield ("objects", object_type, "fields", name), spec, name, field


def overlay(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping document with another one laid over it (`extends`), before validation.

    Mappings are merged key by key; anything else replaces; null takes a key out.
    """
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlay(merged[key], value)
        else:
            merged[key] = value
    return merged


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a mapping; `path` leads to its line in the file."""

    path: PathKey
    message: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "error"
    object_type: str = ""
    name: str = ""
    vendor_field: str = ""

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}"
