"""Sums by many small columns: codes are packed into one whole number, which is what is grouped and sorted by.

One number is grouped in half the time of seven columns, and sorted in a fraction of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any, Final

import polars as pl

from analytics.coding import BITS, CODED

#: Name of the packed number.
CODES: Final = "_codes"

#: Bits of a date, counted from the first day of year 1; and the days from then to 1970.
_DATE_BITS: Final = 22
_BEFORE_1970: Final = 719_162

#: Rows from which grouping streams: several times as fast on whole numbers, and slower to begin.
_MANY_ROWS: Final = 50_000


def codes_of(group: Iterable[str]) -> list[str]:
    """List the coded columns among some."""
    return [name for name in group if name in BITS]


def packed(names: Sequence[str], library: ModuleType = pl, *, day: str | None = None) -> Any:
    """Put codes beside each other, the first one highest, as an expression of a library (Polars or Narwhals).

    The highest number of a code stands for null, and so comes last. A column that counts days from 1970 stands above all codes.
    """
    key = library.lit(0).cast(library.Int64)
    if day is not None:
        key = (library.col(day).cast(library.Int64) + _BEFORE_1970).fill_null((1 << _DATE_BITS) - 1)
    for name in names:
        key = key * (1 << BITS[name]) + library.col(name).cast(library.Int64).fill_null((1 << BITS[name]) - 1)
    return key.alias(CODES)


def unpacked(names: Sequence[str]) -> list[pl.Expr]:
    """Take the codes out of the packed number again."""
    columns, shift = [], 0
    for name in reversed(names):
        highest = (1 << BITS[name]) - 1
        number = (pl.col(CODES) // (1 << shift)) & highest
        columns.append(pl.when(number != highest).then(number).cast(CODED[name]).alias(name))
        shift += BITS[name]
    return columns[::-1]


def summed(frame: pl.LazyFrame, group: Sequence[str], measures: Sequence[str]) -> pl.LazyFrame:
    """Sum measures by a date, codes and other keys.

    Args:
        frame: Rows with the group's columns; its codes may be packed already, and its date with them.
        group: Columns to group by: `date`, codes (numbers of `analytics.coding`), keys.
        measures: Whole numbers; null counts as nothing.

    Returns:
        The group's columns and the measures, one row a group, sorted by it, nulls last.
    """
    schema = frame.collect_schema()
    names, keys = codes_of(group), [name for name in group if name not in BITS and name != "date"]
    if CODES not in schema:
        if any(schema[name] != CODED[name] for name in names):
            return frame.group_by(group).agg(_sums(measures)).sort(group, nulls_last=True)
        frame = frame.select("date", packed(names), *keys, *measures)
    below = 1 << sum(BITS[name] for name in names)
    by = [CODES, *keys]
    if "date" in schema:
        day = pl.col("date").cast(pl.Int32).cast(pl.Int64) + _BEFORE_1970
        frame = frame.with_columns((day.fill_null((1 << _DATE_BITS) - 1) * below + pl.col(CODES)).alias(CODES))
    rows = frame.group_by(by).agg(_sums(measures))
    date = pl.col(CODES) // below
    known = pl.when(date != (1 << _DATE_BITS) - 1).then(date - _BEFORE_1970).cast(pl.Int32).cast(pl.Date).alias("date")
    return rows.sort(by, nulls_last=True).select(known, *unpacked(names), *keys, *measures).select(*group, *measures)


def collected(frame: pl.LazyFrame, rows: int) -> pl.DataFrame:
    """Run a sum of so many rows."""
    return frame.collect(engine="streaming" if rows > _MANY_ROWS else "in-memory")


def _sums(measures: Sequence[str]) -> list[pl.Expr]:
    return [pl.col(measure).sum() for measure in measures]
