"""A signed-in client of a Salesforce sandbox, and where the recorded traffic is."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from core.clock import ManualClock
from sandbox.salesforce import SalesforceSandbox, make
from sandbox.salesforce.auth import ConnectedApp
from sandbox.serve import Running

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(os.environ.get("TIELINE_SHARED", ROOT.parent / "shared")) / "recorded/salesforce"
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
DATA = "/services/data/v60.0"
CREDENTIALS = ConnectedApp().as_credentials()  # making a key takes long, so one is shared


class Kit:
    """One sandbox, one client that is signed in to it."""

    def __init__(self, sandbox: SalesforceSandbox, running: Running) -> None:
        self.sandbox = sandbox
        self.running = running
        self.admin = running.admin
        context = ssl.create_default_context(cafile=str(running.ca_file))
        self.http = httpx.Client(base_url=running.url, verify=context, trust_env=False, timeout=30)

    def sign_in(self) -> str:
        known = self.sandbox.credentials
        answer = self.http.post(
            "/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(known["client_id"], known["client_secret"]),
        )
        token: str = answer.json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        return token

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """A REST call below the version's root."""
        return self.http.request(method, f"{DATA}/{path}", json=json, **more)

    def create(self, object_type: str, **fields: Any) -> str:
        answer = self.call("POST", f"sobjects/{object_type}", fields)
        assert answer.status_code == 201, answer.text
        made: str = answer.json()["id"]
        return made

    def get(self, object_type: str, id_: str, fields: str = "") -> dict[str, Any]:
        params = {"fields": fields} if fields else {}
        answer = self.call("GET", f"sobjects/{object_type}/{id_}", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def query(self, soql: str, *, every: bool = False, **more: Any) -> dict[str, Any]:
        path = "queryAll" if every else "query"
        answer = self.call("GET", path, params={"q": soql}, **more)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, soql: str, *, every: bool = False) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self.query(soql, every=every)["records"]
        return records

    def error(self, method: str, path: str, json: Any = None, **more: Any) -> tuple[int, str, str]:
        """(status, errorCode, message) of a call that fails."""
        answer = self.call(method, path, json, **more)
        body = answer.json()
        assert isinstance(body, list), body
        return answer.status_code, body[0]["errorCode"], body[0]["message"]

    def seed(self, **records: list[dict[str, Any]]) -> dict[str, list[str]]:
        answer = self.admin.post("/seed", json={"records": records})
        assert answer.status_code == 200, answer.text
        ids: dict[str, list[str]] = answer.json()["ids"]
        return ids

    def edit(self, object_type: str, verb: str, id_: str | None = None, **fields: Any) -> Any:
        body = {"object_type": object_type, "verb": verb, "id": id_, "fields": fields}
        answer = self.admin.post("/edit", json={**body, "as": "jo@example.com"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def config(self, **options: Any) -> None:
        answer = self.admin.post("/config", json=options)
        assert answer.status_code == 200, answer.text

    def advance(self, seconds: float) -> None:
        self.admin.post("/clock", json={"advance": seconds})

    def external_id(self, object_type: str = "Account", **metadata: Any) -> None:
        """Make the field Tieline_Id__c."""
        text = {"type": "Text", "label": "Tieline", "length": 40, "externalId": True}
        body = {
            "FullName": f"{object_type}.Tieline_Id__c",
            "Metadata": {**text, "unique": True, **metadata},
        }
        answer = self.call("POST", "tooling/sobjects/CustomField", body)
        assert answer.status_code == 201, answer.text


@contextmanager
def running_kit(**options: Any) -> Iterator[Kit]:
    """A sandbox whose clock stands still at NOW, and its client."""
    sandbox = make(clock=ManualClock(NOW), credentials=CREDENTIALS, **options)
    with sandbox.start() as running:
        kit = Kit(sandbox, running)
        kit.sign_in()
        try:
            yield kit
        finally:
            kit.http.close()
