"""What `tieline map` draws, without printing: the configuration's words made into a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rapidfuzz import process
from rapidfuzz.utils import default_process

from app.graphs import NOWHERE, Origin, graph_of
from app.session import Session
from config.account_maps import AccountMaps
from config.base import Condition
from config.load import LoadedConfig
from core.errors import SettingsError
from mapping.accounts.account_map import AccountMap, Frame, drawn
from mapping.accounts.committee import Notes, Sources
from mapping.accounts.graph import Entry, Graph
from mapping.accounts.health import Standard
from mapping.accounts.roles import TABLES, RoleTable
from mapping.accounts.territory import Plot, Rules, plots
from mapping.accounts.whitespace import Product
from mapping.accounts.words import word_of
from mapping.conditions import holds, lookup

_FEW = 8
_OFFERED = 3
_NEAR = 75
"""Likeness (of 100) from which a name is offered for one that is not there."""


def account_map(
    session: Session, account: str, *, origin: Origin | None = None, opportunity: str | None = None
) -> AccountMap:
    """The map of an account, or of one opportunity of it. Raises SettingsError where it is not
    found, TielineError of what it is drawn from."""
    loaded = session.load()
    graph = graph_of(session, loaded, origin or NOWHERE)
    return account_map_of(session, loaded, graph, account, opportunity)


def account_map_of(
    session: Session, loaded: LoadedConfig, graph: Graph, account: str, opportunity: str | None
) -> AccountMap:
    """The map of an account of a graph that is read already."""
    from app.map_sheets import noted, stated

    maps = loaded.config.account_maps
    found = one(graph, "account", account)
    deal = _deal(graph, found, opportunity) if opportunity else None
    notes = noted(loaded, graph) if maps.committee else Notes()
    cells = stated(loaded, graph) if maps.whitespace else {}
    sources = Sources(graph, notes, attributes_of(session, maps, graph), tables_of(loaded))
    frame = Frame(
        session.clock.now().date(), standard_of(maps), products_of(maps, graph),
        all_of(maps.strategic, graph), cells,
    )  # fmt: skip
    return drawn(sources, found, frame, opportunity=deal)


def territory(session: Session, *, origin: Origin | None = None) -> tuple[Graph, list[Plot]]:
    """Every account with its region, industry, pipeline and potential."""
    loaded = session.load()
    maps = loaded.config.account_maps
    graph = graph_of(session, loaded, origin or NOWHERE)
    strategic = all_of(maps.strategic, graph)
    return graph, plots(graph, Rules(maps.regions, products_of(maps, graph), strategic))


def one(graph: Graph, kind: str, text: str) -> Entry:
    """The one entry that is meant. Raises SettingsError that lists what it might be."""
    found = graph.find(kind, text)
    if len(found) == 1:
        return found[0]
    if not found:
        near = ", ".join(f"`{name}`" for name in _near(graph, kind, text))
        usual = "Give a record id, an entity id, a domain or the exact name."
        raise SettingsError(
            f"there is no {kind} {text!r} in the {graph.source or 'records'}",
            remedy=f"Did you mean {near}? {usual}" if near else usual,
        )
    shown = "; ".join(f"{e.key} ({e.name})" for e in found[:_FEW])
    raise SettingsError(
        f"{text!r} is {len(found)} {kind}s: {shown}", remedy="Give the id of the one that is meant."
    )


def _near(graph: Graph, kind: str, text: str) -> list[str]:
    """The names that come nearest, best first."""
    names = dict.fromkeys(entry.name for entry in graph.of(kind) if entry.name)
    found = process.extract(
        text, list(names), processor=default_process, limit=_OFFERED, score_cutoff=_NEAR
    )
    return [name for name, _, _ in found]


def _deal(graph: Graph, account: Entry, text: str) -> Entry:
    deal = one(graph, "opportunity", text)
    units = {unit.key for unit in graph.units(account.key)}
    if deal.values.get("account") not in units:
        raise SettingsError(
            f"the opportunity {deal.name!r} is not at {account.name!r} or below it",
            remedy="Name the account of the opportunity.",
        )
    return deal


# -- the configuration's words ----------------------------------------------------------------


def standard_of(maps: AccountMaps) -> Standard:
    """What committees are held against."""
    return Standard(
        tuple(maps.required_roles), maps.covered_from, maps.least_covered, maps.stale_after
    )


def tables_of(loaded: LoadedConfig) -> dict[str, RoleTable]:
    """Role tables by vendor, and by side where the configuration gives it words of its own."""
    found: dict[str, RoleTable] = dict(TABLES)
    for side, own in loaded.config.account_maps.roles.items():
        vendor = loaded.config.sides[side].type
        known = TABLES.get(vendor)
        words: Mapping[str, Sequence[str]] = {str(role): said for role, said in own.items()}
        found[side] = known.extended(words) if known else RoleTable(side, words, {})
    return found


def products_of(maps: AccountMaps, graph: Graph) -> list[Product]:
    """The products with their tests, in the order of the configuration."""
    return [
        Product(
            name,
            sold_by=all_of(rule.sold_by, graph),
            fits=all_of(rule.fits, graph) if rule.fits else _any,
            worth=_decimal(rule.worth),
            per_employee=_decimal(rule.per_employee),
            currency=maps.currency,
        )
        for name, rule in maps.products.items()
    ]


def _any(_entry: Entry) -> bool:
    return True


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def all_of(conditions: Sequence[Condition], graph: Graph) -> Callable[[Entry], bool]:
    """Whether all conditions hold of an entry; never, where there are none."""

    def test(entry: Entry) -> bool:
        return bool(conditions) and all(
            holds(condition, lambda path: value_at(graph, entry, path)) for condition in conditions
        )

    return test


def value_at(graph: Graph, entry: Entry, path: str) -> Any:
    """A field, a part of one, or a field of the record that a reference leads to."""
    found = lookup(entry.values, path)
    if found is not None:
        return found
    head, _, rest = path.partition(".")
    target = entry.values.get(head)
    if rest and isinstance(target, str) and target in graph.entries:
        return lookup(graph.entries[target].values, rest)
    return None


def attributes_of(session: Session, maps: AccountMaps, graph: Graph) -> Callable[[Entry, str], Any]:
    """Reads the attributes of a person from the CRM fields that the configuration names. Words
    that are no words of a map are left out, and told once."""
    told: set[str] = set()
    emails = {str(p.values["email"]): p.key for p in graph.of("person") if p.values.get("email")}
    ids = {record[2]: p.key for p in graph.of("person") for record in p.ids}

    def read(person: Entry, attribute: str) -> Any:
        name = getattr(maps.fields, attribute)
        value = lookup(person.values, name) if name else None
        if value is None or value == "":
            return None
        if attribute == "reports_to":
            return emails.get(str(value).strip().lower()) or ids.get(str(value).strip())
        if attribute == "left":
            return value in (True, "true", "yes", "1")
        try:
            return value if attribute == "approach" else word_of(attribute, str(value))
        except ValueError as error:
            if str(error) not in told:
                told.add(str(error))
                session.say(f"note: {name}: {error}; left out")
            return None

    return read
