"""Salesforce conversions, merges and restores: SOAP calls whose effect comes exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Archive, Convert, Done, Merge, Move, Outcome, Refused, Restore, Update
from connectors.salesforce import xmltext
from core.errors import DuplicateError, NotFoundError, RejectedError, UnexpectedReplyError
from tests.connectors.salesforce_harness import NAMES, SalesforceHarness
from tests.connectors.support import collect, new_op

SOAP = "POST /services/Soap/"
CONVERT, MERGE, UNDELETE = (f"POST {call} (SOAP)" for call in ("convertLead", "merge", "undelete"))
LEAD = {"LastName": "Ada", "Company": "Acme", "Email": "ada@acme.example"}
FAULTS: list[dict[str, Any]] = [
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "cut"},
    {"action": "html"},
    {"action": "status", "status": 503},
    {"action": "status", "status": 401},
    {"action": "expire_session"},
]


@pytest.fixture
def harness() -> Iterator[SalesforceHarness]:
    made = SalesforceHarness()
    yield made.prepared()
    made.close()


def one(harness: SalesforceHarness, object_type: str, write: Any) -> Outcome:
    (outcome,) = harness.connector.apply(object_type, [write])
    return outcome


def live(harness: SalesforceHarness, object_type: str) -> set[str]:
    records = harness.admin("GET", f"dump?object_type={object_type}")["records"]
    return {row["Id"] for row in records if not row["IsDeleted"]}


def soap_calls(harness: SalesforceHarness) -> dict[str, int]:
    return {k: n for k, n in harness.connector.usage().by_route.items() if "SOAP" in k}


def refusal(outcome: Outcome) -> Any:
    assert isinstance(outcome, Refused)
    return outcome.error


# -- conversion ------------------------------------------------------------------------------


def test_a_conversion_tells_what_came_of_it(harness: SalesforceHarness) -> None:
    account = harness.insert("account", {"Name": "Known Co"})
    lead = harness.insert("lead", LEAD)
    write = Convert(new_op(), lead, account_id=account, opportunity_name="Deal & <more> \u00a0é")
    outcome = one(harness, "Lead", write)
    assert isinstance(outcome, Done)
    assert outcome.id == lead
    assert outcome.record is not None
    moved = outcome.record.moved
    assert moved is not None
    assert moved.how is Move.CONVERTED
    assert live(harness, "Contact") == {moved.to.id}
    assert {ref.object_type: ref.id for ref in moved.also}["Account"] == account
    (deal,) = live(harness, "Opportunity")
    (record,) = harness.connector.fetch("Opportunity", ["Name"], [deal])
    assert record.fields == {"Name": "Deal & <more> \u00a0é"}


def test_without_a_name_there_is_no_opportunity(harness: SalesforceHarness) -> None:
    lead = harness.insert("lead", LEAD)
    assert isinstance(one(harness, "Lead", Convert(new_op(), lead)), Done)
    assert live(harness, "Opportunity") == set()


def test_into_a_known_contact(harness: SalesforceHarness) -> None:
    account = harness.insert("account", {"Name": "Known Co"})
    contact = harness.insert("person", {"LastName": "Ada", "AccountId": account})
    lead = harness.insert("lead", LEAD)
    write = Convert(new_op(), lead, account_id=account, contact_id=contact)
    assert isinstance(one(harness, "Lead", write), Done)
    assert live(harness, "Contact") == {contact}


def test_bad_conversions_are_refused_each_for_itself(harness: SalesforceHarness) -> None:
    good, bad, gone = harness.insert_many("lead", [LEAD, LEAD, LEAD])
    harness.delete("lead", gone)
    outcomes = harness.connector.apply(
        "Lead",
        [
            Convert(new_op(), bad, status="no such status"),
            Convert(new_op(), gone),
            Convert(new_op(), "00Q000000000009AAA"),
            Convert(new_op(), "x' OR Name != '"),
            Convert(new_op(), good),
        ],
    )
    kinds = [type(refusal(outcome)) for outcome in outcomes[:4]]
    assert kinds == [RejectedError, NotFoundError, NotFoundError, NotFoundError]
    assert isinstance(outcomes[4], Done)
    assert len(live(harness, "Contact")) == 1


def test_a_lead_of_a_queue_asks_for_an_owner(harness: SalesforceHarness) -> None:
    records = {
        "Group": [{"Name": "Queue", "Type": "Queue"}],
        "Lead": [LEAD | {"OwnerId": "@Group:0"}],
    }
    (lead,) = harness.admin("POST", "seed", {"records": records})["ids"]["Lead"]
    error = refusal(one(harness, "Lead", Convert(new_op(), lead)))
    assert error.field == "OwnerId"
    assert "owner" in error.remedy
    assert soap_calls(harness) == {}
    (owner, *_) = collect(harness.connector, "User", [])[0]
    assert isinstance(one(harness, "Lead", Convert(new_op(), lead, owner_id=owner)), Done)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: "-".join(map(str, f.values())))
@pytest.mark.parametrize("times", [1, 2])
def test_a_conversion_happens_once(
    harness: SalesforceHarness, fault: dict[str, Any], times: int
) -> None:
    if times > 1 and fault.get("status") == 401:
        pytest.skip("a session that is refused again is not renewed again")
    leads = harness.insert_many("lead", [LEAD, LEAD])
    harness.admin("POST", "faults", {"match": SOAP, "times": times, **fault})
    outcomes = harness.connector.apply("Lead", [Convert(new_op(), lead) for lead in leads])
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert len(live(harness, "Contact")) == 2
    assert len(live(harness, "Account")) == 2


def test_an_outage_leaves_unknown_what_may_have_happened(harness: SalesforceHarness) -> None:
    lead = harness.insert("lead", LEAD)
    harness.admin("POST", "faults", {"match": SOAP, "action": "drop_before", "times": 99})
    outcome = one(harness, "Lead", Convert(new_op(), lead))
    assert not isinstance(outcome, Done | Refused)
    assert live(harness, "Contact") == set()


def test_many_conversions_go_in_few_calls(harness: SalesforceHarness) -> None:
    leads = harness.insert_many("lead", [{**LEAD, "LastName": f"P {n}"} for n in range(120)])
    outcomes = harness.connector.apply("Lead", [Convert(new_op(), lead) for lead in leads])
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert soap_calls(harness) == {CONVERT: 2}


# -- merge -----------------------------------------------------------------------------------


def accounts(harness: SalesforceHarness, n: int) -> list[str]:
    return harness.insert_many("account", [{"Name": f"Co {i}"} for i in range(n)])


def test_many_losers_are_merged_two_at_a_time(harness: SalesforceHarness) -> None:
    keep, *losers = accounts(harness, 6)
    person = harness.insert("person", {"LastName": "Ada", "AccountId": losers[4]})
    outcome = one(harness, "Account", Merge(new_op(), keep, tuple(losers)))
    assert isinstance(outcome, Done)
    assert outcome.id == keep
    assert live(harness, "Account") == {keep}
    assert soap_calls(harness) == {MERGE: 3}
    (record,) = harness.connector.fetch("Contact", ["AccountId"], [person])
    assert record.fields == {"AccountId": keep}


def test_many_merges_go_in_one_call(harness: SalesforceHarness) -> None:
    made = accounts(harness, 60)
    writes = [Merge(new_op(), made[i], (made[i + 1],)) for i in range(0, 60, 2)]
    outcomes = harness.connector.apply("Account", writes)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert soap_calls(harness) == {MERGE: 1}


def test_merges_of_one_record_keep_their_order(harness: SalesforceHarness) -> None:
    a, b, c = accounts(harness, 3)
    outcomes = harness.connector.apply(
        "Account", [Merge(new_op(), b, (a,)), Merge(new_op(), c, (b,))]
    )
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert live(harness, "Account") == {c}
    assert soap_calls(harness) == {MERGE: 2}


def test_a_merge_that_was_made_before_is_done(harness: SalesforceHarness) -> None:
    keep, lose = accounts(harness, 2)
    for _ in range(2):
        assert isinstance(one(harness, "Account", Merge(new_op(), keep, (lose,))), Done)
    assert soap_calls(harness) == {MERGE: 1}


def test_a_merge_with_what_is_gone_is_refused(harness: SalesforceHarness) -> None:
    keep, lose, gone = accounts(harness, 3)
    harness.delete("account", gone)
    for survivor, losers in ((keep, (lose, gone)), (gone, (lose,)), (keep, ()), (keep, (keep,))):
        assert refusal(one(harness, "Account", Merge(new_op(), survivor, losers)))
    assert live(harness, "Account") == {keep, lose}
    assert soap_calls(harness) == {}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: "-".join(map(str, f.values())))
@pytest.mark.parametrize("skip", [0, 1])
def test_a_merge_happens_once(harness: SalesforceHarness, fault: dict[str, Any], skip: int) -> None:
    keep, *losers = accounts(harness, 5)
    other, lose = accounts(harness, 2)
    harness.admin("POST", "faults", {"match": SOAP, "skip": skip, **fault})
    writes = [Merge(new_op(), keep, tuple(losers)), Merge(new_op(), other, (lose,))]
    outcomes = harness.connector.apply("Account", writes)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert live(harness, "Account") == {keep, other}


# -- restore ---------------------------------------------------------------------------------


def test_a_record_comes_back_with_its_id(harness: SalesforceHarness) -> None:
    id = harness.insert("account", {"Name": "Back"})
    outcomes = harness.connector.apply(
        "Account",
        [Archive(new_op(), id), Restore(new_op(), id), Update(new_op(), id, {"Site": "HQ"})],
    )
    assert [type(outcome) for outcome in outcomes] == [Done] * 3
    (record,) = harness.connector.fetch("Account", ["Site"], [id])
    assert not record.archived
    assert record.fields == {"Site": "HQ"}


def test_what_is_not_deleted_needs_no_call_and_what_never_was_cannot_come_back(
    harness: SalesforceHarness,
) -> None:
    id = harness.insert("account", {"Name": "There"})
    assert isinstance(one(harness, "Account", Restore(new_op(), id)), Done)
    error = refusal(one(harness, "Account", Restore(new_op(), "001000000000009AAA")))
    assert isinstance(error, NotFoundError)
    assert soap_calls(harness) == {}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: "-".join(map(str, f.values())))
def test_a_restore_survives(harness: SalesforceHarness, fault: dict[str, Any]) -> None:
    id = harness.insert("account", {"Name": "Back"})
    harness.delete("account", id)
    harness.admin("POST", "faults", {"match": SOAP, **fault})
    assert isinstance(one(harness, "Account", Restore(new_op(), id)), Done)
    assert live(harness, "Account") == {id}


# -- text ------------------------------------------------------------------------------------


def test_a_document_type_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    with pytest.raises(UnexpectedReplyError, match="document type"):
        xmltext.read(bomb)
    with pytest.raises(UnexpectedReplyError):
        xmltext.read(bomb.decode().encode("utf-16"))


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"{}", b"<a><b></a>", b"\xff\xfe"])
def test_what_is_no_envelope_is_refused(content: bytes) -> None:
    with pytest.raises(UnexpectedReplyError):
        xmltext.read(content)


def test_a_duplicate_rule_refuses_a_conversion(harness: SalesforceHarness) -> None:
    harness.admin("POST", "config", {"duplicate_rules": {"Contact": ["Email"]}})
    harness.insert("person", {"LastName": "Ada", "Email": LEAD["Email"]})
    lead = harness.insert("lead", LEAD)
    outcome = one(harness, "Lead", Convert(new_op(), lead))
    assert isinstance(refusal(outcome), DuplicateError)
    (record,) = harness.connector.fetch("Lead", [], [lead])
    assert record.moved is None
    assert NAMES["lead"].object_type == "Lead"
