"""Whitespace: what each unit of an account owns, is being sold, or might still buy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mapping.accounts.graph import NOTHING, Entry, Graph, Money, is_open, is_won, total

STATUSES = ("owned", "pipeline", "gap", "not_eligible")
"""Of a product at a unit: bought; in an open opportunity; neither, though it would fit; it does
not fit."""

Test = Callable[[Entry], bool]


@dataclass(frozen=True, slots=True)
class Product:
    """Something that is sold. `sold_by`: whether an opportunity is about it; `fits`: whether an
    account can use it at all; `worth`: what a gap is worth at an account, in `currency`."""

    name: str
    sold_by: Test
    fits: Test = lambda _account: True
    worth: Decimal | None = None
    per_employee: Decimal | None = None
    currency: str = ""

    def potential(self, account: Entry) -> Money:
        """What it would bring at an account: the flat worth and the one by head."""
        amount = self.worth or Decimal(0)
        heads = account.values.get("employees")
        if self.per_employee is not None and heads is not None:
            amount += self.per_employee * Decimal(str(heads))
        return NOTHING.plus(self.currency, amount) if amount else NOTHING


@dataclass(frozen=True, slots=True)
class Cell:
    """One product at one unit, why it is so, and what it is worth: won, open, or still to win."""

    account: str
    product: str
    status: str
    value: Money = NOTHING
    why: str = ""
    competitor: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is printed with --json."""
        return {
            "account": self.account,
            "product": self.product,
            "status": self.status,
            "value": self.value.to_json(),
            "why": self.why,
            "competitor": self.competitor,
        }


def grid(
    graph: Graph,
    units: Iterable[Entry],
    products: Sequence[Product],
    stated: Mapping[tuple[str, str], Cell] | None = None,
) -> list[Cell]:
    """A cell for each unit and product, units first. `stated`: cells that people have said, by
    (unit, product); they win over the rules."""
    said = stated or {}
    return [
        said.get((unit.key, product.name)) or _cell(graph, unit, product)
        for unit in units
        for product in products
    ]


def _cell(graph: Graph, unit: Entry, product: Product) -> Cell:
    about = [o for o in graph.opportunities(unit.key) if product.sold_by(o)]
    won = [o for o in about if is_won(o)]
    running = [o for o in about if is_open(o)]
    if won:
        return Cell(unit.key, product.name, "owned", total(won), _named("won", won))
    if running:
        return Cell(unit.key, product.name, "pipeline", total(running), _named("open", running))
    if not product.fits(unit):
        return Cell(unit.key, product.name, "not_eligible", why="outside the product's rule")
    lost = _named("lost before", about) if about else "never sold here"
    return Cell(unit.key, product.name, "gap", product.potential(unit), lost)


def _named(word: str, opportunities: Sequence[Entry]) -> str:
    return f"{word}: " + ", ".join(o.name for o in opportunities)


def potential(cells: Iterable[Cell]) -> Money:
    """What all gaps are worth together."""
    found = NOTHING
    for cell in cells:
        if cell.status == "gap":
            found = found.and_(cell.value)
    return found
