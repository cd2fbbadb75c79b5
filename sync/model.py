"""The engine's values: what a side shows, what was decided and why, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

Value = Any
"""A canonical value as normalised JSON (see mapping/canonical.py); None is blank."""


class Missing:
    """The type of MISSING: no base yet, which is not the same as a blank base."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class State(StrEnum):
    """What became of a record on its side."""

    LIVE = "live"
    ARCHIVED = "archived"
    """Deleted on its side; not yet acted upon."""
    GONE = "gone"
    """Deleted on its side and acted upon: the link is kept as a tombstone."""
    MOVED = "moved"
    """Lives on under another identity (merge or conversion)."""


class Verb(StrEnum):
    """What an action does to a side."""

    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    RESTORE = "restore"
    MERGE = "merge"
    CONVERT = "convert"


@dataclass(slots=True)
class Row:
    """One record on one side as the store keeps it; a link when `entity` is set.

    `seen` and `base` are canonical values whose references are still the side's own ids.
    """

    side: str
    object_type: str
    id: str
    kind: str
    entity: str | None = None
    state: State = State.LIVE
    seen: dict[str, Value] = field(default_factory=dict)
    base: dict[str, Value] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    owes: set[str] = field(default_factory=set)
    """Fields of which this record has not got what two other sides have settled between them."""
    modified: datetime | None = None
    stamp: str | None = None
    moved_type: str | None = None
    moved_id: str | None = None
    how: str = ""
    dirty: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the record: side, object type and id."""
        return (self.side, self.object_type, self.id)

    @property
    def unsettled(self) -> bool:
        """Whether anything about what it shows is still to be decided or carried over."""
        return self.seen != self.base or bool(self.problems) or bool(self.owes)


@dataclass(frozen=True, slots=True)
class Shown:
    """An entity as one side shows it: references resolved to entity ids, owners to e-mails.

    `values` and `base` hold the fields that this object type can show; a name absent from
    `base` has no base yet. `problems` names fields whose value on this side cannot be
    represented, or whose reference is not known (yet). `seen` and `base_seen` are the same
    with references in the side's own ids, as the store keeps them.
    """

    side: str
    object_type: str
    id: str
    values: Mapping[str, Value]
    base: Mapping[str, Value]
    writable: frozenset[str]
    seen: Mapping[str, Value] = field(default_factory=dict)
    base_seen: Mapping[str, Value] = field(default_factory=dict)
    owes: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None
    awake: bool = True
    archived: bool = False
    stamped: bool = True
    restorable: bool = False
    """Whether the side can bring the record back, once it is archived."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One real thing over all its sides."""

    id: str
    kind: str
    shown: tuple[Shown, ...]
    gone: frozenset[str] = frozenset()
    """Sides on which it was deleted or merged away: never created again by itself."""


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field of an action: what it replaces, what it sets, and why."""

    name: str
    old: Value
    new: Value
    source: str
    rule: str
    why: str

    @property
    def one_way(self) -> bool:
        """Whether the rule names the value's source as the only side that speaks."""
        return self.rule in (f"{self.source} ->", f"{self.source} unless blank")


@dataclass(frozen=True, slots=True)
class Action:
    """One decided write to one record on one side."""

    id: str
    verb: Verb
    entity: str
    kind: str
    side: str
    object_type: str
    record_id: str | None
    fields: tuple[FieldWrite, ...] = ()
    stamp: bool = False
    why: str = ""
    other_id: str | None = None
    """The record that a merge ends, or the entity of the account that a conversion goes into."""
    options: Mapping[str, Value] = field(default_factory=dict)
    """What a conversion is told besides: `opportunity` (its name), `owner` (an e-mail). For an
    undo: `raw`, the vendor's own values to put back as they were."""
    lacks: tuple[str, ...] = ()
    """Fields of which a new record is not given (all of) the value for now: what they name is not
    there yet, or the side does not take it."""

    def without(self, names: Collection[str]) -> Action:
        """The action without some fields; a record that it makes lacks them."""
        kept = tuple(f for f in self.fields if f.name not in names)
        lacks = {*self.lacks, *names} if self.verb is Verb.CREATE else ()
        return dataclasses.replace(self, fields=kept, lacks=tuple(sorted(lacks)))


@dataclass(frozen=True, slots=True)
class Question:
    """Something only a person can decide; it names what waits and how to answer."""

    cause: str
    kind: str
    entity: str
    side: str
    field: str
    message: str
    detail: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    """What it is asked about besides `detail`: `wanted`, the value that was not accepted."""

    @property
    def id(self) -> str:
        """Stable over runs, so that a question is asked once."""
        return "/".join((self.cause, self.kind, self.entity, self.side, self.field))


class Reply(StrEnum):
    """What a person can answer."""

    TAKE = "take"
    VALUE = "value"
    LINK = "link"
    CREATE = "create"
    SKIP = "skip"
    MERGE = "merge"
    APART = "keep apart"
    DELETE = "delete"
    RESTORE = "restore"
    UNLINK = "unlink"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer to a question, or (`entity` is "*") to all of its kind, for good.

    `value` is the side taken, the value given, or [side, object type, id] of a record. `facts`
    are digests of what the question was asked about: the answer holds for these only.
    """

    id: int
    question: str
    cause: str
    kind: str
    entity: str
    side: str
    field: str
    reply: Reply
    value: Value
    facts: Mapping[str, str]
    by: str
    at: datetime
    state: str = "given"
    """given; done (carried out by `run`); stale (the facts changed); passed (it was not needed any
    more); replaced; withdrawn."""
    run: str | None = None

    @property
    def standing(self) -> bool:
        """Whether it answers every question of its group, those to come as well."""
        return self.entity == "*"

    @property
    def said(self) -> str:
        """Who answered what, in words."""
        given = {Reply.TAKE: f" {self.value}", Reply.VALUE: " given"}.get(self.reply, "")
        always = "always " if self.standing else ""
        return f"answered by {self.by} on {self.at:%Y-%m-%d}: {always}{self.reply}{given}"


@dataclass(frozen=True, slots=True)
class Applied:
    """An answer that a plan carries out, and what must succeed for it: (action id, field)."""

    answer: int
    question: str
    waits: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """Bases that move when `fields` have been written everywhere they had to be.

    `bases` are the values each side showed when the plan was made, references in the side's
    own ids: per side, per field. `waits` names the actions (by id) that must succeed for a
    field; a field absent from it settles at once, unless it is in `lacking`: field -> the sides
    that cannot be given the value for now. Then, and where an action fails, it is settled between
    the sides that have it, if there are two: `shows` names those that had it before the plan.
    """

    entity: str
    bases: Mapping[str, Mapping[str, Value]]
    waits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Field -> the side that spoke, the rule, and what was said besides; kept for `why`."""
    shows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    members: Mapping[str, Value] = field(default_factory=dict)
    """Sets that are written or cannot be (wholly), as agreed: settled member by member."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A guard that stops the run, what it saw, and the flag that lets it pass once."""

    guard: str
    message: str
    flag: str
    detail: tuple[str, ...] = ()
    """What a person wants to see before letting it pass, line by line."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What guards judge by, per side and kind: records linked, records that would be changed or
    deleted, links that were just made, and settled records from which values would be written
    elsewhere (`spoke`)."""

    linked: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    changed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    deleted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    new_links: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    ambiguous: int = 0
    spoke: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rules_changed: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one pass decided, as a value: it can be printed, saved and applied as it is."""

    id: str
    made_at: datetime
    digest: str
    actions: tuple[Action, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    questions: tuple[Question, ...] = ()
    unlink: tuple[tuple[str, str], ...] = ()
    """(entity, side) whose deleted record is let go: the link stays as a tombstone."""
    rows: tuple[Row, ...] = ()
    """Links that the plan made or relies on and that the store may not have yet."""
    statistics: Statistics = Statistics()
    violations: tuple[Violation, ...] = ()
    cost: Mapping[str, int] = field(default_factory=dict)
    """API calls that applying will take, per side (estimate, reads included)."""
    purpose: str = ""
    """What the plan is for, where it is not that of a run: "undo", "fix" or "backfill"."""
    subject: tuple[str, ...] = ()
    """The run that is undone, or the fields (`kind.field`) that are backfilled."""
    answered: tuple[Applied, ...] = ()
    """Answers of people that it carries out."""


class Result(StrEnum):
    """How a run ended; it only escalates."""

    OK = "ok"
    PARTIAL = "partial"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class Tally:
    """What happened to the records of one kind on one side."""

    read: int = 0
    linked: int = 0
    created: int = 0
    updated: int = 0
    archived: int = 0
    restored: int = 0
    merged: int = 0
    converted: int = 0
    refused: int = 0
    stale: int = 0
    unknown: int = 0

    @property
    def writes(self) -> int:
        """Writes that the vendor acknowledged."""
        done = self.created + self.updated + self.archived
        return done + self.restored + self.merged + self.converted


@dataclass(slots=True)
class Failure:
    """A record or field that a vendor refused, in the vendor's words."""

    side: str
    object_type: str
    record_id: str | None
    entity: str
    field: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of one cause waits for a person, and since when the oldest does (ISO)."""

    number: int
    oldest: str


@dataclass(slots=True)
class Report:
    """What one run did: per side and kind, with what was held or refused and why."""

    run: str
    result: Result = Result.OK
    tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)
    questions: int = 0
    failures: list[Failure] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    message: str = ""
    waiting: dict[str, Waiting] = field(default_factory=dict)
    """By cause: what waits for a person after this run."""
    warnings: list[str] = field(default_factory=list)

    def tally(self, side: str, kind: str) -> Tally:
        """The counters of one side and kind, made on first use."""
        return self.tallies.setdefault(side, {}).setdefault(kind, Tally())

    def escalate(self, result: Result) -> None:
        """Make the result worse; never better."""
        order = list(Result)
        if order.index(result) > order.index(self.result):
            self.result = result

    @property
    def writes(self) -> int:
        """Acknowledged writes over all sides and kinds."""
        return sum(t.writes for kinds in self.tallies.values() for t in kinds.values())
