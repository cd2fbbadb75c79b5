"""What a comparison with a partner gives: matrix, mutual accounts, openings, leads, credits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Side:
    """One party's account as the list of mutual accounts shows it."""

    id: str
    name: str
    website: str | None = None
    owner: str | None = None
    """E-mail or name of who looks after it."""
    status: tuple[str, ...] = ()
    """The populations that it is in."""
    country: str | None = None
    where: str = ""
    """Line of a spreadsheet, or records of an entity."""


@dataclass(frozen=True, slots=True)
class Mutual:
    """One real company that both have; both may hold several records of it."""

    id: str
    """`M1`, `M2` …: stable for the same lists."""
    name: str
    ours: tuple[Side, ...]
    theirs: tuple[Side, ...]
    method: str
    """How its strongest link was found: `domain`, `name`, `score`, `decision` …"""
    score: float
    evidence: tuple[str, ...]
    private: bool = False
    """Never told to a partner."""
    known_since: str | None = None
    """The day on which the overlap was first seen here."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A pair that may be one company: a question, counted nowhere."""

    ours: Side
    theirs: Side
    score: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the matrix: our population against theirs."""

    ours: str
    theirs: str
    our_count: int
    """Our records in it; duplicates count each."""
    their_count: int
    entity_count: int
    """Real companies: the figure that both parties see."""
    mutual: tuple[str, ...]
    """Ids of the mutual accounts, for drilling down."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A chance that the overlap shows."""

    kind: str
    """`they can open`: their customer, not ours; `we can open`: our customer, not theirs;
    `both sell`: an open opportunity of ours and of theirs."""
    mutual: str
    name: str
    our_status: tuple[str, ...]
    their_status: tuple[str, ...]
    our_owner: str | None
    their_owner: str | None


@dataclass(frozen=True, slots=True)
class Credit:
    """What a partner has to do with one of our opportunities."""

    opportunity: str
    name: str
    account: str
    """Name of the account."""
    kind: str
    """`sourced`, `influenced`, `review` (nobody can tell), `none`."""
    share: str
    """This partner's part where several have the same kind: "1", "0.5" …"""
    partners: tuple[str, ...]
    """All partners with the same kind of credit for it."""
    amount: str | None
    currency: str | None
    """The deal's own; nothing is ever converted."""
    state: str
    """`open`, `won` or `lost`."""
    opened: str | None
    known_since: str | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """What credits of one kind and state come to, in one currency."""

    kind: str
    state: str
    currency: str
    number: int
    amount: str
    weighted: str
    """The same by this partner's shares."""


@dataclass(frozen=True, slots=True)
class Party:
    """One party's list."""

    name: str
    source: str
    records: int
    entities: int
    """Real companies among them: duplicates count once."""
    populations: Mapping[str, int]
    """Population -> records."""


@dataclass(frozen=True, slots=True)
class PartnerMap:
    """Everything that a comparison with one partner shows to us; `told` decides what they see."""

    partner: str
    made: str
    ours: Party
    theirs: Party
    matrix: tuple[Cell, ...]
    mutual: tuple[Mutual, ...]
    openings: tuple[Opening, ...]
    leads: tuple[Side, ...]
    """Accounts of the partner's list that we do not have."""
    doubts: tuple[Doubt, ...]
    credits: tuple[Credit, ...] = ()
    totals: tuple[Total, ...] = ()
    private: tuple[str, ...] = ()
    """Ids of our accounts that no partner is told of, their duplicates too."""
    notes: tuple[str, ...] = ()

    @property
    def entities(self) -> int:
        """Real companies that both have."""
        return len(self.mutual)

    def as_json(self) -> dict[str, Any]:
        """Plain data: what JSON files and pages are made from."""
        plain = asdict(self)
        return {**plain, "ours": _party(self.ours), "theirs": _party(self.theirs)}


def _party(party: Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "source": party.source,
        "records": party.records,
        "entities": party.entities,
        "populations": dict(party.populations),
    }
