"""Pure: whether a side keeps replacing what is written to it, so that writing leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sync.model import Action, FieldWrite, Question, Value, Verb

PATIENCE = 2
"""How often a value is written again after its side has replaced it."""


def split_fights(
    action: Action, history: Iterable[Mapping[str, Any]]
) -> tuple[Action | None, list[Question]]:
    """The action without the fields that a side keeps replacing, and a question for each.

    `history` are the journalled writes of the entity, oldest first. A person who changes a value
    back does so once or twice; a workflow does it every time.
    """
    done = [op["action"] for op in history if op["state"] == "done" and op["side"] == action.side]
    fought = [f for f in action.fields if _is_fought_over(f, done)]
    if not fought:
        return action, []
    questions = [_question(action, written) for written in fought]
    kept = tuple(f for f in action.fields if f not in fought)
    if action.verb is Verb.UPDATE and not kept and not action.stamp:
        return None, questions
    return replace(action, fields=kept), questions


def _is_fought_over(wish: FieldWrite, done: Iterable[Mapping[str, Any]]) -> bool:
    """Whether just this value has been written there and replaced by the side, too often."""
    times = 0
    last: Value = None
    for action in done:
        for field in action["fields"]:
            if field["name"] != wish.name:
                continue
            replaced = times > 0 and field["old"] != last
            times = times + 1 if field["new"] == wish.new and (replaced or times == 0) else 0
            last = field["new"]
    return times >= PATIENCE and last == wish.new and wish.old != wish.new


def _question(action: Action, written: FieldWrite) -> Question:
    message = (
        f"{action.side} replaces {written.new!r} by {written.old!r} each time it is written:"
        " a workflow there, perhaps; it is not written again"
    )
    detail = {action.side: written.old, written.source: written.new}
    return Question("fight", action.kind, action.entity, action.side, written.name, message, detail)
