"""The deal that a lead's conversion made, beside deals that the same person has on other sides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync.waiting import Open
from tests.sync.asked import answer, open_things, quiet, run, the
from tests.sync.situations import find
from tests.sync.worlds import World, make_world

ASKED_FOR = {"when": [{"field": "lifecycle_stage", "at_least": "sql"}], "opportunity": True}


def zoe_is_a_lead(folder: Path, names: tuple[str, ...] = ("left", "right"), **more: Any) -> World:
    """Acme and Zoë on all sides; on the left she is a lead."""
    world = make_world(folder, names, leads=("left",), **more)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    lead = {"last_name": "Quick", "email": "zoe@acme.com", "company_name": "Acme"}
    world.crms["left"].insert("Lead", lead)
    run(world)
    return world


def convert(world: World) -> str:
    """Zoë is converted with a deal; its id."""
    left = world.crms["left"]
    lead, acme = (find(world, "left", o, **f) for o, f in (("Lead", {}), ("Account", {})))
    left.convert(lead, account_id=acme, opportunity_name="Acme first")
    return find(world, "left", "Opportunity", name="Acme first")


def deal(world: World, side: str = "right", name: str = "Engine", **fields: Any) -> str:
    """A deal of Zoë at Acme that somebody types in."""
    roles = [{"id": find(world, side, "Contact"), "role": "", "primary": False}]
    account = find(world, side, "Account")
    known = {"name": name, "stage": "prospecting", "account": account, "contacts": roles}
    return world.crms[side].insert("Opportunity", {**known, **fields})


def deals(world: World) -> dict[str, list[str]]:
    """The names of the deals by side."""
    return {
        side: sorted(f["name"] for f in crm["Opportunity"].values())
        for side, crm in world.snapshot().items()
    }


def how(world: World, side: str, record: str) -> str:
    with world.engine.store() as store:
        row = store.row(side, "Opportunity", record)
        assert row is not None
        return row.how


def doubts(world: World) -> list[Open]:
    return [t for t in open_things(world, "resembles") if t.kind == "opportunity"]


APART = {"left": ["Acme first"], "right": ["Engine"]}
BOTH = {side: ["Acme first", "Engine"] for side in ("left", "right")}


@pytest.mark.parametrize("first", ["the conversion", "the deal"])
def test_a_deal_that_is_new_too_is_asked_about(first: str, tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path)
    for step in (convert, deal) if first == "the conversion" else (deal, convert):
        step(world)
    for _ in range(2):
        run(world)
        assert deals(world) == APART
        assert [t.side for t in doubts(world)] == ["left", "right"]
    assert the(world, "resembles", "left").message.startswith(
        "came of a lead's conversion when that person had a new deal elsewhere too: right"
    )
    assert the(world, "resembles", "right").message.startswith(
        "a new deal of a person whose lead's conversion made one too: left"
    )
    quiet(world)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("words", [("create",), ("keep", "apart")])
def test_told_to_be_two_each_goes_its_own_way_and_nobody_is_asked_again(
    side: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    world = zoe_is_a_lead(tmp_path)
    convert(world)
    deal(world)
    run(world)
    answer(world, the(world, "resembles", side), *words)
    run(world)
    assert deals(world) == BOTH
    assert open_things(world) == []
    quiet(world)


@pytest.mark.parametrize("side", ["left", "right"])
def test_told_to_be_one_they_are_linked(side: str, tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path)
    convert(world)
    deal(world)
    run(world)
    answer(world, the(world, "resembles", side), "link")
    run(world)
    assert deals(world) == APART
    assert [t.cause for t in open_things(world)] == ["conflict"]  # over the name


def test_a_deal_that_waited_for_its_counterpart_is_linked(tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path, side={"left": {"create": ["account", "person"]}})
    engine = deal(world)
    run(world)
    first = convert(world)
    run(world)
    assert doubts(world) == []
    assert (how(world, "left", first), how(world, "right", engine)) == ("conversion", "first seen")


def test_a_deal_that_waited_is_not_made_while_a_new_one_is_asked_about(tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path)
    left = world.crms["left"]
    field = left.schema("Opportunity").fields["next_step"]
    left.add_field("Opportunity", replace(field, required_on_create=True))
    waited = deal(world)
    run(world)
    convert(world)
    deal(world, name="Wheel")
    world.crms["right"].edit("Opportunity", waited, {"next_step": "call"})
    run(world)
    assert deals(world) == {"left": ["Acme first"], "right": ["Engine", "Wheel"]}
    assert world.engine.verify().unexplained == []
    assert world.engine.verify(some=10).unexplained == []
    answer(world, the(world, "resembles", "left"), "link", f"right/Opportunity/{waited}")
    run(world)
    assert doubts(world) == []
    with world.engine.store() as store:
        linked = {r.entity for r in store.rows("kind = 'opportunity' AND entity IS NOT NULL")}
    assert len(linked) == 2


def test_a_whole_key_tells(tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path)
    first, other = convert(world), deal(world, name="acme first")
    run(world)
    assert doubts(world) == []
    assert [how(world, "left", first), how(world, "right", other)] == ["key: name and account"] * 2


def test_a_deal_out_of_scope_takes_no_part(tmp_path: Path) -> None:
    scope = {"opportunity": [{"field": "stage", "not_in": ["negotiation"]}]}
    world = zoe_is_a_lead(tmp_path, side={"right": {"scope": scope}})
    convert(world)
    deal(world, stage="negotiation")
    run(world)
    assert doubts(world) == []
    assert deals(world) == {"left": ["Acme first"], "right": ["Acme first", "Engine"]}


def test_what_tieline_asked_for_is_no_doubt(tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path, side={"left": {"convert": ASKED_FOR}})
    right = world.crms["right"]
    zoe, acme = find(world, "right", "Contact"), find(world, "right", "Account")
    right.edit("Contact", zoe, {"lifecycle_stage": "sql", "account": acme})
    run(world)
    assert deals(world) == {"left": ["Acme - Quick"], "right": []}
    deal(world)
    run(world)
    run(world)
    assert open_things(world) == []
    assert deals(world) == {side: ["Acme - Quick", "Engine"] for side in ("left", "right")}
    quiet(world)


def test_a_doubt_passes_with_the_deal_that_it_is_about(tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path)
    first = convert(world)
    deal(world)
    run(world)
    world.crms["left"].delete("Opportunity", first)
    run(world)
    assert doubts(world) == []
    assert deals(world) == {"left": ["Engine"], "right": ["Engine"]}


def three(folder: Path) -> tuple[World, str]:
    """A conversion's deal, and one new deal of that person on both other sides."""
    world = zoe_is_a_lead(folder, ("left", "right", "third"))
    first = convert(world)
    for side in ("right", "third"):
        deal(world, side)
    for _ in range(2):
        run(world)
        assert deals(world) == {"left": ["Acme first"], "right": ["Engine"], "third": ["Engine"]}
    assert [t.side for t in doubts(world)] == ["left"]
    return world, first


@pytest.mark.parametrize("how", ["create", "link", "skip", "deleted"])
def test_what_two_other_sides_link_is_not_made_on_the_lead_s_side_until_it_is_said(
    how: str, tmp_path: Path
) -> None:
    world, first = three(tmp_path)
    assert world.engine.verify().unexplained == []
    assert world.engine.verify(some=10).unexplained == []
    engine = find(world, "right", "Opportunity")
    if how == "deleted":
        world.crms["left"].delete("Opportunity", first)
    else:
        words = ("link", f"right/Opportunity/{engine}") if how == "link" else (how,)
        answer(world, the(world, "resembles", "left"), *words)
    run(world)
    run(world)
    as_it_was = {"left": ["Acme first"], "right": ["Engine"], "third": ["Engine"]}
    expected = {
        "create": {side: ["Acme first", "Engine"] for side in as_it_was},
        "link": as_it_was,
        "skip": as_it_was,
        "deleted": {side: ["Engine"] for side in as_it_was},
    }
    assert doubts(world) == []
    assert deals(world) == expected[how]
    quiet(world)
    assert world.engine.verify(some=10).unexplained == []


def test_a_run_that_dies_before_it_has_planned_leaves_the_doubt(tmp_path: Path) -> None:
    world = zoe_is_a_lead(tmp_path, ("left", "right", "third"))
    convert(world)
    for side in ("right", "third"):
        deal(world, side)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.planner.Planner._finish", die)
        with pytest.raises(KeyboardInterrupt):
            run(world)
    run(world)
    assert [t.side for t in doubts(world)] == ["left"]
    assert deals(world) == {"left": ["Acme first"], "right": ["Engine"], "third": ["Engine"]}


def test_at_a_first_sync_each_goes_its_own_way(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left",))
    left, right = world.crms["left"], world.crms["right"]
    acme = {s: c.insert("Account", {"name": "Acme", "domain": "acme.com"}) for s, c in
            world.crms.items()}  # fmt: skip
    who = {"last_name": "Quick", "email": "zoe@acme.com"}
    lead = left.insert("Lead", who)
    left.convert(lead, account_id=acme["left"], opportunity_name="Acme first")
    right.insert("Contact", {**who, "account": acme["right"]})
    deal(world)
    run(world)
    assert doubts(world) == []
    assert deals(world) == BOTH
