"""What a reading of HubSpot costs, and what it must not miss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.errors import BudgetExhaustedError, SchemaDriftError
from sandbox.serve import Running
from tests.connectors.hubspot_harness import (
    HubSpotHarness,
    Switchboard,
    calls,
    people,
)
from tests.connectors.support import collect

COMPANIES = "associations.companies"


def one(crm: HubSpotHarness, object_type: str, id: str, *fields: str) -> Mapping[str, Any]:
    (record,) = crm.connector.fetch(object_type, fields, [id])
    return record.fields


def test_a_first_reading_costs_a_call_per_hundred_and_two_per_thousand_for_associations(
    crm: HubSpotHarness,
) -> None:
    crm.insert_many("person", people(2000))
    calls(crm)
    records, _ = collect(crm.connector, "contacts", ["email", COMPANIES])
    assert len(records) == 2000
    assert sum(calls(crm).values()) == 20 + 2


def test_a_quiet_reading_costs_one_call(crm: HubSpotHarness) -> None:
    crm.insert_many("person", people(450))
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email", COMPANIES])
    for _ in range(3):
        crm.advance(900)
        calls(crm)
        records, cursor = collect(crm.connector, "contacts", ["email", COMPANIES], cursor)
        assert records == {}
        assert sum(calls(crm).values()) == 1


def test_a_small_change_costs_one_call_and_its_associations(crm: HubSpotHarness) -> None:
    ids = crm.insert_many("person", people(450))
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email", COMPANIES])
    crm.advance(900)
    crm.edit("person", ids[7], {"firstname": "Edited"})
    calls(crm)
    records, _ = collect(crm.connector, "contacts", ["firstname", COMPANIES], cursor)
    assert set(records) == {ids[7]}
    assert sum(calls(crm).values()) == 2


def test_more_changes_with_one_stamp_than_search_shows(crm: HubSpotHarness) -> None:
    crm.insert("person", {"firstname": "Before"})
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email"])
    crm.advance(3600)
    made = crm.insert_many("person", people(10_450))
    calls(crm)
    records, cursor = collect(crm.connector, "contacts", ["email"], cursor)
    assert set(records) >= set(made)
    assert sum(calls(crm).values()) <= 2 + 10_450 // 200 + 1
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email"], cursor)
    calls(crm)
    assert collect(crm.connector, "contacts", ["email"], cursor)[0] == {}
    assert sum(calls(crm).values()) == 1


def test_archived_records_are_looked_for_in_bounded_steps(
    board: tuple[Switchboard, Running],
) -> None:
    crm = HubSpotHarness(board, options={"archive_pages": 1})
    ids = crm.insert_many("person", people(330))
    for id in ids[:210]:
        crm.delete("person", id)
    crm.advance(3600)
    _, cursor = collect(crm.connector, "contacts", ["email"])
    crm.advance(900)
    crm.delete("person", ids[300])
    seen: list[str] = []
    for _ in range(4):
        calls(crm)
        records, cursor = collect(crm.connector, "contacts", ["email"], cursor)
        assert all(record.archived for record in records.values())
        seen += records
        assert sum(calls(crm).values()) <= 3
        crm.advance(900)
    assert seen == [ids[300]]
    assert sum(calls(crm).values()) == 0
    collect(crm.connector, "contacts", ["email"], cursor)
    assert sum(calls(crm).values()) == 1
    crm.close()


def test_very_many_fields_do_not_make_an_address_too_long(crm: HubSpotHarness) -> None:
    names = [f"a_property_with_quite_a_long_name_{n:03}_of_three_hundred" for n in range(300)]
    kind = {"type": "string", "fieldType": "text", "groupName": "contactinformation"}
    definitions = [{"name": name, "label": name, **kind} for name in names]
    crm.admin("POST", "seed", {"properties": {"contacts": definitions}})
    (id,) = crm.insert_many("person", [{names[299]: "here"}])
    records, cursor = collect(crm.connector, "contacts", names)
    assert records[id].fields[names[299]] == "here"
    assert records[id].fields[names[0]] is None
    crm.edit("person", id, {names[0]: "edited"})
    assert collect(crm.connector, "contacts", names, cursor)[0][id].fields[names[0]] == "edited"
    assert one(crm, "contacts", id, *names)[names[0]] == "edited"


def test_an_empty_account_that_lacks_a_field_is_drift(crm: HubSpotHarness) -> None:
    with pytest.raises(SchemaDriftError, match="no_such_field"):
        list(crm.connector.changes("deals", ["dealname", "no_such_field"], None))
    _, cursor = collect(crm.connector, "deals", ["dealname"])
    with pytest.raises(SchemaDriftError, match="no_such_field"):
        list(crm.connector.changes("deals", ["dealname", "no_such_field"], cursor))
    with pytest.raises(SchemaDriftError, match="leads"):
        list(crm.connector.changes("deals", ["associations.leads"], None))


def test_real_limits_are_kept_by_waiting(board: tuple[Switchboard, Running]) -> None:
    vendor = {"rate_limits": True, "ten_second_limit": 20, "search_limit": 2}
    crm = HubSpotHarness(board, vendor=vendor)
    ids = crm.insert_many("person", people(2100))
    crm.advance(3600)
    records, cursor = collect(crm.connector, "contacts", ["email"])
    assert set(records) == set(ids)
    crm.insert_many("person", [{"firstname": f"Q{n}"} for n in range(900)])
    records, _ = collect(crm.connector, "contacts", ["email"], cursor)
    assert len(records) >= 900
    crm.admin("POST", "config", {"daily_limit": 1})
    with pytest.raises(BudgetExhaustedError):
        collect(crm.connector, "contacts", ["email"])
    crm.close()
