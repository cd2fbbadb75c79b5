"""The labelled data that lies beside the project; tests that need it skip without it."""

from __future__ import annotations

import pytest

from benchmarks.matching import labelled


@pytest.fixture
def data() -> labelled.Path:
    if not labelled.DATA.is_dir():
        pytest.skip(f"the labelled data is not there: {labelled.DATA}")
    return labelled.DATA
