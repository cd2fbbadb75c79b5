"""A plan as a person reads it: totals, samples with their reasons, brakes, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from app import show
from sync.model import Action, Plan, Verb
from sync.serial import plan_to
from sync.waiting import short_id

_SELDOM = (Verb.RESTORE, Verb.MERGE, Verb.CONVERT)
"""Columns that are shown only where they count something."""

_NOTHING = "nothing to write, the sides are in step"

_SAMPLES = 3
"""Actions shown per side, kind and verb, unless all are asked for."""

_FIELDS = 6
"""Fields shown of one action, unless all are asked for."""


def as_json(plan: Plan) -> dict[str, Any]:
    """The whole plan with a summary; `tieline apply` takes it as it is."""
    ids = [short_id(question.id) for question in plan.questions]
    return {"summary": summary(plan), "question_ids": ids, **plan_to(plan)}


def summary(plan: Plan) -> dict[str, Any]:
    """Totals of a plan, by side and kind."""
    actions: dict[str, dict[str, dict[str, int]]] = {}
    for action in plan.actions:
        row = actions.setdefault(action.side, {}).setdefault(action.kind, _zeros())
        row["stamp" if _only_stamped(action) else str(action.verb)] += 1
    for side, linked in plan.statistics.new_links.items():
        for kind, number in linked.items():
            actions.setdefault(side, {}).setdefault(kind, _zeros())["link"] = number
    questions = Counter(q.cause for q in plan.questions)
    return {
        "actions": {side: dict(sorted(kinds.items())) for side, kinds in sorted(actions.items())},
        "questions": dict(sorted(questions.items())),
        "unlink": len(plan.unlink),
        "calls": dict(plan.cost),
        "violations": [v.guard for v in plan.violations],
    }


def _zeros() -> dict[str, int]:
    return {"link": 0, "create": 0, "update": 0, "stamp": 0, **{str(v): 0 for v in Verb}}


def _only_stamped(action: Action) -> bool:
    return action.verb is Verb.UPDATE and not action.fields


def referred(made: Plan) -> set[str]:
    """The entities that values of the plan refer to and that it does not name itself."""
    fields = (field for action in made.actions for field in action.fields)
    found = {e for field in fields for e in show.mentioned([field.old, field.new])}
    return found - set(show.names_of(made.rows))


def plan(
    console: Console, made: Plan, names: show.Names | None = None, *, everything: bool = False
) -> None:
    """Print a plan; `names` are those of entities that only its values refer to."""
    names = {**(names or {}), **show.names_of(made.rows)}
    _totals(console, made)
    _changes(console, made, names, everything)
    _questions(console, made)
    _violations(console, made)


def _totals(console: Console, made: Plan) -> None:
    totals = summary(made)
    head = ["side", "kind", *_zeros()]
    rows = [
        [side, kind, *(n or ("" if word in _SELDOM else 0) for word, n in counted.items())]
        for side, kinds in totals["actions"].items()
        for kind, counted in kinds.items()
    ]
    if not rows:
        nothing = "nothing is left to put back" if made.purpose == "undo" else _NOTHING
        show.line(console, f"Plan {made.id}: {nothing}.")
    else:
        show.table(console, head, rows, caption=f"Plan {made.id}")
    if made.unlink:
        let_go = show.count(len(made.unlink), "deleted record")
        show.line(console, f"{let_go} let go: nothing is deleted elsewhere.")
    cost = ", ".join(f"{side} {n:,}" for side, n in made.cost.items())
    show.line(console, f"API calls that applying takes: {cost or 'none'}")


def _changes(console: Console, made: Plan, names: show.Names, everything: bool) -> None:
    written = [a for a in made.actions if not _only_stamped(a)]
    chosen = written if everything else list(_samples(written))
    if not chosen:
        return
    more = "" if len(chosen) == len(written) else f" ({len(chosen)} of {len(written)}; --all)"
    show.line(console)
    rows = [row for action in chosen for row in _lines(action, names, everything)]
    head = ("side", "record", "field", "old", "new", "from", "rule", "why")
    show.table(console, head, rows, caption=f"Changes{more}")


def _samples(actions: Sequence[Action]) -> Iterator[Action]:
    """The first few of each side, kind and verb."""
    taken: Counter[tuple[str, str, Verb]] = Counter()
    for action in actions:
        key = (action.side, action.kind, action.verb)
        taken[key] += 1
        if taken[key] <= _SAMPLES:
            yield action


def _lines(action: Action, names: show.Names, everything: bool) -> Iterator[tuple[str, ...]]:
    """One line per field; the first names the record."""
    record = _record(action, names)
    if not action.fields:
        yield (action.side, record, "", "", "", "", "", action.why)
    shown = action.fields if everything else action.fields[:_FIELDS]
    for place, field in enumerate(shown):
        side, first = ("", "") if place else (action.side, record)
        old = "" if action.verb is Verb.CREATE else show.value(field.old, names, 32)
        new = show.value(field.new, names, 32)
        yield (side, first, field.name, old, new, field.source, field.rule, field.why)
    left = len(action.fields) - len(shown)
    if left > 0:
        yield ("", "", f"and {show.count(left, 'field')} more", "", "", "", "", "")


def _record(action: Action, names: show.Names) -> str:
    if action.verb is Verb.MERGE:  # cannot be taken back: exactly which goes into which
        return f"{action.verb} {action.object_type} {action.other_id} into {action.record_id}"
    words = show.value(names.get(action.entity, action.entity), longest=28)
    return f"{action.verb} {action.object_type} {words}"


def _questions(console: Console, made: Plan) -> None:
    if not made.questions or made.purpose == "undo":  # what an undo leaves is listed by itself
        return
    causes = Counter(q.cause for q in made.questions)
    listed = ", ".join(f"{cause} {n:,}" for cause, n in causes.most_common())
    waiting = show.count(len(made.questions), "thing")
    show.line(console)
    show.line(console, f"{waiting} held for a person ({listed}):")
    for cause in causes:
        for asked in [q for q in made.questions if q.cause == cause][:_SAMPLES]:
            where = " ".join(part for part in (asked.side, asked.kind, asked.field) if part)
            named = f"{cause} {short_id(asked.id)}"
            show.line(console, f"  {named}: {where}: {show.value(asked.message, longest=140)}")


def _violations(console: Console, made: Plan) -> None:
    for violation in made.violations:
        text = f"guard {violation.guard}: {violation.message}; a run stops before any write"
        show.line(console, text, "bold red")
        for detail in violation.detail:
            show.line(console, f"  {detail}")
        show.line(console, f"  to go on once: {violation.flag}")
