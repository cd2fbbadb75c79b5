"""simple-salesforce, a client that somebody else wrote, against the sandbox over HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceLogin
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from tests.sandbox.salesforce_kit import Kit, running_kit


class ToSandbox(HTTPAdapter):
    """Sends what is meant for a salesforce.com host to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._host = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        request.url = urlsplit(request.url)._replace(netloc=self._host).geturl()  # type: ignore
        return super().send(request, *args, **more)


@pytest.fixture(scope="module")
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        made.external_id("Contact", unique=False)
        yield made


@pytest.fixture
def session(kit: Kit) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.verify = str(kit.running.ca_file)
        made.trust_env = False
        yield made


@pytest.fixture
def client(kit: Kit, session: requests.Session) -> Salesforce:
    token = kit.http.headers["Authorization"].removeprefix("Bearer ")
    return Salesforce(
        session_id=token, instance_url=kit.running.url, session=session, version="60.0"
    )


def test_records_live_and_die(client: Salesforce) -> None:
    made = client.Account.create({"Name": "Acme"})
    assert made["success"] is True
    assert client.Account.get(made["id"])["Name"] == "Acme"
    assert client.Account.update(made["id"], {"Phone": "1"}) == 204
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made["id"])
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Contact.create({"FirstName": "x"})
    assert refused.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"


def test_upserts_and_ambiguous_keys(client: Salesforce) -> None:
    assert client.Contact.upsert("Tieline_Id__c/a", {"LastName": "x"}) == 201
    assert client.Contact.upsert("Tieline_Id__c/a", {"LastName": "y"}) == 200
    assert client.Contact.get_by_custom_id("Tieline_Id__c", "a")["LastName"] == "y"
    client.Contact.create({"LastName": "z", "Tieline_Id__c": "a"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Contact.upsert("Tieline_Id__c/a", {"LastName": "w"})


def test_queries_and_metadata(kit: Kit, client: Salesforce) -> None:
    kit.seed(Lead=[{"LastName": f"n{index}", "Company": "c"} for index in range(4_500)])
    assert client.query_all("SELECT Id FROM Lead")["totalSize"] == 4_500
    assert len(list(client.query_all_iter("SELECT Id FROM Lead"))) == 4_500
    assert {one["name"] for one in client.describe()["sobjects"]} >= {"Account", "Lead", "User"}
    assert client.Lead.describe()["keyPrefix"] == "00Q"
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    assert client.api_usage["api-usage"].total == 100_000
    with pytest.raises(SalesforceMalformedRequest):
        client.query("SELECT Nothing FROM Lead")


def login(kit: Kit, session: requests.Session, **given: Any) -> str:
    session.mount("https://", ToSandbox(kit.running.url))
    token, host = SalesforceLogin(session=session, **given)
    assert host == urlsplit(kit.running.url).netloc
    answer = kit.http.get(
        "/services/data/v60.0/limits", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200
    return token


def test_logging_in_with_client_credentials_and_password(
    kit: Kit, session: requests.Session
) -> None:
    known = kit.sandbox.credentials
    app = {"consumer_key": known["client_id"], "consumer_secret": known["client_secret"]}
    assert login(kit, session, domain="acme.my", **app)
    person = {
        "username": known["username"],
        "password": known["password"] + known["security_token"],
    }
    assert login(kit, session, **person, **app)
    with pytest.raises(SalesforceAuthenticationFailed):
        login(kit, session, **{**person, "password": "wrong"}, **app)


def test_logging_in_with_a_signed_assertion(session: requests.Session) -> None:
    from sandbox.salesforce import make

    sandbox = make()  # the client reads the machine's clock, so this one must too
    with sandbox.start() as running:
        kit = Kit(sandbox, running)
        session.verify = str(running.ca_file)
        known = sandbox.credentials
        assert login(
            kit,
            session,
            username=known["username"],
            consumer_key=known["client_id"],
            privatekey=known["private_key"],
        )
        kit.http.close()
