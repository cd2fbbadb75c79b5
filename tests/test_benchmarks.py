"""The benchmarks run, and fail where a connector breaks what they promise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.reading import MEMORY_LIMIT_MB, Reading, failures, readings

SMALL = Reading("salesforce", "tieline", 800, 1.0, 0.5, 60.0, True, 0.5)


def test_promises_are_held() -> None:
    assert failures([SMALL], 800) == []
    assert failures([replace(SMALL, peak_mb=MEMORY_LIMIT_MB)], 800) != []
    assert failures([SMALL], 801) != []
    assert failures([replace(SMALL, reader="httpx + orjson", records=1)], 800) == []


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_every_reader_reads_everything(vendor: str) -> None:
    found = readings(vendor, 200, 2_300, peer_seconds=60)
    assert [one.records for one in found] == [2_500] * 3
    assert failures(found, 2_500) == []
    assert all(0 < one.sandbox_share < 1 for one in found)
