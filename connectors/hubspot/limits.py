"""HubSpot's rate limits, kept by all threads of a side together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.clock import Clock
from core.errors import BudgetExhaustedError

from .errors import DAILY, policy_of, retry_after, usual_wait

SEARCHES_PER_SECOND = 4
"""HubSpot allows about five a second for an account, whatever the plan."""
MARGIN = 0.95
"""Share of the ten-second limit that is used: other apps and clock skew need the rest."""
PROBE = timedelta(minutes=5)
"""Pause between questions whether the day has ended, where its time zone is not known."""


class Window:
    """At most `most` calls in any `span` seconds (None: any number). Callers hold a lock."""

    def __init__(self, most: int | None, span: float) -> None:
        self.most = most
        self.span = span
        self._slots: deque[float] = deque()
        self._closed = 0.0

    def take(self, now: float) -> float:
        """The moment of the next free slot, which is taken."""
        slot = max(now, self._closed)
        if self.most is None:
            self._forget(now)
        else:
            while len(self._slots) > self.most:
                self._slots.popleft()
            if len(self._slots) == self.most:
                slot = max(slot, self._slots[0] + self.span, self._slots[-1])
        self._slots.append(slot)
        return slot

    def close(self, until: float) -> None:
        """No slot before that moment."""
        self._closed = max(self._closed, until)

    def narrow(self, most: int, now: float) -> None:
        """From now on at most so many. Only calls of the last span count against it."""
        self.most = max(1, most)
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._slots and self._slots[0] <= now - self.span:
            self._slots.popleft()


class Limits:
    """What HubSpot allows an account; thread-safe.

    Searches are paced from the start: HubSpot tells nothing about them. The ten-second limit
    is kept from the first refusal on (before, `budget.per_second` paces the side), or from the
    start where `ten_seconds` gives it. A refusal holds back every thread, not only its own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        searches: int = SEARCHES_PER_SECOND,
        ten_seconds: int | None = None,
        time_zone: str | None = None,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._searches = Window(searches or None, 1.0)
        self._calls = Window(ten_seconds, 10.0)
        self._spent_until: datetime | None = None
        self._renews: datetime | None = None
        self._daily: tuple[int, int] | None = None
        self.time_zone = time_zone

    @property
    def daily(self) -> tuple[int | None, int | None]:
        """HubSpot's limit of the day and what is used of it, as it last told."""
        with self._lock:
            return (None, None) if self._daily is None else self._daily

    def wait(self, *, search: bool) -> float:
        """Seconds until the next call may be sent; its place is taken. Raises
        BudgetExhaustedError while the allowance of the day is used up."""
        with self._lock:
            if self._spent_until is not None and self._clock.now() < self._spent_until:
                raise _spent(self._renews)
            now = self._clock.monotonic()
            return (self._searches if search else self._calls).take(now) - now

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer tells of the day."""
        limit = headers.get("X-HubSpot-RateLimit-Daily", "")
        left = headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if limit.isdigit() and left.isdigit():
            with self._lock:
                self._daily = (int(limit), int(limit) - int(left))

    def refused(
        self, body: Mapping[str, Any], headers: Mapping[str, str], *, search: bool
    ) -> BudgetExhaustedError | None:
        """A 429: hold back all threads as long as HubSpot asks. For the limit of the day,
        returns the error with the time of its renewal."""
        asked = retry_after(headers, self._clock.now())
        with self._lock:
            if policy_of(body) == DAILY:
                return self._close_day(asked)
            now = self._clock.monotonic()
            window = self._searches if search else self._calls
            window.close(now + (usual_wait(body) if asked is None else asked))
            most = headers.get("X-HubSpot-RateLimit-Max", "")
            if not search and most.isdigit():
                span = headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", "")
                window.span = int(span) / 1000 if span.isdigit() else window.span
                window.narrow(int(int(most) * MARGIN), now)
        return None

    def _close_day(self, seconds: float | None) -> BudgetExhaustedError:
        now = self._clock.now()
        self._renews = now + timedelta(seconds=seconds) if seconds else self._midnight(now)
        self._spent_until = self._renews or now + PROBE
        return _spent(self._renews)

    def _midnight(self, now: datetime) -> datetime | None:
        """When the account's next day begins: so HubSpot counts. None where its time zone is
        not known."""
        try:
            zone = ZoneInfo(self.time_zone) if self.time_zone else None
        except (ZoneInfoNotFoundError, ValueError):
            zone = None
        if zone is None:
            return None
        tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)


def _spent(renews: datetime | None) -> BudgetExhaustedError:
    when = "midnight in the account's time zone"
    if renews is not None:
        when = renews.isoformat(timespec="minutes")
    return BudgetExhaustedError(
        f"HubSpot's daily limit of this account is used up; it is renewed at {when}",
        remedy="Wait until then, or find what else uses the account's allowance.",
        renews=renews,
    )
