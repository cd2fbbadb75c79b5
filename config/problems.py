"""What is wrong in a file a person wrote, and one error out of all of it: line, key, remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from core.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""Where in a file: the keys and list positions from the top down."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: the key it is about, what is wrong with it, what to do."""

    key: KeyPath
    what: str
    remedy: str = ""


def dotted(key: KeyPath) -> str:
    """A key path as it is written in messages and docs: ``rules.person.match[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")


def suggest(word: object, allowed: Iterable[str], noun: str = "Allowed") -> str:
    """A remedy for a misspelt word: the nearest allowed one, else all of them."""
    options = list(allowed)
    near = get_close_matches(str(word), options, n=1, cutoff=0.7)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"{noun}: {', '.join(options)}." if options else ""


def failure(
    path: Path, problems: Sequence[tuple[int | None, Problem]], error: type[ConfigError]
) -> ConfigError:
    """One error out of all problems of one file, each as ``file:line: key: what``.

    With one problem its remedy becomes the error's remedy; with several each line carries its
    own, in the order of the lines.
    """
    ordered = sorted(problems, key=lambda pair: pair[0] or 0)
    if len(ordered) == 1:
        line, problem = ordered[0]
        return error(_sentence(path, line, problem), remedy=problem.remedy or None)
    lines = [
        f"{_sentence(path, line, problem)}. {problem.remedy}".rstrip() for line, problem in ordered
    ]
    return error("\n".join(lines), remedy="Correct each of the lines named.")


def _sentence(path: Path, line: int | None, problem: Problem) -> str:
    where = f"{path}:{line}" if line else f"{path}"
    key = f"{dotted(problem.key)}: " if problem.key else ""
    return f"{where}: {key}{problem.what}"
