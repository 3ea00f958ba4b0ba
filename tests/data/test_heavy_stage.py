"""The rollups of entries against DuckDB: the same rows and sums for whole months, by the queries that the benchmark times."""

from __future__ import annotations

from pathlib import Path

import duckdb
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


def test_the_floor_reads_every_column_that_the_build_reads(store: Path, tmp_path: Path) -> None:
    heavy.floor(heavy.months(store / "published")[0], tmp_path)
    columns = {
        fact: set(duckdb.sql(f"SELECT * FROM '{path}'").columns)
        for fact, path in heavy.files_of(heavy.months(store / "published")[0]).items()
    }
    assert {fact: set(names) - columns[fact] for fact, names in heavy.READ.items()} == {"entry": set(), "entry_line": set()}
