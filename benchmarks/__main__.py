"""`python -m benchmarks`: reading, engine and state store, to benchmarks/results; fails where a
promise is not held. Matching and overlap have commands of their own:
`python -m benchmarks.matching` (`--people N`, `--accounts N`, `--pairs FILE`) and
`python -m benchmarks.overlap N`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from benchmarks import engine, report, statestore
from benchmarks.reading import PEERS, Reading, failures, readings


def main() -> int:
    """Measure, write, print; 1 when a connector lost records or took too much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--contacts", type=int, default=300_000)
    parser.add_argument("--peer-seconds", type=float, default=30, help="how long each peer reads")
    parser.add_argument("--vendor", choices=sorted(PEERS), action="append")
    given = parser.parse_args()
    found: list[Reading] = []
    for vendor in given.vendor or sorted(PEERS):
        print(f"{vendor}: filling the sandbox, then reading", flush=True)
        found += readings(vendor, given.accounts, given.contacts, given.peer_seconds)
    print("engine and state store", flush=True)
    runs, store = engine.measure(400, 1_200), statestore.measure(100_000)
    text = report.markdown(given.accounts, given.contacts, found, runs, store)
    figures = {"date": datetime.now(UTC).date().isoformat(), "machine": report.machine(),
               "accounts": given.accounts, "contacts": given.contacts,
               "reading": report.as_data(found), "engine": runs, "store": store}  # fmt: skip
    folder = report.save(figures, text)
    wrong = failures(found, given.accounts + given.contacts)
    print(text, f"written to {folder}", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
