"""Writing: grouped by verb into collection calls, told row by row, and read back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from connectors.base import (
    Archive,
    Create,
    Done,
    Outcome,
    RawValue,
    Refused,
    RemoteRecord,
    Schema,
    Update,
    Write,
)
from connectors.salesforce import soql, wire
from connectors.salesforce.bulkwrite import BulkWriter
from connectors.salesforce.collections import ROWS, Call, Result, Row, send
from connectors.salesforce.errors import FIELD_CODES, LOCK_CODE, Fault, drift, record_error
from connectors.salesforce.ledger import Item, Ledger, may_have_happened
from connectors.salesforce.links import COMPARE, LinkWriter, Wished
from connectors.salesforce.moves import WHOLE, MoveWriter
from connectors.salesforce.reads import Reader
from connectors.salesforce.recordtypes import ID_FIELD, RECORD_TYPE, by_id
from connectors.salesforce.transport import Transport
from core.clock import Clock
from core.errors import ConnectorError, NotFoundError, RecordError, RejectedError

ROUNDS = 5
LOCK_PAUSE = 0.5
STAMP_GRAIN = 1.0
"""Seconds by which two stamps, which count whole seconds, may seem further apart."""


class Writer:
    """Writes of one account; one thread at a time per object type."""

    def __init__(
        self,
        transport: Transport,
        reader: Reader,
        bulk: BulkWriter,
        moves: MoveWriter,
        clock: Clock,
        patience: float,
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._bulk = bulk
        self._clock = clock
        self._patience = patience
        self._links = {
            object_type: LinkWriter(link, COMPARE[link.field], transport, reader, clock)
            for object_type, link in wire.LINKS.items()
        }
        self._moves = moves
        self._told: dict[str, dict[str, float]] = {}
        """Per object type the ids told lately, and when."""

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        """See the contract. N writes of one verb cost N/200 calls, or from a threshold on one
        bulk job; and a query for each 400 to read back what Salesforce now holds."""
        begun = self._clock.monotonic()
        ledger = Ledger()
        placed = list(enumerate(writes))
        # what changes records as a whole keeps its place among the other writes
        for whole, run in groupby(placed, lambda pair: isinstance(pair[1], WHOLE)):
            if whole:
                self._moves.settle(object_type, list(run), ledger)
            else:
                self._run(object_type, list(run), ledger)
        self._finish(object_type, ledger, begun)
        return [ledger.outcomes[place] for place in range(len(writes))]

    def _run(self, object_type: str, placed: Sequence[tuple[int, Write]], ledger: Ledger) -> None:
        for call, items in self._groups(object_type, placed, ledger):
            for part in self._by_job(call, items, ledger):
                try:
                    self._settle(call, part, ledger)
                except ConnectorError as error:
                    lost = not call.repeatable and may_have_happened(error)
                    if not (lost or ledger.acknowledged):
                        raise
                    ledger.failed(part, error)

    def _groups(
        self, object_type: str, placed: Sequence[tuple[int, Write]], ledger: Ledger
    ) -> list[tuple[Call, list[Item]]]:
        """The writes by what can go into one call.

        A record (or a stamp) appears once in a call, or Salesforce refuses both rows; its
        second write goes into a later call, so that the order of one record's writes stays.
        """
        groups: dict[tuple[Call, int], list[Item]] = defaultdict(list)
        times: Counter[str] = Counter()
        for place, write in placed:
            prepared = self._prepared(object_type, place, write)
            if isinstance(prepared, RecordError):
                ledger.outcomes[place] = Refused(write.op, prepared)
                continue
            call, item = prepared
            key = item.row.id or str(item.row.fields.get(call.stamp_field, place))
            groups[call, times[key]].append(item)
            times[key] += 1
        ordered = sorted(groups, key=lambda key: key[1])
        return [(key[0], groups[key]) for key in ordered]

    def _prepared(
        self, object_type: str, place: int, write: Write
    ) -> tuple[Call, Item] | RecordError:
        if isinstance(write, Create | Update) and RECORD_TYPE in write.fields:
            known = by_id(write, self._reader.record_types(object_type))
            if isinstance(known, RecordError):
                return known
            write = known
        return _prepare(object_type, place, write)

    # -- sending ------------------------------------------------------------------------------

    def _by_job(self, call: Call, items: list[Item], ledger: Ledger) -> Iterator[list[Item]]:
        """Send what a bulk job serves better; then the others, and what the job left, in
        portions of one collection call."""
        rest = items
        fit = [i for i in items if i.row.fields or call.verb == "delete"]
        fit = [i for i in fit if self._bulk.fits(call, i.row)]
        if self._bulk.takes(call, [i.row for i in fit]):
            taken = {item.place for item in fit}
            rest = [item for item in items if item.place not in taken]
            for item, result in zip(fit, self._bulk.send(call, [i.row for i in fit]), strict=True):
                again = item if result is None else self._judged(call, item, result, ledger)
                if again is not None:
                    rest.append(again)
        for start in range(0, len(rest), ROWS):
            yield rest[start : start + ROWS]

    def _settle(self, call: Call, items: list[Item], ledger: Ledger) -> None:
        """Send until each item is done or refused: rows that were locked again after a pause,
        rows with a bad value again without it."""
        waiting = items
        for turn in range(ROUNDS):
            last = turn == ROUNDS - 1
            again = [
                self._judged(call, item, result, ledger, last=last)
                for item, result in self._sent(call, waiting)
            ]
            locked = any(a is not None and a in waiting for a in again)
            waiting = [item for item in again if item is not None]
            if not waiting:
                return
            if locked:
                self._clock.sleep(min(LOCK_PAUSE * 2**turn, self._patience / ROUNDS))

    def _judged(
        self, call: Call, item: Item, result: Result, ledger: Ledger, *, last: bool = False
    ) -> Item | None:
        """Note the result; what is to be sent again of the item, if anything: the same where
        the row was locked, less where a value was refused."""
        if result.lost:
            ledger.lose(item, result.lost)
        elif not result.faults or _gone_anyway(call, result):
            ledger.succeed(item, result)
        elif result.faults[0].code == LOCK_CODE and not last:
            return item
        else:
            rest = None if last else self._without_bad_values(call, item, result.faults)
            if rest is not None:
                return rest
            ledger.refuse(item, record_error(result.faults, existing=bool(item.row.id)))
        return None

    def _sent(self, call: Call, items: list[Item]) -> Iterable[tuple[Item, Result]]:
        """Each item with its result; an item with nothing but roles to write needs no call."""
        bare = [i for i in items if call.verb == "update" and not i.row.fields]
        full = [i for i in items if i not in bare]
        results = self._collected(call, [i.row for i in full]) if full else []
        return [*((i, Result(i.row.id)) for i in bare), *zip(full, results, strict=True)]

    def _collected(self, call: Call, rows: list[Row]) -> list[Result]:
        """The answers to one collection call. Raises SchemaDriftError where Salesforce refuses
        it as a whole for a field that is no longer there."""

        def check() -> None:
            names = {name for row in rows for name in row.fields}
            missing = self._reader.missing(call.object_type, names)
            if missing:
                raise drift(call.object_type, missing)

        return send(self._transport, call, rows, check)

    def _without_bad_values(self, call: Call, item: Item, found: Sequence[Fault]) -> Item | None:
        """The item less the fields that were refused; None where that cannot help: the fault
        concerns the record as a whole, or a field that a create cannot do without."""
        if call.verb == "delete" or any(fault.code not in FIELD_CODES for fault in found):
            return None
        bad: dict[str, RecordError] = {}
        for fault in found:
            for name in self._named(call, item, fault):
                bad[name] = _field_error(fault, name)
        if not bad or call.stamp_field in bad:
            return None
        if not item.row.id and self._required(call.object_type) & bad.keys():
            return None
        fields = {key: value for key, value in item.row.fields.items() if key not in bad}
        if not fields and item.roles is None:
            return None
        return replace(item, row=replace(item.row, fields=fields), refused={**item.refused, **bad})

    def _named(self, call: Call, item: Item, fault: Fault) -> list[str]:
        """The fields of the item that a fault is about; by the schema where it names none."""
        named = {name.lower() for name in fault.fields}
        if named:
            return [name for name in item.row.fields if name.lower() in named]
        if fault.code not in ("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"):
            return []
        schema = self._reader.schema(call.object_type)
        # described anew where the schema we know does not explain it: a field may have vanished
        return _unwritable(schema, item) or _unwritable(
            self._reader.describe(call.object_type), item
        )

    def _required(self, object_type: str) -> set[str]:
        fields = self._reader.schema(object_type).fields
        return {name for name, one in fields.items() if one.required_on_create}

    # -- afterwards ---------------------------------------------------------------------------

    def _finish(self, object_type: str, ledger: Ledger, begun: float) -> None:
        """Write the links of what was done, read it all back, and say it."""
        link = self._links.get(object_type)
        done = list(ledger.done.values())
        wished = {
            result.id or item.row.id: item.roles for item, result in done if item.roles is not None
        }
        errors = link.write(wished) if link and wished else {}
        lately = {
            id: at
            for id, at in self._told.get(object_type, {}).items()
            if begun - at <= 2 * STAMP_GRAIN
        }
        self._told[object_type] = lately
        records = self._read_back(object_type, done)
        for item, result in done:
            id = result.id or item.row.id
            refused = dict(item.refused)
            if link and id in errors:
                refused[link.link.field] = errors[id]
            if ID_FIELD in refused:
                refused[RECORD_TYPE] = refused[ID_FIELD]
            if id in errors and not item.row.fields and id not in records:
                ledger.refuse(item, errors[id])
            else:
                found = records.get(id)
                repeated = result.repeated and not item.row.id  # of an update nothing is made
                made = result.created or (repeated and self._just_made(found, begun))
                told = Done(item.op, found, id, created=made, refused=refused)
                ledger.conclude(item, told)
        now = self._clock.monotonic()
        self._told[object_type] = lately | {r.id or item.row.id: now for item, r in done}

    def _just_made(self, record: RemoteRecord | None, begun: float) -> bool:
        """Whether a record was made since `begun`, where the sending that made it told nothing
        and its repeat found the record there. Only spans are compared, never two clocks."""
        if record is None or record.created is None or record.modified is None:
            return False
        if record.id in self._told[record.object_type]:
            return False
        span = timedelta(seconds=self._clock.monotonic() - begun + STAMP_GRAIN)
        return not record.archived and record.modified - record.created <= span

    def _read_back(
        self, object_type: str, done: Sequence[tuple[Item, Result]]
    ) -> dict[str, RemoteRecord]:
        """The records as Salesforce now holds them, by id; those that could not be read lack."""
        if not done:
            return {}
        fields = list(dict.fromkeys(name for item, _ in done for name in item.row.fields))
        if any(item.roles is not None for item, _ in done):
            fields.append(wire.LINKS[object_type].field)
        if ID_FIELD in fields and RECORD_TYPE in self._reader.schema(object_type).fields:
            fields.append(RECORD_TYPE)
        try:
            ids = [result.id or item.row.id for item, result in done]
            found = self._reader.fetch(object_type, fields, ids)
        except ConnectorError:
            return {}
        return {record.requested_id or record.id: record for record in found}


def _prepare(object_type: str, place: int, write: Write) -> tuple[Call, Item] | RecordError:
    """The call that a write belongs to, or why it can never be sent."""
    if isinstance(write, Create):
        fields, roles = _split(object_type, write.fields)
        stamp = write.stamp_field or ""
        call = Call("upsert" if stamp else "create", object_type, stamp, write.allow_duplicate)
        return call, Item(place, write.op, Row(fields=fields), roles)
    if not isinstance(write, Update | Archive):
        return RejectedError(f"Salesforce offers no {type(write).__name__.lower()} here.")
    id = soql.id18(write.id)
    if id is None:
        return NotFoundError(f"{write.id!r} is not the id of a Salesforce record.")
    if isinstance(write, Archive):
        return Call("delete", object_type), Item(place, write.op, Row(id))
    fields, roles = _split(object_type, write.fields)
    return Call("update", object_type), Item(place, write.op, Row(id, fields), roles)


def _unwritable(schema: Schema, item: Item) -> list[str]:
    """The fields of the item that the schema does not let be written."""
    writable = {
        name
        for name, one in schema.fields.items()
        if (one.updateable if item.row.id else one.createable)
    }
    return [name for name in item.row.fields if name not in writable]


def _split(object_type: str, fields: wire.Raw) -> tuple[dict[str, RawValue], Wished | None]:
    plain = {name: v for name, v in fields.items() if not wire.is_association(object_type, name)}
    if len(plain) == len(fields):
        return plain, None
    return plain, fields[wire.LINKS[object_type].field] or []


def _gone_anyway(call: Call, result: Result) -> bool:
    return call.verb == "delete" and result.faults[0].code == "ENTITY_IS_DELETED"


def _field_error(fault: Fault, name: str) -> RecordError:
    """The error of one field."""
    return RejectedError(f"{fault.message} ({fault.code})", field=name, vendor_code=fault.code)
