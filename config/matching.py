"""What the configuration file may say of matching: what works it out, and with how much."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.base import Strict


class MatchingEngine(Strict):
    """How duplicates and overlaps of people are worked out; companies need no choice."""

    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="duckdb: in this process; spark: on a cluster, the same model"
    )
    memory: str = Field("2GB", description="what DuckDB may hold in memory; more goes to disk")
    threads: int | None = Field(None, ge=1, description="of DuckDB; all cores by default")
    spark_master: str = Field("local[2]", description="where Spark runs")
    spark_options: dict[str, str] = Field({}, description="further settings of Spark")
