"""simple-salesforce and aiosalesforce behind the steps of `clients`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceMalformedRequest

from tests.sandbox.salesforce_kit import DATA, Kit
from tests.sandbox.third_party.clients import KEY, Fields, Refusal, code_of

NAMED = KEY["salesforce"]


class SimpleSalesforce:
    """simple-salesforce, over requests."""

    def __init__(self, kit: Kit) -> None:
        self._session = requests.Session()
        self._session.verify = str(kit.running.ca_file)
        self._session.trust_env = False
        token = kit.sign_in()
        self._client = Salesforce(
            session_id=token, instance_url=kit.running.url, session=self._session, version="60.0"
        )
        self._contacts = self._client.Contact

    def create(self, fields: Fields) -> str:
        return str(self._contacts.create(fields)["id"])

    def read(self, id_: str, name: str) -> str | Refusal:
        try:
            return str(self._contacts.get(id_)[name])
        except SalesforceError as error:
            return Refusal(error.status, code_of(error.content))

    def update(self, id_: str, fields: Fields) -> None:
        self._contacts.update(id_, fields)

    def upsert(self, key: str, fields: Fields) -> None:
        self._contacts.upsert(f"{NAMED}/{key}", fields)

    def pages(self, size: int) -> list[str]:
        found = self._client.query_all_iter("SELECT Id FROM Contact")
        return [row["Id"] for row in found]

    def batch(self, updates: Sequence[tuple[str, Fields]]) -> list[str]:
        rows = [{"attributes": {"type": "Contact"}, "Id": i, **fields} for i, fields in updates]
        answers = self._client.restful(
            "composite/sobjects", method="PATCH", json={"allOrNone": False, "records": rows}
        )
        return [one["errors"][0]["statusCode"] for one in answers if not one["success"]]

    def refused(self, fields: Fields) -> Refusal:
        try:
            self._contacts.create(fields)
        except SalesforceMalformedRequest as error:
            return Refusal(error.status, code_of(error.content))
        raise AssertionError("this should have been refused")

    def delete(self, id_: str) -> None:
        self._contacts.delete(id_)

    def close(self) -> None:
        self._session.close()


class _ToSandbox(httpx.AsyncHTTPTransport):
    """Sends what is meant for a salesforce.com host to the sandbox."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(verify=ssl.create_default_context(cafile=str(kit.running.ca_file)))
        parts = urlsplit(kit.running.url)
        self._host, self._port = parts.hostname, parts.port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host=self._host, port=self._port)
        request.headers["Host"] = f"{self._host}:{self._port}"
        return await super().handle_async_request(request)


class AioSalesforce:
    """aiosalesforce, over httpx, which signs in with the client credentials by itself."""

    def __init__(self, kit: Kit) -> None:
        import aiosalesforce

        known = kit.sandbox.credentials
        self._errors = aiosalesforce.exceptions.SalesforceError
        self._loop = asyncio.new_event_loop()
        self._http = httpx.AsyncClient(transport=_ToSandbox(kit), trust_env=False, timeout=30)
        self._client = aiosalesforce.Salesforce(
            self._http,
            base_url="https://acme.my.salesforce.com",
            auth=aiosalesforce.ClientCredentialsFlow(known["client_id"], known["client_secret"]),
        )

    def _run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(call)

    def create(self, fields: Fields) -> str:
        return str(self._run(self._client.sobject.create("Contact", fields)))

    def read(self, id_: str, name: str) -> str | Refusal:
        try:
            return str(self._run(self._client.sobject.get("Contact", id_))[name])
        except self._errors as error:
            return Refusal(error.response.status_code, error.error_code)

    def update(self, id_: str, fields: Fields) -> None:
        self._run(self._client.sobject.update("Contact", id_, fields))

    def upsert(self, key: str, fields: Fields) -> None:
        self._run(self._client.sobject.upsert("Contact", key, NAMED, {**fields, NAMED: key}))

    def pages(self, size: int) -> list[str]:
        async def read() -> list[str]:
            return [row["Id"] async for row in self._client.query("SELECT Id FROM Contact")]

        return list(self._run(read()))

    def batch(self, updates: Sequence[tuple[str, Fields]]) -> list[str]:
        async def send() -> list[Any]:
            async with self._client.composite(all_or_none=False, autoraise=False) as composite:
                return [composite.sobject.update("Contact", id_, fields) for id_, fields in updates]

        parts = self._run(send())
        return [code_of(one.response_body) for one in parts if not one.is_success]

    def refused(self, fields: Fields) -> Refusal:
        try:
            self.create(fields)
        except self._errors as error:
            return Refusal(error.response.status_code, error.error_code)
        raise AssertionError("this should have been refused")

    def delete(self, id_: str) -> None:
        self._run(self._client.sobject.delete("Contact", id_))

    def close(self) -> None:
        self._run(self._http.aclose())
        self._loop.close()


assert DATA.endswith("v60.0"), "the version that both clients are told"
