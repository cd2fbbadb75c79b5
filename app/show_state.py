"""`status`, `conflicts` and `verify` as a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console

from app import show
from sync.verify import Difference, Verification

_ITEMS = 20
"""Items shown of one cause, unless all are asked for."""


def status(console: Console, found: Mapping[str, Any]) -> None:
    """Print what the state knows."""
    show.line(console, f"Configuration {found['config']}, state {found['state']}")
    if not found["runs"]:
        show.line(console, "No run yet: `tieline plan` shows what the first one would do.")
        return
    _runs(console, found)
    show.line(console)
    rows = [
        (side, kind, number)
        for side, known in found["sides"].items()
        for kind, number in known["linked"].items()
    ]
    show.table(console, ("side", "kind", "linked"), rows, caption="Links")
    show.line(console)
    read = [
        (side, name, show.when(moment))
        for side, known in found["sides"].items()
        for name, moment in known["read"].items()
    ]
    show.table(console, ("side", "object type", "all read"), read, caption="Reading")
    show.line(console)
    _waiting(console, found)


def _runs(console: Console, found: Mapping[str, Any]) -> None:
    rows = [
        (
            run["id"],
            show.when(run["started"]),
            run["result"],
            run["writes"],
            run["questions"],
            run["failures"],
            " ".join(f"{side} {n:,}" for side, n in run["calls"].items()),
            run["message"],
        )
        for run in found["runs"]
    ]
    head = ("run", "started", "result", "written", "held", "refused", "API calls", "message")
    show.table(console, head, rows, caption="Last runs")


def _waiting(console: Console, found: Mapping[str, Any]) -> None:
    head, waiting = ("cause", "number", "oldest since"), found["waiting"]
    rows = [
        (cause, known["number"], show.when(known["oldest"])) for cause, known in waiting.items()
    ]
    if rows:
        show.table(console, head, rows, caption="Waiting for a person (`tieline questions`)")
    else:
        show.line(console, "Held for a person: nothing")
    retries = found["retries"]
    show.line(console, f"Refused, tried again: {retries['waiting']:,}, due now {retries['due']:,}")
    show.line(console, f"Next run due: {show.when(found['next_run'])}")


def conflicts(
    console: Console, found: Mapping[str, Any], now: datetime, *, everything: bool = False
) -> None:
    """Print open questions by cause."""
    if not found["open"]:
        show.line(console, "Nothing is held: no conflict and no open question.")
        return
    for cause, group in found["causes"].items():
        items = group["items"]
        shown = items if everything else items[:_ITEMS]
        more = "" if len(shown) == len(items) else f", {len(shown)} shown (--all)"
        caption = f"{cause} ({len(items):,}{more}) — {group['remedy']}"
        head = ("age", "kind", "record", "field", "values", "settled", "why")
        show.table(console, head, [_line(item, now) for item in shown], caption=caption)
        show.line(console)


def _line(item: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    values = {k: v for k, v in item["values"].items() if k in item["records"]} or {}
    record = item["name"] or item["entity"]
    where = f" ({item['side']})" if item["side"] else ""
    return (
        show.age(item["opened"], now),
        item["kind"],
        show.value(f"{record}{where}", longest=36),
        item["field"],
        _sides(values, item["names"]),
        show.value(next(iter(item["settled"].values()), ""), longest=24) if item["settled"] else "",
        show.value(item["message"], longest=90),
    )


def _sides(values: Mapping[str, Any], names: show.Names) -> str:
    return "; ".join(f"{side}: {show.value(v, names, 32)}" for side, v in values.items())


def verification_json(found: Verification) -> dict[str, Any]:
    """The whole comparison."""
    causes = Counter((d.cause, d.explained) for d in found.differences)
    return {
        "entities": found.entities,
        "fields": found.fields,
        "differences": [asdict(d) for d in found.differences],
        "causes": [
            {"cause": cause, "explained": explained, "count": number}
            for (cause, explained), number in sorted(causes.items())
        ],
        "unexplained": len(found.unexplained),
    }


def referred(found: Verification) -> set[str]:
    """The entities that the values of differences refer to."""
    return {e for d in found.differences for e in show.mentioned(dict(d.values))}


def verification(
    console: Console, found: Verification, names: show.Names, *, everything: bool = False
) -> None:
    """Print a comparison: totals by cause, then what nothing explains; `names` are those of the
    entities that values refer to."""
    compared = f"{show.count(found.entities, 'record')} and {show.count(found.fields, 'field')}"
    show.line(console, f"Compared {compared} over all sides.")
    causes = sorted(found.by_cause().items(), key=lambda item: (item[0][1], -item[1]))
    rows = [(cause, "yes" if explained else "no", n) for (cause, explained), n in causes]
    if rows:
        show.table(console, ("cause", "explained", "differences"), rows)
    listed = found.differences if everything else found.unexplained[:_ITEMS]
    if listed:
        show.line(console)
        left = len(found.unexplained) - len(listed)
        more = f" ({len(listed)} of {len(found.unexplained):,}; --all)" if left > 0 else ""
        caption = "All differences" if everything else f"Not explained{more}"
        head = ("kind", "records", "field", "cause", "values", "why")
        show.table(console, head, [_difference(d, names) for d in listed], caption=caption)
    if not found.unexplained:
        show.line(console, "No difference is without an explanation.")


def _difference(found: Difference, names: show.Names) -> tuple[str, ...]:
    records = ", ".join(f"{side} {record}" for side, record in found.records.items())
    return (
        found.kind,
        show.value(records or found.entity, longest=64),
        found.field,
        found.cause,
        _sides(found.values, names),
        show.value(found.message, names, 90),
    )
