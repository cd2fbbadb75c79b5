"""The demo world is big enough, varied, the same every time, and honest about what is what."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from sandbox.demo import values
from sandbox.demo.world import Presence, Side
from sandbox.demo_data import DemoWorld, Row, build, edits, post
from tests.sandbox.vendor_values import HUBSPOT_OPTIONS, REQUIRED, SALESFORCE_LENGTHS

SIDES: tuple[Side, ...] = ("salesforce", "hubspot")
KINDS = ("account", "person", "opportunity")
FIRST_ACCOUNT = "Mirahurst Systems LLC"
FIRST_EMAIL = "megan.pemberton@mirahurstsystems.com"
SHARES: dict[Presence, float] = {"both": 0.55, "salesforce": 0.25, "hubspot": 0.20}
DELIBERATE = {
    *values.UNKNOWN_INDUSTRIES,
    values.UNKNOWN_LEAD_STATUS,
    values.UNKNOWN_DEAL_TYPE,
}


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return build()


def records(world: DemoWorld, object_type: str) -> list[dict[str, Any]]:
    sheets = {**world.salesforce["records"], **world.hubspot["records"]}
    found: list[dict[str, Any]] = sheets[object_type]
    return found


def all_rows(world: DemoWorld) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for side in SIDES:
        for object_type, found in getattr(world, side)["records"].items():
            for record in found:
                yield side, object_type, record


def references(value: object) -> Iterator[Row]:
    if isinstance(value, str) and value.startswith("@") and ":" in value:
        object_type, _, index = value[1:].partition(":")
        yield Row(object_type, int(index))


def trait(world: DemoWorld, kind: str, name: str) -> list[Any]:
    found = [entity for entity in world.truth[kind] if name in entity.traits]
    assert found, f"no {kind} with {name}"
    return found


@cache
def described(object_type: str) -> dict[str, Any]:
    shared = Path(os.environ.get("TIELINE_SHARED", Path(__file__).parents[3] / "shared"))
    file = shared / "recorded" / "salesforce" / "describe" / f"{object_type}.json"
    if not file.exists():
        pytest.skip(f"no recorded describe of {object_type} beside the repository")
    return {field["name"]: field for field in json.loads(file.read_text())["fields"]}


def test_the_same_arguments_give_the_same_world() -> None:
    assert build(3, 40, 120, 50) == build(3, 40, 120, 50)


def test_another_seed_gives_another_world(world: DemoWorld) -> None:
    assert build(8).salesforce != world.salesforce


def test_the_world_does_not_depend_on_hash_randomisation(world: DemoWorld) -> None:
    first = records(world, "Account")[0], records(world, "contacts")[0]
    assert (first[0]["Name"], first[1]["email"]) == (FIRST_ACCOUNT, FIRST_EMAIL)


def test_it_is_as_big_as_asked(world: DemoWorld) -> None:
    assert {kind: len(world.truth[kind]) for kind in KINDS} == {
        "account": 340, "person": 2200, "opportunity": 640,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_shares_of_the_sides(world: DemoWorld, kind: str) -> None:
    seen = Counter(entity.presence for entity in world.truth[kind])
    for presence, share in SHARES.items():
        assert seen[presence] / len(world.truth[kind]) == pytest.approx(share, abs=0.01)


def test_two_in_five_salesforce_people_are_leads(world: DemoWorld) -> None:
    leads, contacts = len(records(world, "Lead")), len(records(world, "Contact"))
    assert leads / (leads + contacts) == pytest.approx(0.4, abs=0.03)


def test_few_conflicts_between_the_sides(world: DemoWorld) -> None:
    for kind in KINDS:
        both = [entity for entity in world.truth[kind] if entity.presence == "both"]
        share = len(trait(world, kind, "conflict")) / len(both)
        assert share == pytest.approx(0.02, abs=0.005)


def test_truth_covers_every_row_once(world: DemoWorld) -> None:
    shown = Counter(
        row
        for kind in world.truth
        for entity in world.truth[kind]
        for row in (*entity.salesforce, *entity.hubspot)
    )
    assert set(shown.values()) == {1}
    counts = Counter(row.object_type for row in shown)
    for _, object_type, _ in all_rows(world):
        if object_type != "OpportunityContactRole":
            assert counts[object_type] == len(records(world, object_type))


def test_required_fields_are_filled(world: DemoWorld) -> None:
    lacking = [
        (object_type, record)
        for _, object_type, record in all_rows(world)
        if not REQUIRED[object_type] <= record.keys()
    ]
    assert lacking == []


def test_no_field_is_blank_and_hubspot_values_are_text(world: DemoWorld) -> None:
    for side, object_type, record in all_rows(world):
        assert None not in record.values()
        assert "" not in record.values()
        if side == "hubspot" and object_type != "owners":
            assert all(isinstance(value, str) for value in record.values())


def test_every_reference_resolves_within_its_side(world: DemoWorld) -> None:
    for side in SIDES:
        body = getattr(world, side)
        sheets = body["records"]
        rows = [*body.get("associations", ()), *(r for sheet in sheets.values() for r in sheet)]
        found = [row for record in rows for value in record.values() for row in references(value)]
        assert found
        assert all(0 <= row.index < len(sheets[row.object_type]) for row in found)


def test_a_parent_is_seeded_before_its_subsidiaries(world: DemoWorld) -> None:
    children = [
        (index, row.index)
        for index, record in enumerate(records(world, "Account"))
        for row in references(record.get("ParentId"))
    ]
    assert len(children) > 5
    assert all(parent < child for child, parent in children)


def test_owners_six_shared_one_alone_one_inactive(world: DemoWorld) -> None:
    users, owners = records(world, "User"), records(world, "owners")
    assert (len(users), len(owners)) == (8, 8)
    assert len({user["Email"] for user in users} & {owner["email"] for owner in owners}) == 6
    assert [user["IsActive"] for user in users].count(False) == 1
    assert [owner["archived"] for owner in owners].count(True) == 1


def test_hubspot_emails_are_unique(world: DemoWorld) -> None:
    emails = [record["email"].lower() for record in records(world, "contacts") if "email" in record]
    assert len(emails) == len(set(emails))


def test_salesforce_emails_repeat_only_where_truth_says_so(world: DemoWorld) -> None:
    shown: dict[str, set[int]] = {}
    rows: Counter[str] = Counter()
    for index, person in enumerate(world.truth["person"]):
        for row in person.salesforce:
            email = world.record("salesforce", row).get("Email", "").lower()
            if email:
                shown.setdefault(email, set()).add(index)
                rows[email] += 1
    expected = {"two leads", "lead and contact", "shared email"}
    for email, count in rows.items():
        traits = {name for index in shown[email] for name in world.truth["person"][index].traits}
        assert (count > 1) == bool(traits & expected), (email, traits)


def test_two_leads_and_shared_email_are_ambiguous(world: DemoWorld) -> None:
    for person in trait(world, "person", "two leads"):
        assert [row.object_type for row in person.salesforce] == ["Lead", "Lead"]
    for person in trait(world, "person", "lead and contact"):
        assert [row.object_type for row in person.salesforce] == ["Contact", "Lead"]


def test_some_companies_are_there_twice_under_one_domain(world: DemoWorld) -> None:
    for entity in trait(world, "account", "twin hubspot"):
        domains = {world.record("hubspot", row)["domain"] for row in entity.hubspot}
        assert (len(entity.hubspot), len(domains)) == (2, 1)
    assert all(len(e.salesforce) == 2 for e in trait(world, "account", "twin salesforce"))


def test_some_domains_belong_to_several_companies(world: DemoWorld) -> None:
    domains = Counter(
        world.record("hubspot", entity.hubspot[0])["domain"]
        for entity in world.truth["account"]
        if entity.hubspot
    )
    assert max(domains.values()) > 1


@pytest.mark.parametrize(
    ("kind", "here", "there"),
    [("account", "Name", "name"), ("opportunity", "Name", "dealname"),
     ("person", "LastName", "lastname")],
)  # fmt: skip
def test_spelling_differs_only_where_truth_says_so(
    world: DemoWorld, kind: str, here: str, there: str
) -> None:
    for entity in world.truth[kind]:
        if entity.presence != "both":
            continue
        left = world.record("salesforce", entity.salesforce[0])
        right = world.record("hubspot", entity.hubspot[0])
        names = left[here], left.get("FirstName")
        others = right[there], right.get("firstname")
        assert (names != others) == ("spelling" in entity.traits)


def test_picklist_values_are_hubspots_own(world: DemoWorld) -> None:
    for (object_type, name), options in HUBSPOT_OPTIONS.items():
        used = {record[name] for record in records(world, object_type) if name in record}
        assert used
        assert used <= options


@pytest.mark.parametrize(
    "object_type", ["Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole"]
)
def test_salesforce_fields_and_picklist_values_are_as_described(
    world: DemoWorld, object_type: str
) -> None:
    fields = described(object_type)
    for record in records(world, object_type):
        for name, value in record.items():
            if name == "HasOptedOutOfEmail":
                continue  # a standard field, hidden from the user of the recording
            field = fields[name]
            assert field["createable"], name
            if field["type"] == "picklist":
                offered = {choice["value"] for choice in field["picklistValues"]}
                assert value in offered | DELIBERATE, (name, value)
            elif field["type"] in {"string", "textarea", "phone", "url", "email"}:
                assert len(value) <= field["length"], (name, value)


def test_lead_statuses_and_industries_unknown_to_hubspot_are_few(world: DemoWorld) -> None:
    odd = [
        record for _, _, record in all_rows(world) if DELIBERATE & set(map(str, record.values()))
    ]
    assert 3 <= len(odd) <= 25


def test_some_hubspot_values_are_too_long_for_salesforce(world: DemoWorld) -> None:
    limits = SALESFORCE_LENGTHS
    for kind, name, field, limit in (
        ("person", "long title", "jobtitle", limits["Contact"]["Title"]),
        ("opportunity", "long name", "dealname", limits["Opportunity"]["Name"]),
        ("account", "long city", "city", limits["Account"]["BillingCity"]),
    ):
        for entity in trait(world, kind, name):
            assert len(world.record("hubspot", entity.hubspot[0])[field]) > limit


def test_salesforce_values_fit_salesforce(world: DemoWorld) -> None:
    for object_type, lengths in SALESFORCE_LENGTHS.items():
        for record in records(world, object_type):
            assert all(len(str(record.get(name, ""))) <= n for name, n in lengths.items())


def e164(text: str) -> tuple[str, str | None]:
    number = phonenumbers.parse(text, "US")
    form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return form, number.extension


def test_phone_numbers_are_written_differently_but_mean_the_same(world: DemoWorld) -> None:
    texts = [
        (world.record("salesforce", here).get("Phone"), world.record("hubspot", there).get("phone"))
        for kind in ("account", "person")
        for here, there in world.pairs(kind)
    ]
    both = [(left, right) for left, right in texts if left and right]
    assert sum(left != right for left, right in both) > 0.8 * len(both)
    same = sum(e164(left) == e164(right) for left, right in both)
    assert 0.95 * len(both) < same < len(both)  # a few are national numbers of other countries
    assert any(" x" in left for left, _ in both)


def test_names_come_in_many_scripts(world: DemoWorld) -> None:
    people = {record.get("firstname", "") for record in records(world, "contacts")}
    assert {"Łukasz", "Zoë"} <= people
    scripts = {unicodedata.name(name[0]).split()[0] for name in people if name}
    assert {"LATIN", "CJK", "ARABIC", "HIRAGANA"} <= scripts
    assert "北京" in {record.get("BillingCity") for record in records(world, "Account")}


def test_countries_are_names_here_and_mostly_codes_there(world: DemoWorld) -> None:
    here = Counter(len(record["BillingCountry"]) == 2 for record in records(world, "Account"))
    there = Counter(len(record["country"]) == 2 for record in records(world, "companies"))
    assert here[True] == 0
    assert there[True] > there[False] > 0


def test_some_people_have_private_addresses_or_no_account(world: DemoWorld) -> None:
    emails = [record.get("Email", "") for record in records(world, "Contact")]
    private = sum(email.lower().endswith(("gmail.com", "outlook.com")) for email in emails)
    alone = sum("AccountId" not in record for record in records(world, "Contact"))
    assert private > 10
    assert alone > 20


def test_some_leads_work_for_companies_that_are_accounts(world: DemoWorld) -> None:
    accounts = {record["Name"] for record in records(world, "Account")}
    known = sum(record["Company"] in accounts for record in records(world, "Lead"))
    assert 0.2 < known / len(records(world, "Lead")) < 0.8


def test_each_opportunity_has_at_most_one_primary_role_and_no_contact_twice(
    world: DemoWorld,
) -> None:
    roles = records(world, "OpportunityContactRole")
    assert len(roles) > 300
    primary = Counter(role["OpportunityId"] for role in roles if role["IsPrimary"])
    assert set(primary.values()) == {1}
    pairs = Counter((role["OpportunityId"], role["ContactId"]) for role in roles)
    assert set(pairs.values()) == {1}
    assert len({role["Role"] for role in roles}) > 4


def test_associations_are_unique_with_one_primary_company(world: DemoWorld) -> None:
    found = world.hubspot["associations"]
    assert len({(item["from_id"], item["to_id"]) for item in found}) == len(found)
    kinds = Counter((item["from_type"], item["to_type"]) for item in found)
    assert set(kinds) == {("contacts", "companies"), ("deals", "companies"), ("deals", "contacts")}
    primary = Counter(item["from_id"] for item in found if item["primary"])
    assert set(primary.values()) == {1}


def test_close_dates_fit_the_stage(world: DemoWorld) -> None:
    for record in records(world, "Opportunity"):
        closed = record["StageName"].startswith("Closed")
        assert (record["CloseDate"] < "2026-09-30") == closed
        assert "2025-06" < record["CloseDate"] < "2027-06"


def test_edits_tell_every_story_on_both_sides(world: DemoWorld) -> None:
    stories = {(edit.story, edit.side) for edit in world.edits}
    assert stories >= {
        (story, side)
        for story in ("one side", "same value", "conflict", "association", "new")
        for side in SIDES
    }
    assert stories >= {("deleted", "salesforce"), ("moved", "salesforce"),
                       ("unknown value", "salesforce"), ("cleared", "salesforce")}  # fmt: skip


def test_edits_are_about_entities_without_oddities(world: DemoWorld) -> None:
    for edit in world.edits:
        if edit.ref is None:
            continue
        entity = world.truth[edit.kind][edit.entity or 0]
        assert entity.traits == ()
        assert entity.rows(edit.side) == (Row(edit.object_type, edit.ref),)


def test_stories_do_not_share_records(world: DemoWorld) -> None:
    seen: dict[tuple[str, int], str] = {}
    for edit in world.edits:
        if edit.entity is not None:
            assert seen.setdefault((edit.kind, edit.entity), edit.story) == edit.story


def test_edits_change_what_they_touch(world: DemoWorld) -> None:
    for edit in world.edits:
        if edit.verb == "update":
            row = Row(edit.object_type, edit.ref or 0)
            before = world.record(edit.side, row)
            assert any(before.get(name) != value for name, value in edit.fields.items()), edit.what


def test_the_new_association_was_not_there(world: DemoWorld) -> None:
    there = {(item["from_id"], item["to_id"]) for item in world.hubspot["associations"]}
    made = [edit for edit in world.edits if edit.verb == "associate"]
    assert {edit.object_type for edit in made} == {"deals", "contacts"}
    for edit in made:
        assert edit.to
        assert (f"@{edit.object_type}:{edit.ref}", edit.to.reference) not in there


def test_a_conflict_edits_one_entity_on_both_sides(world: DemoWorld) -> None:
    for story in ("conflict", "same value"):
        sides: dict[Any, set[str]] = {}
        for edit in world.edits:
            if edit.story == story:
                sides.setdefault((edit.kind, edit.entity), set()).add(edit.side)
        assert all(found == set(SIDES) for found in sides.values())


def test_edits_are_the_same_every_time(world: DemoWorld) -> None:
    assert list(world.edits) == edits(world)


def test_post_puts_real_ids_in(world: DemoWorld) -> None:
    ids = {
        object_type: [f"{object_type}-{index}" for index in range(len(found))]
        for side in SIDES
        for object_type, found in getattr(world, side)["records"].items()
    }
    for edit in world.edits:
        body = post(edit, ids)
        assert "@" not in json.dumps({**body, "as": "", "fields": {
            name: value for name, value in body["fields"].items() if name.lower() != "email"
        }})  # fmt: skip
        assert (body["id"] is None) == (edit.verb == "create")
        assert ("to_id" in body) == (edit.verb == "associate")
        assert body["as"].endswith("@velmarasystems.com")


def test_post_refuses_ids_of_another_world(world: DemoWorld) -> None:
    with pytest.raises((KeyError, IndexError)):
        post(world.edits[0], {"Contact": []})


def test_a_tiny_world_is_still_a_world() -> None:
    tiny = build(accounts=2, people=3, opportunities=1)
    assert {kind: len(tiny.truth[kind]) for kind in KINDS} == {
        "account": 2, "person": 3, "opportunity": 1,
    }  # fmt: skip


def test_an_empty_world_has_only_users() -> None:
    empty = build(accounts=0, people=0, opportunities=0)
    assert [name for name, rows in empty.salesforce["records"].items() if rows] == ["User"]
    assert all(edit.ref is None for edit in empty.edits)


@pytest.mark.slow
def test_a_huge_world_repeats_no_address_and_no_name() -> None:
    huge = build(accounts=100_000, people=300_000)
    emails = [record["email"] for record in records(huge, "contacts") if "email" in record]
    names = [record["Name"] for record in records(huge, "Account")]
    assert len(set(emails)) == len(emails)
    assert len(set(names)) == len(names)
