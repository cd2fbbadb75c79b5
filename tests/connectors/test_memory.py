"""The CRM in memory passes the suite, plain and with every quirk."""

from __future__ import annotations

import pytest

from connectors.memory import Quirks
from tests.connectors.conformance import ConnectorConformance
from tests.connectors.harness import Harness
from tests.connectors.memory_harness import MemoryHarness

QUIRKS = {
    "plain": Quirks(),
    "late": Quirks(late_seconds=30),
    "coarse_stamps": Quirks(coarse_seconds=3600),
    "silent_associations": Quirks(silent_associations=True),
    "no_stamps": Quirks(stamps=False),
    "odd_ids_and_new_id_on_merge": Quirks(odd_ids=True, merge_new_id=True),
    "whole_refusal": Quirks(whole_refusal=True, field_times=True),
    "duplicate_rule": Quirks(duplicates=frozenset({"Contact.email"})),
    "everything_at_once": Quirks(
        late_seconds=30,
        coarse_seconds=60,
        silent_associations=True,
        merge_new_id=True,
        odd_ids=True,
    ),
}


@pytest.fixture(params=sorted(QUIRKS))
def harness(request: pytest.FixtureRequest) -> Harness:
    return MemoryHarness(QUIRKS[request.param])


class TestMemory(ConnectorConformance):
    """The contract, held by the reference."""
