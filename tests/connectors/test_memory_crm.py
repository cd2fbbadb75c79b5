"""What the CRM in memory offers to the engine's tests: edits, quirks, failures to order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.base import (
    Archive,
    Convert,
    Create,
    Done,
    Merge,
    Move,
    Ref,
    Refused,
    Restore,
    Unknown,
    Update,
    Write,
)
from connectors.memory import MemoryConnector, MemoryCrm, Quirks, generic_crm
from core.clock import ManualClock
from core.errors import (
    BudgetExhaustedError,
    DuplicateError,
    NetworkError,
    NotFoundError,
    RecordError,
    RejectedError,
    SchemaDriftError,
    VendorDownError,
)
from tests.connectors.memory_harness import START


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def crm(clock: ManualClock) -> MemoryCrm:
    return generic_crm(clock)


def people(crm: MemoryCrm, *names: str) -> list[str]:
    return [crm.insert("Contact", {"last_name": name}) for name in names]


def seen(connector: MemoryConnector, cursor: str | None) -> tuple[set[str], str]:
    pages = list(connector.changes("Contact", ["last_name"], cursor))
    return {record.id for page in pages for record in page.records}, pages[-1].cursor


class TestPersonsEdits:
    """What a person does is validated like the API and not counted as its use."""

    def test_a_snapshot_shows_living_records_without_blanks(self, crm: MemoryCrm) -> None:
        a, b = people(crm, "Ada", "Bob")
        crm.edit("Contact", a, {"title": "Countess", "phone": ""})
        crm.delete("Contact", b)
        assert crm.snapshot()["Contact"] == {a: {"last_name": "Ada", "title": "Countess"}}
        assert set(crm.snapshot(archived=True)["Contact"]) == {a, b}
        assert (crm.writes, crm.daily_used, dict(crm.requests)) == (0, 0, {})

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"last_name": "x" * 81}, "TOO_LONG"),
            ({"last_name": ""}, "REQUIRED"),
            ({"last_name": 7}, "WRONG_TYPE"),
            ({"email": "nobody"}, "INVALID_EMAIL"),
            ({"birthdate": "2023-02-29"}, "WRONG_TYPE"),
            ({"score": "12"}, "WRONG_TYPE"),
            ({"score": float("nan")}, "WRONG_TYPE"),
            ({"score": True}, "WRONG_TYPE"),
            ({"email_opt_out": "true"}, "WRONG_TYPE"),
            ({"lead_status": "nothing"}, "INVALID_OPTION"),
            ({"tags": "one"}, "WRONG_TYPE"),
            ({"account": "acc-99999"}, "DANGLING"),
            ({"nothing": 1}, "UNKNOWN_FIELD"),
            ({"id": "mine"}, "NOT_WRITABLE"),
        ],
    )
    def test_what_is_refused(self, crm: MemoryCrm, fields: dict[str, object], code: str) -> None:
        (id,) = people(crm, "Ada")
        before = crm.snapshot()
        with pytest.raises(RejectedError) as caught:
            crm.edit("Contact", id, fields)
        assert caught.value.vendor_code == code
        assert caught.value.field == next(iter(fields))
        assert crm.snapshot() == before

    def test_a_merge_keeps_the_survivors_values_and_fills_blanks(self, crm: MemoryCrm) -> None:
        keep, lose = people(crm, "Keep", "Lose")
        crm.edit("Contact", keep, {"title": "Boss"})
        crm.edit("Contact", lose, {"title": "Clerk", "phone": "1", "tieline_id": "s-1"})
        deal = crm.insert("Opportunity", {"name": "D", "stage": "proposal"})
        crm.associate("Opportunity", deal, "contacts", lose)
        assert crm.merge("Contact", keep, [lose]) == keep
        assert crm.snapshot()["Contact"] == {
            keep: {"last_name": "Keep", "title": "Boss", "phone": "1", "tieline_id": "s-1"}
        }
        assert [item["id"] for item in crm.snapshot()["Opportunity"][deal]["contacts"]] == [keep]

    def test_deleting_and_restoring_hides_and_shows_references(self, crm: MemoryCrm) -> None:
        account = crm.insert("Account", {"name": "Acme"})
        (id,) = people(crm, "Ada")
        crm.edit("Contact", id, {"account": account})
        crm.delete("Account", account)
        assert "account" not in crm.snapshot()["Contact"][id]
        crm.restore("Account", account)
        assert crm.snapshot()["Contact"][id]["account"] == account
        with pytest.raises(NotFoundError):
            crm.restore("Account", account)

    def test_a_restored_record_may_find_its_stamp_taken(self, crm: MemoryCrm) -> None:
        a, b = people(crm, "Ada", "Bob")
        crm.edit("Contact", a, {"tieline_id": "s-1"})
        crm.delete("Contact", a)
        crm.edit("Contact", b, {"tieline_id": "s-1"})
        with pytest.raises(DuplicateError) as caught:
            crm.restore("Contact", a)
        assert caught.value.existing_id == b

    def test_associations_one_by_one(self, crm: MemoryCrm) -> None:
        a, b = people(crm, "Ada", "Bob")
        deal = crm.insert("Opportunity", {"name": "D", "stage": "proposal"})
        crm.associate("Opportunity", deal, "contacts", a, label="Buyer", primary=True)
        crm.associate("Opportunity", deal, "contacts", b, primary=True)
        crm.associate("Opportunity", deal, "contacts", a)
        assert crm.snapshot()["Opportunity"][deal]["contacts"] == [
            {"id": a, "label": None, "primary": False},
            {"id": a, "label": "Buyer", "primary": False},
            {"id": b, "label": None, "primary": True},
        ]
        crm.dissociate("Opportunity", deal, "contacts", a)
        assert [i["id"] for i in crm.snapshot()["Opportunity"][deal]["contacts"]] == [b]

    def test_a_conversion_makes_contact_account_and_opportunity(self, crm: MemoryCrm) -> None:
        fields = {"last_name": "Ada", "company_name": "Acme", "tieline_id": "s-1"}
        lead = crm.insert("Lead", fields)
        moved = crm.convert(lead, opportunity_name="Big deal")
        assert moved.how is Move.CONVERTED
        shown = crm.snapshot()
        (account,), (deal,) = shown["Account"], shown["Opportunity"]
        assert moved.also == (Ref("Account", account), Ref("Opportunity", deal))
        assert shown["Contact"] == {
            moved.to.id: {"last_name": "Ada", "company_name": "Acme", "account": account}
        }
        assert shown["Opportunity"][deal]["contacts"][0]["id"] == moved.to.id
        with pytest.raises(RejectedError, match="converted"):
            crm.edit("Lead", lead, {"title": "x"})

    def test_a_conversion_into_a_known_contact_fills_its_blanks(self, crm: MemoryCrm) -> None:
        account = crm.insert("Account", {"name": "Acme"})
        (known,) = people(crm, "Known")
        lead = crm.insert("Lead", {"last_name": "Ada", "title": "Countess"})
        moved = crm.convert(lead, account_id=account, contact_id=known)
        assert moved.to.id == known
        assert crm.snapshot()["Contact"] == {
            known: {"last_name": "Known", "title": "Countess", "account": account}
        }

    def test_a_conversion_with_a_status_that_is_not_makes_nothing(self, crm: MemoryCrm) -> None:
        lead = crm.insert("Lead", {"last_name": "Ada"})
        connector = MemoryConnector(crm)
        for wish in (
            Convert("1", lead, status="nothing"),
            Convert("2", lead, account_id="acc-1"),
            Convert("3", lead, contact_id="con-1"),
        ):
            before = crm.snapshot()
            assert isinstance(connector.apply("Lead", [wish])[0], Refused)
            assert crm.snapshot() == before
        assert isinstance(
            connector.apply("Lead", [Convert("4", lead, status="qualified")])[0], Done
        )
        assert crm.snapshot()["Lead"][lead]["lead_status"] == "qualified"

    def test_fields_come_and_go(self, crm: MemoryCrm) -> None:
        (id,) = people(crm, "Ada")
        crm.edit("Contact", id, {"title": "x"})
        crm.remove_field("Contact", "title")
        with pytest.raises(SchemaDriftError, match="title"):
            MemoryConnector(crm).fetch("Contact", ["title"], [id])
        assert crm.snapshot()["Contact"][id] == {"last_name": "Ada"}


class TestQuirks:
    """Each quirk does what it says."""

    def test_a_row_that_shows_late_is_not_missed(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(late_seconds=30))
        connector = MemoryConnector(crm)
        _, cursor = seen(connector, None)
        for _ in range(20):
            clock.advance(7)
            people(crm, "Ada")
        first, cursor = seen(connector, cursor)
        assert 0 < len(first) < 20
        clock.advance(10)
        people(crm, "Bob")
        second, cursor = seen(connector, cursor)
        clock.advance(30)
        third, _ = seen(connector, cursor)
        assert first | second | third == set(crm.snapshot()["Contact"])

    def test_without_lookback_a_late_row_is_missed(self, clock: ManualClock) -> None:
        """The quirk is real: a reader that does not look back loses the row for good."""
        crm = generic_crm(clock, quirks=Quirks(late_seconds=30))
        hidden = people(crm, "Hidden")[0]
        clock.advance(1)
        crm.quirks = Quirks()
        shown = people(crm, "Shown")[0]
        forgetful, careful = MemoryConnector(crm, lookback=0), MemoryConnector(crm)
        cursors = {}
        for connector in (forgetful, careful):
            ids, cursors[connector] = seen(connector, None)
            assert ids == {shown}
        clock.advance(60)
        assert hidden not in seen(forgetful, cursors[forgetful])[0]
        assert hidden in seen(careful, cursors[careful])[0]

    def test_coarse_stamps_are_equal(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(coarse_seconds=60))
        a = people(crm, "A")[0]
        clock.advance(59)
        b = people(crm, "B")[0]
        found = MemoryConnector(crm).fetch("Contact", ["last_name"], [a, b])
        assert len({record.modified for record in found}) == 1

    def test_silent_associations_move_no_stamp(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(silent_associations=True))
        (a,) = people(crm, "Ada")
        deal = crm.insert("Opportunity", {"name": "D", "stage": "proposal"})
        before = crm.live("Opportunity", deal).modified
        clock.advance(5)
        crm.associate("Opportunity", deal, "contacts", a)
        crm.delete("Contact", a)
        assert crm.live("Opportunity", deal).modified == before
        connector = MemoryConnector(crm)
        assert connector.capabilities.silent_fields == {"Opportunity": ("contacts",)}
        crm.edit("Opportunity", deal, {"name": "E"})
        assert crm.live("Opportunity", deal).modified == before + timedelta(seconds=5)

    def test_values_are_normalised_for_everybody(self, clock: ManualClock) -> None:
        quirks = Quirks(normalise={"Contact.email": str.lower})
        crm = generic_crm(clock, quirks=quirks)
        connector = MemoryConnector(crm)
        write = Create("op", {"last_name": "A", "email": "Ada@Example.org"})
        (outcome,) = connector.apply("Contact", [write])
        assert isinstance(outcome, Done)
        assert outcome.record is not None
        assert outcome.record.fields["email"] == "ada@example.org"
        crm.edit("Contact", outcome.id, {"email": "B@EXAMPLE.ORG"})
        assert crm.snapshot()["Contact"][outcome.id]["email"] == "b@example.org"

    def test_ignored_fields_are_acknowledged_and_not_stored(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(ignored=frozenset({"Contact.title"})))
        (id,) = people(crm, "Ada")
        crm.edit("Contact", id, {"title": "By a person"})
        update = Update("op", id, {"title": "By the API", "phone": "1"})
        (outcome,) = MemoryConnector(crm).apply("Contact", [update])
        assert isinstance(outcome, Done)
        assert outcome.record is not None
        assert outcome.refused == {}
        assert outcome.record.fields == {"title": "By a person", "phone": "1"}

    def test_likely_duplicates_can_be_allowed(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(duplicates=frozenset({"Contact.email"})))
        connector = MemoryConnector(crm)
        fields = {"last_name": "Ada", "email": "ada@example.org"}
        writes = [Create("1", fields), Create("2", fields), Create("3", fields, None, True)]
        kinds = [type(outcome) for outcome in connector.apply("Contact", writes)]
        assert kinds == [Done, Refused, Done]

    def test_a_merge_may_make_a_third_id(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(merge_new_id=True))
        keep, lose = people(crm, "Keep", "Lose")
        new = crm.merge("Contact", keep, [lose])
        assert new not in (keep, lose)
        found = MemoryConnector(crm).fetch("Contact", ["last_name"], [keep, lose])
        assert {(r.id, r.requested_id) for r in found} == {(new, keep), (new, lose)}

    def test_field_times_tell_when_each_field_was_set(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(field_times=True))
        (id,) = people(crm, "Ada")
        clock.advance(60)
        crm.edit("Contact", id, {"title": "Countess"})
        (record,) = MemoryConnector(crm).fetch("Contact", ["last_name", "title"], [id])
        assert record.changed_at == {
            "last_name": START,
            "title": START + timedelta(seconds=60),
        }

    def test_two_crms_with_prefixes_share_no_id(self, clock: ManualClock) -> None:
        ids = [people(generic_crm(clock, prefix=p), "Ada")[0] for p in ("left-", "right-")]
        assert ids == ["left-con-00001", "right-con-00001"]

    def test_without_stamps_prepare_warns(self, clock: ManualClock) -> None:
        crm = generic_crm(clock, quirks=Quirks(stamps=False))
        connector = MemoryConnector(crm)
        assert not connector.capabilities.stamps
        assert "tieline_id" not in connector.describe("Contact").fields


class TestFailures:
    """Failures come where they were ordered, before or after the effect."""

    def _creates(self, n: int) -> list[Create]:
        return [Create(f"op-{i}", {"last_name": f"P{i}"}) for i in range(n)]

    @pytest.mark.parametrize(
        ("after", "applied", "made"), [(False, None, 0), (True, None, 5), (False, 2, 2)]
    )
    def test_a_call_fails_before_in_the_middle_or_after(
        self, crm: MemoryCrm, after: bool, applied: int | None, made: int
    ) -> None:
        crm.fail_next("apply", NetworkError("cut off"), after=after, applied=applied)
        connector = MemoryConnector(crm)
        with pytest.raises(NetworkError):
            connector.apply("Contact", self._creates(5))
        assert len(crm.snapshot()["Contact"]) == crm.writes == made
        assert len(connector.apply("Contact", self._creates(1))) == 1

    def test_a_later_batch_that_fails_leaves_the_earlier_known(self, crm: MemoryCrm) -> None:
        crm.fail_next("apply", VendorDownError("down"), skip=1)
        connector = MemoryConnector(crm, write_batch=2)
        kinds = [type(o) for o in connector.apply("Contact", self._creates(5))]
        assert kinds == [Done, Done, Unknown, Unknown, Done]

    def test_a_lost_answer_is_unknown_and_has_its_effect(self, crm: MemoryCrm) -> None:
        crm.lose_next_answer()
        outcomes = MemoryConnector(crm).apply("Contact", self._creates(2))
        assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
        assert len(crm.snapshot()["Contact"]) == 2

    def test_records_are_refused_by_predicate(self, crm: MemoryCrm) -> None:
        def refuse(object_type: str, write: Write) -> RecordError | None:
            bad = isinstance(write, Create) and write.fields["last_name"] == "P1"
            return RejectedError("no P1 here", vendor_code="RULE") if bad else None

        crm.refuse(refuse)
        connector = MemoryConnector(crm)
        kinds = [type(o) for o in connector.apply("Contact", self._creates(3))]
        assert kinds == [Done, Refused, Done]
        crm.clear_faults()
        assert isinstance(connector.apply("Contact", self._creates(2))[1], Done)

    def test_only_the_named_method_fails(self, crm: MemoryCrm) -> None:
        crm.fail_next("fetch", VendorDownError("down"))
        connector = MemoryConnector(crm)
        assert connector.find("Contact", ["last_name"], "last_name", ["x"]) == []
        with pytest.raises(VendorDownError):
            connector.fetch("Contact", ["last_name"], ["x"])
        assert connector.fetch("Contact", ["last_name"], ["x"]) == []

    def test_the_daily_allowance_ends(self, crm: MemoryCrm) -> None:
        crm.daily_limit = 3
        connector = MemoryConnector(crm)
        for _ in range(2):
            connector.describe("Contact")
        with pytest.raises(BudgetExhaustedError):
            connector.describe("Contact")
        assert (connector.usage().daily_used, connector.usage().daily_limit) == (3, 3)
        crm.daily_used = 0
        assert connector.describe("Contact").label == "Contact"

    def test_every_verb_counts_as_a_write(self, crm: MemoryCrm) -> None:
        connector = MemoryConnector(crm)
        a, b, c = people(crm, "A", "B", "C")
        writes: list[Write] = [
            Update("1", a, {"title": "x"}),
            Archive("2", b),
            Restore("3", b),
            Merge("4", a, (b,)),
            Archive("5", c),
            Archive("6", c),
        ]
        kinds = [type(outcome) for outcome in connector.apply("Contact", writes)]
        assert kinds == [Done, Done, Done, Done, Done, Refused]
        assert crm.writes == 5
        assert set(crm.snapshot()["Contact"]) == {a}
