"""What changed and what was deleted in a window of time, for REST and for SOAP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.org import Org
from sandbox.salesforce.values import stamp

MAX_IDS = 600_000
_UPDATED_DAYS, _DELETED_DAYS = 30, 15


def updated_since(org: Org, kind: ObjectType, start: str | None, end: str | None) -> dict[str, Any]:
    """The ids of live records by SystemModstamp. Raises SalesforceError for a bad window."""
    first, last = _window(org, start, end, _UPDATED_DAYS)
    rows = org.effects.visible(org.store.tables[kind.name].modified(first))
    ids = [
        row["Id"]
        for row in rows
        if first <= row["SystemModstamp"] <= last and not row.get("IsDeleted")
    ]
    _check_count(ids)
    return {"ids": ids, "latestDateCovered": last}


def deleted_since(org: Org, kind: ObjectType, start: str | None, end: str | None) -> dict[str, Any]:
    """The delete log. Raises SalesforceError for a bad window."""
    first, last = _window(org, start, end, _DELETED_DAYS)
    found = [
        {"id": row["Id"], "deletedDate": row.get("_deleted_at", row["SystemModstamp"])}
        for row in org.store.tables[kind.name].modified(first)
        if row.get("IsDeleted")
        and row.get("_deleted_at", row["SystemModstamp"]) <= last
        and not org.quirks.rate("purged_deletions", row["Id"])
    ]
    _check_count(found)
    earliest = stamp(org.clock.now() - timedelta(days=_DELETED_DAYS))
    return {
        "deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": last,
    }  # fmt: skip


def _check_count(found: list[Any]) -> None:
    if len(found) > MAX_IDS:
        raise SalesforceError("EXCEEDED_ID_LIMIT", f"more than {MAX_IDS} ids in this window")


def _window(org: Org, start: str | None, end: str | None, days: int) -> tuple[str, str]:
    """Start and end of a replication call, as stamps. Raises INVALID_REPLICATION_DATE."""
    now = org.clock.now()
    try:
        first, last = _moment(start), _moment(end)
    except ValueError:
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", "start and end must be ISO 8601 date/times"
        ) from None
    if last - first < timedelta(minutes=1):
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate"
        )
    if now - first > timedelta(days=days):
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago"
        )
    return stamp(first), stamp(min(last, now))


def _moment(text: str | None) -> datetime:
    moment = datetime.fromisoformat((text or "").replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
