"""Settling: bases move for what was acknowledged, deleted records are let go.

What two sides have is settled between them in the very transaction that notes the second one's
acknowledgement; a third that has not got it owes it from then on. So a person's next change on
any of them is seen as one, whatever becomes of the rest of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync import undone
from sync.events import Events
from sync.fields import blank
from sync.model import Action, Plan, Row, Settlement, State, Value, Verb
from sync.privacy import hidden
from sync.refs import References, sorted_roles
from sync.store import Store


@dataclass(slots=True)
class Settler:
    """Settles one plan. `acknowledged` holds (action id, field) pairs that a vendor took, and
    (action id, "") for records that were made; it grows while the plan is carried out."""

    plan: Plan
    store: Store
    references: References
    events: Events
    acknowledged: set[tuple[str, str]]
    refused: set[tuple[str, str]]
    """(action id, field) pairs that a vendor did not take, or only in part."""
    sent: Mapping[tuple[str, str, str, str], Value]
    """Sets as they were written, by record and field."""
    rejoined: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """Record -> its sets that a record made by this plan is to get back into: what was decided of
    them before is not all that there is to do."""
    _settlements: Mapping[str, Settlement] = field(init=False)
    _carried: Mapping[str, set[str]] = field(init=False)
    """Action -> the fields that it carries, or was to carry."""
    _sides: Mapping[str, str] = field(init=False)
    """Action -> its side."""
    _creates: Mapping[str, list[Action]] = field(init=False)
    """Entity -> the actions that make records of it."""

    def __post_init__(self) -> None:
        self._settlements = {s.entity: s for s in self.plan.settlements}
        actions = self.plan.actions
        self._carried = {a.id: {*a.lacks, *(f.name for f in a.fields)} for a in actions}
        self._sides = {a.id: a.side for a in actions}
        self._creates = {}
        for action in actions:
            if action.verb is Verb.CREATE:
                self._creates.setdefault(action.entity, []).append(action)

    def advance(self, entities: Iterable[str]) -> None:
        """Settle what is acknowledged so far for some entities; the run is not over."""
        decided = list(dict.fromkeys(entities))
        wanted = [entity for entity in decided if entity in self._settlements]
        for entity, rows in self.store.by_entities(wanted).items():
            self._settle(self._settlements[entity], rows, over=False)
        self._owe(decided)

    def finish(self) -> None:
        """Settle all that was acknowledged; let deleted records go, but for those whose delete
        elsewhere was not made: it is planned again."""
        undeleted = {
            a.entity
            for a in self.plan.actions
            if a.verb is Verb.ARCHIVE and (a.id, "") not in self.acknowledged
        }
        with self.store.atomic():
            for settlement in self.plan.settlements:
                rows = self.store.by_entities([settlement.entity]).get(settlement.entity, [])
                self._settle(settlement, rows, over=True)
            self._owe(self._creates)
            creates = [a for a in self.plan.actions if a.verb is Verb.CREATE]
            lost = [a.entity for a in creates if (a.id, "") not in self.acknowledged]
            self.store.set_unmade(lost, True)
            for entity, side in self.plan.unlink:
                if entity not in undeleted:
                    let_go(self.store, entity, side)
            if self.plan.purpose != "undo":
                written = [(a, f.name) for a in self.plan.actions for f in a.fields]
                taken = [(a.entity, n) for a, n in written if (a.id, n) in self.acknowledged]
                undone.spoken(self.store, taken)

    def _settle(self, settlement: Settlement, rows: Sequence[Row], *, over: bool) -> None:
        live = [row for row in rows if row.state is State.LIVE]
        before = {row.key: (dict(row.base), set(row.owes), row.dirty) for row in live}
        open_ = {n for row in live for n in self.rejoined.get(row.key, ())}
        names = dict.fromkeys(
            n for bases in settlement.bases.values() for n in bases if n not in open_
        )
        unmade = False
        for name in names:
            without = self._without(settlement, name)
            if not without:
                self._everywhere(live, settlement, name)
                continue
            unmade = unmade or not without <= {row.side for row in live}
            if not self._between(live, settlement, name, without) and over:
                self._nowhere(live, settlement, name)
        if unmade or (names and over):
            self.store.set_unmade([settlement.entity], unmade)
        for name, agreed in settlement.members.items():
            if name not in open_ and (name not in names or self._without(settlement, name)):
                self._members([row for row in live if name in row.seen], name, agreed)
        for row in live:
            row.dirty = row.unsettled or (row.dirty and not over)
        bases = {key: base for key, (base, _, _) in before.items()}
        changed = [r for r in live if before[r.key] != (r.base, r.owes, r.dirty)]
        self.store.put(changed)
        self.events.settled(changed, bases, settlement)
        undone.spoken(
            self.store, [(settlement.entity, n) for r in changed for n in _moved(r, bases)]
        )

    def _owe(self, entities: Iterable[str]) -> None:
        """Have records that were made owe what they were to have and have not got. Where the
        others settled it before these were there, nothing of it is a change any more."""
        lacking = {entity: found for entity in entities if (found := self._lacking(entity))}
        for entity, rows in self.store.by_entities(list(lacking)).items():
            for row in rows:
                names = lacking[entity].get(row.side)
                if names and row.state is State.LIVE and owe(row, rows, names):
                    self.store.put([row])

    def _lacking(self, entity: str) -> dict[str, set[str]]:
        """Side -> what the record of an entity that was made there has not got (all of)."""
        found: dict[str, set[str]] = {}
        for action in self._creates.get(entity, ()):
            if (action.id, "") in self.acknowledged:
                left = {
                    f.name for f in action.fields if (action.id, f.name) not in self.acknowledged
                }
                if names := {*action.lacks, *left}:
                    found[action.side] = names
        return found

    def _without(self, settlement: Settlement, name: str) -> set[str]:
        """The sides that have not got the value, or not yet."""
        lacking = set(settlement.lacking.get(name, ()))
        waits = settlement.waits.get(name, ())
        return lacking | {self._side(a) for a in waits if not self._passed(a, name)}

    def _side(self, action: str) -> str:
        """The side of an action, also of one that waits and is not in the plan."""
        return self._sides.get(action) or next(iter(action.split("/")[1:2]), "")

    def _everywhere(self, live: Sequence[Row], settlement: Settlement, name: str) -> None:
        for row in live:
            row.owes.discard(name)
            bases = settlement.bases.get(row.side, {})
            if name in bases:
                row.base[name] = self.sent.get((*row.key, name), bases[name])

    def _between(
        self, live: Sequence[Row], settlement: Settlement, name: str, without: set[str]
    ) -> bool:
        """Settle a value of which some sides are left without between those that have it, if
        there are two; says whether there are."""
        if name not in settlement.shows:
            return False  # a set: it is settled member by member as it is written
        waits = settlement.waits.get(name, ())
        having = {self._sides[a] for a in waits if self._passed(a, name)}
        having |= set(settlement.shows[name])
        having -= without
        if len(having) < 2:
            return False
        shown = {s: b[name] for s, b in settlement.bases.items() if name in b}
        agree(live, name, {side: shown[side] for side in having if side in shown}, without)
        return True

    def _nowhere(self, live: Sequence[Row], settlement: Settlement, name: str) -> None:
        """A counterpart was left without the value: it is still to be carried over, and what the
        counterpart shows instead is not a second opinion."""
        waits = settlement.waits.get(name, ())
        if any((a, "") in self.acknowledged or (a, name) in self.refused for a in waits):
            for row in live:
                if name in settlement.bases.get(row.side, {}):
                    row.base.setdefault(name, None)

    def _members(self, rows: Sequence[Row], name: str, agreed: Value) -> None:
        """Settle the members of a set of which two sides show what was agreed between those that
        do; the others owe it. The rest stays a change of those that show it."""
        if any(hidden(row.seen.get(name)) or hidden(row.base.get(name)) for row in rows):
            return  # its members cannot be told apart
        wanted = self._by_key(None, agreed)
        shown = [self._by_key(row, row.seen.get(name)) for row in rows]
        settled = [self._by_key(row, row.base.get(name)) for row in rows]
        keys = dict.fromkeys(key for members in (wanted, *shown, *settled) for key in members)
        for key in keys:
            having = [_state(members.get(key)) == _state(wanted.get(key)) for members in shown]
            changed = any(
                _state(own.get(key)) != _state(base.get(key))
                for own, base in zip(shown, settled, strict=True)
            )
            if not changed or sum(having) < 2:
                continue  # what nobody changed and is not the same everywhere is drift
            if any(
                not has and key in own and key in wanted
                for own, has in zip(shown, having, strict=True)
            ):
                continue  # other roles of a member that all have: a change until all took it
            for row, own, base, has in zip(rows, shown, settled, having, strict=True):
                if not has:
                    row.owes.add(name)
                elif key in own:
                    base[key] = own[key]
                else:
                    base.pop(key, None)
        for row, base in zip(rows, settled, strict=True):
            if base or name in row.base:
                row.base[name] = _as_a_set([item for items in base.values() for item in items])

    def _by_key(self, row: Row | None, value: Value) -> dict[str, list[Value]]:
        """The members of a set by what they stand for on every side; no row: as agreed."""
        found: dict[str, list[Value]] = {}
        for item in value or ():
            key = item["ref"] if isinstance(item, dict) else item
            if row is not None and isinstance(item, dict):
                key = self.references.entity_of(row.side, key["object"], key["id"])
            if key is not None:
                found.setdefault(key, []).append(item)
        return found

    def _passed(self, action: str, name: str) -> bool:
        if (action, name) in self.acknowledged:
            return True
        made = (action, "") in self.acknowledged
        return made and name not in self._carried.get(action, set())


def agree(
    rows: Iterable[Row], name: str, shown: Mapping[str, Value], without: Iterable[str]
) -> None:
    """A value is settled between the sides that have it: the bases of those named in `shown`
    move to what they showed; the sides `without` it owe it."""
    for row in rows:
        if row.side in without:
            row.owes.add(name)
        elif row.side in shown:
            row.base[name] = shown[row.side]
            row.owes.discard(name)


def owe(row: Row, known: Iterable[Row], names: Iterable[str]) -> bool:
    """Have a record that was made without (all of) some fields owe those that two other sides
    have settled; says whether it does. What it shows of them meanwhile is no word of its own."""
    others = [r for r in known if r.state is State.LIVE and r.side != row.side]
    owed = {n for n in names if sum(not blank(r.base.get(n)) for r in others) > 1}
    for name in owed:
        row.base.setdefault(name, row.seen.get(name))
    row.owes |= owed
    row.dirty = row.dirty or bool(owed)
    return bool(owed)


def _moved(row: Row, before: Mapping[tuple[str, str, str], Mapping[str, Value]]) -> list[str]:
    """Fields whose base was there and moved: the side changed them."""
    old = before[row.key]
    return [n for n, value in row.base.items() if n in old and old[n] != value]


def _state(items: Sequence[Value] | None) -> Value:
    """A member of a set as a side shows it: None if it has it not, its roles if it has any."""
    if items is None or not isinstance(items[0], dict):
        return items
    return [(item["role"], item["primary"]) for item in items]


def _as_a_set(items: list[Value]) -> Value:
    if items and isinstance(items[0], dict):
        return sorted_roles(items)
    return sorted(items) or None


def let_go(store: Store, entity: str, side: str) -> None:
    """Turn a deleted record into a tombstone: the link is kept, so that none is made again."""
    rows = store.rows("entity = ? AND side = ? AND state = 'archived'", (entity, side))
    for row in list(rows):
        row.state, row.dirty = State.GONE, False
        store.put([row])
