"""What is HubSpot's own: cost of writes, stages, associations, identities, owners, set-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import (
    Create,
    Done,
    Merge,
    Outcome,
    Refused,
    Restore,
    StampField,
    Unknown,
    Update,
)
from core.errors import DuplicateError, RejectedError, SchemaDriftError
from sandbox.serve import Running
from tests.connectors.hubspot_harness import (
    STAMP,
    HubSpotHarness,
    Switchboard,
    calls,
    people,
)
from tests.connectors.support import collect

COMPANIES = "associations.companies"
CONTACTS = "associations.contacts"
PARENT = "associations.parent"


def item(id: str, label: str | None = None, *, primary: bool = False) -> dict[str, Any]:
    return {"id": id, "label": label, "primary": primary}


def one(crm: HubSpotHarness, object_type: str, id: str, *fields: str) -> Mapping[str, Any]:
    (record,) = crm.connector.fetch(object_type, fields, [id])
    return record.fields


def done(outcome: Outcome) -> Done:
    assert isinstance(outcome, Done), outcome
    return outcome


# --- cost and care of writes ---------------------------------------------------------------------


def test_writes_cost_a_call_per_hundred(crm: HubSpotHarness) -> None:
    creates = [
        Create(f"c{n}", {"firstname": f"N{n}", STAMP: f"s{n}"}, stamp_field=STAMP)
        for n in range(250)
    ]
    calls(crm)
    ids = [done(outcome).id for outcome in crm.connector.apply("contacts", creates)]
    assert calls(crm) == {"POST /crm/v3/objects/contacts/batch/upsert": 3}
    updates = [
        Update(f"u{n}", id, {"firstname": "X", "jobtitle": None}) for n, id in enumerate(ids)
    ]
    for outcome in crm.connector.apply("contacts", updates):
        assert dict(done(outcome).record.fields) == {"firstname": "X", "jobtitle": None}  # type: ignore[union-attr]
    counted = calls(crm)
    assert counted.pop("POST /crm/v3/objects/contacts/batch/update") == 3
    assert sum(counted.values()) <= 3


def test_associations_of_a_hundred_records_cost_a_handful_of_calls(crm: HubSpotHarness) -> None:
    accounts = crm.insert_many("account", [{"name": f"Co {n}"} for n in range(3)])
    ids = crm.insert_many("person", people(100))
    wished = [item(accounts[0], primary=True), item(accounts[1])]
    writes = [Update(str(n), id, {COMPANIES: wished}) for n, id in enumerate(ids)]
    calls(crm)
    for outcome in crm.connector.apply("contacts", writes):
        assert done(outcome).record.fields == {COMPANIES: wished}  # type: ignore[union-attr]
    assert sum(calls(crm).values()) <= 4


def test_a_contact_that_exists_is_named(crm: HubSpotHarness) -> None:
    there = crm.insert("person", {"email": "ada@example.org"})
    for stamp in (None, STAMP):
        fields = {"email": "ada@example.org", "firstname": "Ada", STAMP: "s1"}
        (outcome,) = crm.connector.apply("contacts", [Create("1", fields, stamp_field=stamp)])
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.error, DuplicateError)
        assert outcome.error.existing_id == there


def test_an_address_that_another_has_holds_only_the_address(crm: HubSpotHarness) -> None:
    taken, id = crm.insert_many("person", people(2))
    fields = {"email": "p0@example.org", "jobtitle": "Chief"}
    (outcome,) = crm.connector.apply("contacts", [Update("1", id, fields)])
    error = done(outcome).refused["email"]
    assert isinstance(error, DuplicateError)
    assert error.existing_id == taken
    assert one(crm, "contacts", id, "email", "jobtitle") == {
        "email": "p1@example.org",
        "jobtitle": "Chief",
    }


def test_without_its_stamp_property_nothing_is_created(crm: HubSpotHarness) -> None:
    writes = [Create("1", {"firstname": "A", "not_made": "s"}, stamp_field="not_made")]
    with pytest.raises(SchemaDriftError, match="not_made"):
        crm.connector.apply("contacts", writes)
    assert collect(crm.connector, "contacts", ["firstname"])[0] == {}


def test_what_the_api_cannot_do_is_refused(crm: HubSpotHarness) -> None:
    a, b = crm.insert_many("opportunity", [dict(crm.names["opportunity"].row(n)) for n in "AB"])
    outcomes = crm.connector.apply("deals", [Restore("1", a), Merge("2", a, (b,))])
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    (outcome,) = crm.connector.apply("owners", [Update("3", "1", {"email": "x@y.z"})])
    assert isinstance(outcome, Refused)


# --- lifecycle stages ----------------------------------------------------------------------------


def test_a_stage_that_hubspot_keeps_is_told(crm: HubSpotHarness) -> None:
    id = crm.insert("person", {"firstname": "Ada", "lifecyclestage": "opportunity"})
    fields = {"lifecyclestage": "lead", "jobtitle": "Chief"}
    (outcome,) = crm.connector.apply("contacts", [Update("1", id, fields)])
    error = done(outcome).refused["lifecyclestage"]
    assert isinstance(error, RejectedError)
    assert error.vendor_code == "LIFECYCLE_BACKWARD"
    assert done(outcome).record.fields == {  # type: ignore[union-attr]
        "lifecyclestage": "opportunity",
        "jobtitle": "Chief",
    }


def test_a_stage_moves_backward_where_that_is_allowed(
    board: tuple[Switchboard, Running],
) -> None:
    crm = HubSpotHarness(board, options={"lifecycle_backward": True})
    ids = crm.insert_many("person", [{"lifecyclestage": "customer"} for _ in range(3)])
    writes = [Update(str(n), id, {"lifecyclestage": "lead"}) for n, id in enumerate(ids)]
    for outcome in crm.connector.apply("contacts", writes):
        assert done(outcome).refused == {}
        assert done(outcome).record.fields == {"lifecyclestage": "lead"}  # type: ignore[union-attr]
    assert one(crm, "contacts", ids[0], "lifecyclestage") == {"lifecyclestage": "lead"}
    (outcome,) = crm.connector.apply("contacts", [Update("x", ids[0], {"lifecyclestage": "sql"})])
    assert isinstance(outcome, Refused)
    assert one(crm, "contacts", ids[0], "lifecyclestage") == {"lifecyclestage": "lead"}
    crm.close()


# --- associations --------------------------------------------------------------------------------


def test_the_parent_company_is_a_field(crm: HubSpotHarness) -> None:
    child, a, b = crm.insert_many("account", [{"name": n} for n in ("Child", "A", "B")])
    for wished in ([item(a)], [item(b)], [], [item(a)]):
        (outcome,) = crm.connector.apply("companies", [Update("1", child, {PARENT: wished})])
        assert done(outcome).refused == {}
        assert one(crm, "companies", child, PARENT) == {PARENT: wished}
    assert one(crm, "companies", a, PARENT) == {PARENT: []}
    two = Update("2", child, {PARENT: [item(a), item(b)]})
    assert PARENT in done(crm.connector.apply("companies", [two])[0]).refused
    assert one(crm, "companies", child, PARENT) == {PARENT: [item(a)]}


def test_several_labels_of_one_pair_are_items_of_their_own(crm: HubSpotHarness) -> None:
    (company,) = crm.insert_many("account", [{"name": "Acme"}])
    id = crm.insert("person", {"firstname": "Ada"})
    both = [
        item(company, "Billing contact", primary=True),
        item(company, "Decision maker", primary=True),
    ]
    done(crm.connector.apply("contacts", [Update("1", id, {COMPANIES: both})])[0])
    assert one(crm, "contacts", id, COMPANIES) == {COMPANIES: both}
    done(crm.connector.apply("contacts", [Update("2", id, {COMPANIES: both[1:]})])[0])
    assert one(crm, "contacts", id, COMPANIES) == {COMPANIES: both[1:]}


def test_an_unknown_label_holds_only_its_field(crm: HubSpotHarness) -> None:
    (company,) = crm.insert_many("account", [{"name": "Acme"}])
    id = crm.insert("person", {"firstname": "Ada"})
    fields = {"jobtitle": "Chief", COMPANIES: [item(company, "No such label")]}
    (outcome,) = crm.connector.apply("contacts", [Update("1", id, fields)])
    error = done(outcome).refused[COMPANIES]
    assert isinstance(error, RejectedError)
    assert error.vendor_code == "UNKNOWN_LABEL"
    assert one(crm, "contacts", id, "jobtitle", COMPANIES) == {"jobtitle": "Chief", COMPANIES: []}
    crm.label("contacts", "companies", "No such label")
    assert done(crm.connector.apply("contacts", [Update("2", id, fields)])[0]).refused == {}


def test_a_record_with_very_many_associations(board: tuple[Switchboard, Running]) -> None:
    crm = HubSpotHarness(board, vendor={"association_page": 50})
    ids = crm.insert_many("person", people(320))
    (deal,) = crm.insert_many("opportunity", [dict(crm.names["opportunity"].row("Big"))])
    wished = [item(id) for id in sorted(ids)]
    done(crm.connector.apply("deals", [Update("1", deal, {CONTACTS: wished})])[0])
    assert one(crm, "deals", deal, CONTACTS) == {CONTACTS: wished}
    crm.close()


def test_an_outage_of_associations_leaves_the_record_written(crm: HubSpotHarness) -> None:
    (company,) = crm.insert_many("account", [{"name": "Acme"}])
    crm.fault(match="/crm/v4/", action="status", status=403, times=None)
    writes = [Create("1", {"firstname": "Ada", COMPANIES: [item(company)]})]
    (outcome,) = crm.connector.apply("contacts", writes)
    crm.clear_faults()
    assert COMPANIES in done(outcome).refused
    assert one(crm, "contacts", done(outcome).id, "firstname", COMPANIES) == {
        "firstname": "Ada",
        COMPANIES: [],
    }


def test_reading_back_that_fails_leaves_the_write_done(crm: HubSpotHarness) -> None:
    id = crm.insert("person", {"firstname": "Ada"})
    crm.fault(match="batch/read", action="html", times=None)
    write = Update("1", id, {"lifecyclestage": "lead", "jobtitle": "Chief"})
    (outcome,) = crm.connector.apply("contacts", [write])
    crm.clear_faults()
    assert done(outcome).id == id
    assert one(crm, "contacts", id, "jobtitle") == {"jobtitle": "Chief"}


# --- identities ----------------------------------------------------------------------------------


def test_a_survivor_with_a_new_id_tells_of_both_old_ones(crm: HubSpotHarness) -> None:
    keep, lose = crm.insert_many("person", people(2))
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email"])
    crm.advance(900)
    survivor = crm.merge("person", keep, lose)
    assert survivor not in (keep, lose)
    records, _ = collect(crm.connector, "contacts", ["email"], cursor)
    for old in (keep, lose):
        moved = records[old].moved
        assert records[old].archived
        assert moved is not None
        assert moved.to.id == survivor
    first, _ = collect(crm.connector, "contacts", ["email"])
    assert first[lose].moved is not None


def test_a_merge_whose_answer_was_lost_is_made_sure_of(crm: HubSpotHarness) -> None:
    keep, lose = crm.insert_many("person", people(2))
    crm.lose_next_answer()
    (outcome,) = crm.connector.apply("contacts", [Merge("1", keep, (lose,))])
    assert done(outcome).id not in (keep, lose)


def test_many_lost_records_are_told_as_archived(board: tuple[Switchboard, Running]) -> None:
    crm = HubSpotHarness(board, options={"resolve_limit": 2})
    ids = crm.insert_many("person", people(30))
    for id in ids[:20]:
        crm.delete("person", id)
    found = {r.id: r.archived for r in crm.connector.fetch("contacts", ["email"], [*ids, "777"])}
    assert found == {id: n < 20 for n, id in enumerate(ids)}
    crm.close()


# --- owners, schema, set-up ----------------------------------------------------------------------


def test_owners_are_an_object_type(crm: HubSpotHarness) -> None:
    rows = [
        {"email": "ann@example.com", "firstName": "Ann"},
        {"email": "Bob@example.com", "firstName": "Bob", "archived": True},
    ]
    ann, bob = crm.admin("POST", "seed", {"records": {"owners": rows}})["ids"]["owners"]
    fields = ["id", "email", "firstName", "active"]
    assert set(crm.connector.describe("owners").fields) >= set(fields)
    records, cursor = collect(crm.connector, "owners", fields)
    assert dict(records[ann].fields) == {
        "id": ann, "email": "ann@example.com", "firstName": "Ann", "active": "true",
    }  # fmt: skip
    assert records[bob].fields["active"] == "false"
    assert not records[bob].archived
    assert set(collect(crm.connector, "owners", fields, cursor)[0]) >= {ann, bob}
    found = crm.connector.find("owners", ["active"], "email", ["bob@EXAMPLE.com"])
    assert [(r.id, dict(r.fields)) for r in found] == [(bob, {"active": "false"})]
    assert [r.id for r in crm.connector.fetch("owners", ["id"], [ann, "1"])] == [ann]
    with pytest.raises(SchemaDriftError):
        collect(crm.connector, "owners", ["shoe_size"])


def test_stages_come_with_their_pipelines(crm: HubSpotHarness) -> None:
    stages = [{"label": "Looking", "metadata": {"probability": "0.1"}}]
    pipeline = {"label": "Partners", "stages": stages}
    crm.admin("POST", "seed", {"pipelines": {"deals": [pipeline]}})
    fields = crm.connector.describe("deals").fields
    assert {"Partners", "Sales Pipeline"} <= {v.label for v in fields["pipeline"].picklist}
    labels = {v.value: v.label for v in fields["dealstage"].picklist}
    assert labels["closedwon"]
    assert "Looking" in labels.values()
    assert fields["dealstage"].required_on_create


def test_a_schema_tells_what_fields_are(crm: HubSpotHarness) -> None:
    fields = crm.connector.describe("contacts").fields
    assert fields["email"].unique
    assert fields["email"].type == "email"
    assert fields["phone"].type == "phone"
    assert fields["hs_object_id"].type == "id"
    assert not fields["createdate"].updateable
    assert fields["lifecyclestage"].type == "picklist"
    assert "salesqualifiedlead" in {v.value for v in fields["lifecyclestage"].picklist}
    assert fields["hubspot_owner_id"].references == ("owners",)
    assert fields[COMPANIES].references == ("companies",)
    assert fields[STAMP].unique
    assert fields[STAMP].custom
    assert not fields["firstname"].custom
    assert crm.connector.describe("companies").fields["industry"].restricted


def test_a_stamp_property_that_is_not_unique_is_found(crm: HubSpotHarness) -> None:
    wrong = {
        "name": "plain_id", "label": "Plain", "type": "string", "fieldType": "text",
        "groupName": "contactinformation",
    }  # fmt: skip
    crm.admin("POST", "seed", {"properties": {"contacts": [wrong]}})
    (finding,) = crm.connector.prepare([StampField("contacts", "plain_id")])
    assert finding.level == "problem"
    assert "unique" in finding.message
    assert finding.remedy


def test_lacking_scopes_are_found(board: tuple[Switchboard, Running]) -> None:
    crm = HubSpotHarness(board)
    scopes = ["crm.objects.contacts.read", "crm.schemas.contacts.read", "oauth"]
    crm.admin("POST", "config", {"scopes": scopes})
    findings = crm.connector.diagnose(["contacts", "companies"])
    problems = {f.subject: f.message + f.remedy for f in findings if f.level == "problem"}
    assert "crm.objects.contacts.write" in problems["contacts"]
    assert "companies" in problems["companies"]
    (finding, *_) = crm.connector.prepare([StampField("contacts", "another_id")])
    assert finding.level == "problem"
    assert "crm.schemas.contacts.write" in finding.message
    crm.close()


def test_another_currency_is_found(crm: HubSpotHarness) -> None:
    connector = crm.connect(currency="USD")
    findings = {f.subject: f for f in connector.diagnose(["contacts"])}
    assert findings["currency"].level == "warning"
    assert "EUR" in findings["currency"].remedy


def test_an_unstamped_create_that_was_lost_spoils_no_other_batch(crm: HubSpotHarness) -> None:
    crm.lose_next_answer()
    writes = [Create(str(n), {"firstname": f"N{n}"}) for n in range(150)]
    outcomes = crm.connector.apply("contacts", writes)
    assert all(isinstance(outcome, Unknown) for outcome in outcomes[:100])
    assert all(isinstance(outcome, Done) for outcome in outcomes[100:])
    assert len(collect(crm.connector, "contacts", ["firstname"])[0]) == 150


def test_companies_that_hubspot_makes_itself_are_seen(board: tuple[Switchboard, Running]) -> None:
    crm = HubSpotHarness(board, vendor={"auto_associate": True})
    _, cursor = collect(crm.connector, "companies", ["domain"])
    fields = {"email": "ada@acme-analytics.com", STAMP: "s1"}
    (outcome,) = crm.connector.apply("contacts", [Create("1", fields, stamp_field=STAMP)])
    crm.advance(timedelta(minutes=5).total_seconds())
    records, _ = collect(crm.connector, "companies", ["domain"], cursor)
    (company,) = records
    assert one(crm, "contacts", done(outcome).id, COMPANIES) == {
        COMPANIES: [item(company, primary=True)]
    }
    crm.close()
