"""Cross-cutting behaviour as wrappers round a connector: pace, budget, no writing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from threading import Lock

from connectors.base import (
    Connector,
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
from core.clock import Clock
from core.errors import BudgetExhaustedError, ConnectorError, ForbiddenError

HOUR = 3600.0
DAY = 24 * HOUR


class Paced:
    """At most `per_second` requests a second, over all threads that use this connector.

    A request is paid for before it is sent; a method that turned out to send several pays for
    the others before the next one is sent, so that the rate holds on average. Waits through
    the clock, never inside the wrapped method.
    """

    def __init__(self, inner: Connector, *, per_second: float, clock: Clock) -> None:
        self.name = inner.name
        self.capabilities = inner.capabilities
        self._inner = inner
        self._interval = 1.0 / per_second
        self._clock = clock
        self._lock = Lock()
        self._paid = inner.usage().calls
        self._free_at = clock.monotonic()

    def describe(self, object_type: str) -> Schema:
        self._wait()
        return self._inner.describe(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        pages = self._inner.changes(object_type, fields, since)
        while True:
            self._wait()
            page = next(pages, None)
            if page is None:
                return
            yield page

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        self._wait()
        return self._inner.fetch(object_type, fields, ids)

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        self._wait()
        return self._inner.find(object_type, fields, by, values)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        self._wait()
        return self._inner.apply(object_type, writes)

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        self._wait()
        return self._inner.prepare(stamps)

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        self._wait()
        return self._inner.diagnose(object_types)

    def usage(self) -> Usage:
        return self._inner.usage()

    def close(self) -> None:
        self._inner.close()

    def _wait(self) -> None:
        """Take the next free slot, after those of requests that were sent unpaid."""
        with self._lock:
            unpaid = max(self._inner.usage().calls - self._paid, 0)
            self._paid += unpaid + 1
            now = self._clock.monotonic()
            slot = max(self._free_at, now) + unpaid * self._interval
            self._free_at = slot + self._interval
        self._clock.sleep(slot - now)


class Budgeted:
    """No more than `share` of the vendor's daily allowance, and nothing beyond what is left.

    Requests of this connector in the last 24 hours are held against the share; `spent` are
    those that the side took in earlier processes of that time. Until the vendor has told its
    limit nothing is held back. A call that would go beyond raises BudgetExhaustedError before
    it is sent, judged by the fewest requests that it can take; a reading stops between two
    pages, maybe when there would have been no further page.
    """

    def __init__(self, inner: Connector, *, share: float, clock: Clock, spent: int = 0) -> None:
        self.name = inner.name
        self.capabilities = inner.capabilities
        self._inner = inner
        self._share = share
        self._clock = clock
        self._lock = Lock()
        self._seen = 0
        self._hours = deque([(clock.monotonic(), spent)])

    def describe(self, object_type: str) -> Schema:
        self._allow(1)
        return self._inner.describe(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        self._allow(1)
        for page in self._inner.changes(object_type, fields, since):
            yield page
            self._allow(1)

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        silent = set(fields) <= set(self.capabilities.silent_fields.get(object_type, ()))
        size = self.capabilities.silent_batch if silent else self.capabilities.fetch_batch
        self._allow(_batches(len(set(ids)), size))
        return self._inner.fetch(object_type, fields, ids)

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        self._allow(1 if values else 0)
        return self._inner.find(object_type, fields, by, values)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        self._allow(_batches(len(writes), self.capabilities.batch_for(len(writes))))
        return self._inner.apply(object_type, writes)

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        self._allow(len(stamps))
        return self._inner.prepare(stamps)

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        try:
            self._allow(len(object_types))
        except BudgetExhaustedError as error:
            return [Finding("problem", f"{self.name} budget", error.message, error.remedy)]
        return self._inner.diagnose(object_types)

    def usage(self) -> Usage:
        return self._inner.usage()

    def close(self) -> None:
        self._inner.close()

    def _allow(self, requests: int) -> None:
        usage = self._inner.usage()
        used = self._used_in_a_day(usage.calls)
        if requests <= 0 or usage.daily_limit is None:
            return
        share = int(usage.daily_limit * self._share)
        if used + requests > share:
            raise BudgetExhaustedError(
                f"side {self.name!r}: {used} of the {share} API requests that "
                "`budget.share` grants for a day are used"
            )
        if (usage.daily_used or 0) + requests > usage.daily_limit:
            raise BudgetExhaustedError(
                f"side {self.name!r}: {usage.daily_used} of the vendor's {usage.daily_limit} "
                "daily API requests are used",
                remedy="Wait until the vendor renews the allowance, or find what else uses it.",
            )

    def _used_in_a_day(self, calls: int) -> int:
        """Requests of the last 24 hours, counted by the hour in which they began; those since
        the last check were sent right after it."""
        with self._lock:
            now = self._clock.monotonic()
            start, count = self._hours.pop()
            self._hours.append((start, count + calls - self._seen))
            self._seen = calls
            if now - start >= HOUR:
                self._hours.append((now, 0))
            while len(self._hours) > 1 and now - self._hours[0][0] >= DAY + HOUR:
                self._hours.popleft()
            return sum(count for _, count in self._hours)


def _batches(n: int, size: int) -> int:
    return -(-n // size)


class ReadOnly:
    """Reads pass; `apply` raises ForbiddenError before anything is sent, `prepare` only looks."""

    def __init__(self, inner: Connector) -> None:
        self.name = inner.name
        self.capabilities = inner.capabilities
        self._inner = inner

    def describe(self, object_type: str) -> Schema:
        return self._inner.describe(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        return self._inner.changes(object_type, fields, since)

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        return self._inner.fetch(object_type, fields, ids)

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        return self._inner.find(object_type, fields, by, values)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        if not writes:
            return []
        raise ForbiddenError(
            f"side {self.name!r} is opened for reading only",
            remedy="Use `tieline apply` or `tieline run` to write.",
        )

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        return [self._look(stamp) for stamp in stamps]

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        return self._inner.diagnose(object_types)

    def usage(self) -> Usage:
        return self._inner.usage()

    def close(self) -> None:
        self._inner.close()

    def _look(self, stamp: StampField) -> Finding:
        subject = f"{stamp.object_type}.{stamp.name}"
        try:
            field = self._inner.describe(stamp.object_type).fields.get(stamp.name)
        except ConnectorError as error:
            return Finding("problem", subject, error.message, error.remedy)
        if field is None:
            remedy = "Run `tieline setup`; if the field is there, let the integration user see it."
            return Finding("warning", subject, "the stamp field is absent, or hidden", remedy)
        if not (field.createable and field.updateable):
            remedy = "Give the integration user's role or permission set edit access to the field."
            return Finding("problem", subject, "the stamp field cannot be written", remedy)
        if not field.unique:
            remedy = "Make the field unique, or choose another name for the stamp field."
            return Finding("problem", subject, "the stamp field is not unique", remedy)
        return Finding("ok", subject, "the stamp field is there")
