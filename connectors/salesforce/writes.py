"""Writing: grouped by verb into collection calls, told row by row, and read back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from connectors.base import (
    Archive,
    Create,
    Done,
    Outcome,
    RawValue,
    Refused,
    RemoteRecord,
    Unknown,
    Update,
    Write,
)
from connectors.salesforce import soql, wire
from connectors.salesforce.collections import ROWS, Call, Result, Row, send
from connectors.salesforce.errors import FIELD_CODES, LOCK_CODE, Fault, record_error
from connectors.salesforce.reads import Reader
from connectors.salesforce.roles import RoleWriter, Wished
from connectors.salesforce.sender import NotSentError
from connectors.salesforce.transport import Transport
from core.clock import Clock
from core.errors import (
    ConnectorError,
    NetworkError,
    NotFoundError,
    RecordError,
    RejectedError,
    UnexpectedReplyError,
    VendorDownError,
)

ROUNDS = 5
LOCK_PAUSE = 0.5
MAY_HAVE_HAPPENED = (NetworkError, VendorDownError, UnexpectedReplyError)


@dataclass(frozen=True, slots=True)
class Item:
    """One write on its way: what is still to be sent of it, and what was refused so far."""

    place: int
    op: str
    row: Row
    roles: Wished | None = None
    refused: dict[str, RecordError] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """The outcomes so far by place, and the items that were done, whose rest is to follow."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    done: list[tuple[Item, Result]] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        """Whether raising would make something unknown that is known."""
        return bool(self.done) or any(isinstance(o, Unknown) for o in self.outcomes.values())

    def settled(self, item: Item) -> bool:
        return item.place in self.outcomes or any(one.place == item.place for one, _ in self.done)


class Writer:
    """Writes of one account; one thread at a time per object type."""

    def __init__(self, transport: Transport, reader: Reader, clock: Clock, patience: float) -> None:
        self._transport = transport
        self._reader = reader
        self._clock = clock
        self._patience = patience
        self._roles = RoleWriter(transport, reader, clock)

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        """See the contract. N writes of one verb cost N/200 calls, and one query a call to read
        back what Salesforce now holds."""
        ledger = Ledger()
        groups = self._groups(object_type, writes, ledger)
        for call, items in groups:
            try:
                self._settle(call, items, ledger)
            except ConnectorError as error:
                lost = not call.repeatable and isinstance(error, MAY_HAVE_HAPPENED)
                lost = lost and not isinstance(error, NotSentError)
                if not (lost or ledger.acknowledged):
                    raise
                for item in items:
                    if not ledger.settled(item):
                        ledger.outcomes[item.place] = Unknown(item.op, str(error))
        self._finish(object_type, ledger)
        return [ledger.outcomes[place] for place in range(len(writes))]

    def _groups(
        self, object_type: str, writes: Sequence[Write], ledger: Ledger
    ) -> list[tuple[Call, list[Item]]]:
        """The writes by what can go into one call, at most 200 each.

        A record (or a stamp) appears once in a call, or Salesforce refuses both rows; its
        second write goes into a later call, so that the order of one record's writes stays.
        """
        groups: dict[tuple[Call, int], list[Item]] = defaultdict(list)
        times: Counter[str] = Counter()
        for place, write in enumerate(writes):
            prepared = _prepare(object_type, place, write)
            if isinstance(prepared, RecordError):
                ledger.outcomes[place] = Refused(write.op, prepared)
                continue
            call, item = prepared
            key = item.row.id or str(item.row.fields.get(call.stamp_field, place))
            groups[call, times[key]].append(item)
            times[key] += 1
        ordered = sorted(groups, key=lambda key: key[1])
        return [
            (call, groups[call, turn][start : start + ROWS])
            for call, turn in ordered
            for start in range(0, len(groups[call, turn]), ROWS)
        ]

    # -- sending ------------------------------------------------------------------------------

    def _settle(self, call: Call, items: list[Item], ledger: Ledger) -> None:
        """Send until each item is done or refused: rows that were locked again after a pause,
        rows with a bad value again without it."""
        waiting = items
        for turn in range(ROUNDS):
            waiting, locked = self._round(call, waiting, ledger, last=turn == ROUNDS - 1)
            if not waiting:
                return
            if locked:
                self._clock.sleep(min(LOCK_PAUSE * 2**turn, self._patience / ROUNDS))

    def _round(
        self, call: Call, items: list[Item], ledger: Ledger, *, last: bool
    ) -> tuple[list[Item], bool]:
        again: list[Item] = []
        locked = False
        for item, result in self._sent(call, items):
            if not result.faults or _gone_anyway(call, result):
                ledger.done.append((item, result))
            elif result.faults[0].code == LOCK_CODE and not last:
                again.append(item)
                locked = True
            else:
                rest = None if last else self._without_bad_values(call, item, result.faults)
                if rest is not None:
                    again.append(rest)
                else:
                    error = record_error(result.faults, existing=bool(item.row.id))
                    ledger.outcomes[item.place] = Refused(item.op, error)
        return again, locked

    def _sent(self, call: Call, items: list[Item]) -> Iterable[tuple[Item, Result]]:
        """Each item with its result; an item with nothing but roles to write needs no call."""
        bare = [i for i in items if call.verb == "update" and not i.row.fields]
        full = [i for i in items if i not in bare]
        results = send(self._transport, call, [i.row for i in full]) if full else []
        return [*((i, Result(i.row.id)) for i in bare), *zip(full, results, strict=True)]

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
        schema = self._reader.schema(call.object_type).fields
        writable = {
            name
            for name, one in schema.items()
            if (one.updateable if item.row.id else one.createable)
        }
        return [name for name in item.row.fields if name not in writable]

    def _required(self, object_type: str) -> set[str]:
        fields = self._reader.schema(object_type).fields
        return {name for name, one in fields.items() if one.required_on_create}

    # -- afterwards ---------------------------------------------------------------------------

    def _finish(self, object_type: str, ledger: Ledger) -> None:
        """Write the contact roles of what was done, read it all back, and say it."""
        wished = {
            result.id or item.row.id: item.roles
            for item, result in ledger.done
            if item.roles is not None
        }
        errors = self._roles.write(wished) if wished else {}
        records = self._read_back(object_type, ledger.done)
        for item, result in ledger.done:
            id = result.id or item.row.id
            refused = dict(item.refused)
            if id in errors:
                refused[wire.ROLES] = errors[id]
            if id in errors and not item.row.fields and id not in records:
                ledger.outcomes[item.place] = Refused(item.op, errors[id])
            else:
                ledger.outcomes[item.place] = Done(
                    item.op, records.get(id), id, created=result.created, refused=refused
                )

    def _read_back(
        self, object_type: str, done: Sequence[tuple[Item, Result]]
    ) -> dict[str, RemoteRecord]:
        """The records as Salesforce now holds them, by id; those that could not be read lack."""
        if not done:
            return {}
        fields = list(dict.fromkeys(name for item, _ in done for name in item.row.fields))
        if any(item.roles is not None for item, _ in done):
            fields.append(wire.ROLES)
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


def _split(object_type: str, fields: wire.Raw) -> tuple[dict[str, RawValue], Wished | None]:
    plain = {name: v for name, v in fields.items() if not wire.is_association(object_type, name)}
    if len(plain) == len(fields):
        return plain, None
    return plain, fields[wire.ROLES] or []


def _gone_anyway(call: Call, result: Result) -> bool:
    return call.verb == "delete" and result.faults[0].code == "ENTITY_IS_DELETED"


def _field_error(fault: Fault, name: str) -> RecordError:
    """The error of one field."""
    return RejectedError(f"{fault.message} ({fault.code})", field=name, vendor_code=fault.code)
