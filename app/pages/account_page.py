"""The page of an account map: committee chart, people, opportunities, whitespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.pages.chart import laid_out
from app.pages.render import render
from mapping.accounts.roles import ROLES
from mapping.accounts.words import COVERAGE, INFLUENCE, LINES, SUPPORT, spoken

Data = Mapping[str, Any]
_DOTS = 4
_LETTER, _EDGE, _WIDEST = 7.0, 22, 154


def account_page(data: Data) -> str:
    """The page of an account map's JSON."""
    members = data["members"]
    chart = laid_out(members, data["lines"])
    place_of = {m["person"]: place for place, m in enumerate(members)}
    names = {m["person"]: m["name"] for m in members}
    nodes = [
        _node(members[place_of[s.person]], place_of[s.person], s.x, s.y, names) for s in chart.spots
    ]
    products, grid = _whitespace(data)
    opportunity = data["opportunity"]
    title = data["account"]["name"]
    return render(
        "account.html",
        ("listing.js", "account.js"),
        _embedded(data),
        brand="Tieline · Account map" + (" · Strategic account" if data["strategic"] else ""),
        title=f"{title} – {opportunity['name']}" if opportunity else title,
        facts=_facts(data["account"]),
        tiles=_tiles(data),
        foot=f"Source: {data['source']}. Drawn on {data['drawn']}.",
        warnings=data["warnings"],
        chart=chart,
        nodes=nodes,
        kinds=[_word(k) for k in LINES if any(ln["kind"] == k for ln in data["lines"])],
        roles=[_word(r) for r in ROLES if any(r in m["roles"] for m in members)],
        supports=[_word(s) for s in (*SUPPORT, "unknown")],
        people=[_person(m, names) for m in members],
        products=products,
        grid=grid,
    )


def _word(word: str) -> dict[str, str]:
    return {"id": word, "name": spoken(word)}


def _embedded(data: Data) -> dict[str, Any]:
    """What the script needs: people, lines and the table of opportunities."""
    rows = [
        [
            o["name"], o["account"], o["state"], (o["stage"] or "").replace("_", " "),
            priced(o["amount"]), priced(o["weighted"]) if o["state"] == "open" else "",
            o["close_date"], o["owner"],
        ]
        for o in data["opportunities"]
    ]  # fmt: skip
    heads = ("Opportunity", "Account", "State", "Stage", "Amount", "Weighted", "Closes", "Owner")
    kinds = ("name", "name", "", "", "number", "number", "date", "")
    columns = [{"name": h, "kind": k} for h, k in zip(heads, kinds, strict=True)]
    words = (*ROLES, *SUPPORT, *COVERAGE, *INFLUENCE, *LINES)
    return {
        "members": data["members"],
        "lines": data["lines"],
        "words": {word: spoken(word) for word in words},
        "deals": {"columns": columns, "rows": rows},
    }


def _facts(account: Data) -> str:
    heads = account["employees"]
    found = (
        (account["type"] or "").replace("_", " ").capitalize(),
        (account["industry"] or "").replace("_", " "),
        account["country"],
        f"{heads:,} employees" if heads is not None else None,
        account["domain"],
        f"owner {account['owner']}" if account["owner"] else None,
    )
    return " · ".join(word for word in found if word)


def _tiles(data: Data) -> list[dict[str, Any]]:
    health, pipeline = data["health"], data["pipeline"]
    filled = len(health["required"]) - len(health["missing"])
    covered = len(health["covered"])
    whole = health["completeness"]
    return [
        tile("Committee", f"{whole:.0%}", f"{filled} of {len(health['required'])} roles", whole),
        tile("Covered people", str(covered), f"of {len(data['members'])}"),
        tile("Open pipeline", money(pipeline["open"]) or "0"),
        tile("Weighted", money(pipeline["weighted"]) or "0"),
        tile("Won", money(pipeline["won"]) or "0"),
        *([tile("Potential of gaps", money(data["potential"]))] if data["potential"] else []),
    ]


def tile(name: str, value: str, note: str = "", share: float | None = None) -> dict[str, Any]:
    """One figure at the top of a page."""
    return {"name": name, "value": value, "note": note, "share": share}


def money(amounts: Mapping[str, str]) -> str:
    """Sums by currency in whole units."""
    return " + ".join(f"{float(amount):,.0f} {currency}" for currency, amount in amounts.items())


def priced(amounts: Mapping[str, str]) -> tuple[str, float]:
    """Sums as a list shows them, and the number that it sorts them by."""
    return money(amounts), sum(float(amount) for amount in amounts.values())


def _node(member: Data, place: int, x: int, y: int, names: Mapping[str, str]) -> dict[str, Any]:
    role = spoken(member["roles"][0]) if member["roles"] else ""
    if len(member["roles"]) > 1:
        role += f" +{len(member['roles']) - 1}"
    level = COVERAGE.index(member["coverage"] or "unknown")
    return {
        "x": x,
        "y": y,
        "place": place,
        "name": member["name"],
        "title": member["title"] or member["department"],
        "support": member["support"],
        "influence": member["influence"],
        "left": member["left"],
        "role": role,
        "pill": min(_WIDEST, round(len(role) * _LETTER) + _EDGE),
        "dots": [level > dot for dot in range(_DOTS)],
        "label": _label(member, names),
    }


def _label(member: Data, names: Mapping[str, str]) -> str:
    """What a screen reader says of a card."""
    said = (
        ("", member["title"]),
        ("roles ", ", ".join(map(spoken, member["roles"]))),
        ("support ", spoken(member["support"] or "")),
        ("coverage ", spoken(member["coverage"] or "")),
        ("influence ", spoken(member["influence"] or "")),
        ("reports to ", names.get(member["reports_to"] or "", "")),
        ("", "has left" if member["left"] else ""),
    )
    return "; ".join([member["name"], *(f"{head}{word}" for head, word in said if word)])


def _person(member: Data, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": member["name"],
        "title": member["title"],
        "roles": [spoken(role) for role in member["roles"]],
        "support": member["support"],
        "support_name": spoken(member["support"] or ""),
        "coverage": spoken(member["coverage"] or ""),
        "influence": spoken(member["influence"] or ""),
        "reports_to": names.get(member["reports_to"] or "", ""),
        "approach": member["approach"] or "",
        "left": member["left"],
        "remarks": remarks(member),
    }


def remarks(member: Data) -> str:
    """What is odd about a person: gone, elsewhere, known for too long."""
    found = ["has left"] if member["left"] else []
    found += [f"belongs to {member['elsewhere']}"] if member["elsewhere"] else []
    if member["stale"]:
        found.append(f"{member['age']} days old" if member["age"] is not None else "no date")
    return ", ".join(found)


def _whitespace(data: Data) -> tuple[list[str], list[dict[str, Any]]]:
    cells: Sequence[Data] = data["whitespace"]
    products = list(dict.fromkeys(cell["product"] for cell in cells))
    known = {(cell["account"], cell["product"]): cell for cell in cells}
    rows = [
        {
            "name": unit["name"],
            "cells": [_cell(known[unit["key"], product]) for product in products],
        }
        for unit in data["units"]
    ]
    return products, rows


def _cell(cell: Data) -> dict[str, str]:
    why = f"{cell['competitor']} is there" if cell["competitor"] else cell["why"]
    return {
        "status": cell["status"],
        "text": spoken(cell["status"]),
        "value": money(cell["value"]),
        "why": why,
    }
