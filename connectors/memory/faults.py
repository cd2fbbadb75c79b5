"""Failures to order: which call fails how, before or after its effect, which record is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.base import Write
from core.errors import ConnectorError, RecordError

Refusal = Callable[[str, Write], RecordError | None]
"""Given object type and write, the error to refuse it with, or None."""

ANY = "*"


@dataclass(slots=True)
class Fault:
    """One ordered failure; `applied` is how many writes of the call take effect before it
    (None: all of them if `after`, else none). `error` None: the answer is lost without a
    raise, each write of the call ends as `Unknown`."""

    method: str
    error: ConnectorError | None
    after: bool = False
    times: int = 1
    skip: int = 0
    applied: int | None = None

    @property
    def without_effect(self) -> bool:
        return not self.after and self.applied is None


@dataclass(slots=True)
class Faults:
    """Failures still to come and refusals in force."""

    pending: list[Fault] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def take(self, method: str) -> Fault | None:
        """The failure that this call meets, used up by it."""
        for fault in self.pending:
            if fault.method in (method, ANY):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None

    def refusal(self, object_type: str, write: Write) -> RecordError | None:
        """The error of the first predicate that refuses this write."""
        errors = (refuse(object_type, write) for refuse in self.refusals)
        return next((error for error in errors if error is not None), None)

    def clear(self) -> None:
        """Forget everything ordered."""
        self.pending.clear()
        self.refusals.clear()
