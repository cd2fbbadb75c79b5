"""`tieline why` over the demo, held against the journal and against what both sides showed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo_data import post
from tests.app.test_sync_commands import mapping_of
from tests.end_to_end.commands import (
    SMALL,
    WHOLE,
    Call,
    Cell,
    Office,
    add,
    change,
    configure,
    differences,
    everything,
    office,
)
from tests.end_to_end.journal import (
    Cause,
    Spot,
    causes,
    line,
    runs_that_wrote,
    spots,
    written_since,
)


@dataclass
class Lived:
    """What changed on the sides in each run, seen from outside, cell by cell."""

    changed: dict[str, dict[Cell, Any]] = field(default_factory=dict)

    def run(self, place: Office) -> None:
        """One run, looked at from outside."""
        before = everything(place.world)
        report = place.run()
        self.changed[report["run"]] = differences(before, everything(place.world))

    def runs_of(self, place: Office, spot: Spot) -> set[str]:
        """The runs in which some vendor field behind the spot changed."""
        found = set()
        for object_type, own in line(place, spot):
            behind = mapping_of(spot.side).vendor_fields(object_type, spot.field)
            cells = {(spot.side, object_type, own, name) for name in behind}
            found |= {run for run, changed in self.changed.items() if cells & changed.keys()}
        return found


def lived(place: Office) -> Lived:
    """The demo's story: the first run, a repeated one, people's work, two more runs."""
    story = Lived()
    assert place.demo is not None
    for _ in range(2):
        story.run(place)
    for edit in place.demo.edits:
        body = post(edit, place.world.ids[edit.side])
        answer = place.world.running[edit.side].admin.post("/edit", json=body)
        assert answer.status_code == 200, (edit.what, answer.text)
    place.world.pass_time(900)
    for _ in range(2):
        story.run(place)
    return story


def why(place: Office, spot: Spot) -> Any:
    """What the command says of one field."""
    told = place.tieline(
        "why", spot.side, spot.id, spot.field, "--type", spot.object_type, "--json"
    )
    assert told.code == 0, told.err
    return told.json


def check(place: Office, story: Lived, spot: Spot) -> str:
    """Hold one answer against the journal, and against what was seen from outside."""
    told = why(place, spot)
    here = next(
        o
        for o, r in ((o, r) for o in told["origins"] for r in told["records"])
        if o["side"] == spot.side == r["side"] and (r["object_type"], r["id"]) == spot_key(spot)
    )
    assert here["value"] == spot.shown, spot
    assert here["settled"] == spot.settled, spot
    known = causes(place, spot)
    written = [c for c in known if c.written]
    _entries_agree(told["entries"], spot, written)
    # what changed on the side in a run was written by it, or came of another field that was
    for run in story.runs_of(place, spot) - {c.run for c in known}:
        assert run in runs_that_wrote(place, spot), (spot, known)
    if not spot.settled:
        _waits(place, spot, here)
        return "waits"
    if not known:
        assert here["source"] == spot.side, (spot, here)
        assert "by itself" in here["how"], (spot, here)
        return "by itself"
    last = [c for c in known if c.run == known[-1].run]
    assert here["run"] == last[0].run, (spot, here, known)
    assert (here["source"], here["rule"]) in {(c.source, c.rule) for c in last}, (spot, here, last)
    return "written" if any(c.written for c in last) else "settled"


def spot_key(spot: Spot) -> tuple[str, str]:
    """Object type and id."""
    return (spot.object_type, spot.id)


def _entries_agree(entries: list[Mapping[str, Any]], spot: Spot, written: list[Cause]) -> None:
    """Every write of the field in the journal is told with its before and after, and no other."""
    told = [
        (e["run"], e["source"], e["rule"], repr(e["before"]), repr(e["after"]))
        for e in entries
        if e["what"] == "written" and e["side"] == spot.side and e["field"] == spot.field
    ]
    journal = [(c.run, c.source, c.rule, repr(c.before), repr(c.after)) for c in written]
    assert sorted(told) == sorted(journal), spot


def _waits(place: Office, spot: Spot, here: Mapping[str, Any]) -> None:
    """A value that is not settled says so, and names the question that is open about it."""
    asked = place.sql(
        "SELECT q.cause, q.message FROM questions q JOIN records r ON r.entity = q.entity"
        " WHERE r.side = ? AND r.object_type = ? AND r.id = ? AND q.field = ?",
        spot.side, spot.object_type, spot.id, spot.field,
    )  # fmt: skip
    problems = json.loads(
        place.sql(
            "SELECT problems FROM records WHERE side = ? AND object_type = ? AND id = ?",
            spot.side, spot.object_type, spot.id,
        )[0][0]
    )  # fmt: skip
    if spot.field in problems:
        assert problems[spot.field] in here["how"]
    elif asked:
        assert any(cause in here["how"] for cause, _ in asked), (spot, here)
    else:
        assert "waits" in here["how"] or "not been settled" in here["how"], (spot, here)


def answers_for_fields(place: Office, number: int) -> None:
    story = lived(place)
    everywhere = spots(place)
    chance = random.Random(20261121)
    chosen = chance.sample(everywhere, number)
    lately = written_since(place, "r000002")
    late = [s for s in everywhere if (s.side, *spot_key(s), s.field) in lately]
    chosen += chance.sample(late, min(len(late), number // 4))
    waiting = [s for s in everywhere if not s.settled]
    chosen += chance.sample(waiting, min(len(waiting), number // 8))
    kinds = [check(place, story, spot) for spot in chosen]
    assert {"written", "settled"} <= set(kinds)


def test_why_answers_for_a_hundred_random_fields(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, SMALL) as place:
        answers_for_fields(place, 100)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_why_answers_for_hundreds_of_random_fields_of_the_whole_demo(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, WHOLE) as place:
        answers_for_fields(place, 400)


def told_of(place: Office, side: str, own: str, name: str) -> Any:
    """What `why` says of a field of a record."""
    told = place.tieline("why", side, own, name, "--json")
    assert told.code == 0, told.err
    return told.json


def on_both(place: Office, word: str) -> tuple[str, str]:
    """A company on both sides; its ids."""
    domain = f"{word.lower()}.example.com"
    force = add(place, "salesforce", "Account", Name=word, Website=f"https://{domain}")
    return force, add(place, "hubspot", "companies", name=word, domain=domain)


def test_refusals_links_questions_and_answers_are_told_as_they_were(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch) as place:
        (force, hub), (force_2, hub_2) = on_both(place, "Acme"), on_both(place, "Globex")
        place.run()
        rules = {"Account": [{"field": "Description", "refuse_if": "equals", "value": "Forbidden",
                              "message": "That is not said here"}]}  # fmt: skip
        configure(place, "salesforce", validation_rules=rules)
        change(place, "hubspot", "companies", hub, phone="+493090182021")
        change(place, "hubspot", "companies", hub_2, description="Forbidden")
        change(place, "salesforce", "Account", force, Phone="+493090182022")
        place.run()

        refused = told_of(place, "salesforce", force_2, "description")
        entries = [e for e in refused["entries"] if e["what"] == "not written"]
        assert [(e["run"], e["after"]) for e in entries[:1]] == [("r000002", "Forbidden")]
        assert "That is not said here" in entries[0]["text"]
        error, attempts = place.sql("SELECT error, attempts FROM retries")[0]
        assert ("That is not said here" in error, attempts) == (True, 1)

        asked = told_of(place, "hubspot", hub, "phone")
        assert {o["settled"] for o in asked["origins"]} == {False}
        assert {o["side"]: o["value"] for o in asked["origins"]} == {
            "hubspot": "+493090182021", "salesforce": "+493090182022",
        }  # fmt: skip
        assert place.sql("SELECT cause, field FROM questions WHERE field != 'owner'") == [
            ("conflict", "phone")
        ]
        assert {"asked", "open question"} <= {e["what"] for e in asked["entries"]}

        linked = [e for e in asked["entries"] if e["what"] == "linked"]
        journal = place.sql(
            "SELECT run, side, detail FROM events WHERE what = 'record' AND entity = ?",
            asked["entity"],
        )
        assert {(e["run"], e["side"]) for e in linked} == {(r, s) for r, s, _ in journal}
        assert all(json.loads(d)["how"] in e["text"] for e in linked for r, s, d in journal
                   if s == e["side"])  # fmt: skip

        question = place.tieline("questions", "--cause", "conflict", "--json").json
        assert (
            place.tieline(
                "resolve", question["groups"][0]["items"][0]["id"], "take", "hubspot"
            ).code
            == 0
        )
        place.run()
        answered = told_of(place, "salesforce", force, "phone")
        here = next(o for o in answered["origins"] if o["side"] == "salesforce")
        assert (here["value"], here["run"], here["source"]) == (
            "+493090182021", "r000003", "hubspot",
        )  # fmt: skip
        said = [e["what"] for e in answered["entries"] if e["field"] == "phone"]
        assert {"asked", "answered", "closed", "written"} <= set(said)
        place.world.pass_time(2 * 86_400)
        configure(place, "salesforce", validation_rules={})
        place.run()
        passed = told_of(place, "salesforce", force_2, "description")
        here = next(o for o in passed["origins"] if o["side"] == "salesforce")
        assert (here["value"], here["run"], here["settled"]) == ("Forbidden", "r000004", True)
        assert place.run()["writes"] == 0
