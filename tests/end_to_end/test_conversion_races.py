"""Conversions over HTTP beside what HubSpot does by itself, whenever that happens; and conversions
that HubSpot asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.wiring import workshop
from config.load import load_config
from sync.model import Report
from tests.end_to_end.commands import SIDES, Call, Office, add, change, configure, living, office
from tests.end_to_end.live import CREATE_AS, EVERY_GUARD, Live, live

MAIL = "zoe@acme-corp.com"
STEPS = {
    "before our run": None,
    "while we read the companies": ("read", "companies"),
    "while we read the people": ("read", "contacts"),
    "while we write the company": ("write", "companies"),
    "while we write the person": ("write", "contacts"),
    "after our run": ("", ""),
}


def _by_itself(world: Live) -> None:
    """The moment comes at which HubSpot makes a company of the address of a new contact."""
    world.pass_time(2 * 3600)
    world.running["hubspot"].admin.get("/dump", params={"object_type": "companies"})


def _of(world: Live, side: str, object_type: str) -> list[dict[str, Any]]:
    found = [{**r, **r.get("properties", {})} for r in world.dump(side, object_type)]
    return [r for r in found if not (r.get("IsDeleted") or r.get("archived"))]


def _run(world: Live, at: tuple[str, str] | None, what: Callable[[], None]) -> Report:
    """One run, in the middle of which something happens."""
    waiting = [at]

    def progress(step: str, _side: str, object_type: str, _number: int) -> None:
        if (step, object_type) in waiting:
            waiting.clear()
            what()

    with workshop(load_config(world.config), world.clock, writing=True) as shop:
        return shop.engine(progress).run(allowed=EVERY_GUARD)


@pytest.mark.parametrize("moment", STEPS)
def test_a_company_that_hubspot_makes_at_any_moment_is_not_made_again(
    tmp_path: Path, moment: str
) -> None:
    with live(tmp_path, SIDES) as world:
        world.setup()
        late = {"auto_associate": True, "auto_associate_delay": 2 * 3600}
        world.running["hubspot"].admin.post("/config", json=late).raise_for_status()
        lead = world.edit(
            "salesforce", object_type="Lead", id=None, verb="create",
            fields={"LastName": "Quick", "Email": MAIL, "Company": "Acme Holding"},
        )  # fmt: skip
        world.run()
        world.pass_time(900)
        world.edit(
            "salesforce", object_type="Lead", id=lead, verb="convert",
            fields={"opportunityName": "Acme: first deal"},
        )  # fmt: skip
        at = STEPS[moment]
        if at is None:
            _by_itself(world)
        _run(world, at, lambda: _by_itself(world))
        if at == ("", ""):
            world.pass_time(900)
            _by_itself(world)
        for _ in range(4):
            world.pass_time(900)
            world.run()
        assert len(_of(world, "salesforce", "Account")) == 1
        assert len(_of(world, "salesforce", "Contact")) == 1
        assert len(_of(world, "hubspot", "contacts")) == 1
        deals = [d["dealname"] for d in _of(world, "hubspot", "deals")]
        assert deals == [o["Name"] for o in _of(world, "salesforce", "Opportunity")]
        assert deals == ["Acme: first deal"]
        companies = _of(world, "hubspot", "companies")
        # of ours there is one, or none where HubSpot was first
        assert sum(c["hs_object_source"] == "INTEGRATION" for c in companies) <= 1, companies
        by_itself = at is not None and len(companies) - 1
        assert len(companies) == 1 + bool(by_itself)
        world.pass_time(900)
        assert world.run().writes == 0
        assert world.verify().unexplained == []
        print(moment, [(c["name"], c.get("domain"), c["hs_object_source"]) for c in companies])
