"""Saving an account to a file and loading it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from sandbox.hubspot.associations import Definition, TypeRef
from sandbox.hubspot.effects import Due
from sandbox.hubspot.metadata import Group, Option, Property
from sandbox.hubspot.owners import Owner
from sandbox.hubspot.pipelines import Pipeline, Stage
from sandbox.hubspot.records import Change, Record, Source, Table
from sandbox.hubspot.store import Store

FORMAT = 2
RECORD_FIELDS = tuple(field.name for field in fields(Record))


def save(store: Store, path: Path) -> None:
    """Write everything the account holds; the file is replaced as a whole. Callers hold the
    store's lock."""
    links = store.associations
    content = {
        "format": FORMAT,
        "tables": {name: _table_json(table) for name, table in store.tables.items()},
        "owners": [asdict(owner) for owner in store.owners.all.values()],
        "pipelines": {
            kind: [asdict(pipeline) for pipeline in pipelines.values()]
            for kind, pipelines in store.pipelines.items()
        },
        "labels": [
            asdict(d) for d in links.definitions.values() if d.ref.category == "USER_DEFINED"
        ],
        "next_type_id": links.next_type_id,
        "links": list(links.everything()),
        "forgotten_emails": sorted(store.forgotten_emails),
        "due": store.due,
        "made": store.made,
        "options": store.options.to_json(),
        "quirks": store.quirks.listing(),
        "now": store.clock.now().isoformat(),
    }
    partial = path.with_name(path.name + ".new")
    partial.write_bytes(orjson.dumps(content, default=list))
    partial.replace(path)


def _table_json(table: Table) -> dict[str, Any]:
    return {
        "next_id": table.next_id,
        "records": [_record_json(record) for record in table.records.values()],
        "properties": [asdict(p) for p in table.properties.all.values()],
        "groups": [asdict(g) for g in table.properties.groups.values()],
    }


def _record_json(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in RECORD_FIELDS}


def read(path: Path | None) -> Mapping[str, Any] | None:
    """What `save` wrote; None where there is no file. Raises ValueError for another format."""
    if path is None or not path.exists():
        return None
    content: dict[str, Any] = orjson.loads(path.read_bytes())
    if content.get("format") != FORMAT:
        raise ValueError(f"{path} is not a snapshot of format {FORMAT}")
    return content


def saved_quirks(store: Store, content: Mapping[str, Any]) -> None:
    """Take up the profile, the seed and the values of the quirks that `read` gave."""
    kept = content["quirks"]
    store.quirks.use(kept["profile"], kept["seed"])
    store.quirks.change({one["name"]: one["value"] for one in kept["quirks"]})


def load(store: Store, content: Mapping[str, Any]) -> None:
    """Take up what `read` gave, into a new account; its clock never goes back."""
    store.clock.set(max(store.clock.now(), datetime.fromisoformat(content["now"])))
    store.due = [Due(*entry) for entry in content["due"]]
    store.made = content["made"]
    for name, given in content["tables"].items():
        _load_table(store.tables[name], given)
    for each in content["owners"]:
        store.owners.all[each["id"]] = Owner(**each)
    store.pipelines = {
        kind: {p["id"]: _pipeline(p) for p in pipelines}
        for kind, pipelines in content["pipelines"].items()
    }
    links = store.associations
    for each in content["labels"]:
        made = Definition(
            **{**each, "ref": TypeRef(*each["ref"]), "inverse": TypeRef(*each["inverse"])}
        )
        links.definitions[made.ref] = made
    links.next_type_id = content["next_type_id"]
    for source, one, target, two, ref in content["links"]:
        links.label(source, one, target, two, TypeRef(*ref))
    store.forgotten_emails = set(content["forgotten_emails"])


def _load_table(table: Table, given: dict[str, Any]) -> None:
    for each in given["properties"]:
        options = [Option(**option) for option in each["options"]]
        table.properties.all[each["name"]] = Property(**{**each, "options": options})
    for each in given["groups"]:
        table.properties.groups[each["name"]] = Group(**each)
    lag, table.lag = table.lag, None
    for each in given["records"]:
        table.add(_record(each))
    table.lag = lag
    table.next_id = given["next_id"]


def _record(given: dict[str, Any]) -> Record:
    history = {
        name: [Change(value, at, Source(*source)) for value, at, source in changes]
        for name, changes in given["history"].items()
    }
    return Record(**{**given, "source": Source(*given["source"]), "history": history})


def _pipeline(given: dict[str, Any]) -> Pipeline:
    stages = {stage_id: Stage(**stage) for stage_id, stage in given["stages"].items()}
    return Pipeline(**{**given, "stages": stages})
