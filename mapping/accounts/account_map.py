"""The map of one account, whole: facts, units, committee, its state, pipeline, whitespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mapping.accounts.committee import Committee, Member, Sources, assembled
from mapping.accounts.graph import Entry, Graph, Money, is_open, is_won, total, worth
from mapping.accounts.health import USUAL, Health, Standard, is_covered, judged, warnings
from mapping.accounts.whitespace import Cell, Product, grid, potential


@dataclass(frozen=True, slots=True)
class Frame:
    """What a map is drawn by: the standard, the products, what is strategic, stated cells, and
    the day that ages are counted from."""

    today: date
    standard: Standard = USUAL
    products: Sequence[Product] = ()
    strategic: Callable[[Entry], bool] = lambda _account: False
    stated: Mapping[tuple[str, str], Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountMap:
    """Everything that is shown of one account, or of one opportunity in it."""

    graph: Graph
    account: Entry
    units: tuple[Entry, ...]
    opportunity: Entry | None
    committee: Committee
    health: Health
    warnings: tuple[str, ...]
    strategic: bool
    opportunities: tuple[Entry, ...]
    open: Money
    weighted: Money
    won: Money
    cells: tuple[Cell, ...]
    potential: Money
    standard: Standard
    drawn: date

    def to_json(self) -> dict[str, Any]:
        """As it is printed with --json, and drawn in the page."""
        return {
            "account": _account(self.account),
            "opportunity": self.opportunity and _opportunity(self.graph, self.opportunity),
            "source": self.graph.source,
            "drawn": self.drawn.isoformat(),
            "strategic": self.strategic,
            "warnings": list(self.warnings),
            "health": self.health.to_json(),
            "members": [self._member(m) for m in self.committee.members],
            "lines": [
                {"from": ln.start, "to": ln.end, "kind": ln.kind} for ln in self.committee.lines
            ],
            "units": [_account(unit) for unit in self.units],
            "opportunities": [_opportunity(self.graph, o) for o in self.opportunities],
            "pipeline": {
                "open": self.open.to_json(),
                "weighted": self.weighted.to_json(),
                "won": self.won.to_json(),
            },
            "whitespace": [cell.to_json() for cell in self.cells],
            "potential": self.potential.to_json(),
        }

    def _member(self, member: Member) -> dict[str, Any]:
        age = max(0, (self.drawn - member.date).days) if member.date else None
        return {
            "person": member.person,
            "records": [list(i) for i in self.graph.entries[member.person].ids],
            "name": member.name,
            "title": member.title,
            "department": member.department,
            "email": member.email,
            "roles": list(member.role_names),
            "words": [held.to_json() for held in member.roles],
            "support": member.support,
            "coverage": member.coverage,
            "influence": member.influence,
            "reports_to": member.reports_to,
            "approach": member.approach,
            "tags": list(member.tags),
            "opportunities": list(member.opportunities),
            "date": member.date and member.date.isoformat(),
            "age": age,
            "stale": member.person in self.health.stale,
            "confidence": member.confidence,
            "covered": not member.left and is_covered(member, self.standard),
            "left": member.left,
            "elsewhere": member.elsewhere,
            "sources": list(member.sources),
        }


def _account(account: Entry) -> dict[str, Any]:
    values = account.values
    address = values.get("billing_address") or {}
    return {
        "key": account.key,
        "records": [list(i) for i in account.ids],
        "name": account.name,
        "type": values.get("account_type"),
        "industry": values.get("industry"),
        "country": address.get("country"),
        "employees": values.get("employees"),
        "domain": values.get("domain"),
        "owner": values.get("owner"),
        "parent": values.get("parent"),
    }


def _opportunity(graph: Graph, opportunity: Entry) -> dict[str, Any]:
    values = opportunity.values
    at = graph.entries.get(str(values.get("account")))
    state = "won" if is_won(opportunity) else "open" if is_open(opportunity) else "lost"
    return {
        "key": opportunity.key,
        "records": [list(i) for i in opportunity.ids],
        "name": opportunity.name,
        "account": at.name if at else None,
        "stage": values.get("stage"),
        "state": state,
        "close_date": values.get("close_date"),
        "amount": worth(opportunity).to_json(),
        "weighted": worth(opportunity, weighted=True).to_json(),
        "probability": values.get("probability"),
        "owner": values.get("owner"),
        "people": len({part.person for part in opportunity.parts}),
    }


def drawn(
    sources: Sources, account: Entry, frame: Frame, *, opportunity: Entry | None = None
) -> AccountMap:
    """Draw the map of an account and everything below it."""
    graph = sources.graph
    units = graph.units(account.key)
    found = [o for unit in units for o in graph.opportunities(unit.key)]
    only = [opportunity] if opportunity else found
    running = [o for o in only if is_open(o)]
    committee = assembled(
        sources, account.key, opportunity=opportunity.key if opportunity else None
    )
    health = judged(committee, frame.standard, frame.today)
    cells = grid(graph, units, frame.products, frame.stated)
    return AccountMap(
        graph=graph,
        account=account,
        units=tuple(units),
        opportunity=opportunity,
        committee=committee,
        health=health,
        warnings=tuple(warnings(committee, health)),
        strategic=frame.strategic(account),
        opportunities=tuple(sorted(found, key=_by_state)),
        open=total(running),
        weighted=total(running, weighted=True),
        won=total(o for o in only if is_won(o)),
        cells=tuple(cells),
        potential=potential(cells),
        standard=frame.standard,
        drawn=frame.today,
    )


def _by_state(opportunity: Entry) -> tuple[bool, str, str]:
    closes = str(opportunity.values.get("close_date") or "")
    return (not is_open(opportunity), closes, opportunity.key)
