"""Pipelines, stages, currencies and lifecycle between sandboxes over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.live import Live, live

SIDES = {"salesforce": "salesforce", "hubspot": "hubspot"}
PIPELINES = "/crm/v3/pipelines/deals"
CLOSE = "2026-06-30"
STAGES = (
    ("Prospecting", 10), ("Value Proposition", 50), ("Proposal/Price Quote", 75),
    ("Renewal Due", 40), ("Legal Review", 95),
)  # fmt: skip
RENEWALS = {
    "label": "Renewals",
    "displayOrder": 1,
    "stages": [
        {"label": "Due", "displayOrder": 0, "metadata": {"probability": "0.4"}},
        {"label": "Offered", "displayOrder": 1, "metadata": {"probability": "0.8"}},
        {"label": "Renewed", "displayOrder": 2, "metadata": {"probability": "1.0"}},
    ],
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Live]:
    """Two pipelines on both sides: as record types here, as pipelines there."""
    with live(tmp_path, SIDES) as made:
        stages: list[dict[str, Any]] = [{"name": n, "probability": p} for n, p in STAGES]
        won = {"name": "Closed Won", "probability": 100, "forecast": "Closed"}
        stages.append({**won, "closed": True, "won": True})
        names = ("New_Business", "Renewal")
        types = [{"object": "Opportunity", "name": name} for name in names]
        configure(made, "salesforce", stages=stages, record_types=types)
        map_pipelines(made, call(made, "POST", PIPELINES, RENEWALS))
        made.setup()
        yield made


def configure(world: Live, side: str, **options: Any) -> None:
    world.running[side].admin.post("/config", json=options).raise_for_status()


def call(world: Live, method: str, path: str, body: Any = None, side: str = "hubspot") -> Any:
    running = world.running[side]
    headers = {"Authorization": f"Bearer {running.credentials['token']}"}
    answer = running.admin.request(method, f"{running.url}{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json()


def map_pipelines(world: Live, renewals: Mapping[str, Any]) -> None:
    """The mapping files that a person writes for two pipelines."""
    number = renewals["id"]
    due, offered, renewed = (f"{number}:{stage['id']}" for stage in renewals["stages"])
    pipeline = {"values": "pipeline", "unknown": "error"}
    salesforce = {
        "values": {
            "pipeline": {"new_business": "New_Business", "renewal": "Renewal"},
            "stage": {"renewal_due": "Renewal Due"},
        },
        "objects": {
            "Opportunity": {
                "fields": {"pipeline": {"field": "RecordType.DeveloperName", **pipeline}}
            }
        },
    }
    hubspot = {
        "values": {
            "pipeline": {"new_business": "default", "renewal": number},
            "stage": {
                "renewal_due": due,
                "proposal": ["contractsent", offered],
                "closed_won": ["closedwon", renewed],
            },
        },
        "objects": {"deals": {"fields": {"pipeline": {"field": "pipeline", **pipeline}}}},
    }
    config = yaml.safe_load(world.config.read_text("utf-8"))
    for name, document in (("salesforce", salesforce), ("hubspot", hubspot)):
        file = {"vendor": name, "extends": name, **document}
        (world.folder / f"{name}-mapping.yaml").write_text(yaml.safe_dump(file), "utf-8")
        config["sides"][name]["mapping"] = f"{name}-mapping.yaml"
    world.config.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")


def settled(world: Live, runs: int = 2) -> int:
    writes = 0
    for _ in range(runs):
        world.pass_time(900)
        writes = world.run().writes
    return writes


def held(world: Live) -> list[str]:
    """The fields that wait for a person (nobody in HubSpot is the owner here)."""
    with world.engine(writing=False) as engine, engine.store() as store:
        asked = [q["field"] for q in store.questions() if q["cause"] == "held"]
    return sorted(field for field in asked if field != "owner")


def opportunity(world: Live, **fields: Any) -> str:
    given = {"Name": "Deal", "StageName": "Proposal/Price Quote", "CloseDate": CLOSE, **fields}
    return world.edit("salesforce", object_type="Opportunity", verb="create", id=None, fields=given)


def record_type(world: Live, name: str) -> str:
    found = world.dump("salesforce", "RecordType")
    return str(next(row["Id"] for row in found if row["DeveloperName"] == name))


def stage_of(world: Live) -> tuple[str, str]:
    """Pipeline and stage of the one deal, by their labels."""
    (deal,) = world.dump("hubspot", "deals")
    shown = deal["properties"]
    for pipeline in call(world, "GET", PIPELINES)["results"]:
        for stage in pipeline["stages"]:
            if (pipeline["id"], stage["id"]) == (shown["pipeline"], shown["dealstage"]):
                return pipeline["label"], stage["label"]
    raise AssertionError(shown)


def in_salesforce(world: Live) -> dict[str, Any]:
    """The one opportunity, its record type by name."""
    (row,) = world.dump("salesforce", "Opportunity")
    types = {r["Id"]: r["DeveloperName"] for r in world.dump("salesforce", "RecordType")}
    return {**row, "pipeline": types[row["RecordTypeId"]]}


def move(world: Live, pipeline: str, stage: str) -> None:
    """A person moves the deal in HubSpot."""
    for known in call(world, "GET", PIPELINES)["results"]:
        for found in known["stages"]:
            if (known["label"], found["label"]) == (pipeline, stage):
                (deal,) = world.dump("hubspot", "deals")
                fields = {"pipeline": known["id"], "dealstage": found["id"]}
                world.edit("hubspot", object_type="deals", verb="update", id=str(deal["id"]),
                           fields=fields)  # fmt: skip
                return
    raise AssertionError(stage)


def test_a_pipeline_is_a_record_type_and_stages_are_its_own(world: Live) -> None:
    opportunity(world, RecordTypeId=record_type(world, "Renewal"), StageName="Renewal Due")
    assert settled(world) == 0
    assert stage_of(world) == ("Renewals", "Due")
    move(world, "Renewals", "Renewed")
    assert settled(world) == 0
    row = in_salesforce(world)
    assert (row["pipeline"], row["StageName"]) == ("Renewal", "Closed Won")
    derived = ("Probability", "ForecastCategoryName", "IsClosed", "IsWon")
    assert [row[name] for name in derived] == [100.0, "Closed", True, True]


def test_a_deal_goes_into_another_pipeline_and_its_stage_comes_along(world: Live) -> None:
    deal = opportunity(world, RecordTypeId=record_type(world, "New_Business"))
    assert settled(world) == 0
    before = stage_of(world)
    assert before[1] == "Contract Sent"
    world.edit("salesforce", object_type="Opportunity", verb="update", id=deal,
               fields={"RecordTypeId": record_type(world, "Renewal")})  # fmt: skip
    assert settled(world) == 0
    assert stage_of(world) == ("Renewals", "Offered")
    move(world, before[0], "Presentation Scheduled")
    assert settled(world) == 0
    row = in_salesforce(world)
    assert (row["pipeline"], row["StageName"]) == ("New_Business", "Value Proposition")


def test_a_stage_that_the_other_side_lacks_is_held_and_the_rest_goes_on(world: Live) -> None:
    deal = opportunity(world, RecordTypeId=record_type(world, "New_Business"))
    settled(world)
    fields = {"StageName": "Legal Review", "NextStep": "sign"}
    world.edit("salesforce", object_type="Opportunity", verb="update", id=deal, fields=fields)
    world.pass_time(900)
    world.run()
    assert held(world) == ["stage"]
    (shown,) = world.dump("hubspot", "deals")
    assert shown["properties"]["hs_next_step"] == "sign"
    assert stage_of(world)[1] == "Contract Sent"
    assert settled(world) == 0


def test_a_stage_that_salesforce_has_no_longer_is_held(world: Live) -> None:
    """The mapping knows the stage and the API would take it; this org does not have it."""
    opportunity(world, RecordTypeId=record_type(world, "New_Business"))
    assert settled(world) == 0
    move(world, stage_of(world)[0], "Qualified To Buy")
    assert settled(world) == 0
    assert in_salesforce(world)["StageName"] == "Proposal/Price Quote"
    assert held(world) == ["stage"]


@pytest.mark.parametrize("known", [True, False])
def test_an_amount_travels_in_its_currency_or_is_held(tmp_path: Path, known: bool) -> None:
    with live(tmp_path, SIDES) as made:
        configure(made, "salesforce", currency="multi", currencies=["EUR", "USD"])
        if known:
            configure(made, "hubspot", additional_currencies=["USD"])
        made.setup()
        opportunity(made, Amount=1000, CurrencyIsoCode="USD")
        opportunity(made, Name="Other", Amount=500, CurrencyIsoCode="EUR")
        made.pass_time(900)
        made.run()
        found = [deal["properties"] for deal in made.dump("hubspot", "deals")]
        deals = {deal["dealname"]: deal for deal in found}
        assert (deals["Other"]["amount"], deals["Other"]["deal_currency_code"]) == ("500", "EUR")
        shown = deals["Deal"].get("amount"), deals["Deal"].get("deal_currency_code")
        assert shown == (("1000", "USD") if known else (None, None))
        assert held(made) == ([] if known else ["amount"])
        assert settled(made) == 0


ACCOUNTS = {"first": "hubspot", "second": "hubspot"}


def _contact(world: Live, side: str) -> dict[str, Any]:
    (found,) = world.dump(side, "contacts")
    return {"id": str(found["id"]), **found["properties"]}


def _moved_back(world: Live) -> None:
    """Ann is on both sides as a sales qualified lead; a person takes that back on the first."""
    world.setup()
    fields = {"lastname": "Ann", "email": "ann@x.org", "lifecyclestage": "salesqualifiedlead"}
    world.edit("first", object_type="contacts", verb="create", id=None, fields=fields)
    settled(world)
    world.edit("first", object_type="contacts", verb="update", id=_contact(world, "first")["id"],
               fields={"lifecyclestage": "marketingqualifiedlead"})  # fmt: skip


@pytest.mark.parametrize("backward", [True, False])
def test_a_lifecycle_moves_back_only_where_the_rule_says_so(tmp_path: Path, backward: bool) -> None:
    rules = {"person": {"fields": {"lifecycle_stage": {"backward": backward}}}}
    with live(tmp_path, ACCOUNTS, tls=False, rules=rules) as made:
        _moved_back(made)
        assert settled(made) == 0
        wanted = "marketingqualifiedlead" if backward else "salesqualifiedlead"
        assert _contact(made, "second")["lifecyclestage"] == wanted
        assert _contact(made, "first")["lifecyclestage"] == "marketingqualifiedlead"


def test_hubspot_s_silent_refusal_is_told(tmp_path: Path) -> None:
    rules = {"person": {"fields": {"lifecycle_stage": {"backward": True}}}}
    with live(tmp_path, ACCOUNTS, tls=False, rules=rules) as made:
        config = yaml.safe_load(made.config.read_text("utf-8"))
        config["sides"]["second"]["options"] = {"lifecycle_backward": False}
        made.config.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
        _moved_back(made)
        made.pass_time(900)
        (failure,) = made.run().failures
        assert "kept the lifecycle stage" in failure.message
        assert "backward: true" in failure.remedy
        assert _contact(made, "second")["lifecyclestage"] == "salesqualifiedlead"
