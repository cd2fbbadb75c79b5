"""A record that is made where what it names is not there yet gets it as soon as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Create
from connectors.memory import MemoryConnector
from core.errors import RejectedError, VendorDownError
from tests.sync.situations import find
from tests.sync.test_moves import causes
from tests.sync.test_owed import DAY, THREE, at_rest, once, shown
from tests.sync.worlds import World, make_world

SIDES = [THREE[:2], THREE]


class DiedError(BaseException):
    """The process dies: nothing below may catch it."""


class Dying(MemoryConnector):
    """Its process dies before the answer to the first creation of one object type is used."""

    object_type = ""

    def apply(self, object_type: str, writes: Any) -> Any:
        outcomes = super().apply(object_type, writes)
        if object_type == self.object_type:
            raise DiedError
        return outcomes


# -- accidents of the creation of one object type on the last side -----------------------------


def lost(world: World, side: str, object_type: str) -> None:
    """The side makes the records, and its answer is lost."""
    with_answers = MemoryConnector.apply

    def apply(self: MemoryConnector, name: str, writes: Any) -> Any:
        if self.name == side and name == object_type:
            world.crms[side].lose_next_answer()
        return with_answers(self, name, writes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryConnector, "apply", apply)
        once(world)


def killed(world: World, side: str, object_type: str) -> None:
    """The side makes the records, and the process dies."""
    dying = Dying(world.crms[side], name=side)
    dying.object_type = object_type
    world.connectors[side] = dying
    with pytest.raises(DiedError):
        once(world)
    world.connectors.clear()


def down(world: World, side: str, object_type: str) -> None:
    """The side is down from then on."""
    with_answers = MemoryConnector.apply

    def apply(self: MemoryConnector, name: str, writes: Any) -> Any:
        if self.name == side and name == object_type:
            raise VendorDownError("down")
        return with_answers(self, name, writes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryConnector, "apply", apply)
        once(world)


def refused(world: World, side: str, object_type: str) -> None:
    """The side refuses to make the records, this once."""
    error = RejectedError("locked", vendor_code="LOCKED")
    made = lambda name, write: name == object_type and isinstance(write, Create)  # noqa: E731
    world.crms[side].refuse(lambda name, write: error if made(name, write) else None)
    once(world)
    world.crms[side].clear_faults()


ACCIDENTS = [lost, killed, down, refused]
Accident = Callable[[World, str, str], None]


# -- what is new -------------------------------------------------------------------------------


def company(world: World, name: str = "Acme", **fields: Any) -> str:
    return world.crms["left"].insert("Account", {"name": name, "domain": f"{name}.com", **fields})


def contact(world: World, name: str = "ann", **fields: Any) -> str:
    return world.crms["left"].insert(
        "Contact", {"last_name": name, "email": f"{name}@x.org", **fields}
    )


def deal(world: World, *contacts: str, **fields: Any) -> str:
    left = world.crms["left"]
    made = left.insert("Opportunity", {"name": "Deal", "stage": "proposal", **fields})
    for each in contacts:
        left.associate("Opportunity", made, "contacts", each)
    return made


def deal_with_a_contact(world: World) -> None:
    deal(world, contact(world))


def deal_with_two_contacts(world: World) -> None:
    deal(world, contact(world), contact(world, "ben"))


def deal_of_a_company(world: World) -> None:
    deal(world, account=company(world))


def contact_of_a_company(world: World) -> None:
    contact(world, account=company(world))


def unit_of_a_company(world: World) -> None:
    company(world, "Unit", parent=company(world))


def everything(world: World) -> None:
    acme = company(world)
    ann, ben = contact(world, account=acme), contact(world, "ben")
    deal(world, ann, ben, account=acme)


NEWS = [
    (deal_with_a_contact, "Contact"),
    (deal_with_two_contacts, "Contact"),
    (deal_of_a_company, "Account"),
    (contact_of_a_company, "Account"),
    (unit_of_a_company, "Account"),
    (everything, "Account"),
    (everything, "Contact"),
]


def named(world: World, side: str) -> list[Any]:
    """What the records of a side say, with what they name by its name."""
    records = world.crms[side].snapshot()
    called = {
        i: f.get("name") or f.get("last_name")
        for found in records.values()
        for i, f in found.items()
    }
    return sorted(
        (
            object_type,
            called[i],
            called.get(f.get("account")),
            called.get(f.get("parent")),
            sorted(called[c["id"]] for c in f.get("contacts") or ()),
        )
        for object_type in ("Account", "Contact", "Opportunity")
        for i, f in records[object_type].items()
    )


def in_step(world: World) -> None:
    """All sides say the same, none made anything twice, and nothing is left to do."""
    at_rest(world)
    wanted = named(world, "left")
    assert [named(world, side) for side in world.crms] == [wanted] * len(world.crms)
    assert causes(world) == []


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize(("news", "object_type"), NEWS, ids=[f"{n.__name__}-{o}" for n, o in NEWS])
@pytest.mark.parametrize("sides", SIDES, ids=["two", "three"])
@pytest.mark.parametrize("place", ["first", "last"])
def test_what_it_names_is_written_once_it_is_there(
    tmp_path: Path,
    sides: Sequence[str],
    news: Callable[[World], None],
    object_type: str,
    accident: Accident,
    place: str,
) -> None:
    order = sides if place == "last" else ("a_third", *sides[:-1])
    world = make_world(tmp_path, order)
    once(world)
    news(world)
    accident(world, "a_third" if place == "first" else sides[-1], object_type)
    in_step(world)


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize(("news", "object_type"), NEWS, ids=[f"{n.__name__}-{o}" for n, o in NEWS])
def test_nor_is_it_forgotten_where_the_others_had_settled_it_before(
    tmp_path: Path, news: Callable[[World], None], object_type: str, accident: Accident
) -> None:
    world = make_world(tmp_path, THREE)
    once(world)
    news(world)
    world.crms["third"].fail_next("apply", VendorDownError("down"))
    once(world)
    accident(world, "third", object_type)
    in_step(world)


def test_a_deal_that_two_sides_had_before_gets_its_company_in_the_end(tmp_path: Path) -> None:
    world = make_world(tmp_path, THREE)
    once(world)
    deal_of_a_company(world)
    world.crms["third"].fail_next("apply", VendorDownError("down"))
    once(world)
    lost(world, "third", "Account")
    in_step(world)


@pytest.mark.parametrize("sides", SIDES, ids=["two", "three"])
@pytest.mark.parametrize("accident", [lost, killed])
@pytest.mark.parametrize("account", [False, True])
def test_when_the_answers_about_both_are_lost(
    tmp_path: Path, sides: Sequence[str], accident: Accident, account: bool
) -> None:
    """The deal is found there with one contact of two: nobody has taken the other one out."""
    world = make_world(tmp_path, sides)
    once(world)
    ben = contact(world, "ben")
    once(world)
    acme = {"account": company(world)} if account else {}
    deal(world, contact(world), ben, **acme)
    side = sides[-1]
    for _ in range(2 if account else 1):
        world.crms[side].lose_next_answer()
    accident(world, side, "Opportunity")
    in_step(world)
    assert named(world, "left")[-1][-1] == ["ann", "ben"]


SCOPE: dict[str, Any] = {
    "account": [{"field": "industry", "equals": "banking"}],
    "person": [{"field": "title", "equals": "Boss"}],
}


@pytest.mark.parametrize("accident", [None, *ACCIDENTS])
@pytest.mark.parametrize("sides", SIDES, ids=["two", "three"])
def test_what_takes_part_only_later_is_written_then(
    tmp_path: Path, sides: Sequence[str], accident: Accident | None
) -> None:
    world = make_world(tmp_path, sides, side={sides[-1]: {"scope": SCOPE}})
    left = world.crms["left"]
    acme = company(world, industry="retail")
    ann, ben = contact(world), contact(world, "ben", title="Boss")
    once(world)
    deal(world, ann, ben, account=acme)
    if accident:
        accident(world, sides[-1], "Opportunity")
    for _ in range(3):
        once(world, 2 * DAY)
    assert named(world, sides[-1])[-1][2:] == (None, None, ["ben"])
    assert world.engine.verify().unexplained == []
    left.edit("Account", acme, {"industry": "banking"})
    left.edit("Contact", ann, {"title": "Boss"})
    in_step(world)
    assert named(world, "left")[-1][2:] == ("Acme", None, ["ann", "ben"])


@pytest.mark.parametrize("sides", SIDES, ids=["two", "three"])
def test_a_unit_whose_company_was_refused_before_gets_it_in_the_end(
    tmp_path: Path, sides: Sequence[str]
) -> None:
    world = make_world(tmp_path, sides)
    once(world)
    acme = company(world)
    error = RejectedError("locked", vendor_code="LOCKED", retryable=False)
    world.crms[sides[-1]].refuse(lambda name, _write: error if name == "Account" else None)
    once(world)
    world.crms[sides[-1]].clear_faults()
    company(world, "Unit", parent=acme)
    once(world)
    assert len(world.crms[sides[-1]].snapshot()["Account"]) == 1
    in_step(world)


@pytest.mark.parametrize("side", THREE)
@pytest.mark.parametrize("news", [deal_with_a_contact, deal_with_two_contacts])
def test_who_is_taken_out_while_the_side_lacks_them_stays_out(
    tmp_path: Path, news: Callable[[World], None], side: str
) -> None:
    world = make_world(tmp_path, THREE)
    once(world)
    news(world)
    lost(world, "third", "Contact")
    if side != "third":
        crm = world.crms[side]
        record = find(world, side, "Opportunity")
        ann = find(world, side, "Contact", last_name="ann")
        crm.dissociate("Opportunity", record, "contacts", ann)
    in_step(world)
    wanted = ["ben"] if news is deal_with_two_contacts else []
    assert named(world, "left")[-1][-1] == (wanted if side != "third" else sorted(["ann", *wanted]))


@pytest.mark.parametrize("side", THREE[:2])
def test_who_is_taken_out_after_the_answers_about_both_were_lost_stays_out(
    tmp_path: Path, side: str
) -> None:
    world = make_world(tmp_path, THREE)
    once(world)
    known = contact(world, "cyd")
    once(world)
    deal(world, contact(world, "dan"), known)
    world.crms["third"].lose_next_answer()
    lost(world, "third", "Opportunity")
    cyd = find(world, side, "Contact", last_name="cyd")
    record = find(world, side, "Opportunity")
    world.crms[side].dissociate("Opportunity", record, "contacts", cyd)
    in_step(world)
    assert named(world, "left")[-1][-1] == ["dan"]


@pytest.mark.parametrize("sides", SIDES, ids=["two", "three"])
@pytest.mark.parametrize("accident", [None, lost, down])
def test_a_value_that_the_side_did_not_offer_is_written_once_it_does(
    tmp_path: Path, sides: Sequence[str], accident: Accident | None
) -> None:
    world = make_world(tmp_path, sides)
    crm = world.crms[sides[-1]]
    offered = crm.schema("Account").fields["industry"]
    fewer = tuple(v for v in offered.picklist if v.value != "banking")
    crm.add_field("Account", replace(offered, picklist=fewer))
    once(world)
    company(world, industry="banking")
    if accident:
        accident(world, sides[-1], "Account")
    for _ in range(2):
        once(world)
    assert find(world, sides[-1], "Account", name="Acme")
    crm.add_field("Account", offered)
    in_step(world)
    assert shown(world, "Account", "industry", name="Acme") == ["banking"] * len(sides)


def test_the_story_says_what_happened(tmp_path: Path) -> None:
    world = make_world(tmp_path, THREE)
    once(world)
    deal_with_a_contact(world)
    ann = find(world, "left", "Contact")
    lost(world, "third", "Contact")
    waits = story(world)
    assert waits[:2] == (False, "third")
    assert waits[2].startswith(
        "third shows it; what the others have is not taken there:"
        f" left Contact {ann} has no record on third"
    )
    assert waits[3] == ["not written"]
    once(world)
    made = "updated by Tieline: additions and removals of left are combined"
    assert story(world) == (True, "left", made, ["not written", "written"])


def story(world: World) -> tuple[bool, str, str, list[str]]:
    """What is told of the contacts of the third side's deal: whether they are settled, which side
    spoke, how, and what happened there."""
    record = find(world, "third", "Opportunity")
    told = world.engine.why("third", record, object_type="Opportunity", name="contacts")
    here = next(o for o in told.origins if o.side == "third")
    happened = [e.what for e in told.entries if (e.side, e.field) == ("third", "contacts")]
    return here.settled, here.source, here.how, happened


@pytest.mark.parametrize("accident", [lost, killed])
def test_roles_kept_as_hashes_go_on_after_the_answer_was_lost(
    tmp_path: Path, accident: Accident
) -> None:
    privacy = {"values": "hashed", "personal": ["person.email", "opportunity.contacts"]}
    world = make_world(tmp_path, THREE, privacy=privacy)
    ann = contact(world)
    once(world)
    deal(world, ann)
    accident(world, "third", "Opportunity")
    in_step(world)
