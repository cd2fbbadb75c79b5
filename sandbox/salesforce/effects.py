"""What an organisation does by itself: workflow rules, automated touches, rows seen only later."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.own_rules import REWRITES
from sandbox.salesforce.store import Row

if TYPE_CHECKING:
    from sandbox.salesforce.org import Actor, Org

_AUTOMATION_DELAY = 1.0


class Effects:
    """What follows a write at once or later; hold the organisation's lock while using it."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._due: list[tuple[float, int, str, str, dict[str, Any]]] = []
        self._count = 0
        self._late: dict[str, tuple[float, Row | None]] = {}

    def rewritten(self, object_type: str, draft: Mapping[str, Any]) -> dict[str, Any]:
        """What the workflow rules that work at once make of a draft: the changed fields."""
        return self._changes(object_type, draft, delayed=False)

    def _changes(
        self, object_type: str, draft: Mapping[str, Any], *, delayed: bool
    ) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        for rule in self._org.options.workflow_rules:
            name = rule["field"]
            value = changed.get(name, draft.get(name))
            if rule["object"] != object_type or bool(rule.get("delay")) != delayed:
                continue
            if value is None and rule["rewrite"] != "constant":
                continue
            made = REWRITES[rule["rewrite"]](str(value), rule.get("value"))
            if made != value:
                changed[name] = made
        return changed

    def wrote(self, object_type: str, before: Row | None, after: Row, actor: Actor) -> None:
        """Plan what follows a write of a record."""
        now, id_ = self._now(), after["Id"]
        for rule in self._org.options.workflow_rules:
            if rule["object"] == object_type and rule.get("delay"):
                self._plan(now + float(rule["delay"]), object_type, id_, dict(rule))
        key = f"{id_} {after['SystemModstamp']}"
        if actor.api and self._org.quirks.rate("automation", key):
            self._plan(now + _AUTOMATION_DELAY, object_type, id_, {})
        if not actor.api and self._org.quirks.rate("late_rows", key):
            self._late[id_] = (now + self._org.quirks.seconds("late_row_seconds", key), before)

    def _plan(self, at: float, object_type: str, id_: str, rule: dict[str, Any]) -> None:
        self._count += 1
        heapq.heappush(self._due, (at, self._count, object_type, id_, rule))

    def run_due(self) -> None:
        """Carry out what is due by now; only SystemModstamp moves."""
        now = self._now()
        while self._due and self._due[0][0] <= now:
            _, _, object_type, id_, rule = heapq.heappop(self._due)
            row = self._org.store.get(object_type, id_)
            if row is None or row.get("IsDeleted"):
                continue
            changed = self._changes(object_type, row, delayed=True) if rule else {}
            if changed or not rule:
                draft = {**row, **changed, "SystemModstamp": self._org.now()}
                self._org.store.put(object_type, draft)

    def visible(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows as queries see them: one that is late is still as it was before, or absent."""
        if not self._late:
            return rows
        now = self._now()
        self._late = {id_: one for id_, one in self._late.items() if one[0] > now}
        seen = ((row, self._late.get(row["Id"])) for row in rows)
        shown = (row if late is None else late[1] for row, late in seen)
        return (row for row in shown if row is not None)

    def _now(self) -> float:
        return self._org.clock.now().timestamp()
