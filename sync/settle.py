"""After the writes: bases move for what was acknowledged everywhere, deleted records are let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync import undone
from sync.events import Events
from sync.model import Plan, Row, Settlement, State, Value, Verb
from sync.store import Store


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles one plan. `acknowledged` holds (action id, field) pairs that a vendor took, and
    (action id, "") for records that were made."""

    store: Store
    events: Events
    acknowledged: set[tuple[str, str]]
    refused: set[tuple[str, str]]
    """(action id, field) pairs that a vendor did not take, or only in part."""
    sent: Mapping[tuple[str, str, str, str], Value]
    """Sets as they were written, by record and field."""

    def settle(self, plan: Plan) -> None:
        """Move the bases of values that now hold everywhere; let deleted records go, but for those
        whose delete elsewhere was not made: it is planned again."""
        carried = {a.id: {f.name for f in a.fields} for a in plan.actions}
        spoken: set[tuple[str, str]] = set()
        if plan.purpose != "undo":
            spoken.update(
                (a.entity, f.name)
                for a in plan.actions
                for f in a.fields
                if (a.id, f.name) in self.acknowledged
            )
        undeleted = {
            a.entity
            for a in plan.actions
            if a.verb is Verb.ARCHIVE and (a.id, "") not in self.acknowledged
        }
        with self.store.atomic():
            for settlement in plan.settlements:
                rows = self.store.by_entities([settlement.entity]).get(settlement.entity, [])
                live = [row for row in rows if row.state is State.LIVE]
                before = {row.key: dict(row.base) for row in live}
                for row in live:
                    self._row(row, settlement, carried)
                self.store.put(rows)
                self.events.settled(live, before, settlement)
                spoken.update((settlement.entity, n) for r in live for n in _moved(r, before))
            for entity, side in plan.unlink:
                if entity not in undeleted:
                    let_go(self.store, entity, side)
            undone.spoken(self.store, spoken)

    def _row(self, row: Row, settlement: Settlement, carried: Mapping[str, set[str]]) -> None:
        for name, value in settlement.bases.get(row.side, {}).items():
            waits = settlement.waits.get(name, ())
            if all(self._passed(action, name, carried) for action in waits):
                row.base[name] = self.sent.get((*row.key, name), value)
            elif any(self._outstanding(action, name) for action in waits):
                # the counterpart was left without this value: it is still to be carried over,
                # and what the counterpart shows instead is not a second opinion
                row.base.setdefault(name, None)
        row.dirty = row.seen != row.base or bool(row.problems)

    def _outstanding(self, action: str, name: str) -> bool:
        return (action, "") in self.acknowledged or (action, name) in self.refused

    def _passed(self, action: str, name: str, carried: Mapping[str, set[str]]) -> bool:
        if (action, name) in self.acknowledged:
            return True
        return (action, "") in self.acknowledged and name not in carried.get(action, set())


def _moved(row: Row, before: Mapping[tuple[str, str, str], Mapping[str, Value]]) -> list[str]:
    """Fields whose base was there and moved: the side changed them."""
    old = before[row.key]
    return [n for n, value in row.base.items() if n in old and old[n] != value]


def let_go(store: Store, entity: str, side: str) -> None:
    """Turn a deleted record into a tombstone: the link is kept, so that none is made again."""
    rows = store.rows("entity = ? AND side = ? AND state = 'archived'", (entity, side))
    for row in list(rows):
        row.state, row.dirty = State.GONE, False
        store.put([row])
