"""Tables of moves: per pipeline, overruled by a person, and how a projection is held to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.rules import Table
from mapping.spec import MappingSpec
from mapping.translate import compile_mapping
from sync.fields import Projected
from sync.stages import along
from tests.sync.asked import answer, open_things, quiet, run, the
from tests.sync.worlds import World, generic_mapping, make_world

TABLE = Table(("new", "open", "won"), {"new": ("open",), "won": ()})


@pytest.mark.parametrize(
    ("present", "wanted", "refused"),
    [
        ("new", "open", False),
        ("new", "won", True),
        ("won", "new", True),
        ("open", "new", False),  # not in the table: anywhere
        ("new", "new", False),
        (None, "won", False),
        ("won", None, False),
    ],
)
def test_what_the_table_refuses(present: str | None, wanted: str | None, refused: bool) -> None:
    project = along(TABLE, "opportunity.stage", {"left": present}, lambda _, v: Projected(v))
    there = project("left", wanted)
    assert bool(there.problem) is refused
    assert there.value == (None if refused else wanted)


def test_a_coarser_side_is_held_to_what_it_would_show() -> None:
    """`offered` is `open` there already: nothing moves."""
    project = along(TABLE, "opportunity.stage", {"left": "new"}, lambda _s, _v: Projected("new"))
    assert project("left", "won") == Projected("new")


def pipelines(folder: Path, **settings: Any) -> World:
    """CRMs whose mappings carry the pipeline."""
    world = make_world(folder, **settings)
    for name in world.mappings:
        given = generic_mapping(lead=False)
        field = {"field": "pipeline", "unknown": "pass"}
        given["objects"]["Opportunity"]["fields"]["pipeline"] = field
        world.mappings[name] = compile_mapping(MappingSpec.model_validate(given))
    return world


def stage(world: World, side: str) -> dict[str, str]:
    rows = world.crms[side].snapshot()["Opportunity"].values()
    return {row["name"]: row["stage"] for row in rows}


def test_each_pipeline_has_a_table_of_its_own(tmp_path: Path) -> None:
    rule = {
        "moves": {"prospecting": ["qualification"]},
        "pipelines": {"renewal": {"moves": {"prospecting": ["closed_won"]}}},
    }
    rules = {"opportunity": {"fields": {"stage": rule}}}
    world = pipelines(tmp_path, rules=rules)
    left = world.crms["left"]
    for name, pipeline in (("Sale", None), ("Again", "renewal")):
        row = {"name": name, "stage": "prospecting", "pipeline": pipeline}
        left.insert("Opportunity", row)
    run(world)
    run(world)
    for record in list(left.snapshot()["Opportunity"]):
        left.edit("Opportunity", record, {"stage": "closed_won"})
    run(world)
    assert stage(world, "right") == {"Sale": "prospecting", "Again": "closed_won"}
    assert [thing.field for thing in open_things(world, "held")] == ["stage"]
    quiet(world)


def test_a_person_is_not_held_to_the_table(tmp_path: Path) -> None:
    rules = {"opportunity": {"fields": {"stage": {"moves": {"prospecting": []}}}}}
    world = make_world(tmp_path, rules=rules)
    deal = world.crms["left"].insert("Opportunity", {"name": "Deal", "stage": "prospecting"})
    run(world)
    run(world)
    world.crms["left"].edit("Opportunity", deal, {"stage": "proposal"})
    run(world)
    assert stage(world, "right") == {"Deal": "prospecting"}
    thing = the(world, "held", "right", "stage")
    answer(world, thing, "take", "left")
    run(world)
    assert stage(world, "right") == {"Deal": "proposal"}
    assert open_things(world) == []
    quiet(world)
