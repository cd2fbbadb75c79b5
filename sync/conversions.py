"""Looks up what a lead's own conversion needs: its account, and the contact that it already is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.answers import Answers
from sync.convert import Namesake, conversion, wants_conversion
from sync.match import Matcher
from sync.model import Entity, Question, Shown, Value
from sync.reconcile import Decision, Rules
from sync.refs import References
from sync.sides import Side, by_name


@dataclass(frozen=True, slots=True)
class Conversions:
    """Has leads converted by their own side where another side has gone on."""

    sides: Sequence[Side]
    matcher: Matcher
    references: References
    answers: Answers
    rules: Rules

    def add(self, entity: Entity, decision: Decision, values: Mapping[str, Value]) -> None:
        """Add the conversions of an entity's leads to what was decided, or what is asked about
        them; `values` are those of the entity over all sides."""
        for shown in entity.shown:
            side = by_name(self.sides)[shown.side]
            rule = side.settings.convert
            if rule is None or shown.object_type not in side.connector.capabilities.convert:
                continue
            look = lambda path: self.matcher.value_of(values, entity.kind, path)  # noqa: E731
            meets = lambda conditions, see=look: self.matcher.meets(conditions, see)  # noqa: E731
            if shown.archived or not wants_conversion(entity, shown, rule, meets):
                continue
            there = lambda account, name=side.name: self._is_there(account, name)  # noqa: E731
            found = conversion(entity, shown, rule, there, self._namesakes(entity, shown, side))
            if isinstance(found, Question):
                self._ask(found, decision)
            else:
                decision.actions.append(found)

    def _namesakes(self, entity: Entity, lead: Shown, side: Side) -> list[Namesake]:
        """The contacts of the lead's side that the match keys take for the same person."""
        row = self.matcher.store.row(lead.side, lead.object_type, lead.id)
        settings = self.rules.kind(entity.kind)
        found = self.matcher.twins(row, settings) if row else []
        leads = side.connector.capabilities.convert
        return [
            Namesake(
                f"{twin.object_type} {twin.id}",
                twin.id,
                self.matcher.resolved(twin).get("account"),
                free=twin.entity is None,
            )
            for twin in found
            if twin.object_type not in leads
        ]

    def _is_there(self, entity: str, side: str) -> bool:
        record = self.references.record_of(entity, side)
        return record is not None or (entity, side) in self.references.planned

    def _ask(self, question: Question, decision: Decision) -> None:
        answer = self.answers.to(question)
        if answer is None:
            decision.questions.append(question)
        else:
            decision.follow(answer)
