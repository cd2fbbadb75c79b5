"""The figures as JSON and as Markdown tables."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.reading import Reading

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """The kind of machine, without its name."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def save(figures: dict[str, Any], text: str) -> Path:
    """Write both files; returns the folder."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    (RESULTS / "latest.md").write_text(text, encoding="utf-8")
    return RESULTS


def as_data(found: list[Reading]) -> list[dict[str, Any]]:
    derived = ("per_second", "per_cpu_second", "sandbox_share")
    return [{**asdict(one), **{name: getattr(one, name) for name in derived}} for one in found]


def markdown(
    accounts: int, contacts: int, found: list[Reading], engine: list[Any], store: Any
) -> str:
    """One document: what was measured, on what, and three tables."""
    head = (
        f"Measured {datetime.now(UTC).date().isoformat()} on {machine()}: {accounts:,} accounts "
        f"and {contacts:,} contacts on each side, over the loopback (Salesforce with TLS).\n"
    )
    return "\n".join([head, *_reading(found), "", *_engine(engine), "", *_store(store), ""])


def _table(names: list[str], rows: list[list[str]]) -> list[str]:
    lines = [names, ["---"] * len(names), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _reading(found: list[Reading]) -> list[str]:
    ours = {one.vendor: one for one in found if one.reader == "tieline"}
    rows = [
        [
            one.vendor,
            one.reader,
            f"{one.records:,}" + ("" if one.complete else " (stopped)"),
            f"{one.seconds:.1f}",
            f"{one.per_second:,.0f}",
            f"{one.per_cpu_second:,.0f}",
            f"{one.peak_mb:.0f}",
            f"{one.sandbox_share:.0%}",
            f"{ours[one.vendor].per_second / one.per_second:.2f}",
            f"{ours[one.vendor].per_cpu_second / one.per_cpu_second:.2f}",
        ]
        for one in found
    ]
    names = ["vendor", "reader", "records", "seconds", "records/s", "records per CPU second",
             "peak MB", "CPU time in the sandbox", "Tieline : this, time",
             "Tieline : this, CPU"]  # fmt: skip
    return _table(names, rows)


def _engine(rows: list[dict[str, Any]]) -> list[str]:
    cells = [
        [row["run"], f"{row['records']:,}", f"{row['seconds']:.2f}", f"{row['writes']:,}"]
        for row in rows
    ]
    return _table(["engine", "records on both sides", "seconds", "writes"], cells)


def _store(row: dict[str, Any]) -> list[str]:
    names = ["state store", "written/s", "looked up/s", "walked/s", "bytes/record"]
    keys = ("written_per_second", "found_per_second", "walked_per_second", "bytes_per_record")
    return _table(names, [[f"{row['records']:,} records", *(f"{row[key]:,.0f}" for key in keys)]])
