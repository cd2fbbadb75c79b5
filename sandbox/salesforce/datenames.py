"""SOQL's date names: TODAY, LAST_WEEK, LAST_N_DAYS:3 … as ranges of days."""

from __future__ import annotations

import re
from datetime import date, timedelta

_UNITS = "DAYS?|WEEKS?|MONTHS?|QUARTERS?|YEARS?"
_RELATIVE = re.compile(rf"(THIS|LAST|NEXT)_({_UNITS})")
_COUNTED = re.compile(rf"(LAST|NEXT)_N_({_UNITS}):(\d+)")
_AGO = re.compile(rf"N_({_UNITS})_AGO:(\d+)")
_FIXED = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_OFFSET = {"LAST": -1, "THIS": 0, "NEXT": 1}


def day_range(name: str, today: date) -> tuple[date, date] | None:
    """First day and the day after the last; None when there is no such name. Weeks start Sunday."""
    if name in _FIXED:
        day = today + timedelta(days=_FIXED[name])
        return day, day + timedelta(days=1)
    if name in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        name = name.replace("90_DAYS", "N_DAYS:90")
    if found := _RELATIVE.fullmatch(name):
        return _units(found.group(2), today, _OFFSET[found.group(1)], 1)
    if found := _AGO.fullmatch(name):
        return _units(found.group(1), today, -int(found.group(2)), 1)
    if found := _COUNTED.fullmatch(name):
        return _counted(found.group(1), found.group(2), int(found.group(3)), today)
    return None


def _counted(side: str, unit: str, count: int, today: date) -> tuple[date, date]:
    if unit.startswith("DAY"):
        if side == "LAST":
            return today - timedelta(days=count), today + timedelta(days=1)
        return today + timedelta(days=1), today + timedelta(days=count + 1)
    return _units(unit, today, -count if side == "LAST" else 1, count)


def _units(unit: str, today: date, offset: int, count: int) -> tuple[date, date]:
    return _start(unit, today, offset), _start(unit, today, offset + count)


def _start(unit: str, today: date, offset: int) -> date:
    """The first day of the unit that lies `offset` units from the one of today."""
    if unit.startswith("DAY"):
        return today + timedelta(days=offset)
    if unit.startswith("WEEK"):
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        return sunday + timedelta(weeks=offset)
    months = {"MONTH": 1, "QUART": 3}.get(unit[:5], 12)
    first = (today.month - 1) // months * months
    index = today.year * 12 + first + offset * months
    return date(index // 12, index % 12 + 1, 1)
