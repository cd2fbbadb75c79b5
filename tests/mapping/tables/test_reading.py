"""Spreadsheets as people have them: read right, or refused with file, place, key and remedy."""

from __future__ import annotations

import datetime as dt
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from core.errors import SettingsError
from mapping.tables.model import Column, Table
from mapping.tables.read import read_table

COLUMNS = (
    Column("name", ("Company name", "Account"), required=True),
    Column("website", ("Website",)),
    Column("since", ("Customer since",), "date"),
    Column("amount", ("Amount",), "number"),
    Column("tags", ("Tags",), "list"),
    Column("chance", ("Chance",), "percent"),
)
HEAD = "Company name;Website;Customer since;Amount\n"


def read(path: Path, data: bytes | str, **options: Any) -> Table:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_table(path, COLUMNS, **options)


def only(table: Table) -> Mapping[str, str | None]:
    ((_, row),) = table.rows()
    return row


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Müller;m.de;;", "utf-8"),
        ("Müller;m.de;;", "utf-8-sig"),
        ("Müller Łódź;m.de;;", "utf-16"),
        ("Müller;m.de;;", "utf-16-le"),
        ("Müller;m.de;;", "utf-16-be"),
        ("Müller;m.de;;", "utf-32"),
        ("Müller & Söhne “Fünf” – Straße;m.de;;", "cp1252"),
        ("Müller;m.de;;", "latin-1"),
    ],
)
def test_usual_encodings_are_told(tmp_path: Path, text: str, encoding: str) -> None:
    table = read(tmp_path / "a.csv", (HEAD + text).encode(encoding))
    assert only(table)["name"] == text.partition(";")[0]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Hermès", "cp1252"),
        ("Dvořák", "cp1250"),
        ("Газпром", "cp1251"),
        ("Société", "mac_roman"),
        ("トヨタ自動車", "shift_jis"),
        ("삼성전자", "euc-kr"),
    ],
)
def test_an_encoding_that_is_not_certain_is_asked_for(
    tmp_path: Path, name: str, encoding: str
) -> None:
    data = (HEAD + f"A;a.de;;\n{name};m.de;;").encode(encoding)
    with pytest.raises(SettingsError, match="line 3") as caught:
        read(tmp_path / "a.csv", data)
    assert "--encoding" in caught.value.remedy
    table = read(tmp_path / "a.csv", data, encoding=encoding)
    assert [row["name"] for _, row in table.rows()] == ["A", name]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Company name,Website\nAcme,acme.com\n", ("Acme", "acme.com")),
        ("Company name\tWebsite\nAcme\tacme.com\n", ("Acme", "acme.com")),
        ("sep=|\nCompany name|Website\nAcme|acme.com\n", ("Acme", "acme.com")),
        ('Company name;Website\n"Acme; the ""first""\nof all";acme.com\n',
         ('Acme; the "first"\nof all', "acme.com")),
        ("Our accounts\n\nCompany name;Website\nAcme;acme.com\n", ("Acme", "acme.com")),
        ("company NAME ;Web-site (URL)\nAcme;acme.com\n", ("Acme", "acme.com")),
        ("Company name;Website\n\nAcme;acme.com;\n;;\n", ("Acme", "acme.com")),
        ("Company name;Website\n'=Acme;#N/A\n", ("=Acme", None)),
    ],
)  # fmt: skip
def test_shapes_of_csv(tmp_path: Path, text: str, row: tuple[str, str]) -> None:
    found = only(read(tmp_path / "a.csv", text))
    assert (found["name"], found["website"]) == row


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('Company name;Website\n"Acme;acme.com\nB;b.com\n', "line 2", "never closed"),
        ('Company name;Website\nA;a.com\n"B"x;b.com\n', "line 3", "quotes"),
        ("Company name;Website\nAcme;acme.com;extra\n", "line 2, column 3", "2"),
        ("Firma;Website\nAcme;acme.com\n", "line 1", r"no column name \(`Company name`\)"),
        ("Company name;Website;Company name\nA;b;c\n", "line 1", "both called"),
        ("Company name;Website;Website\nA;b;c\n", "line 1", "website: .* both called"),
        ("Company name;Customer since\nA;31.02.2024\n", "line 2, column 2", "since"),
        ("Company name;Customer since\nA;45321\n", "line 2, column 2", "day number"),
        ("Company name;Customer since\nA;03/04/2024\n", "line 2, column 2", "day or month"),
        ("Company name;Customer since\nA;13/04/2024\nB;04/13/2024\n", "column", "others"),
        ("Company name;Amount\nA;1.000\n", "line 2, column 2", "thousand"),
        ("Company name;Amount\nA;many\n", "line 2, column 2", "not a number"),
        ("Company name;Amount\nA;NaN\n", "line 2, column 2", "not a number"),
        ("Company name;Amount\nA;-Infinity\n", "line 2, column 2", "not a number"),
        ("Company name;Amount\nA;1e999999999\n", "line 2, column 2", "larger or smaller"),
        ("Company name;Amount\nA;1e-999999999\n", "line 2, column 2", "larger or smaller"),
        ("Company name;Chance\nA;140 %\n", "line 2, column 2", "between 0 and 100"),
        (f'Company name\n"{"x" * 200_000}"\n', "line 2", "131,072 characters"),
        ("Company name;Website\nA;#REF!\n", "line 2, column 2", "website: the formula"),
        ("Company name;Website\nA\x00B;x\n", "line 2", "zero byte"),
        ("", "", "no rows"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(
    tmp_path: Path, text: str, where: str, what: str
) -> None:
    with pytest.raises(SettingsError, match=what) as caught:
        read(tmp_path / "list.csv", text)
    assert "list.csv" in caught.value.message
    assert where in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-03-05", "2024-03-05"), ("2024-03-05T10:00:00Z", "2024-03-05"),
        ("2024/3/5", "2024-03-05"), ("05.03.2024", "2024-03-05"), ("05/05/2024", "2024-05-05"),
    ],
)  # fmt: skip
def test_dates_of_a_csv(tmp_path: Path, written: str, day: str) -> None:
    found = only(read(tmp_path / "a.csv", f"Company name;Customer since\nA;{written}\n"))
    assert found["since"] == day


def test_one_telling_date_decides_for_its_column(tmp_path: Path) -> None:
    text = "Company name;Customer since\nA;03/04/2024\nB;13/04/2024\n"
    table = read(tmp_path / "a.csv", text)
    assert [row["since"] for _, row in table.rows()] == ["2024-04-03", "2024-04-13"]
    assert "since: dates are read day first" in table.notes


@pytest.mark.parametrize(
    ("written", "number"),
    [("1234.5", "1234.5"), ("1.234,50", "1234.5"), ("1,234.50", "1234.5"), ("€ 12,500", "12500"),
     ("USD 7", "7"), ("-3", "-3"), ("1'000", "1000"), ("0.125", "0.125")],
)  # fmt: skip
def test_numbers_whichever_way_they_are_written(tmp_path: Path, written: str, number: str) -> None:
    found = only(read(tmp_path / "a.csv", f"Company name;Amount\nA;{written}\n"))
    assert found["amount"] == number


def test_a_file_larger_than_any_list_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(40 << 30)  # a hole: it takes no room on the disk
    with pytest.raises(SettingsError, match="larger than any list"):
        read_table(path, COLUMNS)


@pytest.mark.parametrize("encoding", ["undefined", "base64", "nope", "idna", "ascii"])
def test_an_encoding_that_does_not_fit_is_told(tmp_path: Path, encoding: str) -> None:
    """Some codecs of the language are for no text, and some fail without saying where."""
    with pytest.raises(SettingsError, match=encoding):
        read(tmp_path / "a.csv", f"{HEAD}Müller{'x' * 70};a..b;;\n", encoding=encoding)


def test_headings_may_be_named(tmp_path: Path) -> None:
    found = only(read(tmp_path / "a.csv", "Firma;Netz\nAcme;a.de\n",
                      named={"name": "Firma", "website": "Netz"}))  # fmt: skip
    assert (found["name"], found["website"]) == ("Acme", "a.de")
    with pytest.raises(SettingsError, match="no column website"):
        read(tmp_path / "a.csv", "Firma;Netz\nAcme;a.de\n",
             named={"name": "Firma", "website": "Web"})  # fmt: skip


# -- workbooks -----------------------------------------------------------------------------------


def saved(path: Path, *rows: list[Any], merge: tuple[str, ...] = (), sheet: str = "Data") -> Path:
    book = Workbook()
    target = book.active
    assert target is not None
    target.title = sheet
    for row in rows:
        target.append(row)
    for area in merge:
        target.merge_cells(area)
    book.save(path)
    return path


WORKBOOK_HEAD = ["Company name", "Website", "Customer since", "Amount"]


def test_a_workbook_is_known_by_its_content(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", WORKBOOK_HEAD, ["Acme", "acme.com", None, 5])
    assert only(read_table(path, COLUMNS))["amount"] == "5"


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (dt.datetime.fromisoformat("2024-03-05T10:00"), "2024-03-05"),
        (dt.date(2024, 3, 5), "2024-03-05"),
        (45356, "2024-03-05"),
        ("05.03.2024", "2024-03-05"),
    ],
)
def test_dates_as_numbers(tmp_path: Path, value: Any, day: str) -> None:
    path = saved(tmp_path / "a.xlsx", WORKBOOK_HEAD, ["Acme", None, value, None])
    assert only(read_table(path, COLUMNS))["since"] == day


def test_dates_of_a_book_that_counts_from_1904(tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    target = book.active
    assert target is not None
    target.append(WORKBOOK_HEAD)
    target.append(["Acme", None, 45356 - 1462, None])
    book.save(tmp_path / "a.xlsx")
    assert only(read_table(tmp_path / "a.xlsx", COLUMNS))["since"] == "2024-03-05"


def test_names_that_are_numbers_stay_text(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", WORKBOOK_HEAD, [1800, 3.0, None, None], [True, None])
    assert [r["name"] for _, r in read_table(path, COLUMNS).rows()] == ["1800", "true"]


def test_cells_merged_downward_have_their_value_in_each_row(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.xlsx",
        ["Our accounts"],
        WORKBOOK_HEAD,
        ["Acme", "acme.com"],
        [None, "acme.de"],
        [None, "acme.fr"],
        ["B", "b.com"],
        merge=("A1:D1", "A3:A5"),
    )
    found = [(line, r["name"], r["website"]) for line, r in read_table(path, COLUMNS).rows()]
    assert found == [
        (3, "Acme", "acme.com"), (4, "Acme", "acme.de"), (5, "Acme", "acme.fr"), (6, "B", "b.com"),
    ]  # fmt: skip


@pytest.mark.parametrize("area", ["A2:B2", "A1:B1"])
def test_cells_merged_over_columns_are_refused(tmp_path: Path, area: str) -> None:
    path = saved(tmp_path / "a.xlsx", WORKBOOK_HEAD, ["Acme", None, None, 1], merge=(area,))
    with pytest.raises(SettingsError, match=rf"Data!{area}"):
        read_table(path, COLUMNS)


def test_a_formula_that_was_never_computed_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", WORKBOOK_HEAD, ["Acme", '=A2&".com"', None, None])
    with pytest.raises(SettingsError, match=r"Data!B2: website: .* never computed"):
        read_table(path, COLUMNS)


def test_a_formula_gives_what_it_last_showed(tmp_path: Path) -> None:
    import zipfile

    path = saved(tmp_path / "a.xlsx", WORKBOOK_HEAD, ["Acme", '=A2&".com"', None, None])
    with zipfile.ZipFile(path) as parts:
        kept = {name: parts.read(name) for name in parts.namelist()}
    part = "xl/worksheets/sheet1.xml"
    assert b'<c r="B2"><f>A2&amp;".com"</f><v></v>' in kept[part]
    shown = kept[part].replace(b"<v></v>", b"<v>Acme.com</v>")
    shown = shown.replace(b'<c r="B2">', b'<c r="B2" t="str">')
    with zipfile.ZipFile(path, "w") as parts:
        for name, data in {**kept, part: shown}.items():
            parts.writestr(name, data)
    assert only(read_table(path, COLUMNS))["website"] == "Acme.com"


@pytest.mark.parametrize(("shown", "refused"), [("#REF!", True), ("#N/A", False)])
def test_a_formula_that_failed(tmp_path: Path, shown: str, refused: bool) -> None:
    book = Workbook()
    target = book.active
    assert target is not None
    target.append(WORKBOOK_HEAD)
    target.append(["Acme", shown])
    target["B2"].data_type = "e"
    book.save(tmp_path / "a.xlsx")
    if refused:
        with pytest.raises(SettingsError, match=r"Sheet!B2: website: .* failed \(#REF!\)"):
            read_table(tmp_path / "a.xlsx", COLUMNS)
    else:
        assert only(read_table(tmp_path / "a.xlsx", COLUMNS))["website"] is None


def test_a_formula_of_a_column_that_nobody_wants_does_not_matter(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [*WORKBOOK_HEAD, "More"], ["Acme", None, None, 1, "=1+1"])
    assert only(read_table(path, COLUMNS))["name"] == "Acme"


def test_a_list_may_stand_anywhere_on_its_sheet(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [], [], [None, None, *WORKBOOK_HEAD],
                 [None, None, "Acme", "=A1", None, 1])  # fmt: skip
    with pytest.raises(SettingsError, match="Data!D4"):
        read_table(path, COLUMNS)


def test_one_sheet_has_to_be_meant(tmp_path: Path) -> None:
    book = Workbook()
    for title in ("One", "Two"):
        sheet = book.create_sheet(title)
        sheet.append(WORKBOOK_HEAD)
        sheet.append([title])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(SettingsError, match="2 sheets to choose from: One, Two"):
        read_table(tmp_path / "a.xlsx", COLUMNS)
    assert only(read_table(tmp_path / "a.xlsx", COLUMNS, sheet="Two"))["name"] == "Two"
    with pytest.raises(SettingsError, match="no sheet `Three`"):
        read_table(tmp_path / "a.xlsx", COLUMNS, sheet="Three")


@pytest.mark.parametrize("data", [b"PK\x03\x04 cut off", b"\xd0\xcf\x11\xe0 old"])
def test_what_is_no_workbook_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(SettingsError, match="workbook"):
        read_table(tmp_path / "a.xlsx", COLUMNS)


def test_a_damaged_part_is_told(tmp_path: Path) -> None:
    import zipfile

    path = saved(tmp_path / "a.xlsx", WORKBOOK_HEAD, ["Acme"])
    with zipfile.ZipFile(path) as parts:
        kept = {name: parts.read(name) for name in parts.namelist()}
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path, "w") as parts:
        for name, data in {**kept, part: kept[part][:-200]}.items():
            parts.writestr(name, data)
    with pytest.raises(SettingsError, match=r"a\.xlsx"):
        read_table(path, COLUMNS)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", bytes(110 << 20))
    with pytest.raises(SettingsError, match="larger than any list"):
        read_table(tmp_path / "a.xlsx", COLUMNS)


def _with_cell(path: Path, row: int, cell: str) -> Path:
    """A small workbook with one more cell as it would stand in its sheet."""
    import zipfile

    saved(path, WORKBOOK_HEAD, ["Acme", "acme.com"])
    with zipfile.ZipFile(path) as parts:
        kept = {name: parts.read(name) for name in parts.namelist()}
    part = "xl/worksheets/sheet1.xml"
    more = f'<row r="{row}">{cell}</row></sheetData>'.encode()
    kept[part] = kept[part].replace(b"</sheetData>", more)
    with zipfile.ZipFile(path, "w") as parts:
        for name, data in kept.items():
            parts.writestr(name, data)
    return path


def test_a_stray_cell_in_the_last_corner_does_not_take_all_memory(tmp_path: Path) -> None:
    """The reader of cells would make room for seventeen thousand million."""
    cell = '<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>'
    path = _with_cell(tmp_path / "a.xlsx", 1_048_576, cell)
    for sheet in (None, "Data"):
        with pytest.raises(SettingsError, match="reach to XFD1048576"):
            read_table(path, COLUMNS, sheet=sheet)


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (1_048_576, '<c r="XFD1048576" s="0"/>'),  # blank: no room is made for it
        (900, '<c r="XFD900" t="inlineStr"><is><t>x</t></is></c>'),
        (1_048_576, '<c r="E1048576" t="inlineStr"><is><t>x</t></is></c>'),
    ],
)
def test_stray_cells_that_do_no_harm(tmp_path: Path, row: int, cell: str) -> None:
    table = read_table(_with_cell(tmp_path / "a.xlsx", row, cell), COLUMNS)
    assert only(table)["name"] == "Acme"


_LINK = (
    '<Relationship Id="rId99" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org'
    '/officeDocument/2006/relationships/sharedStrings"/>'
)
_TYPE = (
    '<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def _sharing(path: Path, text: str, times: int) -> Path:
    """A workbook in which many cells show one text of its table of texts."""
    import zipfile

    saved(path, WORKBOOK_HEAD, ["Acme", "acme.com"])
    with zipfile.ZipFile(path) as parts:
        kept = {name: parts.read(name).decode() for name in parts.namelist()}
    cells = [f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 3 + times)]
    added = {
        "xl/worksheets/sheet1.xml": ("</sheetData>", "".join(cells)),
        "xl/_rels/workbook.xml.rels": ("</Relationships>", _LINK),
        "[Content_Types].xml": ("</Types>", _TYPE),
    }
    for name, (end, more) in added.items():
        kept[name] = kept[name].replace(end, more + end)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kept["xl/sharedStrings.xml"] = f'<sst xmlns="{space}"><si><t>{text}</t></si></sst>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, data in kept.items():
            parts.writestr(name, data)
    return path


def test_a_long_text_that_many_cells_show_does_not_take_all_memory(tmp_path: Path) -> None:
    """The text stands in the file once: 0.3 MB would become 1.2 GB."""
    path = _sharing(tmp_path / "a.xlsx", "A" * 30_000, 40_000)
    with pytest.raises(SettingsError, match="more text than any list"):
        read_table(path, COLUMNS)
    table = read_table(_sharing(tmp_path / "b.xlsx", "A" * 30_000, 300), COLUMNS)
    assert [len(line.values[0] or "") for line in table.lines[1:]] == [30_000] * 300


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_million_rows(tmp_path: Path, ending: str) -> None:
    from mapping.tables.write import Sheet, write_csv, write_xlsx

    path = tmp_path / f"a.{ending}"
    rows = ((f"Company {n}", f"c{n}.com", dt.date(2024, 3, 5), n) for n in range(1_000_000))
    if ending == "csv":
        write_csv(path, WORKBOOK_HEAD, rows)
    else:
        write_xlsx(path, [Sheet("Data", WORKBOOK_HEAD, rows)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = read_table(path, COLUMNS)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(table) == 1_000_000
    assert table.lines[-1].values == ("Company 999999", "c999999.com", "2024-03-05", "999999")
    assert taken < 1_500 << 10  # KB


def test_a_file_that_may_not_be_read_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "list.csv"
    path.write_text(HEAD + "Acme;;;\n", encoding="utf-8")
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        read_table(path, COLUMNS)
