"""Seeding, paging, custom fields, snapshots and counters of the Salesforce sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clock import ManualClock
from sandbox.salesforce import make
from sandbox.salesforce.ids import IdSource, check_characters, to18
from tests.sandbox.salesforce_kit import DATA, NOW, RECORDED, Kit, running_kit

MANY = 20_000


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


@pytest.fixture(scope="module")
def big() -> Iterator[Kit]:
    with running_kit() as made:
        made.seed(
            Account=[{"Name": f"n{index}"} for index in range(MANY)],
            Contact=[
                {"LastName": f"n{index}", "AccountId": f"@Account:{index}",
                 "Email": f"p{index}@x.com"}
                for index in range(100)
            ],
        )  # fmt: skip
        yield made


def test_check_characters_of_the_documented_vector() -> None:
    assert to18("003G000001SUbc4") == "003G000001SUbc4IAD"
    assert to18("003G000001SUbc4IAD") == "003G000001SUbc4IAD"
    assert to18("003G000001SUbc4IAE") is None
    assert to18("23foo") is None


def test_ids_are_unique_sorted_and_the_same_every_time() -> None:
    first, second = IdSource(), IdSource()
    made = [first.next("001") for _ in range(5_000)]
    assert made == sorted(set(made)) == [second.next("001") for _ in range(5_000)]
    assert all(id_[15:] == check_characters(id_[:15]) for id_ in made)


def read_all(kit: Kit, soql: str, **more: Any) -> tuple[list[dict[str, Any]], int]:
    """All records of a query, and in how many pages they came."""
    page, records, pages = kit.query(soql, **more), [], 1
    records += page["records"]
    while not page["done"]:
        page = kit.http.get(page["nextRecordsUrl"]).json()
        records += page["records"]
        pages += 1
    return records, pages


def test_twenty_thousand_records_come_in_pages_of_two_thousand(big: Kit) -> None:
    page = big.query("SELECT Id, Name FROM Account")
    assert (page["totalSize"], page["done"], len(page["records"])) == (MANY, False, 2_000)
    assert page["nextRecordsUrl"].startswith(f"{DATA}/query/01g")
    assert page["nextRecordsUrl"].endswith("-2000")
    records, pages = read_all(big, "SELECT Id FROM Account ORDER BY SystemModstamp, Id")
    ids = [record["Id"] for record in records]
    assert (len(set(ids)), pages) == (MANY, 10)
    assert ids == sorted(ids)


def test_a_keyset_walk_sees_every_record_once(big: Kit) -> None:
    last, seen = "000000000000000AAA", 0
    for _ in range(MANY // 2_000 + 1):
        rows = big.rows(
            "SELECT Id, SystemModstamp FROM Account WHERE SystemModstamp > 2024-05-06T07:08:09Z "
            f"OR (SystemModstamp = 2024-05-06T07:08:09Z AND Id > '{last}') "
            "ORDER BY SystemModstamp, Id LIMIT 2000"
        )
        if not rows:
            break
        assert rows[0]["Id"] > last
        last, seen = rows[-1]["Id"], seen + len(rows)
    assert seen == MANY


@pytest.mark.parametrize(("asked", "size"), [("1", 200), ("500", 500), ("9999", 2_000)])
def test_a_batch_size_is_kept_within_its_bounds(big: Kit, asked: str, size: int) -> None:
    headers = {"Sforce-Query-Options": f"batchSize={asked}"}
    page = big.query("SELECT Id FROM Account", headers=headers)
    assert len(page["records"]) == size


def test_small_pages_and_lost_cursors(kit: Kit) -> None:
    kit.seed(Account=[{"Name": f"n{index}"} for index in range(7)])
    kit.config(page_size=3)
    records, pages = read_all(kit, "SELECT Id FROM Account")
    assert (len(records), pages) == (7, 3)
    page = kit.query("SELECT Id FROM Account")
    kit.config(expire_cursors=True)
    lost = kit.http.get(page["nextRecordsUrl"])
    assert (lost.status_code, lost.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    page = kit.query("SELECT Id FROM Account")
    kit.advance(2 * 86_400 + 1)
    kit.sign_in()
    assert kit.http.get(page["nextRecordsUrl"]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert kit.http.get(f"{DATA}/query/01gXX-3").status_code == 400


def test_seeds_keep_what_they_are_given(kit: Kit) -> None:
    ids = kit.seed(
        Account=[{"id": "001Hx00000ABCDE", "Name": "a", "modified": "2023-01-02T03:04:05Z"}],
        Contact=[{"LastName": "x", "AccountId": "@Account:0", "OwnerId": "@User:0"}],
        User=[{"LastName": "u", "Email": "u@x.com", "Username": "u@x.com"}],
    )
    account = kit.get("Account", ids["Account"][0])
    assert account["SystemModstamp"] == account["CreatedDate"] == "2023-01-02T03:04:05.000+0000"
    contact = kit.get("Contact", ids["Contact"][0])
    assert (contact["AccountId"], contact["OwnerId"]) == (ids["Account"][0], ids["User"][0])
    assert kit.get("User", ids["User"][0], "IsActive")["IsActive"] is True


@pytest.mark.parametrize(
    "records",
    [
        {"Nonsense": [{}]},
        {"Account": [{"Nonsense": 1}]},
        {"Account": [{"Name": 5}]},
        {"Account": [{"id": "x", "Name": "y"}]},
    ],
)
def test_seeds_that_cannot_be_understood(kit: Kit, records: dict[str, Any]) -> None:
    assert kit.admin.post("/seed", json={"records": records}).status_code == 400


def test_seeding_and_admin_calls_cost_nothing(kit: Kit) -> None:
    kit.admin.delete("/requests")
    kit.seed(Account=[{"Name": "a"}])
    kit.edit("Account", "create", Name="b")
    assert kit.admin.get("/requests").json()["total"] == 0
    assert kit.call("GET", "limits").headers["Sforce-Limit-Info"].startswith("api-usage=1/")


def test_requests_are_counted_by_route_and_object(kit: Kit) -> None:
    kit.external_id()
    account = kit.create("Account", Name="a")
    kit.admin.delete("/requests")
    kit.get("Account", account)
    kit.rows("SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId "
             "FROM Contact WHERE Email IN ('a', 'b'))")  # fmt: skip
    kit.call("PATCH", "sobjects/Account/Tieline_Id__c/x%2Fy", {"Name": "x"})
    records = [{"attributes": {"type": "Contact"}, "LastName": "x"}]
    kit.call("POST", "composite/sobjects", {"records": records})
    kit.call("POST", "composite/sobjects/Account", {"ids": [account], "fields": ["Id"]})
    counted = kit.admin.get("/requests").json()
    assert (counted["total"], counted["reads"], counted["writes"]) == (5, 3, 2)
    assert counted["by_object"] == {
        "Account": {"read": 3, "write": 1},
        "Contact": {"read": 0, "write": 1},
    }
    assert counted["by_route"][f"GET {DATA}/sobjects/Account/{{id}}"] == 1
    assert counted["by_route"][f"PATCH {DATA}/sobjects/Account/Tieline_Id__c/{{value}}"] == 1
    assert counted["by_route"][f"GET {DATA}/query"] == 1


def test_dump_shows_counts_and_all_records(kit: Kit) -> None:
    account = kit.create("Account", Name="a")
    kit.call("DELETE", f"sobjects/Account/{account}")
    (record,) = kit.admin.get("/dump", params={"object_type": "account"}).json()["records"]
    assert (record["Id"], record["IsDeleted"]) == (account, True)
    assert not [name for name in record if name.startswith("_")]
    assert kit.admin.get("/dump").json()["counts"]["Account"] == 1


def test_a_custom_field_is_made_once_and_found(kit: Kit) -> None:
    kit.external_id("Contact")
    fields = kit.call("GET", "sobjects/Contact/describe").json()["fields"]
    made = next(one for one in fields if one["name"] == "Tieline_Id__c")
    flags = ("type", "length", "externalId", "unique", "idLookup", "custom", "updateable")
    assert [made[flag] for flag in flags] == ["string", 40, True, True, True, True, True]
    body = {"FullName": "Contact.tieline_id__c", "Metadata": {"type": "Text", "length": 9}}
    refused = kit.error("POST", "tooling/sobjects/CustomField", body)
    assert refused[:2] == (400, "DUPLICATE_DEVELOPER_NAME")
    soql = "SELECT Id FROM CustomField WHERE DeveloperName = 'Tieline_Id' AND TableEnumOrId = '{}'"
    for name, total in (("Contact", 1), ("Lead", 0)):
        answer = kit.call("GET", "tooling/query/", params={"q": soql.format(name)})
        assert answer.json()["totalSize"] == total
    assert kit.error("GET", "query", params={"q": soql})[1] == "INVALID_TYPE"


FIELDS: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": "Checkbox", "defaultValue": "true"}, None, True),
    ({"type": "Number", "precision": 5, "scale": 1}, 1.26, 1.3),
    ({"type": "Date"}, "2024-02-29", "2024-02-29"),
    ({"type": "DateTime"}, "2024-02-29T10:00:00+02:00", "2024-02-29T08:00:00.000+0000"),
    ({"type": "MultiselectPicklist", "valueSet": {"valueSetDefinition": {"value": [
        {"fullName": "a"}, {"fullName": "b"}]}}}, "b; a;b", "a;b"),
    ({"type": "Lookup", "referenceTo": "Account"}, None, None),
    ({"type": "LongTextArea", "length": 1000}, "x" * 1000, "x" * 1000),
]  # fmt: skip


@pytest.mark.parametrize(("metadata", "given", "kept"), FIELDS, ids=lambda v: str(v)[:30])
def test_custom_fields_of_every_kind(metadata: Any, given: Any, kept: Any) -> None:
    with running_kit() as kit:
        body = {"FullName": "Account.Own__c", "Metadata": {"label": "Own", **metadata}}
        assert kit.call("POST", "tooling/sobjects/CustomField", body).status_code == 201
        fields = {"Own__c": given} if given is not None else {}
        id_ = kit.create("Account", Name="x", **fields)
        assert kit.get("Account", id_, "Own__c")["Own__c"] == kept
        if metadata["type"] == "Lookup":
            kit.call("PATCH", f"sobjects/Account/{id_}", {"Own__c": id_})
            assert kit.rows("SELECT Own__r.Name FROM Account")[0]["Own__r"]["Name"] == "x"
        if metadata["type"] == "MultiselectPicklist":
            assert kit.rows("SELECT Id FROM Account WHERE Own__c INCLUDES ('a;b', 'c')")
            assert not kit.rows("SELECT Id FROM Account WHERE Own__c EXCLUDES ('b')")


def test_a_profile_may_not_customise_the_application() -> None:
    with running_kit(user_permissions={"customize_application": False}) as kit:
        body = {"FullName": "Account.X__c", "Metadata": {"type": "Text", "length": 9}}
        assert kit.error("POST", "tooling/sobjects/CustomField", body)[:2] == (
            403,
            "INSUFFICIENT_ACCESS",
        )


def test_a_new_field_may_need_a_permission_set_to_be_seen() -> None:
    with running_kit(field_access_needs_permission_set=True) as kit:
        kit.external_id()
        refused = kit.error("POST", "sobjects/Account", {"Name": "x", "Tieline_Id__c": "y"})
        assert refused[1] == "INVALID_FIELD"
        user = kit.rows("SELECT Id FROM User")[0]["Id"]
        parent = kit.create("PermissionSet", Name="Tieline", Label="Tieline")
        kit.create("PermissionSetAssignment", PermissionSetId=parent, AssigneeId=user)
        kit.create(
            "FieldPermissions", ParentId=parent, SobjectType="Account",
            Field="Account.Tieline_Id__c", PermissionsRead=True, PermissionsEdit=True,
        )  # fmt: skip
        assert kit.create("Account", Name="x", Tieline_Id__c="y")


def test_a_snapshot_is_the_same_organisation_again(tmp_path: Path) -> None:
    file = tmp_path / "org.json"
    with running_kit(snapshot=file, currency="multi") as kit:
        kit.external_id()
        account = kit.create("Account", Name="a", Tieline_Id__c="k")
        kit.call("DELETE", f"sobjects/Account/{kit.create('Account', Name='b')}")
        kit.advance(3_600)
        known = dict(kit.sandbox.credentials)
        dump = kit.admin.get("/dump", params={"object_type": "Account"}).json()
    assert file.exists()
    again = make(clock=ManualClock(NOW), snapshot=file, page_size=50)
    assert again.credentials == known
    with again.start() as running:
        kit = Kit(again, running)
        kit.sign_in()
        assert kit.admin.get("/dump", params={"object_type": "Account"}).json() == dump
        assert kit.admin.get("/clock").json()["now"] == "2024-05-06T08:08:09+00:00"
        row = kit.call("GET", "sobjects/Account/Tieline_Id__c/K").json()
        assert (row["Id"], row["CurrencyIsoCode"]) == (account, "EUR")
        assert kit.create("Account", Name="c") > dump["records"][-1]["Id"]
        assert again.store.configure({})["page_size"] == 50
        kit.http.close()


def test_organisations_do_not_know_each_other() -> None:
    with running_kit() as one, running_kit() as other:
        one.create("Account", Name="a")
        assert other.query("SELECT COUNT() FROM Account")["totalSize"] == 0
        token = {"Authorization": one.http.headers["Authorization"]}
        assert other.http.get(f"{DATA}/limits", headers=token).status_code == 401


def test_unknown_options_and_verbs_are_refused(kit: Kit) -> None:
    with pytest.raises(ValueError, match="unknown option 'pages'"):
        make(pages=3)
    assert kit.admin.post("/config", json={"pages": 3}).status_code == 400
    body = {"object_type": "Account", "verb": "paint"}
    assert "unknown verb" in kit.admin.post("/edit", json=body).json()["error"]


def test_faults_reach_salesforce_routes(kit: Kit) -> None:
    rule = {"match": "POST .*/sobjects/Account$", "action": "drop_after"}
    kit.admin.post("/faults", json=rule)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        kit.call("POST", "sobjects/Account", {"Name": "lost answer"})
    assert kit.rows("SELECT Name FROM Account")[0]["Name"] == "lost answer"


def test_the_trade_data_of_a_real_import_tree_goes_in(kit: Kit) -> None:
    folder = RECORDED.parents[1] / "data" / "salesforce-apex-recipes"
    if not folder.exists():
        pytest.skip(f"the data {folder} is not here")
    made: dict[str, str] = {}
    for name in ("Accounts", "Contacts", "Opportunities"):
        for record in json.loads((folder / f"{name}.json").read_text())["records"]:
            kind = record["attributes"]["type"]
            fields = {
                key: made.get(str(value).removeprefix("@"), value)
                for key, value in record.items()
                if key != "attributes"
            }
            answer = kit.call("POST", f"sobjects/{kind}", fields)
            assert answer.status_code == 201, (fields, answer.text)
            made[record["attributes"]["referenceId"]] = answer.json()["id"]
    totals = [kit.query(f"SELECT COUNT() FROM {name}")["totalSize"]
              for name in ("Account", "Contact", "Opportunity")]  # fmt: skip
    assert totals == [50, 150, 50]
