"""Learns how often the columns of one person agree, and of two, from Febrl's data sets 1 and 2."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.matching.labelled import people, same_person
from mapping.matching import people_table, splink_model
from mapping.matching.backends import Engine, opened

TARGET = Path(splink_model.__file__).parent / "data" / "people.json"

ASSUMED = {
    "country": [(0.97, 0.3), (0.03, 0.7)],
    "email": [(0.8, 1e-6), (0.05, 2e-4), (0.02, 1e-5), (0.13, 0.9998)],
    "phone": [(0.7, 1e-5), (0.02, 1e-5), (0.28, 0.9999)],
    "suffix": [(0.97, 0.4), (0.03, 0.6)],
    "company": [(0.75, 0.003), (0.08, 0.002), (0.17, 0.995)],
}
"""Columns that Febrl has not: how often one person's agree level by level, and two persons'."""

LEAST_M, LEAST_U = 0.002, 1e-6
"""What is not seen in so few pairs is not impossible."""

SAMPLED = 2_000_000
"""Pairs of two people that are looked at."""


def learned() -> dict[str, list[tuple[float, float]]]:
    """Pairs (one person, two people) by column and level."""
    import pyarrow as pa

    records = [replace(p, id=f"{p.id}-{n}") for n in (1, 2) for p in people(n)]
    table = people_table.table(records)
    persons = [f"{same_person(p.id)}-{p.id[-1]}" for p in records]
    labelled = table.append_column("person", pa.array(persons))
    first = {person: place for place, person in reversed(list(enumerate(persons)))}
    with opened(Engine()) as api:
        u = _estimated(api, table.take(sorted(first.values())), "u")
        m = _estimated(api, labelled, "m")
    return {
        column: ASSUMED.get(column) or [
            (max(a, LEAST_M), max(b, LEAST_U)) for a, b in zip(m[column], u[column], strict=True)
        ]
        for column in splink_model.LEVELS
    }  # fmt: skip


def _estimated(api: Any, table: Any, which: str) -> dict[str, list[float]]:
    from splink import Linker

    wanted = splink_model.settings("dedupe_only", table.num_rows)
    wanted["comparisons"] = [
        _untrained(c) for c in wanted["comparisons"] if c["output_column_name"] not in ASSUMED
    ]
    model = Linker(api.register(table, dataset_display_name=which), wanted)
    if which == "u":
        model.training.estimate_u_using_random_sampling(max_pairs=SAMPLED, seed=1)
    else:
        model.training.estimate_m_from_label_column("person")
    found = model.misc.save_model_to_json()["comparisons"]
    return {
        comparison["output_column_name"]: [
            float(f"{level.get(f'{which}_probability') or 0.0:.4g}")
            for level in comparison["comparison_levels"] if not level.get("is_null_level")
        ]
        for comparison in found
    }  # fmt: skip


def _untrained(comparison: dict[str, Any]) -> dict[str, Any]:
    kept = ("m_probability", "u_probability")
    levels = [
        {key: value for key, value in level.items() if key not in kept}
        for level in comparison["comparison_levels"]
    ]
    return {**comparison, "comparison_levels": levels}


def main() -> None:
    """Learn and write."""
    found = learned()
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written to {TARGET}")
