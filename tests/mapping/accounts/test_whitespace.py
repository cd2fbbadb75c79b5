"""Whitespace and territories: what is owned, open, a gap, and what that is worth."""

from __future__ import annotations

from decimal import Decimal

from mapping.accounts.account_map import Frame, drawn
from mapping.accounts.committee import Sources
from mapping.accounts.graph import NOTHING, Entry, bound
from mapping.accounts.territory import ELSEWHERE, UNKNOWN, Rules, areas, plots
from mapping.accounts.whitespace import Cell, Product, grid, potential
from tests.mapping.accounts.people import account, acme, deal
from tests.mapping.accounts.test_committee import TODAY


def about(word: str, entry: Entry) -> bool:
    return word in entry.name


PLATFORM = Product("Platform", lambda o: about("Platform", o), worth=Decimal(500), currency="EUR")
SUPPORT = Product(
    "Support", lambda o: about("Support", o), per_employee=Decimal("2.5"), currency="EUR"
)
TOOL = Product("Tool", lambda o: about("Tool", o), lambda a: a.key == "u", Decimal(9), None, "USD")
PRODUCTS = (PLATFORM, SUPPORT, TOOL)


def test_each_unit_and_product_has_its_status() -> None:
    graph = acme()
    cells = grid(graph, graph.units("a"), PRODUCTS)
    assert [(c.account, c.product, c.status, c.value.to_json()) for c in cells] == [
        ("a", "Platform", "pipeline", {"EUR": "1000.00"}),
        ("a", "Support", "gap", {"EUR": "250.00"}),
        ("a", "Tool", "not_eligible", {}),
        ("u", "Platform", "gap", {"EUR": "500.00"}),
        ("u", "Support", "owned", {"EUR": "250.50"}),
        ("u", "Tool", "gap", {"USD": "9.00"}),
    ]
    assert potential(cells).to_json() == {"EUR": "750.00", "USD": "9.00"}


def test_what_was_lost_before_is_a_gap_that_says_so() -> None:
    graph = acme()
    pilot = Product("Pilot", lambda o: about("pilot", o))
    (cell,) = grid(graph, graph.units("a")[:1], [pilot])
    assert (cell.status, cell.why) == ("gap", "lost before: Old pilot")


def test_what_people_state_wins_over_the_rules() -> None:
    graph = acme()
    stated = {("a", "Tool"): Cell("a", "Tool", "owned", NOTHING, "told", "Rival")}
    cells = grid(graph, graph.units("a"), PRODUCTS, stated)
    assert [c.status for c in cells if c.product == "Tool"] == ["owned", "gap"]


def test_territories_by_region_and_industry() -> None:
    rules = Rules({"Germany": ["de"], "France": ["FR"]}, PRODUCTS, lambda a: a.key == "a")
    found = plots(acme(), rules)
    assert [(p.account, p.region, p.industry, p.customer, p.strategic) for p in found] == [
        ("u", "France", UNKNOWN, True, False),
        ("a", "Germany", "technology", False, True),
        ("x", UNKNOWN, UNKNOWN, True, False),
    ]
    germany = next(a for a in areas(found) if a.region == "Germany")
    assert (germany.accounts, germany.customers, germany.strategic) == (1, 0, 1)
    assert germany.open.to_json() == {"EUR": "1000.00"}
    assert germany.weighted.to_json() == {"EUR": "600.00"}
    assert germany.potential.to_json() == {"EUR": "250.00"}


def test_a_country_of_no_region_is_elsewhere_and_without_regions_itself() -> None:
    graph = bound([account("a", "A", billing_address={"country": "JP"})])
    assert [p.region for p in plots(graph, Rules({"Germany": ["DE"]}))] == [ELSEWHERE]
    assert [p.region for p in plots(graph, Rules({}))] == ["JP"]


def test_the_whole_map_of_an_account() -> None:
    graph = acme()
    found = drawn(Sources(graph), graph.entries["a"], Frame(TODAY, products=PRODUCTS))
    assert found.open.to_json() == {"EUR": "1000.00"}
    assert found.weighted.to_json() == {"EUR": "600.00"}
    assert found.won.to_json() == {"EUR": "250.50"}
    names = [o.name for o in found.opportunities]
    assert names == ["Platform rollout", "Old pilot", "Support 2025"]
    data = found.to_json()
    assert [unit["name"] for unit in data["units"]] == ["Acme", "Acme France"]
    assert data["members"][1]["words"] == [
        {"role": "economic_buyer", "words": {"salesforce": "Economic Decision Maker"}}
    ]


def test_the_map_of_one_opportunity_counts_that_one() -> None:
    graph = acme()
    only = graph.entries["Platform rollout"]
    found = drawn(Sources(graph), graph.entries["a"], Frame(TODAY), opportunity=only)
    assert found.open.to_json() == {"EUR": "1000.00"}
    assert found.won.to_json() == {}
    assert len(found.committee.members) == 3


def test_a_deal_without_amount_or_probability_is_worth_nothing() -> None:
    graph = bound([account("a", "A"), deal("d", "a", None, "proposal"), deal("e", "a", "5", "x")])
    (plot,) = plots(graph, Rules({}))
    assert plot.open.to_json() == {"EUR": "5.00"}
    assert plot.weighted.to_json() == {}
