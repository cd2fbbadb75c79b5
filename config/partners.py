"""What the configuration may say about populations and partners."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from config.base import Condition, Strict
from config.exchange import ExchangeSettings

Level = Literal["hidden", "counts", "overlaps", "all"]
Standard = Literal["customers", "open_opportunities", "prospects"]


class PopulationFilter(Strict):
    """One way into a population: everything that is given must hold."""

    accounts: list[Condition] = Field([], description="tests of the account; all must hold")
    opportunities: list[Condition] = Field(
        [], description="one of its opportunities passes all of these"
    )
    people: list[Condition] = Field([], description="one of its people passes all of these")
    without_opportunities: list[Condition] = Field(
        [], description="none of its opportunities passes all of these"
    )
    without_people: list[Condition] = Field(
        [], description="none of its people passes all of these"
    )


class PopulationSettings(Strict):
    """A named part of our accounts."""

    standard: Standard | None = Field(
        None, description="what it is to a partner; default: its name, where it is one of these"
    )
    filters: list[PopulationFilter] = Field(
        [], description="an account is in it that passes one of these; none: every account"
    )
    not_in: list[str] = Field([], description="less the accounts of these populations")


class GrantSettings(Strict):
    """What a partner is told of a population."""

    level: Level = Field(
        ..., description="hidden | counts | overlaps (his accounts that we have) | all"
    )
    fields: str | list[str] = Field(
        "status", description="a preset (name, status, contact, full, or one of yours) or fields"
    )
    valid_from: date | None = Field(None, description="the first day; before it: hidden")
    valid_until: date | None = Field(None, description="the last day; after it: hidden")
    min_count: Annotated[int, Field(ge=1)] | None = Field(
        None, description="least number of companies of which anything is told"
    )


class PartnerList(Strict):
    """One list of a partner's accounts."""

    source: str = Field(..., description="a CSV or XLSX file from this file's folder, or a side")
    population: str | None = Field(
        None, description="what these accounts are to the partner; default: what the list says"
    )
    columns: dict[str, str] = Field(
        {}, description="column key -> heading, where the heading does not tell"
    )
    sheet: str | None = Field(None, description="sheet of a workbook; default: the only one")
    encoding: str | None = Field(None, description="encoding of a CSV file; default: told from it")


class Partner(Strict):
    """A company that accounts are compared with."""

    name: str | None = Field(None, description="its name; default: the key")
    lists: list[PartnerList] = Field([], description="its accounts")
    share: dict[str, Level | GrantSettings] = Field(
        {}, description="our population -> what is told of it; all others are hidden"
    )
    min_count: Annotated[int, Field(ge=1)] | None = Field(
        None, description="least number of companies; default: that of `sharing`"
    )
    private: list[Condition] = Field(
        [], description="accounts that pass one of these are never told to this partner"
    )
    sourced: list[Condition] = Field(
        [], description="opportunities that pass all of these came from this partner"
    )
    influenced: list[Condition] = Field(
        [], description="opportunities that pass all of these were influenced by this partner"
    )
    known_since: date | None = Field(
        None, description="overlaps of the first comparison were known on this day already"
    )
    decisions: Path | None = Field(
        None, description="CSV or XLSX file of pairs that a person decided: ours, theirs, answer"
    )
    exchange: ExchangeSettings = Field(
        ExchangeSettings(), description="the terms of private exchanges; docs/private-exchange.md"
    )


class Sharing(Strict):
    """What holds for every partner."""

    company: str = Field("", description="how reports name us")
    accounts: str | None = Field(
        None, description="our list: a side, `state`, or a file; default: the first side"
    )
    min_count: Annotated[int, Field(ge=1)] = Field(
        5, description="least number of companies of which anything is told"
    )
    round_to: Annotated[int, Field(ge=1)] = Field(
        1, description="counts are rounded down to a multiple of this"
    )
    max_answers: Annotated[int, Field(ge=1)] = Field(
        12, description="reports for a partner in thirty days for which counts are decided anew"
    )
    presets: dict[str, list[str]] = Field({}, description="name -> fields that it stands for")
    private: list[Condition] = Field(
        [], description="accounts that pass one of these are never told to anyone"
    )
