"""Every answer to every cause, over CRMs in memory, each followed by a run that writes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import PicklistValue, Write
from core.errors import RecordError, RejectedError, SettingsError
from mapping.canonical import FIELDS
from sync.answers import Answers
from sync.model import Answer, Result, Verb
from sync.resolve import Resolver, parse
from sync.serial import load_plan, save_plan
from tests.sync.asked import answer, answer_group, open_things, quiet, run, the
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.worlds import World, make_world

BOTH = pytest.mark.parametrize("names", [("left", "right"), ("right", "left")], ids="-".join)


def field(world: World, side: str, name: str, object_type: str = "Account") -> Any:
    """The value of one field of the only record of a side."""
    (found,) = world.crms[side].snapshot()[object_type].values()
    return found.get(name)


def names_of(world: World, side: str, object_type: str = "Account") -> list[str]:
    """Names of the live records of a side."""
    return sorted(str(f.get("name")) for f in world.crms[side].snapshot()[object_type].values())


def edit(world: World, side: str, object_type: str = "Account", **values: Any) -> None:
    """A person edits the only record of a side."""
    (record_id,) = world.crms[side].snapshot()[object_type]
    world.crms[side].edit(object_type, record_id, values)


# -- conflicts -----------------------------------------------------------------------------------


def conflict(folder: Path, names: tuple[str, ...], **settings: Any) -> World:
    """One account in step, whose description was then edited differently on every side."""
    world = make_world(folder, names, **settings)
    world.crms[names[0]].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    for name in names:
        edit(world, name, description=f"said {name}")
    run(world)
    return world


@BOTH
def test_a_side_is_taken(tmp_path: Path, names: tuple[str, str]) -> None:
    world = conflict(tmp_path, names)
    answer(world, the(world, "conflict"), "take", "right")
    world.clock.advance(600)
    (action,) = world.engine.plan().actions
    assert action.fields[0].why == "answered by anna on 2026-03-02: take right"
    assert action.fields[0].source == "right"
    assert run(world).writes == 1
    assert field(world, "left", "description") == field(world, "right", "description")
    assert field(world, "left", "description") == "said right"
    assert open_things(world) == []
    quiet(world)


@BOTH
def test_a_value_is_given(tmp_path: Path, names: tuple[str, str]) -> None:
    world = conflict(tmp_path, names)
    answer(world, the(world, "conflict"), "value", "both", "of", "them")
    assert run(world).writes == 2
    assert {field(world, n, "description") for n in names} == {"both of them"}
    quiet(world)


def test_three_sides_follow_the_one_that_is_taken(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("one", "two", "three"))
    answer(world, the(world, "conflict"), "take", "two")
    assert run(world).writes == 2
    assert {field(world, n, "description") for n in world.crms} == {"said two"}
    quiet(world)


def test_what_is_skipped_rests_until_something_changes(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    answer(world, the(world, "conflict"), "skip")
    report = run(world)
    assert (report.writes, report.questions) == (0, 0)
    assert open_things(world) == []
    found = world.engine.verify()
    assert [(d.cause, d.explained) for d in found.differences] == [("answered", True)]
    edit(world, "left", description="another")
    run(world)
    assert "asked again" in the(world, "conflict").message


def test_an_answer_whose_facts_changed_is_dropped_and_asked_again(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    answer(world, the(world, "conflict"), "take", "left")
    edit(world, "right", description="changed my mind")
    report = run(world)
    assert report.writes == 0
    again = the(world, "conflict")
    assert "asked again: things have changed since it was answered by anna" in again.message
    edit(world, "right", description="said right")
    run(world)
    assert field(world, "right", "description") == "said right"  # dropped for good
    assert open_things(world, "conflict")


def test_an_answer_is_never_applied_twice(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    answer(world, the(world, "conflict"), "take", "left")
    run(world)
    edit(world, "left", description="said one")
    edit(world, "right", description="said two")
    assert run(world).writes == 0
    assert the(world, "conflict")


def test_a_rule_is_remembered_for_all_conflicts_of_a_field(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    assert answer_group(world, "conflict:account:description", "always", "take", "left") == 1
    run(world)
    assert field(world, "right", "description") == "said left"
    edit(world, "left", description="l2")
    edit(world, "right", description="r2")
    run(world)
    assert field(world, "right", "description") == "l2"
    assert open_things(world) == []
    quiet(world)


# -- held values ---------------------------------------------------------------------------------


def picky(folder: Path, **settings: Any) -> World:
    """A right whose picklist of sources lost a value that the left uses."""
    world = make_world(folder, **settings)
    crm = world.crms["right"]
    schema = crm.schema("Contact")
    source = schema.fields["lead_source"]
    kept = tuple(v for v in source.picklist if v.value != "event")
    schema.fields["lead_source"] = replace(source, picklist=kept)  # type: ignore[index]
    for number in (1, 2):
        world.crms["left"].insert(
            "Contact",
            {"last_name": f"N{number}", "email": f"n{number}@x.com", "lead_source": "event"},
        )
    settle(world, 2)
    return world


def sources(world: World, side: str) -> list[Any]:
    """The lead sources of a side's contacts."""
    return [c.get("lead_source") for c in world.crms[side].snapshot()["Contact"].values()]


def test_a_held_value_is_replaced_on_that_side_only(tmp_path: Path) -> None:
    world = picky(tmp_path)
    first, second = open_things(world, "held")
    answer(world, first, "value", "other")
    run(world)
    assert sorted(sources(world, "right"), key=str) == [None, "other"]
    assert sources(world, "left") == ["event", "event"]
    assert [t.question for t in open_things(world, "held")] == [second.question]
    quiet(world)


def test_a_held_value_is_mapped_for_good(tmp_path: Path) -> None:
    world = picky(tmp_path)
    answer_group(world, "held:person:lead_source", "always", "value", "other")
    run(world)
    assert sources(world, "right") == ["other", "other"]
    quiet(world)
    world.crms["left"].insert(
        "Contact", {"last_name": "N3", "email": "n3@x.com", "lead_source": "event"}
    )
    run(world)
    assert sources(world, "right") == ["other"] * 3
    assert open_things(world) == []
    quiet(world)


def test_a_held_value_gives_way_to_another_side_s(tmp_path: Path) -> None:
    world = picky(tmp_path)
    for record_id in world.crms["right"].snapshot()["Contact"]:
        world.crms["right"].edit("Contact", record_id, {"title": "CTO"})
    run(world)
    answer(world, open_things(world, "held")[0], "take", "right")
    run(world)
    assert sorted(sources(world, "left"), key=str) == [None, "event"]
    quiet(world)


def test_a_replacement_that_is_not_accepted_either_is_asked_again(tmp_path: Path) -> None:
    world = picky(tmp_path)
    answer(world, open_things(world, "held")[0], "value", "nonsense")
    run(world)
    assert "asked again" in open_things(world, "held")[0].message + (
        open_things(world, "held")[1].message
    )
    assert sources(world, "right") == [None, None]


def unread(folder: Path) -> World:
    """A left whose picklist has values that no mapping knows; the records are in step else."""
    world = make_world(folder)
    schema = world.crms["left"].schema("Contact")
    source = schema.fields["lead_source"]
    more = tuple(PicklistValue(v, v) for v in ("pigeon", "owl"))
    told = replace(source, picklist=(*source.picklist, *more))
    schema.fields["lead_source"] = told  # type: ignore[index]
    for name in ("pigeon", "pigeon", "owl"):
        number = len(world.crms["left"].snapshot()["Contact"])
        email = f"n{number}@x.com"
        world.crms["left"].insert(
            "Contact", {"last_name": "N", "email": email, "lead_source": name}
        )
    settle(world, 2)
    assert [t.side for t in open_things(world, "held")] == ["left"] * 3
    return world


def test_a_value_that_cannot_be_read_is_given_for_all_alike(tmp_path: Path) -> None:
    world = unread(tmp_path)
    pigeon = next(t for t in open_things(world, "held") if "pigeon" in t.message)
    answer(world, pigeon, "always", "value", "other")
    run(world)
    run(world)
    assert sources(world, "left").count("other") == 2
    assert sources(world, "right").count("other") == 2
    assert "owl" in the(world, "held").message
    quiet(world)


def test_what_is_held_may_rest(tmp_path: Path) -> None:
    world = picky(tmp_path)
    answer_group(world, "held", "skip")
    report = run(world)
    assert (report.questions, open_things(world)) == (0, [])
    quiet(world)


def test_a_value_that_waits_is_a_cause_of_its_own(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    queue = world.crms["left"].insert("User", {"name": "Queue", "active": True})
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com", "owner": queue})
    olga = world.crms["right"].insert(
        "User", {"name": "Olga", "email": "olga@us.example", "active": True}
    )
    settle(world, 2)
    thing = the(world, "waits")
    assert thing.field == "owner"
    assert not thing.message.startswith("waits")
    answer(world, thing, "skip")
    assert run(world).questions == 0
    assert olga
    quiet(world)


# -- creation ------------------------------------------------------------------------------------


def uncreatable(folder: Path, **settings: Any) -> World:
    """An account without a phone, which the right requires."""
    world = make_world(folder, **settings)
    requires(world, "right", "Account", "phone")
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    return world


def requires(world: World, side: str, object_type: str, name: str) -> None:
    """A side begins to require a field of new records."""
    schema = world.crms[side].schema(object_type)
    needed = replace(schema.fields[name], required_on_create=True)
    schema.fields[name] = needed  # type: ignore[index]


def test_a_missing_value_is_given_and_holds_on_every_side(tmp_path: Path) -> None:
    world = uncreatable(tmp_path)
    thing = the(world, "create")
    assert thing.field == "phone"
    answer(world, thing, "value", "+1 202 555 0101")
    run(world)
    assert field(world, "right", "phone") == field(world, "left", "phone") == "+12025550101"
    quiet(world)


def test_a_required_value_that_is_held_is_not_called_empty(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    requires(world, "right", "Account", "name")
    schema = world.crms["right"].schema("Account")
    schema.fields["name"] = replace(schema.fields["name"], length=10)  # type: ignore[index]
    world.crms["left"].insert("Account", {"name": "Acme of Nowhere", "domain": "acme.com"})
    settle(world, 2)
    assert "is too long" in the(world, "held").message
    asked = the(world, "create").message
    assert "name is required and its value is held" in asked
    assert "is too long (15 characters, at most 10)" in asked
    answer(world, the(world, "held"), "value", "Acme")
    run(world)
    assert names_of(world, "right") == ["Acme"]


@pytest.mark.parametrize("words", [("skip",), ("always", "skip")], ids=" ".join)
def test_a_record_is_never_created(tmp_path: Path, words: tuple[str, ...]) -> None:
    world = uncreatable(tmp_path)
    answer(world, the(world, "create"), *words)
    world.crms["left"].insert("Account", {"name": "Globex", "domain": "globex.com"})
    report = run(world)
    assert report.questions == (0 if words[0] == "always" else 1)
    assert len(open_things(world, "create")) == report.questions
    quiet(world)


def test_the_object_type_of_a_new_record_is_answered(tmp_path: Path) -> None:
    rule = {"person": [{"object": "Lead", "when": [{"field": "title", "equals": "X"}]}]}
    world = make_world(tmp_path, leads=("right",), side={"right": {"create_as": rule}})
    world.crms["left"].insert(
        "Contact", {"last_name": "Quick", "email": "q@x.com", "company_name": "X"}
    )
    settle(world)
    answer(world, the(world, "create"), "create", "Contact")
    run(world)
    assert len(world.crms["right"].snapshot()["Contact"]) == 1
    quiet(world)


@BOTH
def test_a_counterpart_is_named_where_none_could_be_made(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    world = make_world(tmp_path, names, side={"left": {"create": ["person"]}})
    requires(world, "right", "Account", "phone")
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com", "employees": 7})
    other = world.crms["right"].insert("Account", {"name": "Runner", "phone": "+12025550101"})
    settle(world, 2)
    answer(world, the(world, "create"), "link", f"right/Account/{other}")
    run(world)
    assert len(world.crms["right"].snapshot()["Account"]) == 1
    assert field(world, "right", "employees") == 7
    assert field(world, "left", "phone") == "+12025550101"
    assert [t.field for t in open_things(world)] == ["name"]  # they met as at a first link
    quiet(world)


# -- matching ------------------------------------------------------------------------------------


def doubles(folder: Path, names: tuple[str, str] = ("left", "right")) -> World:
    """Two contacts of the left with the address of one on the right."""
    world = make_world(folder, names)
    for first in ("One", "Two"):
        world.crms["left"].insert(
            "Contact", {"first_name": first, "last_name": "Quick", "email": "q@x.com"}
        )
    world.crms["right"].insert("Contact", {"last_name": "Quick", "email": "q@x.com"})
    settle(world)
    assert len(open_things(world, "ambiguous")) == 3
    return world


def of_left(world: World, first: str) -> Any:
    """The question about one of the left's contacts."""
    record_id = find(world, "left", "Contact", first_name=first)
    return next(t for t in open_things(world) if t.entity == f"Contact:{record_id}")


@BOTH
def test_exactly_the_named_records_are_linked(tmp_path: Path, names: tuple[str, str]) -> None:
    world = doubles(tmp_path, names)
    right = find(world, "right", "Contact", email="q@x.com")
    answer(world, of_left(world, "Two"), "link", f"right/Contact/{right}")
    run(world)
    assert field(world, "right", "first_name", "Contact") == "Two"
    assert [t.cause for t in open_things(world)] == ["ambiguous"]
    quiet(world)


def test_a_record_is_never_linked_twice(tmp_path: Path) -> None:
    world = doubles(tmp_path)
    right = find(world, "right", "Contact", email="q@x.com")
    answer(world, of_left(world, "One"), "link", f"right/Contact/{right}")
    answer(world, of_left(world, "Two"), "link", f"right/Contact/{right}")
    run(world)
    assert len([t for t in open_things(world) if "asked again" in t.message]) == 1
    thing = the(world, "ambiguous")
    with pytest.raises(SettingsError, match="linked already"):
        answer(world, thing, "link", f"right/Contact/{right}")


def test_a_separate_thing_is_made_and_what_is_left_is_linked(tmp_path: Path) -> None:
    world = doubles(tmp_path)
    answer(world, of_left(world, "Two"), "create")
    run(world)
    people = world.crms["right"].snapshot()["Contact"].values()
    assert sorted(p["first_name"] for p in people) == ["One", "Two"]
    assert open_things(world) == []
    quiet(world)


def alike(folder: Path, names: tuple[str, str] = ("left", "right")) -> World:
    """Two accounts of one domain with different names."""
    world = make_world(folder, names)
    world.crms["left"].insert("Account", {"name": "Acme Works", "domain": "acme.com"})
    world.crms["right"].insert("Account", {"name": "Roadrunner", "domain": "acme.com"})
    settle(world)
    return world


@BOTH
def test_two_that_resemble_each_other_are_one(tmp_path: Path, names: tuple[str, str]) -> None:
    world = alike(tmp_path, names)
    answer(world, open_things(world, "resembles")[0], "link")
    run(world)
    assert [len(names_of(world, n)) for n in names] == [1, 1]
    assert [t.field for t in open_things(world)] == ["name"]
    quiet(world)


@pytest.mark.parametrize("words", [("keep", "apart"), ("create",)], ids=" ".join)
def test_two_that_resemble_each_other_are_not_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    world = alike(tmp_path)
    answer(world, open_things(world, "resembles")[0], *words)
    run(world)
    run(world)
    assert names_of(world, "left") == names_of(world, "right") == ["Acme Works", "Roadrunner"]
    assert open_things(world) == []
    quiet(world)


def test_records_that_were_kept_apart_are_never_proposed_again(tmp_path: Path) -> None:
    world = alike(tmp_path)
    answer(world, open_things(world, "resembles")[0], "keep", "apart")
    left = find(world, "left", "Account", name="Acme Works")
    right = find(world, "right", "Account", name="Roadrunner")
    world.crms["left"].edit("Account", left, {"name": "Roadrunner"})
    run(world)
    assert open_things(world) == []
    assert world.crms["right"].snapshot()["Account"][right]["name"] == "Roadrunner"
    assert len(names_of(world, "right")) == 2


def test_what_resembles_may_rest(tmp_path: Path) -> None:
    world = alike(tmp_path)
    before = {n: crm.snapshot() for n, crm in world.crms.items()}
    answer_group(world, "resembles:account", "skip")
    report = run(world)
    assert report.questions == 0
    assert {n: crm.snapshot() for n, crm in world.crms.items()} == before


def test_all_that_resemble_are_linked_by_one_word(tmp_path: Path) -> None:
    world = alike(tmp_path)
    answer_group(world, "resembles:account", "always", "link")
    run(world)
    world.crms["left"].insert("Account", {"name": "Globex Two", "domain": "globex.com"})
    world.crms["right"].insert("Account", {"name": "Globe", "domain": "globex.com"})
    run(world)
    assert open_things(world, "resembles") == []
    assert [len(names_of(world, n)) for n in ("left", "right")] == [2, 2]


# -- merges --------------------------------------------------------------------------------------


def merged(folder: Path, side: str = "left") -> tuple[World, str]:
    """Two accounts on both sides that one side has merged."""
    world = make_world(folder)
    for name in ("Acme", "Acme Two"):
        world.crms["left"].insert("Account", {"name": name, "domain": f"{len(name)}.com"})
    settle(world, 2)
    keep, lose = (find(world, side, "Account", name=n) for n in ("Acme", "Acme Two"))
    world.crms[side].merge("Account", keep, [lose])
    settle(world)
    return world, "right" if side == "left" else "left"


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_proposed_merge_is_carried_out(tmp_path: Path, side: str) -> None:
    world, other = merged(tmp_path, side)
    answer(world, the(world, "merge"), "merge")
    run(world)
    assert len(names_of(world, other)) == 1
    assert open_things(world) == []
    run(world)
    quiet(world)


@pytest.mark.parametrize("words", [("keep", "apart"), ("skip",)], ids=" ".join)
def test_a_proposed_merge_is_declined(tmp_path: Path, words: tuple[str, ...]) -> None:
    world, other = merged(tmp_path)
    answer(world, the(world, "merge"), *words)
    assert run(world).questions == 0
    assert len(names_of(world, other)) == 2
    quiet(world)


def test_merges_that_contradict_each_other_are_asked_until_answered(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for name in ("One", "Two", "Three"):
        world.crms["left"].insert("Account", {"name": name, "domain": f"{name}.com"})
    settle(world, 2)
    ids = {
        s: {n: find(world, s, "Account", name=n) for n in ("One", "Two", "Three")}
        for s in ("left", "right")
    }
    world.crms["left"].merge("Account", ids["left"]["Two"], [ids["left"]["One"]])
    settle(world)
    world.crms["right"].merge("Account", ids["right"]["Three"], [ids["right"]["One"]])
    settle(world, 3)
    answer(world, the(world, "merge", field="contradiction"), "merge")
    run(world)
    answer_group(world, "merge", "merge")
    settle(world, 3)
    assert len(names_of(world, "left")) == len(names_of(world, "right")) == 1
    assert open_things(world, "merge") == []
    quiet(world)


# -- deletes -------------------------------------------------------------------------------------


def deleted(folder: Path, names: tuple[str, ...] = ("left", "right")) -> World:
    """An account that was in step and has been deleted on the left; the kind says `ask`."""
    world = make_world(folder, names, rules={"account": {"deletes": "ask"}})
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 2)
    world.crms["left"].delete("Account", find(world, "left", "Account", name="Acme"))
    settle(world, 2)
    return world


@BOTH
@pytest.mark.parametrize(
    ("word", "left", "right"),
    [
        ("delete", [], []),
        ("restore", ["Acme"], ["Acme"]),
        ("unlink", [], ["Acme"]),
        ("skip", [], ["Acme"]),
    ],
)
def test_a_delete_does_what_was_answered(
    tmp_path: Path, names: tuple[str, str], word: str, left: list[str], right: list[str]
) -> None:
    world = deleted(tmp_path, names)
    answer(world, the(world, "delete"), word)
    run(world)
    assert (names_of(world, "left"), names_of(world, "right")) == (left, right)
    assert open_things(world) == []
    quiet(world)


def test_a_delete_that_was_answered_goes_through_on_three_sides(tmp_path: Path) -> None:
    world = deleted(tmp_path, ("left", "right", "third"))
    answer(world, the(world, "delete"), "delete")
    run(world)
    assert names_of(world, "right") == names_of(world, "third") == []
    quiet(world)


def test_an_edit_after_the_answer_has_the_delete_asked_again(tmp_path: Path) -> None:
    world = deleted(tmp_path)
    answer(world, the(world, "delete"), "delete")
    edit(world, "right", phone="+12025550101")
    run(world)
    assert names_of(world, "right") == ["Acme"]
    assert "asked again" in the(world, "delete").message


def test_all_deletes_are_answered_by_one_word(tmp_path: Path) -> None:
    world = deleted(tmp_path)
    answer_group(world, "delete:account", "always", "unlink")
    run(world)
    assert open_things(world) == []
    quiet(world)


# -- plans ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", ["conflict", "link", "counterpart", "delete"])
def test_a_saved_plan_carries_answers_out_exactly(tmp_path: Path, situation: str) -> None:
    world = SAVED[situation](tmp_path)
    world.clock.advance(600)
    plan = world.engine.plan()
    assert plan.answered
    save_plan(plan, tmp_path / "plan.json")
    report = world.engine.apply(load_plan(tmp_path / "plan.json"), allowed=EVERY_GUARD)
    assert not report.failures
    with world.engine.store() as store:
        (kept,) = [a for a in Answers(store).all() if a.state != "replaced"]
    assert (kept.state, kept.run) == ("done", report.run)
    run(world)
    quiet(world)


def _answered_conflict(folder: Path) -> World:
    world = conflict(folder, ("left", "right"))
    answer(world, the(world, "conflict"), "take", "left")
    return world


def _answered_link(folder: Path) -> World:
    world = alike(folder)
    answer(world, open_things(world, "resembles")[0], "link")
    return world


def _answered_counterpart(folder: Path) -> World:
    world = uncreatable(folder, side={"left": {"create": ["person"]}})
    other = world.crms["right"].insert("Account", {"name": "Runner", "phone": "+12025550101"})
    run(world)
    answer(world, the(world, "create"), "link", f"right/Account/{other}")
    return world


def _answered_delete(folder: Path) -> World:
    world = deleted(folder)
    answer(world, the(world, "delete"), "delete")
    return world


SAVED = {
    "conflict": _answered_conflict,
    "link": _answered_link,
    "counterpart": _answered_counterpart,
    "delete": _answered_delete,
}


def test_a_plan_made_before_the_answer_stays_exact(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    edit(world, "left", phone="+12025550101")
    world.clock.advance(600)
    plan = world.engine.plan()
    answer(world, the(world, "conflict"), "take", "left")
    assert world.engine.apply(plan).writes == 1
    assert field(world, "right", "phone") == "+12025550101"
    assert field(world, "right", "description") == "said right"
    run(world)
    assert field(world, "right", "description") == "said left"
    quiet(world)


def test_the_questions_of_an_applied_plan_can_be_answered(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for side, phone in (("left", "+12025550101"), ("right", "+12025550177")):
        world.crms[side].insert("Account", {"name": "Acme", "domain": "a.com", "phone": phone})
    world.engine.apply(world.engine.plan(), allowed=EVERY_GUARD)
    answer(world, the(world, "conflict"), "take", "left")
    run(world)
    assert field(world, "right", "phone") == "+12025550101"
    quiet(world)


def test_planning_leaves_answers_as_they_are(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    answer(world, the(world, "conflict"), "take", "left")
    edit(world, "right", description="changed my mind")
    world.clock.advance(600)
    first, second = world.engine.plan(), world.engine.plan()
    assert first.questions == second.questions
    assert [a.verb for a in first.actions] == [] or Verb.UPDATE not in {
        a.verb for a in first.actions
    }


# -- what else waits -----------------------------------------------------------------------------


def test_an_answer_that_was_not_needed_any_more_is_not_kept_for_later(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    answer(world, the(world, "conflict"), "take", "left")
    edit(world, "left", description="agreed")
    edit(world, "right", description="agreed")
    run(world)
    assert [a.state for a in kept(world)] == ["passed"]
    edit(world, "left", description="said left")
    edit(world, "right", description="said right")
    assert run(world).writes == 0
    assert the(world, "conflict")


def kept(world: World) -> list[Answer]:
    """Every answer that was ever given."""
    with world.engine.store() as store:
        return Answers(store).all()


def refusing(folder: Path) -> World:
    """A right that refuses one record."""
    world = make_world(folder)

    def refuse(_object_type: str, write: Write) -> RecordError | None:
        named = getattr(write, "fields", {}).get("name")
        return RejectedError("a rule of theirs", vendor_code="X") if named == "Bad" else None

    world.crms["right"].refuse(refuse)
    world.crms["left"].insert("Account", {"name": "Bad", "domain": "bad.com"})
    settle(world, 2)
    return world


def test_what_a_vendor_refused_is_listed_and_may_rest(tmp_path: Path) -> None:
    world = refusing(tmp_path)
    thing = the(world, "refused")
    assert (thing.kind, thing.side, thing.message) == ("account", "right", "a rule of theirs")
    answer(world, thing, "skip")
    assert open_things(world) == []
    world.clock.advance(3 * 86_400)
    assert not world.engine.run(allowed=EVERY_GUARD).failures
    edit(world, "left", phone="+12025550101")  # another attempt
    assert world.engine.run(allowed=EVERY_GUARD).failures
    assert the(world, "refused")


def test_what_a_vendor_refused_is_tried_again_when_told(tmp_path: Path) -> None:
    world = refusing(tmp_path)
    world.crms["right"].clear_faults()
    assert run(world).writes == 0
    answer(world, the(world, "refused"), "retry")
    run(world)
    assert names_of(world, "right") == ["Bad"]
    assert open_things(world) == []
    quiet(world)


def test_what_waits_too_long_is_named_by_every_run(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"), questions={"warn_after": "2d"})
    report = run(world)
    assert report.warnings == []
    assert report.waiting["conflict"].number == 1
    world.clock.advance(3 * 86_400)
    report = world.engine.run()
    (warning,) = report.warnings
    assert warning.startswith("conflicts: 1 waiting for more than 2d, the oldest since 2026-03-02")
    assert report.result is Result.PARTIAL


def test_a_refusal_that_lasts_too_long_ends_a_run_as_partial(tmp_path: Path) -> None:
    world = refusing(tmp_path)
    thing = the(world, "refused")
    world.clock.advance(8 * 86_400)
    report = world.engine.run()
    assert the(world, "refused").opened == thing.opened
    assert [w.partition(":")[0] for w in report.warnings] == ["refused writes"]
    assert report.result is Result.PARTIAL


def fighting(folder: Path) -> World:
    """Two workflows that undo each other, until the fight is told."""
    world = make_world(folder, rules={"account": {"fields": {"industry": "left ->"}}})
    world.crms["left"].insert(
        "Account", {"name": "Acme", "domain": "acme.com", "industry": "retail"}
    )
    settle(world)
    for _ in range(8):
        edit(world, "right", industry="energy")
        run(world)
        if open_things(world, "fight"):
            return world
    raise AssertionError("no fight was told")


def test_a_side_is_taken_in_a_fight(tmp_path: Path) -> None:
    world = fighting(tmp_path)
    answer(world, the(world, "fight"), "take", "right")
    run(world)
    assert field(world, "left", "industry") == field(world, "right", "industry") == "energy"
    quiet(world)


def test_a_fight_is_taken_up_again_when_told(tmp_path: Path) -> None:
    world = fighting(tmp_path)
    assert run(world).writes == 0
    answer(world, the(world, "fight"), "retry")
    run(world)
    assert field(world, "right", "industry") == "retail"
    quiet(world)


def test_an_id_is_short_stable_and_may_be_begun(tmp_path: Path) -> None:
    world = picky(tmp_path)
    first, second = open_things(world)
    assert len(first.id) == 7
    assert [t.id for t in open_things(world)] == [first.id, second.id]
    with world.engine.store() as store:
        made = Resolver(store, FIELDS, {}, "anna", world.clock.now())
        assert made.find(first.id[:5]).question == first.question
        with pytest.raises(SettingsError, match="no open question"):
            made.find(first.id[:2])
        made.remember([made.check(first, parse(["skip"]))])
    run(world)
    with world.engine.store() as store, pytest.raises(SettingsError, match="not open any more"):
        Resolver(store, FIELDS, {}, "anna", world.clock.now()).find(first.id)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("link", "right/Account/nowhere"), "there is no record"),
        (("link", "left/Account/{left}"), "two records of one side"),
        (("link", "right/Contact/{person}"), "is no account"),
        (("merge",), "is no answer to resembles"),
        (("always", "keep", "apart"), "is no answer for good"),
    ],
    ids=lambda p: " ".join(p) if isinstance(p, tuple) else "",
)
def test_an_impossible_link_is_told(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    world = alike(tmp_path)
    left = find(world, "left", "Account", name="Acme Works")
    person = world.crms["right"].insert("Contact", {"last_name": "Q", "email": "q@x.com"})
    run(world)
    thing = next(t for t in open_things(world, "resembles") if t.side == "left")
    typed = [w.format(left=left, person=person) for w in words]
    with pytest.raises(SettingsError, match=message):
        answer(world, thing, *typed)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("annual_revenue", "100.50 EUR", {"amount": "100.5", "currency": "EUR"}),
        ("tags", "b, a", ["a", "b"]),
        ("employees", "1200", 1200),
        ("billing_address", '{"city": "Rome"}', {"city": "Rome"}),
        ("phone", "", None),
    ],
)
def test_values_are_read_in_the_forms_people_write(
    tmp_path: Path, name: str, text: str, value: Any
) -> None:
    world = conflict(tmp_path, ("left", "right"))
    thing = replace(the(world, "conflict"), field=name)
    with world.engine.store() as store:
        made = Resolver(store, FIELDS, {}, "anna", world.clock.now())
        assert made.check(thing, parse(["value", text])).value == value


def test_a_value_of_another_type_is_told(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    thing = replace(the(world, "conflict"), field="employees")
    with world.engine.store() as store, pytest.raises(SettingsError, match="employees"):
        Resolver(store, FIELDS, {}, "anna", world.clock.now()).check(
            thing, parse(["value", "many"])
        )


@pytest.mark.parametrize("text", ["75750", '{"amount": "75750"}'])
def test_an_amount_without_a_currency_is_told(tmp_path: Path, text: str) -> None:
    world = conflict(tmp_path, ("left", "right"))
    thing = replace(the(world, "conflict"), field="annual_revenue")
    with world.engine.store() as store, pytest.raises(SettingsError) as told:
        Resolver(store, FIELDS, {}, "anna", world.clock.now()).check(thing, parse(["value", text]))
    assert "annual_revenue: the currency is missing" in told.value.message
    assert "`value 75750 EUR`" in told.value.remedy


@BOTH
def test_an_answer_is_carried_out_once_although_the_vendor_s_was_lost(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    world = conflict(tmp_path, names)
    answer(world, the(world, "conflict"), "take", "left")
    world.crms["right"].lose_next_answer()
    run(world)
    run(world)
    assert field(world, "right", "description") == "said left"
    assert open_things(world) == []
    assert [a.state for a in kept(world)] in (["done"], ["passed"])
    quiet(world)


def test_an_answer_that_a_vendor_refuses_stays_given_and_is_listed(tmp_path: Path) -> None:
    world = conflict(tmp_path, ("left", "right"))
    answer(world, the(world, "conflict"), "take", "left")
    world.crms["right"].refuse(lambda *_: RejectedError("locked", vendor_code="X"))
    run(world)
    assert [t.cause for t in open_things(world)] == ["refused"]
    assert [a.state for a in kept(world)] == ["given"]
    world.crms["right"].clear_faults()
    answer(world, the(world, "refused"), "retry")
    run(world)
    assert field(world, "right", "description") == "said left"
    assert [a.state for a in kept(world)] == ["done", "done"]
    quiet(world)
