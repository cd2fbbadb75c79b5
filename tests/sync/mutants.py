"""Planted bugs: each replaces one function of the engine by a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sync import detect, engine, fields, match, planner, reconcile, recover
from sync.detect import Reading, observe
from sync.execute import Executor
from sync.fields import Projected
from sync.model import State
from sync.planner import Planner
from sync.refs import References
from sync.store import Store

Plant = Callable[[pytest.MonkeyPatch], None]


def _wrong_winner(patch: pytest.MonkeyPatch) -> None:
    whole = fields._extreme
    patch.setattr(fields, "_extreme", lambda h, o, *, highest: whole(h, o, highest=not highest))


def _latest_is_earliest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "_latest", lambda views: min(views, key=lambda v: v.modified))


def _nobody_is_asked(patch: pytest.MonkeyPatch) -> None:
    whole = fields._winner
    patch.setattr(fields, "_winner", lambda heads, *rest: whole(heads, *rest) or heads[0])


def _base_moves_before_the_write(patch: pytest.MonkeyPatch) -> None:
    whole = engine.Engine._write

    def write(self: Any, store: Store, plan: Any, report: Any) -> None:
        for settlement in plan.settlements:
            rows = store.by_entities([settlement.entity]).get(settlement.entity, [])
            for row in rows:
                row.base.update(settlement.bases.get(row.side, {}))
            store.put(rows)
        whole(self, store, plan, report)

    patch.setattr(engine.Engine, "_write", write)


def _unacknowledged_is_settled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Executor, "_passed", lambda *_: True)


def _cursor_first(patch: pytest.MonkeyPatch) -> None:
    def read_kind(side: Any, kind: str, store: Store, clock: Any, **_: Any) -> Reading:
        reading = Reading()
        for object_type in side.object_types(kind):
            since = store.cursor(side.name, object_type)[0]
            wanted = side.read_fields(object_type)
            pages = list(side.connector.changes(object_type, wanted, since))
            store.set_cursor(side.name, object_type, pages[-1].cursor, clock.now().isoformat())
            for page in pages:
                reading.records += len(page.records)
                reading.deleted += observe(side, kind, page.records, store)
        return reading

    patch.setattr(engine, "read_kind", read_kind)


def _no_look_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recover, "_find_by_stamp", lambda *_: {})


def _merge_is_a_delete(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(detect, "_moved", lambda _side, _kind, _record, row: detect._archived(row))


def _opted_in_again(patch: pytest.MonkeyPatch) -> None:
    _without_reason(patch, "consent")


def _stages_go_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "_backward", lambda *_: False)


def _blanks_overwrite(patch: pytest.MonkeyPatch) -> None:
    _without_reason(patch, "blanks are kept")


def _filled_over(patch: pytest.MonkeyPatch) -> None:
    _without_reason(patch, "fill blank")


def _without_reason(patch: pytest.MonkeyPatch, words: str) -> None:
    whole = fields._stays

    def stays(*arguments: Any) -> str:
        reason = whole(*arguments)
        return "" if reason.startswith(words) else reason

    patch.setattr(fields, "_stays", stays)


def _blanks_stay(patch: pytest.MonkeyPatch) -> None:
    whole = fields._stays

    def stays(winner: Any, view: Any, context: Any) -> str:
        return "blank" if fields.blank(winner.value) else whole(winner, view, context)

    patch.setattr(fields, "_stays", stays)


def _echo_is_a_change(patch: pytest.MonkeyPatch) -> None:
    def acknowledge(self: Executor, action: Any, written: Any, _row: Any) -> None:
        self.acknowledged.add((action.id, written.name))

    patch.setattr(Executor, "_acknowledge", acknowledge)


def _first_of_several(patch: pytest.MonkeyPatch) -> None:
    whole = match.Matcher._by_key

    def by_key(self: Any, row: Any, rivals: list[Any], *rest: Any) -> bool:
        across = [r for r in rivals if r.side != row.side and r.entity is None][:1]
        return whole(self, row, across or rivals, *rest)

    patch.setattr(match.Matcher, "_by_key", by_key)


def _held_is_nulled(patch: pytest.MonkeyPatch) -> None:
    whole = planner._projected
    patch.setattr(planner, "_projected", lambda *a: _forgiving(whole(*a)))


def _dangling_is_nulled(patch: pytest.MonkeyPatch) -> None:
    whole = References.project
    patch.setattr(References, "project", lambda *a: _forgiving(whole(*a)))


def _forgiving(found: Projected) -> Projected:
    return replace(found, problem="", complete=True)


def _deferred_is_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Executor, "_defer", lambda *_: None)


def _refused_is_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Executor, "_refused_names", lambda *_: set())
    patch.setattr(Executor, "_kept", lambda _self, _action, taken, _row: taken)


def _ignored_is_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Executor, "_kept", lambda _self, _action, taken, _row: taken)


def _no_patience(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Planner, "_must_wait", lambda *_: False)


def _sets_as_scalars(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "decide_set", fields.decide_scalar)


def _no_guard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "enforce", lambda *_: None)


def _overwrites_what_moved(patch: pytest.MonkeyPatch) -> None:
    whole = Executor._prepare_update

    def prepare(self: Any, side: Any, action: Any, row: Any, record: Any) -> Any:
        if row is not None:
            shown, _ = self.references.resolve(row, row.seen, self.definitions[row.kind])
            seen = tuple(replace(f, old=shown.get(f.name)) for f in action.fields)
            action = replace(action, fields=seen)
        return whole(self, side, action, row, record)

    patch.setattr(Executor, "_prepare_update", prepare)


def _made_again(patch: pytest.MonkeyPatch) -> None:
    whole = Planner.decide

    def decide(self: Planner, entity: str, kind: str, rows: Any) -> Any:
        buried = (State.GONE, State.MOVED)
        return whole(self, entity, kind, [r for r in rows if r.state not in buried])

    patch.setattr(Planner, "decide", decide)


def _delete_beats_edit(patch: pytest.MonkeyPatch) -> None:
    whole = reconcile._decide_deletion

    def decide(entity: Any, awake: Any, rules: Any, decision: Any) -> None:
        settled = [replace(s, base=s.values) for s in awake]
        whole(entity, settled, rules, decision)

    patch.setattr(reconcile, "_decide_deletion", decide)
    patch.setattr("sync.execute.check", lambda _action, _row: "")


def _source_is_overruled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "_privileged", lambda *_: None)


def _own_form_is_fought(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("sync.execute._one_way", lambda _written: False)


MUTANTS: Mapping[str, tuple[Plant, str]] = {
    "the highest is the lowest": (_wrong_winner, "machine"),
    "the latest is the earliest": (_latest_is_earliest, "machine"),
    "a conflict is won by the first side": (_nobody_is_asked, "machine"),
    "the base moves before the write": (_base_moves_before_the_write, "machine"),
    "unacknowledged fields are settled": (_unacknowledged_is_settled, "machine"),
    "the cursor is saved before what was read": (_cursor_first, "crash while reading"),
    "a lost creation is not looked up by its stamp": (_no_look_up, "lost creation"),
    "a merge is taken for a delete": (_merge_is_a_delete, "machine"),
    "consent is granted again": (_opted_in_again, "machine"),
    "stages move back": (_stages_go_back, "machine"),
    "a blank does not travel": (_blanks_stay, "machine"),
    "a blank overwrites what is to be kept": (_blanks_overwrite, "machine"),
    "fill blank overwrites": (_filled_over, "machine"),
    "the engine's own write is a change": (_echo_is_a_change, "machine"),
    "the first of several candidates is linked": (_first_of_several, "golden ambiguous"),
    "a value that cannot be held becomes blank": (_held_is_nulled, "golden unknown-value"),
    "a reference to what is not there becomes blank": (_dangling_is_nulled, "machine"),
    "a deferred reference is dropped": (_deferred_is_dropped, "golden parents"),
    "a refused field counts as done": (_refused_is_done, "golden refused-field"),
    "a field that is ignored counts as done": (_ignored_is_done, "machine"),
    "what was refused is sent again at once": (_no_patience, "golden retry"),
    "the last writer of a set wins": (_sets_as_scalars, "machine"),
    "no guard stops a run": (_no_guard, "guard"),
    "what moved since the plan is overwritten": (_overwrites_what_moved, "machine"),
    "what was deleted is made again": (_made_again, "machine"),
    "a delete beats an edit": (_delete_beats_edit, "machine"),
    "the source does not rule": (_source_is_overruled, "machine"),
    "a side's own form of a value is fought": (_own_form_is_fought, "golden own-form"),
}
"""What is wrong: (how it is planted, what must notice)."""
