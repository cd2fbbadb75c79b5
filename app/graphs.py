"""What account maps are drawn from: the state of a sync, or one side as it is now, as a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.progress import shown
from app.session import Session
from app.wiring import workshop
from config.load import LoadedConfig
from config.model import Config
from core.errors import SettingsError
from mapping.accounts.graph import Entry, Graph, Part, bound
from mapping.accounts.records import Book
from mapping.accounts.spreadsheet import read_records
from mapping.canonical import FIELDS, KINDS
from sync.detect import read_kind
from sync.model import Row
from sync.privacy import hidden
from sync.sides import learn_owners, learn_schemas
from sync.store import Store

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a map is from: a side to be read now, or spreadsheets; nothing: the state."""

    side: str | None = None
    accounts: Path | None = None
    people: Path | None = None
    opportunities: Path | None = None

    @property
    def sheets(self) -> dict[str, Path]:
        """The spreadsheets by kind."""
        named = {"account": self.accounts, "person": self.people, "opportunity": self.opportunities}
        return {kind: path for kind, path in named.items() if path is not None}


NOWHERE = Origin()


def graph_of(session: Session, loaded: LoadedConfig, origin: Origin = NOWHERE) -> Graph:
    """The graph of a side, read now; of spreadsheets; or of what the sync has seen of all sides.

    Raises SettingsError for an unknown side or sheet or where no sync has run, ConnectorError.
    """
    side = origin.side
    if origin.sheets:
        return from_sheets(origin.sheets, loaded.config)
    if side is not None:
        return _live(session, loaded, side)
    path = loaded.state / "state.db"
    if not path.exists():
        raise SettingsError(
            "no sync has run yet, so nothing is known of any side",
            remedy="Run `tieline run` first, or name a side with --side, or files with --accounts.",
        )
    with Store(path) as store:
        return from_store(store, loaded.config, "state of the sync")


def _live(session: Session, loaded: LoadedConfig, name: str) -> Graph:
    if name not in loaded.config.sides:
        known = ", ".join(loaded.config.sides)
        raise SettingsError(f"there is no side {name}", remedy=f"One of: {known}.")
    with (
        workshop(loaded, session.clock, writing=False) as shop,
        shown(session) as progress,
        Store(None) as store,
    ):
        side = next(s for s in shop.sides if s.name == name)
        learn_schemas(side, store, session.clock)
        learn_owners(side, store, session.clock)
        shop.accept(side)
        for kind in KINDS:
            read_kind(side, kind, store, session.clock, full=True, progress=progress)
        return from_store(store, loaded.config, f"{name}, read now")


def from_store(store: Store, config: Config, source: str) -> Graph:
    """Everything a store has seen, one entry for each entity or unlinked record; of several sides
    the first in the configuration wins, field by field."""
    order = {name: place for place, name in enumerate(config.sides)}
    rows = sorted(
        (row for row in store.rows("state = 'live'") if row.side in order),
        key=lambda row: (order[row.side], row.object_type, row.id),
    )
    keys = _keys(store, rows)
    owners = {name: _emails(store, name) for name in config.sides}
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(keys[row.key], []).append(row)
    reader = _Reader(config, keys, owners)
    return bound((reader.entry(key, found) for key, found in grouped.items()), source)


def _keys(store: Store, rows: Iterable[Row]) -> dict[Key, str]:
    """What each record is called here; records that were moved are called as what they became."""
    keys: dict[Key, str] = {}
    for row in rows:
        entity = row.entity and (store.merged_into(row.entity) or row.entity)
        keys[row.key] = entity or f"{row.side}:{row.id}"
    for row in store.rows("state = 'moved'"):
        if row.moved_type and row.moved_id:
            target = keys.get((row.side, row.moved_type, row.moved_id))
            if target is not None:
                keys[row.key] = target
    return keys


def _emails(store: Store, side: str) -> Mapping[str, str]:
    known = store.recall(side, "owners")
    found: Mapping[str, str] = known[0]["emails"] if known else {}
    return found


class _Reader:
    """Makes entries of rows."""

    def __init__(
        self, config: Config, keys: Mapping[Key, str], owners: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._config = config
        self._keys = keys
        self._owners = owners
        self._roles = config.account_maps.fields.roles

    def entry(self, key: str, rows: Sequence[Row]) -> Entry:
        """The entry that some rows of one entity make."""
        values: dict[str, Any] = {}
        for row in rows:
            for name, value in self._resolved(row).items():
                if value is not None and values.get(name) is None:
                    values[name] = value
        dates = [row.modified for row in rows if row.modified]
        return Entry(
            key,
            rows[0].kind,
            values,
            tuple(row.key for row in rows),
            max(dates, default=None),
            tuple(part for row in rows for part in self._parts(key, row)),
        )

    def _resolved(self, row: Row) -> dict[str, Any]:
        definitions = FIELDS[row.kind]
        found: dict[str, Any] = {}
        for name, value in row.seen.items():
            kind = definitions[name].type if name in definitions else "text"
            if value is None or hidden(value) or kind == "roles":
                continue
            if kind == "owner":
                found[name] = self._owners[row.side].get(str(value["id"]))
            elif kind == "ref":
                found[name] = self._keys.get((row.side, value["object"], value["id"]))
            else:
                found[name] = value
        return found

    def _parts(self, key: str, row: Row) -> list[Part]:
        vendor = self._config.sides[row.side].type
        if row.kind == "person":
            said = row.seen.get(self._roles) if self._roles else None
            words = [said] if isinstance(said, str) else list(said or ())
            return [Part(key, row.side, vendor, str(word)) for word in words if not hidden(word)]
        found = []
        for item in row.seen.get("contacts") or () if row.kind == "opportunity" else ():
            ref = item["ref"]
            person = self._keys.get((row.side, ref["object"], ref["id"]))
            if person is not None:
                role = item.get("role")
                found.append(Part(person, row.side, vendor, role, bool(item.get("primary"))))
        return found


# -- spreadsheets ------------------------------------------------------------------------------


def from_sheets(sheets: Mapping[str, Path], config: Config) -> Graph:
    """The records of spreadsheets, by kind. People and opportunities belong to the account that
    they name by its id or its exact name. Raises SettingsError."""
    if "account" not in sheets:
        raise SettingsError(
            "people and opportunities are drawn around accounts, and there is no list of them",
            remedy="Name the list of accounts with --accounts FILE.",
        )
    currency = config.account_maps.currency
    books = {k: read_records(path, k, currency=currency) for k, path in sheets.items()}
    at = _places(books["account"])
    entries = [
        Entry(
            f"{kind}:{record.id}",
            kind,
            _connected(record.values, at),
            ((path.name, kind, record.id),),
            record.created,
        )
        for kind, path in sheets.items()
        for record in books[kind].of(kind)
    ]
    return bound(entries, ", ".join(path.name for path in sheets.values()))


def _places(accounts: Book) -> dict[str, str]:
    """The key of each account by id and by name; a name that several have leads nowhere."""
    names: dict[str, set[str]] = {}
    for record in accounts.accounts:
        names.setdefault(record.name.casefold(), set()).add(record.id)
    found = {n: f"account:{i}" for n, ids in names.items() if len(ids) == 1 for i in ids}
    return {**found, **{r.id.casefold(): f"account:{r.id}" for r in accounts.accounts}}


def _connected(values: Mapping[str, Any], at: Mapping[str, str]) -> dict[str, Any]:
    """Values with the keys of the accounts that they name."""
    found = dict(values)
    home = values.get("account") or values.get("company_name")
    found["account"] = at.get(str(home).casefold()) if home else None
    if values.get("parent"):
        found["parent"] = at.get(str(values["parent"]).casefold())
    return found
