"""The state store: rows written, looked up by id, walked through, and how large the file is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.model import Row
from sync.store import Store

BATCH = 1_000


def measure(count: int) -> dict[str, Any]:
    """Figures for `count` records on one side, written a thousand in a transaction."""
    rows = [_row(number) for number in range(count)]
    ids = [row.id for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        with Store(path) as store:
            written = _timed(lambda: _in_batches(rows, store.put))
            found = _timed(
                lambda: _in_batches(ids, lambda some: store.by_ids("crm", "contacts", some))
            )
            walked = _timed(lambda: sum(1 for _ in store.rows()))
        size = path.stat().st_size
    return {
        "records": count,
        "written_per_second": count / written,
        "found_per_second": count / found,
        "walked_per_second": count / walked,
        "bytes_per_record": size / count,
    }


def _row(number: int) -> Row:
    values: dict[str, Any] = {
        "first_name": f"First{number}", "last_name": f"Last{number}",
        "email": f"p{number}@people.example", "phone": f"+4930{number:07}", "title": "Buyer",
    }  # fmt: skip
    return Row(
        side="crm", object_type="contacts", id=f"{number:012}", kind="person",
        entity=f"e{number:012}", seen=values, base=values,
        modified=datetime(2026, 1, 1, tzinfo=UTC), dirty=False,
    )  # fmt: skip


def _in_batches(items: list[Any], do: Callable[[list[Any]], object]) -> None:
    for start in range(0, len(items), BATCH):
        do(items[start : start + BATCH])


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
