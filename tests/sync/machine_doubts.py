"""Deals of one person of which nobody but people can say whether they are one: somebody converts a
lead with a deal, and somebody else types in a deal of that person on another side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sync.machine_model import Thing
from tests.sync.machine_rules import LEAD_SIDE, SPECS

if TYPE_CHECKING:
    from tests.sync.machine_people import People

CONTACTS = next(s for s in SPECS["opportunity"] if s.name == "contacts")
_MADE = "deal of "


def made_by_converting(person: Thing) -> str:
    """The key of the deal that the conversion of a person's lead makes."""
    return f"{_MADE}{person.key}"


def doubts(people: People, thing: Thing) -> list[Thing]:
    """The deals of which only people can say that they are not the same as this: of two that no
    run has linked, one came of a conversion, and the other is that person's elsewhere."""
    if thing.kind != "opportunity" or thing.linked:
        return []
    others = [t for t in people.all("opportunity") if not t.linked and t is not thing]
    return [t for t in others if _is_of(people, t, thing) or _is_of(people, thing, t)]


def _is_of(people: People, deal: Thing, made: Thing) -> bool:
    """Whether a deal is that of the person by whose conversion another was made; one that was
    typed in on the lead's side as well is known by its keys to be another."""
    if not made.key.startswith(_MADE) or LEAD_SIDE in deal.at:
        return False
    person = people.root(made.key.removeprefix(_MADE))
    return any(person in (people.seen(deal, side, CONTACTS) or ()) for side in deal.at)


def new_doubts(people: People) -> set[str]:
    """Deals about which the next clean run has to ask: no run has seen them, and all know the
    person."""
    new = {t.key: t for t in people.all("opportunity") if t.since == people.runs}
    known = {made_by_converting(t) for t in people.all("person") if t.linked and not t.gone}
    known -= {f"{_MADE}{key}" for key in people.merged}
    return {
        key
        for made in new.values()
        if made.key in known
        for other in doubts(people, made)
        if other.key in new and _is_of(people, other, made)
        for key in (made.key, other.key)
    }


def may_name(people: People, deal: Thing, side: str, person: Thing) -> bool:
    """Whether people may put a person into a deal without its being taken for what a conversion
    made: a deal that a run may know waits for its counterpart. One that is typed in now is met by
    the next run together with what the conversion made, once that can be read."""
    made = people.things.get(made_by_converting(person))
    if deal.linked or side == LEAD_SIDE or made is None or made.linked:
        return True
    if deal.since < people.runs:
        return False
    people.world.clock.advance(people.world.lateness() + 1)
    return True
