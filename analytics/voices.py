"""What the working groups said and how it was answered, and how soon inquiries were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from analytics import codes, cube, standards, survival
from analytics.compliance import counted_share
from analytics.filters import Filters
from analytics.rollups import FEEDBACK, INQUIRIES, Frames
from analytics.workload import quality


def feedback_received(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count pieces of feedback received in the period."""
    sums = cube.flows(frames, FEEDBACK, ["feedback_count"], filters, as_of, by)
    return cube.result(sums, by, value=pl.col("feedback_count"), n=pl.col("feedback_count"))


def feedback_open(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the feedback received in the period whose status is open or in progress."""
    rows = cube.rows(frames, FEEDBACK, filters, as_of, by)
    waiting = pl.when(~pl.col("status").is_in(codes.FEEDBACK_CLOSED)).then(pl.col("feedback_count")).otherwise(0)
    sums = cube.summed(rows.with_columns(value=waiting), ["value", "feedback_count"], by)
    return cube.result(sums, by, n=pl.col("feedback_count"))


def feedback_implemented_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the recommendations implemented in whole or part by all that were closed, of those received in the period."""
    rows = cube.rows(frames, FEEDBACK, filters, as_of, by).filter(
        (pl.col("kind") == "recommendation") & pl.col("status").is_in(codes.FEEDBACK_CLOSED)
    )
    done = pl.when(pl.col("status").is_in(["implemented", "partly_implemented"])).then(pl.col("feedback_count")).otherwise(0)
    sums = cube.summed(rows.with_columns(done=done, n=pl.col("feedback_count")), ["done", "n"], by)
    return counted_share(sums, "done", by)


def answer_durations(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the feedback received in the period by days to its first answer, unanswered as of the day as still open.

    Returns:
        The `by` columns, `days`, `closed`, `count`.
    """
    answered = pl.col("responded_date").is_not_null() & (pl.col("responded_date") <= as_of)
    ended = pl.when(answered).then(pl.col("responded_date")).otherwise(pl.lit(as_of))
    counted = (
        cube.rows(frames, FEEDBACK, filters, as_of, by)
        .with_columns(closed=answered, days=(ended - pl.col("date")).dt.total_days())
        .group_by([*by, "days", "closed"])
        .agg(count=pl.col("feedback_count").sum())
    )
    return cube.labelled(counted, by).collect()


def feedback_first_response_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give the median, P80 and P90 days to a first answer of the feedback received in the period, unanswered ones counted."""
    found = survival.quantiles(answer_durations(frames, filters, as_of, by), by)
    enough = pl.col("n") >= standards.LEAST_CASES
    hidden = {name: pl.when(enough).then(pl.col(name)) for name in ("low", "high", "p80", "p90")}
    return cube.result(found, by, "p80", "p90", value=pl.when(enough).then(pl.col("median")), quality=quality(enough), **hidden)


def inquiries_on_time_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the inquiries answered within two business days by those whose two days are over, or that were answered.

    An inquiry that is still open after two business days counts as late; one that may still be answered in time does not count.
    """
    rows = cube.rows(frames, INQUIRIES, filters, as_of, by)
    answered = (pl.col("answered_date") <= as_of).fill_null(value=False)
    decided = answered | (pl.col("answer_by_date") < as_of)
    on_time = answered & (pl.col("answered_date") <= pl.col("answer_by_date"))
    count = pl.col("inquiries_count")
    sums = cube.summed(rows.with_columns(n=decided * count, on_time=on_time * count), ["n", "on_time"], by)
    return counted_share(sums, "on_time", by)


def feedback_table(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    """Count the feedback received in the period by the given columns (`topic`, `status`, `kind`, `segment`, `position`, `center_code`).

    Returns:
        The `by` columns and `feedback_count`.
    """
    return cube.summed(cube.rows(frames, FEEDBACK, filters, as_of), ["feedback_count"], by)
