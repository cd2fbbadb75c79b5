"""The Salesforce sandbox's quirks: limits, locks, cursors, automation, late rows, refusals."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.salesforce_kit import DATA, Kit, running_kit


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


# sessions and allowances


def test_both_forms_of_the_usage_header_and_no_retry_after(kit: Kit) -> None:
    kit.config(daily_limit=100, reset_usage=True)
    assert kit.call("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=1/100"
    kit.config(app_limit=3, app_name="sample-app")
    answer = kit.call("GET", "limits")
    assert answer.headers["Sforce-Limit-Info"] == (
        "api-usage=2/100; per-app-api-usage=2/3(appName=sample-app)"
    )
    kit.call("GET", "limits")
    refused = kit.call("GET", "limits")
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert "Retry-After" not in refused.headers
    kit.config(profile="open")
    assert kit.call("GET", "limits").status_code == 200
    kit.config(profile="strict")
    kit.advance(86_401)
    kit.sign_in()
    assert kit.call("GET", "limits").status_code == 200


def test_a_session_ends_unused_and_may_be_refused_in_html(kit: Kit) -> None:
    kit.config(session_lifetime=600)
    kit.advance(601)
    assert kit.error("GET", "limits") == (401, "INVALID_SESSION_ID", "Session expired or invalid")
    kit.config(quirks={"session_html": 1.0})
    answer = kit.call("GET", "limits")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "text/html;charset=UTF-8")
    with pytest.raises(ValueError):
        answer.json()
    kit.sign_in()
    assert kit.call("GET", "limits").status_code == 200


def test_a_session_may_end_while_it_is_in_use(kit: Kit) -> None:
    kit.config(session_max_age=60)
    statuses = []
    for _ in range(4):
        kit.advance(20)
        statuses.append(kit.call("GET", "limits").status_code)
    assert statuses == [200, 200, 200, 401]


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        ("rest", "This session is not valid for use with the REST API"),
        ("agent", "Connected app is not attached to Agent"),
    ],
)
def test_some_refusals_no_new_session_cures(kit: Kit, refusal: str, message: str) -> None:
    kit.config(session_refusal=refusal)
    for _ in range(2):
        kit.sign_in()
        assert kit.error("GET", "limits") == (401, "INVALID_SESSION_ID", message)


def test_metering_is_over_after_some_attempts(kit: Kit) -> None:
    kit.config(quirks={"metering": 1.0})
    answers = [kit.call("GET", "limits") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 200]
    assert answers[0].json()[0]["errorCode"] == "TXN_SECURITY_METERING_ERROR"


# writing


def test_rows_are_locked_by_chance_and_free_again(kit: Kit) -> None:
    id_ = kit.create("Account", Name="a")
    kit.config(quirks={"lock_rows": 1.0})
    body = {"records": [{"attributes": {"type": "Account"}, "id": id_, "Name": "b"}]}
    answers = [kit.call("PATCH", "composite/sobjects", body).json()[0] for _ in range(3)]
    assert [answer["success"] for answer in answers] == [False, False, True]
    assert answers[0]["errors"] == [
        {
            "statusCode": "UNABLE_TO_LOCK_ROW",
            "message": f"unable to obtain exclusive access to this record or 1 records: {id_}",
            "fields": [],
        }
    ]


def test_writes_at_the_same_time_lock_each_other_out(kit: Kit) -> None:
    ids = kit.seed(Account=[{"Name": str(number)} for number in range(12)])["Account"]
    kit.config(quirks={"parallel_locks": 1.0})
    assert kit.call("PATCH", f"sobjects/Account/{ids[0]}", {"Name": "x"}).status_code == 204

    async def storm() -> list[int]:
        context = ssl.create_default_context(cafile=str(kit.running.ca_file))
        headers = dict(kit.http.headers)
        async with httpx.AsyncClient(
            base_url=kit.running.url, verify=context, trust_env=False, headers=headers
        ) as client:
            calls = (
                client.patch(f"{DATA}/sobjects/Account/{id_}", json={"Name": "y" * 20_000})
                for id_ in ids * 3
            )
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    statuses = asyncio.run(storm())
    assert 400 in statuses
    for id_ in ids:
        done = [kit.call("PATCH", f"sobjects/Account/{id_}", {"Name": "z"}) for _ in range(3)]
        assert done[-1].status_code == 204


def test_a_duplicate_rule_may_or_may_not_be_overruled(kit: Kit) -> None:
    kit.create("Contact", LastName="Doe", Email="d@x.example")
    twin = {"LastName": "Doe", "Email": "D@X.example"}
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}
    kit.config(duplicate_rules={"Contact": {"fields": ["Email"], "allow_save": False}})
    for headers in ({}, allow):
        answer = kit.call("POST", "sobjects/Contact", twin, headers=headers)
        assert answer.status_code == 400
        (error,) = answer.json()
        assert error["errorCode"] == "DUPLICATES_DETECTED"
        assert error["duplicateResult"]["allowSave"] is False
    rows = {"records": [{"attributes": {"type": "Contact"}, **twin}]}
    (row,) = kit.call("POST", "composite/sobjects", rows).json()
    assert row["errors"] == [
        {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    ]
    kit.config(duplicate_rules={"Contact": ["Email"]})
    assert kit.call("POST", "sobjects/Contact", twin).status_code == 400
    assert kit.call("POST", "sobjects/Contact", twin, headers=allow).status_code == 201


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        ({"refuse_if": "below", "value": 1}, 0.5, 1),
        ({"refuse_if": "equals", "value": 5.0}, 5, 6),
        ({"refuse_if": "blank"}, None, 1),
        ({"refuse_if": "above", "value": 9}, 10, 9),
    ],
)
def test_validation_rules_are_predicates_of_the_configuration(
    kit: Kit, rule: dict[str, Any], bad: Any, good: Any
) -> None:
    message = "that amount cannot be"
    kit.config(validation_rules={"Opportunity": [{"field": "Amount", "message": message, **rule}]})
    deal = {"Name": "d", "StageName": "Prospecting", "CloseDate": "2024-08-01"}
    answer = kit.call("POST", "sobjects/Opportunity", {**deal, "Amount": bad})
    assert answer.json() == [
        {
            "message": message,
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "fields": ["Amount"],
        }
    ]
    assert kit.call("POST", "sobjects/Opportunity", {**deal, "Amount": good}).status_code == 201


@pytest.mark.parametrize(
    ("rewrite", "value", "expected"),
    [
        ("upper", None, "ACME"), ("prefix", "x-", "x-Acme"), ("truncate", 2, "Ac"),
        ("constant", "same", "same"),
    ],
)  # fmt: skip
def test_a_workflow_rewrites_what_was_written(
    kit: Kit, rewrite: str, value: Any, expected: str
) -> None:
    rule = {"object": "Account", "field": "Name", "rewrite": rewrite, "value": value}
    kit.config(workflow_rules=[rule])
    id_ = kit.create("Account", Name="Acme")
    assert kit.get("Account", id_)["Name"] == expected
    kit.call("PATCH", f"sobjects/Account/{id_}", {"Phone": "1"})
    assert kit.get("Account", id_)["Name"] == expected
    kit.config(workflow_rules=[{**rule, "delay": 30}])
    other = kit.create("Account", Name="Acme")
    assert kit.get("Account", other)["Name"] == "Acme"
    kit.advance(31)
    row = kit.get("Account", other)
    assert row["Name"] == expected
    assert row["SystemModstamp"] > row["LastModifiedDate"]


def test_automation_moves_only_the_system_stamp(kit: Kit) -> None:
    kit.config(quirks={"automation": 1.0})
    id_ = kit.create("Account", Name="a")
    kit.advance(5)
    row = kit.get("Account", id_)
    assert row["LastModifiedDate"] == "2024-05-06T07:08:09.000+0000"
    assert row["SystemModstamp"] == "2024-05-06T07:08:14.000+0000"
    kit.advance(5)
    assert kit.get("Account", id_)["SystemModstamp"] == row["SystemModstamp"]


@pytest.mark.parametrize(
    "options",
    [
        {"workflow_rules": [{"object": "Account", "field": "Name", "rewrite": "rot13"}]},
        {"validation_rules": {"Account": [{"field": "Name", "refuse_if": "odd"}]}},
        {"no_such_option": 1},
    ],
)
def test_options_that_cannot_be_understood_are_refused(kit: Kit, options: dict[str, Any]) -> None:
    assert kit.admin.post("/config", json=options).status_code == 400


# reading


def test_a_late_row_shows_with_its_old_stamp_or_not_at_all(kit: Kit) -> None:
    (id_,) = kit.seed(Account=[{"Name": "old", "modified": "2024-01-01T00:00:00Z"}])["Account"]
    kit.config(quirks={"late_rows": 1.0, "late_row_seconds": 1000})
    kit.edit("Account", "update", id_, Name="new")
    made = kit.edit("Account", "create", Name="fresh")["id"]
    names = "SELECT Id, Name, SystemModstamp FROM Account"
    assert [row["Name"] for row in kit.rows(names)] == ["old"]
    assert kit.rows(f"{names} WHERE SystemModstamp > 2024-02-01T00:00:00Z") == []
    window = {"start": "2024-05-06T07:00:00Z", "end": "2024-05-06T08:00:00Z"}
    assert kit.call("GET", "sobjects/Account/updated/", params=window).json()["ids"] == []
    kit.advance(1000)
    assert len(kit.call("GET", "sobjects/Account/updated/", params=window).json()["ids"]) == 2
    late = {row["Id"]: row for row in kit.rows(names)}
    assert late[id_]["Name"] == "new"
    assert late[made]["SystemModstamp"] == "2024-05-06T07:08:09.000+0000"


def test_pages_may_be_shorter_than_asked_for_but_lose_nothing(kit: Kit) -> None:
    kit.seed(Account=[{"Name": f"{number:04}"} for number in range(1500)])
    kit.config(quirks={"short_pages": 0.5})
    headers = {"Sforce-Query-Options": "batchSize=200"}
    page = kit.query("SELECT Name FROM Account ORDER BY Name", headers=headers)
    names, sizes = [row["Name"] for row in page["records"]], [len(page["records"])]
    while not page["done"]:
        page = kit.http.get(page["nextRecordsUrl"], headers=headers).json()
        names += [row["Name"] for row in page["records"]]
        sizes.append(len(page["records"]))
    assert names == [f"{number:04}" for number in range(1500)]
    assert {66, 200} <= set(sizes)


def test_a_cursor_may_be_lost_and_the_query_asked_anew(kit: Kit) -> None:
    kit.seed(Account=[{"Name": str(number)} for number in range(300)])
    kit.config(quirks={"lost_cursors": 1.0})
    headers = {"Sforce-Query-Options": "batchSize=200"}
    seen = []
    for _ in range(3):
        page = kit.query("SELECT Id FROM Account", headers=headers)
        more = kit.http.get(page["nextRecordsUrl"])
        seen.append(more.status_code)
        if more.status_code == 400:
            assert more.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert seen == [400, 400, 200]


def test_rows_without_an_order_come_in_any(kit: Kit) -> None:
    ids = kit.seed(Account=[{"Name": str(number)} for number in range(50)])["Account"]
    kit.config(quirks={"unordered_rows": True})
    shown = [row["Id"] for row in kit.rows("SELECT Id FROM Account")]
    assert shown != ids
    assert sorted(shown) == sorted(ids)
    assert [row["Id"] for row in kit.rows("SELECT Id FROM Account ORDER BY Id")] == sorted(ids)


def test_the_delete_log_may_forget_what_query_all_still_shows(kit: Kit) -> None:
    id_ = kit.create("Contact", LastName="a")
    kit.call("DELETE", f"sobjects/Contact/{id_}")
    kit.advance(120)
    window = {"start": "2024-05-06T07:00:00Z", "end": "2024-05-06T08:00:00Z"}
    path = "sobjects/Contact/deleted/"
    assert len(kit.call("GET", path, params=window).json()["deletedRecords"]) == 1
    kit.config(quirks={"purged_deletions": 1.0})
    assert kit.call("GET", path, params=window).json()["deletedRecords"] == []
    assert len(kit.rows("SELECT Id FROM Contact WHERE IsDeleted = true", every=True)) == 1


def test_counts_may_be_an_hour_old(kit: Kit) -> None:
    kit.config(quirks={"stale_counts": True})
    kit.create("Account", Name="a")
    path = "limits/recordCount?sObjects=Account"
    first = kit.call("GET", path).json()
    kit.create("Account", Name="b")
    assert kit.call("GET", path).json() == first
    kit.advance(3601)
    assert kit.call("GET", path).json()["sObjects"] == [{"count": 2, "name": "Account"}]


def test_a_formula_changes_without_any_stamp(kit: Kit) -> None:
    body = {"FullName": "Contact.Trade__c",
            "Metadata": {"type": "Text", "label": "Trade", "length": 80,
                         "formula": "Account.Industry"}}  # fmt: skip
    assert kit.call("POST", "tooling/sobjects/CustomField", body).status_code == 201
    account = kit.create("Account", Name="a", Industry="Energy")
    contact = kit.create("Contact", LastName="c", AccountId=account)
    before = kit.get("Contact", contact)
    assert before["Trade__c"] == "Energy"
    kit.advance(60)
    kit.call("PATCH", f"sobjects/Account/{account}", {"Industry": "Retail"})
    after = kit.get("Contact", contact)
    assert after["Trade__c"] == "Retail"
    assert after["SystemModstamp"] == before["SystemModstamp"]
    assert kit.rows("SELECT Id FROM Contact WHERE Trade__c = 'Retail'")[0]["Id"] == contact
    fields = kit.call("GET", "sobjects/Contact/describe").json()["fields"]
    (one,) = [field for field in fields if field["name"] == "Trade__c"]
    assert (one["calculated"], one["updateable"]) == (True, False)
    refused = kit.error("PATCH", f"sobjects/Contact/{contact}", {"Trade__c": "x"})
    assert refused[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
