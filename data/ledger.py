"""What was loaded, what was refused: the ledger as frames."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import Engine, select

from data.schema import LOAD, REJECT

LOADS_SCHEMA: Final = {
    "load_id": pl.Int64,
    "file_name": pl.String,
    "table_name": pl.String,
    "layout": pl.String,
    "synthetic": pl.Boolean,
    "read_count": pl.Int64,
    "accepted_count": pl.Int64,
    "rejected_count": pl.Int64,
    "unchanged_count": pl.Int64,
    "started_at": pl.Datetime("us"),
    "finished_at": pl.Datetime("us"),
}

REJECTS_SCHEMA: Final = {
    "load_id": pl.Int64,
    "file_name": pl.String,
    "row_number": pl.Int64,
    "column_name": pl.String,
    "rule": pl.String,
    "value": pl.String,
    "message": pl.String,
}


def loads(source: Engine) -> pl.DataFrame:
    """Return every load, latest first."""
    with source.connect() as connection:
        rows = connection.execute(select(*(LOAD.c[name] for name in LOADS_SCHEMA)).order_by(LOAD.c.load_id.desc())).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=LOADS_SCHEMA, orient="row")


def rejects(source: Engine) -> pl.DataFrame:
    """Return every quarantined row with its rule, latest load first."""
    columns = [LOAD.c.file_name if name == "file_name" else REJECT.c[name] for name in REJECTS_SCHEMA]
    query = select(*columns).join(LOAD, LOAD.c.load_id == REJECT.c.load_id).order_by(REJECT.c.load_id.desc(), REJECT.c.row_number, REJECT.c.rule)
    with source.connect() as connection:
        rows = connection.execute(query).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=REJECTS_SCHEMA, orient="row")
