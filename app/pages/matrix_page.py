"""What the pages with a matrix have in common: cells with a level of colour and their rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from app.pages.render import render

LEVELS = 5
MOST_ROWS = 20_000
"""Rows of one list in a page; more make it slow to open."""


def columns(*named: tuple[str, str]) -> list[dict[str, str]]:
    """Columns of a list: heading and kind (`name`, `number` or nothing)."""
    return [{"name": name, "kind": kind} for name, kind in named]


def levels(numbers: Sequence[float]) -> list[int]:
    """A colour level for each number: 0 for nothing, then 1 to 5 in parts of about the same
    size, so that one giant does not make all others pale."""
    known = sorted({n for n in numbers if n > 0})
    if not known:
        return [0] * len(numbers)
    return [
        0 if n <= 0 else 1 + (bisect_right(known, n) - 1) * LEVELS // len(known) for n in numbers
    ]


def matrix_page(
    *,
    matrix: Mapping[str, Any],
    listing: Mapping[str, Any],
    sections: Sequence[Mapping[str, Any]] = (),
    **values: Any,
) -> str:
    """A page with a matrix, the list that its cells open, and further lists."""
    data = {
        "matrix": {k: matrix[k] for k in ("rows", "columns", "cells", "metrics")},
        "listing": {"columns": listing["columns"], "rows": listing["rows"]},
        "sections": [dict(section) for section in sections],
    }
    return render(
        "matrix.html",
        ("listing.js", "matrix.js"),
        data,
        matrix=matrix,
        listing=listing,
        sections=sections,
        **values,
    )
