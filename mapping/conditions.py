"""Pure: conditions of filters, creation rules and populations, tested on canonical values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
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
    def at_least(self) -> str | float | None: ...
    @property
    def at_most(self) -> str | float | None: ...
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
    place = _places(condition.field, orders or {})

    def reaches(less: Value, more: Value) -> bool:
        return _in_order(less, more) if place is None else _in_order(place(less), place(more))

    tests: dict[str, Callable[[], bool]] = {
        "equals": lambda: value == condition.equals,
        "not_": lambda: value != condition.not_,
        "in_": lambda: value in (condition.in_ or []),
        "not_in": lambda: value not in (condition.not_in or []),
        "present": lambda: (value in (None, "", [], {})) is not condition.present,
        "contains": lambda: _contains(value, str(condition.contains)),
        "at_least": lambda: reaches(condition.at_least, value),
        "at_most": lambda: reaches(value, condition.at_most),
    }
    return all(test() for name, test in tests.items() if name in given)


def _contains(value: Value, part: str) -> bool:
    if isinstance(value, list):
        return part in value
    return part.casefold() in str(value or "").casefold()


Place = Callable[[Value], int | None]


def _places(field: str, orders: Orders) -> Place | None:
    """What says how far a value of the field has come, where its values have an order."""
    of_kind, _, rest = field.partition(".")
    name = rest if of_kind in FIELDS else field
    order = orders.get(name)
    if order:
        return lambda value: order.index(value) if value in order else None
    for fields in FIELDS.values():
        definition = fields.get(name)
        if definition is not None and definition.ordered:
            return definition.rank
    return None


def _in_order(less: Value, more: Value) -> bool:
    """Whether both are numbers or both are dates, and the second is not below the first. An amount
    of money counts by its number, whatever its currency."""
    numbers = quantity(less), quantity(more)
    if None not in numbers:
        return bool(numbers[0] <= numbers[1])  # type: ignore[operator]
    days = moment(less), moment(more)
    return None not in days and bool(days[0] <= days[1])  # type: ignore[operator]


def quantity(value: Value) -> Decimal | None:
    """A value as a number; None for what is none."""
    if isinstance(value, Mapping):
        value = value.get("amount")
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def moment(value: Value) -> date | None:
    """The day of a date or a time, as ISO 8601 writes it; None for what is neither."""
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
