"""The whole error tree; every class knows its exit code, whether a retry can help, and the remedy.

::

    TielineError                       exit  retry
    ├── ConfigError                      2   no     stop at start
    │   ├── SettingsError                2   no     the configuration file or the environment
    │   └── MappingSpecError             2   no     a mapping file
    ├── ConnectorError                   1   no     concerns a whole account (a side)
    │   ├── TransientError               9   yes
    │   │   ├── RateLimitedError         9   yes    carries retry_after
    │   │   ├── VendorDownError          9   yes
    │   │   └── NetworkError             9   yes
    │   ├── AuthError                    7   no
    │   ├── ForbiddenError               8   no
    │   ├── SchemaDriftError            11   no
    │   ├── CursorExpiredError           9   yes
    │   ├── BudgetExhaustedError        10   no     resumes when the allowance is renewed
    │   └── UnexpectedReplyError        12   no     a 200 with HTML, cut-off JSON, a missing key
    ├── RecordError                      3   -      concerns one record, never aborts a run
    │   ├── RejectedError                3   no     carries field and vendor_code
    │   ├── StaleError                   3   yes    the record moved since the plan saw it
    │   ├── NotFoundError                3   no
    │   ├── DuplicateError               3   no     carries existing_id
    │   └── MappingError                 3   no     carries field and value
    ├── ExchangeError                   14   no     a message of a private exchange is refused
    └── SyncError                        1   no
        ├── GuardError                   5   no     nothing was written
        ├── LockedError                  6   yes
        └── StateError                  13   no     the state store cannot be read or written

The other exit codes: 0 all done, 3 done but some records or fields are held or refused,
4 differences found (`verify`), 1 an error in the program itself, 130 interrupted.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class TielineError(Exception):
    """Root of the tree. `str(error)` is one sentence; `remedy` says what the reader can do."""

    exit_code: ClassVar[int] = 1
    retry: ClassVar[bool] = False
    default_remedy: ClassVar[str] = "Run the command again with --debug and report the log."

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy or self.default_remedy


class ConfigError(TielineError):
    """Something a person wrote cannot be used; the message names file, line and key."""

    exit_code = 2
    default_remedy = "Correct the named file at the named line."


class SettingsError(ConfigError):
    """The configuration file or the environment."""


class MappingSpecError(ConfigError):
    """A mapping file, or a mapping that does not fit the side's live schema."""

    default_remedy = "Correct the mapping at the named line, or make the field on that side."


class ConnectorError(TielineError):
    """A whole account (side) cannot be used now; raised, never carried in an outcome."""

    default_remedy = "Run `tieline doctor` to see what is wrong with this side."


class TransientError(ConnectorError):
    """May pass by itself; callers retry with back-off within their deadline."""

    exit_code = 9
    retry = True
    default_remedy = "Try again later; nothing was lost."


class RateLimitedError(TransientError):
    """The vendor asked to slow down; `retry_after` in seconds where it told, else None."""

    default_remedy = "Try again later, or lower `budget.per_second` of this side."

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class VendorDownError(TransientError):
    """A 5xx or an equivalent answer of the vendor."""


class NetworkError(TransientError):
    """No answer: name resolution, refused connection, TLS, time-out, cut-off body."""

    default_remedy = "Check the address of this side, the network and the certificate, then retry."


class AuthError(ConnectorError):
    """The credentials are wrong, expired or revoked."""

    exit_code = 7
    default_remedy = "Check the credentials that the configuration refers to for this side."


class ForbiddenError(ConnectorError):
    """The credentials are right but a scope or permission lacks; the message names it."""

    exit_code = 8
    default_remedy = "Give the integration user the named scope or permission."


class SchemaDriftError(ConnectorError):
    """An object or field that the mapping needs is gone or changed its type."""

    exit_code = 11
    default_remedy = "Run `tieline doctor`, then adapt the mapping to the side's schema."


class CursorExpiredError(TransientError):
    """The vendor forgot a paging position; the reader starts again from its last keyset."""


class BudgetExhaustedError(ConnectorError):
    """The share of the daily API allowance that the configuration grants is used up; `renews`
    is when there is a new one, where that is known."""

    exit_code = 10
    default_remedy = "Wait until the allowance is renewed, or raise `budget.share` of this side."

    def __init__(
        self, message: str, *, remedy: str | None = None, renews: datetime | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.renews = renews


class UnexpectedReplyError(ConnectorError):
    """The answer is not what the API promises (HTML, cut-off JSON, a missing key)."""

    exit_code = 12
    default_remedy = "Look for a proxy or login page in between; run again with --debug."


class RecordError(TielineError):
    """One record; carried in `Refused`, never aborts a run."""

    exit_code = 3
    default_remedy = "Correct the record on its side; it is tried again by the next run."


class RejectedError(RecordError):
    """The vendor refused the record or a field of it."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        vendor_code: str | None = None,
        retryable: bool = False,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.field = field
        self.vendor_code = vendor_code
        self.retryable = retryable


class StaleError(RecordError):
    """The record is not as the plan saw it; nothing was written, the next run plans anew."""

    retry = True
    default_remedy = "Nothing to do: the next run plans this record anew."


class NotFoundError(RecordError):
    """No such record (deleted, or not visible to the integration user)."""


class DuplicateError(RecordError):
    """The vendor holds such a record already; `existing_id` where it told, else None."""

    default_remedy = "Link the two records, or correct the unique value on one side."

    def __init__(
        self, message: str, *, existing_id: str | None = None, vendor_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.existing_id = existing_id
        self.vendor_code = vendor_code


class MappingError(RecordError):
    """A value that cannot be represented; names the field and the value, never nulls it."""

    default_remedy = "Add the value to the mapping's value map, or correct it on its side."

    def __init__(self, message: str, *, field: str, value: object) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class ExchangeError(TielineError):
    """A message of a private exchange cannot be used; nothing was computed with it or told."""

    exit_code = 14
    default_remedy = "Ask your partner to start a new run with `tieline partner offer`."


class SyncError(TielineError):
    """The engine cannot go on."""


class GuardError(SyncError):
    """A brake stopped the run before anything was written; `guard` is its name."""

    exit_code = 5
    default_remedy = "Look at the plan; go on with the named flag if this is what you want."

    def __init__(self, message: str, *, guard: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.guard = guard


class LockedError(SyncError):
    """Another run holds the state."""

    exit_code = 6
    retry = True
    default_remedy = "Wait until the other run has ended."


class StateError(SyncError):
    """The state store cannot be read or written (disk full, damaged, newer version)."""

    exit_code = 13
    default_remedy = (
        "Check free space and permissions of the state folder; nothing was half-written."
    )
