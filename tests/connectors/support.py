"""Small words of the conformance suite: read everything, write one, what is there now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from connectors.base import (
    Connector,
    Create,
    Cursor,
    Done,
    Fields,
    Outcome,
    RawValue,
    Refused,
    RemoteId,
    RemoteRecord,
    Unknown,
    Update,
    Write,
)
from core.errors import RecordError
from tests.connectors.harness import Harness, Names, Role

_ops = count(1)


def new_op() -> str:
    """An op id that no other write of the test run has."""
    return f"op-{next(_ops)}"


def collect(
    connector: Connector, object_type: str, fields: Fields, since: Cursor | None = None
) -> tuple[dict[RemoteId, RemoteRecord], Cursor]:
    """All changes since the cursor, the last reading of each record, and the last cursor."""
    pages = list(connector.changes(object_type, fields, since))
    assert pages, "changes() yields at least one page"
    records = {record.id: record for page in pages for record in page.records}
    return records, pages[-1].cursor


def read_all(
    harness: Harness, role: Role, fields: Fields | None = None, since: Cursor | None = None
) -> tuple[dict[RemoteId, RemoteRecord], Cursor]:
    """`collect` for a role, once the vendor shows everything; by default its `text` field."""
    harness.settle()
    names = harness.names[role]
    return collect(harness.connector, names.object_type, fields or [names.text], since)


def fetch_one(harness: Harness, role: Role, id: RemoteId, *fields: str) -> RemoteRecord:
    """The record as it is now."""
    found = harness.connector.fetch(harness.names[role].object_type, fields, [id])
    assert len(found) == 1, f"fetch of one known id gave {found}"
    return found[0]


def value_of(harness: Harness, role: Role, id: RemoteId, name: str) -> RawValue:
    """One field as it is now."""
    return fetch_one(harness, role, id, name).fields[name]


def apply(harness: Harness, role: Role, writes: Sequence[Write]) -> list[Outcome]:
    """`apply` with the checks that hold for every call: one outcome per write, in order."""
    outcomes = harness.connector.apply(harness.names[role].object_type, writes)
    assert [outcome.op for outcome in outcomes] == [write.op for write in writes]
    for outcome in outcomes:
        assert isinstance(outcome, Done | Refused | Unknown)
        if isinstance(outcome, Refused):
            assert isinstance(outcome.error, RecordError)
            assert outcome.error.message
    return outcomes


def apply_one(harness: Harness, role: Role, write: Write) -> Outcome:
    """The outcome of a single write."""
    return apply(harness, role, [write])[0]


def done(outcome: Outcome) -> Done:
    """The outcome, which must be a whole success."""
    assert isinstance(outcome, Done), outcome
    assert not outcome.refused, outcome.refused
    return outcome


def create(harness: Harness, role: Role, text: str, **more: RawValue) -> RemoteId:
    """Make a record through the connector; returns its id."""
    fields = harness.names[role].row(text, **more)
    return done(apply_one(harness, role, Create(new_op(), fields))).id


def update(harness: Harness, role: Role, id: RemoteId, **fields: RawValue) -> Outcome:
    """Set fields through the connector."""
    return apply_one(harness, role, Update(new_op(), id, fields))


def stamped(names: Names, text: str, stamp: str, **more: RawValue) -> Create:
    """A create that carries its stamp."""
    assert names.stamp is not None
    return Create(
        new_op(), names.row(text, **{names.stamp: stamp, **more}), stamp_field=names.stamp
    )


def named(harness: Harness, role: Role, text: str) -> list[RemoteId]:
    """Ids of the live records with that name, by a whole reading and not by `find`."""
    field = harness.names[role].text
    records, _ = read_all(harness, role)
    return [r.id for r in records.values() if not r.archived and r.fields[field] == text]


def ids_of(records: Iterable[RemoteRecord]) -> set[RemoteId]:
    """The ids; fails on duplicates."""
    listed = [record.id for record in records]
    assert len(listed) == len(set(listed)), f"duplicates in {listed}"
    return set(listed)


def stamp(n: int) -> str:
    """A stamp in the form that entity ids have."""
    return f"0190c7e2-0000-7000-8000-{n:012d}"


def done_or_partial(outcome: Outcome) -> Done:
    """The outcome, which must be a success at least in part."""
    assert isinstance(outcome, Done), outcome
    return outcome
