"""What the admin routes do to an account: seeding, edits as a person, dumps, options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.admin import AdminRefusedError
from sandbox.hubspot import errors
from sandbox.hubspot.associations import TypeRef
from sandbox.hubspot.auth import Auth
from sandbox.hubspot.computed import consequences
from sandbox.hubspot.effects import Effects
from sandbox.hubspot.merging import merge
from sandbox.hubspot.pipelines import make_pipeline
from sandbox.hubspot.records import Record, Source, Table
from sandbox.hubspot.schemas import add_property
from sandbox.hubspot.snapshot import save
from sandbox.hubspot.standard.kinds import PRIMARY_TYPES
from sandbox.hubspot.store import SteeredClock, Store
from sandbox.hubspot.times import iso, read_moment
from sandbox.hubspot.values import text_of
from sandbox.hubspot.writer import Writer
from sandbox.quirks import REGISTRY

IMPORT = Source("IMPORT", "1")
_REFERENCE = re.compile(r"@(\w+):(\d+)")
_CONTROL = frozenset({"id", "archived"})
Json = Mapping[str, Any]


class Administration:
    """One account as the admin routes see it; takes the store's lock itself."""

    def __init__(self, store: Store, auth: Auth, snapshot: Path | None) -> None:
        self._store = store
        self._auth = auth
        self._snapshot = snapshot
        self.clock: SteeredClock = store.clock
        self.on_webhooks: Callable[[], None] = lambda: None

    def seed(self, body: Json) -> dict[str, Any]:
        """Take up records as an import would, without the API's validation.

        `properties` and `pipelines` of the body, by object type, are made first. Raises
        ValueError for an unknown object type or property, or a value that is no scalar.
        """
        with self._store.lock:
            Effects(self._store).run_due()
            return _Seeding(self._store).run(body)

    def edit(self, body: Json) -> dict[str, Any]:
        """Carry out one edit as a person would in the user interface."""
        with self._store.lock:
            Effects(self._store).run_due()
            try:
                return _Edit(self._store, body).run()
            except errors.ApiError as error:
                refused = error.body(self._store.correlation_id())
                raise AdminRefusedError(refused, error.status) from error

    def dump(self, object_type: str | None) -> dict[str, Any]:
        """All records of a type with all properties, deleted ones too; counts without a type."""
        with self._store.lock:
            Effects(self._store).run_due()
            if object_type is None:
                return {
                    name: {"live": len(table.live), "archived": len(table.archived)}
                    for name, table in self._store.tables.items()
                }
            if object_type == "owners":
                return {"records": [o.to_json() for o in self._store.owners.all.values()]}
            table = _table(self._store, object_type)
            records = [_dumped(record) for record in table.records.values()]
            return {"records": records, "associations": _dumped_links(self._store, table)}

    def configure(self, options: Json) -> dict[str, Any]:
        """Change options and quirks while running; answers with all options."""
        with self._store.lock:
            configure(self._store, options)
            if self._store.options.webhook_url is not None:
                self.on_webhooks()
            values = {q: self._store.quirks.value(q) for q in REGISTRY}
            return {**values, **self._store.options.to_json()}

    def expire_sessions(self) -> None:
        """End all OAuth access tokens."""
        with self._store.lock:
            self._auth.expire_sessions()

    def save(self) -> None:
        """Write the snapshot, where one was asked for."""
        if self._snapshot is not None:
            with self._store.lock:
                save(self._store, self._snapshot)


def configure(store: Store, given: Json) -> None:
    """Set options, and quirks by their name. Raises ValueError for what is neither; no option
    is changed then."""
    quirks = {name: value for name, value in given.items() if name in REGISTRY}
    store.options.change({n: v for n, v in given.items() if n not in quirks})
    store.quirks.change(quirks)
    store.fit_options()


def _table(store: Store, name: str) -> Table:
    found = store.table(name)
    if found is None:
        raise ValueError(f"unknown object type {name!r}; known are {sorted(store.tables)}")
    return found


def _dumped(record: Record) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "properties": record.properties,
        "createdAt": iso(record.created),
        "updatedAt": iso(record.updated),
        "archived": not record.live,
        "mergedInto": None if record.merged_into is None else str(record.merged_into),
        "source": record.source.type,
    }


def _dumped_links(store: Store, table: Table) -> list[dict[str, Any]]:
    definitions = store.associations.definitions
    return [
        {
            "from_type": source,
            "from_id": str(one),
            "to_type": target,
            "to_id": str(two),
            "category": ref.category,
            "type_id": ref.type_id,
            "label": definitions[ref].label,
        }
        for source, one, target, two, ref in store.associations.everything()
        if source == table.kind.name
    ]


class _Seeding:
    """One seed body being taken up."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now = store.now()
        self.ids: dict[str, list[str]] = {}

    def run(self, body: Json) -> dict[str, Any]:
        self._definitions(body)
        given: Mapping[str, Sequence[Json]] = body.get("records") or {}
        kinds = {name: name for name in given}
        self.ids["owners"] = [
            self._store.owners.make(each, iso(self._now)).id for each in given.get("owners", ())
        ]
        for name in kinds:
            if name != "owners":
                table = _table(self._store, name)
                self.ids[name] = [self._record(table, each) for each in given[name]]
        touched: list[tuple[str, int]] = []
        for each in body.get("associations") or ():
            touched += self._associate(each)
        self._store.refresh_counts(touched)
        return {"ids": {name: ids for name, ids in self.ids.items() if name in given}}

    def _definitions(self, body: Json) -> None:
        now = iso(self._now)
        try:
            for name, definitions in (body.get("properties") or {}).items():
                for each in definitions:
                    add_property(_table(self._store, name), each, now)
        except errors.ApiError as error:
            raise ValueError(str(error)) from error
        for name, pipelines in (body.get("pipelines") or {}).items():
            known = self._store.pipelines.setdefault(_table(self._store, name).kind.name, {})
            for each in pipelines:
                made = make_pipeline(each, self._store.made_id(), len(known), now)
                known[made.id] = made

    def _record(self, table: Table, given: Json) -> str:
        kind = table.kind
        values = {n: self._value(table, n, v) for n, v in given.items() if n not in _CONTROL}
        values = {name: value for name, value in values.items() if value}
        created = read_moment(values.get(kind.created) or str(self._now))
        updated = read_moment(values.pop(kind.modified, None) or str(self._now))
        record_id = int(given["id"]) if given.get("id") else table.new_id()
        if record_id in table.records:
            raise ValueError(f"{kind.name} {record_id} exists already")
        pipelines = self._store.pipelines.get(kind.name, {})
        if kind.pipeline is not None:
            values.setdefault(kind.pipeline[0], next(iter(pipelines)))
        values |= consequences(kind, {}, dict(values), self._now, pipelines)
        record = Record(record_id, values, created, updated, IMPORT)
        values[kind.created] = iso(created)
        values |= {
            "hs_object_id": str(record_id),
            "hs_object_source": IMPORT.type,
            "hs_object_source_id": IMPORT.id,
            "hs_object_source_label": IMPORT.type,
        }
        if given.get("archived") in (True, "true"):
            record.archived_at = self._now
        table.at(self._now)
        table.add(record)
        return str(record_id)

    def _value(self, table: Table, name: str, raw: Any) -> str | None:
        definition = table.properties.get(name)
        if definition is None:
            raise ValueError(f"{table.kind.name} has no property {name!r}")
        if isinstance(raw, (list, dict)):
            raise ValueError(f"{name} does not take {raw!r}")  # noqa: TRY004 - the seed's contract
        text = self._resolved(raw) if isinstance(raw, str) else text_of(raw)
        if text and definition.type == "datetime":
            return iso(read_moment(text))
        return text.lower() if name == "email" else text

    def _resolved(self, text: str) -> str:
        found = _REFERENCE.fullmatch(text) if text.startswith("@") else None
        if found is None:
            return text
        ids = self.ids.get(found[1], [])
        place = int(found[2])
        if place >= len(ids):
            raise ValueError(f"{text} refers to a record that is not in the seed before it")
        return ids[place]

    def _associate(self, given: Json) -> list[tuple[str, int]]:
        source = _table(self._store, str(given["from_type"]))
        target = _table(self._store, str(given["to_type"]))
        one = int(self._resolved(str(given["from_id"])))
        two = int(self._resolved(str(given["to_id"])))
        if one not in source.records or two not in target.records:
            raise ValueError(f"cannot associate {given}: no such record")
        names = (source.kind.name, target.kind.name)
        for ref in wanted_types(self._store, *names, given):
            self._store.associations.add(names[0], one, names[1], two, ref)
        return [(names[0], one), (names[1], two)]


def wanted_types(store: Store, source: str, target: str, given: Json) -> list[TypeRef]:
    """The types that `label` and `primary` of a seed or an edit ask for; a label that does not
    exist is made. Raises ValueError where two object types cannot be associated."""
    made = []
    label = given.get("label")
    if label:
        known = store.associations.definitions_of(source, target)
        found = [d.ref for d in known if d.label == label]
        if not found:
            name = re.sub(r"\W+", "_", str(label).lower()).strip("_")
            store.associations.define(source, target, name, (str(label), None))
            known = store.associations.definitions_of(source, target)
            found = [d.ref for d in known if d.label == label]
        made.append(found[0])
    if given.get("primary"):
        made += _primary_type(store, source, target)
    default = store.associations.default_type(source, target)
    if not made and default is not None:
        made.append(default)
    if not made:
        raise ValueError(f"{source} and {target} cannot be associated")
    return made


def _primary_type(store: Store, source: str, target: str) -> list[TypeRef]:
    for pair in ((source, target), (target, source)):
        if pair in PRIMARY_TYPES:
            ref = TypeRef("HUBSPOT_DEFINED", PRIMARY_TYPES[pair])
            inverse = store.associations.definitions[ref].inverse
            return [ref if pair == (source, target) else inverse]
    return []


class _Edit:
    """One edit as a person; the vendor's validation applies."""

    def __init__(self, store: Store, body: Json) -> None:
        self._store = store
        self._body = body
        self._fields: Json = body.get("fields") or {}
        self._source = _person(store, body.get("as"))
        self._writer = Writer(store, self._source)

    def run(self) -> dict[str, Any]:
        verb = str(self._body.get("verb"))
        if self._body.get("object_type") == "owners":
            return {"id": self._owner(verb)}
        table = _table(self._store, str(self._body.get("object_type")))
        verbs: dict[str, Callable[[Table], int]] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "restore": self._restore,
            "merge": self._merge,
            "gdpr_delete": self._forget,
            "associate": self._associate,
            "dissociate": self._dissociate,
            "import": self._import,
        }
        if verb not in verbs:
            raise ValueError(f"unknown verb {verb!r}; known are {sorted(verbs)}")
        return {"id": str(verbs[verb](table))}

    def _owner(self, verb: str) -> str:
        owners, now = self._store.owners, self._store.now_text()
        if verb == "create":
            return owners.make(self._fields, now).id
        owner = owners.all.get(str(self._body.get("id")))
        if owner is None:
            raise ValueError(f"no owner {self._body.get('id')!r}")
        changes = {"delete": {"archived": True}, "restore": {"archived": False}}
        owners.change(owner, changes.get(verb, self._fields), now)
        return owner.id

    def _record(self, table: Table) -> Record:
        record = self._store.live(table.kind.name, int(self._body.get("id") or 0))
        if record is None:
            raise ValueError(f"no live record {self._body.get('id')!r} of {table.kind.name}")
        return record

    def _create(self, table: Table) -> int:
        return self._writer.create(table, self._fields).id

    def _update(self, table: Table) -> int:
        return self._writer.update(table, self._record(table), self._fields).id

    def _import(self, table: Table) -> int:
        """Take up `fields["rows"]` at one and the same moment, updating the records that have
        the value of `fields["id_property"]`; answers with the number of rows."""
        rows, key = self._fields.get("rows") or [], str(self._fields.get("id_property") or "")
        writer = Writer(self._store, IMPORT)
        with self._store.one_moment():
            for row in rows:
                found = table.holder(key, str(row.get(key))) if key and row.get(key) else None
                if found is None:
                    writer.create(table, row)
                else:
                    writer.update(table, found, row)
        return len(rows)

    def _delete(self, table: Table) -> int:
        record = self._record(table)
        self._writer.archive(table, record)
        return record.id

    def _restore(self, table: Table) -> int:
        record = table.records.get(int(self._body.get("id") or 0))
        if record is None or record.archived_at is None or record.merged_into is not None:
            raise ValueError(f"no archived record {self._body.get('id')!r}")
        self._writer.restore(table, record)
        return record.id

    def _merge(self, table: Table) -> int:
        survivor = self._record(table).id
        losers = self._fields.get("losers") or [self._fields.get("loser")]
        for loser in losers:
            survivor = merge(self._store, table, survivor, int(loser), self._source).id
        return survivor

    def _forget(self, table: Table) -> int:
        record = self._record(table)
        self._writer.forget(table, record)
        return record.id

    def _other(self) -> tuple[str, int]:
        table = _table(self._store, str(self._body.get("to_type")))
        record = self._store.live(table.kind.name, int(self._body.get("to_id") or 0))
        if record is None:
            raise ValueError(f"no live record {self._body.get('to_id')!r} of {table.kind.name}")
        return table.kind.name, record.id

    def _associate(self, table: Table) -> int:
        record, (target, other) = self._record(table), self._other()
        for ref in wanted_types(self._store, table.kind.name, target, self._body):
            self._writer.associate(table.kind.name, record.id, target, other, ref)
        return record.id

    def _dissociate(self, table: Table) -> int:
        record, (target, other) = self._record(table), self._other()
        if self._body.get("label") or self._body.get("primary"):
            for ref in wanted_types(self._store, table.kind.name, target, self._body):
                self._writer.dissociate_type(table.kind.name, record.id, target, other, ref)
        else:
            self._writer.dissociate(table.kind.name, record.id, target, other)
        return record.id


def _person(store: Store, email: Any) -> Source:
    """The source of an edit by the person with that address."""
    owner = store.owners.by_email(str(email)) if email else None
    user = owner.user_id if owner is not None else store.options.user_id
    return Source("CRM_UI", f"userId:{user}", None, user)
