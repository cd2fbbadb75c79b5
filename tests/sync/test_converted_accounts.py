"""A lead converted into a new account while the person's company is in step on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.situations import find, settle
from tests.sync.worlds import World, make_world


def converted(folder: Path, *, belongs: bool = True, **account: str) -> World:
    """Acme on both sides; Zoë, a lead on the left, is converted into an account made for it."""
    world = make_world(folder, leads=("left",))
    left, right = world.crms["left"], world.crms["right"]
    for crm in (left, right):
        crm.insert("Account", {"name": "Acme", "domain": "acme.com"})
    lead = left.insert(
        "Lead", {"last_name": "Quick", "email": "zoe@acme.com", "company_name": "Holding"}
    )
    settle(world, 2)
    if belongs:
        acme = find(world, "right", "Account", name="Acme")
        zoe = find(world, "right", "Contact", email="zoe@acme.com")
        right.edit("Contact", zoe, {"account": acme})
        settle(world)
    left.convert(lead, account_id=None)
    if account:
        left.edit("Account", find(world, "left", "Account", name="Holding"), dict(account))
    settle(world, 2)
    return world


def asked(world: World) -> list[str]:
    """What is asked about accounts."""
    with world.engine.store() as store:
        return [q["message"] for q in store.questions() if q["kind"] == "account"]


@pytest.mark.parametrize("belongs", [True, False])
def test_it_is_asked_and_no_second_company_is_made(belongs: bool, tmp_path: Path) -> None:
    world = converted(tmp_path, belongs=belongs)
    assert len(world.crms["right"].snapshot()["Account"]) == 1
    (question,) = asked(world)
    assert question.startswith("looks like the account of the person whose lead was converted")
    for side in ("left", "right"):
        assert f"{side} Account {find(world, side, 'Account', name='Acme')}" in question


@pytest.mark.parametrize("field", ["domain", "website"])
def test_an_account_with_a_domain_of_its_own_is_another_company(field: str, tmp_path: Path) -> None:
    world = converted(tmp_path, **{field: "holding.org"})
    assert asked(world) == []
    assert find(world, "right", "Account", name="Holding")


def test_a_free_company_that_fits_by_the_keys_comes_before_the_question(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left",), rules={"account": {"match": [["name"]]}})
    left, right = world.crms["left"], world.crms["right"]
    for crm in (left, right):
        crm.insert("Account", {"name": "Acme", "domain": "acme.com"})
    lead = left.insert(
        "Lead", {"last_name": "Quick", "email": "zoe@acme.com", "company_name": "Holding"}
    )
    settle(world)
    left.convert(lead, account_id=None)
    right.insert("Account", {"name": "Holding"})
    settle(world, 2)
    assert asked(world) == []
    assert len(right.snapshot()["Account"]) == 2


def test_a_deal_that_has_its_own_counterpart_is_not_what_the_lead_became(tmp_path: Path) -> None:
    world = make_world(tmp_path, leads=("left",))
    left, right = world.crms["left"], world.crms["right"]
    fields = {"name": "Acme", "domain": "acme.com"}
    acme = {side: crm.insert("Account", fields) for side, crm in world.crms.items()}
    lead = left.insert("Lead", {"last_name": "Quick", "email": "zoe@acme.com"})
    settle(world, 2)
    zoe = find(world, "right", "Contact", email="zoe@acme.com")
    left.convert(lead, account_id=acme["left"], opportunity_name="deal of Zoë")
    engine = {"name": "Engine", "stage": "prospecting"}
    left.insert("Opportunity", {**engine, "account": acme["left"]})
    roles = [{"id": zoe, "role": "", "primary": False}]
    right.insert("Opportunity", {**engine, "account": acme["right"], "contacts": roles})
    settle(world, 2)
    with world.engine.store() as store:
        rows = list(store.rows("kind = 'opportunity' AND state = 'live'"))
        assert store.questions() == []
    named = {(row.entity, row.seen["name"]) for row in rows}
    assert sorted(name for _, name in named) == ["Engine", "deal of Zoë"]
    assert len(rows) == 4
