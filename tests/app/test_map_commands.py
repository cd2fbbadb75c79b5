"""`tieline map`: from two CRMs that are in step to tables, files, pages, and writes back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.maps import one
from core.errors import SettingsError
from mapping.accounts.graph import Entry, bound
from tests.app.office import Office

CUSTOM = """
custom:
  account:
    committee: {type: integer}
    missing: {type: text}
    thread: {type: bool}
    partners: {type: text}
  person:
    stance: {type: text}
    buying: {type: set}

account_maps:
  committee: committee.csv
  required_roles: [decision_maker, champion]
  products:
    Everything: {sold_by: [{field: name, present: true}], worth: 100}
    Nothing: {sold_by: [{field: name, equals: "no such deal"}], worth: 250.5}
  currency: EUR
  strategic: [{field: name, present: true}]
  regions: {DACH: [DE, AT, CH]}
  roles:
    salesforce: {champion: [Champion]}
  write:
    completeness: custom.committee
    missing_roles: custom.missing
    single_thread: custom.thread
    support: custom.stance
    partners: custom.partners
"""
SALESFORCE = """
vendor: salesforce
extends: salesforce
objects:
  Account:
    fields:
      custom.committee: "Committee__c?"
      custom.missing: "Missing_Roles__c?"
      custom.thread: "Single_Thread__c?"
      custom.partners: "Partners__c?"
  Contact:
    fields:
      custom.stance: "Stance__c?"
"""


def committee(office: Office, *rows: dict[str, str]) -> None:
    """Write the committee sheet."""
    heads = ["Person", "Account", "Roles", "Support", "Coverage", "Reports to", "Date"]
    with (office.folder / "committee.csv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, heads)
        sheet.writeheader()
        sheet.writerows(rows)


@pytest.fixture
def synced(office: Office) -> Office:
    """The office after its first run, with words about account maps in its configuration."""
    (office.folder / "crm.yaml").write_text(SALESFORCE, encoding="utf-8")
    office.replace("    type: salesforce\n", "    type: salesforce\n    mapping: crm.yaml\n")
    text = office.config.read_text(encoding="utf-8")
    office.config.write_text(text + CUSTOM, encoding="utf-8")
    committee(office)
    made = office.tieline("setup", "--json")
    assert made.code == 0, made.err
    found = {f["subject"]: f["level"] for f in made.json["findings"]}
    assert found["Account.Committee__c"] == found["Contact.Stance__c"] == "made"
    assert office.tieline("run", "-q", "--allow", "ambiguous").code in (0, 3)
    return office


def busiest(office: Office) -> dict[str, Any]:
    """The account with the most people, as JSON."""
    territory = office.tieline("map", "territory", "--json").json
    maps = [
        office.tieline("map", "account", a["account"], "--json").json
        for a in territory["accounts"][:6]
    ]
    return max(maps, key=lambda m: len(m["members"]))


def contact(account: dict[str, Any], place: int = 0) -> dict[str, Any]:
    """A member of the account that is a contact in Salesforce."""
    wanted = ["salesforce", "Contact"]
    members = [m for m in account["members"] if wanted in [r[:2] for r in m["records"]]]
    found: dict[str, Any] = members[place]
    return found


def test_maps_from_the_state_as_tables_files_and_pages(synced: Office, tmp_path: Path) -> None:
    account = busiest(synced)
    first = contact(account)
    committee(
        synced,
        {"Person": first["person"], "Roles": "Champion", "Support": "mentor",
         "Coverage": "in depth", "Date": "2026-01-01"},
    )  # fmt: skip
    files = [str(tmp_path / f"a.{kind}") for kind in ("html", "csv", "xlsx")]
    key = account["account"]["key"]
    options = ["--html", files[0], "--csv", files[1], "--xlsx", files[2]]
    shown = synced.tieline("map", "account", key, *options)
    assert shown.code == 0, shown.err
    assert "Single thread: 1 covered person." in shown.out
    assert first["name"] in shown.out
    rows = list(csv.DictReader(Path(files[1]).read_text("utf-8-sig").splitlines()))
    assert {r["Person"] for r in rows} == {m["person"] for m in account["members"]}
    assert next(r for r in rows if r["Person"] == first["person"])["Support"] == "mentor"
    sheets = openpyxl.load_workbook(files[2], read_only=True)
    assert sheets.sheetnames == ["Committee", "Lines", "Opportunities", "Whitespace"]
    sheets.close()
    page = Path(files[0]).read_text("utf-8")
    assert "Buying committee" in page
    assert all(Path(name).stat().st_mode & 0o077 == 0 for name in files)
    again = synced.tieline("map", "account", first["records"][0][2], "--json")
    assert again.code == 2
    assert "there is no account" in again.err


def test_territory_files_and_a_side_read_now(synced: Office, tmp_path: Path) -> None:
    page, sheet = tmp_path / "t.html", tmp_path / "t.csv"
    told = synced.tieline("map", "territory", "--html", str(page), "--csv", str(sheet))
    assert told.code == 0, told.err
    assert "Strategic accounts" in told.out
    assert page.read_text("utf-8").count("data-row=") > 3
    before = synced.writes()
    live = synced.tieline("map", "territory", "--side", "hubspot", "--json")
    assert live.code == 0, live.err
    assert live.json["source"] == "hubspot, read now"
    companies = synced.dump("hubspot", "companies")
    assert {a["account"] for a in live.json["accounts"]} == {f"hubspot:{i}" for i in companies}
    assert synced.writes() == before


def test_a_committee_is_written_back_as_a_plan_and_undone(synced: Office, tmp_path: Path) -> None:
    account = busiest(synced)
    person = contact(account)
    ids = {r[1]: r[2] for r in person["records"] if r[0] == "salesforce"}
    at = {r[0]: r[2] for r in account["account"]["records"]}["salesforce"]
    committee(synced, {"Person": person["person"], "Roles": "champion", "Support": "mentor"})
    plan = str(tmp_path / "plan.json")
    command = ("map", "account", at, "--write-to", "salesforce", "-o", plan)
    before = synced.writes()
    planned = synced.tieline(*command, "--json")
    assert planned.code == 0, planned.err
    assert synced.writes() == before
    applied = synced.tieline("apply", plan, "-q")
    assert applied.code == 0, applied.err + applied.out
    record = synced.dump("salesforce", "Account")[at]
    complete = account_health(synced, at)["completeness"]
    assert record["Committee__c"] == round(complete * 100)
    assert record["Single_Thread__c"] is True
    assert synced.dump("salesforce", "Contact")[ids["Contact"]]["Stance__c"] == "mentor"
    again = synced.tieline(*command, "--json").json
    assert again["actions"] == []
    run = synced.tieline("status", "--json").json["runs"][0]["id"]
    undone = synced.tieline("undo", run, "--apply")
    assert undone.code == 0, undone.err + undone.out
    assert synced.dump("salesforce", "Contact")[ids["Contact"]].get("Stance__c") is None
    assert synced.dump("salesforce", "Account")[at].get("Committee__c") is None


def account_health(office: Office, key: str) -> dict[str, Any]:
    found: dict[str, Any] = office.tieline("map", "account", key, "--json").json["health"]
    return found


def test_what_changed_meanwhile_is_skipped_as_stale(synced: Office, tmp_path: Path) -> None:
    account = busiest(synced)
    person = contact(account)
    id = next(r[2] for r in person["records"] if r[:2] == ["salesforce", "Contact"])
    committee(synced, {"Person": person["person"], "Roles": "champion", "Support": "enemy"})
    plan = tmp_path / "plan.json"
    key = account["account"]["key"]
    synced.tieline("map", "account", key, "--write-to", "salesforce", "-o", str(plan))
    edit = {"verb": "update", "object_type": "Contact", "id": id, "fields": {"Stance__c": "mine"}}
    answer = synced.running["salesforce"].admin.post("/edit", content=json.dumps(edit))
    assert not answer.is_error, answer.text
    applied = synced.tieline("apply", str(plan))
    assert applied.code == 3
    assert synced.dump("salesforce", "Contact")[id]["Stance__c"] == "mine"


def test_overlap_with_a_partner_is_written_back_and_drawn(synced: Office, tmp_path: Path) -> None:
    accounts = synced.dump("salesforce", "Account")
    picked = [a for a in accounts.values() if a.get("Website")][:4]
    theirs = tmp_path / "theirs.csv"
    sites = "".join(f'"{a["Name"]}",{a["Website"]}\n' for a in picked)
    theirs.write_text(f"Company,Website\n{sites}Nobody Knows,nobody-knows.example\n", "utf-8")
    plan, page = tmp_path / "plan.json", tmp_path / "p.html"
    command = ("map", "partner", "velmara", "--theirs", str(theirs), "--population", "customers")
    drawn = synced.tieline(*command, "--html", str(page), "--write-to", "salesforce",
                           "-o", str(plan), "--json")  # fmt: skip
    assert drawn.code == 0, drawn.err
    assert "Nobody Knows" in page.read_text("utf-8")
    assert synced.tieline("apply", str(plan), "-q").code == 0
    told = {i: a.get("Partners__c") for i, a in synced.dump("salesforce", "Account").items()}
    said = {i for i, words in told.items() if words == "velmara: customers"}
    assert said == {a["record_id"] for a in drawn.json["actions"]}
    assert said & {str(a["Id"]) for a in picked}
    assert set(told.values()) == {None, "velmara: customers"}
    theirs.write_text("Company,Website\nNobody Knows,nobody-knows.example\n", "utf-8")
    again = synced.tieline(*command, "--write-to", "salesforce", "-o", str(plan), "--json").json
    assert len(again["actions"]) == len(said)
    assert synced.tieline("apply", str(plan), "-q").code == 0
    cleared = synced.dump("salesforce", "Account").values()
    assert {a.get("Partners__c") for a in cleared} == {None}


CANNOT_BE_DRAWN = {
    ("account", "nowhere.example"): "there is no account 'nowhere.example'",
    ("account", "x", "--side", "nobody"): "there is no side nobody",
    ("account", "x", "-o", "plan.json"): "--output saves the plan of --write-to",
    ("account", "x", "--write-to", "a", "--side", "a"): "not with --side",
}
MISUNDERSTOOD = (
    ({"Person": "nobody@no.example"}, "line 2: person: 'nobody@no.example' is no known person"),
    ({"Person": "$", "Support": "perhaps"}, "line 2: support: 'perhaps' is none of mentor"),
    ({"Person": "$", "Reports to": "nobody"}, "line 2: reports_to: 'nobody' is no known person"),
    ({"Person": "$", "Date": "yesterday"}, "date: `yesterday`"),
)


def test_what_cannot_be_drawn_is_said(synced: Office) -> None:
    for arguments, message in CANNOT_BE_DRAWN.items():
        told = synced.tieline("map", *arguments)
        assert told.code == 2, arguments
        assert message in told.err
    account = busiest(synced)
    who = contact(account)["person"]
    for row, message in MISUNDERSTOOD:
        committee(synced, {k: who if v == "$" else v for k, v in row.items()})
        told = synced.tieline("map", "account", account["account"]["key"])
        assert told.code == 2, row
        assert "committee.csv" in told.err
        assert message in told.err


def test_near_names_are_offered_for_one_that_is_not_there() -> None:
    names = {"a1": "Caldford Optics S.L.", "a2": "Globex"}
    graph = bound([Entry(key, "account", {"name": name}) for key, name in names.items()])
    with pytest.raises(SettingsError) as told:
        one(graph, "account", "caldford optic")
    assert "Did you mean `Caldford Optics S.L.`?" in told.value.remedy
    with pytest.raises(SettingsError) as told:
        one(graph, "account", "Zzyzx")
    assert "Did you mean" not in told.value.remedy
