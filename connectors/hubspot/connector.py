"""The HubSpot connector: the contract of `connectors.base`, put together from its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.base import (
    Capabilities,
    Cursor,
    Fields,
    Finding,
    Outcome,
    Page,
    Refused,
    RemoteId,
    RemoteRecord,
    Schema,
    StampField,
    Usage,
    Write,
)
from core.clock import Clock
from core.errors import RejectedError, SchemaDriftError

from . import owners
from .associations import ASSOCIATION_FIELDS, READ_BATCH, Associations
from .changes import Changes
from .client import Api
from .reads import MERGING, Reader, ReadOptions
from .routes import Routes
from .schema import Catalog
from .setup import Setup
from .writes import BATCH, Writer

CAPABILITIES = Capabilities(
    write_batch=BATCH,
    fetch_batch=BATCH,
    silent_batch=READ_BATCH,
    association_fields={
        object_type: {name: rule.to for name, rule in rules.items()}
        for object_type, rules in ASSOCIATION_FIELDS.items()
    },
    silent_fields={object_type: tuple(rules) for object_type, rules in ASSOCIATION_FIELDS.items()},
    merge=MERGING,
    erases=frozenset({"contacts"}),
)
"""HubSpot restores archived records only by hand, and moves no stamp for an association."""


class HubSpotConnector:
    """One HubSpot account. `close` it after use."""

    def __init__(
        self,
        name: str,
        api: Api,
        routes: Routes,
        clock: Clock,
        reading: ReadOptions,
        *,
        stamp: str,
        backward: bool,
        currency: str,
        timezone: str | None = None,
    ) -> None:
        self.name = name
        self.capabilities = CAPABILITIES
        self._api = api
        self._routes = routes
        self._stamp = stamp
        self._catalog = Catalog(api, routes)
        associations = Associations(api, routes)
        self._reader = Reader(api, routes, self._catalog, associations, reading)
        self._changes = Changes(api, routes, self._catalog, self._reader, clock, reading)
        self._writer = Writer(api, routes, self._reader, associations, backward=backward)
        self._setup = Setup(api, routes, self._catalog, currency, stamp, timezone)

    def describe(self, object_type: str) -> Schema:
        """The live schema; `owners` is an object type too. Raises SchemaDriftError."""
        return self._catalog.describe(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        """Changes in pages of about a thousand; a quiet reading costs one call. Owners are read
        whole each time: there are few, and HubSpot has no feed of them."""
        if object_type == owners.OBJECT_TYPE:
            return iter([self._owners(fields)])
        return self._changes.read(object_type, fields, since)

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        """Records by id, one call per hundred; association fields alone one per thousand."""
        if not ids:
            return []
        if object_type == owners.OBJECT_TYPE:
            everyone = owners.read_all(self._api, self._routes, fields)
            return [record for record in everyone if record.id in set(ids)]
        return self._reader.fetch(object_type, fields, ids)

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        """Live records by value, whatever the case: unique properties by key, others by search."""
        if not values:
            return []
        if object_type == owners.OBJECT_TYPE:
            return owners.find(self._api, self._routes, fields, by, values)
        if by == "hs_object_id":
            found = self._reader.fetch(object_type, fields, values)
            return [r for r in found if not r.archived and r.requested_id is None]
        unique = self._unique(object_type, by)
        return self._reader.find(object_type, fields, by, values, unique=unique)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        """Carry out writes; HubSpot's owners cannot be written."""
        if object_type == owners.OBJECT_TYPE:
            error = RejectedError("owners cannot be written", vendor_code="NOT_SUPPORTED")
            return [Refused(write.op, error) for write in writes]
        return self._writer.apply(object_type, writes)

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        """Make absent stamp properties, with unique values; check the scopes."""
        return self._setup.prepare(stamps)

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        """Token, scopes, object types, currency and the day's allowance."""
        return self._setup.diagnose(object_types)

    def usage(self) -> Usage:
        """API calls so far, and what HubSpot says of the day."""
        return self._api.usage()

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _owners(self, fields: Fields) -> Page:
        if unknown := [name for name in fields if name not in owners.SCHEMA.fields]:
            raise SchemaDriftError(f"owners have no {', '.join(unknown)}")
        return Page(owners.read_all(self._api, self._routes, fields), "{}")

    def _unique(self, object_type: str, by: str) -> bool:
        """Whether a property can serve as a key; the usual ones are known without a call."""
        if by == self._stamp or (object_type, by) == ("contacts", "email"):
            return True
        field = self._catalog.properties(object_type).get(by)
        return field is not None and field.unique
