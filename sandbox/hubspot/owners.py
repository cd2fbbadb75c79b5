"""Owners: the users of the account whom records can belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_OWNER_ID = 31871817


@dataclass(slots=True)
class Owner:
    """A user of the account; `hubspot_owner_id` holds `id`, never `user_id`."""

    id: str
    email: str
    first_name: str
    last_name: str
    user_id: int
    created_at: str
    updated_at: str
    archived: bool = False

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first_name,
            "lastName": self.last_name,
            "userId": self.user_id,
            "userIdIncludingInactive": self.user_id,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "archived": self.archived,
        }
        if self.archived:
            del made["userId"]
        return made


class Owners:
    """All owners of one account, by id."""

    def __init__(self) -> None:
        self.all: dict[str, Owner] = {}

    def make(self, given: Mapping[str, Any], now: str) -> Owner:
        """Take up an owner from its JSON (`email`, `firstName`, `lastName`, `archived`,
        optional `id` and `userId`). Raises ValueError without an e-mail address."""
        if not given.get("email"):
            raise ValueError("an owner needs an email")
        number = FIRST_OWNER_ID + 83 * len(self.all)
        owner = Owner(
            id=str(given.get("id") or number),
            email=str(given["email"]),
            first_name=str(given.get("firstName") or ""),
            last_name=str(given.get("lastName") or ""),
            user_id=int(given.get("userId") or number - 29_365_145),
            created_at=str(given.get("createdAt") or now),
            updated_at=now,
            archived=given.get("archived") in (True, "true"),
        )
        self.all[owner.id] = owner
        return owner

    def change(self, owner: Owner, given: Mapping[str, Any], now: str) -> None:
        """Set some of `email`, `firstName`, `lastName`, `archived`."""
        owner.email = str(given.get("email", owner.email))
        owner.first_name = str(given.get("firstName", owner.first_name))
        owner.last_name = str(given.get("lastName", owner.last_name))
        owner.archived = given.get("archived", owner.archived) in (True, "true")
        owner.updated_at = now

    def by_email(self, email: str) -> Owner | None:
        """The live owner with that address."""
        wanted = email.lower()
        return next(
            (o for o in self.all.values() if not o.archived and o.email.lower() == wanted), None
        )

    def listed(self, *, archived: bool = False, email: str | None = None) -> list[Owner]:
        """Owners in id order."""
        wanted = email.lower() if email else None
        found = [
            o
            for o in self.all.values()
            if o.archived == archived and (wanted is None or o.email.lower() == wanted)
        ]
        return sorted(found, key=lambda owner: int(owner.id))
