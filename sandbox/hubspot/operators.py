"""The filter operators of search: each makes a test of a record's values from a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.hubspot import errors
from sandbox.hubspot.metadata import Property
from sandbox.hubspot.records import Values
from sandbox.hubspot.times import read_moment

MAX_IN = 100

Test = Callable[[Values], bool]
Key = Callable[[Any], Any]


def read_moment_or_400(value: Any) -> int:
    """Milliseconds of a filter's value. Raises ApiError (400)."""
    try:
        return read_moment(str(value))
    except ValueError as error:
        raise errors.invalid(
            f"There was a problem with the request. {value} is not a date"
        ) from error


def _lower(value: str) -> str:
    return value.lower()


def _key_for(definition: Property) -> Key:
    if definition.type == "number":
        return float
    if definition.type in ("datetime", "date"):
        return read_moment
    return _lower


def sort_key(definition: Property | None) -> Key:
    """How values of a property are ordered."""
    return _key_for(definition) if definition is not None else _lower


def _operand(given: Mapping[str, Any], key: Key, name: str = "value") -> Any:
    value = given.get(name)
    if value is None or isinstance(value, (list, dict)):
        raise errors.bad_json(f"Some required fields were not set: [{name}]")
    try:
        return key(str(value))
    except ValueError as error:
        raise errors.invalid(
            f"There was a problem with the request. {value} is not a valid value of "
            f"{given['propertyName']}"
        ) from error


def listed(given: Mapping[str, Any]) -> list[str]:
    """The values of a filter as text."""
    values = given.get("values")
    if values is None and given.get("value") is not None:
        values = [given["value"]]
    return [str(v) for v in values or []]


def _compare(check: Callable[[Any, Any], bool]) -> Callable[..., Test]:
    def make(name: str, definition: Property, given: Mapping[str, Any]) -> Test:
        key = _key_for(definition)
        wanted = _operand(given, key)
        return lambda values: bool(v := values.get(name)) and check(key(v), wanted)

    return make


def _equal(name: str, definition: Property, given: Mapping[str, Any]) -> Test:
    key = _key_for(definition)
    wanted = _operand(given, key)
    if definition.multiple:
        return lambda values: wanted in (values.get(name) or "").lower().split(";")
    return lambda values: bool(v := values.get(name)) and key(v) == wanted


def _between(name: str, definition: Property, given: Mapping[str, Any]) -> Test:
    key = _key_for(definition)
    low, high = _operand(given, key), _operand(given, key, "highValue")
    return lambda values: bool(v := values.get(name)) and low <= key(v) <= high


def _in(name: str, definition: Property, given: Mapping[str, Any]) -> Test:
    """IN compares with the values as given: HubSpot wants them in lower case."""
    wanted = set(listed(given))
    if not wanted or len(wanted) > MAX_IN:
        raise errors.invalid(f"values must have 1 to {MAX_IN} entries")
    key = _key_for(definition)
    if key is _lower:
        multiple = definition.multiple
        return lambda values: _holds(values.get(name), wanted, multiple=multiple)
    numbers = {_operand({**given, "value": v}, key) for v in wanted}
    return lambda values: bool(v := values.get(name)) and key(v) in numbers


def _holds(value: str | None, wanted: set[str], *, multiple: bool) -> bool:
    if not value:
        return False
    lowered = value.lower()
    return bool(wanted & set(lowered.split(";"))) if multiple else lowered in wanted


def _negated(make: Callable[..., Test]) -> Callable[..., Test]:
    def negate(name: str, definition: Property, given: Mapping[str, Any]) -> Test:
        test = make(name, definition, given)
        return lambda values: not test(values)

    return negate


def _has(name: str, _definition: Property, _given: Mapping[str, Any]) -> Test:
    return lambda values: bool(values.get(name))


def _token(name: str, _definition: Property, given: Mapping[str, Any]) -> Test:
    pattern = str(given.get("value") or "").lower()
    head, tail = pattern.startswith("*"), pattern.endswith("*")
    wanted = pattern.strip("*")

    def test(values: Values) -> bool:
        text = (values.get(name) or "").lower()
        if head and tail:
            return wanted in text
        tokens = [text, *text.replace("@", " ").replace(".", " ").replace("-", " ").split()]
        if tail:
            return any(token.startswith(wanted) for token in tokens)
        if head:
            return any(token.endswith(wanted) for token in tokens)
        return wanted in tokens or f" {wanted} " in f" {text} "

    return test


OPERATORS: dict[str, Callable[..., Test]] = {
    "EQ": _equal,
    "NEQ": _negated(_equal),
    "LT": _compare(lambda value, wanted: value < wanted),
    "LTE": _compare(lambda value, wanted: value <= wanted),
    "GT": _compare(lambda value, wanted: value > wanted),
    "GTE": _compare(lambda value, wanted: value >= wanted),
    "BETWEEN": _between,
    "IN": _in,
    "NOT_IN": _negated(_in),
    "HAS_PROPERTY": _has,
    "NOT_HAS_PROPERTY": _negated(_has),
    "CONTAINS_TOKEN": _token,
    "NOT_CONTAINS_TOKEN": _negated(_token),
}
