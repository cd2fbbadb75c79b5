"""Every rule of the semantics with what proves it; printed in docs/sync-semantics.md.

`python -m tests.sync.every_rule` writes the table into the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "sync-semantics.md"
BEGIN, END = "<!-- every rule -->", "<!-- end of every rule -->"

PROOFS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Words and values": {
        "a change is a difference from the base, never a time stamp": (
            "row: nothing changed, equal", "row: one side changed", "scenario: own-form"),
        "the base is kept per side": (
            "row: both changed to the same", "scenario: unknown-value"),
        "no pair of sides is built in; none is special": (
            "scenario: three-sides", "test_scenarios::test_no_side_is_special",
            "test_engine::test_three_sides_converge_whatever_their_names_and_order"),
        "values are normalised once, so that two spellings are equal": (
            "mapping/test_values::test_a_normal_form_is_its_own_normal_form",
            "mapping/test_laws::test_what_is_read_is_in_canonical_form"),
        "what cannot be represented is an error, never null": (
            "mapping/test_laws::test_a_value_outside_of_the_value_map_is_an_error",
            "test_questions::test_a_value_that_cannot_be_read_is_given_for_all_alike"),
        "custom fields behave like any other": (
            "app/test_program::test_custom_fields_travel_like_any_other",),
        "a domain alone proves nothing": ("scenario: resembles", "scenario: linked-once"),
        "references are fields like any other": ("scenario: other-account", "scenario: parents"),
        "sets merge as sets": (
            "row: member added to a set", "row: members added on both sides",
            "row: member removed on one side, another added on the other",
            "row: last member removed", "row: sets differ at first link",
            "row: a role of a person changes on each side",
            "row: another person becomes the primary one", "scenario: roles",
            "scenario: roles-one-by-one", "scenario: roles-primary"),
    },
    "Lifecycle": {
        "forward moves win": (
            "row: lifecycle moves forward", "row: lifecycle moved on both sides",
            "row: lifecycle differs at first link", "scenario: lifecycle"),
        "a backward move travels only where it is allowed": (
            "row: lifecycle moves backward", "row: lifecycle moves backward, allowed",
            "scenario: lifecycle-back-allowed",
            "scenario: lifecycle-backward"),
        "a backward move that a side does not make is found by reading back": (
            "scenario: lifecycle-back-refused",),
        "`other` and `disqualified` stand outside of the order": ("scenario: lifecycle-apart",),
        "a conversion and a deal move stages by the same table": (
            "scenario: convert-asked", "scenario: stages"),
        "stages and lead status move by tables, with an order and allowed moves": (
            "row: a move of the table", "row: a move that is not in the table",
            "row: both moved, the furthest by a move that is not in the table",
            "scenario: stage-order", "scenario: stage-moves", "scenario: stage-both-moved",
            "scenario: lead-status-order"),
    },
    "Field rules": {
        "`two-way`": ("row: one side changed", "scenario: conflict"),
        "`SIDE ->`": (
            "row: changed on the source", "row: changed on both, one is the source",
            "row: first link, the source is blank", "scenario: source-rule"),
        "`SIDE unless blank`": (
            "row: the preferred side has a value", "row: the preferred side is blank",
            "row: the preferred side was cleared", "scenario: field-rules"),
        "`fill blank`": (
            "row: changed, blank on the target", "row: changed, the target has a value",
            "scenario: field-rules"),
        "`create only`": ("row: changed after creation", "scenario: field-rules"),
        "`off`": ("scenario: field-rules",),
    },
    "Conflict policies": {
        "`hold`, the default": ("row: both changed differently", "scenario: conflict"),
        "`prefer SIDE`": (
            "row: both changed differently, a third did not", "scenario: field-rules"),
        "`latest`": ("row: both changed differently", "scenario: field-rules"),
        "`highest`, `lowest`": ("row: both changed differently",),
        "`true wins`: consent is never re-granted": (
            "row: opt-out set on one side", "row: opt-out withdrawn on one side",
            "row: opt-out differs at first link", "scenario: opt-out",
            "scenario: opt-out-first-link"),
    },
    "Decision table": {
        "first link: equal values become the base": (
            "row: first link: equal", "row: first link: both blank", "scenario: first-link-equal"),
        "first link: a blank is filled": (
            "row: first link: one blank", "row: first link of a third side, blank there",
            "row: first link: an address that lacks a part of the other",
            "row: first link of a third side that alone has a value",
            "scenario: first-link-equal"),
        "first link: differing values go to the kind's policy": (
            "row: first link: different", "row: first link: different, no telling which is later",
            "row: first link of a third side, different", "scenario: first-link-conflict",
            "scenario: first-link-prefer", "scenario: first-link-latest"),
        "no side changed, values equal: nothing": (
            "row: nothing changed, equal",
            "test_scenarios::test_a_scenario_ends_as_written_and_a_further_run_writes_nothing"),
        "no side changed, values differ: drift": (
            "row: nothing changed, different (drift)", "scenario: verify-fix"),
        "one side changed": (
            "row: one side changed", "row: one side changed, three sides",
            "scenario: three-sides"),
        "taken by one side and not by another: settled between those that have it": (
            "row: settled between two sides, not taken by the third",
            "row: taken by one side and not by another, then put back",
            "row: taken by one side and not by another, then changed where it was taken",
            "row: changed on a side that had not got what the others have",
            "row: set by hand on the side that had not got it",
            "row: member settled between two sides, not given to the third",
            "row: member given to one side and not to another, then taken out",
            "test_leftovers::test_a_value_that_one_side_took_and_another_did_not_can_be_put_back",
            "test_made_without::test_what_it_names_is_written_once_it_is_there"),
        "several changed, to the same value": (
            "row: both changed to the same",
            "test_engine::test_an_agreement_closes_the_conflict"),
        "several changed, to different values": (
            "row: both changed differently", "scenario: conflict"),
        "changed where the rule does not let it speak": (
            "row: changed where the rule does not let it speak", "scenario: source-rule"),
        "a cleared value travels, unless blanks are kept": (
            "row: cleared on one side", "row: cleared on one side, blanks: keep",
            "scenario: blanks-keep"),
        "a value that a target does not accept is held there": (
            "row: not accepted by the target", "row: not accepted by one of two targets",
            "scenario: unknown-value", "scenario: too-long"),
    },
    "Records": {
        "matching: the stored link, then our stamp": ("scenario: lost-state",),
        "matching: then the configured keys, exactly one candidate": (
            "scenario: first-link-equal",
            "config/test_rules::test_match_keys_of_the_file_replace_the_default_ones"),
        "more than one candidate is asked, never guessed": (
            "scenario: ambiguous", "scenario: question-link"),
        "no record is linked twice, no two of one side to one entity": (
            "scenario: linked-once", "test_questions::test_a_record_is_never_linked_twice"),
        "created only inside of the side's scope": ("scenario: scope",),
        "created only where the side may be created in": ("scenario: create-only-there",),
        "created only with the required fields, else asked": (
            "scenario: required-missing", "scenario: question-csv"),
        "Lead or Contact by rule": ("scenario: lead-or-contact",),
        "a record that leaves the scope sleeps, and wakes with its link": ("scenario: scope",),
        "a changed filter is a change of rules": (
            "test_brakes::test_a_changed_filter_says_which_links_fall_asleep",),
        "owners by e-mail, by table, else the fallback; never an inactive one": (
            "scenario: owners",),
        "nothing is deleted elsewhere unless chosen": (
            "scenario: delete-unlink", "scenario: delete-parent"),
        "deletes by kind and direction": (
            "scenario: delete-delete", "scenario: delete-restore", "scenario: delete-ask",
            "scenario: delete-by-direction", "scenario: delete-all-kinds",
            "scenario: delete-retried", "scenario: delete-answered"),
        "a record that a person brings back is linked as before": (
            "scenario: restored-by-a-person",),
        "edit beats delete, unless told otherwise": (
            "scenario: edit-beats-delete", "scenario: delete-wins"),
        "merge is not delete; chains and new ids are followed": (
            "scenario: merge-asked", "scenario: merge-chain", "scenario: merge-children"),
        "a merge is carried out or proposed, as configured": (
            "scenario: merge-carried-out", "scenario: merge-answered", "scenario: merge-declined",
            "scenario: merge-contradiction"),
        "a lead converted by a person is the same person": (
            "scenario: lead-converted", "scenario: converted-company-known",
            "scenario: converted-company-by-itself", "scenario: converted-never-written",
            "scenario: converted-company-in-step", "scenario: converted-company-merged"),
        "of two deals that are both new, a person says whether a conversion made the one": (
            "scenario: converted-deal-waited", "scenario: converted-deal-new",
            "scenario: converted-deal-same"),
        "a conversion asked for goes into the linked account": (
            "scenario: convert-asked", "scenario: convert-asked-opportunity",
            "scenario: convert-no-account"),
        "the echo of our own write is no change": (
            "test_scenarios::test_a_scenario_ends_as_written_and_a_further_run_writes_nothing",
            "scenario: own-form"),
    },
    "A run": {
        "recover first: a lost answer makes no second record": (
            "scenario: lost-answer",
            "test_crash_points::test_every_interruption_ends_as_an_uninterrupted_run"),
        "a saved plan is applied exactly": (
            "test_engine::test_a_saved_plan_does_exactly_what_it_says",),
        "what no longer holds is skipped as stale and planned anew": ("scenario: stale-plan",),
        "the base moves only for what was acknowledged": (
            "scenario: refused-field", "scenario: retry",
            "test_unheeded::test_a_value_that_a_side_silently_ignores_erases_nothing"),
        "cursors move last; nothing is missed": (
            "test_crash_points::test_every_interruption_ends_as_an_uninterrupted_run",
            "test_crash_points::test_what_was_read_and_not_kept_is_read_again",
            "test_engine::test_a_position_that_the_side_forgot_has_everything_read_again"),
        "guard: share of deletes": ("scenario: brake-deletes",),
        "guard: share of changes": ("scenario: brake-changes",),
        "guard: one side suddenly empty": ("scenario: brake-empty",),
        "guard: everything changed": ("scenario: brake-everything",),
        "guard: ambiguous matches": ("scenario: brake-ambiguous",),
        "guard: rules or filters changed": ("scenario: brake-rules", "scenario: rules-change"),
        "guard: production side not confirmed": ("scenario: brake-production",),
        "creates carry the stamp": ("scenario: create", "scenario: lost-answer"),
        "linked records are stamped too": ("scenario: first-link-equal",),
        "the target is compared before it is overwritten": ("scenario: stale-plan",),
        "association-only changes are found": (
            "scenario: association-only",
            "test_unmet::test_a_person_who_takes_part_later_is_carried_along_then"),
        "a field that vanishes is drift: named, nothing written, and on once it is mended": (
            "test_drift::test_each_run_names_the_field_that_is_gone_and_writes_nothing",
            "test_drift::test_once_the_mapping_is_mended_the_next_run_works",
            "test_drift::test_once_the_field_is_back_the_next_run_works"),
        "one bad record never stops a run; it is retried with back-off": ("scenario: retry",),
        "the budget of calls": (
            "end_to_end/test_call_counts::"
            "test_a_run_with_nothing_to_do_makes_at_most_three_calls_per_kind_and_side",),
        "why: run, side, rule, what was replaced and rejected": (
            "scenario: why", "scenario: why-moved",
            "test_why::test_a_refused_value_is_told_with_the_vendor_s_reason"),
        "undo puts back, and refuses per field what has changed since": (
            "scenario: undo", "scenario: undo-changed-since", "scenario: undo-associations"),
        "verify reports drift and missing counterparts": (
            "scenario: verify-fix", "scenario: verify-missing",
            "app/test_sync_commands::test_verify_ends_with_its_own_code_where_something_differs"),
        "a new, changed or removed mapping writes nothing by itself": (
            "scenario: backfill", "scenario: mapping-removed"),
        "a fight with a workflow is told as one": ("scenario: fight",),
        "questions are answered once, for good, in bulk, or let rest": (
            "scenario: question-taken", "scenario: question-always", "scenario: question-csv",
            "scenario: question-skip"),
        "credentials never in the state": (
            "app/test_trace_commands::test_no_secret_is_in_the_state",),
        "personal values as keyed hashes, and forgotten on request": (
            "scenario: hashed", "scenario: forgotten",
            "test_privacy::test_why_says_what_it_cannot_show"),
    },
}  # fmt: skip
"""Section -> rule, in few words -> what proves it."""


def table() -> str:
    """The rules and their proofs as Markdown."""
    lines = ["| rule | proved by |", "|---|---|"]
    for section, rules in PROOFS.items():
        lines.append(f"| **{section}** | |")
        for rule, proofs in rules.items():
            lines.append(f"| {rule} | {'; '.join(_shown(p) for p in proofs)} |")
    return "\n".join(lines)


def _shown(proof: str) -> str:
    kind, _, rest = proof.partition(": ")
    if kind == "row":
        return f"row “{rest}”"
    if kind == "scenario":
        return f"[{rest}](../tests/sync/scenarios/{rest}/steps.yaml)"
    file, _, test = proof.partition("::")
    folder, _, name = file.rpartition("/")
    return f"[{test}](../tests/{folder or 'sync'}/{name}.py)"


def with_table(page: str) -> str:
    """The page with the table put between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
