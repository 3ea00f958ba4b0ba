"""What a metric is: one number of the dashboard with all that is said of it; `analytics.metrics` is the registry of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.filters import Filters
from analytics.rollups import Family, Frames

#: Answers a metric: frames, filters, as-of date, groupings -> by columns, value, low, high, n, quality.
Answer = Callable[[Frames, Filters, dt.date, Sequence[str]], pl.DataFrame]


@dataclass(frozen=True)
class Metric:
    """One number of the dashboard."""

    id: str
    name: str
    definition: str
    formula: str
    #: `count`, `usd`, `share` (0-1), `days` or `ratio` (any other number).
    unit: str
    #: Which way is better: `higher`, `lower` or `neither`.
    direction: str
    #: `output`, `efficiency` or `outcome` (19 USC 4312(b)).
    kind: str
    #: What it answers to.
    basis: str
    family: Family
    answer: Answer

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions that the number can be filtered and shown by."""
        return self.family.dimensions

    @property
    def module(self) -> str:
        """Module whose function computes it."""
        return self.answer.__module__
