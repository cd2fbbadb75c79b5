"""The journal read with SQL alone: what `tieline why` must agree with. Uses no code of the sync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.end_to_end.commands import Office

ANCESTORS = """
WITH RECURSIVE line (side, object_type, id) AS (
    VALUES (?, ?, ?)
    UNION
    SELECT r.side, r.object_type, r.id FROM records r JOIN line l
    ON r.side = l.side AND r.moved_type = l.object_type AND r.moved_id = l.id
) SELECT object_type, id FROM line
"""
"""A record, and those that were merged or converted into it."""


@dataclass(frozen=True)
class Spot:
    """One field of one living, linked record, as the state has it."""

    side: str
    object_type: str
    id: str
    kind: str
    field: str
    shown: Any
    settled: bool


@dataclass(frozen=True)
class Cause:
    """One thing in the journal that gave a field its present form."""

    run: str
    source: str
    rule: str
    written: bool
    before: Any = None
    after: Any = None


def spots(place: Office) -> list[Spot]:
    """Every field of every living, linked record."""
    rows = place.sql(
        "SELECT side, object_type, id, kind, seen, base FROM records"
        " WHERE entity IS NOT NULL AND state = 'live' ORDER BY side, object_type, id"
    )
    found = []
    for side, object_type, own, kind, seen, base in rows:
        shown, known = json.loads(seen), json.loads(base)
        for name in sorted(shown):
            settled = name in known and known[name] == shown[name]
            found.append(Spot(side, object_type, own, kind, name, shown[name], settled))
    return found


def line(place: Office, spot: Spot) -> list[tuple[str, str]]:
    """Object type and id of a record and of its ancestors."""
    found = place.sql(ANCESTORS, spot.side, spot.object_type, spot.id)
    return [(str(t), str(i)) for t, i in found]


def runs_that_wrote(place: Office, spot: Spot) -> set[str]:
    """The runs that wrote to the record or to an ancestor of it, whichever field."""
    return {
        run
        for object_type, own in line(place, spot)
        for (run,) in place.sql(
            "SELECT run FROM ops WHERE state = 'done' AND side = ? AND object_type = ?"
            " AND record_id = ?",
            spot.side, object_type, own,
        )
    }  # fmt: skip


def written_since(place: Office, run: str) -> set[tuple[str, str, str, str]]:
    """Side, object type, id and field of everything that later runs wrote."""
    rows = place.sql(
        "SELECT o.side, o.object_type, o.record_id, json_extract(f.value, '$.name')"
        " FROM ops o, json_each(o.action, '$.fields') f WHERE o.state = 'done' AND o.run > ?",
        run,
    )
    return {(s, t, i, n) for s, t, i, n in rows}


def causes(place: Office, spot: Spot) -> list[Cause]:
    """Everything that settled the field, oldest first."""
    found = [
        cause
        for object_type, own in line(place, spot)
        for cause in (
            *_written(place, spot, object_type, own),
            *_noted(place, spot, object_type, own),
        )
    ]
    return sorted(found, key=lambda cause: cause.run)


def _written(place: Office, spot: Spot, object_type: str, own: str) -> Iterator[Cause]:
    rows = place.sql(
        "SELECT run, action, after, verb FROM ops WHERE state = 'done' AND side = ?"
        " AND object_type = ? AND record_id = ?",
        spot.side, object_type, own,
    )  # fmt: skip
    for run, action, after, verb in rows:
        took = json.loads(after) if after else None
        sent = {f["name"]: f for f in json.loads(action)["fields"]}
        if spot.field in sent and (took is None or spot.field in took):
            f = sent[spot.field]
            yield Cause(run, f["source"], f["rule"], True, f["old"], f["new"])
        elif verb == "create" and took and took.get(spot.field) not in (None, "", []):
            yield Cause(run, spot.side, "", False)


def _noted(place: Office, spot: Spot, object_type: str, own: str) -> Iterator[Cause]:
    rows = place.sql(
        "SELECT run, what, detail FROM events WHERE side = ? AND object_type = ?"
        " AND record_id = ?",
        spot.side, object_type, own,
    )  # fmt: skip
    for run, what, text in rows:
        detail = json.loads(text)
        if what == "settled":
            for group in detail["groups"]:
                if spot.field in group["first"]:
                    yield Cause(run, group["source"] or spot.side, group["rule"], False)
                elif spot.field in group["moved"]:
                    before, after = group["moved"][spot.field]
                    yield Cause(run, spot.side, group["rule"], False, before, after)
        elif what == "found" and spot.field in detail["fields"]:
            source, rule = detail["fields"][spot.field]
            yield Cause(run, source, rule, False)
        elif what == "rebased" and spot.field in detail["fields"]:
            yield Cause(run, spot.side, "", False)
