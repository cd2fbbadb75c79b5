"""Records as JSON: which properties an answer shows, history, associations and multi-status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.hubspot.http import Call, Reply
from sandbox.hubspot.records import Record, Table, Values
from sandbox.hubspot.store import Store
from sandbox.hubspot.times import iso

ECHOED = (
    "hs_object_source",
    "hs_object_source_id",
    "hs_object_source_label",
    "hs_all_owner_ids",
    "hs_is_closed",
    "hs_is_closed_won",
    "hs_deal_stage_probability",
    "amount_in_home_currency",
    "hs_projected_amount",
    "hs_email_domain",
    "hs_full_name_or_email",
    "hs_ticket_id",
    "hs_helpdesk_sort_timestamp",
    "hs_last_message_from_visitor",
    "hs_merged_object_ids",
    "website",
)
"""Computed properties that answers to writes show besides the written ones."""


def shown_names(table: Table, asked: Sequence[str]) -> list[str]:
    """The properties of an answer in order: those asked for that exist, and the ever-present
    ones; the object type's default set when none is asked for."""
    kind = table.kind
    if not asked:
        return list(kind.defaults)
    wanted = {name for name in asked if table.properties.get(name) is not None}
    return sorted({*wanted, kind.created, kind.modified, "hs_object_id"})


def record_json(
    table: Table, record: Record, names: Sequence[str], values: Values | None = None
) -> dict[str, Any]:
    """A record with the named properties; `values` replaces its own (a search index that lags)."""
    held = record.properties if values is None else values
    made: dict[str, Any] = {
        "id": str(record.id),
        "properties": {name: held.get(name) for name in names},
        "createdAt": iso(record.created),
        "updatedAt": held[table.kind.modified],
        "archived": not record.live,
    }
    if record.archived_at is not None:
        made["archivedAt"] = iso(record.archived_at)
    return made


def written_json(table: Table, record: Record, written: Iterable[str]) -> dict[str, Any]:
    """A record as the answer to a write: the written and the computed properties."""
    held, kind = record.properties, table.kind
    names = {name for name in written if table.properties.get(name) is not None}
    names |= {name for name in ECHOED if held.get(name)}
    return record_json(table, record, sorted({*names, kind.created, kind.modified, "hs_object_id"}))


def url_of(store: Store, table: Table, record: Record) -> str:
    """The address of the record's page in the user interface."""
    portal = store.options.portal_id
    return f"https://app.hubspot.com/contacts/{portal}/record/{table.kind.type_id}/{record.id}"


def history_json(record: Record, names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Property histories, newest first."""
    return {name: [_change_json(c) for c in record.changes_of(name)] for name in names}


def _change_json(change: Any) -> dict[str, Any]:
    made = {
        "value": change.value or "",
        "timestamp": iso(change.at),
        "sourceType": change.source.type,
    }
    for key, value in (
        ("sourceId", change.source.id),
        ("sourceLabel", change.source.label),
        ("updatedByUserId", change.source.user_id),
    ):
        if value is not None:
            made[key] = value
    return made


def associations_json(
    store: Store, table: Table, record: Record, targets: Iterable[str]
) -> dict[str, Any]:
    """Associations in the v3 form: ids with the name of each type."""
    made = {}
    for name in targets:
        target = store.table(name)
        if target is None:
            continue
        found = store.associated(table.kind.name, record.id, target.kind.name)
        results = [
            {"id": str(other), "type": store.associations.definitions[ref].name}
            for other, types in found.items()
            for ref in types
        ]
        if results:
            made[target.kind.name] = {"results": results}
    return made


def full_json(call: Call, table: Table, record: Record, names: Sequence[str]) -> dict[str, Any]:
    """A record as list and read show it."""
    made = record_json(table, record, names)
    history = [n for n in call.many("propertiesWithHistory") if table.properties.get(n) is not None]
    if history:
        made["propertiesWithHistory"] = history_json(record, history)
        for name in history:
            made["properties"].setdefault(name, record.properties.get(name))
    made["url"] = url_of(call.store, table, record)
    targets = call.many("associations")
    if targets:
        found = associations_json(call.store, table, record, targets)
        if found:
            made["associations"] = found
    return made


def batch_reply(
    call: Call,
    started: str,
    results: Sequence[Mapping[str, Any]],
    problems: Sequence[Mapping[str, Any]] = (),
    *,
    status: int = 200,
) -> Reply:
    """A batch answer: results in no order to rely on, 207 when something went wrong."""
    made: dict[str, Any] = {
        "status": "COMPLETE",
        "results": _mixed(call, results),
        "startedAt": started,
        "completedAt": call.store.now_text(),
    }
    if problems:
        made |= {"numErrors": len(problems), "errors": list(problems)}
    return Reply(207 if problems else status, made)


def _mixed(call: Call, results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The results in an order of their own, the same for the same call."""
    return call.store.quirks.shuffled("shuffled_batches", results, f"{call.path} {len(results)}")
