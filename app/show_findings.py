"""The findings of `setup` and `doctor`, as a person and as a program read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app import show
from app.session import Session
from connectors.base import Finding

Level = Literal["ok", "made", "warning", "problem"]
_PROBLEM = 3
"""Exit code where a problem was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding about one side ("" for what concerns all)."""

    side: str
    level: Level
    subject: str
    message: str
    remedy: str = ""


def of_side(side: str, findings: Sequence[Finding]) -> list[Found]:
    """A connector's findings, with the side that they are about."""
    return [Found(side, f.level, f.subject, f.message, f.remedy) for f in findings]


def exit_code(found: Sequence[Found]) -> int:
    """3 where there is a problem, else 0: warnings hinder nothing."""
    return _PROBLEM if any(f.level == "problem" for f in found) else 0


def as_json(found: Sequence[Found]) -> dict[str, Any]:
    """All findings, and their number by level."""
    levels = {level: sum(f.level == level for f in found) for level in _ORDER}
    return {"findings": [asdict(f) for f in found], "levels": levels, "exit_code": exit_code(found)}


_ORDER: tuple[Level, ...] = ("problem", "warning", "made", "ok")


def told(session: Session, found: Sequence[Found], caption: str) -> int:
    """Print the findings, the worst first, and return the exit code."""
    if session.json:
        session.print_json(as_json(found))
        return exit_code(found)
    ordered = sorted(found, key=lambda f: _ORDER.index(f.level))
    rows = [(f.level, f.side, f.subject, f.message, f.remedy) for f in ordered]
    head = ("level", "side", "subject", "finding", "what to do")
    show.table(session.out, head, rows, caption=caption)
    show.line(session.out, _summary(found))
    return exit_code(found)


def _summary(found: Sequence[Found]) -> str:
    levels = [f.level for f in found]
    counts = [show.count(n, w) for w in ("problem", "warning") if (n := levels.count(w))]
    return f"{' and '.join(counts)} found." if counts else "All well."
