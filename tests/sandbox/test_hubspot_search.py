"""Search of the HubSpot sandbox: operators, limits, totals, paging, the lagging index."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.sandbox.hubspot_support import COMPANIES, CONTACTS, START, Account, where

NOW = str(int(START.timestamp() * 1000))


@pytest.fixture
def hs() -> Account:
    made = Account()
    made.seed(
        companies=[
            {"name": "Acme Corp", "domain": "acme.example", "numberofemployees": 10},
            {"name": "Beta", "domain": "beta.example", "numberofemployees": 200,
             "industry": "BANKING", "createdate": "2025-01-01T00:00:00Z"},
            {"name": "Acme Labs", "phone": "+49 30 1234", "numberofemployees": 30,
             "hs_lastmodifieddate": "2026-01-01T00:00:00Z"},
        ],
        contacts=[
            {"email": "ann@acme.example", "firstname": "Ann", "hs_buying_role": "CHAMPION;END_USER"}
        ],
    )  # fmt: skip
    return made


def names(found: dict[str, Any]) -> list[str]:
    return [r["properties"]["name"] for r in found["results"]]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (where("name", "EQ", "ACME corp"), ["Acme Corp"]),
        (where("name", "NEQ", "acme corp"), ["Beta", "Acme Labs"]),
        (where("numberofemployees", "GT", "10"), ["Beta", "Acme Labs"]),
        (where("numberofemployees", "GTE", 10), ["Acme Corp", "Beta", "Acme Labs"]),
        (where("numberofemployees", "LT", "30"), ["Acme Corp"]),
        (where("numberofemployees", "LTE", "30"), ["Acme Corp", "Acme Labs"]),
        (where("numberofemployees", "BETWEEN", "20", highValue="200"), ["Beta", "Acme Labs"]),
        (where("numberofemployees", "IN", values=["10", "200"]), ["Acme Corp", "Beta"]),
        (where("name", "IN", values=["beta", "acme labs"]), ["Beta", "Acme Labs"]),
        (where("name", "IN", values=["Beta"]), []),
        (where("name", "NOT_IN", values=["beta"]), ["Acme Corp", "Acme Labs"]),
        (where("domain", "HAS_PROPERTY"), ["Acme Corp", "Beta"]),
        (where("domain", "NOT_HAS_PROPERTY"), ["Acme Labs"]),
        (where("name", "CONTAINS_TOKEN", "acme"), ["Acme Corp", "Acme Labs"]),
        (where("name", "CONTAINS_TOKEN", "*lab*"), ["Acme Labs"]),
        (where("name", "NOT_CONTAINS_TOKEN", "acme"), ["Beta"]),
        (where("industry", "EQ", "BANKING"), ["Beta"]),
        (where("hs_lastmodifieddate", "GTE", NOW), ["Acme Corp", "Beta"]),
        (where("hs_lastmodifieddate", "LT", NOW), ["Acme Labs"]),
        (where("createdate", "LT", "1750000000000"), ["Beta"]),
    ],
)
def test_operators(hs: Account, wanted: dict[str, Any], expected: list[str]) -> None:
    assert names(hs.search("companies", wanted, properties=["name"])) == expected


def test_groups_are_or_filters_are_and(hs: Account) -> None:
    both = [where("name", "CONTAINS_TOKEN", "acme"), where("numberofemployees", "GT", "20")]
    body = {"filterGroups": [{"filters": both}, {"filters": [where("name", "EQ", "beta")]}]}
    found = hs.post(f"{COMPANIES}/search", body)
    assert sorted(names(found)) == ["Acme Labs", "Beta"]
    assert hs.post(f"{COMPANIES}/search", {"filters": both})["total"] == 1


def test_choices_of_a_list_property_match_one_by_one(hs: Account) -> None:
    assert hs.search("contacts", where("hs_buying_role", "EQ", "END_USER"))["total"] == 1
    assert hs.search("contacts", where("hs_buying_role", "IN", values=["champion"]))["total"] == 1


def test_query_looks_into_the_main_properties(hs: Account) -> None:
    assert names(hs.search("companies", query="acme labs")) == ["Acme Labs"]
    hs.post(f"{COMPANIES}/search", {"query": "x" * 3001}, 400)


@pytest.mark.parametrize(
    ("name", "direction", "expected"),
    [
        ("numberofemployees", "ASCENDING", ["Acme Corp", "Acme Labs", "Beta"]),
        ("numberofemployees", "DESCENDING", ["Beta", "Acme Labs", "Acme Corp"]),
        ("hs_lastmodifieddate", "ASCENDING", ["Acme Labs", "Acme Corp", "Beta"]),
        ("hs_lastmodifieddate", "DESCENDING", ["Beta", "Acme Corp", "Acme Labs"]),
        ("domain", "DESCENDING", ["Beta", "Acme Corp", "Acme Labs"]),
        ("hs_object_id", "DESCENDING", ["Acme Labs", "Beta", "Acme Corp"]),
    ],
)
def test_sorting(hs: Account, name: str, direction: str, expected: list[str]) -> None:
    hs.admin("POST", "config", {"unordered_ties": False})
    sorts = [{"propertyName": name, "direction": direction}]
    assert names(hs.search("companies", sorts=sorts)) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "10000"},
        {"filterGroups": [{"filters": [where("name", "EQ", "x")]}] * 6},
        {"filterGroups": [{"filters": [where("name", "EQ", "x")] * 7}]},
        {"filterGroups": [{"filters": [where("name", "EQ", "x")] * 5}] * 4},
        {"filterGroups": [{"filters": [where("nonsense", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [where("name", "LIKE", "x")]}]},
        {"filterGroups": [{"filters": [{"operator": "EQ", "value": "x"}]}]},
        {"filterGroups": [{"filters": [where("name", "EQ")]}]},
        {"filterGroups": [{"filters": [where("numberofemployees", "GT", "many")]}]},
        {"filterGroups": [{"filters": [where("name", "IN", values=[])]}]},
        {"filterGroups": [{"filters": [where("name", "IN", values=["x"] * 101)]}]},
        {"sorts": [{"propertyName": "name"}, {"propertyName": "domain"}]},
        {"sorts": [{"propertyName": "nonsense"}]},
    ],
)  # fmt: skip
def test_searches_that_are_refused(hs: Account, body: dict[str, Any]) -> None:
    if body.get("filterGroups", [{}])[0].get("filters", [{}])[-1].get("values") == ["x"] * 101:
        body["filterGroups"][0]["filters"][0]["values"] = [f"x{i}" for i in range(101)]
    assert hs.post(f"{COMPANIES}/search", body, 400)["category"] == "VALIDATION_ERROR"


def test_pages_and_total(hs: Account) -> None:
    hs.seed(contacts=[{"email": f"p{i}@example.com"} for i in range(450)])
    seen, after, calls = [], None, 0
    while after is not None or calls == 0:
        page = hs.search("contacts", limit=200, **({"after": after} if after else {}))
        assert page["total"] == 451
        seen += [r["id"] for r in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
        calls += 1
    assert (len(seen), len(set(seen)), calls) == (451, 451, 3)


def test_searching_by_association(hs: Account) -> None:
    company, contact = hs.company(name="X"), hs.contact(email="x@example.com")
    hs.edit("associate", "contacts", contact, to_type="companies", to_id=company)
    found = hs.search("companies", where("associations.contact", "EQ", contact))
    assert [r["id"] for r in found["results"]] == [company]
    assert hs.search("companies", where("associations.contact", "EQ", "77"))["total"] == 0


def test_the_index_lags_behind_writes() -> None:
    hs = Account(search_lag=600.0)
    made = hs.contact(email="a@example.com")
    lag = hs.sandbox.store.lag("contacts", int(made)) / 1000
    assert 1 < lag < 600
    assert hs.search("contacts")["total"] == 0
    hs.clock.advance(lag)
    assert hs.search("contacts")["total"] == 1
    hs.update("contacts", made, email="b@example.com")
    hs.clock.advance(lag / 2)
    hs.update("contacts", made, email="c@example.com")
    shown = []
    for _ in range(3):
        shown.append(hs.search("contacts")["results"][0]["properties"]["email"])
        hs.clock.advance(lag * 0.6)
    assert shown == ["a@example.com", "b@example.com", "c@example.com"]
    hs.call("DELETE", f"{CONTACTS}/{made}")
    assert hs.search("contacts")["total"] == 1
    assert hs.search("contacts", where("email", "EQ", "c@example.com"))["total"] == 1
    hs.clock.advance(lag)
    assert hs.search("contacts")["total"] == 0


def test_each_record_becomes_visible_in_its_own_time() -> None:
    hs = Account(search_lag=10.0)
    hs.seed(contacts=[{"email": f"p{i}@example.com"} for i in range(60)])
    by_stamp = [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
    seen = []
    for _ in range(6):
        found = hs.search("contacts", sorts=by_stamp, limit=100)
        seen.append({r["id"] for r in found["results"]})
        hs.clock.advance(2)
    assert [len(one) < len(two) for one, two in pairwise(seen)] == [True] * 5
    assert all(one < two for one, two in pairwise(seen))
    assert len(seen[-1]) == 60
    latest = min(seen[2] - seen[1], key=int)
    assert int(latest) < max(map(int, seen[1]))


def test_ties_come_in_no_particular_order_but_each_once() -> None:
    hs = Account()
    ids = hs.seed(contacts=[{"email": f"p{i}@example.com"} for i in range(50)])["contacts"]
    sort = [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
    pages = [
        hs.search("contacts", sorts=sort, limit=20, after=str(at))["results"] for at in (0, 20, 40)
    ]
    shown = [r["id"] for page in pages for r in page]
    assert shown != ids
    assert sorted(shown) == sorted(ids)
    hs.admin("POST", "config", {"quirks": {"unordered_ties": False}})
    assert [r["id"] for r in hs.search("contacts", sorts=sort, limit=50)["results"]] == ids


def test_the_cap_is_a_switch() -> None:
    hs = Account(search_cap=False)
    hs.seed(contacts=[{"email": f"p{i}@example.com"} for i in range(10_010)])
    assert len(hs.search("contacts", limit=20, after="10000")["results"]) == 10
    hs.admin("POST", "config", {"search_cap": True})
    refused = hs.call("POST", f"{CONTACTS}/search", {"after": "10000"})
    assert refused.status_code == 400


def test_results_follow_writes_at_once_without_lag(hs: Account) -> None:
    wanted = where("lifecyclestage", "EQ", "customer")
    assert hs.search("contacts", wanted)["total"] == 0
    made = hs.contact(email="n@example.com", lifecyclestage="customer")
    assert hs.search("contacts", wanted)["total"] == 1
    hs.call("DELETE", f"{CONTACTS}/{made}")
    assert hs.search("contacts", wanted)["total"] == 0


def test_25000_records_of_one_moment_are_read_by_keyset() -> None:
    hs = Account()
    stamp = "2026-02-01T00:00:00Z"
    hs.seed(
        contacts=[{"email": f"p{i}@example.com", "lastmodifieddate": stamp} for i in range(25_000)]
    )
    seen: list[str] = []
    while True:
        page = hs.search(
            "contacts",
            where("lastmodifieddate", "GTE", "1769904000000"),
            where("hs_object_id", "GT", seen[-1] if seen else "0"),
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            limit=200,
        )
        if not page["results"]:
            break
        assert page["total"] == 25_000 - len(seen)
        seen += [r["id"] for r in page["results"]]
    assert len(set(seen)) == 25_000
