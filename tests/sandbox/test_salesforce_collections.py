"""Many records in one call: collections and composite, their outcomes and their limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.sandbox.salesforce_kit import DATA, RECORDED, Kit, running_kit


@pytest.fixture(scope="module")
def shared() -> Iterator[Kit]:
    with running_kit() as kit:
        kit.external_id("Account")
        kit.external_id("Contact", unique=False)
        yield kit


def typed(object_type: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"attributes": {"type": object_type}, **record} for record in records]


def many(
    kit: Kit, method: str, records: list[dict[str, Any]], path: str = "", *, whole: bool = False
) -> list[dict[str, Any]]:
    body = {"allOrNone": whole, "records": records}
    answer = kit.call(method, f"composite/sobjects{path}", body)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["errors"][0]["statusCode"] if row["errors"] else "" for row in rows]


def test_rows_keep_their_order_and_fail_alone(shared: Kit) -> None:
    records = [
        *typed("Account", {"Name": "one"}, {}),
        *typed("Contact", {"LastName": "x", "Email": "no"}, {"LastName": "two"}),
        *typed("Nonsense", {"Name": "x"}),
    ]
    rows = many(shared, "POST", records)
    assert codes(rows) == [
        "", "REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS", "", "INVALID_TYPE",
    ]  # fmt: skip
    assert rows[0]["id"].startswith("001")
    assert rows[3]["id"].startswith("003")
    assert rows[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }


def test_all_or_none_takes_everything_back(shared: Kit) -> None:
    before = shared.query("SELECT COUNT() FROM Account")["totalSize"]
    rows = many(shared, "POST", typed("Account", {"Name": "a"}, {}, {"Name": "c"}), whole=True)
    rolled = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes(rows) == [rolled, "REQUIRED_FIELD_MISSING", rolled]
    assert shared.query("SELECT COUNT() FROM Account")["totalSize"] == before


def test_a_json_type_error_fails_the_whole_call(shared: Kit) -> None:
    before = shared.query("SELECT COUNT() FROM Account")["totalSize"]
    body = {"records": typed("Account", {"Name": "a"}, {"Name": 5})}
    assert shared.error("POST", "composite/sobjects", body)[:2] == (400, "JSON_PARSER_ERROR")
    assert shared.query("SELECT COUNT() FROM Account")["totalSize"] == before


def test_update_needs_ids_that_live(shared: Kit) -> None:
    live, dead = shared.create("Account", Name="a"), shared.create("Account", Name="b")
    shared.call("DELETE", f"sobjects/Account/{dead}")
    given: list[dict[str, Any]] = [
        {"id": live[:15], "Phone": "7"}, {"Id": dead, "Phone": "7"}, {"Phone": "7"},
        {"id": "001Hx00000zzzzz", "Phone": "7"}, {"id": "x", "Phone": "7"},
    ]  # fmt: skip
    rows = many(shared, "PATCH", typed("Account", *given))
    assert codes(rows) == [
        "", "ENTITY_IS_DELETED", "MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID",
    ]  # fmt: skip
    assert rows[0] == {"id": live, "success": True, "errors": []}
    assert shared.get("Account", live, "Phone")["Phone"] == "7"


def test_upsert_says_what_was_created(shared: Kit) -> None:
    path = "/Account/Tieline_Id__c"
    first = many(shared, "PATCH", typed("Account", {"Tieline_Id__c": "u1", "Name": "a"}), path)
    again = typed(
        "Account",
        {"Tieline_Id__c": "U1", "Name": "b"},
        {"Tieline_Id__c": "u2", "Name": "c"},
        {"Tieline_Id__c": "u3", "Name": "d"},
        {"Tieline_Id__c": "u3", "Name": "e"},
        {"Name": "f"},
    )
    rows = many(shared, "PATCH", again, path)
    assert [row.get("created") for row in (*first, *rows)] == [True, False, True, None, None, None]
    assert rows[0]["id"] == first[0]["id"]
    assert codes(rows)[2:] == ["DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT"]


def test_upsert_on_a_value_that_two_records_hold(shared: Kit) -> None:
    for _ in range(2):
        shared.create("Contact", LastName="x", Tieline_Id__c="two")
    records = typed("Contact", {"Tieline_Id__c": "two", "LastName": "y"})
    rows = many(shared, "PATCH", records, "/Contact/Tieline_Id__c")
    assert rows[0]["errors"][0] == {
        "statusCode": "DUPLICATE_EXTERNAL_ID",
        "message": "A user-specified external ID matches more than one record during an upsert.",
        "fields": [],
    }


def test_a_recorded_upsert_is_answered_in_the_recorded_shape(shared: Kit) -> None:
    path = RECORDED / "cassettes" / "TestUpsert.test_upsert__rest.yaml"
    if not path.exists():
        pytest.skip(f"the recording {path} is not here")
    replayed, ids = 0, {}
    for one in yaml.safe_load(path.read_text())["interactions"]:
        request = one.get("request", {})
        if request.get("method") not in ("POST", "PATCH"):
            continue
        resource = request["uri"].split("/vxx.0/")[1]
        body = request["body"]
        for theirs, ours in ids.items():
            body = body.replace(theirs, ours)
        answer = shared.call(request["method"], resource, json.loads(body))
        recorded = json.loads(one["response"]["body"]["string"])
        for theirs, ours in zip(recorded, answer.json(), strict=True):
            ids[theirs["id"]] = ours["id"]
        assert answer.status_code == one["response"]["status"]["code"]
        assert answer.json() == [{**row, "id": ids[row["id"]]} for row in recorded]
        replayed += 1
    assert replayed == 4
    assert len(set(ids.values())) == len(ids)


def test_upsert_on_id_creates_where_it_is_null(shared: Kit) -> None:
    rows = many(shared, "PATCH", typed("Account", {"Id": None, "Name": "new"}), "/Account/Id")
    assert rows[0]["created"] is True
    same = typed("Account", {"Id": rows[0]["id"], "Name": "old"})
    assert many(shared, "PATCH", same, "/Account/Id")[0]["created"] is False


def test_delete_answers_for_every_id(shared: Kit) -> None:
    ids = [shared.create("Account", Name="a"), shared.create("Contact", LastName="b")]
    params = {"ids": ",".join([*ids, ids[0], "x"]), "allOrNone": "false"}
    rows = shared.call("DELETE", "composite/sobjects", params=params).json()
    assert codes(rows) == ["", "", "ENTITY_IS_DELETED", "MALFORMED_ID"]
    assert [row.get("id") for row in rows[:2]] == ids


def test_retrieve_answers_null_for_what_is_missing(shared: Kit) -> None:
    id_ = shared.create("Account", Name="a")
    body = {"ids": [id_, "001Hx00000zzzzz"], "fields": ["Name"]}
    rows = shared.call("POST", "composite/sobjects/Account", body).json()
    assert (rows[0]["Name"], rows[0]["Id"], rows[1]) == ("a", id_, None)


def test_at_most_200_records_in_at_most_10_chunks(shared: Kit) -> None:
    too_many = {"records": typed("Account", *({"Name": "x"} for _ in range(201)))}
    assert shared.error("POST", "composite/sobjects", too_many)[1] == "EXCEEDED_ID_LIMIT"
    mixed = [
        record
        for _ in range(6)
        for record in (*typed("Account", {"Name": "x"}), *typed("Contact", {"LastName": "x"}))
    ]
    assert shared.error("POST", "composite/sobjects", {"records": mixed})[1] == "LIMIT_EXCEEDED"
    untyped = {"records": [{"Name": "x"}]}
    assert shared.error("POST", "composite/sobjects", untyped)[1] == "INVALID_FIELD"


def test_a_locked_row_fails_as_often_as_told(shared: Kit) -> None:
    id_ = shared.create("Account", Name="a")
    shared.config(locked={id_: 2})
    record = typed("Account", {"id": id_, "Phone": "1"})
    tries = [many(shared, "PATCH", record)[0] for _ in range(3)]
    assert codes(tries) == ["UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW", ""]
    assert id_ in tries[0]["errors"][0]["message"]


def composite(kit: Kit, *calls: dict[str, Any], whole: bool = False) -> list[dict[str, Any]]:
    numbered = [{"referenceId": f"r{index}", **call} for index, call in enumerate(calls)]
    answer = kit.call("POST", "composite", {"allOrNone": whole, "compositeRequest": numbered})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return found


def sub(method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {"method": method, "url": f"{DATA}/{path}", "body": body}


def test_composite_calls_refer_to_earlier_answers(shared: Kit) -> None:
    made, contact, found, missing = composite(
        shared,
        sub("POST", "sobjects/Account", {"Name": "c"}),
        sub("POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{r0.id}"}),
        sub("GET", "query?q=SELECT+Name+FROM+Account+WHERE+Id='@{r0.id}'"),
        sub("GET", "sobjects/Foo"),
    )
    assert (made["httpStatusCode"], contact["httpStatusCode"]) == (201, 201)
    assert made["httpHeaders"]["Location"].endswith(made["body"]["id"])
    assert found["body"]["records"][0]["Name"] == "c"
    path = RECORDED / "cassettes" / "TestCompositeParallelSalesforce.test_errors.yaml"
    if path.exists():
        recorded = yaml.safe_load(path.read_text())["interactions"][0]["response"]["body"]
        expected = json.loads(recorded["string"])["compositeResponse"][0]
        assert {**missing, "referenceId": expected["referenceId"]} == expected


def test_composite_all_or_none_halts_and_rolls_back(shared: Kit) -> None:
    made, failed = composite(
        shared,
        sub("POST", "sobjects/Account", {"Name": "never"}),
        sub("POST", "sobjects/Contact", {}),
        whole=True,
    )
    assert made["httpStatusCode"] == failed["httpStatusCode"] == 400
    assert made["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert shared.rows("SELECT Id FROM Account WHERE Name = 'never'") == []


def test_composite_takes_25_calls_and_known_references(shared: Kit) -> None:
    calls = [{"referenceId": str(index), **sub("GET", "limits")} for index in range(26)]
    refused = shared.error("POST", "composite", {"compositeRequest": calls})
    assert refused[:2] == (400, "LIMIT_EXCEEDED")
    (answer,) = composite(shared, sub("GET", "sobjects/Account/@{nobody.id}"))
    assert answer["body"][0]["errorCode"] == "PROCESSING_HALTED"
