"""How work ends and when that is known: ways to end as rivals, received months as they close, months whose reports still arrive.

Each answers a question that a plain share gets wrong. Of the reviews that ended, a share of each result forgets those still
open; the days of completed reviews forget what takes long; the last months look weak because their reports are late.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import periods, survival
from analytics.late import late_tail, provisional_months
from analytics.rates import Z95

__all__ = ["WEEKS", "cohorts", "completed_only", "cumulative_incidence", "late_tail", "provisional_months"]

#: Weeks after receipt at which a month's receipts are looked at.
WEEKS: Final[tuple[int, ...]] = tuple(range(0, 53, 4))


def cumulative_incidence(durations: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate, for each group and outcome, the share of reviews that have ended so after so many days (Aalen-Johansen).

    With the share still open (`survival.product_limit`) the shares of all outcomes make 1 on each day: an outcome is not
    estimated as if the others could not happen, as one Kaplan-Meier curve for each would do.

    Args:
        durations: The `by` columns, `days` (int, gross days open), `outcome` (null: still open), `count`.
        by: Grouping columns.

    Returns:
        The `by` columns, `outcome`, `days`, `share` (0-1), `low` and `high`: its 95 % interval on the log-log scale with the
        delta-method variance (Marubini and Valsecchi 1995; Collett 2015, section 12.4); null where the share is 0 or 1. One
        row for each outcome of the group and day on which anything ended, in order.
    """
    keys = list(by)
    named = durations.lazy().filter(pl.col("outcome").is_not_null() & (pl.col("count") > 0))
    so = named.group_by([*keys, "outcome", "days"]).agg(so=pl.col("count").sum().cast(pl.Float64))
    kinds, steps = so.select(*keys, "outcome").unique(), _steps(durations.lazy(), keys)
    grid = kinds.join(steps, on=keys, nulls_equal=True) if keys else kinds.join(steps, how="cross")
    group = [*keys, "outcome"]
    each = grid.join(so, on=[*group, "days"], how="left", nulls_equal=True).with_columns(pl.col("so").fill_null(0.0))
    shares = each.sort([*group, "days"]).with_columns(share=(pl.col("before") * pl.col("so") / pl.col("risk")).cum_sum().over(group))
    spread = Z95 * _incidence_variance(group).clip(lower_bound=0).sqrt() / (pl.col("share") * pl.col("share").log()).abs()
    # A hair below one: the sum of exact fractions may miss it by rounding.
    inner = (pl.col("share") > 0) & (pl.col("share") < 1 - 1e-12)
    # The logarithm of the share is negative: a larger factor makes the lower end.
    low, high = ((pl.col("share").log() * (sign * spread).exp()).exp() for sign in (1, -1))
    ends = {"low": pl.when(inner).then(low), "high": pl.when(inner).then(high)}
    return shares.select(*group, "days", "share", **ends).sort([*group, "days"]).collect()


def _steps(durations: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    """Give each day on which something ended: how many did, how many were at risk, and the share still open before it."""
    ended = pl.col("count").filter(pl.col("outcome").is_not_null()).sum().cast(pl.Float64)
    each = durations.group_by([*keys, "days"]).agg(ended=ended, risk=pl.col("count").sum().cast(pl.Float64)).sort([*keys, "days"])
    at_risk = each.with_columns(risk=_over(pl.col("risk").cum_sum(reverse=True), keys)).filter(pl.col("ended") > 0)
    still_open = _over((1 - pl.col("ended") / pl.col("risk")).cum_prod(), keys)
    return at_risk.with_columns(before=_over(still_open.shift(1, fill_value=1.0), keys))


def _incidence_variance(group: Sequence[str]) -> pl.Expr:
    """Return the delta-method variance of a cumulative incidence; sums of squares are opened so that each is one running sum.

    Where all at risk end at once nothing comes after, so that their term weighs nothing.
    """
    share, ended, so, risk, before = (pl.col(name) for name in ("share", "ended", "so", "risk", "before"))
    hazard = pl.when(risk > ended).then(ended / (risk * (risk - ended))).otherwise(0.0)
    joint = before * so / (risk * risk)

    def total(term: pl.Expr) -> pl.Expr:
        return term.cum_sum().over(group)

    later = share * share * total(hazard) - 2 * share * total(hazard * share) + total(hazard * share * share)
    own = total(before * before * so * (risk - so) / risk**3)
    return later + own - 2 * (share * total(joint) - total(joint * share))


def completed_only(durations: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Set the quantiles of completed reviews alone beside those that count the open ones, to show what the first leave out.

    Args:
        durations: As for `survival.product_limit`.
        by: Grouping columns.

    Returns:
        The columns of `survival.quantiles`, then `completed_n`, `completed_median`, `completed_p80`, `completed_p90` (days; null
        when nothing is completed) and `understated_days`: how much the median of the completed falls short of the true one (null
        when either is not known).
    """
    keys = list(by)
    names = {name: f"completed_{name}" for name in (*survival.QUANTILES.values(), "n")}
    whole = survival.quantiles(durations, keys)
    done = survival.quantiles(durations.filter("closed"), keys).select(*keys, *names).rename(names)
    joined = whole.join(done, on=keys, how="left", nulls_equal=True) if keys else pl.concat([whole, done], how="horizontal")
    counted = joined.with_columns(pl.col("completed_n").fill_null(0), understated_days=pl.col("median") - pl.col("completed_median"))
    return counted.sort(keys) if keys else counted


def cohorts(frame: pl.DataFrame, as_of: dt.date, weeks: Sequence[int] = WEEKS) -> pl.DataFrame:
    """Give, for each month of receipt, the share of its reviews that closed within so many weeks: the cohort triangle.

    Args:
        frame: `opened_date`, `to_date` (null: open), `count`.
        as_of: What was opened later is left out, what was closed later is open.
        weeks: Weeks after receipt; a review closed on the day of its receipt counts from 0 on.

    Returns:
        `month` (YYYY-MM), `weeks`, `share_closed` (0-1; null as long as not all of the month had that much time), `n` received;
        one row for each month with receipts and each of the weeks, in order.
    """
    known = frame.lazy().filter(pl.col("opened_date") <= as_of)
    within = pl.when(pl.col("to_date") <= as_of).then((pl.col("to_date") - pl.col("opened_date")).dt.total_days())
    closed = {str(week): pl.col("count").filter(pl.col("within") <= 7 * week).sum() for week in weeks}
    months = (
        known.with_columns(month=pl.col("opened_date").dt.month_start(), within=within)
        .group_by("month")
        .agg(n=pl.col("count").sum(), **closed)
        .filter(pl.col("n") > 0)
    )
    long = months.unpivot(list(closed), index=["month", "n"], variable_name="weeks", value_name="closed")
    timed = long.with_columns(pl.col("weeks").cast(pl.Int64))
    passed = pl.col("month").dt.month_end() + pl.duration(days=7 * pl.col("weeks")) <= as_of
    share = pl.when(passed).then(pl.col("closed") / pl.col("n"))
    ordered = timed.sort("month", "weeks")
    return ordered.select(periods.month_label(pl.col("month")).alias("month"), "weeks", share_closed=share, n="n").collect()


def _over(expression: pl.Expr, keys: Sequence[str]) -> pl.Expr:
    return expression.over(list(keys)) if keys else expression
