"""Frames of which some are put in the place of others, so that the same questions can be asked of what was just written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

import polars as pl

from analytics.rollups import ByMonth, Frames


class Overlay(Mapping[str, pl.LazyFrame]):
    """Rollups with some of them replaced; only families without months may be."""

    def __init__(self, frames: Frames, replaced: Mapping[str, pl.LazyFrame]) -> None:
        self._frames, self._replaced = frames, replaced

    def __getitem__(self, name: str) -> pl.LazyFrame:
        return self._replaced[name] if name in self._replaced else self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __contains__(self, name: object) -> bool:
        return name in self._frames

    def months(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by month from one date to another."""
        return self._apart.months(name, first, last)

    def years(self, name: str, first: dt.date, last: dt.date) -> pl.LazyFrame:
        """Return the sums of a rollup by month over whole fiscal years, dated by their first day."""
        return self._apart.years(name, first, last)

    def days(self, name: str, month: dt.date) -> pl.LazyFrame:
        """Return the rows of a rollup by day that lie in the month of a day."""
        return self._apart.days(name, month)

    def weeks(self, name: str, measures: Sequence[str]) -> pl.LazyFrame:
        """Return measures of a rollup by day, summed over weeks."""
        return self._apart.weeks(name, measures)

    def kept(self, name: str, rows: Hashable, columns: Sequence[str], make: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Return columns of chosen rows of a rollup; those of a replaced one are made each time, because they change."""
        return make().select(columns) if name in self._replaced else self._apart.kept(name, rows, columns, make)

    @property
    def _apart(self) -> ByMonth:
        assert isinstance(self._frames, ByMonth)  # noqa: S101 - those of a published store are
        return self._frames
