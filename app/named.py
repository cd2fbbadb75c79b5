"""Notes on every error of a connector which side it came from, for whoever tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.base import (
    Connector,
    Cursor,
    Fields,
    Finding,
    Outcome,
    Page,
    RemoteId,
    RemoteRecord,
    Schema,
    StampField,
    Usage,
    Write,
)
from core.errors import ConnectorError


class Named:
    """Wraps a connector; a ConnectorError that passes gets the side's name as its note."""

    def __init__(self, inner: Connector) -> None:
        self.name = inner.name
        self.capabilities = inner.capabilities
        self._inner = inner

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except ConnectorError as error:
            if not getattr(error, "__notes__", None):
                error.add_note(self.name)
            raise

    def describe(self, object_type: str) -> Schema:
        with self._noted():
            return self._inner.describe(object_type)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        pages = self._inner.changes(object_type, fields, since)
        while True:
            with self._noted():
                page = next(pages, None)
            if page is None:
                return
            yield page

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        with self._noted():
            return self._inner.fetch(object_type, fields, ids)

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        with self._noted():
            return self._inner.find(object_type, fields, by, values)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        with self._noted():
            return self._inner.apply(object_type, writes)

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        with self._noted():
            return self._inner.prepare(stamps)

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        return self._inner.diagnose(object_types)

    def usage(self) -> Usage:
        return self._inner.usage()

    def close(self) -> None:
        self._inner.close()
