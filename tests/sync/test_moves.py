"""Merges, conversions and deletes over CRMs in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.model import Verb
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.worlds import World, make_world


def causes(world: World) -> list[tuple[str, str]]:
    """Open questions as (cause, field)."""
    with world.engine.store() as store:
        return sorted((q["cause"], q["field"]) for q in store.questions())


def names(world: World, side: str, object_type: str = "Account") -> list[str]:
    """Names of the live records of a side."""
    return sorted(str(f.get("name")) for f in world.crms[side].snapshot()[object_type].values())


def quiet(world: World) -> None:
    """A further run writes nothing and nothing is unexplained."""
    world.clock.advance(600)
    assert world.engine.run(allowed=EVERY_GUARD).writes == 0
    assert world.engine.verify().unexplained == []


def twins(folder: Path, **settings: Any) -> World:
    """Two accounts on both sides, in step."""
    world = make_world(folder, **settings)
    for name in ("Acme", "Acme Two"):
        world.crms["left"].insert("Account", {"name": name, "domain": f"{len(name)}.com"})
    settle(world, 2)
    return world


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_merge_is_proposed_and_deletes_nothing(tmp_path: Path, side: str) -> None:
    world = twins(tmp_path)
    other = "right" if side == "left" else "left"
    keep, lose = (find(world, side, "Account", name=n) for n in ("Acme", "Acme Two"))
    world.crms[side].merge("Account", keep, [lose])
    settle(world)
    assert names(world, other) == ["Acme", "Acme Two"]
    assert causes(world) == [("merge", "")]
    quiet(world)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_merge_is_carried_out_where_the_configuration_says_so(tmp_path: Path, side: str) -> None:
    world = twins(tmp_path, rules={"account": {"merges": "merge"}})
    other = "right" if side == "left" else "left"
    person = world.crms[other].insert(
        "Contact",
        {
            "last_name": "Zoë",
            "email": "z@x.com",
            "account": find(world, other, "Account", name="Acme Two"),
        },
    )
    settle(world)
    keep, lose = (find(world, side, "Account", name=n) for n in ("Acme", "Acme Two"))
    world.crms[side].merge("Account", keep, [lose])
    settle(world, 2)
    assert len(names(world, other)) == 1
    shown = world.crms[other].snapshot()["Contact"][person]["account"]
    assert shown in world.crms[other].snapshot()["Account"]
    assert causes(world) == []
    quiet(world)


def test_merges_of_the_same_two_with_other_survivors_need_nobody(tmp_path: Path) -> None:
    world = twins(tmp_path)
    for side, order in (("left", ("Acme", "Acme Two")), ("right", ("Acme Two", "Acme"))):
        keep, lose = (find(world, side, "Account", name=n) for n in order)
        world.crms[side].merge("Account", keep, [lose])
    settle(world, 2)
    assert len(names(world, "left")) == len(names(world, "right")) == 1
    assert ("merge", "") not in causes(world)


def test_merges_that_contradict_each_other_are_asked(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for name in ("One", "Two", "Three"):
        world.crms["left"].insert("Account", {"name": name, "domain": f"{name}.com"})
    settle(world, 2)
    left = {n: find(world, "left", "Account", name=n) for n in ("One", "Two", "Three")}
    right = {n: find(world, "right", "Account", name=n) for n in ("One", "Two", "Three")}
    world.crms["left"].merge("Account", left["Two"], [left["One"]])
    world.crms["right"].merge("Account", right["Three"], [right["One"]])
    settle(world)
    assert ("merge", "contradiction") in causes(world) or ("merge", "") in causes(world)
    assert len(names(world, "left")) == len(names(world, "right")) == 2


def test_a_chain_of_merges_is_followed(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"account": {"merges": "merge"}})
    for name in ("One", "Two", "Three"):
        world.crms["left"].insert("Account", {"name": name, "domain": f"{name}.com"})
    settle(world, 2)
    one, two, three = (find(world, "left", "Account", name=n) for n in ("One", "Two", "Three"))
    two = world.crms["left"].merge("Account", two, [one])
    world.crms["left"].merge("Account", three, [two])
    settle(world, 3)
    assert len(names(world, "right")) == 1
    quiet(world)


def with_lead(folder: Path, **settings: Any) -> World:
    """A lead on the left, the same person on the right with a company; in step."""
    world = make_world(folder, leads=("left",), **settings)
    left, right = world.crms["left"], world.crms["right"]
    left.insert(
        "Lead", {"last_name": "Zoë", "email": "zoe@acme.com", "company_name": "Acme Holding"}
    )
    settle(world)
    acme = right.insert("Account", {"name": "Acme", "domain": "acme.com"})
    right.edit("Contact", find(world, "right", "Contact", email="zoe@acme.com"), {"account": acme})
    return world


def test_a_lead_converted_by_a_person_makes_no_second_company(tmp_path: Path) -> None:
    world = with_lead(tmp_path, side={"left": {"create": ["person", "opportunity"]}})
    settle(world)
    left = world.crms["left"]
    left.convert(find(world, "left", "Lead", email="zoe@acme.com"))
    settle(world, 2)
    assert len(names(world, "right")) == 1
    assert len(names(world, "left")) == 1
    assert len(world.crms["right"].snapshot()["Contact"]) == 1
    contact = left.snapshot()["Contact"]
    assert [f["account"] for f in contact.values()] == list(left.snapshot()["Account"])


def test_a_conversion_is_asked_for_when_the_other_side_has_gone_on(tmp_path: Path) -> None:
    rule = {"when": [{"field": "lifecycle_stage", "at_least": "sql"}], "opportunity": True}
    world = with_lead(tmp_path, side={"left": {"convert": rule}})
    settle(world, 2)
    right = world.crms["right"]
    zoe = find(world, "right", "Contact", email="zoe@acme.com")
    right.edit("Contact", zoe, {"lifecycle_stage": "sql"})
    world.clock.advance(600)
    plan = world.engine.plan()
    assert [a.verb for a in plan.actions if a.side == "left"][-1] is Verb.CONVERT
    settle(world, 2)
    left = world.crms["left"].snapshot()
    assert len(left["Contact"]) == len(left["Account"]) == len(left["Opportunity"]) == 1
    assert len(right.snapshot()["Opportunity"]) == 1
    settle(world)
    quiet(world)


def test_a_conversion_without_an_account_is_a_question(tmp_path: Path) -> None:
    rule = {"when": [{"field": "lifecycle_stage", "at_least": "sql"}]}
    world = make_world(tmp_path, leads=("left",), side={"left": {"convert": rule}})
    world.crms["left"].insert("Lead", {"last_name": "Z", "email": "z@x.com", "company_name": "X"})
    settle(world)
    person = find(world, "right", "Contact", email="z@x.com")
    world.crms["right"].edit("Contact", person, {"lifecycle_stage": "sql"})
    settle(world)
    assert causes(world) == [("convert", "")]


def deleted(folder: Path, choice: Any) -> World:
    """An account that was in step and has been deleted on the left."""
    world = make_world(folder, rules={"account": {"deletes": choice}})
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    world.crms["left"].delete("Account", find(world, "left", "Account", name="Acme"))
    return world


@pytest.mark.parametrize(
    ("choice", "left", "right", "asked"),
    [
        ("unlink", [], ["Acme"], []),
        ("delete", [], [], []),
        ("restore", ["Acme"], ["Acme"], []),
        ("ask", [], ["Acme"], [("delete", "")]),
        ({"left": "delete", "right": "unlink"}, [], [], []),
        ({"left": "unlink", "right": "delete"}, [], ["Acme"], []),
    ],
    ids=str,
)
def test_a_delete_does_what_the_kind_and_direction_say(
    tmp_path: Path, choice: Any, left: list[str], right: list[str], asked: list[tuple[str, str]]
) -> None:
    world = deleted(tmp_path, choice)
    settle(world, 2)
    assert (names(world, "left"), names(world, "right")) == (left, right)
    assert causes(world) == asked
    quiet(world)


def test_an_edit_beats_a_delete(tmp_path: Path) -> None:
    world = deleted(tmp_path, "delete")
    acme = find(world, "right", "Account", name="Acme")
    world.crms["right"].edit("Account", acme, {"phone": "+12025550101"})
    settle(world)
    assert names(world, "right") == ["Acme"]
    quiet(world)


def test_a_converted_lead_s_company_is_known_by_its_domain(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left",))
    left, right = world.crms["left"], world.crms["right"]
    lead = left.insert(
        "Lead", {"last_name": "Zoë", "email": "zoe@acme.com", "company_name": "Acme Holding"}
    )
    settle(world)
    left.convert(lead)
    right.insert("Account", {"name": "ACME Group", "domain": "acme.com"})
    settle(world, 2)
    assert len(names(world, "left")) == len(names(world, "right")) == 1
    contact = find(world, "right", "Contact", email="zoe@acme.com")
    assert right.snapshot()["Contact"][contact]["account"] in right.snapshot()["Account"]


@pytest.mark.parametrize("runs_between", [0, 1], ids=["before our run", "after our run"])
def test_a_company_that_a_side_makes_by_itself_makes_no_second_one(
    tmp_path: Path, runs_between: int
) -> None:
    world = make_world(tmp_path, leads=("left",))
    left, right = world.crms["left"], world.crms["right"]
    lead = left.insert(
        "Lead", {"last_name": "Zoë", "email": "zoe@acme.com", "company_name": "Acme Holding"}
    )
    settle(world)
    left.convert(lead)
    settle(world, runs_between)
    right.insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    assert names(world, "left") == ["Acme Holding"]
    quiet(world)


def test_references_to_two_that_were_merged_on_one_side_do_not_differ(tmp_path: Path) -> None:
    world = twins(tmp_path)
    left = world.crms["left"]
    keep, lose = (find(world, "left", "Account", name=n) for n in ("Acme", "Acme Two"))
    left.insert("Contact", {"last_name": "Zoë", "email": "z@x.com", "account": lose})
    settle(world, 2)
    left.merge("Account", keep, [lose])
    settle(world)
    person = find(world, "right", "Contact", last_name="Zoë")
    shown = world.crms["right"].snapshot()["Contact"][person]["account"]
    assert shown == find(world, "right", "Account", name="Acme Two")
    quiet(world)
