"""What the random sample says of all entry lines: stratified estimates for any part of them.

The sample is drawn line by line within a stratum and a month of entry, so each stratum-month is a stratum of the design
with its own universe. A part of the lines (an industry, a port, a program) is a domain: its rate is a ratio of weighted
totals with Taylor variance (Cochran 1977, sections 5A.14 and 11; Särndal, Swensson and Wretman 1992, section 5.8). The
interval is Wilson's on the effective sample size, never Wald's, which near 98 % passes 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analytics.rates import Z95, wilson

DESIGN = ("stratum", "period")


def with_weights(cells: pl.DataFrame, universe: pl.DataFrame, completed: pl.DataFrame) -> pl.DataFrame:
    """Join to each cell its stratum-month's universe, completed sample and weight.

    Args:
        cells: `stratum`, `period`, group columns, `lines` (completed sample lines of the cell) and sums over them.
        universe: `stratum`, `period`, `universe_lines`.
        completed: `stratum`, `period`, `completed_lines`: completed sample lines of the whole stratum-month.

    Returns:
        `cells` with `weight` (universe lines that one sampled line stands for) and `spread` = (1 - f) w2 n / (n - 1),
        the factor of each stratum-month in a variance; 0 where only one line was completed.
    """
    size, whole = pl.col("completed_lines").cast(pl.Float64), pl.col("universe_lines").cast(pl.Float64)
    joined = cells.join(universe, on=DESIGN).join(completed, on=DESIGN)
    left = (1 - size / whole).clip(lower_bound=0.0)
    correction = pl.when(size > 1).then(size / (size - 1)).otherwise(0.0)
    return joined.with_columns(weight=whole / size, spread=left * (whole / size) ** 2 * correction)


def share(cells: pl.DataFrame, hits: str, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate for each group the share of all its lines that has a property.

    Args:
        cells: As made by `with_weights`, with the group columns, `lines` and the column named by `hits`: completed sample
            lines with the property.
        hits: That column.
        by: Grouping columns.

    Returns:
        The `by` columns, `value` (0-1), `low`, `high` (95 %), `n` (completed sample lines) and `effective_n`.
    """
    keys = list(by)
    lines, hit = pl.col("lines").cast(pl.Float64), pl.col(hits).cast(pl.Float64)
    totals = _totals(
        cells, keys, domain=(pl.col("weight") * lines).sum(), value_sum=(pl.col("weight") * hit).sum(), n=pl.col("lines").sum()
    )
    totals = totals.with_columns(value=pl.when(pl.col("domain") > 0).then(pl.col("value_sum") / pl.col("domain")))
    rate = pl.col("value")
    squares = (hit * (1 - rate) ** 2 + (lines - hit) * rate**2).sum()
    deviation = (hit - rate * lines).sum()
    per_stratum = (
        _attach(cells, totals, keys)
        .group_by([*keys, *DESIGN])
        .agg(part=pl.col("spread").first() * (squares - deviation**2 / pl.col("completed_lines").first()))
    )
    variance = _totals(per_stratum, keys, variance=pl.col("part").sum())
    result = _attach(totals, variance, keys).with_columns(variance=pl.col("variance").clip(lower_bound=0) / pl.col("domain") ** 2)
    return _with_interval(result).select(*keys, "value", "low", "high", pl.col("n").cast(pl.Int64), "effective_n")


def total(cells: pl.DataFrame, amount: str, by: Sequence[str] = ()) -> pl.DataFrame:
    """Estimate for each group the total of an amount over all its lines.

    Args:
        cells: As made by `with_weights`, with the columns `<amount>` and `<amount>_squared`: sums over the cell.
        amount: Name of the amount.
        by: Grouping columns.

    Returns:
        The `by` columns, `value`, `low`, `high` (95 %, normal: with heavy tails it is too short), `n`.
    """
    keys = list(by)
    per_stratum = cells.group_by([*keys, *DESIGN]).agg(
        estimate=pl.col("weight").first() * pl.col(amount).sum(),
        part=pl.col("spread").first()
        * (pl.col(f"{amount}_squared").sum() - pl.col(amount).sum().cast(pl.Float64) ** 2 / pl.col("completed_lines").first()),
        n=pl.col("lines").sum(),
    )
    result = _totals(per_stratum, keys, value=pl.col("estimate").sum(), variance=pl.col("part").sum(), n=pl.col("n").sum())
    spread = Z95 * pl.col("variance").clip(lower_bound=0).sqrt()
    return result.select(*keys, "value", low=pl.col("value") - spread, high=pl.col("value") + spread, n=pl.col("n").cast(pl.Int64))


def _with_interval(result: pl.DataFrame) -> pl.DataFrame:
    """Add the effective sample size (never above the real one) and the Wilson interval on it."""
    rate, count = pl.col("value"), pl.col("n").cast(pl.Float64)
    effective = pl.when(pl.col("variance") > 0).then((rate * (1 - rate) / pl.col("variance")).clip(upper_bound=count)).otherwise(count)
    result = result.with_columns(effective_n=effective)
    low, high = wilson(rate, pl.col("effective_n"))
    return result.with_columns(low=low, high=high)


def _totals(frame: pl.DataFrame, keys: Sequence[str], **columns: pl.Expr) -> pl.DataFrame:
    return frame.group_by(list(keys)).agg(**columns) if keys else frame.select(**columns)


def _attach(left: pl.DataFrame, right: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    return left.join(right, on=list(keys)) if keys else left.join(right, how="cross")
