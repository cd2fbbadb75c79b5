"""One write of the contract carried out on the CRM in memory, and its outcome."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import (
    Archive,
    Convert,
    Create,
    Done,
    Merge,
    Outcome,
    RawFields,
    Refused,
    RemoteId,
    RemoteRecord,
    Restore,
    Update,
    Write,
)
from connectors.memory.conversion import LEAD, convert
from connectors.memory.store import MemoryCrm
from connectors.memory.wire import shown
from core.errors import DuplicateError, RecordError, RejectedError


def carry_out(crm: MemoryCrm, object_type: str, write: Write) -> Outcome:
    """The outcome of one write; a RecordError of the CRM becomes `Refused`."""
    with crm.lock:
        refusal = crm.faults.refusal(object_type, write)
        if refusal is not None:
            return Refused(write.op, refusal)
        try:
            outcome = _dispatch(crm, object_type, write)
        except RecordError as error:
            return Refused(write.op, error)
        crm.writes += 1
        return outcome


def _dispatch(crm: MemoryCrm, object_type: str, write: Write) -> Outcome:
    match write:
        case Create():
            return _create(crm, object_type, write)
        case Update():
            return _update(crm, object_type, write)
        case Archive():
            crm.delete(object_type, write.id)
        case Restore():
            crm.restore(object_type, write.id)
        case Merge():
            survivor = crm.merge(object_type, write.survivor, write.losers)
            return Done(write.op, _record(crm, object_type, survivor), survivor)
        case Convert():
            _convert(crm, object_type, write)
    return Done(write.op, _record(crm, object_type, write.id), write.id)


def _create(crm: MemoryCrm, object_type: str, write: Create) -> Done:
    known = None
    if write.stamp_field is not None:
        stamp = write.fields.get(write.stamp_field)
        known = crm.unique_owner(object_type, write.stamp_field, stamp)
    if known is not None:
        return _update(crm, object_type, Update(write.op, known, write.fields))
    if not write.allow_duplicate:
        _refuse_duplicate(crm, object_type, write.fields)
    taken, refused = _salvage(crm, object_type, write.fields, creating=True)
    id = crm.store_new(object_type, taken).id
    record = _record(crm, object_type, id, write.fields)
    return Done(write.op, record, id, created=True, refused=refused)


def _update(crm: MemoryCrm, object_type: str, write: Update) -> Done:
    row = crm.live(object_type, write.id)
    taken, refused = _salvage(crm, object_type, write.fields, creating=False, id=row.id)
    if taken or not write.fields:
        crm.store(row, taken)
    record = _record(crm, object_type, row.id, write.fields)
    return Done(write.op, record, row.id, refused=refused)


def _salvage(
    crm: MemoryCrm, object_type: str, fields: RawFields, *, creating: bool, id: RemoteId = ""
) -> tuple[RawFields, Mapping[str, RecordError]]:
    """The fields to store and those refused; raises where nothing is left to store."""
    errors = crm.problems(object_type, fields, creating=creating, id=id)
    schema = crm.schema(object_type).fields
    sound = {name: value for name, value in fields.items() if name not in errors}
    vital = [n for n in errors if creating and n in schema and schema[n].required_on_create]
    if errors and (vital or not sound or crm.quirks.whole_refusal):
        raise errors[vital[0] if vital else next(iter(errors))]
    ignored = crm.quirks.ignored
    return {n: v for n, v in sound.items() if f"{object_type}.{n}" not in ignored}, errors


def _refuse_duplicate(crm: MemoryCrm, object_type: str, fields: RawFields) -> None:
    for name, value in fields.items():
        if f"{object_type}.{name}" in crm.quirks.duplicates and value not in (None, ""):
            for row in crm.rows(object_type):
                if row.live and row.fields.get(name) == value:
                    raise DuplicateError(
                        f"{row.id} looks like it by {name}",
                        existing_id=row.id,
                        vendor_code="LIKELY_DUPLICATE",
                    )


def _convert(crm: MemoryCrm, object_type: str, write: Convert) -> None:
    if object_type != LEAD:
        raise RejectedError(f"{object_type} cannot be converted", vendor_code="NOT_A_LEAD")
    convert(crm, write)


def _record(
    crm: MemoryCrm, object_type: str, id: RemoteId, fields: RawFields | None = None
) -> RemoteRecord:
    row = crm.row(object_type, id)
    if row is None:
        raise RejectedError(f"{object_type} {id} vanished", vendor_code="VANISHED")
    known = crm.schema(object_type).fields
    return shown(crm, row, [name for name in fields or row.fields if name in known])
