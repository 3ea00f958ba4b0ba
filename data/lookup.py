"""What the store holds of the rows that a file's rows point to, read once a load."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import polars as pl
from sqlalchemy import Connection

from data import bulk, schema
from data.contracts import REFERENCES

#: Tables that many rows of a file point to -> all that a load asks of them: existence, order of dates, sums, months.
_TOGETHER: Final[dict[str, tuple[str, ...]]] = {
    "entry": ("entry_number", "entry_date", "value_usd", "duty_usd", "line_count"),
    "review": ("review_id", "opened_date", "closed_date"),
}


class Lookup:
    """Answers for one load what the store holds; a table of which most is asked for is read once and kept until it is written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: dict[str, pl.DataFrame] = {}
        self._coming: tuple[str, Future[pl.DataFrame]] | None = None

    @contextlib.contextmanager
    def ahead(self, table: str, rows: pl.DataFrame) -> Iterator[None]:
        """Begin to read what the rows of a table point to while they are judged by themselves: the database is idle then."""
        with ThreadPoolExecutor(1) as reader:
            for (source, column), (target, _) in REFERENCES.items():
                if source == table and target in _TOGETHER and column in rows.columns:
                    keys = rows.select(pl.col(column).approx_n_unique()).item()
                    if bulk.is_most(self._connection, target, keys):
                        self._coming = target, reader.submit(self._whole, target)
                        break
            yield
            self._settle()

    def existing(self, table: str, column: str, values: pl.Series) -> pl.Series:
        """Return those of the values that a table's column holds."""
        self._settle()
        if not self._worth_keeping(table, values.len(), [column]):
            return bulk.existing(self._connection, table, column, values)
        return values.filter(values.is_in(self._read(table)[column].implode()))

    def rows(self, table: str, keys: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """Return columns of the rows of a table whose values stand in a frame, and of a table that is kept all others too."""
        self._settle()
        if keys.is_empty() or not bulk.is_filled(self._connection, table):
            kinds = schema.kinds(table)
            return pl.DataFrame(schema={column: kinds[column] for column in columns})
        if not self._worth_keeping(table, keys.height, [*keys.columns, *columns]):
            return bulk.read_matching(self._connection, table, keys, columns)
        return self._read(table).select(columns)

    def forget(self, table: str) -> None:
        """Read a table anew the next time: it has been written."""
        self._kept.pop(table, None)

    def _worth_keeping(self, table: str, keys: int, columns: Sequence[str]) -> bool:
        return set(columns) <= set(_TOGETHER.get(table, ())) and (table in self._kept or bulk.is_most(self._connection, table, keys))

    def _read(self, table: str) -> pl.DataFrame:
        if table not in self._kept:
            self._kept[table] = self._whole(table)
        return self._kept[table]

    def _whole(self, table: str) -> pl.DataFrame:
        return bulk.read_where(self._connection, table, _TOGETHER[table], "1 = 1")

    def _settle(self) -> None:
        """Take what is being read: a connection answers one question at a time."""
        if self._coming is not None:
            table, coming = self._coming
            self._coming = None
            self._kept[table] = coming.result()
