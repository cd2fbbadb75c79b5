"""One write on its way: what is still to be sent, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Create, RemoteRecord, Update, Write
from core.errors import ConnectorError, RecordError, RejectedError

from .wire import Row, created_of, out, plain_fields, record


@dataclass(slots=True)
class Job:
    """A write and its state.

    `properties` are those still to be sent, `wanted` all that were asked for; `echo` is the
    record in the vendor's answer, `shown` the record as read back; `skipped` says that nothing
    but associations is to be written, `drift` which properties do not exist any more.
    """

    write: Write
    verb: str
    id: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    associations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stamp: str | None = None
    key: tuple[str, str] | None = None
    sent: bool = False
    repeats: int = 0
    skipped: bool = False
    created: bool = False
    echo: Row | None = None
    shown: Row | None = None
    linked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, RecordError] = field(default_factory=dict)
    error: RecordError | None = None
    unknown: str | None = None
    drift: frozenset[str] = frozenset()

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields of the write."""
        return self.write.fields if isinstance(self.write, Create | Update) else {}

    @property
    def expected(self) -> Mapping[str, Any]:
        """What the caller last saw in the fields of an update."""
        return self.write.expect if isinstance(self.write, Update) else {}

    @property
    def key_value(self) -> str | None:
        """The value that names the record in a batch: its id, or its stamp."""
        return self.key[1] if self.key else None

    @property
    def settled(self) -> bool:
        """Whether it is known what came of the write, or known that it is not known."""
        return self.error is not None or self.unknown is not None or self.echo is not None

    @property
    def happened(self) -> bool:
        """Whether something came of it, or may have."""
        return self.unknown is not None or self.echo is not None

    @property
    def alive(self) -> bool:
        """Whether the record is there, so that the rest of the write can go on."""
        return self.error is None and self.unknown is None and self.id is not None

    def answer(self, row: Row, id: str, repeated_since: datetime | None = None) -> None:
        """The vendor took it. The answer to a repeated upsert says that nothing is new, although
        the attempt before has made the record."""
        self.echo = row
        self.id = id
        made = created_of(row) if repeated_since and self.verb == "upsert" else None
        made_before = bool(made and repeated_since and made >= repeated_since)
        self.created = self.verb == "create" or bool(row.get("new")) or made_before

    def associated(self, name: str, items: list[dict[str, Any]], *, sure: bool) -> None:
        """The association field as it is now; `sure`: the vendor's answer named the record, so
        that it is there."""
        self.linked[name] = items
        if sure and self.skipped and self.echo is None:
            self.echo = {"id": self.id, "properties": {}}

    def refuse_associations(self, error: ConnectorError) -> None:
        """The record is written, its associations are not."""
        for name in self.associations:
            if name not in self.linked:
                self.refused[name] = RejectedError(
                    error.message,
                    field=name,
                    vendor_code=type(error).__name__,
                    retryable=error.retry,
                )

    def needs_reading(self, stage: str) -> bool:
        """Whether the vendor's answer does not show all that was written, or may not be true."""
        names = plain_fields(self.fields)
        if self.echo is None or stage in self.wanted:
            return bool(names) or self.skipped
        return not set(names) <= self.echo["properties"].keys()

    def step(self, properties: Mapping[str, str]) -> Job:
        """A further update of the same record, to be sent as a request of its own."""
        return Job(self.write, "update", id=self.id, properties=dict(properties))

    def record(self, object_type: str) -> RemoteRecord | None:
        """The record as the vendor now holds it, as far as it was shown."""
        row = self.shown or self.echo
        if row is None:
            return None
        names = [*plain_fields(self.fields)]
        return record(object_type, row, names, associations=self.linked)


def create_job(write: Create) -> Job:
    """A create; with a stamp it is an upsert. Blank fields need no sending."""
    properties = {
        name: out(value)
        for name, value in ((name, write.fields[name]) for name in plain_fields(write.fields))
        if value is not None
    }
    stamp = write.stamp_field if write.stamp_field and properties.get(write.stamp_field) else None
    job = Job(write, "upsert" if stamp else "create", properties=properties, stamp=stamp)
    if stamp:
        job.key = (stamp, properties[stamp])
    return _with_associations(job, write.fields)


def update_job(write: Update) -> Job:
    """An update; None clears."""
    properties = {name: out(write.fields[name]) for name in plain_fields(write.fields)}
    job = Job(write, "update", id=write.id, properties=properties, key=("id", write.id))
    return _with_associations(job, write.fields)


def _with_associations(job: Job, fields: Mapping[str, Any]) -> Job:
    job.wanted = dict(job.properties)
    own = set(plain_fields(fields))
    job.associations = {
        name: list(value or ())
        for name, value in fields.items()
        if name not in own and (value or job.verb != "create")
    }
    return job
