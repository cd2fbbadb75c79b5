"""Reading records by id and by value, with their associations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.base import Fields, RemoteId, RemoteRecord
from core.errors import SchemaDriftError, VendorDownError

from .associations import ASSOCIATION_FIELDS, Associations
from .client import Api, Reply
from .errors import complaint
from .routes import Routes
from .schema import Catalog
from .search import Search
from .wire import (
    Row,
    association_fields,
    chunks,
    is_id,
    merged_ids,
    needed_properties,
    plain_fields,
    record,
    row_id,
    row_properties,
)

BATCH = 100

MERGING = frozenset({"contacts", "companies"})
"""Object types whose records HubSpot merges by API."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Settings of reading: seconds of lookback, pages of archived records listed per reading,
    records per page of changes, and how many missing ids are asked for one by one."""

    lookback: timedelta = timedelta(seconds=60)
    archive_pages: int = 20
    page_records: int = 1000
    resolve_limit: int = 200


class Reader:
    """Reads object types with properties and associations (not owners)."""

    def __init__(
        self,
        api: Api,
        routes: Routes,
        catalog: Catalog,
        associations: Associations,
        options: ReadOptions,
    ) -> None:
        self._api = api
        self._routes = routes
        self._catalog = catalog
        self._associations = associations
        self._options = options

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        """The contract's `fetch`; ids that cannot be HubSpot's are unknown without a call."""
        check_associations(object_type, fields)
        wanted = [id for id in dict.fromkeys(ids) if is_id(id)]
        if not wanted:
            return []
        if fields and not plain_fields(fields):
            return self._only_associations(object_type, fields, wanted)
        rows = self.rows(object_type, fields, wanted)
        missing = self._missing(object_type, fields, wanted, rows)
        live = list({row_id(row): row for row in [*rows, *(row for _, row in missing)]}.values())
        shown = {r.id: r for r in self.records(object_type, fields, live)}
        found = [shown[row_id(row)] for row in rows if row_id(row) in wanted]
        for old, row in missing:
            found.append(_as_asked(shown[row_id(row)], old))
        return list({(r.id, r.requested_id): r for r in found}.values())

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str], *, unique: bool
    ) -> list[RemoteRecord]:
        """The contract's `find`; a unique property is read as a key, which does not lag."""
        check_associations(object_type, fields)
        keys = sorted({value.lower() if by == "email" else value for value in values if value})
        wanted = {value.casefold() for value in keys}
        asked = [*fields, by]
        if unique:
            rows: Iterable[Row] = self.rows(object_type, asked, keys, key=by)
        else:
            properties = needed_properties(object_type, asked)
            search = Search(self._api, self._routes, object_type, properties)
            rows = search.equal(by, keys)
        found = {row_id(row): row for row in rows}
        equal = [row for row in found.values() if _has(row, by, wanted)]
        return self.records(object_type, fields, equal)

    def rows(
        self,
        object_type: str,
        fields: Fields,
        ids: Sequence[str],
        *,
        key: str | None = None,
        archived: bool = False,
    ) -> list[Row]:
        """Raw records by id, or by the unique property `key`; those that are not there are left
        out. One call per hundred."""
        rows: list[Row] = []
        for batch in chunks(list(ids), BATCH):
            body: dict[str, Any] = {
                "inputs": [{"id": id} for id in batch],
                "properties": needed_properties(object_type, fields),
                "propertiesWithHistory": [],
            }
            body |= {"idProperty": key} if key else {}
            reply = self._api.call(
                "POST",
                f"{self._routes.objects}/{object_type}/batch/read",
                query=[("archived", "true")] if archived else (),
                body=body,
                accept=(400, 404),
                needs="results",
            )
            if not reply.ok:
                self._explain(object_type, reply, key)
            _check_errors(object_type, reply)
            rows += reply.results
        return rows

    def records(self, object_type: str, fields: Fields, rows: Sequence[Row]) -> list[RemoteRecord]:
        """Records of live rows, with their associations where those are asked for."""
        known = self.known(object_type, fields, rows)
        ids = [row_id(row) for row in rows if not row.get("archived")]
        values: dict[RemoteId, dict[str, Any]] = {}
        for name in association_fields(fields) if ids else ():
            for id, items in self._associations.read(object_type, name, ids).items():
                values.setdefault(id, {})[name] = items
        return [
            record(object_type, row, fields, associations=values.get(row_id(row)), known=known)
            for row in rows
        ]

    def known(self, object_type: str, fields: Fields, rows: Sequence[Row]) -> Iterable[str]:
        """Properties that exist; asked for only when an answer left out some that were wanted,
        and then anew: one that has gone must not look like one that is empty."""
        wanted = set(plain_fields(fields))
        if all(wanted <= row_properties(row).keys() for row in rows):
            return ()
        return self._catalog.properties(object_type, fresh=True).keys()

    def _explain(self, object_type: str, reply: Reply, key: str | None) -> None:
        said = complaint(reply.body, reply.status)
        if key is not None:
            self._catalog.check(object_type, [key])
        raise SchemaDriftError(f"HubSpot cannot read {object_type}: {said.message}")

    def _only_associations(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        values: dict[RemoteId, dict[str, Any]] = {}
        for name in fields:
            for id, items in self._associations.read(object_type, name, ids).items():
                values.setdefault(id, {})[name] = items
        return [RemoteRecord(object_type, id, found) for id, found in values.items()]

    def _missing(
        self, object_type: str, fields: Fields, wanted: Sequence[RemoteId], rows: Sequence[Row]
    ) -> list[tuple[RemoteId, Row]]:
        """(id asked for, row) of ids that a batch read did not answer by their own name: merged
        into another record, or archived. Unknown ones are left out."""
        there = {row_id(row) for row in rows}
        by_old = {old: row for row in rows for old in merged_ids(row)}
        missing = [id for id in wanted if id not in there]
        found = [(id, by_old[id]) for id in missing if id in by_old]
        open_ids = [id for id in missing if id not in by_old]
        if not open_ids:
            return found
        gone = self.rows(object_type, fields, open_ids, archived=True)
        archived = {row_id(row): {**row, "archived": True} for row in gone}
        asked = open_ids[: self._options.resolve_limit] if object_type in MERGING else []
        moved = {id: new for id in asked if (new := self._now_called(object_type, id))}
        survivors = self.rows(object_type, fields, list(dict.fromkeys(moved.values())))
        by_id = {row_id(row): row for row in survivors}
        for id in open_ids:
            row = by_id.get(moved.get(id, "")) or archived.get(id)
            if row is not None:
                found.append((id, row))
        return found

    def _now_called(self, object_type: str, id: RemoteId) -> RemoteId | None:
        """The id of the record that an id belonged to before a merge; None where there is none
        (HubSpot says so in HTML)."""
        reply = self._api.call(
            "GET",
            f"{self._routes.objects}/{object_type}/{{id}}",
            ids={"id": id},
            query=[("properties", "hs_object_id")],
            accept=(404,),
            needs="properties",
        )
        return row_id(reply.body) if reply.ok else None


def _check_errors(object_type: str, reply: Reply) -> None:
    """Raise VendorDownError for errors of a 207 other than that records are not there: one that
    could not be read is not one that is gone."""
    for error in reply.body.get("errors") or ():
        said = complaint(error) if isinstance(error, Mapping) else None
        if said is None or not said.missing:
            text = said.message if said else str(error)
            raise VendorDownError(f"HubSpot could not read all {object_type}: {text}")


def check_associations(object_type: str, fields: Fields) -> None:
    """Raise SchemaDriftError for an association field that the object type does not have."""
    known = ASSOCIATION_FIELDS.get(object_type, {})
    if unknown := [name for name in association_fields(fields) if name not in known]:
        raise SchemaDriftError(f"{object_type} have no {', '.join(unknown)}")


def _has(row: Row, by: str, wanted: set[str]) -> bool:
    return str(row_properties(row).get(by) or "").casefold() in wanted


def _as_asked(shown: RemoteRecord, old: RemoteId) -> RemoteRecord:
    if shown.id == old:
        return shown
    return RemoteRecord(
        object_type=shown.object_type,
        id=shown.id,
        fields=shown.fields,
        modified=shown.modified,
        created=shown.created,
        archived=shown.archived,
        requested_id=old,
    )
