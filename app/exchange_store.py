"""What a private exchange leaves on this machine: keys of runs under way, and the log of all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import ExchangeError, StateError
from mapping.accounts.exchange.message import KeyKind, Mode, Step, Terms
from mapping.accounts.exchange.protocol import Commitment, Pending

BEGUN, OVER = ("offered", "answered"), ("finished", "concluded")
WEEK = timedelta(days=7)

Named = dict[str, list[list[str]]]
"""Key -> [id, name] of the accounts behind it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: who did what of which run, when, and how much was told."""

    at: str
    by: str
    partner: str
    run: str
    did: str
    """`offered`, `answered`, `finished` or `concluded`."""
    mode: str
    key: str
    minimum: int
    sent: int = 0
    """Points of our own, dummies among them."""
    received: int = 0
    """Points of the partner."""
    result: int | None = None
    """How many were mutual; None: not told, or not known yet."""
    commitment: str = ""
    salt: str = ""
    """Opens our commitment to whom we show it."""
    theirs: str = ""
    """The partner's commitment."""


class ExchangeStore:
    """A folder for the owner's eyes. Raises StateError where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _guarded(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other exchange command at the same time."""
        lock = FileLock(self._folder / "lock", timeout=30)
        with _guarded(self._folder):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    # -- runs under way --------------------------------------------------------------------

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.json"

    def keep(self, pending: Pending, partner: str, named: Named) -> None:
        """Keep what the reply will need."""
        content = {"partner": partner, "named": named, **asdict(pending)}
        with _guarded(self._folder):
            handle = os.open(self._path(pending.run), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())

    def pending(self, run: str, partner: str) -> tuple[Pending, Named]:
        """What was kept of a run. Raises ExchangeError where it is over, unknown or another's."""
        path = self._path(run)
        if not path.exists():
            over = next((e for e in self.log() if e.run == run and e.did in OVER), None)
            when = f"it was {over.did} on {over.at[:10]}" if over else "it was not begun here"
            raise ExchangeError(f"there is no run {run[:8]} under way: {when}")
        with _guarded(self._folder):
            content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("partner") != partner:
            raise ExchangeError(
                f"the run {run[:8]} was begun with another partner than {partner}",
                remedy="Name the partner that the message came from.",
            )
        named = content.pop("named")
        return _pending(content), named

    def widest(self) -> int:
        """The points that a run under way has at most; 0 where there is none."""
        with _guarded(self._folder):
            runs = [json.loads(p.read_text("utf-8")) for p in self._folder.glob("*.json")]
            return max((int(run["terms"]["limit"]) for run in runs), default=0)

    def destroy(self, run: str) -> None:
        """Overwrite and remove what was kept of a run: its key is never used again."""
        path = self._path(run)
        with _guarded(self._folder):
            size = path.stat().st_size
            with path.open("r+b") as file:
                file.write(bytes(size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()

    # -- the log ---------------------------------------------------------------------------

    def note(self, entry: Entry) -> None:
        """Add a line to the log, which is only ever added to."""
        path = self._folder / "log.jsonl"
        with _guarded(self._folder):
            _drop_cut_line(path)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")
                file.flush()
                os.fsync(file.fileno())

    def log(self) -> list[Entry]:
        """All lines, the oldest first; one that a crash cut off was never acted on."""
        path = self._folder / "log.jsonl"
        with _guarded(self._folder):
            text = path.read_text(encoding="utf-8") if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        return [_entry(path, number, line) for number, line in enumerate(whole.splitlines(), 1)]

    def begun_here(self, run: str) -> Entry | None:
        """When the offer of this run was answered here, or made here, if it was."""
        return next((e for e in self.log() if e.run == run and e.did in BEGUN), None)

    def begun(self, partner: str, now: datetime) -> int:
        """Runs begun with a partner within the last week, by either side."""
        since = (now - WEEK).isoformat()
        return sum(
            1 for e in self.log() if e.partner == partner and e.did in BEGUN and e.at >= since
        )


def _entry(path: Path, number: int, line: str) -> Entry:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise StateError(
            f"{path}:{number}: the log of private exchanges was changed",
            remedy="Put the file back from a backup; without it no run is begun or finished.",
        ) from error


def _drop_cut_line(path: Path) -> None:
    data = path.read_bytes() if path.exists() else b""
    if data and not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


def _pending(content: dict[str, Any]) -> Pending:
    terms = content["terms"]
    return Pending(
        run=content["run"],
        step=Step(content["step"]),
        terms=Terms(
            normaliser=terms["normaliser"], mode=Mode(terms["mode"]), key=KeyKind(terms["key"]),
            minimum=terms["minimum"], limit=terms["limit"],
        ),
        sent=content["sent"],
        bound=Commitment(**content["bound"]),
        keys=tuple(content["keys"]),
        secret=content["secret"],
        points=tuple(content["points"]),
        theirs=content["theirs"],
    )  # fmt: skip


@contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, Timeout) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StateError(f"the folder {folder} of private exchanges failed: {reason}") from error
