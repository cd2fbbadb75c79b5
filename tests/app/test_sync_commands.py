"""plan, apply, run, status, conflicts and verify, against both sandboxes over HTTPS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.mappings import read_mapping
from config.load import shipped_mapping
from mapping.translate import SideMapping, compile_mapping
from tests.app.office import Office

NOTHING = {"salesforce": 0, "hubspot": 0}


def test_a_plan_writes_nothing_and_leaves_the_state_as_it_was(office: Office) -> None:
    made = office.tieline("plan", "--json")
    assert made.code == 0
    assert made.json["actions"]
    assert office.writes() == NOTHING
    assert office.tieline("status", "--json").json["runs"] == []


def test_a_plan_shows_totals_and_samples_with_their_reasons(office: Office) -> None:
    shown = office.tieline("plan").out
    assert "API calls that applying takes" in shown
    assert "it was blank there" in shown or "has it" in shown
    everything = office.tieline("plan", "--all").out
    assert len(everything.splitlines()) > len(shown.splitlines())
    assert "\x1b" not in shown


def test_a_saved_plan_is_applied_as_it_is(office: Office) -> None:
    """Exactly the planned records are touched, and of those only the planned fields."""
    assert office.tieline("setup").code == 0
    file = office.folder / "plan.json"
    assert office.tieline("plan", "-o", str(file)).code == 0
    plan = json.loads(file.read_text(encoding="utf-8"))
    before = {t: office.dump(*t) for t in TYPES}
    planned = {(a["side"], a["object_type"], a["record_id"]): a for a in plan["actions"]}
    assert office.tieline("apply", str(file), "--json").code in (0, 3)
    created = updated = 0
    for (side, object_type), records in before.items():
        after, mapping = office.dump(side, object_type), mapping_of(side)
        created += len(after.keys() - records.keys())
        for record_id, record in records.items():
            action = planned.get((side, object_type, record_id), {"fields": []})
            names = [field["name"] for field in action["fields"]]
            wanted = {v for n in names for v in mapping.vendor_fields(object_type, n)}
            changed = _changed(record, after[record_id]) & _written(mapping, object_type)
            assert changed <= wanted | STAMPS, f"{side} {object_type} {record_id}"
            updated += bool(changed & wanted)
    assert created == sum(a["verb"] == "create" for a in plan["actions"]) > 0
    assert updated > 0


def mapping_of(side: str) -> SideMapping:
    """The shipped mapping of a side."""
    return compile_mapping(read_mapping(shipped_mapping(side)).spec)


def _written(mapping: SideMapping, object_type: str) -> set[str]:
    """The vendor fields that a sync may write; vendors derive others by themselves."""
    names = [n for n in mapping.canonical_fields(object_type)
             if mapping.writable(object_type, n, creating=False)]  # fmt: skip
    return {v for n in names for v in mapping.vendor_fields(object_type, n)} | STAMPS


TYPES = [
    ("salesforce", "Account"), ("salesforce", "Contact"), ("salesforce", "Lead"),
    ("salesforce", "Opportunity"), ("hubspot", "companies"), ("hubspot", "contacts"),
    ("hubspot", "deals"),
]  # fmt: skip
STAMPS = {"Tieline_Id__c", "tieline_id"}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    old, new = (_flat(record) for record in (before, after))
    return {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    return dict(record.get("properties") or record)


def test_a_saved_plan_of_other_rules_is_not_applied(office: Office) -> None:
    file = office.folder / "plan.json"
    office.tieline("plan", "-o", str(file))
    office.replace("prefer salesforce", "prefer hubspot")
    done = office.tieline("apply", str(file))
    assert done.code == 5
    assert "not what it was" in done.err
    assert "tieline plan -o" in done.err
    assert office.writes() == NOTHING


def test_a_second_run_writes_nothing_and_verify_finds_no_unexplained_difference(
    office: Office,
) -> None:
    office.tieline("setup")
    first = office.tieline("run", "--json")
    assert first.code in (0, 3)
    assert first.json["writes"] > 0
    for sandbox in office.running.values():
        sandbox.admin.delete("/requests")
    second = office.tieline("run", "--json")
    assert second.json["writes"] == 0
    assert office.writes() == NOTHING
    found = office.tieline("verify", "--json")
    assert found.code == 0, found.json["differences"]
    assert found.json["unexplained"] == 0
    assert found.json["entities"] > 0


def test_verify_ends_with_its_own_code_where_something_differs(office: Office) -> None:
    found = office.tieline("verify")
    assert found.code == 4
    assert "Not explained" in found.out
    assert office.writes() == NOTHING


def test_status_tells_runs_links_and_what_waits(office: Office) -> None:
    assert "No run yet" in office.tieline("status").out
    office.tieline("run")
    found = office.tieline("status", "--json").json
    assert [run["id"] for run in found["runs"]] == ["r000001"]
    assert found["sides"]["hubspot"]["linked"]["account"] > 0
    assert set(found["sides"]["salesforce"]["read"]) == {
        "Account", "Contact", "Lead", "Opportunity",
    }  # fmt: skip
    assert found["next_run"] > found["runs"][0]["started"]
    shown = office.tieline("status").out
    assert "r000001" in shown
    assert "Next run due" in shown


def test_conflicts_show_the_values_of_both_sides_and_what_to_do(office: Office) -> None:
    assert "Nothing is held" in office.tieline("conflicts").out
    office.replace("prefer salesforce", "hold")
    office.tieline("run")
    found = office.tieline("conflicts", "--json").json
    assert found["open"] == sum(len(g["items"]) for g in found["causes"].values()) > 0
    group = found["causes"]["conflict"]
    assert "same value" in group["remedy"]
    item = group["items"][0]
    assert set(item["values"]) == {"salesforce", "hubspot"}
    assert item["name"]
    assert "conflict" in office.tieline("conflicts").out


def test_a_production_side_must_be_confirmed_once(office: Office) -> None:
    office.replace("    type: hubspot\n", "    type: hubspot\n    production: true\n")
    assert office.tieline("plan").code == 5
    stopped = office.tieline("run")
    assert stopped.code == 5
    assert "--allow production" in stopped.err
    assert office.writes() == NOTHING
    assert office.tieline("run", "--allow", "production").code in (0, 3)
    assert office.tieline("run").code in (0, 3)


def test_changed_rules_stop_a_run_before_it_writes(office: Office) -> None:
    office.tieline("run")
    before = office.writes()
    office.replace("first_link: latest", "first_link: hold")
    stopped = office.tieline("run")
    assert stopped.code == 5
    assert "--allow rules" in stopped.err
    assert office.writes() == before
    assert office.tieline("run", "--allow", "rules").code in (0, 3)


@pytest.mark.parametrize("command", ["plan", "verify", "doctor"])
def test_reading_commands_cannot_write(office: Office, command: str) -> None:
    office.tieline(command)
    assert office.writes() == NOTHING


def test_quiet_leaves_the_result_alone(office: Office) -> None:
    file = office.folder / "plan.json"
    assert "note:" in office.tieline("plan", "-o", str(file)).err
    assert office.tieline("--quiet", "plan", "-o", str(file)).err == ""


def test_global_options_may_stand_behind_the_command(office: Office) -> None:
    done = office.call("status", "--json", "--config", str(office.config), "--quiet")
    assert done.json["config"] == str(office.config)
    elsewhere = office.folder / "elsewhere"
    done = office.call("status", "--json", f"--config={office.config}", "--state", str(elsewhere))
    assert done.json["state"] == str(elsewhere)
