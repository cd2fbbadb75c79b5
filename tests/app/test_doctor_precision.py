"""`tieline doctor` names exactly what is lacking, and nothing else, with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.office import Office

SCOPES = [
    *(
        f"crm.{part}.{name}.{right}"
        for part in ("objects", "schemas")
        for name in ("companies", "contacts", "deals")
        for right in ("read", "write")
    ),
    "crm.objects.owners.read",
]


def complaints(office: Office) -> list[dict[str, Any]]:
    """What doctor finds wrong or doubtful beyond what it finds in a sound account."""
    found = office.tieline("doctor", "--json").json["findings"]
    return [one for one in found if one["level"] != "ok"]


def new(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in after if one not in before]


@pytest.fixture
def sound(office: Office) -> Office:
    """An office after `tieline setup`."""
    assert office.tieline("setup").code == 0
    return office


@pytest.mark.parametrize("lacking", ["crm.objects.contacts.write", "crm.objects.deals.read"])
def test_one_lacking_scope(sound: Office, lacking: str) -> None:
    config = sound.running["hubspot"].admin
    config.post("/config", json={"scopes": SCOPES}).raise_for_status()
    before = complaints(sound)
    left = [scope for scope in SCOPES if scope != lacking]
    config.post("/config", json={"scopes": left}).raise_for_status()
    found = new(before, complaints(sound))
    assert found
    assert {one["side"] for one in found} == {"hubspot"}
    assert {one["level"] for one in found} == {"problem"}, found
    text = " ".join(one["message"] + one["remedy"] for one in found)
    assert [scope for scope in SCOPES if scope in text] == [lacking]
    assert all(one["remedy"] for one in found)


@pytest.mark.parametrize(
    ("rights", "field"),
    [({"hidden": ["Phone"]}, "Phone"), ({"readonly": ["Website"]}, "Website")],
    ids=["cannot be read", "cannot be written"],
)
def test_one_lacking_field_permission(sound: Office, rights: dict[str, Any], field: str) -> None:
    before = complaints(sound)
    given = {"user_permissions": {"Account": rights}}
    sound.running["salesforce"].admin.post("/config", json=given).raise_for_status()
    found = new(before, complaints(sound))
    assert found
    assert {one["side"] for one in found} == {"salesforce"}
    assert all(f"Account.{field}" in one["message"] + one["subject"] for one in found), found
    assert all(one["remedy"] for one in found)


def test_a_required_custom_field_that_no_mapping_fills(sound: Office) -> None:
    before = complaints(sound)
    org = sound.running["salesforce"]
    known = org.credentials
    answer = org.admin.post(
        f"{org.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(known["client_id"], known["client_secret"]),
    )
    made = org.admin.post(
        f"{org.url}/services/data/v60.0/tooling/sobjects/CustomField",
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
        json={
            "FullName": "Account.Region__c",
            "Metadata": {"type": "Text", "label": "Region", "length": 20, "required": True},
        },
    )
    assert made.status_code == 201, made.text
    (found,) = new(before, complaints(sound))
    assert found["side"] == "salesforce"
    assert "Account.Region__c" in found["message"]
    assert "required" in found["message"]
    assert "Map it" in found["remedy"]
