"""How groups of duplicates look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from app import show

_GROUPS = 20


def listed(console: Console, found: Mapping[str, Any], *, everything: bool = False) -> None:
    """Print the groups, the survivor of each first, and how to answer."""
    groups = found["groups"]
    number = show.count(found["records"], f"{found['kind']} record")
    if not groups:
        show.line(console, f"{found['source']}: no two of {number} look like one.")
        return
    others = [m for g in groups for m in g["members"] if m["verdict"] is not None]
    sure = sum(m["verdict"] == "same" for m in others)
    show.line(
        console,
        f"{found['source']}: {show.count(len(groups), 'group')} among {number};"
        f" proposed to be merged away: {sure:,} sure, {len(others) - sure:,} doubtful.",
    )
    for group in groups if everything else groups[:_GROUPS]:
        show.line(console)
        for member in group["members"]:
            _member(console, member, group["survivor"], asks="questions" in found)
    if len(groups) > _GROUPS and not everything:
        show.line(console)
        show.line(console, f"and {len(groups) - _GROUPS:,} more groups (--all lists them)")
    _how(console, found)


def _member(console: Console, member: Mapping[str, Any], survivor: str, *, asks: bool) -> None:
    where = " ".join(part for part in (member["object_type"], member["id"]) if part)
    name = show.value(member["name"], longest=50)
    if member["id"] == survivor:
        show.line(console, f"  survives  {name}  ({where})")
        return
    other = "  (asked about with a likelier one)" if asks else ""
    asked = f"  [{member['question']}]" if member["question"] else other
    score = "" if member["score"] is None else f"  {member['score']:.0%}"
    doubt = ", doubtful" if member["verdict"] == "question" else ""
    show.line(console, f"  looks so  {name}  ({where}){score}{doubt}{asked}")
    for reason in member["evidence"]:
        show.line(console, f"              {reason}", "dim")


def _how(console: Console, found: Mapping[str, Any]) -> None:
    if not found.get("questions"):
        return
    show.line(console)
    show.line(
        console,
        f"{show.count(found['questions'], 'question')}: `tieline resolve ID merge`, or `keep"
        " apart`; the next plan merges what was answered so.",
    )
    if found["by_hand"]:
        show.line(console, f"{found['by_hand']:,} of them this side cannot merge: by hand there.")
