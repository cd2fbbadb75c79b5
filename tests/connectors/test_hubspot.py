"""The HubSpot connector passes the suite, over HTTPS against the sandbox, in several moods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.serve import Running
from tests.connectors.conformance import ConnectorConformance
from tests.connectors.harness import Harness
from tests.connectors.hubspot_harness import HubSpotHarness, Switchboard

MOODS: dict[str, dict[str, Any]] = {
    "plain": {},
    "odd": {
        "flow": "oauth_refresh",
        "options": {"api": "2026-03"},
        "vendor": {
            "search_lag": 5.0,
            "merged_listed": True,
            "integer_association_ids": True,
            "html_404": False,
            "association_page": 2,
            "cleared_as_null": True,
        },
    },
}


@pytest.fixture(params=sorted(MOODS))
def harness(
    request: pytest.FixtureRequest, board: tuple[Switchboard, Running]
) -> Iterator[Harness]:
    harness = HubSpotHarness(board, **MOODS[request.param])
    yield harness
    harness.close()


class TestHubSpot(ConnectorConformance):
    """The contract, held over the wire."""
