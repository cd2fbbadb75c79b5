"""Personal values are kept as keyed hashes on request, and removed for good when asked."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from core.errors import RejectedError, StateError
from sync.privacy import KEY_FILE, MARK, Vault, hidden
from tests.sync.situations import EVERY_GUARD, content, find, people_edit, settle, two_sides
from tests.sync.worlds import World, make_world

HASHED = {"privacy": {"values": "hashed"}}
SECRETS = (
    "zoe@acme.com", "hank@globex.com", "lone@x.org", "new@acme.com", "Zoë", "Quick", "Newcomer",
)  # fmt: skip


def held(folder: Path) -> bytes:
    """Every byte that the state folder holds."""
    return b"".join(p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file())


def leaks(folder: Path, words: tuple[str, ...] = SECRETS) -> list[str]:
    """The words that can be read in the state folder."""
    there = held(folder)
    return [w for w in words if w.encode() in there or w.encode("unicode_escape") in there]


def test_without_the_setting_values_are_clear(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world)
    assert "zoe@acme.com" in leaks(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()


def test_hashed_the_state_holds_no_personal_value_and_the_sides_end_the_same(
    tmp_path: Path,
) -> None:
    ends = []
    for name, settings in (("clear", {}), ("hashed", HASHED)):
        world = two_sides(tmp_path / name, **settings)
        settle(world, 2)
        people_edit(world)
        left = world.crms["left"]
        zoe = find(world, "left", "Contact", email="zoe@acme.com")
        left.edit("Contact", zoe, {"phone": "+12025550123", "last_name": "Slow"})
        settle(world, 2)
        ends.append(content(world))
        world.clock.advance(600)
        assert world.engine.run(allowed=EVERY_GUARD).writes == 0
        assert world.engine.verify().unexplained == []
    assert ends[0] == ends[1]
    assert leaks(tmp_path / "hashed", (*SECRETS, "Slow", "+12025550123")) == []


def test_an_edit_of_one_side_reads_the_other_s_record_once_more(tmp_path: Path) -> None:
    world = two_sides(tmp_path, **HASHED)
    settle(world, 2)
    left, right = world.crms["left"], world.crms["right"]
    zoe = find(world, "left", "Contact", email="zoe@acme.com")
    left.edit("Contact", zoe, {"mobile": "+12025550144"})
    settle(world)
    there = find(world, "right", "Contact", email="ZOE@acme.com")
    assert right.snapshot()["Contact"][there]["mobile"] == "+12025550144"
    left.edit("Contact", zoe, {"mobile": None})
    settle(world)
    assert right.snapshot()["Contact"][there].get("mobile") is None


def test_conflicts_over_personal_values_are_held_and_hidden(tmp_path: Path) -> None:
    world = two_sides(tmp_path, **HASHED)
    settle(world, 2)
    for side, phone in (("left", "+12025550111"), ("right", "+12025550122")):
        contact = find(world, side, "Contact", last_name="Hank")
        world.crms[side].edit("Contact", contact, {"phone": phone})
    settle(world, 2)
    with world.engine.store() as store:
        (question,) = store.questions()
    assert (question["cause"], question["field"]) == ("conflict", "phone")
    assert all(hidden(v) for v in question["detail"].values())
    assert leaks(tmp_path, ("12025550111", "12025550122")) == []


def test_refused_values_are_not_told_in_clear(tmp_path: Path) -> None:
    world = two_sides(tmp_path, **HASHED)
    settle(world, 2)
    refusal = RejectedError("'Slow' <slow@x.org> is not welcome", vendor_code="NO")
    world.crms["right"].faults.refusals.append(lambda _type, _write: refusal)
    zoe = find(world, "left", "Contact", email="zoe@acme.com")
    world.crms["left"].edit("Contact", zoe, {"last_name": "Slow"})
    settle(world)
    assert leaks(tmp_path, ("Slow", "slow@x.org")) == []


def test_switching_it_on_covers_what_is_there(tmp_path: Path) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    people_edit(world)
    settle(world)
    assert leaks(tmp_path)
    _set(world, "hashed")
    world.clock.advance(600)
    assert world.engine.run().writes == 0
    assert leaks(tmp_path) == []
    _set(world, "clear")
    zoe = find(world, "left", "Contact", email="zoe@acme.com")
    world.crms["left"].edit("Contact", zoe, {"last_name": "Slow"})
    settle(world)
    assert find(world, "right", "Contact", last_name="Slow")
    world.clock.advance(600)
    assert world.engine.run(full=True).writes == 0


def test_why_says_what_it_cannot_show(tmp_path: Path) -> None:
    world = two_sides(tmp_path, **HASHED)
    settle(world, 2)
    zoe = find(world, "left", "Contact", email="zoe@acme.com")
    told = world.engine.why("left", zoe, name="email")
    assert {o.run for o in told.origins} == {"r000001"}
    assert all(hidden(o.value) for o in told.origins)


def test_undo_puts_back_what_it_may_know_and_lists_the_rest(tmp_path: Path) -> None:
    world = make_world(tmp_path, **HASHED)
    left, right = world.crms["left"], world.crms["right"]
    mine = left.insert("Contact", {"last_name": "Hank", "email": "h@x.org", "title": "CTO"})
    right.insert("Contact", {"last_name": "Hank", "email": "h@x.org"})
    settle(world, 2)
    left.edit("Contact", mine, {"last_name": "Slow", "title": "CEO"})
    settle(world)
    plan = world.engine.plan_undo("r000003")
    assert [(f.name, f.new) for a in plan.actions for f in a.fields] == [("title", "CTO")]
    assert [(q.field, "hash only" in q.message) for q in plan.questions] == [("last_name", True)]


def test_another_key_is_refused(tmp_path: Path) -> None:
    world = two_sides(tmp_path, **HASHED)
    settle(world)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(StateError, match="key of personal values"):
        settle(world)


def test_files_of_the_state_are_their_owner_s(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    world = two_sides(folder, **HASHED)
    settle(world)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
    assert modes["state.db"] == modes[KEY_FILE] == 0o600
    assert all(not mode & 0o077 for name, mode in modes.items() if name != "lock"), modes


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_forgotten_person_is_gone_from_the_state_and_stays_gone(
    side: str, tmp_path: Path
) -> None:
    world = two_sides(tmp_path)
    settle(world, 2)
    words = ("hank@globex.com", "Hank", "Chief Secret")
    hank = find(world, side, "Contact", email="hank@globex.com")
    other = "right" if side == "left" else "left"
    world.crms[side].edit("Contact", hank, {"title": "Chief Secret"})
    settle(world)
    assert leaks(tmp_path, words) == list(words)
    world.crms[side].delete("Contact", hank)
    assert len(world.engine.forget(side, hank)) == 2
    assert leaks(tmp_path, words) == []
    before = world.crms[other].snapshot()["Contact"]
    settle(world, 2)
    world.clock.advance(600)
    world.engine.run(full=True, allowed=EVERY_GUARD)
    assert leaks(tmp_path, words) == []
    assert world.crms[other].snapshot()["Contact"] == before
    assert not [
        c for c in world.crms[side].snapshot()["Contact"].values() if c.get("last_name") == "Hank"
    ]
    told = world.engine.why(side, hank)
    assert {e.what for e in told.entries} == {"forgotten", "written"}
    assert {(e.before, e.after) for e in told.entries} == {(None, None)}


def test_a_vault_tells_values_apart_by_its_key_and_field() -> None:
    personal = frozenset({"person.email", "person.phone"})
    one, two = (Vault(key, personal, hiding=True) for key in (b"1", b"2"))
    value: Any = "a@x.org"
    assert one.cover("person", "email", value) == one.cover("person", "email", value)
    assert one.cover("person", "email", value) != two.cover("person", "email", value)
    assert one.cover("person", "email", value) != one.cover("person", "phone", value)
    assert one.cover("account", "email", value) == value
    assert one.cover("person", "email", None) is None
    assert one.show({MARK: "unknown"}) == {MARK: "unknown"}


def _set(world: World, mode: str) -> None:
    data = world.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    world.config = type(world.config).model_validate({**data, "privacy": {"values": mode}})
