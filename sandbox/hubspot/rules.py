"""Property validation rules that an administrator sets; the API enforces them from 2026-09 on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIRST_VERSION = "2026-09"
RULES: Mapping[str, Callable[[str, str], bool]] = {
    "min_length": lambda text, value: len(text) >= int(value),
    "max_length": lambda text, value: len(text) <= int(value),
    "regex": lambda text, value: re.fullmatch(value, text) is not None,
    "min_number": lambda text, value: float(text) >= float(value),
    "max_number": lambda text, value: float(text) <= float(value),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What values of a property must fulfil; `rule` is one of RULES, `value` its parameter."""

    object_type: str
    property: str
    rule: str
    value: str

    def broken_by(self, text: str | None) -> bool:
        return bool(text) and not RULES[self.rule](text or "", self.value)


def enforced(version: str) -> bool:
    """Whether calls of that API version are held to the rules."""
    return version[:1].isdigit() and version >= FIRST_VERSION


def parse_rules(given: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Rules from their JSON. Raises ValueError for one that cannot be understood."""
    made = []
    for each in given:
        try:
            rule = Rule(**{name: str(value) for name, value in each.items()})
        except TypeError as error:
            raise ValueError(f"not a property rule: {dict(each)}") from error
        if rule.rule not in RULES:
            raise ValueError(f"unknown rule {rule.rule!r}; one of {sorted(RULES)}")
        made.append(rule)
    return made
