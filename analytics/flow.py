"""The course of reviews from receipt to their end: how each ended, what is known at set marks, and what work lies on hand.

A review counts once, under its last holder; the period is that of its receipt, and what is still open counts as open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import codes, cube, endings, people, periods, standards, survival, workload
from analytics.filters import Filters
from analytics.rollups import FINDINGS, STAYS, WORK, Frames

#: Days after receipt at which it is said how reviews have ended.
MARKS: Final[tuple[int, ...]] = (30, 90, 180, 365)

#: Weeks after receipt of the cohort triangle.
WEEKS: Final[tuple[int, ...]] = (1, 2, 4, 8, 13, 26, 52)

#: Stands for the outcome of what is still open, and of what was closed without a recorded result.
OPEN: Final = "open"
NO_RESULT: Final = "no_result"

#: Hours of a person's working day.
HOURS_A_DAY: Final = 8


def _last(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.LazyFrame:
    """Return each review opened in the period once, with the stay that is its last by `as_of`; `running` while it is open."""
    days = cube.span(filters, as_of)
    kept = cube.rows(frames, STAYS, filters.between(None, as_of), as_of, by)
    running = pl.col("to_date").is_null() | (pl.col("to_date") > as_of)
    last = kept.filter((running | pl.col("is_last")) & pl.col("opened_date").is_between(days.start, days.end))
    return last.with_columns(running=running)


def ends(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the reviews opened in the period by gross days and by how they have ended by `as_of`.

    Args:
        frames: Rollups at hand.
        filters: What is kept; the period is that of opening.
        as_of: Last day that has happened.
        by: Dimensions, without time.

    Returns:
        The `by` columns, `days`, `outcome` (null: still open; `NO_RESULT`: closed and no result recorded), `closed`, `count`.
    """
    ended = pl.when("running").then(pl.lit(as_of)).otherwise("to_date")
    outcome = pl.when(~pl.col("running")).then(pl.col("outcome").cast(pl.String).fill_null(NO_RESULT))
    dated = _last(frames, filters, as_of, by).with_columns(
        outcome=outcome, closed=~pl.col("running"), days=(ended - pl.col("opened_date")).dt.total_days()
    )
    counted = dated.group_by([*by, "days", "outcome", "closed"]).agg(count=pl.col("reviews_count").sum())
    return cube.labelled(counted, by).collect()


def ended_at(counts: pl.DataFrame, by: Sequence[str] = (), marks: Sequence[int] = MARKS) -> pl.DataFrame:
    """Say what share of reviews has ended in each way, and what share is open, so many days after receipt (Aalen-Johansen).

    Args:
        counts: As `ends` returns them.
        by: Grouping columns.
        marks: Days.

    Returns:
        The `by` columns, `outcome` (`OPEN` for what is still open), `mark`, `share` (0-1; null where no review of the group has been
        watched for so long), `low` and `high`. The shares of a group and mark make 1.
    """
    keys = list(by)
    curve = survival.product_limit(counts, keys).select(
        *keys, pl.lit(OPEN).alias("outcome"), "days", share="still_open", low="low", high="high"
    )
    steps = pl.concat([endings.cumulative_incidence(counts, keys), curve]).lazy()
    longest = counts.lazy().group_by(keys).agg(longest=pl.col("days").max()) if keys else counts.lazy().select(longest=pl.col("days").max())
    groups = longest.join(pl.LazyFrame({"mark": list(marks)}, schema={"mark": pl.Int64}), how="cross")
    kinds = pl.concat([steps.select(*keys, "outcome"), counts.lazy().select(*keys, pl.lit(OPEN).alias("outcome"))]).unique()
    grid = groups.join(kinds, on=keys, nulls_equal=True) if keys else groups.join(kinds, how="cross")
    seen = grid.join(steps, on=[*keys, "outcome"], how="left", nulls_equal=True).filter(
        (pl.col("days") <= pl.col("mark")) | pl.col("days").is_null()
    )
    last = seen.sort("days").group_by([*keys, "outcome", "mark"]).agg(pl.col("share", "low", "high").last())
    found = grid.join(last, on=[*keys, "outcome", "mark"], how="left", nulls_equal=True)
    share = pl.col("share").fill_null(pl.when(pl.col("outcome") == OPEN).then(1.0).otherwise(0.0))
    still = share.filter(pl.col("outcome") == OPEN).max().over([*keys, "mark"])
    known = (pl.col("mark") <= pl.col("longest")) | (still <= 1e-12)
    shown = {name: pl.when(known).then(expr) for name, expr in {"share": share, "low": pl.col("low"), "high": pl.col("high")}.items()}
    return found.select(*keys, "outcome", "mark", **shown).sort([*keys, "outcome", "mark"]).collect()


def received(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count the reviews opened in the period by the day they came and the day they were closed, for `endings.cohorts`.

    Returns:
        `opened_date`, `to_date` (null: open by `as_of`), `count`.
    """
    closed = pl.when(~pl.col("running")).then("to_date")
    dated = _last(frames, filters, as_of).with_columns(to_date=closed)
    return dated.group_by("opened_date", "to_date").agg(count=pl.col("reviews_count").sum()).sort("opened_date", "to_date").collect()


def standard_hours(frames: Frames, as_of: dt.date) -> pl.DataFrame:
    """Give the hours that a review of each work type takes in the whole country, from those completed in the year up to a day.

    Returns:
        `work_type`, `hours` (null where no hours were recorded), `timed_count`.
    """
    year = Filters(periods.year_back(as_of) + dt.timedelta(days=1), as_of)
    sums = cube.flows(frames, FINDINGS, ["minutes", "timed_count"], year, as_of, ["work_type"])
    hours = pl.when(pl.col("timed_count") > 0).then(pl.col("minutes") / 60 / pl.col("timed_count"))
    return sums.select("work_type", hours=hours, timed_count="timed_count")


def on_hand(frames: Frames, day: dt.date) -> pl.DataFrame:
    """Say how many working days of its people each Center's pending work takes, whatever kinds of work it is made of.

    Pending reviews are weighed by the hours that one of their work type takes in the whole country, so that a Center with much quick
    work does not look fuller than one with little slow work.

    Args:
        frames: Rollups at hand, down to the work type.
        day: Day of the stock.

    Returns:
        `center` (no ports), `pending_count`, `hours` (of work pending), `hours_each` (per pending review), `people` (null: none known),
        `staff_days` = hours / (people x 8; null without people), `days_of_work` (crude: pending by the pace of 13 weeks, business days;
        null without completions), `untimed_count` pending of work types without recorded hours, left out of the hours; most
        staff-days first.
    """
    until = Filters(to_date=day)
    pending = cube.stocks(frames, WORK, ["pending_net"], until, day, ["center", "work_type"]).filter(
        (pl.col("center") != codes.PORT_CODE) & (pl.col("pending_net") > 0)
    )
    timed = pending.join(standard_hours(frames, day), on="work_type", how="left")
    count = pl.col("pending_net")
    sums = timed.group_by("center").agg(
        pending_count=count.sum(), hours=(count * pl.col("hours")).sum(), untimed_count=count.filter(pl.col("hours").is_null()).sum()
    )
    staff = people.staff_on_board(frames, until, day, ["center"]).select("center", people="value")
    pace = workload.days_of_work(frames, until, day, ["center"]).select("center", days_of_work="value")
    joined = sums.join(staff, on="center", how="left").join(pace, on="center", how="left")
    timed_count = pl.col("pending_count") - pl.col("untimed_count")
    each = pl.when(timed_count > 0).then(pl.col("hours") / timed_count)
    days = pl.when((pl.col("people") > 0) & (timed_count > 0)).then(pl.col("hours") / (pl.col("people") * HOURS_A_DAY))
    order = ["center", "pending_count", "hours", "hours_each", "people", "staff_days", "days_of_work", "untimed_count"]
    return (
        joined.with_columns(hours_each=each, staff_days=days)
        .select(order)
        .sort("staff_days", "center", descending=[True, False], nulls_last=True)
    )


def taken(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give how long work takes with open reviews counted, beside what the completed ones alone would say.

    Returns:
        As `endings.completed_only`; median, P80, P90 and interval, of either kind, are null for groups with fewer than 30 reviews,
        and `quality` is then `too_few`.
    """
    found = endings.completed_only(workload.durations(frames, filters, as_of, by), by)
    enough = pl.col("n") >= standards.LEAST_SAMPLE
    hidden = [name for name in found.columns if name not in (*by, "n", "completed_n")]
    return found.with_columns(pl.when(enough).then(pl.col(hidden)), quality=workload.quality(enough))
