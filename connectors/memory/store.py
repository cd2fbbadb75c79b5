"""The CRM behind the reference connector: rows, and what a person can do to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import RLock
from typing import Any

from connectors.base import (
    Convert,
    FieldSchema,
    Move,
    Moved,
    RawFields,
    RawValue,
    Ref,
    RemoteId,
    Schema,
)
from connectors.memory import conversion, rules
from connectors.memory.faults import Fault, Faults, Refusal
from connectors.memory.model import (
    Quirks,
    Row,
    merged_fields,
    rounded_down,
    sorted_items,
    targets,
)
from core.clock import Clock
from core.errors import (
    ConnectorError,
    DuplicateError,
    NotFoundError,
    RecordError,
    RejectedError,
    SchemaDriftError,
)


class MemoryCrm:
    """Records in memory, edited here as a person does it; thread-safe.

    The methods of this class validate like the API, raise RecordError, and are not counted:
    `writes` counts records that connectors wrote, `requests` their calls by (method, object
    type). `token` is the only credential; `daily_limit` (None: none) and `daily_used` are the
    API allowance, over all connectors.
    """

    def __init__(
        self,
        schemas: Iterable[Schema],
        clock: Clock,
        *,
        quirks: Quirks | None = None,
        prefix: str = "",
    ) -> None:
        self.clock = clock
        self.quirks = quirks or Quirks()
        self.lock = RLock()
        self.faults = Faults()
        self.token = "memory-token"
        self.session = 1
        self.writes = 0
        self.requests: Counter[tuple[str, str]] = Counter()
        self.daily_limit: int | None = None
        self.daily_used = 0
        self._prefix = prefix
        self._counts: Counter[str] = Counter()
        self._schemas = {schema.object_type: schema for schema in schemas}
        self._rows: dict[str, dict[RemoteId, Row]] = {name: {} for name in self._schemas}
        self._unique: dict[tuple[str, str, str], RemoteId] = {}

    # -- what there is

    @property
    def object_types(self) -> tuple[str, ...]:
        return tuple(self._schemas)

    def schema(self, object_type: str) -> Schema:
        """Raises SchemaDriftError where there is no such object type."""
        try:
            return self._schemas[object_type]
        except KeyError:
            raise SchemaDriftError(f"there is no object type {object_type}") from None

    def add_field(self, object_type: str, made: FieldSchema) -> None:
        """A person (or `prepare`) makes a field."""
        with self.lock:
            schema = self.schema(object_type)
            fields = {**schema.fields, made.name: made}
            self._schemas[object_type] = replace(schema, fields=fields)

    def remove_field(self, object_type: str, name: str) -> None:
        """A person deletes a field with all its values."""
        with self.lock:
            schema = self.schema(object_type)
            fields = {key: value for key, value in schema.fields.items() if key != name}
            self._schemas[object_type] = replace(schema, fields=fields)
            for row in self._rows[object_type].values():
                row.fields.pop(name, None)

    def row(self, object_type: str, id: RemoteId) -> Row | None:
        """The row with that id, dead or alive."""
        self.schema(object_type)
        return self._rows[object_type].get(id)

    def live(self, object_type: str, id: RemoteId) -> Row:
        """The living row; raises NotFoundError, or RejectedError for a converted one."""
        row = self.row(object_type, id)
        if row is None or row.archived:
            raise NotFoundError(f"there is no {object_type} {id!r}")
        if row.moved is not None:
            raise RejectedError(f"{object_type} {id} is converted", vendor_code="CONVERTED")
        return row

    def rows(self, object_type: str) -> list[Row]:
        """All rows, dead or alive."""
        self.schema(object_type)
        return list(self._rows[object_type].values())

    def value(self, row: Row, name: str) -> RawValue:
        """A field as it reads now: references and associations follow merges, skip the dead."""
        field = self._schemas[row.object_type].fields[name]
        if field.type == "id":
            return row.id
        value = row.fields.get(name)
        if field.type == "reference":
            return value and self._resolve(field, value)
        if field.type == "association":
            resolved = ((self._resolve(field, item["id"]), item) for item in value or ())
            return sorted_items({**item, "id": id} for id, item in resolved if id is not None)
        return list(value) if isinstance(value, list) else value

    def unique_owner(self, object_type: str, name: str, value: RawValue) -> RemoteId | None:
        """The living record that holds this value of a unique field."""
        return self._unique.get((object_type, name, str(value).casefold()))

    def snapshot(self, *, archived: bool = False) -> dict[str, dict[RemoteId, dict[str, Any]]]:
        """Living records (or the others too) by object type and id, blanks left out."""
        with self.lock:
            return {
                name: {
                    row.id: self._shown(row)
                    for row in rows.values()
                    if archived or not row.archived
                }
                for name, rows in self._rows.items()
            }

    # -- what a person does

    def insert(self, object_type: str, fields: RawFields) -> RemoteId:
        """Make a record; returns its id."""
        with self.lock:
            _raise_first(self.problems(object_type, fields, creating=True))
            return self.store_new(object_type, fields).id

    def edit(self, object_type: str, id: RemoteId, fields: RawFields) -> None:
        """Set fields; None clears."""
        with self.lock:
            row = self.live(object_type, id)
            _raise_first(self.problems(object_type, fields, creating=False, id=id))
            self.store(row, fields)

    def delete(self, object_type: str, id: RemoteId) -> None:
        """Archive; what refers to it reads as if it did not."""
        with self.lock:
            row = self.live(object_type, id)
            self._bury(row, None)

    def restore(self, object_type: str, id: RemoteId) -> None:
        """Bring an archived record back; raises NotFoundError where there is none."""
        with self.lock:
            row = self.row(object_type, id)
            if row is None or not row.archived or row.moved is not None:
                raise NotFoundError(f"there is no archived {object_type} {id!r}")
            _raise_first(self._taken(object_type, row.fields, id))
            row.archived = False
            self._index(row, row.fields)
            self.touch(row)
            self._touch_referrers(row)

    def merge(self, object_type: str, survivor: RemoteId, losers: Sequence[RemoteId]) -> RemoteId:
        """Let one absorb the others: its values win, its blanks are filled from them in order.

        Returns the id it goes on with.
        """
        with self.lock:
            keep = self.live(object_type, survivor)
            lost = [self.live(object_type, id) for id in losers]
            ids = [row.id for row in (keep, *lost)]
            if len(ids) < 2 or len(set(ids)) != len(ids):
                raise RejectedError("cannot merge a record with itself", vendor_code="SELF")
            filled = merged_fields(keep, lost)
            if self.quirks.merge_new_id:
                lost.append(keep)
                keep = self._new_row(object_type)
            for row in lost:
                self._bury(row, Moved(Move.MERGED, Ref(object_type, keep.id)))
            self.store(keep, filled)
            return keep.id

    def convert(
        self,
        id: RemoteId,
        *,
        account_id: RemoteId | None = None,
        contact_id: RemoteId | None = None,
        opportunity_name: str | None = None,
    ) -> Moved:
        """Convert a lead of the generic CRM, into what is given; returns where it went."""
        wish = Convert("", id, account_id, contact_id, opportunity_name)
        return conversion.convert(self, wish)

    def mark_converted(self, row: Row, moved: Moved) -> None:
        """A lead lives on elsewhere: it stays readable and can be written no more."""
        with self.lock:
            self._unindex(row)
            row.moved = moved
            self.touch(row)

    def associate(
        self,
        object_type: str,
        id: RemoteId,
        name: str,
        to: RemoteId,
        *,
        label: str | None = None,
        primary: bool = False,
    ) -> None:
        """Add one association; a primary one demotes the others."""
        with self.lock:
            items = self.value(self.live(object_type, id), name)
            others = [{**item, "primary": item["primary"] and not primary} for item in items]
            kept = [item for item in others if (item["id"], item["label"]) != (to, label)]
            new = {"id": to, "label": label, "primary": primary}
            self.edit(object_type, id, {name: [*kept, new]})

    def dissociate(self, object_type: str, id: RemoteId, name: str, to: RemoteId) -> None:
        """Remove every association with that record, whatever its label."""
        with self.lock:
            items = self.value(self.live(object_type, id), name)
            self.edit(object_type, id, {name: [item for item in items if item["id"] != to]})

    # -- failures to order

    def fail_next(
        self,
        method: str,
        error: ConnectorError,
        *,
        after: bool = False,
        times: int = 1,
        skip: int = 0,
        applied: int | None = None,
    ) -> None:
        """Let calls of a connector's method ("*": any) raise, before or after their effect.

        `skip` calls pass first; `applied` writes of a batch take effect (default all or none).
        """
        self.faults.pending.append(Fault(method, error, after, times, skip, applied))

    def lose_next_answer(self) -> None:
        """The next `apply` takes effect and every write of it ends as `Unknown`."""
        self.faults.pending.append(Fault("apply", None, after=True))

    def refuse(self, refusal: Refusal) -> None:
        """Refuse writes by a predicate of object type and write, until `clear_faults`."""
        self.faults.refusals.append(refusal)

    def clear_faults(self) -> None:
        """Forget all failures and refusals."""
        self.faults.clear()

    def expire_session(self) -> None:
        """Connectors have to sign in again; those with the right token can."""
        self.session += 1

    # -- how it is kept

    def problems(
        self, object_type: str, fields: RawFields, *, creating: bool, id: RemoteId = ""
    ) -> dict[str, RecordError]:
        """What the CRM would refuse of these fields, by field name."""
        schema = self.schema(object_type)
        errors = rules.check(schema, fields, creating=creating)
        sound = {name: value for name, value in fields.items() if name not in errors}
        dangling = {
            name: RejectedError(f"{name} refers to nothing", field=name, vendor_code="DANGLING")
            for name, value in sound.items()
            if not all(self._alive(schema.fields[name], to) for to in targets(schema, name, value))
        }
        return {**self._taken(object_type, sound, id), **dangling, **errors}

    def store_new(self, object_type: str, fields: RawFields) -> Row:
        """A new row of fields that were checked."""
        row = self._new_row(object_type)
        self.store(row, fields)
        return row

    def store(self, row: Row, fields: RawFields) -> None:
        """Set checked fields, normalised; the stamp moves unless all of them are silent."""
        stored = {name: self._normal(row.object_type, name, v) for name, v in fields.items()}
        self._unindex(row)
        row.fields.update(stored)
        self._index(row, row.fields)
        row.times.update(dict.fromkeys(stored, self.clock.now()))
        if not stored or set(stored) - self.silent(row.object_type):
            self.touch(row)

    def silent(self, object_type: str) -> set[str]:
        """Fields whose change moves no stamp."""
        return set(self.associations(object_type)) if self.quirks.silent_associations else set()

    def associations(self, object_type: str) -> dict[str, str]:
        """Association fields and the object type each points to."""
        fields = self.schema(object_type).fields.values()
        return {field.name: field.references[0] for field in fields if field.type == "association"}

    def touch(self, row: Row) -> None:
        """Move the modified stamp to now."""
        now = self.clock.now()
        row.modified = rounded_down(now, self.quirks.coarse_seconds)
        row.visible = now + timedelta(seconds=self.quirks.late_seconds)

    def _new_row(self, object_type: str) -> Row:
        self._counts[object_type] += 1
        n, short = self._counts[object_type], object_type[:3].lower()
        id = f"{self._prefix}{short}/{n:05d}?a=1&b" if self.quirks.odd_ids else ""
        id = id or f"{self._prefix}{short}-{n:05d}"
        now = self.clock.now()
        row = Row(object_type, id, created=now, modified=now, visible=now)
        self._rows[object_type][id] = row
        self.touch(row)
        return row

    def _bury(self, row: Row, moved: Moved | None) -> None:
        self._unindex(row)
        row.archived, row.moved = True, moved
        self.touch(row)
        self._touch_referrers(row)

    def _touch_referrers(self, target: Row) -> None:
        for name, one in self._referring(target.object_type):
            for row in self._rows[name].values():
                value = row.fields.get(one.name)
                if target.id in targets(self._schemas[name], one.name, value):
                    self.touch(row)

    def _referring(self, object_type: str) -> Iterator[tuple[str, FieldSchema]]:
        for name, schema in self._schemas.items():
            silent = self.silent(name)
            for one in schema.fields.values():
                if object_type in one.references and one.name not in silent:
                    yield name, one

    def _shown(self, row: Row) -> dict[str, Any]:
        values = {name: self.value(row, name) for name in row.fields}
        return {name: value for name, value in values.items() if value not in (None, [])}

    def _resolve(self, field: FieldSchema, id: RemoteId) -> RemoteId | None:
        row = next((r for t in field.references if (r := self._rows[t].get(id))), None)
        while row is not None and row.moved is not None and row.moved.how is Move.MERGED:
            row = self._rows[row.moved.to.object_type][row.moved.to.id]
        return row.id if row is not None and not row.archived else None

    def _alive(self, field: FieldSchema, id: RemoteId) -> bool:
        rows = (self._rows[name].get(id) for name in field.references)
        return any(row is not None and row.live for row in rows)

    def _normal(self, object_type: str, name: str, value: RawValue) -> RawValue:
        field = self._schemas[object_type].fields[name]
        if field.type == "association":
            return sorted_items(value or ())
        value = rules.blank_to_none(value)
        function = self.quirks.normalise.get(f"{object_type}.{name}")
        return value if function is None or value is None else function(value)

    def _uniques(self, object_type: str, fields: RawFields) -> Iterator[tuple[str, str, str]]:
        schema = self._schemas[object_type]
        for name, value in fields.items():
            if name in schema.fields and schema.fields[name].unique and value not in (None, ""):
                yield object_type, name, str(value).casefold()

    def _taken(self, object_type: str, fields: RawFields, id: RemoteId) -> dict[str, RecordError]:
        owners = {key[1]: self._unique.get(key) for key in self._uniques(object_type, fields)}
        return {
            name: DuplicateError(
                f"{owner} already has that {name}", existing_id=owner, vendor_code="DUPLICATE"
            )
            for name, owner in owners.items()
            if owner not in (None, id)
        }

    def _index(self, row: Row, fields: RawFields) -> None:
        self._unique.update(dict.fromkeys(self._uniques(row.object_type, fields), row.id))

    def _unindex(self, row: Row) -> None:
        for key in self._uniques(row.object_type, row.fields):
            if self._unique.get(key) == row.id:
                del self._unique[key]


def _raise_first(errors: Mapping[str, RecordError]) -> None:
    for error in errors.values():
        raise error
