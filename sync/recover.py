"""Finishes or forgets what an interrupted run began, before anything new is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.base import RemoteRecord
from mapping.canonical import FieldDef
from sync.detect import merge_record, observe
from sync.fields import blank
from sync.journal import Journal, Op
from sync.model import Action, FieldWrite, Row, State, Verb
from sync.privacy import hidden
from sync.refs import References, shape_of
from sync.rejoin import rejoin
from sync.sets import shown_part
from sync.settle import agree, let_go, owe
from sync.sides import Side, by_name
from sync.store import Store


def recover(
    store: Store, sides: Sequence[Side], definitions: Mapping[str, Mapping[str, FieldDef]]
) -> int:
    """Ask the sides what became of writes whose answer is not known; returns how many there were.

    A create is looked up by its stamp and linked if it happened. Where a side keeps no stamps,
    what matches the strongest keys is found by the next matching. An update is read again: if it
    happened, the value is there and nothing is left to write. Raises ConnectorError.
    """
    journal = Journal(store)
    ops = [op for op in journal.open_ops() if op.action.side in by_name(sides)]
    groups: dict[tuple[str, str, Verb], list[Op]] = {}
    for op in ops:
        key = (op.action.side, op.action.object_type, op.action.verb)
        groups.setdefault(key, []).append(op)
    references = References(store, sides)
    for (name, object_type, verb), group in groups.items():
        side = by_name(sides)[name]
        if verb is Verb.CREATE:
            _recover_creates(side, object_type, group, store, references, definitions)
        else:
            _reread(side, object_type, group, store, references, definitions)
    return len(ops)


def _recover_creates(
    side: Side,
    object_type: str,
    ops: Sequence[Op],
    store: Store,
    references: References,
    definitions: Mapping[str, Mapping[str, FieldDef]],
) -> None:
    found = _find_by_stamp(side, object_type, [op.action.entity for op in ops])
    journal = Journal(store)
    for op in ops:
        record = found.get(op.action.entity)
        with store.atomic():
            if record is None:
                journal.conclude(op.id, "lost", record_id=None, error="it did not happen")
                continue
            _adopt(side, op, record, store, references, definitions)
            journal.conclude(op.id, "done", record_id=record.id, error="found after interruption")


def _find_by_stamp(
    side: Side, object_type: str, entities: Sequence[str]
) -> dict[str, RemoteRecord]:
    stamp = side.stamp_field(object_type)
    if stamp is None:
        return {}
    fields = side.read_fields(object_type)
    records = side.connector.find(object_type, fields, stamp, entities)
    return {str(r.fields[stamp]): r for r in records}


def _adopt(
    side: Side,
    op: Op,
    record: RemoteRecord,
    store: Store,
    references: References,
    definitions: Mapping[str, Mapping[str, FieldDef]],
) -> None:
    """Link what was made: written values become the base, so what differs is a later change."""
    action = op.action
    row = store.row(side.name, record.object_type, record.id)
    if row is not None and row.entity is not None:
        return
    row = row or Row(side.name, record.object_type, record.id, action.kind)
    row.entity, row.how, row.stamp = action.entity, "recovered", action.entity
    merge_record(side, action.kind, record, row)
    for written in action.fields:
        _base_on(written, row, definitions[action.kind][written.name], references)
    owe(row, store.by_entities([action.entity]).get(action.entity, []), action.lacks)
    row.dirty = True
    store.put([row])
    references.linked(action.entity, side.name, row.object_type, row.id)
    let_go(store, action.entity, side.name)
    rejoin(store, row)
    _agree(row, action, store, references, definitions[row.kind])


def _base_on(written: FieldWrite, row: Row, definition: FieldDef, references: References) -> None:
    """Base one field of a record that was made on what was written to it."""
    name, shape, shown = written.name, shape_of(definition), row.seen.get(written.name)
    if shape != "scalar" and hidden(written.new):
        local, whole = shown, not blank(shown)  # its members cannot be told apart
    else:
        local, whole = references.localise(
            row.side, row.object_type, definition, written.new, shown
        )
    taken = None if blank(shown) else local
    if shape != "scalar":
        taken = shown_part(local, shown, shape)
    if whole and taken == local:
        row.base[name] = local
    elif whole or shape != "scalar":
        # (all of) it was not taken: no person took it out in so short a time
        row.base[name] = taken
        row.owes.add(name)
    else:
        row.base.pop(name, None)


def _reread(
    side: Side,
    object_type: str,
    ops: Sequence[Op],
    store: Store,
    references: References,
    definitions: Mapping[str, Mapping[str, FieldDef]],
) -> None:
    journal = Journal(store)
    ids = [str(op.action.record_id) for op in ops]
    fields = side.read_fields(object_type)
    observe(side, ops[0].action.kind, side.connector.fetch(object_type, fields, ids), store)
    for op in ops:
        with store.atomic():
            row = store.row(side.name, object_type, str(op.action.record_id))
            if row is not None and row.entity == op.action.entity and op.action.verb is Verb.UPDATE:
                _agree(row, op.action, store, references, definitions[row.kind])
            journal.conclude(op.id, "lost", record_id=None, error="read again after interruption")


def _agree(
    row: Row,
    action: Action,
    store: Store,
    references: References,
    definitions: Mapping[str, FieldDef],
) -> None:
    """What a record is found to have taken is settled between it and the side that it came from:
    taken for a change of its own, it would overwrite what people do there meanwhile."""
    found = store.by_entities([str(row.entity)]).get(str(row.entity), [])
    rows = {r.side: r for r in found if r.state is State.LIVE}
    shown = {r.side: references.resolve(r, r.seen, definitions)[0] for r in rows.values()}
    for written in action.fields:
        definition, source = definitions[written.name], rows.get(written.source)
        having = {s for s, values in shown.items() if values.get(written.name) == written.new}
        if source is None or row.side not in having or shape_of(definition) != "scalar":
            continue
        said, whole = references.localise(source.side, source.object_type, definition, written.new)
        if whole and source.side != row.side:
            settled = {row.side: row.seen[written.name], source.side: said}
            agree(rows.values(), written.name, settled, rows.keys() - having - settled.keys())
    for each in rows.values():
        each.dirty = each.dirty or each.unsettled
    store.put(rows.values())
