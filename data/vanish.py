"""Vanished records: keys that a full extract of a source held and the next one lacks, with nothing that closed them.

Nothing is deleted: the rows stay and are counted, and the list says that the source no longer knows them.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from data import bulk, schema
from data.contracts import CONTRACTS
from data.schema import FULL_KEY, LOAD, VANISHED

#: Contract -> the table, and the column of it that says when a record was closed; others have no end.
_CLOSED: Final = {
    "review": ("review", "closed_date"),
    "entry": ("entry", "liquidation_date"),
    "entry_line": ("entry", "liquidation_date"),
    "es003": ("entry", "liquidation_date"),
    "entry_summary_report": ("entry", "liquidation_date"),
    "inquiry": ("inquiry", "answered_date"),
    "feedback": ("feedback", "responded_date"),
}

LIST_SCHEMA: Final = {
    "source": pl.String,
    "table_name": pl.String,
    "row_key": pl.String,
    "seen_load_id": pl.Int64,
    "missed_load_id": pl.Int64,
    "missed_date": pl.Date,
}


def compare(
    connection: Connection, load_id: int, source: str, table: str, layout: str, contract: str, keyed: pl.LazyFrame, *, full: bool
) -> int:
    """Compare a load's keys with those of the last full extract of its source; return how many have vanished.

    A refused row is there: its key was in the file. A vanished record that comes again, in any load, is back.
    """
    _take_back(connection, load_id, source, contract, returning(connection, source, contract, keyed))
    if not full:
        return 0
    now = keyed.select("row_key").drop_nulls().unique().collect()
    before = _keys(connection, source, contract)
    missing = before.join(now, on="row_key", how="anti").sort("row_key")
    missing = missing.join(_closed(connection, contract, missing), on="row_key", how="anti").join(
        _missing(connection, source, contract), on="row_key", how="anti"
    )
    if missing.height:
        seen = latest_full(connection, source, table, layout) or 0
        listed = missing.select(
            pl.lit(source).alias("source"),
            pl.lit(contract).alias("table_name"),
            "row_key",
            missed_load_id=pl.lit(load_id, pl.Int64),
            seen_load_id=pl.lit(seen, pl.Int64),
        )
        bulk.bulk_insert(connection, "vanished", listed)
    connection.execute(delete(FULL_KEY).where(FULL_KEY.c.source == source, FULL_KEY.c.table_name == contract))
    bulk.bulk_insert(connection, "full_key", now.sort("row_key").select(pl.lit(source).alias("source"), pl.lit(contract).alias("table_name"), "row_key"))  # fmt: skip
    return missing.height


def latest_full(connection: Connection, source: str, table: str, layout: str) -> int | None:
    """Return the latest full extract of a source for a table, in a layout."""
    same = (LOAD.c.source == source, LOAD.c.table_name == table, LOAD.c.layout == layout)
    query = select(func.max(LOAD.c.load_id)).where(LOAD.c.is_full, *same)
    return connection.execute(query).scalar()


def listed(engine: Engine) -> pl.DataFrame:
    """List the records that are missing now, latest first: source, table, key, the loads that had and missed it, and the day."""
    day = func.coalesce(LOAD.c.extract_date, func.date(LOAD.c.finished_at))
    query = (
        select(VANISHED.c.source, VANISHED.c.table_name, VANISHED.c.row_key, VANISHED.c.seen_load_id, VANISHED.c.missed_load_id, day)
        .join(LOAD, LOAD.c.load_id == VANISHED.c.missed_load_id)
        .where(VANISHED.c.back_load_id.is_(None))
        .order_by(VANISHED.c.missed_load_id.desc(), VANISHED.c.table_name, VANISHED.c.row_key)
    )
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=LIST_SCHEMA, orient="row")


def _keys(connection: Connection, source: str, contract: str) -> pl.DataFrame:
    return bulk.read_where(connection, "full_key", ["row_key"], "source = ? AND table_name = ?", [source, contract])


def _missing(connection: Connection, source: str, contract: str) -> pl.DataFrame:
    condition = "source = ? AND table_name = ? AND back_load_id IS NULL"
    return bulk.read_where(connection, "vanished", ["row_key"], condition, [source, contract])


def returning(connection: Connection, source: str, contract: str, keyed: pl.LazyFrame) -> pl.DataFrame:
    """Return the keys of missing records that are there again, or that have been closed since."""
    missing = _missing(connection, source, contract)
    if missing.is_empty():
        return missing
    there = missing.lazy().join(keyed, on="row_key", how="semi").collect()
    return pl.concat([there, _closed(connection, contract, missing)]).unique()


def _take_back(connection: Connection, load_id: int, source: str, contract: str, back: pl.DataFrame) -> None:
    table = VANISHED
    query = (
        update(table)
        .where(
            table.c.source == source, table.c.table_name == contract, table.c.row_key == bindparam("key"), table.c.back_load_id.is_(None)
        )
        .values(back_load_id=load_id)
    )
    if back.height:
        connection.execute(query, [{"key": key} for key in back["row_key"].sort()])


def _closed(connection: Connection, contract: str, missing: pl.DataFrame) -> pl.DataFrame:
    """Return those of the keys whose record the store knows to be closed."""
    if contract not in _CLOSED or missing.is_empty():
        return missing.clear()
    table, column = _CLOSED[contract]
    key = CONTRACTS[contract].primary_key()[0]
    first = missing.with_columns(pl.col("row_key").str.split("|").list.first().cast(schema.kinds(table)[key]).alias(key))
    held = bulk.read_matching(connection, table, first.select(key).unique(), [key, column]).drop_nulls(column)
    return first.join(held, on=key, how="semi").select("row_key")
