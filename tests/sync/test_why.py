"""`why` names run, side and rule for every field of every linked record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import RejectedError, SettingsError
from sync.model import Row, State
from sync.store import Store
from sync.why import Story, locate, why
from tests.sync.situations import find, people_edit, settle, two_sides
from tests.sync.worlds import World


def story(world: World, side: str, record_id: str, name: str | None = None) -> Story:
    """The story as the engine tells it."""
    return world.engine.why(side, record_id, name=name)


def origin(told: Story, side: str) -> Any:
    """The origin of the one field that was asked for, on one side."""
    return next(o for o in told.origins if o.side == side)


def test_a_value_that_was_written_names_its_run_its_source_and_its_rule(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world)
    hank = find(world, "left", "Contact", email="hank@globex.com")
    told = story(world, "left", hank, "title")
    here = origin(told, "left")
    assert (here.run, here.source, here.rule) == ("r000003", "right", "two-way")
    assert (here.value, here.settled) == ("Chief", True)
    there = origin(told, "right")
    assert (there.run, there.source) == ("r000003", "right")
    assert there.how.startswith("changed on right")
    written = [e for e in told.entries if e.what == "written" and e.after == "Chief"]
    assert [(e.side, e.before, e.source) for e in written] == [("left", None, "right")]


def test_a_value_that_was_there_from_the_start_says_so(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    acme = find(world, "left", "Account", name="Acme")
    told = story(world, "left", acme, "domain")
    here = origin(told, "left")
    assert (here.run, here.source, here.rule) == ("r000001", "left", "two-way")
    assert "when left was first linked" in here.how
    assert {o.run for o in told.origins} == {"r000001"}


def test_a_conflict_tells_both_values_and_that_it_waits(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world)
    acme = find(world, "left", "Account", name="Acme")
    told = story(world, "left", acme, "phone")
    assert [(o.side, o.value, o.settled) for o in told.origins] == [
        ("left", "+12025550199", False),
        ("right", "+12025550177", False),
    ]
    assert {o.run for o in told.origins} == {"r000003"}
    assert all("conflict" in o.how for o in told.origins)
    assert [e.what for e in told.entries if e.what in ("asked", "open question")] == [
        "asked",
        "open question",
    ]
    world.crms["right"].edit(
        "Account", find(world, "right", "Account", name="Acme"), {"phone": "+12025550199"}
    )
    settle(world)
    told = story(world, "left", acme, "phone")
    assert [e.what for e in told.entries if e.what == "closed"] == ["closed"]
    assert all(o.settled and o.run == "r000004" for o in told.origins)


def test_a_refused_value_is_told_with_the_vendor_s_reason(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    hank = find(world, "right", "Contact", email="hank@globex.com")
    world.crms["right"].edit("Contact", hank, {"title": "Chief"})
    refusal = RejectedError("locked", vendor_code="LOCKED")
    world.crms["left"].faults.refusals.append(lambda _type, _write: refusal)
    settle(world)
    told = story(world, "right", hank, "title")
    refused = [e for e in told.entries if e.what == "not written" and "locked" in e.text]
    assert refused
    assert refused[0].after == "Chief"


def test_links_and_deletions_are_told(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world)
    told = story(world, "right", find(world, "right", "Account", name="Acme Labs"))
    happened = [(e.run, e.what, e.side) for e in told.entries if not e.field]
    assert ("r000001", "linked", "left") in happened
    assert ("r000001", "linked", "right") in happened
    assert ("r000003", "deleted", "left") in happened
    assert ("r000003", "let go", "left") in happened


def test_every_field_of_every_linked_record_has_an_origin_that_the_journal_bears_out(
    tmp_path: Path,
) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world, 2)
    with world.engine.store() as store:
        rows = [r for r in store.rows("entity IS NOT NULL") if r.state is State.LIVE]
        checked = sum(_check(store, row, name) for row in rows for name in row.seen)
    assert checked > 100


def _check(store: Store, row: Row, name: str) -> int:
    told = why(store, row, name, rule_of=lambda _k, _f: "two-way")
    here = next(o for o in told.origins if o.side == row.side)
    assert here.run, (row.key, name)
    assert here.source in ("left", "right"), (row.key, name)
    ops = store.db.conn.execute(
        "SELECT max(o.run) FROM ops o, json_each(o.action, '$.fields') f WHERE o.state = 'done'"
        " AND o.side = ? AND o.record_id = ? AND json_extract(f.value, '$.name') = ?",
        (row.side, row.id, name),
    ).fetchone()[0]
    if here.settled and "Tieline" in here.how:
        assert here.run == ops, (row.key, name)
    elif here.settled:
        assert ops is None or here.run >= ops, (row.key, name, here)
    return 1


def test_an_unknown_record_and_an_unknown_field_are_named(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world)
    with pytest.raises(SettingsError, match="nothing is known of left nowhere"):
        story(world, "left", "nowhere")
    acme = find(world, "left", "Account", name="Acme")
    with pytest.raises(SettingsError, match="shows a field colour"):
        story(world, "left", acme, "colour")
    with world.engine.store() as store:
        assert locate(store, "left", acme, "Account").id == acme


def test_an_answer_is_part_of_the_story(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world)
    with world.engine.store() as store:
        question = next(q for q in store.questions() if q["cause"] == "conflict")
        store.db.execute(
            "INSERT INTO answers (question, cause, kind, entity, side, field, answer, value, facts,"
            " given_by, given_at, state) VALUES (?, 'conflict', 'account', ?, '', 'phone', 'take',"
            " '\"left\"', ?, 'pat', '2026-03-02T10:00:00+00:00', 'given')",
            [question["id"], question["entity"], json.dumps(question["facts"])],
        )
    settle(world)
    acme = find(world, "right", "Account", name="Acme")
    told = story(world, "right", acme, "phone")
    assert [e.text for e in told.entries if e.what == "answered"] == [
        "pat answered conflict: take left (done)"
    ]
    here = origin(told, "right")
    assert (here.run, here.source, here.value) == ("r000004", "left", "+12025550199")
    assert "answered" in here.rule + here.how
