"""Account maps out of spreadsheets alone, and what people state of the whitespace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.office import Result

CONFIG = """
version: 1
sides:
  crm: {type: memory}
  other: {type: memory}
account_maps:
  products:
    Rollout: {sold_by: [{field: name, contains: rollout}], worth: 100}
    Support: {sold_by: [{field: name, contains: support}], worth: 40}
  currency: EUR
  strategic: [{field: industry, equals: technology}]
  regions: {DACH: [DE, AT, CH]}
"""
ACCOUNTS = """Account ID,Account name,Industry,Country,Parent
1,Acme,technology,Germany,
2,Acme Austria,technology,AT,Acme
3,=HYPERLINK("x"),retail,FR,
"""
PEOPLE = """First name,Last name,Email,Company,Title
Ann,Able,ann@acme.example,Acme,CEO
Bob,Best,bob@acme.example,2,CFO
Eve,Ende,eve@nowhere.example,Nowhere Ltd,Adviser
"""
DEALS = """Deal name,Company,Amount,Currency,Stage,Close date
Acme rollout,Acme,1000,EUR,proposal,2026-12-01
Old support,2,70,USD,closed_won,2026-01-01
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"tieline.yaml": CONFIG, "a.csv": ACCOUNTS, "p.csv": PEOPLE, "d.csv": DEALS}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def sheets(folder: Path) -> list[str]:
    named = {"--accounts": "a.csv", "--people": "p.csv", "--opportunities": "d.csv"}
    return [word for option, file in named.items() for word in (option, str(folder / file))]


def test_a_map_from_spreadsheets(folder: Path, call: Callable[..., Result]) -> None:
    config = ("-c", str(folder / "tieline.yaml"))
    found = call(*config, "map", "account", "Acme", *sheets(folder), "--json")
    assert found.code == 0, found.err
    data = found.json
    assert [m["name"] for m in data["members"]] == ["Ann Able", "Bob Best"]
    assert [u["name"] for u in data["units"]] == ["Acme", "Acme Austria"]
    assert data["pipeline"]["open"] == {"EUR": "1000.00"}
    assert data["pipeline"]["won"] == {"USD": "70.00"}
    assert data["strategic"] is True
    statuses = {(c["account"], c["product"]): c["status"] for c in data["whitespace"]}
    assert statuses["account:1", "Rollout"] == "pipeline"
    assert statuses["account:2", "Support"] == "owned"
    assert data["potential"] == {"EUR": "140.00"}


def test_territories_from_spreadsheets_are_safe_to_open(
    folder: Path, call: Callable[..., Result]
) -> None:
    sheet = folder / "t.csv"
    config = ("-c", str(folder / "tieline.yaml"))
    found = call(*config, "map", "territory", *sheets(folder), "--csv", str(sheet), "--json")
    assert found.code == 0, found.err
    assert {a["region"] for a in found.json["areas"]} == {"DACH", "Elsewhere"}
    assert "'=HYPERLINK" in sheet.read_text("utf-8-sig")


def test_what_people_state_of_the_whitespace_wins(
    folder: Path, call: Callable[..., Result]
) -> None:
    text = "Account,Product,Status,Value,Currency,Competitor\nAcme,Support,not eligible,,,Rival\n"
    (folder / "w.csv").write_text(text, encoding="utf-8")
    (folder / "tieline.yaml").write_text(CONFIG + "  whitespace: w.csv\n", encoding="utf-8")
    config = ("-c", str(folder / "tieline.yaml"))
    data = call(*config, "map", "account", "1", *sheets(folder), "--json").json
    (cell,) = [
        c for c in data["whitespace"] if (c["account"], c["product"]) == ("account:1", "Support")
    ]
    assert (cell["status"], cell["competitor"]) == ("not_eligible", "Rival")


MISTAKES = {
    "whitespace: no such product": (
        "Account,Product,Status\nAcme,Tool,gap\n", "line 2: product: there is no product 'Tool'",
    ),
    "whitespace: no such status": (
        "Account,Product,Status\nAcme,Support,maybe\n", "line 2: status: 'maybe' is no status",
    ),
    "whitespace: no such account": (
        "Account,Product,Status\nNo one,Support,gap\n", "line 2: account: 'No one' is no known",
    ),
    "whitespace: said twice": (
        "Account,Product,Status\nAcme,Support,gap\n1,Support,owned\n",
        "line 3: account: Acme and 'Support' stand in an earlier row already",
    ),
    "whitespace: less than nothing": (
        "Account,Product,Status,Value\nAcme,Support,gap,-5\n", "line 2: value: -5 is less than",
    ),
    "whitespace: no currency": (
        "Account,Product,Status,Value,Currency\nAcme,Support,gap,5,Taler\n",
        "currency: `Taler` is not an ISO currency",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES.keys())
def test_stated_whitespace_that_is_not_understood(
    folder: Path, call: Callable[..., Result], case: tuple[str, str]
) -> None:
    text, message = case
    (folder / "w.csv").write_text(text, encoding="utf-8")
    (folder / "tieline.yaml").write_text(CONFIG + "  whitespace: w.csv\n", encoding="utf-8")
    told = call("-c", str(folder / "tieline.yaml"), "map", "account", "1", *sheets(folder))
    assert told.code == 2
    assert message in told.err


@pytest.mark.parametrize(("account", "code"), [("1", 0), ("2", 0), ("3", 2)])
def test_an_opportunity_of_another_company_has_no_committee_here(
    folder: Path, call: Callable[..., Result], account: str, code: int
) -> None:
    row = f"Person,Account,Opportunity,Role\nann@acme.example,{account},Acme rollout,Champion\n"
    (folder / "c.csv").write_text(row, encoding="utf-8")
    (folder / "tieline.yaml").write_text(CONFIG + "  committee: c.csv\n", encoding="utf-8")
    told = call("-c", str(folder / "tieline.yaml"), "map", "account", "1", *sheets(folder))
    assert told.code == code, told.err
    assert ("Acme rollout is an opportunity of another company" in told.err) == bool(code)


WRONG = {
    "no such file": ("  committee: none.csv\n", "account_maps.committee: there is no file"),
    "no such side": ("  roles: {crn: {champion: [X]}}\n", "there is no side `crn`"),
    "no country": ("  regions: {A: [XX]}\n", "`XX` is no country"),
    "a country twice": ("  regions: {A: [DE], B: [de]}\n", "`de` is in A already"),
    "no field": ("  write: {support: custom.none}\n", "there is no field `custom.none`"),
    "no such field": ("  fields: {support: titel}\n", "there is no field `titel`"),
    "no such role": ("  required_roles: [boss]\n", "account_maps.required_roles[0]"),
    "a role without a word": ("  roles: {crm: {champion: []}}\n", "a role without a word"),
    "no field in a condition": (
        "  strategic: [{field: nmae, present: true}]\n", "there is no field `nmae`"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_in_the_configuration_is_told_with_its_line(
    folder: Path, call: Callable[..., Result], case: tuple[str, str]
) -> None:
    text, message = case
    head = CONFIG.partition("account_maps:")[0] + "account_maps:\n"
    (folder / "tieline.yaml").write_text(head + text, encoding="utf-8")
    told = call("-c", str(folder / "tieline.yaml"), "map", "account", "1", *sheets(folder))
    assert told.code == 2
    assert f"tieline.yaml:{len(head.splitlines()) + 1}: " in told.err
    assert message in told.err
