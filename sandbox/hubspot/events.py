"""What happens in the account, as webhook events for those who subscribed to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.hubspot.records import Record, Source
    from sandbox.hubspot.standard.kinds import ObjectType
    from sandbox.hubspot.store import Store

OBJECTS = ("contact", "company", "deal", "ticket", "line_item", "product", "object")
VERBS = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")
_TYPES = frozenset({f"{o}.{v}" for o in OBJECTS for v in VERBS} | {"contact.privacyDeletion"})
FIRST_SUBSCRIPTION = 1_000_001
CHANGE_SOURCES: Mapping[str, str] = {
    "CRM_UI": "CRM_UI",
    "IMPORT": "IMPORT",
    "AUTOMATION_PLATFORM": "AUTOMATION_PLATFORM",
}
RETRIES = 10


@dataclass(frozen=True, slots=True)
class Subscription:
    """One kind of event that is delivered; without `name`, changes of every property are."""

    id: int
    type: str
    name: str | None = None


@dataclass(slots=True)
class Pending:
    """An event on its way: not before `due` (milliseconds), having failed `attempt` times."""

    due: int
    body: dict[str, Any]
    attempt: int = 0


def subscriptions(given: Iterable[str]) -> list[Subscription]:
    """Subscriptions from `contact.creation` or `contact.propertyChange:email`.

    Raises ValueError for a type that HubSpot does not have.
    """
    made = []
    for place, text in enumerate(given):
        kind, _, name = text.partition(":")
        if kind not in _TYPES or (name and not kind.endswith(".propertyChange")):
            raise ValueError(f"no webhook events {text!r}; known are {sorted(_TYPES)}")
        made.append(Subscription(FIRST_SUBSCRIPTION + place, kind, name or None))
    return made


class Events:
    """The account's events, waiting for delivery. Callers hold the store's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscriptions: Sequence[Subscription] = ()
        self._made = 0
        self.pending: list[Pending] = []
        self.lost = 0

    def subscribe(self, given: Iterable[str]) -> None:
        """Deliver these events from now on; see `subscriptions`."""
        self._subscriptions = subscriptions(given)

    def created(self, kind: ObjectType, record: Record) -> None:
        self._tell(kind, "creation", record.source, {"objectId": record.id, "changeFlag": "NEW"})

    def changed(
        self, kind: ObjectType, record: Record, values: Mapping[str, Any], source: Source
    ) -> None:
        """One event for each property."""
        for name, value in values.items() if self._subscriptions else ():
            more = {"objectId": record.id, "propertyName": name, "propertyValue": value or ""}
            self._tell(kind, "propertyChange", source, more)

    def gone(self, kind: ObjectType, record: Record, source: Source, *, forgotten: bool) -> None:
        verb = "privacyDeletion" if forgotten else "deletion"
        self._tell(kind, verb, source, {"objectId": record.id, "changeFlag": "DELETED"})

    def restored(self, kind: ObjectType, record: Record, source: Source) -> None:
        self._tell(kind, "restore", source, {"objectId": record.id, "changeFlag": "RESTORED"})

    def merged(
        self,
        kind: ObjectType,
        primary: int,
        others: Sequence[int],
        survivor: Record,
        source: Source,
    ) -> None:
        more = {
            "objectId": survivor.id,
            "primaryObjectId": primary,
            "mergedObjectIds": list(others),
            "newObjectId": survivor.id,
            "numberOfPropertiesMoved": len(survivor.properties),
        }
        self._tell(kind, "merge", source, more)

    def linked(
        self, kinds: tuple[ObjectType, ObjectType], ids: tuple[int, int], source: Source, *,
        removed: bool, primary: bool = False,
    ) -> None:  # fmt: skip
        """An association made or removed, told from both of its ends."""
        for one, two in ((0, 1), (1, 0)):
            names = kinds[one].singular.upper(), kinds[two].singular.upper()
            more = {
                "fromObjectId": ids[one],
                "toObjectId": ids[two],
                "associationType": f"{names[0]}_TO_{names[1]}",
                "associationRemoved": removed,
                "isPrimaryAssociation": primary,
            }
            self._tell(kinds[one], "associationChange", source, more)

    def _tell(self, kind: ObjectType, verb: str, source: Source, more: dict[str, Any]) -> None:
        for one in self._subscriptions:
            wanted, _, wanted_verb = one.type.partition(".")
            if wanted_verb != verb or wanted not in (kind.singular, "object"):
                continue
            if one.name is not None and one.name != more.get("propertyName"):
                continue
            generic = {"objectTypeId": kind.type_id} if wanted == "object" else {}
            self._wait({**self._head(one, source), **more, **generic})

    def _head(self, one: Subscription, source: Source) -> dict[str, Any]:
        options = self._store.options
        return {
            "eventId": 0,
            "subscriptionId": one.id,
            "portalId": options.portal_id,
            "appId": options.app_id,
            "occurredAt": self._store.now(),
            "subscriptionType": one.type,
            "attemptNumber": 0,
            "changeSource": CHANGE_SOURCES.get(source.type, source.type),
            "sourceId": source.id or source.type,
        }

    def _wait(self, body: dict[str, Any]) -> None:
        """Put an event on its way: late, twice, or never, as the quirks say."""
        if self._store.options.webhook_url is None:
            return
        self._made += 1
        quirks, key = self._store.quirks, f"event {self._made}"
        if quirks.rate("webhook_losses", key):
            self.lost += 1
            return
        number = self._made - (1 if quirks.rate("webhook_repeated_ids", key) else 0)
        body["eventId"] = 3_816_000_000 + number * 7
        copies = 2 if quirks.rate("webhook_duplicates", key) else 1
        for copy in range(copies):
            late = int(quirks.seconds("webhook_seconds", f"{key} {copy}") * 1000)
            self.pending.append(Pending(body["occurredAt"] + late, dict(body)))


_ESCAPED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def signed_uri(uri: str) -> str:
    """A URI as signatures of version 3 see it: some escapes undone, all others kept."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), uri)
