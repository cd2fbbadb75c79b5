"""The Salesforce connector: the contract's methods, each by the part that knows how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.base import (
    Capabilities,
    Cursor,
    Fields,
    Finding,
    Outcome,
    Page,
    RemoteId,
    RemoteRecord,
    Schema,
    StampField,
    Usage,
    Write,
)
from connectors.salesforce import wire
from connectors.salesforce.bulk import PATIENCE, Jobs
from connectors.salesforce.bulkread import JOB_PAGE, READ_THRESHOLD, BulkReader
from connectors.salesforce.bulkwrite import WRITE_THRESHOLD, BulkWriter
from connectors.salesforce.changes import Feed
from connectors.salesforce.collections import ROWS
from connectors.salesforce.moves import CONVERTIBLE, MERGEABLE, MoveWriter
from connectors.salesforce.reads import FETCH_BATCH, Reader
from connectors.salesforce.sender import Sender
from connectors.salesforce.session import SignIn
from connectors.salesforce.setup import Setup
from connectors.salesforce.soap import Soap
from connectors.salesforce.transport import Transport
from connectors.salesforce.writes import Writer
from core.clock import Clock
from core.errors import SettingsError

if TYPE_CHECKING:
    from connectors.registry import ConnectorSettings

API_VERSION = "60.0"
LOOKBACK_SECONDS = 60
BULK_BATCH = 10_000
"""Writes of one bulk job that the engine gives at once: as many as Salesforce works off at once."""
LEAST_LOOKBACK = 2
"""Stamps count whole seconds, so a shorter look-back could skip rows of the same second."""


class SalesforceConnector:
    """One Salesforce org, seen through its REST API. Nothing is sent before the first call.

    Options: `api_version` ("60.0"), `lookback_seconds` (60; the longest that a transaction may
    take to commit, 600 suits a busy production org), `page_size` (200 to 2000), `audience`
    (`login` or `test`, of a JWT), `multi_currency` (records carry CurrencyIsoCode). Of the Bulk
    API: `bulk_read_threshold` (records of a first reading; 0: never), `bulk_write_threshold`
    (writes of a verb; 0: never), `bulk_page_rows` (rows of one results call), `bulk_patience`
    (seconds until a job is given up; each single pause stays below the time-out).
    """

    def __init__(self, name: str, settings: ConnectorSettings, clock: Clock) -> None:
        """Raises SettingsError for settings that cannot work."""
        options = settings.options
        self.name = name
        self.capabilities = Capabilities(
            write_batch=ROWS,
            fetch_batch=FETCH_BATCH,
            bulk_from=self._bulk_from(options) or None,
            bulk_batch=BULK_BATCH,
            association_fields=wire.ASSOCIATIONS,
            restore=True,
            merge=MERGEABLE,
            convert=CONVERTIBLE,
            currencies=bool(options.get("multi_currency", False)),
        )
        self._sender = Sender(settings.timeout, settings.ca_file)
        sign_in = SignIn(
            settings.credentials,
            self._sender,
            clock,
            url=settings.url,
            trust_url=settings.trust_url,
            version=_version(options),
            audience=options.get("audience"),
        )
        self._transport = Transport(self._sender, sign_in, clock)
        self._reader = Reader(self._transport, _whole(options, "page_size", None, 200, 2000))
        self._wire_up(settings, clock)

    def _wire_up(self, settings: ConnectorSettings, clock: Clock) -> None:
        options, transport, reader = settings.options, self._transport, self._reader
        patience = _number(options, "bulk_patience", PATIENCE, 1, 86_400)
        jobs = Jobs(transport, clock, settings.timeout, patience)
        read_from = _number(options, "bulk_read_threshold", READ_THRESHOLD, 0, 10**9)
        job_page = _number(options, "bulk_page_rows", JOB_PAGE, 1, 10**6)
        bulk_reader = BulkReader(jobs, transport, reader, clock, read_from, job_page)
        bulk_writer = BulkWriter(jobs, self._bulk_from(options))
        lookback = _number(options, "lookback_seconds", LOOKBACK_SECONDS, LEAST_LOOKBACK, 86_400)
        self._feed = Feed(reader, bulk_reader, clock, timedelta(seconds=lookback))
        moves = MoveWriter(Soap(transport, _version(options)), reader, clock, settings.timeout)
        self._writer = Writer(transport, reader, bulk_writer, moves, clock, settings.timeout)
        self._setup = Setup(transport, reader)

    @staticmethod
    def _bulk_from(options: Mapping[str, Any]) -> int:
        return _number(options, "bulk_write_threshold", WRITE_THRESHOLD, 0, 10**9)

    def describe(self, object_type: str) -> Schema:
        return self._reader.describe(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        return self._feed.changes(object_type, fields, since)

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        return self._reader.fetch(object_type, fields, ids)

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        return self._reader.find(object_type, fields, by, values) if values else []

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        return self._writer.apply(object_type, writes)

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        return self._setup.prepare(stamps)

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        return self._setup.diagnose(object_types)

    def usage(self) -> Usage:
        return self._transport.meter.usage()

    def close(self) -> None:
        self._sender.close()


def _version(options: Mapping[str, Any]) -> str:
    version = str(options.get("api_version", API_VERSION))
    whole, _, rest = version.partition(".")
    if not whole.isdigit() or rest != "0":
        raise SettingsError(
            f"{version!r} is no Salesforce API version.",
            remedy=f"Write options.api_version like {API_VERSION!r}, or leave it out.",
        )
    return version


def _whole(
    options: Mapping[str, Any], key: str, default: int | None, least: int, most: int
) -> int | None:
    value = options.get(key, default)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(
            f"options.{key} is {value!r}.",
            remedy=f"Give a whole number from {least} to {most}, or leave it out.",
        )
    return value


def _number(options: Mapping[str, Any], key: str, default: int, least: int, most: int) -> int:
    found = _whole(options, key, default, least, most)
    return default if found is None else found
