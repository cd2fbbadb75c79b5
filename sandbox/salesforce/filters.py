"""WHERE and HAVING compiled to a test of a row, with what indices can make of it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sandbox.salesforce.binding import Bound
from sandbox.salesforce.catalog import NUMBERS, STRINGS
from sandbox.salesforce.datenames import day_range
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.ids import to18
from sandbox.salesforce.soql import Condition, Expression, Literal, Select, Where
from sandbox.salesforce.store import Row, Table

Test = Callable[[Row], bool]
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Filter:
    """A test, and two promises about the rows that pass it.

    `since`: their SystemModstamp is not earlier; `ids`: they are among these.
    """

    test: Test
    since: str | None = None
    ids: frozenset[str] | None = None


@dataclass(frozen=True)
class Context:
    """What compiling needs: names, sub-queries, the table for its indices, today, complaints."""

    bind: Callable[[Expression], Bound]
    subquery: Callable[[Select], frozenset[Any]]
    table: Table | None
    today: date
    complain: Callable[[int, str, str], SalesforceError]


def compile_filter(where: Where, context: Context) -> Filter:
    """Raises SalesforceError for unknown fields and values of the wrong type."""
    if isinstance(where, Condition):
        return _Leaf(where, context).compile()
    parts = [compile_filter(part, context) for part in where.parts]
    return _COMBINE[where.operator](parts)


def _all(parts: list[Filter]) -> Filter:
    tests = [part.test for part in parts]
    bounds = [part.since for part in parts if part.since is not None]
    sets = [part.ids for part in parts if part.ids is not None]
    return Filter(
        lambda row: all(test(row) for test in tests),
        max(bounds, default=None),
        min(sets, key=len, default=None),
    )


def _any(parts: list[Filter]) -> Filter:
    tests = [part.test for part in parts]
    bounds = [part.since for part in parts if part.since is not None]
    sets = [part.ids for part in parts if part.ids is not None]
    return Filter(
        lambda row: any(test(row) for test in tests),
        min(bounds) if len(bounds) == len(parts) else None,
        frozenset().union(*sets) if len(sets) == len(parts) else None,
    )


def _none(parts: list[Filter]) -> Filter:
    test = parts[0].test
    return Filter(lambda row: not test(row))


_COMBINE: dict[str, Callable[[list[Filter]], Filter]] = {"and": _all, "or": _any, "not": _none}


class _Leaf:
    """One condition: its literals checked against the field's type, then compiled."""

    def __init__(self, condition: Condition, context: Context) -> None:
        self.condition = condition
        self.context = context
        self.bound = context.bind(condition.expression)
        self.field = self.bound.field
        self.folded = self.field.type in STRINGS - {"id", "reference"}
        self.folded = self.folded and not self.field.case_sensitive
        if not self.field.filterable or self.field.long_text or self.field.type == "address":
            raise self._complain(f"field '{self.field.name}' can not be filtered in a query call")

    def _complain(self, message: str, at: int | None = None) -> SalesforceError:
        place = self.condition.expression.at if at is None else at
        return self.context.complain(place, "INVALID_FIELD", message)

    def compile(self) -> Filter:
        condition = self.condition
        if condition.query is not None:
            return self._membership(self.context.subquery(condition.query))
        if condition.operator in ("in", "not in"):
            return self._membership(frozenset(self._value(value) for value in condition.values))
        if condition.operator == "like":
            return Filter(self._like())
        if condition.operator in ("includes", "excludes"):
            return Filter(self._includes())
        if condition.values[0].kind == "datename":
            return self._named()
        return self._compare(self._value(condition.values[0]))

    def _value(self, literal: Literal) -> Any:
        """The literal as the store would keep it; text folded where case does not matter."""
        if literal.kind == "null" or literal.value == "":
            return None
        kind = self.field.type
        if kind in STRINGS:
            self._expect(literal, "string", "string")
            return self._text(literal)
        if kind == "boolean":
            self._expect(literal, "boolean", "boolean")
        elif kind in NUMBERS:
            self._expect(literal, "number", "int" if kind == "int" else "double")
        elif kind == "date":
            self._expect(literal, "date", "date")
        elif kind == "datetime":
            self._expect(literal, "datetime", "dateTime")
            return _instant(literal.value)
        return literal.value

    def _expect(self, literal: Literal, kind: str, shown: str) -> None:
        if literal.kind != kind:
            quotes = "should be" if kind == "string" else "should not be"
            raise self._complain(
                f"value of filter criterion for field '{self.field.name}' must be of type "
                f"{shown} and {quotes} enclosed in quotes",
                literal.at,
            )

    def _text(self, literal: Literal) -> str:
        text = str(literal.value)
        if self.field.type not in ("id", "reference"):
            return text.casefold() if self.folded else text
        id_ = to18(text)
        if id_ is None:
            raise self.context.complain(
                literal.at, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}"
            )
        return id_

    def _read(self) -> Callable[[Row], Any]:
        get = self.bound.get
        if not self.folded:
            return get

        def read(row: Row) -> Any:
            value = get(row)
            return value.casefold() if value is not None else None

        return read

    def _membership(self, values: frozenset[Any]) -> Filter:
        get = self._read()
        if self.condition.operator == "not in":
            return Filter(lambda row: get(row) not in values)
        return Filter(lambda row: get(row) in values, ids=self._indexed(values))

    def _compare(self, value: Any) -> Filter:
        get, sign = self._read(), self.condition.operator
        if sign == "=":
            since = value if self._is_modstamp() else None
            return Filter(lambda row: get(row) == value, since, self._indexed([value]))
        if sign == "!=":
            return Filter(lambda row: get(row) != value)
        if value is None:
            return Filter(lambda row: False)
        compare = _ORDER[sign]

        def test(row: Row) -> bool:
            found = get(row)
            return found is not None and compare(found, value)

        return Filter(test, value if sign in (">", ">=") and self._is_modstamp() else None)

    def _is_modstamp(self) -> bool:
        return self.bound.plain and self.field.name == "SystemModstamp"

    def _indexed(self, values: Iterable[Any]) -> frozenset[str] | None:
        table = self.context.table
        if table is None or not self.bound.plain or None in values:
            return None
        if self.field.type == "id":
            return frozenset(values)
        if not table.has_lookup(self.field.name):
            return None
        return frozenset().union(*(table.lookup(self.field.name, value) for value in values))

    def _like(self) -> Test:
        literal = self.condition.values[0]
        self._expect(literal, "string", "string")
        pieces = re.split(r"(\\?[%_])", str(literal.value))
        wild = {"%": ".*", "_": "."}
        pattern = "".join(wild.get(part) or re.escape(part.removeprefix("\\")) for part in pieces)
        match, get = re.compile(pattern, re.I | re.S).fullmatch, self.bound.get
        return lambda row: bool(match(get(row) or ""))

    def _includes(self) -> Test:
        if self.field.type != "multipicklist":
            raise self._complain(f"{self.condition.operator} needs a multipicklist field")
        wanted = [set(str(value.value).casefold().split(";")) for value in self.condition.values]
        get, includes = self._read(), self.condition.operator == "includes"

        def test(row: Row) -> bool:
            found = set((get(row) or "").split(";"))
            return any(group <= found for group in wanted) == includes

        return test

    def _named(self) -> Filter:
        literal, sign = self.condition.values[0], self.condition.operator
        days = day_range(str(literal.value), self.context.today)
        if days is None or self.field.type not in ("date", "datetime"):
            raise self._complain(f"unexpected token: {literal.value}", literal.at)
        midnight = "T00:00:00.000+0000" if self.field.type == "datetime" else ""
        start, end = (day.isoformat() + midnight for day in days)
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda value: start <= value < end,
            "!=": lambda value: not start <= value < end,
            "<": lambda value: value < start,
            "<=": lambda value: value < end,
            ">": lambda value: value >= end,
            ">=": lambda value: value >= start,
        }
        get, test = self.bound.get, tests[sign]
        since = start if sign in ("=", ">", ">=") and self._is_modstamp() else None
        return Filter(lambda row: get(row) is not None and test(get(row)), since)


def _instant(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
