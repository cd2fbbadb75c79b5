"""The only file that may touch time: what time is it, how long did it take, wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as everything here sees it; passed in, so that tests and sandboxes can steer it."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backward, for durations and deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class ManualClock:
    """A clock that moves only when told (or slept on); `sleep` returns at once."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move forward; a negative number of seconds is ignored."""
        if seconds > 0:
            self._now += timedelta(seconds=seconds)
            self._elapsed += seconds

    def set(self, moment: datetime) -> None:
        """Jump to a moment, backward too (a vendor's clock may be corrected)."""
        self._now = moment.astimezone(UTC)


class OffsetClock:
    """The machine's time shifted by an offset that can be changed: a sandbox's clock."""

    def __init__(self, offset: float = 0.0) -> None:
        self._system = SystemClock()
        self._offset = offset

    def now(self) -> datetime:
        return self._system.now() + timedelta(seconds=self._offset)

    def monotonic(self) -> float:
        return self._system.monotonic() + self._offset

    def sleep(self, seconds: float) -> None:
        self._system.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Shift all later readings by that many seconds."""
        self._offset += seconds

    def set(self, moment: datetime) -> None:
        """Shift so that `now()` is the given moment."""
        self._offset += (moment - self.now()).total_seconds()
