"""Situations that many tests of the engine start from: people's data on the sides of a world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sync.worlds import World, make_world


def two_sides(folder: Path, **settings: Any) -> World:
    """Companies with a parent, people and a deal; partly on one side, partly on both."""
    world = make_world(folder, leads=("left",), **settings)
    left, right = world.crms["left"], world.crms["right"]
    for crm in (left, right):
        crm.insert("User", {"name": "Olga", "email": "olga@us.example", "active": True})
    owner = next(iter(left.snapshot()["User"]))
    acme = left.insert(
        "Account", {"name": "Acme", "domain": "acme.com", "industry": "banking", "owner": owner}
    )
    left.insert("Account", {"name": "Acme Labs", "domain": "labs.com", "parent": acme})
    right.insert("Account", {"name": "Acme", "domain": "acme.com", "phone": "+12025550101"})
    globex = right.insert("Account", {"name": "Globex", "domain": "globex.com"})
    zoe = left.insert(
        "Contact",
        {"first_name": "Zoë", "last_name": "Quick", "email": "zoe@acme.com", "account": acme},
    )
    left.insert("Lead", {"last_name": "Lone", "email": "lone@x.org", "company_name": "X"})
    right.insert("Contact", {"last_name": "Quick", "email": "ZOE@acme.com", "title": "CTO"})
    right.insert("Contact", {"last_name": "Hank", "email": "hank@globex.com", "account": globex})
    deal = left.insert(
        "Opportunity",
        {"name": "Deal", "stage": "proposal", "account": acme, "close_date": "2026-05-01"},
    )
    left.associate("Opportunity", deal, "contacts", zoe, label="Decision Maker", primary=True)
    return world


def people_edit(world: World) -> None:
    """After a first run: one-sided, same, conflicting and association-only edits, a delete."""
    left, right = world.crms["left"], world.crms["right"]
    by_mail = find(world, "right", "Contact", email="hank@globex.com")
    right.edit("Contact", by_mail, {"title": "Chief"})
    left.edit("Account", find(world, "left", "Account", name="Acme"), {"phone": "+12025550199"})
    right.edit("Account", find(world, "right", "Account", name="Acme"), {"phone": "+12025550177"})
    deal = find(world, "right", "Opportunity", name="Deal")
    right.associate("Opportunity", deal, "contacts", by_mail)
    left.delete("Account", find(world, "left", "Account", name="Acme Labs"))
    left.insert("Contact", {"last_name": "Newcomer", "email": "new@acme.com"})


def find(world: World, side: str, object_type: str, **wanted: Any) -> str:
    """The id of the one record that shows the wanted values."""
    rows = world.crms[side].snapshot()[object_type]
    found = [i for i, f in rows.items() if all(f.get(k) == v for k, v in wanted.items())]
    assert len(found) == 1, (side, object_type, wanted, found)
    return found[0]


def content(world: World) -> dict[str, list[Any]]:
    """What the sides hold, with ids replaced by stamps, so that two histories can be compared."""
    names: dict[str, str] = {}
    for crm in world.crms.values():
        for rows in crm.snapshot().values():
            for record_id, fields in rows.items():
                names[record_id] = str(fields.get("tieline_id") or fields.get("email"))
    return {
        side: sorted(
            (object_type, repr(_renamed(fields, names)))
            for object_type, rows in crm.snapshot().items()
            for fields in rows.values()
        )
        for side, crm in world.crms.items()
    }


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {k: _renamed(v, names) for k, v in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_renamed(v, names) for v in value), key=repr)
    return names.get(value, value) if isinstance(value, str) else value


def settle(world: World, runs: int = 1, between: Callable[[], None] | None = None) -> None:
    """Some runs, minutes apart, with every guard let pass."""
    for _ in range(runs):
        world.clock.advance(600)
        if between:
            between()
        world.engine.run(allowed=EVERY_GUARD)


EVERY_GUARD = frozenset(
    {"deletes", "changes", "empty", "everything", "ambiguous", "rules", "production"}
)
