"""Traffic recorded from live HubSpot accounts is read as it is meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.base import Connector, Done, Update
from connectors.hubspot import connect
from core.clock import ManualClock
from sandbox.serve import serve
from tests.connectors.hubspot_vendor import Vendor, settings

SHARED = Path(os.environ.get("TIELINE_SHARED", Path(__file__).parents[3] / "shared"))
RECORDED = SHARED / "recorded" / "hubspot" / "exchanges.jsonl"

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="no recorded traffic here")


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def connector(vendor: Vendor) -> Iterator[Connector]:
    with serve(vendor.app, tls=False) as server:
        clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
        connector = connect("hubspot", settings(server.url), clock)
        yield connector
        connector.close()


def recorded(cassette: str, method: str, status: int = 200) -> dict[str, Any]:
    """The first exchange of a cassette with that method and status."""
    for line in RECORDED.read_bytes().splitlines():
        found: dict[str, Any] = orjson.loads(line)
        same = (found["method"], found["status"]) == (method, status)
        if same and found["cassette"].startswith(cassette):
            return found
    raise AssertionError(f"{cassette} is not recorded")


def replay(vendor: Vendor, exchange: dict[str, Any]) -> None:
    vendor.say(exchange["body"].encode("latin-1"), exchange["status"], exchange["headers"])


def test_a_page_of_contacts(vendor: Vendor, connector: Connector) -> None:
    exchange = recorded("Hubspot_Contact_all_with_a_limit", "GET")
    replay(vendor, exchange)
    vendor.say({"results": []})
    pages = list(connector.changes("contacts", ["firstname", "email"], None))
    (record,) = [record for page in pages for record in page.records]
    assert record.id == "51"
    assert record.fields == {"firstname": "Brian", "email": "bh@hubspot.com"}
    assert record.modified == datetime(2022, 7, 8, 3, 16, 44, 972000, tzinfo=UTC)
    assert record.created == datetime(2018, 4, 9, 13, 17, 0, 224000, tzinfo=UTC)
    assert connector.usage().daily_limit == 250_000
    assert connector.usage().daily_used == 26


def test_owners(vendor: Vendor, connector: Connector) -> None:
    replay(vendor, recorded("owner_all", "GET"))
    vendor.say({"results": []})
    (page,) = connector.changes("owners", ["id", "firstName", "userId", "active"], None)
    first = page.records[0]
    assert first.fields == {
        "id": "31871817",
        "firstName": "Philippe",
        "userId": "2506672",
        "active": "true",
    }
    assert all(record.id != record.fields["userId"] for record in page.records)


def test_a_ticket_and_one_that_is_not_there(vendor: Vendor, connector: Connector) -> None:
    ticket = orjson.loads(recorded("ticket_find", "GET")["body"])
    vendor.say({"results": [ticket]})
    vendor.say({"results": []})
    names = ["subject", "content", "hs_pipeline_stage"]
    (record,) = connector.fetch("tickets", names, ["16174569112", "996174569112"])
    assert record.fields == {"subject": "test ticket", "content": None, "hs_pipeline_stage": "1"}


def test_an_unknown_contact_is_a_page_of_html(vendor: Vendor, connector: Connector) -> None:
    vendor.say({"results": []})
    vendor.say({"results": []})
    replay(vendor, recorded("ticket_find", "GET", 404))
    assert connector.fetch("contacts", ["email"], ["996174569112"]) == []
    assert len(vendor.asked) == 3


def test_associations_made_and_one_refused(vendor: Vendor, connector: Connector) -> None:
    """Numbers for ids, and a refusal that only its wording ties to a record."""
    listed = orjson.loads(recorded("Hubspot_Association_all_with_valid", "GET")["body"])
    shown = {"results": [{"from": {"id": "9756350334"}, "to": listed["results"]}]}
    vendor.say({"results": []})
    refusal = "Hubspot_Deal_associate_when_an_id_is_invalid"
    replay(vendor, recorded(refusal, "POST", 207))
    vendor.say(shown)
    vendor.say({"results": [{"id": "9756350334", "properties": {}}]})
    wished = [{"id": id, "label": None, "primary": False} for id in ("21451", "21501", "1234")]
    write = Update("1", "9756350334", {"associations.contacts": wished})
    (outcome,) = connector.apply("deals", [write])
    assert isinstance(outcome, Done)
    assert outcome.refused["associations.contacts"].message == "CONTACT=1234 is not valid"
    assert outcome.record is not None
    assert outcome.record.fields == {"associations.contacts": wished[:2]}
