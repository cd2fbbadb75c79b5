"""One at a time: who changes the state holds its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import LockedError, StateError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a state folder; it falls with the process, however that ends.

    Raises LockedError when another run holds it, StateError when the folder cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "lock", timeout=0, mode=0o600)
        lock.acquire()
    except Timeout as error:
        raise LockedError(f"another run is using the state in {folder}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateError(f"the state folder {folder} cannot be used: {reason}") from error
    try:
        yield
    finally:
        lock.release()
