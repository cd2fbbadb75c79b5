"""`tieline map partner` as a person calls it: lists, files, the report and its log."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from app.told import _FIRST, ToldLog, _hash
from core.errors import StateError
from tests.app.office import Office, Result
from tests.mapping.accounts.lists import NAMES

CONFIG = """\
version: 1
sharing:
  company: Ours Ltd
  accounts: ours.csv
  private:
    - {field: name, equals: Cranfield}
partners:
  acme:
    name: Acme
    lists:
      - {source: customers.csv, population: customers}
      - {source: prospects.csv, population: prospects, columns: {name: Firma}}
    share:
      customers: {level: overlaps, fields: contact}
      prospects: counts
"""


def lines(*rows: tuple[str, ...]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def domain(name: str) -> str:
    return f"{name.lower()}.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """We have 20 companies, the first ten as customers; they have 30 from the sixth on."""
    (tmp_path / "tieline.yaml").write_text(CONFIG, encoding="utf-8")
    mine = [
        (n, domain(n), "Customer" if i < 10 else "Prospect", f"rep{i}@ours.com")
        for i, n in enumerate(NAMES[:20])
    ]
    (tmp_path / "ours.csv").write_text(
        lines(("Account name", "Website", "Type", "Owner"), *mine), encoding="utf-8"
    )
    (tmp_path / "customers.csv").write_text(
        lines(("Company", "Website"), *((n, domain(n)) for n in NAMES[:5])), encoding="utf-8"
    )
    (tmp_path / "prospects.csv").write_text(
        lines(("Firma", "Website"), *((n, domain(n)) for n in NAMES[5:35])), encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def tieline(folder: Path, call: Callable[..., Result]) -> Callable[..., Result]:
    return lambda *arguments: call("--config", str(folder / "tieline.yaml"), *arguments)


def test_the_map_is_shown_and_written(folder: Path, tieline: Callable[..., Result]) -> None:
    found = tieline(
        "map", "partner", "acme", "--csv", str(folder / "m.csv"), "--xlsx", str(folder / "m.xlsx")
    )
    assert found.code == 0, found.err
    assert "both: 20 companies" in found.out
    assert "we can open" in found.out
    with (folder / "m.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["Account"] for row in rows} == set(NAMES[:20])
    assert [row["Account"] for row in rows if row["Private"]] == ["Cranfield"]
    book = load_workbook(folder / "m.xlsx")
    assert book.sheetnames[:4] == ["Matrix", "Mutual accounts", "Openings", "New leads"]
    book.close()
    plain = tieline("map", "partner", "acme", "--json").json
    cells = {(c["ours"], c["theirs"]): c["entity_count"] for c in plain["matrix"]}
    assert cells["customers", "customers"] == 5
    assert cells["prospects", "prospects"] == 10
    assert len(plain["leads"]) == 15


def test_the_report_tells_what_is_shared_and_is_logged(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    path = folder / "for-acme.json"
    found = tieline("map", "partner", "acme", "--report-for-partner", str(path))
    assert found.code == 0
    assert "(2 counts and 9 accounts; 2 counts withheld)" in found.err
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["from"], told["to"]) == ("Ours Ltd", "Acme")
    counts = {(c["ours"], c["yours"]): c["count"] for c in told["counts"]}
    assert counts == {
        ("customers", "customers"): None, ("customers", "prospects"): 5,
        ("prospects", "customers"): None, ("prospects", "prospects"): 10,
    }  # fmt: skip
    named = [account["name"] for account in told["accounts"]]
    assert sorted(named) == sorted(n for n in NAMES[:10] if n != "Cranfield")
    assert set(told["accounts"][0]) == {
        "population", "your_ids", "your_names", "name", "website", "status", "owner",
    }  # fmt: skip
    (entry,) = ToldLog(folder / ".tieline").entries("acme")
    assert [a["fields"]["name"] for a in entry["accounts"]] == named
    assert entry["file"] == "for-acme.json"
    shown = tieline("map", "told", "acme")
    assert shown.code == 0
    assert "for-acme.json" in shown.out
    assert tieline("map", "told", "--json").json["told"][0]["accounts"] == entry["accounts"]
    unknown = tieline("map", "told", "nobody", "--json")
    assert unknown.code == 2
    assert "Known: acme." in unknown.err
    for kept in (folder / ".tieline" / "partners").rglob("*.jsonl"):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_report_that_tells_nothing_says_so(folder: Path, tieline: Callable[..., Result]) -> None:
    theirs = str(folder / "prospects.csv")
    path = folder / "report.json"
    found = tieline(
        "map", "partner", "zed", "--theirs", theirs, "--column", "name=Firma",
        "--report-for-partner", str(path),
    )  # fmt: skip
    assert found.code == 0, found.err
    assert "nothing is shared with this partner today" in found.err
    assert json.loads(path.read_text(encoding="utf-8"))["counts"] == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_report_as_a_table(folder: Path, tieline: Callable[..., Result], ending: str) -> None:
    path = folder / f"report.{ending}"
    assert tieline("map", "partner", "acme", "--report-for-partner", str(path)).code == 0
    if ending == "csv":
        text = path.read_text(encoding="utf-8-sig")
    else:
        book = load_workbook(path)
        text = "\n".join(
            str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row
        )
        book.close()
    assert "withheld" in text
    assert "Aldermoor" in text
    assert "Cranfield" not in text
    assert "Kettering" not in text.replace("kettering.com", "")  # a prospect: counted only


def test_adding_one_account_to_their_list_changes_no_answer(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    answers = []
    more = folder / "prospects.csv"
    for _ in range(3):
        path = folder / "report.json"
        tieline("map", "partner", "acme", "--report-for-partner", str(path))
        answers.append(json.loads(path.read_text(encoding="utf-8"))["counts"])
        text = more.read_text(encoding="utf-8").splitlines(keepends=True)
        more.write_text("".join(text[:-2] if len(answers) > 1 else text[:6] + text[7:]),
                        encoding="utf-8")  # fmt: skip
    hidden = [[c["count"] for c in told if c["ours"] == "prospects"] for told in answers]
    assert hidden[0] == hidden[1] == hidden[2] == [None, 10]


def test_no_output_takes_the_place_of_another_or_of_a_list(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    """The report for the partner under the name of our own table would be our own table, if
    anything went wrong between the two."""
    one = str(folder / "one.csv")
    found = tieline("map", "partner", "acme", "--csv", one, "--report-for-partner", one)
    assert found.code == 2
    assert "--csv and --report-for-partner name one file" in found.err
    assert not Path(one).exists()
    for source in ("prospects.csv", "tieline.yaml"):
        before = (folder / source).read_bytes()
        found = tieline("map", "partner", "acme", "--csv", str(folder / "." / source))
        assert found.code == 2
        assert "--csv names a source" in found.err
        assert (folder / source).read_bytes() == before
    assert ToldLog(folder / ".tieline").entries() == []


def test_options_of_a_list_that_is_not_given_are_a_mistake(tieline: Callable[..., Result]) -> None:
    for option in (("--population", "x"), ("--sheet", "x"), ("--column", "name=Firma")):
        found = tieline("map", "partner", "acme", *option)
        assert found.code == 2
        assert "go with --theirs" in found.err


def test_a_population_that_can_have_nobody_is_told(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    """A list of accounts in a spreadsheet has no opportunities to test."""
    path = folder / "tieline.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "populations:\n  customers: {}\n  prospects: {}\n"
        "  selling: {filters: [{opportunities: [{field: is_closed, equals: false}]}]}\n",
        encoding="utf-8",
    )
    found = tieline("map", "partner", "acme", "--json")
    assert found.code == 0, found.err
    assert (
        "the population selling tests opportunities, and our list has none" in (found.json["notes"])
    )


def test_reports_of_several_days_that_add_up_to_one_account_tell_nothing(
    tmp_path: Path, call: Callable[..., Result]
) -> None:
    """Three lists in three calls, the third the two others and one account: with what was told
    before read back from the log, the answers are the same whether the account is ours or not."""
    answers = []
    for truth in ("customer", "prospect"):
        folder = tmp_path / truth
        folder.mkdir()
        kinds = ["customer"] * 20 + [truth]
        rows = [f"{n.title()},{n.lower()}.com,{k}" for n, k in zip(NAMES[:21], kinds, strict=True)]
        (folder / "ours.csv").write_text("\n".join(["Company name,Website,Type", *rows]))
        config = folder / "tieline.yaml"
        config.write_text(
            "sharing: {accounts: ours.csv}\npartners: {p: {share: {customers: counts}}}\n"
        )
        for numbers in (range(10), range(10, 20), range(21)):
            lines = [f"{NAMES[n].title()},www.{NAMES[n].lower()}.com" for n in numbers]
            theirs, path = folder / "theirs.csv", folder / "report.json"
            theirs.write_text("\n".join(["Company name,Website", *lines]))
            found = call(
                "--config", str(config), "map", "partner", "p", "--theirs", str(theirs),
                "--report-for-partner", str(path),
            )  # fmt: skip
            assert found.code == 0, found.err
            answers.append([c["count"] for c in json.loads(path.read_text())["counts"]])
    assert answers[:3] == answers[3:] == [[10], [10], [10]]


def test_a_log_of_an_earlier_form_is_told_as_that(folder: Path) -> None:
    log = folder / ".tieline" / "partners" / "told.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    entry = {"before": _FIRST, "at": "2026-11-01T00:00:00", "partner": "acme", "sets": []}
    log.write_text(json.dumps({**entry, "hash": _hash(entry)}) + "\n", encoding="utf-8")
    with pytest.raises(StateError, match="lines of an earlier form"):
        ToldLog(folder / ".tieline").past("acme")


def test_a_log_that_was_changed_stops_every_further_report(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    path = folder / "report.json"
    for _ in range(2):
        tieline("map", "partner", "acme", "--report-for-partner", str(path))
    log = folder / ".tieline" / "partners" / "told.jsonl"
    path.unlink()
    log.write_text(log.read_text(encoding="utf-8").replace("Aldermoor", "Nobody"), encoding="utf-8")
    found = tieline("map", "partner", "acme", "--report-for-partner", str(path))
    assert found.code == StateError.exit_code
    assert "told.jsonl:1" in found.err
    assert not path.exists()


def test_a_line_cut_off_by_a_crash_was_never_told(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    path = folder / "report.json"
    tieline("map", "partner", "acme", "--report-for-partner", str(path))
    log = folder / ".tieline" / "partners" / "told.jsonl"
    with log.open("a", encoding="utf-8") as file:
        file.write('{"before": "')
    assert tieline("map", "partner", "acme", "--report-for-partner", str(path)).code == 0
    assert len(ToldLog(folder / ".tieline").entries()) == 2


def test_nothing_is_logged_where_nothing_can_be_written(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    for name, words in (("no/report.json", "no folder"), ("report.pdf", "JSON, CSV or XLSX")):
        path = folder / name
        found = tieline("map", "partner", "acme", "--report-for-partner", str(path))
        assert found.code == 2
        assert words in found.err
    assert ToldLog(folder / ".tieline").entries() == []


def test_a_broken_list_is_told_and_nothing_is_taken(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    (folder / "prospects.csv").write_bytes("Firma,Website\nHermès,x.fr\n".encode("cp1252"))
    found = tieline("map", "partner", "acme")
    assert found.code == 2
    assert "prospects.csv: line 2" in found.err
    assert found.out == ""


def test_a_list_without_rows_is_noted(folder: Path, tieline: Callable[..., Result]) -> None:
    (folder / "prospects.csv").write_text("Firma,Website\n", encoding="utf-8")
    assert "note: the list prospects.csv is empty" in tieline("map", "partner", "acme").out


def test_a_list_may_be_named_on_the_command_line(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    (folder / "x.csv").write_text(lines(("Firm", "Site"), ("Bexhill", "bexhill.com")), "utf-8")
    found = tieline(
        "map", "partner", "new", "--theirs", str(folder / "x.csv"), "--population", "customers",
        "--column", "name=Firm", "--column", "website=Site", "--json",
    )  # fmt: skip
    assert found.code == 0, found.err
    assert [m["name"] for m in found.json["mutual"]] == ["Bexhill"]
    unknown = tieline("map", "partner", "acmee")
    assert unknown.code == 2
    assert "Did you mean `acme`?" in unknown.err


def test_a_configuration_for_lists_alone_syncs_nothing(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    found = tieline("plan")
    assert found.code == 2
    assert "a sync needs two sides" in found.err
    text = (folder / "tieline.yaml").read_text(encoding="utf-8")
    without = text.replace("  accounts: ours.csv\n", "")
    (folder / "tieline.yaml").write_text(without, encoding="utf-8")
    found = tieline("map", "partner", "acme")
    assert found.code == 2
    assert "nothing tells where our accounts are" in found.err


def test_sharing_alone_is_a_configuration_for_lists(
    folder: Path, tieline: Callable[..., Result]
) -> None:
    text = "version: 1\nsharing: {accounts: ours.csv, company: A}\n"
    (folder / "tieline.yaml").write_text(text, encoding="utf-8")
    found = tieline("map", "partner", "beta", "--theirs", str(folder / "customers.csv"), "--json")
    assert found.code == 0, found.err
    assert len(found.json["mutual"]) == 5


def test_decisions_of_a_file_are_followed(folder: Path, tieline: Callable[..., Result]) -> None:
    (folder / "decided.csv").write_text(
        lines(("Ours", "Theirs", "Answer", "By"), ("line 2", "list 1 line 2", "different", "ann")),
        encoding="utf-8",
    )
    text = (folder / "tieline.yaml").read_text(encoding="utf-8")
    (folder / "tieline.yaml").write_text(text + "    decisions: decided.csv\n", encoding="utf-8")
    found = tieline("map", "partner", "acme", "--json").json
    assert "Aldermoor" not in {m["name"] for m in found["mutual"]}
    (folder / "decided.csv").write_text(
        lines(("Ours", "Theirs", "Answer"), ("line 2", "list 1 line 2", "perhaps")), "utf-8"
    )
    wrong = tieline("map", "partner", "acme")
    assert wrong.code == 2
    assert "neither same nor different" in wrong.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("      prospects: counts", "      prospect: counts", "Did you mean `prospects`?"),
        ("fields: contact", "fields: contacts", "Did you mean `contact`?"),
        ("level: overlaps", "level: everything", "partners.acme.share.customers"),
        ("field: name,", "field: nme,", "sharing.private"),
        ("fields: contact}", "fields: contact, valid_from: 2026-02-01, valid_until: 2026-01-01}",
         "ends before it begins"),
        ("fields: contact}", "fields: [name, ownr]}", "Did you mean `owner`?"),
        ("fields: contact}", "fields: [name, custom.stage]}", "Declare it under `custom:`"),
        ("  private:", "  presets: {mine: [name, brand]}\n  private:",
         "sharing.presets.mine[1]: there is no field `brand`"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_with_its_line(
    folder: Path, tieline: Callable[..., Result], old: str, new: str, words: str
) -> None:
    path = folder / "tieline.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    found = tieline("map", "partner", "acme")
    assert found.code == 2
    assert "tieline.yaml:" in found.err
    assert words in found.err


def test_a_side_against_a_side_and_who_gets_the_credit(office: Office) -> None:
    """Our list out of one CRM, theirs out of another, with deals and owners."""
    path = office.config
    path.write_text(
        path.read_text(encoding="utf-8")
        + "partners:\n  p:\n    known_since: 2001-01-01\n    lists:\n      - source: hubspot\n",
        encoding="utf-8",
    )
    found = office.tieline("map", "partner", "p", "--ours", "salesforce", "--json")
    assert found.code == 0, found.err
    plain = found.json
    assert plain["mutual"]
    assert {"customers", "open_opportunities", "prospects"} == set(plain["ours"]["populations"])
    assert {credit["kind"] for credit in plain["credits"]} <= {"sourced", "influenced"}
    assert plain["credits"]
    assert {mutual["known_since"] for mutual in plain["mutual"]} == {"2001-01-01"}
    again = office.tieline("map", "partner", "p", "--ours", "salesforce", "--json").json
    assert {**again, "made": ""} == {**plain, "made": ""}
    assert office.writes() == {"salesforce": 0, "hubspot": 0}
