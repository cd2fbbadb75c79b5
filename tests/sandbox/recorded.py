"""Where the recorded vendor traffic is, and what makes an answer the same as a recorded one."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(os.environ.get("TIELINE_SHARED", ROOT.parent / "shared")) / "recorded"

# keys whose values are words of the vendor's protocol and not data: these must be equal too
WORDS = frozenset(
    {"category", "created", "done", "errorCode", "error", "httpStatusCode", "success"}
)


class Anything:
    """Contains every key: for recordings of a version to which later ones added much."""

    def __contains__(self, key: object) -> bool:
        return True


def differences(
    recorded: Any, ours: Any, added_later: Container[str] = frozenset(), where: str = ""
) -> list[str]:
    """Where the shape differs: keys, types, and the values of `WORDS`. None fits every type.

    Keys in `added_later`, and properties of HubSpot records, may be there in addition.
    """
    if recorded is None or ours is None:
        return []
    if _kind(recorded) is not _kind(ours):
        return [f"{where}: {type(recorded).__name__} was recorded, ours {type(ours).__name__}"]
    if isinstance(recorded, dict):
        return _keys(recorded, ours, added_later, where)
    if isinstance(recorded, list):
        return _items(recorded, ours, added_later, where)
    word = where.rpartition(".")[2]
    wrong = word in WORDS and recorded != ours
    return [f"{where}: {recorded!r} was recorded, ours {ours!r}"] if wrong else []


def _kind(value: Any) -> type:
    """JSON knows one kind of number."""
    return float if type(value) is int else type(value)


def _keys(
    recorded: dict[str, Any], ours: dict[str, Any], added_later: Container[str], where: str
) -> list[str]:
    more = {key for key in set(ours) - set(recorded) if key not in added_later}
    if where.endswith("properties"):
        more = set()
    found = [f"{where}: missing {key}" for key in sorted(set(recorded) - set(ours))]
    found += [f"{where}: extra {key}" for key in sorted(more)]
    for key in sorted(set(recorded) & set(ours)):
        found += differences(recorded[key], ours[key], added_later, f"{where}.{key}")
    return found


def _items(
    recorded: list[Any], ours: list[Any], added_later: Container[str], where: str
) -> list[str]:
    if bool(recorded) != bool(ours):
        return [f"{where}: {len(recorded)} items were recorded, ours {len(ours)}"]
    pairs = zip(recorded, ours, strict=len(recorded) == len(ours))
    return [d for one, two in pairs for d in differences(one, two, added_later, f"{where}[]")]
