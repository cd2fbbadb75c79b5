"""Conformance of `apply` for creates, updates, archives and restores, and of `prepare`."""

from __future__ import annotations

import pytest

from connectors.base import (
    Archive,
    Create,
    Done,
    Outcome,
    RawFields,
    Refused,
    Restore,
    StampField,
    Update,
    Write,
)
from core.errors import DuplicateError, NotFoundError, RecordError, SchemaDriftError
from tests.connectors import hostile
from tests.connectors.harness import ROLES, Harness, Names, Role
from tests.connectors.support import (
    apply,
    apply_one,
    create,
    done,
    fetch_one,
    named,
    new_op,
    stamped,
    update,
    value_of,
)


def _needs_stamps(harness: Harness, names: Names) -> None:
    if not harness.connector.capabilities.stamps or names.stamp is None:
        pytest.skip("the connector declares no stamps")


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


class WritingConformance:
    """One outcome per write, in order, and each tells the truth."""

    @pytest.mark.parametrize("role", ROLES)
    def test_create(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        fields = names.row("Made", **{names.other: "Something"})
        outcome = done(apply_one(harness, role, Create(new_op(), fields)))
        assert outcome.created
        assert outcome.id
        now = fetch_one(harness, role, outcome.id, *fields)
        assert dict(now.fields) == fields
        if outcome.record is not None:
            assert outcome.record.id == outcome.id
            assert fields.items() <= dict(outcome.record.fields).items()

    @pytest.mark.parametrize("role", ROLES)
    def test_update_touches_only_what_it_names(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        id = harness.insert(role, names.row("Before", **{names.other: "Kept"}))
        outcome = done(update(harness, role, id, **{names.text: "After"}))
        assert outcome.id == id
        assert not outcome.created
        now = fetch_one(harness, role, id, names.text, names.other)
        assert dict(now.fields) == {names.text: "After", names.other: "Kept"}
        if outcome.record is not None:
            assert outcome.record.fields[names.text] == "After"

    @pytest.mark.parametrize("role", ROLES)
    def test_none_clears(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        id = create(harness, role, "Made", **{names.other: "Something"})
        done(update(harness, role, id, **{names.other: None}))
        assert value_of(harness, role, id, names.other) is None

    def test_an_empty_text_reads_as_none(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = create(harness, "person", "Ada", **{names.other: "Countess"})
        update(harness, "person", id, **{names.other: ""})
        assert value_of(harness, "person", id, names.other) is None

    def test_an_absent_field_stays(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = create(harness, "person", "Ada", **{names.other: "Countess"})
        update(harness, "person", id, **{names.text: "Ada L."})
        assert value_of(harness, "person", id, names.other) == "Countess"

    @pytest.mark.parametrize("role", ROLES)
    def test_archive(self, harness: Harness, role: Role) -> None:
        if not harness.connector.capabilities.archive:
            pytest.skip("the connector declares no archive")
        names = harness.names[role]
        gone, kept = harness.insert_many(role, [names.row("Gone"), names.row("Kept")])
        done(apply_one(harness, role, Archive(new_op(), gone)))
        assert named(harness, role, "Gone") == []
        assert named(harness, role, "Kept") == [kept]

    def test_archive_twice_does_no_harm(self, harness: Harness) -> None:
        if not harness.connector.capabilities.archive:
            pytest.skip("the connector declares no archive")
        id = harness.insert("person", harness.names["person"].row("Gone"))
        done(apply_one(harness, "person", Archive(new_op(), id)))
        outcome = apply_one(harness, "person", Archive(new_op(), id))
        assert isinstance(outcome, Done | Refused)
        if isinstance(outcome, Refused):
            assert isinstance(outcome.error, NotFoundError)

    def test_restore(self, harness: Harness) -> None:
        if not harness.connector.capabilities.restore:
            pytest.skip("the connector declares no restore")
        id = create(harness, "person", "Back")
        done(apply_one(harness, "person", Archive(new_op(), id)))
        assert done(apply_one(harness, "person", Restore(new_op(), id))).id == id
        assert named(harness, "person", "Back") == [id]

    def test_an_update_of_what_is_not_there_is_refused(self, harness: Harness) -> None:
        names = harness.names["person"]
        gone = harness.insert("person", names.row("Gone"))
        harness.delete("person", gone)
        for id in (gone, *hostile.UNKNOWN_IDS.values()):
            outcome = update(harness, "person", id, **{names.text: "Ghost"})
            assert isinstance(outcome, Refused), id
            assert isinstance(outcome.error, RecordError)
        assert named(harness, "person", "Ghost") == []

    def test_verbs_mixed_in_one_call_keep_their_order(self, harness: Harness) -> None:
        names = harness.names["account"]
        a, b, c = harness.insert_many("account", [names.row(x) for x in "abc"])
        writes: list[Write] = [
            Update(new_op(), a, {names.text: "a2"}),
            Create(new_op(), names.row("d")),
            Update(new_op(), "no-such-id", {names.text: "x"}),
            Archive(new_op(), b),
            Create(new_op(), names.row("e")),
            Update(new_op(), c, {names.text: "c2"}),
        ]
        outcomes = apply(harness, "account", writes)
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds == [Done, Done, Refused, Done, Done, Done]
        assert done(outcomes[0]).id == a
        assert value_of(harness, "account", done(outcomes[1]).id, names.text) == "d"
        assert value_of(harness, "account", done(outcomes[4]).id, names.text) == "e"
        assert value_of(harness, "account", c, names.text) == "c2"

    def test_more_writes_than_a_batch(self, harness: Harness) -> None:
        names = harness.names["person"]
        n = harness.connector.capabilities.write_batch * 2 + 1
        requests = harness.write_requests()
        creates = [Create(new_op(), names.row(f"Row {i}")) for i in range(n)]
        ids = [done(outcome).id for outcome in apply(harness, "person", creates)]
        assert len(set(ids)) == n
        updates = [Update(new_op(), id, {names.text: f"New {i}"}) for i, id in enumerate(ids)]
        assert [done(outcome).id for outcome in apply(harness, "person", updates)] == ids
        assert harness.write_requests() - requests <= 12, "writes go in batches"
        probe = [0, n // 2, n - 1]
        for i in probe:
            assert value_of(harness, "person", ids[i], names.text) == f"New {i}"

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

    @pytest.mark.parametrize("role", ROLES)
    def test_a_bad_value_is_refused_and_said(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        if names.picklist is None or names.bad_picklist is None:
            pytest.skip("the vendor takes any picklist value")
        before = names.row("Before", **{names.picklist: names.picklist_values[0]})
        id = harness.insert(role, before)
        wished = {names.text: "After", names.picklist: names.bad_picklist}
        write = Update(new_op(), id, wished)
        outcome = apply_one(harness, role, write)
        assert isinstance(outcome, Refused) or names.picklist in done_or_partial(outcome).refused
        tells_the_truth(harness, role, write, before, outcome)

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

    def test_a_create_without_its_required_fields_is_refused(self, harness: Harness) -> None:
        names = harness.names["opportunity"]
        outcome = apply_one(harness, "opportunity", Create(new_op(), {names.other: "alone"}))
        assert isinstance(outcome, Refused)

    @pytest.mark.parametrize("role", ROLES)
    def test_the_same_stamped_create_twice_makes_one_record(
        self, harness: Harness, role: Role
    ) -> None:
        names = harness.names[role]
        _needs_stamps(harness, names)
        first = done(apply_one(harness, role, stamped(names, "Once", "stamp-1")))
        again = done(apply_one(harness, role, stamped(names, "Once", "stamp-1")))
        assert first.created
        assert not again.created
        assert again.id == first.id
        assert named(harness, role, "Once") == [first.id]

    def test_the_same_stamp_twice_in_one_call_makes_one_record(self, harness: Harness) -> None:
        names = harness.names["person"]
        _needs_stamps(harness, names)
        writes = [stamped(names, "Once", "stamp-1") for _ in range(2)]
        outcomes = apply(harness, "person", writes)
        made = [outcome for outcome in outcomes if isinstance(outcome, Done)]
        assert made
        assert named(harness, "person", "Once") == [made[0].id]
        assert {outcome.id for outcome in made} == {made[0].id}

    def test_many_stamped_creates_keep_their_order(self, harness: Harness) -> None:
        names = harness.names["person"]
        _needs_stamps(harness, names)
        assert names.stamp is not None
        n = harness.connector.capabilities.write_batch + 3
        outcomes = apply(
            harness, "person", [stamped(names, f"Row {i}", f"stamp-{i}") for i in range(n)]
        )
        found = harness.connector.fetch(
            names.object_type, [names.stamp], [done(outcome).id for outcome in outcomes]
        )
        by_id = {record.id: record.fields[names.stamp] for record in found}
        assert [by_id[done(o).id] for o in outcomes] == [f"stamp-{i}" for i in range(n)]

    def test_a_stamp_that_another_record_has_is_refused(self, harness: Harness) -> None:
        names = harness.names["person"]
        _needs_stamps(harness, names)
        assert names.stamp is not None
        done(apply_one(harness, "person", stamped(names, "One", "stamp-1")))
        two = done(apply_one(harness, "person", stamped(names, "Two", "stamp-2"))).id
        outcome = update(harness, "person", two, **{names.stamp: "stamp-1"})
        error = outcome.error if isinstance(outcome, Refused) else None
        if error is None:
            error = done_or_partial(outcome).refused[names.stamp]
        assert isinstance(error, DuplicateError)
        assert value_of(harness, "person", two, names.stamp) == "stamp-2"

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

    def test_a_reference_is_written_and_cleared(self, harness: Harness) -> None:
        pairs = [(r, harness.names[r]) for r in ROLES if harness.names[r].reference]
        for role, names in pairs:
            assert names.reference is not None
            assert names.reference_to is not None
            one = create(harness, names.reference_to, "One")
            two = create(harness, names.reference_to, "Two")
            id = create(harness, role, "Refers", **{names.reference: one})
            assert value_of(harness, role, id, names.reference) == one
            done(update(harness, role, id, **{names.reference: two}))
            assert value_of(harness, role, id, names.reference) == two
            done(update(harness, role, id, **{names.reference: None}))
            assert value_of(harness, role, id, names.reference) is None

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

    def test_prepare_again_changes_nothing(self, harness: Harness) -> None:
        names = [harness.names[role] for role in ROLES]
        if not harness.connector.capabilities.stamps:
            pytest.skip("the connector declares no stamps")
        stamps = [StampField(n.object_type, n.stamp) for n in names if n.stamp is not None]
        requests = harness.write_requests()
        findings = harness.connector.prepare(stamps)
        assert [f for f in findings if f.level in ("made", "problem")] == []
        assert harness.write_requests() == requests


def done_or_partial(outcome: Outcome) -> Done:
    """The outcome, which must be a success at least in part."""
    assert isinstance(outcome, Done), outcome
    return outcome
