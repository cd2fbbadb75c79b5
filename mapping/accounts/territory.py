"""Territories: accounts by region and industry, with pipeline, whitespace and potential."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mapping.accounts.graph import NOTHING, Entry, Graph, Money, is_open, is_won, total
from mapping.accounts.whitespace import Product, grid, potential

ELSEWHERE = "Elsewhere"
UNKNOWN = "Not known"


@dataclass(frozen=True, slots=True)
class Plot:
    """One account on the territory map."""

    account: str
    name: str
    region: str
    industry: str
    country: str
    customer: bool
    strategic: bool
    owner: str
    open: Money
    weighted: Money
    won: Money
    potential: Money
    gaps: int

    def to_json(self) -> dict[str, Any]:
        """As it is printed with --json, and drawn."""
        return {
            "account": self.account,
            "name": self.name,
            "region": self.region,
            "industry": self.industry,
            "country": self.country,
            "customer": self.customer,
            "strategic": self.strategic,
            "owner": self.owner,
            "open": self.open.to_json(),
            "weighted": self.weighted.to_json(),
            "won": self.won.to_json(),
            "potential": self.potential.to_json(),
            "gaps": self.gaps,
        }


@dataclass(frozen=True, slots=True)
class Area:
    """All accounts of one region and industry together."""

    region: str
    industry: str
    accounts: int
    customers: int
    strategic: int
    open: Money
    weighted: Money
    won: Money
    potential: Money

    def to_json(self) -> dict[str, Any]:
        """As it is printed with --json."""
        return {
            "region": self.region,
            "industry": self.industry,
            "accounts": self.accounts,
            "customers": self.customers,
            "strategic": self.strategic,
            "open": self.open.to_json(),
            "weighted": self.weighted.to_json(),
            "won": self.won.to_json(),
            "potential": self.potential.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Rules:
    """How the map is cut. `regions`: name -> countries (ISO codes)."""

    regions: Mapping[str, Sequence[str]]
    products: Sequence[Product] = ()
    strategic: Callable[[Entry], bool] = lambda _account: False


def plots(graph: Graph, rules: Rules) -> list[Plot]:
    """Every account on the map, by region, industry and name."""
    region_of = {c.upper(): name for name, codes in rules.regions.items() for c in codes}
    found = [_plot(graph, account, rules, region_of) for account in graph.of("account")]
    return sorted(found, key=lambda p: (p.region, p.industry, p.name.casefold(), p.account))


def _plot(graph: Graph, account: Entry, rules: Rules, region_of: Mapping[str, str]) -> Plot:
    opportunities = graph.opportunities(account.key)
    open_ones = [o for o in opportunities if is_open(o)]
    won = [o for o in opportunities if is_won(o)]
    cells = grid(graph, [account], rules.products)
    country = str((account.values.get("billing_address") or {}).get("country") or "").upper()
    region = region_of.get(country, ELSEWHERE if country and rules.regions else country)
    return Plot(
        account=account.key,
        name=account.name,
        region=region or UNKNOWN,
        industry=str(account.values.get("industry") or "") or UNKNOWN,
        country=country,
        customer=bool(won) or account.values.get("account_type") == "customer",
        strategic=rules.strategic(account),
        owner=str(account.values.get("owner") or ""),
        open=total(open_ones),
        weighted=total(open_ones, weighted=True),
        won=total(won),
        potential=potential(cells),
        gaps=sum(cell.status == "gap" for cell in cells),
    )


def areas(found: Iterable[Plot]) -> list[Area]:
    """The plots by region and industry."""
    groups: dict[tuple[str, str], list[Plot]] = {}
    for plot in found:
        groups.setdefault((plot.region, plot.industry), []).append(plot)
    return [_area(region, industry, inside) for (region, industry), inside in groups.items()]


def _area(region: str, industry: str, inside: Sequence[Plot]) -> Area:
    return Area(
        region,
        industry,
        accounts=len(inside),
        customers=sum(p.customer for p in inside),
        strategic=sum(p.strategic for p in inside),
        open=_sum(p.open for p in inside),
        weighted=_sum(p.weighted for p in inside),
        won=_sum(p.won for p in inside),
        potential=_sum(p.potential for p in inside),
    )


def _sum(found: Iterable[Money]) -> Money:
    both = NOTHING
    for money in found:
        both = both.and_(money)
    return both
