"""What a run did, as a person and as a program read it."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from rich.console import Console

from app import show
from sync.journal import result_code
from sync.model import Failure, Report, Tally

_COLUMNS = tuple(field.name for field in fields(Tally))
_SELDOM = ("restored", "merged", "converted", "unknown")
"""Columns that are shown only where they count something."""

_FAILURES = 10
"""Failures shown one by one, unless all are asked for."""


def as_json(report: Report) -> dict[str, Any]:
    """The whole report."""
    return {
        **asdict(report),
        "result": str(report.result),
        "writes": report.writes,
        "exit_code": result_code(report.result),
    }


def report(console: Console, made: Report, *, everything: bool = False) -> None:
    """Print a report."""
    caption = f"Run {made.run}: {made.result}"
    head = ("side", "kind", *_COLUMNS)
    rows = [
        (side, kind, *_numbers(tally))
        for side, kinds in made.tallies.items()
        for kind, tally in kinds.items()
    ]
    if rows:
        show.table(console, head, rows, caption=caption)
    else:
        show.line(console, caption)
    if made.message:
        show.line(console, made.message, "bold red")
    calls = ", ".join(f"{side} {n:,}" for side, n in made.calls.items())
    show.line(console, f"Written: {made.writes:,}. API calls: {calls or 'none'}.")
    if made.questions:
        held = show.count(made.questions, "thing")
        show.line(console, f"{held} held for a person: see `tieline questions`.")
    for cause, known in made.waiting.items():
        oldest = show.when(known.oldest)
        show.line(console, f"  {cause}: {known.number:,} waiting, the oldest since {oldest}")
    for warning in made.warnings:
        show.line(console, warning, "bold yellow")
    failures(console, made.failures, everything=everything)


def _numbers(tally: Tally) -> list[int | str]:
    found = {name: getattr(tally, name) for name in _COLUMNS}
    return [number or ("" if name in _SELDOM else 0) for name, number in found.items()]


def failures(console: Console, found: list[Failure], *, everything: bool = False) -> None:
    """Print what was refused, with the vendor's reason and the remedy."""
    shown = found if everything else found[:_FAILURES]
    if not shown:
        return
    show.line(console)
    rows = [
        (
            failure.side,
            f"{failure.object_type} {failure.record_id or '(new)'}",
            failure.field,
            show.value(failure.message, longest=100),
            failure.remedy,
        )
        for failure in shown
    ]
    more = "" if len(shown) == len(found) else f" ({len(shown)} of {len(found)})"
    head = ("side", "record", "field", "reason", "remedy")
    show.table(console, head, rows, caption=f"Not written{more}")
