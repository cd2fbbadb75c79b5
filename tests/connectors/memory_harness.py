"""The harness of the CRM in memory: the smallest example of what `Harness` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from connectors.base import Connector, RawFields, Ref, RemoteId
from connectors.memory import MemoryConnector, MemoryCrm, Quirks, generic_crm
from core.clock import ManualClock
from core.errors import (
    AuthError,
    ConnectorError,
    ForbiddenError,
    RateLimitedError,
    UnexpectedReplyError,
    VendorDownError,
)
from tests.connectors.harness import Association, Garble, Names, Role

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

NAMES: Mapping[Role, Names] = {
    "account": Names(
        "Account",
        text="name",
        other="city",
        note="description",
        stamp="tieline_id",
        spare_stamp="spare_id",
        picklist="account_type",
        picklist_values=("prospect", "customer"),
        bad_picklist="No such type",
        number="employees",
        number_values=(20, 0),
        reference="parent",
        reference_to="account",
    ),
    "person": Names(
        "Contact",
        text="last_name",
        other="title",
        text_length=80,
        note="description",
        stamp="tieline_id",
        spare_stamp="spare_id",
        email="email",
        picklist="lead_status",
        picklist_values=("new", "open"),
        bad_picklist="No such status",
        number="score",
        number_values=(1.5, -3),
        date="birthdate",
        reference="account",
        reference_to="account",
    ),
    "opportunity": Names(
        "Opportunity",
        text="name",
        other="next_step",
        text_length=120,
        required={"stage": "prospecting"},
        stamp="tieline_id",
        spare_stamp="spare_id",
        picklist="stage",
        picklist_values=("proposal", "closed_won"),
        bad_picklist="No such stage",
        number="amount",
        number_values=(1234.5, 0),
        date="close_date",
        reference="account",
        reference_to="account",
    ),
    "lead": Names(
        "Lead",
        text="last_name",
        other="title",
        text_length=80,
        required={"company_name": "Lead Co"},
        stamp="tieline_id",
        spare_stamp="spare_id",
        email="email",
    ),
}


def status_error(status: int) -> ConnectorError:
    """What a connector makes of an HTTP status."""
    if status == 429:
        return RateLimitedError("slow down", retry_after=1.0)
    if status == 401:
        return AuthError("the session is over and cannot be renewed")
    if status == 403:
        return ForbiddenError("the permission to do this lacks")
    return VendorDownError(f"the vendor answered {status}")


class MemoryHarness:
    """A fresh generic CRM with these quirks."""

    associations: Sequence[Association] = (
        Association("opportunity", "contacts", "person", ("Decision Maker", "Influencer"), True),
    )
    find_ignores_case = True
    tries = 1
    secrets: Sequence[str] = ("memory-token", "wrong-token")
    merges_by_person: Sequence[Role] = ("account", "person", "opportunity", "lead")

    def __init__(self, quirks: Quirks | None = None) -> None:
        quirks = quirks or Quirks()
        unique = "Contact.email" in quirks.duplicates
        self.names: Mapping[Role, Names] = {
            role: replace(
                names, email_is_unique=unique, stamp=names.stamp if quirks.stamps else None
            )
            for role, names in NAMES.items()
        }
        self.clock = ManualClock(START)
        self.crm: MemoryCrm = generic_crm(self.clock, quirks=quirks)
        self.memory = self._connect()
        self.connector: Connector = self.memory

    def _connect(self, token: str | None = None) -> MemoryConnector:
        return MemoryConnector(self.crm, name="crm", token=token, write_batch=5, fetch_batch=7)

    def insert(self, role: Role, fields: RawFields) -> RemoteId:
        return self.crm.insert(self.names[role].object_type, fields)

    def insert_many(self, role: Role, rows: Sequence[RawFields]) -> list[RemoteId]:
        return [self.insert(role, row) for row in rows]

    def edit(self, role: Role, id: RemoteId, fields: RawFields) -> None:
        self.crm.edit(self.names[role].object_type, id, fields)

    def delete(self, role: Role, id: RemoteId) -> None:
        self.crm.delete(self.names[role].object_type, id)

    def merge(self, role: Role, survivor: RemoteId, loser: RemoteId) -> RemoteId:
        return self.crm.merge(self.names[role].object_type, survivor, [loser])

    def convert(self, id: RemoteId) -> Ref:
        return self.crm.convert(id).to

    def associate(
        self, association: Association, id: RemoteId, to: RemoteId, *, label: str | None = None
    ) -> None:
        object_type = self.names[association.role].object_type
        self.crm.associate(object_type, id, association.field, to, label=label)

    def settle(self) -> None:
        self.clock.advance(self.crm.quirks.late_seconds)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def small_pages(self, n: int) -> int:
        self.memory.page_size = n
        return n

    def lose_next_answer(self) -> None:
        self.crm.lose_next_answer()

    def fail_next(self, status: int, times: int = 1, skip: int = 0) -> None:
        self.crm.fail_next("*", status_error(status), times=times, skip=skip)

    def garble_next(self, kind: Garble, times: int = 1) -> None:
        self.crm.fail_next("*", UnexpectedReplyError(f"the answer is {kind}"), times=times)

    def clear_faults(self) -> None:
        self.crm.clear_faults()

    def expire_session(self) -> None:
        self.crm.expire_session()

    def write_requests(self) -> int:
        writing = ("apply", "prepare")
        return sum(n for (method, _), n in self.crm.requests.items() if method in writing)

    def reconnect(self) -> Connector:
        return self._connect()

    def with_wrong_credentials(self) -> Connector:
        return self._connect(token="wrong-token")
