"""Reading YAML: plain data, lines, and one clear error for everything that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.load import load_yaml
from core.errors import ConfigError, MappingSpecError, SettingsError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "tieline.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("FALSE", False),
        ("2026-01-31", "2026-01-31"),
        ("12:30", "12:30"),
        ("007", "007"),
        ("7", 7),
        ("-7", -7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", "1."),
        ("~", None),
        ("", None),
        ("null", None),
        ("'7'", "7"),
        ("!!str 7", "7"),
    ],
)
def test_plain_scalars_are_what_they_look_like(tmp_path: Path, text: str, value: Any) -> None:
    assert load_yaml(write(tmp_path, f"key: {text}\n")).data == {"key": value}


def test_every_key_and_item_knows_its_line(tmp_path: Path) -> None:
    document = load_yaml(write(tmp_path, "# head\na:\n  b:\n    - x\n    - {c: 1,\n       d: 2}\n"))
    assert document.line_of(()) == 2
    assert document.line_of(("a",)) == 2
    assert document.line_of(("a", "b")) == 3
    assert document.line_of(("a", "b", 0)) == 4
    assert document.line_of(("a", "b", 1, "c")) == 5
    assert document.line_of(("a", "b", 1, "d")) == 6


def test_the_line_of_an_absent_key_is_that_of_the_nearest_above(tmp_path: Path) -> None:
    document = load_yaml(write(tmp_path, "a:\n  b:\n    c: 1\n"))
    assert document.line_of(("a", "b", "absent", "below")) == 2
    assert document.line_of(("a", "b", 7)) == 2


def test_aliases_and_merge_keys_work_and_keep_the_line_where_they_were_written(
    tmp_path: Path,
) -> None:
    text = "base: &base\n  x: 1\n  y: 2\none:\n  <<: *base\n  y: 3\ntwo:\n  <<: [*base, {z: 4}]\n"
    document = load_yaml(write(tmp_path, text))
    assert document.data["one"] == {"x": 1, "y": 3}
    assert document.data["two"] == {"x": 1, "y": 2, "z": 4}
    assert document.line_of(("one", "x")) == 2
    assert document.line_of(("one", "y")) == 6


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    document = load_yaml(write(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n"))
    assert document.data == {"a": 1, "b": 2}
    assert document.line_of(("b",)) == 2


BROKEN = {
    "tab": ("a:\n\tb: 1\n", 2, "the line is indented with a tab", "Indent with spaces."),
    "tab after spaces": ("a:\n  \tb: [1\n", 2, "the line is indented with a tab", ""),
    "no colon": ("a: 1\nb\nc: 2\n", 2, "not valid YAML", "indentation, colon, quotes"),
    "open bracket": ("a: [1, 2\nb: 3\n", 2, "not valid YAML", ""),
    "twice": ("a: 1\nb: 2\na: 3\n", 3, "a: the key stands here twice, first on line 1", "Keep one"),
    "twice deep": ("a:\n  - b: 1\n    b: 2\n", 3, "a[0].b: the key stands here twice", ""),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "not valid YAML", ""),
    "unknown tag": ("a: !python/object:os.system x\n", 1, "a: the tag", "Leave the tag out."),
    "tag that does not fit": ("a: !!int x\n", 1, "a: the tag", ""),
    "key that is a list": ("[a, b]: 1\n", 1, "a key must be text", "Write `key: value`."),
    "endless alias": ("a: &a\n  b: *a\n", 2, "a.b: an alias that contains itself", "Write the"),
    "unknown alias": ("a: *b\n", 1, "not valid YAML", ""),
    "merge of text": ("a:\n  <<: x\n", 2, "a.<<: only mappings can be merged", "Name an anchored"),
    "control character": ("a: 1\nb: \x07\n", 2, "the character #x0007 is not allowed", "Remove it"),
    "not utf-8": (b"a: 1\nb: M\xfcller\n", 2, "the text is not UTF-8", "Save the file as UTF-8."),
    "empty": ("", None, "the file is empty", "Start from a file that is shipped"),
    "only comments": ("# nothing\n", None, "the file is empty", "Start from"),
    "only a dash line": ("---\n", None, "the file is empty", "Start from"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_read_is_one_error_with_line_and_remedy(
    tmp_path: Path, case: tuple[str | bytes, int | None, str, str]
) -> None:
    text, line, what, remedy = case
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_yaml(path)
    where = f"{path}:{line}: " if line else f"{path}: "
    assert caught.value.message.startswith(where + what)
    assert remedy in caught.value.remedy


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file") as caught:
        load_yaml(tmp_path / "absent.yaml")
    assert str(tmp_path / "absent.yaml") in caught.value.message
    with pytest.raises(SettingsError, match="this is a folder, not a file"):
        load_yaml(tmp_path)


def test_a_path_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    below = write(tmp_path, "a: 1\n") / "deeper.yaml"
    with pytest.raises(SettingsError, match="cannot be read"):
        load_yaml(below)


@pytest.mark.parametrize("error", [SettingsError, MappingSpecError])
def test_the_caller_says_which_error_it_is(tmp_path: Path, error: type[ConfigError]) -> None:
    with pytest.raises(error):
        load_yaml(write(tmp_path, "a: [\n"), error=error)
