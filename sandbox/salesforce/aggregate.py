"""GROUP BY, HAVING and the aggregate functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.salesforce.binding import Bound
from sandbox.salesforce.catalog import NUMBERS
from sandbox.salesforce.fields import Field
from sandbox.salesforce.filters import compile_filter
from sandbox.salesforce.query import AGGREGATES, Query, sort_key
from sandbox.salesforce.soql import Expression, Selected
from sandbox.salesforce.store import Row

_NUMBER = Field("expr", "double", "Number")

_FUNCTIONS: Mapping[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "SUM": lambda values: float(sum(values)) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}


@dataclass(frozen=True)
class _Column:
    """One value of a group; `key` is how HAVING and ORDER BY name it."""

    key: str
    field: Field
    compute: Callable[[Sequence[Row]], Any]


def aggregate_rows(query: Query) -> list[dict[str, Any]]:
    """The AggregateResult records of a grouped query, in order, limit applied."""
    return _Grouping(query).run()


class _Grouping:
    def __init__(self, query: Query) -> None:
        self.query = query
        self.columns: dict[str, _Column] = {}
        self.group = [self._grouped(one) for one in query.select.group]

    def _grouped(self, one: Expression) -> Bound:
        bound = self.query.binder.bind(one)
        if bound.field.long_text or bound.field.type in (*(NUMBERS - {"int"}), "datetime"):
            raise self.query.binder.complain(
                one.at,
                "MALFORMED_QUERY",
                f"field '{bound.field.name}' can not be grouped in a query call",
            )
        return bound

    def run(self) -> list[dict[str, Any]]:
        shown = self._shown()
        having = self._having()
        rows = Query.rows(self._unlimited())
        groups: dict[tuple[Any, ...], list[Row]] = {} if self.group else {(): []}
        for row in rows:
            groups.setdefault(tuple(bound.get(row) for bound in self.group), []).append(row)
        sorts = [(self.bind(one.expression), one) for one in self.query.select.order]
        found = [
            {key: column.compute(members) for key, column in self.columns.items()}
            for members in groups.values()
        ]
        found = [values for values in found if having(values)]
        for bound, one in reversed(sorts):
            found.sort(key=sort_key(bound, one), reverse=one.descending)
        return [self._render(values, shown) for values in self._window(found)]

    def _unlimited(self) -> Query:
        query = self.query
        query.select = replace(query.select, limit=None, offset=0)
        return query

    def _window(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        offset, limit = self.offset, self.limit
        return found[offset:] if limit is None else found[offset : offset + limit]

    def _shown(self) -> list[tuple[str, str]]:
        """(name in the answer, column key) for every selected item."""
        self.limit, self.offset = self.query.select.limit, self.query.select.offset
        shown: list[tuple[str, str]] = []
        unnamed = 0
        for item in self.query.select.items:
            if not isinstance(item, Selected):
                raise self.query.binder.complain(
                    0, "MALFORMED_QUERY", "Grouped query cannot use child relationships"
                )
            name = item.alias or item.expression.path[-1]
            if item.alias is None and item.expression.function:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            elif item.alias is None:
                name = self.query.binder.bind(item.expression).field.name
            self.bind(item.expression)
            shown.append((name, str(item.expression).lower()))
            if item.alias:
                self.columns[item.alias.lower()] = self.columns[shown[-1][1]]
        return shown

    def _having(self) -> Callable[[Row], bool]:
        if self.query.select.having is None:
            return lambda row: True
        context = replace(self.query.context(), bind=self.bind, table=None)
        return compile_filter(self.query.select.having, context).test

    def bind(self, one: Expression) -> Bound:
        """A grouped field or an aggregate, as a column of the groups."""
        key = str(one).lower()
        if key not in self.columns:
            self.columns[key] = self._column(one, key)
        return Bound(lambda row: row.get(key), self.columns[key].field)

    def _column(self, one: Expression, key: str) -> _Column:
        if one.function in AGGREGATES:
            return self._function(one, key)
        bound = self.query.binder.bind(one)
        if not any(bound.field == group.field for group in self.group):
            raise self.query.binder.complain(
                one.at, "MALFORMED_QUERY", f"Field must be grouped or aggregated: {one}"
            )
        return _Column(key, bound.field, lambda rows: bound.get(rows[0]))

    def _function(self, one: Expression, key: str) -> _Column:
        compute = _FUNCTIONS[str(one.function)]
        if not one.path:
            return _Column(key, _NUMBER, len)
        bound = self.query.binder.bind(Expression(one.path, None, one.at))
        if one.function in ("SUM", "AVG") and bound.field.type not in NUMBERS:
            raise self.query.binder.complain(
                one.at,
                "MALFORMED_QUERY",
                f"field {one.path[-1]} does not support aggregate operator {one.function}",
            )
        field = bound.field if one.function in ("MIN", "MAX") else _NUMBER
        return _Column(
            key,
            field,
            lambda rows: compute([v for v in map(bound.get, rows) if v is not None]),
        )

    def _render(self, values: dict[str, Any], shown: list[tuple[str, str]]) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        record.update((name, values[key]) for name, key in shown)
        return record
