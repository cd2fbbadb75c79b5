"""What has become of the writes of one `apply`: outcomes by place, and what is still to follow."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.base import Done, Outcome, Refused, Unknown
from connectors.salesforce.collections import Result, Row
from connectors.salesforce.links import Wished
from connectors.salesforce.sender import NotSentError
from core.errors import (
    ConnectorError,
    NetworkError,
    RecordError,
    RejectedError,
    SchemaDriftError,
    UnexpectedReplyError,
    VendorDownError,
)

MAY_HAVE_HAPPENED = (NetworkError, VendorDownError, UnexpectedReplyError)


def may_have_happened(error: ConnectorError) -> bool:
    """Whether a call that failed so may have done its work all the same."""
    return isinstance(error, MAY_HAVE_HAPPENED) and not isinstance(error, NotSentError)


@dataclass(frozen=True, slots=True)
class Item:
    """One write on its way: what is still to be sent of it, and what was refused so far."""

    place: int
    op: str
    row: Row
    roles: Wished | None = None
    refused: dict[str, RecordError] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """The outcomes so far by place, and the items that were done, whose rest is to follow."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    done: dict[int, tuple[Item, Result]] = field(default_factory=dict)

    @property
    def acknowledged(self) -> bool:
        """Whether raising would make something unknown that is known."""
        return bool(self.done) or any(isinstance(o, Unknown) for o in self.outcomes.values())

    def settled(self, item: Item) -> bool:
        return item.place in self.outcomes or item.place in self.done

    def succeed(self, item: Item, result: Result) -> None:
        self.done[item.place] = (item, result)

    def refuse(self, item: Item, error: RecordError) -> None:
        self.outcomes[item.place] = Refused(item.op, error)

    def lose(self, item: Item, reason: str) -> None:
        self.outcomes[item.place] = Unknown(item.op, reason)

    def failed(self, items: list[Item], error: ConnectorError) -> None:
        """The items that are not settled yet failed with the account, after others were done."""
        for item in items:
            if self.settled(item):
                continue
            if isinstance(error, SchemaDriftError):
                # judged before anything of it was written
                text = RejectedError(error.message, retryable=True, remedy=error.remedy)
                self.refuse(item, text)
            else:
                self.lose(item, str(error))

    def conclude(self, item: Item, done: Done) -> None:
        self.outcomes[item.place] = done
