"""How account maps and territories look on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from app import show
from mapping.accounts.account_map import AccountMap
from mapping.accounts.graph import Graph, Money
from mapping.accounts.territory import Plot, areas
from mapping.accounts.words import spoken

_MARKS = {"owned": "owned", "pipeline": "pipeline", "gap": "gap", "not_eligible": "–"}


def account(out: Console, found: AccountMap) -> None:
    """Everything about one account: facts, alarms, committee, pipeline, whitespace."""
    data = found.to_json()
    kind = ", ".join(str(w) for w in (data["account"]["type"], data["account"]["industry"]) if w)
    title = found.account.name + (f" ({kind})" if kind else "")
    show.line(out, title + (", strategic" if found.strategic else ""), "bold")
    if found.opportunity is not None:
        show.line(out, f"Opportunity: {found.opportunity.name}")
    show.line(out, f"Source: {found.graph.source}")
    percent = round(found.health.completeness * 100)
    roles = f"{len(found.health.filled)} of {len(found.health.required)} required roles"
    show.line(out, f"Committee: {len(found.committee.members)} people, {percent} % ({roles})")
    for warning in found.warnings:
        show.line(out, f"! {warning}", "yellow")
    show.line(out)
    _committee(out, data)
    _pipeline(out, found, data)
    _whitespace(out, data)


def _committee(out: Console, data: dict[str, Any]) -> None:
    names = {m["person"]: m["name"] for m in data["members"]}
    rows = [
        (
            m["name"], m["title"], ", ".join(map(spoken, m["roles"])), spoken(m["support"] or ""),
            spoken(m["coverage"] or ""), spoken(m["influence"] or ""),
            names.get(m["reports_to"], ""), _remarks(m),
        )
        for m in data["members"]
    ]  # fmt: skip
    head = ("person", "title", "roles", "support", "coverage", "influence", "reports to", "remarks")
    show.table(out, head, rows, caption="Buying committee")
    show.line(out)


def _remarks(member: dict[str, Any]) -> str:
    found = ["left"] if member["left"] else []
    found += [f"now at {member['elsewhere']}"] if member["elsewhere"] else []
    if member["stale"]:
        found.append(f"{member['age']} days old" if member["age"] is not None else "no date")
    return ", ".join(found)


def _pipeline(out: Console, found: AccountMap, data: dict[str, Any]) -> None:
    rows = [
        (
            o["name"], o["account"] or "", o["state"], o["stage"] or "", _money(o["amount"]),
            _money(o["weighted"]) if o["state"] == "open" else "", o["close_date"] or "",
        )
        for o in data["opportunities"]
    ]  # fmt: skip
    head = ("opportunity", "account", "state", "stage", "amount", "weighted", "closes")
    show.table(out, head, rows, caption="Opportunities")
    show.line(
        out,
        f"Open {money(found.open)}, weighted {money(found.weighted)}, won {money(found.won)}",
    )
    show.line(out)


def _whitespace(out: Console, data: dict[str, Any]) -> None:
    cells = data["whitespace"]
    if not cells:
        return
    products = list(dict.fromkeys(cell["product"] for cell in cells))
    by_place = {(c["account"], c["product"]): c for c in cells}
    rows = [
        (unit["name"], *(_MARKS[by_place[unit["key"], product]["status"]] for product in products))
        for unit in data["units"]
    ]
    potential = _money(data["potential"])
    show.table(out, ("account", *products), rows, caption="Whitespace")
    if potential:
        show.line(out, f"Potential of the gaps: {potential}")


def territory(out: Console, found: Sequence[Plot]) -> None:
    """Regions and industries with their sums, then the strategic accounts."""
    rows = [
        (
            a.region, a.industry, a.accounts, a.customers, money(a.open), money(a.weighted),
            money(a.potential),
        )
        for a in areas(found)
    ]  # fmt: skip
    head = ("region", "industry", "accounts", "customers", "open", "weighted", "potential")
    show.table(out, head, rows, caption="Territories")
    strategic = [p for p in found if p.strategic]
    if strategic:
        show.line(out)
        listed = [(p.name, p.region, p.industry, p.owner, money(p.open)) for p in strategic]
        titles = ("account", "region", "industry", "owner", "open")
        show.table(out, titles, listed, caption="Strategic accounts")


def territory_json(graph: Graph, found: Sequence[Plot]) -> dict[str, Any]:
    """As it is printed with --json."""
    return {
        "source": graph.source,
        "areas": [area.to_json() for area in areas(found)],
        "accounts": [plot.to_json() for plot in found],
    }


def money(found: Money) -> str:
    """Sums by currency, in whole units."""
    return _money(found.to_json()) or "0"


def _money(found: dict[str, str]) -> str:
    return ", ".join(f"{float(amount):,.0f} {currency}" for currency, amount in found.items())
