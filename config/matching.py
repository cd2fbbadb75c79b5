"""What the configuration file may say of matching: what works it out, and with how much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from config.base import Strict
from config.problems import Problem

DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+")


class MatchingEngine(Strict):
    """How duplicates and overlaps of people are worked out; companies need no choice."""

    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="duckdb: in this process; spark: on a cluster, the same model"
    )
    memory: str = Field("2GB", description="what DuckDB may hold in memory; more goes to disk")
    threads: int | None = Field(None, ge=1, description="of DuckDB; all cores by default")
    spark_master: str = Field("local[2]", description="where Spark runs")
    spark_options: dict[str, str] = Field({}, description="further settings of Spark")
    free_mail: Path | None = Field(
        None,
        description="text file with further domains of free mail, one a line; their addresses say"
        " nothing of an employer",
    )


def free_mail_of(settings: MatchingEngine, folder: Path) -> dict[int, str]:
    """The domains of the person's own list by their line, none without a list; empty lines and
    those with # are left out. Raises OSError and UnicodeDecodeError."""
    if settings.free_mail is None:
        return {}
    text = (folder / settings.free_mail.expanduser()).read_text(encoding="utf-8-sig")
    lines = ((n, line.strip().lower()) for n, line in enumerate(text.splitlines(), 1))
    return {n: line for n, line in lines if line and not line.startswith("#")}


def matching_problems(settings: MatchingEngine, folder: Path) -> Iterator[Problem]:
    """Everything wrong with the file of free mail."""
    where = ("matching", "free_mail")
    try:
        lines = free_mail_of(settings, folder)
    except (OSError, UnicodeDecodeError):
        what = f"there is no text file `{settings.free_mail}`"
        yield Problem(where, what, "Give the path from the folder of this file, a text in UTF-8.")
        return
    for number, text in lines.items():
        if not DOMAIN.fullmatch(text):
            what = f"{settings.free_mail}, line {number}: `{text}` is no domain"
            yield Problem(where, what, "Write one domain a line, such as example.com.")
