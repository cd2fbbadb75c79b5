"""A person's own list of free mail: read, used, and clear errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.matching import MatchingEngine, free_mail_of, matching_problems
from mapping.matching import keys, own_free_mail


def test_a_list_is_read_and_counts(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("# ours\n\nClub-Mail.example\n", encoding="utf-8")
    settings = MatchingEngine(free_mail=Path("mine.txt"))
    assert list(matching_problems(settings, tmp_path)) == []
    assert keys.domain_key("a@club-mail.example") == "club-mail.example"
    own_free_mail.know(free_mail_of(settings, tmp_path).values())
    assert keys.domain_key("a@club-mail.example") is None
    own_free_mail.know(())
    assert keys.domain_key("a@club-mail.example") == "club-mail.example"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no text file `mine.txt`"), (b"\xff\xfe\x00", "there is no text file"),
     (b"good.com\nnot a domain\n", "mine.txt, line 2: `not a domain` is no domain"),
     (b"someone@good.com\n", "line 1: `someone@good.com` is no domain")],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "mine.txt").write_bytes(content)
    (problem,) = matching_problems(MatchingEngine(free_mail=Path("mine.txt")), tmp_path)
    assert said in problem.what
    assert problem.key == ("matching", "free_mail")


def test_without_a_list_nothing_is_added(tmp_path: Path) -> None:
    assert free_mail_of(MatchingEngine(), tmp_path) == {}
    assert list(matching_problems(MatchingEngine(), tmp_path)) == []
