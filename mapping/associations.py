"""References that a side keeps as lists of associations: ``{"id", "label", "primary"}`` items.

Writing needs the list as it is now: what the canonical value does not speak of (other companies
of a contact, labels of a side whose labels are not roles) stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mapping import values
from mapping.how import How

Item = Mapping[str, Any]
Parts = Mapping[str, Any]


def _items(raw: Any) -> list[dict[str, Any]]:
    """The associations of a side, each with all three keys."""
    if values.blank(raw):
        return []
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise ValueError("is not a list of associations")  # noqa: TRY004 - a value, not a bug
    return [_item(entry) for entry in raw]


def _item(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, Mapping) or values.blank(entry.get("id")):
        raise ValueError("is not a list of associations")
    label = entry.get("label")
    return {
        "id": values.text(entry["id"]),
        "label": None if values.blank(label) else values.text(label),
        "primary": bool(entry.get("primary")),
    }


def _sorted(items: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    unique = {(i["id"], i["label"] or "", i["primary"]): i for i in items}
    return [unique[key] for key in sorted(unique)]


def _id_of(ref: Any, how: How) -> str:
    if not isinstance(ref, Mapping) or ref.get("object") != how.object:
        raise ValueError(f"points to something that is not a record of {how.object} here")
    return str(ref["id"])


def roles_forward(parts: Parts, how: How) -> list[dict[str, Any]] | None:
    """All associations as roles; label and primary flag only where they belong to the value."""
    members = {}
    for item in _items(parts["value"]):
        role = how.values.read(item["label"]) if how.labels and item["label"] else None
        primary = item["primary"] and how.primary
        ref = {"object": str(how.object), "id": item["id"]}
        members[(item["id"], role or "", primary)] = {"ref": ref, "role": role, "primary": primary}
    return [members[key] for key in sorted(members)] or None


def roles_backward(value: Any, how: How, current: Parts) -> dict[str, Any]:
    """The whole wished list. Labels or primary flags that do not belong to the value are kept as
    the side has them now."""
    now: dict[str, list[dict[str, Any]]] = {}
    for item in _items(current.get("value")):
        now.setdefault(item["id"], []).append(item)
    wished = []
    for member in value or ():
        id_ = _id_of(member["ref"], how)
        for old in _kept(now.get(id_), how):
            wished += _wish(member, id_, old, how)
    return {"value": _sorted(wished)}


def _kept(old: list[dict[str, Any]] | None, how: How) -> list[dict[str, Any]]:
    """Which items of a record one member stands for: all of them where labels are no roles."""
    if not old:
        return [{"labels": [], "label": None, "primary": False}]
    if not how.labels:
        return old
    labels = [item["label"] for item in old if item["label"]]
    return [{"labels": labels, "primary": any(item["primary"] for item in old)}]


def _wish(member: Item, id_: str, old: Item, how: How) -> list[dict[str, Any]]:
    primary = bool(member.get("primary")) if how.primary else old["primary"]
    labels = _labels(member.get("role"), old["labels"], how) if how.labels else [old["label"]]
    return [{"id": id_, "label": label, "primary": primary} for label in labels]


def _labels(role: str | None, there: Sequence[str], how: How) -> Sequence[str | None]:
    """The labels that say a role: those that say it already stay as they are, for several may
    stand for one role; else the one to write."""
    if not role:
        return [None]
    same = [label for label in there if how.values.knows(label) and how.values.read(label) == role]
    return same or [how.values.write(role)]


def primary_forward(parts: Parts, how: How) -> dict[str, str] | None:
    """The associated record flagged primary, or the only one. Several without a flag are an
    error: any choice among them would be a guess."""
    items = _items(parts["value"])
    found = {item["id"] for item in items if item["primary"]} or {item["id"] for item in items}
    if len(found) > 1:
        raise ValueError(f"has {len(found)} records and none of them is the primary one")
    return {"object": str(how.object), "id": found.pop()} if found else None


def primary_backward(value: Any, how: How, current: Parts) -> dict[str, Any]:
    """The list with this record as the primary one; the others stay, without the flag. Blank
    takes all away: whichever stayed would be read as the account."""
    if value is None:
        return {"value": []}
    wanted = _id_of(value, how)
    items = [{**item, "primary": item["id"] == wanted} for item in _items(current.get("value"))]
    if all(item["id"] != wanted for item in items):
        items.append({"id": wanted, "label": None, "primary": True})
    return {"value": _sorted(items)}
