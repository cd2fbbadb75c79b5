"""What Salesforce really said, recorded by others, through the tables that judge it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.salesforce import wire
from connectors.salesforce.errors import call_error, faults, record_error
from connectors.salesforce.recordtypes import RECORD_TYPE
from core.errors import AuthError, ConnectorError, DuplicateError, RejectedError, SchemaDriftError

SHARED = Path(os.environ.get("TIELINE_SHARED", Path(__file__).parents[3] / "shared"))
RECORDED = SHARED / "recorded" / "salesforce"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recordings in {RECORDED}")


def recorded(name: str) -> Any:
    return orjson.loads((RECORDED / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("expired_session_response", 401, AuthError),
        ("query_error_response", 400, SchemaDriftError),
        ("sobject_describe_error_response", 404, SchemaDriftError),
        ("sobject_find_error_response", 404, SchemaDriftError),
    ],
)
def test_refused_calls(name: str, status: int, error: type[ConnectorError]) -> None:
    found = faults(recorded(f"fixtures/{name}.json"))
    assert found
    made = call_error(status, found, "GET x")
    assert type(made) is error
    assert found[0].code in made.message


def test_a_refused_write_names_its_field() -> None:
    error = record_error(faults(recorded("fixtures/write_error_response.json")), existing=True)
    assert isinstance(error, RejectedError)
    assert error.vendor_code


def test_a_refused_sign_in() -> None:
    (fault,) = faults(recorded("fixtures/auth_error_response.json"))
    assert fault.code == "invalid_grant"


def test_a_list_of_matches_is_no_fault() -> None:
    assert faults(recorded("fixtures/upsert_multiple_error_response.json")) == ()


def test_a_duplicate_rule_names_the_record_that_is_there() -> None:
    record = {"attributes": {"type": "Contact"}, "Id": "003aj000002oTldAAE"}
    result = {"matchResults": [{"matchRecords": [{"record": record}]}]}
    entry = {"errorCode": "DUPLICATES_DETECTED", "message": "m", "duplicateResult": result}
    error = record_error(faults([entry]), existing=False)
    assert isinstance(error, DuplicateError)
    assert error.existing_id == "003aj000002oTldAAE"


@pytest.mark.parametrize("name", ["Account", "Contact", "Lead", "Opportunity"])
def test_describes(name: str) -> None:
    raw = recorded(f"describe/{name}.json")
    schema = wire.schema(raw)
    children = {child["relationshipName"] for child in raw["childRelationships"]}
    ours = set(wire.ASSOCIATIONS.get(name, {})) & children
    if any(not info["master"] for info in raw["recordTypeInfos"]):
        ours.add(RECORD_TYPE)
    assert set(schema.fields) == {f["name"] for f in raw["fields"]} | ours
    assert (wire.RELATIONS in ours, wire.ROLES in ours) == (False, name == "Opportunity")
    assert set(wire.system_columns(name)) <= {f["name"] for f in raw["fields"]}
    required = {field.name for field in schema.fields.values() if field.required_on_create}
    assert (
        required
        == {
            "Account": {"Name"},
            "Contact": {"LastName"},
            "Lead": {"LastName", "Company"},
            "Opportunity": {"Name", "StageName", "CloseDate"},
        }[name]
    )
