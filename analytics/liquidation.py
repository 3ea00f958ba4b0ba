"""What became of entries: how they liquidated, and what holds the others.

An entry that liquidates by operation of law (19 USC 1504) liquidates as it was entered because nobody acted in time. It is
counted as a failure, never among the work that was done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from analytics import cube
from analytics.compliance import counted_share
from analytics.filters import Filters
from analytics.rollups import LIQUIDATIONS, Frames


def _counted(measure: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    sums = cube.flows(frames, LIQUIDATIONS, sorted({measure, "liquidated_count"}), filters, as_of, by)
    return cube.result(sums, by, value=pl.col(measure), n=pl.col("liquidated_count"))


def liquidations(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count entries liquidated in the period, however they were."""
    return _counted("liquidated_count", frames, filters, as_of, by)


def deemed_liquidations(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count entries that liquidated by operation of law in the period; `n` are all that liquidated."""
    return _counted("deemed_count", frames, filters, as_of, by)


def extensions(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the entries of the period (by entry date) whose liquidation was extended."""
    sums = cube.flows(frames, LIQUIDATIONS, ["extended_count"], filters, as_of, by)
    return cube.result(sums, by, value=pl.col("extended_count"), n=pl.col("extended_count"))


def suspended(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the entries whose liquidation is suspended at the end of the period."""
    counted = cube.stocks(frames, LIQUIDATIONS, ["suspended_net"], filters, as_of, by)
    return cube.result(counted, by, value=pl.col("suspended_net"), n=pl.col("suspended_net"))


def changed_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the entries that liquidated with a change of duty by all that liquidated in the period."""
    sums = cube.flows(frames, LIQUIDATIONS, ["changed_count", "liquidated_count"], filters, as_of, by)
    return counted_share(sums.with_columns(n=pl.col("liquidated_count")), "changed_count", by)
