"""What the configuration says about account maps: roles, products, regions, where values are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.base import Condition, Strict

Role = Literal[
    "decision_maker", "economic_buyer", "executive_sponsor", "champion", "technical_buyer",
    "evaluator", "influencer", "end_user", "legal", "blocker", "other",
]  # fmt: skip
Coverage = Literal["no_contact", "brief", "multiple", "in_depth"]
NotNegative = Annotated[float, Field(ge=0)]


class ProductRule(Strict):
    """Something that is sold, for the whitespace of an account."""

    sold_by: list[Condition] = Field(
        ..., min_length=1, description="tests of an opportunity; all hold: it is about this product"
    )
    fits: list[Condition] = Field(
        [], description="tests of an account; all hold: it can use the product; none: always"
    )
    worth: NotNegative | None = Field(None, description="what an open gap is worth, flat")
    per_employee: NotNegative | None = Field(
        None, description="what an open gap is worth for each employee, besides"
    )


class MapFields(Strict):
    """Canonical fields of a person (as a rule `custom.NAME`) that hold what only a map knows."""

    roles: str | None = Field(None, description="buying roles, such as hs_buying_role")
    support: str | None = Field(None, description="mentor … enemy")
    coverage: str | None = Field(None, description="unknown … in_depth")
    influence: str | None = Field(None, description="low, medium, high")
    reports_to: str | None = Field(None, description="e-mail or record id of the superior")
    approach: str | None = Field(None, description="preferred approach, free text")
    left: str | None = Field(None, description="true: the person has left the account")


class MapWrites(Strict):
    """Canonical fields that `--write-to` fills; only those that are named are written."""

    completeness: str | None = Field(None, description="of an account: percent of required roles")
    missing_roles: str | None = Field(None, description="of an account: required roles, unfilled")
    single_thread: str | None = Field(None, description="of an account: too few covered people")
    partners: str | None = Field(None, description="of an account: partners that have it too")
    roles: str | None = Field(None, description="of a person: buying roles, in the side's words")
    support: str | None = Field(None, description="of a person: mentor … enemy")
    coverage: str | None = Field(None, description="of a person: unknown … in_depth")
    influence: str | None = Field(None, description="of a person: low, medium, high")


class AccountMaps(Strict):
    """How account maps and territories are drawn."""

    required_roles: list[Role] = Field(
        ["decision_maker", "economic_buyer", "champion", "end_user"],
        description="roles that a whole committee has",
    )
    covered_from: Coverage = Field(
        "multiple", description="least coverage of a person that counts as covered"
    )
    least_covered: Annotated[int, Field(ge=1)] = Field(
        2, description="fewer covered people than this raise the single-thread alarm"
    )
    stale_after: Annotated[int, Field(ge=1)] = Field(
        180, description="days after which what is known of a person is old"
    )
    strategic: list[Condition] = Field(
        [], description="tests of an account; all hold: it is strategic; none given: no account is"
    )
    products: dict[str, ProductRule] = Field({}, description="what is sold, by name")
    currency: str = Field("USD", description="ISO currency of the products' worth")
    regions: dict[str, list[str]] = Field(
        {}, description="region -> ISO countries; none given: every country is a region"
    )
    roles: dict[str, dict[Role, list[str]]] = Field(
        {},
        description="side -> canonical role -> words of that side, the one to write first; they"
        " stand in the place of the standard ones",
    )
    fields: MapFields = Field(MapFields(), description="where the CRM keeps what a map knows")
    write: MapWrites = Field(MapWrites(), description="what `tieline map account` may write back")
    committee: Path | None = Field(
        None, description="CSV or XLSX with memberships that no CRM holds"
    )
    whitespace: Path | None = Field(
        None, description="CSV or XLSX with cells of the whitespace that people have stated"
    )

    @model_validator(mode="after")
    def _products_have_names(self) -> AccountMaps:
        if any(not name.strip() for name in self.products):
            raise ValueError("a product has no name")
        return self
