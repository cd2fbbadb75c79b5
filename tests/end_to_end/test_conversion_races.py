"""Conversions over HTTP beside what HubSpot does by itself, whenever that happens; and conversions
that HubSpot asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.wiring import workshop
from config.load import load_config
from sync.model import Report
from tests.end_to_end.commands import (
    SIDES,
    Call,
    Office,
    add,
    change,
    everything,
    living,
    office,
)
from tests.end_to_end.live import EVERY_GUARD, Live, live

MAIL = "zoe@acme-corp.com"
STEPS = {
    "before our run": None,
    "while we read the companies": ("read", "companies"),
    "while we read the people": ("read", "contacts"),
    "while we write the company": ("write", "companies"),
    "while we write the person": ("write", "contacts"),
    "after our run": ("", ""),
}
QUICK = ("while we read the companies", "while we write the company")


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


@pytest.mark.parametrize(
    "moment", [pytest.param(m, marks=[] if m in QUICK else pytest.mark.slow) for m in STEPS]
)
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
        # one company: a second one only where HubSpot makes it while ours is being written
        own = [c["name"] for c in companies if c["hs_object_source"] == "INTEGRATION"]
        assert len(companies) == 1 or own == ["Acme Holding"], companies
        assert len(companies) == 1 + (moment == "while we write the company")
        with world.engine(writing=False) as engine, engine.store() as store:
            asked = [q["cause"] for q in store.questions() if q["kind"] == "account"]
        assert asked.count("resembles") == len(companies) - 1
        world.pass_time(900)
        assert world.run().writes == 0
        assert world.verify().unexplained == []


def _ready_lead(place: Office, **lead: Any) -> tuple[str, str]:
    """A lead that HubSpot has too, where its company is known; the ids of lead and contact."""
    own = add(
        place, "salesforce", "Lead", LastName="Quick", Email=MAIL, Company="Acme Holding", **lead
    )
    place.run()
    contact = str(living(place, "hubspot", "contacts")[0]["id"])
    company = add(place, "hubspot", "companies", name="Acme Group", domain="acme-corp.com")
    place.world.edit(
        "hubspot", object_type="contacts", id=contact, verb="associate",
        to_type="companies", to_id=company, primary=True,
    )  # fmt: skip
    place.world.pass_time(900)
    return own, contact


@pytest.mark.parametrize("queue", [False, True], ids=["owned by a user", "owned by a queue"])
def test_hubspot_asks_for_a_conversion_into_the_company_that_it_knows(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, queue: bool
) -> None:
    rule = {"when": [{"field": "lifecycle_stage", "at_least": "sql"}], "opportunity": True}
    with office(tmp_path, call, monkeypatch) as place:
        settings(place, convert=rule, fallback_owner="hanna@people.example")
        user, group = _owners(place)
        owner = {"OwnerId": group if queue else user}
        lead, contact = _ready_lead(place, **owner)
        change(place, "hubspot", "contacts", contact, lifecyclestage="salesqualifiedlead")
        for _ in range(3):
            place.run()
        accounts, contacts, deals = (
            living(place, "salesforce", name) for name in ("Account", "Contact", "Opportunity")
        )
        assert [a["Name"] for a in accounts] == ["Acme Group"]
        assert [c["AccountId"] for c in contacts] == [accounts[0]["Id"]]
        assert [d["AccountId"] for d in deals] == [accounts[0]["Id"]]
        found = next(r for r in living(place, "salesforce", "Lead") if r["Id"] == lead)
        assert found["ConvertedContactId"] == contacts[0]["Id"]
        assert contacts[0]["OwnerId"] == user
        assert [len(living(place, "hubspot", n)) for n in ("companies", "contacts", "deals")] == [
            1, 1, 1,
        ]  # fmt: skip
        converted = place.sql("SELECT record_id FROM ops WHERE verb = 'convert' AND state = 'done'")
        assert len(converted) == 1
        before = everything(place.world)
        assert place.run()["writes"] == 0
        assert place.run("--full")["writes"] == 0
        assert everything(place.world) == before
        assert place.tieline("verify").code == 0


def settings(place: Office, **force: Any) -> None:
    """Add settings to the Salesforce side of the configuration."""
    data = yaml.safe_load(place.world.config.read_text(encoding="utf-8"))
    data["sides"]["salesforce"].update(force)
    place.world.config.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def _owners(place: Office) -> tuple[str, str]:
    """A user that both sides know, and a queue that leads may belong to; their ids."""
    hanna = {"Email": "hanna@people.example", "LastName": "Okafor", "IsActive": True,
             "Username": "hanna@people.example"}  # fmt: skip
    queue = {"Name": "Inbound", "DeveloperName": "Inbound", "Type": "Queue"}
    place.world.seed("salesforce", {"records": {"User": [hanna], "Group": [queue]}})
    owner = {"email": "hanna@people.example", "firstName": "Hanna", "lastName": "Okafor"}
    place.world.seed("hubspot", {"records": {"owners": [owner]}})
    found = place.world.ids["salesforce"]
    return found["User"][0], found["Group"][0]


def test_an_undo_names_the_conversion_and_the_merge_that_it_leaves(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"when": [{"field": "lifecycle_stage", "at_least": "sql"}]}
    rules = {"account": {"merges": "merge"}}
    with office(tmp_path, call, monkeypatch, rules=rules) as place:
        settings(place, convert=rule, fallback_owner="hanna@people.example")
        user, _ = _owners(place)
        twins = [
            (add(place, "salesforce", "Account", Name=n, Website=f"https://{n}.example.com"),
             add(place, "hubspot", "companies", name=n, domain=f"{n}.example.com"))
            for n in ("one", "two")
        ]  # fmt: skip
        _, contact = _ready_lead(place, OwnerId=user)
        place.run()
        change(place, "hubspot", "contacts", contact, lifecyclestage="salesqualifiedlead")
        place.world.edit("salesforce", object_type="Account", id=twins[0][0], verb="merge",
                         fields={"losers": [twins[1][0]]})  # fmt: skip
        place.world.pass_time(900)
        run = place.run()
        done = place.sql(
            "SELECT verb FROM ops WHERE run = ? AND state = 'done' ORDER BY verb", run["run"]
        )
        assert {verb for (verb,) in done} >= {"convert", "merge"}
        for _ in range(2):
            place.run()
        before = everything(place.world)
        plan = place.tieline("undo", run["run"], "--json").json
        left = {q["message"].partition(": ")[2] for q in plan["questions"]}
        assert {"a convert cannot be taken back", "a merge cannot be taken back"} <= left
        assert not [a for a in plan["actions"] if a["verb"] not in ("update", "archive")]
        shown = place.tieline("undo", run["run"]).out
        assert "a convert cannot be taken back" in shown
        undone = place.tieline("undo", run["run"], "--apply", "--json")
        assert undone.code == 3
        place.world.pass_time(900)
        records = {c[:3] for c in before if not c[3]}
        assert {c[:3] for c in everything(place.world) if not c[3]} == records
        for _ in range(2):
            assert place.run()["writes"] == 0
