"""Pure: fields that one plan decides otherwise than their rules say, because a person asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sync.fields import FieldContext, Verdict, View, blank, spread
from sync.model import MISSING

BACKFILL = "waits for a backfill: its mapping changed, and nobody has changed the value since"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds for one plan only, by field (`kind.field`).

    `waiting`: the mapping changed; differences that nobody made are not written. `backfill`: such
    differences are decided as at a first link. `prefer`: the side that drift is decided for.
    """

    waiting: frozenset[str] = frozenset()
    backfill: frozenset[str] = frozenset()
    prefer: str = ""

    def views(self, path: str, views: Sequence[View]) -> Sequence[View]:
        """The views that are decided: without their bases where the field is backfilled."""
        if path not in self.backfill or any(view.moved for view in views):
            return views
        return [replace(view, base=MISSING) for view in views]

    def verdict(
        self, path: str, verdict: Verdict, views: Sequence[View], context: FieldContext
    ) -> Verdict:
        """What follows in this plan from what the rules say."""
        untouched = not any(view.moved or view.fresh for view in views)
        if path in self.waiting and untouched and (verdict.sets or _drifts(verdict)):
            note = {"": BACKFILL}
            return Verdict(agreed=verdict.agreed, source=verdict.source, settled=False, notes=note)
        chosen = next((view for view in views if view.side == self.prefer), None)
        if chosen is not None and _drifts(verdict):
            why = f"drift; {self.prefer} is preferred"
            if blank(chosen.value):  # nobody is known to have cleared it: it erases nothing
                chosen = next((view for view in views if not blank(view.value)), chosen)
                why = f"drift; it is blank on {self.prefer}"
            return spread(chosen, views, context, why=why)
        return verdict


NO_WISHES = Wishes()


def _drifts(verdict: Verdict) -> bool:
    return any(note.startswith("drift") for note in verdict.notes.values())
