"""Privacy and brakes as a person meets them: the commands, over two sandboxes."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.commands import (
    Call,
    Office,
    add,
    change,
    configure,
    everything,
    living,
    office,
)

LOOSE = {"min_records": 4, "max_change_share": 1.0, "max_delete_share": 1.0}
ZOE = {
    "email": "zoe.quickborn@acme.example.com",
    "firstname": "Zoe",
    "lastname": "Quickborn",
    "company": "Acme",
}
WORDS = ("zoe.quickborn", "Quickborn", "Chief Secret", "901820")


def configure_file(place: Office, **changes: Any) -> None:
    """Change the configuration file: top-level keys."""
    data = yaml.safe_load(place.world.config.read_text(encoding="utf-8"))
    data.update(changes)
    place.world.config.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def found_in_state(place: Office) -> list[str]:
    """Which of the person's words stand anywhere in the files of the state."""
    there = b"".join(f.read_bytes() for f in place.state.rglob("*") if f.is_file())
    assert len(there) > 10_000
    return [word for word in WORDS if word.encode() in there]


def erase(place: Office, own: str) -> None:
    """A privacy deletion in HubSpot."""
    place.world.edit("hubspot", object_type="contacts", id=own, verb="gdpr_delete", fields={})
    place.world.pass_time(900)


@pytest.mark.parametrize(
    "deletes",
    [
        "restore",
        pytest.param("unlink", marks=pytest.mark.slow),
        pytest.param("delete", marks=pytest.mark.slow),
    ],
)
def test_a_person_erased_in_hubspot_is_gone_from_the_state_and_stays_gone(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, deletes: str
) -> None:
    rules = {"person": {"deletes": deletes}}
    with office(tmp_path, call, monkeypatch, rules=rules) as place:
        zoe = add(place, "hubspot", "contacts", **ZOE, phone="+49 30 901820")
        add(place, "hubspot", "contacts", email="ann@x.example.com", lastname="Other", company="X")
        place.run()
        change(place, "hubspot", "contacts", zoe, jobtitle="Chief Secret")
        place.run()
        assert found_in_state(place) == list(WORDS)
        lead = next(r for r in living(place, "salesforce", "Lead") if r["LastName"] == "Quickborn")
        erase(place, zoe)
        report = place.run()
        assert report["writes"] == 0
        assert "erased for privacy" in report["warnings"][0]
        assert "Quickborn" not in str(report)
        assert found_in_state(place) == []
        # a person goes on working with the record of the other side; nothing comes of it
        change(place, "salesforce", "Lead", lead["Id"], Title="Chief Secret")
        for more in ((), ("--full",)):
            assert place.run(*more)["writes"] == 0
        assert found_in_state(place) == []
        assert [c["lastname"] for c in living(place, "hubspot", "contacts")] == ["Other"]
        assert len(living(place, "salesforce", "Lead")) == 2
        before = everything(place.world)
        for run in ("r000001", "r000002"):
            plan = place.tieline("undo", run, "--json").json
            assert "Quickborn" not in str(plan)
            assert not [a for a in plan["actions"] if a["record_id"] in (zoe, lead["Id"])]
        told = place.tieline("why", "hubspot", zoe)
        assert told.code == 0
        assert "forgotten" in told.out
        assert not [word for word in WORDS if word in told.out]
        assert place.tieline("verify").code == 0
        assert everything(place.world) == before


def test_many_erased_at_once_stop_a_run_before_anything_is_forgotten(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards = {**LOOSE, "max_delete_share": 0.2}
    with office(tmp_path, call, monkeypatch, guards=guards) as place:
        people = [
            add(place, "hubspot", "contacts", email=f"p{n}@x.example.com", lastname=f"Quickborn{n}")
            for n in range(6)
        ]
        place.run()
        for own in people[:3]:
            erase(place, own)
        for _ in range(2):
            stopped = place.tieline("run")
            assert (stopped.code, "--allow deletes" in stopped.err) == (5, True)
            assert "Quickborn" in found_in_state(place)
        assert place.tieline("run", "--allow", "deletes").code in (0, 3)
        rows = place.sql("SELECT id FROM records WHERE side = 'hubspot' AND how = 'forgotten'")
        assert {own for (own,) in rows} == set(people[:3])
        there = b"".join(f.read_bytes() for f in place.state.rglob("*") if f.is_file())
        assert [b"Quickborn%d" % n in there for n in range(6)] == [False] * 3 + [True] * 3
        assert place.run()["writes"] == 0


def test_files_are_their_owner_s_and_no_cell_of_a_csv_is_a_formula(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = '=HYPERLINK("http://evil.example","me")'
    with office(tmp_path, call, monkeypatch) as place:
        names = (evil, "+1+1", "-2+3", "@SUM(A1)", "|calc", "\t=1")
        for n, name in enumerate(names):
            add(place, "salesforce", "Account", Name=name, Website=f"https://c{n}.example.com",
                Phone="+49301000" + str(n))  # fmt: skip
            add(place, "hubspot", "companies", name=name, domain=f"c{n}.example.com",
                phone="+49302000" + str(n))  # fmt: skip
        configure_file(place, rules={"account": {"first_link": "hold"}})
        place.run()
        for file in (place.state, *place.state.iterdir()):
            assert not stat.S_IMODE(file.stat().st_mode) & 0o077, file
        assert stat.S_IMODE((place.state / "state.db").stat().st_mode) == 0o600
        table = place.world.folder / "questions.csv"
        assert place.tieline("questions", "--csv", str(table)).code == 0
        assert stat.S_IMODE(table.stat().st_mode) == 0o600
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) >= len(names)
        cells = [cell for row in rows for cell in row.values()]
        assert not [c for c in cells if c.lstrip().startswith(("=", "+", "-", "@", "|"))]
        assert any(evil in cell for cell in cells)
        _answer_all(table, rows)
        assert place.tieline("resolve", "--csv", str(table)).code == 0
        place.run()
        phones = {r["phone"] for r in living(place, "hubspot", "companies")}
        assert phones == {f"+49301000{n}" for n in range(len(names))}
        plan = place.world.folder / "plan.json"
        place.tieline("plan", "-o", str(plan))
        assert stat.S_IMODE(plan.stat().st_mode) == 0o600


def _answer_all(table: Path, rows: list[dict[str, str]]) -> None:
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        made = csv.DictWriter(file, rows[0])
        made.writeheader()
        for row in rows:
            answer = {"answer": "take", "value": "salesforce"} if row["field"] == "phone" else {}
            made.writerow({**row, **answer})


def test_an_opt_out_spreads_and_is_never_granted_again(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch) as place:
        lead = add(place, "salesforce", "Lead", Company="Acme", LastName="Quickborn",
                   Email=ZOE["email"])  # fmt: skip
        place.run()
        contact = str(living(place, "hubspot", "contacts")[0]["id"])

        def opted_out() -> tuple[bool, bool]:
            force, hub = living(place, "salesforce", "Lead"), living(place, "hubspot", "contacts")
            return force[0]["HasOptedOutOfEmail"], hub[0].get("hs_email_optout") == "true"

        assert opted_out() == (False, False)
        _recipient_says(place, contact, out=True)
        assert place.run()["writes"] == 1
        assert opted_out() == (True, True)
        change(place, "salesforce", "Lead", lead, HasOptedOutOfEmail=False)
        _granted_nowhere_else(place, opted_out, (False, True))
        change(place, "salesforce", "Lead", lead, HasOptedOutOfEmail=True)
        place.run()
        _recipient_says(place, contact, out=False)
        _granted_nowhere_else(place, opted_out, (True, False))


def _granted_nowhere_else(
    place: Office, opted_out: Callable[[], tuple[bool, bool]], there: tuple[bool, bool]
) -> None:
    """Consent that one side gave back stays that side's alone."""
    assert opted_out() == there
    for more in ((), (), ("--full",)):
        place.run(*more)
        assert opted_out() in (there, (True, True))
    assert place.run()["writes"] == 0


def _recipient_says(place: Office, contact: str, *, out: bool) -> None:
    """The recipient unsubscribes from e-mail or comes back: HubSpot itself notes that, and no
    user can; here one of its workflows stands for it."""
    rule = {"object_type": "contacts", "trigger": "jobtitle", "property": "hs_email_optout",
            "rewrite": "constant", "value": str(out).lower()}  # fmt: skip
    configure(place, "hubspot", workflows=[rule])
    change(place, "hubspot", "contacts", contact, jobtitle=f"Said {out}")
    assert living(place, "hubspot", "contacts")[0]["hs_email_optout"] == str(out).lower()
    configure(place, "hubspot", workflows=[])


Prepare = Callable[[Office, list[tuple[str, str]]], None]


def _deleted(number: int) -> Prepare:
    def prepare(place: Office, pairs: list[tuple[str, str]]) -> None:
        for _, hub in pairs[:number]:
            place.world.edit("hubspot", object_type="companies", id=hub, verb="delete", fields={})

    return prepare


def _changed(number: int) -> Prepare:
    def prepare(place: Office, pairs: list[tuple[str, str]]) -> None:
        for force, _ in pairs[:number]:
            change(place, "salesforce", "Account", force, Description="new")

    return prepare


def _twins(place: Office, _pairs: list[tuple[str, str]]) -> None:
    for _ in range(2):
        add(place, "salesforce", "Account", Name="Twin", Website="https://twin.example.com")
        add(place, "hubspot", "companies", name="Twin", domain="twin.example.com")
    add(place, "hubspot", "companies", name="Other", domain="other.example.com")


BRAKES: dict[str, tuple[Prepare, dict[str, Any], str]] = {
    "deletes": (_deleted(3), {"max_delete_share": 0.2}, "3 of 6 linked accounts of"),
    "empty": (_deleted(6), {}, "all 6 linked accounts of hubspot are gone"),
    "changes": (
        _changed(4),
        {"max_change_share": 0.5},
        "4 of 6 linked accounts of hubspot would be changed",
    ),
    "everything": (_changed(6), {}, "6 of 6 linked accounts of salesforce changed at once"),
    "ambiguous": (_twins, {"max_ambiguous": 1}, "records match ambiguously (limit 1)"),
}
"""Guard -> what happens, the limits, what is said. `rules` and `production`: tests/app."""


@pytest.mark.parametrize(
    "guard",
    [
        pytest.param(g, marks=[] if g in ("deletes", "changes") else pytest.mark.slow)
        for g in BRAKES
    ],
)
def test_a_brake_stops_before_any_write_and_names_its_flag(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    prepare, limits, said = BRAKES[guard]
    with office(tmp_path, call, monkeypatch, guards={**LOOSE, **limits}) as place:
        pairs = [_company(place, n) for n in range(6)]
        for _ in range(2):
            assert place.tieline("run").code in (0, 3)
            place.world.pass_time(900)
        prepare(place, pairs)
        place.world.pass_time(900)
        before = everything(place.world)
        place.world.reset_requests()
        plan = place.world.folder / "plan.json"
        planned = place.tieline("plan", "-o", str(plan))
        assert (planned.code, f"--allow {guard}" in planned.out) == (5, True)
        for words in (("run",), ("run",), ("apply", str(plan))):
            stopped = place.tieline(*words)
            assert stopped.code == 5
            assert said in stopped.err
            assert f"--allow {guard}" in stopped.err
        assert [place.world.requests(side)["writes"] for side in place.world.vendors] == [0, 0]
        assert everything(place.world) == before
        status = place.tieline("status", "--json").json
        assert (status["runs"][0]["result"], status["runs"][0]["writes"]) == ("stopped", 0)
        place.world.pass_time(900)
        assert place.tieline("run", "--allow", guard).code in (0, 3)


def _company(place: Office, number: int) -> tuple[str, str]:
    name, domain = f"Company {number}", f"c{number}.example.com"
    force = add(place, "salesforce", "Account", Name=name, Website=f"https://{domain}")
    return force, add(place, "hubspot", "companies", name=name, domain=domain)


def test_verify_tells_drift_by_its_exit_code_and_a_fix_brings_both_in_step(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = {"account": {"fields": {"description": "off"}}}
    with office(tmp_path, call, monkeypatch, rules=off) as place:
        pairs = [_company(place, n) for n in range(6)]
        for _ in range(2):
            place.run()
        change(place, "salesforce", "Account", pairs[2][0], Description="Forces of nature")
        change(place, "hubspot", "companies", pairs[2][1], description="Hub of the world")
        place.run()
        assert place.tieline("verify").code == 0  # a field that is off may differ
        configure_file(place, rules={})
        assert place.tieline("run").code == 5
        place.run()
        place.world.reset_requests()
        found = place.tieline("verify", "--full", "--json")
        assert found.code == 4
        assert [(d["field"], d["cause"]) for d in found.json["differences"] if
                not d["explained"]] == [("description", "drift")]  # fmt: skip
        assert place.tieline("verify", "--sample", "100").code == 4
        fix = place.world.folder / "fix.json"
        planned = place.tieline("verify", "--fix", "--prefer", "hubspot", "-o", str(fix), "--json")
        assert planned.code == 0
        fields = [f for a in planned.json["actions"] for f in a["fields"]]
        assert [(f["name"], f["new"]) for f in fields] == [("description", "Hub of the world")]
        assert [place.world.requests(side)["writes"] for side in place.world.vendors] == [0, 0]
        assert place.tieline("apply", str(fix)).code in (0, 3)
        place.world.pass_time(900)
        assert place.tieline("verify").code == 0
        accounts = {a["Id"]: a["Description"] for a in living(place, "salesforce", "Account")}
        assert accounts[pairs[2][0]] == "Hub of the world"
        assert place.run()["writes"] == 0
