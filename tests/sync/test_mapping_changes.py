"""A new, changed or removed mapping writes nothing by itself; a backfill is offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import SettingsError
from mapping.translate import SideMapping
from sync.model import Result
from sync.rebase import waiting_fields
from sync.serial import load_plan, save_plan
from tests.sync.situations import EVERY_GUARD, find
from tests.sync.worlds import World, compiled, generic_mapping, make_world

NO_WRITES = 0


def without(*names: str, object_type: str = "Account") -> SideMapping:
    """The generic mapping with fields left out."""
    data = generic_mapping(lead=False)
    for name in names:
        del data["objects"][object_type]["fields"][name]
    return compiled(data)


def run(world: World, **options: Any) -> int:
    """One run with every guard let pass; the number of its writes."""
    world.clock.advance(600)
    return world.engine.run(allowed=EVERY_GUARD, **options).writes


def half_mapped(folder: Path, **settings: Any) -> World:
    """In step, with phones that the right side's mapping does not know of yet."""
    world = make_world(folder, **settings)
    whole = world.mappings["right"]
    world.mappings["right"] = without("phone")
    left, right = world.crms["left"], world.crms["right"]
    left.insert("Account", {"name": "A", "domain": "a.com", "phone": "+12025550101"})
    right.insert("Account", {"name": "A", "domain": "a.com"})
    left.insert("Account", {"name": "B", "domain": "b.com", "phone": "+12025550102"})
    right.insert("Account", {"name": "B", "domain": "b.com", "phone": "+12025550199"})
    left.insert("Account", {"name": "C", "domain": "c.com", "phone": "+12025550103"})
    right.insert("Account", {"name": "C", "domain": "c.com", "phone": "+12025550103"})
    run(world)
    assert run(world) == NO_WRITES
    world.mappings["right"] = whole
    return world


def phones(world: World, side: str) -> dict[str, str | None]:
    """Name -> phone of a side's accounts."""
    rows = world.crms[side].snapshot()["Account"].values()
    return {r["name"]: r.get("phone") for r in rows}


@pytest.mark.parametrize("rule", ["two-way", "left ->", "fill blank", "right unless blank"])
def test_a_newly_mapped_field_writes_nothing_by_itself(rule: str, tmp_path: Path) -> None:
    world = half_mapped(tmp_path, rules={"account": {"fields": {"phone": rule}}})
    before = phones(world, "left"), phones(world, "right")
    for full in (False, False, True):
        assert run(world, full=full) == NO_WRITES
    assert (phones(world, "left"), phones(world, "right")) == before
    found = world.engine.verify()
    assert found.unexplained == []
    with world.engine.store() as store:
        assert waiting_fields(store) == ("account.phone",)


def test_what_people_change_afterwards_travels(tmp_path: Path) -> None:
    world = half_mapped(tmp_path)
    run(world)
    left = world.crms["left"]
    left.edit("Account", find(world, "left", "Account", name="B"), {"phone": "+12025550177"})
    left.insert("Account", {"name": "New", "domain": "new.com", "phone": "+12025550155"})
    assert run(world) == 3  # the value, the new record, the stamp of its original
    assert phones(world, "right") == {
        "A": None, "B": "+12025550177", "C": "+12025550103", "New": "+12025550155",
    }  # fmt: skip


def test_a_backfill_follows_the_policy_of_the_first_link(tmp_path: Path) -> None:
    world = half_mapped(tmp_path, rules={"account": {"first_link": "prefer left"}})
    run(world)
    plan = world.engine.plan(backfill=["account.phone"])
    assert sorted((a.side, f.name, f.new) for a in plan.actions for f in a.fields) == [
        ("right", "phone", "+12025550101"),
        ("right", "phone", "+12025550102"),
    ]
    assert run(world, backfill=[]) == 2
    assert phones(world, "right") == phones(world, "left")
    with world.engine.store() as store:
        assert waiting_fields(store) == ()
    assert run(world) == NO_WRITES
    assert world.engine.verify().unexplained == []


def test_a_saved_backfill_is_applied_as_it_is(tmp_path: Path) -> None:
    world = half_mapped(tmp_path, rules={"account": {"first_link": "prefer left"}})
    run(world)
    file = tmp_path / "plan.json"
    save_plan(world.engine.plan(backfill=[]), file)
    world.engine.apply(load_plan(file), allowed=EVERY_GUARD)
    assert phones(world, "right") == phones(world, "left")
    assert run(world) == NO_WRITES
    with world.engine.store() as store:
        assert waiting_fields(store) == ()


def test_a_backfill_that_a_person_must_decide_stays_asked(tmp_path: Path) -> None:
    world = half_mapped(tmp_path)
    run(world)
    assert run(world, backfill=["account.phone"]) == 1  # A was blank
    for _ in range(2):
        with world.engine.store() as store:
            asked = [(q["cause"], q["field"]) for q in store.questions()]
        assert asked == [("conflict", "phone")]
        world.clock.advance(600)
        report = world.engine.run(full=True)
        assert (report.writes, report.result) == (NO_WRITES, Result.PARTIAL)
    assert phones(world, "right")["B"] == "+12025550199"


def test_only_known_fields_are_backfilled(tmp_path: Path) -> None:
    world = half_mapped(tmp_path)
    run(world)
    with pytest.raises(SettingsError, match=r"no field account\.colour"):
        world.engine.plan(backfill=["account.colour"])


def test_a_removed_mapping_writes_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"account": {"fields": {"phone": "left ->"}}})
    left, right = world.crms["left"], world.crms["right"]
    acme = left.insert("Account", {"name": "A", "domain": "a.com", "phone": "+12025550101"})
    run(world)
    assert run(world) == NO_WRITES
    whole = world.mappings["left"]
    world.mappings["left"] = without("phone")
    assert run(world) == NO_WRITES
    there = find(world, "right", "Account", name="A")
    right.edit("Account", there, {"phone": "+12025550177"})
    assert run(world, full=True) == NO_WRITES
    assert phones(world, "right") == {"A": "+12025550177"}
    with world.engine.store() as store:
        row = store.row("left", "Account", acme)
        assert row is not None
        assert row.base["phone"] == "+12025550101"
    world.mappings["left"] = whole
    assert run(world) == NO_WRITES
    assert phones(world, "left") == {"A": "+12025550101"}


def test_a_field_that_is_read_from_elsewhere_is_rebased(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left = world.crms["left"]
    left.insert(
        "Account",
        {"name": "A", "domain": "a.com", "description": "long", "website": "https://a.com"},
    )
    run(world)
    assert run(world) == NO_WRITES
    data = generic_mapping(lead=False)
    data["objects"]["Account"]["fields"]["description"] = "website"
    del data["objects"]["Account"]["fields"]["website"]
    world.mappings["left"] = compiled(data)
    before = world.crms["right"].snapshot()
    assert run(world) == NO_WRITES
    assert run(world, full=True) == NO_WRITES
    assert world.crms["right"].snapshot() == before
    story = world.engine.why("left", find(world, "left", "Account", name="A"), name="description")
    assert any("mapped differently" in o.how for o in story.origins if o.side == "left")


def test_a_value_map_that_grows_lets_the_held_value_through(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    whole = world.mappings["left"]
    data = generic_mapping(lead=False)
    del data["values"]["industry"]["banking"]
    world.mappings["left"] = compiled(data)
    left = world.crms["left"]
    left.insert("Account", {"name": "A", "domain": "a.com", "industry": "banking"})
    run(world)
    there = find(world, "right", "Account", name="A")
    assert world.crms["right"].snapshot()["Account"][there].get("industry") is None
    world.mappings["left"] = whole
    assert run(world) == 1
    assert world.crms["right"].snapshot()["Account"][there]["industry"] == "banking"
    with world.engine.store() as store:
        assert waiting_fields(store) == ()


def test_an_edit_that_waits_is_not_lost_by_a_new_mapping(tmp_path: Path) -> None:
    world = half_mapped(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    left.edit("Account", find(world, "left", "Account", name="C"), {"employees": 7})
    right.edit("Account", find(world, "right", "Account", name="C"), {"employees": 8})
    run(world)
    with world.engine.store() as store:
        assert [q["field"] for q in store.questions()] == ["employees"]
    right.edit("Account", find(world, "right", "Account", name="C"), {"employees": 7})
    run(world)
    with world.engine.store() as store:
        assert store.questions() == []
