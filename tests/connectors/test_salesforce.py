"""Salesforce over its sandbox: the conformance suite, then what only Salesforce does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import (
    Archive,
    Convert,
    Create,
    Done,
    Merge,
    Refused,
    Restore,
    StampField,
    Update,
)
from core.clock import SystemClock
from core.errors import (
    BudgetExhaustedError,
    DuplicateError,
    NotFoundError,
    RejectedError,
    SchemaDriftError,
)
from tests.connectors.conformance import ConnectorConformance
from tests.connectors.salesforce_harness import NAMES, STAMP, SalesforceHarness
from tests.connectors.support import collect, new_op

ROLES = "OpportunityContactRoles"
OPPORTUNITY = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30"}


@pytest.fixture
def harness() -> Iterator[SalesforceHarness]:
    made = SalesforceHarness()
    yield made.prepared()
    made.close()


class TestSalesforce(ConnectorConformance):
    """The contract, held by Salesforce."""


def role(id: str, label: str | None = None, primary: bool = False) -> dict[str, Any]:
    return {"id": id, "label": label, "primary": primary}


def calls(harness: SalesforceHarness) -> dict[str, int]:
    return dict(harness.connector.usage().by_route)


def spent(harness: SalesforceHarness, before: dict[str, int]) -> dict[str, int]:
    now = calls(harness)
    return {route: n - before.get(route, 0) for route, n in now.items() if n > before.get(route, 0)}


# -- signing in ------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", ["client_credentials", "password", "jwt"])
def test_flows_sign_in(harness: SalesforceHarness, flow: str) -> None:
    harness.clock.set(SystemClock().now())  # simple-salesforce dates a JWT by the machine's clock
    connector = harness.reconnect(credentials=harness.credentials(flow))
    levels = {f.level for f in connector.diagnose(["Account"])}
    connector.close()
    assert levels == {"ok"}


def test_a_certificate_that_is_not_trusted_is_told(harness: SalesforceHarness) -> None:
    connector = harness.reconnect(ca_file=None)
    (finding,) = connector.diagnose(["Account"])
    connector.close()
    assert "certificate" in finding.message


# -- cost ------------------------------------------------------------------------------------


def test_a_quiet_reading_is_one_call(harness: SalesforceHarness) -> None:
    harness.insert_many("account", [{"Name": f"Co {n}"} for n in range(30)])
    _, cursor = collect(harness.connector, "Account", ["Name"])
    harness.advance(300)
    _, cursor = collect(harness.connector, "Account", ["Name"], cursor)
    harness.advance(300)
    before = calls(harness)
    records, _ = collect(harness.connector, "Account", ["Name"], cursor)
    assert records == {}
    assert spent(harness, before) == {"GET queryAll": 1}


def test_a_quiet_reading_of_opportunities_with_roles_is_two(harness: SalesforceHarness) -> None:
    deal = harness.insert("opportunity", OPPORTUNITY)
    person = harness.insert("person", {"LastName": "Ada"})
    harness.associate(harness.associations[0], deal, person)
    fields = ["Name", ROLES]
    _, cursor = collect(harness.connector, "Opportunity", fields)
    for _ in range(2):
        harness.advance(300)
        _, cursor = collect(harness.connector, "Opportunity", fields, cursor)
    before = calls(harness)
    harness.advance(300)
    records, _ = collect(harness.connector, "Opportunity", fields, cursor)
    assert records == {}
    assert spent(harness, before) == {"GET queryAll": 2}


def test_writes_cost_a_call_for_200_and_one_to_read_back(harness: SalesforceHarness) -> None:
    harness.connector.apply("Account", [Create(new_op(), {"Name": "warm"})])
    ids = harness.insert_many("account", [{"Name": f"Co {n}"} for n in range(400)])
    before = calls(harness)
    outcomes = harness.connector.apply(
        "Account", [Update(new_op(), id, {"Site": "HQ"}) for id in ids]
    )
    assert all(isinstance(outcome, Done) and outcome.record for outcome in outcomes)
    assert spent(harness, before) == {"PATCH composite/sobjects": 2, "GET queryAll": 1}


def test_the_days_usage_is_known(harness: SalesforceHarness) -> None:
    harness.connector.fetch("Account", ["Name"], ["001000000000001AAA"])
    usage = harness.connector.usage()
    assert usage.daily_limit == 100_000
    assert usage.daily_used is not None
    assert usage.daily_used > 0


def test_a_used_up_day_is_told_as_such(harness: SalesforceHarness) -> None:
    harness.admin("POST", "config", {"daily_limit": 1})
    with pytest.raises(BudgetExhaustedError):
        harness.connector.fetch("Account", ["Name"], ["001000000000001AAA"])
    assert any(f.level == "problem" for f in harness.connector.diagnose([]))


# -- the change feed -------------------------------------------------------------------------


def test_a_query_position_that_expires_between_pages_is_gone_on_from(
    harness: SalesforceHarness,
) -> None:
    harness.small_pages(3)
    made = set(harness.insert_many("account", [{"Name": f"Co {n}"} for n in range(20)]))
    seen: set[str] = set()
    for page in harness.connector.changes("Account", ["Name"], None):
        seen |= {record.id for record in page.records}
        if len(seen) == 6:
            harness.advance(3 * 86_400)
    assert seen == made


def test_a_row_that_shows_late_is_found(harness: SalesforceHarness) -> None:
    """A long transaction: its rows carry a stamp older than what was read meanwhile."""
    harness.insert("account", {"Name": "First"})
    _, cursor = collect(harness.connector, "Account", ["Name"])
    late = (harness.clock.now() - timedelta(seconds=30)).isoformat()
    body = {"records": {"Account": [{"Name": "Late", "modified": late}]}}
    harness.admin("POST", "seed", body)
    harness.advance(20)
    records, _ = collect(harness.connector, "Account", ["Name"], cursor)
    assert "Late" in {record.fields["Name"] for record in records.values()}


def test_a_change_of_label_alone_brings_the_opportunity(harness: SalesforceHarness) -> None:
    deal = harness.insert("opportunity", OPPORTUNITY)
    person = harness.insert("person", {"LastName": "Ada"})
    row = {"OpportunityId": deal, "ContactId": person, "Role": "Evaluator"}
    made = harness.person("OpportunityContactRole", "create", None, row)
    _, cursor = collect(harness.connector, "Opportunity", [ROLES])
    harness.advance(3600)
    harness.person("OpportunityContactRole", "update", made, {"Role": "Decision Maker"})
    records, _ = collect(harness.connector, "Opportunity", [ROLES], cursor)
    assert records[deal].fields[ROLES] == [role(person, "Decision Maker")]


def test_users_and_stages_are_read_too(harness: SalesforceHarness) -> None:
    users, cursor = collect(harness.connector, "User", ["Email", "IsActive"])
    assert users
    assert all(user.fields["IsActive"] for user in users.values())
    collect(harness.connector, "User", ["Email"], cursor)
    stages, _ = collect(harness.connector, "OpportunityStage", ["MasterLabel", "IsClosed"])
    assert "Prospecting" in {stage.fields["MasterLabel"] for stage in stages.values()}


def test_more_fields_than_a_url_takes(harness: SalesforceHarness) -> None:
    """Long field lists are read in several queries, whose answers are put together."""
    many = list(harness.connector.describe("Opportunity").fields)
    for path in ("", "Parent.", "Parent.Parent.", "Parent.Parent.Parent."):
        many += [f"Account.{path}{f}" for f in harness.connector.describe("Account").fields]
    account = harness.insert("account", {"Name": "Acme"})
    deal = harness.insert("opportunity", {**OPPORTUNITY, "AccountId": account})
    (record,) = harness.connector.fetch("Opportunity", many, [deal])
    assert len(", ".join(many)) > 6_000
    assert set(record.fields) == set(many)
    assert record.fields["Account.Name"] == "Acme"
    assert record.fields["Account.Parent.Name"] is None
    records, _ = collect(harness.connector, "Opportunity", many)
    assert records[deal].fields == record.fields


# -- lookups ---------------------------------------------------------------------------------


def test_find_by_a_number(harness: SalesforceHarness) -> None:
    id = harness.insert("account", {"Name": "Acme", "NumberOfEmployees": 20})
    found = harness.connector.find("Account", ["Name"], "NumberOfEmployees", ["20", "x", "21"])
    assert [record.id for record in found] == [id]


def test_ids_of_15_characters_are_known(harness: SalesforceHarness) -> None:
    id = harness.insert("account", {"Name": "Acme"})
    (record,) = harness.connector.fetch("Account", ["Name"], [id[:15]])
    assert record.id == id
    (outcome,) = harness.connector.apply("Account", [Update(new_op(), id[:15], {"Site": "HQ"})])
    assert isinstance(outcome, Done)


def test_a_deleted_record_is_shown_as_archived(harness: SalesforceHarness) -> None:
    id = harness.insert("account", {"Name": "Acme"})
    (outcome,) = harness.connector.apply("Account", [Archive(new_op(), id)])
    assert isinstance(outcome, Done)
    assert outcome.record is not None
    assert outcome.record.archived
    (record,) = harness.connector.fetch("Account", ["Name"], [id])
    assert record.archived
    assert record.fields == {"Name": "Acme"}


# -- writing ---------------------------------------------------------------------------------


def test_one_bad_value_does_not_hold_up_the_record(harness: SalesforceHarness) -> None:
    fields = {"LastName": "Ada", "Email": "no address", "Title": "T" * 200, "Phone": "1"}
    (outcome,) = harness.connector.apply("Contact", [Create(new_op(), fields)])
    assert isinstance(outcome, Done)
    assert set(outcome.refused) == {"Email", "Title"}
    errors = outcome.refused.values()
    assert all(isinstance(error, RejectedError) and error.field for error in errors)
    (record,) = harness.connector.fetch("Contact", list(fields), [outcome.id])
    assert record.fields == {"LastName": "Ada", "Email": None, "Title": None, "Phone": "1"}


def test_a_bad_value_of_a_required_field_refuses_the_record(harness: SalesforceHarness) -> None:
    (outcome,) = harness.connector.apply(
        "Contact", [Create(new_op(), {"LastName": "L" * 200, "Phone": "1"})]
    )
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, RejectedError)
    assert outcome.error.field == "LastName"
    assert outcome.error.vendor_code == "STRING_TOO_LONG"


def test_a_validation_rule_refuses_the_record_as_a_whole(harness: SalesforceHarness) -> None:
    rules = {"Contact": {"Phone": "A contact needs a phone."}}
    harness.admin("POST", "config", {"validation_rules": rules})
    (outcome,) = harness.connector.apply("Contact", [Create(new_op(), {"LastName": "Ada"})])
    assert isinstance(outcome, Refused)
    assert "needs a phone" in outcome.error.message


def test_a_locked_row_is_tried_again(harness: SalesforceHarness) -> None:
    free, locked, stuck = harness.insert_many("account", [{"Name": n} for n in "abc"])
    harness.admin("POST", "config", {"locked": {locked: 2, stuck: 1000}})
    outcomes = harness.connector.apply(
        "Account", [Update(new_op(), id, {"Site": "HQ"}) for id in (free, locked, stuck)]
    )
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Refused]
    refused = outcomes[2]
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, RejectedError)
    assert refused.error.retryable


def test_a_duplicate_rule_refuses_unless_duplicates_are_allowed(
    harness: SalesforceHarness,
) -> None:
    harness.admin("POST", "config", {"duplicate_rules": {"Contact": ["Email"]}})
    fields = {"LastName": "Ada", "Email": "ada@example.org"}
    harness.insert("person", fields)
    first, second = (
        harness.connector.apply("Contact", [Create(new_op(), fields, allow_duplicate=allowed)])[0]
        for allowed in (False, True)
    )
    assert isinstance(first, Refused)
    assert isinstance(first.error, DuplicateError)
    assert isinstance(second, Done)


def test_a_stamp_that_is_taken_names_its_holder(harness: SalesforceHarness) -> None:
    one, two = harness.insert_many("account", [{"Name": "1", STAMP: "s1"}, {"Name": "2"}])
    (outcome,) = harness.connector.apply("Account", [Update(new_op(), two, {STAMP: "s1"})])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, DuplicateError)
    assert outcome.error.existing_id == one


def test_a_converted_lead_cannot_be_written(harness: SalesforceHarness) -> None:
    lead = harness.insert("lead", NAMES["lead"].row("Ada"))
    harness.convert(lead)
    (outcome,) = harness.connector.apply("Lead", [Update(new_op(), lead, {"Title": "x"})])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, RejectedError)
    assert outcome.error.vendor_code == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_what_is_not_offered_is_refused(harness: SalesforceHarness) -> None:
    a, b = harness.insert_many("opportunity", [OPPORTUNITY, OPPORTUNITY])
    outcomes = harness.connector.apply(
        "Opportunity",
        [Merge(new_op(), a, (b,)), Convert(new_op(), a), Archive(new_op(), "006000000000009AAA")],
    )
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert isinstance(outcomes[2], Refused)
    assert isinstance(outcomes[2].error, NotFoundError)


def test_writes_of_one_record_keep_their_order(harness: SalesforceHarness) -> None:
    (id,) = harness.insert_many("account", [{"Name": "a"}])
    outcomes = harness.connector.apply(
        "Account",
        [
            Archive(new_op(), harness.insert("account", {"Name": "other"})),
            Update(new_op(), id, {"Site": "1"}),
            Update(new_op(), id, {"Site": "2"}),
            Archive(new_op(), id),
        ],
    )
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    (record,) = harness.connector.fetch("Account", ["Site"], [id])
    assert record.archived
    assert record.fields == {"Site": "2"}


# -- contact roles ---------------------------------------------------------------------------


def roles_of(harness: SalesforceHarness, deal: str) -> list[dict[str, Any]]:
    (record,) = harness.connector.fetch("Opportunity", [ROLES], [deal])
    return list(record.fields[ROLES])


def test_the_primary_role_moves(harness: SalesforceHarness) -> None:
    a, b = sorted(harness.insert_many("person", [{"LastName": "A"}, {"LastName": "B"}]))
    wished = [role(a, "Evaluator", primary=True), role(b)]
    (made,) = harness.connector.apply(
        "Opportunity", [Create(new_op(), {**OPPORTUNITY, ROLES: wished})]
    )
    assert isinstance(made, Done)
    assert not made.refused
    assert made.record is not None
    assert made.record.fields[ROLES] == wished
    wished = [role(a, "Evaluator"), role(b, "Decision Maker", primary=True)]
    (moved,) = harness.connector.apply("Opportunity", [Update(new_op(), made.id, {ROLES: wished})])
    assert isinstance(moved, Done)
    assert roles_of(harness, made.id) == wished


def test_unchanged_roles_write_nothing(harness: SalesforceHarness) -> None:
    deal = harness.insert("opportunity", OPPORTUNITY)
    person = harness.insert("person", {"LastName": "Ada"})
    harness.associate(harness.associations[0], deal, person, label="Evaluator")
    before = harness.write_requests()
    harness.connector.apply(
        "Opportunity", [Update(new_op(), deal, {ROLES: [role(person, "Evaluator")]})]
    )
    assert harness.write_requests() == before


def test_two_roles_of_one_person_are_two(harness: SalesforceHarness) -> None:
    deal = harness.insert("opportunity", OPPORTUNITY)
    person = harness.insert("person", {"LastName": "Ada"})
    wished = [role(person, "Decision Maker"), role(person, "Evaluator")]
    harness.connector.apply("Opportunity", [Update(new_op(), deal, {ROLES: wished})])
    assert roles_of(harness, deal) == wished
    harness.connector.apply("Opportunity", [Update(new_op(), deal, {ROLES: wished[1:]})])
    assert roles_of(harness, deal) == wished[1:]


def test_a_lost_answer_to_a_role_makes_no_second_one(harness: SalesforceHarness) -> None:
    deal = harness.insert("opportunity", OPPORTUNITY)
    person = harness.insert("person", {"LastName": "Ada"})
    harness.lose_next_answer()
    (outcome,) = harness.connector.apply(
        "Opportunity", [Update(new_op(), deal, {ROLES: [role(person)]})]
    )
    assert isinstance(outcome, Done)
    assert not outcome.refused
    assert roles_of(harness, deal) == [role(person)]


def test_many_roles_go_in_few_calls(harness: SalesforceHarness) -> None:
    deals = harness.insert_many("opportunity", [OPPORTUNITY for _ in range(100)])
    people = harness.insert_many("person", [{"LastName": "A"}, {"LastName": "B"}])
    before = calls(harness)
    outcomes = harness.connector.apply(
        "Opportunity",
        [Update(new_op(), deal, {ROLES: [role(p) for p in people]}) for deal in deals],
    )
    assert all(isinstance(outcome, Done) and not outcome.refused for outcome in outcomes)
    assert spent(harness, before) == {
        "POST composite/sobjects": 1,
        "GET query": 1,
        "GET queryAll": 1,
    }


# -- setting up ------------------------------------------------------------------------------


def test_prepare_makes_what_is_absent_and_looks_at_it() -> None:
    fresh = SalesforceHarness()
    findings = fresh.connector.prepare([StampField("Account", STAMP)])
    again = fresh.connector.prepare([StampField("Account", STAMP)])
    field = fresh.connector.describe("Account").fields[STAMP]
    fresh.close()
    assert [finding.level for finding in findings] == ["made"]
    assert [finding.level for finding in again] == ["ok"]
    assert (field.unique, field.length, field.updateable) == (True, 40, True)


def test_a_stamp_field_that_stays_hidden_is_a_problem_with_a_remedy() -> None:
    fresh = SalesforceHarness(field_access_needs_permission_set=True)
    findings = fresh.connector.prepare([StampField("Account", STAMP)])
    fresh.close()
    assert [finding.level for finding in findings] == ["made", "problem"]
    assert "Permission Sets" in findings[1].remedy


def test_a_user_who_may_not_customise_is_told() -> None:
    fresh = SalesforceHarness(user_permissions={"customize_application": False})
    (finding,) = fresh.connector.prepare([StampField("Account", STAMP)])
    fresh.close()
    assert finding.level == "problem"
    assert "Customize Application" in finding.remedy


def test_diagnose_names_what_the_user_may_not_do() -> None:
    fresh = SalesforceHarness(user_permissions={"Account": {"delete": False, "create": False}})
    findings = fresh.connector.diagnose(["Account", "User"])
    fresh.close()
    warnings = [finding for finding in findings if finding.level == "warning"]
    assert [finding.subject for finding in warnings] == ["Account"]
    assert "create or delete" in warnings[0].message


def test_a_day_that_is_nearly_used_up_is_a_warning(harness: SalesforceHarness) -> None:
    harness.connector.diagnose([])
    used = harness.connector.usage().daily_used or 0
    harness.admin("POST", "config", {"daily_limit": used + 2})
    findings = {finding.subject: finding for finding in harness.connector.diagnose([])}
    assert findings["API allowance"].level == "warning"
    assert findings["API allowance"].remedy


def test_an_api_that_is_switched_off_is_told() -> None:
    fresh = SalesforceHarness(user_permissions={"api_enabled": False})
    (finding,) = fresh.connector.diagnose(["Account"])
    fresh.close()
    assert finding.level == "problem"
    assert finding.remedy


def test_diagnose_names_the_object_and_the_field_that_lack_a_permission() -> None:
    rights = {"Lead": {"read": False}, "Contact": {"readonly": ["Phone"]}}
    fresh = SalesforceHarness(user_permissions=rights)
    findings = fresh.connector.diagnose(["Account", "Lead", "Contact", "Opportunity"])
    fresh.close()
    bad = {finding.subject: finding for finding in findings if finding.level != "ok"}
    assert bad.keys() == {"Lead", "Contact.Phone"}
    assert (bad["Lead"].level, bad["Contact.Phone"].level) == ("problem", "warning")
    assert "Read on Lead" in bad["Lead"].remedy
    assert "edit access" in bad["Contact.Phone"].remedy


# -- what vanishes ---------------------------------------------------------------------------


@pytest.fixture
def drifting() -> Iterator[SalesforceHarness]:
    """An org that hides a field after it was described."""
    made = SalesforceHarness().prepared()
    made.connector.describe("Contact")
    yield made
    made.close()


def hide(harness: SalesforceHarness, field: str) -> None:
    harness.admin("POST", "config", {"user_permissions": {"Contact": {"hidden": [field]}}})


def test_a_reading_names_the_field_that_is_gone(drifting: SalesforceHarness) -> None:
    (id,) = drifting.insert_many("person", [{"LastName": "Ada"}])
    _, cursor = collect(drifting.connector, "Contact", ["LastName", "Title"])
    hide(drifting, "Title")
    fields = ["LastName", "Title"]
    for read in (
        lambda: collect(drifting.connector, "Contact", fields, cursor),
        lambda: drifting.connector.fetch("Contact", fields, [id]),
        lambda: drifting.connector.find("Contact", fields, "LastName", ["Ada"]),
        lambda: drifting.connector.find("Contact", ["LastName"], "Title", ["x"]),
    ):
        with pytest.raises(SchemaDriftError, match=r"Contact in Salesforce has no field Title"):
            read()


def test_a_write_tells_the_field_that_is_gone(drifting: SalesforceHarness) -> None:
    ids = drifting.insert_many("person", [{"LastName": "Ada"}] * 30)
    hide(drifting, "Title")
    before = calls(drifting)
    writes = [Update(new_op(), id, {"LastName": "B", "Title": "x"}) for id in ids]
    outcomes = drifting.connector.apply("Contact", writes)
    assert all(isinstance(o, Done) and o.refused.keys() == {"Title"} for o in outcomes)
    assert spent(drifting, before)["GET sobjects/X/describe"] == 1


# -- hostile keys ----------------------------------------------------------------------------

KEYS = [
    "a/../../Contact/003",
    "..",
    "?a=b",
    "x' OR Name != '",
    "100%",
    '"',
    "\\",
    "%27",
    "ä/🦄#",
    "_",
]


def test_a_stamp_changes_its_own_record_only(harness: SalesforceHarness) -> None:
    others = {**{key: f"other {n}" for n, key in enumerate(KEYS)}, "plain": "untouched"}
    harness.insert_many("account", [{"Name": name, STAMP: key} for key, name in others.items()])
    for n, key in enumerate(KEYS):
        write = Create(new_op(), {"Name": f"mine {n}", STAMP: key}, stamp_field=STAMP)
        (outcome,) = harness.connector.apply("Account", [write])
        assert isinstance(outcome, Done)
        assert not outcome.created
        others[key] = f"mine {n}"
        (found,) = harness.connector.find("Account", ["Name"], STAMP, [key])
        assert found.fields == {"Name": f"mine {n}"}
        records, _ = collect(harness.connector, "Account", ["Name", STAMP])
        assert {r.fields[STAMP]: r.fields["Name"] for r in records.values()} == others


@pytest.mark.parametrize("id", [*KEYS, "", " ", "001", "001000000000001AAB", "0" * 400])
def test_an_id_that_is_none_touches_nothing(harness: SalesforceHarness, id: str) -> None:
    (kept,) = harness.insert_many("account", [{"Name": "kept"}])
    writes = [
        Update(new_op(), id, {"Name": "x"}),
        Archive(new_op(), id),
        Restore(new_op(), id),
        Merge(new_op(), kept, (id,)),
        Merge(new_op(), id, (kept,)),
    ]
    assert all(isinstance(o, Refused) for o in harness.connector.apply("Account", writes))
    assert isinstance(harness.connector.apply("Lead", [Convert(new_op(), id)])[0], Refused)
    assert harness.connector.fetch("Account", ["Name"], [id]) == []
    records, _ = collect(harness.connector, "Account", ["Name"])
    assert {key: record.fields for key, record in records.items()} == {kept: {"Name": "kept"}}


def test_edits_that_show_late_are_read_in_the_end() -> None:
    """Every edit of a person shows up to a minute late, with the stamp of when it was made."""
    late = SalesforceHarness().prepared()
    late.admin("POST", "config", {"quirks": {"late_rows": 1.0, "late_row_seconds": 50.0}})
    ids = late.insert_many("account", [{"Name": "before"}] * 20)
    _, cursor = collect(late.connector, "Account", ["Name"])
    latest: dict[str, Any] = {}
    for n in range(40):
        if n < 20:
            late.edit("account", ids[n], {"Name": "after"})
        late.advance(7)
        records, cursor = collect(late.connector, "Account", ["Name"], cursor)
        latest |= {id: record.fields["Name"] for id, record in records.items()}
    late.close()
    assert latest == dict.fromkeys(ids, "after")


@pytest.mark.parametrize("action", ["expire_session", "drop_before", "drop_after", "cut", "html"])
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_trouble_between_collection_calls_costs_nothing(
    harness: SalesforceHarness, action: str, skip: int
) -> None:
    harness.fault("composite/sobjects", action, skip=skip)
    made = [{"Name": f"Co {n}", STAMP: f"stamp {n}"} for n in range(450)]
    outcomes = harness.connector.apply(
        "Account", [Create(new_op(), fields, stamp_field=STAMP) for fields in made]
    )
    assert all(isinstance(outcome, Done) and outcome.record for outcome in outcomes)
    records, _ = collect(harness.connector, "Account", [STAMP])
    assert sorted(r.fields[STAMP] for r in records.values()) == sorted(f[STAMP] for f in made)


@pytest.mark.parametrize("later", [0, 60])
def test_a_creation_whose_answer_was_lost_is_told_as_one(
    harness: SalesforceHarness, later: int
) -> None:
    write = Create(new_op(), {"Name": "Acme", STAMP: "s"}, stamp_field=STAMP)
    harness.fault("composite/sobjects", "drop_after")
    (first,) = harness.connector.apply("Account", [write])
    harness.advance(later)
    harness.fault("composite/sobjects", "drop_after")
    (second,) = harness.connector.apply("Account", [write])
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert (first.created, second.created) == (True, False)
