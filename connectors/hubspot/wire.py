"""HubSpot's JSON and Tieline's value types: records in, property values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.base import Fields, Move, Moved, RawValue, Ref, RemoteRecord
from core.errors import UnexpectedReplyError

Row = Mapping[str, Any]
"""A record as HubSpot sends it: id, properties, createdAt, updatedAt, archived…"""

MERGED_IDS = "hs_merged_object_ids"
ASSOCIATION = "associations."


def modified_property(object_type: str) -> str:
    """The modified stamp: contacts have one of their own."""
    return "lastmodifieddate" if object_type in ("contacts", "0-1") else "hs_lastmodifieddate"


def needed_properties(object_type: str, fields: Fields) -> list[str]:
    """The properties to ask for: those wanted and those that the connector itself reads."""
    own = ("hs_object_id", "createdate", modified_property(object_type), MERGED_IDS)
    return list(dict.fromkeys([*plain_fields(fields), *own]))


def plain_fields(fields: Iterable[str]) -> list[str]:
    """The fields that are properties."""
    return [name for name in fields if not name.startswith(ASSOCIATION)]


def association_fields(fields: Iterable[str]) -> list[str]:
    """The fields that are associations."""
    return [name for name in fields if name.startswith(ASSOCIATION)]


def told(row: Row, key: str) -> str:
    """A key that HubSpot always sends, as text; raises UnexpectedReplyError without it."""
    found = row.get(key)
    if found in (None, ""):
        raise UnexpectedReplyError(f"HubSpot sent an entry without {key}")
    return str(found)


def row_id(row: Row) -> str:
    """A record's id as text; raises UnexpectedReplyError where there is none."""
    return told(row, "id")


def row_properties(row: Row) -> Mapping[str, Any]:
    """A record's properties; raises UnexpectedReplyError where they are absent."""
    found = row.get("properties")
    if not isinstance(found, Mapping):
        raise UnexpectedReplyError("HubSpot sent a record without properties")
    return found


def moment(value: Any) -> datetime | None:
    """A date and time of HubSpot's: ISO with or without milliseconds, or epoch milliseconds."""
    if value in (None, ""):
        return None
    text = str(value)
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise UnexpectedReplyError(f"HubSpot sent {text!r} as a date and time") from error


def epoch_ms(when: datetime) -> int:
    """Milliseconds as search filters take them, rounded down."""
    return int(when.timestamp() * 1000)


def modified_of(object_type: str, row: Row) -> datetime | None:
    """When the vendor says the record was last modified."""
    return moment(row_properties(row).get(modified_property(object_type)) or row.get("updatedAt"))


def created_of(row: Row) -> datetime | None:
    """When the vendor says the record was created."""
    return moment(row.get("createdAt") or row_properties(row).get("createdate"))


def merged_ids(row: Row) -> list[str]:
    """The ids that live on in this record."""
    text = str(row_properties(row).get(MERGED_IDS) or "")
    own = row_id(row)
    return [part.strip() for part in text.split(";") if part.strip() and part.strip() != own]


def record(
    object_type: str,
    row: Row,
    fields: Fields,
    *,
    associations: Mapping[str, Any] | None = None,
    requested_id: str | None = None,
    known: Iterable[str] = (),
) -> RemoteRecord:
    """A record with exactly the fields asked for and answered; blank is None.

    `known` are properties that exist though the answer left them out because they are empty.
    """
    properties = row_properties(row)
    values: dict[str, RawValue] = {
        name: blank_to_none(properties.get(name))
        for name in plain_fields(fields)
        if name in properties or name in known
    }
    values.update(associations or {})
    return RemoteRecord(
        object_type=object_type,
        id=row_id(row),
        fields=values,
        modified=modified_of(object_type, row),
        created=created_of(row),
        archived=bool(row.get("archived")),
        requested_id=requested_id,
    )


def tombstones(object_type: str, row: Row) -> list[RemoteRecord]:
    """The records that were merged into this one."""
    survivor = Moved(Move.MERGED, Ref(object_type, row_id(row)))
    when = modified_of(object_type, row)
    return [
        RemoteRecord(object_type, loser, modified=when, archived=True, moved=survivor)
        for loser in merged_ids(row)
    ]


def blank_to_none(value: RawValue) -> RawValue:
    """HubSpot shows a cleared property as null or as an empty text."""
    return None if value == "" else value


def out(value: RawValue) -> str:
    """A value as HubSpot takes it: always text, empty to clear."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(out(item) for item in value)
    return str(value)


def is_id(text: str) -> bool:
    """Whether HubSpot may have given a record this id: nothing else may get into an address or
    a batch."""
    return text.isascii() and text.isdigit()


def chunks(items: list[Any], size: int) -> Iterable[list[Any]]:
    """Consecutive lists of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))
