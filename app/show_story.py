"""The story of a record, and what an undo leaves, as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console

from app import show
from sync.model import Plan
from sync.why import Entry, Story

_ENTITY = re.compile(r"[apo]_[0-9a-f]{20}(_\d+)?")


def as_json(story: Story) -> dict[str, Any]:
    """The whole story."""
    return {
        "kind": story.kind,
        "entity": story.entity,
        "records": [
            {
                "side": r.side,
                "object_type": r.object_type,
                "id": r.id,
                "state": str(r.state),
                "how": r.how,
            }
            for r in story.records
        ],
        "origins": [asdict(o) for o in story.origins],
        "entries": [asdict(e) for e in story.entries],
    }


def story(console: Console, told: Story, names: show.Names) -> None:
    """Print a story: the records, where each value came from, what happened in which run."""
    known = {**names, **show.names_of(told.records)}
    title = known.get(told.entity, told.entity or "not linked")
    records = [
        (r.side, r.object_type, r.id, str(r.state), r.how or "not linked") for r in told.records
    ]
    head = ("side", "object type", "id", "state", "linked by")
    show.table(console, head, records, caption=f"{told.kind} {title}")
    show.line(console)
    origins = [
        (o.field, o.side, show.value(o.value, known, 40), o.run, o.source, o.rule, o.how)
        for o in told.origins
    ]
    head_of_values = ("field", "on", "value", "run", "from", "rule", "how")
    show.table(console, head_of_values, origins, caption="Where the values came from")
    show.line(console)
    rows = [_entry(entry, known) for entry in told.entries]
    head_of_entries = ("run", "when", "what", "side", "field", "before", "after", "told")
    show.table(console, head_of_entries, rows, caption="What happened")


def _entry(entry: Entry, names: show.Names) -> tuple[str, ...]:
    changed = entry.before is not None or entry.after is not None
    return (
        entry.run,
        show.when(entry.at) if entry.at else "",
        entry.what,
        entry.side,
        entry.field,
        show.value(entry.before, names, 32) if changed else "",
        show.value(entry.after, names, 32) if changed else "",
        show.value(entry.text, names, 110),
    )


def referred(told: Story) -> set[str]:
    """The entities that values of the story refer to."""
    values = [o.value for o in told.origins]
    values += [v for e in told.entries for v in (e.before, e.after)]
    return {found for value in values for found in _entities(value)}


def _entities(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        named = item.get("ref") if isinstance(item, Mapping) else item
        if isinstance(named, str) and _ENTITY.fullmatch(named):
            yield named


def left(console: Console, made: Plan, names: show.Names) -> None:
    """Print, field by field, what an undo leaves as it is."""
    found = [q for q in made.questions if q.cause == "undo"]
    if not found:
        return
    show.line(console)
    rows = [
        (
            q.side,
            q.kind,
            q.field,
            show.value(q.detail[q.side], names, 32) if q.side in q.detail else "",
            show.value(q.detail["before"], names, 32) if "before" in q.detail else "",
            q.message,
        )
        for q in found
    ]
    head = ("side", "kind", "field", "now", "before the run", "why")
    show.table(console, head, rows, caption=f"Left as it is ({len(found)})")
