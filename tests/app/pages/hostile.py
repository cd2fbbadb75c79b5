"""Account maps, territories and partner maps with names that would break a careless page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mapping.accounts.account_map import AccountMap, Frame, drawn
from mapping.accounts.committee import Line, Membership, Notes, Sources
from mapping.accounts.graph import Entry, Graph, Part, bound
from mapping.accounts.partner_map import (
    Cell,
    Credit,
    Doubt,
    Mutual,
    Opening,
    PartnerMap,
    Party,
    Side,
)
from mapping.accounts.roles import PLAIN, read_all
from mapping.accounts.territory import Plot, Rules, plots
from mapping.accounts.whitespace import Product

NAMES = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"'><svg onload=alert(3)>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\u202c",
    "الواحة للنقل ش.ذ.م.م",
    "N" * 300,
    "株式会社 \U0001f9ff \u2028\u2029 end",
    "Plain Ltd",
)
AT = datetime(2026, 6, 1, tzinfo=UTC)
TODAY = AT.date()


def graph() -> Graph:
    """An account with nine people and units of such names."""
    entries = [_account("a", NAMES[0])]
    entries += [_account(f"u{i}", name, parent="a") for i, name in enumerate(NAMES[1:4])]
    entries += [_account(f"o{i}", name) for i, name in enumerate(NAMES)]
    parts = []
    for i, name in enumerate(NAMES):
        values = {"first_name": None, "last_name": name, "account": "a", "title": name,
                  "email": f"p{i}@a.example", "tags": [name]}  # fmt: skip
        entries.append(Entry(f"p{i}", "person", values, (("crm", "Contact", f"P{i}"),), AT))
        role = ("Decision Maker", "Evaluator", name)[i % 3]
        parts.append(Part(f"p{i}", "crm", "salesforce", role))
    money = {"amount": "1234567", "currency": "EUR"}
    deal = {"name": NAMES[1], "account": "a", "amount": money, "stage": "proposal",
            "probability": "50"}  # fmt: skip
    entries.append(Entry("d", "opportunity", deal, (), AT, tuple(parts)))
    return bound(entries, NAMES[0])


def _account(key: str, name: str, **more: Any) -> Entry:
    values = {"name": name, "industry": name[:40], "billing_address": {"country": "DE"}, **more}
    return Entry(key, "account", values, (), AT)


def account_map() -> AccountMap:
    """The map of that account; p0 stands above p1 and p2, p1 above p3; p4 is alone."""
    support = ("mentor", "supporter", "neutral", "non_supporter", "enemy")
    coverage = ("in_depth", "multiple", "brief", "no_contact", "unknown")
    above = {1: "p0", 2: "p0", 3: "p1"}
    memberships = tuple(
        Membership("a", f"p{i}", roles=read_all(PLAIN, ["champion"] if i == 0 else []),
                   support=support[i], coverage=coverage[i], influence="high",
                   reports_to=above.get(i), approach=NAMES[i], source=NAMES[i], date=TODAY,
                   confidence=0.5, left=i == 4)
        for i in range(5)
    )  # fmt: skip
    lines = (Line("p3", "p0", "influences"), Line("p2", "p1", "conflicts"),
             Line("p4", "p0", "informal"))  # fmt: skip
    products = (Product(NAMES[0], lambda _: True), Product(NAMES[6], lambda _: False))
    found = graph()
    sources = Sources(found, Notes(memberships, lines))
    return drawn(sources, found.entries["a"], Frame(TODAY, products=products))


def territories() -> list[Plot]:
    """All those accounts on a territory map."""
    return plots(graph(), Rules({NAMES[0]: ["DE"]}, (), lambda a: a.key == "a"))


def partner_map() -> PartnerMap:
    """Two parties with populations and accounts of such names."""
    ours, theirs = ("customers", NAMES[0]), ("prospects", NAMES[6], NAMES[5])
    mutual = tuple(
        Mutual(f"M{i}", name, (Side(f"a{i}", name, None, name, (ours[i % 2],)),),
               (Side(f"b{i}", name, None, name, (theirs[i % 3],)),), "name", 0.97, (name,))
        for i, name in enumerate(NAMES)
    )  # fmt: skip
    cells = tuple(
        Cell(o, t, 2 * len(m), len(m), len(m), tuple(x.id for x in m))
        for o in ours
        for t in theirs
        for m in [[x for x in mutual if o in x.ours[0].status and t in x.theirs[0].status]]
    )
    side = mutual[0].ours[0]
    return PartnerMap(
        NAMES[1], "2026-06-01", Party(NAMES[0], NAMES[0], 20, 18, {}),
        Party(NAMES[6], "list.csv", 9, 9, {}), cells, mutual,
        (Opening("both sell", "M0", NAMES[0], (NAMES[0],), (NAMES[2],), None, NAMES[1]),),
        (side,), (Doubt(side, side, 0.7, (NAMES[0],)),),
        (Credit("o", NAMES[0], NAMES[1], "sourced", "1", (NAMES[2],), "10", "EUR", "won", None,
                None, (NAMES[3],)),),
        (), (NAMES[0],),
    )  # fmt: skip
