"""Who has a counterpart of its own is nobody's likeness, in whatever order records are seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.likeness import CROWD, resembling
from tests.sync.asked import answer, open_things, run, the
from tests.sync.worlds import World, make_world


@pytest.mark.parametrize("counterpart", ["one@example.com", "two@example.com"])
def test_namesakes_at_one_company_are_told_apart_by_their_addresses(
    tmp_path: Path, counterpart: str
) -> None:
    world = make_world(tmp_path, leads=("left", "right"))
    person = {"first_name": "Linnea", "last_name": "Berg", "company_name": "Acme"}
    for email in ("one@example.com", "two@example.com"):
        world.crms["left"].insert("Lead", {**person, "email": email})
    world.crms["right"].insert("Lead", {**person, "email": counterpart})
    assert world.engine.run().questions == 0
    assert world.engine.run().writes == 0
    emails = {r["email"] for r in _people(world.snapshot()["right"])}
    assert emails == {"one@example.com", "two@example.com"}


def _people(snapshot: object) -> list[dict[str, str]]:
    """The leads and contacts of a snapshot."""
    assert isinstance(snapshot, dict)
    return [r for name in ("Lead", "Contact") for r in snapshot.get(name, {}).values()]


def accounts(world: World, side: str) -> list[str]:
    return sorted(str(r["name"]) for r in world.snapshot()[side]["Account"].values())


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (
            {"name": "Müller Maschinenbau GmbH"},
            {"name": "Mueler Maschinenbau"},
            "% alike",
        ),
        (
            {"name": "Acme Logistics", "domain": "acme.com"},
            {"name": "Acme Logistik", "domain": "https://www.acme.com/en"},
            "same domain (acme.com)",
        ),
        (
            {"name": "Northwind Traders", "phone": "+12025550143"},
            {"name": "Northwind Traders Ltd.", "phone": "+1 202 555 0143"},
            "same phone",
        ),
    ],
)
def test_accounts_without_a_common_key_are_asked_about_with_evidence(
    tmp_path: Path, left: dict[str, str], right: dict[str, str], said: str
) -> None:
    world = make_world(tmp_path)
    world.crms["left"].insert("Account", left)
    world.crms["right"].insert("Account", right)
    run(world)
    assert [len(accounts(world, side)) for side in ("left", "right")] == [1, 1]
    questions = open_things(world, "resembles")
    assert {q.side for q in questions} == {"left", "right"}
    assert all("looks like " in q.message and said in q.message for q in questions)
    answer(world, questions[0], "link")
    run(world)
    run(world)
    assert open_things(world, "resembles") == []
    assert [len(accounts(world, side)) for side in ("left", "right")] == [1, 1]


def test_what_does_not_look_alike_is_made_on_the_other_side(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.crms["left"].insert("Account", {"name": "Acme Bakery", "domain": "acme-bakery.com"})
    world.crms["right"].insert("Account", {"name": "Acme Steel", "domain": "acme-steel.de"})
    run(world)
    assert open_things(world, "resembles") == []
    assert accounts(world, "left") == accounts(world, "right") == ["Acme Bakery", "Acme Steel"]


def test_a_refusal_is_remembered_by_later_passes(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.crms["left"].insert("Account", {"name": "Müller Bau GmbH"})
    one = world.crms["right"].insert("Account", {"name": "Mueller Bau"})
    run(world)
    answer(world, open_things(world, "resembles")[0], "keep", "apart")
    run(world)
    world.crms["right"].edit("Account", one, {"name": "Müller Bau"})
    run(world)
    assert open_things(world, "resembles") == []
    assert len(accounts(world, "left")) == len(accounts(world, "right")) == 2


def test_people_without_a_common_key_are_asked_about(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left", "right"))
    person = {"first_name": "Linnea", "last_name": "Berg", "company_name": "Acme"}
    world.crms["left"].insert("Lead", {**person, "email": "linnea@example.com"})
    world.crms["right"].insert("Lead", {**person, "email": "l.berg@example.com"})
    run(world)
    assert {q.side for q in open_things(world, "resembles")} == {"left", "right"}
    answer(world, open_things(world, "resembles")[0], "link")
    run(world)
    assert len(_people(world.snapshot()["right"])) == 1


def test_colleagues_are_not_asked_about(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left", "right"))
    for side, first, email in (("left", "Jane", "jane"), ("right", "John", "john")):
        values = {"first_name": first, "last_name": "Berg", "company_name": "Acme"}
        world.crms[side].insert("Lead", {**values, "email": f"{email}@acme.com"})
    run(world)
    assert open_things(world, "resembles") == []
    assert len(_people(world.snapshot()["left"])) == len(_people(world.snapshot()["right"])) == 2


def test_a_third_side_finds_what_two_have_linked(tmp_path: Path) -> None:
    names = ("left", "right", "third")
    creates = {"side": {"third": {"create": []}}}
    world = make_world(tmp_path, names, **creates)
    for side in ("left", "right"):
        world.crms[side].insert("Account", {"name": "Müller Bau GmbH", "domain": "mbau.de"})
    run(world)
    world.crms["third"].insert("Account", {"name": "Mueller Bau"})
    run(world)
    assert "looks like " in the(world, "resembles", side="third").message


def test_a_crowd_under_one_key_is_passed_over(tmp_path: Path) -> None:
    world = make_world(tmp_path, side={"left": {"create": []}, "right": {"create": []}})
    for number in range(CROWD + 1):
        world.crms["right"].insert("Account", {"name": f"Global {number} Holding"})
    left = world.crms["left"].insert("Account", {"name": "Global Holding"})
    run(world)
    with world.engine.store() as store:
        row = store.row("left", "Account", left)
        assert row is not None
        assert resembling([row], store, world.sides()) == {}


def test_likenesses_are_found_where_values_are_kept_as_hashes(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left", "right"), privacy={"values": "hashed"})
    person = {"first_name": "Linnea", "last_name": "Berg", "company_name": "Acme"}
    world.crms["left"].insert("Lead", {**person, "email": "linnea@example.com"})
    world.crms["right"].insert("Lead", {**person, "email": "l.berg@example.com"})
    run(world)
    questions = open_things(world, "resembles")
    assert {q.side for q in questions} == {"left", "right"}
    told = (tmp_path / "state.db").read_bytes() + str([q.message for q in questions]).encode()
    assert b"Linnea" not in told
