"""Pairs become groups: records that are one, with the member that the others are merged into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from mapping.matching.model import Group, Match, Verdict


class Joined:
    """Records that are one, one after the other; pairs that must stay apart are respected."""

    def __init__(self, apart: Iterable[tuple[str, str]] = ()) -> None:
        self._top: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._apart: dict[str, set[str]] = defaultdict(set)
        for one, other in apart:
            self._apart[one].add(other)
            self._apart[other].add(one)

    def top(self, record: str) -> str:
        """The record that stands for the group of this one."""
        while (above := self._top.get(record, record)) != record:
            self._top[record] = self._top.get(above, above)
            record = above
        return record

    def members(self, record: str) -> list[str]:
        """All records that are one with this one, itself included."""
        return self._members.get(self.top(record), [record])

    def join(self, one: str, other: str) -> bool:
        """Make two groups one; False where a person said that a member of each are different."""
        a, b = self.top(one), self.top(other)
        if a == b:
            return True
        first, second = self.members(a), self.members(b)
        if any(self._apart[member] & set(second) for member in first if member in self._apart):
            return False
        top, below = (a, b) if len(first) >= len(second) else (b, a)
        self._top[below] = top
        self._members[top] = first + second
        self._members.pop(below, None)
        return True


def groups(ids: Sequence[str], matches: Sequence[Match], shown: Mapping[str, int]) -> list[Group]:
    """Groups of two or more, in the order of `ids`. SAME pairs join, the surest first; what a
    person called different never ends in one group. A question does not join: it is kept with the
    group of its left record, or is a group of its own of two when neither is in one."""
    order = {record: place for place, record in enumerate(ids)}
    apart = [(m.left, m.right) for m in matches if m.verdict == Verdict.DIFFERENT]
    joined = Joined(apart)
    for match in sorted(matches, key=lambda m: (m.decided_by is None, -m.score, m.left, m.right)):
        if match.verdict == Verdict.SAME:
            joined.join(match.left, match.right)
    found: dict[str, list[Match]] = defaultdict(list)
    open_pairs: list[Match] = []
    for match in matches:
        here, there = joined.members(match.left), joined.members(match.right)
        if len(here) > 1:
            found[joined.top(match.left)].append(match)
        elif len(there) > 1:
            found[joined.top(match.right)].append(match)
        elif match.verdict == Verdict.QUESTION:
            open_pairs.append(match)
    made = [_group(joined.members(top), held, shown, order) for top, held in found.items()]
    made += [_group([m.left, m.right], [m], shown, order) for m in open_pairs]
    return sorted(made, key=lambda g: (order[g.members[0]], order[g.members[1]]))


def _group(
    members: Iterable[str],
    matches: Iterable[Match],
    shown: Mapping[str, int],
    order: Mapping[str, int],
) -> Group:
    inside = tuple(sorted(members, key=order.__getitem__))
    survivor = min(inside, key=lambda record: (-shown.get(record, 0), order[record]))
    held = tuple(sorted(matches, key=lambda m: (-m.score, m.left, m.right)))
    return Group(inside, survivor, held)
