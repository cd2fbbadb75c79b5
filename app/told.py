"""The log of everything that partners were ever told, and since when overlaps are known.

Files of their own beside the state store, and only ever added to: the store can be thrown away
and made again by a sync, what somebody was told cannot be taken back. Each line of the log
carries the hash of the one before it, so that a change or a gap shows; it is written before the
report is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import LockedError, StateError
from mapping.accounts.sharing import Earlier, Marks, Past, Told

FOLDER = "partners"
_FIRST = "0" * 64


class ToldLog:
    """The folder of one state; `alone` is held from reading to writing. Raises StateError."""

    def __init__(self, state: Path) -> None:
        self.folder = state / FOLDER
        self._log = self.folder / "told.jsonl"
        self._known = self.folder / "known.jsonl"
        self._sets = self.folder / "sets"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else reads or adds meanwhile. Raises LockedError, StateError."""
        try:
            with _guarded(self.folder):
                self._sets.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.folder.chmod(0o700)
                lock = FileLock(self.folder / "lock", timeout=30)
                lock.acquire()
        except Timeout as error:
            raise LockedError(f"another run is using {self.folder}") from error
        try:
            yield
        finally:
            lock.release()

    # -- what was told ---------------------------------------------------------------------

    def entries(self, partner: str | None = None) -> list[dict[str, Any]]:
        """All lines, oldest first, of one partner or all. Raises StateError where a line was
        changed or is missing: then nothing more is told."""
        before = _FIRST
        found = []
        for number, entry in enumerate(_lines(self._log), start=1):
            if entry.get("before") != before or entry.pop("hash", "") != _hash(entry):
                raise StateError(
                    f"{self._log}:{number}: the log of what partners were told was changed",
                    remedy="Put the file back from a backup; without it nothing more is told.",
                )
            before = _hash(entry)
            if partner in (None, entry["partner"]):
                found.append(entry)
        return found

    def past(self, partner: str) -> Past:
        """Every count that a partner was told before, and the days of the reports that were
        decided anew."""
        with _guarded(self.folder):
            entries = self.entries(partner)
            if any("decided" not in entry for entry in entries):
                raise StateError(
                    f"{self._log} has lines of an earlier form: no answer can be held against them",
                    remedy="Move the file away and keep it: what it says was told is then not known"
                    " here, so share only what may be told besides.",
                )
            days = [_day(entry) for entry in entries if entry["decided"]]
            return Past([self._earlier(e, cell) for e in entries for cell in e["sets"]], days)

    def _earlier(self, entry: Mapping[str, Any], cell: Mapping[str, Any]) -> Earlier:
        counted = self._set(cell["set"])
        return Earlier(
            _day(entry), entry["at"], cell["ours"], cell["theirs"], counted, cell["count"],
            cell["listed"],
        )  # fmt: skip

    def note(self, key: str, report: Told, fresh: Sequence[Earlier], at: str, file: Path) -> None:
        """Add what is about to be told. `key` is the partner's name in the configuration."""
        with _guarded(self.folder):
            cells = [
                {"ours": e.ours, "theirs": e.theirs, "count": e.answer, "listed": e.listed,
                 "set": self._keep(e)}
                for e in fresh
            ]  # fmt: skip
            entry = {
                "before": self._last(),
                "at": at,
                "partner": key,
                "file": file.name,
                "sets": cells,
                **report.as_log(),
            }
            _append(self._log, [{**entry, "hash": _hash(entry)}])

    def _last(self) -> str:
        last = _FIRST
        for entry in _lines(self._log):
            last = entry["hash"]
        return last

    def _keep(self, one: Earlier) -> str:
        text = "\n".join(sorted(" ".join(sorted(marks)) for marks in one.counted)).encode()
        name = hashlib.sha256(text).hexdigest()
        path = self._sets / name
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        return name

    def _set(self, name: str) -> list[Marks]:
        text = (self._sets / name).read_bytes()
        if hashlib.sha256(text).hexdigest() != name:
            raise ValueError(f"{self._sets / name} was changed")
        return [frozenset(line.split()) for line in text.decode().splitlines()]

    # -- since when overlaps are known -----------------------------------------------------

    def known(self) -> dict[str, dict[str, str]]:
        """Partner -> fingerprint of our account -> the day on which the overlap was first seen."""
        found: dict[str, dict[str, str]] = {}
        for entry in _lines(self._known):
            days = found.setdefault(entry["partner"], {})
            for fingerprint in entry["accounts"]:
                days.setdefault(fingerprint, entry["day"])
        return found

    def learn(self, partner: str, fingerprints: Iterable[str], day: str) -> None:
        """Note overlaps that were not known before."""
        accounts = sorted(set(fingerprints) - set(self.known().get(partner, {})))
        if accounts:
            _append(self._known, [{"partner": partner, "day": day, "accounts": accounts}])


def _day(entry: Mapping[str, Any]) -> date:
    return date.fromisoformat(entry["at"][:10])


def digest(fingerprint: str) -> str:
    """A short stand-in for a fingerprint."""
    return hashlib.blake2b(fingerprint.encode(), digest_size=8).hexdigest()


def _hash(entry: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(_dumps(plain).encode()).hexdigest()


def _dumps(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with _guarded(path):
        if not path.exists():
            return
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]  # a line cut off by a crash was never told
        for line in whole.splitlines():
            yield json.loads(line)


def _append(path: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    with _guarded(path):
        _drop_cut_line(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(_dumps(entry) + "\n" for entry in entries)
            file.flush()
            os.fsync(file.fileno())


def _drop_cut_line(path: Path) -> None:
    if not path.exists():
        return
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


@contextmanager
def _guarded(where: Path) -> Iterator[None]:
    try:
        yield
    except Timeout:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StateError(f"the log of partners in {where} cannot be used: {reason}") from error
