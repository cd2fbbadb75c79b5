"""The suite that every connector, wrapper and fake passes: the contract of `connectors.base`, run.

Use: a test module defines a fixture `harness` (see `harness.py`) and
``class TestMine(ConnectorConformance): pass``.
"""

from __future__ import annotations

from tests.connectors.conformance_associations import AssociationConformance
from tests.connectors.conformance_faults import FaultConformance
from tests.connectors.conformance_lookups import LookupConformance
from tests.connectors.conformance_moves import MoveConformance
from tests.connectors.conformance_reading import ReadingConformance
from tests.connectors.conformance_stamps import StampConformance
from tests.connectors.conformance_values import ValueConformance
from tests.connectors.conformance_writing import WritingConformance


class ConnectorConformance(
    ReadingConformance,
    LookupConformance,
    WritingConformance,
    ValueConformance,
    StampConformance,
    AssociationConformance,
    MoveConformance,
    FaultConformance,
):
    """Everything the contract promises, one test a promise."""
