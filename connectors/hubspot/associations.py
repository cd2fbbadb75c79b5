"""Association fields: read in batches, written as the difference to what is there."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from connectors.base import RemoteId
from core.errors import RecordError, RejectedError, UnexpectedReplyError, VendorDownError

from .client import Api, Reply
from .errors import complaint
from .routes import Routes
from .wire import chunks

READ_BATCH = 1000
CREATE_BATCH = 2000
ARCHIVE_BATCH = 100
"""Inputs that one call takes (HubSpot, associations v4)."""
_NOT_VALID = re.compile(r"[A-Z_]+=(\d+) is not valid")
ALIKE = 5
"""Refusals of one wording after which a batch is not halved any further."""


@dataclass(frozen=True, slots=True)
class AssociationField:
    """One association field of an object type: what it points to and HubSpot's type ids.

    `plain` is the type that makes an association, `primary` the one that marks the primary
    among several; `only` limits the field to associations of the type `plain` and to one item;
    `labelled`: the account's own labels on it are roles.
    """

    to: str
    label: str
    plain: int
    primary: int | None = None
    only: bool = False
    labelled: bool = False


ASSOCIATION_FIELDS: Mapping[str, Mapping[str, AssociationField]] = {
    "contacts": {
        "associations.companies": AssociationField("companies", "Companies", 279, 1, labelled=True)
    },
    "companies": {
        "associations.parent": AssociationField("companies", "Parent company", 14, only=True)
    },
    "deals": {
        "associations.companies": AssociationField("companies", "Companies", 341, 5),
        "associations.contacts": AssociationField("contacts", "Contacts", 3, labelled=True),
    },
}
"""Source: HubSpot, "Associations v4", table of type ids (14: child to parent company)."""

HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"
Type = tuple[str, int]
Items = list[dict[str, Any]]


@dataclass(slots=True)
class Pair:
    """How one record is associated with another: custom labels by type id, and the rest."""

    labels: dict[str, int] = field(default_factory=dict)
    primary: bool = False

    def items(self, other: RemoteId) -> Items:
        """One item for each label, or one without a label."""
        labels: list[str | None] = [*sorted(self.labels)] or [None]
        return [{"id": other, "label": label, "primary": self.primary} for label in labels]


Pairs = dict[RemoteId, Pair]


@dataclass(slots=True)
class Difference:
    """Inputs of the calls that lead from what is there to what is wished, for `ids`."""

    ids: list[RemoteId] = field(default_factory=list)
    create: list[dict[str, Any]] = field(default_factory=list)
    strip: list[dict[str, Any]] = field(default_factory=list)
    archive: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.strip or self.archive)


@dataclass(slots=True)
class Sent:
    """What the answers said: reasons of refusals, and pairs that they confirmed."""

    reasons: list[str] = field(default_factory=list)
    confirmed: set[tuple[RemoteId, RemoteId]] = field(default_factory=set)

    @property
    def hopeless(self) -> bool:
        """Whether the last refusals all read alike, so that the matter is not one record's."""
        return len(self.reasons) >= ALIKE and len(set(self.reasons[-ALIKE:])) == 1

    def take(self, reply: Reply) -> None:
        """An answer that is a success at least in part."""
        self.reasons += [complaint(error).message for error in _errors(reply)]
        for result in reply.results:
            self.confirmed.add((str(result.get("fromObjectId")), str(result.get("toObjectId"))))


@dataclass(frozen=True, slots=True)
class Written:
    """The values afterwards, the errors of records whose wish is not wholly fulfilled, and the
    records of which it is certain that they are there."""

    values: Mapping[RemoteId, Items]
    refused: Mapping[RemoteId, RecordError]
    sure: AbstractSet[RemoteId]


@dataclass(slots=True)
class _Work:
    """One field of many records on its way from `current` to `wished`."""

    current: dict[RemoteId, Pairs]
    wished: dict[RemoteId, Pairs] = field(default_factory=dict)
    refused: dict[RemoteId, RecordError] = field(default_factory=dict)

    def differs(self, rule: AssociationField, id: RemoteId) -> bool:
        """Whether something is known to be there, and something else wished."""
        if id not in self.current or id not in self.wished:
            return False
        into = Difference()
        _compare(rule, id, self.current[id], self.wished[id], into)
        return bool(into)

    def difference(self, rule: AssociationField) -> Difference:
        """Of all records whose wish can be understood."""
        whole = Difference()
        for id, pairs in self.wished.items():
            before = len(whole.create), len(whole.strip), len(whole.archive)
            _compare(rule, id, self.current.get(id, {}), pairs, whole)
            if before != (len(whole.create), len(whole.strip), len(whole.archive)):
                whole.ids.append(id)
        return whole

    def told(self, rule: AssociationField, id: RemoteId, sent: Sent) -> bool:
        """Whether the answers leave nothing open: all that was added is confirmed, and it is
        not left to HubSpot which one is the primary."""
        wished, current = self.wished[id], self.current.get(id, {})
        added = {
            (id, other)
            for other, pair in wished.items()
            if _additions(rule, current.get(other), pair)
        }
        primaries = sum(pair.primary for pair in wished.values())
        return added <= sent.confirmed and (rule.primary is None or not wished or primaries == 1)


class Associations:
    """Reads and writes association fields of one account."""

    def __init__(self, api: Api, routes: Routes) -> None:
        self._api = api
        self._routes = routes
        self._lock = threading.Lock()
        self._labels: dict[tuple[str, str], dict[str, int]] = {}

    def read(self, object_type: str, name: str, ids: Sequence[RemoteId]) -> dict[RemoteId, Items]:
        """The field's value for every id that exists; ids that HubSpot does not know are absent
        where it says so."""
        return {id: to_items(pairs) for id, pairs in self.pairs(object_type, name, ids).items()}

    def pairs(self, object_type: str, name: str, ids: Sequence[RemoteId]) -> dict[RemoteId, Pairs]:
        """As `read`, unflattened; one call per thousand ids, more where a record has so many
        associations that HubSpot pages them."""
        rule = ASSOCIATION_FIELDS[object_type][name]
        found: dict[RemoteId, Pairs] = {id: {} for id in ids}
        waiting: list[dict[str, str]] = [{"id": id} for id in found]
        while waiting:
            batch, waiting = waiting[:READ_BATCH], waiting[READ_BATCH:]
            reply = self._post(object_type, rule, "batch/read", batch, needs="results")
            waiting += _gather(rule, reply, found)
        return found

    def write(
        self,
        object_type: str,
        name: str,
        wishes: Mapping[RemoteId, Items],
        *,
        new: Iterable[RemoteId] = (),
        expected: Mapping[RemoteId, Items] | None = None,
    ) -> Written:
        """Make the field what is wished.

        Records in `new` have no associations yet; of others `expected` says what the caller saw
        last, and only those that it leaves out are read before. Afterwards only those are read
        of which the answers leave anything open. Where there was more than expected, that stays,
        and the next reading shows it as the change that it is.
        """
        rule = ASSOCIATION_FIELDS[object_type][name]
        work = _Work(self._assumed(object_type, rule, expected or {}, wishes))
        work.current.update({id: {} for id in new if id in wishes})
        for id, items in wishes.items():
            try:
                work.wished[id] = self._wished(object_type, rule, items)
            except RejectedError as error:
                work.refused[id] = error
        unsure = [id for id in wishes if not work.differs(rule, id)]
        unsure = [id for id in unsure if id not in set(new) or id in work.refused]
        work.current.update(self._read_for(object_type, name, unsure))
        difference = work.difference(rule)
        sent = self._carry_out(object_type, rule, difference) if difference else Sent()
        after = {id: pairs for id, pairs in work.current.items() if id in wishes}
        after.update({id: work.wished[id] for id in difference.ids})
        open_ids = [id for id in difference.ids if sent.reasons or not work.told(rule, id, sent)]
        read = self._read_for(object_type, name, open_ids)
        work.refused.update(_unfulfilled(name, work, read, open_ids, sent.reasons))
        after.update({id: read.get(id, {}) for id in open_ids})
        sure = {one for one, _ in sent.confirmed} | {id for id, pairs in after.items() if pairs}
        return Written({id: to_items(after.get(id, {})) for id in wishes}, work.refused, sure)

    def _read_for(
        self, object_type: str, name: str, ids: Sequence[RemoteId]
    ) -> dict[RemoteId, Pairs]:
        return self.pairs(object_type, name, ids) if ids else {}

    def _assumed(
        self,
        object_type: str,
        rule: AssociationField,
        expected: Mapping[RemoteId, Items],
        wishes: Mapping[RemoteId, Items],
    ) -> dict[RemoteId, Pairs]:
        """What is there, as the caller saw it; without those whose labels are gone."""
        found: dict[RemoteId, Pairs] = {}
        for id in wishes.keys() & expected.keys():
            with suppress(RejectedError):
                found[id] = self._wished(object_type, rule, expected[id])
        return found

    def _wished(self, object_type: str, rule: AssociationField, items: Items) -> Pairs:
        pairs: Pairs = {}
        for item in items:
            pair = pairs.setdefault(str(item["id"]), Pair())
            pair.primary = pair.primary or (rule.primary is not None and bool(item.get("primary")))
            if label := item.get("label"):
                pair.labels[label] = self._label(object_type, rule, str(label))
        if rule.only and len(pairs) > 1:
            raise RejectedError("a company has one parent company", vendor_code="TOO_MANY")
        return pairs

    def _label(self, object_type: str, rule: AssociationField, label: str) -> int:
        """The type id of a custom label; the account's labels are read once, and again for one
        that is not among them."""
        key = (object_type, rule.to)
        with self._lock:
            known = self._labels.get(key)
        if known is None or label not in known:
            known = labels_of(self._api, self._routes, object_type, rule)
            with self._lock:
                self._labels[key] = known
        if label not in known:
            raise RejectedError(
                f"HubSpot has no association label {label!r} from {object_type} to {rule.to}",
                vendor_code="UNKNOWN_LABEL",
                remedy="Make the label in HubSpot, or map it to one that exists.",
            )
        return known[label]

    def _carry_out(self, object_type: str, rule: AssociationField, wanted: Difference) -> Sent:
        """Send the difference. A parent is taken off before another is put on; otherwise
        additions come first, so that no record loses its last company on the way."""
        create = ("batch/create", wanted.create, CREATE_BATCH)
        archive = ("batch/archive", wanted.archive, ARCHIVE_BATCH)
        strip = ("batch/labels/archive", wanted.strip, ARCHIVE_BATCH)
        sent = Sent()
        for verb, rows, size in (strip, create) if rule.only else (create, archive, strip):
            self._send(object_type, rule, verb, rows, size, sent)
        return sent

    def _send(
        self,
        object_type: str,
        rule: AssociationField,
        verb: str,
        rows: list[dict[str, Any]],
        size: int,
        sent: Sent,
    ) -> None:
        """Send in batches; a batch that is refused as a whole is halved down to its bad one.
        After many refusals of one and the same wording the rest is taken to be refused too."""
        waiting = list(chunks(rows, size))
        while waiting:
            batch = waiting.pop(0)
            reply = self._post(object_type, rule, verb, batch, accept=(400, 404))
            if reply.ok:
                sent.take(reply)
            elif len(batch) > 1 and not sent.hopeless:
                waiting[:0] = chunks(batch, (len(batch) + 1) // 2)
            else:
                sent.reasons.append(complaint(reply.body, reply.status).message)

    def _post(
        self,
        object_type: str,
        rule: AssociationField,
        verb: str,
        inputs: list[dict[str, Any]],
        *,
        accept: Sequence[int] = (),
        needs: str | None = None,
    ) -> Reply:
        path = f"{self._routes.associations}/{object_type}/{rule.to}/{verb}"
        return self._api.call("POST", path, body={"inputs": inputs}, accept=accept, needs=needs)


def labels_of(api: Api, routes: Routes, object_type: str, rule: AssociationField) -> dict[str, int]:
    """The account's own labels of an association, with their type ids."""
    path = f"{routes.associations}/{object_type}/{rule.to}/labels"
    return {
        str(row["label"]): int(row["typeId"])
        for row in api.call("GET", path, needs="results").results
        if row.get("category") == USER and row.get("label")
    }


def to_items(pairs: Pairs) -> Items:
    """The value of an association field, sorted by id, then label."""
    return [item for other in sorted(pairs) for item in pairs[other].items(other)]


def _input(one: RemoteId, two: RemoteId, types: Sequence[Type]) -> dict[str, Any]:
    kinds = [{"associationCategory": kind, "associationTypeId": number} for kind, number in types]
    return {"from": {"id": one}, "to": {"id": two}, "types": kinds}


def _errors(reply: Reply) -> list[Mapping[str, Any]]:
    return [error for error in reply.body.get("errors") or () if isinstance(error, Mapping)]


def _gather(
    rule: AssociationField, reply: Reply, found: dict[RemoteId, Pairs]
) -> list[dict[str, str]]:
    """Add an answer's associations to `found`; returns the inputs that read on."""
    further = []
    for result in reply.results:
        one = str((result.get("from") or {}).get("id"))
        pairs = found.setdefault(one, {})
        for target in result.get("to") or ():
            _add(rule, pairs, target)
        after = ((result.get("paging") or {}).get("next") or {}).get("after")
        if after is not None:
            further.append({"id": one, "after": str(after)})
    for error in _errors(reply):
        for id in _unknown_ids(error):
            found.pop(id, None)
    return further


def _unknown_ids(error: Mapping[str, Any]) -> Iterable[str]:
    """The records that one error of a batch read says are not there; none where it says that a
    record has no associations. Raises VendorDownError for any other: a record that could not be
    read is not one without associations."""
    said = complaint(error)
    if "NO_ASSOCIATIONS" in str(error.get("subCategory") or "").upper():
        return ()
    if said.missing:
        return said.ids
    if named := _NOT_VALID.search(said.message):
        return (named.group(1),)
    raise VendorDownError(f"HubSpot could not read all associations: {said.message}")


def _add(rule: AssociationField, pairs: Pairs, target: Mapping[str, Any]) -> None:
    """One `to` of an answer; ids come as text or as numbers."""
    if "toObjectId" not in target:
        raise UnexpectedReplyError("HubSpot sent an association without toObjectId")
    types = [
        (str(kind.get("category")), int(kind.get("typeId") or 0), kind.get("label"))
        for kind in target.get("associationTypes") or ()
    ]
    ids = {number for category, number, _ in types if category == HUBSPOT}
    if rule.only and rule.plain not in ids:
        return
    pair = pairs.setdefault(str(target["toObjectId"]), Pair())
    pair.primary = pair.primary or rule.primary in ids
    if not rule.only:
        pair.labels |= {label: number for kind, number, label in types if kind == USER and label}


def _compare(
    rule: AssociationField, id: RemoteId, current: Pairs, wished: Pairs, into: Difference
) -> None:
    gone = [other for other in current if other not in wished]
    if gone and rule.only:
        into.strip += [_input(id, other, [(HUBSPOT, rule.plain)]) for other in gone]
    elif gone:
        into.archive.append({"from": {"id": id}, "to": [{"id": other} for other in gone]})
    for other, pair in wished.items():
        before = current.get(other)
        added = _additions(rule, before, pair)
        if added:
            into.create.append(_input(id, other, added))
        if before is not None and (surplus := _surplus(rule, before, pair, wished)):
            into.strip.append(_input(id, other, surplus))


def _additions(rule: AssociationField, before: Pair | None, pair: Pair) -> list[Type]:
    types: list[Type] = [(HUBSPOT, rule.plain)] if before is None else []
    held = before or Pair()
    if pair.primary and not held.primary and rule.primary is not None:
        types.append((HUBSPOT, rule.primary))
    types += [(USER, kind) for label, kind in pair.labels.items() if label not in held.labels]
    return types


def _surplus(rule: AssociationField, before: Pair, pair: Pair, wished: Pairs) -> list[Type]:
    """Types to take off a pair that stays. A primary mark goes by itself when another of the
    record's associations gets it."""
    types: list[Type] = [
        (USER, kind) for label, kind in before.labels.items() if label not in pair.labels
    ]
    passed_on = any(other.primary for other in wished.values())
    if before.primary and not pair.primary and not passed_on and rule.primary is not None:
        types.append((HUBSPOT, rule.primary))
    return types


def _unfulfilled(
    name: str,
    work: _Work,
    read: Mapping[RemoteId, Pairs],
    ids: Iterable[RemoteId],
    reasons: Sequence[str],
) -> dict[RemoteId, RecordError]:
    """Records whose associations or labels are not what was wished. Which of several is the
    primary one is the vendor's to say: it marks the first by itself. What nobody expected there
    was not to be taken off."""
    refused: dict[RemoteId, RecordError] = {}
    for id in ids:
        pairs, now, before = work.wished[id], read.get(id, {}), work.current.get(id, {})
        lacking = [other for other in pairs if not _holds(now.get(other), pairs[other])]
        kept = [other for other in now if other in before and other not in pairs]
        if lacking or kept:
            message = _reason(lacking or kept, reasons) or (
                f"HubSpot did not associate {', '.join(lacking)}" if lacking
                else f"HubSpot did not take off {', '.join(kept)}"
            )  # fmt: skip
            refused[id] = RejectedError(message, field=name, vendor_code="ASSOCIATION")
    return refused


def _holds(now: Pair | None, wished: Pair) -> bool:
    return now is not None and wished.labels.keys() <= now.labels.keys()


def _reason(others: Sequence[RemoteId], reasons: Sequence[str]) -> str | None:
    for reason in reasons:
        if any(other in reason for other in others):
            return reason
    return reasons[0] if reasons else None
