"""What a transform is told besides the value: the side's context, the value map, the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from mapping.spec import ValueEntry


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for a whole side: the currency of amounts and the country of phone numbers that
    carry none, the zone of its dates, and whether its scalars are JSON strings."""

    currency: str = "USD"
    country: str = "US"
    zone: tzinfo = UTC
    strings: bool = False


class ValueMap:
    """A value map, compiled. Vendor values are compared exactly, then without case."""

    def __init__(
        self, name: str = "", entries: Mapping[str, ValueEntry] | None = None, *, passing: bool
    ) -> None:
        """`passing`: values that are not listed are carried as they are."""
        self.name = name
        self.passing = passing
        self.entries = dict(entries or {})
        self._read = {vendor: c for c, entry in self.entries.items() for vendor in entry.read}
        folded = [vendor.casefold() for vendor in self._read]
        self._folded = {
            vendor.casefold(): canonical
            for vendor, canonical in self._read.items()
            if folded.count(vendor.casefold()) == 1
        }

    def read(self, vendor: str) -> str:
        """The canonical value of a vendor value."""
        found = self._read.get(vendor) or self._folded.get(vendor.casefold())
        if found is None and not self.passing:
            raise ValueError(f"is not in the value map {self.name!r}")
        return vendor if found is None else found

    def write(self, canonical: str) -> str:
        """The vendor value that a canonical value is written as."""
        return self.written_as(canonical)[0]

    def written_as(self, canonical: str) -> list[str]:
        """All vendor values that may stand for a canonical value, the one to write first."""
        entry = self.entries.get(canonical)
        if entry is None and self.passing:
            return [canonical]
        if entry is None or entry.write is None:
            raise ValueError(f"has no value on this side in the value map {self.name!r}")
        return [entry.write, *(vendor for vendor in entry.read if vendor != entry.write)]

    def knows(self, vendor: str) -> bool:
        """Whether a vendor value has a canonical one."""
        return self.passing or vendor in self._read or vendor.casefold() in self._folded

    def reads(self) -> dict[str, str]:
        """The canonical value that each listed vendor value is read as."""
        return dict(self._read)

    def written(self) -> dict[str, str]:
        """The vendor value that each canonical value is written as, where there is one."""
        return {c: e.write for c, e in self.entries.items() if e.write is not None}


@dataclass(frozen=True, slots=True)
class How:
    """The options of one field. `object` is the object type that a reference points to, `scale`
    the power of ten between vendor and canonical number, `parts` the parts that the side has."""

    context: Context
    values: ValueMap
    object: str | None = None
    form: str | None = None
    scale: int = 0
    blank: bool | None = None
    labels: bool = True
    primary: bool = True
    pipeline: str = "default"
    element: str | None = None
    parts: frozenset[str] = field(default_factory=frozenset)
