"""Conformance of values: what is written comes back as it was, or is refused; never cut."""

from __future__ import annotations

import pytest

from connectors.base import Create, Done, Outcome, RawFields, Refused, Update
from core.errors import RecordError, SchemaDriftError
from tests.connectors import hostile
from tests.connectors.harness import ROLES, Harness, Role
from tests.connectors.support import (
    apply,
    apply_one,
    create,
    done,
    done_or_partial,
    fetch_one,
    named,
    new_op,
    update,
    value_of,
)


def tells_the_truth(
    harness: Harness, role: Role, write: Update, before: RawFields, outcome: Outcome
) -> None:
    """What the outcome says is what happened: settled fields are as wished, others untouched."""
    fields = fetch_one(harness, role, write.id, *write.fields).fields
    refused = set(write.fields) if isinstance(outcome, Refused) else set()
    if isinstance(outcome, Done):
        refused = set(outcome.refused)
        assert all(isinstance(error, RecordError) for error in outcome.refused.values())
    for name, wished in write.fields.items():
        assert fields[name] == (before[name] if name in refused else wished), name


class ValueConformance:
    """A value is stored as it is or refused by name; nothing is changed on the way."""

    def test_hostile_texts_come_back_as_written(self, harness: Harness) -> None:
        names = harness.names["account"]
        texts = list(hostile.ONE_LINE.values())
        outcomes = apply(harness, "account", [Create(new_op(), names.row(text)) for text in texts])
        ids = [done(outcome).id for outcome in outcomes]
        found = harness.connector.fetch(names.object_type, [names.text], ids)
        by_id = {record.id: record.fields[names.text] for record in found}
        assert [by_id[id] for id in ids] == texts

    @pytest.mark.parametrize("case", sorted(hostile.SEVERAL_LINES))
    def test_long_texts_come_back_as_written(self, harness: Harness, case: str) -> None:
        names = harness.names["account"]
        if names.note is None:
            pytest.skip("the harness names no field of several lines")
        id = create(harness, "account", "Acme", **{names.note: hostile.SEVERAL_LINES[case]})
        assert value_of(harness, "account", id, names.note) == hostile.SEVERAL_LINES[case]

    def test_numbers_and_dates_come_back_as_written(self, harness: Harness) -> None:
        for role in ROLES:
            names = harness.names[role]
            for name, values in (
                (names.number, names.number_values),
                (names.date, names.date_values),
            ):
                if name is not None:
                    id = create(harness, role, "Made", **{name: values[0]})
                    assert value_of(harness, role, id, name) == values[0]
                    done(update(harness, role, id, **{name: values[1]}))
                    assert value_of(harness, role, id, name) == values[1]

    def test_an_empty_text_reads_as_none(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = create(harness, "person", "Ada", **{names.other: "Countess"})
        update(harness, "person", id, **{names.other: ""})
        assert value_of(harness, "person", id, names.other) is None

    def test_a_text_that_is_too_long_is_never_cut(self, harness: Harness) -> None:
        names = harness.names["account"]
        before = names.row("Before", **{names.other: "Kept"})
        id = harness.insert("account", before)
        long = "L" * (names.text_length or 255)
        for text in (long, long + "x", "🚀" * len(long)):
            write = Update(new_op(), id, {names.text: text})
            now = dict(fetch_one(harness, "account", id, names.text).fields)
            outcome = apply_one(harness, "account", write)
            tells_the_truth(harness, "account", write, now, outcome)
        if names.text_length is not None:
            outcome = update(harness, "account", id, **{names.text: long + "x"})
            assert isinstance(outcome, Refused)

    @pytest.mark.parametrize("role", ROLES)
    def test_a_bad_value_is_refused_and_said(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        assert names.picklist is not None
        before = names.row("Before", **{names.picklist: names.picklist_values[0]})
        if names.bad_picklist is None:  # the vendor takes any value: then it must be kept
            id = harness.insert(role, before)
            outcome = update(harness, role, id, **{names.picklist: "Some other value"})
            assert isinstance(outcome, Done)
            assert value_of(harness, role, id, names.picklist) == "Some other value"
            return
        id = harness.insert(role, before)
        wished = {names.text: "After", names.picklist: names.bad_picklist}
        write = Update(new_op(), id, wished)
        outcome = apply_one(harness, role, write)
        assert isinstance(outcome, Refused) or names.picklist in done_or_partial(outcome).refused
        tells_the_truth(harness, role, write, before, outcome)

    def test_an_unknown_field_is_never_dropped_silently(self, harness: Harness) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Before"))
        try:
            outcome = update(harness, "account", id, no_such_field="x", **{names.text: "After"})
        except SchemaDriftError:
            assert value_of(harness, "account", id, names.text) == "Before"
        else:
            refused = isinstance(outcome, Refused)
            assert refused or "no_such_field" in done_or_partial(outcome).refused
            expected = "Before" if refused else "After"
            assert value_of(harness, "account", id, names.text) == expected

    def test_one_bad_record_refuses_no_other(self, harness: Harness) -> None:
        names = harness.names["account"]
        if names.picklist is None or names.bad_picklist is None:
            pytest.skip("the vendor takes any picklist value")
        good, bad = names.picklist_values[0], names.bad_picklist
        writes = [
            Create(new_op(), names.row(f"Co {n}", **{names.picklist: bad if n == 2 else good}))
            for n in range(5)
        ]
        outcomes = apply(harness, "account", writes)
        for n, outcome in enumerate(outcomes):
            if n != 2:
                id = done(outcome).id
                assert value_of(harness, "account", id, names.picklist) == good
        bad_one = outcomes[2]
        if isinstance(bad_one, Done):
            assert set(bad_one.refused) == {names.picklist}
            assert value_of(harness, "account", bad_one.id, names.picklist) != bad
        else:
            assert isinstance(bad_one, Refused)
            assert named(harness, "account", "Co 2") == []

    def test_every_type_of_field_can_be_cleared(self, harness: Harness) -> None:
        for role in ROLES:
            names = harness.names[role]
            values = {
                names.number: names.number_values[0],
                names.date: names.date_values[0],
                names.email: "ada@example.org",
                names.note: "first\nsecond",
            }
            optional = values.keys() - names.required.keys() - {None}
            given = {name: values[name] for name in sorted(filter(None, optional))}
            id = create(harness, role, "Full", **given)
            assert dict(fetch_one(harness, role, id, *given).fields) == given
            done(update(harness, role, id, **dict.fromkeys(given)))
            assert dict(fetch_one(harness, role, id, *given).fields) == dict.fromkeys(given)

    def test_the_record_of_an_outcome_is_the_record(self, harness: Harness) -> None:
        for role in ROLES:
            names = harness.names[role]
            fields = names.row("Made", **{names.other: "Something"})
            if names.picklist is not None:
                fields[names.picklist] = names.picklist_values[0]
            made = done(apply_one(harness, role, Create(new_op(), fields)))
            wish = {names.text: "Changed", names.other: None}
            changed = done(update(harness, role, made.id, **wish))
            if changed.record is not None:
                shown = changed.record
                now = fetch_one(harness, role, made.id, *shown.fields)
                assert set(wish) <= set(shown.fields)
                assert dict(now.fields) == dict(shown.fields)
                assert not shown.archived
