"""What is processed: entry summaries, lines, value, duty, and how much of it the Centers process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from analytics import codes, coding, cube
from analytics.filters import Filters
from analytics.rollups import PARTICIPANTS, VOLUME, Frames


def _amount(measure: str, *, money: bool, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    sums = cube.flows(frames, VOLUME, sorted({measure, "entries_count"}), filters, as_of, by)
    value = coding.dollars(pl.col(measure)) if money else pl.col(measure)
    return cube.result(sums, by, value=value, n=pl.col("entries_count"))


def entry_summaries(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count entry summaries by entry date, each under the industry of its most valuable goods."""
    return _amount("entries_count", money=False, frames=frames, filters=filters, as_of=as_of, by=by)


def entry_lines(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count entry lines by entry date, each under its own industry."""
    return _amount("lines_count", money=False, frames=frames, filters=filters, as_of=as_of, by=by)


def import_value_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the entered value of lines in dollars."""
    return _amount("value_cents", money=True, frames=frames, filters=filters, as_of=as_of, by=by)


def duty_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the estimated duty of lines in dollars."""
    return _amount("duty_cents", money=True, frames=frames, filters=filters, as_of=as_of, by=by)


def participating_accounts(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the distinct accounts with an entry that a Center processed in the period."""
    rows = cube.rows(frames, PARTICIPANTS, filters, as_of, by)
    distinct = [pl.col("account_key").n_unique().alias("value"), pl.col("entries_count").sum().alias("n")]
    counted = cube.labelled(rows.group_by(by).agg(distinct), by) if by else rows.select(distinct)
    return cube.result(counted.collect(), by, value=pl.col("value").cast(pl.Int64))


def center_value_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the value that Centers process (those kept by the filter) by the value of all entries.

    The Center filter and grouping narrow what is counted, never what it is divided by: each Center's share is of the
    whole, and the shares of the Centers add up. “Port” is no Center: kept alone, it leaves a share of 0.
    """
    whole_by = [name for name in by if name != "center"]
    part = cube.flows(frames, VOLUME, ["value_cents", "entries_count"], filters.keeping("center", ()), as_of, ["center", *whole_by])
    whole = part.group_by(whole_by).agg(whole=pl.col("value_cents").sum()) if whole_by else part.select(whole=pl.col("value_cents").sum())
    kept = pl.col("center") != codes.PORT_CODE
    if filters.centers:
        kept &= pl.col("center").is_in(filters.centers)
    sums = [pl.col("value_cents").filter(kept).sum(), pl.col("entries_count").filter(kept).sum()]
    centers = part.filter(kept) if "center" in by else part.group_by(whole_by).agg(sums) if whole_by else part.select(sums)
    joined = centers.join(whole, on=whole_by) if whole_by else centers.join(whole, how="cross")
    return cube.result(
        joined, by, value=pl.when(pl.col("whole") > 0).then(pl.col("value_cents") / pl.col("whole")), n=pl.col("entries_count")
    )
