"""Privacy and brakes as a person meets them: the commands, over two sandboxes."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.commands import Call, Office, add, change, everything, living, office

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


@pytest.mark.parametrize("deletes", ["unlink", "restore", "delete"])
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
