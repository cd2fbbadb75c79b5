"""How long it takes and what it needs: a million people, a hundred thousand accounts a side."""

from __future__ import annotations

import resource
import time

from benchmarks.matching import made
from benchmarks.matching.measure import grouped, within
from mapping.matching import people_table
from mapping.matching.backends import Engine
from mapping.matching.companies import Options, link_companies
from mapping.matching.model import Verdict
from mapping.matching.people import PeopleOptions, duplicates_in_table


def memory() -> float:
    """The most that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def people(count: int, engine: Engine) -> str:
    """Duplicates among so many invented people."""
    table = people_table.table(made.people(count))
    before = memory()
    started = time.monotonic()
    groups = duplicates_in_table(table, options=PeopleOptions(engine=engine, questions=False))
    took = time.monotonic() - started
    ids = table["unique_id"].to_pylist()
    quality = grouped("", groups, within({name: name.partition("-")[0] for name in ids}))
    return (f"{count} people on {engine.name}: {took:.1f} s, {memory():.0f} MB at the peak "
            f"({before:.0f} before), {len(groups)} groups, precision {quality.precision:.4f}, "
            f"recall {quality.recall:.4f}")  # fmt: skip


def accounts(count: int) -> str:
    """Two lists of so many invented accounts."""
    left, right = made.accounts(count)
    started = time.monotonic()
    matches = link_companies(left, right, options=Options())
    took = time.monotonic() - started
    same = {(m.left, m.right) for m in matches if m.verdict == Verdict.SAME}
    gold = {(c.id, c.id) for c in right if not c.id.startswith("r")}
    found = len(same & gold)
    return (f"{count} × {count} accounts: {took:.1f} s, {memory():.0f} MB at the peak, "
            f"{len(same)} linked, {len(matches) - len(same)} questions, "
            f"precision {found / (len(same) or 1):.4f}, "
            f"recall {found / len(gold):.4f}")  # fmt: skip
