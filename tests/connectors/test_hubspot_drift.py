"""What changes under the HubSpot connector's feet: properties, identities, unreadable records."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from connectors.base import Connector, Create, Done, Merge, Refused, StampField, Update
from connectors.hubspot import connect
from connectors.hubspot.errors import complaint
from core.clock import OffsetClock
from core.errors import DuplicateError, RejectedError, SchemaDriftError, VendorDownError
from sandbox.serve import Running
from tests.connectors.hubspot_harness import (
    STAMP,
    HubSpotHarness,
    Switchboard,
    calls,
    people,
)
from tests.connectors.hubspot_vendor import Answer, Vendor, settings
from tests.connectors.support import collect

COMPANIES = "associations.companies"
CONTACTS = "associations.contacts"
SHOE = {
    "name": "shoe_size", "label": "Shoe size", "type": "string", "fieldType": "text",
    "groupName": "contactinformation",
}  # fmt: skip


@pytest.fixture
def connector(both: tuple[Vendor, Running]) -> Iterator[Connector]:
    made = connect("hubspot", settings(both[1].url), OffsetClock())
    yield made
    made.close()


def item(id: str, label: str | None = None, *, primary: bool = False) -> dict[str, Any]:
    return {"id": id, "label": label, "primary": primary}


def drop_property(crm: HubSpotHarness, name: str) -> None:
    """A person deletes a property."""
    reply = crm.running.admin.delete(
        f"{crm.running.url}/crm/v3/properties/contacts/{name}",
        headers={"Authorization": f"Bearer {crm.sandbox.credentials['token']}"},
    )
    assert reply.status_code == 204, reply.text


def with_shoes(crm: HubSpotHarness, n: int) -> list[str]:
    crm.admin("POST", "seed", {"properties": {"contacts": [SHOE]}})
    return crm.insert_many("person", [{**row, "shoe_size": "42"} for row in people(n)])


# --- properties that vanish ----------------------------------------------------------------------


def test_a_property_that_vanishes_is_never_read_as_empty(crm: HubSpotHarness) -> None:
    ids = with_shoes(crm, 3)
    _, cursor = collect(crm.connector, "contacts", ["email", "shoe_size"])
    crm.connector.describe("contacts")
    drop_property(crm, "shoe_size")
    for since in (None, cursor):
        with pytest.raises(SchemaDriftError, match="shoe_size"):
            collect(crm.connector, "contacts", ["email", "shoe_size"], since)
    for record in crm.connector.fetch("contacts", ["email", "shoe_size"], ids):
        assert "shoe_size" not in record.fields


def test_a_property_that_vanishes_in_mid_reading_is_drift(crm: HubSpotHarness) -> None:
    with_shoes(crm, 30)
    crm.small_pages(10)
    crm.connector.describe("contacts")
    pages = crm.connector.changes("contacts", ["shoe_size"], None)
    assert {r.fields["shoe_size"] for r in next(pages).records} == {"42"}
    drop_property(crm, "shoe_size")
    with pytest.raises(SchemaDriftError, match="shoe_size"):
        list(pages)


def test_a_property_that_vanished_stops_writes_before_anything_is_written(
    crm: HubSpotHarness,
) -> None:
    ids = with_shoes(crm, 3)
    crm.connector.describe("contacts")
    drop_property(crm, "shoe_size")
    writes = [Update(str(n), id, {"jobtitle": "x", "shoe_size": "1"}) for n, id in enumerate(ids)]
    with pytest.raises(SchemaDriftError, match="shoe_size"):
        crm.connector.apply("contacts", writes)
    creates = [Create(f"c{n}", {STAMP: f"s{n}", "shoe_size": "1"}, STAMP) for n in range(120)]
    with pytest.raises(SchemaDriftError, match="shoe_size"):
        crm.connector.apply("contacts", creates)
    records, _ = collect(crm.connector, "contacts", ["jobtitle"])
    assert {id: r.fields["jobtitle"] for id, r in records.items()} == dict.fromkeys(ids)


def test_a_property_that_vanished_is_named_beside_what_was_written(crm: HubSpotHarness) -> None:
    one, two = with_shoes(crm, 2)
    drop_property(crm, "shoe_size")
    writes = [Update("1", one, {"jobtitle": "x"}), Update("2", two, {"shoe_size": "1"})]
    first, second = crm.connector.apply("contacts", writes)
    assert isinstance(first, Done)
    assert isinstance(second, Refused)
    assert isinstance(second.error, RejectedError)
    assert second.error.field == "shoe_size"
    assert "doctor" in second.error.remedy


# --- refusals ------------------------------------------------------------------------------------


def refusing(bad: str) -> Callable[[Any], Answer]:
    """A vendor that refuses whole batches for a value, in HubSpot's words."""

    def answer(asked: Any) -> Answer:
        inputs = asked["inputs"]
        if any(i.get("properties", {}).get("industry") == bad for i in inputs):
            text = f"{bad} was not one of the allowed options: [BANKING]"
            detail = [{"name": "industry", "error": "INVALID_OPTION", "message": text}]
            said = f"Property values were not valid: {orjson.dumps(detail).decode()}"
            return 400, {"category": "VALIDATION_ERROR", "message": said}, {}
        rows = [{"id": i["id"], "properties": i.get("properties", {})} for i in inputs]
        return 200, {"results": rows}, {}

    return answer


def test_a_value_that_no_record_may_have_costs_one_more_call(
    vendor: Vendor, connector: Connector
) -> None:
    vendor.answers.append(refusing("SAND"))
    writes = [
        Update(str(n), str(100 + n), {"name": f"N{n}", "industry": "SAND" if n % 2 else "BANKING"})
        for n in range(100)
    ]
    outcomes = connector.apply("companies", writes)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert [bool(o.refused) for o in outcomes] == [n % 2 == 1 for n in range(100)]  # type: ignore[union-attr]
    assert len(vendor.asked) == 2 + 1  # and the reading back


def test_one_bad_record_of_a_hundred_is_found_in_few_calls(
    vendor: Vendor, connector: Connector
) -> None:
    def answer(asked: Any) -> Answer:
        inputs = asked["inputs"]
        if any(i["properties"]["name"] == "N63" for i in inputs):
            return 400, {"category": "VALIDATION_ERROR", "message": "something is wrong"}, {}
        rows = [{"id": i["id"], "properties": i["properties"]} for i in inputs]
        return 200, {"results": rows}, {}

    vendor.answers.append(answer)
    writes = [Update(str(n), str(100 + n), {"name": f"N{n}"}) for n in range(100)]
    outcomes = connector.apply("companies", writes)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Refused)] == [63]
    assert len(vendor.asked) <= 15


@pytest.mark.parametrize(
    ("body", "existing"),
    [
        ({"message": "Contact already exists. Existing ID: 512", "category": "CONFLICT"}, "512"),
        ({"message": "Contact already exists. existing vid: 7", "category": "CONFLICT"}, "7"),
        ({"message": "Cannot set PropertyValueCoordinates{portalId=1, propertyName=email, "
          "value=a@b.c} on 7. 9 already has that value."}, "9"),
        ({"message": "Cannot set PropertyValueCoordinates{portalId=1, propertyName=tieline_id, "
          "value=x} on null. 0 already has that value."}, None),
        ({"message": 'Property values were not valid: [{"isValid":false,"message":'
          '"88 already has that value.","error":"DUPLICATE_VALUE","name":"domain"}]',
          "category": "VALIDATION_ERROR"}, "88"),
        ({"message": "taken", "category": "CONFLICT", "context": {"existingObjectId": ["31"]}},
         "31"),
        ({"message": "Contact already exists", "error": "CONTACT_EXISTS",
          "category": "CONFLICT", "identityProfile": {"vid": 3234574}}, "3234574"),
        ({"message": "A record like this exists", "category": "OBJECT_ALREADY_EXISTS"}, None),
    ],
)  # fmt: skip
def test_every_form_of_a_clash_is_a_duplicate(body: dict[str, Any], existing: str | None) -> None:
    error = complaint(body).error()
    assert isinstance(error, DuplicateError)
    assert error.existing_id == existing


def test_a_clash_of_one_field_makes_no_duplicate_of_another() -> None:
    details = [
        {"name": "email", "error": "UNIQUE_VALUE", "message": "9 already has that value."},
        {"name": "industry", "error": "INVALID_OPTION", "message": "x was not allowed"},
    ]
    said = complaint(
        {"message": f"Property values were not valid: {orjson.dumps(details).decode()}"}
    )
    assert isinstance(said.error("email"), DuplicateError)
    assert isinstance(said.error("industry"), RejectedError)


def test_a_record_that_could_not_be_read_is_not_one_that_is_gone(
    vendor: Vendor, connector: Connector
) -> None:
    error = {"status": "error", "category": "INTERNAL_ERROR", "message": "shard unavailable"}
    vendor.say({"results": [], "numErrors": 1, "errors": [error]}, 207)
    with pytest.raises(VendorDownError, match="shard"):
        connector.fetch("contacts", ["email"], ["1"])
    with pytest.raises(VendorDownError, match="shard"):
        connector.fetch("contacts", [COMPANIES], ["1"])


# --- associations cost what they must ------------------------------------------------------------


def test_updates_that_touch_no_association_read_none(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(250))
    calls(crm)
    crm.connector.apply("contacts", [Update(id, id, {"jobtitle": "x"}) for id in ids])
    assert calls(crm) == {"POST /crm/v3/objects/contacts/batch/update": 3}


def test_associations_expected_by_the_caller_are_not_read(crm: HubSpotHarness) -> None:
    old, new = crm.insert_many("account", [{"name": "Old"}, {"name": "New"}])
    ids = crm.insert_many("person", people(250))
    before, after = [item(old, primary=True)], [item(new, primary=True)]
    made = [Update(id, id, {COMPANIES: before}, expect={COMPANIES: []}) for id in ids]
    moved = [Update(id, id, {COMPANIES: after}, expect={COMPANIES: before}) for id in ids]
    for writes, wished, removing in ((made, before, 0), (moved, after, 3)):
        calls(crm)
        for outcome in crm.connector.apply("contacts", writes):
            assert isinstance(outcome, Done)
            assert not outcome.refused
            assert dict(outcome.record.fields) == {COMPANIES: wished}  # type: ignore[union-attr]
        counted = calls(crm)
        assert counted.pop("POST /crm/v4/associations/contacts/companies/batch/create") == 1
        archived = "POST /crm/v4/associations/contacts/companies/batch/archive"
        assert counted.pop(archived, 0) == removing
        assert counted == {}
        shown = crm.connector.fetch("contacts", [COMPANIES], ids)
        assert all(record.fields[COMPANIES] == wished for record in shown)


def test_a_stale_expectation_removes_nothing_that_nobody_saw(crm: HubSpotHarness) -> None:
    seen, unseen, wanted = crm.insert_many("account", [{"name": n} for n in "ABC"])
    id = crm.insert("person", {"firstname": "Ada"})
    for company in (seen, unseen):
        crm.associate(crm.associations[0], id, company)
    write = Update("1", id, {COMPANIES: [item(wanted)]}, expect={COMPANIES: [item(seen)]})
    (outcome,) = crm.connector.apply("contacts", [write])
    assert isinstance(outcome, Done)
    assert not outcome.refused
    (record,) = crm.connector.fetch("contacts", [COMPANIES], [id])
    assert {one["id"] for one in record.fields[COMPANIES]} == {unseen, wanted}
    same = Update("2", id, {COMPANIES: [item(wanted)]}, expect={COMPANIES: [item(wanted)]})
    (outcome,) = crm.connector.apply("contacts", [same])  # never skipped
    (record,) = crm.connector.fetch("contacts", [COMPANIES], [id])
    assert [one["id"] for one in record.fields[COMPANIES]] == [wanted]


def test_an_association_that_was_not_made_is_told_whatever_was_expected(
    crm: HubSpotHarness,
) -> None:
    good, gone = crm.insert_many("account", [{"name": "A"}, {"name": "B"}])
    ids = crm.insert_many("person", people(3))
    crm.delete("account", gone)
    writes = [
        Update(id, id, {COMPANIES: [item(company, primary=True)]}, expect={COMPANIES: []})
        for id, company in zip(ids, (good, gone, good), strict=True)
    ]
    outcomes = crm.connector.apply("contacts", writes)
    assert [bool(o.refused) for o in outcomes if isinstance(o, Done)] == [False, True, False]


# --- identities and size -------------------------------------------------------------------------


def test_a_restored_record_comes_back(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(3))
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email"])
    crm.advance(600)
    crm.delete("person", ids[1])
    records, cursor = collect(crm.connector, "contacts", ["email"], cursor)
    assert records[ids[1]].archived
    crm.advance(600)
    crm.admin("POST", "edit", {"object_type": "contacts", "id": ids[1], "verb": "restore"})
    records, _ = collect(crm.connector, "contacts", ["email"], cursor)
    assert not records[ids[1]].archived


def test_a_re_created_record_is_a_new_one(crm: HubSpotHarness) -> None:
    writes = [Create("1", {"email": "a@example.org", STAMP: "s1"}, STAMP)]
    (first,) = crm.connector.apply("contacts", writes)
    assert isinstance(first, Done)
    crm.delete("person", first.id)
    (second,) = crm.connector.apply("contacts", writes)
    assert isinstance(second, Done)
    assert second.created
    assert second.id != first.id


def test_records_erased_for_privacy_are_told_as_unaccounted_for(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(8))
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email"])
    crm.advance(900)
    for id in ids[:2]:
        _erase(crm, id)
    crm.delete("person", ids[2])
    crm.merge("person", ids[3], ids[4])
    crm.insert("person", {"firstname": "New"})
    pages = list(crm.connector.changes("contacts", ["email"], cursor))
    assert sum(page.unaccounted for page in pages) == 1  # at least: merges make it uncertain
    found = crm.connector.fetch("contacts", ["email"], ids)
    assert {r.requested_id or r.id for r in found} == set(ids[2:])
    for step in (crm.delete, None):
        crm.advance(900)
        if step:
            step("person", ids[5])
        pages = list(crm.connector.changes("contacts", ["email"], pages[-1].cursor))
        assert [page.unaccounted for page in pages if page.unaccounted] == []
    crm.advance(900)
    _erase(crm, ids[6])
    pages = list(crm.connector.changes("contacts", ["email"], pages[-1].cursor))
    assert pages[-1].unaccounted == 1


def _erase(crm: HubSpotHarness, id: str) -> None:
    reply = crm.running.admin.post(
        f"{crm.running.url}/crm/v3/objects/contacts/gdpr-delete",
        headers={"Authorization": f"Bearer {crm.sandbox.credentials['token']}"},
        json={"objectId": id},
    )
    assert reply.status_code == 204, reply.text


def test_25_000_records_of_one_stamp_are_all_read_once(crm: HubSpotHarness) -> None:
    _, cursor = collect(crm.connector, "contacts", ["email"])
    crm.advance(3600)
    made = sorted(crm.insert_many("person", people(25_000)))
    for since in (None, cursor):
        seen: list[str] = []
        for page in crm.connector.changes("contacts", ["email"], since):
            seen += [record.id for record in page.records]
        assert sorted(seen) == made


def test_memory_does_not_grow_with_the_number_of_records(
    vendor: Vendor, connector: Connector
) -> None:
    names = [f"property_{n}" for n in range(20)]
    peaks = [_peak(vendor, connector, names, pages) for pages in (12, 15, 60)]
    assert peaks[2] < peaks[1] * 1.5


def _peak(vendor: Vendor, connector: Connector, names: list[str], pages: int) -> int:
    """Most memory, in bytes, while that many pages of a hundred records are read."""
    number = 0

    def answer(_: Any) -> Answer:
        nonlocal number
        number += 1
        rows = [
            {"id": str(number * 100 + n), "createdAt": "2026-04-01T00:00:00Z",
             "properties": {
                 "hs_object_id": "1", "lastmodifieddate": "2026-04-01T00:00:00Z",
                 **dict.fromkeys(names, f"value {number} {n}")}}
            for n in range(100)
        ]  # fmt: skip
        after = {"paging": {"next": {"after": str(number)}}} if number < pages else {}
        return 200, {"results": rows, **after}, {}

    vendor.forget()
    vendor.answers.append(answer)
    tracemalloc.start()
    count = sum(len(page.records) for page in connector.changes("contacts", names, None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == pages * 100
    return peak


# --- the doctor ----------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", ["private_app", "oauth_refresh"])
@pytest.mark.parametrize("object_type", ["contacts", "companies", "deals"])
@pytest.mark.parametrize("right", ["read", "write"])
def test_exactly_the_lacking_scope_is_named(
    board: tuple[Switchboard, Running], flow: str, object_type: str, right: str
) -> None:
    crm = HubSpotHarness(board, flow=flow)
    lacking = f"crm.objects.{object_type}.{right}"
    scopes = [scope for scope in crm.sandbox.store.options.scopes if scope != lacking]
    crm.admin("POST", "config", {"scopes": scopes})
    findings = crm.connector.diagnose(["contacts", "companies", "deals"])
    (problem,) = [finding for finding in findings if finding.level == "problem"]
    assert problem.subject == object_type
    assert lacking in problem.message
    assert lacking in problem.remedy
    crm.close()


def test_a_lacking_scope_is_named_where_scopes_are_not_told(crm: HubSpotHarness) -> None:
    scopes = [s for s in crm.sandbox.store.options.scopes if s != "crm.objects.deals.write"]
    crm.admin("POST", "config", {"scopes": scopes})
    crm.fault(match="access-token-info", action="status", status=404, times=None)
    findings = crm.connector.diagnose(["contacts", "deals"])
    (problem,) = [finding for finding in findings if finding.level == "problem"]
    assert "crm.objects.deals.write" in problem.message


def test_a_stamp_that_is_absent_or_not_unique_is_found(
    board: tuple[Switchboard, Running],
) -> None:
    crm = HubSpotHarness(board, options={"stamp": "plain_id"})
    (finding,) = [f for f in crm.connector.diagnose(["contacts"]) if "plain_id" in f.subject]
    assert finding.level == "warning"
    assert "setup" in finding.remedy
    definition = {**SHOE, "name": "plain_id"}
    crm.admin("POST", "seed", {"properties": {"contacts": [definition]}})
    (finding,) = [f for f in crm.reconnect().diagnose(["contacts"]) if "plain_id" in f.subject]
    assert finding.level == "problem"
    assert "unique" in finding.message
    crm.close()


def test_a_spent_day_is_found(crm: HubSpotHarness) -> None:
    crm.connector.diagnose(["contacts"])
    crm.admin("POST", "config", {"daily_limit": 1})
    problems = [f for f in crm.connector.diagnose(["contacts"]) if f.level == "problem"]
    assert problems
    assert all("daily limit" in problem.message for problem in problems)
    assert "T00:00+0" in problems[0].message  # midnight where the account is


# --- answers that get lost -----------------------------------------------------------------------


def test_a_stamp_property_whose_answer_was_lost_is_made(crm: HubSpotHarness) -> None:
    crm.fault(match="POST .*/properties/contacts$", action="drop_after")
    (finding, *_) = crm.connector.prepare([StampField("contacts", "other_id")])
    assert finding.level == "made"
    assert crm.connector.describe("contacts").fields["other_id"].unique


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "html", "cut"])
def test_a_merge_is_carried_out_once_whatever_happens_to_its_answer(
    crm: HubSpotHarness, action: str
) -> None:
    keep, lose = crm.insert_many("person", people(2))
    crm.fault(match="/merge", action=action)
    (outcome,) = crm.connector.apply("contacts", [Merge("1", keep, (lose,))])
    assert isinstance(outcome, Done)
    found = crm.connector.fetch("contacts", ["email"], [keep, lose])
    assert {record.id for record in found} == {outcome.id}
    live = [r for r in collect(crm.connector, "contacts", ["email"])[0].values() if not r.archived]
    assert [record.id for record in live] == [outcome.id]
