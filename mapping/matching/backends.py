"""Where the probabilistic model is worked out: DuckDB in this process, or Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from core.errors import SettingsError

INSTALL_SPARK = (
    "Install it into Tieline's environment: python -m pip install -c constraints.txt -e '.[spark]'"
    " (it needs Java 17 or newer); or set `matching.engine: duckdb`."
)


@dataclass(frozen=True, slots=True)
class Engine:
    """What works the model out."""

    name: str = "duckdb"
    """`duckdb` or `spark`."""
    memory: str = "2GB"
    """What DuckDB may hold in memory; the rest goes to disk."""
    threads: int | None = None
    """Of DuckDB; all cores where it is not said."""
    spark_master: str = "local[2]"
    """Where Spark runs."""
    spark_options: tuple[tuple[str, str], ...] = ()
    """Further settings of Spark, by name."""


@contextmanager
def opened(engine: Engine) -> Iterator[Any]:
    """Splink's interface to the engine; everything that it made is gone afterwards. Raises
    SettingsError where Spark is asked for and is not installed, or does not start."""
    with _duckdb(engine) if engine.name == "duckdb" else _spark(engine) as api:
        yield api


def frame(api: Any, table: Any, name: str) -> Any:
    """A pyarrow table as the engine's own. Spark would carry the rows within every plan that
    names the table, so they are handed out to its workers first."""
    if hasattr(api, "spark"):
        table = api.spark.createDataFrame(table).localCheckpoint()
    return api.register(table, dataset_display_name=name)


@contextmanager
def _duckdb(engine: Engine) -> Iterator[Any]:
    import duckdb
    from splink import DuckDBAPI

    with TemporaryDirectory(prefix="tieline-") as folder, duckdb.connect(":memory:") as connection:
        connection.execute(f"set memory_limit = '{engine.memory}'")
        connection.execute(f"set temp_directory = '{folder}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        if engine.threads:
            connection.execute(f"set threads = {engine.threads}")
        yield DuckDBAPI(connection=connection)


@contextmanager
def _spark(engine: Engine) -> Iterator[Any]:
    session = _spark_session(engine)
    session.sparkContext.setLogLevel("ERROR")
    try:
        from splink import SparkAPI

        api: Any = SparkAPI
        yield api(spark_session=session, break_lineage_method="persist")
    finally:
        session.stop()


def _spark_session(engine: Engine) -> Any:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
        from splink.backends.spark import similarity_jar_location
    except ImportError:
        raise SettingsError("`matching.engine` is spark, which is not installed",
                            remedy=INSTALL_SPARK) from None  # fmt: skip
    from py4j.protocol import Py4JError

    builder = SparkSession.builder.master(engine.spark_master).appName("tieline")
    fixed = (
        ("spark.jars", similarity_jar_location()), ("spark.ui.enabled", "false"),
        ("spark.sql.shuffle.partitions", "8"), ("spark.default.parallelism", "8"),
        ("spark.driver.memory", "4g"), ("spark.ui.showConsoleProgress", "false"),
    )  # fmt: skip
    for key, value in (*fixed, *engine.spark_options):
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        said = str(error).strip().splitlines()[0]
        raise SettingsError(
            f"Spark did not start at `{engine.spark_master}`: {said}",
            remedy="Spark needs Java 17 or newer, and a master that answers: see"
            " `matching.spark_master` and `matching.spark_options`.",
        ) from error
