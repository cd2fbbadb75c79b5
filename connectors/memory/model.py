"""A row of the CRM in memory, the quirks it may have, and the forms that values are kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Moved, RawValue, RemoteId, Schema

Item = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Quirks:
    """How this CRM differs from a simple one; fields are named as "Contact.email".

    `late_seconds`: a change shows in feeds and searches only so much later, under its old
    stamp. `coarse_seconds`: modified stamps are rounded down to multiples of it.
    `silent_associations`: association fields move no stamp. `normalise`: functions that change
    a value when it is stored. `ignored`: fields that the API acknowledges and does not store.
    `duplicates`: fields on which a create is refused as a duplicate unless it allows one.
    `stamps` False: no stamp fields can be made. `merge_new_id`: a merge makes a third id.
    `odd_ids`: ids that hold /, ? and &. `field_times`: change times are kept per field.
    `whole_refusal`: one bad field refuses the whole write instead of that field alone.
    """

    late_seconds: float = 0.0
    coarse_seconds: float = 0.0
    silent_associations: bool = False
    normalise: Mapping[str, Callable[[Any], RawValue]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    duplicates: frozenset[str] = frozenset()
    stamps: bool = True
    merge_new_id: bool = False
    odd_ids: bool = False
    field_times: bool = False
    whole_refusal: bool = False


@dataclass(slots=True)
class Row:
    """A record as the CRM keeps it; `visible` is when feeds and searches begin to show it."""

    object_type: str
    id: RemoteId
    created: datetime
    modified: datetime
    visible: datetime
    fields: dict[str, RawValue] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    archived: bool = False
    moved: Moved | None = None

    @property
    def live(self) -> bool:
        return not self.archived and self.moved is None


def targets(schema: Schema, name: str, value: RawValue) -> list[RemoteId]:
    """The ids that a value of this field refers to."""
    if value is None or not schema.fields[name].references:
        return []
    return [item["id"] for item in value] if isinstance(value, list) else [value] if value else []


def sorted_items(items: Iterable[Mapping[str, Any]]) -> list[Item]:
    """Associations in the contract's form: sorted, each once, one primary at most."""
    shaped: dict[tuple[str, str], Item] = {}
    primary: RemoteId | None = None
    for item in items:
        label = item.get("label") or None
        if item.get("primary") and primary in (None, item["id"]):
            primary = item["id"]
        shaped.setdefault((item["id"], label or ""), {"id": item["id"], "label": label})
    return [{**shaped[key], "primary": key[0] == primary} for key in sorted(shaped)]


def merged_fields(keep: Row, lost: Sequence[Row]) -> dict[str, RawValue]:
    fields = dict(keep.fields)
    for row in lost:
        for name, value in row.fields.items():
            if fields.get(name) in (None, []):
                fields[name] = value
    return fields


def rounded_down(moment: datetime, seconds: float) -> datetime:
    if seconds <= 0:
        return moment
    step = timedelta(seconds=seconds)
    return moment - (moment - _EPOCH) % step
