"""Clients that nobody here wrote talk to the sandboxes unchanged: six walk the same steps.

The seventh, zeep, reads our WSDL in test_salesforce_soap.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sandbox.hubspot import make
from tests.sandbox.salesforce_kit import running_kit
from tests.sandbox.third_party import node_client
from tests.sandbox.third_party.clients import Client, Fields, Refusal
from tests.sandbox.third_party.node_client import NodeClient

pytestmark = pytest.mark.slow
SEEDED = 250
MISSING_ID = {"salesforce": "003000000000001AAA", "hubspot": "999999"}
EXPECTED = {
    "salesforce": {
        "name": "LastName",
        "bad": {"FirstName": "Nobody"},
        "refusal": Refusal(400, "REQUIRED_FIELD_MISSING"),
        "gone": [Refusal(404, "ENTITY_IS_DELETED"), Refusal(404, "NOT_FOUND")],
        "failure": ["INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "NOT_FOUND"],
    },
    "hubspot": {
        "name": "lastname",
        "bad": {"email": "this is no address"},
        "refusal": Refusal(400, "VALIDATION_ERROR"),
        "gone": [Refusal(404, ""), Refusal(404, "OBJECT_NOT_FOUND")],
        "failure": ["OBJECT_NOT_FOUND"],
    },
}


@contextmanager
def salesforce(client: str) -> Iterator[Client]:
    """A client of an organisation with `SEEDED` contacts, read 100 a page."""
    if client == "aiosalesforce":
        pytest.importorskip(client)
    from tests.sandbox.third_party.salesforce_clients import AioSalesforce, SimpleSalesforce

    with running_kit(page_size=100) as kit:
        kit.external_id("Contact")
        kit.seed(Contact=[{"LastName": f"n{number}"} for number in range(SEEDED)])
        settings = {
            "SANDBOX_URL": kit.running.url,
            "SANDBOX_TOKEN": kit.sign_in(),
            "NODE_EXTRA_CA_CERTS": str(kit.running.ca_file),
        }
        made: dict[str, Callable[[], Client]] = {
            "simple_salesforce": lambda: SimpleSalesforce(kit),
            "aiosalesforce": lambda: AioSalesforce(kit),
            "jsforce": lambda: NodeClient("jsforce_steps.js", settings, os.environ),
        }
        yield made[client]()


@contextmanager
def hubspot(client: str) -> Iterator[Client]:
    """A client of an account with `SEEDED` contacts."""
    if client == "hubspot_sdk":
        pytest.importorskip(client)
    from tests.sandbox.third_party.hubspot_clients import HubspotApiClient, HubspotSdk

    sandbox = make(rate_limits=False, search_lag=0)
    with sandbox.start(tls=False) as running:
        people = [{"email": f"n{number}@example.com"} for number in range(SEEDED)]
        running.admin.post("/seed", json={"records": {"contacts": people}})
        url, token = running.url, sandbox.credentials["token"]
        settings = {"SANDBOX_URL": url, "SANDBOX_TOKEN": token}
        made: dict[str, Callable[[], Client]] = {
            "hubspot_api_client": lambda: HubspotApiClient(url, token),
            "hubspot_sdk": lambda: HubspotSdk(url, token),
            "hubspot_api_client_node": lambda: NodeClient("hubspot_steps.js", settings, os.environ),
        }
        yield made[client]()


CLIENTS = {
    "simple_salesforce": "salesforce",
    "aiosalesforce": "salesforce",
    "jsforce": "salesforce",
    "hubspot_api_client": "hubspot",
    "hubspot_sdk": "hubspot",
    "hubspot_api_client_node": "hubspot",
}
NODE = ("jsforce", "hubspot_api_client_node")


@pytest.fixture(params=CLIENTS)
def named(request: pytest.FixtureRequest) -> Iterator[tuple[str, Client]]:
    """The vendor and a client of it."""
    name: str = request.param
    if name in NODE and node_client.missing():
        pytest.skip(node_client.missing())
    opened = {"salesforce": salesforce, "hubspot": hubspot}[CLIENTS[name]]
    with opened(name) as client:
        yield CLIENTS[name], client
        client.close()


def test_every_step(named: tuple[str, Client]) -> None:
    vendor, client = named
    known = EXPECTED[vendor]
    name = str(known["name"])

    def person(last: str, **more: str) -> Fields:
        return {name: last, **more}

    mail = {"email": "one@example.com"} if vendor == "hubspot" else {}
    earlier = set(client.pages(100))
    one = client.create(person("Doe", **mail))
    assert client.read(one, name) == "Doe"
    client.update(one, person("Roe"))
    assert client.read(one, name) == "Roe"

    client.upsert("key@example.com", person("New"))
    before = client.pages(100)
    client.upsert("key@example.com", person("Newer"))
    after = client.pages(100)
    assert sorted(before) == sorted(after)
    assert len(set(after)) == len(after) == SEEDED + 2
    (two,) = {id_ for id_ in after if id_ not in earlier and id_ != one}
    assert client.read(two, name) == "Newer"

    failures = client.batch(
        [(one, person("Batch")), (MISSING_ID[vendor], person("Nobody")), (two, person("Batch"))]
    )
    assert len(failures) == 1
    assert failures[0] in known["failure"]
    assert client.read(one, name) == "Batch"

    assert client.refused(dict(known["bad"])) == known["refusal"]
    client.delete(one)
    assert client.read(one, name) in known["gone"]
