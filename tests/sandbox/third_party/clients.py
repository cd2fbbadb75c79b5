"""Clients that others wrote, each behind the same few steps, so that one test walks all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Fields = dict[str, str]
KEY = {"salesforce": "Tieline_Id__c", "hubspot": "email"}
"""The field by which contacts are upserted."""


@dataclass(frozen=True)
class Refusal:
    """An error as the client's user reads it: HTTP status and the vendor's code."""

    status: int
    code: str


class Client(Protocol):
    """What every client does with contacts; a refusal that is returned is not raised."""

    def create(self, fields: Fields) -> str:
        """The id of the new record."""

    def read(self, id_: str, name: str) -> str | Refusal:
        """One field of a record."""

    def update(self, id_: str, fields: Fields) -> None: ...

    def upsert(self, key: str, fields: Fields) -> None:
        """Create or update the contact whose `KEY` field has that value."""

    def pages(self, size: int) -> list[str]:
        """The ids of all contacts, read over several pages."""

    def batch(self, updates: Sequence[tuple[str, Fields]]) -> list[str]:
        """Updates in one call; the codes of what was refused."""

    def refused(self, fields: Fields) -> Refusal:
        """What the client tells of a create that the vendor refuses."""

    def delete(self, id_: str) -> None: ...

    def close(self) -> None: ...


def code_of(body: Any) -> str:
    """The vendor's error code in a decoded error body."""
    first = body[0] if isinstance(body, list) else body
    return str(first.get("errorCode") or first.get("category"))
