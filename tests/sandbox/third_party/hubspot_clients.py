"""hubspot-api-client and hubspot-sdk behind the steps of `clients`."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import httpx
import urllib3
from hubspot import HubSpot
from hubspot.crm import contacts

from tests.sandbox.third_party.clients import KEY, Fields, Refusal, code_of

NAMED = KEY["hubspot"]


def _inputs(updates: Sequence[tuple[str, Fields]]) -> list[dict[str, Any]]:
    return [{"id": id_, "properties": fields} for id_, fields in updates]


def _after(page: Any) -> str | None:
    return page.paging.next.after if page.paging and page.paging.next else None


class HubspotApiClient:
    """hubspot-api-client, over urllib3."""

    def __init__(self, url: str, token: str) -> None:
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        client = HubSpot(access_token=token, host=url, retry=urllib3.Retry(0))
        self._basic = client.crm.contacts.basic_api
        self._batch = client.crm.contacts.batch_api
        self._search = client.crm.contacts.search_api

    def create(self, fields: Fields) -> str:
        given = contacts.SimplePublicObjectInputForCreate(properties=fields, associations=[])
        return str(self._basic.create(given).id)

    def read(self, id_: str, name: str) -> str | Refusal:
        try:
            return str(self._basic.get_by_id(id_, properties=[name]).properties[name])
        except contacts.ApiException as error:
            return _refusal(error)

    def update(self, id_: str, fields: Fields) -> None:
        self._basic.update(id_, contacts.SimplePublicObjectInput(properties=fields))

    def upsert(self, key: str, fields: Fields) -> None:
        one = contacts.SimplePublicObjectBatchInputUpsert(
            id=key, id_property=NAMED, properties={**fields, NAMED: key}
        )
        answer = self._batch.upsert(
            contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[one])
        )
        assert len(answer.results) == 1

    def pages(self, size: int) -> list[str]:
        found: list[str] = []
        after: str | None = None
        while True:
            request = contacts.PublicObjectSearchRequest(
                limit=size, after=after, properties=[NAMED],
                filter_groups=[{"filters": [{"propertyName": NAMED, "operator": "HAS_PROPERTY"}]}],
            )  # fmt: skip
            page = self._search.do_search(request)
            found += [record.id for record in page.results]
            after = _after(page)
            if after is None:
                return found

    def batch(self, updates: Sequence[tuple[str, Fields]]) -> list[str]:
        given = contacts.BatchInputSimplePublicObjectBatchInput(inputs=_inputs(updates))
        answer = self._batch.update(given)
        return [error.category for error in getattr(answer, "errors", None) or []]

    def refused(self, fields: Fields) -> Refusal:
        try:
            self.create(fields)
        except contacts.ApiException as error:
            return _refusal(error)
        raise AssertionError("this should have been refused")

    def delete(self, id_: str) -> None:
        self._basic.archive(id_)

    def close(self) -> None:
        for api in (self._basic, self._batch, self._search):
            api.api_client.rest_client.pool_manager.clear()


def _refusal(error: Any) -> Refusal:
    kind = (error.headers or {}).get("Content-Type", "")
    return Refusal(error.status, code_of(json.loads(error.body)) if "json" in kind else "")


class HubspotSdk:
    """hubspot-sdk, over httpx, on the date-versioned paths."""

    def __init__(self, url: str, token: str) -> None:
        import hubspot_sdk

        self._errors = hubspot_sdk.APIStatusError
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)
        client = hubspot_sdk.HubSpot(
            access_token=token, base_url=url, http_client=self._http, max_retries=0
        )
        self._contacts = client.crm.objects.contacts

    def create(self, fields: Fields) -> str:
        return str(self._contacts.create(properties=fields, associations=[]).id)

    def read(self, id_: str, name: str) -> str | Refusal:
        try:
            return str(self._contacts.get(id_, properties=[name]).properties[name])
        except self._errors as error:
            body = error.body if isinstance(error.body, dict) else {"category": ""}
            return Refusal(error.status_code, code_of(body))

    def update(self, id_: str, fields: Fields) -> None:
        self._contacts.update(id_, properties=fields)

    def upsert(self, key: str, fields: Fields) -> None:
        one = {"id": key, "id_property": NAMED, "properties": {**fields, NAMED: key}}
        assert len(self._contacts.batch.upsert(inputs=[one]).results) == 1

    def pages(self, size: int) -> list[str]:
        return [record.id for record in self._contacts.list(limit=size)]

    def batch(self, updates: Sequence[tuple[str, Fields]]) -> list[str]:
        answer = self._contacts.batch.update(inputs=_inputs(updates))
        # its model of an answer knows no errors: they are kept as the vendor sent them
        return [code_of(error) for error in answer.errors or []]

    def refused(self, fields: Fields) -> Refusal:
        try:
            self.create(fields)
        except self._errors as error:
            return Refusal(error.status_code, code_of(error.body))
        raise AssertionError("this should have been refused")

    def delete(self, id_: str) -> None:
        self._contacts.delete(id_)

    def close(self) -> None:
        self._http.close()
