"""Which records are one entity: stored link, then our stamp, then the configured keys.

Exactly one candidate is linked; more than one is asked, never guessed. A record that the matching
engine finds to resemble one of another side is asked about too, before a second one is made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from config.model import Condition
from config.rules import KindSettings
from mapping.canonical import FieldDef
from mapping.conditions import Orders, holds, lookup
from mapping.matching.keys import name_key
from sync.answers import Answers
from sync.bind import bind, candidate, obstacle
from sync.evidence import (
    asked_for,
    converted_into,
    names_only_its_domain,
    people_domains,
    web_domains,
)
from sync.likeness import Key, Likeness, inexact_keys, resembling, said
from sync.model import Answer, Question, Reply, Row, State, Value
from sync.refs import References
from sync.sides import Side, by_name
from sync.store import Store
from sync.waiting import LOOKS_LIKE

_MANY = 3
"""From so many sides on a record that is linked may still be sought by a third."""

OF_THE_CONVERTED = "the account of the person whose lead was converted into it"
"""What an account is said to look like that a person made by a conversion."""

CAME_OF_A_LEAD = "came of a lead's conversion when that person had a new deal elsewhere too"
NEW_AS_WELL = "a new deal of a person whose lead's conversion made one too"
"""How the two sides of one doubt are asked about."""

_ENTITY_ID = re.compile(r"[apo]_[0-9a-f]{20}(_\d+)?")


@dataclass(slots=True)
class Matching:
    """What matching a kind came to."""

    linked: dict[str, int] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    ambiguous: int = 0
    answered: list[Answer] = field(default_factory=list)
    doubts: Mapping[Key, Sequence[Key]] = field(default_factory=dict)
    """Deal -> the deals of other sides that only a person can tell to be the same or not."""
    held: set[tuple[str, str]] = field(default_factory=set)
    """(entity, side): not to be made there, for a record of that side may be its own."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Everything matching needs; one instance a pass."""

    store: Store
    sides: Sequence[Side]
    references: References
    definitions: Mapping[str, Mapping[str, FieldDef]]
    run: str
    answers: Answers
    orders: Orders = field(default_factory=dict)
    resting: set[tuple[str, str, str]] = field(default_factory=set)
    """Free records that are left alone by this pass: they are about to be merged."""

    def match(self, kind: str, settings: KindSettings) -> Matching:
        """Attach every new record of a kind to an entity, or say why not."""
        with self.store.atomic():
            return self._match(kind, settings)

    def _match(self, kind: str, settings: KindSettings) -> Matching:
        matching = Matching()
        order = {side.name: n for n, side in enumerate(self.sides)}
        free = self.store.unattached(kind)
        rows = [r for r in free if r.state is State.LIVE and r.key not in self.resting]
        rows.sort(key=lambda r: (order.get(r.side, len(order)), r.object_type, r.id))
        taking_part = [row for row in rows if self._takes_part(row)]
        for row in taking_part:
            self.store.set_keys(row, self._keys(row, kind, settings))
        matching.doubts = self._doubts(taking_part, settings) if kind == "opportunity" else {}
        taking_part.sort(key=lambda row: not self.answers.links_free(row))  # before others ask
        taking_part.sort(key=lambda row: row.stamp is None)  # a stamp is known before any key
        left = [row for row in taking_part if not self._known(row, kind, settings, matching)]
        for row in left if len(self.sides) < _MANY else taking_part:
            self.store.add_keys(row, inexact_keys(row, self.store))
        # only now: who has a counterpart of its own is nobody's likeness
        alike = resembling(left, self.store, self.sides)
        for row in left:
            self._judge_likeness(row, alike.get(row.key, ()), matching)
        return matching

    def _takes_part(self, row: Row) -> bool:
        if row.side not in by_name(self.sides):
            return False
        if self.in_scope(row):
            return True
        row.dirty = False  # looked at again when it or the rules change
        self.store.put([row])
        self.store.set_keys(row, [])
        return False

    def in_scope(self, row: Row) -> bool:
        """Whether the record meets its side's scope filter."""
        conditions = by_name(self.sides)[row.side].settings.scope.get(row.kind, [])  # type: ignore[call-overload]
        if not conditions:
            return True
        values = self.resolved(row)
        return self.meets(conditions, lambda f: self.value_of(values, row.kind, f))

    def meets(self, conditions: Sequence[Condition], value_of: Callable[[str], Value]) -> bool:
        """Whether all conditions hold, by the orders that the rules give to fields."""
        return all(holds(condition, value_of, self.orders) for condition in conditions)

    def resolved(self, row: Row) -> dict[str, Value]:
        """The record's values with references as entity ids; unresolved ones are left out."""
        return self.references.resolve(row, row.seen, self.definitions[row.kind])[0]

    def value_of(self, values: Mapping[str, Value], kind: str, path: str) -> Value:
        """A field of the record, or (`account.account_type`) of the entity it refers to."""
        head, _, rest = path.partition(".")
        definition = self.definitions[kind].get(head)
        if rest and definition is not None and definition.type == "ref":
            return self._value_of_entity(values.get(head), str(definition.ref), rest)
        return lookup(values, path)

    def _value_of_entity(self, entity: Value, kind: str, path: str) -> Value:
        for row in self.store.by_entities([entity]).get(entity, []) if entity else []:
            value = lookup(row.seen, path)
            if row.state is State.LIVE and value is not None:
                return value
        return None

    # -- keys ------------------------------------------------------------------------------

    def twins(self, row: Row, settings: KindSettings) -> list[Row]:
        """Other records of the row's own side that share its strongest key that any shares."""
        values = self.resolved(row)
        for names in settings.match:
            rivals = self._rivals(row, self._key(values, row.kind, names))
            found = [r for r in rivals if r.side == row.side and r.key != row.key]
            if found:
                return found
        return []

    def _keys(self, row: Row, kind: str, settings: KindSettings) -> list[str]:
        values = self.resolved(row)
        wanted = [*settings.match, *([["domain"]] if kind == "account" else [])]
        found = [self._key(values, kind, names) for names in wanted]
        return [key for key in [*found, *self._people_keys(row)] if key]

    def _people_keys(self, row: Row) -> list[str]:
        """An account without a domain is sought by those of its people's addresses."""
        return [f"domain={domain}" for domain in people_domains(row, self.store)]

    def _key(self, values: Mapping[str, Value], kind: str, names: Sequence[str]) -> str:
        parts = [_comparable(self.value_of(values, kind, name), kind, name) for name in names]
        return "|".join(names) + "=" + "|".join(parts) if all(parts) else ""

    # -- attaching -------------------------------------------------------------------------

    def _known(self, row: Row, kind: str, settings: KindSettings, matching: Matching) -> bool:
        """Link by stamp, conversion or keys; True when that settled it (linked or asked)."""
        current = self.store.row(*row.key)
        if current is None or current.entity is not None:
            return True
        if self._by_stamp(current, matching) or self._by_conversion(current, settings, matching):
            return True
        values = self.resolved(current)
        for names in settings.match:
            key = self._key(values, kind, names)
            rivals = self._rivals(current, key)
            if self._by_key(current, rivals, names, matching):
                return True
        return False

    def _judge_likeness(self, row: Row, alike: Sequence[Likeness], matching: Matching) -> None:
        """Ask about what looks alike without sharing a whole key; else the record is new."""
        current = self.store.row(*row.key)
        if current is None or current.entity is not None:
            return
        if row.kind == "account" and self._shares_domain(current, matching):
            return
        rows = [r for each in alike if (r := self.store.row(*each.other)) is not None]
        free = {r.key for r in self._near(current, rows) if self._is_free(r, row.side)}
        found = [each for each in alike if each.other in free]
        if found:
            message = said(found, hiding=self.store.vault.hiding)
            others = [r for r in rows if r.key in free]
            self._ask(current, "resembles", message, others, matching)
            return
        if in_doubt := self._in_doubt(current, matching):
            self._ask_which_deal(current, in_doubt, matching)
            return
        if taken := self._accounts_of_the_converted(current):
            self._ask(current, "resembles", f"{LOOKS_LIKE}{OF_THE_CONVERTED}", taken, matching)
            return
        self._link(current, self._new_entity(current), "first seen", matching)

    def _accounts_of_the_converted(self, row: Row) -> list[Row]:
        """For an account made by a conversion: the account that the person has on another side
        though it has its counterpart here, and that counterpart. An account that names a domain
        which is not theirs is another company."""
        if row.kind != "account":
            return []
        taken = self._near(row, converted_into(row, self.store, self.references))
        own = web_domains(row)
        if own and not any(own & web_domains(other) for other in taken):
            return []
        known = self.store.by_entities(sorted({r.entity for r in taken if r.entity}))
        here = [r for rows in known.values() for r in rows if r.side == row.side]
        return [*taken, *(r for r in here if r.state is State.LIVE)]

    def _shares_domain(self, row: Row, matching: Matching) -> bool:
        """An account that names nothing but its domain was made by a CRM by itself: it is the one
        free account with that domain, and never a reason to make a second one. True when that
        settled it."""
        rivals = [r for key in self._domain_keys(row) for r in self._rivals(row, key)]
        across = [r for r in rivals if r.side != row.side]
        free = [r for r in across if self._is_free(r, row.side)]
        if len(free) == 1 and any(names_only_its_domain(r) for r in (row, *across)):
            self._link_both(row, free[0], "key: domain", matching)
            return True
        if across and not free and names_only_its_domain(row):
            self._ask(row, "resembles", "same domain, but not the whole key", across, matching)
            return True
        return False

    def _domain_keys(self, row: Row) -> list[str]:
        own = self._key(self.resolved(row), row.kind, ("domain",))
        return [key for key in (own, *self._people_keys(row)) if key]

    def _is_free(self, row: Row, side: str) -> bool:
        """Whether a record of another side has no counterpart here."""
        return not (row.entity and self._occupied(row.entity, side))

    def _rivals(self, row: Row, key: str) -> list[Row]:
        """Records with the same key, but for those that a person keeps apart from this one."""
        return self._near(row, self.store.with_key(row.kind, key) if key else [])

    def _near(self, row: Row, rows: list[Row]) -> list[Row]:
        if not self.answers.keeps_apart():
            return rows
        known = self.store.by_entities([r.entity for r in rows if r.entity])
        return [r for r in rows if not self.answers.apart(row, [r, *known.get(r.entity or "", [])])]

    def _by_stamp(self, row: Row, matching: Matching) -> bool:
        stamp = row.stamp or ""
        if not _ENTITY_ID.fullmatch(stamp) or stamp[0] != row.kind[0]:
            return False
        rows = self.store.by_entities([stamp]).get(stamp, [])
        if self.answers.apart(row, rows):
            return False
        if any(r.side == row.side and r.state is not State.MOVED for r in rows):
            self._ask(row, "ambiguous", "carries the stamp of another record here", rows, matching)
            return True
        self._link(row, stamp, "stamp", matching)
        return True

    def _by_conversion(self, row: Row, settings: KindSettings, matching: Matching) -> bool:
        if row.key in matching.doubts:
            return False  # asked about, unless a key tells
        free = self._of_the_converted(row, settings)
        if len({r.entity or r.key for r in free}) > 1:
            self._ask(row, "ambiguous", "came of a lead that fits several", free, matching)
            return True
        for other in free[:1]:
            self._link_both(row, other, "conversion", matching)
        return bool(free)

    def _of_the_converted(self, row: Row, settings: KindSettings) -> list[Row]:
        """The free records of other sides that may be what a converted lead became. A deal that is
        new too is none of them where Tieline asked for the conversion: what came of that is new by
        its own doing."""
        found = self._near(row, converted_into(row, self.store, self.references))
        free = [
            r for r in found if self._is_free(r, row.side) and not self._claimed(r, row, settings)
        ]
        if row.kind != "opportunity" or all(r.entity for r in free):
            return free
        ours = asked_for(row, self.store)
        return [r for r in free if r.entity or (not ours and self.in_scope(r))]

    def _doubts(self, rows: Sequence[Row], settings: KindSettings) -> dict[Key, list[Key]]:
        """Deals that came of a conversion, with the deals of that person on other sides where one
        of these is new as well; and the other way round.

        A deal that an earlier run knew and could not make on the lead's side waited for what the
        lead became. That two are one which are both new is said by nothing. What was asked once
        is not settled by the other deal's being known by now: only a person settles it.
        """
        found: dict[Key, list[Key]] = {}
        for row in rows:
            others = self._of_the_converted(row, settings)
            new = any(r.entity is None for r in others)
            if new or (others and self.store.was_asked("resembles", _label(row), row.side)):
                found[row.key] = [r.key for r in others]
                for other in others:
                    found.setdefault(other.key, []).append(row.key)
        return found

    def _in_doubt(self, row: Row, matching: Matching) -> list[Row]:
        """The deals that may still be the same one as this. A deal that a conversion made and that
        has found another by its keys is in doubt no more."""
        keys = dict.fromkeys(matching.doubts.get(row.key, ()))
        known = (self.store.row(*key) for key in keys)
        others = [r for r in known if r is not None and self._is_free(r, row.side)]
        if not self._came_of_a_lead(row):
            others = [r for r in others if r.entity is None]
        return self._near(row, others)

    def _came_of_a_lead(self, row: Row) -> bool:
        return self.store.origin(*row.key) is not None

    def _ask_which_deal(self, row: Row, others: Sequence[Row], matching: Matching) -> None:
        """Ask whether two new deals are one; until it is said, neither is made on the other's
        side."""
        self._ask(
            row,
            "resembles",
            CAME_OF_A_LEAD if self._came_of_a_lead(row) else NEW_AS_WELL,
            others,
            matching,
        )
        left = self.store.row(*row.key)
        if left is not None and left.entity is None:
            matching.held |= {(r.entity, row.side) for r in others if r.entity}

    def _claimed(self, other: Row, row: Row, settings: KindSettings) -> bool:
        """Whether a record that could belong to a converted lead shares a whole key with another
        one of the lead's side: a deal of that person, but not the one that the lead became."""
        values = self.resolved(other)
        keys = [self._key(values, other.kind, names) for names in settings.match]
        rivals = [r for key in keys for r in self._rivals(other, key)]
        return any(r.side == row.side and r.key != row.key for r in rivals)

    def _link_both(self, row: Row, other: Row, how: str, matching: Matching) -> None:
        entity = other.entity or self._new_entity(other)
        self._link(row, entity, how, matching)
        if other.entity is None:
            self._link(other, entity, how, matching)

    def _by_key(
        self, row: Row, rivals: list[Row], names: Sequence[str], matching: Matching
    ) -> bool:
        """Link by one key; True when that settled it (linked or asked)."""
        others = [r for r in rivals if r.key != row.key]
        if not others:
            return False
        said = " and ".join(names)
        twins = [r for r in others if r.side == row.side]
        entities = {r.entity for r in others if r.entity}
        loose = [r for r in others if r.entity is None]
        if twins:
            self._ask(row, "ambiguous", f"shares {said} with", others, matching)
            return True
        if _one_each(others) and len(entities) <= 1:
            entity = next(iter(entities), None) or self._new_entity(others[0])
            if self._occupied(entity, row.side):
                self._ask(row, "ambiguous", f"{said} belongs to a linked record", others, matching)
                return True
            self._link(row, entity, f"key: {said}", matching)
            for other in loose:
                self._link(other, entity, f"key: {said}", matching)
            return True
        self._ask(row, "ambiguous", f"shares {said} with", others, matching)
        return True

    def _occupied(self, entity: str, side: str) -> bool:
        rows = self.store.by_entities([entity]).get(entity, [])
        return any(r.side == side and r.state in (State.LIVE, State.ARCHIVED) for r in rows)

    def _ask(
        self, row: Row, cause: str, reason: str, others: Sequence[Row], matching: Matching
    ) -> None:
        names = [f"{r.side} {r.object_type} {r.id}" for r in others]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        shown = shown if len(names) > 1 or LOOKS_LIKE not in reason else ""
        question = Question(
            cause,
            row.kind,
            _label(row),
            row.side,
            "",
            f"{reason}: {shown}" if shown else reason,
            {"candidates": names, "shows": _title(row)},
        )
        answer = self.answers.to(question)
        hindered = self._follow(answer, row, names, matching) if answer else "not answered"
        if hindered:
            matching.ambiguous += 1
            matching.questions.append(question)

    def _follow(self, answer: Answer, row: Row, offered: Sequence[str], matching: Matching) -> str:
        """Do what a person answered about a free record, or say what stands in the way."""
        if answer.reply is Reply.LINK:
            other = candidate(self.store, answer.value, offered)
            reason = obstacle(self.store, row, other)
            if reason or other is None:
                return reason or "no record was named"
            self._bind(row, other, answer.said, matching)
        elif answer.reply in (Reply.CREATE, Reply.APART):
            self._link(row, self._new_entity(row), answer.said, Matching())
        matching.answered.append(answer)
        return ""

    def _bind(self, row: Row, other: Row, how: str, matching: Matching) -> None:
        """Link exactly these two, and nothing else that resembles them."""
        entity = other.entity or self._new_entity(other)
        if other.entity is None:
            bind(self.store, entity, other, how, self.run)
        self._link(row, entity, how, matching)
        self.references.forget()

    def _link(self, row: Row, entity: str, how: str, matching: Matching) -> None:
        self.store.add_entity(entity, row.kind, self.run)
        row.entity, row.how, row.dirty = entity, how, True
        self.store.put([row])
        self.references.linked(entity, row.side, row.object_type, row.id)
        if how != "first seen":
            matching.linked[row.side] = matching.linked.get(row.side, 0) + 1

    def _new_entity(self, row: Row) -> str:
        text = "/".join(row.key)
        base = f"{row.kind[0]}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
        entity, number = base, 1
        while self.store.by_entities([entity]):
            number += 1
            entity = f"{base}_{number}"
        return entity


def _one_each(rows: Sequence[Row]) -> bool:
    sides = [r.side for r in rows]
    return len(sides) == len(set(sides))


def _label(row: Row) -> str:
    """How questions call a record that belongs to no entity."""
    return f"{row.object_type}:{row.id}"


def _title(row: Row) -> str:
    """A few words by which a person recognises the record."""
    names = ("name", "first_name", "last_name", "email", "domain")
    return " ".join(str(row.seen[n]) for n in names if row.seen.get(n))


def _comparable(value: Value, kind: str, name: str) -> str:
    """A value as keys compare it: case does not count, nor do the legal forms of companies."""
    if value is None or isinstance(value, dict | list):
        return "" if not value else str(value)
    text = " ".join(str(value).casefold().split())
    of_a_company = name == "company_name" or (kind, name) == ("account", "name")
    return name_key(text) or text if of_a_company else text


def held_by_questions(store: Store) -> set[tuple[str, str]]:
    """What open questions keep from being made: (entity, side of the deal that may be its own)."""
    asked = [
        (name.split(" ", 2), q["side"])
        for q in store.questions()
        if (q["cause"], q["kind"]) == ("resembles", "opportunity")
        for name in q["detail"].get("candidates") or []
    ]
    rows = ((store.row(*key), side) for key, side in asked)
    return {(row.entity, side) for row, side in rows if row is not None and row.entity}
