"""What `why`, `undo` and `verify --fix` do, without printing."""

from __future__ import annotations

from app.mappings import compiled, definitions
from app.session import Session
from app.state import opened
from app.syncing import engine
from app.wiring import full_id, mapping_of
from config.load import LoadedConfig
from core.errors import ConfigError, SettingsError
from mapping.translate import SideMapping
from sync.engine import Engine
from sync.model import Plan, Report, Row
from sync.unmet import takes_of
from sync.why import Story, locate, rules_of, why


def story(
    session: Session, side: str, record: str, object_type: str | None, field: str | None
) -> Story:
    """The story of a record or of one field. Raises SettingsError, StateError."""
    loaded = session.load()
    if side not in loaded.config.sides:
        known = ", ".join(loaded.config.sides)
        raise SettingsError(f"there is no side {side}", remedy=f"One of: {known}.")
    with opened(loaded) as store:
        if store is None:
            raise SettingsError("nothing has run yet", remedy="`tieline run` makes a history.")
        row = locate(store, side, full_id(loaded.config, side, record), object_type)
        rules = rules_of(loaded.config, definitions(loaded.config))
        return why(store, row, field, rule_of=rules, takes=takes_of(_mappings(loaded)))


def _mappings(loaded: LoadedConfig) -> dict[str, SideMapping]:
    """The mappings of the sides; a story is told without them where one is out of order."""
    try:
        return {
            name: compiled(loaded, name, mapping_of(loaded, name)) for name in loaded.config.sides
        }
    except ConfigError:
        return {}


def forget(session: Session, side: str, record: str, object_type: str | None) -> list[Row]:
    """Remove what the state knows of a person; its records. Raises SettingsError, LockedError."""
    loaded = session.load()
    if side not in loaded.config.sides:
        known = ", ".join(loaded.config.sides)
        raise SettingsError(f"there is no side {side}", remedy=f"One of: {known}.")
    names = definitions(loaded.config)
    made = Engine(loaded.config, (), names, loaded.state, session.clock)
    return made.forget(side, full_id(loaded.config, side, record), object_type=object_type)


def way_back(session: Session, run: str) -> Plan:
    """The plan that takes a run back; nothing is written. Raises TielineError."""
    with engine(session, writing=False) as made:
        return made.plan_undo(run)


def fix(session: Session, prefer: str) -> Plan:
    """The plan that brings the sides in step again; nothing is written. Raises TielineError."""
    with engine(session, writing=False) as made:
        return made.plan_fix(prefer)


def carry_out(session: Session, plan: Plan, allowed: frozenset[str]) -> Report:
    """Carry out a plan just made. Raises TielineError, GuardError before any write."""
    with engine(session, writing=True) as made:
        return made.apply(plan, allowed=allowed)
