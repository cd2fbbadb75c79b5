"""`tieline duplicates` as it is typed, over two sandboxes: from the list to the vendor's merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.app.office import Office

TYPES = {"salesforce": "Account", "hubspot": "companies"}


@pytest.fixture
def running(office: Office) -> Office:
    """Two sandboxes in step; the demo world plants some accounts twice."""
    office.tieline("setup")
    office.tieline("run")
    office.tieline("run")
    return office


def found(office: Office, side: str, *options: str) -> dict[str, Any]:
    shown = office.tieline("duplicates", side, "--json", *options)
    assert shown.code == 0, shown.err
    result: dict[str, Any] = shown.json
    return result


def sure(groups: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The survivor and the other of the first group that the engine is sure of."""
    for group in groups:
        survivor, other = group["members"][:2]
        if other["verdict"] == "same":
            return survivor, other
    raise AssertionError(groups)


@pytest.mark.parametrize("side", ["salesforce", "hubspot"])
def test_an_answer_merges_two_accounts_on_their_side(running: Office, side: str) -> None:
    before = running.writes()
    survivor, other = sure(found(running, side)["groups"])
    assert running.writes() == before, "looking for duplicates writes to no side"
    assert other["evidence"]
    assert other["question"]
    listed = running.tieline("questions", "--cause", "duplicate")
    assert other["question"] in listed.out
    assert running.tieline("resolve", other["question"], "merge", "--as", "anna").code == 0
    plan = running.tieline("plan", "--json").json
    (merge,) = [a for a in plan["actions"] if a["verb"] == "merge"]
    assert (merge["side"], merge["record_id"], merge["other_id"]) == (
        side, survivor["id"], other["id"],
    )  # fmt: skip
    running.tieline("run", "--allow", "changes")
    running.tieline("run", "--allow", "changes")
    left = running.dump(side, TYPES[side])
    names = [m["name"] for m in found(running, side)["groups"] for m in m["members"]]
    assert other["name"] not in names
    assert other["id"] not in [i for i, r in left.items() if not _gone(r)]


def _gone(record: dict[str, Any]) -> bool:
    return bool(record.get("IsDeleted") or record.get("archived") or record.get("MasterRecordId"))


def test_a_refusal_is_never_proposed_again(running: Office) -> None:
    _, other = sure(found(running, "salesforce")["groups"])
    running.tieline("resolve", other["question"], "keep", "apart")
    again = found(running, "salesforce")
    assert other["id"] not in [m["id"] for g in again["groups"] for m in g["members"]]
    running.tieline("run", "--allow", "changes")
    assert other["question"] not in running.tieline("questions", "--cause", "duplicate").out


def test_the_list_can_be_read_by_a_person(running: Office) -> None:
    shown = running.tieline("duplicates", "salesforce", "--at-least", "0.9").out
    assert "would be merged away" in shown
    assert "survives" in shown
    assert "same domain" in shown
    assert "tieline resolve ID merge" in shown


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
