"""What account maps are drawn from: the state of a sync, or one side as it is now, as a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.progress import shown
from app.session import Session
from app.wiring import workshop
from config.load import LoadedConfig
from config.model import Config
from core.errors import SettingsError
from mapping.accounts.graph import Entry, Graph, Part, bound
from mapping.canonical import FIELDS, KINDS
from sync.detect import read_kind
from sync.model import Row
from sync.privacy import hidden
from sync.sides import learn_owners, learn_schemas
from sync.store import Store

Key = tuple[str, str, str]


def graph_of(session: Session, loaded: LoadedConfig, side: str | None) -> Graph:
    """The graph of a side, read now; or, without one, of what the sync has seen of all sides.

    Raises SettingsError for an unknown side or where no sync has run, and ConnectorError.
    """
    if side is not None:
        return _live(session, loaded, side)
    path = loaded.state / "state.db"
    if not path.exists():
        raise SettingsError(
            "no sync has run yet, so nothing is known of any side",
            remedy="Run `tieline run` first, or name a side to be read now with --side.",
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
