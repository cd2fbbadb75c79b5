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
