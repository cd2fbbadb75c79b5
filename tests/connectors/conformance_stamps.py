"""Conformance of stamps: creates that may be repeated, and `prepare`."""

from __future__ import annotations

from typing import Literal

import pytest

from connectors.base import Create, Done, Refused, StampField
from core.errors import DuplicateError
from tests.connectors.harness import ROLES, Harness, Names, Role
from tests.connectors.support import (
    apply,
    apply_one,
    done,
    done_or_partial,
    fetch_one,
    named,
    new_op,
    stamp,
    stamped,
    update,
    value_of,
)


def needs_stamps(harness: Harness, names: Names) -> None:
    if not harness.connector.capabilities.stamps or names.stamp is None:
        pytest.skip("the connector declares no stamps")


class StampConformance:
    """A create that carries its stamp is an upsert: repeating it makes no second record."""

    @pytest.mark.parametrize("role", ROLES)
    def test_the_same_stamped_create_twice_makes_one_record(
        self, harness: Harness, role: Role
    ) -> None:
        names = harness.names[role]
        needs_stamps(harness, names)
        first = done(apply_one(harness, role, stamped(names, "Once", stamp(1))))
        harness.advance(5)  # within a second, a repeat after a lost answer cannot tell who made it
        again = done(apply_one(harness, role, stamped(names, "Once", stamp(1))))
        assert first.created
        assert not again.created
        assert again.id == first.id
        assert named(harness, role, "Once") == [first.id]

    def test_the_same_stamp_twice_in_one_call_makes_one_record(self, harness: Harness) -> None:
        names = harness.names["person"]
        needs_stamps(harness, names)
        writes = [stamped(names, "Once", stamp(1)) for _ in range(2)]
        outcomes = apply(harness, "person", writes)
        made = [outcome for outcome in outcomes if isinstance(outcome, Done)]
        assert made
        assert named(harness, "person", "Once") == [made[0].id]
        assert {outcome.id for outcome in made} == {made[0].id}

    def test_many_stamped_creates_keep_their_order(self, harness: Harness) -> None:
        names = harness.names["person"]
        needs_stamps(harness, names)
        assert names.stamp is not None
        n = harness.connector.capabilities.write_batch + 3
        outcomes = apply(
            harness, "person", [stamped(names, f"Row {i}", stamp(i)) for i in range(n)]
        )
        found = harness.connector.fetch(
            names.object_type, [names.stamp], [done(outcome).id for outcome in outcomes]
        )
        by_id = {record.id: record.fields[names.stamp] for record in found}
        assert [by_id[done(o).id] for o in outcomes] == [stamp(i) for i in range(n)]

    def test_a_stamp_that_another_record_has_is_refused(self, harness: Harness) -> None:
        names = harness.names["person"]
        needs_stamps(harness, names)
        assert names.stamp is not None
        done(apply_one(harness, "person", stamped(names, "One", stamp(1))))
        two = done(apply_one(harness, "person", stamped(names, "Two", stamp(2)))).id
        outcome = update(harness, "person", two, **{names.stamp: stamp(1)})
        error = outcome.error if isinstance(outcome, Refused) else None
        if error is None:
            error = done_or_partial(outcome).refused[names.stamp]
        assert isinstance(error, DuplicateError)
        assert value_of(harness, "person", two, names.stamp) == stamp(2)

    def test_prepare_again_changes_nothing(self, harness: Harness) -> None:
        names = [harness.names[role] for role in ROLES]
        if not harness.connector.capabilities.stamps:
            pytest.skip("the connector declares no stamps")
        stamps = [StampField(n.object_type, n.stamp) for n in names if n.stamp is not None]
        requests = harness.write_requests()
        findings = harness.connector.prepare(stamps)
        assert [f for f in findings if f.level in ("made", "problem")] == []
        assert harness.write_requests() == requests

    @pytest.mark.parametrize("role", ROLES)
    def test_find_by_stamp_does_not_lag(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        if not harness.connector.capabilities.stamps or names.stamp is None:
            pytest.skip("the connector declares no stamps")
        writes = [stamped(names, f"Row {n}", stamp(n)) for n in range(5)]
        ids = [done(outcome).id for outcome in apply(harness, role, writes)]
        found = harness.connector.find(
            names.object_type, [names.stamp], names.stamp, [stamp(1), stamp(3), stamp(9)]
        )
        assert {r.fields[names.stamp]: r.id for r in found} == {
            stamp(1): ids[1],
            stamp(3): ids[3],
        }

    def test_prepare_makes_what_is_absent(self, harness: Harness) -> None:
        for role in ROLES:
            names = harness.names[role]
            needs_stamps(harness, names)
            if names.spare_stamp is None:
                pytest.skip("the harness names no stamp field that could be made")
            wish = StampField(names.object_type, names.spare_stamp)
            assert [f.level for f in harness.connector.prepare([wish])] == ["made"]
            assert harness.connector.describe(names.object_type).fields[wish.name].unique
            fields = names.row("Spare", **{wish.name: stamp(1)})
            for created in (True, False):
                write = Create(new_op(), fields, stamp_field=wish.name)
                assert done(apply_one(harness, role, write)).created is created
            assert len(named(harness, role, "Spare")) == 1

    def test_prepare_makes_plain_fields_that_are_no_stamps(self, harness: Harness) -> None:
        names = harness.names["account"]
        needs_stamps(harness, names)
        if names.spare_stamp is None:
            pytest.skip("the harness names no field that could be made")
        stem = names.spare_stamp.removesuffix("__c")
        tail = names.spare_stamp[len(stem) :]
        types: tuple[Literal["text", "number", "bool"], ...] = ("text", "number", "bool")
        wishes = [StampField(names.object_type, f"{stem}_{t}{tail}", t, t) for t in types]
        made = [f.level for f in harness.connector.prepare(wishes)]
        assert made == ["made", "made", "made"]
        assert {f.level for f in harness.connector.prepare(wishes)} == {"ok"}
        fields = harness.connector.describe(names.object_type).fields
        assert [fields[w.name].type for w in wishes] == ["string", "number", "boolean"]
        assert not any(fields[w.name].unique for w in wishes)

    def test_a_stamp_whose_record_was_deleted_can_be_used_again(self, harness: Harness) -> None:
        names = harness.names["person"]
        needs_stamps(harness, names)
        first = done(apply_one(harness, "person", stamped(names, "Once", stamp(1)))).id
        harness.delete("person", first)
        outcome = apply_one(harness, "person", stamped(names, "Again", stamp(1)))
        if isinstance(outcome, Done):
            assert not fetch_one(harness, "person", outcome.id, names.text).archived
            assert named(harness, "person", "Again") == [outcome.id]
        else:
            assert isinstance(outcome, Refused)
            assert named(harness, "person", "Again") == []

    def test_a_repeat_with_other_values_updates(self, harness: Harness) -> None:
        names = harness.names["person"]
        needs_stamps(harness, names)
        first = done(apply_one(harness, "person", stamped(names, "Before", stamp(1)))).id
        again = done(apply_one(harness, "person", stamped(names, "After", stamp(1))))
        assert (again.id, again.created) == (first, False)
        assert value_of(harness, "person", first, names.text) == "After"
