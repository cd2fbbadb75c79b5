"""Brakes: each stops before any write, says what it saw, and lets pass once only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import GuardError
from sync.model import Result
from tests.sync.situations import settle
from tests.sync.worlds import World, make_world

LOOSE = {"min_records": 4, "max_change_share": 1.0, "max_delete_share": 1.0}


def accounts(world: World, number: int = 8) -> list[str]:
    """Accounts on the left side, in step with the right one."""
    left = world.crms["left"]
    ids = [
        left.insert("Account", {"name": f"A{n}", "domain": f"a{n}.com", "phone": "+12025550101"})
        for n in range(number)
    ]
    settle(world, 2)
    return ids


def deletes(folder: Path) -> World:
    world = make_world(
        folder, guards={**LOOSE, "max_delete_share": 0.2}, rules={"account": {"deletes": "delete"}}
    )
    for account in accounts(world)[:3]:
        world.crms["left"].delete("Account", account)
    return world


def changes(folder: Path) -> World:
    world = make_world(folder, guards={**LOOSE, "max_change_share": 0.5})
    for account in accounts(world)[:5]:
        world.crms["left"].edit("Account", account, {"description": "new"})
    return world


def empty(folder: Path) -> World:
    world = make_world(folder, guards=LOOSE)
    for account in accounts(world):
        world.crms["left"].delete("Account", account)
    return world


def everything(folder: Path) -> World:
    world = make_world(folder, guards=LOOSE)
    for account in accounts(world):
        world.crms["left"].edit("Account", account, {"description": "new"})
    return world


def ambiguous(folder: Path) -> World:
    world = make_world(folder, guards={**LOOSE, "max_ambiguous": 1})
    accounts(world)
    for side in ("left", "right"):
        for _ in range(2):
            world.crms[side].insert("Account", {"name": "Twin", "domain": "twin.com"})
    world.crms["left"].insert("Account", {"name": "Other", "domain": "other.com"})
    return world


def rules(folder: Path) -> World:
    world = make_world(folder, guards=LOOSE)
    ids = accounts(world)
    world.crms["right"].edit("Account", _first(world, "right"), {"phone": "+12025550177"})
    world.crms["left"].edit("Account", ids[0], {"phone": "+12025550188"})
    settle(world)
    return reconfigured(world, rules={"account": {"fields": {"phone": "left ->"}}})


def production(folder: Path) -> World:
    world = make_world(folder, guards=LOOSE, side={"right": {"production": True}})
    world.crms["left"].insert("Account", {"name": "A", "domain": "a.com"})
    return world


def reconfigured(world: World, **changes: Any) -> World:
    """The same world under another configuration."""
    data = {**world.config.model_dump(mode="json", by_alias=True, exclude_unset=True), **changes}
    world.config = type(world.config).model_validate(data)
    return world


def _first(world: World, side: str) -> str:
    return next(iter(world.crms[side].snapshot()["Account"]))


SITUATIONS: dict[str, tuple[Callable[[Path], World], str]] = {
    "deletes": (deletes, "3 of 8 linked accounts of right are gone or would be deleted"),
    "changes": (changes, "5 of 8 linked accounts of right would be changed"),
    "empty": (empty, "all 8 linked accounts of left are gone"),
    "everything": (everything, "8 of 8 linked accounts of left changed at once"),
    "ambiguous": (ambiguous, "records match ambiguously"),
    "rules": (rules, "rules changed since the last run"),
    "production": (production, "right is a production side"),
}


@pytest.mark.parametrize("guard", SITUATIONS)
def test_it_stops_before_any_write_and_names_its_flag(guard: str, tmp_path: Path) -> None:
    situation, said = SITUATIONS[guard]
    world = situation(tmp_path)
    before = world.snapshot()
    for _ in range(2):  # and again, as long as it holds
        world.clock.advance(600)
        with pytest.raises(GuardError) as stopped:
            world.engine.run()
        assert said in str(stopped.value)
        assert f"--allow {guard}" in stopped.value.remedy
        assert stopped.value.exit_code == 5
        assert world.snapshot() == before
    with world.engine.store() as store:
        last = store.db.conn.execute("SELECT result FROM runs ORDER BY id DESC").fetchone()
    assert last == (str(Result.STOPPED),)
    assert guard in [v.guard for v in world.engine.plan().violations]
    assert world.snapshot() == before


@pytest.mark.parametrize("guard", SITUATIONS)
def test_its_flag_lets_it_pass_and_the_next_run_has_nothing_left(
    guard: str, tmp_path: Path
) -> None:
    world = SITUATIONS[guard][0](tmp_path)
    world.clock.advance(600)
    with pytest.raises(GuardError):
        world.engine.run(allowed=frozenset({"nothing"}))
    world.clock.advance(600)
    world.engine.run(allowed=frozenset({guard}))
    world.clock.advance(600)
    if guard == "ambiguous":  # it still holds: the flag was for one run
        with pytest.raises(GuardError):
            world.engine.run()
    else:
        assert world.engine.run().writes == 0


def test_a_stopped_plan_stays_stopped_when_it_is_applied(tmp_path: Path) -> None:
    world = changes(tmp_path)
    plan = world.engine.plan()
    before = world.snapshot()
    with pytest.raises(GuardError):
        world.engine.apply(plan)
    assert world.snapshot() == before
    world.engine.apply(plan, allowed=frozenset({"changes"}))
    assert world.snapshot() != before


def test_changed_rules_show_what_they_would_change(tmp_path: Path) -> None:
    world = make_world(tmp_path, guards=LOOSE, rules={"account": {"first_link": "hold"}})
    left, right = world.crms["left"], world.crms["right"]
    for n in range(6):
        left.insert("Account", {"name": f"A{n}", "domain": f"a{n}.com", "phone": "+12025550101"})
        right.insert("Account", {"name": f"A{n}", "domain": f"a{n}.com"})
    settle(world, 2)
    for record in list(right.snapshot()["Account"])[:4]:
        right.edit("Account", record, {"description": "kept here"})
    reconfigured(world, rules={"account": {"fields": {"description": "fill blank"}}})
    settle(world)
    reconfigured(world, rules={"account": {"fields": {"description": "left ->"}}})
    for record in list(right.snapshot()["Account"])[:4]:
        right.edit("Account", record, {"description": "changed"})
    world.clock.advance(600)
    violation = next(v for v in world.engine.plan().violations if v.guard == "rules")
    assert violation.detail[0] == ('rules.account.fields.description: "fill blank" -> "left ->"')


def test_the_preview_counts_writes_to_records_that_nobody_touched(tmp_path: Path) -> None:
    world = make_world(
        tmp_path, guards=LOOSE, rules={"account": {"fields": {"phone": "create only"}}}
    )
    left, right = world.crms["left"], world.crms["right"]
    for n in range(5):
        left.insert("Account", {"name": f"A{n}", "domain": f"a{n}.com", "phone": "+12025550101"})
        right.insert("Account", {"name": f"A{n}", "domain": f"a{n}.com", "phone": "+12025550102"})
    settle(world, 2)
    touched = left.insert("Account", {"name": "New", "domain": "new.com"})
    reconfigured(world, rules={"account": {"fields": {"phone": "left ->"}}})
    world.clock.advance(600)
    violation = next(v for v in world.engine.plan().violations if v.guard == "rules")
    effects = [line for line in violation.detail if "would be written" in line]
    assert len(effects) == 1
    assert effects[0].startswith("5 x account.phone on right would be written because left ->:")
    assert touched not in effects[0]
    with pytest.raises(GuardError, match="phone"):
        world.engine.run()


def test_a_changed_filter_says_which_links_fall_asleep(tmp_path: Path) -> None:
    world = make_world(tmp_path, guards=LOOSE)
    accounts(world)
    scope = {"account": [{"field": "name", "not": "A1"}]}
    data = {n: {"type": "memory"} for n in ("left", "right")}
    data["left"]["scope"] = scope  # type: ignore[assignment]
    reconfigured(world, sides=data)
    world.clock.advance(600)
    violation = next(v for v in world.engine.plan().violations if v.guard == "rules")
    assert "linked accounts of left outside the scope now: links sleep (1)" in violation.detail
    assert "it writes nothing to records that nobody has touched" in violation.detail


def test_a_change_of_rules_that_is_taken_back_leaves_no_trace(tmp_path: Path) -> None:
    world = rules(tmp_path)
    world.clock.advance(600)
    with pytest.raises(GuardError):
        world.engine.run()
    reconfigured(world, rules={})
    world.clock.advance(600)
    assert world.engine.run().writes == 0
