"""The story of a record or of one field: which run, which side and which rule gave every value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from config.model import Config
from config.rules import rules_for
from core.errors import SettingsError
from mapping.canonical import FieldDef
from sync.events import Event, Events
from sync.fields import blank
from sync.journal import Journal, Retry
from sync.model import Row, State, Value
from sync.store import Store, guarded
from sync.unmet import Takes, unmet

RuleOf = Callable[[str, str], str]
"""(kind, field) -> the rule as the configuration says it now."""
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the present value of one field of one record came from.

    `source` is the side that spoke, `run` the run that settled it ("" where none has yet),
    `how` says in words what happened. `settled` is False for a value that waits.
    """

    side: str
    field: str
    value: Value
    run: str
    source: str
    rule: str
    how: str
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a story. `before` and `after` are canonical, for one field."""

    run: str
    at: str
    what: str
    side: str
    field: str
    text: str
    before: Value = None
    after: Value = None
    rule: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known about an entity: its records, its values' origins, what happened."""

    kind: str
    entity: str
    records: Sequence[Row]
    origins: Sequence[Origin]
    entries: Sequence[Entry]


def rules_of(config: Config, definitions: Mapping[str, Mapping[str, FieldDef]]) -> RuleOf:
    """The rules of a configuration, in words."""

    def rule_of(kind: str, name: str) -> str:
        definition = definitions[kind].get(name)
        found = rules_for(config, kind, name, definition.type) if definition else None
        return str(found.rule) if found else ""

    return rule_of


def locate(store: Store, side: str, record_id: str, object_type: str | None = None) -> Row:
    """The record with this id (of any side, followed to where it lives on) as the store knows it.

    Raises SettingsError when there is none, or several and no object type is given.
    """
    found = list(store.rows("side = ? AND id = ?", (side, record_id)))
    found = [row for row in found if object_type in (None, row.object_type)]
    if not found:
        what = f"{object_type} {record_id}" if object_type else record_id
        raise SettingsError(
            f"nothing is known of {side} {what}",
            remedy="Name a side of the configuration and the id of one of its records; what was"
            " never read is not known.",
        )
    if len(found) > 1:
        types = " or ".join(sorted(row.object_type for row in found))
        raise SettingsError(
            f"{side} has several records {record_id}: {types}",
            remedy="Say which one with --type.",
        )
    return found[0]


def _takes_any(_side: str, _object_type: str, _name: str) -> str | None:
    """Where no mapping is at hand."""
    return None


def why(
    store: Store,
    row: Row,
    name: str | None = None,
    *,
    rule_of: RuleOf,
    takes: Takes = _takes_any,
) -> Story:
    """The story of a record's entity, or of one field of it. `takes` tells which records a field
    of references can name on a side."""
    entity = row.entity and (store.merged_into(row.entity) or row.entity)
    rows = store.by_entities([entity]).get(entity, []) if entity else [row]
    book = _Book.of(store, entity or "", rows, rule_of, takes)
    names = sorted({n for r in rows for n in (*r.seen, *r.problems)}) if name is None else [name]
    if name is not None and not any(name in r.seen or name in r.problems for r in rows):
        raise SettingsError(
            f"no record of this {row.kind} shows a field {name}",
            remedy=f"One of: {', '.join(sorted({n for r in rows for n in r.seen}))}.",
        )
    living = [r for r in rows if r.state is State.LIVE]
    origins = [book.origin(r, n) for n in names for r in living if n in r.seen or n in r.problems]
    entries = [e for e in book.entries() if name is None or e.field in ("", name)]
    return Story(row.kind, entity or "", rows, origins, entries)


@dataclass(frozen=True, slots=True)
class _Book:
    """Everything that the store keeps about one entity."""

    rows: Sequence[Row]
    events: Sequence[Event]
    ops: Sequence[Mapping[str, Any]]
    questions: Sequence[Mapping[str, Any]]
    answers: Sequence[Mapping[str, Any]]
    retries: Sequence[Retry]
    runs: Mapping[str, str]
    rule_of: RuleOf
    unmet: Callable[[str], str]
    """Field -> members of it that another side cannot have, in words."""
    ancestors: Mapping[Key, set[Key]] = field(default_factory=dict)
    """Record -> itself and the records that were merged or converted into it."""

    @classmethod
    def of(
        cls, store: Store, entity: str, rows: Sequence[Row], rule_of: RuleOf, takes: Takes
    ) -> _Book:
        with guarded():
            runs = dict(store.db.conn.execute("SELECT id, started FROM runs").fetchall())
        entities = [entity, *absorbed(store, entity)]
        events = sorted(
            (e for one in entities for e in Events(store).of(one, [r.key for r in rows])),
            key=lambda e: e.id,
        )
        ops = [op for one in entities for op in Journal(store).history(one)] if entity else []
        questions = [q for q in store.questions() if q["entity"] in entities]
        ancestors = {row.key: _ancestors(row, rows) for row in rows}
        answers = [a for one in entities for a in _answers(store, one)] if entity else []
        retries = [r for r in Journal(store).retries() if r.entity in entities]
        lacking = functools.partial(unmet, store, rows, takes)
        return cls(
            rows, events, ops, questions, answers, retries, runs, rule_of, lacking, ancestors
        )

    # -- where a value came from -----------------------------------------------------------

    def origin(self, row: Row, name: str) -> Origin:
        """The run, side and rule that gave a field of a record its present form."""
        settled = name in row.base and name in row.seen and row.base[name] == row.seen[name]
        settled = settled and name not in row.owes
        last = max(self._candidates(row, name), key=lambda o: o.run, default=None)
        if settled and last is not None:
            return last
        if settled:
            how = f"{row.side} set it by itself when the record was made there"
            return Origin(row.side, name, row.seen[name], self._linked_in(row), row.side, "", how)
        return self._waiting(row, name, last)

    def _candidates(self, row: Row, name: str) -> Iterator[Origin]:
        value = row.seen.get(name)
        for event in self.events:
            if event.key in self.ancestors[row.key]:
                found = _told(event, name, row)
                if found is not None:
                    source, rule, how = found
                    yield Origin(row.side, name, value, event.run, source, rule, how)
        for op in self.ops:
            key = (op["side"], op["object_type"], op["record_id"])
            if key in self.ancestors[row.key] and (found := _written(op, name, row)) is not None:
                source, rule, how = found
                yield Origin(row.side, name, value, op["run"], source, rule, how)

    def _waiting(self, row: Row, name: str, last: Origin | None) -> Origin:
        """A value that the side shows and that has not been settled: its own, and why it waits."""
        asked = [
            q
            for q in self.questions
            if (q["field"] in (name, "") and q["side"] in (row.side, "")) or q["field"] == name
        ]
        rule = self.rule_of(row.kind, name)
        run = self._asked_in(name) or (last.run if last else "") or self._linked_in(row)
        value = row.seen.get(name)
        if name in row.problems:
            how = f"{row.side} shows it; it cannot be carried over: {row.problems[name]}"
        elif asked:
            how = f"{row.side} shows it; it waits ({asked[0]['cause']}): {asked[0]['message']}"
        elif name in row.owes:
            own = [r.error for r in self.retries if r.field in (name, "") and r.side == row.side]
            how = f"{row.side} shows it; what the others have is not taken there"
            reason = own[0] if own else self.unmet(name)
            how += f": {reason}" if reason else " yet"
        elif refused := [r for r in self.retries if r.field in (name, "") and r.side != row.side]:
            how = f"{row.side} shows it; {refused[0].side} refused it: {refused[0].error}"
        elif uncreated := [q for q in self.questions if q["cause"] == "create"]:
            how = f"{row.side} shows it; it waits (create): {uncreated[0]['message']}"
        elif lacking := self.unmet(name):
            how = f"{row.side} shows it; it waits for what it names: {lacking}"
        elif name not in row.base:
            how = f"{row.side} showed it when it was linked; it has not been settled yet"
        else:
            how = f"changed on {row.side} since the last run; the next one looks at it"
        return Origin(row.side, name, value, run, row.side, rule, how, settled=False)

    def _asked_in(self, name: str) -> str:
        asked = [e.run for e in self.events if e.what == "asked" and e.field == name]
        return asked[-1] if asked else ""

    def _linked_in(self, row: Row) -> str:
        linked = [e.run for e in self.events if e.what == "record" and e.key == row.key]
        return linked[0] if linked else ""

    # -- what happened ---------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Every event and write, in the order in which it happened."""
        told = [e for event in self.events for e in _entries_of(event, self._at(event.run))]
        told += [e for op in self.ops for e in _entries_of_op(op)]
        told += [
            Entry(
                "", q["opened"], "open question", q["side"], q["field"],
                f"{q['cause']}: {q['message']}",
            )
            for q in self.questions
        ]  # fmt: skip
        told += [_entry_of_answer(answer) for answer in self.answers]
        order = {name: n for n, name in enumerate(_ORDER)}
        return sorted(told, key=lambda e: (e.run or "~", order.get(e.what, 0), e.field, e.side))

    def _at(self, run: str) -> str:
        return self.runs.get(run, "")


_ORDER = (
    "linked", "moved", "deleted", "restored", "let go", "unlinked", "merged", "written",
    "not written", "settled", "asked", "answered", "closed", "open question",
)  # fmt: skip


def _answers(store: Store, entity: str) -> list[dict[str, Any]]:
    with guarded():
        return list(store.db.query("SELECT * FROM answers WHERE entity = ? ORDER BY id", [entity]))


def _entry_of_answer(answer: Mapping[str, Any]) -> Entry:
    """Who answered what, and what became of the answer."""
    value = orjson.loads(answer["value"])
    what = f"{answer['answer']} {value}" if isinstance(value, str) else str(answer["answer"])
    text = f"{answer['given_by']} answered {answer['cause']}: {what} ({answer['state']})"
    return Entry(
        answer["run"] or "", answer["given_at"], "answered", answer["side"], answer["field"], text
    )


def absorbed(store: Store, entity: str) -> list[str]:
    """Entities that were merged into this one, over all steps."""
    found: list[str] = []
    waiting = [entity] if entity else []
    while waiting:
        with guarded():
            rows = store.db.conn.execute(
                "SELECT id FROM entities WHERE merged_into = ?", (waiting.pop(),)
            ).fetchall()
        new = [r[0] for r in rows if r[0] not in found]
        found += new
        waiting += new
    return found


def _ancestors(row: Row, rows: Sequence[Row]) -> set[Key]:
    found = {row.key}
    for _ in rows:
        found |= {
            r.key for r in rows if r.moved_id and (r.side, r.moved_type or "", r.moved_id) in found
        }
    return found


def _told(event: Event, name: str, row: Row) -> tuple[str, str, str] | None:
    """(source, rule, how) if the event settled this field."""
    if event.what == "settled":
        for group in event.detail["groups"]:
            if name in group["first"] or name in group["moved"]:
                return _settled(group, name, row)
    if event.what == "found" and name in event.detail["fields"]:
        source, rule = event.detail["fields"][name]
        return source, rule, f"{row.side} showed it already when it was about to be written"
    if event.what == "rebased" and name in event.detail["fields"]:
        return row.side, "", str(event.detail["fields"][name])
    return None


def _settled(group: Mapping[str, Any], name: str, row: Row) -> tuple[str, str, str]:
    source = group["source"] or row.side
    said = f" ({group['said']})" if group["said"] else ""
    if name in group["first"]:
        if source == row.side:
            return source, group["rule"], f"was there when {row.side} was first linked{said}"
        return source, group["rule"], f"was there when first linked, as {source} has it{said}"
    if source == row.side:
        return source, group["rule"], f"changed on {row.side}{said}"
    return row.side, group["rule"], f"changed on {row.side} to what {source} has{said}"


def _written(op: Mapping[str, Any], name: str, row: Row) -> tuple[str, str, str] | None:
    """(source, rule, how) if the op wrote this field, or the vendor added it while creating."""
    sent = next((f for f in op["action"]["fields"] if f["name"] == name), None)
    if not took(op, name):
        return None
    if sent is not None:
        how = f"{op['verb']}d by Tieline: {sent['why']}"
        return sent["source"], sent["rule"], how
    if op["verb"] == "create" and not blank((op["after"] or {}).get(name)):
        return row.side, "", f"{row.side} set it by itself when the record was made there"
    return None


def took(op: Mapping[str, Any], name: str) -> bool:
    """Whether a journalled write is known to have carried a field to its side."""
    if op["state"] != "done":
        return False
    if op["after"] is not None:  # empty: acknowledged, and nothing of it kept
        # of a new record all is kept that it showed: nothing blank was ever written to it
        return name in op["after"] and (op["verb"] != "create" or not blank(op["after"][name]))
    return any(f["name"] == name for f in op["action"]["fields"])


def _entries_of(event: Event, at: str) -> Iterator[Entry]:
    detail = event.detail
    if event.what == "settled":
        yield from _entries_of_settled(event, at)
        return
    text = _TEXTS[event.what](event)
    what = _record_word(detail) if event.what == "record" else _WORDS[event.what]
    if event.what in ("found", "rebased"):
        for name in detail["fields"]:
            yield Entry(event.run, at, what, event.side, name, text)
        return
    if event.what == "refused":
        for name, value in (detail["values"] or {event.field: None}).items():
            yield Entry(event.run, at, what, event.side, name, text, after=value)
        return
    yield Entry(event.run, at, what, event.side, event.field, text)


def _record_word(detail: Mapping[str, Any]) -> str:
    state, before = detail["state"], detail["before"]
    if state == State.LIVE:
        return "restored" if before in (State.ARCHIVED, State.GONE) else "linked"
    return {State.MOVED: "moved", State.GONE: "let go"}.get(state, "deleted")


def _record_text(event: Event) -> str:
    detail = event.detail
    name = f"{event.object_type} {event.record_id}"
    words = {
        "linked": f"{name} linked ({detail['how'] or 'how is not known'})",
        "restored": f"{name} came back",
        "moved": f"{name} lives on as {detail['moved_type']} {detail['moved_id']}"
        f" ({detail['how']})",
        "let go": f"{name} is gone; the link is kept as a tombstone",
        "deleted": f"{name} was deleted on {event.side}",
    }
    return words[_record_word(detail)]


_TEXTS: Mapping[str, Callable[[Event], str]] = {
    "record": _record_text,
    "unlinked": lambda e: f"{e.object_type} {e.record_id} went to {e.detail['entity']}",
    "asked": lambda e: f"{e.detail['cause']}: {e.detail['message']}",
    "closed": lambda e: f"{e.detail['cause']}: {e.detail['message']}",
    "refused": lambda e: f"{e.detail['verb']} refused: {e.detail['error']}",
    "found": lambda e: f"{e.side} showed it already when it was about to be written",
    "rebased": lambda e: next(iter(e.detail["fields"].values())),
    "forgotten": lambda e: str(e.detail["why"]),
}
_WORDS: Mapping[str, str] = {
    "unlinked": "unlinked", "asked": "asked", "closed": "closed", "refused": "not written",
    "found": "settled", "rebased": "rebased", "forgotten": "forgotten",
}  # fmt: skip


def _entries_of_settled(event: Event, at: str) -> Iterator[Entry]:
    for group in event.detail["groups"]:
        source, rule, said = group["source"], group["rule"], group["said"]
        for name in group["first"]:
            text = f"was there when first linked{f': {said}' if said else ''}"
            yield Entry(event.run, at, "settled", event.side, name, text, None, None, rule, source)
        for name, (before, after) in group["moved"].items():
            here = source in ("", event.side)
            text = f"changed on {event.side}" if here else f"agrees with {source} now"
            text += f": {said}" if said else ""
            yield Entry(
                event.run, at, "settled", event.side, name, text, before, after, rule, source
            )


def _entries_of_op(op: Mapping[str, Any]) -> Iterator[Entry]:
    record = f"{op['object_type']} {op['record_id'] or '(new)'}"
    at, side = op["at"], op["side"]
    words = {"done": "written", "intended": "no answer yet", "unknown": "answer lost"}
    what = words.get(op["state"], "not written")
    reason = f": {op['error']}" if op["error"] and op["state"] != "done" else ""
    if not op["action"]["fields"]:
        text = f"{op['verb']} {record}: {op['action']['why']}{reason}"
        yield Entry(op["run"], at, what, side, "", text)
    for f in op["action"]["fields"]:
        word = what if op["state"] != "done" or took(op, f["name"]) else "not written"
        left = "; left out there, or not taken" if word != what else ""
        text = f"{op['verb']} {record}: {f['why']}{reason}{left}"
        yield Entry(
            op["run"], at, word, side, f["name"], text, f["old"], f["new"], f["rule"], f["source"]
        )
