"""One field of an object type, as the describe call knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """One field; the names are those of the describe call, in Python's spelling."""

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    id_lookup: bool = False
    defaulted: bool = False
    restricted: bool = False
    name_field: bool = False
    permissionable: bool = False
    filterable: bool = True
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    compound: str | None = None
    extra: str | None = None
    picklist: tuple[tuple[str, str], ...] = ()
    default: Any = None
    custom: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    formula: str | None = None

    @property
    def required(self) -> bool:
        return self.createable and not self.nillable and not self.defaulted

    @property
    def long_text(self) -> bool:
        return self.type == "textarea" and self.length > 255

    @property
    def indexed(self) -> bool:
        """Whether equality on it is looked up, not searched for."""
        return (self.id_lookup and self.type != "id") or self.external_id or self.unique
