"""The engine from end to end over CRMs in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import Write
from core.errors import RecordError, RejectedError
from sync.model import Result, Verb
from sync.sides import Side
from tests.sync.situations import EVERY_GUARD, content, find, people_edit, settle, two_sides
from tests.sync.worlds import World, make_world


def writes(world: World) -> dict[str, int]:
    """Writes that the sides have counted so far."""
    return {name: crm.writes for name, crm in world.crms.items()}


def _refuse_bad(_object_type: str, write: Write) -> RecordError | None:
    named = getattr(write, "fields", {}).get("name")
    return RejectedError("no", vendor_code="LOCKED", retryable=True) if named == "Bad" else None


def test_a_first_run_brings_the_sides_in_step_and_a_second_writes_nothing(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    report = world.engine.run()
    assert report.writes > 0
    world.clock.advance(600)
    before = writes(world)
    assert world.engine.run().writes == 0
    assert writes(world) == before
    assert world.engine.verify().unexplained == []


def test_a_plan_writes_nowhere_and_leaves_the_state_alone(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    before = (content(world), writes(world))
    first = world.engine.plan()
    again = world.engine.plan()
    assert (content(world), writes(world)) == before
    assert first.actions == again.actions
    assert first.actions


def test_references_and_roles_are_carried_to_the_side_s_own_records(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world)
    right = world.crms["right"].snapshot()
    labs = right["Account"][find(world, "right", "Account", name="Acme Labs")]
    assert labs["parent"] == find(world, "right", "Account", name="Acme")
    deal = right["Opportunity"][find(world, "right", "Opportunity", name="Deal")]
    zoe = find(world, "right", "Contact", email="ZOE@acme.com")
    assert deal["contacts"] == [{"id": zoe, "label": "Decision Maker", "primary": True}]


def test_edits_travel_conflicts_are_held_and_deletes_delete_nothing(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    world.clock.advance(600)
    report = world.engine.run()
    left, right = world.crms["left"].snapshot(), world.crms["right"].snapshot()
    assert left["Contact"][find(world, "left", "Contact", email="hank@globex.com")]["title"] == (
        "Chief"
    )
    assert left["Account"][find(world, "left", "Account", name="Acme")]["phone"] == "+12025550199"
    assert right["Account"][find(world, "right", "Account", name="Acme")]["phone"] == (
        "+12025550177"
    )
    assert find(world, "right", "Account", name="Acme Labs")
    assert find(world, "right", "Contact", email="new@acme.com")
    deal = left["Opportunity"][find(world, "left", "Opportunity", name="Deal")]
    assert len(deal["contacts"]) == 2
    assert report.result is Result.PARTIAL
    with world.engine.store() as store:
        assert [(q["cause"], q["field"]) for q in store.questions()] == [("conflict", "phone")]
    world.clock.advance(600)
    assert world.engine.run().writes == 0
    assert world.engine.verify().unexplained == []


def test_an_agreement_closes_the_conflict(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world)
    acme = find(world, "right", "Account", name="Acme")
    world.crms["right"].edit("Account", acme, {"phone": "+12025550199"})
    settle(world)
    with world.engine.store() as store:
        assert store.questions() == []


def test_three_sides_converge_whatever_their_names_and_order(tmp_path: Path) -> None:
    results = []
    for names in (("one", "two", "three"), ("zeta", "beta", "alpha")):
        world = make_world(tmp_path / names[0], names, leads=(names[0],))
        first, second, third = (world.crms[n] for n in names)
        acme = first.insert("Account", {"name": "Acme", "domain": "acme.com"})
        second.insert("Account", {"name": "Acme", "domain": "acme.com", "phone": "+12025550101"})
        third.insert("Contact", {"last_name": "Hank", "email": "hank@acme.com"})
        first.insert("Contact", {"last_name": "Zoë", "email": "zoe@acme.com", "account": acme})
        settle(world, 2)
        world.crms[names[2]].edit(
            "Account", find(world, names[2], "Account", name="Acme"), {"industry": "energy"}
        )
        settle(world, 2)
        shown = content(world)
        for n in names[1:]:
            assert shown[n] == shown[names[0]]
        assert world.engine.verify().unexplained == []
        assert world.engine.run(allowed=EVERY_GUARD).writes == 0
        results.append({n: len(rows) for n, rows in shown.items()})
    assert [list(r.values()) for r in results] == [[3, 3, 3], [3, 3, 3]]


def test_a_record_that_a_side_refuses_is_listed_and_tried_again_later(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    left.insert("Account", {"name": "Good", "domain": "good.com"})
    left.insert("Account", {"name": "Bad", "domain": "bad.com"})
    right.refuse(_refuse_bad)
    report = world.engine.run()
    assert [f.message for f in report.failures] == ["no"]
    assert report.tally("right", "account").created == 1
    settle(world, 0)
    world.clock.advance(60)
    before = writes(world)
    world.engine.run()
    assert writes(world) == before, "it is not tried again before its time"
    right.clear_faults()
    settle(world)
    assert find(world, "right", "Account", name="Bad")


def test_a_saved_plan_does_exactly_what_it_says(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    plan = world.engine.plan()
    report = world.engine.apply(plan)
    made = [a for a in plan.actions if a.verb is Verb.CREATE]
    assert sum(t.created for k in report.tallies.values() for t in k.values()) == len(made)
    world.clock.advance(600)
    assert world.engine.run().writes == 0


def test_what_moved_since_the_plan_is_skipped_and_planned_anew(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    plan = world.engine.plan()
    acme = find(world, "right", "Account", name="Acme")
    world.crms["right"].edit("Account", acme, {"industry": "energy"})
    report = world.engine.apply(plan)
    assert report.tally("right", "account").stale == 1
    assert world.crms["right"].snapshot()["Account"][acme]["industry"] == "energy"
    settle(world)
    with world.engine.store() as store:
        assert [(q["cause"], q["field"]) for q in store.questions()] == [("conflict", "industry")]


def test_a_position_that_the_side_forgot_has_everything_read_again(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    with world.engine.store() as store:
        store.set_cursor("left", "Account", "from another connector", None)
    world.crms["left"].edit(
        "Account", find(world, "left", "Account", name="Acme"), {"industry": "energy"}
    )
    settle(world)
    acme = find(world, "right", "Account", name="Acme")
    assert world.crms["right"].snapshot()["Account"][acme]["industry"] == "energy"


def test_an_address_that_was_taken_in_part_is_nobody_s_new_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Side, "misfit", lambda *_: "")  # only the vendor knows its limits here
    world = make_world(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    city = right.schema("Account").fields["city"]
    right.remove_field("Account", "city")
    right.add_field("Account", replace(city, length=10))
    acme = left.insert("Account", {"name": "Acme", "domain": "acme.com", "city": "Rome"})
    settle(world, 2)
    left.edit("Account", acme, {"street": "Via A 1", "city": "Reggio nell'Emilia"})
    settle(world, 3)
    shown = left.snapshot()["Account"][acme]
    assert (shown["street"], shown["city"]) == ("Via A 1", "Reggio nell'Emilia")
    left.edit("Account", acme, {"city": "Ravenna"})
    settle(world, 2)
    there = world.crms["right"].snapshot()["Account"][find(world, "right", "Account", name="Acme")]
    assert (there["street"], there["city"]) == ("Via A 1", "Ravenna")
