"""The HubSpot connector over HTTPS against the sandbox, as the conformance suite wants it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.base import Connector, RawFields, Ref, RemoteId, StampField
from connectors.hubspot import connect
from connectors.registry import ConnectorSettings
from core.clock import OffsetClock
from sandbox.hubspot import make
from sandbox.serve import Running, serve
from tests.connectors.harness import Association, Garble, Names, Role, tries_under
from tests.connectors.stamped import stamped

STAMP = "tieline_id"
OBJECT_TYPES: Mapping[Role, str] = {
    "account": "companies",
    "person": "contacts",
    "opportunity": "deals",
}
NAMES: Mapping[Role, Names] = {
    "account": Names(
        object_type="companies",
        text="name",
        other="city",
        text_length=None,
        stamp=STAMP,
        spare_stamp="tieline_spare",
        note="description",
        picklist="industry",
        picklist_values=("COMPUTER_SOFTWARE", "BANKING"),
        bad_picklist="Selling sand in the desert",
        number="annualrevenue",
        number_values=("1500000", "12.5"),
    ),
    "person": Names(
        object_type="contacts",
        text="firstname",
        other="jobtitle",
        text_length=None,
        stamp=STAMP,
        spare_stamp="tieline_spare",
        email="email",
        email_is_unique=True,
        picklist="hs_lead_status",
        picklist_values=("NEW", "OPEN"),
        bad_picklist="NOT_A_STATUS",
    ),
    "opportunity": Names(
        object_type="deals",
        text="dealname",
        other="hs_next_step",
        text_length=None,
        required={"pipeline": "default", "dealstage": "qualifiedtobuy"},
        stamp=STAMP,
        spare_stamp="tieline_spare",
        note="description",
        picklist="dealstage",
        picklist_values=("qualifiedtobuy", "contractsent"),
        bad_picklist="no_such_stage",
        number="amount",
        number_values=("1234.5", "0"),
        date="closedate",
        date_values=("2024-02-29T00:00:00Z", "2031-12-31T00:00:00Z"),
    ),
}
TRIES = 8
LABELS = ("Decision maker", "Billing contact")
WRONG: Mapping[str, str] = {
    "token": "pat-eu1-00000000-0000-0000-0000-000000000000",
    "client_id": "the-id-of-nobody",
    "client_secret": "a-wrong-secret",
    "refresh_token": "a-wrong-refresh-token",
}
WRITES = r"^(POST|PUT|PATCH|DELETE) (?!.*(/search|/batch/read|token))"


class SteppingClock(OffsetClock):
    """Shared by sandbox and connector; waiting moves it on at once."""

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class Switchboard(Starlette):
    """One server for many accounts, one after the other: starting a server costs more than a
    test."""

    account: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.account(scope, receive, send)


@contextmanager
def switchboard() -> Iterator[tuple[Switchboard, Running]]:
    """A switchboard that answers over HTTPS until the end of the block."""
    board = Switchboard()
    with serve(board) as running:
        yield board, running


class HubSpotHarness:
    """One fresh sandbox account. `vendor` are options of the sandbox, `options` of the side;
    `stamping`: the connector stamps every creation, as the engine does."""

    find_ignores_case = True
    merges_by_person: Sequence[Role] = ("account", "person")
    names: Mapping[Role, Names] = NAMES
    secrets: Sequence[str]
    associations: Sequence[Association] = (
        Association("person", "associations.companies", "account", LABELS, primary=True),
        Association("opportunity", "associations.companies", "account", primary=True),
        Association("opportunity", "associations.contacts", "person"),
    )

    def __init__(
        self,
        board: tuple[Switchboard, Running],
        *,
        flow: str = "private_app",
        options: Mapping[str, Any] | None = None,
        vendor: Mapping[str, Any] | None = None,
        stamping: bool = False,
    ) -> None:
        self._stamping = stamping
        self.clock = SteppingClock()
        self.sandbox = make(clock=self.clock, **(vendor or {}))
        switch, self.running = board
        switch.account = self.sandbox.app
        self.secrets = [*self.sandbox.credentials.values(), *WRONG.values()]
        self.tries = tries_under(vendor or {})
        self._flow = flow
        self._options = dict(options or {})
        self._lag = self.sandbox.store.quirks.seconds("search_lag")
        self._connectors: list[Connector] = []
        self.connector = self.reconnect()
        self.connector.prepare([StampField(name, STAMP) for name in OBJECT_TYPES.values()])
        for label in LABELS:
            self.label("contacts", "companies", label)
        self.admin("DELETE", "requests")

    def close(self) -> None:
        for connector in self._connectors:
            connector.close()

    def admin(self, method: str, name: str, body: Any = None) -> dict[str, Any]:
        """Call an admin route; fails on a refusal."""
        reply = self.running.admin.request(method, name, json=body)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def label(self, source: str, target: str, label: str) -> None:
        """An administrator makes an association label, again while the vendor is unwell."""
        url = f"{self.running.url}/crm/v4/associations/{source}/{target}/labels"
        headers = {"Authorization": f"Bearer {self.sandbox.credentials['token']}"}
        body = {"label": label, "name": label.lower().replace(" ", "_")}
        for _ in range(TRIES):
            with suppress(httpx.TransportError, ValueError):
                self.running.admin.post(url, headers=headers, json=body)
                known = self.running.admin.get(url, headers=headers).json().get("results", ())
                if any(each.get("label") == label for each in known):
                    return
        raise AssertionError(f"HubSpot did not make the label {label}")

    def settings(self, **changed: Any) -> ConnectorSettings:
        """Settings of the side, with those of `changed` instead."""
        given: dict[str, Any] = {
            "url": self.running.url,
            "credentials": {**self.sandbox.credentials, "flow": self._flow},
            "ca_file": self.running.ca_file,
            "trust_url": True,
            "timeout": 30.0,
            "currency": "EUR",
            "options": self._options,
        }
        return ConnectorSettings(**{**given, **changed})

    def connect(self, **changed: Any) -> Connector:
        """A connector with these settings, closed with the harness."""
        connector = connect("hubspot", self.settings(**changed), self.clock)
        self._connectors.append(connector)
        return connector

    def insert(self, role: Role, fields: RawFields) -> RemoteId:
        return self._edit(OBJECT_TYPES[role], None, "create", fields=dict(fields))

    def insert_many(self, role: Role, rows: Sequence[RawFields]) -> list[RemoteId]:
        object_type = OBJECT_TYPES[role]
        made = self.admin("POST", "seed", {"records": {object_type: [dict(r) for r in rows]}})
        return [str(id) for id in made["ids"][object_type]]

    def edit(self, role: Role, id: RemoteId, fields: RawFields) -> None:
        self._edit(OBJECT_TYPES[role], id, "update", fields=dict(fields))

    def delete(self, role: Role, id: RemoteId) -> None:
        self._edit(OBJECT_TYPES[role], id, "delete")

    def merge(self, role: Role, survivor: RemoteId, loser: RemoteId) -> RemoteId:
        return self._edit(OBJECT_TYPES[role], survivor, "merge", fields={"loser": loser})

    def convert(self, id: RemoteId) -> Ref:
        raise AssertionError("HubSpot has no lead conversion")

    def associate(
        self, association: Association, id: RemoteId, to: RemoteId, *, label: str | None = None
    ) -> None:
        self._edit(
            OBJECT_TYPES[association.role],
            id,
            "associate",
            to_type=OBJECT_TYPES[association.to],
            to_id=to,
            label=label,
        )

    def settle(self) -> None:
        self.advance(self._lag + 1 if self._lag else 0)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def small_pages(self, n: int) -> int:
        self._options = {**self._options, "page_records": n}
        self.connector = self.reconnect()
        return n

    def lose_next_answer(self) -> None:
        self.fault(match=WRITES, action="drop_after")

    def fail_next(self, status: int, times: int = 1, skip: int = 0) -> None:
        body = {"status": "error", "message": "a fault", "category": "FAULT"}
        self.fault(
            match=r"/crm/", action="status", status=status, body=body, times=times, skip=skip
        )

    def garble_next(self, kind: Garble, times: int = 1) -> None:
        self.fault(match=r"/crm/", action=kind, times=times)

    def fault(self, **rule: Any) -> None:
        """Add a fault rule."""
        self.admin("POST", "faults", rule)

    def clear_faults(self) -> None:
        self.admin("DELETE", "faults")

    def expire_session(self) -> None:
        self.fault(match=r"/crm/", action="expire_session")

    def requests(self) -> dict[str, Any]:
        """What the sandbox counted since the last reset."""
        return self.admin("GET", "requests")

    def write_requests(self) -> int:
        return int(self.requests()["writes"])

    def reconnect(self) -> Connector:
        made = self.connect()
        return (
            stamped(made, dict.fromkeys(OBJECT_TYPES.values(), STAMP)) if self._stamping else made
        )

    def with_wrong_credentials(self) -> Connector:
        return self.connect(credentials={**WRONG, "flow": self._flow})

    def _edit(self, object_type: str, id: RemoteId | None, verb: str, **more: Any) -> RemoteId:
        body = {
            "object_type": object_type,
            "id": id,
            "verb": verb,
            "as": "person@example.com",
            **more,
        }
        return str(self.admin("POST", "edit", body).get("id"))


def calls(crm: HubSpotHarness) -> dict[str, int]:
    """Calls by route since the last question."""
    counted: dict[str, int] = crm.requests()["by_route"]
    crm.admin("DELETE", "requests")
    return counted


def people(n: int) -> list[dict[str, str]]:
    return [{"firstname": f"P{i}", "email": f"p{i}@example.org"} for i in range(n)]
