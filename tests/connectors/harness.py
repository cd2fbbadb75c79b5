"""What a test module gives to the conformance suite: a connector and its vendor's hands.

A test module defines a fixture `harness` that yields an object of this shape over a *fresh,
empty* account, and a class `Test…(ConnectorConformance)`. Everything that is a matter of the
vendor (field names, value forms, how a person edits, how an answer gets lost) is said here;
the suite itself knows no vendor and skips only on `Capabilities` or on a None given here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from connectors.base import Connector, RawFields, RawValue, Ref, RemoteId

Role = Literal["account", "person", "opportunity", "lead"]
ROLES: tuple[Role, ...] = ("account", "person", "opportunity")
Garble = Literal["html", "cut"]


@dataclass(frozen=True)
class Names:
    """How one role's object type calls what the suite uses; values in the form they are read.

    `text` names the record (single line, findable, not unique), `other` is an optional single
    line of text that may be cleared, `note` a text of several lines. `required` is what a
    create needs besides `text`. `text_length` is the most characters that `text` holds (None:
    so many that the suite does not try). `stamp` is there already; `spare_stamp` is one that
    `prepare` could make and has not. `email_is_unique`: a second record with one e-mail
    address is refused. `picklist_values` are two values that are taken, `bad_picklist` one
    that is refused (None: the vendor takes any). `number_values` and `date_values` are two
    each, exactly as the connector gives them back.
    """

    object_type: str
    text: str
    other: str
    text_length: int | None = 255
    required: Mapping[str, RawValue] = field(default_factory=dict)
    stamp: str | None = None
    spare_stamp: str | None = None
    note: str | None = None
    email: str | None = None
    email_is_unique: bool = False
    picklist: str | None = None
    picklist_values: tuple[str, str] = ("", "")
    bad_picklist: str | None = None
    number: str | None = None
    number_values: tuple[RawValue, RawValue] = (0, 0)
    date: str | None = None
    date_values: tuple[str, str] = ("2024-02-29", "2031-12-31")
    reference: str | None = None
    reference_to: Role | None = None

    def row(self, text: str, **more: Any) -> dict[str, RawValue]:
        """The fields of a new record with that name."""
        return {**self.required, self.text: text, **more}


@dataclass(frozen=True)
class Association:
    """One association field: on which role, to which role, the labels that may be used there
    (empty: none) and whether one of the set can be the primary one."""

    role: Role
    field: str
    to: Role
    labels: tuple[str, ...] = ()
    primary: bool = False


def tries_under(vendor: Mapping[str, Any]) -> int:
    """How often a call may have to be sent to a sandbox that was made with these options."""
    return 5 if vendor.get("profile") == "hostile" else 1


class Harness(Protocol):
    """One fresh account with its connector; stamp fields are made already (`prepare` was run)."""

    connector: Connector
    names: Mapping[Role, Names]
    """At least account, person and opportunity; `lead` where the vendor has conversion."""
    associations: Sequence[Association]
    find_ignores_case: bool
    tries: int
    """How often one call may have to be sent: 1 where the account is well."""
    secrets: Sequence[str]
    """What the connector signs in with, right and wrong; none of it may ever be shown."""
    merges_by_person: Sequence[Role]
    """Roles whose records a person can merge (`merge` below)."""

    def insert(self, role: Role, fields: RawFields) -> RemoteId:
        """A person makes a record in the vendor's own user interface."""
        ...

    def insert_many(self, role: Role, rows: Sequence[RawFields]) -> list[RemoteId]:
        """Many at once, by import: all of them with the same modified stamp if possible."""
        ...

    def edit(self, role: Role, id: RemoteId, fields: RawFields) -> None:
        """A person edits; None clears."""
        ...

    def delete(self, role: Role, id: RemoteId) -> None:
        """A person deletes."""
        ...

    def merge(self, role: Role, survivor: RemoteId, loser: RemoteId) -> RemoteId:
        """A person merges; returns the survivor's id, which may be a new one."""
        ...

    def convert(self, id: RemoteId) -> Ref:
        """A person converts a lead; returns the contact that came of it."""
        ...

    def associate(
        self, association: Association, id: RemoteId, to: RemoteId, *, label: str | None = None
    ) -> None:
        """A person associates two records."""
        ...

    def settle(self) -> None:
        """Let pass what the vendor needs until its search and feeds show everything."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the vendor's clock and the connector's on."""
        ...

    def small_pages(self, n: int) -> int:
        """Make pages of changes as small as the vendor and the connector allow, n or more;
        returns the most records that one page then holds."""
        ...

    def lose_next_answer(self) -> None:
        """The next call that writes reaches the vendor and takes effect; its answer is lost."""
        ...

    def fail_next(self, status: int, times: int = 1, skip: int = 0) -> None:
        """The next calls, after `skip` good ones, are answered with that HTTP status (and the
        vendor's body for it) and have no effect."""
        ...

    def garble_next(self, kind: Garble, times: int = 1) -> None:
        """The next calls are answered 200 with an HTML page, or with JSON cut in half."""
        ...

    def clear_faults(self) -> None:
        """Forget faults that are still to come."""
        ...

    def expire_session(self) -> None:
        """The session or access token in use stops being valid; signing in again works."""
        ...

    def write_requests(self) -> int:
        """Requests that can change CRM data, as the vendor counted them so far."""
        ...

    def reconnect(self) -> Connector:
        """A second connector to the same account, as a new process would make it."""
        ...

    def with_wrong_credentials(self) -> Connector:
        """A connector to the same account whose credentials the vendor refuses."""
        ...
