"""Members of a deal's contacts that cannot stand on another side: the story says which, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.sync.situations import find, settle
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
