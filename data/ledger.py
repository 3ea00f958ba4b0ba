"""What was loaded, what was refused: the ledger as frames."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import ColumnElement, Engine, exists, func, select

from data.schema import LOAD, REJECT

LOADS_SCHEMA: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
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


def counts(source: Engine) -> dict[str, int]:
    """Sum the ledger: `loads`, `rows_read`, `rows_accepted`, `rows_rejected` (ever) and `quarantine_rows` (still waiting)."""
    sums = {f"rows_{kind}": func.coalesce(func.sum(LOAD.c[f"{kind}_count"]), 0) for kind in ("read", "accepted", "rejected")}
    waiting = select(func.coalesce(func.sum(LOAD.c.rejected_count), 0)).where(_is_latest())
    with source.connect() as connection:
        row = connection.execute(select(func.count(), *sums.values()).select_from(LOAD)).one()
        quarantine = connection.execute(waiting).scalar_one()
    return dict(zip(("loads", *sums, "quarantine_rows"), map(int, (*row, quarantine)), strict=True))


def _is_latest() -> ColumnElement[bool]:
    """True for the last load of a file's bytes into a table: what it refused is what still waits."""
    later = LOAD.alias("later")
    return ~exists().where(later.c.sha256 == LOAD.c.sha256, later.c.table_name == LOAD.c.table_name, later.c.load_id > LOAD.c.load_id)


def rejects(source: Engine) -> pl.DataFrame:
    """Return every row that waits in quarantine with the rules it broke, latest load first; a file loaded again counts as loaded last."""
    columns = [LOAD.c.file_name if name == "file_name" else REJECT.c[name] for name in REJECTS_SCHEMA]
    order = (REJECT.c.load_id.desc(), REJECT.c.row_number, REJECT.c.rule)
    query = select(*columns).join(LOAD, LOAD.c.load_id == REJECT.c.load_id).where(_is_latest()).order_by(*order)
    with source.connect() as connection:
        rows = connection.execute(query).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=REJECTS_SCHEMA, orient="row")
