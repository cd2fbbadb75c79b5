"""The sales people who own the records: eight users on each side, six of them on both."""

from __future__ import annotations

from random import Random

from sandbox.demo.names import ascii_letters
from sandbox.demo.world import Draft, Entity, Record, Row

EMPLOYER = "velmarasystems.com"
SHARED = 6
ONLY_HERE = 6
INACTIVE = 7

_SHARED = ("Hanna Okafor", "Peter Lindqvist", "Zoë Marchetti", "Tomasz Król", "Grace Whitlock",
           "Diego Ibáñez")  # fmt: skip
_ONLY = {"User": ("Rüdiger Falk", "Nadia Perrault"), "owners": ("Ama Boateng", "Colin Yardley")}


def address(name: str) -> str:
    """The e-mail address of one of the sales people."""
    return f"{ascii_letters(name).lower().replace(' ', '.')}@{EMPLOYER}"


def add_owners(draft: Draft) -> None:
    """Seed the users: index 0–5 the same on both sides, 6 only here, 7 only here and inactive."""
    users = [draft.add("User", _user(i, name)) for i, name in enumerate(_names("User"))]
    owners = [draft.add("owners", _owner(i, name)) for i, name in enumerate(_names("owners"))]
    shared = [
        Entity("owner", (user,), (owner,))
        for user, owner in zip(users[:SHARED], owners[:SHARED], strict=True)
    ]
    draft.truth["owner"] = [
        *shared,
        *(Entity("owner", (user,), (), _traits(user)) for user in users[SHARED:]),
        *(Entity("owner", (), (owner,), _traits(owner)) for owner in owners[SHARED:]),
    ]


def assign(rng: Random, presence: str) -> tuple[str | None, str | None]:
    """References to the owner on each side (the HubSpot one may be nobody).

    What is on both sides has one of the six shared owners, or one whom HubSpot does not know.
    """
    chance = rng.random()
    if chance < 0.92:
        index = int(rng.random() * SHARED)
        return f"@User:{index}", f"@owners:{index}"
    index = ONLY_HERE if chance < 0.97 else INACTIVE
    if presence == "hubspot":
        return None, f"@owners:{index}"
    return f"@User:{index}", None


def _names(object_type: str) -> tuple[str, ...]:
    return _SHARED + _ONLY[object_type]


def _traits(row: Row) -> tuple[str, ...]:
    return ("inactive",) if row.index == INACTIVE else ()


def _user(index: int, name: str) -> Record:
    first, last = name.split()
    email = address(name)
    return {
        "Username": email, "Email": email, "FirstName": first, "LastName": last,
        "Alias": ascii_letters(first[0] + last).lower()[:8], "IsActive": index != INACTIVE,
    }  # fmt: skip


def _owner(index: int, name: str) -> Record:
    first, last = name.split()
    return {
        "email": address(name), "firstName": first, "lastName": last,
        "userId": 4_100_000 + 37 * index, "archived": index == INACTIVE,
    }  # fmt: skip
