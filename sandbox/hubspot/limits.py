"""Rate limits: the headers of every answer, and 429 where limits are enforced."""

from __future__ import annotations

from collections import deque
from itertools import takewhile
from zoneinfo import ZoneInfo

from sandbox.hubspot.errors import ApiError
from sandbox.hubspot.store import Store

TEN_SECONDS = 10_000


class Limits:
    """Counts calls of the account in rolling windows. Callers hold the store's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._calls: dict[bool, deque[int]] = {False: deque(), True: deque()}
        self._searches: deque[int] = deque()
        self._day = -1
        self._used = 0
        self._refused = 0

    def count(self, *, search: bool, oauth: bool = False) -> None:
        """Count one call. Raises ApiError (429) when an enforced limit is exceeded.

        The day ends at midnight of the account's time zone. OAuth apps have an allowance for
        ten seconds of their own.
        """
        options, now = self._store.options, self._store.now()
        day = self._store.clock.now().astimezone(ZoneInfo(options.time_zone)).toordinal()
        if day != self._day:
            self._day, self._used = day, 0
        enforced = self._store.quirks.on("rate_limits")
        if enforced and self._used >= options.daily_limit:
            raise self._exceeded("daily", "DAILY", "private-app-api-calls-daily", None)
        self._used += 1
        if search:
            if _take(self._searches, now, 1000, options.search_limit, enforced=enforced):
                raise self._exceeded("secondly", "SECONDLY", "crm-search-api-calls-secondly", 1)
        elif _take(self._calls[oauth], now, TEN_SECONDS, self._most(oauth), enforced=enforced):
            raise self._exceeded(
                "ten_secondly_rolling",
                "TEN_SECONDLY_ROLLING",
                "private-app-api-calls-ten-secondly",
                10,
            )

    def _most(self, oauth: bool) -> int:
        options = self._store.options
        return options.oauth_ten_second_limit if oauth else options.ten_second_limit

    def headers(self, *, search: bool, oauth: bool = False) -> dict[str, str]:
        """The headers of an answer; search shows only those of the day, as recorded."""
        options, now = self._store.options, self._store.now()
        made = {
            "X-HubSpot-RateLimit-Daily": str(options.daily_limit),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, options.daily_limit - self._used)),
        }
        if not search:
            calls, most = self._calls[oauth], self._most(oauth)
            _drop_old(calls, now, TEN_SECONDS)
            used = len(calls)
            recent = takewhile(lambda at: at > now - 1000, reversed(calls))
            last_second = sum(1 for _ in recent)
            made |= {
                "X-HubSpot-RateLimit-Interval-Milliseconds": str(TEN_SECONDS),
                "X-HubSpot-RateLimit-Max": str(most),
                "X-HubSpot-RateLimit-Remaining": str(max(0, most - used)),
                "X-HubSpot-RateLimit-Secondly": str(most // 10),
                "X-HubSpot-RateLimit-Secondly-Remaining": str(max(0, most // 10 - last_second)),
            }
        return made

    def _exceeded(self, limit: str, policy: str, group: str, seconds: int | None) -> ApiError:
        """The two forms of 429: with `Retry-After` where the quirk says so and the limit is
        not the daily one, else only the policy's name in the body."""
        self._refused += 1
        told = self._store.quirks.rate("retry_after", f"refusal {self._refused}")
        retry = told and seconds is not None
        portal = self._store.options.portal_id
        return ApiError(
            429,
            f"You have reached your {limit} limit.",
            "RATE_LIMITS" if retry else None,
            headers={"Retry-After": str(seconds)} if retry else None,
            errorType="RATE_LIMIT",
            policyName=policy,
            groupName=f"publicapi:{group}:{portal}",
        )


def _drop_old(calls: deque[int], now: int, window: int) -> None:
    while calls and calls[0] <= now - window:
        calls.popleft()


def _take(calls: deque[int], now: int, window: int, most: int, *, enforced: bool) -> bool:
    """Count a call in a rolling window; True when the window was full."""
    _drop_old(calls, now, window)
    if enforced and len(calls) >= most:
        return True
    calls.append(now)
    return False
