"""The page of a comparison with a partner: overlap matrix, mutual accounts, openings, leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.pages.account_page import money, tile
from app.pages.matrix_page import MOST_ROWS, columns, levels, matrix_page

Data = Mapping[str, Any]
_METRICS = ("real companies", "our records", "their records")
_COUNTS = ("entity_count", "our_count", "their_count")


def partner_page(data: Data) -> str:
    """The page of a partner map's JSON (`PartnerMap.as_json`)."""
    ours, theirs = data["ours"], data["theirs"]
    shown = data["mutual"][:MOST_ROWS]
    place_of = {mutual["id"]: place for place, mutual in enumerate(shown)}
    return matrix_page(
        matrix={
            "title": "Overlap",
            "hint": f"Rows: populations of {ours['name']}; columns: of {theirs['name']}.",
            "row_title": f"populations of {ours['name']}",
            "column_title": f"populations of {theirs['name']}",
            "corner": f"{ours['name']} ↓  {theirs['name']} →",
            "rows": [_spaced(name) for name in _populations(data, "ours")],
            "columns": [_spaced(name) for name in _populations(data, "theirs")],
            "metrics": _METRICS,
            "cells": _cells(data, place_of),
            "notes": ["counts of real companies are the same for both parties"],
        },
        listing={
            "title": "Mutual accounts of a cell",
            "hint": "Choose a cell.",
            "columns": _MUTUAL,
            "rows": [_mutual(mutual) for mutual in shown],
        },
        sections=[section for section in _sections(data) if section["rows"]],
        brand="Tieline · Partner map",
        title=f"{ours['name']} and {data['partner']}",
        facts=f"Ours: {ours['source']} · Theirs: {theirs['source']}",
        tiles=_tiles(data),
        foot=_foot(data),
    )


_MUTUAL = columns(
    ("Account", "name"), ("Our records", "name"), ("Our status", ""), ("Our owner", ""),
    ("Their records", "name"), ("Their status", ""), ("Their owner", ""), ("Found by", ""),
    ("Why", "name"),
)  # fmt: skip


def _spaced(population: str) -> str:
    return population.replace("_", " ")


def _populations(data: Data, party: str) -> list[str]:
    """The populations of one party that are in the matrix, in its order."""
    return list(dict.fromkeys(cell[party] for cell in data["matrix"]))


def _cells(data: Data, place_of: Mapping[str, int]) -> list[list[dict[str, Any]]]:
    cells: Sequence[Data] = data["matrix"]
    shades = [levels([cell[count] for cell in cells]) for count in _COUNTS]
    made = {
        (cell["ours"], cell["theirs"]): {
            "rows": [place_of[m] for m in cell["mutual"] if m in place_of],
            "note": _note(cell),
            "shown": [
                {"text": f"{cell[count]:,}" if cell[count] else "–", "level": shade[number]}
                for count, shade in zip(_COUNTS, shades, strict=True)
            ],
        }
        for number, cell in enumerate(cells)
    }
    nothing = {"rows": [], "note": "", "shown": [{"text": "–", "level": 0} for _ in _COUNTS]}
    return [
        [made.get((row, column), nothing) for column in _populations(data, "theirs")]
        for row in _populations(data, "ours")
    ]


def _note(cell: Data) -> str:
    return (
        f"{cell['entity_count']:,} real companies: {cell['our_count']:,} records of ours,"
        f" {cell['their_count']:,} of theirs"
    )


def _mutual(mutual: Data) -> list[Any]:
    return [
        mutual["name"] + (" (private)" if mutual["private"] else ""),
        "; ".join(side["name"] for side in mutual["ours"]),
        _words(mutual["ours"], "status"),
        _owners(mutual["ours"]),
        "; ".join(side["name"] for side in mutual["theirs"]),
        _words(mutual["theirs"], "status"),
        _owners(mutual["theirs"]),
        f"{mutual['method']} ({mutual['score']:.0%})",
        "; ".join(mutual["evidence"]),
    ]


def _words(sides: Sequence[Data], key: str) -> str:
    return _listed(dict.fromkeys(word for side in sides for word in side[key]))


def _listed(populations: Iterable[str]) -> str:
    return ", ".join(_spaced(name) for name in populations)


def _owners(sides: Sequence[Data]) -> str:
    return ", ".join(dict.fromkeys(side["owner"] for side in sides if side["owner"]))


def _sections(data: Data) -> list[dict[str, Any]]:
    ours, theirs = data["ours"]["name"], data["theirs"]["name"]
    return [
        {
            "title": "Openings",
            "hint": "Where one party is in already, and the other one wants to be.",
            "columns": columns(
                ("Account", "name"), ("Opening", ""), (f"{ours} has it as", ""), ("Our owner", ""),
                (f"{theirs} has it as", ""), ("Their owner", ""),
            ),
            "rows": [
                [
                    o["name"], o["kind"], _listed(o["our_status"]), o["our_owner"],
                    _listed(o["their_status"]), o["their_owner"],
                ]
                for o in data["openings"][:MOST_ROWS]
            ],
        },
        {
            "title": f"New leads from {theirs}",
            "hint": "Accounts of their list that are not among ours.",
            "columns": columns(
                ("Account", "name"), ("Website", ""), ("Country", ""), ("Status", ""), ("Owner", "")
            ),
            "rows": [
                [s["name"], s["website"], s["country"], _listed(s["status"]), s["owner"]]
                for s in data["leads"][:MOST_ROWS]
            ],
        },
        _credits(data),
        {
            "title": "Perhaps the same",
            "hint": "Questions to a person; they are counted nowhere.",
            "columns": columns(
                ("Ours", "name"), ("Theirs", "name"), ("Score", "number"), ("Evidence", "name")
            ),
            "rows": [
                [
                    d["ours"]["name"], d["theirs"]["name"], round(d["score"], 3),
                    "; ".join(d["evidence"]),
                ]
                for d in data["doubts"][:MOST_ROWS]
            ],
        },
    ]  # fmt: skip


def _credits(data: Data) -> dict[str, Any]:
    """What the partner has to do with our opportunities."""
    return {
        "title": "Attribution",
        "hint": "Amounts stay in the currency of the deal; nothing is converted.",
        "columns": columns(
            ("Opportunity", "name"), ("Account", "name"), ("Credit", ""), ("Share", ""),
            ("State", ""), ("Amount", "number"), ("Opened", "date"), ("Overlap known", "date"),
            ("Evidence", "name"),
        ),
        "rows": [
            [
                c["name"], c["account"], c["kind"], c["share"], c["state"], _amount(c),
                c["opened"], c["known_since"], "; ".join(c["evidence"]),
            ]
            for c in data["credits"][:MOST_ROWS]
            if c["kind"] != "none"
        ],
    }  # fmt: skip


def _amount(credit: Data) -> Any:
    if credit["amount"] is None:
        return None
    return money({str(credit["currency"]): credit["amount"]}), float(credit["amount"])


def _tiles(data: Data) -> list[dict[str, Any]]:
    ours, theirs = data["ours"], data["theirs"]
    both = len(data["mutual"])
    share = both / ours["entities"] if ours["entities"] else 0
    return [
        tile("Mutual accounts", f"{both:,}", f"{share:.0%} of ours"),
        tile("Openings", f"{len(data['openings']):,}"),
        tile("New leads", f"{len(data['leads']):,}"),
        tile("Questions", f"{len(data['doubts']):,}"),
        *(
            tile(p["name"], f"{p['entities']:,}", f"companies in {p['records']:,} records")
            for p in (ours, theirs)
        ),
    ]  # fmt: skip


def _foot(data: Data) -> str:
    cut = max(len(data[part]) for part in ("mutual", "openings", "leads", "doubts"))
    made = data["made"][:16].replace("T", " at ")
    said = [
        f"Made on {made} UTC for {data['ours']['name']} alone: it shows private accounts and what"
        " is granted to nobody. What the partner may be told is what --report-for-partner writes.",
        *(f"{note}." for note in data["notes"]),
    ]
    if cut > MOST_ROWS:
        said.append(f"Lists show their first {MOST_ROWS:,} rows; CSV and XLSX have all.")
    return " ".join(said)
