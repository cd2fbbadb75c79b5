"""HubSpot's quirks one by one: each is a switch, and each does what it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.hubspot import Options
from sandbox.quirks import REGISTRY
from tests.sandbox.hubspot_support import COMPANIES, CONTACTS, DEALS, Account, where

SPOILS = {
    "server_errors": {500, 502, 503, 504, 521, 523, 524},
    "shared_allowance": {429},
    "locked_resources": {423},
    "migrating_accounts": {477},
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def hs() -> Account:
    return Account()


def switch(hs: Account, **quirks: Any) -> None:
    hs.admin("POST", "config", {"quirks": quirks})


def oauth_token(hs: Account) -> str:
    own = {**hs.sandbox.credentials, "grant_type": "refresh_token"}
    text = "&".join(f"{name}={value}" for name, value in own.items())
    answer = hs.call("POST", "/oauth/v1/token", headers=FORM, content=text)
    return str(answer.json()["access_token"])


def test_profiles_seeds_and_single_quirks() -> None:
    hs = Account(profile="hostile", seed=7, search_lag=0, lost_answers=0.5)
    listed = hs.admin("GET", "quirks")
    values = {one["name"]: one["value"] for one in listed["quirks"]}
    assert (listed["profile"], listed["seed"]) == ("hostile", 7)
    assert (values["search_lag"], values["lost_answers"]) == (0.0, 0.5)
    assert values["merged_listed"] is True
    assert Account(rate_limits=True).sandbox.store.quirks.profile == "strict"
    with pytest.raises(ValueError, match="lenient"):
        Account(profile="lenient")
    with pytest.raises(ValueError, match="forward_lifecycle"):
        Account(forward_lifecycle=1)


def test_every_hubspot_quirk_is_asked_for_somewhere() -> None:
    folder = Path(__file__).parents[2] / "sandbox"
    text = "".join(p.read_text() for p in [folder / "faults.py", *folder.rglob("hubspot/**/*.py")])
    names = [name for name, quirk in REGISTRY.items() if quirk.vendor != "salesforce"]
    assert [name for name in names if f'"{name}"' not in text] == []


def test_a_snapshot_keeps_the_quirks(tmp_path: Path) -> None:
    file = tmp_path / "hub.json"
    first = Account(snapshot=file, profile="hostile", seed=9, html_404=False)
    first.sandbox.administration.save()
    second = Account(snapshot=file)
    quirks = second.sandbox.store.quirks
    assert (quirks.profile, quirks.seed, quirks.on("html_404")) == ("hostile", 9, False)
    third = Account(snapshot=file, profile="strict")
    assert third.sandbox.store.quirks.on("html_404")


@pytest.mark.parametrize("name", sorted(SPOILS))
def test_refusals_that_come_whatever_is_asked(hs: Account, name: str) -> None:
    hs.contact(email="a@example.com")
    switch(hs, **{name: 1.0})
    seen = [hs.call("GET", CONTACTS, params={"limit": limit}) for limit in range(1, 60)]
    assert {answer.status_code for answer in seen} == SPOILS[name]
    again = [hs.call("GET", CONTACTS).status_code == 200 for _ in range(6)]
    assert again == [False, False, True] * 2


def test_both_forms_of_a_429_that_others_caused(hs: Account) -> None:
    switch(hs, shared_allowance=1.0)
    seen = [hs.call("GET", CONTACTS, params={"limit": limit}) for limit in range(1, 40)]
    assert {answer.headers.get("retry-after") for answer in seen} == {None, "1"}
    assert {answer.json()["policyName"] for answer in seen} == {"TEN_SECONDLY_ROLLING"}


def test_a_moved_account_says_when_to_come_back(hs: Account) -> None:
    switch(hs, migrating_accounts=1.0)
    assert hs.call("GET", CONTACTS).headers["retry-after"] == "2"


def test_some_refusals_say_how_long_to_wait() -> None:
    hs = Account(rate_limits=True, ten_second_limit=1, retry_after=0.5)
    hs.get(CONTACTS)
    told = Counter(hs.call("GET", CONTACTS).headers.get("retry-after") for _ in range(60))
    assert set(told) == {None, "10"}
    assert min(told.values()) > 10


def test_oauth_apps_have_an_allowance_of_their_own() -> None:
    hs = Account(rate_limits=True, ten_second_limit=2, oauth_ten_second_limit=3)
    private, hs.token = hs.token, oauth_token(hs)
    answers = [hs.call("GET", CONTACTS) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[0].headers["x-hubspot-ratelimit-max"] == "3"
    hs.token = private
    assert [hs.call("GET", CONTACTS).status_code for _ in range(3)] == [200, 200, 429]


def test_the_day_ends_at_midnight_of_the_portal() -> None:
    hs = Account(rate_limits=True, daily_limit=1, time_zone="America/New_York")
    assert [hs.call("GET", CONTACTS).status_code for _ in range(2)] == [200, 429]
    hs.admin("POST", "clock", {"now": "2026-03-03T04:59:00+00:00"})
    assert hs.call("GET", CONTACTS).json()["policyName"] == "DAILY"
    hs.admin("POST", "clock", {"now": "2026-03-03T05:00:01+00:00"})
    assert hs.call("GET", CONTACTS).status_code == 200
    hs.clock.advance(86_400)
    assert hs.get("/account-info/v3/details")["utcOffset"] == "-05:00"


def test_tokens_last_as_long_as_the_quirk_says() -> None:
    hs = Account(token_seconds=60)
    hs.token = oauth_token(hs)
    hs.clock.advance(40)
    assert hs.get(f"/oauth/v1/access-tokens/{hs.token}")["expires_in"] == 20
    hs.clock.advance(20)
    answer = hs.call("POST", f"{CONTACTS}/search", {})
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")


def test_what_is_no_token_may_be_refused_at_the_edge(hs: Account) -> None:
    hs.token = "nonsense"
    assert hs.call("GET", CONTACTS).status_code == 401
    switch(hs, edge_530=True)
    answer = hs.call("GET", CONTACTS)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (530, "text/html")


def test_unknown_routes_and_wrong_methods_are_json(hs: Account) -> None:
    unknown = hs.call("GET", "/crm/v3/nothing/here")
    assert (unknown.status_code, unknown.json()["status"]) == (404, "error")
    wrong = hs.call("PUT", f"{CONTACTS}/1")
    assert (wrong.status_code, wrong.json()["status"]) == (405, "error")
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "PATCH", "DELETE"}


def test_a_missing_body_has_errors_that_are_text(hs: Account) -> None:
    answer = hs.call("POST", f"{CONTACTS}/batch/read")
    assert answer.status_code == 400
    assert "category" not in answer.json()
    assert answer.json()["errors"] == ["The request body may not be null"]


def test_addresses_may_be_long(hs: Account) -> None:
    names = ",".join(["firstname"] * 2000)
    assert hs.call("GET", CONTACTS, params={"properties": names}).status_code == 414
    switch(hs, long_addresses=False)
    assert hs.call("GET", CONTACTS, params={"properties": names}).status_code == 200


def test_a_list_may_end(hs: Account) -> None:
    hs.contact(email="a@example.com")
    assert len(hs.get(CONTACTS, after="99999")["results"]) == 1
    switch(hs, list_wraps=False)
    assert hs.get(CONTACTS, after="99999")["results"] == []


def test_batches_in_order_and_in_disorder(hs: Account) -> None:
    inputs = [{"properties": {"email": f"p{i}@example.com"}} for i in range(20)]
    made = hs.post(f"{CONTACTS}/batch/create", {"inputs": inputs}, 201)["results"]
    ids = sorted((r["id"] for r in made), key=int)
    assert [r["id"] for r in made] != ids
    switch(hs, shuffled_batches=False)
    asked = {"inputs": [{"id": i} for i in ids]}
    assert [r["id"] for r in hs.post(f"{CONTACTS}/batch/read", asked)["results"]] == ids


def test_ids_given_twice_may_be_taken(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    inputs = [{"id": made, "properties": {"firstname": name}} for name in ("One", "Two")]
    path = f"{CONTACTS}/batch/update"
    assert hs.call("POST", path, {"inputs": inputs}).status_code == 400
    switch(hs, duplicate_ids=False)
    assert hs.call("POST", path, {"inputs": inputs}).status_code == 200
    assert hs.read("contacts", made, "firstname")["firstname"] == "Two"


def test_creates_may_stand_alone_without_trace_ids(hs: Account) -> None:
    inputs = [{"properties": {"email": e}} for e in ("a@example.com", "wrong")]
    path = f"{CONTACTS}/batch/create"
    assert hs.call("POST", path, {"inputs": inputs}).status_code == 400
    switch(hs, atomic_creates=False)
    answer = hs.call("POST", path, {"inputs": inputs})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert len(answer.json()["results"]) == 1


def test_the_lifecycle_may_move_back(hs: Account) -> None:
    made = hs.contact(email="a@example.com", lifecyclestage="customer")
    hs.update("contacts", made, lifecyclestage="lead")
    assert hs.read("contacts", made, "lifecyclestage")["lifecyclestage"] == "customer"
    switch(hs, forward_lifecycle=False)
    hs.update("contacts", made, lifecyclestage="lead")
    assert hs.read("contacts", made, "lifecyclestage")["lifecyclestage"] == "lead"


def test_merges_may_keep_the_primary_id(hs: Account) -> None:
    switch(hs, merge_new_id=False)
    one, two = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    assert hs.post(f"{CONTACTS}/merge", body)["id"] == one
    found = hs.read("contacts", two, "hs_merged_object_ids", "hs_object_id")
    assert (found["hs_merged_object_ids"], found["hs_object_id"]) == (two, one)


def test_a_forgotten_address_is_blocked_even_if_nobody_had_it(hs: Account) -> None:
    forget = {"objectId": "Gone@Example.com", "idProperty": "email"}
    assert hs.call("POST", f"{CONTACTS}/gdpr-delete", forget).status_code == 204
    wanted = {"properties": {"email": "gone@example.com"}}
    assert hs.call("POST", CONTACTS, wanted).status_code == 400
    switch(hs, blocked_emails=False)
    assert hs.call("POST", CONTACTS, wanted).status_code == 201
    assert hs.call("POST", f"{COMPANIES}/gdpr-delete", {"objectId": "1"}).status_code == 404


def test_hostile_and_yet_everything_arrives() -> None:
    """A caller who repeats what failed comes through, and lost answers leave their mark."""
    hs = Account(profile="hostile", seed=5, lost_requests=0, lost_answers=0)
    faults = Counter[str]()

    def insist(method: str, path: str, body: Any = None) -> Any:
        for _ in range(4):
            answer = hs.call(method, path, body)
            if answer.is_success and not answer.text.startswith("<!"):
                try:
                    return answer.json()
                except ValueError:
                    faults["cut"] += 1
                    continue
            faults[str(answer.status_code)] += 1
        raise AssertionError(f"{method} {path} does not come through: {answer.status_code}")

    def create(email: str) -> str:
        body = {"inputs": [{"id": email, "idProperty": "email", "properties": {"email": email}}]}
        return str(insist("POST", f"{CONTACTS}/batch/upsert", body)["results"][0]["id"])

    made = [create(f"p{i}@example.com") for i in range(150)]
    assert len(set(made)) == 150
    hs.clock.advance(10)
    found = insist("POST", f"{CONTACTS}/search", {"limit": 200})
    assert {r["id"] for r in found["results"]} == set(made)
    assert len(faults) >= 4


def test_merges_of_kinds_that_have_none(hs: Account) -> None:
    made = hs.post("/crm/v3/objects/tasks", {"properties": {"hs_timestamp": "1772409600000"}})
    body = {"primaryObjectId": made["id"], "objectIdToMerge": made["id"]}
    assert hs.call("POST", "/crm/v3/objects/tasks/merge", body).status_code == 404


def test_at_most_250_merges(hs: Account) -> None:
    ids = hs.seed(deals=[{"dealname": f"D{i}", "dealstage": "closedwon"} for i in range(252)])
    first, *others = ids["deals"]
    for other in others[:250]:
        hs.post(f"{DEALS}/merge", {"primaryObjectId": first, "objectIdToMerge": other})
    body = {"primaryObjectId": first, "objectIdToMerge": others[250]}
    refused = hs.call("POST", f"{DEALS}/merge", body)
    assert (refused.status_code, "250" in refused.json()["message"]) == (400, True)


def test_history_outlives_a_merge(hs: Account) -> None:
    hs.seed(owners=[{"email": "ann@example.com", "userId": 77}])
    one = hs.contact(email="a@example.com", firstname="Ann")
    hs.clock.advance(60)
    hs.edit("update", "contacts", one, fields={"firstname": "Anna"}, **{"as": "ann@example.com"})
    two = hs.contact(email="b@example.com", city="Bonn")
    hs.clock.advance(60)
    made = hs.post(f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    answer = hs.get(f"{CONTACTS}/{made}", propertiesWithHistory="firstname,city")
    history = answer["propertiesWithHistory"]
    shown = [(c["value"], c["sourceType"]) for c in history["firstname"]]
    assert shown == [("Anna", "CRM_UI"), ("Ann", "INTEGRATION")]
    assert history["firstname"][0]["updatedByUserId"] == 77
    assert history["city"][0]["sourceType"] == "MERGE_OBJECTS"


def test_an_import_has_one_moment_for_all(hs: Account) -> None:
    held = hs.contact(email="p3@example.com", firstname="Old")
    hs.clock.advance(5)
    rows = [{"email": f"p{i}@example.com", "firstname": "New"} for i in range(30)]
    hs.edit("import", "contacts", fields={"rows": rows, "id_property": "email"})
    found = hs.search("contacts", where("firstname", "EQ", "New"), limit=50)["results"]
    assert len(found) == 30
    assert {r["properties"]["lastmodifieddate"] for r in found} == {found[0]["updatedAt"]}
    assert held in {r["id"] for r in found}
    answer = hs.get(f"{CONTACTS}/{held}", propertiesWithHistory="firstname")
    sources = [c["sourceType"] for c in answer["propertiesWithHistory"]["firstname"]]
    assert sources == ["IMPORT", "INTEGRATION"]


def test_companies_merge_in_a_chain_without_contact_marks(hs: Account) -> None:
    ids = [hs.company(name=f"C{i}", domain=f"c{i}.example") for i in range(3)]
    first = hs.post(f"{COMPANIES}/merge", {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})[
        "id"
    ]
    last = hs.post(f"{COMPANIES}/merge", {"primaryObjectId": ids[2], "objectIdToMerge": ids[0]})
    assert last["id"] not in {*ids, first}
    assert set(last["properties"]["hs_merged_object_ids"].split(";")) == {*ids, first}
    assert "hs_calculated_merged_vids" not in last["properties"]
    for old in (*ids, first):
        assert hs.get(f"{COMPANIES}/{old}")["id"] == last["id"]
    read = hs.post(f"{COMPANIES}/batch/read", {"inputs": [{"id": i} for i in (*ids, first)]})
    assert [r["id"] for r in read["results"]] == [last["id"]]


def test_chained_merges_of_contacts_tell_when(hs: Account) -> None:
    ids = [hs.contact(email=f"p{i}@example.com") for i in range(3)]
    first = hs.post(f"{CONTACTS}/merge", {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})
    hs.clock.advance(60)
    body = {"primaryObjectId": first["id"], "objectIdToMerge": ids[2]}
    last = hs.post(f"{CONTACTS}/merge", body)["properties"]
    marks = dict(mark.split(":") for mark in last["hs_calculated_merged_vids"].split(";"))
    assert set(marks) == {*ids, first["id"]}
    assert int(marks[ids[2]]) - int(marks[ids[0]]) == 60_000
    assert set(last["hs_additional_emails"].split(";")) == {"p1@example.com", "p2@example.com"}


@pytest.mark.parametrize("version", ["v3", "2026-03"])
@pytest.mark.parametrize("path", ["properties/contacts", "properties/0-3/groups", "owners",
                                  "pipelines/deals", "pipelines/0-3/default/stages"])  # fmt: skip
def test_every_family_has_both_forms_of_a_version(hs: Account, version: str, path: str) -> None:
    family, _, rest = path.partition("/")
    tail = f"/{rest}" if rest else ""
    found = hs.get(f"/crm/{family}/{version}{tail}")["results"]
    assert hs.get(f"/crm/{version}/{family}{tail}")["results"] == found
    assert found or family == "owners"


def test_lists_with_history_have_at_most_fifty(hs: Account) -> None:
    asked = {"propertiesWithHistory": "email", "limit": "51"}
    assert hs.call("GET", CONTACTS, params=asked).status_code == 400
    assert hs.call("GET", CONTACTS, params={**asked, "limit": "50"}).status_code == 200


def test_every_option_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "hubspot-sandbox.md").read_text()
    assert [name for name in Options().to_json() if f"`{name}`" not in text] == []
