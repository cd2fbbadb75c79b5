"""A Salesforce session that ends in the middle of each kind of call costs no record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Archive, Create, Done, Merge, Update, Write
from tests.connectors.salesforce_harness import STAMP, SalesforceHarness
from tests.connectors.support import collect, new_op

WAYS: dict[str, dict[str, Any]] = {
    "pages": {"bulk_read_threshold": 0, "bulk_write_threshold": 0},
    "jobs": {"bulk_read_threshold": 50, "bulk_page_rows": 60, "bulk_write_threshold": 50},
}
ENDINGS = 60


@pytest.fixture(params=sorted(WAYS))
def org(request: pytest.FixtureRequest) -> Iterator[SalesforceHarness]:
    """An organisation that ends every session at every third request, for a long while."""
    made = SalesforceHarness({"options": WAYS[request.param]}).prepared()
    made.small_pages(50)
    yield made
    made.close()


def end_sessions(org: SalesforceHarness) -> None:
    for number in range(ENDINGS):
        rule = {"match": "/services/data/", "action": "expire_session", "skip": 2 * number + 1}
        org.admin("POST", "faults", rule)


def done(org: SalesforceHarness, writes: list[Write]) -> list[Done]:
    """The outcomes, all of which must be Done."""
    outcomes = org.connector.apply("Contact", writes)
    assert [outcome.op for outcome in outcomes] == [write.op for write in writes]
    found = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    assert len(found) == len(outcomes), outcomes
    return found


def creations(count: int) -> list[Write]:
    return [
        Create(new_op(), {"LastName": f"N{n}", STAMP: f"s{n}"}, stamp_field=STAMP)
        for n in range(count)
    ]


def test_no_kind_of_call_loses_or_doubles_anything(org: SalesforceHarness) -> None:
    ids = org.insert_many("person", [{"LastName": f"P{n}"} for n in range(220)])
    org.advance(3_700)
    end_sessions(org)
    read, cursor = collect(org.connector, "Contact", ["LastName"])  # query pages, bulk download
    assert read.keys() == set(ids)
    assert len(org.connector.fetch("Contact", ["LastName"], ids)) == 220
    found = org.connector.find("Contact", ["LastName"], "LastName", ["P7", "P8"])
    assert sorted(record.id for record in found) == sorted(ids[7:9])
    made = done(org, creations(230))  # collection upsert, bulk ingest
    assert len({one.id for one in made}) == 230
    done(org, [Update(new_op(), id, {"Title": "x"}) for id in ids])
    done(org, [Merge(new_op(), ids[0], (ids[1],))])
    done(org, [Archive(new_op(), id) for id in ids[100:]])
    org.advance(3_700)
    told, _ = collect(org.connector, "Contact", ["Title"], cursor)
    gone = {id for id, record in told.items() if record.archived or record.moved}
    assert gone == {ids[1], *ids[100:]}
    org.admin("DELETE", "faults")
    rest, _ = collect(org.connector, "Contact", ["Title", STAMP])
    living = {id: record for id, record in rest.items() if not record.archived}
    assert living.keys() == {ids[0], *ids[2:100], *(str(one.id) for one in made)}
    stamps = [record.fields[STAMP] for record in living.values() if record.fields[STAMP]]
    assert len(stamps) == len(set(stamps)) == 230


def test_sessions_really_ended(org: SalesforceHarness) -> None:
    org.insert_many("person", [{"LastName": f"P{n}"} for n in range(220)])
    end_sessions(org)
    before = org.admin("GET", "requests")["by_route"].get("POST /services/oauth2/token", 0)
    collect(org.connector, "Contact", ["LastName"])
    after = org.admin("GET", "requests")["by_route"]["POST /services/oauth2/token"]
    assert after - before >= 2
