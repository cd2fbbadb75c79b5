"""Precision and recall of the engine on labelled sets, at its thresholds and over all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from benchmarks.matching import labelled
from benchmarks.matching.labelled import Linked
from mapping.matching import companies, people
from mapping.matching.companies import compare_companies, duplicate_companies, link_companies
from mapping.matching.model import Company, Group, Match, Verdict
from mapping.matching.people import duplicate_people

Pair = tuple[str, str]


@dataclass(frozen=True)
class Figures:
    """What was found of what is true."""

    name: str
    true: int
    said: int
    right: int
    questions: int = 0
    right_questions: int = 0

    @property
    def precision(self) -> float:
        """The share of links that are right; 1 where nothing was linked."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """The share of true pairs that were linked."""
        return self.right / self.true if self.true else 1.0

    def line(self) -> str:
        """One line of a table."""
        asked = f"{self.questions:>7} {self.right_questions:>7}"
        return (f"{self.name:<48} {self.true:>7} {self.said:>7} {self.precision:>9.4f} "
                f"{self.recall:>7.4f} {asked}")  # fmt: skip


HEAD = (f"{'set':<48} {'true':>7} {'linked':>7} {'precision':>9} {'recall':>7} "
        f"{'asked':>7} {'right':>7}")  # fmt: skip


def figures(name: str, matches: Iterable[Match], gold: set[Pair]) -> Figures:
    """Of links between two lists."""
    matches = list(matches)
    same = {(m.left, m.right) for m in matches if m.verdict == Verdict.SAME}
    asked = {(m.left, m.right) for m in matches if m.verdict == Verdict.QUESTION}
    return Figures(name, len(gold), len(same), len(same & gold), len(asked), len(asked & gold))


def over_thresholds(matches: Iterable[Match], gold: set[Pair]) -> list[str]:
    """Precision and recall if the threshold alone decided, for a list of thresholds."""
    matches = list(matches)
    lines = ["threshold  precision  recall"]
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99):
        said = {(m.left, m.right) for m in matches if m.score >= threshold}
        right = len(said & gold)
        lines.append(
            f"{threshold:>9} {right / (len(said) or 1):>10.4f} {right / (len(gold) or 1):>7.4f}"
        )
    return lines


def linked(name: str, data: Linked) -> tuple[Figures, list[Match]]:
    """Two lists linked."""
    matches = link_companies(data.left, data.right)
    return figures(name, matches, data.gold), matches


def pairs(data: Sequence[tuple[Company, Company, bool]]) -> tuple[list[Match], set[Pair]]:
    """Pairs compared one by one."""
    matches = [compare_companies(left, right) for left, right, _ in data]
    return matches, {(left.id, right.id) for left, right, same in data if same}


def as_lists(data: Sequence[tuple[Company, Company, bool]]) -> tuple[list[Match], set[Pair]]:
    """The pairs as two lists of distinct records, linked; of the links only those that were
    labelled count."""
    left = _distinct(company for company, _, _ in data)
    right = _distinct(company for _, company, _ in data)
    labels = {(left[_shown(a)].id, right[_shown(b)].id): same for a, b, same in data}
    found = link_companies(list(left.values()), list(right.values()))
    matches = [match for match in found if (match.left, match.right) in labels]
    return matches, {pair for pair, same in labels.items() if same}


def _distinct(records: Iterable[Company]) -> dict[Company, Company]:
    found: dict[Company, Company] = {}
    for record in records:
        found.setdefault(_shown(record), record)
    return found


def _shown(record: Company) -> Company:
    return replace(record, id="")


def unordered(pairs_: Iterable[Pair]) -> set[Pair]:
    """Pairs with the smaller id first."""
    return {(min(pair), max(pair)) for pair in pairs_}


def within(owner: dict[str, str]) -> set[Pair]:
    """All pairs of ids that have one owner."""
    held = defaultdict(list)
    for record, of in owner.items():
        held[of].append(record)
    return unordered(pair for ids in held.values() for pair in combinations(ids, 2))


def grouped(name: str, groups: Iterable[Group], gold: set[Pair]) -> Figures:
    """Of groups of duplicates: every pair of members counts; groups that are only a question do
    not."""
    said: set[Pair] = set()
    asked: set[Pair] = set()
    for group in groups:
        asked |= unordered((m.left, m.right) for m in group.matches if m.verdict != Verdict.SAME)
        if any(m.verdict == Verdict.SAME for m in group.matches):
            said |= unordered(combinations(group.members, 2))
    asked -= said
    return Figures(name, len(gold), len(said), len(said & gold), len(asked), len(asked & gold))


def febrl(number: int) -> tuple[Figures, Figures]:
    """One of Febrl's sets: by groups, and by single pairs."""
    records = labelled.people(number)
    groups = duplicate_people(records)
    gold = within({p.id: labelled.same_person(p.id) for p in records})
    matches = [m for group in groups for m in group.matches]
    single = {
        verdict: unordered((m.left, m.right) for m in matches if m.verdict == verdict)
        for verdict in Verdict
    }
    same, asked = single[Verdict.SAME], single[Verdict.QUESTION]
    pairwise = Figures(f"Febrl {number}, single pairs", len(gold), len(same), len(same & gold),
                       len(asked), len(asked & gold))  # fmt: skip
    return grouped(f"Febrl {number}, groups", groups, gold), pairwise


def truth_set() -> tuple[Figures, Figures]:
    """Senzing's truth set: companies and people."""
    firms, humans, clusters = labelled.truth_set()
    found = []
    for name, records, search in (
        ("Senzing, companies", firms, duplicate_companies),
        ("Senzing, people", humans, duplicate_people),
    ):
        gold = within({record.id: clusters[record.id] for record in records})
        found.append(grouped(name, search(records), gold))  # type: ignore[operator]
    return found[0], found[1]


def applicants(wanted: int) -> Figures:
    """Half of the patent applicants: spellings of one owner as duplicates of each other."""
    spelled = {
        owner: sorted(names) for owner, names in labelled.applicants().items()
        if labelled.half(owner) == wanted
    }  # fmt: skip
    owner = {f"{of}#{n}": of for of, names in spelled.items() for n in range(len(names))}
    records = [
        Company(f"{of}#{n}", name) for of, names in spelled.items() for n, name in enumerate(names)
    ]
    return grouped(f"patstat, half {wanted}", duplicate_companies(records), within(owner))


ACCEPTED = {"companies": companies.ACCEPT, "people": people.ACCEPT}
