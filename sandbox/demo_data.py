"""Believable demo data: one invented world, shown differently by Salesforce and by HubSpot.

Everybody and everything in it is invented; names under real top-level domains are made of
invented words. The same arguments always give the same world::

    world = build()
    salesforce.admin.post("/seed", json=world.salesforce)
    hubspot.admin.post("/seed", json=world.hubspot)
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.demo.companies import add_companies
from sandbox.demo.deals import add_deals
from sandbox.demo.edits import edits, post
from sandbox.demo.owners import add_owners
from sandbox.demo.people import add_people
from sandbox.demo.world import DemoWorld, Draft, Edit, Entity, Row

__all__ = ["DemoWorld", "Edit", "Entity", "Row", "build", "edits", "post"]


def build(
    seed: int = 7, accounts: int = 340, people: int = 2200, opportunities: int = 640
) -> DemoWorld:
    """Invent a world with that many real companies, human beings and deals.

    About 55 % of each are on both sides, 25 % in Salesforce only, 20 % in HubSpot only;
    duplicates within a side come on top. `truth` tells what is what.
    """
    draft = Draft(seed)
    add_owners(draft)
    companies = add_companies(draft, accounts)
    persons = add_people(draft, companies, people)
    add_deals(draft, companies, persons, opportunities)
    world = DemoWorld(
        seed=seed,
        salesforce={"records": draft.salesforce},
        hubspot={"records": draft.hubspot, "associations": draft.associations},
        truth=draft.truth,
    )
    return replace(world, edits=tuple(edits(world)))
