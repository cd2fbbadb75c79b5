"""The harness of Salesforce: a fresh sandbox org over TLS, and a connector to it."""

from __future__ import annotations

import atexit
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast
from unittest.mock import patch

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from connectors.base import Connector, RawFields, Ref, RemoteId, StampField
from connectors.registry import ConnectorSettings, create
from core.clock import ManualClock
from sandbox.quirks import REGISTRY
from sandbox.salesforce import auth, make
from sandbox.serve import Running, serve
from tests.connectors.harness import Association, Garble, Names, Role, tries_under
from tests.connectors.stamped import stamped

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STAMP = "Tieline_Id__c"
SPARE = "Tieline_Spare__c"
WRONG = "wrong-consumer-secret"
DATA = "/services/data/"
EDITS = 5
WRITES = r"^(POST|PATCH|DELETE) /services/data/v[0-9.]+/(composite/)?sobjects"

NAMES: Mapping[Role, Names] = {
    "account": Names(
        "Account",
        text="Name",
        other="Site",
        note="Description",
        stamp=STAMP,
        spare_stamp=SPARE,
        picklist="BillingGeocodeAccuracy",
        picklist_values=("Address", "Block"),
        bad_picklist="No such accuracy",
        number="NumberOfEmployees",
        number_values=(20, 0),
        reference="ParentId",
        reference_to="account",
    ),
    "person": Names(
        "Contact",
        text="LastName",
        other="Title",
        text_length=80,
        note="Description",
        stamp=STAMP,
        spare_stamp=SPARE,
        email="Email",
        picklist="MailingGeocodeAccuracy",
        picklist_values=("Address", "Block"),
        bad_picklist="No such accuracy",
        date="Birthdate",
        reference="AccountId",
        reference_to="account",
    ),
    "opportunity": Names(
        "Opportunity",
        text="Name",
        other="NextStep",
        text_length=120,
        required={"StageName": "Prospecting", "CloseDate": "2026-06-30"},
        note="Description",
        stamp=STAMP,
        spare_stamp=SPARE,
        picklist="StageName",
        picklist_values=("Qualification", "Closed Won"),
        number="Amount",
        number_values=(1234.5, 0),
        reference="AccountId",
        reference_to="account",
    ),
    "lead": Names(
        "Lead",
        text="LastName",
        other="Title",
        text_length=80,
        required={"Company": "Lead Co"},
        stamp=STAMP,
        email="Email",
    ),
}


_signing_key = cache(auth._new_key)
"""Making an RSA key for every org would take half of the suite's time."""


class Server:
    """One server for a whole test module: starting one for each test would take most of the
    time. It shows the application of the org that the running test has made."""

    def __init__(self) -> None:
        self.state = State()
        self._shown: Starlette | None = None
        self.running: Running = serve(cast(Starlette, self))

    def show(self, app: Starlette) -> Running:
        app.state.url = self.state.url
        self._shown = app
        return self.running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._shown is not None
        await self._shown(scope, receive, send)


@cache
def server() -> Server:
    """The server of this process."""
    made = Server()
    atexit.register(made.running.stop)
    return made


class SalesforceHarness:
    """A fresh org. `settings` go to the connector, `options` to the sandbox; `stamping`: the
    connector stamps every creation, as the engine does."""

    names = NAMES
    associations: Sequence[Association] = (
        Association(
            "opportunity",
            "OpportunityContactRoles",
            "person",
            ("Decision Maker", "Evaluator"),
            primary=True,
        ),
    )
    find_ignores_case = True
    merges_by_person: Sequence[Role] = ("account", "person", "lead")

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        stamping: bool = False,
        **options: Any,
    ) -> None:
        self._stamping = stamping
        self.tries = tries_under(options)
        self.clock = ManualClock(START)
        with patch.object(auth, "_new_key", _signing_key):
            self.sandbox = make(clock=self.clock, **options)
        self._late = REGISTRY["late_row_seconds"].value(options.get("profile", "strict"))
        self.running = server().show(self.sandbox.app)
        self._settings = dict(settings or {})
        self.connector: Connector = self.reconnect()

    def prepared(self) -> SalesforceHarness:
        """With stamp fields made, and requests counted from there."""
        self.connector.prepare([StampField(n.object_type, STAMP) for n in self.names.values()])
        self.admin("DELETE", "requests")
        return self

    @property
    def secrets(self) -> Sequence[str]:
        shown = ("client_secret", "password", "security_token", "private_key")
        return [WRONG, *(self.sandbox.credentials[key] for key in shown)]

    def close(self) -> None:
        self.connector.close()

    def credentials(self, flow: str = "client_credentials") -> dict[str, str]:
        return {"flow": flow, **self.sandbox.credentials}

    def reconnect(self, **more: Any) -> Connector:
        given = {
            "url": self.running.url,
            "trust_url": True,
            "ca_file": self.running.ca_file,
            "credentials": self.credentials(),
            "timeout": 30.0,
        }
        settings = ConnectorSettings(**{**given, **self._settings, **more})
        made = create("salesforce", name="sf", settings=settings, clock=self.clock)
        if not self._stamping:
            return made
        return stamped(made, {names.object_type: STAMP for names in self.names.values()})

    def with_wrong_credentials(self) -> Connector:
        return self.reconnect(credentials={**self.credentials(), "client_secret": WRONG})

    def admin(self, method: str, route: str, body: Any = None) -> Any:
        """One call of the sandbox's admin routes; a person who meets a lock tries again."""
        for _ in range(EDITS):
            response = self.running.admin.request(method, f"/{route}", json=body)
            if "UNABLE_TO_LOCK_ROW" not in response.text or route != "edit":
                break
        assert response.status_code == 200, response.text
        return response.json()

    def person(self, object_type: str, verb: str, id: str | None, fields: RawFields) -> str:
        """A person does something in the vendor's user interface."""
        body = {"object_type": object_type, "id": id, "verb": verb, "fields": dict(fields)}
        made = str(self.admin("POST", "edit", {**body, "as": "person@example.com"})["id"])
        self.settle()
        return made

    def insert(self, role: Role, fields: RawFields) -> RemoteId:
        return self.person(self.names[role].object_type, "create", None, fields)

    def insert_many(self, role: Role, rows: Sequence[RawFields]) -> list[RemoteId]:
        object_type = self.names[role].object_type
        body = {"records": {object_type: [dict(row) for row in rows]}}
        return list(self.admin("POST", "seed", body)["ids"][object_type])

    def edit(self, role: Role, id: RemoteId, fields: RawFields) -> None:
        self.person(self.names[role].object_type, "update", id, fields)

    def delete(self, role: Role, id: RemoteId) -> None:
        self.person(self.names[role].object_type, "delete", id, {})

    def merge(self, role: Role, survivor: RemoteId, loser: RemoteId) -> RemoteId:
        self.person(self.names[role].object_type, "merge", survivor, {"losers": [loser]})
        return survivor

    def convert(self, id: RemoteId) -> Ref:
        self.person("Lead", "convert", id, {"opportunityName": "Lead Co -"})
        leads = self.admin("GET", "dump?object_type=Lead")["records"]
        (contact,) = [lead["ConvertedContactId"] for lead in leads if lead["Id"] == id]
        return Ref("Contact", contact)

    def associate(
        self, association: Association, id: RemoteId, to: RemoteId, *, label: str | None = None
    ) -> None:
        row = {"OpportunityId": id, "ContactId": to, "Role": label}
        self.person("OpportunityContactRole", "create", None, row)

    def settle(self) -> None:
        """Salesforce shows at once what it has taken, unless a quirk makes it show late."""
        self.clock.advance(self._late)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def small_pages(self, n: int) -> int:
        self.admin("POST", "config", {"page_size": n})
        return n

    def fault(self, match: str, action: str, **more: Any) -> None:
        """Let the sandbox fail."""
        self.admin("POST", "faults", {"match": match, "action": action, **more})

    def lose_next_answer(self) -> None:
        self.fault(WRITES, "drop_after")

    def fail_next(self, status: int, times: int = 1, skip: int = 0) -> None:
        self.fault(DATA, "status", status=status, times=times, skip=skip)

    def garble_next(self, kind: Garble, times: int = 1) -> None:
        self.fault(DATA, kind, times=times)

    def clear_faults(self) -> None:
        self.admin("DELETE", "faults")

    def expire_session(self) -> None:
        self.sandbox.store.expire_sessions()

    def write_requests(self) -> int:
        return int(self.admin("GET", "requests")["writes"])
