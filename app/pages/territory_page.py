"""The page of the territories: a heat map of regions and industries, and who is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from app.pages.account_page import money, priced, tile
from app.pages.matrix_page import MOST_ROWS, columns, levels, matrix_page
from mapping.accounts.graph import NOTHING, Money
from mapping.accounts.territory import ELSEWHERE, UNKNOWN, Plot

LAST = (ELSEWHERE, UNKNOWN)

Measure = tuple[str, Callable[[Sequence[Plot]], float]]


def territory_page(found: Sequence[Plot], source: str, today: date) -> str:
    """The page of all plots."""
    regions = _by_number(p.region for p in found)
    industries = _by_number(p.industry for p in found)
    inside: dict[tuple[str, str], list[int]] = {}
    for place, plot in enumerate(found):
        inside.setdefault((plot.region, plot.industry), []).append(place)
    listed = found[:MOST_ROWS]
    measures = _measures(found)
    customers = sum(p.customer for p in found)
    return matrix_page(
        matrix={
            "title": "Territories",
            "hint": "Accounts by industry and region; the darker, the more.",
            "row_title": "industries",
            "column_title": "regions",
            "corner": "Industry",
            "rows": [_plain(i) for i in industries],
            "columns": regions,
            "metrics": [name for name, _ in measures],
            "cells": _cells(found, regions, industries, inside, measures),
            "notes": [],
        },
        listing={
            "title": "Accounts of a territory",
            "hint": "Choose a cell.",
            "columns": columns(
                ("Account", "name"), ("Customer", ""), ("Strategic", ""), ("Owner", ""),
                ("Open", "number"), ("Weighted", "number"), ("Potential", "number"),
            ),
            "rows": [_row(p) for p in listed],
        },
        sections=_strategic(found),
        brand="Tieline · Territories",
        title="Territories",
        facts=f"{len(regions)} regions · {len(industries)} industries",
        tiles=[
            tile("Accounts", f"{len(found):,}"),
            tile("Customers", f"{customers:,}"),
            tile("Open pipeline", _total(found, lambda p: p.open)),
            tile("Weighted", _total(found, lambda p: p.weighted)),
            tile("Potential", _total(found, lambda p: p.potential)),
        ],
        foot=_foot(found, source, today),
    )  # fmt: skip


def _foot(found: Sequence[Plot], source: str, today: date) -> str:
    said = f"Source: {source}. Drawn on {today.isoformat()}. Amounts stay in the currency of the"
    said += " deal; nothing is converted."
    if len(found) > MOST_ROWS:
        said += f" Lists show the first {MOST_ROWS:,} accounts; CSV and XLSX have all."
    return said


def _by_number(words: Iterable[str]) -> list[str]:
    """The words, the most frequent first; what is not known last."""
    counted = Counter(words)
    return sorted(counted, key=lambda word: (word in LAST, -counted[word], word))


def _plain(industry: str) -> str:
    return industry.replace("_", " ").capitalize()


def _measures(found: Sequence[Plot]) -> list[Measure]:
    """Counts, then amounts, a measure for each currency that there is."""
    measures: list[Measure] = [
        ("accounts", len),
        ("customers", lambda plots: sum(p.customer for p in plots)),
        ("accounts that are no customers", lambda plots: sum(not p.customer for p in plots)),
    ]
    amounts: tuple[tuple[str, Callable[[Plot], Money]], ...] = (
        ("open", lambda p: p.open),
        ("weighted", lambda p: p.weighted),
        ("potential", lambda p: p.potential),
    )
    for word, of in amounts:
        for currency in sorted({c for p in found for c in of(p).amounts}):
            measures.append((f"{currency} {word}", _amount(of, currency)))
    return measures


def _amount(of: Callable[[Plot], Money], currency: str) -> Callable[[Sequence[Plot]], float]:
    return lambda plots: float(sum(of(p).amounts.get(currency, 0) for p in plots))


def _cells(
    found: Sequence[Plot],
    regions: Sequence[str],
    industries: Sequence[str],
    inside: Mapping[tuple[str, str], Sequence[int]],
    measures: Sequence[Measure],
) -> list[list[dict[str, Any]]]:
    places = [(r, i) for r in regions for i in industries]
    shown: dict[tuple[str, str], list[dict[str, Any]]] = {place: [] for place in places}
    for _, measure in measures:
        numbers = [measure([found[n] for n in inside.get(place, ())]) for place in places]
        for place, number, level in zip(places, numbers, levels(numbers), strict=True):
            shown[place].append({"text": brief(number), "level": level})
    return [
        [
            {
                "rows": [n for n in inside.get((r, i), ()) if n < MOST_ROWS],
                "shown": shown[r, i],
            }
            for r in regions
        ]
        for i in industries
    ]


def brief(number: float) -> str:
    """A number in the space of a cell: 1.2 M, 340 k, 12; a dash for nothing."""
    if number <= 0:
        return "–"
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            short = number / size
            return f"{short:.1f}{unit}" if short < 10 else f"{short:.0f}{unit}"
    return f"{number:.0f}"


def _priced(*found: Money) -> list[tuple[str, float]]:
    return [priced(money.to_json()) for money in found]


def _row(plot: Plot) -> list[Any]:
    return [
        plot.name,
        "yes" if plot.customer else "",
        "yes" if plot.strategic else "",
        plot.owner,
        *_priced(plot.open, plot.weighted, plot.potential),
    ]


def _total(found: Sequence[Plot], of: Callable[[Plot], Money]) -> str:
    whole = NOTHING
    for plot in found:
        whole = whole.and_(of(plot))
    return money(whole.to_json()) or "0"


def _strategic(found: Sequence[Plot]) -> list[dict[str, Any]]:
    rows = [
        [
            p.name,
            p.region,
            _plain(p.industry),
            p.owner,
            priced(p.open.to_json()),
            priced(p.potential.to_json()),
        ]
        for p in found
        if p.strategic
    ]
    heads = columns(
        ("Account", "name"), ("Region", ""), ("Industry", ""), ("Owner", ""), ("Open", "number"),
        ("Potential", "number"),
    )  # fmt: skip
    title = "Strategic accounts"
    return [{"title": title, "hint": "", "columns": heads, "rows": rows}] if rows else []
