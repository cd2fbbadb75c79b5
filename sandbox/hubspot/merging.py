"""Merging two records as HubSpot does it: the survivor of contacts and companies has a new id."""

from __future__ import annotations

from sandbox.hubspot import errors
from sandbox.hubspot.records import Change, Record, Source, Table, Values
from sandbox.hubspot.store import Store
from sandbox.hubspot.times import iso

MAX_MERGES = 250
OWN = frozenset(
    {
        "hs_object_id",
        "createdate",
        "hs_merged_object_ids",
        "hs_calculated_merged_vids",
        "hs_all_contact_vids",
        "num_associated_contacts",
        "num_associated_deals",
        "associatedcompanyid",
        "hs_primary_associated_company",
    }
)
"""Properties that a merge computes instead of copying."""


def merge(store: Store, table: Table, primary_id: int, other_id: int, source: Source) -> Record:
    """Let one record absorb another: the primary's values win, blanks are filled from the other.

    Raises ApiError for a record merged with itself or for an id that is not live. Callers hold
    the store's lock.
    """
    primary, other = _pair(store, table, primary_id, other_id)
    ids = (primary.id, other.id)
    table.at(store.now())
    values = _merged_values(table, primary, other, store.now(), new=_makes_new(store, table))
    if _makes_new(store, table):
        survivor = _into_new(store, table, (primary, other), values, source)
    else:
        survivor = _into_primary(store, table, primary, other, values, source)
    gone = [i for i in ids if i != survivor.id]
    store.events.merged(table.kind, ids[0], gone, survivor, source)
    return survivor


def _makes_new(store: Store, table: Table) -> bool:
    return table.kind.merge_makes_new_id and store.quirks.on("merge_new_id")


def _pair(store: Store, table: Table, primary_id: int, other_id: int) -> tuple[Record, Record]:
    """The two live records. Raises ApiError (400) where they cannot be merged."""
    kind = table.kind
    primary = store.live(kind.name, primary_id)
    other = store.live(kind.name, other_id)
    if primary is None or other is None:
        wrong = primary_id if primary is None else other_id
        raise errors.invalid(
            f"vid to merge is not a valid {kind.singular} or is already in the process of being "
            f"merged: {wrong}"
        )
    if primary is other:
        raise errors.invalid(f"Cannot merge a {kind.singular} with itself")
    if len({*_ids(primary), *_ids(other)}) >= MAX_MERGES:
        raise errors.invalid(
            f"Cannot merge: a {kind.singular} takes part in at most {MAX_MERGES} merges"
        )
    return primary, other


def _merged_values(table: Table, primary: Record, other: Record, now: int, *, new: bool) -> Values:
    values: Values = {
        name: value
        for name, value in {**other.properties, **_filled(primary)}.items()
        if name not in OWN
    }
    values[table.kind.created] = iso(min(primary.created, other.created))
    taken = (primary, other) if new else (other,)
    merged = [*_ids(primary), *_ids(other), *(str(record.id) for record in taken)]
    values["hs_merged_object_ids"] = ";".join(dict.fromkeys(merged))
    if table.kind.has_lifecycle:
        values["lifecyclestage"] = _furthest(table, primary, other)
    if table.kind.name == "contacts":
        values |= _merged_contact(primary, other, now)
    if table.kind.name == "companies":
        values["hs_additional_domains"] = _others(primary, other, "domain")
    return {name: value for name, value in values.items() if value}


def _merged_contact(primary: Record, other: Record, now: int) -> Values:
    vids = [record.properties.get("hs_calculated_merged_vids") for record in (primary, other)]
    vids += [f"{primary.id}:{now}", f"{other.id}:{now}"]
    return {
        "hs_additional_emails": _others(primary, other, "email"),
        "hs_calculated_merged_vids": ";".join(v for v in vids if v),
    }


def _others(primary: Record, other: Record, name: str) -> str:
    """What the two records had as e-mail addresses or domains besides the one that is kept."""
    kept = primary.properties.get(name) or other.properties.get(name)
    values = [
        value
        for record in (primary, other)
        for held in (name, f"hs_additional_{name}s")
        for value in (record.properties.get(held) or "").split(";")
        if value and value != kept
    ]
    return ";".join(dict.fromkeys(values))


def _furthest(table: Table, primary: Record, other: Record) -> str | None:
    order = table.properties.all["lifecyclestage"].allowed()
    stages = [record.properties.get("lifecyclestage") for record in (primary, other)]
    return max((s for s in stages if s), key=lambda stage: order.get(stage, -1), default=None)


def _filled(record: Record) -> Values:
    return {name: value for name, value in record.properties.items() if value}


def _ids(record: Record) -> list[str]:
    return [i for i in (record.properties.get("hs_merged_object_ids") or "").split(";") if i]


def _into_new(
    store: Store, table: Table, pair: tuple[Record, Record], values: Values, source: Source
) -> Record:
    now, kind = store.now(), table.kind
    survivor = Record(table.new_id(), values, min(r.created for r in pair), now, source)
    survivor.source = pair[0].source
    survivor.history = _history(pair, values, now, source)
    values["hs_object_id"] = str(survivor.id)
    if kind.name == "contacts":
        values["hs_all_contact_vids"] = ";".join(str(r.id) for r in (survivor, *pair))
    for record in pair:
        table.archive(record, now, merged_into=survivor.id)
    table.add(survivor)
    touched = [t for r in pair for t in store.associations.move(kind.name, r.id, survivor.id)]
    store.refresh_counts([*touched, (kind.name, survivor.id)])
    return survivor


def _history(
    pair: tuple[Record, Record], values: Values, now: int, source: Source
) -> dict[str, list[Change]]:
    """The survivor's histories: the primary's own, and an entry of the merge where the value
    came from the other record."""
    primary, other = pair
    by_merge = Source("MERGE_OBJECTS", source.id, source.label, source.user_id)
    made = {name: list(changes) for name, changes in primary.history.items()}
    for name, value in values.items():
        if value != primary.properties.get(name):
            before = made.get(name) or primary.changes_of(name)[::-1] or other.history.get(name, [])
            made[name] = [*before, Change(value, now, by_merge)]
        elif name not in made and primary.created != min(primary.created, other.created):
            made[name] = primary.changes_of(name)
    return made


def _into_primary(
    store: Store, table: Table, primary: Record, other: Record, values: Values, source: Source
) -> Record:
    now, kind = store.now(), table.kind
    values[table.kind.created] = primary.properties.get(kind.created)
    values = {n: v for n, v in values.items() if n != kind.modified}
    table.archive(other, now, merged_into=primary.id)
    table.change(primary, values, now, source)
    touched = store.associations.move(kind.name, other.id, primary.id)
    store.refresh_counts([*touched, (kind.name, primary.id)])
    return primary
