"""What the demo world is made of: rows of two sides, and the truth that they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

Record = dict[str, Any]
Side = Literal["salesforce", "hubspot"]
Presence = Literal["both", "salesforce", "hubspot"]
Cast = tuple[Presence, str]
"""Where an entity is to appear, and the one special trait it has ("" for none)."""

SALESFORCE_TYPES = (
    "User", "Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole",
)  # fmt: skip
HUBSPOT_TYPES = ("owners", "companies", "contacts", "deals")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a seed body: the `index`-th record of its object type, from 0."""

    object_type: str
    index: int

    @property
    def reference(self) -> str:
        """The seed format's way to say "the id that this row will get"."""
        return f"@{self.object_type}:{self.index}"


@dataclass(frozen=True, slots=True)
class Entity:
    """One real thing and every row that shows it.

    More than one row on a side is a duplicate. `traits` names what is odd about it: the
    words of the cast tables in `companies`, `people` and `deals`.
    """

    kind: str
    salesforce: tuple[Row, ...] = ()
    hubspot: tuple[Row, ...] = ()
    traits: tuple[str, ...] = ()

    def rows(self, side: Side) -> tuple[Row, ...]:
        """Its rows on one side, the first seeded first."""
        return self.salesforce if side == "salesforce" else self.hubspot

    @property
    def presence(self) -> Presence:
        """On which sides it appears; every entity appears somewhere."""
        if self.salesforce and self.hubspot:
            return "both"
        return "salesforce" if self.salesforce else "hubspot"


Truth = Mapping[str, Sequence[Entity]]
"""By kind (`owner`, `account`, `person`, `opportunity`): the entities, in order of invention."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change by a person in a vendor's own user interface.

    `entity` is the index within `truth[kind]` of what is edited (None for something new),
    `ref` the seed index of the row. `fields` and `to` may hold seed references. `to`,
    `label` and `primary` matter to the verbs `associate` and `dissociate` only. Edits with
    the same `story` belong together.
    """

    story: str
    what: str
    side: Side
    object_type: str
    verb: str
    kind: str
    entity: int | None = None
    ref: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    to: Row | None = None
    label: str | None = None
    primary: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """One world as two CRMs show it.

    `salesforce` and `hubspot` are bodies of `POST /_sandbox/seed`; `truth` says which rows are
    the same real thing; `edits` is what people do after the first sync.
    """

    seed: int
    salesforce: Mapping[str, Any]
    hubspot: Mapping[str, Any]
    truth: Truth
    edits: Sequence[Edit] = ()

    def record(self, side: Side, row: Row) -> Record:
        """The seeded fields of a row."""
        body = self.salesforce if side == "salesforce" else self.hubspot
        found: Record = body["records"][row.object_type][row.index]
        return found

    def pairs(self, kind: str) -> Iterator[tuple[Row, Row]]:
        """Salesforce row and HubSpot row of each entity that has exactly one on each side."""
        for entity in self.truth[kind]:
            if len(entity.salesforce) == len(entity.hubspot) == 1:
                yield entity.salesforce[0], entity.hubspot[0]


class Draft:
    """The world while it is being written: two sheets of rows, and the truth so far."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.salesforce: dict[str, list[Record]] = {name: [] for name in SALESFORCE_TYPES}
        self.hubspot: dict[str, list[Record]] = {name: [] for name in HUBSPOT_TYPES}
        self.associations: list[Record] = []
        self.truth: dict[str, list[Entity]] = {}

    def random(self, part: str) -> Random:
        """Chance for one part of the world, the same for the same seed."""
        return Random(f"{self.seed}/{part}")

    def add(self, object_type: str, record: Record) -> Row:
        """Append a row to the sheet that has the object type, without its blank fields."""
        sheet = self.salesforce if object_type in self.salesforce else self.hubspot
        rows = sheet[object_type]
        rows.append({name: value for name, value in record.items() if value not in (None, "")})
        return Row(object_type, len(rows) - 1)

    def associate(self, start: Row, end: Row, *, primary: bool = False) -> None:
        """Associate two HubSpot rows, without a label of their own."""
        self.associations.append(
            {
                "from_type": start.object_type,
                "from_id": start.reference,
                "to_type": end.object_type,
                "to_id": end.reference,
                "label": None,
                "primary": primary,
            }
        )


def casting(rng: Random, count: int, plain: Sequence[tuple[Presence, float]],
            special: Sequence[tuple[Presence, str, float]]) -> list[Cast]:  # fmt: skip
    """`count` casts in random order: exact shares by presence, special traits taken from them.

    Shares are of the whole; each special trait occurs at least once where `count` allows.
    """
    cast: list[Cast] = []
    for presence, share in plain:
        quota = round(count * share)
        odd: list[Cast] = []
        for where, trait, part in special:
            if where == presence:
                odd += [(presence, trait)] * max(1, round(count * part))
        cast += odd[:quota] + [(presence, "")] * (quota - len(odd))
    cast = cast[:count] + [("both", "")] * (count - len(cast))
    rng.shuffle(cast)
    return cast


def blank_some(rng: Random, record: Record, optional: Sequence[str], share: float) -> None:
    """Forget one to three optional fields in that share of calls, as people do."""
    if rng.random() < share:
        for name in rng.sample(optional, rng.randint(1, 3)):
            record[name] = None
