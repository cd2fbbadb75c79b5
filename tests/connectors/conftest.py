"""Lets failed asserts of the shared suite explain themselves as those of test modules do, and
holds what several files of the HubSpot connector's tests stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.serve import Running, serve

for module in ("support", "conformance", *(f"conformance_{part}" for part in (
    "reading", "lookups", "writing", "values", "stamps", "associations", "moves", "faults",
))):  # fmt: skip
    pytest.register_assert_rewrite(f"tests.connectors.{module}")

from tests.connectors.hubspot_harness import HubSpotHarness, Switchboard, switchboard  # noqa: E402
from tests.connectors.hubspot_vendor import Vendor  # noqa: E402


@pytest.fixture(scope="module")
def board() -> Iterator[tuple[Switchboard, Running]]:
    """A HubSpot sandbox that many tests share, each in an account of its own."""
    with switchboard() as both:
        yield both


@pytest.fixture
def crm(board: tuple[Switchboard, Running]) -> Iterator[HubSpotHarness]:
    """An account of the HubSpot sandbox and a connector to it."""
    harness = HubSpotHarness(board)
    yield harness
    harness.close()


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Vendor, Running]]:
    """A scripted HubSpot and the server it answers from."""
    vendor = Vendor()
    with serve(vendor.app, tls=False) as running:
        yield vendor, running


@pytest.fixture
def vendor(both: tuple[Vendor, Running]) -> Vendor:
    """The scripted HubSpot, without the script of the test before."""
    both[0].forget()
    return both[0]


@pytest.fixture
def server(both: tuple[Vendor, Running]) -> Running:
    """The server that the scripted HubSpot answers from."""
    return both[1]
