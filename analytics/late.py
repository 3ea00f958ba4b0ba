"""Months whose reports still arrive: how much of each is reported by now, and what its count will be.

An unadjusted last month always looks as if fewer were completed and more were waiting. So months are compared with finished ones
as these were known just as long after their end; a version keeps what that takes (`data.reported`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.filters import Filters, column_of
from analytics.rates import Z95
from analytics.rollups import ByMonth, Frames

#: Days after its end at which a month's count is taken as final.
SETTLED_DAYS: Final = 90

#: Months are compared at the same number of days after their end, give or take what months differ in length.
TOLERANCE_DAYS: Final = 3

#: A month of which this share is reported counts as finished as well.
COMPLETE: Final = 0.995

#: Numbers of what was completed in the period.
OF_COMPLETIONS: Final = frozenset(
    {
        "completions", "clearance_rate", "closed_on_time_share", "work_changed_share", "rejected_share", "hours_per_review",
        "completions_per_person", "time_to_complete_days", "protests_allowed_share", "closed_without_result", "targeted_yield_share",
    }
)  # fmt: skip

#: Numbers of what waits at the end of the period, which hold what was completed and is not reported.
OF_WAITING: Final = frozenset(
    {"pending", "backlog", "past_due", "past_due_value_usd", "past_due_duty_usd", "due_within_30", "days_of_work"}
)

#: Frames of a version that say how months were known after each load: of Centers, and of work types for roles that see these.
REPORTED: Final = "reported"
REPORTED_BY_TYPE: Final = "reported_by_type"

#: Fewer finished months than this say nothing of how reports arrive; more than the last twelve may tell of other times.
LEAST_MONTHS: Final = 3
HISTORY_MONTHS: Final = 12

#: Of fewer cases that were known so long after their month's end, a given share says more.
LEAST_BASIS: Final = 100

_NO_MONTHS: Final = pl.DataFrame(
    schema={
        "month": pl.String,
        "known_on": pl.Date,
        "known": pl.Int64,
        **dict.fromkeys(("share_reported", "share_low", "share_high", "expected", "low", "high"), pl.Float64),
        "n": pl.Int64,
        "quality": pl.String,
    }
)


def late_tail(
    known: pl.DataFrame,
    as_of: dt.date,
    measure: str = "completions",
    given: pl.DataFrame | None = None,
    settled_days: int = SETTLED_DAYS,
) -> pl.DataFrame:
    """Estimate how much of each month's final count is reported by now, and what the final count will be.

    A month is compared with finished months as they were known just as long after their end (chain ladder). The interval is
    Mack's (1993), on the logarithmic scale, with Student's quantile for few months; the spread between months is taken as at
    least that of chance, were each case reported by now with the same probability.

    Args:
        known: `month` (YYYY-MM), `known_on` (date of the load after which the month was known so; null: before all), the
            `measure` as it was known then. Several rows a month.
        as_of: Loads after it are not known yet.
        measure: Column of the counts.
        given: `month`, `share` (0-1) of its count that is expected to be reported by now, and `doubt` (variance of its logarithm);
            used where history is too short.
        settled_days: Days after its end at which a month is finished.

    Returns:
        `month`, `known_on` (the last load of any month), `known`, `share_reported` with `share_low` and `share_high` (0-1),
        `expected` (final count) with `low` and `high` (95 %), `n` finished months compared with, `quality`: `ok` for a finished
        month (its time is over, or past months had 99.5 % of their count by then), `provisional`, or `too_few` (under three
        finished months and no given share, or nothing reported yet: no estimate).
    """
    rows = known.select("month", day=pl.col("known_on").fill_null(dt.date.min), count=pl.col(measure)).filter(pl.col("day") <= as_of)
    rows = rows.sort("day")
    loads = rows.select("day").unique().sort("day")
    end = (pl.col("month") + "-01").str.to_date().dt.month_end()
    last = pl.lit(loads["day"].max(), dtype=pl.Date)
    months = rows.group_by("month", maintain_order=True).agg(known=pl.col("count").last()).with_columns(end=end, known_on=last)
    months = months.with_columns(delay=(pl.col("known_on") - pl.col("end")).dt.total_days()).sort("month")
    factors = _report_factors(months, rows, loads, settled_days)
    nothing = {"month": pl.String, "share": pl.Float64, "doubt": pl.Float64}
    expected = (pl.DataFrame(schema=nothing) if given is None else given).select("month", "doubt", given="share")
    joined = months.join(factors, on="month", how="left").join(expected, on="month", how="left")
    return _final_counts(joined.with_columns(pl.col("n").fill_null(0)), settled_days).sort("month")


def _report_factors(months: pl.DataFrame, rows: pl.DataFrame, loads: pl.DataFrame, settled_days: int) -> pl.DataFrame:
    """Give each unfinished month how finished ones grew from the same delay on.

    Returns:
        `month`, `n` finished months, `basis` (sum of what was known of them), `factor` (final by known) and `spread` (Mack's variance
        of a factor for a count of one).
    """
    settled = months.filter(pl.col("delay") >= settled_days).tail(HISTORY_MONTHS).select(then="month", final="known", then_end="end")
    pairs = months.filter(pl.col("delay") < settled_days).select("month", "delay").join(settled, how="cross")
    wanted = pairs.with_columns(wanted=pl.col("then_end") + pl.duration(days=pl.col("delay"))).sort("wanted")
    # What was known then is known only as of a load; the nearest one stands for the same delay.
    near = loads.with_columns(load=pl.col("day"))
    seen = wanted.join_asof(near, left_on="wanted", right_on="day", strategy="nearest", tolerance=f"{TOLERANCE_DAYS}d")
    at = seen.filter(pl.col("load").is_not_null()).select("month", "final", then_month="then", load="load").sort("load")
    past = rows.rename({"month": "then_month"}).with_columns(load=pl.col("day")).sort("load")
    found = at.join_asof(past, on="load", by="then_month", strategy="backward", check_sortedness=False)
    then = found.select("month", "final", known=pl.col("count").fill_null(0))
    off = (pl.col("final") - pl.col("factor") * pl.col("known")) ** 2 / pl.col("known").clip(lower_bound=1)
    sums = then.group_by("month").agg(
        pl.all(), n=pl.len().cast(pl.Int64), basis=pl.col("known").sum(), factor=pl.col("final").sum() / pl.col("known").sum()
    )
    spread = sums.explode("final", "known").group_by("month", "n", "basis", "factor").agg(spread=off.sum())
    return spread.with_columns(pl.col("spread") / (pl.col("n") - 1))


def _final_counts(joined: pl.DataFrame, settled_days: int) -> pl.DataFrame:
    """Turn factors of growth, or given shares, into expected counts with their intervals."""
    enough = (pl.col("basis") >= LEAST_BASIS) | (pl.col("given").is_null() & (pl.col("basis") > 0))
    learned = ((pl.col("n") >= LEAST_MONTHS) & enough).fill_null(value=False)
    grown = _grown(joined.lazy().with_columns(learned=learned))
    rest = (pl.col("expected") - pl.col("known")).abs()
    complete = (rest < 0.5) | (rest <= (1 - COMPLETE) * pl.col("expected"))
    sized = grown.with_columns(done=(pl.col("delay") >= settled_days) | complete.fill_null(value=False))
    kept = {name: pl.when("done").then(pl.col("known").cast(pl.Float64)).otherwise(name) for name in ("expected", "low", "high")}
    words = pl.when("done").then(pl.lit("ok")).when(pl.col("expected").is_null()).then(pl.lit("too_few")).otherwise(pl.lit("provisional"))
    final = sized.with_columns(**kept).with_columns(quality=words)

    def reported(of: str) -> pl.Expr:
        return pl.when("done").then(1.0).otherwise(pl.col("known") / pl.col(of))

    shares = {"share_reported": reported("expected"), "share_low": reported("high"), "share_high": reported("low")}
    return final.select(
        "month", "known_on", "known", **shares, expected="expected", low="low", high="high", n="n", quality="quality"
    ).collect()


def _grown(months: pl.LazyFrame) -> pl.LazyFrame:
    """Add `expected`, `low` and `high` of what is known times the factor by which it grows; null where no factor is known."""
    known, factor, learned = pl.col("known").cast(pl.Float64), pl.col("factor"), pl.col("learned")
    either = months.with_columns(factor=pl.when("learned").then("factor").when(pl.col("given") > 0).then(1 / pl.col("given")))
    chance = (factor * (factor - 1)).clip(lower_bound=0)
    # Of a given share nothing was estimated here: it brings its own doubt, and the normal quantile serves.
    spread = pl.when(learned).then(pl.max_horizontal("spread", chance)).otherwise(chance)
    basis = pl.when(learned).then(pl.col("spread") * known**2 / pl.col("basis")).otherwise(0.0)
    quantile = pl.when(learned).then(student95(pl.col("n") - 1)).otherwise(Z95)
    doubt = pl.when(learned).then(0.0).otherwise(pl.col("doubt").fill_null(0.0))
    width = (quantile * ((1 + (known * pl.col("spread") + basis) / pl.col("expected") ** 2).log() + doubt).sqrt()).exp()
    sized = either.with_columns(spread=spread, expected=pl.when(known > 0).then(known * factor)).with_columns(width=width)
    # A count that only grows cannot end below what is known of it.
    least = pl.min_horizontal(known, "expected")
    low = pl.when(pl.col("expected").is_not_null()).then(pl.max_horizontal(pl.col("expected") / pl.col("width"), least))
    return sized.with_columns(low=low, high=pl.col("expected") * pl.col("width"))


def reported_months(frames: Frames, filters: Filters, measure: str = "completions") -> pl.DataFrame:
    """Say of each of the last months how much of its count is reported, as `late_tail` does, from the loads of a version.

    Args:
        frames: Frames of a version; without `REPORTED` nothing is known of loads, and no month is given.
        filters: Centers and work types count, the latter where the frames tell them apart; the rest and the period do not. Where
            the choice has too few finished months to compare with, the share of all reviews is taken.
        measure: `completions` (by month of closing) or `receipts` (by month of opening).

    Returns:
        The columns of `late_tail`. A month that was not over at the last load is `provisional` without an estimate.
    """
    name = REPORTED_BY_TYPE if filters.work_types and REPORTED_BY_TYPE in frames else REPORTED
    dimensions = ("center", "work_type") if name == REPORTED_BY_TYPE else ("center",)
    asked = filters.only(dimensions).between(None, None)

    def worked_out() -> pl.LazyFrame:
        return _reported(frames, name, asked, measure).lazy()

    if name not in frames:
        return _NO_MONTHS
    if not isinstance(frames, ByMonth):
        return worked_out().collect()
    return frames.kept(name, ("reported_months", measure, asked), _NO_MONTHS.columns, worked_out).collect()


def _reported(frames: Frames, name: str, filters: Filters, measure: str) -> pl.DataFrame:
    known = known_then(frames[name], filters)
    last = known["known_on"].max()
    if not isinstance(last, dt.date):
        return _NO_MONTHS
    every = reported_months(frames, Filters(), measure) if filters.used else None
    given = every.drop_nulls("share_reported").select("month", share="share_reported", doubt=_doubt()) if every is not None else None
    found = late_tail(known, last, measure, given)
    running = (pl.col("month") + "-01").str.to_date().dt.month_end() > last
    unknown = {
        column: pl.when(~running).then(column) for column in ("share_reported", "share_low", "share_high", "expected", "low", "high")
    }
    return found.with_columns(**unknown, quality=pl.when(running).then(pl.lit("provisional")).otherwise("quality")).cast(_NO_MONTHS.schema)


def known_then(changes: pl.LazyFrame, filters: Filters) -> pl.DataFrame:
    """Add up what loads changed: how each month was known after each day of loads.

    Args:
        changes: `known_date`, `month` (null: the load changed nothing), `receipts`, `completions`, and the columns of the filters.
        filters: What is kept; the days of all loads stay.

    Returns:
        `month`, `known_on`, `receipts` and `completions` as known then; one row for each month and day of loads.
    """
    measures = ("receipts", "completions")
    days = changes.select(known_on=pl.col("known_date").fill_null(dt.date.min)).unique()
    own = changes.filter(filters.predicate(), pl.col("month").is_not_null()) if filters.used else changes.drop_nulls("month")
    sums = own.group_by("month", known_on=pl.col("known_date").fill_null(dt.date.min)).agg(pl.col(measures).sum())
    grid = sums.select("month").unique().join(days, how="cross").join(sums, on=["month", "known_on"], how="left")
    ordered = grid.with_columns(pl.col(measures).fill_null(0)).sort("month", "known_on")
    return ordered.with_columns(pl.col(measures).cum_sum().over("month")).collect(engine="in-memory")


def provisional_months(
    frames: Frames, as_of: dt.date, filters: Filters | None = None, by: Sequence[str] = (), measure: str = "completions"
) -> pl.DataFrame:
    """List the months up to a day whose count is not all reported yet, with what is expected of it.

    Args:
        frames: Frames of a version.
        as_of: Later months are left out.
        filters: As for `reported_months`; null for all reviews.
        by: Nothing, or `center` for each Center by itself.
        measure: `completions` or `receipts`.

    Returns:
        The `by` column, then the columns of `late_tail`; months in order. Empty when all is reported, or nothing is known of loads.
    """
    asked = filters or Filters()
    if not by:
        return reported_months(frames, asked, measure).filter(pl.col("quality") != "ok", pl.col("month") <= as_of.strftime("%Y-%m"))
    (dimension,) = by
    codes: Sequence[str] = (
        frames[REPORTED].select(column_of(dimension)).unique().drop_nulls().collect().to_series().sort().to_list()
        if REPORTED in frames
        else ()
    )
    kept = asked.kept(dimension)
    each = [
        provisional_months(frames, as_of, asked.keeping(dimension, (code,)), (), measure).select(pl.lit(code).alias(dimension), pl.all())
        for code in codes
        if not kept or code in kept
    ]
    return pl.concat(each) if each else _NO_MONTHS.select(pl.lit("").alias(dimension), pl.all())


def expected_counts(counts: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Give counts of months what is expected of them in the end, by the share of the month that is reported.

    Args:
        counts: `month` (YYYY-MM), `value`: what is known of it, perhaps of a part of the reviews that the share was found for.
        months: Rows of `provisional_months`.

    Returns:
        `counts` with `provisional`, `share_reported`, `expected`, `low` and `high` (95 %: for a part, its own chance is added to the
        doubt of the share); null where the month is not provisional or nothing can be said.
    """
    found = months.select(
        "month", "known", "share_reported", "share_low", "share_high", whole="expected", whole_low="low", whole_high="high"
    )
    joined = counts.lazy().join(found.lazy(), on="month", how="left", maintain_order="left")
    value = pl.col("value").cast(pl.Float64)
    part = pl.when(value > 0).then(value / pl.col("share_reported"))
    width = (Z95 * ((1 + (1 / pl.col("share_reported") - 1).clip(lower_bound=0) / part).log() + _doubt()).sqrt()).exp()
    same = value == pl.col("known")
    ends = {
        "expected": pl.when(same).then("whole").otherwise(part),
        "low": pl.when(same)
        .then("whole_low")
        .when(part.is_not_null())
        .then(pl.max_horizontal(part / width, pl.min_horizontal(value, part))),
        "high": pl.when(same).then("whole_high").otherwise(part * width),
    }
    known = joined.with_columns(provisional=pl.col("known").is_not_null(), **ends)
    return known.select(*counts.columns, "provisional", "share_reported", *ends).collect(engine="in-memory")


def _doubt() -> pl.Expr:
    """Return the variance of the logarithm of a reported share that its interval stands for."""
    return ((pl.col("share_high") / pl.col("share_low")).log() / (2 * Z95)) ** 2


def student95(freedom: pl.Expr) -> pl.Expr:
    """Return the 97.5th percentile of Student's distribution from its expansion (Abramowitz and Stegun 26.7.5); 3 % low at 2."""
    z, v = Z95, freedom.cast(pl.Float64)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3
