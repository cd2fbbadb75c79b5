"""Asking and answering in the tests of questions: what is open in a world, and an answer to it."""

from __future__ import annotations

from mapping.canonical import FIELDS
from sync.model import Report
from sync.resolve import Resolver, parse
from sync.waiting import Open, waiting_things
from tests.sync.situations import EVERY_GUARD
from tests.sync.worlds import World


def open_things(world: World, cause: str | None = None) -> list[Open]:
    """What waits, of one cause or of all."""
    with world.engine.store() as store:
        return [t for t in waiting_things(store) if cause in (None, t.cause)]


def the(world: World, cause: str, side: str | None = None, field: str | None = None) -> Open:
    """The one thing that waits of a cause (and side, and field)."""
    found = [
        t for t in open_things(world, cause) if side in (None, t.side) and field in (None, t.field)
    ]
    assert len(found) == 1, open_things(world)
    return found[0]


def answer(world: World, thing: Open, *words: str) -> None:
    """Answer one thing, as `tieline resolve ID WORDS` does."""
    with world.engine.store() as store:
        made = Resolver(store, FIELDS, {}, "anna", world.clock.now())
        made.remember([made.check(made.find(thing.id), parse(words))])


def answer_group(world: World, group: str, *words: str) -> int:
    """Answer a whole group; returns how many."""
    with world.engine.store() as store:
        made = Resolver(store, FIELDS, {}, "anna", world.clock.now())
        return made.remember([made.check(t, parse(words)) for t in made.group(group)])


def run(world: World) -> Report:
    """One more run, ten minutes later, with every guard let pass."""
    world.clock.advance(600)
    return world.engine.run(allowed=EVERY_GUARD)


def quiet(world: World) -> None:
    """A further run writes nothing, and nothing is unexplained."""
    assert run(world).writes == 0
    assert world.engine.verify().unexplained == []
