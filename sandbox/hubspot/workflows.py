"""Workflows of the account: what an administrator has HubSpot rewrite after a write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

REWRITES: Mapping[str, Callable[[str, str], str]] = {
    "upper": lambda text, _: text.upper(),
    "lower": lambda text, _: text.lower(),
    "title": lambda text, _: text.title(),
    "prefix": lambda text, value: text if text.startswith(value) else value + text,
    "truncate": lambda text, value: text[: int(value)],
    "constant": lambda _, value: value,
    "clear": lambda _text, _value: "",
}


@dataclass(frozen=True, slots=True)
class Workflow:
    """When anybody but a workflow writes `trigger` (of records of `object_type`), `property` is
    rewritten after `delay` seconds; the answer to the write does not show it yet.

    `rewrite` is one of REWRITES, `value` its parameter: the prefix, the number of characters,
    the constant. `only` limits the workflow to writes of that value. `flow` is HubSpot's id.
    """

    object_type: str
    property: str
    rewrite: str
    value: str = ""
    trigger: str = ""
    only: str | None = None
    delay: float = 0.0
    flow: int = 0

    def applies(self, object_type: str, changed: Mapping[str, str | None]) -> bool:
        name = self.trigger or self.property
        if self.object_type != object_type or name not in changed:
            return False
        return self.only is None or changed[name] == self.only

    def rewritten(self, present: str | None) -> str:
        """The property's value afterwards; the same value when nothing is to be done."""
        if not present and self.rewrite != "constant":
            return ""
        return REWRITES[self.rewrite](present or "", self.value)


def parse_workflows(given: Sequence[Mapping[str, Any]]) -> list[Workflow]:
    """Workflows from their JSON. Raises ValueError for unknown keys or rewrites."""
    known = {one.name for one in fields(Workflow)}
    made = []
    for place, each in enumerate(given):
        if not {"object_type", "property", "rewrite"} <= set(each) <= known:
            raise ValueError(f"a workflow needs object_type, property, rewrite; not {dict(each)}")
        if each["rewrite"] not in REWRITES:
            raise ValueError(f"unknown rewrite {each['rewrite']!r}; one of {sorted(REWRITES)}")
        if each["rewrite"] == "truncate" and not str(each.get("value", "")).isdigit():
            raise ValueError("truncate needs a number of characters as value")
        text = {"value": str(each.get("value", "")), "delay": float(each.get("delay", 0))}
        made.append(Workflow(**{"flow": 770_000_001 + place, **each, **text}))
    return made
