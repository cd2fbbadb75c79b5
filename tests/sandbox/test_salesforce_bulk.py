"""Bulk API 2.0: jobs by the clock, strict CSV, outcomes by row, results in pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.salesforce_kit import DATA, Kit, running_kit

CSV_TYPE = {"Content-Type": "text/csv"}


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


def opened(kit: Kit, operation: str, object_type: str = "Account", **more: Any) -> str:
    body = {"object": object_type, "operation": operation, "contentType": "CSV", **more}
    answer = kit.call("POST", "jobs/ingest", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "Open"
    made: str = answer.json()["id"]
    return made


def upload(kit: Kit, job: str, data: str) -> None:
    answer = kit.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=data.encode(),
                          headers=CSV_TYPE)  # fmt: skip
    assert (answer.status_code, answer.content) == (201, b"")


def close(kit: Kit, job: str) -> None:
    answer = kit.call("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert answer.json()["state"] == "UploadComplete", answer.text


def state(kit: Kit, job: str, type_: str = "ingest") -> dict[str, Any]:
    found: dict[str, Any] = kit.call("GET", f"jobs/{type_}/{job}").json()
    return found


def ran(kit: Kit, operation: str, data: str, object_type: str = "Account", **more: Any) -> str:
    job = opened(kit, operation, object_type, **more)
    upload(kit, job, data)
    close(kit, job)
    kit.advance(1)
    assert state(kit, job)["state"] == "JobComplete", state(kit, job)
    return job


def results(kit: Kit, job: str, which: str = "successfulResults") -> list[dict[str, str]]:
    answer = kit.call("GET", f"jobs/ingest/{job}/{which}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def errors(kit: Kit, job: str) -> list[str]:
    return sorted(row["sf__Error"] for row in results(kit, job, "failedResults"))


def test_a_job_goes_through_its_states_by_the_clock(kit: Kit) -> None:
    kit.config(quirks={"bulk_seconds": 10})
    job = opened(kit, "insert")
    upload(kit, job, "Name\nAcme\n")
    assert kit.query("SELECT COUNT() FROM Account")["totalSize"] == 0
    close(kit, job)
    seen = [state(kit, job)["state"]]
    for _ in range(2):
        kit.advance(5)
        seen.append(state(kit, job)["state"])
    assert seen == ["UploadComplete", "InProgress", "JobComplete"]
    whole = state(kit, job)
    assert (whole["numberRecordsProcessed"], whole["numberRecordsFailed"]) == (1, 0)
    assert whole["jobType"] == "V2Ingest"
    assert whole["apiVersion"] == 60.0
    assert whole["contentUrl"] == f"services/data/v60.0/jobs/ingest/{job}/batches"
    (row,) = results(kit, job)
    assert list(row) == ["sf__Id", "sf__Created", "Name"]
    assert (kit.get("Account", row["sf__Id"])["Name"], row["sf__Created"]) == ("Acme", "true")


def test_a_finished_job_may_hold_failed_rows(kit: Kit) -> None:
    data = 'Name,Website\nAcme,x.example\n,y.example\n"Long",' + "w" * 256 + "\n"
    job = ran(kit, "insert", data)
    assert state(kit, job)["numberRecordsFailed"] == 2
    required, long = errors(kit, job)
    assert required == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert long.startswith("STRING_TOO_LONG:Website: data value too large: ")
    assert long.endswith(":Website --")
    failed = results(kit, job, "failedResults")
    assert {row["sf__Id"] for row in failed} == {""}
    assert {row["Name"] for row in failed} == {"", "Long"}


def test_empty_cells_are_ignored_and_na_empties(kit: Kit) -> None:
    id_ = kit.create("Account", Name="Acme", Website="a.example", Phone="1")
    ran(kit, "update", f"Id,Name,Website,Phone\n{id_[:15]},,#N/A,2\n")
    row = kit.get("Account", id_)
    assert (row["Name"], row["Website"], row["Phone"]) == ("Acme", None, "2")


def test_result_rows_come_in_another_order(kit: Kit) -> None:
    names = [f"n{number:03}" for number in range(300)]
    job = ran(kit, "insert", "Name\n" + "\n".join(names) + "\n")
    rows = [row["Name"] for row in results(kit, job)]
    assert rows != names
    assert sorted(rows) == names


def test_upsert_tells_what_it_made_and_refuses_the_ambiguous(kit: Kit) -> None:
    kit.external_id(unique=False)
    for name in ("a", "b"):
        kit.create("Account", Name=name, Tieline_Id__c="twice")
    kit.create("Account", Name="old", Tieline_Id__c="known")
    data = "Tieline_Id__c,Name\nknown,new\nfresh,f\ntwice,t\n,none\nsame,1\nsame,2\n"
    job = ran(kit, "upsert", data, externalIdFieldName="Tieline_Id__c")
    assert {row["Name"]: row["sf__Created"] for row in results(kit, job)} == {
        "new": "false", "f": "true",
    }  # fmt: skip
    codes = [text.partition(":")[0] for text in errors(kit, job)]
    assert codes == [
        "DUPLICATE_EXTERNAL_ID", "DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT",
    ]  # fmt: skip
    assert "more than one record during an upsert.:--" in errors(kit, job)[0]


def test_delete_takes_ids_only(kit: Kit) -> None:
    id_ = kit.create("Account", Name="Acme")
    job = ran(kit, "delete", f"Id\n{id_}\n001Hx0000000999\n")
    assert [row["sf__Id"] for row in results(kit, job)] == [id_]
    assert errors(kit, job) == ["INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"]
    again = ran(kit, "update", f"Id,Name\n{id_},x\n")
    assert errors(kit, again) == ["ENTITY_IS_DELETED:entity is deleted:--"]
    assert kit.error("POST", "jobs/ingest", {"object": "Account", "operation": "hardDelete"})[
        1
    ] == ("FEATURENOTENABLED")


def test_relations_by_external_id_and_quoted_text(kit: Kit) -> None:
    kit.external_id()
    account = kit.create("Account", Name="Acme", Tieline_Id__c="A 1")
    text = 'two\nlines, "quoted" end'
    quoted = '"' + text.replace('"', '""') + '"'
    job = ran(kit, "insert", f"LastName,Account.Tieline_Id__c,Description\nDoe,A 1,{quoted}\n",
              "Contact")  # fmt: skip
    (row,) = results(kit, job)
    assert row["Description"] == text
    found = kit.get("Contact", row["sf__Id"])
    assert (found["AccountId"], found["Description"]) == (account, text)


@pytest.mark.parametrize(
    ("bad", "good"),
    [('"a" ,b', '"c",d'), (' "a",b', "c,d"), ("a,b,c", "d,e"), ('a"b,c', "d,e")],
)
def test_a_badly_quoted_row_fails_alone(kit: Kit, bad: str, good: str) -> None:
    data = f"Name,Phone\n{good}\n{bad}\n" if bad.count('"') % 2 else f"Name,Phone\n{bad}\n{good}\n"
    job = ran(kit, "insert", data)
    assert len(results(kit, job)) == 1
    assert errors(kit, job)[0].startswith("INVALID_CSV_ROW:")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("Nonsense\nx\n", "InvalidBatch : Field name not found : Nonsense"),
        ("Name\r\nx\r\n", "ClientInputError : LineEnding is invalid on user data. Current "
         "LineEnding setting is LF"),
        ("", "InvalidBatch : the header row is missing or has too many columns"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_fails_the_job(kit: Kit, data: str, message: str) -> None:
    job = opened(kit, "insert")
    upload(kit, job, data)
    close(kit, job)
    kit.advance(1)
    found = state(kit, job)
    assert (found["state"], found["errorMessage"]) == ("Failed", message)


def test_other_delimiters_and_line_endings(kit: Kit) -> None:
    job = ran(kit, "insert", "Name|Phone\r\na,b|1\r\n", columnDelimiter="PIPE", lineEnding="CRLF")
    text = kit.call("GET", f"jobs/ingest/{job}/successfulResults").text
    assert text.startswith('"sf__Id"|"sf__Created"|"Name"|"Phone"\r\n')
    assert text.endswith('"true"|a,b|1\r\n')


def test_an_aborted_job_leaves_its_rows_unprocessed(kit: Kit) -> None:
    kit.config(quirks={"bulk_seconds": 10})
    job = opened(kit, "insert")
    upload(kit, job, "Name\na\nb\n")
    close(kit, job)
    assert kit.call("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"}).json()["state"] == (
        "Aborted"
    )
    assert kit.call("GET", f"jobs/ingest/{job}/unprocessedrecords").text == "Name\na\nb\n"
    kit.advance(60)
    assert kit.query("SELECT COUNT() FROM Account")["totalSize"] == 0
    assert kit.error("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"})[1] == "INVALIDJOBSTATE"
    assert kit.call("DELETE", f"jobs/ingest/{job}").status_code == 204
    assert kit.error("GET", f"jobs/ingest/{job}")[:2] == (404, "NOT_FOUND")


def test_a_job_that_fails_midway_tells_what_it_did_not_come_to(kit: Kit) -> None:
    kit.config(quirks={"bulk_failed_jobs": 1.0})
    job = opened(kit, "insert")
    upload(kit, job, "Name\n" + "".join(f"n{number}\n" for number in range(1000)))
    close(kit, job)
    kit.advance(1)
    found = state(kit, job)
    assert found["state"] == "Failed"
    left = results(kit, job, "unprocessedrecords")
    done = results(kit, job)
    assert len(left) > 100
    assert len(done) > 100
    assert {row["Name"] for row in [*left, *done]} == {f"n{number}" for number in range(1000)}
    assert results(kit, job, "unprocessedrecords") == left


def test_states_out_of_order_are_refused(kit: Kit) -> None:
    job = opened(kit, "insert")
    upload(kit, job, "Name\na\n")
    assert kit.error("GET", f"jobs/ingest/{job}/successfulResults")[1] == "INVALIDJOBSTATE"
    assert kit.error("DELETE", f"jobs/ingest/{job}")[1] == "INVALIDJOBSTATE"
    more = kit.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=b"Name\nb\n",
                        headers=CSV_TYPE)  # fmt: skip
    assert more.json()[0]["message"].startswith("Found multiple contents for job")
    close(kit, job)
    assert kit.error("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})[1] == (
        "INVALIDJOBSTATE"
    )
    late = kit.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=b"Name\n", headers=CSV_TYPE)
    assert late.json()[0]["errorCode"] == "INVALIDJOBSTATE"


def test_an_upload_that_is_too_large_is_refused(kit: Kit) -> None:
    kit.config(bulk_upload_limit=10)
    job = opened(kit, "insert")
    answer = kit.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=b"Name\n1234567890\n",
                          headers=CSV_TYPE)  # fmt: skip
    assert answer.status_code == 413


# queries


def asked(kit: Kit, query: str, operation: str = "query") -> str:
    answer = kit.call("POST", "jobs/query", {"operation": operation, "query": query})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "UploadComplete"
    job: str = answer.json()["id"]
    kit.advance(1)
    assert state(kit, job, "query")["state"] == "JobComplete"
    return job


def test_a_query_is_read_in_pages_to_the_null_locator(kit: Kit) -> None:
    kit.seed(Account=[{"Name": f"n{number:03}"} for number in range(250)])
    job = asked(kit, "SELECT Id, Name, Parent.Name, CreatedDate, IsDeleted, AnnualRevenue FROM "
                     "Account ORDER BY Name")  # fmt: skip
    names: list[str] = []
    locator, sizes = "", []
    while locator != "null":
        params = {"maxRecords": "100"} | ({"locator": locator} if locator else {})
        answer = kit.call("GET", f"jobs/query/{job}/results", params=params)
        locator = answer.headers["Sforce-Locator"]
        sizes.append(int(answer.headers["Sforce-NumberOfRecords"]))
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == sizes[-1]
        names += [row["Name"] for row in rows]
    assert sizes == [100, 100, 50]
    assert names == [f"n{number:03}" for number in range(250)]
    assert rows[0] == {
        "Id": rows[0]["Id"], "Name": "n200", "Parent.Name": "", "AnnualRevenue": "",
        "CreatedDate": "2024-05-06T07:08:09.000Z", "IsDeleted": "false",
    }  # fmt: skip
    assert state(kit, job, "query")["numberRecordsProcessed"] == 250
    wrong = {"locator": "bm8="}
    assert kit.error("GET", f"jobs/query/{job}/results", params=wrong)[1] == "INVALIDLOCATOR"


def test_query_all_shows_deleted_rows_and_the_result_stays_as_it_was(kit: Kit) -> None:
    kept, gone = kit.create("Account", Name="a"), kit.create("Account", Name="b")
    kit.call("DELETE", f"sobjects/Account/{gone}")
    job = asked(kit, "SELECT Id, IsDeleted, Name FROM Account", "queryAll")
    kit.call("PATCH", f"sobjects/Account/{kept}", {"Name": "later"})
    text = kit.call("GET", f"jobs/query/{job}/results").text
    rows = {row["Id"]: (row["IsDeleted"], row["Name"]) for row in csv.DictReader(io.StringIO(text))}
    assert rows == {kept: ("false", "a"), gone: ("true", "b")}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(Id) FROM Account",
        "SELECT COUNT() FROM Account",
        "SELECT Name FROM Account GROUP BY Name",
        "SELECT Name FROM Account OFFSET 5",
        "SELECT BillingAddress FROM Account",
        "SELECT (SELECT Id FROM Contacts) FROM Account",
        "SELECT FIELDS(STANDARD) FROM Account",
    ],
)
def test_what_bulk_queries_cannot_do_is_refused(kit: Kit, query: str) -> None:
    body = {"operation": "query", "query": query}
    assert kit.error("POST", "jobs/query", body)[:2] == (400, "API_ERROR")


def test_wrong_queries_and_the_daily_number_are_refused(kit: Kit) -> None:
    body = {"operation": "query", "query": "SELECT Nonsense FROM Account"}
    assert kit.error("POST", "jobs/query", body)[1] == "INVALID_FIELD"
    kit.config(bulk_query_jobs=1)
    asked(kit, "SELECT Id FROM Account")
    body["query"] = "SELECT Id FROM Account"
    assert kit.error("POST", "jobs/query", body)[1] == "LIMIT_EXCEEDED"
    left = kit.call("GET", "limits").json()["DailyBulkV2QueryJobs"]
    assert left == {"Max": 1, "Remaining": 0}


def test_an_aborted_query_has_no_results(kit: Kit) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    job = kit.call("POST", "jobs/query", body).json()["id"]
    assert kit.error("GET", f"jobs/query/{job}/results")[1] == "INVALIDJOBSTATE"
    aborted = kit.call("PATCH", f"jobs/query/{job}", {"state": "Aborted"}).json()
    kit.advance(60)
    assert aborted["state"] == state(kit, job, "query")["state"] == "Aborted"
    assert kit.error("GET", f"jobs/query/{job}/results")[1] == "INVALIDJOBSTATE"


def test_a_query_job_that_fails_can_be_asked_again(kit: Kit) -> None:
    kit.config(quirks={"bulk_failed_jobs": 1.0})
    seen = []
    for _ in range(3):
        body = {"operation": "query", "query": "SELECT Id FROM Account"}
        job = kit.call("POST", "jobs/query", body).json()["id"]
        kit.advance(1)
        seen.append(state(kit, job, "query")["state"])
    assert seen == ["Failed", "Failed", "JobComplete"]


def test_an_expired_session_is_told_in_the_way_of_each_version(kit: Kit) -> None:
    job = asked(kit, "SELECT Id FROM Account")
    kit.sandbox.store.expire_sessions()
    path = f"jobs/query/{job}/results"
    assert kit.error("GET", path)[:2] == (401, "INVALID_SESSION_ID")
    kit.config(quirks={"bulk_session_400": 1.0})
    answer = kit.call("GET", path)
    assert (answer.status_code, answer.json()["exceptionCode"]) == (400, "InvalidSessionId")
    old = kit.http.get("/services/async/60.0/job/750x")
    assert (old.status_code, old.json()["exceptionMessage"]) == (400, "Invalid session id")


def test_jobs_are_listed_and_counted(kit: Kit) -> None:
    kit.admin.delete("/requests")
    ran(kit, "insert", "Name\na\n")
    asked(kit, "SELECT Id FROM Account")
    assert [job["operation"] for job in kit.call("GET", "jobs/ingest").json()["records"]] == [
        "insert"
    ]
    counted = kit.admin.get("/requests").json()
    assert counted["writes"] == 3
    assert counted["by_object"]["Account"] == {"read": 1, "write": 1}
    assert "GET /services/data/v60.0/jobs/query/{job}" in counted["by_route"]
