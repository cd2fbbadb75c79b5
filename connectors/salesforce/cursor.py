"""Where a change feed stands: marks that never skip a row, and their text form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.base import Cursor
from connectors.salesforce.soql import Position
from core.errors import CursorExpiredError

OWN = "own"
"""The mark of the object type itself, which every cursor has."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A reading under way: when it began (our clock), the place up to which its rows have been
    handed out, and the last row seen so far. A reading by a Bulk job has no order and no place:
    `job` is its id, `locator` the results page that it is at."""

    start: datetime
    at: Position | None = None
    best: Position | None = None
    job: str = ""
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a feed has been read.

    `good`: everything up to there has been read for good (None: nothing yet). `top`: the last
    row that any finished sweep has seen, first known at `seen` (our clock).

    A row shows late when its transaction commits late, so the end of a sweep is taken back by
    the look-back. Once that long has passed since `top` was seen, a later sweep has read
    everything up to it, and `top` becomes the position itself: a quiet account is not read
    again and again. Only differences of our own clock count for that; the vendor's clock and
    ours are compared only where it makes us more careful.
    """

    good: Position | None = None
    top: Position | None = None
    seen: datetime | None = None
    sweep: Sweep | None = None

    @property
    def under_way(self) -> Sweep:
        """The sweep under way; only between `begun` and `finished` is there one."""
        assert self.sweep is not None, "a mark moves only within a sweep"
        return self.sweep

    def begun(self, now: datetime) -> Mark:
        """The mark of a sweep that begins, or goes on where it was interrupted."""
        return self if self.sweep else replace(self, sweep=Sweep(now, self.good))

    def moved(self, at: Position | None, best: Position | None) -> Mark:
        """The mark after some rows of the sweep under way."""
        return replace(self, sweep=replace(self.under_way, at=at or self.under_way.at, best=best))

    def finished(self, now: datetime, lookback: timedelta) -> Mark:
        """The mark after the last row of the sweep under way."""
        start, best = self.under_way.start, self.under_way.best
        newer = best is not None and (self.top is None or best > self.top)
        top, seen = (best, now) if newer else (self.top, self.seen)
        if top is None:
            return Mark(self.good)
        reached = [Position(min(top.time, start) - lookback)]
        if self.top is not None and self.seen is not None and start - self.seen >= lookback:
            reached.append(min(self.top, Position(start)))
        if self.good is not None:
            reached.append(self.good)
        return Mark(max(reached), top, seen)


def dump(marks: Mapping[str, Mark]) -> Cursor:
    """The marks of one feed (its own, and those of rows that belong to it) as JSON text."""
    return orjson.dumps({name: _pack(mark) for name, mark in marks.items()}).decode()


def load(cursor: Cursor) -> dict[str, Mark]:
    """What `dump` wrote. Raises CursorExpiredError for anything else."""
    try:
        marks = {name: _unpack(packed) for name, packed in orjson.loads(cursor).items()}
        return {OWN: marks.pop(OWN), **marks}
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise CursorExpiredError(
            "The stored reading position of Salesforce cannot be read.",
            remedy="Have this side read from the beginning again.",
        ) from error


def _pack(mark: Mark) -> dict[str, Any]:
    packed: dict[str, Any] = {
        "good": _place(mark.good),
        "top": _place(mark.top),
        "seen": mark.seen.isoformat() if mark.seen else None,
    }
    if mark.sweep:
        packed["start"] = mark.sweep.start.isoformat()
        packed["at"], packed["best"] = _place(mark.sweep.at), _place(mark.sweep.best)
        packed["job"], packed["locator"] = mark.sweep.job or None, mark.sweep.locator or None
    return {key: value for key, value in packed.items() if value is not None}


def _unpack(packed: Mapping[str, Any]) -> Mark:
    sweep = None
    if "start" in packed:
        start = datetime.fromisoformat(packed["start"])
        at, best = _position(packed.get("at")), _position(packed.get("best"))
        job, locator = str(packed.get("job", "")), str(packed.get("locator", ""))
        sweep = Sweep(start, at, best, job, locator)
    seen = datetime.fromisoformat(packed["seen"]) if "seen" in packed else None
    return Mark(_position(packed.get("good")), _position(packed.get("top")), seen, sweep)


def _place(position: Position | None) -> list[str] | None:
    return [position.time.isoformat(), position.id] if position else None


def _position(place: Sequence[str] | None) -> Position | None:
    return Position(datetime.fromisoformat(place[0]), place[1]) if place else None
