"""How long work takes, with the work that is still open counted: Kaplan-Meier on counts.

Looking at completed reviews alone flatters a growing caseload, because what takes long is not in the count yet. The
product-limit estimator (Kaplan and Meier 1958) counts an open review as "at least this long".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.rates import Z95

#: Quantile of the durations -> column.
QUANTILES: Final[dict[float, str]] = {0.5: "median", 0.8: "p80", 0.9: "p90"}


def product_limit(durations: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate, for each group, the share of reviews still open after so many days.

    Args:
        durations: The `by` columns, `days` (int, gross days open), `closed` (bool: completed, else still open), `count`.
        by: Grouping columns.

    Returns:
        The `by` columns, `days`, `still_open` (0-1), `low` and `high`: its 95 % log-log (Greenwood) interval, null where
        the estimate is 0 or 1. One row for each day on which something closed, in order.
    """
    keys = list(by)
    each = (
        durations.group_by([*keys, "days"])
        .agg(closed=pl.col("count").filter("closed").sum(), leaving=pl.col("count").sum())
        .sort([*keys, "days"])
    )
    # At risk on a day: all that left on it or later.
    at_risk = _over(pl.col("leaving").cum_sum(reverse=True), keys)
    steps = each.with_columns(at_risk=at_risk).filter(pl.col("closed") > 0)
    closed, risk = pl.col("closed").cast(pl.Float64), pl.col("at_risk").cast(pl.Float64)
    curve = steps.with_columns(
        still_open=_over((1 - closed / risk).cum_prod(), keys),
        hazard=_over(pl.when(risk > closed).then(closed / (risk * (risk - closed))).cum_sum(), keys),
    )
    inner = pl.col("still_open").is_between(0, 1, closed="none")
    log_open = pl.when(inner).then(pl.col("still_open")).log()
    spread = Z95 * pl.col("hazard").sqrt() / log_open.abs()
    return curve.select(*keys, "days", "still_open", low=(log_open * spread.exp()).exp(), high=(log_open * (-spread).exp()).exp())


def quantiles(durations: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give median, P80 and P90 days to complete for each group, open reviews counted.

    Args:
        durations: As for `product_limit`.
        by: Grouping columns.

    Returns:
        The `by` columns, `median`, `p80`, `p90` (days; null when not reached), `low` and `high`: the 95 % interval of the
        median (Brookmeyer-Crowley on the log-log band; null where the band does not reach one half), `n` reviews.
    """
    keys = list(by)
    curve = product_limit(durations, keys)

    def first(condition: pl.Expr) -> pl.Expr:
        return pl.col("days").filter(condition).min()

    # A hair of tolerance: products of exact fractions must not miss their quantile by rounding.
    reached = {name: first(pl.col("still_open") <= 1 - quantile + 1e-12) for quantile, name in QUANTILES.items()}
    interval = {"low": first((pl.col("low") <= 0.5) | (pl.col("still_open") <= 0)), "high": first(pl.col("high") <= 0.5)}
    totals = _aggregate(durations, keys, n=pl.col("count").sum())
    found = _aggregate(curve, keys, **reached, **interval)
    return totals.join(found, on=keys, how="left") if keys else pl.concat([totals, found], how="horizontal")


def _over(expression: pl.Expr, keys: Sequence[str]) -> pl.Expr:
    return expression.over(list(keys)) if keys else expression


def _aggregate(frame: pl.DataFrame, keys: Sequence[str], **columns: pl.Expr) -> pl.DataFrame:
    return frame.group_by(list(keys)).agg(**columns) if keys else frame.select(**columns)
