"""What is left over: of merges that one side alone has seen, of questions that people made idle,
and of deletes beside values that were never settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from connectors.memory import Quirks
from core.errors import RejectedError, VendorDownError
from sync.serial import load_plan, save_plan
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


def test_one_that_tieline_made_and_that_stays_meets_the_survivor_however_often_it_is_read(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path, rules={"account": {"first_link": "prefer left"}})
    left, right = world.crms["left"], world.crms["right"]
    keep, lose = (
        right.insert("Account", {"name": name, "domain": f"{name}.com"}) for name in ("one", "two")
    )
    settle(world, 2)
    right.merge("Account", keep, [lose])
    settle(world)
    left.delete("Account", find(world, "left", "Account", name="one"))
    right.fail_next("apply", VendorDownError("down"))
    settle(world)
    left.edit("Account", find(world, "left", "Account", name="two"), {"phone": "+12025550101"})
    settle(world, 2)
    assert names(world, "left") == names(world, "right") == ["two"]
    assert world.engine.verify().differences == []
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


def test_an_edit_of_what_stays_of_two_makes_no_record_anew(tmp_path: Path) -> None:
    world = make_world(tmp_path, ("left", "right", "third"))
    left = [
        world.crms["left"].insert("Account", {"name": name, "domain": f"{name}.com"})
        for name in ("one", "two")
    ]
    settle(world, 2)
    for side, keeps, loses in (("right", "one", "two"), ("third", "two", "one")):
        keep, lose = (find(world, side, "Account", name=name) for name in (keeps, loses))
        world.crms[side].merge("Account", keep, [lose])
        settle(world, 2)
    for account in left:
        world.crms["left"].edit("Account", account, {"phone": "+12025550101"})
        settle(world, 2)
    assert [len(names(world, side)) for side in world.crms] == [2, 1, 1]
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


# -- what one side took and another did not ----------------------------------------------------

IGNORES_INDUSTRY = Quirks(ignored=frozenset({"Account.industry"}))


def industries(world: World) -> list[object]:
    """The industry of Acme on every side, as people see it."""
    return [
        next(iter(crm.snapshot()["Account"].values())).get("industry")
        for crm in world.crms.values()
    ]


def edit(world: World, side: str, industry: str | None) -> None:
    """A person gives Acme another industry."""
    account = find(world, side, "Account", name="Acme")
    world.crms[side].edit("Account", account, {"industry": industry})


def taken_by_the_right_alone(folder: Path, before: str | None, **settings: object) -> World:
    """The left changed `before` to banking, which the third acknowledged and did not take."""
    world = make_world(folder, ("left", "right", "third"), **settings)
    fields = {"name": "Acme", "domain": "a.com", "industry": before}
    world.crms["left"].insert("Account", fields)
    settle(world, 2)
    world.crms["third"].quirks = IGNORES_INDUSTRY
    edit(world, "left", "banking")
    settle(world, 2)
    assert industries(world) == ["banking", "banking", before]
    return world


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("before", [None, "energy"], ids=["blank", "value"])
def test_a_value_that_one_side_took_and_another_did_not_can_be_put_back(
    tmp_path: Path, before: str | None, side: str
) -> None:
    world = taken_by_the_right_alone(tmp_path, before)
    edit(world, side, before)
    settle(world, 2)
    assert industries(world) == [before, before, before]
    assert world.engine.verify().differences == []
    quiet(world)


def test_a_value_that_was_not_taken_is_carried_over_once_it_can_be(tmp_path: Path) -> None:
    world = taken_by_the_right_alone(tmp_path, "energy")
    assert [(d.cause, d.explained) for d in world.engine.verify().differences] == [
        ("refused", True)
    ]
    world.crms["third"].quirks = Quirks()
    world.clock.advance(25 * 3600)
    settle(world)
    assert industries(world) == ["banking", "banking", "banking"]
    quiet(world)


def test_the_story_of_a_value_that_is_lacking_says_why(tmp_path: Path) -> None:
    world = taken_by_the_right_alone(tmp_path, "energy")
    account = find(world, "third", "Account", name="Acme")
    told = world.engine.why("third", account, object_type="Account", name="industry")
    assert {o.side: o.settled for o in told.origins} == {
        "left": True,
        "right": True,
        "third": False,
    }
    assert [o.how for o in told.origins if o.side == "third"] == [
        "third shows it; what the others have is not taken there: industry: third acknowledged the"
        " value and kept what it had"
    ]


@pytest.mark.parametrize("conflict", ["hold", "prefer left"])
def test_who_changes_what_was_taken_does_not_contradict_it(tmp_path: Path, conflict: str) -> None:
    rules = {"account": {"fields": {"industry": {"conflict": conflict}}}}
    world = taken_by_the_right_alone(tmp_path, "energy", rules=rules)
    edit(world, "right", "retail")
    settle(world, 2)
    assert industries(world) == ["retail", "retail", "energy"]
    assert causes(world) == []


def test_who_changes_what_was_not_taken_contradicts_it(tmp_path: Path) -> None:
    world = taken_by_the_right_alone(tmp_path, "energy")
    edit(world, "third", "retail")
    settle(world, 2)
    assert industries(world) == ["banking", "banking", "retail"]
    assert causes(world) == [("conflict", "industry")]


def test_what_two_sides_agree_on_can_be_put_back_though_a_third_cannot_have_it(
    tmp_path: Path,
) -> None:
    world = taken_by_the_right_alone(tmp_path, "energy")
    for side in ("left", "right"):
        edit(world, side, "retail")
    settle(world, 2)
    edit(world, "left", "energy")
    settle(world, 2)
    assert industries(world) == ["energy", "energy", "energy"]
    quiet(world)


def test_a_record_deleted_before_it_got_the_last_value_deletes_nothing_elsewhere(
    tmp_path: Path,
) -> None:
    world = taken_by_the_right_alone(tmp_path, "energy", rules={"account": {"deletes": "delete"}})
    world.crms["third"].delete("Account", find(world, "third", "Account", name="Acme"))
    settle(world)
    assert names(world, "left") == names(world, "right") == ["Acme"]


def test_a_record_that_cannot_be_made_keeps_nobody_from_changing_their_mind(tmp_path: Path) -> None:
    world = make_world(tmp_path, ("left", "right", "third"))
    refusal = RejectedError("locked", vendor_code="LOCKED", retryable=False)
    world.crms["third"].refuse(lambda name, _write: refusal if name == "Account" else None)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "a.com", "industry": "energy"})
    settle(world, 2)
    edit(world, "left", None)
    settle(world, 2)
    assert [
        [f.get("industry") for f in world.crms[side].snapshot()["Account"].values()]
        for side in world.crms
    ] == [[None], [None], []]
    world.crms["third"].clear_faults()
    world.clock.advance(25 * 3600)
    settle(world)
    assert names(world, "third") == ["Acme"]
    quiet(world)


def cut_short(folder: Path, sides: Sequence[str], accident: Callable[[World], None]) -> World:
    """The run that carries banking from the left to the right meets with an accident."""
    world = make_world(folder, sides)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "a.com", "industry": "energy"})
    settle(world, 2)
    edit(world, "left", "banking")
    accident(world)
    assert industries(world)[1] == "banking"
    return world


def killed(world: World) -> None:
    """The process dies once all is written."""

    def die(_settler: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.settle.Settler.finish", die)
        with pytest.raises(KeyboardInterrupt):
            world.engine.run(allowed=EVERY_GUARD)


def answer_lost(world: World) -> None:
    """The right takes what is written, and its answer is lost."""
    world.crms["right"].lose_next_answer()
    world.engine.run(allowed=EVERY_GUARD)


def is_put_back(world: World) -> None:
    """Putting energy back on the left travels like any change."""
    edit(world, "left", "energy")
    settle(world, 2)
    assert set(industries(world)) == {"energy"}
    assert world.engine.verify().differences == []
    quiet(world)


def test_a_value_can_be_put_back_after_a_run_that_was_killed(tmp_path: Path) -> None:
    is_put_back(cut_short(tmp_path, ("left", "right"), killed))


@pytest.mark.parametrize("sides", [("left", "right"), ("left", "right", "third")])
def test_a_value_can_be_put_back_after_an_answer_was_lost(
    tmp_path: Path, sides: tuple[str, ...]
) -> None:
    is_put_back(cut_short(tmp_path, sides, answer_lost))


def test_a_value_whose_answer_was_lost_goes_on_to_the_third_side(tmp_path: Path) -> None:
    world = make_world(tmp_path, ("left", "right", "third"))
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "a.com", "industry": "energy"})
    settle(world, 2)
    edit(world, "left", "banking")
    world.crms["third"].fail_next("apply", VendorDownError("down"))
    answer_lost(world)
    assert industries(world) == ["banking", "banking", "energy"]
    settle(world, 2)
    assert set(industries(world)) == {"banking"}
    quiet(world)


def test_a_reference_that_one_side_did_not_take_can_be_put_back(tmp_path: Path) -> None:
    world = make_world(tmp_path, ("left", "right", "third"))
    left = world.crms["left"]
    one, two = (left.insert("Account", {"name": n, "domain": f"{n}.com"}) for n in ("one", "two"))
    ada = left.insert("Contact", {"last_name": "Ada", "email": "ada@x.org", "account": one})
    settle(world, 2)
    world.crms["third"].quirks = Quirks(ignored=frozenset({"Contact.account"}))
    left.edit("Contact", ada, {"account": two})
    settle(world, 2)
    left.edit("Contact", ada, {"account": one})
    settle(world, 2)
    for side, crm in world.crms.items():
        contact = crm.snapshot()["Contact"][find(world, side, "Contact", last_name="Ada")]
        assert contact["account"] == find(world, side, "Account", name="one")
    assert world.engine.verify().differences == []


def test_an_edit_before_a_late_plan_travels_where_a_new_record_did_not_take_the_old_value(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path, ("left", "right", "third"), quirks={"third": IGNORES_INDUSTRY})
    fields = {"name": "Acme", "domain": "a.com", "industry": "banking"}
    acme = world.crms["left"].insert("Account", fields)
    plan = world.engine.plan()
    world.crms["left"].edit("Account", acme, {"industry": None})
    world.engine.apply(plan, allowed=EVERY_GUARD)
    assert industries(world) == [None, "banking", None]
    settle(world, 2)
    assert industries(world) == [None, None, None]
    assert world.engine.verify().unexplained == []


def test_a_plan_keeps_what_is_owed(tmp_path: Path) -> None:
    world = taken_by_the_right_alone(tmp_path, "energy")
    edit(world, "left", "retail")
    plan = world.engine.plan()
    save_plan(plan, tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == plan
    assert [sorted(row.owes) for row in plan.rows if row.side == "third"] == [["industry"]]
