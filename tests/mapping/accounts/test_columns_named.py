"""What is said of a list whose columns cannot be told, or are named by keys that there are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from mapping.accounts.spreadsheet import read_records


def test_a_list_without_any_known_heading_is_told_the_keys(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("foo,bar\nAcme,DE\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="no heading is understood; there are `foo`") as caught:
        read_records(path)
    assert "name, other_names, website" in caught.value.remedy


def test_a_key_that_there_is_not_is_no_way_to_name_a_column(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Company name,bar\nAcme,DE\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="`nme`, and there is no such key") as caught:
        read_records(path, named={"nme": "bar"})
    assert "name, other_names, website" in caught.value.remedy


@pytest.mark.parametrize(
    ("cells", "percent"),
    [
        (("40", "90"), ["40", "90"]),
        (("40 %", "90%"), ["40", "90"]),
        (("0.4", "0.9"), ["40", "90"]),
        (("0", "1"), ["0", "100"]),
        (("1", "60"), ["1", "60"]),
        (("", "0.5"), [None, "50"]),
    ],
)
def test_chances_of_opportunities_are_in_percent(
    tmp_path: Path, cells: tuple[str, str], percent: list[str | None]
) -> None:
    path = tmp_path / "list.csv"
    rows = [f"{n},Deal {n},A1,1000,{cell}" for n, cell in enumerate(cells)]
    head = "Id,Opportunity name,Account ID,Amount,Probability (%)"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    found = read_records(path, "opportunity").of("opportunity")
    chances = [record.values.get("probability") for record in found]
    assert [c and str(int(float(c))) for c in chances] == percent


@pytest.mark.parametrize(
    "heads",
    ["Firmenname,Webseite", "Société,Site web", "Empresa,Página web", "Name,Website URL"],
)
def test_usual_headings_of_other_languages_are_understood(tmp_path: Path, heads: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{heads}\nAcme,acme.de\n", encoding="utf-8")
    (record,) = read_records(path).accounts
    assert (record.values["name"], record.values["website"]) == ("Acme", "https://acme.de")
