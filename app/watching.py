"""`tieline run --watch`: one run after the other until somebody stops it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from app.messages import tell
from app.session import Session
from app.syncing import passes_by_itself
from config.rules import duration
from core.errors import TielineError

_STEP = 1.0
"""Seconds slept at a time, so that a signal is answered soon."""


def watch(session: Session, once: Callable[[], int]) -> int:
    """Call `once` as often as `schedule.every` says; each time the configuration is read anew.

    An error that may pass by itself is told and waited out; any other ends the program by being
    raised. Ends by KeyboardInterrupt (SIGINT, SIGTERM).
    """
    with terminated_as_interrupted():
        while True:
            every = duration(session.load().config.schedule.every)
            started = session.clock.monotonic()
            try:
                once()
            except TielineError as error:
                if not passes_by_itself(error):
                    raise
                tell(error, debug=session.debug, stream=session.err.file)  # type: ignore[arg-type]
            _wait(session, started + every)


def _wait(session: Session, until: float) -> None:
    while (left := until - session.clock.monotonic()) > 0:
        session.clock.sleep(min(left, _STEP))


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the program as cleanly as Ctrl-C does; SIGINT does too where a script that
    started the program in the background had it ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {s: signal.signal(s, interrupt) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
