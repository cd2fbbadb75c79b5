"""`tieline questions` and `tieline resolve` as they are typed, over two sandboxes."""

from __future__ import annotations

import csv
import stat
from pathlib import Path
from typing import Any

import pytest

from mapping.tables.cells import plain_cell, safe_cell
from mapping.tables.model import Column
from mapping.tables.read import read_table
from mapping.tables.write import write_csv
from sync.lock import locked
from tests.app.office import Office


@pytest.fixture
def asking(office: Office) -> Office:
    """An office after a first run that held what differs."""
    office.replace("prefer salesforce", "hold")
    office.tieline("setup")
    office.tieline("run")
    return office


def listed(office: Office, *options: str) -> dict[str, Any]:
    """The questions as JSON."""
    found: dict[str, Any] = office.tieline("questions", "--json", *options).json
    return found


def items(office: Office, *options: str) -> list[dict[str, Any]]:
    """The questions one by one."""
    return [item for group in listed(office, *options)["groups"] for item in group["items"]]


def test_questions_are_grouped_counted_and_aged(asking: Office) -> None:
    found = listed(asking)
    assert found["open"] == sum(g["number"] for g in found["groups"]) > 0
    oldest = [g["oldest"] for g in found["groups"]]
    assert oldest == sorted(oldest)
    assert all("take" in g["answers"] for g in found["groups"] if g["cause"] == "conflict")
    assert {i["cause"] for i in items(asking, "--cause", "conflict")} == {"conflict"}
    assert {i["kind"] for i in items(asking, "--kind", "person")} <= {"person"}
    assert items(asking, "--older-than", "7d") == []
    shown = asking.tieline("questions").out
    assert "waiting for a person" in shown
    assert "answers: take SIDE" in shown
    assert "oldest" in asking.tieline("status").out


def test_a_plan_names_questions_by_the_ids_that_answer_them(asking: Office) -> None:
    known = {item["id"] for item in items(asking)}
    plan = asking.tieline("plan", "--full", "--json").json
    assert len(plan["question_ids"]) == len(plan["questions"]) > 0
    assert set(plan["question_ids"]) <= known
    shown = asking.tieline("plan", "--full").out
    assert any(f"{q['cause']} {i}: " in shown for q, i in
               zip(plan["questions"], plan["question_ids"], strict=True))  # fmt: skip


def test_one_question_is_answered_and_the_next_run_follows(asking: Office) -> None:
    (first, *_) = items(asking, "--cause", "conflict")
    said = asking.tieline("resolve", first["id"], "take", "hubspot", "--as", "anna")
    assert (said.code, said.out) == (0, "1 answer noted; the next plan follows\n")
    plan = asking.tieline("plan", "--json").json
    whys = [f["why"] for a in plan["actions"] for f in a["fields"]]
    assert any(why.startswith("answered by anna on ") for why in whys)
    asking.tieline("run")
    assert first["id"] not in {i["id"] for i in items(asking)}
    (kept,) = asking.tieline("questions", "--answers", "--json").json["answers"]
    assert (kept["state"], kept["by"], kept["answer"]) == ("done", "anna", "take")
    assert kept["run"] == "r000002"
    assert "anna" in asking.tieline("questions", "--answers").out


def test_a_group_is_answered_for_good_and_taken_back(asking: Office) -> None:
    group = next(g for g in listed(asking)["groups"] if g["cause"] == "conflict")
    name = f"conflict:{group['kind']}:{group['field']}"
    assert asking.tieline("resolve", "--group", name, "always", "take", "hubspot").code == 0
    (kept,) = asking.tieline("questions", "--answers", "--json").json["answers"]
    assert kept["always"]
    assert asking.tieline("resolve", kept["id"], "withdraw").out.startswith("withdrawn")
    asking.tieline("run")
    assert group["number"] == next(
        g["number"]
        for g in listed(asking)["groups"]
        if (g["cause"], g["kind"], g["field"]) == ("conflict", group["kind"], group["field"])
    )


def fill_in(path: Path, answers: dict[str, tuple[str, str]]) -> None:
    """Write answers into a list of questions, by id."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["answer"], row["value"] = answers.get(row["id"], ("", ""))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def test_many_are_answered_from_a_file(asking: Office, tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    assert asking.tieline("questions", "--cause", "conflict", "--csv", str(path)).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    wanted = [i["id"] for i in items(asking, "--cause", "conflict")][:3]
    fill_in(path, dict.fromkeys(wanted, ("take", "salesforce")))
    said = asking.tieline("resolve", "--csv", str(path))
    assert said.out == f"{len(wanted)} answers noted; the next plan follows\n"
    asking.tieline("run")
    assert {i["id"] for i in items(asking)} & set(wanted) == set()


def test_a_file_is_taken_whole_or_not_at_all(asking: Office, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    good, other = items(asking, "--cause", "conflict")[:2]
    path.write_text(
        "id,answer,value,facts\n"
        f"{good['id']},take,hubspot,\n"
        "zzzzzzz,skip,,\n"
        f"{other['id']},restore,,\n"
        f"{other['id']},take,nowhere,\n"
        f"{other['id']},take,hubspot,0000\n",
        encoding="utf-8",
    )
    said = asking.tieline("resolve", "--csv", str(path))
    assert said.code == 2
    for line, words in (
        (3, "there is no open question zzzzzzz"),
        (4, "`restore` is no answer to conflict"),
        (5, "is answered on line 4 already"),
        (6, "is answered on line 4 already"),
    ):
        assert f"answers.csv:{line}: " in said.err
        assert words in said.err
    assert asking.tieline("questions", "--answers", "--json").json == {"answers": []}


def test_facts_that_changed_since_the_list_was_made_are_told(
    asking: Office, tmp_path: Path
) -> None:
    path = tmp_path / "answers.csv"
    (one, *_) = items(asking, "--cause", "conflict")
    path.write_text(f"id,answer,value,facts\n{one['id']},take,hubspot,0000\n", encoding="utf-8")
    said = asking.tieline("resolve", "--csv", str(path))
    assert said.code == 2
    assert "answers.csv:2: " in said.err
    assert "not as it was when the list was made" in said.err
    assert "Make the list again" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["take", "nowhere"], "nowhere shows no value"),
        (["take"], "`take` names no side"),
        (["value"], "`value` names no value"),
        (["merge"], "`merge` is no answer to conflict"),
        (["always", "value", "x"], "`value` is no answer for good"),
        (["perhaps"], "`perhaps` is no answer"),
        (["skip", "it"], "nothing follows `skip`"),
        ([], "an id and an answer are wanted"),
    ],
    ids=lambda p: " ".join(p) if isinstance(p, list) else "",
)
def test_an_impossible_answer_is_told_and_not_noted(
    asking: Office, words: list[str], message: str
) -> None:
    (one, *_) = items(asking, "--cause", "conflict")
    said = asking.tieline("resolve", one["id"], *words)
    assert said.code == 2
    assert message in said.err
    assert "remedy: " in said.err
    assert asking.tieline("questions", "--answers", "--json").json == {"answers": []}


def test_a_file_that_is_no_list_of_questions_is_told_how_to_get_one(
    asking: Office, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    for text in ("name,phone\nAcme,1\n", ""):
        path.write_text(text, encoding="utf-8")
        said = asking.tieline("resolve", "--csv", str(path))
        assert said.code == 2
        assert "remedy: Make the list with `tieline questions --csv FILE`" in said.err


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--side", "nowhere"), "there is no side `nowhere`"),
        (("--kind", "thing"), "there is no kind `thing`"),
        (("--cause", "boredom"), "there is no cause `boredom`"),
        (("--older-than", "7x"), "`7x` is not a duration"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_an_error(
    empty: Office, option: tuple[str, str], message: str
) -> None:
    said = empty.tieline("questions", *option)
    assert (said.code, message in said.err) == (2, True)


def test_nothing_is_answered_while_a_run_holds_the_state(asking: Office) -> None:
    (one, *_) = items(asking, "--cause", "conflict")
    with locked(asking.folder / ".tieline"):
        assert asking.tieline("resolve", one["id"], "skip").code == 6


def test_before_the_first_run_nothing_is_asked(office: Office) -> None:
    assert listed(office) == {"open": 0, "groups": []}
    assert "Nothing waits" in office.tieline("questions").out
    assert office.tieline("resolve", "abcdefg", "skip").code == 2
    assert office.tieline("questions", "--cause", "nonsense").code == 2


@pytest.mark.parametrize("cell", ["=1+1", "+12025550101", "-3", "@x", "\t=1", " =1", "|x", "plain"])
def test_cells_that_a_spreadsheet_would_run_are_kept_from_it(tmp_path: Path, cell: str) -> None:
    safe = safe_cell(cell)
    assert safe[0] not in "=+-@\t|"
    assert not safe.lstrip().startswith(("=", "+", "-", "@", "|"))
    assert plain_cell(safe) == cell
    write_csv(tmp_path / "x.csv", ("id", "value"), [("1", cell)])
    wanted = [Column("id", ("id",)), Column("value", ("value",))]
    ((line, row),) = read_table(tmp_path / "x.csv", wanted).rows()
    assert (line, row["value"]) == (2, cell.strip() if cell == safe else cell)
