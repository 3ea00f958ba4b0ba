"""How receipts and completions of each month were known after each load: from the reviews in force, their history and the loads.

A row of the table is known from the load that wrote it to the load that replaced it. So each load adds to the counts of some
months and takes from those of others; their running sums are the counts as they were known then. What a load did never changes,
so a publish asks only for the loads after those of the last version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, select

from analytics import codes, periods
from data import bulk, ledger, parts
from data.schema import LOAD

#: One row for each load, Center, work type and month of which it changed a count; a load of reviews that changed none has one row
#: without a month. `known_date` is the day as of which the load tells; null for what is older than the ledger.
SCHEMA: Final = {
    "load_id": pl.Int64(),
    "known_date": pl.Date(),
    "center_code": pl.String(),
    "work_type": pl.String(),
    "month": pl.String(),
    "receipts": pl.Int64(),
    "completions": pl.Int64(),
}

#: Months that are kept: those that still come in, and a year of finished ones to compare them with.
MONTHS_KEPT: Final = 24

_MEASURES: Final = ("receipts", "completions")
_MONTH: Final = "substr(CAST({} AS VARCHAR(10)), 1, 7)"
_COUNTED: Final = {
    "load_id": pl.Int64(), "replaced_by": pl.Int64(), "center_code": pl.String(), "work_type": pl.String(),
    "opened": pl.String(), "closed": pl.String(), "count": pl.Int64(),
}  # fmt: skip


def write(folder: Path, since: Callable[[int], pl.DataFrame], previous: Mapping[str, Any] | None, home: Path) -> None:
    """Write the small facts of a version that say how months were known after each load.

    Args:
        folder: Where to.
        since: Says what the loads after one changed.
        previous: Manifest of an earlier version of the same database, whose loads need not be looked at again.
        home: The published store.
    """
    known = _of_version(previous, home) if previous else pl.DataFrame(schema=SCHEMA)
    after = known["load_id"].max()
    changes = kept(pl.concat([known, since(after if isinstance(after, int) else -1)]))
    parts.write(changes, folder / "reported_by_type.parquet")
    parts.write(by_center(changes), folder / "reported.parquet")


def _of_version(manifest: Mapping[str, Any], home: Path) -> pl.DataFrame:
    """Return what a version knew of loads; nothing when it knows of later ones than it says, as after a sudden death."""
    known = pl.read_parquet(home / "versions" / manifest["version"] / "facts" / "reported_by_type.parquet")
    return known if known.filter(pl.col("load_id") > manifest["state"]["load_id"]).is_empty() else known.clear()


def since(connection: Connection, after: int) -> pl.DataFrame:
    """Return what each load after one changed of the receipts and completions of the last months (`SCHEMA`)."""
    loads = _loads(connection)
    last = loads["known_date"].max()
    if not isinstance(last, dt.date):
        return pl.DataFrame(schema=SCHEMA)
    first = periods.months_back(last, MONTHS_KEPT)
    counted = pl.concat([_counted(connection, "review", "NULL", "load_id", after, first), _counted(connection, "review_history", "replaced_by", "replaced_by", after, first)])  # fmt: skip
    came = counted.filter(pl.col("load_id") > after)
    went = counted.drop_nulls("replaced_by").with_columns(load_id="replaced_by", count=-pl.col("count"))
    return kept(_by_month(pl.concat([came, went]), loads.filter(pl.col("load_id") > after)))


def kept(changes: pl.DataFrame) -> pl.DataFrame:
    """Leave out the months that are too old for anybody to ask, seen from the last load."""
    last = changes["known_date"].max()
    first = periods.months_back(last, MONTHS_KEPT).strftime("%Y-%m") if isinstance(last, dt.date) else ""
    month = pl.coalesce("month", pl.col("known_date").dt.strftime("%Y-%m"))
    return changes.filter(month >= first).sort("load_id", "month", "center_code", "work_type", nulls_last=True)


def by_center(changes: pl.DataFrame) -> pl.DataFrame:
    """Sum changes over work types."""
    keys = [name for name in SCHEMA if name not in ("work_type", *_MEASURES)]
    return changes.group_by(keys).agg(pl.col(_MEASURES).sum()).sort("load_id", "month", "center_code", nulls_last=True)


def _loads(connection: Connection) -> pl.DataFrame:
    """Return the loads of reviews with the day as of which each tells: an older extract that comes late was known only then."""
    query = select(LOAD.c.load_id, ledger.known_date()).where(LOAD.c.table_name == "review").order_by(LOAD.c.load_id)
    rows = [(load_id, dt.date.fromisoformat(str(day)[:10])) for load_id, day in connection.execute(query)]
    return pl.DataFrame(rows, schema={"load_id": pl.Int64, "known_date": pl.Date}, orient="row").with_columns(
        pl.col("known_date").cum_max()
    )


def _counted(connection: Connection, table: str, replaced: str, changed: str, after: int, first: dt.date) -> pl.DataFrame:
    """Count the rows of a table that changed after a load, of the months from a day on, by all that is asked of them."""
    months = ", ".join(_MONTH.format(f"{name}_date") for name in ("opened", "closed"))
    query = (
        f"SELECT load_id, {replaced}, COALESCE(center_code, '{codes.PORT_CODE}'), work_type, {months}, COUNT(*) FROM {table} "
        f"WHERE {changed} > ? AND (opened_date >= ? OR closed_date >= ?) "
        f"GROUP BY load_id, {'' if replaced == 'NULL' else 'replaced_by, '}center_code, work_type, {months}"
    )
    return bulk.fetch(connection, _COUNTED, query, [after, first, first])


def _by_month(counted: pl.DataFrame, loads: pl.DataFrame) -> pl.DataFrame:
    """Sum changes by load and month: receipts by the month of opening, completions by that of closing."""
    keys = ("load_id", "center_code", "work_type")
    each = [
        counted.filter(pl.col(of).is_not_null()).select(
            *keys, month=of, **{name: pl.col("count") if name == measure else pl.lit(0, pl.Int64) for name in _MEASURES}
        )
        for measure, of in (("receipts", "opened"), ("completions", "closed"))
    ]
    sums = (
        pl.concat(each)
        .group_by(*keys, "month")
        .agg(pl.col(_MEASURES).sum())
        .filter((pl.col("receipts") != 0) | (pl.col("completions") != 0))
    )
    none = loads.join(sums, on="load_id", how="anti").select("load_id")
    every = pl.concat([sums, none], how="diagonal").with_columns(pl.col(_MEASURES).fill_null(0))
    return every.join(loads, on="load_id", how="left").select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
