"""init, setup and doctor, against both sandboxes over HTTPS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from app.sides import NewSide, asked, described, variable
from config.load import load_config
from core.errors import SettingsError
from tests.app.office import Office, Result

NOTHING = {"salesforce": 0, "hubspot": 0}


# -- setup ---------------------------------------------------------------------------------


def test_setup_makes_every_stamp_field_and_repeating_it_changes_nothing(office: Office) -> None:
    first = office.tieline("setup", "--json")
    assert first.code == 0
    made = {(f["side"], f["subject"]) for f in first.json["findings"] if f["level"] == "made"}
    assert made == {
        ("salesforce", "Account.Tieline_Id__c"), ("salesforce", "Contact.Tieline_Id__c"),
        ("salesforce", "Lead.Tieline_Id__c"), ("salesforce", "Opportunity.Tieline_Id__c"),
        ("hubspot", "companies.tieline_id"), ("hubspot", "contacts.tieline_id"),
        ("hubspot", "deals.tieline_id"),
    }  # fmt: skip
    again = office.tieline("setup", "--json")
    assert again.code == 0
    assert again.json["levels"]["made"] == 0


def test_setup_after_a_run_is_known_to_the_next_run(office: Office) -> None:
    assert "note:" in office.tieline("run").err
    office.tieline("setup")
    done = office.tieline("run", "--full", "--json")
    assert "note:" not in done.err
    account = office.dump("salesforce", "Account")
    assert any(record.get("Tieline_Id__c") for record in account.values())


def test_setup_says_what_is_left_to_do_by_hand(office: Office) -> None:
    rights = {"user_permissions": {"customize_application": False}}
    office.running["salesforce"].admin.post("/config", json=rights)
    done = office.tieline("setup")
    assert done.code == 3
    assert "Customize Application" in done.out


# -- doctor --------------------------------------------------------------------------------


def findings(result: Result, level: str) -> list[dict[str, Any]]:
    """The findings of one level."""
    return [f for f in result.json["findings"] if f["level"] == level]


def test_a_sound_account_has_no_problem(office: Office) -> None:
    office.tieline("setup")
    for sandbox in office.running.values():
        sandbox.admin.delete("/requests")
    done = office.tieline("doctor", "--json")
    assert done.code == 0
    assert findings(done, "problem") == []
    subjects = {(f["side"], f["subject"]) for f in findings(done, "ok")}
    for side in ("salesforce", "hubspot"):
        assert {(side, "mapping"), (side, "budget")} <= subjects
    assert office.writes() == NOTHING


def test_doctor_finds_wrong_credentials_of_one_side_and_still_looks_at_the_other(
    office: Office,
) -> None:
    secret = office.folder / "tieline-secrets" / "hubspot-token"
    secret.write_text("pat-eu1-00000000-wrong\n", encoding="utf-8")
    done = office.tieline("doctor", "--json")
    assert done.code == 3
    assert {f["side"] for f in findings(done, "problem")} == {"hubspot"}
    assert ("salesforce", "mapping") in {(f["side"], f["subject"]) for f in findings(done, "ok")}


def test_doctor_finds_a_secret_that_is_not_there(office: Office) -> None:
    office.replace("{file: tieline-secrets/hubspot-token}", "{env: NO_SUCH_TOKEN}")
    done = office.tieline("doctor", "--json")
    assert done.code == 3
    (problem,) = findings(done, "problem")
    assert "NO_SUCH_TOKEN" in problem["message"]
    assert problem["remedy"]


def test_doctor_finds_a_missing_scope(office: Office) -> None:
    scopes = ["crm.objects.companies.read", "crm.schemas.companies.read"]
    office.running["hubspot"].admin.post("/config", json={"scopes": scopes})
    done = office.tieline("doctor", "--json")
    assert done.code == 3
    said = " ".join(f["message"] for f in findings(done, "problem"))
    assert "crm.objects.contacts" in said


def test_doctor_names_line_and_remedy_of_a_field_that_does_not_fit(office: Office) -> None:
    hidden = {"user_permissions": {"Account": {"hidden": ["Phone"]}}}
    office.running["salesforce"].admin.post("/config", json=hidden)
    done = office.tieline("doctor", "--json")
    assert done.code == 3
    (problem,) = findings(done, "problem")
    assert "salesforce.yaml:" in problem["message"]
    assert "Phone" in problem["message"]
    assert problem["remedy"]


def test_doctor_finds_picklist_values_that_no_mapping_knows(office: Office) -> None:
    values = ["Agriculture", "Space Tourism"]
    office.running["salesforce"].admin.post(
        "/config", json={"picklists": {"Account.Industry": values}}
    )
    done = office.tieline("doctor", "--json")
    said = " ".join(f["message"] for f in findings(done, "warning"))
    assert "Space Tourism" in said


def test_doctor_finds_owners_that_cannot_own(office: Office) -> None:
    office.replace("    type: hubspot\n", "    type: hubspot\n    fallback_owner: x@example.com\n")
    done = office.tieline("doctor", "--json")
    assert done.code == 3
    assert [f["subject"] for f in findings(done, "problem")] == ["owners"]
    assert "x@example.com" in findings(done, "problem")[0]["message"]


def test_doctor_finds_a_used_up_allowance(office: Office) -> None:
    office.running["salesforce"].admin.post("/config", json={"daily_limit": 12})
    done = office.tieline("doctor", "--json")
    subjects = {f["subject"] for f in done.json["findings"] if f["level"] in ("warning", "problem")}
    assert subjects & {"budget", "API allowance", "salesforce budget", "schema"}


# -- init ----------------------------------------------------------------------------------


def sides(office: Office) -> list[str]:
    """The options of `init` for the two sandboxes."""
    secrets = office.folder / "tieline-secrets"
    crm, hub = office.running["salesforce"], office.running["hubspot"]
    return [
        "--salesforce", crm.url, "--hubspot", "--url", f"hubspot={hub.url}",
        "--secret", f"salesforce.client_id=file:{secrets}/salesforce-client_id",
        "--secret", f"salesforce.client_secret=file:{secrets}/salesforce-client_secret",
        "--secret", f"hubspot.token=file:{secrets}/hubspot-token",
        "--ca-file", f"salesforce={secrets}/salesforce-ca.pem",
        "--ca-file", f"hubspot={secrets}/hubspot-ca.pem",
        "--trust-url", "salesforce", "--trust-url", "hubspot",
    ]  # fmt: skip


def test_init_writes_a_configuration_that_loads_and_works(office: Office) -> None:
    new = office.folder / "new.yaml"
    done = office.call("--config", str(new), "init", *sides(office))
    assert done.code == 0, done.err
    loaded = load_config(new)
    assert set(loaded.config.sides) == {"salesforce", "hubspot"}
    text = new.read_text(encoding="utf-8")
    assert (
        "#   email: salesforce Contact.Email, salesforce Lead.Email, hubspot contacts.email" in text
    )
    assert "pat-" not in text
    assert office.call("--config", str(new), "doctor").code == 0
    assert office.call("--config", str(new), "plan").code == 0
    assert office.writes() == NOTHING


def test_init_proposes_fields_that_correspond(office: Office) -> None:
    """What it proposes can be taken over as it stands."""
    field = {"FullName": "Account.Segment__c", "Metadata": {"type": "Text", "label": "Segment",
             "length": 80}}  # fmt: skip
    _make_salesforce_field(office, field)
    _make_hubspot_property(office, "companies", "segment")
    new = office.folder / "new.yaml"
    done = office.call("--config", str(new), "init", *sides(office), "--dry-run", "--json")
    found = {s["name"]: s for s in done.json["suggestions"]}
    assert {p["field"] for p in found["custom.segment"]["places"]} == {"Segment__c", "segment"}
    assert "#       segment:" in done.json["text"]
    assert not new.exists()
    assert [p.name for p in office.folder.iterdir() if p.name.endswith(".part")] == []


def _make_salesforce_field(office: Office, body: dict[str, Any]) -> None:
    crm = office.running["salesforce"]
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(crm.ca_file)
        form = {"grant_type": "client_credentials", "client_id": crm.credentials["client_id"],
                "client_secret": crm.credentials["client_secret"]}  # fmt: skip
        token = session.post(f"{crm.url}/services/oauth2/token", data=form).json()["access_token"]
        answer = session.post(
            f"{crm.url}/services/data/v60.0/tooling/sobjects/CustomField",
            json=body, headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text


def _make_hubspot_property(office: Office, object_type: str, name: str) -> None:
    hub = office.running["hubspot"]
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(hub.ca_file)
        answer = session.post(
            f"{hub.url}/crm/v3/properties/{object_type}",
            json={"name": name, "label": "Segment", "type": "string", "fieldType": "text",
                  "groupName": "companyinformation"},
            headers={"Authorization": f"Bearer {hub.credentials['token']}"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text


def test_init_never_replaces_a_file_by_itself(office: Office) -> None:
    before = office.config.read_text(encoding="utf-8")
    done = office.tieline("init", *sides(office))
    assert done.code == 2
    assert "--force" in done.err
    assert "exists already" in office.tieline("init").err, "before anything else is asked"
    assert office.config.read_text(encoding="utf-8") == before
    assert office.tieline("init", *sides(office), "--force").code == 0
    assert office.config.read_text(encoding="utf-8") != before


def test_init_without_sides_and_without_a_person_says_what_to_give(empty: Office) -> None:
    done = empty.call("--config", str(empty.folder / "new.yaml"), "init")
    assert done.code == 2
    assert "--salesforce" in done.err


def test_init_names_no_temporary_file(empty: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_TOKEN", raising=False)
    options = ("--side", "hub=hubspot", "--side", "other=hubspot")
    done = empty.call("--config", str(empty.folder / "new.yaml"), "init", *options)
    assert done.code == 2
    assert "the new configuration: sides.hub.credentials.token" in done.err
    assert ".part" not in done.err
    assert list(empty.folder.glob("*.part")) == []


def test_init_asks_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["salesforce", "crm", "jwt", "", "ID", "USER", "KEY",
                    "hubspot", "hub", "private_app", "", "TOKEN"])  # fmt: skip
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    crm, hub = asked()
    assert (crm.name, crm.flow, crm.url) == ("crm", "jwt", None)
    assert crm.secrets == {
        "client_id": {"env": "ID"}, "username": {"env": "USER"}, "private_key": {"env": "KEY"},
    }  # fmt: skip
    assert hub.secrets == {"token": {"env": "TOKEN"}}


def test_secrets_are_variables_unless_told_otherwise() -> None:
    made = described(["a-b=hubspot", "c=hubspot"], [], [], ["c.token=file:t"], [], [])
    assert made[0].secrets == {"token": {"env": "A_B_TOKEN"}}
    assert made[1].secrets == {"token": {"file": str(Path("t").absolute())}}
    assert variable("my crm", "token") == "MY_CRM_TOKEN"


@pytest.mark.parametrize(
    "options",
    [
        {"sides": ["a=hubspot"]},
        {"sides": ["a", "b=hubspot"]},
        {"sides": ["a=hubspot", "b=hupspot"]},
        {"urls": ["c=https://x"]},
        {"flows": ["a=jwt"]},
        {"secrets": ["a.token=TOKEN"]},
        {"trusted": ["c"]},
    ],
)
def test_options_that_make_no_sense_are_told(options: dict[str, list[str]]) -> None:
    given = {"sides": ["a=hubspot", "b=hubspot"], "urls": [], "flows": [], "secrets": [],
             "ca_files": [], "trusted": [], **options}  # fmt: skip
    with pytest.raises(SettingsError) as told:
        described(**given)
    assert told.value.remedy


def test_a_side_without_credentials_needs_none() -> None:
    assert NewSide("m", "memory").complete().secrets == {}
