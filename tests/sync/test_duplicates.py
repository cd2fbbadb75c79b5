"""Duplicates of one side: proposed, asked until answered, merged once, refused for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Quirks
from mapping.matching.model import Verdict
from sync.duplicates import decisions
from sync.duplicates import propose as open_questions
from sync.proposals import Proposal, keep, kept
from tests.sync.asked import answer, open_things, quiet, run, the
from tests.sync.situations import find, settle
from tests.sync.worlds import World, make_world

RENAMES = {"right": Quirks(merge_new_id=True)}
VENDORS = pytest.mark.parametrize("quirks", [None, RENAMES], ids=["same id", "new id"])


def accounts(world: World, side: str) -> list[dict[str, Any]]:
    return list(world.crms[side].snapshot()["Account"].values())


def propose(world: World, side: str, survivor: str, *losers: str, kind: str = "Account") -> None:
    """As `tieline duplicates` does."""
    canonical = {"Account": "account", "Contact": "person"}[kind]
    found = [
        Proposal(canonical, side, kind, loser, kind, survivor, 0.93, "name", ("same name",))
        for loser in losers
    ]
    with world.engine.store() as store:
        keep(store, side, canonical, found, world.clock.now())


def doubled(folder: Path, **settings: Any) -> tuple[World, str, str]:
    """One company on the left, twice on the right, so that neither can be linked by its key."""
    world = make_world(folder, **settings)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com", "phone": None})
    one = world.crms["right"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    two = world.crms["right"].insert(
        "Account", {"name": "Acme Inc.", "domain": "acme.com", "employees": 12}
    )
    return world, one, two


@VENDORS
def test_two_free_records_become_one_and_are_then_linked(
    tmp_path: Path, quirks: dict[str, Quirks] | None
) -> None:
    world, one, two = doubled(tmp_path, quirks=quirks)
    settle(world)
    assert open_things(world, "ambiguous")
    propose(world, "right", one, two)
    run(world)
    question = the(world, "duplicate")
    assert question.message == f"“Acme Inc.” looks like “Acme” (Account {one}, 93%): same name"
    answer(world, question, "merge")
    plan = world.engine.plan()
    assert [(a.verb, a.record_id, a.other_id) for a in plan.actions] == [("merge", one, two)]
    assert "answered by anna" in plan.actions[0].why
    assert run(world).tally("right", "account").merged == 1
    settle(world, 2)
    assert [a["name"] for a in accounts(world, "right")] == ["Acme"]
    assert [a["employees"] for a in accounts(world, "left")] == [12]
    assert open_things(world) == []
    quiet(world)


@VENDORS
def test_two_linked_records_become_one_and_the_other_side_is_asked(
    tmp_path: Path, quirks: dict[str, Quirks] | None
) -> None:
    world = make_world(tmp_path, quirks=quirks)
    for name in ("Acme", "Acme Two"):
        world.crms["left"].insert("Account", {"name": name, "domain": f"{len(name)}.com"})
    settle(world, 2)
    one, two = (find(world, "right", "Account", name=n) for n in ("Acme", "Acme Two"))
    propose(world, "right", one, two)
    run(world)
    answer(world, the(world, "duplicate"), "merge")
    settle(world, 2)
    assert len(accounts(world, "right")) == 1
    assert len(accounts(world, "left")) == 2, "nobody has said so there"
    answer(world, the(world, "merge", side="left"), "merge")
    settle(world, 2)
    assert len(accounts(world, "left")) == len(accounts(world, "right")) == 1
    assert open_things(world) == []
    quiet(world)


def test_a_free_record_goes_into_the_linked_one(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    one = find(world, "right", "Account", name="Acme")
    two = world.crms["right"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    propose(world, "right", one, two)
    run(world)
    answer(world, the(world, "duplicate"), "merge")
    settle(world, 2)
    assert len(accounts(world, "right")) == len(accounts(world, "left")) == 1
    assert open_things(world) == []
    quiet(world)


@VENDORS
def test_several_go_into_one_after_the_other(
    tmp_path: Path, quirks: dict[str, Quirks] | None
) -> None:
    world, one, two = doubled(tmp_path, quirks=quirks)
    three = world.crms["right"].insert("Account", {"name": "ACME", "domain": "acme.com"})
    propose(world, "right", one, two, three)
    run(world)
    for question in open_things(world, "duplicate"):
        answer(world, question, "merge")
    assert [run(world).tally("right", "account").merged for _ in range(2)] == [1, 1]
    settle(world, 2)
    assert len(accounts(world, "right")) == len(accounts(world, "left")) == 1
    assert open_things(world) == []
    quiet(world)


def test_what_is_to_be_merged_is_not_made_elsewhere_before(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    one, two = (world.crms["right"].insert("Account", {"name": n}) for n in ("Acme", "Acme Inc"))
    propose(world, "right", one, two)
    settle_question(world)
    settle(world, 3)
    assert len(accounts(world, "left")) == 1
    quiet(world)


def settle_question(world: World) -> None:
    """The questions as `tieline duplicates` opens them, before anything has run; answered."""
    right = next(side for side in world.sides() if side.name == "right")
    with world.engine.store() as store:
        asked = open_questions(store, right, "account", kept(store), world.clock.now())
        assert len(asked) == 1
    answer(world, the(world, "duplicate"), "merge")


def test_a_refusal_is_remembered_and_binds_the_engine(tmp_path: Path) -> None:
    world, one, two = doubled(tmp_path)
    propose(world, "right", one, two)
    run(world)
    answer(world, the(world, "duplicate"), "keep", "apart")
    run(world)
    assert open_things(world, "duplicate") == []
    propose(world, "right", one, two)
    run(world)
    assert open_things(world, "duplicate") == []
    propose(world, "right", two, one)
    run(world)
    assert open_things(world, "duplicate") == [], "the other way round is the same"
    assert len(accounts(world, "right")) == 2
    with world.engine.store() as store:
        (said,) = decisions(store, "right")
        assert {said.left, said.right} == {one, two}
        assert (said.verdict, said.by) == (Verdict.DIFFERENT, "anna")
        assert decisions(store, "left") == []


def test_a_question_may_rest(tmp_path: Path) -> None:
    world, one, two = doubled(tmp_path)
    propose(world, "right", one, two)
    run(world)
    answer(world, the(world, "duplicate"), "skip")
    run(world)
    assert open_things(world, "duplicate") == []
    assert len(accounts(world, "right")) == 2


def test_what_was_merged_or_deleted_by_hand_is_asked_no_more(tmp_path: Path) -> None:
    world, one, two = doubled(tmp_path)
    propose(world, "right", one, two)
    run(world)
    world.crms["right"].merge("Account", one, [two])
    settle(world, 2)
    assert open_things(world, "duplicate") == []
    with world.engine.store() as store:
        assert kept(store) == []


def test_an_answered_merge_that_was_made_by_hand_writes_nothing(tmp_path: Path) -> None:
    world, one, two = doubled(tmp_path)
    propose(world, "right", one, two)
    run(world)
    answer(world, the(world, "duplicate"), "merge")
    world.crms["right"].merge("Account", one, [two])
    assert run(world).tally("right", "account").merged == 0
    assert open_things(world, "duplicate") == []


def test_a_saved_plan_carries_the_merge_out(tmp_path: Path) -> None:
    world, one, two = doubled(tmp_path)
    propose(world, "right", one, two)
    run(world)
    answer(world, the(world, "duplicate"), "merge")
    plan = world.engine.plan()
    world.clock.advance(60)
    report = world.engine.apply(plan)
    assert report.tally("right", "account").merged == 1
    assert len(accounts(world, "right")) == 1
    settle(world, 2)
    quiet(world)


def test_records_of_different_types_are_merged_by_hand(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("right",))
    person = {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com"}
    lead = world.crms["right"].insert("Lead", {**person, "company_name": "Acme"})
    contact = world.crms["right"].insert("Contact", person)
    found = Proposal("person", "right", "Lead", lead, "Contact", contact, 0.9, "email")
    with world.engine.store() as store:
        keep(store, "right", "person", [found], world.clock.now())
    run(world)
    question = the(world, "duplicate")
    assert "by hand" in question.message
    answer(world, question, "keep", "apart")
    run(world)
    assert open_things(world, "duplicate") == []


def test_forgetting_a_person_forgets_the_proposal(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    ids = [
        world.crms["right"].insert("Contact", {"last_name": "Byron", "email": f"{n}@example.com"})
        for n in ("ada", "a.byron")
    ]
    propose(world, "right", *ids, kind="Contact")
    run(world)
    world.engine.forget("right", ids[1])
    with world.engine.store() as store:
        assert kept(store) == []
    assert open_things(world, "duplicate") == []
