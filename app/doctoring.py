"""`tieline doctor`: everything that may hinder a sync, found before it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.mappings import MappingFile, compiled
from app.preparing import stamps_of
from app.session import Session
from app.show_findings import Found, of_side
from app.wiring import Workshop, calls_today, connect, is_stamp, mapping_of
from config.load import LoadedConfig
from core.errors import ConfigError, ConnectorError, TielineError
from sync.sides import Side, learn_owners, learn_schemas
from sync.store import Store

_SHOWN = 8
"""Addresses named in one finding."""


def examine(session: Session) -> list[Found]:
    """Findings of all sides; an error of one side becomes a finding and hides no other side.

    Raises SettingsError where the configuration itself cannot be used.
    """
    loaded = session.load()
    found: list[Found] = []
    ready: list[Side] = []
    for name in loaded.config.sides:
        try:
            side, file = _opened(session, loaded, name)
        except ConfigError as error:
            found.append(_problem(name, "configuration", error))
            continue
        try:
            found += _side(session, loaded, side, file)
            ready += [side] if side.owners.active else []  # else its users were not read
        finally:
            side.connector.close()
    return [*found, *_owners(ready)]


def _opened(session: Session, loaded: LoadedConfig, name: str) -> tuple[Side, MappingFile]:
    file = mapping_of(loaded, name)
    mapping = compiled(loaded, name, file)
    spent = calls_today(loaded, session.clock).get(name, 0)
    connector = connect(loaded, name, session.clock, spent=spent, writing=False)
    return Side(name, connector, mapping, loaded.config.sides[name]), file


def _side(session: Session, loaded: LoadedConfig, side: Side, file: MappingFile) -> list[Found]:
    """Everything about one side: the account, its stamps, its mapping, its budget."""
    owners = [side.mapping.owners.object] if side.mapping.owners else []
    found = of_side(side.name, side.connector.diagnose([*side.mapping.objects, *owners]))
    if any(f.level == "problem" and f.subject not in side.mapping.objects for f in found):
        return found
    try:
        with Store(None) as scratch:
            learn_schemas(side, scratch, session.clock, fresh=True)
            learn_owners(side, scratch, session.clock, fresh=True)
        found += of_side(side.name, side.connector.prepare(stamps_of(side.mapping)))
    except ConnectorError as error:
        return [*found, _problem(side.name, "schema", error)]
    shop = Workshop(loaded, (side,), {side.name: file}, session.clock)
    found += _mapping(shop, side, file)
    return [*found, *_fallback(side), *_budget(side)]


def _mapping(shop: Workshop, side: Side, file: MappingFile) -> Iterator[Found]:
    problems = [p for p in shop.problems(side) if not is_stamp(p)]
    for problem in problems:
        level = "problem" if problem.severity == "error" else "warning"
        text = f"{file.where(problem.path)}: {problem.message}"
        subject = f"{problem.object_type} {problem.name}".strip()
        yield Found(side.name, level, subject, text, problem.remedy)  # type: ignore[arg-type]
    if not any(p.severity == "error" for p in problems):
        fields = sum(len(side.mapping.canonical_fields(name)) for name in side.mapping.objects)
        yield Found(side.name, "ok", "mapping", f"{fields} mapped fields fit the live schema")


def _fallback(side: Side) -> Iterator[Found]:
    """Owners that the configuration names and that may not own anything here."""
    wanted = [*side.settings.owners.values()]
    wanted += [side.settings.fallback_owner] if side.settings.fallback_owner else []
    for email in dict.fromkeys(wanted):
        if email.lower() not in side.owners.active:
            text = f"{email} is no active user here"
            remedy = f"Name an active user in sides.{side.name}.owners or fallback_owner."
            yield Found(side.name, "problem", "owners", text, remedy)


def _owners(sides: Sequence[Side]) -> Iterator[Found]:
    """Owners of one side who have no counterpart on another."""
    for side in sides:
        others = {e for other in sides if other is not side for e in other.owners.active}
        lost = sorted(email for email in others if side.owner_id(email) is None)
        if not others:
            continue
        if lost:
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            text = f"no user here for {', '.join(lost[:_SHOWN])}{more}: their owners are held"
            remedy = f"Name counterparts in sides.{side.name}.owners, or a fallback_owner."
            yield Found(side.name, "warning", "owners", text, remedy)
        else:
            yield Found(side.name, "ok", "owners", f"{len(others)} owners have a user here")


def _budget(side: Side) -> Iterator[Found]:
    usage, share = side.connector.usage(), side.settings.budget.share
    if usage.daily_limit is None:
        return
    grant = int(usage.daily_limit * share)
    text = f"{share:.0%} of {usage.daily_limit:,} API calls a day: {grant:,} for Tieline"
    left = usage.daily_limit - (usage.daily_used or 0)
    level, remedy = "ok", ""
    if left < grant:
        level, remedy = "warning", "Find what else uses the allowance, or lower budget.share."
        text += f"; only {left:,} are left of the day"
    yield Found(side.name, level, "budget", text, remedy)  # type: ignore[arg-type]


def _problem(side: str, subject: str, error: TielineError) -> Found:
    return Found(side, "problem", subject, error.message, error.remedy)
