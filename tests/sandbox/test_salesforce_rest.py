"""Single records over REST: what is accepted, what is refused and in which words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.salesforce_kit import DATA, RECORDED, Kit, running_kit


@pytest.fixture(scope="module")
def shared() -> Iterator[Kit]:
    """For tests that only add records and look at their own."""
    with running_kit() as kit:
        kit.external_id("Account")
        kit.external_id("Contact", unique=False)
        yield kit


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


def fixture(name: str) -> Any:
    path = RECORDED / "fixtures" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the recording {path} is not here")
    return json.loads(path.read_text())


def test_a_record_lives_and_dies(shared: Kit) -> None:
    made = shared.call("POST", "sobjects/Account/", {"Name": " Acme ", "Phone": ""})
    id_ = made.json()["id"]
    assert made.status_code == 201
    assert made.json() == {"id": id_, "success": True, "errors": []}
    assert made.headers["Location"] == f"{DATA}/sobjects/Account/{id_}"
    row = shared.get("Account", id_[:15])
    assert (row["Id"], row["Name"], row["Phone"]) == (id_, "Acme", None)
    assert row["attributes"] == {"type": "Account", "url": f"{DATA}/sobjects/Account/{id_}"}
    changed = shared.call("PATCH", f"sobjects/Account/{id_}", {"Phone": "1", "Industry": "energy"})
    assert (changed.status_code, changed.content) == (204, b"")
    assert shared.get("Account", id_, "Phone,Industry")["Industry"] == "Energy"
    gone = shared.call("DELETE", f"sobjects/Account/{id_}")
    assert (gone.status_code, gone.content) == (204, b"")
    for method, body in (("GET", None), ("PATCH", {"Name": "x"}), ("DELETE", None)):
        assert shared.error(method, f"sobjects/Account/{id_}", body) == (
            404,
            "ENTITY_IS_DELETED",
            "entity is deleted",
        )


def test_missing_things_are_404_in_the_recorded_words(shared: Kit) -> None:
    assert shared.call("GET", "sobjects/Nonsense/describe").json() == fixture(
        "sobject_describe_error_response"
    )
    assert shared.call("GET", "sobjects/Account/23foo").json() == fixture(
        "sobject_find_error_response"
    )
    assert shared.call("PATCH", "sobjects/Account/Namez/x", {"Site": "y"}).json() == fixture(
        "upsert_error_response"
    )
    assert shared.call("POST", "sobjects/Account", {"Name": "x", "foo": 1}).json()[0] == {
        **fixture("write_error_response")[0],
        "message": "No such column 'foo' on sobject of type Account",
    }
    assert shared.error("GET", "sobjects/Account/001Hx00000zzzzzIAA")[0] == 404
    assert shared.error("PUT", "sobjects/Account")[:2] == (405, "METHOD_NOT_ALLOWED")


LONG = "x" * 256
REFUSED = [
    ("Contact", {}, "REQUIRED_FIELD_MISSING", ["LastName"]),
    ("Lead", {"LastName": "x"}, "REQUIRED_FIELD_MISSING", ["Company"]),
    ("Opportunity", {"Name": "x"}, "REQUIRED_FIELD_MISSING", ["StageName", "CloseDate"]),
    ("Account", {"Name": LONG}, "STRING_TOO_LONG", ["Name"]),
    ("Contact", {"LastName": "x", "Email": "no"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
    ("Contact", {"LastName": "x", "Name": "y"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
    ("Account", {"Name": "x", "BillingAddress": {}}, "INVALID_FIELD_FOR_INSERT_UPDATE",
     ["BillingAddress"]),
    ("Account", {"Name": "x", "Id": "001Hx0000000001IAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE",
     ["Id"]),
    ("Account", {"Name": "x", "BillingGeocodeAccuracy": "Roughly"},
     "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["BillingGeocodeAccuracy"]),
    ("Contact", {"LastName": "x", "AccountId": "nope"}, "MALFORMED_ID", ["AccountId"]),
    ("Contact", {"LastName": "x", "AccountId": "003Hx0000000001IAA"},
     "FIELD_INTEGRITY_EXCEPTION", ["AccountId"]),
    ("Contact", {"LastName": "x", "AccountId": "001Hx00000zzzzz"},
     "INVALID_CROSS_REFERENCE_KEY", []),
    ("Account", {"Name": "x", "NumberOfEmployees": 10**8}, "NUMBER_OUTSIDE_VALID_RANGE",
     ["NumberOfEmployees"]),
    ("Account", {"Name": 5}, "JSON_PARSER_ERROR", None),
    ("Account", {"Name": "x", "AnnualRevenue": "much"}, "JSON_PARSER_ERROR", None),
    ("Contact", {"LastName": "x", "DoNotCall": "maybe"}, "JSON_PARSER_ERROR", None),
    ("Contact", {"LastName": "x", "Birthdate": "2023-02-29"}, "JSON_PARSER_ERROR", None),
    ("Contact", {"LastName": "x", "EmailBouncedDate": "soon"}, "JSON_PARSER_ERROR", None),
    ("Account", {"Name": "x", "NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("object_type", "given", "code", "fields"), REFUSED, ids=lambda value: str(value)[:40]
)
def test_values_that_are_refused(
    shared: Kit, object_type: str, given: dict[str, Any], code: str, fields: list[str] | None
) -> None:
    answer = shared.call("POST", f"sobjects/{object_type}", given)
    assert answer.status_code == 400
    error = answer.json()[0]
    assert error["errorCode"] == code
    assert error.get("fields") == fields


def test_the_words_of_common_refusals(shared: Kit) -> None:
    def message(given: dict[str, Any]) -> str:
        return shared.error("POST", "sobjects/Contact", given)[2]

    assert message({}) == "Required fields are missing: [LastName]"
    assert message({"LastName": "x", "Email": "no"}) == "Email: invalid email address: no"
    long = "y" * 41
    assert message({"LastName": "x", "FirstName": long}) == (
        f"First Name: data value too large: {long} (max length=40)"
    )
    assert message({"LastName": "x", "CreatedDate": "2024-01-01"}).startswith(
        "Unable to create/update fields: CreatedDate. Please check the security settings"
    )


def test_a_refused_update_changes_nothing(shared: Kit) -> None:
    id_ = shared.create("Contact", LastName="x", Phone="1")
    path = f"sobjects/Contact/{id_}"
    assert shared.error("PATCH", path, {"Phone": "2", "LastName": None})[1] == (
        "REQUIRED_FIELD_MISSING"
    )
    assert shared.error("PATCH", path, {"Phone": "2", "OwnerId": "005Hx00000zzzzz"})[1] == (
        "INVALID_CROSS_REFERENCE_KEY"
    )
    assert shared.get("Contact", id_, "Phone")["Phone"] == "1"


def test_an_account_is_never_its_own_ancestor(shared: Kit) -> None:
    top = shared.create("Account", Name="top")
    middle = shared.create("Account", Name="middle", ParentId=top)
    low = shared.create("Account", Name="low", ParentId=middle)
    for parent in (top, low):
        refused = shared.error("PATCH", f"sobjects/Account/{top}", {"ParentId": parent})
        assert refused[:2] == (400, "CIRCULAR_DEPENDENCY")


def test_an_inactive_owner_is_refused_but_may_stay(shared: Kit) -> None:
    user = {"LastName": "Gone", "Username": "gone@x.example", "Email": "gone@x.example"}
    gone = shared.seed(User=[{**user, "IsActive": False}])["User"][0]
    owned = shared.seed(Account=[{"Name": "old", "OwnerId": gone}])["Account"][0]
    refused = shared.error("POST", "sobjects/Account", {"Name": "x", "OwnerId": gone})
    assert refused[:2] == (400, "INACTIVE_OWNER_OR_USER")
    same = {"Phone": "1", "OwnerId": gone}
    assert shared.call("PATCH", f"sobjects/Account/{owned}", same).status_code == 204


def test_upsert_by_a_unique_external_id(shared: Kit) -> None:
    path = "sobjects/Account/Tieline_Id__c/" + "a%2Fb%3F%20%C3%BC"
    made = shared.call("PATCH", path, {"Name": "one"})
    assert made.status_code == 201
    assert made.json()["created"] is True
    again = shared.call("PATCH", path, {"Name": "two"})
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert again.json()["id"] == made.json()["id"]
    row = shared.call("GET", path).json()
    assert (row["Name"], row["Tieline_Id__c"]) == ("two", "a/b? ü")
    missing = "sobjects/Account/Tieline_Id__c/none"
    only = shared.call("PATCH", missing, {"Name": "x"}, params={"updateOnly": "true"})
    assert only.status_code == 404
    assert shared.call("DELETE", path).status_code == 204
    assert shared.call("GET", path).status_code == 404


def test_a_unique_value_belongs_to_one_live_record(shared: Kit) -> None:
    first = shared.create("Account", Name="x", Tieline_Id__c="Unique")
    refused = shared.error("POST", "sobjects/Account", {"Name": "y", "Tieline_Id__c": "uNIQUE"})
    assert refused == (
        400,
        "DUPLICATE_VALUE",
        f"duplicate value found: Tieline_Id__c duplicates value on record with id: {first[:15]}",
    )
    shared.call("DELETE", f"sobjects/Account/{first}")
    assert shared.create("Account", Name="y", Tieline_Id__c="uNIQUE")


def test_an_ambiguous_external_id_is_300_with_the_addresses(shared: Kit) -> None:
    ids = [shared.create("Contact", LastName="x", Tieline_Id__c="twice") for _ in range(2)]
    answer = shared.call("PATCH", "sobjects/Contact/Tieline_Id__c/twice", {"LastName": "y"})
    assert answer.status_code == 300
    assert answer.json() == [f"{DATA}/sobjects/Contact/{id_}" for id_ in ids]


def test_a_parent_can_be_named_by_its_external_id(shared: Kit) -> None:
    account = shared.create("Account", Name="p", Tieline_Id__c="parent")
    contact = shared.create("Contact", LastName="x", Account={"Tieline_Id__c": "parent"})
    assert shared.get("Contact", contact, "AccountId")["AccountId"] == account


def test_stages_decide_what_is_derived(shared: Kit) -> None:
    deal = shared.create(
        "Opportunity", Name="d", StageName="Needs Analysis", CloseDate="2024-08-01", Amount=200
    )
    fields = "IsClosed,IsWon,Probability,ForecastCategory,ForecastCategoryName,ExpectedRevenue"
    row = shared.get("Opportunity", deal, f"{fields},FiscalYear,FiscalQuarter,Fiscal")
    assert (row["Probability"], row["ForecastCategory"]) == (20.0, "Pipeline")
    assert (row["ExpectedRevenue"], row["Fiscal"]) == (40.0, "2024 3")
    shared.call("PATCH", f"sobjects/Opportunity/{deal}", {"StageName": "Closed Won"})
    row = shared.get("Opportunity", deal, fields)
    assert (row["IsClosed"], row["IsWon"], row["Probability"]) == (True, True, 100.0)
    assert row["ForecastCategoryName"] == "Closed"
    assert shared.error("PATCH", f"sobjects/Opportunity/{deal}", {"IsWon": False})[1] == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_an_opportunity_has_one_primary_contact_role(shared: Kit) -> None:
    people = [shared.create("Contact", LastName=name) for name in "ab"]
    deal = shared.create(
        "Opportunity", Name="d", StageName="Prospecting", CloseDate="2024-08-01",
        ContactId=people[0],
    )  # fmt: skip
    shared.create("OpportunityContactRole", OpportunityId=deal, ContactId=people[1], IsPrimary=True)
    soql = f"SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId='{deal}'"
    roles = {row["ContactId"]: row["IsPrimary"] for row in shared.rows(soql)}
    assert roles == {people[0]: False, people[1]: True}


def test_a_person_moves_both_dates_a_process_only_the_stamp(kit: Kit) -> None:
    id_ = kit.create("Account", Name="x")
    kit.advance(60)
    kit.edit("Account", "process", id_, Phone="1")
    row = kit.get("Account", id_, "SystemModstamp,LastModifiedDate")
    assert row["SystemModstamp"] == "2024-05-06T07:09:09.000+0000"
    assert row["LastModifiedDate"] == "2024-05-06T07:08:09.000+0000"
    kit.advance(60)
    kit.edit("Account", "update", id_, Phone="2")
    row = kit.get("Account", id_, "SystemModstamp,LastModifiedDate,LastModifiedById")
    assert row["SystemModstamp"] == row["LastModifiedDate"] == "2024-05-06T07:10:09.000+0000"
    person = kit.rows("SELECT Id FROM User WHERE Email = 'jo@example.com'")[0]["Id"]
    assert row["LastModifiedById"] == person


def test_updated_and_deleted_windows(kit: Kit) -> None:
    first, second = kit.create("Account", Name="a"), kit.create("Account", Name="b")
    kit.advance(600)
    kit.call("DELETE", f"sobjects/Account/{second}")
    window = {"start": "2024-05-06T07:00:00+00:00", "end": "2024-05-06T07:30:00Z"}
    updated = kit.call("GET", "sobjects/Account/updated/", params=window).json()
    assert updated == {"ids": [first], "latestDateCovered": "2024-05-06T07:18:09.000+0000"}
    deleted = kit.call("GET", "sobjects/Account/deleted/", params=window).json()
    assert deleted["deletedRecords"] == [
        {"id": second, "deletedDate": "2024-05-06T07:18:09.000+0000"}
    ]
    assert set(deleted) == set(fixture("get_deleted_success_response"))
    for start, path in (("2024-05-06T07:29:30Z", "updated"), ("2024-04-01T00:00:00Z", "deleted")):
        refused = kit.error("GET", f"sobjects/Account/{path}", params={**window, "start": start})
        assert refused[:2] == (400, "INVALID_REPLICATION_DATE")


def test_limits_usage_and_the_daily_cap(kit: Kit) -> None:
    kit.config(daily_limit=3)
    limits = kit.call("GET", "limits")
    assert limits.json()["DailyApiRequests"] == {"Max": 3, "Remaining": 2}
    assert limits.headers["Sforce-Limit-Info"] == "api-usage=1/3"
    kit.call("GET", "limits")
    assert kit.call("GET", "sobjects/X").headers["Sforce-Limit-Info"] == "api-usage=3/3"
    refused = kit.call("GET", "limits")
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert "Retry-After" not in refused.headers
    kit.advance(86_401)
    kit.sign_in()
    assert kit.call("GET", "limits").status_code == 200


def test_record_counts_leave_out_what_is_empty(kit: Kit) -> None:
    kit.create("Account", Name="a")
    answer = kit.call("GET", "limits/recordCount", params={"sObjects": "Account,Contact"})
    assert answer.json() == {"sObjects": [{"count": 1, "name": "Account"}]}


def test_rules_of_the_organisation(kit: Kit) -> None:
    kit.config(
        validation_rules={"Opportunity": {"NextStep": "Say what comes next"}},
        duplicate_rules={"Contact": ["Email"]},
    )
    deal = {"Name": "d", "StageName": "Prospecting", "CloseDate": "2024-08-01"}
    assert kit.error("POST", "sobjects/Opportunity", deal) == (
        400,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "Say what comes next",
    )
    kit.create("Contact", LastName="x", Email="a@x.com")
    twin = {"LastName": "y", "Email": "A@x.com"}
    answer = kit.call("POST", "sobjects/Contact", twin)
    assert answer.json()[0]["errorCode"] == "DUPLICATES_DETECTED"
    assert answer.json()[0]["duplicateResult"]["allowSave"] is True
    allowed = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert kit.call("POST", "sobjects/Contact", twin, headers=allowed).status_code == 201


def test_a_url_that_is_too_long_is_refused(shared: Kit) -> None:
    soql = "SELECT Id FROM Account WHERE Name = '" + "x" * 17_000 + "'"
    assert shared.error("GET", "query", params={"q": soql})[0] == 414


def test_a_body_that_is_no_json(shared: Kit) -> None:
    answer = shared.http.post(f"{DATA}/sobjects/Account", content=b'{"Name": ')
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
