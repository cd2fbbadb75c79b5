"""Files that a spreadsheet opens without running what is in them, written whole or not at all."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from openpyxl import load_workbook

from core.errors import SettingsError
from mapping.tables.model import Column
from mapping.tables.read import read_table
from mapping.tables.write import Sheet, write_csv, write_json, write_xlsx

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "|calc", "%1", "＝1",
    "=HYPERLINK(\"http://x\",\"y\")", "=cmd|' /C calc'!A0", "plain", "it's", "'quoted",
)  # fmt: skip
STARTS = ("=", "+", "-", "@", "|", "%", "\t", "\r", "＝")


def test_no_cell_of_a_csv_can_be_run_and_all_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, ("=head", "n"), [(cell, -5) for cell in HOSTILE])
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert all(not row[0].lstrip(" \u00a0").startswith(STARTS) for row in rows)
    assert {row[1] for row in rows[1:]} == {"-5"}
    table = read_table(path, (Column("head", ("=head",)), Column("n", ("n",), "number")))
    assert [v.strip() for v in HOSTILE] == [str(row["head"]).strip() for _, row in table.rows()]


def test_no_cell_of_a_workbook_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, [Sheet("=a/b", ("=head",), [(cell,) for cell in HOSTILE])])
    book = load_workbook(path)
    (sheet,) = book.worksheets
    assert {cell.data_type for (cell,) in sheet.iter_rows()} == {"s"}
    assert all(not str(cell.value).lstrip().startswith(STARTS) for (cell,) in sheet.iter_rows())
    book.close()


def test_what_a_workbook_cannot_hold_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, [Sheet("a", ("x",), [("a\x00b\x1b", ), ("y" * 40_000,)]),
                      Sheet("A", ("x",), [])])  # fmt: skip
    book = load_workbook(path)
    assert book.sheetnames == ["a", "A 2"]
    assert [len(str(row[0].value)) for row in book["a"].iter_rows(min_row=2)] == [2, 32_767]
    book.close()


def test_only_the_owner_can_read_and_an_old_file_is_replaced_whole(tmp_path: Path) -> None:
    for name, write in (
        ("a.csv", lambda p: write_csv(p, ("x",), [("1",)])),
        ("a.json", lambda p: write_json(p, {"x": "ü"})),
        ("a.xlsx", lambda p: write_xlsx(p, [Sheet("s", ("x",), [("1",)])])),
    ):
        path = tmp_path / name
        path.write_text("old", encoding="utf-8")
        path.chmod(0o644)
        write(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.json", "a.xlsx"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old", encoding="utf-8")

    def rows():  # type: ignore[no-untyped-def]
        yield ("1",)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_csv(path, ("x",), rows())
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        write_csv(tmp_path / "no" / "a.csv", ("x",), [])


def test_a_sheet_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mapping.tables.write.MOST_ROWS", 2)
    with pytest.raises(SettingsError, match="more rows than a sheet holds"):
        write_xlsx(tmp_path / "a.xlsx", [Sheet("s", ("x",), [(n,) for n in range(3)])])
    assert not list(tmp_path.iterdir())
