"""Once people stop, writes stop: within two runs, or four where workflows rewrite our values; what
would go on for ever is told as a fight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Quirks
from tests.sync.situations import EVERY_GUARD, people_edit, settle, two_sides
from tests.sync.worlds import World, make_world

Rewrite = Callable[[Any], Any]


def _text(change: Callable[[str], str]) -> Rewrite:
    return lambda value: change(value) if isinstance(value, str) else value


UPPER, LOWER, CUT = _text(str.upper), _text(str.lower), _text(lambda v: v[:6])
OPEN, SHUT = _text(lambda v: f"{v}<"), _text(lambda v: f"{v}>")
FIELDS = ("Account.description", "Contact.department", "Contact.title", "Opportunity.next_step")

STRICT: Mapping[str, Mapping[str, Quirks]] = {
    "plain": {},
    "late": {"left": Quirks(late_seconds=30, silent_associations=True)},
    "coarse": {"left": Quirks(coarse_seconds=60), "right": Quirks(whole_refusal=True)},
    "ignoring": {"right": Quirks(ignored=frozenset({"Contact.title", "Account.phone"}))},
}
WORKFLOWS: Mapping[str, Mapping[str, Quirks]] = {
    "one side shouts": {"right": Quirks(normalise=dict.fromkeys(FIELDS, UPPER))},
    "one side cuts": {"left": Quirks(normalise=dict.fromkeys(FIELDS, CUT))},
    "both, each its own fields": {
        "left": Quirks(normalise=dict.fromkeys(FIELDS[:2], CUT)),
        "right": Quirks(normalise=dict.fromkeys(FIELDS[2:], UPPER)),
    },
    "both, to the same effect": {
        "left": Quirks(normalise=dict.fromkeys(FIELDS, UPPER)),
        "right": Quirks(normalise=dict.fromkeys(FIELDS, UPPER)),
    },
    "one shouts what the other has cut": {
        "left": Quirks(normalise=dict.fromkeys(FIELDS, CUT)),
        "right": Quirks(normalise=dict.fromkeys(FIELDS, UPPER)),
    },
}


def _everybody_works(world: World) -> None:
    """Every text of every record is edited on every side, at once."""
    people_edit(world)
    for side, crm in world.crms.items():
        for object_type, names in (
            ("Account", ("description",)),
            ("Contact", ("department", "title")),
            ("Opportunity", ("next_step",)),
        ):
            for number, record in enumerate(sorted(crm.snapshot()[object_type])):
                words = f"Words of {side if number % 2 else 'all'} {number}"
                crm.edit(object_type, record, dict.fromkeys(names, words))


def _writes(world: World, runs: int) -> list[int]:
    found = []
    for _ in range(runs):
        world.clock.advance(600)
        found.append(world.engine.run(allowed=EVERY_GUARD).writes)
    return found


def _fights(world: World) -> set[str]:
    with world.engine.store() as store:
        return {str(q["field"]) for q in store.questions() if q["cause"] == "fight"}


def _worked_in(folder: Path, quirks: Mapping[str, Quirks]) -> World:
    rules = {
        kind: {"first_link": "latest", "fields": {name: {"conflict": "prefer left"} for name in f}}
        for kind, f in (
            ("account", ("description", "phone")),
            ("person", ("department", "title")),
            ("opportunity", ("next_step",)),
        )
    }
    world = two_sides(folder, quirks=quirks, rules=rules)
    settle(world, 3)
    _everybody_works(world)
    return world


@pytest.mark.parametrize("quirks", STRICT.values(), ids=STRICT)
def test_within_two_runs_where_values_are_kept_as_written(
    tmp_path: Path, quirks: Mapping[str, Quirks]
) -> None:
    world = _worked_in(tmp_path, quirks)
    counted = _writes(world, 5)
    assert counted[0] > 0
    assert counted[2:] == [0, 0, 0], counted
    assert _fights(world) == set()


@pytest.mark.parametrize("quirks", WORKFLOWS.values(), ids=WORKFLOWS)
def test_within_four_runs_where_workflows_rewrite(
    tmp_path: Path, quirks: Mapping[str, Quirks]
) -> None:
    world = _worked_in(tmp_path, quirks)
    counted = _writes(world, 8)
    assert counted[0] > 0
    assert counted[4:] == [0, 0, 0, 0], counted
    assert _fights(world) == set()


def test_workflows_that_answer_each_other_are_stopped_and_told(tmp_path: Path) -> None:
    quirks = {
        "left": Quirks(normalise=dict.fromkeys(FIELDS, OPEN)),
        "right": Quirks(normalise=dict.fromkeys(FIELDS, SHUT)),
    }
    world = _worked_in(tmp_path, quirks)
    counted = _writes(world, 9)
    assert counted[4:] == [0, 0, 0, 0, 0], counted
    assert _fights(world) == {"description", "department", "title", "next_step"}
    assert world.engine.verify().unexplained == []


def test_a_workflow_that_puts_back_what_it_had_is_told_as_a_refusal(tmp_path: Path) -> None:
    quirks = {
        "left": Quirks(normalise=dict.fromkeys(FIELDS, LOWER)),
        "right": Quirks(normalise=dict.fromkeys(FIELDS, UPPER)),
    }
    world = _worked_in(tmp_path, quirks)
    counted, refused = [], set()
    for _ in range(6):
        world.clock.advance(60)
        report = world.engine.run(allowed=EVERY_GUARD)
        counted.append(report.writes)
        refused |= {f.field for f in report.failures if "kept what it had" in f.message}
    assert counted[4:] == [0, 0], counted
    assert refused == {"description", "department", "title", "next_step"}
    assert world.engine.verify().unexplained == []


def test_three_sides_of_which_two_answer_each_other(tmp_path: Path) -> None:
    quirks = {
        "left": Quirks(normalise={"Account.description": OPEN}),
        "right": Quirks(normalise={"Account.description": SHUT}),
    }
    world = make_world(tmp_path, ("left", "right", "third"), quirks=quirks)
    acme = world.crms["third"].insert("Account", {"name": "Acme", "domain": "acme.com"})
    settle(world, 3)
    world.crms["third"].edit("Account", acme, {"description": "Words", "phone": "+12025550101"})
    counted = _writes(world, 9)
    assert counted[4:] == [0, 0, 0, 0, 0], counted
    assert _fights(world) <= {"description"}
    assert {q for q, _ in _asked(world)} <= {"fight", "conflict"}
    assert _asked(world), "the sides differ, and somebody is asked about it"


def _asked(world: World) -> set[tuple[str, str]]:
    with world.engine.store() as store:
        return {(str(q["cause"]), str(q["field"])) for q in store.questions()}
