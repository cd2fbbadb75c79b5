"""A state that an earlier version wrote goes on: nothing is written, lost or asked anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from core.errors import StateError
from sync.migrations import migrations
from sync.store import Store
from tests.sync.situations import find, settle
from tests.sync.worlds import World, make_world

STATES = Path(__file__).parent / "states"
"""Dumps, each named for the last migration that its version knew; written by that version after
the two runs of `small_world`."""


def small_world(folder: Path) -> World:
    """Two CRMs in step, but for a title that both gave before they were linked."""
    world = make_world(folder, ("left", "right"), rules={"person": {"first_link": "hold"}})
    left, right = world.crms["left"], world.crms["right"]
    fields = {"name": "Acme", "domain": "acme.com", "phone": "+12025550101"}
    acme = left.insert("Account", fields)
    left.insert("Account", {"name": "Beta", "domain": "beta.com", "parent": acme})
    ada = {"last_name": "Lovelace", "email": "ada@acme.com"}
    left.insert("Contact", {**ada, "account": acme, "title": "Countess"})
    right.insert("Contact", {**ada, "title": "Boss"})
    deal = {"name": "Engine", "stage": "proposal", "close_date": "2026-05-01"}
    left.insert("Opportunity", {**deal, "account": acme})
    settle(world, 2)
    return world


def restored(state: Path, dump: Path) -> None:
    """Put a dump in the place of a state."""
    for file in state.parent.glob(f"{state.name}*"):
        file.unlink()
    with sqlite3.connect(state) as database:
        database.executescript(dump.read_text(encoding="utf-8"))
    database.close()


@pytest.mark.parametrize("dump", sorted(STATES.glob("*.sql")), ids=lambda path: path.stem)
def test_a_state_of_an_earlier_version_goes_on(dump: Path, tmp_path: Path) -> None:
    world = small_world(tmp_path)
    with Store(tmp_path / "state.db") as store:
        asked = {question["id"] for question in store.questions()}
    restored(tmp_path / "state.db", dump)
    before = world.snapshot()
    settle(world, 1)
    assert world.snapshot() == before
    assert world.engine.verify().unexplained == []
    with Store(tmp_path / "state.db") as store:
        assert {question["id"] for question in store.questions()} == asked
        assert asked
    acme = find(world, "left", "Account", name="Acme")
    world.crms["left"].edit("Account", acme, {"phone": "+12025550199"})
    settle(world, 1)
    other = find(world, "right", "Account", name="Acme")
    assert world.crms["right"].snapshot()["Account"][other]["phone"] == "+12025550199"


def test_every_migration_before_the_newest_has_a_state_that_it_was_the_last_of() -> None:
    first_kept = "0007_duplicates"
    names = [step.name for step in migrations.pending(Database(memory=True))]
    wanted = [name for name in names[:-1] if name >= first_kept]
    assert [path.stem for path in sorted(STATES.glob("*.sql"))] == wanted


def test_a_state_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    Store(path).close()
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('tieline', '9999_from_afar', '2030-01-01')"
        )
    database.close()
    with pytest.raises(StateError, match="newer version of Tieline"):
        Store(path)
