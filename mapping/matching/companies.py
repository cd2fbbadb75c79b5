"""Companies: two lists linked, one list searched for duplicates, two records compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from mapping.matching import candidates, clusters, decided
from mapping.matching.alike import brands
from mapping.matching.judge import ACCEPT, judge, name_evidence
from mapping.matching.model import Company, Decision, Group, Match, Verdict
from mapping.matching.names import Name
from mapping.matching.prepare import Prepared, prepare
from mapping.matching.weights import LONG, Names


@dataclass(frozen=True, slots=True)
class Options:
    """How far the search goes."""

    candidates: int = 5
    """How many near names of the other list each name is compared with."""
    floor: float = 0.4
    """The cosine of letter groups from which a name is near that has a word in common."""
    unlike: float = 0.55
    """The same for a name that has no word in common."""
    crowd: int = 20
    """More records than this under one key (a domain of a franchise) are not all compared."""
    margin: float = 0.12
    """A rival whose score is not further away than this makes a link a question."""
    questions: bool = True
    """Whether pairs are told that are not sure."""


DEFAULTS = Options()


def compare_companies(left: Company, right: Company) -> Match:
    """What is held of two records on their own, without the lists that they come from."""
    one, other = prepare(left), prepare(right)
    return judge(one, other, name_evidence(one, other))


def link_companies(
    left: Sequence[Company],
    right: Sequence[Company],
    *,
    decisions: Iterable[Decision] = (),
    options: Options = DEFAULTS,
) -> list[Match]:
    """Pairs of a record of the left and one of the right that are the same company or may be, by
    id of the left, then score. A record may be the same as several of the other list, where that
    list holds duplicates; where it could be one of several different ones, all are questions.
    Decisions stand above all else; a pair decided to be different is told as such."""
    here, there = [prepare(record) for record in left], [prepare(record) for record in right]
    pairs = _candidates(here, there, options)
    listed = Names(p.names[0] for p in there if p.names)
    found = defaultdict(list)
    for (one, other), cosines in pairs.items():
        known = listed if listed.size >= LONG else None
        match = judge(
            here[one], there[other], name_evidence(here[one], there[other], known, cosines)
        )
        if match.verdict != Verdict.DIFFERENT:
            found[one].append((other, match))
    matches = [m for one in found for m in _settled(found[one], there, options)]
    return decided.apply(
        [m for m in matches if options.questions or m.verdict == Verdict.SAME],
        decisions, {p.record.id for p in here}, {p.record.id for p in there},
    )  # fmt: skip


def duplicate_companies(
    records: Sequence[Company],
    *,
    decisions: Iterable[Decision] = (),
    options: Options = DEFAULTS,
) -> list[Group]:
    """Groups of records that are one company. The survivor is the member that shows most. Pairs
    that are questions are kept in `matches` of the group that they would join, and as groups of
    two without a proposal where both stand alone."""
    made = [prepare(record) for record in records]
    listed = Names(p.names[0] for p in made if p.names)
    known = listed if listed.size >= LONG else None
    matches = []
    for (one, other), cosines in _candidates(made, made, options, within=True).items():
        match = judge(made[one], made[other], name_evidence(made[one], made[other], known, cosines))
        if match.verdict == Verdict.SAME or (
            match.verdict == Verdict.QUESTION and options.questions
        ):
            matches.append(match)
    ids = [record.id for record in records]
    known_ids = set(ids)
    return clusters.groups(
        ids,
        decided.apply(matches, decisions, known_ids, known_ids),
        {p.record.id: _shown(p) for p in made},
    )


def _shown(prepared: Prepared) -> int:
    """How much a record shows: the fullest survives."""
    record = prepared.record
    single = (record.registration, record.street, record.city, record.postal_code, record.country,
              record.region, record.name)  # fmt: skip
    several = (record.domains, record.emails, record.phones, record.other_names)
    return sum(map(bool, single)) + sum(map(len, several))


Pairs = dict[tuple[int, int], tuple[float, float]]
"""Indices of candidates, with the cosine of their names and that of the next best."""


def _candidates(
    here: Sequence[Prepared], there: Sequence[Prepared], options: Options, *, within: bool = False
) -> Pairs:
    """Pairs worth comparing: by exact keys, then by names that are near in letters."""
    pairs: Pairs = {}
    for one, other in _by_keys(here, there, options):
        if not within or one < other:
            pairs[one, other] = (0.0, 0.0)
    for one, other, cosine, next_best in _by_names(here, there, options, within=within):
        if not within or one < other:
            pairs[one, other] = (cosine, next_best)
        elif one > other and pairs.get((other, one), (0.0, 0.0))[0] == 0.0:
            pairs[other, one] = (cosine, next_best)
    return dict(sorted(pairs.items()))


def _keys(prepared: Prepared) -> Iterator[tuple[str, str]]:
    """Every exact key of a record, with its kind."""
    if prepared.registration:
        yield "registration", prepared.registration
    for domain in prepared.all_domains:
        yield "domain", domain
    for phone in prepared.phones:
        yield "phone", phone
    for name in prepared.names:
        yield "name", name.compact
        yield "name", "".join(sorted(name.core))
        for line in brands().get(name.key, ()):
            yield "brand", str(line)


def _by_keys(
    here: Sequence[Prepared], there: Sequence[Prepared], options: Options
) -> Iterator[tuple[int, int]]:
    """Pairs with an equal key. Under a key that a crowd shares only equal names are paired."""
    index = defaultdict(list)
    for place, prepared in enumerate(there):
        for key in dict.fromkeys(_keys(prepared)):
            index[key].append(place)
    for place, prepared in enumerate(here):
        for key in dict.fromkeys(_keys(prepared)):
            holders = index.get(key, ())
            if len(holders) <= options.crowd:
                yield from ((place, holder) for holder in holders)
                continue
            same = (h for h in holders if there[h].key == prepared.key)
            yield from ((place, holder) for holder in list(same)[: options.crowd])


def _by_names(
    here: Sequence[Prepared], there: Sequence[Prepared], options: Options, *, within: bool
) -> Iterator[tuple[int, int, float, float]]:
    """Pairs whose names are near, with the cosine and that of the next best name. Every distinct
    name is looked up once."""
    mine, others = _by_name(here), _by_name(there)
    left = (
        list(mine) if within else [key for key in mine if key not in others or len(others) < LONG]
    )
    right = list(others)
    near = defaultdict(list)
    words = [set(key.split()) for key in left]
    for one, other, cosine in candidates.similar(
        left, right, each=options.candidates + within, floor=options.floor
    ):
        near[one].append((other, cosine))
    for one, found in near.items():
        for place, (other, cosine) in enumerate(found):
            if cosine < options.unlike and words[one].isdisjoint(right[other].split()):
                continue
            rival = max((c for rank, (_, c) in enumerate(found) if rank != place), default=0.0)
            for pair in _holders(mine[left[one]], others[right[other]], options):
                yield (*pair, cosine, rival)
    for key in sorted(mine.keys() - set(left)):
        for pair in _holders(mine[key], others[key], options):
            yield (*pair, 1.0, 0.5)


def _holders(
    here: Sequence[int], there: Sequence[int], options: Options
) -> Iterator[tuple[int, int]]:
    """The records of two names, each with each, up to a crowd."""
    return product(here[: options.crowd], there[: options.crowd])


def _by_name(records: Sequence[Prepared]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, prepared in enumerate(records):
        for name in prepared.names:
            found[name.key].append(place)
    return found


def _settled(
    found: list[tuple[int, Match]], there: Sequence[Prepared], options: Options
) -> list[Match]:
    """The pairs of one record. Where the best is not alone, and the rivals are not duplicates of
    it, nobody can say which it is: all of them are questions."""
    found.sort(key=lambda each: (-each[1].score, each[1].right))
    best, first = found[0]
    if first.verdict != Verdict.SAME:
        return [match for _, match in found]
    settled = [first]
    rivals = []
    for other, match in found[1:]:
        if match.verdict != Verdict.SAME or _same(there[best], there[other]):
            settled.append(match)
        elif first.score - match.score > options.margin or _firmer(first, match):
            settled.append(_asked(match, "another one is nearer"))
        else:
            rivals.append(match)
    if not rivals:
        return settled
    doubt = f"{len(rivals) + 1} of that name that are not the same"
    return [_asked(m, doubt) if m.verdict == Verdict.SAME else m for m in (*settled, *rivals)]


def _firmer(first: Match, second: Match) -> bool:
    """Whether the first has a key of its own that the second lacks, or the name in full."""
    order = ("registration", "domain", "phone", "name", "score")
    return order.index(first.method) < order.index(second.method)


def _same(one: Prepared, other: Prepared) -> bool:
    """Whether two records of one list are duplicates, beyond doubt also by their legal forms."""
    forms = [set(each.names[0].forms) if each.names else set() for each in (one, other)]
    if forms[0] and forms[1] and not forms[0] & forms[1]:
        return False
    match = judge(one, other, name_evidence(one, other))
    return match.verdict == Verdict.SAME


def _asked(match: Match, why: str) -> Match:
    score = min(match.score, round(ACCEPT - 0.01, 6))
    return replace(match, verdict=Verdict.QUESTION, score=score, evidence=(*match.evidence, why))


__all__ = ["Name", "Options", "compare_companies", "duplicate_companies", "link_companies"]
