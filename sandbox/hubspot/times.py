"""Moments as HubSpot writes and reads them: milliseconds inside, ISO text outside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000
_DIGITS = re.compile(r"-?\d+")


def millis(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def iso(at: int) -> str:
    """ISO text in UTC; milliseconds only where they are not zero, as Java's Instant prints."""
    seconds, rest = divmod(at, 1000)
    text = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else text + "Z"


@lru_cache(maxsize=8192)
def read_moment(text: str) -> int:
    """Milliseconds from epoch-milliseconds text, an ISO moment or an ISO date (UTC midnight).

    Raises ValueError for anything else.
    """
    if _DIGITS.fullmatch(text):
        return int(text)
    moment = datetime.fromisoformat(text)
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def read_date(text: str) -> str:
    """`YYYY-MM-DD` from a date or midnight-UTC epoch milliseconds. Raises ValueError."""
    if _DIGITS.fullmatch(text):
        at = int(text)
        if at % DAY:
            raise ValueError(f"{text} is at {iso(at)[11:]} UTC, not midnight!")
        return iso(at)[:10]
    return date.fromisoformat(text).isoformat()
