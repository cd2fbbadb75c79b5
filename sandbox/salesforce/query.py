"""Running queries: planning, sorting, rendering of records, child rows and parents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from sandbox.salesforce.binding import Binder, Bound
from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.filters import Context, Filter, compile_filter
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql import Expression, Select, Selected, Sort
from sandbox.salesforce.store import Row
from sandbox.salesforce.tables import ChildRelation

MAX_OFFSET = 2_000
MAX_FIELDS_LIMIT = 200

Render = Callable[[Row], Any]
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})


def is_aggregate(select: Select) -> bool:
    """Whether the query answers with AggregateResult rows (COUNT() alone does not)."""
    functions = {
        item.expression.function
        for item in select.items
        if isinstance(item, Selected) and item.expression.path
    }
    return bool(select.group) or bool(functions & AGGREGATES)


def is_count(select: Select) -> bool:
    """SELECT COUNT() FROM …: the answer is only a totalSize."""
    first = select.items[0]
    return (
        isinstance(first, Selected)
        and first.expression.function == "COUNT"
        and not first.expression.path
    )


class Query:
    """A SELECT bound to an organisation: which rows, in which order, rendered how.

    Raises SalesforceError on construction for everything that is wrong with the query.
    """

    def __init__(
        self,
        org: Org,
        select: Select,
        *,
        version: str,
        deleted: bool,
        kind: ObjectType | None = None,
    ) -> None:
        self.org = org
        self.select = select
        self.version = version
        self.deleted = deleted
        self.kind = kind or self._source()
        self.binder = Binder(org, select, self.kind)
        self.table = org.store.tables[self.kind.name]
        self.filter = self._filter()
        if select.offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", message)
        aggregate = is_aggregate(select) or is_count(select)
        self.render: Render = (lambda row: None) if aggregate else self._renderer()
        self.sorts = [] if is_aggregate(select) else [self._sort(one) for one in select.order]

    def _source(self) -> ObjectType:
        name, select = self.select.source, self.select
        found = self.org.catalog.seen.get(name.lower())
        if found is None or not found.can("q"):
            from_at = Binder(self.org, select, next(iter(self.org.catalog.full.values())))
            raise from_at.complain(
                select.source_at,
                "INVALID_TYPE",
                f"sObject type '{name}' is not supported. If you are attempting to use a custom "
                "object, be sure to append the '__c' after the entity name. Please reference "
                "your WSDL or the describe call for the appropriate names.",
            )
        return found

    def context(self) -> Context:
        return Context(
            self.binder.bind,
            self._subquery,
            self.table,
            self.org.clock.now().date(),
            self.binder.complain,
        )

    def _filter(self) -> Filter:
        if self.select.where is None:
            return Filter(lambda row: True)
        return compile_filter(self.select.where, self.context())

    def _subquery(self, select: Select) -> frozenset[Any]:
        """The values of the single field that a semi-join selects."""
        inner = Query(self.org, select, version=self.version, deleted=self.deleted)
        item = select.items[0]
        if len(select.items) != 1 or not isinstance(item, Selected):
            raise self.binder.complain(
                select.source_at, "MALFORMED_QUERY", "a semi join selects exactly one field"
            )
        get = inner.binder.bind(item.expression).get
        return frozenset(get(row) for row in inner.rows()) - {None}

    # which rows

    def rows(self, among: Iterable[str] | None = None) -> list[Row]:
        """The matching rows in order, offset and limit applied; `among`: only these ids."""
        candidates, ordered = self._candidates(among)
        test, deleted = self.filter.test, self.deleted
        seen = self.org.effects.visible(iter(candidates))
        found: Iterable[Row] = (
            row for row in seen if (deleted or not row.get("IsDeleted")) and test(row)
        )
        if self.sorts and not ordered:
            found = self._sorted(list(found))
        limit = self.select.limit
        stop = None if limit is None else self.select.offset + limit
        return list(islice(found, self.select.offset, stop))

    def _candidates(self, among: Iterable[str] | None) -> tuple[Iterable[Row], bool]:
        rows = self.table.rows
        ids = self.filter.ids if among is None else among
        if ids is not None:
            return [rows[id_] for id_ in sorted(ids) if id_ in rows], False
        by_stamp = self._sorts_by_stamp()
        if by_stamp or (self.filter.since is not None):
            return self.table.modified(self.filter.since or ""), by_stamp
        return rows.values(), False

    def _sorts_by_stamp(self) -> bool:
        """ORDER BY SystemModstamp[, Id], ascending: the order that the index has."""
        names = [".".join(one.expression.path).lower() for one in self.select.order]
        ascending = not any(one.descending for one in self.select.order)
        return ascending and names in (["systemmodstamp"], ["systemmodstamp", "id"])

    def _sort(self, one: Sort) -> tuple[Bound, Sort]:
        bound = self.binder.bind(one.expression)
        if bound.field.long_text or bound.field.type in ("address", "multipicklist"):
            raise self.binder.complain(
                one.expression.at,
                "INVALID_FIELD",
                f"field '{bound.field.name}' can not be sorted in a query call",
            )
        return bound, one

    def _sorted(self, rows: list[Row]) -> list[Row]:
        for bound, one in reversed(self.sorts):
            rows.sort(key=sort_key(bound, one), reverse=one.descending)
        return rows

    # rendered how

    def _renderer(self) -> Render:
        tree: dict[str, Any] = {}
        for item in self._expanded():
            if isinstance(item, Select):
                name, render = self._child(item)
                tree[name] = render
            else:
                self._place(tree, item)
        return self._row_renderer(tree, lambda row: self.kind.name)

    def _expanded(self) -> list[Selected | Select]:
        items: list[Selected | Select] = []
        for item in self.select.items:
            if isinstance(item, Selected) and item.expression.function == "FIELDS":
                items += self._fields(item.expression)
            else:
                items.append(item)
        return items

    def _fields(self, call: Expression) -> list[Selected | Select]:
        which = ".".join(call.path).lower()
        if which != "standard" and (self.select.limit or 1_000) > MAX_FIELDS_LIMIT:
            raise self.binder.complain(
                call.at,
                "MALFORMED_QUERY",
                f"The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_LIMIT}",
            )
        chosen: dict[str, Callable[[Field], bool]] = {
            "all": lambda one: True,
            "standard": lambda one: not one.custom,
            "custom": lambda one: one.custom,
        }
        fields = filter(chosen.get(which, lambda one: False), self.kind.fields.values())
        return [Selected(Expression((one.name,), None, call.at), None) for one in fields]

    def _place(self, tree: dict[str, Any], item: Selected) -> None:
        """Put a field into the tree of the answer: parents are nested objects."""
        bound = self.binder.bind(item.expression)
        for parent in bound.parents:
            name = parent.relationship or parent.name
            tree = tree.setdefault(name, {"": parent})
        if bound.field.name in tree:
            raise self.binder.complain(
                item.expression.at,
                "MALFORMED_QUERY",
                f"duplicate field selected: {bound.field.name}",
            )
        tree[bound.field.name] = bound.own

    def _child(self, select: Select) -> tuple[str, Render]:
        link = self.kind.children.get(select.source.lower())
        kind = self.org.catalog.seen.get(link.child.lower()) if link else None
        if link is None or kind is None or link.name is None:
            raise self.binder.complain(
                select.source_at,
                "INVALID_TYPE",
                f"Didn't understand relationship '{select.source}' in FROM part of query call. "
                "If you are attempting to use a custom relationship, be sure to append the "
                "'__r' after the custom relationship name. Please reference your WSDL or the "
                "describe call for the appropriate names.",
            )
        inner = Query(self.org, select, version=self.version, deleted=self.deleted, kind=kind)
        return link.name, _child_renderer(inner, link)

    def _row_renderer(self, tree: dict[str, Any], type_of: Callable[[Row], str]) -> Render:
        base = f"/services/data/v{self.version}/sobjects/"
        entries = [
            (name, self._parent_renderer(part) if isinstance(part, dict) else part)
            for name, part in tree.items()
            if name
        ]

        def render(row: Row) -> dict[str, Any]:
            kind = type_of(row)
            shown: dict[str, Any] = {
                "attributes": {"type": kind, "url": f"{base}{kind}/{row['Id']}"}
            }
            for name, get in entries:
                shown[name] = row.get(name) if get is None else get(row)
            return shown

        return render

    def _parent_renderer(self, tree: dict[str, Any]) -> Render:
        reference: Field = tree[""]
        full = self.org.catalog.full
        names = {full[name.lower()].table.prefix: name for name in reference.refers_to}
        render = self._row_renderer(tree, lambda row: names[row["Id"][:3]])

        def render_parent(row: Row) -> Any:
            parent = self.binder.parent(reference, row)
            return None if parent is None else render(parent)

        return render_parent


def _child_renderer(inner: Query, link: ChildRelation) -> Render:
    """The rows of a child relationship as a result of their own; null when there are none."""

    def render(row: Row) -> Any:
        rows = inner.rows(among=inner.table.lookup(link.field, row["Id"]))
        if not rows:
            return None
        return {"totalSize": len(rows), "done": True, "records": [*map(inner.render, rows)]}

    return render


def sort_key(bound: Bound, one: Sort) -> Callable[[Row], tuple[Any, ...]]:
    """Nulls come first unless the query says otherwise; text without regard to case."""
    null = 0 if one.nulls_last == one.descending else 2
    fold = bound.field.type not in ("id", "reference")

    def key(row: Row) -> tuple[Any, ...]:
        value = bound.get(row)
        if value is None:
            return (null,)
        return (1, value.casefold() if fold and isinstance(value, str) else value)

    return key
