"""HubSpot's search: filters, keyset paging past its 10,000-row wall, look-ups by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import SchemaDriftError

from .client import Api, Reply
from .errors import complaint
from .routes import Routes
from .wire import Row, epoch_ms, modified_property, row_id

PAGE = 200
VALUES = 100
FILTER_CHARACTERS = 2500
"""Most characters of values in one query; HubSpot takes 3,000 for the whole."""

Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """The search of one object type for the given properties, `page` rows a call."""

    api: Api
    routes: Routes
    object_type: str
    properties: Sequence[str]
    page: int = PAGE

    def newest(self) -> Reply:
        """One page of the records that were modified last, newest first, with the `total` of
        live records."""
        sorts = [{"propertyName": modified_property(self.object_type), "direction": "DESCENDING"}]
        return self._post({"sorts": sorts, "filterGroups": []})

    def modified_since(self, since: datetime, last_id: str) -> Iterator[list[Row]]:
        """Pages of the records modified at or after `since` whose id is above `last_id`, by id.

        Keyset over ids: any number of records may share one stamp, and no page lies behind
        HubSpot's wall of 10,000 rows.
        """
        stamp = modified_property(self.object_type)
        recent = {"propertyName": stamp, "operator": "GTE", "value": str(epoch_ms(since))}
        yield from self._by_id([recent], last_id)

    def equal(self, by: str, values: Sequence[str]) -> Iterator[Row]:
        """Records whose property is one of the values; HubSpot wants them in lower case."""
        for batch in batches(sorted({value.lower() for value in values})):
            condition = {"propertyName": by, "operator": "IN", "values": batch}
            for rows in self._by_id([condition], "0"):
                yield from rows

    def _by_id(self, filters: list[Filter], last_id: str) -> Iterator[list[Row]]:
        while True:
            beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": last_id}
            reply = self._post(
                {
                    "filterGroups": [{"filters": [*filters, beyond]}],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                }
            )
            rows: list[Row] = list(reply.results)
            yield rows
            if len(rows) < self.page and reply.after is None:
                return
            if not rows or int(row_id(rows[-1])) <= int(last_id):
                return
            last_id = row_id(rows[-1])

    def _post(self, query: Mapping[str, Any]) -> Reply:
        reply = self.api.call(
            "POST",
            f"{self.routes.objects}/{self.object_type}/search",
            body={**query, "properties": list(self.properties), "limit": self.page},
            accept=(400, 404),
            needs="results",
        )
        if not reply.ok:
            said = complaint(reply.body, reply.status).message
            raise SchemaDriftError(f"HubSpot cannot search {self.object_type}: {said}")
        return reply


def batches(values: Sequence[str]) -> Iterator[list[str]]:
    """Split values so that each list fits into one query."""
    batch: list[str] = []
    size = 0
    for value in values:
        if batch and (len(batch) == VALUES or size + len(value) > FILTER_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(value)
        size += len(value)
    if batch:
        yield batch
