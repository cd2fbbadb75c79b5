"""A known record as the columns of the state store hold it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from sync.model import Row, State
from sync.privacy import Vault

COLUMNS = (
    "side, object_type, id, kind, entity, state, seen, base, problems, modified, stamp,"
    " moved_type, moved_id, how, dirty, owes"
)
PLACES = "(" + ",".join("?" * 16) + ")"


def dumps(value: Any) -> str:
    """JSON text with sorted keys: equal values give equal text."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def to_tuple(row: Row, vault: Vault) -> tuple[Any, ...]:
    """A row as the columns hold it, covered as far as the vault wants."""
    seen, base = vault.cover_all(row.kind, row.seen), vault.cover_all(row.kind, row.base)
    problems = vault.problems(row.kind, row.problems)
    modified = row.modified.isoformat() if row.modified else None
    return (
        row.side, row.object_type, row.id, row.kind, row.entity, str(row.state), dumps(seen),
        dumps(base), dumps(problems), modified, row.stamp, row.moved_type, row.moved_id,
        row.how, int(row.dirty), dumps(sorted(row.owes)),
    )  # fmt: skip


def to_row(found: tuple[Any, ...], vault: Vault) -> Row:
    """The row out of its columns, uncovered as far as the vault can."""
    return Row(
        side=found[0],
        object_type=found[1],
        id=found[2],
        kind=found[3],
        entity=found[4],
        state=State(found[5]),
        seen=vault.show_all(orjson.loads(found[6])),
        base=vault.show_all(orjson.loads(found[7])),
        problems=orjson.loads(found[8]),
        modified=datetime.fromisoformat(found[9]) if found[9] else None,
        stamp=found[10],
        moved_type=found[11],
        moved_id=found[12],
        how=found[13],
        dirty=bool(found[14]),
        owes=set(orjson.loads(found[15])),
    )
