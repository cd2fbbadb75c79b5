"""Errors as a person reads them: one sentence, a remedy, and the exit code of the class."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import TextIO

from core.errors import SettingsError, StateError, TielineError
from core.redact import redact

INTERRUPTED = 130
"""The exit code of an interrupted program."""

_USAGE = "See `tieline --help`, or `tieline COMMAND --help`."


def tell(error: BaseException, *, debug: bool = False, stream: TextIO | None = None) -> int:
    """Print an error with its remedy, redacted, and return the exit code. The traceback only
    under `debug`."""
    out = stream or sys.stderr
    if debug and not isinstance(error, KeyboardInterrupt):
        out.write(redact("".join(traceback.format_exception(error))))
    message, remedy, code = explain(error)
    out.write(f"error: {redact(message)}\n")
    if remedy:
        out.write(f"remedy: {redact(remedy)}\n")
    return code


def explain(error: BaseException) -> tuple[str, str, int]:
    """Message, remedy and exit code of any error."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        error = StateError(f"no space is left on the disk{_named(error)}")
    if type(error).__module__ == "sqlite3":
        error = StateError(f"the state store failed: {error}")
    if isinstance(error, TielineError):
        sides = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
        return sides + error.message, error.remedy, error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "The next run finishes or forgets what was begun.", INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return "nobody reads the output any more", "", 1
    return (
        f"unexpected {type(error).__name__}: {str(error) or 'no message'}",
        "This is a mistake of the program: run the command again with --debug and report it.",
        1,
    )


def usage(message: str) -> SettingsError:
    """A mistake on the command line."""
    return SettingsError(message[:1].lower() + message[1:], remedy=_USAGE)


def _named(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""
