"""A mapped field that goes while the sync is at work: which one, what to do, and on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Fields, Page
from connectors.memory import MemoryConnector
from core.errors import MappingSpecError, SchemaDriftError
from sync.model import Result
from tests.sync.situations import EVERY_GUARD, find
from tests.sync.worlds import World, compiled, generic_mapping, make_world


def in_step(folder: Path) -> World:
    """Two sides in step; a run with nothing to do has passed."""
    world = make_world(folder)
    left, right = world.crms["left"], world.crms["right"]
    left.insert("Account", {"name": "A", "domain": "a.com", "phone": "+12025550101"})
    right.insert("Account", {"name": "B", "domain": "b.com", "phone": "+12025550188"})
    for _ in range(2):
        run(world)
    return world


def run(world: World) -> int:
    """A run ten minutes later; the number of its writes."""
    world.clock.advance(600)
    return world.engine.run(allowed=EVERY_GUARD).writes


def mapped(**phone: Any) -> Any:
    """The generic mapping with another line for the phone of accounts; none: without it."""
    data = generic_mapping(lead=False)
    fields = data["objects"]["Account"]["fields"]
    del fields["phone"]
    return compiled({**data, "objects": {**data["objects"], "Account": {
        **data["objects"]["Account"], "fields": {**fields, **phone}}}})  # fmt: skip


def phones(world: World, side: str) -> dict[str, str | None]:
    """Name -> phone of a side's accounts."""
    rows = world.crms[side].snapshot()["Account"].values()
    return {r["name"]: r.get("phone") for r in rows}


PHONES = {"A": "+12025550102", "B": "+12025550188"}
"""What the left side shows after `vanish`, and nothing may take away."""


def vanish(world: World) -> Any:
    """A person deletes the phone of accounts on the right, and edits on both sides."""
    right = world.crms["right"]
    field = right.schema("Account").fields["phone"]
    right.remove_field("Account", "phone")
    world.crms["left"].edit(
        "Account",
        find(world, "left", "Account", name="A"),
        {"phone": "+12025550102", "industry": "energy"},
    )
    right.insert("Contact", {"last_name": "Quick", "email": "q@a.com"})
    return field


def test_each_run_names_the_field_that_is_gone_and_writes_nothing(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    vanish(world)
    before = world.snapshot()
    for _ in range(3):
        with pytest.raises(SchemaDriftError, match=r"^right: Account\.phone is gone$") as told:
            run(world)
        assert "take it out of the mapping" in told.value.remedy
        with pytest.raises(SchemaDriftError, match=r"Account\.phone is gone"):
            world.engine.plan()
        world.clock.advance(86_400)
    assert world.snapshot() == before


def test_once_the_mapping_is_mended_the_next_run_works(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    vanish(world)
    with pytest.raises(SchemaDriftError):
        run(world)
    world.mappings["right"] = mapped()
    assert run(world) > 0
    assert find(world, "right", "Account", name="A", industry="energy")
    assert find(world, "left", "Account", name="A", phone="+12025550102")
    assert find(world, "left", "Contact", email="q@a.com")
    assert run(world) == 0


@pytest.mark.parametrize("mended_first", [True, False])
def test_a_mapping_that_is_mended_before_any_run_met_the_drift_works_too(
    mended_first: bool, tmp_path: Path
) -> None:
    world = in_step(tmp_path)
    vanish(world)
    if not mended_first:
        with pytest.raises(SchemaDriftError):
            run(world)
    world.mappings["right"] = mapped(phone="phone?")
    run(world)
    assert find(world, "right", "Account", name="A", industry="energy")
    assert run(world) == 0


def test_once_the_field_is_back_the_next_run_works(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    field = vanish(world)
    with pytest.raises(SchemaDriftError):
        run(world)
    world.crms["right"].add_field("Account", field)
    run(world)
    assert find(world, "right", "Account", name="A", industry="energy")
    assert phones(world, "left") == PHONES
    assert run(world) == 0
    assert world.engine.waiting() == ("account.phone",)
    world.engine.run(allowed=EVERY_GUARD, backfill=())
    assert phones(world, "right") == phones(world, "left") == PHONES
    assert run(world) == 0


def test_an_optional_field_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    for name in ("left", "right"):
        world.mappings[name] = mapped(phone="phone?")
    run(world)
    field = vanish(world)
    assert run(world) > 0
    assert find(world, "right", "Account", name="A", industry="energy")
    assert find(world, "left", "Account", name="A", phone="+12025550102")
    assert run(world) == 0
    world.crms["right"].add_field("Account", field)
    world.clock.advance(2 * 86_400)
    run(world)
    assert phones(world, "left") == PHONES


def test_a_stamp_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    world.crms["right"].remove_field("Account", "tieline_id")
    edited = find(world, "left", "Account", name="A")
    world.crms["left"].edit("Account", edited, {"industry": "energy"})
    assert run(world) == 1
    assert run(world) == 0


class LosesItsPhones(MemoryConnector):
    """A side whose field is deleted while a run is at work: when all was read."""

    def changes(self, object_type: str, fields: Fields, since: str | None) -> Iterator[Page]:
        yield from super().changes(object_type, fields, since)
        if object_type == "Opportunity":
            self._crm.remove_field("Account", "phone")


def test_a_field_that_goes_before_the_writing_is_named_by_the_next_run(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    edited = find(world, "left", "Account", name="A")
    world.crms["left"].edit("Account", edited, {"phone": "+12025550102"})
    world.connectors["right"] = LosesItsPhones(world.crms["right"], name="right")
    report = world.engine.run(allowed=EVERY_GUARD)
    assert (report.result, report.writes) == (Result.PARTIAL, 0)
    del world.connectors["right"]
    with pytest.raises(SchemaDriftError, match=r"right: Account\.phone is gone"):
        run(world)
    assert find(world, "left", "Account", name="A", phone="+12025550102")


def test_a_field_of_another_type_is_drift_where_the_mapping_cannot_use_it(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    right = world.crms["right"]
    was = right.schema("Account").fields["phone"]
    right.add_field("Account", replace(was, type="boolean"))

    def accept(side: Any) -> None:
        found = side.schemas["Account"].fields["phone"].type
        if found != was.type:
            raise MappingSpecError(f"m.yaml:7: phone: is of type {found}")

    world.clock.advance(2 * 86_400)
    engine = world.engine
    engine.accept = accept
    with pytest.raises(SchemaDriftError, match=r"is of type boolean now[^\n]*\nm\.yaml:7"):
        engine.run(allowed=EVERY_GUARD)
