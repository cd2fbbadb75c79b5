"""Pure: conditions of scope filters and creation rules, tested on canonical values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from config.model import Condition
from mapping.canonical import FIELDS
from sync.fields import blank
from sync.model import Value


def lookup(values: Mapping[str, Value], path: str) -> Value:
    """A field, or a part of it (`billing_address.country`); None where there is none."""
    if path in values:
        return values[path]
    head, _, rest = path.partition(".")
    inner = values.get(head)
    return inner.get(rest) if rest and isinstance(inner, Mapping) else None


def holds(condition: Condition, value_of: Callable[[str], Value]) -> bool:
    """Whether every operator that the condition gives holds."""
    value = value_of(condition.field)
    given = condition.model_fields_set
    tests: dict[str, Callable[[], bool]] = {
        "equals": lambda: value == condition.equals,
        "not_": lambda: value != condition.not_,
        "in_": lambda: value in (condition.in_ or []),
        "not_in": lambda: value not in (condition.not_in or []),
        "present": lambda: blank(value) is not condition.present,
        "contains": lambda: _contains(value, str(condition.contains)),
        "at_least": lambda: _at_least(condition.field, value, str(condition.at_least)),
    }
    return all(test() for name, test in tests.items() if name in given)


def _contains(value: Value, part: str) -> bool:
    if isinstance(value, list):
        return part in value
    return part.casefold() in str(value or "").casefold()


def _at_least(field: str, value: Value, wanted: str) -> bool:
    name = field.rpartition(".")[2]
    for fields in FIELDS.values():
        definition = fields.get(name)
        if definition is not None and definition.ordered:
            place, least = definition.rank(value), definition.rank(wanted)
            return place is not None and least is not None and place >= least
    return False
