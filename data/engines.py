"""What makes the finest rollups from the facts of a month: Polars in this process, or Apache Spark on its workers.

Both run the one definition in `analytics.builders` and come to the same whole numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import narwhals as nw
import polars as pl

from analytics import builders
from analytics.exc import ConfigError
from analytics.rollups import Family

#: Names of the engines, the default first.
NAMES: Final = ("polars", "spark")

#: Rows from which Polars streams: below, planning costs more than it gains; above, it takes half the time and little memory.
_MANY_ROWS: Final = 200_000


#: Facts that get the number of their day of entry, each engine in its own words: Narwhals has none for it.
_OF_ENTRIES: Final = ("entry", "entry_line")
_DAY: Final = pl.col("entry_date").cast(pl.Int32).alias(builders.ENTRY_DAY)


class Engine(Protocol):
    """Makes the finest rollups of families."""

    def finest(
        self, families: Sequence[Family], facts: Mapping[str, pl.LazyFrame], files: Mapping[str, Path | str]
    ) -> dict[str, pl.DataFrame]:
        """Make them from facts, which stand in files as well; returns the rollup of each family by its name."""


class Polars:
    """Polars, in this process."""

    def finest(
        self,
        families: Sequence[Family],
        facts: Mapping[str, pl.LazyFrame],
        files: Mapping[str, Path | str],  # noqa: ARG002
    ) -> dict[str, pl.DataFrame]:
        """Make them from the frames at hand, which are read once for all."""
        rows = max(counted.item() for counted in pl.collect_all([frame.select(pl.len()) for frame in facts.values()]))
        plans = [_plan(family, facts) for family in families]
        counted = pl.collect_all(plans, engine="streaming" if rows > _MANY_ROWS else "in-memory")
        return {family.name: builders.finest(family, rows) for family, rows in zip(families, counted, strict=True)}


class Spark:
    """Apache Spark: a cluster reads the files and sums, this process takes the sums.

    The files must lie where the workers can read them: on a shared file system when they run on other machines.
    """

    def __init__(self, master: str, options: Mapping[str, str] | None = None) -> None:
        """Connect to a master, as `local[*]` or `spark://host:7077`.

        Raises:
            ConfigError: Spark is not installed or does not start.
        """
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise ConfigError("Spark is not installed; install it with: pip install -r requirements-spark.txt (and Java 17).") from error
        builder = SparkSession.builder.master(master).appName("Centerline publish")
        every = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC"} | dict(options or {})
        for name, value in every.items():
            builder = builder.config(name, value)
        try:
            self._session: Any = builder.getOrCreate()
        except Exception as error:
            raise ConfigError(
                f"Spark does not start with the master “{master}” ({str(error).splitlines()[0][:200]}). "
                "Check CENTERLINE_SPARK_MASTER and that Java 17 is installed."
            ) from error

    def finest(
        self, families: Sequence[Family], facts: Mapping[str, pl.LazyFrame], files: Mapping[str, Path | str]
    ) -> dict[str, pl.DataFrame]:
        """Make them from the files."""
        read = {name: nw.from_native(self._numbered(name, self._read(path))) for name, path in files.items()}
        made = {}
        for family in families:
            counted: pl.DataFrame = builders.counted(family, read).collect("polars").to_native()
            # Spark has no unsigned numbers; the types are those that Polars would give.
            made[family.name] = builders.finest(family, counted.cast(_plan(family, facts).collect_schema()))
        return made

    @staticmethod
    def _numbered(name: str, frame: Any) -> Any:
        from pyspark.sql.functions import unix_date

        return frame.withColumn(builders.ENTRY_DAY, unix_date("entry_date")) if name in _OF_ENTRIES else frame

    def _read(self, path: Path | str) -> Any:
        try:
            # Hadoop, which Spark reads with, calls S3 by another name.
            return self._session.read.parquet(re.sub("^s3://", "s3a://", str(path)))
        except Exception as error:
            if "S3AFileSystem" not in str(error):
                raise
            raise ConfigError(
                "Spark cannot read facts under s3:// without the package hadoop-aws: docs/operations.md says how to add it. "
                "Or keep the facts in a folder that its workers share (CENTERLINE_FACTS)."
            ) from error

    def close(self) -> None:
        """Let the workers go."""
        self._session.stop()


def _plan(family: Family, facts: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    numbered = {name: frame.with_columns(_DAY) if name in _OF_ENTRIES else frame for name, frame in facts.items()}
    planned: pl.LazyFrame = builders.counted(family, {name: nw.from_native(frame) for name, frame in numbered.items()}).to_native()
    return planned
