"""What is left over: of merges that one side alone has seen, of questions that people made idle,
and of deletes beside values that were never settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory import Quirks
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.test_moves import causes, names, quiet, twins
from tests.sync.worlds import World, make_world

NEW_IDS = Quirks(merge_new_id=True)


def merged_on_the_left(folder: Path, **settings: object) -> World:
    """Acme absorbed Acme Two on the left; the right still has both."""
    world = twins(folder, **settings)
    left = world.crms["left"]
    keep, lose = (find(world, "left", "Account", name=n) for n in ("Acme", "Acme Two"))
    left.merge("Account", keep, [lose])
    settle(world)
    assert causes(world) == [("merge", "")]
    return world


def entities(world: World) -> list[str]:
    """The entity of each live account, over all sides."""
    with world.engine.store() as store:
        return [str(row.entity) for row in store.rows("kind = 'account' AND state = 'live'")]


@pytest.mark.parametrize("word", ["unlink", "delete", "restore"])
def test_deleting_one_of_two_that_are_one_elsewhere_deletes_nothing_more(
    tmp_path: Path, word: str
) -> None:
    rules = {"account": {"deletes": word, "first_link": "prefer left"}}
    world = merged_on_the_left(tmp_path, rules=rules)
    right = world.crms["right"]
    right.delete("Account", find(world, "right", "Account", name="Acme"))
    settle(world, 2)
    assert names(world, "left") == names(world, "right") == ["Acme"]
    assert len(set(entities(world))) == 1
    assert causes(world) == []
    quiet(world)


def test_what_was_edited_on_the_one_that_stays_travels(tmp_path: Path) -> None:
    world = merged_on_the_left(tmp_path, rules={"account": {"first_link": "prefer left"}})
    right = world.crms["right"]
    right.edit(
        "Account", find(world, "right", "Account", name="Acme Two"), {"phone": "+12025550101"}
    )
    right.delete("Account", find(world, "right", "Account", name="Acme"))
    settle(world, 2)
    left = world.crms["left"].snapshot()["Account"]
    assert [f.get("phone") for f in left.values()] == ["+12025550101"]
    quiet(world)


@pytest.mark.parametrize("quirks", [{}, {"right": NEW_IDS}], ids=["same id", "new id"])
@pytest.mark.parametrize("survivor", ["Acme", "Acme Two"])
def test_a_proposed_merge_may_be_done_by_hand_in_either_direction(
    tmp_path: Path, survivor: str, quirks: dict[str, Quirks]
) -> None:
    world = merged_on_the_left(tmp_path, quirks=quirks)
    loser = "Acme" if survivor == "Acme Two" else "Acme Two"
    keep, lose = (find(world, "right", "Account", name=n) for n in (survivor, loser))
    world.crms["right"].merge("Account", keep, [lose])
    settle(world, 2)
    assert names(world, "left") == names(world, "right") == [survivor]
    assert len(set(entities(world))) == 1
    assert causes(world) == []
    quiet(world)


def test_two_leftovers_merged_under_a_new_id_do_not_take_the_survivors_place(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path, quirks={"right": NEW_IDS})
    left, right = world.crms["left"], world.crms["right"]
    for name in ("One", "Two", "Three"):
        left.insert("Account", {"name": name, "domain": f"{name}.com"})
    settle(world, 2)
    one, two, three = (find(world, "left", "Account", name=n) for n in ("One", "Two", "Three"))
    left.merge("Account", one, [two, three])
    settle(world)
    two, three = (find(world, "right", "Account", name=n) for n in ("Two", "Three"))
    right.merge("Account", two, [three])
    settle(world, 2)
    assert names(world, "right") == ["One", "Two"]
    with world.engine.store() as store:
        rows = list(store.rows("side = 'right' AND kind = 'account' AND state = 'live'"))
    assert len({row.entity for row in rows}) == 2
    assert causes(world) == [("merge", "")]
    quiet(world)


def test_a_conflict_that_people_take_back_is_asked_no_longer(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "a.com", "industry": "energy"})
    settle(world, 2)
    for side, value in (("left", "retail"), ("right", "banking")):
        account = find(world, side, "Account", name="Acme")
        world.crms[side].edit("Account", account, {"industry": value})
    settle(world)
    assert causes(world) == [("conflict", "industry")]
    for side in ("left", "right"):
        account = find(world, side, "Account", name="Acme")
        world.crms[side].edit("Account", account, {"industry": "energy"})
    settle(world)
    assert causes(world) == []
    quiet(world)


def test_a_delete_beside_a_value_that_was_never_settled_keeps_the_record(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"account": {"deletes": "delete", "first_link": "hold"}})
    for side, value in (("left", "retail"), ("right", "banking")):
        world.crms[side].insert("Account", {"name": "Acme", "domain": "a.com", "industry": value})
    settle(world)
    world.crms["right"].delete("Account", find(world, "right", "Account", name="Acme"))
    settle(world)
    assert names(world, "left") == ["Acme"]
    assert causes(world) == []
    quiet(world)


def test_a_delete_travels_although_what_the_record_named_was_deleted_too(tmp_path: Path) -> None:
    world = make_world(tmp_path, rules={"opportunity": {"deletes": "delete"}})
    left, right = world.crms["left"], world.crms["right"]
    acme = left.insert("Account", {"name": "Acme", "domain": "a.com"})
    left.insert("Opportunity", {"name": "Deal", "stage": "proposal", "account": acme})
    settle(world, 2)
    left.delete("Account", acme)
    right.delete("Opportunity", find(world, "right", "Opportunity", name="Deal"))
    settle(world)
    assert names(world, "left", "Opportunity") == []
    quiet(world)


def test_a_value_that_a_lost_creation_did_not_take_is_carried_over_or_told(tmp_path: Path) -> None:
    ignoring = {"third": Quirks(ignored=frozenset({"Account.industry"}))}
    world = make_world(tmp_path, ("left", "right", "third"), quirks=ignoring)
    for side, fields in (("left", {}), ("right", {"industry": "energy"})):
        world.crms[side].insert("Account", {"name": "Acme", "domain": "a.com", **fields})
    world.crms["third"].lose_next_answer()
    failures = []
    for _ in range(3):
        world.clock.advance(600)
        failures += world.engine.run(allowed=EVERY_GUARD).failures
    assert [(f.side, f.field) for f in failures if f.field] == [("third", "industry")]
    assert world.engine.verify().unexplained == []
