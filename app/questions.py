"""What waits for a person, gathered for `questions`, and the answers that `resolve` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from app import show
from app.mappings import custom_types, definitions
from app.session import Session
from app.state import REMEDIES, named, opened
from app.wiring import full_id
from config.problems import Problem, failure
from config.rules import duration
from config.settings import user_name
from core.errors import SettingsError
from mapping.canonical import KINDS
from mapping.tables.model import Column
from mapping.tables.read import read_table
from mapping.tables.write import write_csv
from sync.answers import Answers, digest
from sync.lock import locked
from sync.model import Answer
from sync.resolve import Given, Ready, Resolver, parse
from sync.store import Store
from sync.waiting import REPLIES, Open, short_id, waiting_things

COLUMNS = (
    "id", "cause", "kind", "side", "field", "name", "records", "values", "message", "opened",
    "facts", "answer", "value",
)  # fmt: skip
"""Columns of the CSV file; `answer` and `value` are for a person to fill in."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions are wanted; what is None or 0 does not matter."""

    cause: str | None = None
    kind: str | None = None
    side: str | None = None
    older_than: str | None = None

    def check(self, sides: Iterable[str]) -> None:
        """Raises SettingsError for a name that there is not, or an age that is none."""
        known = (
            ("cause", self.cause, REPLIES),
            ("kind", self.kind, KINDS),
            ("side", self.side, sides),
        )
        for word, given, names in known:
            if given is not None and given not in names:
                raise SettingsError(
                    f"there is no {word} `{given}`",
                    remedy=f"{word.capitalize()}s: {', '.join(names)}.",
                )
        if self.older_than is not None:
            duration(self.older_than)

    def has(self, thing: Open, session: Session) -> bool:
        """Whether a question is wanted."""
        if self.older_than:
            limit = session.clock.now() - timedelta(seconds=duration(self.older_than))
            if thing.opened >= limit.isoformat():
                return False
        return (
            self.cause in (None, thing.cause)
            and self.kind in (None, thing.kind)
            and (self.side in (None, thing.side) or self.side in thing.detail)
        )


def listed(session: Session, wanted: Wanted) -> dict[str, Any]:
    """Open questions by group, the group with the oldest first; asks no side."""
    loaded = session.load()
    wanted.check(loaded.config.sides)
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    with opened(loaded) as store:
        things = [t for t in waiting_things(store) if wanted.has(t, session)] if store else []
        for thing in things:
            key = (thing.cause, thing.kind, thing.side, thing.field, thing.pattern)
            group = groups.setdefault(key, _group(thing))
            if store is not None:
                group["items"].append(_item(thing, store))
            group["number"] += 1
    return {"open": len(things), "groups": list(groups.values())}


def _group(thing: Open) -> dict[str, Any]:
    return {
        "cause": thing.cause,
        "kind": thing.kind,
        "side": thing.side,
        "field": thing.field,
        "pattern": thing.pattern,
        "number": 0,
        "oldest": thing.opened,
        "answers": [str(reply) for reply in REPLIES[thing.cause]],
        "remedy": REMEDIES[thing.cause],
        "items": [],
    }


def _item(thing: Open, store: Store) -> dict[str, Any]:
    rows = store.by_entities([thing.entity]).get(thing.entity, [])
    known = show.names_of(rows).get(thing.entity, "")
    return {
        "id": thing.id,
        "question": thing.question,
        "cause": thing.cause,
        "kind": thing.kind,
        "entity": thing.entity,
        "side": thing.side,
        "field": thing.field,
        "name": known or str(thing.detail.get("shows") or ""),
        "records": {r.side: f"{r.object_type} {r.id}" for r in rows if str(r.state) == "live"},
        "message": thing.message,
        "values": dict(thing.detail),
        "names": named(store, dict(thing.detail)),
        "opened": thing.opened,
        "facts": digest(dict(thing.facts)),
    }


def save(found: Mapping[str, Any], path: Path) -> int:
    """Write the questions as a CSV file that `resolve --csv` takes; returns how many."""
    items = [item for group in found["groups"] for item in group["items"]]
    rows = [
        [
            "; ".join(f"{k}: {show.value(v, item['names'], 200)}" for k, v in item[name].items())
            if isinstance(item[name], Mapping)
            else item[name]
            for name in COLUMNS[:-2]
        ]
        + ["", ""]
        for item in items
    ]
    write_csv(path, COLUMNS, rows)
    return len(items)


def answers(session: Session) -> list[dict[str, Any]]:
    """Every answer that is kept, oldest first."""
    with opened(session.load()) as store:
        found = Answers(store).all() if store is not None else []
        return [_answer(answer) for answer in found]


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "id": short_id(answer.question),
        "question": answer.question,
        "cause": answer.cause,
        "kind": answer.kind,
        "entity": answer.entity,
        "side": answer.side,
        "field": answer.field,
        "always": answer.standing,
        "answer": str(answer.reply),
        "value": answer.value,
        "by": answer.by,
        "at": answer.at.isoformat(),
        "state": answer.state,
        "run": answer.run,
    }


# -- answering ---------------------------------------------------------------------------------


@contextmanager
def resolver(session: Session, by: str | None) -> Iterator[Resolver]:
    """Takes answers while nobody else uses the state. Raises LockedError, SettingsError."""
    loaded = session.load()
    path = loaded.state / "state.db"
    if not path.exists():
        raise SettingsError("nothing has run yet, so nothing is asked", remedy="`tieline run`")
    with locked(loaded.state), Store(path) as store:
        yield Resolver(
            store,
            definitions(loaded.config),
            custom_types(loaded.config),
            user_name(by),
            session.clock.now(),
            lambda side, given: full_id(loaded.config, side, given),
        )


def one(made: Resolver, words: Sequence[str]) -> list[Ready]:
    """The answer to one question, by its id."""
    if len(words) < 2:
        raise SettingsError("an id and an answer are wanted", remedy="`tieline resolve ID ANSWER`")
    return [made.check(made.find(words[0]), parse(words[1:]))]


def many(made: Resolver, group: str, words: Sequence[str]) -> list[Ready]:
    """One answer to every question of a group; all or none."""
    given = parse(words)
    return [made.check(thing, given) for thing in made.group(group)]


_ANSWERS = ("id", "answer", "value", "facts")
_LIST = (
    "Make the list with `tieline questions --csv FILE`, fill in its columns `answer` and `value`,"
    " and save it as `CSV UTF-8` or as XLSX."
)


def from_file(made: Resolver, path: Path) -> list[Ready]:
    """The answers of a CSV file, all or none; rows without an answer are passed over. Raises
    SettingsError that names every line that cannot be used."""
    ready: list[Ready] = []
    wrong: list[tuple[int | None, Problem]] = []
    seen: dict[str, int] = {}
    columns = [Column(n, (n,), required=n != "facts") for n in _ANSWERS]
    try:
        table = read_table(path, columns)
    except SettingsError as error:
        raise SettingsError(error.message, remedy=_LIST) from None
    for line, known in table.rows():
        cells = {key: value or "" for key, value in known.items()}
        if not cells["answer"]:
            continue
        try:
            ready.append(_from_line(made, cells, seen, line))
        except SettingsError as error:
            wrong.append((line, Problem((), error.message, error.remedy)))
    if wrong:
        raise failure(path, wrong, SettingsError)
    return ready


def _from_line(made: Resolver, cells: Mapping[str, str], seen: dict[str, int], line: int) -> Ready:
    given: Given = parse([*cells["answer"].split(), *([cells["value"]] if cells["value"] else [])])
    thing = made.find(cells["id"])
    first = seen.setdefault(thing.question, line)
    if first != line:
        raise SettingsError(f"{thing.id} is answered on line {first} already")
    told = cells.get("facts", "")
    if told and told != digest(dict(thing.facts)):
        raise SettingsError(
            f"{thing.id} is not as it was when the list was made: {thing.message}",
            remedy="Make the list again with `tieline questions --csv FILE`.",
        )
    return made.check(thing, given)
