"""Lets failed asserts of the shared suite explain themselves as those of test modules do."""

from __future__ import annotations

import pytest

for module in ("support", "conformance", *(f"conformance_{part}" for part in (
    "reading", "lookups", "writing", "values", "stamps", "associations", "moves", "faults",
))):  # fmt: skip
    pytest.register_assert_rewrite(f"tests.connectors.{module}")
