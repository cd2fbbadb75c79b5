"""The HubSpot sandbox as HubSpot's own client library sees it, over plain HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from hubspot import HubSpot

from sandbox.hubspot import HubSpotSandbox, make
from sandbox.serve import Running

contacts = pytest.importorskip("hubspot.crm.contacts")


@pytest.fixture(scope="module")
def sandbox() -> HubSpotSandbox:
    return make()


@pytest.fixture(scope="module")
def running(sandbox: HubSpotSandbox) -> Iterator[Running]:
    with sandbox.start(tls=False) as made:
        yield made


@pytest.fixture
def client(sandbox: HubSpotSandbox, running: Running) -> Any:
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return HubSpot(
        access_token=sandbox.credentials["token"], host=running.url, retry=urllib3.Retry(0)
    )


@pytest.fixture
def basic(client: Any) -> Iterator[Any]:
    api = client.crm.contacts.basic_api
    yield api
    api.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def batch(client: Any) -> Iterator[Any]:
    api = client.crm.contacts.batch_api
    yield api
    api.api_client.rest_client.pool_manager.clear()


def create(api: Any, **properties: str) -> Any:
    given = contacts.SimplePublicObjectInputForCreate(properties=properties, associations=[])
    return api.create(given)


def test_create_read_update_archive(basic: Any) -> None:
    made = create(basic, email="one@example.com", firstname="One")
    assert made.properties["email"] == "one@example.com"
    changed = contacts.SimplePublicObjectInput(properties={"phone": "1"})
    assert basic.update(made.id, changed).properties["phone"] == "1"
    found = basic.get_by_id(made.id, properties=["phone"], properties_with_history=["phone"])
    assert found.properties["phone"] == "1"
    assert found.properties_with_history["phone"][0].source_type == "INTEGRATION"
    basic.archive(made.id)
    with pytest.raises(contacts.ApiException) as caught:
        basic.get_by_id(made.id)
    assert caught.value.status == 404


def test_a_conflict_is_an_api_exception(basic: Any) -> None:
    made = create(basic, email="two@example.com")
    with pytest.raises(contacts.ApiException) as caught:
        create(basic, email="two@example.com")
    assert caught.value.status == 409
    assert f"Existing ID: {made.id}" in caught.value.body


def test_pages(basic: Any) -> None:
    for number in range(5):
        create(basic, email=f"page{number}@example.com")
    seen: list[str] = []
    after = None
    while True:
        page = basic.get_page(limit=2, after=after)
        seen += [record.id for record in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert len(set(seen)) == len(seen) >= 5


def test_batches_and_their_207(basic: Any, batch: Any) -> None:
    made = create(basic, email="three@example.com")
    inputs = [contacts.SimplePublicObjectId(id=i) for i in (made.id, "999999")]
    given = contacts.BatchReadInputSimplePublicObjectId(
        inputs=inputs, properties=["email"], properties_with_history=[]
    )
    found = batch.read(given)
    assert [r.id for r in found.results] == [made.id]
    assert found.num_errors == 1
    assert found.errors[0].category == "OBJECT_NOT_FOUND"


def test_search(client: Any, basic: Any) -> None:
    made = create(basic, email="four@example.com")
    api = client.crm.contacts.search_api
    wanted = {"propertyName": "email", "operator": "EQ", "value": "four@example.com"}
    request = contacts.PublicObjectSearchRequest(filter_groups=[{"filters": [wanted]}])
    found = api.do_search(request)
    api.api_client.rest_client.pool_manager.clear()
    assert (found.total, found.results[0].id) == (1, made.id)


def test_associations_properties_owners_and_pipelines(
    client: Any, basic: Any, running: Running
) -> None:
    running.admin.post("/seed", json={"records": {"owners": [{"email": "o@example.com"}]}})
    made = create(basic, email="five@example.com")
    company = running.admin.post(
        "/edit", json={"verb": "create", "object_type": "companies", "fields": {"name": "A"}}
    ).json()["id"]
    apis = [
        client.crm.associations.v4.basic_api,
        client.crm.properties.core_api,
        client.crm.owners.owners_api,
        client.crm.pipelines.pipelines_api,
    ]
    links, properties, owners, pipelines = apis
    links.create_default("contacts", made.id, "companies", company)
    found = links.get_page("contacts", made.id, "companies").results
    assert {t.type_id for t in found[0].association_types} == {1, 279}
    assert properties.get_by_name("contacts", "lifecyclestage").type == "enumeration"
    assert owners.get_page(email="o@example.com").results[0].email == "o@example.com"
    assert pipelines.get_all("deals").results[0].id == "default"
    for api in apis:
        api.api_client.rest_client.pool_manager.clear()
