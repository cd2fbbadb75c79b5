"""A connector as the engine uses it: with a stamp on every creation, so that none is made twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from connectors.base import Connector, Create, Outcome, Write


class Stamped:
    """Adds a stamp to creations that have none; everything else is the inner connector's.

    Under faults a creation without a stamp may honestly be told as Unknown, which a suite that
    asks for Done cannot take. `stamps` maps an object type to its stamp field.
    """

    def __init__(self, inner: Connector, stamps: Mapping[str, str]) -> None:
        self._inner = inner
        self._stamps = stamps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        field = self._stamps.get(object_type)
        return self._inner.apply(object_type, [_stamped(write, field) for write in writes])


def _stamped(write: Write, field: str | None) -> Write:
    if not isinstance(write, Create) or write.stamp_field or not field or field in write.fields:
        return write
    return replace(write, fields={**write.fields, field: f"op {write.op}"}, stamp_field=field)


def stamped(connector: Connector, stamps: Mapping[str, str]) -> Connector:
    """The connector, stamping."""
    return cast(Connector, Stamped(connector, stamps))
