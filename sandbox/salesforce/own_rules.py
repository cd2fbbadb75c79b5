"""The words of an organisation's own rules: how a workflow rewrites, when a validation refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

REWRITES: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "upper": lambda text, _: text.upper(),
    "lower": lambda text, _: text.lower(),
    "prefix": lambda text, value: text if text.startswith(value) else f"{value}{text}",
    "truncate": lambda text, value: text[: int(value)],
    "constant": lambda text, value: value,
    "clear": lambda text, value: None,
}
"""How a workflow rule rewrites the text of a field; doing it again changes nothing."""

PREDICATES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "blank": lambda given, value: given is None,
    "not_blank": lambda given, value: given is not None,
    "equals": lambda given, value: bool(given == value),
    "not_equals": lambda given, value: bool(given != value),
    "below": lambda given, value: given is not None and given < value,
    "above": lambda given, value: given is not None and given > value,
    "matches": lambda given, value: given is not None and bool(re.search(value, str(given))),
    "not_matches": lambda given, value: given is not None and not re.search(value, str(given)),
}
"""When a validation rule refuses a record: by the field's value and the rule's."""


def check_rules(rows: Iterable[Mapping[str, Any]], key: str, known: Mapping[str, Any]) -> None:
    """Every rule names its field and a known word. Raises ValueError."""
    for row in rows:
        if not row.get("field") or row.get(key) not in known:
            raise ValueError(f"a rule needs a field and {key}, one of {sorted(known)}: {row}")
