"""Salesforce's Bulk API by size: the same records and outcomes as page by page, come what may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Archive, Create, Done, Outcome, Refused, Unknown, Update, Write
from core.errors import NotFoundError, RejectedError
from tests.connectors.salesforce_harness import STAMP, SalesforceHarness
from tests.connectors.support import collect, new_op

READS = {"options": {"bulk_read_threshold": 50, "bulk_page_rows": 40}}
WRITES = {"options": {"bulk_write_threshold": 20, "bulk_patience": 600}}
PAGES: dict[str, Any] = {"options": {"bulk_read_threshold": 0, "bulk_write_threshold": 0}}
FAULTS: list[dict[str, Any]] = [
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "cut"},
    {"action": "html"},
    {"action": "status", "status": 503},
    {"action": "status", "status": 401},
    {"action": "expire_session"},
]
FIELDS = [
    "LastName", "Email", "Birthdate", "HasOptedOutOfEmail", "Description", "AccountId",
    "MailingLatitude", "CreatedDate", "LeadSource", STAMP,
]  # fmt: skip


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(map(str, fault.values()))


def made(settings: dict[str, Any], **options: Any) -> SalesforceHarness:
    return SalesforceHarness(settings, **options).prepared()


@pytest.fixture
def reading() -> Iterator[SalesforceHarness]:
    harness = made(READS)
    yield harness
    harness.close()


@pytest.fixture
def writing() -> Iterator[SalesforceHarness]:
    harness = made(WRITES)
    yield harness
    harness.close()


def people(harness: SalesforceHarness, n: int) -> list[str]:
    account = harness.insert("account", {"Name": "Acme"})
    odd = {
        "LastName": 'O\'Brien "the\nsecond", 🦄 עברית',
        "Email": "o@example.org",
        "Birthdate": "2000-02-29",
        "HasOptedOutOfEmail": True,
        "Description": " spaces \r\n, and #N/A\t",
        "AccountId": account,
        "MailingLatitude": -12.5,
        STAMP: "stamp/1?..'%",
    }
    rows = [{"LastName": f"P {i}", "MailingLatitude": i} for i in range(n - 1)]
    return harness.insert_many("person", [odd, *rows])


def routes(harness: SalesforceHarness) -> dict[str, int]:
    return dict(harness.connector.usage().by_route)


def jobs(harness: SalesforceHarness) -> bool:
    return any("jobs/" in route for route in routes(harness))


# -- reading ---------------------------------------------------------------------------------


def test_a_job_tells_what_pages_tell(reading: SalesforceHarness) -> None:
    people(reading, 101)
    by_job, _ = collect(reading.connector, "Contact", FIELDS)
    assert routes(reading)["GET jobs/query/X/results"] == 3
    paged = reading.reconnect(**PAGES)
    by_page, _ = collect(paged, "Contact", FIELDS)
    paged.close()
    assert len(by_job) == 101
    assert by_job == by_page


def test_few_records_and_fields_without_csv_are_read_by_pages(reading: SalesforceHarness) -> None:
    people(reading, 20)
    collect(reading.connector, "Contact", ["LastName"])
    assert not jobs(reading)
    people(reading, 60)
    deal = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-06-30"}
    reading.insert_many("opportunity", [deal] * 60)
    collect(reading.connector, "Contact", ["LastName", "Account.Name"])
    collect(reading.connector, "Contact", ["LastName", "MailingAddress"])
    collect(reading.connector, "Opportunity", ["Name", "OpportunityContactRoles"])
    assert not jobs(reading)


def test_a_later_reading_begins_where_the_job_began(reading: SalesforceHarness) -> None:
    ids = people(reading, 100)
    seen: set[str] = set()
    cursor = ""
    for page in reading.connector.changes("Contact", ["LastName"], None):
        if not seen:
            reading.edit("person", ids[70], {"LastName": "Edited meanwhile"})
            new = reading.insert("person", {"LastName": "Made meanwhile"})
            reading.advance(30)
            reading.edit("person", ids[80], {"LastName": "Edited later"})
        seen |= {record.id for record in page.records}
        cursor = page.cursor
    assert seen >= set(ids)
    records, cursor = collect(reading.connector, "Contact", ["LastName"], cursor)
    assert records[ids[70]].fields == {"LastName": "Edited meanwhile"}
    assert records[ids[80]].fields == {"LastName": "Edited later"}
    assert new in records
    for _ in range(2):
        reading.advance(300)
        records, cursor = collect(reading.connector, "Contact", ["LastName"], cursor)
    assert records == {}


def test_an_interrupted_reading_goes_on_at_its_page(reading: SalesforceHarness) -> None:
    ids = set(people(reading, 200))
    pages = reading.connector.changes("Contact", ["LastName"], None)
    got = [next(pages) for _ in range(3)]
    seen = {record.id for page in got for record in page.records}
    assert len(seen) == 120
    other = reading.reconnect()
    rest, _ = collect(other, "Contact", ["LastName"], got[-1].cursor)
    calls = other.usage().by_route
    other.close()
    assert seen | rest.keys() == ids
    assert calls["GET jobs/query/X/results"] <= 3
    assert "POST jobs/query" not in calls


def test_a_job_that_is_gone_is_replaced_by_pages(reading: SalesforceHarness) -> None:
    ids = set(people(reading, 100))
    page = next(iter(reading.connector.changes("Contact", ["LastName"], None)))
    reading.advance(8 * 86_400)
    rest, cursor = collect(reading.reconnect(), "Contact", ["LastName"], page.cursor)
    assert rest.keys() == ids
    assert "job" not in cursor


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
@pytest.mark.parametrize(
    "match", ["POST .*jobs/query$", "GET .*jobs/query/[^/]*$", "GET .*/results", "GET .*Count"]
)
@pytest.mark.parametrize("skip", [0, 1])
def test_a_reading_by_job_survives(
    reading: SalesforceHarness, match: str, fault: dict[str, Any], skip: int
) -> None:
    ids = people(reading, 100)
    reading.admin("POST", "faults", {"match": match, "skip": skip, **fault})
    seen: list[str] = []
    for page in reading.connector.changes("Contact", ["LastName"], None):
        seen += [record.id for record in page.records]
    assert sorted(seen) == sorted(ids)
    assert jobs(reading)


def test_a_session_that_ends_at_each_page(reading: SalesforceHarness) -> None:
    ids = people(reading, 200)
    seen: list[str] = []
    for page in reading.connector.changes("Contact", ["LastName"], None):
        seen += [record.id for record in page.records]
        reading.expire_session()
    assert sorted(seen) == sorted(ids)


@pytest.mark.parametrize("why", ["refused", "slow"])
def test_where_no_job_comes_about_pages_serve(why: str) -> None:
    options = {"bulk_read_threshold": 50, "bulk_patience": 2}
    more = {"bulk_query_jobs": 0} if why == "refused" else {}
    harness = made({"options": options}, **more)
    if why == "slow":
        harness.admin("POST", "config", {"quirks": {"bulk_seconds": 900.0}})
    ids = set(people(harness, 60))
    records, _ = collect(harness.connector, "Contact", ["LastName"])
    aborted = routes(harness).get("PATCH jobs/query/X", 0)
    harness.close()
    assert records.keys() == ids
    assert aborted == (why == "slow")


# -- writing ---------------------------------------------------------------------------------


def apply(harness: SalesforceHarness, writes: list[Write]) -> list[Outcome]:
    return harness.connector.apply("Contact", writes)


def by_id(harness: SalesforceHarness, fields: list[str]) -> dict[str, Any]:
    paged = harness.reconnect(**PAGES)
    records, _ = collect(paged, "Contact", fields)
    paged.close()
    return {id: record.fields for id, record in records.items()}


VALUES: list[dict[str, Any]] = [
    {"Description": 'a "quoted"\nline, and 🦄', "HasOptedOutOfEmail": True},
    {"Description": " leading and trailing "},
    {"Description": None, "Email": ""},
    {"Description": "#N/A", "Title": "stays a text"},
    {"MailingLatitude": 0, "MailingLongitude": -0.00001},
    {"Birthdate": "1999-12-31", "HasOptedOutOfEmail": False},
    {"Title": "=SUM(1;2)"},
]


def test_updates_by_job_mean_what_calls_mean(writing: SalesforceHarness) -> None:
    before = {"LastName": "Ada", "Title": "Countess", "Email": "a@example.org", "Description": "d"}
    ids = writing.insert_many("person", [before] * 70)
    updates = [Update(new_op(), id, VALUES[i % len(VALUES)]) for i, id in enumerate(ids)]
    fields = ["LastName", "Title", *sorted({name for values in VALUES for name in values})]
    outcomes = apply(writing, list(updates))
    assert [type(outcome) for outcome in outcomes] == [Done] * 70
    shown = by_id(writing, fields)
    other = made(PAGES)
    others = other.insert_many("person", [before] * 70)
    apply(other, [Update(new_op(), id, VALUES[i % len(VALUES)]) for i, id in enumerate(others)])
    expected = by_id(other, fields)
    other.close()
    assert [shown[id] for id in ids] == [expected[id] for id in others]
    assert routes(writing)["POST jobs/ingest"] == 1
    assert routes(writing)["PATCH composite/sobjects"] == 1, "for the text #N/A"


def stamped(n: int, **more: Any) -> list[Write]:
    fields = [{"LastName": f"P {i}", STAMP: f"s/{i}?'%..", **more} for i in range(n)]
    return [Create(new_op(), one, stamp_field=STAMP) for one in fields]


def test_creates_with_stamps_by_job_make_one_record_each(writing: SalesforceHarness) -> None:
    first, second = apply(writing, stamped(60)), apply(writing, stamped(60))
    assert all(isinstance(o, Done) and o.created and o.record for o in first)
    assert all(isinstance(o, Done) and not o.created for o in second)
    ids = [o.id for o in first if isinstance(o, Done)]
    assert [o.id for o in second if isinstance(o, Done)] == ids
    shown = by_id(writing, ["LastName", STAMP])
    assert [shown[id]["LastName"] for id in ids] == [f"P {i}" for i in range(60)]


def test_creates_without_a_key_go_by_calls(writing: SalesforceHarness) -> None:
    outcomes = apply(writing, [Create(new_op(), {"LastName": f"P {i}"}) for i in range(30)])
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert not jobs(writing)


def test_bad_rows_hold_up_no_other(writing: SalesforceHarness) -> None:
    ids = people(writing, 60)
    gone, locked = ids[7], ids[9]
    writing.delete("person", gone)
    writing.admin("POST", "config", {"locked": {locked: 2}})
    writes: list[Write] = [Update(new_op(), id, {"Title": "T", "Phone": "1"}) for id in ids]
    writes[3] = Update(new_op(), ids[3], {"Title": "T" * 200, "Phone": "1"})
    writes[4] = Update(new_op(), ids[4], {"LastName": None})
    writes[5] = Update(new_op(), ids[5], {"Email": "none", "Title": "T"})
    outcomes = apply(writing, writes)
    third, fourth, fifth, seventh = (outcomes[i] for i in (3, 4, 5, 7))
    assert isinstance(third, Done)
    assert isinstance(fifth, Done)
    assert (third.refused.keys(), fifth.refused.keys()) == ({"Title"}, {"Email"})
    assert isinstance(fourth, Refused)
    assert isinstance(fourth.error, RejectedError)
    assert isinstance(seventh, Refused)
    assert isinstance(seventh.error, NotFoundError)
    others = [o for i, o in enumerate(outcomes) if i not in (3, 4, 5, 7)]
    assert all(isinstance(o, Done) and not o.refused for o in others)
    assert by_id(writing, ["Title"])[locked] == {"Title": "T"}


def test_deletes_by_job(writing: SalesforceHarness) -> None:
    ids = people(writing, 40)
    for _ in range(2):
        outcomes = apply(writing, [Archive(new_op(), id) for id in ids])
        assert all(isinstance(o, Done) and o.record and o.record.archived for o in outcomes)
    assert by_id(writing, []) == {}


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
@pytest.mark.parametrize(
    "match",
    [
        "POST .*jobs/ingest$",
        "PUT .*jobs/ingest",
        "PATCH .*jobs/ingest",
        "GET .*jobs/ingest/[^/]*$",
        "GET .*/successfulResults",
        "GET .*/failedResults",
    ],
)
def test_writing_by_job_survives(
    writing: SalesforceHarness, match: str, fault: dict[str, Any]
) -> None:
    writing.admin("POST", "faults", {"match": match, **fault})
    writes = stamped(50)
    writes[0] = Create(new_op(), {STAMP: "no name"}, stamp_field=STAMP)
    outcomes = apply(writing, writes)
    assert isinstance(outcomes[0], Refused)
    assert all(isinstance(outcome, Done) for outcome in outcomes[1:])
    assert len(by_id(writing, [])) == 49


def test_what_a_failed_job_left_goes_by_calls(writing: SalesforceHarness) -> None:
    writing.admin("POST", "config", {"quirks": {"bulk_failed_jobs": 1.0}})
    outcomes = apply(writing, stamped(900))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert len(by_id(writing, [])) == 900
    assert routes(writing)["PATCH composite/sobjects/X/stamp"] < 5


def test_a_job_given_up_tells_what_it_did_not_do() -> None:
    harness = made({"options": {"bulk_write_threshold": 20, "bulk_patience": 5}})
    harness.admin("POST", "config", {"quirks": {"bulk_seconds": 900.0}})
    outcomes = apply(harness, stamped(50))
    shown = by_id(harness, [])
    harness.close()
    assert shown == {}
    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.error, RejectedError)
        assert outcome.error.retryable


def test_results_that_cannot_be_had_leave_the_writes_unknown(writing: SalesforceHarness) -> None:
    writing.admin("POST", "faults", {"match": "Results", "action": "drop_before", "times": 999})
    outcomes = apply(writing, stamped(50))
    writing.clear_faults()
    assert all(isinstance(outcome, Unknown) for outcome in outcomes)
    assert len(by_id(writing, [])) == 50


def test_ten_thousand_writes_are_one_job() -> None:
    harness = made({})
    ids = harness.insert_many("account", [{"Name": f"Co {i}"} for i in range(10_000)])
    writes = [Update(new_op(), id, {"Site": "HQ"}) for id in ids]
    outcomes = harness.connector.apply("Account", writes)
    calls = routes(harness)
    harness.close()
    assert all(isinstance(o, Done) and o.record and o.record.fields for o in outcomes)
    assert calls["POST jobs/ingest"] == 1
    assert "PATCH composite/sobjects" not in calls


@pytest.mark.parametrize("seed", range(5))
def test_jobs_under_every_fault_at_once(seed: int) -> None:
    options = {"bulk_read_threshold": 50, "bulk_page_rows": 90, "bulk_write_threshold": 20}
    harness = SalesforceHarness({"options": options}, profile="hostile", seed=seed).prepared()
    known = people(harness, 400)
    harness.advance(3_700)  # counts are an hour old
    records, _ = collect(harness.connector, "Contact", ["LastName"])
    assert records.keys() == set(known)
    assert jobs(harness)
    outcomes = apply(harness, stamped(450))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    made = {o.id for o in outcomes if isinstance(o, Done)}
    assert len(made) == 450
    gone = apply(harness, [Archive(new_op(), id) for id in known])
    assert all(isinstance(outcome, Done) for outcome in gone)
    rest, _ = collect(harness.connector, "Contact", ["LastName", STAMP])
    harness.close()
    assert rest.keys() == made
    assert len({record.fields[STAMP] for record in rest.values()}) == 450
