"""Formula fields: values read through a path of references, which change without any stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.fields import Field

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.store import Row


def value(org: Org, one: Field, row: Row) -> Any:
    """What a formula such as `Owner.Name` or `Industry` gives for a record, or None."""
    *links, last = (one.formula or "").split(".")
    found: Row | None = row
    for link in links:
        kind = kind_of(org, found) if found is not None else None
        reference = kind.relationships.get(link.lower()) if kind else None
        found = _parent(org, reference, found) if reference and found is not None else None
    return None if found is None else found.get(last)


def kind_of(org: Org, row: Row) -> ObjectType | None:
    """The object type of a record, by its id."""
    prefix = row["Id"][:3]
    return next((k for k in org.catalog.full.values() if k.table.prefix == prefix), None)


def _parent(org: Org, reference: Field, row: Row) -> Row | None:
    for target in reference.refers_to:
        table = org.store.tables.get(target)
        if table is not None and row.get(reference.name) in table.rows:
            return table.rows[row[reference.name]]
    return None
