"""How long work takes, with the work that is still open counted: Kaplan-Meier on counts.

Looking at completed reviews alone flatters a growing caseload, because what takes long is not in the count yet. The
product-limit estimator (Kaplan and Meier 1958) counts an open review as "at least this long".
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
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


def pace(durations: pl.DataFrame, group: str, strata: Sequence[str] = ()) -> pl.DataFrame:
    """Compare how fast each group closes its reviews with all the others, within strata (log-rank, each group against the rest).

    Had a group the pace of the others at the same work, so many of its reviews would be closed on each day as its part of those
    then open. The ratio is Peto's one-step hazard ratio (Yusuf et al. 1985), pulled towards 1 where it is far from it.

    Args:
        durations: The `group` and `strata` columns, `days`, `closed`, `count`.
        group: Column of the groups.
        strata: Columns within which alone groups are compared (the work type, so that a group's mix says nothing of its pace).

    Returns:
        The `group`, `n` reviews, `observed` closed, `expected` closed, `variance` of their difference, `pace` (1: as fast as the others;
        null where nothing can be compared) with `low` and `high`, which hold for all groups together at 95 % (Bonferroni); in order.
    """
    within = [*strata]
    cells = durations.lazy().group_by([*within, group, "days"]).agg(
        closed=pl.col("count").filter("closed").sum(), leaving=pl.col("count").sum()
    )  # fmt: skip
    days = cells.group_by([*within, "days"]).agg(pl.col("closed", "leaving").sum()).rename({"closed": "ended", "leaving": "left"})
    at_risk = _over(pl.col("left").cum_sum(reverse=True), within)
    steps = days.sort([*within, "days"]).with_columns(risk=at_risk)
    groups = cells.select([*within, group]).unique()
    grid = groups.join(steps, on=within) if within else groups.join(steps, how="cross")
    each = grid.join(cells, on=[*within, group, "days"], how="left").sort([*within, group, "days"])
    filled = each.with_columns(pl.col("closed", "leaving").fill_null(0))
    own = filled.with_columns(own=pl.col("leaving").cum_sum(reverse=True).over([*within, group])).filter(pl.col("ended") > 0)
    ended, risk, part = pl.col("ended").cast(pl.Float64), pl.col("risk").cast(pl.Float64), pl.col("own") / pl.col("risk")
    spread = pl.when(risk > 1).then(ended * (risk - ended) / (risk - 1) * part * (1 - part)).otherwise(0.0)
    sums = own.group_by(group).agg(expected=(ended * part).sum(), variance=spread.sum())
    totals = durations.lazy().group_by(group).agg(n=pl.col("count").sum(), observed=pl.col("count").filter("closed").sum())
    joined = totals.join(sums, on=group, how="left").sort(group).collect()
    z = NormalDist().inv_cdf(1 - 0.025 / max(joined.height, 1))
    step = pl.when(pl.col("variance") > 0).then((pl.col("observed") - pl.col("expected")) / pl.col("variance"))
    reach = z / pl.col("variance").sqrt()
    return joined.with_columns(pace=step.exp(), low=(step - reach).exp(), high=(step + reach).exp())
