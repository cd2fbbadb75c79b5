"""SOQL: a table of queries with their answers, and of mistakes with their errors."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.sandbox.salesforce_kit import RECORDED, Kit, running_kit


@pytest.fixture(scope="module")
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        made.seed(
            User=[{"LastName": "Field", "Email": "field@example.com", "Username": "f@x.example"}],
            Account=[
                {"Name": "Acme", "Industry": "Energy", "NumberOfEmployees": 10,
                 "BillingCity": "Berlin", "CreatedDate": "2024-05-05T10:00:00Z",
                 "OwnerId": "@User:0"},
                {"Name": "beta", "Industry": "Banking", "NumberOfEmployees": 200,
                 "ParentId": "@Account:0"},
                {"Name": "Ceta 100%", "NumberOfEmployees": None, "AnnualRevenue": 1.5},
                {"Name": "O'Hara \\ Söhne", "Industry": "Energy", "IsDeleted": True},
            ],
            Contact=[
                {"LastName": "One", "FirstName": "A", "Email": "One@x.com",
                 "AccountId": "@Account:0"},
                {"LastName": "Two", "Email": "two@x.com", "AccountId": "@Account:1",
                 "DoNotCall": True, "Birthdate": "1980-02-29"},
                {"LastName": "Three"},
            ],
            Opportunity=[
                {"Name": "Small", "StageName": "Prospecting", "CloseDate": "2024-05-06",
                 "Amount": 10, "AccountId": "@Account:0"},
                {"Name": "Large", "StageName": "Closed Won", "CloseDate": "2024-04-30",
                 "Amount": 90, "AccountId": "@Account:0"},
                {"Name": "Plain", "StageName": "Prospecting", "CloseDate": "2025-01-01"},
            ],
            OpportunityContactRole=[
                {"OpportunityId": "@Opportunity:0", "ContactId": "@Contact:0",
                 "Role": "Decision Maker", "IsPrimary": True},
                {"OpportunityId": "@Opportunity:0", "ContactId": "@Contact:1"},
            ],
            Group=[{"Name": "Inbound", "Type": "Queue"}],
            Lead=[{"LastName": "L", "Company": "C", "OwnerId": "@Group:0"}],
        )  # fmt: skip
        yield made


A, C, D = "Account", "Contact", "Opportunity"
NAMES = [
    (A, "", "Acme beta Ceta 100%"),
    (A, "WHERE Name = 'ACME'", "Acme"),
    (A, "WHERE Name != 'acme'", "beta Ceta 100%"),
    (A, "WHERE Industry != 'Energy'", "beta Ceta 100%"),
    (A, "WHERE Industry = null", "Ceta 100%"),
    (A, "WHERE Industry != null", "Acme beta"),
    (A, "WHERE Industry IN ('energy', 'Banking')", "Acme beta"),
    (A, "WHERE Industry NOT IN ('Energy')", "beta Ceta 100%"),
    (A, "WHERE NumberOfEmployees > 10", "beta"),
    (A, "WHERE NumberOfEmployees <= 200", "Acme beta"),
    (A, "WHERE NOT NumberOfEmployees > 10", "Acme Ceta 100%"),
    (A, "WHERE Name LIKE '%E%'", "Acme beta Ceta 100%"),
    (A, "WHERE Name LIKE '_eta'", "beta"),
    (A, r"WHERE Name LIKE '%100\%'", "Ceta 100%"),
    (A, "WHERE Name > 'B'", "beta Ceta 100%"),
    (A, "WHERE AnnualRevenue = 2", "Ceta 100%"),
    (A, "WHERE (Name = 'beta' AND NumberOfEmployees = 200) OR Name LIKE 'ac%'", "Acme beta"),
    (A, "WHERE Industry = 'Energy' AND (NOT Name = 'beta')", "Acme"),
    (A, "WHERE CreatedDate = YESTERDAY", "Acme"),
    (A, "WHERE CreatedDate < TODAY", "Acme"),
    (A, "WHERE CreatedDate = LAST_N_DAYS:3", "Acme beta Ceta 100%"),
    (A, "WHERE CreatedDate >= THIS_WEEK", "Acme beta Ceta 100%"),
    (A, "WHERE CreatedDate > 2024-05-05T10:00:00Z", "beta Ceta 100%"),
    (A, "WHERE CreatedDate >= 2024-05-05T12:00:00+02:00", "Acme beta Ceta 100%"),
    (A, "WHERE SystemModstamp > 2030-01-01T00:00:00.000Z", ""),
    (A, "WHERE Parent.Name = 'acme'", "beta"),
    (A, "WHERE Owner.Email = 'field@example.com'", "Acme"),
    (A, "WHERE Id IN (SELECT AccountId FROM Contact WHERE Email LIKE '%@x.com')", "Acme beta"),
    (A, "WHERE Id NOT IN (SELECT AccountId FROM Opportunity)", "beta Ceta 100%"),
    (A, "a WHERE a.Name = 'Acme'", "Acme"),
    (A, "ORDER BY Name DESC", "Ceta 100% beta Acme"),
    (A, "ORDER BY NumberOfEmployees", "Ceta 100% Acme beta"),
    (A, "ORDER BY NumberOfEmployees DESC", "Ceta 100% beta Acme"),
    (A, "ORDER BY NumberOfEmployees DESC NULLS LAST", "beta Acme Ceta 100%"),
    (A, "ORDER BY Industry NULLS LAST, Name", "beta Acme Ceta 100%"),
    (A, "ORDER BY Name LIMIT 1 OFFSET 1", "beta"),
    (A, "USING SCOPE everything WHERE Name = 'beta' FOR VIEW", "beta"),
    (C, "WHERE Email = 'ONE@X.com'", "A One"),
    (C, "WHERE DoNotCall = true", "Two"),
    (C, "WHERE Birthdate < 1990-01-01", "Two"),
    (C, "WHERE Account.Parent.Name = 'Acme'", "Two"),
    (C, "WHERE AccountId = null", "Three"),
    (C, "WHERE Account.Name = null", "Three"),
    (D, "WHERE CloseDate = TODAY", "Small"),
    (D, "WHERE CloseDate = LAST_MONTH", "Large"),
    (D, "WHERE CloseDate = NEXT_YEAR", "Plain"),
    (D, "WHERE IsWon = false ORDER BY Amount DESC NULLS LAST", "Small Plain"),
    ("User", "WHERE Email = 'field@example.com'", "Field"),
    ("Lead", "WHERE Owner.Type = 'Queue'", "L"),
    ("OpportunityStage", "WHERE IsClosed = true", "Closed Won Closed Lost"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "rest", "expected"), NAMES, ids=lambda value: str(value)[:60])
def test_which_records(kit: Kit, source: str, rest: str, expected: str) -> None:
    name = "MasterLabel" if source == "OpportunityStage" else "Name"
    found = kit.rows(f"SELECT {name} FROM {source} {rest}")
    assert " ".join(row[name] for row in found) == expected


def test_deleted_records_are_only_in_query_all(kit: Kit) -> None:
    soql = r"SELECT Id, IsDeleted FROM Account WHERE Name = 'O\'Hara \\ Söhne'"
    assert kit.rows(soql) == []
    assert kit.rows(soql, every=True)[0]["IsDeleted"] is True


def test_ids_are_taken_in_both_lengths_and_answered_in_the_long_one(kit: Kit) -> None:
    long = kit.rows("SELECT Id FROM Account WHERE Name = 'Acme'")[0]["Id"]
    for given in (long, long[:15]):
        assert kit.rows(f"SELECT Id FROM Account WHERE Id = '{given}'")[0]["Id"] == long
        assert kit.query(f"SELECT Id FROM Contact WHERE AccountId IN ('{given}')")["totalSize"] == 1


def test_the_shape_of_a_record_its_parents_and_children(kit: Kit) -> None:
    soql = (
        "SELECT id, account.name, Account.Parent.Name, Amount, CloseDate, "
        "(SELECT Contact.Email, role, IsPrimary FROM OpportunityContactRoles ORDER BY Id) "
        "FROM Opportunity WHERE Name IN ('Small', 'Plain') ORDER BY Name DESC"
    )
    small, plain = kit.rows(soql)
    url = "/services/data/v60.0/sobjects"
    assert small["attributes"] == {
        "type": "Opportunity",
        "url": f"{url}/Opportunity/{small['Id']}",
    }
    assert small["Account"]["attributes"]["type"] == "Account"
    assert small["Account"]["Name"] == "Acme"
    assert small["Account"]["Parent"] is None
    assert (small["Amount"], small["CloseDate"]) == (10.0, "2024-05-06")
    roles = small["OpportunityContactRoles"]
    assert (roles["totalSize"], roles["done"]) == (2, True)
    assert [row["Role"] for row in roles["records"]] == ["Decision Maker", None]
    assert roles["records"][0]["Contact"]["Email"] == "One@x.com"
    assert plain["Account"] is None
    assert plain["OpportunityContactRoles"] is None


def test_datetimes_and_addresses_look_as_the_vendor_writes_them(kit: Kit) -> None:
    row = kit.rows("SELECT CreatedDate, BillingAddress FROM Account WHERE Name = 'Acme'")[0]
    assert row["CreatedDate"] == "2024-05-05T10:00:00.000+0000"
    assert row["BillingAddress"]["city"] == "Berlin"
    assert row["BillingAddress"]["street"] is None


@pytest.mark.parametrize(
    ("soql", "expected"),
    [
        ("SELECT COUNT(Id) FROM Opportunity", [{"expr0": 3}]),
        ("SELECT COUNT(Amount) n, MAX(Amount) m FROM Opportunity", [{"n": 2, "m": 90.0}]),
        (
            "SELECT StageName, COUNT(Id), SUM(Amount) FROM Opportunity GROUP BY StageName "
            "ORDER BY COUNT(Id) DESC",
            [
                {"StageName": "Prospecting", "expr0": 2, "expr1": 10.0},
                {"StageName": "Closed Won", "expr0": 1, "expr1": 90.0},
            ],
        ),
        (
            "SELECT Account.Name, AVG(Amount) a FROM Opportunity GROUP BY Account.Name "
            "HAVING COUNT(Id) > 1",
            [{"Name": "Acme", "a": 50.0}],
        ),
        ("SELECT COUNT_DISTINCT(StageName) d FROM Opportunity", [{"d": 2}]),
        ("SELECT MAX(CreatedDate) m FROM Lead WHERE Name = 'nobody'", [{"m": None}]),
    ],
)
def test_aggregates(kit: Kit, soql: str, expected: list[dict[str, object]]) -> None:
    attributes = {"attributes": {"type": "AggregateResult"}}
    assert kit.rows(soql) == [{**attributes, **row} for row in expected]


def test_count_alone_has_a_total_and_no_records(kit: Kit) -> None:
    assert kit.query("select count() from Contact") == {
        "totalSize": 3,
        "done": True,
        "records": [],
    }


def test_fields_functions(kit: Kit) -> None:
    row = kit.rows("SELECT FIELDS(ALL) FROM Contact LIMIT 1")[0]
    described = kit.call("GET", "sobjects/Contact/describe").json()["fields"]
    assert set(row) - {"attributes"} == {one["name"] for one in described}
    label = "SELECT toLabel(ForecastCategory) FROM Opportunity WHERE Name = 'Small'"
    assert kit.rows(label)[0]["ForecastCategory"] == "Pipeline"


MISTAKES = [
    ("SELECT Foo FROM Account", "INVALID_FIELD", 8, "No such column 'Foo' on entity 'Account'"),
    ("SELECT Id FROM Foo", "INVALID_TYPE", 16, "sObject type 'Foo' is not supported."),
    ("SELECT Id FRO Account", "MALFORMED_QUERY", 15, "unexpected token: 'Account'"),
    ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", 29, "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account WHERE Name = \"x\"", "MALFORMED_QUERY", 37, "unexpected token"),
    ("SELECT Id FROM Account WHERE Name = 'it's'", "MALFORMED_QUERY", 41, "unexpected token"),
    ("SELECT Id FROM Account WHERE Id=null AND Name='a' OR Name='b'", "MALFORMED_QUERY", 51,
     "unexpected token: 'OR'"),
    ("SELECT Id, Id FROM Account", "MALFORMED_QUERY", 12, "duplicate field selected: Id"),
    ("SELECT Id FROM Account WHERE CreatedDate > '2024-01-01T00:00:00Z'", "INVALID_FIELD", 44,
     "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not "
     "be enclosed in quotes"),
    ("SELECT Id FROM Account WHERE CreatedDate > 2024-01-01", "INVALID_FIELD", 44, "dateTime"),
    ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", 37, "should be enclosed in quotes"),
    ("SELECT Id FROM Account WHERE IsDeleted = 'false'", "INVALID_FIELD", 42, "type boolean"),
    ("SELECT Id FROM Account WHERE NumberOfEmployees > '5'", "INVALID_FIELD", 50, "type int"),
    ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", 30, "can not be filtered"),
    ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", 33, "can not be sorted"),
    ("SELECT Id FROM Account WHERE Id = 'nope'", "INVALID_QUERY_FILTER_OPERATOR", 35, "invalid ID"),
    ("SELECT Foo.Name FROM Account", "INVALID_FIELD", 8, "Didn't understand relationship 'Foo'"),
    ("SELECT Id, (SELECT Id FROM Foos) FROM Account", "INVALID_TYPE", 28, "relationship 'Foos'"),
    ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", 8, "must be grouped"),
    ("SELECT Amount FROM Opportunity GROUP BY Amount", "MALFORMED_QUERY", 41, "can not be grouped"),
    ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", 8, "aggregate operator SUM"),
    ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", 8, "LIMIT of at most 200"),
]  # fmt: skip


@pytest.mark.parametrize(("soql", "code", "column", "text"), MISTAKES, ids=lambda v: str(v)[:60])
def test_mistakes(kit: Kit, soql: str, code: str, column: int, text: str) -> None:
    status, found, message = kit.error("GET", "query", params={"q": soql})
    assert (status, found) == (400, code)
    assert f"ERROR at Row:1:Column:{column}\n" in message
    assert text in message
    _, line, pointer, *_ = message.split("\n")
    assert line == soql
    assert pointer == " " * (column - 1) + "^"


def test_too_large_an_offset_is_refused(kit: Kit) -> None:
    soql = "SELECT Id FROM Account LIMIT 1 OFFSET 2001"
    assert kit.error("GET", "query", params={"q": soql})[1] == "NUMBER_OUTSIDE_VALID_RANGE"


def test_an_unknown_type_reads_as_it_was_recorded(kit: Kit) -> None:
    path = RECORDED / "cassettes" / "TestCountSObjects.test_count_sobjects__errors.yaml"
    if not path.exists():
        pytest.skip(f"the recording {path} is not here")
    request = yaml.safe_load(path.read_text())["interactions"][0]
    recorded = json.loads(request["response"]["body"]["string"])["compositeResponse"]
    asked = json.loads(request["request"]["body"].replace("vxx.0", "v60.0"))
    answered = kit.call("POST", "composite", asked).json()["compositeResponse"]
    assert answered[1] == recorded[1]
    assert answered[0] == {**recorded[0], "body": {**recorded[0]["body"], "totalSize": 3}}
