"""Compares our accounts with a partner's, and makes the report that the partner is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.session import Session
from app.sources import STATE, read_book
from app.told import ToldLog, digest
from config.base import Condition
from config.load import LoadedConfig
from config.partners import GrantSettings, Partner, PartnerList, PopulationSettings
from config.problems import suggest
from core.errors import SettingsError
from mapping.accounts.attribution import Ties, credits_of, totals
from mapping.accounts.overlap import Listed, compare, fingerprints, marks_of
from mapping.accounts.partner_map import PartnerMap
from mapping.accounts.populations import (
    STANDARD,
    USUAL,
    Filter,
    Population,
    every,
    listed_members,
    members,
)
from mapping.accounts.records import Book, Record, accounts_of, book_of
from mapping.accounts.sharing import (
    PRESETS,
    Agreement,
    Earlier,
    Facts,
    Grant,
    Level,
    Past,
    Told,
    told,
)
from mapping.matching.model import Decision, Verdict
from mapping.tables.model import Column, table_error
from mapping.tables.read import read_table


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says instead of the configuration; None: nothing."""

    ours: str | None = None
    theirs: str | None = None
    population: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and what a report for the partner is decided by."""

    key: str
    """The partner's name in the configuration."""
    partner: Partner
    found: PartnerMap
    ours: Listed
    loaded: LoadedConfig
    at: datetime

    @property
    def day(self) -> date:
        return self.at.date()


def compared(session: Session, name: str, wishes: Wishes) -> Compared:
    """The map of one partner; overlaps seen for the first time are noted with today's date.
    Raises TielineError."""
    loaded = session.load()
    partner = partner_of(loaded, name, wishes)
    ours = our_list(session, loaded, partner, wishes)
    theirs = their_list(session, loaded, name, partner, wishes)
    known_as = fingerprints(ours)
    at = session.clock.now().astimezone(UTC)
    log = ToldLog(loaded.state)
    decided = decisions(loaded, partner)
    found = compare(ours, theirs, at.isoformat(timespec="microseconds"), decisions=decided)
    with log.alone():
        known = log.known()
        first = partner.known_since if name not in known else None
        seen = {known_as[side.id] for mutual in found.mutual for side in mutual.ours}
        log.learn(name, seen, str(first or at.date()))
        known = log.known()
    found = _credited(loaded, name, found, ours, known, known_as)
    return Compared(name, partner, found, ours, loaded, at)


def _credited(
    loaded: LoadedConfig,
    name: str,
    found: PartnerMap,
    ours: Listed,
    known: Mapping[str, Mapping[str, str]],
    known_as: Mapping[str, str],
) -> PartnerMap:
    """With the days since which overlaps are known, and the partner's part in our deals."""
    ties = {
        key: _ties(loaded.config.partners.get(key), known.get(key, {}), known_as)
        for key in dict.fromkeys([*loaded.config.partners, name])
    }
    since = ties[name].known_since
    mutual = tuple(
        replace(
            one, known_since=min((since[s.id] for s in one.ours if s.id in since), default=None)
        )
        for one in found.mutual
    )
    credits = credits_of(name, ties, ours.book)
    return replace(found, mutual=mutual, credits=credits, totals=totals(credits))


def _first(days: Iterable[str]) -> str | None:
    return min(days, default=None)


def _ties(partner: Partner | None, known: Mapping[str, str], known_as: Mapping[str, str]) -> Ties:
    since = {account: known[mark] for account, mark in known_as.items() if mark in known}
    if partner is None:
        return Ties(since)
    return Ties(since, partner.sourced, partner.influenced)


# -- the lists -----------------------------------------------------------------------------------


def partner_of(loaded: LoadedConfig, name: str, wishes: Wishes) -> Partner:
    """A partner of the configuration; one that is not there may be compared with by --theirs.
    Raises SettingsError."""
    partner = loaded.config.partners.get(name)
    if partner is None and wishes.theirs is None:
        raise SettingsError(
            f"there is no partner `{name}`",
            remedy=suggest(name, loaded.config.partners)
            or "Add it to `partners`, or name its list with --theirs FILE.",
        )
    partner = partner or Partner.model_validate({})
    if wishes.theirs is None:
        return partner
    given = PartnerList(
        source=str(Path(wishes.theirs).absolute()) if Path(wishes.theirs).is_file()
        else wishes.theirs,
        population=wishes.population,
        columns=dict(wishes.columns),
        sheet=wishes.sheet,
        encoding=wishes.encoding,
    )  # fmt: skip
    return partner.model_copy(update={"lists": [given]})


def our_list(session: Session, loaded: LoadedConfig, partner: Partner, wishes: Wishes) -> Listed:
    """Our accounts with their populations, and those that are private to this partner."""
    config = loaded.config
    source = wishes.ours or config.sharing.accounts or next(iter(config.sides), None)
    if source is None:
        raise SettingsError(
            "nothing tells where our accounts are",
            remedy="Name a side or a file under `sharing.accounts`, or with --ours.",
        )
    book = _noted(read_book(loaded, session.clock, source), source)
    populations = populations_of(config.populations)
    book = replace(book, notes=(*book.notes, *_let_nothing_through(config.populations, book)))
    found = members(populations, book, listed=source not in (*config.sides, STATE))
    standard = {p.name: p.standard for p in populations.values() if p.standard}
    private = [*config.sharing.private, *partner.private]
    hidden = frozenset(a.id for a in book.accounts if _any_holds(private, a))
    return Listed(config.sharing.company or "we", book, found, standard, hidden)


def _let_nothing_through(settings: Mapping[str, PopulationSettings], book: Book) -> Iterable[str]:
    """A note for every population that tests what the list does not have, such as the
    opportunities of a list of accounts in a spreadsheet."""
    for name, population in settings.items():
        wanted = {
            what
            for one in population.filters
            for what, tests, there in (
                ("opportunities", one.opportunities, book.opportunities),
                ("people", one.people, book.people),
            )
            if tests and not there
        }
        for what in sorted(wanted):
            yield f"the population {name} tests {what}, and our list has none"


def _any_holds(conditions: Sequence[Condition], account: Record) -> bool:
    return any(every([condition], account) for condition in conditions)


def populations_of(settings: Mapping[str, PopulationSettings]) -> dict[str, Population]:
    """The populations of the configuration, or the usual ones."""
    if not settings:
        return dict(USUAL)
    return {
        name: Population(
            name,
            one.standard or (name if name in STANDARD else None),
            tuple(
                Filter(
                    f.accounts,
                    f.opportunities,
                    f.people,
                    f.without_opportunities,
                    f.without_people,
                )
                for f in one.filters
            ),
            tuple(one.not_in),
        )
        for name, one in settings.items()
    }


def their_list(
    session: Session, loaded: LoadedConfig, name: str, partner: Partner, wishes: Wishes
) -> Listed:
    """The partner's accounts out of all its lists. Raises SettingsError."""
    if not partner.lists:
        raise SettingsError(
            f"the partner `{name}` has no lists",
            remedy=f"Add `lists` to `partners.{name}`, or name a file with --theirs.",
        )
    shown = partner.name or name
    records: dict[str, Record] = {}
    in_population: dict[str, set[str]] = {}
    notes: list[str] = []
    for place, given in enumerate(partner.lists):
        book, found = _one_list(session, loaded, given)
        notes += book.notes
        prefix = f"list {place + 1} " if len(partner.lists) > 1 else ""
        new = {r.id: prefix + r.id if r.id.startswith("line ") else r.id for r in book.accounts}
        records.update({new[r.id]: replace(r, id=new[r.id]) for r in book.accounts})
        for population, ids in found.items():
            in_population.setdefault(population, set()).update(new[i] for i in ids)
    order = {population: place for place, population in enumerate(STANDARD)}
    ordered = sorted(in_population, key=lambda p: (order.get(p, len(order)), p))
    source = ", ".join(given.source for given in partner.lists)
    book = replace(book_of(source, records.values()), notes=tuple(notes))
    return Listed(shown, book, {p: frozenset(in_population[p]) for p in ordered})


def _one_list(
    session: Session, loaded: LoadedConfig, given: PartnerList
) -> tuple[Book, Mapping[str, frozenset[str]]]:
    side = given.source in loaded.config.sides
    book = read_book(
        loaded,
        session.clock,
        given.source,
        columns=given.columns,
        sheet=given.sheet,
        encoding=given.encoding,
    )
    book = _noted(book, given.source)
    if given.population:
        return book, {given.population: frozenset(a.id for a in book.accounts)}
    return book, members(USUAL, book) if side else listed_members(book)


def _noted(book: Book, source: str) -> Book:
    """With the source before its notes, and a note where the list is empty, as after an export of
    the wrong view."""
    notes = tuple(f"{Path(source).name}: {note}" for note in book.notes)
    if not book.accounts:
        notes += (f"the list {source} is empty: no account is in it",)
    return replace(book, notes=notes)


_DECIDED = (
    Column("ours", ("ours", "our id"), required=True),
    Column("theirs", ("theirs", "their id"), required=True),
    Column("answer", ("answer", "verdict"), required=True),
    Column("by", ("by", "decided by")),
    Column("date", ("date", "on"), "date"),
    Column("note", ("note",)),
)
_ANSWERS = {
    "same": Verdict.SAME, "yes": Verdict.SAME, "different": Verdict.DIFFERENT,
    "no": Verdict.DIFFERENT,
}  # fmt: skip


def decisions(loaded: LoadedConfig, partner: Partner) -> list[Decision]:
    """What people said of pairs; rows without an answer are passed over. Raises SettingsError."""
    if partner.decisions is None:
        return []
    table = read_table(loaded.relative(partner.decisions), _DECIDED)
    found = []
    for line, row in table.rows():
        if not row["answer"]:
            continue
        verdict = _ANSWERS.get(str(row["answer"]).casefold())
        if verdict is None or not row["ours"] or not row["theirs"]:
            what = f"answer: `{row['answer']}` is neither same nor different"
            what = what if verdict is None else "ours, theirs: a pair has two ids"
            raise table_error(table.path, f"row {line}", what, "Write same or different.")
        at = datetime.fromisoformat(row.get("date") or "1970-01-01").replace(tzinfo=UTC)
        by, note = row.get("by") or "a person", row.get("note") or ""
        found.append(Decision(str(row["ours"]), str(row["theirs"]), verdict, by, at, note))
    return found


# -- what the partner is told ----------------------------------------------------------------------


def told_to(session: Session, name: str | None) -> list[dict[str, Any]]:
    """What a partner was ever told, or all were. Raises SettingsError for a partner of whom neither
    the configuration nor the log knows, StateError."""
    loaded = session.load()
    log = ToldLog(loaded.state)
    entries = log.entries()
    known = dict.fromkeys(
        [*loaded.config.partners, *(entry["partner"] for entry in entries), *log.known()]
    )
    if name is not None and name not in known:
        raise SettingsError(
            f"there is no partner `{name}` in the configuration or in the log",
            remedy=suggest(name, known, "Known") or "No partner is known yet.",
        )
    return [entry for entry in entries if name in (None, entry["partner"])]


def report(made: Compared, file: Path) -> Told:
    """What the partner is told now; it is in the log when this returns. Raises SettingsError,
    StateError."""
    agreed = agreement(made)
    log = ToldLog(made.loaded.state)
    with log.alone():
        decided, fresh = _decided(made, agreed, log.past(made.key))
        log.note(made.key, decided, fresh, made.at.isoformat(timespec="microseconds"), file)
    return decided


def _decided(made: Compared, agreed: Agreement, past: Past) -> tuple[Told, tuple[Earlier, ...]]:
    book = made.ours.book
    facts = Facts(
        records={record.id: record for record in book.accounts},
        marks={
            account: frozenset(map(digest, marks)) for account, marks in marks_of(made.ours).items()
        },
        members=made.ours.members,
        open_deals=frozenset(
            account
            for deal in book.opportunities
            if not deal.values.get("is_closed")
            for account in accounts_of(deal)
        ),
    )
    return told(made.found, agreed, facts, past, made.day, made.ours.name)


def agreement(made: Compared) -> Agreement:
    """The sharing rules of a partner, presets replaced by their fields."""
    sharing = made.loaded.config.sharing
    presets = {**PRESETS, **{name: tuple(given) for name, given in sharing.presets.items()}}
    least = made.partner.min_count or sharing.min_count
    grants = []
    for population, given in made.partner.share.items():
        one = given if isinstance(given, GrantSettings) else GrantSettings(level=given)
        fields = presets[one.fields] if isinstance(one.fields, str) else tuple(one.fields)
        grants.append(
            Grant(
                population,
                Level(one.level),
                fields,
                one.valid_from,
                one.valid_until,
                one.min_count or least,
            )
        )
    return Agreement(made.key, tuple(grants), sharing.round_to, sharing.max_answers)
