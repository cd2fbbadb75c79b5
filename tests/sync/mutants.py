"""Planted bugs: each replaces one function of the engine by a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors.base import Move
from sync import answers, detect, engine, fields, match, moves, planner, reconcile, recover
from sync.detect import Reading
from sync.execute import Executor
from sync.fields import Projected
from sync.model import FieldWrite, Row, State
from sync.planner import Planner
from sync.privacy import Vault
from sync.refs import References
from sync.settle import Settler
from sync.sides import Side
from sync.store import Store
from sync.undo import _Undoing

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
    patch.setattr(Settler, "_passed", lambda *_: True)


def _nothing_is_owed(patch: pytest.MonkeyPatch) -> None:
    whole = reconcile._view
    patch.setattr(reconcile, "_view", lambda *given: replace(whole(*given), owes=False))


def _a_new_record_owes_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settler, "_owe", lambda *_: None)


def _settled_at_the_end_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settler, "advance", lambda *_: None)


def _settled_everywhere_or_not_at_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settler, "_between", lambda *_: False)


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
                reading.deleted += detect.observe(side, kind, page.records, store)
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
    def acknowledge(self: Executor, action: Any, written: Any, _row: Any, _before: Any) -> None:
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

    def decide(entity: Any, rules: Any, decision: Any) -> None:
        settled = tuple(s if s.archived else replace(s, base=s.values) for s in entity.shown)
        whole(replace(entity, shown=settled), rules, decision)

    patch.setattr(reconcile, "_decide_deletion", decide)
    patch.setattr("sync.execute.check", lambda _action, _row: "")


def _source_is_overruled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "_privileged", lambda *_: None)


def _own_form_is_fought(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FieldWrite, "one_way", False)


def _lead_stays_a_lead(patch: pytest.MonkeyPatch) -> None:
    whole = detect._moved

    def moved(side: Side, kind: str, record: Any, row: Row | None) -> Row | None:
        unseen = record.moved is not None and record.moved.how is Move.CONVERTED
        return None if unseen else whole(side, kind, record, row)

    patch.setattr(detect, "_moved", moved)


def _makes_its_own_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("sync.convert._account", lambda _shown: None)
    patch.setattr("sync.transitions.References.record_of", lambda *_: None)


def _linked_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(match.Matcher, "_occupied", lambda *_: False)


def _undo_without_a_look(patch: pytest.MonkeyPatch) -> None:
    whole = _Undoing._put

    def put(self: Any, row: Row, name: str, found: Any, shown: Any) -> Any:
        as_written = replace(found.written, new=shown.get(name))
        return whole(self, row, name, replace(found, written=as_written), shown)

    patch.setattr(_Undoing, "_put", put)


def _undone_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("sync.undone.Undone.forbids", lambda *_: False)


def _inactive_owner(patch: pytest.MonkeyPatch) -> None:
    def owner_id(self: Side, email: str) -> str | None:
        wanted = self.settings.owners.get(email, email)
        return next((i for i, e in self.owners.emails.items() if e == wanted), None)

    patch.setattr(Side, "owner_id", owner_id)


def _answers_hold_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "holds", lambda *_: True)


def _fights_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "split_fights", lambda action, _past: (action, []))


def _one_hop(patch: pytest.MonkeyPatch) -> None:
    def successor(row: Row, store: Store, _sides: Any) -> Row | None:
        found = store.row(row.side, str(row.moved_type), str(row.moved_id))
        return found if found is not None and found.state is State.LIVE else None

    patch.setattr(moves, "_successor", successor)


def _contradictions_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_contradiction", lambda *_: None)


def _everything_in_scope(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(match.Matcher, "in_scope", lambda *_: True)


def _mapping_changes_are_edits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "rebase", lambda *_: None)


def _in_clear(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Vault, "cover", lambda _self, _kind, _name, value: value)


def _stamps_unread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(match.Matcher, "_by_stamp", lambda *_: False)


def _first_value_at_link(patch: pytest.MonkeyPatch) -> None:
    def first_link(views: Any, context: Any) -> Any:
        return fields.spread(views[0], views, context, why="it was linked")

    patch.setattr(fields, "_first_link", first_link)


def _drift_is_written(patch: pytest.MonkeyPatch) -> None:
    whole = fields._later

    def later(views: Any, context: Any) -> Any:
        found = whole(views, context)
        drift = not found.settled and not found.conflict and not found.held
        return fields.spread(views[0], views, context, why="drift") if drift else found

    patch.setattr(fields, "_later", later)


def _made_without_what_it_must_have(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Planner, "missing_required", lambda *_: "")


def _forgotten_comes_back(patch: pytest.MonkeyPatch) -> None:
    whole = detect.merge_record

    def merge_record(side: Side, kind: str, record: Any, row: Row | None) -> Row | None:
        return whole(side, kind, record, None if row and row.how == "forgotten" else row)

    patch.setattr(detect, "merge_record", merge_record)


def _let_go_at_once(patch: pytest.MonkeyPatch) -> None:
    whole = Settler.finish

    def finish(self: Settler) -> None:
        made = {(a.id, "") for a in self.plan.actions}
        whole(replace(self, acknowledged=self.acknowledged | made))

    patch.setattr(Settler, "finish", finish)


@dataclass(frozen=True)
class Mutant:
    """One planted bug, and the checks of which every single one must notice it."""

    plant: Plant
    noticed_by: tuple[str, ...]


def _caught(plant: Plant, *noticed_by: str) -> Mutant:
    return Mutant(plant, noticed_by)


MUTANTS: Mapping[str, Mutant] = {
    "the highest is the lowest": _caught(
        _wrong_winner, "row: both changed differently", "scenario: lifecycle"),
    "the latest is the earliest": _caught(
        _latest_is_earliest, "row: both changed differently", "scenario: first-link-latest"),
    "a conflict is won by the first side": _caught(
        _nobody_is_asked, "row: both changed differently", "scenario: conflict"),
    "the first side's value is taken at the first link": _caught(
        _first_value_at_link, "row: first link: different", "scenario: first-link-conflict"),
    "what drifted is written": _caught(
        _drift_is_written, "row: nothing changed, different (drift)", "scenario: verify-fix"),
    "the base moves before the write": _caught(
        _base_moves_before_the_write, "scenario: refused-field", "scenario: stale-plan"),
    "unacknowledged fields are settled": _caught(
        _unacknowledged_is_settled, "scenario: refused-field"),
    "what a side owes is forgotten": _caught(
        _nothing_is_owed,
        "test_leftovers::test_a_value_that_was_not_taken_is_carried_over_once_it_can_be",
        "test_leftovers::test_who_changes_what_was_not_taken_contradicts_it"),
    "what a new record was not given is forgotten": _caught(
        _a_new_record_owes_nothing,
        "test_made_without::test_the_story_says_what_happened",
        "test_made_without::test_a_deal_that_two_sides_had_before_gets_its_company_in_the_end"),
    "a value waits for the slowest side": _caught(
        _settled_everywhere_or_not_at_all,
        "test_leftovers::test_a_reference_that_one_side_did_not_take_can_be_put_back",
        "test_leftovers::test_who_changes_what_was_taken_does_not_contradict_it(conflict=hold)"),
    "bases move when the run is over only": _caught(
        _settled_at_the_end_only,
        "test_leftovers::test_a_value_can_be_put_back_after_a_run_that_was_killed"),
    "the cursor is saved before what was read": _caught(
        _cursor_first,
        "test_crash_points::test_what_was_read_and_not_kept_is_read_again(page=1)",
    ),
    "a lost creation is not looked up by its stamp": _caught(
        _no_look_up, "scenario: lost-answer"),
    "a merge is taken for a delete": _caught(
        _merge_is_a_delete, "scenario: merge-asked", "scenario: merge-chain"),
    "consent is granted again": _caught(
        _opted_in_again, "row: opt-out withdrawn on one side", "scenario: opt-out"),
    "stages move back": _caught(
        _stages_go_back, "row: lifecycle moves backward", "scenario: lifecycle"),
    "a blank does not travel": _caught(
        _blanks_stay, "row: cleared on one side", "scenario: blanks-keep"),
    "a blank overwrites what is to be kept": _caught(
        _blanks_overwrite, "row: cleared on one side, blanks: keep", "scenario: blanks-keep"),
    "fill blank overwrites": _caught(
        _filled_over, "row: changed, the target has a value", "scenario: field-rules"),
    "the engine's own write is a change": _caught(
        _echo_is_a_change, "scenario: field-rules"),
    "the first of several candidates is linked": _caught(
        _first_of_several, "scenario: ambiguous"),
    "a record is linked twice": _caught(
        _linked_twice, "scenario: lost-state"),
    "a stamp is not read": _caught(
        _stamps_unread, "scenario: lost-state"),
    "a value that cannot be held becomes blank": _caught(
        _held_is_nulled, "scenario: unknown-value", "scenario: too-long"),
    "a reference to what is not there becomes blank": _caught(
        _dangling_is_nulled, "scenario: delete-parent-let-go"),
    "a deferred reference is dropped": _caught(
        _deferred_is_dropped, "scenario: parents"),
    "a refused field counts as done": _caught(
        _refused_is_done, "scenario: refused-field"),
    "a field that is ignored counts as done": _caught(
        _ignored_is_done, "scenario: lifecycle-back-refused"),
    "what was refused is sent again at once": _caught(
        _no_patience, "scenario: retry"),
    "a refused delete is forgotten": _caught(
        _let_go_at_once, "scenario: delete-retried"),
    "the last writer of a set wins": _caught(
        _sets_as_scalars, "scenario: roles"),
    "no guard stops a run": _caught(
        _no_guard, "scenario: brake-deletes", "scenario: brake-changes", "scenario: brake-empty",
        "scenario: brake-everything", "scenario: brake-ambiguous", "scenario: brake-rules",
        "scenario: brake-production"),
    "what moved since the plan is overwritten": _caught(
        _overwrites_what_moved, "scenario: stale-plan"),
    "what was deleted is made again": _caught(
        _made_again, "scenario: delete-unlink"),
    "a delete beats an edit": _caught(
        _delete_beats_edit, "scenario: edit-beats-delete"),
    "the source does not rule": _caught(
        _source_is_overruled, "row: changed on both, one is the source", "scenario: source-rule"),
    "a side's own form of a value is fought": _caught(
        _own_form_is_fought, "scenario: own-form"),
    "a converted lead is taken for a lead still": _caught(
        _lead_stays_a_lead, "scenario: lead-converted", "scenario: convert-asked"),
    "a conversion makes an account of its own": _caught(
        _makes_its_own_account, "scenario: convert-asked"),
    "an undo overwrites what people changed since": _caught(
        _undo_without_a_look, "scenario: undo-changed-since"),
    "what was undone is done again": _caught(
        _undone_again,
        "test_undo::test_what_was_undone_is_not_done_again_until_somebody_speaks"),
    "an inactive owner is assigned": _caught(
        _inactive_owner, "scenario: owners"),
    "an answer holds although the facts changed": _caught(
        _answers_hold_for_ever, "scenario: question-skip"),
    "sides fight for ever": _caught(
        _fights_on, "scenario: fight"),
    "a chain of merges is not followed": _caught(
        _one_hop, "scenario: merge-chain"),
    "contradicting merges are not asked about": _caught(
        _contradictions_pass, "scenario: merge-contradiction"),
    "filters of the scope are not heeded": _caught(
        _everything_in_scope, "scenario: scope"),
    "a new mapping writes by itself": _caught(
        _mapping_changes_are_edits, "scenario: backfill"),
    "hashed values are kept in clear": _caught(
        _in_clear, "test_privacy::test_hashed_the_state_holds_no_personal_value_and_the_sides_end"
        "_the_same"),
    "a record is made without what it must have": _caught(
        _made_without_what_it_must_have, "scenario: required-missing"),
    "a forgotten person comes back": _caught(
        _forgotten_comes_back, "scenario: forgotten"),
}  # fmt: skip
"""What is wrong: how it is planted, and what must notice."""
