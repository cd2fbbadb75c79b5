"""After edits stop, writes stop, over HTTP: soon when the vendors only store what they are given,
later beside workflows that rewrite it, and by a named fight where workflows never agree."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo_data import post
from tests.app.test_sync_commands import mapping_of
from tests.end_to_end.commands import (
    SMALL,
    WHOLE,
    Call,
    Office,
    add,
    change,
    configure,
    everything,
    living,
    office,
)
from tests.end_to_end.test_undo_demo import TEXTS


def people_work(place: Office, number: int) -> None:
    """The demo's stories, and people who change many records on both sides, some the same ones."""
    assert place.demo is not None
    for edit in place.demo.edits:
        body = post(edit, place.world.ids[edit.side])
        answer = place.world.running[edit.side].admin.post("/edit", json=body)
        assert answer.status_code == 200, (edit.what, answer.text)
    chance = random.Random(20261121)
    rows = place.sql(
        "SELECT side, object_type, id, kind FROM records WHERE entity IS NOT NULL"
        " AND state = 'live' ORDER BY entity, side"
    )
    start = chance.randrange(len(rows) - number)
    for place_of, (side, object_type, own, kind) in enumerate(rows[start : start + number]):
        _change_a_text(place, side, object_type, own, TEXTS[kind], f"Edit {place_of}")
    place.world.pass_time(900)


def _change_a_text(
    place: Office, side: str, object_type: str, own: str, names: Sequence[str], text: str
) -> None:
    mapping = mapping_of(side)
    name = next(n for n in names if mapping.writable(object_type, n, creating=False))
    vendor = next(iter(mapping.vendor_fields(object_type, name)))
    body = {"object_type": object_type, "id": own, "verb": "update", "fields": {vendor: text}}
    answer = place.world.running[side].admin.post("/edit", json=body)
    assert answer.status_code in (200, 400, 404), answer.text  # the stories may have deleted it


def writes_stop(place: Office, number: int) -> None:
    for _ in range(2):
        place.run()
    people_work(place, number)
    counted = [place.run()["writes"] for _ in range(4)]
    assert counted[0] > 0
    assert counted[2:] == [0, 0], counted
    there = everything(place.world)
    assert place.run("--full")["writes"] == 0
    assert everything(place.world) == there
    assert place.tieline("verify").code == 0


def test_writes_stop_within_two_runs(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, SMALL) as place:
        writes_stop(place, 40)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_writes_stop_within_two_runs_over_the_whole_demo(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, WHOLE) as place:
        writes_stop(place, 400)


def hubspot_rules(*rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Workflows of a HubSpot account on descriptions of companies."""
    return [{"object_type": "companies", "property": "description", **rule} for rule in rules]


def salesforce_rules(*rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Workflow rules of a Salesforce org on descriptions of accounts."""
    return [{"object": "Account", "field": "Description", **rule} for rule in rules]


UPPER, LOWER = {"rewrite": "upper"}, {"rewrite": "lower"}
OURS = {"rewrite": "prefix", "value": "Ours: "}
SHORT = {"rewrite": "truncate", "value": "12"}
LATE = {"delay": 600}
CASES = {
    "HubSpot rewrites": ([UPPER], [], "SOME WORDS OF OURS"),
    "Salesforce rewrites": ([], [SHORT], "Some words o"),
    "HubSpot rewrites later": ([{**OURS, **LATE}], [], "Ours: Some words of ours"),
    "both, and agree": ([OURS], [SHORT], "Ours: Some w"),
}
QUICK = (("HubSpot rewrites later", "salesforce"), ("both, and agree", "salesforce"))


def company(place: Office) -> tuple[str, str]:
    """A company on both sides, in step; its ids."""
    force = add(place, "salesforce", "Account", Name="Acme", Website="https://acme.example.com")
    hub = add(place, "hubspot", "companies", name="Acme", domain="acme.example.com")
    for _ in range(2):
        place.run()
    return force, hub


def described(place: Office) -> tuple[str, str]:
    """What both sides say of the company."""
    account = living(place, "salesforce", "Account")[0]
    return account["Description"], living(place, "hubspot", "companies")[0]["description"]


@pytest.mark.parametrize(
    ("case", "speaker"),
    [
        pytest.param(case, speaker, marks=[] if (case, speaker) in QUICK else pytest.mark.slow)
        for case in CASES
        for speaker in ("salesforce", "hubspot")
    ],
)
def test_beside_workflows_writes_stop_within_four_runs(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, case: str, speaker: str
) -> None:
    hub_rules, force_rules, wanted = CASES[case]
    with office(tmp_path, call, monkeypatch) as place:
        force, hub = company(place)
        configure(place, "hubspot", workflows=hubspot_rules(*hub_rules))
        configure(place, "salesforce", workflow_rules=salesforce_rules(*force_rules))
        if speaker == "salesforce":
            change(place, "salesforce", "Account", force, Description="Some words of ours")
        else:
            change(place, "hubspot", "companies", hub, description="Some words of ours")
        counted = [place.run()["writes"] for _ in range(6)]
        assert counted[0] > 0
        assert counted[4:] == [0, 0], counted
        assert described(place) == (wanted, wanted)
        assert place.sql("SELECT 1 FROM questions WHERE cause = 'fight'") == []


def test_workflows_that_never_agree_are_named_as_a_fight(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch) as place:
        force, hub = company(place)
        configure(place, "hubspot", workflows=hubspot_rules(OURS))
        theirs = {"rewrite": "prefix", "value": "Theirs: "}
        configure(place, "salesforce", workflow_rules=salesforce_rules(theirs))
        change(place, "salesforce", "Account", force, Description="Words")
        counted = [place.run()["writes"] for _ in range(7)]
        assert counted[4:] == [0, 0, 0], counted
        assert place.tieline("status", "--json").json["questions"]["fight"] == 1
        assert "fight" in place.tieline("status").out
        fight = place.tieline("conflicts", "--json").json["causes"]["fight"]["items"][0]
        assert (fight["field"], fight["name"]) == ("description", "Acme")
        assert set(fight["values"].values()) == set(described(place))
        assert "replaced each other's value" in place.tieline("conflicts").out
        listed = place.tieline("questions", "--cause", "fight", "--json").json
        named = listed["groups"][0]["items"][0]["id"]
        assert f"fight {named}: " in place.tieline("plan").out
        verified = place.tieline("verify", "--json")
        assert (verified.code, verified.json["unexplained"]) == (0, 0)
        # another field of the same company still travels
        change(place, "hubspot", "companies", hub, phone="+493090182021")
        assert place.run()["writes"] == 1
        # and the fight is over when one workflow is gone and one of the values is another
        configure(place, "salesforce", workflow_rules=[])
        change(place, "salesforce", "Account", force, Description="Other words")
        for _ in range(3):
            place.run()
        assert described(place) == ("Ours: Other words", "Ours: Other words")
        assert place.run()["writes"] == 0
        assert "fight" not in place.tieline("status", "--json").json["questions"]


def test_a_workflow_that_keeps_what_was_there_is_told_as_a_refusal(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch) as place:
        force, hub = company(place)
        configure(place, "hubspot", workflows=hubspot_rules(UPPER))
        configure(place, "salesforce", workflow_rules=salesforce_rules(LOWER))
        change(place, "salesforce", "Account", force, Description="Some words")
        assert [place.run()["writes"] for _ in range(5)] == [1, 1, 0, 0, 0]
        assert described(place) == ("some words", "SOME WORDS")
        assert place.tieline("status", "--json").json["waiting"]["refused"]["number"] == 1
        listed = place.tieline("questions", "--cause", "refused").out
        assert "acknowledged the value and kept what it had" in listed
        for side, own, run in (("salesforce", force, "r000003"), ("hubspot", hub, "r000003")):
            told = place.tieline("why", side, own, "description", "--json").json
            here = next(o for o in told["origins"] if o["side"] == side)
            assert here["run"] == run
            assert "updated by Tieline: hubspot" not in here["how"]
        assert "refused it" in place.tieline("why", "hubspot", hub, "description").out
        assert place.tieline("verify").code == 0
