"""A metric month by month, made fit for a process chart: whole months, no holes, nothing from before it began, its start-up marked.

Each metric is asked once, whatever the number of series.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final

import polars as pl

from analytics import late, periods
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
        "clock_stopped", "days_of_work", "oldest_days", "suspended_entries", "staff_on_board", "staff_floor", "feedback_open", "feedback_over_90",
    }
)  # fmt: skip

#: Stocks of few pieces that wait for months: a steady process of that kind leaves its limits or keeps to one side of its average in a third
#: of all series (`tests/simulation/test_waiting.py`), so their months are shown and no signal is said of them, and no change is held against them.
UNCHARTED: Final = frozenset({"feedback_open", "feedback_over_90"})
#: Months after its first one in which a stock starts up: it begins empty, and a pile takes about this long to fill to its level.
START_OF_STOCK: Final = 6
#: The same of what happens in a month, and of rates: nothing has to fill up, but the first accounts and people come one by one.
START_OF_FLOW: Final = 3
#: Months before those shown that are asked too, to know where a series began: one that had its first month then has started up.
_BEFORE: Final = max(START_OF_STOCK, START_OF_FLOW) + 1

#: Families whose counts and amounts are no sums of events: a month without a row was not measured and is no zero.
_MEASURED: Final = (STAFF.name, SAMPLE.name)


def series(frames: Frames, metric: Metric, filters: Filters, as_of: dt.date, *, by: Sequence[str] = (), **span: Any) -> pl.DataFrame:
    """Ask one metric as `several` does, without the column `metric_id`."""
    return several(frames, [metric], filters, as_of, by=by, **span).drop("metric_id")


def several(
    frames: Frames,
    metrics: Sequence[Metric],
    filters: Filters,
    as_of: dt.date,
    *,
    end: dt.date,
    first_date: dt.date,
    by: Sequence[str] = (),
    months: int = MONTHS,
    provisional: Collection[dt.date] = (),
) -> pl.DataFrame:
    """Ask metrics by month over the months up to a day, and say which of them count.

    Args:
        frames: Rollups at hand.
        metrics: Metrics asked, each once.
        filters: What is kept; their period is replaced.
        as_of: Last day that has happened.
        end: Last day shown; a month that is not over on it is provisional.
        first_date: First day of the data; a month that began before it is left out.
        by: Groupings other than time; each group is a series.
        months: Months looked back, the one of `end` counted.
        provisional: First days of months that the caller knows to be incomplete; those whose completions are still reported
            (`late.provisional_months`) are known here.

    Returns:
        `metric_id`, the `by` columns, `month` (its first day), `value` (null was not measured; counts and sums of events are 0 where
        nothing happened), `low`, `high`, `n`, `quality`, `provisional`, `starting` (one of the first months after the series' first one:
        `START_OF_STOCK` or `START_OF_FLOW`). Months before a series began are left out, and its first one too: a Center that opens
        on the 27th has no month yet. What was there in the first month of the data, or seven months before those shown, has no
        start-up: it is not known to have begun.
    """
    last = min(end, as_of)
    whole = first_date if first_date.day == 1 else periods.next_month(first_date)
    start = max(periods.months_back(last, months - 1), whole)
    if start > last:
        return _none(by)
    asked = max(periods.months_back(start, _BEFORE), whole)
    grid = pl.LazyFrame({"month": pl.date_range(asked, last, "1mo", eager=True)})
    keys = ["metric_id", *by]
    rows = pl.concat(_asked(frames, metric, filters.only(metric.dimensions).between(asked, last), as_of, by) for metric in metrics).lazy()
    shown = pl.col("month") >= start
    filled = (
        rows.filter(shown).select(*keys, "zero").unique().join(grid, how="cross").join(rows.drop("zero"), on=[*keys, "month"], how="left")
    )
    late_months = (late.provisional_months(frames, last, filters)["month"] + "-01").str.to_date().to_list()
    open_month = [periods.month_start(last)] if last < periods.month_end(last) else []
    marked = _marked(filled.sort(*keys, "month"), late_months, [*provisional, *open_month])
    return _begun(marked, keys).filter(shown).select(*keys, "month", *_NUMBERS, "provisional", "starting").collect(engine="in-memory")


def _marked(filled: pl.LazyFrame, late_months: Collection[dt.date], incomplete: Collection[dt.date]) -> pl.LazyFrame:
    """Fill months without a row, and say which are provisional.

    Args:
        filled: Every month of every series; null where a metric has no row.
        late_months: Months of which completions are still reported.
        incomplete: Months that are not whole for any metric.
    """
    zero = pl.col("zero")
    still = pl.col("metric_id").is_in(late.OF_COMPLETIONS | late.OF_WAITING) & pl.col("month").is_in(list(late_months))
    return filled.with_columns(
        pl.when(zero).then(pl.col("value").fill_null(0)).otherwise(pl.col("value")).alias("value"),
        pl.col("n").fill_null(0),
        pl.col("quality").fill_null(pl.when(zero).then(pl.lit("ok")).otherwise(pl.lit("too_few"))),
        provisional=(pl.col("quality") == "provisional").fill_null(value=False) | still | pl.col("month").is_in(list(incomplete)),
    )


_NUMBERS: Final = ("value", "low", "high", "n", "quality")


def _asked(frames: Frames, metric: Metric, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    """Ask a metric by month; `zero` says whether a month without a row is a zero."""
    rows = metric.answer(frames, filters, as_of, [*by, "month"])
    return rows.select(
        pl.lit(metric.id).alias("metric_id"),
        *by,
        (pl.col("month") + "-01").str.to_date(),
        pl.col("value", "low", "high").cast(pl.Float64),
        pl.col("n").cast(pl.Int64),
        pl.col("quality").cast(pl.String),
        zero=pl.lit(metric.unit in ("count", "usd") and metric.family.name not in _MEASURED),
    )


def _begun(frame: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Leave out what lies before a series began and mark its start-up."""
    something = (pl.col("value").fill_null(0) != 0) | (pl.col("n") > 0)
    place, began, first = (expr.over(by) for expr in (pl.int_range(pl.len()), something.cum_max(), something.arg_max()))
    span = pl.when(pl.col("metric_id").is_in(STOCKS)).then(START_OF_STOCK).otherwise(START_OF_FLOW)
    starting = (first > 0) & (place <= first + span)
    return frame.with_columns(starting=starting, _kept=began & ((place > first) | (first == 0))).filter("_kept").drop("_kept")


def _none(by: Sequence[str]) -> pl.DataFrame:
    texts = dict.fromkeys(("metric_id", *by), pl.String)
    numbers = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "n": pl.Int64}
    return pl.DataFrame(
        schema={**texts, "month": pl.Date, **numbers, "quality": pl.String, "provisional": pl.Boolean, "starting": pl.Boolean}
    )


def floor(metric: Metric) -> float | None:
    """Return what a metric's values cannot fall below."""
    return None if metric.id == "net_revenue_gap_usd" else 0.0


def ceiling(metric: Metric) -> float | None:
    """Return what a metric's values cannot exceed."""
    return 1.0 if metric.unit == "share" else None
