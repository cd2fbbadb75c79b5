"""Conformance of `apply` for creates, updates, archives and restores, and of `prepare`."""

from __future__ import annotations

import pytest

from connectors.base import (
    Archive,
    Create,
    Done,
    Refused,
    Restore,
    Update,
    Write,
)
from core.errors import DuplicateError, NotFoundError, RecordError
from tests.connectors import hostile
from tests.connectors.harness import ROLES, Harness, Role
from tests.connectors.support import (
    apply,
    apply_one,
    create,
    done,
    fetch_one,
    named,
    new_op,
    read_all,
    update,
    value_of,
)


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

    def test_a_create_without_its_required_fields_is_refused(self, harness: Harness) -> None:
        names = harness.names["opportunity"]
        outcome = apply_one(harness, "opportunity", Create(new_op(), {names.other: "alone"}))
        assert isinstance(outcome, Refused)

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

    def test_own_writes_appear_too(self, harness: Harness) -> None:
        _, cursor = read_all(harness, "account")
        harness.advance(5)
        id = create(harness, "account", "By the connector")
        records, cursor = read_all(harness, "account", since=cursor)
        assert id in records
        harness.advance(5)
        update(harness, "account", id, **{harness.names["account"].text: "Renamed"})
        records, _ = read_all(harness, "account", since=cursor)
        assert records[id].fields[harness.names["account"].text] == "Renamed"

    def test_fetch_sees_own_writes_at_once(self, harness: Harness) -> None:
        names = harness.names["account"]
        id = create(harness, "account", "Fresh")
        assert fetch_one(harness, "account", id, names.text).fields == {names.text: "Fresh"}

    def test_usage_counts_writes(self, harness: Harness) -> None:
        before, requests = harness.connector.usage(), harness.write_requests()
        create(harness, "account", "Counted")
        after = harness.connector.usage()
        assert after.writes > before.writes
        assert after.writes - before.writes == harness.write_requests() - requests
        assert sum(after.by_route.values()) == after.calls

    def test_the_same_record_twice_in_one_call(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = harness.insert("person", names.row("Before"))
        writes = [Update(new_op(), id, {names.text: text}) for text in ("First", "Second")]
        outcomes = apply(harness, "person", writes)
        pairs = zip(writes, outcomes, strict=True)
        told = [write.fields[names.text] for write, o in pairs if isinstance(o, Done)]
        assert value_of(harness, "person", id, names.text) == told[-1]

    def test_a_likely_duplicate_is_refused_by_name(self, harness: Harness) -> None:
        names = harness.names["person"]
        assert names.email is not None
        email = {names.email: "ada@example.org"}
        known = harness.insert("person", names.row("Ada", **email))
        outcome = apply_one(harness, "person", Create(new_op(), names.row("Twin", **email)))
        if not names.email_is_unique:  # the vendor lets two people have one: then both are there
            assert isinstance(outcome, Done)
            assert outcome.id != known
            return
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.error, DuplicateError)
        assert outcome.error.existing_id == known
        assert named(harness, "person", "Twin") == []
