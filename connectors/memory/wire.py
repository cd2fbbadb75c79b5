"""Rows of the CRM in memory as records of the contract, and the cursor of a reading."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from connectors.base import Cursor, Fields, RemoteId, RemoteRecord
from connectors.memory.model import Row
from connectors.memory.store import MemoryCrm
from core.errors import CursorExpiredError


def shown(
    crm: MemoryCrm, row: Row, fields: Fields, requested: RemoteId | None = None
) -> RemoteRecord:
    """The row as a record with these fields."""
    times = {name: row.times[name] for name in fields if name in row.times}
    return RemoteRecord(
        object_type=row.object_type,
        id=row.id,
        fields={name: crm.value(row, name) for name in fields},
        modified=row.modified,
        created=row.created,
        archived=row.archived,
        moved=row.moved,
        requested_id=requested,
        changed_at=times if crm.quirks.field_times else {},
    )


@dataclass(frozen=True, slots=True)
class Position:
    """A keyset position: the reading goes on after (`time`, `id`).

    `start` is when the reading began that this position lies within (empty: between two
    readings); `whole` says that it is a first reading, which leaves out what is archived.
    """

    time: str = ""
    id: RemoteId = ""
    start: str = ""
    whole: bool = False

    @classmethod
    def begin(cls, since: Cursor | None, now: datetime) -> Position:
        """The position to read on from; raises CursorExpiredError for what is no cursor."""
        if since is None:
            return cls(start=now.isoformat(), whole=True)
        try:
            position = cls(**json.loads(since))
            datetime.fromisoformat(position.time)
        except (TypeError, ValueError) as error:
            raise CursorExpiredError("the cursor cannot be read") from error
        return position if position.start else replace(position, start=now.isoformat())

    def before(self, row: Row) -> bool:
        """Whether the row still lies ahead."""
        if not self.time:
            return True
        return (row.modified, row.id) > (datetime.fromisoformat(self.time), self.id)

    def after(self, row: Row) -> Position:
        """The position right after the row."""
        return replace(self, time=row.modified.isoformat(), id=row.id)

    def ended(self, last: Row | None, lookback: float) -> Position:
        """Where the next reading begins: min(greatest seen, start) − lookback, so that rows
        that show late under an old stamp are not missed. Nothing seen: where this one began."""
        seen = last.modified.isoformat() if last is not None else self.time
        start = datetime.fromisoformat(self.start)
        if last is None and self.time and not self.whole:
            return Position(self.time, self.id)
        greatest = datetime.fromisoformat(seen) if seen else start
        return Position((min(greatest, start) - timedelta(seconds=lookback)).isoformat())

    def cursor(self) -> Cursor:
        """As text."""
        return json.dumps(asdict(self))
