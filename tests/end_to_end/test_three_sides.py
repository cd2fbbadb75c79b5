"""Two HubSpot accounts and one Salesforce org, whatever their names and order, converge."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.demo_data import build
from tests.end_to_end.content import duplicates
from tests.end_to_end.live import Live, live

ORDERS = (
    {"salesforce": "salesforce", "hub_one": "hubspot", "hub_two": "hubspot"},
    {"zulu": "hubspot", "mike": "salesforce", "alpha": "hubspot"},
)


def _shown(world: Live) -> dict[str, dict[str, tuple[object, ...]]]:
    """Per side, what it shows of every entity that is linked on all three: name and phone."""
    by_entity: dict[str, dict[str, tuple[object, ...]]] = {}
    with world.engine(writing=False) as engine, engine.store() as store:
        for row in store.rows("entity IS NOT NULL AND state = 'live' AND kind = 'account'"):
            shown = tuple(row.seen.get(n) for n in ("name", "domain", "phone", "industry"))
            by_entity.setdefault(str(row.entity), {})[row.side] = shown
    return by_entity


@pytest.mark.parametrize("vendors", ORDERS, ids=lambda v: "-".join(v))
def test_three_sides_converge(tmp_path: Path, vendors: dict[str, str]) -> None:
    demo = build(accounts=25, people=80, opportunities=20)
    hubs = [name for name, vendor in vendors.items() if vendor == "hubspot"]
    force = next(name for name, vendor in vendors.items() if vendor == "salesforce")
    with live(tmp_path, vendors) as world:
        world.seed(force, demo.salesforce)
        world.seed(hubs[0], demo.hubspot)
        world.setup()
        for _ in range(3):
            world.run()
            world.pass_time(900)
        assert world.run().writes == 0
        assert duplicates(world) == []
        company = next(e for e, s in _shown(world).items() if len(s) == len(vendors))
        with world.engine(writing=False) as engine, engine.store() as store:
            row = next(r for r in store.by_entities([company])[company] if r.side == hubs[1])
        world.edit(
            hubs[1],
            object_type="companies",
            id=row.id,
            verb="update",
            fields={"phone": "+49 30 901820"},
        )
        world.pass_time(900)
        world.run()
        assert {shown[2] for shown in _shown(world)[company].values()} == {"+4930901820"}
        world.pass_time(900)
        assert world.run().writes == 0
        assert world.verify().unexplained == []
