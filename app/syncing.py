"""What the commands of the sync do, without printing: plan, apply, run, verify."""

from __future__ import annotations

from collections.abc import Iterator
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

GUARDS = ("deletes", "changes", "empty", "ambiguous", "rules", "production")
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


def make_plan(session: Session, *, full: bool = False) -> Plan:
    """What a run would do; nothing is written. Raises TielineError."""
    with engine(session, writing=False) as made:
        return made.plan(full=full)


def apply_plan(session: Session, file: Path, allowed: frozenset[str]) -> Report:
    """Carry out a saved plan. Raises TielineError, GuardError before any write."""
    plan = load_plan(file)
    with engine(session, writing=True) as made:
        return made.apply(plan, allowed=allowed)


def run_once(session: Session, *, full: bool, allowed: frozenset[str]) -> Report:
    """One whole run. Raises TielineError, GuardError before any write."""
    with engine(session, writing=True) as made:
        return made.run(allowed=allowed, full=full)


def compare(session: Session) -> Verification:
    """Read every side in full and compare; nothing is written. Raises TielineError."""
    with engine(session, writing=False) as made:
        return made.verify()


def passes_by_itself(error: TielineError) -> bool:
    """Whether a watching program goes on after an error: it may be gone by the next run."""
    return error.retry or isinstance(error, BudgetExhaustedError)
