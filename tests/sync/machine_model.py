"""Who should have won: an oracle that shares no code with the engine.

It knows, per thing, field and side, which value was settled last (or, after an interrupted run,
which values may have been), and what people see now; from these it says what must come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any

from tests.sync.machine_rules import KINDS, Spec

Value = Any
FRESH = "<never settled>"
"""Stands for a field that was never settled on a side."""


@dataclass(frozen=True)
class Owing:
    """Settled last at this value on a side that has not got what two others settled since."""

    value: Value


def plain(settled: Value) -> Value:
    """What is settled, whether or not something is owed."""
    return settled.value if isinstance(settled, Owing) else settled


@dataclass
class Thing:
    """One real thing, its living records by side, and where it was deleted or merged away."""

    key: str
    kind: str
    number: int = 0
    at: dict[str, tuple[str, str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    bases: dict[str, dict[str, set[Value]]] = field(default_factory=dict)
    touched: dict[str, set[datetime]] = field(default_factory=dict)
    """When people may last have changed its record, as the side tells it."""
    since: int = 0
    """The runs that there had been when it was made."""
    linked: bool = False
    dying: bool = False
    """Deleted on some side, and no run has been able to see it yet."""
    maybe_dying: bool = False
    joining: set[str] = field(default_factory=set)
    """Sides on which it took over the record of what was merged into it; no run has seen that."""

    def possible(self, name: str, side: str) -> set[Value]:
        """The values that may be settled for a field on a side."""
        return self.bases.setdefault(name, {}).setdefault(side, {FRESH})

    @property
    def alive(self) -> bool:
        """Whether any side has a record of it."""
        return bool(self.at)


@dataclass
class Field:
    """One field of a thing over the sides that show it: what is settled, what people see."""

    spec: Spec
    first_link: str
    now: dict[str, Value]
    base: dict[str, Value]
    when: Mapping[str, Any]
    can: Callable[[str, Value], bool]
    """Whether a side has what a reference points to, or the option."""
    normal: Callable[[str, Value], Value] = lambda _side, value: value
    ignores: frozenset[str] = frozenset()
    owes: set[str] = field(default_factory=set)
    """Sides that have not got what two others settled between them."""
    writes: dict[str, Value] = field(default_factory=dict)
    settled: bool = True
    conflict: bool = False
    agreed: Value = None
    having: set[str] = field(default_factory=set)
    """Sides that show what was agreed, where something was."""
    lacking: set[str] = field(default_factory=set)
    """Sides that cannot have it for now."""

    # -- the decision ----------------------------------------------------------------------

    def decide(self) -> None:
        """Say what is written where, by the rule."""
        self.writes, self.settled, self.conflict, self.agreed = {}, True, False, None
        self.having, self.lacking = set(), set()
        if self.spec.rule == "create only":
            self.agreed = next((v for v in self.now.values() if v is not None), None)
        elif (speaker := self._speaker()) is not None:
            self._spread(speaker)
        elif self.spec.shape in ("set", "roles"):
            self._combine()
        else:
            self._ordinary()

    def _speaker(self) -> str | None:
        words = self.spec.rule.split()
        if words[1:] not in (["->"], ["unless", "blank"]) or words[0] not in self.now:
            return None
        value = self.now[words[0]]
        unsaid = value is None and (words[1] == "unless" or self.base[words[0]] == FRESH)
        return None if unsaid else words[0]

    def _ordinary(self) -> None:
        known = [s for s in self.now if self.base[s] != FRESH]
        changed = [s for s in known if self.now[s] != self.base[s]]
        new = [s for s in self.now if s not in known and self.now[s] is not None]
        quiet = [s for s in known if s not in changed and s not in self.owes]
        if changed and self.owes.issuperset(changed):
            changed += quiet  # changed by people who had not been given what the others have
        known = known if changed else quiet or known
        if not known:
            self._meet(new)
        elif self._distinct(changed) > 1:
            self._contest(changed, self.spec.conflict)
        elif changed:
            self._spread(changed[0])
        elif self._distinct(known) > 1:
            if new and self._distinct([s for s in self.now if self.now[s] is not None]) == 1:
                self._spread(new[0])
            else:
                self.settled = False
        elif new:
            self._meet([s for s in (known[0], *new) if self.now[s] is not None])
        else:
            self._spread(known[0])

    def _distinct(self, sides: Sequence[str]) -> int:
        return len({self.now[s] for s in sides})

    def _meet(self, sides: Sequence[str]) -> None:
        """Values that meet for the first time."""
        if not sides:
            return
        if self._distinct(sides) == 1 or self.spec.rule == "fill blank":
            self._spread(sides[0])
            return
        own = self.spec.conflict if self.spec.conflict == "true wins" or self.spec.order else ""
        self._contest(sides, own or self.first_link)

    def _contest(self, sides: Sequence[str], policy: str) -> None:
        winner = self._winner(sides, policy)
        if winner is None:
            self.settled, self.conflict = False, True
        else:
            self._spread(winner)

    def _winner(self, sides: Sequence[str], policy: str) -> str | None:
        word, _, side = policy.partition(" ")
        if word == "prefer":
            return side if side in sides else None
        if policy == "true wins":
            return next((s for s in sides if self.now[s] is True), None)
        if policy == "latest":
            newest = max(sides, key=lambda s: self.when[s])
            tied = [s for s in sides if self.when[s] == self.when[newest]]
            return newest if self._distinct(tied) == 1 else None
        if policy in ("highest", "lowest"):
            best = max if policy == "highest" else min
            return best(sides, key=lambda s: self._rank(self.now[s]))
        return None

    def _rank(self, value: Value) -> tuple[bool, Any]:
        return (value is not None, self.spec.order.index(value) if self.spec.order and value else
                value or "")  # fmt: skip

    def _spread(self, winner: str) -> None:
        value = self.agreed = self.now[winner]
        self.having = {s for s, shown in self.now.items() if shown == value}
        for side, shown in self.now.items():
            if shown == value or self._keeps(shown, value):
                continue
            if value is not None and self.spec.shape != "set" and not self.can(side, value):
                self.settled = False
                self.lacking.add(side)
            else:
                self.writes[side] = value

    def _keeps(self, shown: Value, value: Value) -> bool:
        if self.spec.rule == "fill blank" and shown is not None:
            return True
        if self.spec.blanks == "keep" and value is None:
            return True
        if self.spec.conflict == "true wins" and shown is True:
            return True
        return bool(self.spec.order) and self._rank(value) < self._rank(shown)

    def _combine(self) -> None:
        known = [s for s in self.now if self.base[s] != FRESH]
        unmoved = all(self.now[s] == self.base[s] for s in known)
        if len(known) == len(self.now) and unmoved and not self.owes:
            self.settled = False
            self.agreed = _set(m for s in self.now for m in self.now[s] or ())
            return
        results = []
        for side, shown in self.now.items():
            wanted = set(shown or ())
            if side in self.owes and self.base[side] != FRESH:
                self._catch_up(wanted, side)
            for other in self.now:
                if other != side:
                    self._apply(wanted, side, other)
            there = {m for m in wanted if self.can(side, m)}
            self.settled = self.settled and there == wanted
            results.append(wanted)
            if _set(there) != shown:
                self.writes[side] = _set(there)
        self.agreed = _set(m for wanted in results for m in wanted)

    def _catch_up(self, wanted: set[Value], side: str) -> None:
        mine = self.base[side] or frozenset()
        for other in self.now:
            if other != side and other not in self.owes and self.base[other] != FRESH:
                theirs = self.base[other] or frozenset()
                wanted |= theirs - mine
                wanted -= mine - theirs

    def _apply(self, wanted: set[Value], side: str, other: str) -> None:
        joins = FRESH in (self.base[side], self.base[other])
        before = frozenset() if joins else self.base[other] or frozenset()
        now = self.now[other] or frozenset()
        wanted |= now - before
        wanted -= before - now

    # -- what comes of it ------------------------------------------------------------------

    def carry_out(self, made: Sequence[str], *, refused: bool = False) -> bool:
        """The field after one clean run, records made on the sides named; whether it moved.

        `refused`: a record cannot be made as yet, so nothing is settled with it.
        """
        self.decide()
        before = (dict(self.now), dict(self.base), set(self.owes))
        whole = {side for side in made if self._create(side)}
        without = self.lacking | (set(made) - whole) | (set(self.writes) & self.ignores)
        settled = self.settled and not without and not refused
        having = self.having | whole | (set(self.writes) - without)
        for side in [s for s in before[0] if s not in self.writes]:
            if settled:
                self.base[side] = self.now[side]
            elif made and self.base[side] == FRESH and self.settled:
                self.base[side] = None
        for side, value in self.writes.items():
            self._write(side, value)
        if settled:
            self.owes.clear()
        elif self.spec.shape in ("set", "roles"):
            if self.agreed is not None and (self.writes or not self.settled or set(made) - whole):
                self._settle_members()
        elif self.having and len(having) > 1:  # it is settled between these, the others owe it
            self.base |= {side: self.now[side] for side in self.having}
            self.owes = (self.owes | without) - having
        return (self.now, self.base, self.owes) != before

    def _settle_members(self) -> None:
        """Where two sides show what was agreed of a member, it is settled between these; the
        others owe it."""
        agreed = self.agreed or frozenset()
        shown = {side: value or frozenset() for side, value in self.now.items()}
        known = {s: frozenset() if b == FRESH else b or frozenset() for s, b in self.base.items()}
        for member in agreed.union(*shown.values(), *known.values()):
            having = {
                s for s, members in shown.items() if (member in members) == (member in agreed)
            }
            changed = any((member in shown[s]) != (member in known[s]) for s in shown)
            if not changed or len(having) < 2:
                continue
            self.owes |= shown.keys() - having
            for side in having:
                known[side] = (known[side] - {member}) | (shown[side] & {member})
        for side, members in known.items():
            if members or self.base[side] != FRESH:
                self.base[side] = _set(members)

    def _create(self, side: str) -> bool:
        """Whether the new record has all of the agreed value."""
        value = self.agreed
        whole = True
        if self.spec.shape == "roles" and value:
            value = _set(m for m in value if self.can(side, m))
            whole = value == self.agreed
        elif value is not None and self.spec.shape != "set" and not self.can(side, value):
            value, whole = None, False
        self.now[side] = self.base[side] = None
        if value is not None and side in self.ignores:
            return False
        if value is not None:
            self._write(side, value)
        return whole

    def _write(self, side: str, value: Value) -> None:
        if side in self.ignores:
            return
        self.now[side] = self.normal(side, value)
        one_way = self._speaker() is not None
        self.base[side] = self.now[side] if one_way else value


def _set(members: Any) -> frozenset[Value] | None:
    return frozenset(members) or None


@dataclass
class Outcome:
    """What may come of one field: what people then see, what is settled, whether a person is
    asked."""

    now: dict[str, Value]
    base: dict[str, Value]
    conflict: bool


def outcomes(
    thing: Thing,
    spec: Spec,
    now: Mapping[str, Value],
    made: Sequence[str],
    settled_as: Callable[[str, Value], Value],
    runs: int,
    *,
    refused: bool = False,
    **context: Any,
) -> Iterator[Outcome]:
    """All that may come of a field after so many clean runs, one for each way in which it may
    have been settled.

    `settled_as` translates a settled reference to what it stands for now (merged, deleted).
    """
    sides = list(now)
    choices = [sorted(thing.possible(spec.name, s), key=repr) for s in sides]
    times = _times(thing, spec)
    seen: set[Any] = set()
    told: set[str] = set()
    for bases, when in product(product(*choices), times):
        base = {s: settled_as(s, plain(b)) for s, b in zip(sides, bases, strict=True)}
        owes = {s for s, b in zip(sides, bases, strict=True) if isinstance(b, Owing)}
        if (key := (*base.values(), *when.values(), *sorted(owes))) in seen:
            continue
        seen.add(key)
        one = Field(spec, KINDS[thing.kind].first_link, dict(now), base, when, owes=owes, **context)
        moved = one.carry_out(made, refused=refused)
        for _ in range(runs - 1):
            moved = moved and one.carry_out((), refused=refused)
        left = {s: Owing(b) if s in one.owes else b for s, b in one.base.items()}
        found = Outcome(one.now, left, one.conflict)
        if repr(found) not in told:
            told.add(repr(found))
            yield found


def _times(thing: Thing, spec: Spec) -> list[dict[str, datetime]]:
    """The ways in which changes may lie in time, where a rule asks for that."""
    if "latest" not in (spec.conflict, KINDS[thing.kind].first_link):
        return [{}]
    sides = [s for s in thing.at if s in thing.touched]
    return [
        dict(zip(sides, moments, strict=True))
        for moments in product(*(sorted(thing.touched[s]) for s in sides))
    ]
