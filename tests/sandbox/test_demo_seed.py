"""The demo world loads into both sandboxes over HTTP, and its values pass the vendors' checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox import hubspot, salesforce
from sandbox.demo.world import Side
from sandbox.demo_data import DemoWorld, build, post
from sandbox.serve import Running

READ_ONLY = {"hs_email_optout"}
"""Set by an unsubscription only: it can be seeded, and not written over the API."""

Ids = Mapping[str, Sequence[str]]


@dataclass
class Loaded:
    """A sandbox that holds its side of the world."""

    running: Running
    ids: Ids

    def dump(self, object_type: str) -> dict[str, Any]:
        answer = self.running.admin.get("/dump", params={"object_type": object_type})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return build()


@pytest.fixture(scope="module")
def loaded(world: DemoWorld) -> Iterator[dict[Side, Loaded]]:
    with (
        salesforce.make().start(tls=False) as left,
        hubspot.make().start(tls=False) as right,
    ):
        yield {"salesforce": load(left, world.salesforce), "hubspot": load(right, world.hubspot)}


def load(running: Running, body: Mapping[str, Any]) -> Loaded:
    answer = running.admin.post("/seed", json=body)
    assert answer.status_code == 200, answer.text
    return Loaded(running, answer.json()["ids"])


def resolved(value: Any, ids: Ids) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        object_type, _, index = value[1:].partition(":")
        return ids[object_type][int(index)]
    return value


@pytest.mark.parametrize("side", ["salesforce", "hubspot"])
def test_every_seeded_value_is_there(
    world: DemoWorld, loaded: dict[Side, Loaded], side: Side
) -> None:
    body, sandbox = getattr(world, side), loaded[side]
    for object_type, records in body["records"].items():
        rows = {}
        for row in sandbox.dump(object_type)["records"]:
            shown = {"userId": row.get("userIdIncludingInactive"), **row}
            shown |= row.get("properties", {})
            rows[shown.get("Id") or shown["id"]] = shown
        assert len(sandbox.ids[object_type]) == len(records)
        for row_id, record in zip(sandbox.ids[object_type], records, strict=True):
            for name, value in record.items():
                kept = rows[row_id][name]
                assert same(kept, resolved(value, sandbox.ids)), (object_type, name, value, kept)


def same(kept: Any, given: Any) -> bool:
    """Equal, whatever the vendor's form of a moment (`…00.000Z`)."""
    if isinstance(given, str) and given.endswith("T12:00:00Z"):
        return str(kept).startswith(given[:-1])
    return bool(kept == given)


def test_every_association_is_there(world: DemoWorld, loaded: dict[Side, Loaded]) -> None:
    side = loaded["hubspot"]
    shown = {
        (link["from_type"], link["from_id"], link["to_type"], link["to_id"])
        for object_type in ("contacts", "deals")
        for link in side.dump(object_type)["associations"]
    }
    for link in world.hubspot["associations"]:
        ends = resolved(link["from_id"], side.ids), resolved(link["to_id"], side.ids)
        assert (link["from_type"], ends[0], link["to_type"], ends[1]) in shown


def test_people_can_make_every_edit(world: DemoWorld) -> None:
    with (
        salesforce.make().start(tls=False) as left,
        hubspot.make().start(tls=False) as right,
    ):
        sides: dict[Side, Loaded] = {
            "salesforce": load(left, world.salesforce), "hubspot": load(right, world.hubspot)
        }  # fmt: skip
        for edit in world.edits:
            side = sides[edit.side]
            answer = side.running.admin.post("/edit", json=post(edit, side.ids))
            assert answer.status_code == 200, (edit.what, answer.text)
            assert answer.json()["id"]
        gone = next(edit for edit in world.edits if edit.verb == "delete")
        lead = sides["salesforce"].ids["Lead"][gone.ref or 0]
        dumped = sides["salesforce"].dump("Lead")["records"]
        assert [row["IsDeleted"] for row in dumped if row["Id"] == lead] == [True]


@pytest.mark.parametrize("object_type", ["companies", "contacts", "deals"])
def test_hubspot_itself_would_take_every_record(world: DemoWorld, object_type: str) -> None:
    with hubspot.make().start(tls=False) as running:
        seed = {"records": {"owners": world.hubspot["records"]["owners"]}}
        ids = load(running, seed).ids
        token = running.credentials["token"]
        records = [
            {name: resolved(value, ids) for name, value in record.items() if name not in READ_ONLY}
            for record in world.hubspot["records"][object_type]
            if record.get("hubspot_owner_id") != "@owners:7"  # nobody can assign an archived one
        ]
        with client(running, token) as http:
            for start in range(0, len(records), 100):
                inputs = [{"properties": record} for record in records[start : start + 100]]
                answer = http.post(
                    f"/crm/v3/objects/{object_type}/batch/create", json={"inputs": inputs}
                )
                assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("object_type", ["Account", "Contact", "Lead", "Opportunity"])
def test_salesforce_itself_would_take_every_record(world: DemoWorld, object_type: str) -> None:
    users = world.salesforce["records"]["User"]
    accounts = [
        {name: value for name, value in record.items() if name != "ParentId"}
        for record in world.salesforce["records"]["Account"]
    ]
    with salesforce.make().start(tls=False) as running:
        ids = load(running, {"records": {"User": users, "Account": accounts}}).ids
        records = [
            {"attributes": {"type": object_type}}
            | {name: resolved(value, ids) for name, value in record.items()}
            for record in world.salesforce["records"][object_type]
            if record["OwnerId"] != "@User:7"  # nobody can assign an inactive user
        ]
        with client(running, salesforce_token(running)) as http:
            for start in range(0, len(records), 200):
                answer = http.post(
                    "/services/data/v60.0/composite/sobjects",
                    json={"allOrNone": False, "records": records[start : start + 200]},
                    headers={"Sforce-Duplicate-Rule-Header": "allowSave=true"},
                )
                assert answer.status_code == 200, answer.text
                assert [result for result in answer.json() if not result["success"]] == []


def client(running: Running, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=running.url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
    )


def salesforce_token(running: Running) -> str:
    wanted = running.credentials
    answer = httpx.post(
        f"{running.url}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": wanted["client_id"],
            "client_secret": wanted["client_secret"],
        },
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token
