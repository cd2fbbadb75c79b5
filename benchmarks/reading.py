"""Reading everything through a connector and through its peers, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.host import FIELDS

PEERS = {"salesforce": "simple-salesforce", "hubspot": "hubspot-api-client"}
MEMORY_LIMIT_MB = 300
FULL_READING_LIMIT = 900.0


@dataclass(frozen=True)
class Reading:
    """One reader's result. `cpu_seconds` is the reader's own CPU time, `sandbox_seconds` that of
    the sandbox meanwhile: other work on the machine does not change them much."""

    vendor: str
    reader: str
    records: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    complete: bool
    sandbox_seconds: float

    @property
    def per_second(self) -> float:
        return self.records / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.records / self.cpu_seconds

    @property
    def sandbox_share(self) -> float:
        """Share of the CPU time of both that the sandbox took."""
        return self.sandbox_seconds / (self.sandbox_seconds + self.cpu_seconds)


class Host:
    """A process with a filled sandbox."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the sandbox process ended before it was ready")
        self.address: dict[str, Any] = orjson.loads(line)

    def cpu(self) -> float:
        """CPU seconds that it has used so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("cpu\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def host(vendor: str, accounts: int, contacts: int) -> Iterator[Host]:
    """A sandbox with that many records, until the end of the block."""
    command = [sys.executable, "-m", "benchmarks.host", vendor, str(accounts), str(contacts)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Host(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def measure(server: Host, vendor: str, reader: str, seconds: float) -> Reading:
    """Let one reader read for at most so long. Raises CalledProcessError when it fails."""
    job = {**server.address, "vendor": vendor, "reader": reader, "seconds": seconds}
    before = server.cpu()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reader"],
        input=orjson.dumps({**job, "fields": FIELDS[vendor]}),
        stdout=subprocess.PIPE,
        check=True,
    )
    result = orjson.loads(done.stdout.splitlines()[-1])
    return Reading(vendor, reader, **result, sandbox_seconds=server.cpu() - before)


def readings(vendor: str, accounts: int, contacts: int, peer_seconds: float) -> list[Reading]:
    """Tieline reads all, its peers for `peer_seconds` each."""
    with host(vendor, accounts, contacts) as server:
        limits = {"tieline": FULL_READING_LIMIT, PEERS[vendor]: peer_seconds,
                  "httpx + orjson": peer_seconds}  # fmt: skip
        return [measure(server, vendor, reader, limit) for reader, limit in limits.items()]


def failures(found: list[Reading], total: int) -> list[str]:
    """What the connectors were to hold and did not."""
    ours = [one for one in found if one.reader == "tieline"]
    wrong = [
        f"{one.vendor}: {one.peak_mb:.0f} MB at the peak, {MEMORY_LIMIT_MB} are allowed"
        for one in ours
        if one.peak_mb >= MEMORY_LIMIT_MB
    ]
    wrong += [
        f"{one.vendor}: {one.records} records were read of {total}"
        for one in ours
        if one.records != total
    ]
    return wrong
