"""The rollups of entries against DuckDB: the same rows and sums for whole months, by the queries that the benchmark times."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from analytics.rollups import FAMILIES, rollups_of
from benchmarks import heavy


@pytest.mark.parametrize("month", [0, 20, -1])
def test_duckdb_makes_the_same_rollups(store: Path, tmp_path: Path, month: int) -> None:
    part = heavy.months(store / "published")[month]
    heavy.build(part, tmp_path / "ours")
    heavy.in_duckdb(part, tmp_path / "theirs")
    assert heavy.checksum(tmp_path / "ours") == heavy.checksum(tmp_path / "theirs")
    names = [rollup.name for family in heavy.MADE for rollup in rollups_of(FAMILIES[family])]
    for name in names:
        columns = ", ".join(f'"{column}"' for column in duckdb.sql(f"SELECT * FROM '{tmp_path}/ours/rollups/{name}.parquet'").columns)
        ours, theirs = (f"SELECT {columns} FROM '{tmp_path}/{side}/rollups/{name}.parquet'" for side in ("ours", "theirs"))
        different = duckdb.sql(f"(({ours}) EXCEPT ALL ({theirs})) UNION ALL (({theirs}) EXCEPT ALL ({ours}))").fetchall()
        assert different == [], name
    assert heavy.checksum(tmp_path / "ours")[0] > 100


def test_the_floor_reads_the_columns_that_the_build_reads_and_no_other(store: Path, tmp_path: Path) -> None:
    """With these columns alone the build makes the same; without any one of them it cannot be made."""
    part = heavy.months(store / "published")[0]
    heavy.floor(part, tmp_path)
    whole = {name: pl.read_parquet(path) for name, path in heavy.files_of(part).items()}

    def build(name: str, read: dict[str, list[str]]) -> list[int]:
        (tmp_path / name / "facts").mkdir(parents=True)
        for fact, columns in read.items():
            whole[fact].select(columns).write_parquet(tmp_path / name / "facts" / f"{fact}.parquet")
        heavy.build(tmp_path / name, tmp_path / name / "made")
        return heavy.checksum(tmp_path / name / "made")

    heavy.build(part, tmp_path / "ours")
    assert build("narrow", heavy.READ) == heavy.checksum(tmp_path / "ours")
    for fact, columns in heavy.READ.items():
        for column in columns:
            with pytest.raises(pl.exceptions.ColumnNotFoundError):
                build(f"{fact}-{column}", heavy.READ | {fact: [name for name in columns if name != column]})


def test_a_suspension_ends_with_liquidation_where_nobody_lifted_it(store: Path, tmp_path: Path) -> None:
    """The demonstration has no such entry, so some are made of its suspended ones."""
    for name, path in heavy.files_of(heavy.months(store / "published")[0]).items():
        (tmp_path / "facts").mkdir(exist_ok=True)
        facts = pl.read_parquet(path)
        if name == "entry":
            ended = pl.col("suspended_date").is_not_null() & pl.col("suspension_lifted_date").is_null()
            day = pl.when(ended).then(pl.col("suspended_date").dt.offset_by("40d")).otherwise("liquidation_date")
            facts = facts.with_columns(liquidation_date=day)
            assert facts.filter(ended).height > 3
        facts.write_parquet(tmp_path / "facts" / f"{name}.parquet")
    heavy.build(tmp_path, tmp_path / "ours")
    heavy.in_duckdb(tmp_path, tmp_path / "theirs")
    assert heavy.checksum(tmp_path / "ours") == heavy.checksum(tmp_path / "theirs")
