"""The cursor of a reading of changes: where it stands, as JSON text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.base import Cursor
from core.errors import CursorExpiredError

from .wire import Row, created_of, modified_of, row_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RECENT = 500
"""Ids of fresh records that a cursor carries; with more of them, deletions are looked for."""


class Scan(BaseModel):
    """An unfinished search for archived records: those archived at or after `since`, listed by
    id from `after` on."""

    model_config = ConfigDict(extra="forbid")

    since: datetime
    after: str | None = None


class Progress(BaseModel):
    """A reading that is not finished.

    `listing` is the list's position on a first read, `last_id` the keyset's on a later one;
    `count` is the number of live records (listed so far, or told by the search), `new` how many
    of those seen are created since the reading before.
    """

    model_config = ConfigDict(extra="forbid")

    started: datetime
    listing: str | None = None
    last_id: str | None = None
    greatest: datetime | None = None
    count: int = 0
    new: int = 0
    fresh: dict[str, datetime] | None = {}

    def note(
        self, object_type: str, rows: Sequence[Row], since: datetime | None, lookback: timedelta
    ) -> None:
        """Remember the newest stamp, and the records created at or after a moment: `since`, or
        on a first reading the newest stamp less the lookback, which moves on with it."""
        stamps = [stamp for row in rows if (stamp := modified_of(object_type, row))]
        self.greatest = max([*stamps, self.greatest] if self.greatest else stamps, default=None)
        mark = since or min(self.started, self.greatest or self.started) - lookback
        for row in rows:
            created = created_of(row)
            if self.fresh is not None and created:
                self.fresh[row_id(row)] = created
        if self.fresh is not None:
            fresh = {id: made for id, made in self.fresh.items() if made >= mark}
            self.fresh = fresh if len(fresh) <= RECENT else None


class Position(BaseModel):
    """A cursor.

    All changes stamped before `since` are read, and all deletions before `gone_since`. `total`
    live records were there at the end of the last whole reading, `recent` are those of them
    created at or after `since` (None: too many to say): from these two the next reading tells
    whether any record is gone.
    """

    model_config = ConfigDict(extra="forbid")

    version: int = 1
    since: datetime | None = None
    gone_since: datetime | None = None
    total: int | None = None
    recent: list[str] | None = None
    progress: Progress | None = None
    scan: Scan | None = None
    rescan: datetime | None = None

    def cursor(self) -> Cursor:
        """As text."""
        return self.model_dump_json(exclude_defaults=True)

    def finish(self, lookback: timedelta, *, clock_agrees: bool) -> None:
        """The reading is whole: move `since` on.

        Never past `started - lookback`, because the search index lags by some seconds. Where
        our clock agrees with the vendor's, everything up to the newest stamp seen is settled
        once it is older than that, and a quiet account repeats nothing. Where it does not, the
        newest stamp is the only word on the vendor's time, and the lookback counts from it.
        """
        done = self.progress
        assert done is not None
        newest = done.greatest or self.since or EPOCH
        if clock_agrees:
            since = min(done.started - lookback, newest + timedelta(milliseconds=1))
        else:
            since = min(done.started, newest) - lookback
        since = max(since, EPOCH)
        self.since = max(since, self.since) if self.since else since
        self.gone_since = done.started - lookback if clock_agrees else self.since
        self.total = done.count
        if newest < self.since:
            self.recent = []  # nothing is created after it was last modified
        elif done.fresh is None:
            self.recent = None
        else:
            self.recent = [id for id, made in done.fresh.items() if made >= self.since]
        self.progress = None

    def look_for_archived(self, since: datetime) -> None:
        """Ask for a scan; one under way is followed by another, for it may be past the place."""
        if self.scan is None:
            self.scan = Scan(since=since)
        elif self.rescan is None:
            self.rescan = since

    def scanned(self) -> None:
        """The scan under way has come to the end."""
        self.scan = Scan(since=self.rescan) if self.rescan is not None else None
        self.rescan = None


def load(cursor: Cursor) -> Position:
    """Read a cursor; raises CursorExpiredError for one that is not of this connector."""
    try:
        parsed: Any = orjson.loads(cursor)
        position = Position.model_validate(parsed)
    except (ValueError, ValidationError) as error:
        raise CursorExpiredError("this is not a cursor of the HubSpot connector") from error
    if position.since is None and position.progress is None:
        raise CursorExpiredError("the cursor of the HubSpot connector says nothing")
    return position
