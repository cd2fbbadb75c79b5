"""Reading: paged queries, records by id (through merges) and by value, and describes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from connectors.base import Fields, RemoteId, RemoteRecord, Schema
from connectors.salesforce import recordtypes, soql, wire
from connectors.salesforce.errors import drift
from connectors.salesforce.transport import Request, Transport
from core.errors import ConnectorError, ForbiddenError, SchemaDriftError, UnexpectedReplyError

FETCH_BATCH = 400
MERGE_DEPTH = 50


class Reader:
    """Reads of one account; safe to use from several threads."""

    def __init__(self, transport: Transport, page_size: int | None = None) -> None:
        self._transport = transport
        self._headers = {"Sforce-Query-Options": f"batchSize={page_size}"} if page_size else {}
        self._lock = threading.Lock()
        self._schemas: dict[str, Schema] = {}
        self._record_types: dict[str, dict[str, str]] = {}

    # -- queries ------------------------------------------------------------------------------

    def query(self, text: str, *, deleted: bool = False) -> Iterator[list[wire.Raw]]:
        """The rows page by page, at least one page; with deleted rows if asked.

        Raises CursorExpiredError where Salesforce has forgotten the position between two pages.
        """
        verb = "queryAll" if deleted else "query"
        path = f"{verb}?q={soql.encode(text)}"
        while True:
            answer = self._transport.call(
                Request("GET", path, f"GET {verb}", headers=self._headers)
            )
            rows, following = _page(answer.value())
            yield [self._whole(row) for row in rows]
            if following is None:
                return
            path = following

    def rows(self, text: str, *, deleted: bool = False) -> list[wire.Raw]:
        """All rows of a query that gives few."""
        return [row for page in self.query(text, deleted=deleted) for row in page]

    def _whole(self, row: wire.Raw) -> wire.Raw:
        """The row with the rest of a child query that did not fit into the page."""
        for link in wire.LINKS.values():
            child = row.get(link.field)
            if isinstance(child, dict) and not child.get("done", True):
                row = {**row, link.field: {"done": True, "records": self._rest(child)}}
        return row

    def _rest(self, child: Any) -> list[wire.Raw]:
        records, following = _page(child)
        while following is not None:
            answer = self._transport.call(Request("GET", following, "GET query", headers={}))
            more, following = _page(answer.value())
            records = [*records, *more]
        return records

    # -- records ------------------------------------------------------------------------------

    def fetch(
        self, object_type: str, fields: Fields, ids: Sequence[RemoteId]
    ) -> list[RemoteRecord]:
        """Records by id as they are now; see the contract. Deleted rows as far as the recycle
        bin shows them."""
        asked = {whole: given for given in ids if (whole := soql.id18(given))}
        with self.naming(object_type, fields):
            rows = self._by_id(object_type, fields, asked)
        found = [
            wire.record(object_type, rows[whole], fields)
            for whole in asked
            if whole in rows and not rows[whole].get("MasterRecordId")
        ]
        merged = {
            whole: row
            for whole, row in rows.items()
            if row.get("MasterRecordId") and whole in asked
        }
        return found + self._survivors(object_type, fields, merged, rows)

    def _survivors(
        self,
        object_type: str,
        fields: Fields,
        merged: dict[str, wire.Raw],
        rows: dict[str, wire.Raw],
    ) -> list[RemoteRecord]:
        """The record that each merged id lives on in, however long the chain."""
        found: list[RemoteRecord] = []
        trail = {old: row["MasterRecordId"] for old, row in merged.items()}
        for _ in range(MERGE_DEPTH):
            rows |= self._by_id(object_type, fields, set(trail.values()) - rows.keys())
            following: dict[str, str] = {}
            for old, now in trail.items():
                row = rows.get(now)
                if row is not None and row.get("MasterRecordId"):
                    following[old] = row["MasterRecordId"]
                else:
                    last = wire.record(object_type, row or merged[old], fields)
                    found.append(_requested(last, old))
            trail = following
            if not trail:
                break
        return found

    def _by_id(self, object_type: str, fields: Fields, ids: Iterable[str]) -> dict[str, wire.Raw]:
        rows: dict[str, wire.Raw] = {}
        for part in self._field_groups(object_type, fields):
            budget = soql.URL_BUDGET - len(soql.encode(",".join(part)))
            quoted = [soql.text(one) for one in ids]
            for group in soql.chunks(quoted, budget, FETCH_BATCH):
                where = f"Id IN ({','.join(group)})"
                for row in self.rows(soql.select(part, object_type, where), deleted=True):
                    rows[row["Id"]] = wire.joined(rows.get(row["Id"], {}), row)
        return rows

    def _field_groups(self, object_type: str, fields: Fields) -> list[list[str]]:
        """SELECT lists short enough for a URL; each begins with the system columns."""
        system = wire.system_columns(object_type)
        rest = wire.columns(object_type, fields)[len(system) :]
        return [[*system, *group] for group in soql.chunks(rest, soql.FIELD_BUDGET)] or [system]

    def complete(
        self, object_type: str, fields: Fields, rows: list[wire.Raw]
    ) -> list[RemoteRecord]:
        """Records of rows that were queried with `first_columns`, with the fields that did not
        fit into that query."""
        groups = self._field_groups(object_type, fields)
        if len(groups) > 1:
            more = self._by_id(object_type, fields, [row["Id"] for row in rows])
            rows = [wire.joined(row, more.get(row["Id"], {})) for row in rows]
        return [wire.record(object_type, row, fields) for row in rows]

    def first_columns(self, object_type: str, fields: Fields) -> list[str]:
        """As much of the SELECT list as one query's URL takes."""
        return self._field_groups(object_type, fields)[0]

    def find(
        self, object_type: str, fields: Fields, by: str, values: Sequence[str]
    ) -> list[RemoteRecord]:
        """Live records by value; blank values and values that the field cannot hold find
        nothing."""
        kind = self.known(object_type, by)
        literals = {soql.literal(value, kind) for value in values} - {None}
        found: dict[str, wire.Raw] = {}
        select = self.first_columns(object_type, fields)
        budget = soql.URL_BUDGET - len(soql.encode(",".join(select)))
        for group in soql.chunks(sorted(one for one in literals if one), budget):
            where = f"{soql.name(by)} IN ({','.join(group)})"
            with self.naming(object_type, [by, *fields]):
                for row in self.rows(soql.select(select, object_type, where)):
                    found[row["Id"]] = row
        return self.complete(object_type, fields, list(found.values()))

    # -- schemas ------------------------------------------------------------------------------

    def describe_raw(self, object_type: str) -> wire.Raw:
        """The describe as Salesforce gives it. SchemaDriftError where there is no such type."""
        path = f"sobjects/{soql.name(object_type)}/describe"
        body = self._transport.call(Request("GET", path, "GET sobjects/X/describe")).value()
        if not isinstance(body, dict) or not isinstance(body.get("fields"), list):
            raise UnexpectedReplyError(f"The describe of {object_type} has no fields.")
        return body

    def describe(self, object_type: str) -> Schema:
        """The live schema, remembered for `schema`."""
        raw = self.describe_raw(object_type)
        link = wire.link_of(raw)
        found = wire.schema(raw, self._described(link.object_type) if link else None)
        with self._lock:
            self._schemas[object_type] = found
            self._record_types[object_type] = recordtypes.ids(raw)
        return found

    def record_types(self, object_type: str) -> dict[str, str]:
        """The ids of the record types by name, as last described."""
        self.schema(object_type)
        with self._lock:
            return self._record_types[object_type]

    def _described(self, object_type: str) -> wire.Raw | None:
        """The describe of what hangs on another; None where the user may not see it."""
        try:
            return self.describe_raw(object_type)
        except (SchemaDriftError, ForbiddenError):
            return None

    def schema(self, object_type: str) -> Schema:
        """The schema as last described; described now where it was not."""
        with self._lock:
            known = self._schemas.get(object_type)
        return known or self.describe(object_type)

    def missing(self, object_type: str, fields: Iterable[str]) -> list[str]:
        """Those of the fields that the live schema does not show; read anew."""
        live = wire.schema(self.describe_raw(object_type))
        shown = {name.lower() for name in live.fields}
        return sorted({name for name in fields if name.lower() not in shown})

    @contextmanager
    def naming(self, object_type: str, fields: Iterable[str]) -> Iterator[None]:
        """Let a refused reading name the fields that are gone, where that is its reason."""
        try:
            yield
        except SchemaDriftError as error:
            plain = [name for name in fields if "." not in name]
            try:
                missing = self.missing(object_type, plain)
            except ConnectorError:
                missing = []
            raise drift(object_type, missing) if missing else error from None

    def known(self, object_type: str, field: str) -> Any:
        """The type of a field; a string where the schema does not show the field, so that the
        query itself says what is wrong."""
        fields = self.schema(object_type).fields
        return fields[field].type if field in fields else "string"


def _page(body: Any) -> tuple[list[wire.Raw], str | None]:
    """The rows of a query answer and where the next are. Raises UnexpectedReplyError rather
    than take an answer without rows for an empty one."""
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise UnexpectedReplyError("A query was answered without records.")
    if body.get("done") is True:
        return body["records"], None
    following = body.get("nextRecordsUrl")
    if not isinstance(following, str) or not following.startswith("/services/data/"):
        raise UnexpectedReplyError("A query that is not done was answered without a next page.")
    return body["records"], following


def _requested(last: RemoteRecord, old: str) -> RemoteRecord:
    return RemoteRecord(
        last.object_type,
        last.id,
        last.fields,
        modified=last.modified,
        created=last.created,
        archived=last.archived,
        moved=last.moved,
        requested_id=old,
    )
