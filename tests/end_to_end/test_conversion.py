"""A lead converted by a person in Salesforce makes no second company, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.live import Live, live

SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}


def _live(world: Live, side: str, object_type: str) -> list[dict[str, Any]]:
    found = [{**r.get("properties", {}), **r} for r in world.dump(side, object_type)]
    return [r for r in found if not (r.get("IsDeleted") or r.get("archived"))]


def _configure(world: Live, **options: Any) -> None:
    world.running["hubspot"].admin.post("/config", json=options).raise_for_status()


@pytest.mark.parametrize("made_by", ["a person", "HubSpot itself"])
def test_a_converted_lead_s_company_is_not_made_twice(tmp_path: Path, made_by: str) -> None:
    with live(tmp_path, SIDES) as world:
        world.seed("salesforce", {"records": {"User": []}})
        world.setup()
        lead = world.edit(
            "salesforce",
            object_type="Lead",
            id=None,
            verb="create",
            fields={"LastName": "Quick", "Email": "zoe@acme-corp.com", "Company": "Acme Holding"},
        )
        if made_by == "HubSpot itself":
            _configure(world, auto_associate=True)
        world.run()
        world.pass_time(900)
        if made_by == "a person":
            world.edit(
                "hubspot",
                object_type="companies",
                id=None,
                verb="create",
                fields={"name": "Acme Group", "domain": "acme-corp.com"},
            )
        world.edit(
            "salesforce",
            object_type="Lead",
            id=lead,
            verb="convert",
            fields={"convertedStatus": "Closed - Converted"},
        )
        for _ in range(3):
            world.run()
            world.pass_time(900)
        assert len(_live(world, "salesforce", "Account")) == 1
        assert len(_live(world, "hubspot", "companies")) == 1
        assert len(_live(world, "hubspot", "contacts")) == 1
        assert len(_live(world, "hubspot", "deals")) == len(
            _live(world, "salesforce", "Opportunity")
        )
        assert world.run().writes == 0
        assert world.verify().unexplained == []


@pytest.mark.parametrize("opportunity", [True, False])
def test_lead_status_and_lifecycle_follow_though_a_contact_has_neither(
    tmp_path: Path, opportunity: bool
) -> None:
    with live(tmp_path, SIDES) as world:
        world.setup()
        fields = {"LastName": "Quick", "Email": "zoe@acme-corp.com", "Company": "Acme"}
        lead = world.edit("salesforce", object_type="Lead", id=None, verb="create", fields=fields)
        world.run()
        world.pass_time(900)
        (contact,) = _live(world, "hubspot", "contacts")
        world.edit(
            "hubspot", object_type="contacts", id=contact["id"], verb="update",
            fields={"lifecyclestage": "marketingqualifiedlead"},
        )  # fmt: skip
        world.edit(
            "salesforce", object_type="Lead", id=lead, verb="convert",
            fields={"doNotCreateOpportunity": not opportunity},
        )  # fmt: skip
        for _ in range(2):
            world.run()
            world.pass_time(900)
        (contact,) = _live(world, "hubspot", "contacts")
        assert contact["hs_lead_status"] == "OPEN_DEAL"
        reached = "opportunity" if opportunity else "salesqualifiedlead"
        assert contact["lifecyclestage"] == reached
        world.edit(
            "hubspot", object_type="contacts", id=contact["id"], verb="update",
            fields={"hs_lead_status": "CONNECTED", "lifecyclestage": "customer"},
        )  # fmt: skip
        assert [world.run().writes for _ in range(2)] == [0, 0]  # people go on from there
        (contact,) = _live(world, "hubspot", "contacts")
        assert (contact["hs_lead_status"], contact["lifecyclestage"]) == ("CONNECTED", "customer")
        assert world.verify().unexplained == []
