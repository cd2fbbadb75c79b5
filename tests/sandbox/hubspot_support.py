"""A HubSpot sandbox account with a steered clock, called in process, for the tests beside it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from core.clock import ManualClock
from sandbox.hubspot import HubSpotSandbox, make

START = datetime(2026, 3, 2, 9, 30, 15, 250_000, tzinfo=UTC)
CONTACTS, COMPANIES = "/crm/v3/objects/contacts", "/crm/v3/objects/companies"
DEALS = "/crm/v3/objects/deals"


class Account:
    """One strict account; `call` speaks as the private app, `admin` as the admin routes.

    As its clock stands still, limits of calls are enforced only where `rate_limits` asks for it.
    """

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock(START)
        self.sandbox: HubSpotSandbox = make(clock=self.clock, **{"rate_limits": False, **options})
        self.token = self.sandbox.credentials["token"]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return asyncio.run(self._send(method, path, body, headers=headers, **more))

    async def _send(self, method: str, path: str, body: Any, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.sandbox.app)
        if body is not None:
            more["content"] = orjson.dumps(body)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.request(method, path, **more)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.call("GET", path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int | None = None) -> Any:
        """The JSON of a POST; fails unless it has that status (None: any success)."""
        answer = self.call("POST", path, body)
        good = answer.is_success if status is None else answer.status_code == status
        assert good, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def admin(self, method: str, name: str, body: Any = None, **query: Any) -> Any:
        answer = self.call(method, f"/_sandbox/{name}", body, params=query or None)
        assert answer.is_success, answer.text
        return answer.json()

    def seed(self, associations: list[dict[str, Any]] | None = None, **records: Any) -> Any:
        """Seed records by object type; answers with the ids."""
        body = {"records": records, "associations": associations or []}
        return self.admin("POST", "seed", body)["ids"]

    def edit(self, verb: str, object_type: str, record_id: str | None = None, **more: Any) -> str:
        """An edit as a person; answers with the id."""
        body = {"verb": verb, "object_type": object_type, "id": record_id, **more}
        return str(self.admin("POST", "edit", body)["id"])

    def contact(self, **properties: Any) -> str:
        """Create a contact over the API; answers with its id."""
        return str(self.post(CONTACTS, {"properties": properties}, 201)["id"])

    def company(self, **properties: Any) -> str:
        return str(self.post(COMPANIES, {"properties": properties}, 201)["id"])

    def deal(self, **properties: Any) -> str:
        given = {"dealname": "Deal", "dealstage": "qualifiedtobuy", **properties}
        return str(self.post(DEALS, {"properties": given}, 201)["id"])

    def search(self, object_type: str, *filters: dict[str, Any], **more: Any) -> Any:
        """Search with one group of filters."""
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
        return self.post(f"/crm/v3/objects/{object_type}/search", body, 200)

    def update(self, object_type: str, record_id: str, **properties: Any) -> Any:
        path = f"/crm/v3/objects/{object_type}/{record_id}"
        answer = self.call("PATCH", path, {"properties": properties})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read(self, object_type: str, record_id: str, *names: str) -> Any:
        """The named properties of a record."""
        path = f"/crm/v3/objects/{object_type}/{record_id}"
        return self.get(path, properties=",".join(names))["properties"]


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """One filter of a search."""
    made = {"propertyName": name, "operator": operator, **more}
    return made if value is None else {**made, "value": value}
