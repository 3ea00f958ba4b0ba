"""Moving a store to another database: every table with its past, in one transaction of the target."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from sqlalchemy import Connection, Engine

from analytics.exc import DataError
from data import bulk, database, schema
from data.history import MONTH_OF
from data.progress import Progress, Silent
from data.schema import METADATA
from data.source import KIND_OF, Database, between, days_of


def copy(source: Engine, target: Engine, progress: Progress | None = None) -> dict[str, int]:
    """Copy everything into an empty database; return the rows of each table.

    Raises:
        DataError: the target is the source, or holds data, or does not hold the same rows afterwards; nothing was changed then.
    """
    told = progress or Silent()
    if source.url == target.url:
        raise DataError("This is the database that the settings name; give the URL of another one.")
    names = [table.name for table in METADATA.sorted_tables]
    with database.reading(source) as reading, database.writing(target) as writing:
        filled = [name for name in names if bulk.is_filled(writing, name)]
        if filled:
            raise DataError(f"The target holds data already (table {filled[0]}); copy into an empty database.")
        for name in told.over(names, f"Copying {len(names)} tables", len(names)):
            for frame in _frames(reading, name):
                bulk.bulk_insert(writing, name, frame)
        return {name: _same(reading, writing, name) for name in names}


def _frames(connection: Connection, name: str) -> Iterator[pl.DataFrame]:
    columns = list(schema.kinds(name))
    if name not in KIND_OF:
        yield bulk.read_where(connection, name, columns, "1 = 1")
        return
    kind = KIND_OF[name]
    key = "entry_number" if kind == "entry" else "review_id"
    own = "" if name == kind else f"JOIN {kind} p ON p.{key} = t.{key}"
    dated = between(f"{'t' if name == kind else 'p'}.{MONTH_OF[kind]}")
    for month in Database(connection).months(kind):
        yield bulk.read_where(connection, name, columns, dated, days_of(month), join=own)


def _same(reading: Connection, writing: Connection, name: str) -> int:
    there, here = bulk.count(reading, name), bulk.count(writing, name)
    if there != here:
        raise DataError(f"Of {there:,} rows of {name} only {here:,} arrived; nothing was copied. Check the source: python -m data status.")
    return here
