"""Takes a person's answers: reads their words, holds them against what is asked, remembers them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from core.errors import MappingError, SettingsError
from mapping.canonical import FieldDef, validate
from sync.answers import ANY, Answers, group_id
from sync.bind import candidate, obstacle
from sync.journal import Journal
from sync.model import Answer, Reply, Row, State, Value
from sync.store import Store
from sync.waiting import ALWAYS, REFUSED, REPLIES, Open, short_id, waiting_things

_TAKES_REST = (Reply.TAKE, Reply.VALUE, Reply.LINK, Reply.CREATE, Reply.APART)
_NEVER = timedelta(days=365 * 1000)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was typed: the word, what followed it, and whether it is for good."""

    reply: Reply
    rest: str | None = None
    always: bool = False

    def __str__(self) -> str:
        parts = ("always" if self.always else "", str(self.reply), self.rest or "")
        return " ".join(part for part in parts if part)


def parse(words: Sequence[str]) -> Given:
    """The answer of some words: `take hubspot`, `always skip`. Raises SettingsError."""
    left = [word for word in words if word != ""] if len(words) != 2 else list(words)
    always = bool(left) and left[0].lower() == "always"
    left = left[1:] if always else left
    name = left[0].lower() if left else ""
    taken = 2 if name == "keep" and [w.lower() for w in left[1:2]] == ["apart"] else 1
    name = "keep apart" if taken == 2 else name
    if name not in set(Reply):
        listed = ", ".join(Reply)
        raise _no(f"`{' '.join(words)}` is no answer", f"Answers: {listed}; `always` before one.")
    reply = Reply(name)
    rest = " ".join(left[taken:]) if left[taken:] else None
    if rest and reply not in _TAKES_REST:
        raise _no(f"nothing follows `{reply}`, but `{rest}` does", f"Answer `{reply}`.")
    if reply is Reply.TAKE and not rest:
        raise _no("`take` names no side", "Answer `take SIDE`.")
    if reply is Reply.VALUE and rest is None:
        raise _no("`value` names no value", 'Answer `value V`; `value ""` clears the field.')
    return Given(reply, rest, always)


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that was checked and only has to be remembered."""

    thing: Open
    given: Given
    value: Value = None


@dataclass(frozen=True, slots=True)
class Group:
    """CAUSE[:KIND[:FIELD]], as a person names many questions at once."""

    cause: str
    kind: str = ""
    field: str = ""

    def has(self, thing: Open) -> bool:
        """Whether a question belongs to the group."""
        return (
            thing.cause == self.cause
            and self.kind in ("", thing.kind)
            and self.field in ("", thing.field)
        )


def parse_group(text: str) -> Group:
    """A group by its name. Raises SettingsError."""
    parts = text.split(":")
    if parts[0] not in REPLIES or len(parts) > 3:
        raise _no(f"`{text}` is no group", f"CAUSE[:KIND[:FIELD]]; causes: {', '.join(REPLIES)}.")
    return Group(*parts)


@dataclass(slots=True)
class Resolver:
    """Answers what waits in one store, in the name of one person."""

    store: Store
    definitions: Mapping[str, Mapping[str, FieldDef]]
    custom: Mapping[str, Mapping[str, str]]
    by: str
    at: datetime
    full_id: Callable[[str, str], str] = lambda _side, given: given
    """(side, id as a person has it) -> id as the side has it."""
    things: list[Open] = field(init=False)

    def __post_init__(self) -> None:
        self.things = waiting_things(self.store)

    # -- finding ---------------------------------------------------------------------------

    def find(self, short: str) -> Open:
        """What waits under an id, or the beginning of one. Raises SettingsError."""
        found = [t for t in self.things if t.question == short or t.id.startswith(short.lower())]
        if len(found) == 1 and len(short) >= 3:
            return found[0]
        if len(found) > 1:
            listed = ", ".join(t.id for t in found[:5])
            raise _no(f"`{short}` stands for several questions: {listed}", "Give more of the id.")
        if any(short_id(a.question) == short.lower() for a in Answers(self.store).all()):
            raise _no(f"{short} is not open any more: it was answered, or passed", _LIST)
        raise _no(f"there is no open question {short}", _LIST)

    def group(self, name: str) -> list[Open]:
        """What waits in a group. Raises SettingsError where nothing does."""
        wanted = parse_group(name)
        found = [t for t in self.things if wanted.has(t)]
        if not found:
            raise _no(f"nothing is open in the group {name}", _LIST)
        return found

    # -- checking --------------------------------------------------------------------------

    def check(self, thing: Open, given: Given) -> Ready:
        """The answer in canonical form. Raises SettingsError where it cannot be one to this."""
        allowed = (ALWAYS if given.always else REPLIES).get(thing.cause, ())
        if given.reply not in allowed:
            possible = ", ".join(allowed) or "none"
            always = " for good" if given.always else ""
            raise _no(
                f"{thing.id}: `{given.reply}` is no answer{always} to {thing.cause}",
                f"Possible: {possible}.",
            )
        return Ready(thing, given, self._value(thing, given))

    def _value(self, thing: Open, given: Given) -> Value:
        if given.reply is Reply.TAKE:
            return _taken(thing, str(given.rest))
        if given.reply is Reply.VALUE:
            return self._canonical(thing, str(given.rest or ""))
        if given.reply is Reply.LINK:
            return self._record(thing, given)
        if given.reply is Reply.CREATE and thing.cause == "create":
            if thing.field or not given.rest:
                remedy = "Answer `value V`, or fill the field." if thing.field else (
                    "Answer `create OBJECT_TYPE`, such as `create Contact`."
                )  # fmt: skip
                raise _no(f"{thing.id}: {thing.message}", remedy)
            return given.rest
        if given.reply is Reply.MERGE and "by hand" in thing.facts:
            raise _no(f"{thing.id}: {thing.message}", "Merge them there; the next run sees it.")
        return given.rest

    def _canonical(self, thing: Open, text: str) -> Value:
        definition = self.definitions.get(thing.kind, {}).get(thing.field)
        if definition is None:
            raise _no(
                f"{thing.id}: no mapped field fills {thing.field or 'it'}, so no value can",
                "Map a field to it, or give it a default on its side.",
            )
        if thing.cause == "create" and not text.strip():
            raise _no(f"{thing.id}: {thing.message}", "Answer `value V` with a value.")
        raw = self._entity(thing, text) if definition.type == "ref" else _read(text, definition)
        if definition.type == "money" and isinstance(raw, Mapping) and not raw.get("currency"):
            amount = raw.get("amount")
            raise _no(
                f"{thing.id}: {thing.field}: the currency is missing",
                f"Answer with amount and currency, such as `value {amount} EUR`.",
            )
        try:
            shown = validate(thing.kind, {thing.field: raw}, self.custom)
        except MappingError as error:
            raise _no(
                f"{thing.id}: {error.message}", f"{thing.field} is {definition.type}."
            ) from None
        return shown[thing.field]

    def _entity(self, thing: Open, text: str) -> str:
        row = self._row(thing, text)
        if row.entity is None:
            raise _no(f"{thing.id}: {text} is not linked", "Name a record that takes part.")
        return row.entity

    def _record(self, thing: Open, given: Given) -> Value:
        offered = thing.detail.get("candidates") or []
        if given.rest:
            row: Row | None = self._row(thing, given.rest)
        elif len(offered) == 1:
            row = candidate(self.store, None, offered)
        else:
            raise _no(f"{thing.id}: {len(offered)} records are possible", _NAME_IT)
        mine = self._asked_about(thing)
        reason = obstacle(self.store, mine, row) if mine else "its own record is not there any more"
        if thing.cause == "create" and row is not None and row.side != thing.side:
            reason = f"{row.object_type} {row.id} is not of {thing.side}"
        if reason or row is None:
            raise _no(f"{thing.id}: cannot be linked: {reason}", _NAME_IT)
        return None if given.always else list(row.key)

    def _asked_about(self, thing: Open) -> Row | None:
        if thing.cause == "create":
            rows = self.store.by_entities([thing.entity]).get(thing.entity, [])
            return next((r for r in rows if r.state is State.LIVE), None)
        object_type, _, record_id = thing.entity.partition(":")
        return self.store.row(thing.side, object_type, record_id)

    def _row(self, thing: Open, text: str) -> Row:
        parts = text.split("/", 2) if "/" in text else text.split(" ", 2)
        row = None
        if len(parts) == 3:
            row = self.store.row(parts[0], parts[1], self.full_id(parts[0], parts[2]))
        if row is None:
            raise _no(f"{thing.id}: there is no record `{text}`", _NAME_IT)
        return row

    # -- remembering -----------------------------------------------------------------------

    def remember(self, ready: Iterable[Ready]) -> int:
        """Remember answers, all or none; the next plan follows them. Returns how many."""
        number = 0
        with self.store.atomic():
            answers = Answers(self.store)
            standing: set[tuple[str, ...]] = set()
            for each in ready:
                thing = each.thing
                group = (thing.cause, thing.kind, thing.side, thing.field)
                once = (*group, *_for_good(each).values())
                self.store.mark_dirty([thing.entity])
                if not each.given.always or once not in standing:
                    self._remember(each, answers)
                standing.add(once)
                number += 1
        return number

    def _remember(self, ready: Ready, answers: Answers) -> None:
        thing, given = ready.thing, ready.given
        if thing.cause == REFUSED:
            self._put_off(thing, given)
        entity = ANY if given.always else thing.entity
        question = thing.question
        facts = thing.facts
        if given.always:
            question = group_id(thing.cause, thing.kind, thing.side, thing.field)
            facts = _for_good(ready)
        if thing.cause == "fight":
            self.store.close_question(thing.question)  # it is what keeps from writing again
        state = "done" if given.reply is Reply.RETRY else "given"
        answers.give(
            Answer(
                0, question, thing.cause, thing.kind, entity, thing.side, thing.field,
                given.reply, ready.value, facts, self.by, self.at, state,
            ),
            self._pairs(ready),
        )  # fmt: skip

    def _put_off(self, thing: Open, given: Given) -> None:
        until = self.at if given.reply is Reply.RETRY else self.at + _NEVER
        Journal(self.store).put_off(thing.entity, thing.side, thing.field, until)

    def _pairs(self, ready: Ready) -> list[tuple[str, str]]:
        """Records that are not one, by this answer."""
        thing, reply = ready.thing, ready.given.reply
        if ready.given.always or reply not in (Reply.CREATE, Reply.APART):
            return []
        if thing.cause == "merge":
            rows = self.store.by_entities([thing.entity]).get(thing.entity, [])
            types = {r.object_type for r in rows if r.id == thing.detail.get("loser")}
            return [
                (f"{thing.side} {t} {thing.detail['loser']}",
                 f"{thing.side} {t} {thing.detail['survivor']}")
                for t in sorted(types)
            ]  # fmt: skip
        mine = f"{thing.side} {thing.entity.replace(':', ' ', 1)}"
        if thing.cause == "duplicate":
            survivor_type = thing.detail["survivor_type"]
            return [(mine, f"{thing.side} {survivor_type} {thing.detail['survivor']}")]
        others: Collection[str] = thing.detail.get("candidates") or []
        if reply is Reply.APART and ready.given.rest:
            others = [" ".join(self._row(thing, ready.given.rest).key)]
        return [(mine, str(other)) for other in others]

    def withdraw(self, short: str) -> Answer:
        """Take the latest answer back by its question's id. Raises SettingsError."""
        answers = Answers(self.store)
        in_force = [a for a in answers.all() if a.state in ("given", "done")]
        found = [a for a in in_force if short_id(a.question).startswith(short.lower())]
        if not found or len(short) < 3:
            raise _no(
                f"no answer is kept under {short}", "`tieline questions --answers` lists them."
            )
        answer = found[-1]
        with self.store.atomic():
            answers.withdraw(answer)
            if answer.cause == REFUSED:
                entry = (answer.entity, answer.side, answer.field)
                Journal(self.store).put_off(*entry, self.at)
            if answer.standing:
                self.store.mark_all_dirty()
            else:
                self.store.mark_dirty([answer.entity])
        return answer


_LIST = "`tieline questions` lists what is open."
_NAME_IT = "Answer `link SIDE/OBJECT_TYPE/ID`."


def _for_good(ready: Ready) -> dict[str, str]:
    """What a standing answer is bound to: a value given, to the value it stands in for."""
    if ready.given.reply is not Reply.VALUE:
        return {}
    return {k: v for k, v in ready.thing.facts.items() if k in ("wanted", "problem")}


def _taken(thing: Open, side: str) -> str:
    if side not in thing.detail:
        sides = ", ".join(thing.detail) or "none"
        raise _no(f"{thing.id}: {side} shows no value of {thing.field}", f"Sides: {sides}.")
    return side


def _read(text: str, definition: FieldDef) -> Value:
    """A value as a person types it, before the canonical model's gate."""
    plain = text.strip()
    if plain[:1] in ("{", "["):
        try:
            return orjson.loads(plain)
        except orjson.JSONDecodeError:
            return text
    if plain in ("", "(blank)"):
        return None
    if definition.type == "set":
        return [part.strip() for part in plain.split(",")]
    if definition.type == "money":
        amount, _, currency = plain.partition(" ")
        return {"amount": amount, "currency": currency or None}
    return plain.lower() if definition.type == "owner" else text


def _no(message: str, remedy: str) -> SettingsError:
    return SettingsError(message, remedy=remedy)
