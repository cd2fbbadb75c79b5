"""`questions` and `resolve` as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console

from app import show

_ITEMS = 5
"""Items shown of a group, unless all are asked for."""

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def age(moment: str, now: datetime) -> str:
    """How long ago a moment was, in words."""
    seconds = max(int((now - datetime.fromisoformat(moment)).total_seconds()), 0)
    for size, unit in _UNITS:
        if seconds >= size:
            return show.count(seconds // size, unit)
    return "just now"


def listed(
    console: Console, found: Mapping[str, Any], now: datetime, *, everything: bool = False
) -> None:
    """Print the groups of open questions, each with how to answer it."""
    if not found["open"]:
        show.line(console, "Nothing waits for a person.")
        return
    show.line(console, f"{show.count(found['open'], 'thing')} waiting for a person.")
    for group in found["groups"]:
        show.line(console)
        _group(console, group, now, everything=everything)


def _group(console: Console, group: Mapping[str, Any], now: datetime, *, everything: bool) -> None:
    items = group["items"] if everything else group["items"][:_ITEMS]
    of = " ".join(part for part in (group["kind"], group["field"]) if part)
    where = f" on {group['side']}" if group["side"] else ""
    more = f", {len(items)} shown (--all)" if len(items) < group["number"] else ""
    caption = (
        f"{group['cause']}: {of}{where}: {group['pattern']}"
        f" ({group['number']:,}, oldest {age(group['oldest'], now)}{more})"
    )
    head = ("id", "age", "record", "values", "why")
    rows = [_line(item, now) for item in items]
    show.table(console, head, rows, caption=caption)
    answers = " | ".join(_ANSWERS.get(word, word) for word in group["answers"])
    show.line(console, f"answers: {answers}", "dim")


_ANSWERS: Mapping[str, str] = {
    "take": "take SIDE",
    "value": "value V",
    "link": "link [SIDE/TYPE/ID]",
    "create": "create",
    "keep apart": "keep apart",
}


def _line(item: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    records = ", ".join(f"{side} {record}" for side, record in item["records"].items())
    values = {k: v for k, v in item["values"].items() if k in item["records"]}
    return (
        item["id"],
        age(item["opened"], now),
        show.value(item["name"] or records or item["entity"], longest=40),
        "; ".join(f"{side}: {show.value(v, item['names'], 32)}" for side, v in values.items()),
        show.value(item["message"], longest=110),
    )


def answers(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """Print the answers that are kept."""
    if not found:
        show.line(console, "Nothing was answered yet.")
        return
    rows = [
        (
            each["id"],
            each["cause"],
            "all of its kind" if each["always"] else each["entity"],
            each["side"],
            each["field"],
            each["answer"],
            "" if each["value"] is None else show.value(each["value"], longest=40),
            each["by"],
            each["at"][:10],
            each["state"],
            each["run"] or "",
        )
        for each in found
    ]
    head = (
        "id", "cause", "of", "side", "field", "answer", "value", "by", "on", "state", "run",
    )  # fmt: skip
    show.table(console, head, rows, caption="Answers")
