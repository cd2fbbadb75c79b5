"""The suite while everything fails now and then: nothing lost, nothing doubled, nothing pretended.

Each seed is another course of faults; the suite as such runs under the strict profile in
test_salesforce.py and test_hubspot.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.serve import Running
from tests.connectors.conformance import ConnectorConformance
from tests.connectors.harness import Harness
from tests.connectors.hubspot_harness import HubSpotHarness, Switchboard, switchboard
from tests.connectors.salesforce_harness import SalesforceHarness

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 21))]


@pytest.fixture(scope="module")
def board() -> Iterator[tuple[Switchboard, Running]]:
    with switchboard() as both:
        yield both


class TestSalesforceUnwell(ConnectorConformance):
    """The contract, held by Salesforce under the hostile profile."""

    @pytest.fixture(params=SEEDS)
    def harness(self, request: pytest.FixtureRequest) -> Iterator[Harness]:
        made = SalesforceHarness(profile="hostile", seed=request.param, stamping=True)
        yield made.prepared()
        made.close()


class TestHubSpotUnwell(ConnectorConformance):
    """The contract, held by HubSpot under the hostile profile."""

    @pytest.fixture(params=SEEDS)
    def harness(
        self, request: pytest.FixtureRequest, board: tuple[Switchboard, Running]
    ) -> Iterator[Harness]:
        vendor = {"profile": "hostile", "seed": request.param}
        made = HubSpotHarness(board, vendor=vendor, stamping=True)
        yield made
        made.close()
