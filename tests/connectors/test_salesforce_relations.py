"""Relations of a contact with several accounts, and record types by name, over the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Create, Done, Refused, Update, Write
from core.errors import RecordError, RejectedError
from tests.connectors.salesforce_harness import SalesforceHarness
from tests.connectors.support import collect, new_op

RELATION = "AccountContactRelation"
FIELD = "AccountContactRelations"
TYPE = "RecordType.DeveloperName"
DEAL = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30"}


@pytest.fixture
def harness() -> Iterator[SalesforceHarness]:
    types = [{"object": "Opportunity", "name": name} for name in ("New_Business", "Renewal")]
    made = SalesforceHarness(contacts_to_multiple_accounts=True, record_types=types)
    yield made.prepared()
    made.close()


@pytest.fixture
def accounts(harness: SalesforceHarness) -> list[str]:
    return [harness.insert("account", {"Name": name}) for name in ("One", "Two", "Three")]


@pytest.fixture
def ann(harness: SalesforceHarness, accounts: list[str]) -> str:
    """Ann, whose own account is the first."""
    return harness.insert("person", {"LastName": "Ann", "AccountId": accounts[0]})


def item(id: str, label: str | None = None, *, primary: bool = False) -> dict[str, Any]:
    return {"id": id, "label": label, "primary": primary}


def relate(harness: SalesforceHarness, contact: str, account: str, **fields: Any) -> str:
    row = {"ContactId": contact, "AccountId": account, **fields}
    return harness.person(RELATION, "create", None, row)


def shown(harness: SalesforceHarness, contact: str) -> list[dict[str, Any]]:
    (record,) = harness.connector.fetch("Contact", [FIELD], [contact])
    return list(record.fields[FIELD])


def apply(harness: SalesforceHarness, write: Write, object_type: str = "Contact") -> Done:
    (outcome,) = harness.connector.apply(object_type, [write])
    assert isinstance(outcome, Done), outcome
    return outcome


def wish(harness: SalesforceHarness, contact: str, *items: dict[str, Any], **fields: Any) -> Done:
    return apply(harness, Update(new_op(), contact, {**fields, FIELD: list(items)}))


def refused(done: Done, name: str = FIELD) -> RecordError:
    return done.refused[name]


def test_every_role_of_a_relation_is_an_item(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    relate(harness, ann, accounts[1], Roles="Evaluator;Influencer")
    relate(harness, ann, accounts[2], IsActive=False)
    expected = [
        item(accounts[0], primary=True),
        item(accounts[1], "Evaluator"),
        item(accounts[1], "Influencer"),
    ]
    assert shown(harness, ann) == expected
    records, _ = collect(harness.connector, "Contact", ["LastName", FIELD])
    assert records[ann].fields[FIELD] == expected


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_a_relation_that_changes_by_itself_brings_its_contact(
    harness: SalesforceHarness, accounts: list[str], ann: str, verb: str
) -> None:
    known = None
    if verb != "create":
        known = relate(harness, ann, accounts[1], Roles="Evaluator")
    _, cursor = collect(harness.connector, "Contact", [FIELD])
    harness.advance(3600)
    if known is None:
        relate(harness, ann, accounts[1], Roles="Evaluator")
    else:
        harness.person(RELATION, verb, known, {"Roles": "Influencer"} if verb == "update" else {})
    records, cursor = collect(harness.connector, "Contact", [FIELD], cursor)
    wanted = {"create": ["Evaluator"], "update": ["Influencer"], "delete": []}[verb]
    found = [i["label"] for i in records[ann].fields[FIELD] if i["id"] == accounts[1]]
    assert found == wanted
    harness.advance(7200)
    collect(harness.connector, "Contact", [FIELD], cursor)
    harness.advance(7200)
    _, cursor = collect(harness.connector, "Contact", [FIELD], cursor)
    before = harness.connector.usage().calls
    assert collect(harness.connector, "Contact", [FIELD], cursor)[0] == {}
    assert harness.connector.usage().calls - before == 2  # contacts, relations


def test_relations_are_made_what_is_wished(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    own = item(accounts[0], "Other", primary=True)
    done = wish(harness, ann, own, item(accounts[1], "Evaluator"), item(accounts[1], "Other"))
    assert done.refused == {}
    assert done.record is not None
    assert done.record.fields[FIELD] == shown(harness, ann)
    assert [(i["id"], i["label"]) for i in shown(harness, ann)] == [
        (accounts[0], "Other"), (accounts[1], "Evaluator"), (accounts[1], "Other"),
    ]  # fmt: skip
    wish(harness, ann, item(accounts[0]), item(accounts[2], "Evaluator"))
    assert shown(harness, ann) == [item(accounts[0], primary=True), item(accounts[2], "Evaluator")]


def test_writing_what_is_there_changes_nothing(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    relate(harness, ann, accounts[1], Roles="Evaluator;Other")
    before = harness.write_requests()
    items = shown(harness, ann)
    wish(harness, ann, *reversed(items))
    assert harness.write_requests() == before
    assert shown(harness, ann) == items


def test_a_contact_moves_and_its_relations_with_it(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    """The account is written first: what is left of the old one can then be taken off."""
    done = wish(harness, ann, item(accounts[1], "Evaluator"), AccountId=accounts[1])
    assert done.refused == {}
    assert shown(harness, ann) == [item(accounts[1], "Evaluator", primary=True)]


def test_the_direct_relation_is_not_taken_off(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    done = wish(harness, ann, item(accounts[1]), Title="CTO")
    assert "its own account" in refused(done).message
    assert [i["id"] for i in shown(harness, ann)] == accounts[:2]
    assert harness.connector.fetch("Contact", ["Title"], [ann])[0].fields == {"Title": "CTO"}


def test_a_relation_that_has_ended_is_let_be_or_begins_again(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    ended = relate(harness, ann, accounts[1], IsActive=False, Roles="Evaluator")
    wish(harness, ann, item(accounts[0]))
    rows = {r["Id"]: r for r in harness.admin("GET", f"dump?object_type={RELATION}")["records"]}
    assert (rows[ended]["IsDeleted"], rows[ended]["IsActive"]) == (False, False)
    wish(harness, ann, item(accounts[0]), item(accounts[1], "Other"))
    assert item(accounts[1], "Other") in shown(harness, ann)


@pytest.mark.parametrize("fields", [{"LastName": "New", "AccountId": 0}, {"LastName": "Private"}])
def test_relations_of_a_new_contact(
    harness: SalesforceHarness, accounts: list[str], fields: dict[str, Any]
) -> None:
    given = {**fields, FIELD: [item(accounts[1], "Evaluator")]}
    if "AccountId" in fields:
        given |= {"AccountId": accounts[0], FIELD: [item(accounts[0]), *given[FIELD]]}
    done = apply(harness, Create(new_op(), given))
    if "AccountId" in fields:
        assert done.refused == {}
        assert [i["id"] for i in shown(harness, done.id)] == accounts[:2]
    else:
        assert "private contact" in refused(done).message


def test_a_role_with_a_semicolon_is_refused(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    done = wish(harness, ann, item(accounts[0]), item(accounts[1], "A;B"))
    assert isinstance(refused(done), RejectedError)
    assert "semicolon" in refused(done).message


def test_a_lost_answer_makes_no_second_relation(
    harness: SalesforceHarness, accounts: list[str], ann: str
) -> None:
    harness.fault(r"^POST .*/composite/sobjects", "drop_after")
    wish(harness, ann, item(accounts[0]), item(accounts[1], "Evaluator"))
    assert [i["id"] for i in shown(harness, ann)] == accounts[:2]


def test_a_hundred_relations_cost_a_few_calls(
    harness: SalesforceHarness, accounts: list[str]
) -> None:
    rows = [{"LastName": f"P{n}", "AccountId": accounts[0]} for n in range(100)]
    people = harness.insert_many("person", rows)
    before = harness.connector.usage().calls
    wished = [item(accounts[0]), item(accounts[1], "Evaluator")]
    writes = [Update(new_op(), person, {FIELD: wished}) for person in people]
    outcomes = harness.connector.apply("Contact", writes)
    assert all(isinstance(o, Done) and not o.refused for o in outcomes)
    assert harness.connector.usage().calls - before <= 4  # what is there, the rows, reading back


def test_switched_off_there_is_no_such_field(harness: SalesforceHarness, ann: str) -> None:
    fields = harness.connector.describe("Contact").fields
    assert fields[FIELD].type == "association"
    assert "Evaluator" in {value.value for value in fields[FIELD].picklist}
    harness.admin("POST", "config", {"contacts_to_multiple_accounts": False})
    assert FIELD not in harness.reconnect().describe("Contact").fields
    harness.admin("POST", "config", {"user_permissions": {RELATION: {"read": False}}})
    harness.admin("POST", "config", {"contacts_to_multiple_accounts": True})
    assert FIELD not in harness.reconnect().describe("Contact").fields


def test_record_types_are_read_and_written_by_name(harness: SalesforceHarness) -> None:
    known = harness.connector.describe("Opportunity").fields[TYPE]
    assert [value.value for value in known.picklist] == ["New_Business", "Renewal"]
    done = apply(harness, Create(new_op(), {**DEAL, TYPE: "Renewal"}), "Opportunity")
    assert done.record is not None
    assert done.record.fields[TYPE] == "Renewal"
    apply(harness, Update(new_op(), done.id, {TYPE: "New_Business"}), "Opportunity")
    records, _ = collect(harness.connector, "Opportunity", ["Name", TYPE])
    assert records[done.id].fields[TYPE] == "New_Business"


def test_an_unknown_record_type_is_refused(harness: SalesforceHarness) -> None:
    write = Create(new_op(), {**DEAL, TYPE: "No_Such"})
    (outcome,) = harness.connector.apply("Opportunity", [write])
    assert isinstance(outcome, Refused)
    assert outcome.error.field == TYPE if isinstance(outcome.error, RejectedError) else False
    assert TYPE not in harness.connector.describe("Account").fields
