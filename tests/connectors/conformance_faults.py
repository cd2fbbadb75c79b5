"""Conformance under faults: outages, lost answers, garbled answers, sessions, credentials."""

from __future__ import annotations

import pytest

from connectors.base import Create, Done, Outcome, Refused, Unknown, Update
from core.errors import (
    AuthError,
    BudgetExhaustedError,
    ConnectorError,
    ForbiddenError,
    SchemaDriftError,
    TransientError,
    UnexpectedReplyError,
)
from tests.connectors.harness import Garble, Harness, Role
from tests.connectors.support import (
    apply,
    apply_one,
    collect,
    fetch_one,
    ids_of,
    named,
    new_op,
    stamp,
    stamped,
    value_of,
)

LASTING = 60
"""More failures in a row than any connector may sit out."""


def attempt(harness: Harness, role: Role, write: Create | Update) -> Outcome:
    """The outcome; a raised ConnectorError means Unknown, as the contract says."""
    try:
        return apply_one(harness, role, write)
    except ConnectorError as error:
        return Unknown(write.op, str(error))


NOTHING_SENT = (AuthError, ForbiddenError, SchemaDriftError, BudgetExhaustedError)
"""Raised by `apply` only before anything was sent."""


class FaultConformance:
    """A fault is overcome or told; it never looks like an empty or a successful answer."""

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_passing_outage_while_reading(self, harness: Harness, status: int) -> None:
        names = harness.names["account"]
        ids = set(harness.insert_many("account", [names.row(f"Co {n}") for n in range(3)]))
        harness.settle()
        harness.fail_next(status)
        try:
            records, _ = collect(harness.connector, names.object_type, [names.text])
        except TransientError:
            harness.clear_faults()
            records, _ = collect(harness.connector, names.object_type, [names.text])
        assert set(records) == ids

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_lasting_outage_is_told(self, harness: Harness, status: int) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Acme"))
        harness.settle()
        object_type, text = names.object_type, names.text
        harness.fail_next(status, LASTING)
        with pytest.raises(TransientError):
            list(harness.connector.changes(object_type, [text], None))
        harness.clear_faults()
        harness.fail_next(status, LASTING)
        with pytest.raises(TransientError):
            harness.connector.fetch(object_type, [text], [id])
        harness.clear_faults()
        harness.fail_next(status, LASTING)
        with pytest.raises(TransientError):
            harness.connector.find(object_type, [text], text, ["Acme"])
        harness.clear_faults()
        assert value_of(harness, "account", id, text) == "Acme"

    def test_an_outage_in_mid_reading_loses_nothing(self, harness: Harness) -> None:
        names = harness.names["person"]
        size = harness.small_pages(2)
        made = harness.insert_many("person", [names.row(f"P {n}") for n in range(3 * size)])
        harness.settle()
        seen: set[str] = set()
        cursor = None
        with pytest.raises(TransientError):  # noqa: PT012 - the failure must come between pages
            for page in harness.connector.changes(names.object_type, [names.text], None):
                seen |= {record.id for record in page.records}
                cursor = page.cursor
                harness.fail_next(503, LASTING)
        harness.clear_faults()
        assert seen
        rest, _ = collect(harness.connector, names.object_type, [names.text], cursor)
        assert seen | set(rest) == set(made)

    @pytest.mark.parametrize("kind", ["html", "cut"])
    def test_a_garbled_answer_is_never_an_empty_page(self, harness: Harness, kind: Garble) -> None:
        names = harness.names["account"]
        ids = set(harness.insert_many("account", [names.row(f"Co {n}") for n in range(3)]))
        harness.settle()
        harness.garble_next(kind)
        try:
            records, _ = collect(harness.connector, names.object_type, [names.text])
        except (UnexpectedReplyError, TransientError):
            harness.clear_faults()
            records, _ = collect(harness.connector, names.object_type, [names.text])
        assert set(records) == ids

    @pytest.mark.parametrize("kind", ["html", "cut"])
    def test_lasting_garble_is_told_by_every_reading(self, harness: Harness, kind: Garble) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Acme"))
        harness.settle()
        object_type, text = names.object_type, names.text
        readings = (
            lambda: list(harness.connector.changes(object_type, [text], None)),
            lambda: harness.connector.fetch(object_type, [text], [id]),
            lambda: harness.connector.find(object_type, [text], text, ["Acme"]),
            lambda: harness.connector.describe(harness.names["opportunity"].object_type),
        )
        for reading in readings:
            harness.garble_next(kind, LASTING)
            with pytest.raises((UnexpectedReplyError, TransientError)):
                reading()
            harness.clear_faults()

    @pytest.mark.parametrize("kind", ["html", "cut"])
    def test_a_garbled_answer_to_a_write_is_no_success(
        self, harness: Harness, kind: Garble
    ) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Before"))
        harness.garble_next(kind, LASTING)
        outcome = attempt(harness, "account", Update(new_op(), id, {names.text: "After"}))
        harness.clear_faults()
        assert isinstance(outcome, Unknown)
        assert outcome.reason

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_an_outage_while_writing_then_a_repeat(self, harness: Harness, status: int) -> None:
        names = harness.names["person"]
        if not harness.connector.capabilities.stamps or names.stamp is None:
            pytest.skip("the connector declares no stamps")
        harness.fail_next(status)
        first = attempt(harness, "person", stamped(names, "Once", stamp(1)))
        harness.clear_faults()
        assert isinstance(first, Done | Unknown)
        again = attempt(harness, "person", stamped(names, "Once", stamp(1)))
        assert isinstance(again, Done)
        assert named(harness, "person", "Once") == [again.id]

    def test_a_stamped_create_whose_answer_was_lost(self, harness: Harness) -> None:
        for role in ("account", "person", "opportunity"):
            names = harness.names[role]
            if not harness.connector.capabilities.stamps or names.stamp is None:
                pytest.skip("the connector declares no stamps")
            harness.lose_next_answer()
            first = attempt(harness, role, stamped(names, "Once", stamp(1)))
            harness.clear_faults()
            assert isinstance(first, Done | Unknown)
            found = harness.connector.find(
                names.object_type, [names.stamp], names.stamp, [stamp(1)]
            )
            assert len(found) == 1
            again = attempt(harness, role, stamped(names, "Once", stamp(1)))
            assert isinstance(again, Done)
            assert not again.created
            assert named(harness, role, "Once") == [again.id] == [found[0].id]

    def test_an_unstamped_create_whose_answer_was_lost(self, harness: Harness) -> None:
        """Never sent twice blindly: one record, and `Unknown` unless the connector made sure."""
        harness.lose_next_answer()
        outcome = attempt(harness, "person", Create(new_op(), harness.names["person"].row("Once")))
        harness.clear_faults()
        ids = named(harness, "person", "Once")
        assert len(ids) == 1
        assert isinstance(outcome, Unknown | Done)
        if isinstance(outcome, Done):
            assert [outcome.id] == ids

    def test_an_update_whose_answer_was_lost(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = harness.insert("person", names.row("Before"))
        harness.lose_next_answer()
        outcome = attempt(harness, "person", Update(new_op(), id, {names.text: "After"}))
        harness.clear_faults()
        assert not isinstance(outcome, Refused)
        assert value_of(harness, "person", id, names.text) == "After"

    def test_a_lost_answer_in_a_large_call_spoils_no_other_record(self, harness: Harness) -> None:
        names = harness.names["person"]
        if not harness.connector.capabilities.stamps or names.stamp is None:
            pytest.skip("the connector declares no stamps")
        n = harness.connector.capabilities.write_batch + 2
        writes = [stamped(names, f"P {i}", stamp(i)) for i in range(n)]
        harness.lose_next_answer()
        try:
            outcomes = apply(harness, "person", writes)
        except ConnectorError:
            outcomes = []
        harness.clear_faults()
        assert not any(isinstance(outcome, Refused) for outcome in outcomes)
        ids = {
            outcome.id for outcome in apply(harness, "person", writes) if isinstance(outcome, Done)
        }
        assert len(ids) == n
        harness.settle()
        live = list(collect(harness.connector, names.object_type, [names.stamp])[0].values())
        assert ids_of(live) == ids

    @pytest.mark.parametrize("status", [401, 403, 503])
    def test_a_call_that_breaks_off_between_batches(self, harness: Harness, status: int) -> None:
        """Once a batch was sent, no error may be raised that says nothing was sent."""
        names = harness.names["person"]
        n = harness.connector.capabilities.write_batch * 2 + 1
        writes = [Create(new_op(), names.row(f"P {i}")) for i in range(n)]
        harness.connector.describe(names.object_type)
        harness.fail_next(status, LASTING, skip=1)
        outcomes: list[Outcome] = []
        raised: ConnectorError | None = None
        try:
            outcomes = apply(harness, "person", writes)
        except ConnectorError as error:
            raised = error
        harness.clear_faults()
        harness.settle()
        there = set(collect(harness.connector, names.object_type, [names.text])[0])
        told = {outcome.id for outcome in outcomes if isinstance(outcome, Done)}
        assert told <= there
        assert not any(isinstance(outcome, Refused) for outcome in outcomes)
        if isinstance(raised, NOTHING_SENT):
            assert there == set()
        elif raised is None:
            assert any(isinstance(outcome, Unknown) for outcome in outcomes) or len(there) == n

    def test_a_session_that_ends_in_mid_reading(self, harness: Harness) -> None:
        names = harness.names["person"]
        size = harness.small_pages(2)
        made = harness.insert_many("person", [names.row(f"P {n}") for n in range(3 * size)])
        harness.settle()
        seen: set[str] = set()
        for page in harness.connector.changes(names.object_type, [names.text], None):
            seen |= {record.id for record in page.records}
            harness.expire_session()
        assert seen == set(made)

    def test_a_session_that_ended_before_a_write(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = harness.insert("person", names.row("Before"))
        harness.expire_session()
        outcome = apply_one(harness, "person", Update(new_op(), id, {names.text: "After"}))
        assert isinstance(outcome, Done)
        harness.expire_session()
        assert fetch_one(harness, "person", id, names.text).fields == {names.text: "After"}

    def test_wrong_credentials_are_told_as_such(self, harness: Harness) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Acme"))
        connector = harness.with_wrong_credentials()
        update = Update(new_op(), id, {names.text: "After"})
        calls = (
            lambda: connector.describe(names.object_type),
            lambda: list(connector.changes(names.object_type, [names.text], None)),
            lambda: connector.fetch(names.object_type, [names.text], [id]),
            lambda: connector.find(names.object_type, [names.text], names.text, ["Acme"]),
            lambda: connector.apply(names.object_type, [update]),
        )
        for call in calls:
            with pytest.raises(AuthError) as caught:
                call()
            assert caught.value.remedy
            told = str(caught.value) + repr(caught.value) + caught.value.remedy
            assert all(secret not in told for secret in harness.secrets)
        connector.close()
        assert value_of(harness, "account", id, names.text) == "Acme"

    def test_diagnose_never_raises(self, harness: Harness) -> None:
        connector = harness.with_wrong_credentials()
        findings = connector.diagnose([harness.names["account"].object_type])
        connector.close()
        problems = [finding for finding in findings if finding.level == "problem"]
        assert problems
        assert all(problem.message and problem.remedy for problem in problems)
        harness.fail_next(503, LASTING)
        findings = harness.connector.diagnose([harness.names["account"].object_type])
        harness.clear_faults()
        assert [finding for finding in findings if finding.level == "problem"]

    def test_closing_twice_does_no_harm(self, harness: Harness) -> None:
        connector = harness.reconnect()
        connector.close()
        connector.close()
