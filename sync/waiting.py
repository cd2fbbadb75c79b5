"""What waits for a person: open questions and refused writes by cause, with ids and ages."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.answers import Answers
from sync.journal import Journal, Retry
from sync.model import Reply, Value, Waiting
from sync.store import Store

REFUSED = "refused"
"""The cause of what a vendor refused and is tried again."""

LOOKS_LIKE = "looks like "
"""What a message says of two records that were found to resemble each other."""

_ID_LENGTH = 7
_AMBIGUOUS = str.maketrans({"I": "8", "L": "9", "O": "0", "U": "1"})


@dataclass(frozen=True, slots=True)
class Open:
    """One thing that waits, whether asked by a plan or refused by a vendor."""

    question: str
    cause: str
    kind: str
    entity: str
    side: str
    field: str
    message: str
    detail: Mapping[str, Value]
    facts: Mapping[str, str]
    opened: str

    @property
    def id(self) -> str:
        """A few letters to answer it by; the same on every run and machine."""
        return short_id(self.question)

    @property
    def pattern(self) -> str:
        """The message without what differs from record to record."""
        return pattern(self.message)


def short_id(question: str) -> str:
    """A few letters and digits that stand for a question's id."""
    hashed = hashlib.sha256(question.encode()).digest()
    return base64.b32encode(hashed).decode().translate(_AMBIGUOUS)[:_ID_LENGTH].lower()


_NAMES_RECORDS = ("several", "shares", "same", "carries", "came of", "a new deal")
"""How messages begin that end with the records that they are about."""


def pattern(message: str) -> str:
    """A message without quoted values, ids and names of records, so that like stands by like."""
    text = message.partition("; asked again: ")[0]
    if LOOKS_LIKE in text:
        return "looks like another one"
    text = text.partition(": ")[0] if text.startswith(_NAMES_RECORDS) else text
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "…", text)
    text = re.sub(r"\S+@\S+", "…", text)
    return re.sub(r"\b(?=\w*\d)[\w-]+", "…", text)


def waiting_things(store: Store) -> list[Open]:
    """Everything that waits, oldest first. Refusals that a person let rest are left out."""
    asked = [_asked(row) for row in store.questions()]
    return sorted([*asked, *_refused(store)], key=lambda o: (o.opened, o.question))


def waiting(things: Iterable[Open]) -> dict[str, Waiting]:
    """By cause: how many wait, and since when the oldest does."""
    found: dict[str, list[str]] = {}
    for thing in things:
        found.setdefault(thing.cause, []).append(thing.opened)
    return {cause: Waiting(len(opened), min(opened)) for cause, opened in sorted(found.items())}


def overdue(things: Iterable[Open], after: timedelta, now: datetime) -> dict[str, Waiting]:
    """What has waited for longer than a person may leave it."""
    limit = now - after
    return waiting(o for o in things if datetime.fromisoformat(o.opened) < limit)


def open_fights(store: Store) -> dict[str, dict[tuple[str, str], Mapping[str, Value]]]:
    """By entity, side and field: the values over which an open question says that sides fight."""
    found: dict[str, dict[tuple[str, str], Mapping[str, Value]]] = {}
    for q in store.questions():
        if q["cause"] == "fight":
            found.setdefault(q["entity"], {})[q["side"], q["field"]] = q["detail"]
    return found


def _asked(row: Mapping[str, Any]) -> Open:
    return Open(
        row["id"], row["cause"], row["kind"], row["entity"], row["side"], row["field"],
        row["message"], row["detail"], row["facts"], row["opened"],
    )  # fmt: skip


def _refused(store: Store) -> list[Open]:
    retries = Journal(store).retries()
    if not retries:
        return []
    kinds = {entity: kind for kind, entity in store.entities()}
    answers = Answers(store)
    found = [_of_retry(retry, kinds.get(retry.entity, "")) for retry in retries]
    return [o for o in found if not answers.rests(o.question, o.facts)]


def _of_retry(retry: Retry, kind: str) -> Open:
    question = "/".join((REFUSED, kind, retry.entity, retry.side, retry.field))
    facts = {"attempt": retry.digest}
    return Open(
        question, REFUSED, kind, retry.entity, retry.side, retry.field, retry.error,
        {}, facts, retry.since or retry.next_at.isoformat(),
    )  # fmt: skip


def words(cause: str) -> str:
    """A cause as it stands in sentences."""
    return _WORDS.get(cause, cause)


_WORDS: Mapping[str, str] = {
    "conflict": "conflicts",
    "held": "held values",
    "waits": "values that wait for another record",
    "create": "records that cannot be created",
    "ambiguous": "ambiguous matches",
    "resembles": "records that resemble others",
    "merge": "proposed merges",
    "duplicate": "duplicates",
    "delete": "deletes",
    "convert": "conversions",
    "fight": "fields that sides fight over",
    REFUSED: "refused writes",
}

REPLIES: Mapping[str, tuple[Reply, ...]] = {
    "conflict": (Reply.TAKE, Reply.VALUE, Reply.SKIP),
    "held": (Reply.VALUE, Reply.TAKE, Reply.SKIP),
    "waits": (Reply.VALUE, Reply.TAKE, Reply.SKIP),
    "create": (Reply.VALUE, Reply.CREATE, Reply.LINK, Reply.SKIP),
    "ambiguous": (Reply.LINK, Reply.CREATE, Reply.APART, Reply.SKIP),
    "resembles": (Reply.LINK, Reply.CREATE, Reply.APART, Reply.SKIP),
    "merge": (Reply.MERGE, Reply.APART, Reply.SKIP),
    "duplicate": (Reply.MERGE, Reply.APART, Reply.SKIP),
    "delete": (Reply.DELETE, Reply.RESTORE, Reply.UNLINK, Reply.SKIP),
    "convert": (Reply.SKIP,),
    "fight": (Reply.TAKE, Reply.RETRY),
    REFUSED: (Reply.RETRY, Reply.SKIP),
}
"""What can be answered, by cause."""

ALWAYS: Mapping[str, tuple[Reply, ...]] = {
    "conflict": (Reply.TAKE, Reply.SKIP),
    "held": (Reply.VALUE, Reply.SKIP),
    "waits": (Reply.SKIP,),
    "create": (Reply.CREATE, Reply.SKIP),
    "ambiguous": (Reply.SKIP,),
    "resembles": (Reply.LINK, Reply.CREATE, Reply.SKIP),
    "merge": (Reply.MERGE, Reply.APART, Reply.SKIP),
    "delete": (Reply.DELETE, Reply.RESTORE, Reply.UNLINK, Reply.SKIP),
    "convert": (Reply.SKIP,),
}
"""What can be answered for good, for all of a group."""
