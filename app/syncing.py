"""What the commands of the sync do, without printing: plan, apply, run, verify."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.progress import shown
from app.session import Session
from app.wiring import workshop
from core.errors import BudgetExhaustedError, TielineError
from sync.engine import Engine
from sync.model import Plan, Report
from sync.serial import load_plan
from sync.verify import Verification

GUARDS = ("deletes", "changes", "empty", "everything", "ambiguous", "rules", "production")
"""The brakes that `--allow` can let pass, by name."""


@contextmanager
def engine(session: Session, *, writing: bool) -> Iterator[Engine]:
    """The engine of the session's configuration, with progress; read-only unless `writing`."""
    with workshop(session.load(), session.clock, writing=writing) as shop:
        with shown(session) as progress:
            yield shop.engine(progress)
        missing = shop.without_stamps()
    if missing:
        listed = ", ".join(missing)
        session.say(
            f"note: no stamp field on {listed}; `tieline setup` makes it, so that a write whose "
            "answer was lost is never done twice"
        )


def make_plan(
    session: Session, *, full: bool = False, backfill: Sequence[str] | None = None
) -> Plan:
    """What a run would do; nothing is written. Raises TielineError."""
    with engine(session, writing=False) as made:
        plan = made.plan(full=full, backfill=backfill)
        _tell_waiting(session, made, backfill)
        return plan


def apply_plan(session: Session, file: Path, allowed: frozenset[str]) -> Report:
    """Carry out a saved plan. Raises TielineError, GuardError before any write."""
    plan = load_plan(file)
    with engine(session, writing=True) as made:
        return made.apply(plan, allowed=allowed)


def run_once(
    session: Session,
    *,
    full: bool,
    allowed: frozenset[str],
    backfill: Sequence[str] | None = None,
) -> Report:
    """One whole run. Raises TielineError, GuardError before any write."""
    with engine(session, writing=True) as made:
        report = made.run(allowed=allowed, full=full, backfill=backfill)
        _tell_waiting(session, made, backfill)
        return report


def _tell_waiting(session: Session, made: Engine, backfill: Sequence[str] | None) -> None:
    """Name the fields whose mapping changed, and whose differences nobody has asked to write."""
    waiting = made.waiting() if backfill is None else ()
    if waiting:
        listed = ", ".join(waiting)
        session.say(
            f"note: the mapping of {listed} changed; differences are not written by themselves:"
            " `tieline plan --backfill all` shows what would be"
        )


def compare(session: Session, *, some: int | None = None) -> Verification:
    """Read every side in full, or some records by id, and compare; nothing is written. Raises
    TielineError."""
    with engine(session, writing=False) as made:
        return made.verify(some=some)


def passes_by_itself(error: TielineError) -> bool:
    """Whether a watching program goes on after an error: it may be gone by the next run."""
    return error.retry or isinstance(error, BudgetExhaustedError)
