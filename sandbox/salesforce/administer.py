"""The sandbox's own controls: seeding, edits as a person, dumps, options, snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from sandbox.admin import AdminRefusedError, SteeredClock
from sandbox.salesforce import formulas, person_accounts, relations
from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.convert import convert
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import to18
from sandbox.salesforce.merge import merge
from sandbox.salesforce.org import Actor, CustomField, Org
from sandbox.salesforce.records import create, delete, restore, update
from sandbox.salesforce.rules import Draft, add_defaults, derive
from sandbox.salesforce.service import Service
from sandbox.salesforce.tooling import add_field
from sandbox.salesforce.values import coerce

_USER_DEFAULTS = {
    "IsActive": True, "TimeZoneSidKey": "UTC", "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
}  # fmt: skip
_AUDIT_TIMES = ("CreatedDate", "LastModifiedDate", "SystemModstamp")


class Administration:
    """What the admin routes do with a Salesforce organisation."""

    def __init__(self, service: Service, snapshot: Path | None) -> None:
        self._service = service
        self._org = service.org
        self._snapshot = snapshot
        self.clock: SteeredClock = service.org.clock

    # seeding

    def seed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Put records in as they are: types are checked, nothing else."""
        with self._org.lock:
            self._custom_fields(body.get("custom_fields") or {})
            given: dict[str, list[Mapping[str, Any]]] = body.get("records") or {}
            ids = {name: self._ids(name, records) for name, records in given.items()}
            for name, records in given.items():
                self._seed_type(name, records, ids)
        return {"ids": ids}

    def _custom_fields(self, given: Mapping[str, Mapping[str, Any]]) -> None:
        """{"Account.Tieline_Id__c": {"type": "Text", …}}: made before the records."""
        known = {f"{one.object_type}.{one.field.name}" for one in self._org.custom}
        for full_name, metadata in given.items():
            object_type, _, name = full_name.partition(".")
            if full_name not in known:
                add_field(self._org, object_type, name, metadata)

    def _ids(self, name: str, records: Iterable[Mapping[str, Any]]) -> list[str]:
        prefix = self._kind(name).table.prefix
        return [self._given_id(record) or self._org.ids.next(prefix) for record in records]

    def _given_id(self, record: Mapping[str, Any]) -> str | None:
        given = record.get("id") or record.get("Id")
        if not given:
            return None
        id_ = to18(str(given))
        if id_ is None:
            raise ValueError(f"not a Salesforce id: {given!r}")
        return id_

    def _kind(self, name: str) -> ObjectType:
        found = self._org.catalog.full.get(name.lower())
        if found is None:
            raise ValueError(f"unknown object type {name!r}")
        return found

    def _seed_type(
        self, name: str, records: list[Mapping[str, Any]], ids: Mapping[str, list[str]]
    ) -> None:
        kind = self._kind(name)
        for id_, record in zip(ids[name], records, strict=True):
            try:
                draft = self._seeded(kind, id_, record, ids)
                if self._org.options.person_accounts and kind.name == "Account":
                    person_accounts.prepare(self._org, draft, set(), None)
                self._org.store.put(kind.name, draft)
                person_accounts.mirror(self._org, kind.name, draft)
                relations.follow(self._org, kind.name, draft)
            except SalesforceError as error:
                raise AdminRefusedError([{**error.rest(), "record": dict(record)}]) from None

    def _seeded(
        self, kind: ObjectType, id_: str, record: Mapping[str, Any], ids: Mapping[str, list[str]]
    ) -> Draft:
        draft: Draft = dict(_USER_DEFAULTS) if kind.name == "User" else {}
        for name, value in record.items():
            if name.lower() in ("id", "attributes", "modified"):
                continue
            one = kind.field(name)
            if one is None:
                raise ValueError(f"unknown field {kind.name}.{name}")
            draft[one.name] = coerce(one, self._resolved(value, ids))
        given = set(draft)
        times = self._times(record, draft)
        draft = {**self._org.system_row(id_), **draft, **times}
        add_defaults(self._org, kind, draft, self._org.user_id)
        derive(self._org, kind, draft, None, given)
        return draft

    def _times(self, record: Mapping[str, Any], draft: Draft) -> Draft:
        """The audit times of a seeded record; `modified` stands for all that are not given."""
        if "modified" not in record:
            return {}
        moment = coerce(Field("modified", "datetime", "modified"), record["modified"])
        return {name: draft.get(name) or moment for name in _AUDIT_TIMES}

    def _resolved(self, value: Any, ids: Mapping[str, list[str]]) -> Any:
        if isinstance(value, str) and value.startswith("@"):
            name, _, index = value[1:].partition(":")
            if name in ids and index.isdecimal():
                return ids[name][int(index)]
        return value

    # edits

    def edit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """An edit as a person in the vendor's UI; `verb` "process" is an automated change."""
        verb = str(body.get("verb", "update"))
        action = _VERBS.get(verb)
        if action is None:
            raise ValueError(f"unknown verb {verb!r}; one of {sorted(_VERBS)}")
        with self._org.lock:
            kind = self._kind(str(body["object_type"]))
            actor = self._person(body.get("as"))
            if verb == "process":
                actor = replace(actor, automated=True)
            fields = dict(body.get("fields") or {})
            try:
                return action(self._org, kind, str(body.get("id") or ""), fields, actor)
            except SalesforceError as error:
                raise AdminRefusedError([error.rest()], error.status) from None

    def _person(self, name: str | None) -> Actor:
        """The user of that e-mail address, made when there is none; else the API user."""
        if not name:
            return Actor(self._org.user_id, api=False, allow_duplicates=True)
        user = self._org.user_by_name(name)
        if user is None:
            person = {"LastName": name.partition("@")[0], "Email": name, "Username": name}
            record = {**person, "Alias": name[:8]}
            seeded = self.seed({"records": {"User": [record]}})
            return Actor(seeded["ids"]["User"][0], api=False, allow_duplicates=True)
        return Actor(str(user["Id"]), api=False, allow_duplicates=True)

    # looking and setting

    def dump(self, object_type: str | None) -> dict[str, Any]:
        """All records of a type, deleted ones too; without a type the counts."""
        with self._org.lock:
            if object_type is None:
                tables = self._org.store.tables.items()
                return {"counts": {name: len(table.rows) for name, table in tables}}
            kind = self._kind(object_type)
            names = [one.name for one in kind.fields.values() if one.type != "address"]
            rows = self._org.store.tables[kind.name].rows.values()
            worked = [one for one in kind.fields.values() if one.formula is not None]
            return {
                "records": [
                    {name: row.get(name) for name in names}
                    | {one.name: formulas.value(self._org, one, row) for one in worked}
                    for row in rows
                ]
            }

    def configure(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Change options; "expire_cursors", "reset_usage", "grant_fields" are done at once."""
        given = dict(options)
        with self._org.lock:
            if given.pop("expire_cursors", False):
                self._service.cursors.clear()
            if given.pop("reset_usage", False):
                self._service.allowance.reset()
            granted = {name.lower() for name in given.pop("grant_fields", ())}
            for one in self._org.custom:
                one.visible |= f"{one.object_type}.{one.field.name}".lower() in granted
            self._org.options.change(given)
            self._org.rebuild()
            return asdict(self._org.options)

    def expire_sessions(self) -> None:
        with self._org.lock:
            self._service.auth.expire()

    # snapshots

    def save(self) -> None:
        """Write the organisation to the snapshot file, if there is one."""
        if self._snapshot is None:
            return
        with self._org.lock:
            org = self._org
            tables = org.store.tables.items()
            content = {
                "counts": dict(org.ids.counts),
                "custom": [asdict(one) for one in org.custom],
                "options": asdict(org.options),
                "rows": {name: list(table.rows.values()) for name, table in tables},
                "now": org.clock.now().isoformat(),
                "credentials": self._service.auth.app.as_credentials(),
            }
        partial = self._snapshot.with_suffix(".partial")
        partial.write_bytes(orjson.dumps(content))
        partial.replace(self._snapshot)

    def load(self, content: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Become what a snapshot holds; the given options win over those in it."""
        org = self._org
        org.clock.set(max(org.clock.now(), datetime.fromisoformat(content["now"])))
        org.options.change({**content["options"], **options})
        org.custom = [
            CustomField(**{**one, "field": _field_from_json(one["field"])})
            for one in content["custom"]
        ]
        org.rebuild()
        for name, rows in content["rows"].items():
            table = org.store.tables.get(name)
            if table is None:  # of an object type that the given options switch off
                continue
            for id_ in list(table.rows):
                table.remove(id_)
            for row in rows:
                org.store.put(name, row)
        org.ids.counts.clear()
        org.ids.counts.update(content["counts"])


def read_snapshot(snapshot: Path | None) -> dict[str, Any] | None:
    """What `save` wrote; None when there is no such file."""
    if snapshot is None or not snapshot.exists():
        return None
    content: dict[str, Any] = orjson.loads(snapshot.read_bytes())
    return content


def _field_from_json(given: Mapping[str, Any]) -> Field:
    pairs = tuple((value, label) for value, label in given["picklist"])
    return Field(**{**given, "picklist": pairs, "refers_to": tuple(given["refers_to"])})


Verb = Callable[[Org, ObjectType, str, dict[str, Any], Actor], dict[str, Any]]


def _create(org: Org, kind: ObjectType, id_: str, fields: dict[str, Any], by: Actor) -> Any:
    return {"id": create(org, kind, fields, by)}


def _update(org: Org, kind: ObjectType, id_: str, fields: dict[str, Any], by: Actor) -> Any:
    update(org, kind, id_, fields, by)
    return {"id": id_}


def _delete(org: Org, kind: ObjectType, id_: str, fields: dict[str, Any], by: Actor) -> Any:
    delete(org, kind, id_, by)
    return {"id": id_}


def _restore(org: Org, kind: ObjectType, id_: str, fields: dict[str, Any], by: Actor) -> Any:
    return {"id": restore(org, kind, id_, by)}


def _merge(org: Org, kind: ObjectType, id_: str, fields: dict[str, Any], by: Actor) -> Any:
    losers = list(fields.pop("losers", ()))
    moved = merge(org, kind, id_, losers, fields, by)
    return {"id": id_, "mergedRecordIds": losers, "updatedRelatedIds": moved}


def _convert(org: Org, kind: ObjectType, id_: str, fields: dict[str, Any], by: Actor) -> Any:
    return {"id": id_, **convert(org, id_, fields, by)}


_VERBS: Mapping[str, Verb] = {
    "create": _create,
    "update": _update,
    "process": _update,
    "delete": _delete,
    "restore": _restore,
    "undelete": _restore,
    "merge": _merge,
    "convert": _convert,
}
