"""Pure: conditions of filters, creation rules and populations, tested on canonical values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from mapping.canonical import FIELDS

Value = Any
"""A canonical value as normalised JSON; None is blank."""


class Condition(Protocol):
    """What a condition may say; operators that are not in `model_fields_set` are not tested."""

    @property
    def field(self) -> str: ...
    @property
    def equals(self) -> Any: ...
    @property
    def not_(self) -> Any: ...
    @property
    def in_(self) -> Collection[Any] | None: ...
    @property
    def not_in(self) -> Collection[Any] | None: ...
    @property
    def present(self) -> bool | None: ...
    @property
    def contains(self) -> str | None: ...
    @property
    def at_least(self) -> str | None: ...
    @property
    def model_fields_set(self) -> set[str]: ...


def lookup(values: Mapping[str, Value], path: str) -> Value:
    """A field, or a part of it (`billing_address.country`); None where there is none."""
    if path in values:
        return values[path]
    head, _, rest = path.partition(".")
    inner = values.get(head)
    return inner.get(rest) if rest and isinstance(inner, Mapping) else None


Orders = Mapping[str, Sequence[str]]
"""Field -> its values from first to last, where that is not the usual order."""


def holds(
    condition: Condition, value_of: Callable[[str], Value], orders: Orders | None = None
) -> bool:
    """Whether every operator that the condition gives holds."""
    value = value_of(condition.field)
    given = condition.model_fields_set
    tests: dict[str, Callable[[], bool]] = {
        "equals": lambda: value == condition.equals,
        "not_": lambda: value != condition.not_,
        "in_": lambda: value in (condition.in_ or []),
        "not_in": lambda: value not in (condition.not_in or []),
        "present": lambda: (value in (None, "", [], {})) is not condition.present,
        "contains": lambda: _contains(value, str(condition.contains)),
        "at_least": lambda: _at_least(
            condition.field, value, str(condition.at_least), orders or {}
        ),
    }
    return all(test() for name, test in tests.items() if name in given)


def _contains(value: Value, part: str) -> bool:
    if isinstance(value, list):
        return part in value
    return part.casefold() in str(value or "").casefold()


def _at_least(field: str, value: Value, wanted: str, orders: Orders) -> bool:
    name = field.rpartition(".")[2]
    order = orders.get(name)
    if order:
        known = value in order and wanted in order
        return known and order.index(value) >= order.index(wanted)
    for fields in FIELDS.values():
        definition = fields.get(name)
        if definition is not None and definition.ordered:
            place, least = definition.rank(value), definition.rank(wanted)
            return place is not None and least is not None and place >= least
    return False
