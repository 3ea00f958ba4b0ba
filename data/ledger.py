"""What was loaded, and what it did to each month: the ledger as frames."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import ColumnElement, Engine, func, select

from data import quarantine, typed
from data.schema import LOAD, REVISION

LOADS_SCHEMA: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "load_id": pl.Int64,
    "file_name": pl.String,
    "table_name": pl.String,
    "layout": pl.String,
    "source": pl.String,
    "extract_date": pl.Date,
    "is_full": pl.Boolean,
    "synthetic": pl.Boolean,
    "read_count": pl.Int64,
    "accepted_count": pl.Int64,
    "rejected_count": pl.Int64,
    "unchanged_count": pl.Int64,
    "added_count": pl.Int64,
    "replaced_count": pl.Int64,
    "vanished_count": pl.Int64,
    "started_at": pl.Datetime("us"),
    "finished_at": pl.Datetime("us"),
}

KNOWN_SCHEMA: Final = {
    "table_name": pl.String,
    "month": pl.String,
    "known_date": pl.Date,
    "rows": pl.Int64,
    "replaced": pl.Int64,
    "value_cents": pl.Int64,
    "closed": pl.Int64,
}


def loads(source: Engine) -> pl.DataFrame:
    """Return every load of a file, latest first; what was typed in the app stands in the history of its record."""
    query = select(*(LOAD.c[name] for name in LOADS_SCHEMA)).where(LOAD.c.layout != typed.LAYOUT).order_by(LOAD.c.load_id.desc())
    with source.connect() as connection:
        rows = connection.execute(query).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=LOADS_SCHEMA, orient="row")


def counts(source: Engine) -> dict[str, int]:
    """Sum the ledger: `loads`, `rows_read`, `rows_accepted`, `rows_rejected` (ever), and what became of the refused rows."""
    sums = {f"rows_{kind}": func.coalesce(func.sum(LOAD.c[f"{kind}_count"]), 0) for kind in ("read", "accepted", "rejected")}
    with source.connect() as connection:
        row = connection.execute(select(func.count(), *sums.values()).select_from(LOAD)).one()
    return dict(zip(("loads", *sums), map(int, row), strict=True)) | quarantine.counts(source)


def known_date() -> ColumnElement[object]:
    """Return the day as of which a load tells: that of its extract, else the day it was loaded."""
    return func.coalesce(LOAD.c.extract_date, func.date(LOAD.c.finished_at))


def known_then(source: Engine) -> pl.DataFrame:
    """Say how each month was known after each day of loads.

    Returns:
        `table_name`, `month`, `known_date`, `rows`, `replaced` (rows of the month that were replaced by then), `value_cents`,
        `closed`; one row for each day on which a load changed the month, sums up to and with it.
    """
    measures = (
        (REVISION.c.added_count - REVISION.c.removed_count).label("rows"),
        REVISION.c.replaced_count.label("replaced"),
        REVISION.c.value_cents,
        REVISION.c.closed_count.label("closed"),
    )
    query = (
        select(REVISION.c.table_name, REVISION.c.month, known_date(), REVISION.c.load_id, *measures)
        .join(LOAD, LOAD.c.load_id == REVISION.c.load_id, isouter=True)
        .order_by(REVISION.c.load_id)
    )
    names = ("rows", "replaced", "value_cents", "closed")
    schema = {"table_name": pl.String, "month": pl.String, "known_date": pl.Date, "load_id": pl.Int64, **dict.fromkeys(names, pl.Int64)}
    with source.connect() as connection:
        each = pl.DataFrame([tuple(row) for row in connection.execute(query)], schema=schema, orient="row")
    of = ["table_name", "month"]
    # An older extract of a table that is loaded late tells nothing of its own day: what it brought was known only now.
    ordered = each.sort("load_id").with_columns(pl.col("known_date").cum_max().over("table_name"))
    running = ordered.with_columns(pl.col(names).cum_sum().over(of))
    # Of the loads of one day the last says how the month was known then; load 0 is older than the ledger.
    return (
        running.group_by([*of, "known_date"], maintain_order=True).last().select(*KNOWN_SCHEMA).sort([*of, "known_date"], nulls_last=False)
    )
