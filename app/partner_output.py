"""How a comparison with a partner looks: tables on a terminal, CSV, workbook, reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from app import show
from app.session import Session
from core.errors import SettingsError
from mapping.accounts.partner_map import PartnerMap, Side
from mapping.accounts.sharing import Told
from mapping.tables.write import Sheet, write_csv, write_json, write_xlsx

_MOST = 20
"""Rows of a list on a terminal; files have them all."""


def _companies(number: int) -> str:
    return "1 company" if number == 1 else f"{number:,} companies"


def shown(out: Console, found: PartnerMap, *, everything: bool = False) -> None:
    """Print the map; long lists are cut off unless everything is wanted."""
    most = None if everything else _MOST
    show.line(out, f"{found.ours.name} and {found.partner}", "bold")
    for party in (found.ours, found.theirs):
        records = show.count(party.records, "record")
        show.line(out, f"{party.name}: {records}, {_companies(party.entities)} ({party.source})")
    show.line(out, f"both: {_companies(found.entities)}")
    show.line(out)
    _matrix(out, found)
    for sheet in sheets(found)[1:]:
        rows = list(sheet.rows)
        if rows:
            show.table(out, [h.lower() for h in sheet.head], rows[:most], caption=sheet.title)
            if most is not None and len(rows) > most:
                show.line(out, f"… and {len(rows) - most:,} more (--all, or --xlsx FILE)")
            show.line(out)
    for note in found.notes:
        show.line(out, f"note: {note}")


def _matrix(out: Console, found: PartnerMap) -> None:
    theirs = list(dict.fromkeys(cell.theirs for cell in found.matrix))
    counts = {(cell.ours, cell.theirs): cell.entity_count for cell in found.matrix}
    ours = list(dict.fromkeys(cell.ours for cell in found.matrix))
    rows = [[mine, *(counts[mine, other] for other in theirs)] for mine in ours]
    head = ["ours \\ theirs", *theirs]
    show.table(out, head, rows, caption="Companies that both have")
    show.line(out)


def sheets(found: PartnerMap) -> list[Sheet]:
    """All tables of a map; the first is the list of mutual accounts' matrix."""
    return [
        Sheet("Matrix", _MATRIX, [
            (c.ours, c.theirs, c.entity_count, c.our_count, c.their_count) for c in found.matrix
        ]),
        Sheet("Mutual accounts", _MUTUAL, [
            (m.id, m.name, _all(m.ours, "status"), _all(m.ours, "owner"),
             ", ".join(s.name for s in m.theirs), _all(m.theirs, "status"),
             _all(m.theirs, "owner"), m.known_since or "", m.method, f"{m.score:.3f}",
             "; ".join(m.evidence), "private" if m.private else "", _all(m.ours, "id"),
             _all(m.theirs, "id"))
            for m in found.mutual
        ]),
        Sheet("Openings", _OPENINGS, [
            (o.kind, o.name, ", ".join(o.our_status), o.our_owner or "",
             ", ".join(o.their_status), o.their_owner or "", o.mutual)
            for o in found.openings
        ]),
        Sheet("New leads", _LEADS, [
            (s.name, s.website or "", ", ".join(s.status), s.owner or "", s.country or "", s.where,
             s.id)
            for s in found.leads
        ]),
        Sheet("Questions", _DOUBTS, [
            (d.ours.id, d.theirs.id, "", "", "", d.ours.name, d.theirs.name, f"{d.score:.3f}",
             "; ".join(d.evidence))
            for d in found.doubts
        ]),
        Sheet("Attribution", _CREDITS, [
            (c.kind, c.name, c.account, c.state, c.amount or "", c.currency or "", c.share,
             ", ".join(c.partners), c.opened or "", c.known_since or "", "; ".join(c.evidence),
             c.opportunity)
            for c in found.credits if c.kind != "none"
        ]),
        Sheet("Attribution by currency", _TOTALS, [
            (t.kind, t.state, t.currency, t.number, t.amount, t.weighted) for t in found.totals
        ]),
    ]  # fmt: skip


_MATRIX = ("Ours", "Theirs", "Companies", "Our records", "Their records")
_MUTUAL = (
    "Mutual", "Account", "Our status", "Our owner", "Their account", "Their status", "Their owner",
    "Known since", "Found by", "Score", "Evidence", "Private", "Our ids", "Their ids",
)  # fmt: skip
_OPENINGS = (
    "Opening", "Account", "Our status", "Our owner", "Their status", "Their owner", "Mutual",
)  # fmt: skip
_LEADS = ("Account", "Website", "Their status", "Their owner", "Country", "Where", "Their id")
_DOUBTS = ("Ours", "Theirs", "Answer", "By", "Date", "Our account", "Their account", "Score",
           "Evidence")  # fmt: skip
_CREDITS = (
    "Credit", "Opportunity", "Account", "State", "Amount", "Currency", "Share", "Partners",
    "Opened", "Known since", "Evidence", "Id",
)  # fmt: skip
_TOTALS = ("Credit", "State", "Currency", "Deals", "Amount", "By share")


def _all(sides: Sequence[Side], name: str) -> str:
    values: dict[str, None] = {}
    for side in sides:
        given = getattr(side, name)
        for value in given if isinstance(given, tuple) else (given,):
            if value:
                values[str(value)] = None
    return ", ".join(values)


def files(session: Session, found: PartnerMap, *, csv: Path | None, xlsx: Path | None) -> None:
    """Write what was asked for; the CSV has the mutual accounts. Raises SettingsError."""
    tables = sheets(found)
    if csv is not None:
        write_csv(csv, tables[1].head, tables[1].rows)
    if xlsx is not None:
        write_xlsx(xlsx, tables)
    for path in (csv, xlsx):
        if path is not None:
            session.say(f"written: {path}")


def check_report(path: Path) -> None:
    """Refuse a form that a report cannot have, before anything is decided or logged."""
    if path.suffix.lower() not in (".json", ".csv", ".xlsx"):
        raise SettingsError(
            f"{path}: a report is JSON, CSV or XLSX", remedy="Name a .json, .csv or .xlsx file."
        )
    if not path.parent.is_dir():
        raise SettingsError(
            f"{path} cannot be written: there is no folder {path.parent}",
            remedy="Name a file in a folder that exists, is writable and has space.",
        )


def report(path: Path, decided: Told) -> None:
    """Write what the partner is told, in the form that the file's name says."""
    ending = path.suffix.lower()
    if ending == ".json":
        write_json(path, decided.as_json())
        return
    tables = report_sheets(decided)
    if ending == ".xlsx":
        write_xlsx(path, tables)
        return
    head = ("Part", *tables[0].head, *tables[1].head)
    blank = ("",) * len(tables[0].head)
    rows: list[Sequence[Any]] = [("count", *row) for row in tables[0].rows]
    rows += [("account", *blank, *row) for row in tables[1].rows]
    write_csv(path, head, rows)


def summary(decided: Told) -> str:
    """What a report tells, in a few words, so that an empty one does not go unseen."""
    if not decided.counts and not decided.accounts:
        return "nothing is shared with this partner today, so it is empty"
    known = [c for c in decided.counts if c.count is not None]
    held = len(decided.counts) - len(known)
    counts, accounts = show.count(len(known), "count"), show.count(len(decided.accounts), "account")
    return f"{counts} and {accounts}" + (f"; {held} counts withheld" if held else "")


def report_sheets(decided: Told) -> list[Sheet]:
    """Counts and accounts as they are told."""
    plain = decided.as_json()
    counts = [
        (c["ours"], c["yours"], "withheld" if c["count"] is None else c["count"], c["of"])
        for c in plain["counts"]
    ]
    fields = list(dict.fromkeys(name for a in decided.accounts for name in a.fields))
    accounts = [
        (a.population, "; ".join(a.theirs), "; ".join(a.their_names),
         *(_cell(a.fields.get(name)) for name in fields))
        for a in decided.accounts
    ]  # fmt: skip
    head = ("Our population", "Your ids", "Your names", *(name.capitalize() for name in fields))
    return [
        Sheet("Counts", ("Our list", "Your list", "Companies", "As of"), counts),
        Sheet("Accounts", head, accounts),
    ]


def log(out: Console, entries: Sequence[Mapping[str, Any]]) -> None:
    """Print what partners were told, a line for each report."""
    rows = [
        (
            entry["at"][:19].replace("T", " "), entry["partner"], entry["file"],
            sum(c["count"] is not None for c in entry["counts"]),
            sum(c["how"] == "fresh" for c in entry["counts"]), len(entry["accounts"]),
        )
        for entry in entries
    ]  # fmt: skip
    head = ("when (UTC)", "partner", "file", "counts", "new counts", "accounts named")
    show.table(out, head, rows, caption=show.count(len(rows), "report"))


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return value
