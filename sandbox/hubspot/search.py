"""The search endpoint's engine: filter groups, sorting, totals and an index that may lag."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

from sandbox.hubspot import errors
from sandbox.hubspot.operators import OPERATORS, Test, listed, read_moment_or_400, sort_key
from sandbox.hubspot.records import Table, Values
from sandbox.hubspot.store import Store

MAX_RESULTS = 10_000
MAX_GROUPS = 5
MAX_FILTERS = 6
MAX_FILTERS_IN_ALL = 18
MAX_QUERY = 3_000
QUERIED: dict[str, tuple[str, ...]] = {
    "contacts": ("firstname", "lastname", "email", "phone", "company", "hs_additional_emails"),
    "companies": ("name", "domain", "website", "phone"),
    "deals": ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    "tickets": ("subject", "content"),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
}
CACHED = 8

SortKey = tuple[bool, Any, int, int]
"""Whether the value is absent, the value, a place among equals, the record's id."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results: ids and their values as the index shows them."""

    total: int
    results: list[tuple[int, Values]]
    after: str | None


class Searcher:
    """Answers searches over one account. Callers hold the store's lock.

    Results of the latest queries are kept until a record of that type changes, and a filter
    `hs_object_id > x` is answered from the result without it, so that keyset paging costs a
    look-up per page.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: dict[bytes, tuple[int, list[int]]] = {}

    def search(self, table: Table, body: Mapping[str, Any]) -> Found:
        """Raises ApiError (400) for limits exceeded, unknown properties or operators."""
        limit, after = self._window(body)
        groups, keyset = _without_keyset(_groups(body))
        _check_size(groups)
        sort = _sort(body, table)
        query = str(body.get("query") or "")
        if len(query) > MAX_QUERY:
            raise errors.invalid(f"query must be at most {MAX_QUERY} characters long")
        ids = self._matching(table, groups, query, sort)
        if keyset is not None:
            ids = _after_id(ids, keyset, sort)
        shown = ids[after : after + limit]
        past = table.past()
        results = [(i, past.get(i) or table.records[i].properties) for i in shown]
        following = after + limit
        return Found(len(ids), results, str(following) if following < len(ids) else None)

    def _window(self, body: Mapping[str, Any]) -> tuple[int, int]:
        try:
            limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
        except (TypeError, ValueError) as error:
            raise errors.bad_json("limit and after must be numbers") from error
        most = self._store.options.search_max_page
        if not 0 < limit <= 200:
            raise errors.invalid(f"limit must be between 1 and 200, was {limit}")
        capped = after >= MAX_RESULTS and self._store.quirks.on("search_cap")
        if after < 0 or capped:
            raise errors.invalid(
                f"after must be below {MAX_RESULTS}: a search returns at most that many results"
            )
        return min(limit, most), after

    def _matching(
        self, table: Table, groups: list[list[Any]], query: str, sort: tuple[str, bool]
    ) -> list[int]:
        table.settle(self._store.now())  # a state that ended makes another version of the table
        links = any(
            str(f.get("propertyName")).startswith("associations.") for g in groups for f in g
        )
        cacheable = not links
        mixed = self._store.quirks.on("unordered_ties")
        asked = [table.kind.name, groups, query, sort, mixed]
        key = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
        kept = self._cache.get(key)
        if cacheable and kept is not None and kept[0] == table.version:
            return kept[1]
        ids = self._evaluate(table, groups, query, sort)
        if cacheable:
            self._cache.pop(key, None)
            self._cache[key] = (table.version, ids)
            if len(self._cache) > CACHED:
                del self._cache[next(iter(self._cache))]
        return ids

    def _evaluate(
        self, table: Table, groups: list[list[Any]], query: str, sort: tuple[str, bool]
    ) -> list[int]:
        tests = [[self._test(table, f) for f in group] for group in groups]
        wanted = _matcher(tests, _query_test(table.kind.name, query))
        past = table.past()
        name, descending = sort
        found: list[SortKey] = []
        mixed = self._store.quirks.on("unordered_ties")
        plain = name == "hs_object_id" or (name == table.kind.modified and not mixed)
        key = sort_key(table.properties.get(name))
        ordered: list[int] = []
        for record_id, values in _candidates(table, groups, sort, past):
            if wanted(values, record_id):
                if plain and not past:
                    ordered.append(record_id)
                else:
                    value = values.get(name)
                    tie = _tie(record_id) if mixed else 0
                    found.append((not value, key(value) if value else 0, tie, record_id))
        if plain and not past:
            return ordered[::-1] if descending else ordered
        found.sort(key=itemgetter(0, 1, 2), reverse=descending)
        if descending:
            found.sort(key=itemgetter(0))
        return [row[3] for row in found]

    def _test(self, table: Table, given: Mapping[str, Any]) -> Callable[[Values, int], bool]:
        name, operator = str(given.get("propertyName")), str(given.get("operator"))
        if name.startswith("associations."):
            return self._association_test(table, name.removeprefix("associations."), given)
        definition = table.properties.get(name)
        if definition is None:
            raise errors.invalid(
                f"There was a problem with the request. Property {name} does not exist"
            )
        maker = OPERATORS.get(operator)
        if maker is None:
            raise errors.bad_json(f"{operator} is not one of the operators {sorted(OPERATORS)}")
        test = maker(name, definition, given)
        return lambda values, _: test(values)

    def _association_test(
        self, table: Table, target: str, given: Mapping[str, Any]
    ) -> Callable[[Values, int], bool]:
        other = self._store.table(target)
        if other is None:
            raise errors.invalid(f"{target} is not an object type")
        kind, there = table.kind.name, other.kind.name
        wanted = set(listed(given))

        def test(_: Values, record_id: int) -> bool:
            held = {str(i) for i in self._store.associated(kind, record_id, there)}
            return bool(held & wanted) if wanted else bool(held)

        return test


def _tie(record_id: int) -> int:
    """A place among equals that has nothing to do with ids or with time."""
    return record_id * 2_654_435_761 % 4_294_967_296


def _groups(body: Mapping[str, Any]) -> list[list[Any]]:
    groups = body.get("filterGroups") or []
    if not isinstance(groups, list):
        raise errors.bad_json("filterGroups must be a list")
    made = [list(group.get("filters") or []) for group in groups if isinstance(group, Mapping)]
    if body.get("filters"):
        made.append(list(body["filters"]))
    for each in (f for group in made for f in group):
        if not isinstance(each, Mapping) or "propertyName" not in each or "operator" not in each:
            raise errors.bad_json("Some required fields were not set: [propertyName, operator]")
    return made


def _check_size(groups: Sequence[Sequence[Any]]) -> None:
    if len(groups) > MAX_GROUPS:
        raise errors.invalid(f"too many filterGroups: at most {MAX_GROUPS}")
    if any(len(group) > MAX_FILTERS for group in groups):
        raise errors.invalid(f"too many filters in a group: at most {MAX_FILTERS}")
    if sum(map(len, groups)) > MAX_FILTERS_IN_ALL:
        raise errors.invalid(f"too many filters: at most {MAX_FILTERS_IN_ALL} in all groups")


def _without_keyset(groups: list[list[Any]]) -> tuple[list[list[Any]], int | None]:
    """Take `hs_object_id > x` out of a single group; it is applied to the result instead."""
    if len(groups) != 1:
        return groups, None
    for each in groups[0]:
        value = str(each.get("value", ""))
        if (each["propertyName"], each["operator"]) == ("hs_object_id", "GT") and value.isdigit():
            return [[f for f in groups[0] if f is not each]], int(value)
    return groups, None


def _after_id(ids: list[int], last: int, sort: tuple[str, bool]) -> list[int]:
    if sort == ("hs_object_id", False):
        return ids[bisect_right(ids, last) :]
    return [i for i in ids if i > last]


def _sort(body: Mapping[str, Any], table: Table) -> tuple[str, bool]:
    """(property, descending); only one sort is allowed, the default is by creation."""
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise errors.invalid("sorts takes at most one sort")
    if not sorts:
        return "hs_object_id", False
    first = sorts[0]
    if isinstance(first, str):
        name, descending = first.lstrip("-"), first.startswith("-")
    else:
        name = str(first.get("propertyName"))
        descending = first.get("direction") == "DESCENDING"
    if table.properties.get(name) is None:
        raise errors.invalid(
            f"There was a problem with the request. Property {name} does not exist"
        )
    return name, descending


def _candidates(
    table: Table,
    groups: list[list[Any]],
    sort: tuple[str, bool],
    past: Mapping[int, Values | None],
) -> Iterable[tuple[int, Values]]:
    """Live records that may match, in ascending order of the sort where an index has it; those
    that search shows as they were before come first."""
    records = table.records
    bound = _modified_bound(table, groups)
    for i, values in past.items():
        if values is not None:
            yield i, values
    if sort[0] == table.kind.modified or bound is not None:
        seen = [
            i
            for at, i in table.by_modified.since(bound or 0)
            if i in records and records[i].updated == at and records[i].live
        ]
        for i in dict.fromkeys(seen if sort[0] == table.kind.modified else sorted(seen)):
            if i not in past:
                yield i, records[i].properties
    else:
        for i in table.live:
            if i not in past:
                yield i, records[i].properties


def _modified_bound(table: Table, groups: list[list[Any]]) -> int | None:
    """The moment before which no match can have been modified."""
    if len(groups) != 1:
        return None
    for each in groups[0]:
        if each["propertyName"] == table.kind.modified and each["operator"] in (
            "GTE",
            "GT",
            "BETWEEN",
        ):
            return read_moment_or_400(each.get("value"))
    return None


def _matcher(
    groups: list[list[Callable[[Values, int], bool]]], query: Test | None
) -> Callable[[Values, int], bool]:
    if not groups and query is None:
        return lambda _values, _id: True
    if len(groups) == 1 and len(groups[0]) == 1 and query is None:
        return groups[0][0]

    def wanted(values: Values, record_id: int) -> bool:
        if query is not None and not query(values):
            return False
        return not groups or any(all(t(values, record_id) for t in group) for group in groups)

    return wanted


def _query_test(kind: str, query: str) -> Test | None:
    words = query.lower().split()
    if not words:
        return None
    names = QUERIED[kind]

    def test(values: Values) -> bool:
        text = " ".join((values.get(name) or "").lower() for name in names)
        return all(word in text for word in words)

    return test
