"""Pure: whether sides keep replacing what is written to them, so that writing leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sync.model import Action, FieldWrite, Question, Value, Verb

PATIENCE = 4
"""Consecutive runs that may each write the same field of the same record."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of an entity: its journalled writes, the number of the run that decides, and
    the values over which an open question says that sides fight, by (side, field)."""

    history: Iterable[Mapping[str, Any]]
    run: int
    open_fights: Mapping[tuple[str, str], Mapping[str, Value]]


def split_fights(action: Action, past: Past) -> tuple[Action | None, list[Question]]:
    """The action without the fields over which sides fight, and a question for each.

    People do not change a field in every run; workflows that undo each other do. Once told, a
    fight lasts until one of the values is another.
    """
    written = _runs_by_field(past.history)
    recent = set(range(past.run - PATIENCE, past.run))
    fought = [
        f
        for f in action.fields
        if recent <= written.get(f.name, set())
        or past.open_fights.get((action.side, f.name)) == _detail(action, f)
    ]
    if not fought:
        return action, []
    questions = [_question(action, f) for f in fought]
    kept = tuple(f for f in action.fields if f not in fought)
    if not kept and not action.stamp:
        return None, questions
    return replace(action, fields=kept), questions


def _runs_by_field(history: Iterable[Mapping[str, Any]]) -> dict[str, set[int]]:
    runs: dict[str, set[int]] = {}
    for op in history:
        if op["state"] == "done" and op["verb"] in (Verb.CREATE, Verb.UPDATE):
            for field in op["action"]["fields"]:
                runs.setdefault(field["name"], set()).add(int(op["run"].lstrip("r")))
    return runs


def _detail(action: Action, written: FieldWrite) -> dict[str, Value]:
    return {action.side: written.old, written.source: written.new}


def _question(action: Action, written: FieldWrite) -> Question:
    message = (
        f"{action.side} and {written.source} replaced each other's value in every one of"
        f" {PATIENCE} runs (workflows, perhaps): {written.new!r} is not written again"
    )
    return Question(
        "fight", action.kind, action.entity, action.side, written.name, message,
        _detail(action, written),
    )  # fmt: skip
