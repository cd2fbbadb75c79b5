"""Which free records of other sides a record resembles: the matching engine, asked pair by pair.

What is compared is found by a few inexact keys in the store, so that a run costs what has changed
and not what there is. What resembles is a question, never a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mapping.accounts.records import Record, company
from mapping.matching.companies import compare_companies
from mapping.matching.keys import domain_key, name_key, phone_key
from mapping.matching.model import Company, Match, Verdict
from sync.evidence import people_domains
from sync.model import Row
from sync.store import Store, guarded

CROWD = 50
"""Records of other sides that may share an inexact key; a key that more share tells nothing."""
_START = 6
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another record, and what speaks for its being the same."""

    row: Row
    match: Match


def inexact_keys(row: Row, store: Store) -> list[str]:
    """Keys under which records that may be the same are found, but not linked by."""
    if row.kind != "account":
        return []
    shown = row.seen
    found = [f"~domain={d}" for d in _domains(shown.get("domain"), shown.get("website"))]
    found += [f"~domain={d}" for d in people_domains(row, store) if domain_key(d)]
    phone = phone_key(shown.get("phone"))
    found += [f"~phone={phone}"] if phone else []
    words = (name_key(shown.get("name")) or "").split()
    compact, longest = "".join(words), max(words, key=len, default="")
    found += [f"~start={compact[:_START]}"] if compact else []
    found += [f"~word={longest}"] if len(longest) >= _SHORTEST else []
    return list(dict.fromkeys(found))


def _domains(*values: object) -> Iterator[str]:
    for value in values:
        found = domain_key(value) if isinstance(value, str) else None
        if found:
            yield found


def resembling(row: Row, candidates: Iterable[Row], store: Store) -> list[Likeness]:
    """The candidates that the engine does not hold to be different, the likeliest first."""
    mine = _company(row, store)
    found = [
        Likeness(other, compare_companies(mine, _company(other, store))) for other in candidates
    ]
    alike = [each for each in found if each.match.verdict is not Verdict.DIFFERENT]
    return sorted(alike, key=lambda each: (-each.match.score, each.row.key))


def neighbours(row: Row, keys: Sequence[str], store: Store) -> list[Row]:
    """Live records of other sides under one of the keys; crowded keys are passed over."""
    found: dict[tuple[str, str, str], Row] = {}
    for key in keys:
        with guarded():
            ids = store.db.conn.execute(
                "SELECT side, object_type, id FROM match_keys WHERE kind = ? AND key = ?"
                " AND side <> ? LIMIT ?",
                (row.kind, store.vault.seal(key), row.side, CROWD + 1),
            ).fetchall()
        if len(ids) <= CROWD:
            rows = (store.row(*each) for each in ids if each not in found)
            found.update({r.key: r for r in rows if r is not None and r.state.value == "live"})
    return [found[key] for key in sorted(found)]


def _company(row: Row, store: Store) -> Company:
    plain = {k: v for k, v in row.seen.items() if k != "parent"}
    made = company(Record("account", "/".join(row.key), plain))
    addresses = tuple(f"x@{domain}" for domain in people_domains(row, store))
    return replace(made, emails=(*made.emails, *addresses)) if addresses else made


def said(found: Sequence[Likeness], *, hiding: bool) -> str:
    """What is asked, in words: the likeliest with what speaks for and against it."""
    first = found[0]
    reasons = "; ".join(first.match.evidence) or first.match.method
    told = "" if hiding else f": {reasons}"
    return f"looks like {_name(first.row)} ({first.match.score:.0%}){told}"


def _name(row: Row) -> str:
    name = row.seen.get("name")
    quoted = f" “{name}”" if isinstance(name, str) and name else ""
    return f"{row.side} {row.object_type} {row.id}{quoted}"
