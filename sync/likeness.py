"""Which records of other sides the left-over ones resemble: the matching engine's word on them.

What is compared is found by a few inexact keys in the store, so that a run costs what has changed
and not what there is. What resembles is a question, never a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mapping.accounts.records import Record, company, individual
from mapping.matching.judge import judge, name_evidence
from mapping.matching.keys import domain_key, email_key, name_key, phone_key
from mapping.matching.model import Company, Individual, Match, Verdict
from mapping.matching.prepare import prepare
from mapping.places import fold
from sync.detect import look_again
from sync.evidence import people_domains
from sync.model import Row, State
from sync.privacy import hidden
from sync.sides import Side
from sync.store import Store, guarded

CROWD = 20
"""Records of other sides that may share an inexact key; a key that more share tells nothing."""
LEAST: Mapping[str, float] = {"account": 0.3, "person": 0.9}
"""The score from which a record is held back and asked about. People of one company share so much
that below what the engine is sure of nearly every pair of colleagues would be a question."""

_TELLING = frozenset({"domain", "registration", "email"})
"""What two that share it are asked about, whatever else differs."""

_START = 6
_SHORTEST = 4

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another record, and what speaks for its being the same."""

    other: Key
    name: str
    match: Match


# -- keys --------------------------------------------------------------------------------------


def inexact_keys(row: Row, store: Store) -> list[str]:
    """Keys under which records that may be the same are found, but not linked by."""
    of = {"account": _account_keys, "person": _person_keys}.get(row.kind)
    return list(dict.fromkeys(f"~{key}" for key in of(row, store))) if of else []


def _account_keys(row: Row, store: Store) -> Iterator[str]:
    domains = (domain_key(_text(row, name)) for name in ("domain", "website"))
    for domain in (*domains, *map(domain_key, people_domains(row, store))):
        yield from _key("domain", domain)
    yield from _key("phone", phone_key(_text(row, "phone")))
    words = (name_key(_text(row, "name")) or "").split()
    yield from _key("start", _skeleton("".join(words))[:_START])
    longest = max(words, key=len, default="")
    yield from _key("word", _skeleton(longest) if len(longest) >= _SHORTEST else "")


def _skeleton(word: str) -> str:
    """Its first letter and its consonants, each once in a row: vowels and doubled letters are what
    is spelled in several ways (Müller, Mueller, Muller)."""
    bare = word[:1] + re.sub(r"[aeiouy]", "", word[1:])
    return re.sub(r"(.)\1+", r"\1", bare)


def _person_keys(row: Row, _store: Store) -> Iterator[str]:
    yield from _key("mail", email_key(_text(row, "email")))
    for name in ("phone", "mobile"):
        yield from _key("phone", phone_key(_text(row, name)))
    first, last = (fold(_text(row, name) or "") for name in ("first_name", "last_name"))
    yield from _key("name", f"{first} {last}" if first and last else "")
    yield from _key("who", f"{first[:1]} {last}" if last else "")


def _key(name: str, value: str | None) -> Iterator[str]:
    if value:
        yield f"{name}={value}"


def _text(row: Row, name: str) -> str | None:
    value = row.seen.get(name)
    return value if isinstance(value, str) else None


# -- comparing ---------------------------------------------------------------------------------


def resembling(
    rows: Sequence[Row], store: Store, sides: Sequence[Side]
) -> dict[Key, list[Likeness]]:
    """For each record those of other sides that may be the same, the likeliest first. Rows of one
    kind; their inexact keys are in the store."""
    near = {row.key: _neighbours(row, store) for row in rows}
    known = _in_clear({key for keys in near.values() for key in keys}, store, sides)
    pairs = [(r, known[k]) for r in rows for k in near[r.key] if k in known]
    found: dict[Key, list[Likeness]] = {}
    for row, other, match in _compared(pairs, store):
        if _worth_asking(row.kind, match):
            found.setdefault(row.key, []).append(Likeness(other.key, _called(other), match))
    for alike in found.values():
        alike.sort(key=lambda each: (-each.match.score, each.other))
    return found


def _worth_asking(kind: str, match: Match) -> bool:
    keyed = kind == "account" and match.method in _TELLING
    return match.verdict is not Verdict.DIFFERENT and (keyed or match.score >= LEAST[kind])


def _neighbours(row: Row, store: Store) -> list[Key]:
    """Records of other sides under one of its keys; crowded keys are passed over."""
    found: set[Key] = set()
    for key in inexact_keys(row, store):
        with guarded():
            ids = store.db.conn.execute(
                "SELECT side, object_type, id FROM match_keys WHERE kind = ? AND key = ?"
                " AND side <> ? LIMIT ?",
                (row.kind, store.vault.seal(key), row.side, CROWD + 1),
            ).fetchall()
        found.update(ids if len(ids) <= CROWD else ())
    return sorted(found)


def _in_clear(keys: Iterable[Key], store: Store, sides: Sequence[Side]) -> dict[Key, Row]:
    """Live rows by key; those whose values are kept as hashes are read again."""
    by_type: dict[tuple[str, str], list[str]] = {}
    for side, object_type, record_id in sorted(keys):
        by_type.setdefault((side, object_type), []).append(record_id)
    rows = [r for where, ids in by_type.items() for r in store.by_ids(*where, ids).values()]
    if store.vault.active:
        look_again([r for r in rows if any(map(hidden, r.seen.values()))], store, sides)
        rows = [r for where, ids in by_type.items() for r in store.by_ids(*where, ids).values()]
    return {row.key: row for row in rows if row.state is State.LIVE}


Pair = tuple[Row, Row]


def _compared(pairs: Sequence[Pair], store: Store) -> Iterator[tuple[Row, Row, Match]]:
    if not pairs:
        return
    if pairs[0][0].kind == "account":
        rows = {r.key: r for pair in pairs for r in pair}
        known = {key: prepare(_company(row, store)) for key, row in rows.items()}
        for row, other in pairs:
            one, two = known[row.key], known[other.key]
            yield row, other, judge(one, two, name_evidence(one, two))
        return
    matches = _people_matches(pairs)
    for row, other in pairs:
        match = matches.get((_id(row), _id(other))) or matches.get((_id(other), _id(row)))
        if match is not None:
            yield row, other, match


def _people_matches(pairs: Sequence[Pair]) -> Mapping[tuple[str, str], Match]:
    """All pairs at once: the engine for people works on whole lists, and is loaded for them."""
    from mapping.matching.people import link_people

    left = {_id(row): row for row, _ in pairs}
    right = {_id(row): row for _, row in pairs}
    found = link_people(
        [_person(left[key]) for key in sorted(left)], [_person(right[key]) for key in sorted(right)]
    )
    return {(match.left, match.right): match for match in found}


def _id(row: Row) -> str:
    return "/".join(row.key)


def _plain(row: Row) -> Record:
    """The values of a record by themselves: what refers to another, or is hidden, is left out."""
    address = ("address", "billing_address")
    values = {
        name: value
        for name, value in row.seen.items()
        if not hidden(value) and (name in address or not isinstance(value, dict))
    }
    return Record(row.kind, _id(row), values)


def _company(row: Row, store: Store) -> Company:
    made = company(_plain(row))
    addresses = tuple(f"x@{domain}" for domain in people_domains(row, store))
    return replace(made, emails=(*made.emails, *addresses)) if addresses else made


def _person(row: Row) -> Individual:
    return individual(_plain(row))


# -- saying ------------------------------------------------------------------------------------


def said(alike: Sequence[Likeness], *, hiding: bool) -> str:
    """What is asked, in words: the likeliest with what speaks for and against it."""
    first = alike[0]
    reasons = "; ".join(first.match.evidence) or first.match.method
    called = f" “{first.name}”" if first.name else ""
    told = "" if hiding else f": {reasons}"
    return f"looks like {' '.join(first.other)}{called} ({first.match.score:.0%}){told}"


def _called(row: Row) -> str:
    names = (_text(row, name) for name in ("name", "first_name", "last_name"))
    return " ".join(name for name in names if name)
