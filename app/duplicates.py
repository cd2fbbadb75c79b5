"""Finds the duplicates of a side, a state or a spreadsheet; those of a side become questions."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.session import Session
from app.sources import read_book, side_book
from app.wiring import Workshop, workshop
from config.load import LoadedConfig
from config.matching import MatchingEngine
from core.errors import SettingsError
from mapping.accounts.records import Book, Record, companies, individuals
from mapping.matching.model import Decision, Group, Match, Verdict
from sync import likeness
from sync.conceal import vault_of
from sync.duplicates import decisions, propose
from sync.lock import locked
from sync.model import Row, State
from sync.proposals import Proposal
from sync.sides import Side, by_name
from sync.store import Store
from sync.waiting import short_id

KINDS = ("account", "person")


LEAST = likeness.LEAST
"""The score from which groups are told, unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A group with its survivor, and why each other member is in it."""

    members: tuple[str, ...]
    survivor: str
    losers: tuple[tuple[str, Match], ...]


def found(session: Session, source: str, kind: str, at_least: float | None) -> dict[str, Any]:
    """The groups of a source with their evidence and the proposed survivor; of a side the ids of
    the questions too. Raises TielineError."""
    if kind not in KINDS:
        raise SettingsError(f"there is no kind {kind} here", remedy=f"One of: {', '.join(KINDS)}.")
    least = LEAST[kind] if at_least is None else at_least
    loaded = session.load()
    wanted = ("account",) if kind == "account" else ("account", "person")
    if source in loaded.config.sides:
        with workshop(loaded, session.clock, writing=False) as made:
            return _of_side(session, made, source, kind, least, wanted)
    book = read_book(loaded, session.clock, source, kinds=wanted, kind=kind)
    return _told(
        book, kind, _alike(_groups(book, kind, (), loaded.config.matching), set(), least), {}
    )


def _of_side(
    session: Session, made: Workshop, name: str, kind: str, least: float, wanted: Sequence[str]
) -> dict[str, Any]:
    side = by_name(made.sides)[name]
    book = side_book(made, name, kinds=wanted)
    with _store(made.loaded) as store:
        said = decisions(store, name)
    groups = _groups(book, kind, said, made.loaded.config.matching)
    with locked(made.loaded.state), _store(made.loaded) as store:
        alike = _alike(groups, _linked(store, side, kind), least)
        proposals = _proposals(book, side, kind, alike)
        asked = propose(store, side, kind, proposals, session.clock.now())
    told = _told(
        book, kind, alike, {(q.entity, str(q.detail["survivor"])): short_id(q.id) for q in asked}
    )
    by_hand = sum(1 for q in asked if "by hand" in q.facts)
    return {**told, "questions": len(asked), "by_hand": by_hand}


def _store(loaded: LoadedConfig) -> Store:
    loaded.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Store(loaded.state / "state.db", vault_of(loaded.config, loaded.state))


def _groups(
    book: Book, kind: str, said: Iterable[Decision], settings: MatchingEngine
) -> list[Group]:
    if kind == "account":
        from mapping.matching.companies import duplicate_companies

        found = companies(book)
        above = {(c.id, c.parent) for c in found if c.parent}
        groups = duplicate_companies(found, decisions=said)
        return [g for g in groups if not _is_a_hierarchy(g, above)]
    from mapping.matching.backends import Engine
    from mapping.matching.people import PeopleOptions, duplicate_people

    engine = Engine(
        settings.engine, settings.memory, settings.threads, settings.spark_master,
        tuple(sorted(settings.spark_options.items())),
    )  # fmt: skip
    return duplicate_people(individuals(book), decisions=said, options=PeopleOptions(engine=engine))


def _is_a_hierarchy(group: Group, above: Container[tuple[str, str]]) -> bool:
    """Two of which one stands above the other: somebody said so, and that they are two."""
    one, other = group.members[0], group.members[-1]
    return len(group.members) == 2 and ((one, other) in above or (other, one) in above)


def _linked(store: Store, side: Side, kind: str) -> set[str]:
    """Ids of the side's records that are linked with one of another side."""
    mine = list(store.rows("side = ? AND kind = ? AND entity IS NOT NULL", (side.name, kind)))
    known = store.by_entities([str(row.entity) for row in mine])
    return {row.id for row in mine if _elsewhere(known.get(str(row.entity), []), side.name)}


def _elsewhere(rows: Iterable[Row], side: str) -> bool:
    return any(row.side != side and row.state is State.LIVE for row in rows)


def _alike(groups: Iterable[Group], linked: set[str], least: float) -> list[Alike]:
    """The groups with who survives, and who would be merged into it."""
    found: list[Alike] = []
    for group in groups:
        survivor = _survivor(group, linked)
        matches = ((m, _best(group, m, survivor)) for m in group.members if m != survivor)
        losers = tuple((m, match) for m, match in matches if match and match.score >= least)
        if losers:
            found.append(Alike(group.members, survivor, losers))
    return found


def _survivor(group: Group, linked: set[str]) -> str:
    """The engine's choice, unless only others are linked with another side."""
    if group.survivor in linked:
        return group.survivor
    return next((member for member in group.members if member in linked), group.survivor)


def _best(group: Group, member: str, survivor: str) -> Match | None:
    """What speaks for a member: its match with the survivor, else its surest inside the group."""
    inside = [
        m
        for m in group.matches
        if member in (m.left, m.right)
        and {m.left, m.right} <= set(group.members)
        and m.verdict is not Verdict.DIFFERENT
    ]
    return min(
        inside,
        key=lambda m: (survivor not in (m.left, m.right), -m.score, m.left, m.right),
        default=None,
    )


def _proposals(book: Book, side: Side, kind: str, alike: Iterable[Alike]) -> list[Proposal]:
    """One for each record that would be merged away: the likeliest, where it is in several."""
    records = {record.id: record for record in book.of(kind)}
    found: dict[str, Proposal] = {}
    for group in alike:
        kept = records[group.survivor]
        for member, match in group.losers:
            loser = records[member]
            made = Proposal(
                kind, side.name, loser.object_type, loser.id, kept.object_type, kept.id,
                match.score, match.method, match.evidence,
            )  # fmt: skip
            if member not in found or found[member].score < made.score:
                found[member] = made
    return list(found.values())


def _told(
    book: Book, kind: str, alike: Sequence[Alike], ids: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """Groups that the engine is sure of come first, each part by score. `ids`: of each record
    and the survivor it is asked about, the question."""
    records = {record.id: record for record in book.of(kind)}
    return {
        "source": book.name,
        "kind": kind,
        "records": len(records),
        "groups": [
            {
                "survivor": group.survivor,
                "members": [
                    _member(records[group.survivor], None, None),
                    *(
                        _member(records[m], match, ids.get((_label(records[m]), group.survivor)))
                        for m, match in group.losers
                    ),
                ],
            }
            for group in sorted(alike, key=_surest_first)
        ],
        "notes": list(book.notes),
    }


def _surest_first(group: Alike) -> tuple[bool, float]:
    matches = [match for _, match in group.losers]
    sure = any(match.verdict is Verdict.SAME for match in matches)
    return not sure, -max(match.score for match in matches)


def _label(record: Record) -> str:
    return f"{record.object_type}:{record.id}"


def _member(record: Record, match: Match | None, question: str | None) -> dict[str, Any]:
    return {
        "id": record.id,
        "object_type": record.object_type,
        "name": record.name,
        "where": record.where,
        "score": match.score if match else None,
        "verdict": str(match.verdict) if match else None,
        "method": match.method if match else None,
        "evidence": list(match.evidence) if match else [],
        "question": question,
    }
