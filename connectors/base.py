"""The connector contract: the `Connector` protocol and the value types that cross it.

Raw field values are JSON: None, bool, int, float, str, list, dict. A field that holds
associations (its name is in `Capabilities.association_fields`) is a list of
``{"id": str, "label": str | None, "primary": bool}``, sorted by id then label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from core.errors import RecordError

RemoteId = str
Fields = Sequence[str]
RawValue = Any
RawFields = Mapping[str, RawValue]
Cursor = str
"""Opaque to callers; made by the connector that reads it; JSON text inside."""

FieldType = Literal[
    "id", "string", "text", "email", "phone", "url", "number", "integer", "currency", "percent",
    "boolean", "date", "datetime", "picklist", "multipicklist", "reference", "association", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value a picklist takes; `closed`/`won`/`probability` only for stages."""

    value: str
    label: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One field as the side's live schema shows it."""

    name: str
    label: str
    type: FieldType
    length: int | None = None
    required_on_create: bool = False
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    custom: bool = False
    restricted: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """One object type as the side's live schema shows it; only fields the user may see."""

    object_type: str
    label: str
    fields: Mapping[str, FieldSchema]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True


@dataclass(frozen=True, slots=True)
class Ref:
    """A record on one side."""

    object_type: str
    id: RemoteId


class Move(StrEnum):
    """Why a record lives on under another identity."""

    MERGED = "merged"
    CONVERTED = "converted"


@dataclass(frozen=True, slots=True)
class Moved:
    """The record goes on as `to`; `also` are further records that came of a conversion."""

    how: Move
    to: Ref
    also: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteRecord:
    """A row on a side, in the vendor's own fields.

    `fields` holds exactly the fields that were asked for and that the vendor answered
    (asked and empty: None; unknown to the vendor: absent). `modified` is the vendor's own
    modified stamp, `archived` says deleted (soft or hard), `moved` is set where the vendor
    tells of a merge or a conversion. `requested_id` differs from `id` when the vendor answered
    a read of an old id with the survivor. `changed_at` has per-field change times, where the
    vendor keeps them and they were asked for.
    """

    object_type: str
    id: RemoteId
    fields: RawFields = field(default_factory=dict)
    modified: datetime | None = None
    created: datetime | None = None
    archived: bool = False
    moved: Moved | None = None
    requested_id: RemoteId | None = None
    changed_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and the cursor that resumes after them.

    `unaccounted`: at least so many live records have gone of which the vendor tells nothing
    (erased for privacy); which ones, only a `fetch` of the ids known shows: they are dropped.
    """

    records: Sequence[RemoteRecord]
    cursor: Cursor
    unaccounted: int = 0


@dataclass(frozen=True, slots=True)
class Create:
    """Make a record. With `stamp_field`, an upsert on it wherever the vendor has one:
    `fields[stamp_field]` holds the stamp, and a repeat makes no second record."""

    op: str
    fields: RawFields
    stamp_field: str | None = None
    allow_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """Set fields of a record (None clears). Association fields carry the whole wished set.

    `expect` maps fields to the raw values that the caller last saw; where it is given, the
    connector may use it to shape the call (which associations to remove), never to skip it.
    """

    op: str
    id: RemoteId
    fields: RawFields
    expect: RawFields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Archive:
    """Delete the record in the way the vendor can undo (recycle bin, archive)."""

    op: str
    id: RemoteId


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring an archived record back under its id (`Capabilities.restore`)."""

    op: str
    id: RemoteId


@dataclass(frozen=True, slots=True)
class Merge:
    """Let `survivor` absorb `losers` by the vendor's own merge (`Capabilities.merge`)."""

    op: str
    survivor: RemoteId
    losers: tuple[RemoteId, ...]


@dataclass(frozen=True, slots=True)
class Convert:
    """The vendor's own lead conversion (`Capabilities.convert`), into `account_id` if given."""

    op: str
    id: RemoteId
    account_id: RemoteId | None = None
    contact_id: RemoteId | None = None
    opportunity_name: str | None = None
    owner_id: RemoteId | None = None
    status: str | None = None


Write = Create | Update | Archive | Restore | Merge | Convert


@dataclass(frozen=True, slots=True)
class Done:
    """The vendor acknowledged the write. `record` is the record as the vendor now holds it
    (at least the fields written), or None where it could not be read back. `refused` names
    fields (or associations) that the vendor did not take; the others are settled."""

    op: str
    record: RemoteRecord | None
    id: RemoteId
    created: bool = False
    refused: Mapping[str, RecordError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor said no; nothing of this write happened."""

    op: str
    error: RecordError


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left, its answer was lost: it may or may not have happened."""

    op: str
    reason: str


Outcome = Done | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Usage:
    """What a connector has used of the API so far in this process, and what the vendor says is
    left of the day (None where it has not told)."""

    calls: int = 0
    reads: int = 0
    writes: int = 0
    by_route: Mapping[str, int] = field(default_factory=dict)
    daily_limit: int | None = None
    daily_used: int | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this connector can do beyond the handful of methods.

    `silent_fields` maps an object type to the fields whose change moves no modified stamp and
    appears in no feed (HubSpot associations): the engine re-reads them with `fetch`, and a
    `fetch` of silent fields only costs about one call per `silent_batch` ids and field.
    `association_fields` maps an object type to its association fields and the object type that
    each points to. `write_batch` is the number of writes of one kind in one call,
    `fetch_batch` the number of ids. From `bulk_from` writes of one kind on (None: never), one
    `apply` with up to `bulk_batch` of them costs far fewer requests than many small ones.
    A record of a type in `erases` that `fetch` does not answer was erased for privacy: what was
    merely deleted, it would answer as archived.
    """

    write_batch: int
    fetch_batch: int
    bulk_from: int | None = None
    bulk_batch: int = 10_000
    silent_batch: int = 1000
    association_fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    silent_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stamps: bool = True
    archive: bool = True
    restore: bool = False
    merge: frozenset[str] = frozenset()
    convert: frozenset[str] = frozenset()
    field_times: bool = False
    currencies: bool = False
    searchable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    erases: frozenset[str] = frozenset()

    def batch_for(self, writes: int) -> int:
        """How many go into one `apply` where there are so many writes of one kind."""
        large = self.bulk_from is not None and writes >= self.bulk_from
        return max(self.bulk_batch, self.write_batch) if large else self.write_batch


@dataclass(frozen=True, slots=True)
class StampField:
    """A field that `prepare` makes where it is absent: a stamp carries an entity's id and is
    unique; the other types carry a plain value."""

    object_type: str
    name: str
    label: str = "Tieline ID"
    type: Literal["stamp", "text", "number", "bool"] = "stamp"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `prepare` or `diagnose` found: what is wrong, and what to do about it."""

    level: Literal["ok", "made", "warning", "problem"]
    subject: str
    message: str
    remedy: str = ""


class Connector(Protocol):
    """One CRM account, seen as collections of records in the vendor's own fields.

    Thread-safe for reads; `apply` is called by one thread at a time per object type. Any
    method may raise a `ConnectorError` about the whole account. No method logs secrets, or
    sleeps longer than the time-out it was made with.
    """

    name: str
    capabilities: Capabilities

    def describe(self, object_type: str) -> Schema:
        """The live schema. Raises SchemaDriftError where the object type does not exist."""
        ...

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        """Everything that changed after the cursor (None: everything there is), in pages.

        May repeat a record, never skips one. Deleted and merged records appear as archived,
        with `moved` where the vendor tells; on a first read (None) they may be left out.
        Converted records appear with `moved`. At least one page is yielded, empty if nothing
        changed, so that the caller always gets a cursor. A page's cursor resumes after it.
        A field the vendor does not know raises SchemaDriftError.
        """
        ...

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        """Records by id, as they are now (not from an index that lags). Duplicates and unknown
        ids are dropped; a merged id gives the survivor with `requested_id` set to the old id; a
        deleted one is returned as archived where the vendor can show it; order unspecified.
        When only silent fields are asked for, only those are read."""
        ...

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        """Live records whose field `by` equals one of the values (case as the vendor compares);
        no duplicates, order unspecified. For a stamp field the answer never comes from an
        index that lags."""
        ...

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        """Carry out writes in batches; one outcome per write in the same order. A raised
        ConnectorError means that every write of the call is `Unknown`, unless it is an
        AuthError, ForbiddenError, SchemaDriftError or BudgetExhaustedError raised before
        anything was sent."""
        ...

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        """Make the stamp fields that are absent, and check the permissions writing needs."""
        ...

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        """What is wrong with this account: credentials, scopes, permissions, budget. Never
        raises a ConnectorError: it becomes a finding."""
        ...

    def usage(self) -> Usage:
        """API calls so far, and the vendor's own count of the day."""
        ...

    def close(self) -> None:
        """Release connections; the connector is not used afterwards."""
        ...
