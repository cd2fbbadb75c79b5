"""`tieline duplicates` as it is typed, over two sandboxes: from the list to the vendor's merge."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.duplicates import Alike, _told
from app.show_duplicates import listed
from mapping.accounts.spreadsheet import read_records
from mapping.matching.model import Match, Verdict
from tests.app.office import Office

TYPES = {"salesforce": "Account", "hubspot": "companies"}


@pytest.fixture
def running(office: Office) -> Office:
    """Two sandboxes in step; the demo world plants some accounts twice."""
    office.tieline("setup")
    office.tieline("run")
    return office


def found(office: Office, side: str, *options: str) -> dict[str, Any]:
    shown = office.tieline("duplicates", side, "--json", *options)
    assert shown.code == 0, shown.err
    result: dict[str, Any] = shown.json
    return result


def each_sure(groups: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The survivor and the other of every group that the engine is sure of."""
    pairs = [(group["members"][0], group["members"][1]) for group in groups]
    return [pair for pair in pairs if pair[1]["verdict"] == "same"]


def sure(groups: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first of them."""
    return each_sure(groups)[0]


def test_answers_merge_on_both_sides_and_a_refusal_is_never_proposed_again(
    running: Office,
) -> None:
    before = running.writes()
    pairs = {side: sure(found(running, side)["groups"]) for side in TYPES}
    (kept, apart), *_ = [
        pair for pair in each_sure(found(running, "salesforce")["groups"])
        if pair[1] != pairs["salesforce"][1]
    ]  # fmt: skip
    assert running.writes() == before, "looking for duplicates writes to no side"
    shown = running.tieline("duplicates", "salesforce", "--at-least", "0.9").out
    for words in ("merged away", "sure", "survives", "same domain", "tieline resolve ID merge"):
        assert words in shown
    asked = running.tieline("questions", "--cause", "duplicate").out
    for _, other in pairs.values():
        assert other["evidence"]
        assert other["question"] in asked
        assert running.tieline("resolve", other["question"], "merge", "--as", "anna").code == 0
    running.tieline("resolve", apart["question"], "keep", "apart")
    plan = running.tieline("plan", "--json").json
    merges = {a["side"]: a for a in plan["actions"] if a["verb"] == "merge"}
    printed = running.tieline("plan").out
    for survivor, other in pairs.values():
        assert f"{other['id']} into {survivor['id']}" in printed
    for side, (survivor, other) in pairs.items():
        assert (merges[side]["record_id"], merges[side]["other_id"]) == (
            survivor["id"], other["id"],
        )  # fmt: skip
    running.tieline("run", "--allow", "changes")
    for side, (_, other) in pairs.items():
        live = [i for i, r in running.dump(side, TYPES[side]).items() if not _gone(r)]
        assert other["id"] not in live
    again = [m["id"] for g in found(running, "salesforce")["groups"] for m in g["members"]]
    assert apart["id"] not in again
    assert apart["question"] not in running.tieline("questions", "--cause", "duplicate").out
    assert kept["id"] in running.dump("salesforce", "Account")


def _gone(record: dict[str, Any]) -> bool:
    return bool(record.get("IsDeleted") or record.get("archived") or record.get("MasterRecordId"))


def test_before_the_first_run_duplicates_are_found_too(office: Office) -> None:
    survivor, other = sure(found(office, "hubspot")["groups"])
    assert {survivor["object_type"], other["object_type"]} == {"companies"}
    assert other["question"] in office.tieline("questions").out


def test_a_spreadsheet_is_searched_and_nothing_is_asked(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = ["Id,Name,Website", "1,Acme Inc,acme.com", "2,ACME,www.acme.com", "3,Globex,globex.com"]
    path.write_text("\n".join(lines), encoding="utf-8")
    told = found(office, str(path))
    assert [[m["id"] for m in g["members"]] for g in told["groups"]] == [["1", "2"]]
    assert "questions" not in told
    assert "look like one" in office.tieline("duplicates", str(path), "--at-least", "1").out


def test_spark_where_it_is_not_installed_is_told_in_one_sentence(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    config, people = tmp_path / "lists.yaml", tmp_path / "people.csv"
    config.write_text("version: 1\nmatching: {engine: spark}\n", encoding="utf-8")
    people.write_text("Id,First name,Last name\n1,Ann,Lee\n2,Ann,Lee\n", encoding="utf-8")
    result = office.tieline("--config", str(config), "duplicates", str(people), "--kind", "person")
    assert result.code == 2
    assert "`matching.engine` is spark, which is not installed" in result.err
    assert "python -m pip install" in result.err


def test_a_record_that_is_in_two_groups_is_asked_about_in_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Id,Name\n1,Acme\n2,Globex\n3,Acme Two\n", encoding="utf-8")
    match = Match("1", "3", Verdict.QUESTION, "scored", 0.2, ("same phone",))
    groups = [Alike((kept, "3"), kept, (("3", match),)) for kept in ("1", "2")]
    told = _told(read_records(path), "account", groups, {(":3", "2"): "abc1234"})
    assert [g["members"][1]["question"] for g in told["groups"]] == [None, "abc1234"]
    printed = StringIO()
    listed(Console(file=printed, width=100), {**told, "questions": 1, "by_hand": 0})
    assert printed.getvalue().count("[abc1234]") == 1
    assert "asked about with a likelier one" in printed.getvalue()


def test_sure_groups_come_first_and_the_heading_counts_doubts(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = ["Id,Name", *(f"{n},Acme {n}" for n in range(1, 9))]
    path.write_text("\n".join(lines), encoding="utf-8")
    verdicts = {"1": (Verdict.QUESTION, 0.4), "3": (Verdict.SAME, 0.9),
                "5": (Verdict.QUESTION, 0.95), "7": (Verdict.SAME, 1.0)}  # fmt: skip
    groups = []
    for kept, (verdict, score) in verdicts.items():
        other = str(int(kept) + 1)
        match = Match(kept, other, verdict, "scored", score, ("same phone",))
        groups.append(Alike((kept, other), kept, ((other, match),)))
    told = _told(read_records(path), "account", groups, {})
    assert [g["survivor"] for g in told["groups"]] == ["7", "3", "5", "1"]
    printed = StringIO()
    listed(Console(file=printed, width=200), told)
    assert "4 groups among 8 account records" in printed.getvalue()
    assert "2 sure, 2 doubtful" in printed.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("nobody",), "no side and no file"), (("hubspot", "--kind", "opportunity"), "no kind")],
)
def test_a_mistake_on_the_command_line_is_told(
    empty: Office, arguments: tuple[str, ...], said: str
) -> None:
    refused = empty.tieline("duplicates", *arguments)
    assert refused.code == 2
    assert said in refused.err
