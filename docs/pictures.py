"""Draws the pictures of the README: the three pages of account mapping, from the demo's world.

`PYTHONPATH=. python docs/pictures.py` needs a Chromium and playwright; it takes a minute.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))

from app.cli import main  # noqa: E402
from app.demo_world import Size, staged  # noqa: E402
from app.graphs import graph_of  # noqa: E402
from app.rehearsal import write_config  # noqa: E402
from app.session import Options, open_session  # noqa: E402
from mapping.accounts.graph import Entry, Graph  # noqa: E402

PEOPLE = 900
WORDS = """
account_maps:
  committee: committee.csv
  currency: EUR
  strategic: [{field: account_type, equals: customer}, {field: employees, present: true}]
  products:
    Platform: {sold_by: [{field: name, contains: Platform}], worth: 40000, per_employee: 20}
    Integration: {sold_by: [{field: name, contains: Integration}], worth: 15000}
    Support: {sold_by: [{field: name, contains: Support}], worth: 8000, per_employee: 4}
    Training: {sold_by: [{field: name, contains: Training}], worth: 5000}
  regions:
    DACH: [DE, AT, CH]
    Western Europe: [FR, BE, NL, LU, GB, IE]
    Southern Europe: [ES, PT, IT]
    Nordics and Poland: [SE, NO, DK, FI, PL]
    Americas: [US, CA, BR, MX]
    Asia: [CN, JP, IN, SG, AE, SA]

sharing: {company: Northwind}
partners:
  velmora: {name: Velmora, lists: [{source: velmora.csv}]}
"""
SAID: Sequence[Mapping[str, str]] = (
    {"Roles": "champion", "Support": "mentor", "Coverage": "in depth", "Influence": "high"},
    {"Roles": "decision maker", "Support": "supporter", "Coverage": "multiple",
     "Influence": "high", "Reports to": "0"},
    {"Roles": "technical buyer", "Support": "neutral", "Coverage": "brief",
     "Influence": "medium", "Reports to": "0", "Influences": "1"},
    {"Roles": "evaluator", "Support": "supporter", "Coverage": "brief", "Influence": "low",
     "Reports to": "2"},
    {"Roles": "end user", "Support": "non-supporter", "Coverage": "no contact",
     "Influence": "low", "Reports to": "2", "Informal": "3"},
    {"Roles": "legal", "Support": "neutral", "Coverage": "no contact", "Influence": "medium",
     "Reports to": "1"},
    {"Roles": "blocker", "Support": "enemy", "Coverage": "brief", "Influence": "high",
     "Reports to": "1", "Conflicts": "0"},
)  # fmt: skip
"""What the account team would write into its sheet; people by their place."""
REFERRING = ("Reports to", "Influences", "Informal", "Conflicts")


def draw() -> None:
    """The pages, then their pictures."""
    with (
        TemporaryDirectory(prefix="tieline-pictures-") as name,
        staged(Size(7, 160, PEOPLE, 380)) as stage,
    ):
        folder = Path(name)
        config = folder / "tieline.yaml"
        write_config(config, stage.running, PEOPLE)
        config.write_text(config.read_text("utf-8") + WORDS, "utf-8")
        write(folder / "committee.csv", [{"Person": ""}])
        write(folder / "velmora.csv", [{"Company": "", "Website": "", "Status": "", "Owner": ""}])
        call(config, "setup")
        call(config, "run", "--allow", "ambiguous")
        session = open_session(Options(config=config, quiet=True))
        graph = graph_of(session, session.load())
        account = busiest(graph)
        write(folder / "committee.csv", committee(graph.people(account.key)))
        write(folder / "velmora.csv", partners_list(graph))
        pages = {p: folder / f"{p}.html" for p in ("partner", "account", "territory")}
        call(config, "map", "account", account.key, "--html", str(pages["account"]))
        call(config, "map", "territory", "--html", str(pages["territory"]))
        ours = ("--ours", "state", "--html", str(pages["partner"]))
        call(config, "map", "partner", "velmora", *ours)
        photograph(pages)


def call(config: Path, *words: str) -> None:
    """The program, as a person would call it."""
    code = main(["--config", str(config), "--quiet", *words])
    if code not in (0, 3):
        raise SystemExit(code)


def busiest(graph: Graph) -> Entry:
    """The account with people enough for the picture, and the most opportunities."""
    fit = [a for a in graph.of("account") if len(SAID) <= len(graph.people(a.key)) <= len(SAID) + 2]
    return max(fit, key=lambda a: (len(graph.opportunities(a.key)), a.name))


def committee(people: Sequence[Entry]) -> Iterable[dict[str, str]]:
    """The account team's sheet."""
    for person, said in zip(people, SAID, strict=False):
        row = {"Person": person.key, "Source": "account team", "Date": "2026-09-01", **said}
        yield {k: people[int(v)].key if k in REFERRING else v for k, v in row.items()}


def partners_list(graph: Graph) -> Iterable[dict[str, str]]:
    """A partner's list that has a part of our accounts, each differently, and some of its own."""
    statuses = ("Customer", "Open opportunity", "Prospect")
    for place, account in enumerate(graph.of("account")):
        if place % 5 in (0, 2, 3) and account.values.get("domain"):
            yield {
                "Company": account.name,
                "Website": str(account.values["domain"]),
                "Status": statuses[(place * 7) % 3],
                "Owner": f"rep{place % 4}@velmora.example",
            }
    for number in range(1, 23):
        yield {"Company": f"Nowhere Works {number}", "Website": f"nowhere-works-{number}.example",
               "Status": statuses[number % 3], "Owner": "rep1@velmora.example"}  # fmt: skip


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """A CSV file of rows."""
    listed = list(rows)
    heads = list(dict.fromkeys(name for row in listed for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, heads, restval="")
        sheet.writeheader()
        sheet.writerows(listed)


def photograph(pages: Mapping[str, Path]) -> None:
    """One picture of each page, after a click into it."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for name, path in pages.items():
            high = 1080 if name == "account" else 860
            page = browser.new_page(viewport={"width": 1180, "height": high})
            page.goto(path.as_uri())
            chosen(page, name)
            picture: Any = {"path": DOCS / "pictures" / f"{name}.png"}
            page.screenshot(**picture)
        browser.close()


def chosen(page: Page, name: str) -> None:
    """What the picture shows opened; the page stays at its top."""
    page.locator(".node >> nth=1" if name == "account" else ".cell.q5 >> nth=0").click()
    page.evaluate("window.scrollTo(0, 0)")


if __name__ == "__main__":
    (DOCS / "pictures").mkdir(exist_ok=True)
    draw()
