"""Drawing and calendar helpers: arrays in, arrays out, no state but the generator given.

A day is a whole number: days since 1 October 2010 (0) up to the as-of day, 30 September 2013 (1095).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

START: Final = date(2010, 10, 1)
AS_OF: Final = date(2013, 9, 30)
LAST_DAY: Final = (AS_OF - START).days
NEVER: Final = 10**6

_EPOCH: Final = (START - date(1970, 1, 1)).days
_FIRST_WEEKDAY: Final = START.weekday()


def generator(seed: int, stage: str) -> np.random.Generator:
    """Return the random generator of one stage, so that a change in one stage leaves the others as they were."""
    return np.random.default_rng([seed, zlib.crc32(stage.encode())])


def day_of(moment: date) -> int:
    """Return the day number of a date."""
    return (moment - START).days


def dates(name: str, days: Ints, known: Bools | None = None) -> pl.Series:
    """Return day numbers as dates; where `known` is false the date is null."""
    series = pl.Series(name, (days + _EPOCH).astype(np.int32)).cast(pl.Date)
    return series if known is None else null_where(series, ~known)


def null_where(series: pl.Series, missing: Bools) -> pl.Series:
    """Blank the values where `missing` is true."""
    return pl.select(pl.when(pl.Series(~missing)).then(series).otherwise(None).alias(series.name)).to_series()


def texts(name: str, values: Sequence[str | None], index: Ints) -> pl.Series:
    """Look texts up by position; position -1 is null."""
    table = pl.Series(name, [*values, None], dtype=pl.String)
    return table.gather(pl.Series(np.where(index < 0, len(values), index)))


def weekday(days: Ints) -> Ints:
    """Return the weekday, Monday 0 to Sunday 6."""
    return (days + _FIRST_WEEKDAY) % 7


def to_business_day(days: Ints) -> Ints:
    """Move Saturdays and Sundays to the next Monday; the as-of day is a Monday, so nothing passes it."""
    return np.asarray(days + np.array([0, 0, 0, 0, 0, 2, 1])[weekday(days)])


def to_friday(days: Ints) -> Ints:
    """Move each day to the next Friday, or leave it when it is one."""
    return days + (4 - weekday(days)) % 7


def years_later(days: Ints, years: int) -> Ints:
    """Return the calendar anniversary (29 February becomes 1 March)."""
    base = np.datetime64(START) + days
    months = base.astype("datetime64[M]")
    within = (base - months.astype("datetime64[D]")).astype(np.int64)
    moved = (months + 12 * years).astype("datetime64[D]") + within
    return np.asarray((moved - np.datetime64(START)).astype(np.int64))


def month_numbers(days: Ints) -> Ints:
    """Return months since October 2010 (0) up to September 2013 (35)."""
    months = (np.datetime64(START) + days).astype("datetime64[M]").astype(np.int64)
    return np.asarray(months - np.datetime64(START).astype("datetime64[M]").astype(np.int64))


def month_names() -> list[str]:
    """Return the 36 months as YYYY-MM."""
    first = np.datetime64(START).astype("datetime64[M]")
    return [str(month) for month in first + np.arange(36)]


def month_start(month: int) -> int:
    """Return the first day of a month number."""
    first = np.datetime64(START).astype("datetime64[M]") + month
    return int((first.astype("datetime64[D]") - np.datetime64(START)).astype(np.int64))


def fiscal_years(days: Ints) -> Ints:
    """Return the fiscal year, 0 for 2011 to 2 for 2013."""
    return month_numbers(days) // 12


def pick(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """Draw positions with the given weights."""
    return pick_within(rng, np.zeros(size, dtype=np.int64), np.asarray(weights, dtype=np.float64)[None, :])


def pick_within(rng: np.random.Generator, row: Ints, weights: Floats) -> Ints:
    """Draw a column of a weight table for each given row."""
    wide = weights.shape[1]
    bounds = np.cumsum(weights, axis=1)
    bounds = bounds / bounds[:, -1:] + np.arange(len(weights))[:, None]
    found = np.searchsorted(bounds.ravel(), row + rng.random(len(row)), side="right")
    return np.asarray(np.clip(found - row * wide, 0, wide - 1))


def position_in_group(group: Ints, order_by: Floats) -> Ints:
    """Return each element's rank (from 0) within its group by the given order."""
    order = np.lexsort((order_by, group))
    ordered = group[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first
    return rank


def days_lognormal(rng: np.random.Generator, median: npt.ArrayLike, sigma: npt.ArrayLike, size: int) -> Ints:
    """Draw whole days, at least one, from a log-normal with the given median and spread."""
    drawn = np.exp(rng.normal(0.0, 1.0, size) * np.asarray(sigma) + np.log(np.asarray(median, dtype=np.float64)))
    return np.asarray(np.maximum(np.rint(drawn), 1).astype(np.int64))
