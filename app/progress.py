"""Progress bars for long work, on a terminal only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from app.session import Session
from sync.detect import Progress as Report

_WORDS = {"read": "reading", "sweep": "comparing", "write": "writing"}


@contextmanager
def shown(session: Session) -> Iterator[Report]:
    """A progress callback for the engine; it shows nothing unless a person looks on."""
    if session.quiet or session.debug or not session.err.is_terminal:
        yield _nothing
        return
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
        console=session.err,
        transient=True,
    )
    tasks: dict[tuple[str, str, str], TaskID] = {}

    def advance(step: str, side: str, what: str, number: int) -> None:
        key = (step, side, what)
        if key not in tasks:
            words = f"{_WORDS.get(step, step)} {side} {what}"
            tasks[key] = bars.add_task(words, total=None)
        if step == "write":  # batches are told one by one, readings as a running number
            bars.advance(tasks[key], number)
        else:
            bars.update(tasks[key], completed=number)

    with bars:
        yield advance


def _nothing(_step: str, _side: str, _what: str, _number: int) -> None:
    """Progress that nobody looks at."""
