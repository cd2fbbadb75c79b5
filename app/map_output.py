"""Account maps and territories as files: page, CSV, workbook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.session import Session
from mapping.accounts.account_map import AccountMap
from mapping.accounts.graph import Graph
from mapping.accounts.partner_map import PartnerMap
from mapping.accounts.territory import Plot, areas
from mapping.tables.write import Sheet, write_csv, write_text, write_xlsx


def account(
    session: Session, found: AccountMap, *, html: Path | None, csv: Path | None, xlsx: Path | None
) -> None:
    """Write what was asked for. The CSV has the committee. Raises SettingsError."""
    if html is not None:
        from app.pages.account_page import account_page

        write_text(html, account_page(found.to_json()))
    sheets = account_sheets(found.to_json()) if csv or xlsx else []
    _tables(session, sheets, html, csv, xlsx)


def territory(
    session: Session,
    graph: Graph,
    found: Sequence[Plot],
    *,
    html: Path | None,
    csv: Path | None,
    xlsx: Path | None,
) -> None:
    """Write what was asked for. The CSV has the accounts. Raises SettingsError."""
    if html is not None:
        from app.pages.territory_page import territory_page

        write_text(html, territory_page(found, graph.source, session.clock.now().date()))
    sheets = territory_sheets(found) if csv or xlsx else []
    _tables(session, sheets, html, csv, xlsx)


def partner(session: Session, found: PartnerMap, html: Path | None) -> None:
    """Write the page of a partner map, where it was asked for. Raises SettingsError."""
    if html is not None:
        from app.pages.partner_page import partner_page

        write_text(html, partner_page(found.as_json()))
        session.say(f"written: {html}")


def _tables(
    session: Session,
    sheets: Sequence[Sheet],
    html: Path | None,
    csv: Path | None,
    xlsx: Path | None,
) -> None:
    if csv is not None:
        write_csv(csv, sheets[0].head, sheets[0].rows)
    if xlsx is not None:
        write_xlsx(xlsx, sheets)
    for path in (html, csv, xlsx):
        if path is not None:
            session.say(f"written: {path}")


def account_sheets(data: dict[str, Any]) -> list[Sheet]:
    """The tables of an account map's JSON: committee, lines, opportunities, whitespace."""
    names = {m["person"]: m["name"] for m in data["members"]}
    units = {unit["key"]: unit["name"] for unit in data["units"]}
    return [
        Sheet("Committee", _COMMITTEE, [_member(m, names) for m in data["members"]]),
        Sheet(
            "Lines",
            ("From", "Kind", "To"),
            [(names[ln["from"]], ln["kind"], names[ln["to"]]) for ln in data["lines"]],
        ),
        Sheet("Opportunities", _OPPORTUNITIES, [_deal(o) for o in data["opportunities"]]),
        Sheet(
            "Whitespace",
            ("Account", "Product", "Status", "Value", "Why", "Competitor"),
            [
                (units[c["account"]], c["product"], c["status"], amounts(c["value"]), c["why"],
                 c["competitor"])
                for c in data["whitespace"]
            ],
        ),
    ]  # fmt: skip


_COMMITTEE = (
    "Person", "Name", "Title", "Email", "Roles", "Support", "Coverage", "Influence", "Reports to",
    "Approach", "Tags", "Left", "Elsewhere", "Date", "Source", "Confidence",
)  # fmt: skip
_OPPORTUNITIES = (
    "Name", "Account", "State", "Stage", "Amount", "Weighted", "Close date", "Owner",
)  # fmt: skip


def _member(m: dict[str, Any], names: dict[str, str]) -> tuple[Any, ...]:
    return (
        m["person"], m["name"], m["title"], m["email"], "; ".join(m["roles"]), m["support"],
        m["coverage"], m["influence"], names.get(m["reports_to"], ""), m["approach"],
        "; ".join(m["tags"]), "yes" if m["left"] else "", m["elsewhere"], m["date"],
        "; ".join(m["sources"]), m["confidence"],
    )  # fmt: skip


def _deal(o: dict[str, Any]) -> tuple[Any, ...]:
    return (
        o["name"], o["account"], o["state"], o["stage"], amounts(o["amount"]),
        amounts(o["weighted"]), o["close_date"], o["owner"],
    )  # fmt: skip


def territory_sheets(found: Sequence[Plot]) -> list[Sheet]:
    """The tables of a territory map: accounts, then regions and industries."""
    head = (
        "Account", "Name", "Region", "Industry", "Country", "Customer", "Strategic", "Owner",
        "Open", "Weighted", "Won", "Potential", "Gaps",
    )  # fmt: skip
    rows = [
        (
            p.account, p.name, p.region, p.industry, p.country, "yes" if p.customer else "",
            "yes" if p.strategic else "", p.owner, *_sums(p), p.gaps,
        )
        for p in found
    ]  # fmt: skip
    sums = [
        (a.region, a.industry, a.accounts, a.customers, a.strategic, *_sums(a))
        for a in areas(found)
    ]
    titles = ("Region", "Industry", "Accounts", "Customers", "Strategic", "Open", "Weighted",
              "Won", "Potential")  # fmt: skip
    return [Sheet("Accounts", head, rows), Sheet("Territories", titles, sums)]


def _sums(p: Any) -> list[str]:
    return [amounts(m.to_json()) for m in (p.open, p.weighted, p.won, p.potential)]


def amounts(found: dict[str, str]) -> str:
    """Sums by currency in one cell."""
    return "; ".join(f"{amount} {currency}" for currency, amount in found.items())
