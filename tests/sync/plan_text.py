"""Prints plans byte for byte, so that other processes can be held against this one:
`python -m tests.sync.plan_text FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from sync.serial import plan_to
from tests.sync.situations import EVERY_GUARD, find, people_edit, two_sides
from tests.sync.worlds import World

_RULES = {
    "account": {"merges": "merge", "deletes": "delete", "fields": {"phone": {"conflict": "hold"}}},
    "person": {"first_link": "latest"},
}


def _more_edits(world: World) -> None:
    """A merge, a conversion, tags on both sides, several candidates and a deal with roles."""
    left, right = world.crms["left"], world.crms["right"]
    globex = find(world, "left", "Account", name="Globex")
    spare = left.insert("Account", {"name": "Spare", "domain": "spare.com", "tags": ["x", "y"]})
    left.merge("Account", globex, [spare])
    left.convert(find(world, "left", "Lead", email="lone@x.org"), opportunity_name="Lone's deal")
    for name in ("One", "Two"):
        right.insert("Contact", {"last_name": name, "email": "same@acme.com"})
    left.insert("Contact", {"last_name": "Which", "email": "same@acme.com"})
    deal = find(world, "left", "Opportunity", name="Deal")
    for crm, words in ((left, ["b", "a", "c"]), (right, ["d", "c"])):
        account = next(i for i, f in crm.snapshot()["Account"].items() if f["name"] == "Acme")
        crm.edit("Account", account, {"tags": words, "description": words[0], "employees": 7})
    for person in ("zoe@acme.com", "hank@globex.com"):
        contact = find(world, "left", "Contact", email=person)
        left.associate("Opportunity", deal, "contacts", contact, label="Influencer")


def text(folder: Path) -> bytes:
    """The plans of a first link, of much work on all sides, and of taking a run back."""
    world = two_sides(folder, rules=_RULES)
    plans = [world.engine.plan()]
    for _ in range(2):
        world.clock.advance(600)
        world.engine.run(allowed=EVERY_GUARD)
    people_edit(world)
    _more_edits(world)
    world.clock.advance(600)
    plans.append(world.engine.plan())
    report = world.engine.run(allowed=EVERY_GUARD)
    plans.append(world.engine.plan_undo(report.run))
    return orjson.dumps([plan_to(plan) for plan in plans], option=orjson.OPT_INDENT_2)


if __name__ == "__main__":
    sys.stdout.buffer.write(text(Path(sys.argv[1])))
