"""Where account mapping takes records from: a side, the state of a sync, or a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.state import opened
from app.wiring import Workshop, workshop
from config.load import LoadedConfig
from core.clock import Clock
from core.errors import SettingsError
from mapping.accounts.records import Book, Record, book_of
from mapping.accounts.spreadsheet import read_records
from mapping.canonical import FIELDS, KINDS
from sync.model import Row, State
from sync.privacy import hidden
from sync.sides import Side, learn_owners, learn_schemas
from sync.store import Store

STATE = "state"
"""The word for what the last sync settled, as a source."""
_SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


def read_book(
    loaded: LoadedConfig,
    clock: Clock,
    source: str,
    *,
    kinds: Sequence[str] = KINDS,
    kind: str = "account",
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Book:
    """The records of a source: the name of a side, `state`, or the path of a spreadsheet (of one
    `kind`; from the folder of the configuration). Raises TielineError."""
    if source == STATE:
        return state_book(loaded, kinds=kinds)
    if source in loaded.config.sides:
        with workshop(loaded, clock, writing=False) as made:
            return side_book(made, source, kinds=kinds)
    path = Path(source).expanduser()
    path = path if path.is_file() else loaded.relative(path)
    if not path.is_file() and path.suffix.lower() not in _SHEETS:
        known = ", ".join([*loaded.config.sides, STATE])
        raise SettingsError(
            f"{source} is no side and no file",
            remedy=f"One of: {known}; or the path of a CSV or XLSX file.",
        )
    return read_records(path, kind, named=columns, sheet=sheet, encoding=encoding)


# -- a side ------------------------------------------------------------------------------------


def side_book(made: Workshop, name: str, *, kinds: Sequence[str] = KINDS) -> Book:
    """All live records of a side, read through its connector and mapping. Raises ConnectorError,
    MappingSpecError."""
    side = next(side for side in made.sides if side.name == name)
    notes: dict[str, int] = {}
    with Store(None) as scratch:  # nothing is kept: this is no sync
        learn_schemas(side, scratch, made.clock)
        made.accept(side)
        learn_owners(side, scratch, made.clock)
    records = [
        record
        for kind in kinds
        for object_type in side.object_types(kind)
        for record in _read(side, kind, object_type, notes)
    ]
    told = [f"{what} ({number} records)" for what, number in sorted(notes.items())]
    return book_of(name, records, told)


def _read(side: Side, kind: str, object_type: str, notes: dict[str, int]) -> Iterator[Record]:
    found: dict[str, Record] = {}
    for page in side.connector.changes(object_type, side.read_fields(object_type), None):
        for raw in page.records:
            if raw.archived or raw.moved is not None:
                found.pop(raw.id, None)
                continue
            shown = side.mapping.to_canonical(object_type, raw.fields)
            for name in shown.errors:
                what = f"{object_type}.{name} cannot be represented"
                notes[what] = notes.get(what, 0) + 1
            values = {n: _plain(kind, n, v, side.owners.emails) for n, v in shown.values.items()}
            found[raw.id] = Record(kind, raw.id, values, object_type, raw.created)
    yield from found.values()


def _plain(kind: str, name: str, value: Any, owners: Mapping[str, str]) -> Any:
    """A value whose references are ids, and whose owner is an e-mail."""
    definition = FIELDS[kind].get(name)
    if value is None or definition is None:
        return value
    if definition.type == "ref":
        return value["id"] if isinstance(value, dict) else value
    if definition.type == "owner":
        return owners.get(value["id"], value["id"]) if isinstance(value, dict) else value
    if definition.type == "roles":
        return [{**m, "ref": m["ref"]["id"]} if isinstance(m["ref"], dict) else m for m in value]
    return value


# -- the state of a sync -----------------------------------------------------------------------


def state_book(loaded: LoadedConfig, *, kinds: Sequence[str] = KINDS) -> Book:
    """The entities of a sync with the values settled over all sides, and the records that are
    linked with nothing; asks no side. What the state keeps as a hash is left out. Raises
    SettingsError, StateError."""
    with opened(loaded) as store:
        if store is None:
            raise SettingsError("nothing has run yet", remedy="`tieline run`, or name a side.")
        order = {name: place for place, name in enumerate(loaded.config.sides)}
        rows = [r for r in store.rows("state = 'live'") if r.side in order]
        entity_of = _entities(store)
        owners = {side: (store.recall(side, "owners") or ({"emails": {}},))[0] for side in order}
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.kind in kinds:
            groups.setdefault((row.kind, _known_as(row, entity_of)), []).append(row)
    dropped = [0]
    records = []
    for (kind, made), members in groups.items():
        members.sort(key=lambda row: (order[row.side], row.object_type, row.id))
        values = _settled(kind, members, entity_of, owners, dropped)
        where = ", ".join(f"{row.side} {row.object_type} {row.id}" for row in members)
        records.append(Record(kind, made, values, where=where))
    note = f"{dropped[0]} values are kept as hashes and were left out"
    return book_of(STATE, records, [note] if dropped[0] else [])


Key = tuple[str, str, str]


def _entities(store: Store) -> dict[Key, str]:
    """The entity of every record that has one, merges and conversions followed."""
    found: dict[Key, str] = {}
    moved: dict[Key, Key] = {}
    final: dict[str, str] = {}
    for row in store.rows("entity IS NOT NULL OR moved_id IS NOT NULL"):
        if row.state is State.MOVED and row.moved_type and row.moved_id:
            moved[row.key] = (row.side, row.moved_type, row.moved_id)
        elif row.entity is not None:
            if row.entity not in final:
                final[row.entity] = store.merged_into(row.entity) or row.entity
            found[row.key] = final[row.entity]
    for old in moved:
        key = old
        for _ in range(50):  # chains of merges are short; a loop in bad data must end
            key = moved.get(key, key)
        if key in found:
            found[old] = found[key]
    return found


def _known_as(row: Row, entity_of: Mapping[Key, str]) -> str:
    return entity_of.get(row.key) or "/".join(row.key)


def _settled(
    kind: str,
    rows: Sequence[Row],
    entity_of: Mapping[Key, str],
    owners: Mapping[str, Mapping[str, Any]],
    dropped: list[int],
) -> dict[str, Any]:
    """Of every field the value of the first side that has one: as settled, else as seen."""
    out: dict[str, Any] = {}
    for row in rows:
        emails = owners[row.side]["emails"]
        for name, value in {**row.seen, **row.base}.items():
            if hidden(value):
                dropped[0] += 1
            elif out.get(name) in (None, "", [], {}):
                out[name] = _over_sides(kind, name, value, row.side, entity_of, emails)
    return out


def _over_sides(
    kind: str,
    name: str,
    value: Any,
    side: str,
    entity_of: Mapping[Key, str],
    emails: Mapping[str, str],
) -> Any:
    definition = FIELDS[kind].get(name)
    if value is None or definition is None or definition.type == "owner":
        return _plain(kind, name, value, emails)
    if definition.type == "ref":
        return _entity(value, side, entity_of)
    if definition.type == "roles":
        return [{**member, "ref": _entity(member["ref"], side, entity_of)} for member in value]
    return value


def _entity(ref: Any, side: str, entity_of: Mapping[Key, str]) -> str:
    if not isinstance(ref, dict):
        return str(ref)
    key = (side, str(ref["object"]), str(ref["id"]))
    return entity_of.get(key) or "/".join(key)
