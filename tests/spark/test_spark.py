"""Spark makes the same rollups as Polars, to the last whole number, with worker processes of its own."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from analytics.exc import ConfigError
from analytics.rollups import VOLUME
from data import demo, engines
from data.publish import publish_source
from data.settings import settings
from data.source import Memory

pytestmark = [
    pytest.mark.spark,
    # Its driver leaves sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java: Spark cannot run"),
]


def test_a_master_that_is_not_there_is_said_so() -> None:
    # First: once a master is there, Spark keeps to it.
    pytest.importorskip("pyspark")
    with pytest.raises(ConfigError, match="CENTERLINE_SPARK_MASTER"):
        engines.Spark("nonsense://nowhere")


@pytest.fixture(scope="module")
def spark() -> Iterator[engines.Spark]:
    """A master with two workers, each a process of its own, so that rows are really shuffled."""
    pytest.importorskip("pyspark")
    with pytest.MonkeyPatch.context() as patch:
        # The name of this machine need not lead to it.
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("SPARK_LOCAL_HOSTNAME", "localhost")
        made = engines.Spark(
            "local-cluster[2,1,1024]",
            {
                "spark.sql.shuffle.partitions": "2",
                "spark.log.level": "ERROR",
                "spark.sql.codegen.wholeStage": "false",
                "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            },
        )
        yield made
        made.close()


def test_spark_publishes_the_same_version(spark: engines.Spark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of a version is a digest of its files: facts, rollups, identities. Spark reads facts where the settings keep them."""
    source = Memory(small(), synthetic=True)
    one = publish_source(source, None, tmp_path / "polars")
    monkeypatch.setenv("CENTERLINE_FACTS", str(tmp_path / "facts"))
    settings.cache_clear()
    other = publish_source(source, None, tmp_path / "spark", maker=spark)
    monkeypatch.delenv("CENTERLINE_FACTS")
    settings.cache_clear()
    assert list((tmp_path / "facts").glob("*/entry/*/entry.parquet"))
    assert other.version == one.version
    assert other.built == one.built == 2


def test_spark_without_what_s3_needs_says_so(spark: engines.Spark) -> None:
    with pytest.raises(ConfigError, match="hadoop-aws"):
        spark.finest([VOLUME], {}, {"entry": "s3://bucket/facts/entry.parquet"})


def small() -> dict[str, pl.DataFrame]:
    """A month of entries, and of the reviews that were opened in it, of a demonstration."""
    tables = dict(demo.generate(12_000, 11))
    first, last = dt.date(2013, 1, 1), dt.date(2013, 1, 31)
    tables["entry"] = tables["entry"].filter(pl.col("entry_date").is_between(first, last))
    tables["entry_line"] = tables["entry_line"].join(tables["entry"], on="entry_number", how="semi")
    tables["review"] = tables["review"].filter(pl.col("opened_date").is_between(first, last))
    tables["review_event"] = tables["review_event"].join(tables["review"], on="review_id", how="semi")
    for name in ("entry_line", "review", "review_event"):
        assert tables[name].height > 50
    return tables
