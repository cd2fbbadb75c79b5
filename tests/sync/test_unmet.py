"""Members of sets that another side cannot have, or did not take: the story says which, and why,
and the others come and go without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import FieldSchema
from core.errors import RejectedError, VendorDownError
from tests.sync.situations import EVERY_GUARD, find, settle
from tests.sync.worlds import World, make_world

BY_ACCOUNT = [
    {"object": "Contact", "when": [{"field": "account", "present": True}]},
    {"object": "Lead"},
]


def told(world: World, side: str, deal: str) -> Any:
    """Where the contacts of a deal came from, on that side."""
    story = world.engine.why(side, deal, object_type="Opportunity", name="contacts")
    return next(o for o in story.origins if o.side == side)


def a_deal_with(world: World, **person: Any) -> tuple[str, str]:
    """A person and a deal on the right, with the person among its contacts."""
    right = world.crms["right"]
    ann = right.insert("Contact", {"last_name": "Ann", "email": "ann@x.org", **person})
    deal = right.insert("Opportunity", {"name": "Deal", "stage": "proposal"})
    right.associate("Opportunity", deal, "contacts", ann)
    return ann, deal


def test_a_person_that_is_a_lead_elsewhere_is_named_as_the_reason(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left",), side={"left": {"create_as": {
        "person": BY_ACCOUNT}}})  # fmt: skip
    ann, deal = a_deal_with(world)
    settle(world, 2)
    lead = find(world, "left", "Lead", last_name="Ann")
    here = told(world, "right", deal)
    assert not here.settled
    assert here.how == (
        f"right shows it; it waits for what it names: right Contact {ann} is Lead {lead} on left,"
        " where only a Contact can be named"
    )
    mine = world.engine.why("left", find(world, "left", "Opportunity", name="Deal"),
                            object_type="Opportunity", name="contacts")  # fmt: skip
    assert "next one looks at it" not in "".join(o.how for o in mine.origins)
    world.crms["left"].convert(lead, account_id=None)
    settle(world, 2)
    assert told(world, "right", deal).settled


def test_a_person_who_has_no_record_elsewhere_is_named_as_the_reason(tmp_path: Path) -> None:
    world = make_world(tmp_path, side={"left": {"create": ["account", "opportunity"]}})
    ann, deal = a_deal_with(world)
    settle(world, 2)
    assert told(world, "right", deal).how == (
        f"right shows it; it waits for what it names: right Contact {ann} has no record on left"
    )


def test_a_deal_that_cannot_be_made_is_the_reason(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    _, deal = a_deal_with(world)
    world.crms["right"].edit("Opportunity", deal, {"name": "D" * 100})
    schema = world.crms["left"].schema("Opportunity").fields["name"]
    world.crms["left"].add_field("Opportunity", replace(schema, length=20))
    settle(world, 2)
    assert "it waits (create): cannot be created on left: name" in told(world, "right", deal).how


def test_a_person_who_takes_part_later_is_carried_along_then(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    left, right = world.crms["left"], world.crms["right"]
    for _ in range(2):
        left.insert("Contact", {"last_name": "Ann", "email": "ann@x.org"})
    ann, deal = a_deal_with(world)
    settle(world, 2)
    here = told(world, "right", deal)
    assert not here.settled
    assert f"right Contact {ann} takes no part (yet)" in here.how
    right.edit("Contact", ann, {"email": "other@x.org"})
    settle(world, 2)
    there = left.snapshot()["Opportunity"][find(world, "left", "Opportunity", name="Deal")]
    assert [c["id"] for c in there["contacts"]] == [
        find(world, "left", "Contact", email="other@x.org")
    ]
    assert told(world, "right", deal).settled


def in_the_deal(world: World, side: str) -> list[str]:
    """The last names of the deal's contacts, as people see them on a side."""
    snapshot = world.crms[side].snapshot()
    deal = snapshot["Opportunity"][find(world, side, "Opportunity", name="Deal")]
    return sorted(snapshot["Contact"][c["id"]]["last_name"] for c in deal.get("contacts") or ())


def one_cannot_be_named(folder: Path, *, in_step: bool) -> World:
    """Ann and Ben take part in a deal on the left; on the right Ann has no record any more.
    `in_step`: both sides have the deal before the two are in it."""
    world = make_world(folder)
    left, right = world.crms["left"], world.crms["right"]
    people = {
        name: left.insert("Contact", {"last_name": name, "email": f"{name}@x.org"})
        for name in ("Ann", "Ben")
    }
    settle(world, 2)
    right.delete("Contact", find(world, "right", "Contact", last_name="Ann"))
    settle(world)
    deal = left.insert("Opportunity", {"name": "Deal", "stage": "proposal"})
    if in_step:
        settle(world, 2)
    for person in people.values():
        left.associate("Opportunity", deal, "contacts", person)
    settle(world, 2)
    assert [in_the_deal(world, s) for s in ("left", "right")] == [["Ann", "Ben"], ["Ben"]]
    return world


@pytest.mark.parametrize("in_step", [True, False], ids=["deal in step", "deal made with them"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_who_could_be_named_can_be_removed_beside_one_who_cannot(
    tmp_path: Path, side: str, in_step: bool
) -> None:
    world = one_cannot_be_named(tmp_path, in_step=in_step)
    crm = world.crms[side]
    deal = find(world, side, "Opportunity", name="Deal")
    crm.dissociate("Opportunity", deal, "contacts", find(world, side, "Contact", last_name="Ben"))
    settle(world, 3)
    assert [in_the_deal(world, s) for s in ("left", "right")] == [["Ann"], []]
    assert world.engine.run().writes == 0


def test_who_cannot_be_named_keeps_no_record_from_being_made_elsewhere(tmp_path: Path) -> None:
    world = make_world(tmp_path, ("left", "right", "third"))
    left, right = world.crms["left"], world.crms["right"]
    ann = left.insert("Contact", {"last_name": "Ann", "email": "ann@x.org"})
    settle(world, 2)
    right.delete("Contact", find(world, "right", "Contact", last_name="Ann"))
    refusal = RejectedError("locked", vendor_code="LOCKED", retryable=False)
    world.crms["third"].refuse(lambda name, _write: refusal if name == "Opportunity" else None)
    deal = left.insert("Opportunity", {"name": "Deal", "stage": "proposal"})
    left.associate("Opportunity", deal, "contacts", ann)
    settle(world, 2)
    assert world.crms["third"].snapshot().get("Opportunity", {}) == {}
    world.crms["third"].clear_faults()
    world.clock.advance(25 * 3600)
    settle(world)
    assert in_the_deal(world, "third") == ["Ann"]


TAGS = FieldSchema("tags", "Tags", "string", 255)


def tags(world: World) -> list[object]:
    """The tags of Acme on every side."""
    return [
        next(iter(crm.snapshot()["Account"].values())).get("tags") or ""
        for crm in world.crms.values()
    ]


def tag(world: World, side: str, words: str) -> None:
    """A person gives Acme other tags."""
    account = find(world, side, "Account", name="Acme")
    world.crms[side].edit("Account", account, {"tags": words})


def a_tag_that_one_did_not_take(folder: Path) -> World:
    """The left tagged Acme `new` beside `old`; the right took it, the third was down."""
    world = make_world(folder, ("left", "right", "third"))
    for crm in world.crms.values():
        crm.add_field("Account", TAGS)
    world.crms["left"].insert("Account", {"name": "Acme", "domain": "a.com", "tags": "old"})
    settle(world, 2)
    tag(world, "left", "new;old")
    world.crms["third"].fail_next("apply", VendorDownError("down"))
    world.engine.run(allowed=EVERY_GUARD)
    assert tags(world) == ["new;old", "new;old", "old"]
    return world


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_tag_that_one_side_took_and_another_did_not_can_be_taken_back(
    tmp_path: Path, side: str
) -> None:
    world = a_tag_that_one_did_not_take(tmp_path)
    tag(world, side, "old")
    settle(world, 2)
    assert tags(world) == ["old", "old", "old"]
    assert world.engine.verify().differences == []
    assert world.engine.run().writes == 0


def test_a_tag_that_was_not_taken_is_carried_over_beside_what_people_do_there(
    tmp_path: Path,
) -> None:
    world = a_tag_that_one_did_not_take(tmp_path)
    tag(world, "third", "own")
    settle(world, 2)
    assert tags(world) == ["new;own", "new;own", "new;own"]
    assert world.engine.verify().differences == []


def test_who_is_taken_out_where_he_could_be_named_is_taken_out_everywhere(tmp_path: Path) -> None:
    world = make_world(tmp_path, ("left", "right", "third"))
    left = world.crms["left"]
    ann = left.insert("Contact", {"last_name": "Ann", "email": "ann@x.org"})
    deal = left.insert("Opportunity", {"name": "Deal", "stage": "proposal"})
    settle(world, 2)
    world.crms["third"].delete("Contact", find(world, "third", "Contact", last_name="Ann"))
    settle(world)
    left.associate("Opportunity", deal, "contacts", ann)
    settle(world, 2)
    assert [in_the_deal(world, side) for side in world.crms] == [["Ann"], ["Ann"], []]
    left.dissociate("Opportunity", deal, "contacts", ann)
    settle(world, 2)
    assert [in_the_deal(world, side) for side in world.crms] == [[], [], []]
    assert world.engine.verify().differences == []
