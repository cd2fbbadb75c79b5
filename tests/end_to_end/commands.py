"""The program itself over two sandboxes, on their clock; and all that people see on both sides."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import session
from app.cli import main
from sandbox.demo_data import DemoWorld, build
from tests.app.office import Result
from tests.end_to_end.live import Live, live

SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}
TYPES = {
    "salesforce": ("Account", "Contact", "Lead", "Opportunity"),
    "hubspot": ("companies", "contacts", "deals"),
}
ALLOWED = [
    part
    for guard in ("deletes", "changes", "empty", "everything", "ambiguous", "rules")
    for part in ("--allow", guard)
]
SMALL = {"accounts": 40, "people": 160, "opportunities": 60}
WHOLE: dict[str, int] = {}
"""The demo as `tieline demo` makes it."""

Call = Callable[..., Result]
Cell = tuple[str, str, str, str]
"""Side, object type, record id, vendor field; the field "" stands for the record itself."""
Link = tuple[str, str, str]
"""The record that refers (deal to person to company to its parent), the other one, and how."""
LINK = "association"
"""The object type of the cells that stand for associations."""

_OWN = frozenset({"Tieline_Id__c", "tieline_id"})
_TIMES = frozenset(
    {"LastModifiedDate", "SystemModstamp", "LastModifiedById", "updatedAt", "lastmodifieddate",
     "hs_lastmodifieddate", "LastActivityDate", "IsUnreadByOwner"}
)  # fmt: skip
_COUNTED = frozenset(
    {"num_associated_contacts", "num_associated_deals", "days_to_close", "closed_amount",
     "hs_num_open_deals", "num_contacts", "hs_num_child_companies",
     "hs_full_name_or_email"}
)  # fmt: skip
_UNSEEN = _OWN | _TIMES | _COUNTED
"""What is no content: Tieline's own stamp, the vendors' times of change, the vendors' own sums."""


@dataclass(frozen=True)
class Office:
    """Sandboxes with a world in them, and the program."""

    world: Live
    demo: DemoWorld | None
    call: Call

    def tieline(self, *arguments: str) -> Result:
        """Call the program with this configuration, on the sandboxes' clock."""
        return self.call("--config", str(self.world.config), *arguments)

    def run(self, *arguments: str) -> Any:
        """`tieline run` with every guard let pass; its report. Half an hour passes after it."""
        done = self.tieline("run", "--json", *ALLOWED, *arguments)
        assert done.code in (0, 3), done.err
        self.world.pass_time(1800)
        return done.json

    @property
    def state(self) -> Path:
        """The folder of the state."""
        return self.world.folder / ".tieline"

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the state store, without any code of the program."""
        address = f"file:{self.state / 'state.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as store:
            return list(store.execute(statement, values))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """The program, in this process."""

    def program(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(list(arguments))
        shown = capsys.readouterr()
        return Result(code, shown.out, shown.err)

    return program


@contextmanager
def office(
    folder: Path,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    size: Mapping[str, int] | None = None,
    **settings: Any,
) -> Iterator[Office]:
    """Two sandboxes, with the demo's world of a size or empty, set up."""
    demo = None if size is None else build(**size)
    with live(folder, SIDES, **settings) as world:
        on_its_clock = functools.partial(session.Session, clock=world.clock)
        monkeypatch.setattr(session, "Session", on_its_clock)
        if demo is not None:
            world.seed("salesforce", demo.salesforce)
            world.seed("hubspot", demo.hubspot)
        world.setup()
        world.pass_time(900)
        world.reset_requests()
        yield Office(world, demo, call)


def everything(world: Live) -> dict[Cell, Any]:
    """All that people see on all sides: every field of every living record, and every
    association between living records."""
    found: dict[Cell, Any] = {}
    for side, vendor in world.vendors.items():
        for object_type in TYPES[vendor]:
            for record in world.dump(side, object_type):
                found.update(_cells(side, object_type, record))
        links = _associations if vendor == "hubspot" else _roles
        found.update({(side, LINK, repr(link), ""): link for link in links(world, side, found)})
    return found


def _cells(side: str, object_type: str, record: Mapping[str, Any]) -> Iterator[tuple[Cell, Any]]:
    fields = {
        k: v for k, v in {**record, **record.get("properties", {})}.items() if k != "properties"
    }
    if fields.get("IsDeleted") or fields.get("archived"):
        return
    own = str(record.get("Id") or record.get("id"))
    yield (side, object_type, own, ""), True
    for name, value in fields.items():
        made_of_others = name == "Name" and "LastName" in fields
        if name not in _UNSEEN and not made_of_others and value not in (None, "", {}):
            yield (side, object_type, own, name), value


def _associations(world: Live, side: str, living: Mapping[Cell, Any]) -> Iterator[Link]:
    for object_type in TYPES["hubspot"]:
        answer = world.running[side].admin.get("/dump", params={"object_type": object_type}).json()
        for link in answer.get("associations", ()):
            ends = [(link["from_type"], link["from_id"]), (link["to_type"], link["to_id"])]
            if all((side, kind, str(one), "") in living for kind, one in ends):
                ends.sort(key=lambda end: TYPES["hubspot"].index(end[0]), reverse=True)
                if link["label"] == "Child Company":
                    ends.reverse()
                yield str(ends[0][1]), str(ends[1][1]), repr(sorted(link.items()))


def _roles(world: Live, side: str, living: Mapping[Cell, Any]) -> Iterator[Link]:
    for role in world.dump(side, "OpportunityContactRole"):
        ends = (("Opportunity", role["OpportunityId"]), ("Contact", role["ContactId"]))
        if not role["IsDeleted"] and all((side, *end, "") in living for end in ends):
            words = f"{role.get('Role')} {role['IsPrimary']}"
            yield role["OpportunityId"], role["ContactId"], words


def differences(before: Mapping[Cell, Any], after: Mapping[Cell, Any]) -> dict[Cell, Any]:
    """Where two contents differ: cell -> (before, after)."""
    cells = before.keys() | after.keys()
    return {c: (before.get(c), after.get(c)) for c in cells if before.get(c) != after.get(c)}


def configure(place: Office, side: str, **options: Any) -> None:
    """Set options of a sandbox."""
    place.world.running[side].admin.post("/config", json=options).raise_for_status()


def change(place: Office, side: str, object_type: str, own: str, **fields: Any) -> None:
    """A person changes fields of a record; a minute passes."""
    place.world.edit(side, object_type=object_type, id=own, verb="update", fields=fields)
    place.world.pass_time(60)


def add(place: Office, side: str, object_type: str, **fields: Any) -> str:
    """A person makes a record; its id. A minute passes."""
    made = place.world.edit(side, object_type=object_type, id=None, verb="create", fields=fields)
    place.world.pass_time(60)
    return made


def living(place: Office, side: str, object_type: str) -> list[dict[str, Any]]:
    """The records of an object type that are not deleted, their fields on one level."""
    found = [{**r, **r.get("properties", {})} for r in place.world.dump(side, object_type)]
    return [r for r in found if not (r.get("IsDeleted") or r.get("archived"))]
