"""Spreadsheets of an account map: committees and whitespace that no CRM holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from config.load import LoadedConfig
from mapping.accounts.committee import Line, Membership, Notes
from mapping.accounts.graph import NOTHING, Entry, Graph
from mapping.accounts.roles import PLAIN, RoleTable, read_all
from mapping.accounts.whitespace import STATUSES, Cell
from mapping.accounts.words import word_of
from mapping.tables.model import Column, Table, table_error
from mapping.tables.read import read_table

Row = Mapping[str, str | None]

COMMITTEE = (
    Column("person", ("Person", "Contact", "Email", "E-mail", "Contact ID"), required=True),
    Column("account", ("Account", "Account ID", "Company")),
    Column("opportunity", ("Opportunity", "Opportunity ID", "Deal")),
    Column("roles", ("Roles", "Role", "Buying role", "Buying roles"), "list"),
    Column("support", ("Support", "Sentiment", "Attitude")),
    Column("coverage", ("Coverage", "Contact level")),
    Column("influence", ("Influence", "Political status", "Level of influence")),
    Column("reports_to", ("Reports to", "Manager", "Superior")),
    Column("approach", ("Approach", "Preferred approach", "Goal")),
    Column("tags", ("Tags", "Labels"), "list"),
    Column("influences", ("Influences",), "list"),
    Column("conflicts", ("Conflicts", "Conflicts with", "Conflict"), "list"),
    Column("informal", ("Informal", "Knows", "Informal line"), "list"),
    Column("source", ("Source", "Said by", "By")),
    Column("date", ("Date", "As of", "Updated"), "date"),
    Column("confidence", ("Confidence",), "percent"),
    Column("left", ("Left", "Has left", "Gone"), "bool"),
)
"""Columns of a committee: one row for each person and account, or person and opportunity."""

WHITESPACE = (
    Column("account", ("Account", "Account ID", "Unit", "Business unit"), required=True),
    Column("product", ("Product", "Offering"), required=True),
    Column("status", ("Status", "State"), required=True),
    Column("value", ("Value", "Worth", "Spend"), "number"),
    Column("currency", ("Currency",), "currency"),
    Column("competitor", ("Competitor", "With")),
    Column("note", ("Note", "Why", "Remark")),
)
"""Columns of stated whitespace: one row for each unit and product."""


def noted(loaded: LoadedConfig, graph: Graph) -> Notes:
    """Memberships and lines of the committee sheet. Raises SettingsError: file, row, key."""
    maps = loaded.config.account_maps
    path = loaded.relative(maps.committee or Path())
    return committee_notes(read_table(path, COMMITTEE), graph)


def committee_notes(table: Table, graph: Graph, words: RoleTable = PLAIN) -> Notes:
    """The notes of a committee sheet that is read already."""
    reader = _Reader(table, graph)
    memberships: list[Membership] = []
    lines: list[Line] = []
    for number, row in table.rows():
        person = reader.one(number, "person", "person", row.get("person"))
        if person is None:
            continue
        memberships.append(_membership(reader, number, row, person, words))
        for kind in ("influences", "conflicts", "informal"):
            for name in _several(row.get(kind)):
                other = reader.one(number, kind, "person", name)
                if other is not None:
                    lines.append(Line(person.key, other.key, kind))
    return Notes(tuple(memberships), tuple(lines))


def _membership(
    reader: _Reader, number: int, row: Row, person: Entry, words: RoleTable
) -> Membership:
    deal = reader.one(number, "opportunity", "opportunity", row.get("opportunity"))
    account = reader.one(number, "account", "account", row.get("account"))
    at = account.key if account else str((deal or person).values.get("account") or "")
    if at not in reader.graph.entries:
        what = f"{person.name} belongs to no account, and the row names none"
        raise reader.error(number, "account", what, "Fill the column Account.")
    where = str(deal.values.get("account") or "") if deal else ""
    if deal and where in reader.graph.entries and reader.graph.top(where) != reader.graph.top(at):
        what = f"{deal.name} is an opportunity of another company"
        raise reader.error(number, "opportunity", what, "Name one of the account, or that account.")
    superior = reader.one(number, "reports_to", "person", row.get("reports_to"))
    confidence = row.get("confidence")
    when = row.get("date")
    left = row.get("left")
    return Membership(
        at,
        person.key,
        opportunity=deal.key if deal else None,
        roles=read_all(words, _several(row.get("roles"))),
        support=reader.word(number, "support", row),
        coverage=reader.word(number, "coverage", row),
        influence=reader.word(number, "influence", row),
        reports_to=superior.key if superior else None,
        approach=row.get("approach"),
        tags=tuple(_several(row.get("tags"))),
        source=row.get("source") or reader.table.path.name,
        date=date.fromisoformat(when) if when else None,
        confidence=reader.share(number, confidence) if confidence else None,
        left=left == "true" if left else None,
    )


def _several(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def stated(loaded: LoadedConfig, graph: Graph) -> dict[tuple[str, str], Cell]:
    """Cells of the whitespace sheet, by (account, product). Raises SettingsError."""
    maps = loaded.config.account_maps
    table = read_table(loaded.relative(maps.whitespace or Path()), WHITESPACE)
    return stated_cells(table, graph, list(maps.products), maps.currency)


def stated_cells(
    table: Table, graph: Graph, products: list[str], currency: str
) -> dict[tuple[str, str], Cell]:
    """The cells of a whitespace sheet that is read already."""
    reader = _Reader(table, graph)
    found: dict[tuple[str, str], Cell] = {}
    for number, row in table.rows():
        account = reader.one(number, "account", "account", row.get("account"))
        product, status = str(row.get("product") or ""), _status(row.get("status"))
        if product not in products:
            what = f"there is no product {product!r} in the configuration"
            raise reader.error(number, "product", what, f"One of: {', '.join(products)}.")
        if status not in STATUSES:
            what = f"{row.get('status')!r} is no status"
            raise reader.error(number, "status", what, f"One of: {', '.join(STATUSES)}.")
        if account is not None:
            if (account.key, product) in found:
                what = f"{account.name} and {product!r} stand in an earlier row already"
                raise reader.error(number, "account", what, "Keep one of the two rows.")
            value = reader.worth(number, row.get("value"))
            unit = str(row.get("currency") or currency)
            amount = NOTHING.plus(unit, Decimal(value)) if value else NOTHING
            note = str(row.get("note") or f"stated in {table.path.name}")
            rival = str(row.get("competitor") or "")
            cell = Cell(account.key, product, status, amount, note, rival)
            found[account.key, product] = cell
    return found


def _status(text: str | None) -> str:
    return (text or "").strip().lower().replace(" ", "_").replace("-", "_")


class _Reader:
    """Finds what the cells of a sheet name, and tells where one cannot be understood."""

    def __init__(self, table: Table, graph: Graph) -> None:
        self.table = table
        self.graph = graph

    def one(self, number: int, key: str, kind: str, text: str | None) -> Entry | None:
        """The entry that a cell names; None for a blank cell."""
        if not text:
            return None
        found = self.graph.find(kind, text)
        if len(found) == 1:
            return found[0]
        what = f"{text[:80]!r} is " + (f"{len(found)} {kind}s" if found else f"no known {kind}")
        raise self.error(number, key, what, "Give the record id, or the exact e-mail or name.")

    def word(self, number: int, key: str, row: Row) -> str | None:
        """The canonical word of a cell."""
        try:
            return word_of(key, row.get(key))
        except ValueError as error:
            raise self.error(number, key, str(error), "Write one of these words.") from None

    def worth(self, number: int, text: str | None) -> str | None:
        """An amount, which is nothing below zero."""
        if text and Decimal(text) < 0:
            raise self.error(number, "value", f"{text} is less than nothing", "Write what it is.")
        return text

    def share(self, number: int, text: str) -> float:
        """A confidence: 0 to 1, or percent."""
        value = float(text)
        value = value / 100 if value > 1 else value
        if not 0 <= value <= 1:
            what = f"{text} is no confidence"
            raise self.error(number, "confidence", what, "Write a number from 0 to 1.")
        return value

    def error(self, number: int, key: str, what: str, remedy: str) -> Exception:
        """The error of one row."""
        where = f"{self.table.sheet}!row {number}" if self.table.sheet else f"line {number}"
        return table_error(self.table.path, where, f"{key}: {what}", remedy)
