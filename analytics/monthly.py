"""A metric month by month, made fit for a process chart: whole months, no holes, nothing from before it began.

Each metric is asked once, whatever the number of series.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

import polars as pl

from analytics import periods
from analytics.filters import Filters
from analytics.metrics import Metric
from analytics.people import STAFF
from analytics.rollups import SAMPLE, Frames

#: Months that a process chart looks back.
MONTHS: Final = 24

#: Numbers that carry over from month to month: what is there at a month's end, and its age.
STOCKS: Final = frozenset(
    {
        "pending", "backlog", "past_due", "past_due_value_usd", "past_due_duty_usd", "due_within_30", "pending_age_days", "controlled_age_days",
        "clock_stopped", "days_of_work", "oldest_days", "suspended_entries", "staff_on_board", "staff_floor",
    }
)  # fmt: skip

#: Families whose counts and amounts are no sums of events: a month without a row was not measured and is no zero.
_MEASURED: Final = (STAFF.name, SAMPLE.name)


def series(
    frames: Frames,
    metric: Metric,
    filters: Filters,
    as_of: dt.date,
    *,
    end: dt.date,
    first_date: dt.date,
    by: Sequence[str] = (),
    months: int = MONTHS,
    provisional: Collection[dt.date] = (),
) -> pl.DataFrame:
    """Ask a metric by month over the months up to a day, and say which of them count.

    Args:
        frames: Rollups at hand.
        metric: Metric asked.
        filters: What is kept; their period is replaced.
        as_of: Last day that has happened.
        end: Last day shown; a month that is not over on it is provisional.
        first_date: First day of the data; a month that began before it is left out.
        by: Groupings other than time; each group is a series.
        months: Months looked back, the one of `end` counted.
        provisional: First days of months that the caller knows to be incomplete.

    Returns:
        The `by` columns, `month` (its first day), `value` (null was not measured; counts and sums of events are 0 where nothing
        happened), `low`, `high`, `n`, `quality`, `provisional`. Months before a series began are left out, and its first one too
        where it began within the months shown: a Center that opens on the 27th has no month yet.
    """
    last = min(end, as_of)
    whole = first_date if first_date.day == 1 else periods.next_month(first_date)
    start = max(periods.months_back(last, months - 1), whole)
    grid = pl.DataFrame({"month": pl.date_range(start, last, "1mo", eager=True) if start <= last else pl.Series([], dtype=pl.Date)})
    asked = filters.only(metric.dimensions).between(start, last)
    found = metric.answer(frames, asked, as_of, [*by, "month"]) if grid.height else None
    if found is None or found.is_empty():
        return _none(by)
    rows = found.lazy().with_columns((pl.col("month") + "-01").str.to_date())
    whole_grid = rows.select(by).unique().join(grid.lazy(), how="cross") if by else grid.lazy()
    filled = whole_grid.join(rows, on=[*by, "month"], how="left").sort(*by, "month")
    zero = metric.unit in ("count", "usd") and metric.family.name not in _MEASURED
    open_month = [periods.month_start(last)] if last < periods.month_end(last) else []
    known = pl.col("value").cast(pl.Float64)
    marked = filled.with_columns(
        known.fill_null(0) if zero else known,
        pl.col("n").fill_null(0),
        pl.col("quality").fill_null("ok" if zero else "too_few"),
        provisional=(pl.col("quality") == "provisional").fill_null(value=False) | pl.col("month").is_in([*provisional, *open_month]),
    )
    return _begun(marked, by).select(*by, "month", "value", "low", "high", "n", "quality", "provisional").collect(engine="in-memory")


def _begun(frame: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Leave out what lies before a series began."""

    def each(expr: pl.Expr) -> pl.Expr:
        return expr.over(by) if by else expr

    something = (pl.col("value").fill_null(0) != 0) | (pl.col("n") > 0)
    place, began = each(pl.int_range(pl.len())), each(something.cum_max())
    first = each(something.arg_max())
    return frame.filter(began & ((place > first) | (first == 0)))


def _none(by: Sequence[str]) -> pl.DataFrame:
    texts = dict.fromkeys(by, pl.String)
    numbers = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "n": pl.Int64}
    return pl.DataFrame(schema={**texts, "month": pl.Date, **numbers, "quality": pl.String, "provisional": pl.Boolean})


def floor(metric: Metric) -> float | None:
    """Return what a metric's values cannot fall below."""
    return None if metric.id == "net_revenue_gap_usd" else 0.0


def ceiling(metric: Metric) -> float | None:
    """Return what a metric's values cannot exceed."""
    return 1.0 if metric.unit == "share" else None
