"""Intervals for shares and for rates of rare cases."""

from __future__ import annotations

from typing import Final

import polars as pl

#: 97.5th percentile of the standard normal distribution.
Z95: Final = 1.959963984540054


def wilson(share: pl.Expr, n: pl.Expr, z: float = Z95) -> tuple[pl.Expr, pl.Expr]:
    """Return the ends of the Wilson score interval of a share (0-1) from `n` cases; null where `n` is 0 or null.

    Source: Wilson 1927; with an effective sample size as `n` it is the interval for complex samples of Franco et al. 2019.
    """
    size = pl.when(n > 0).then(n.cast(pl.Float64))
    centre = share + z * z / (2 * size)
    spread = z * (share * (1 - share) / size + z * z / (4 * size * size)).clip(lower_bound=0).sqrt()
    scale = 1 + z * z / size
    return ((centre - spread) / scale).clip(0.0, 1.0), ((centre + spread) / scale).clip(0.0, 1.0)


def byar(count: pl.Expr, z: float = Z95) -> tuple[pl.Expr, pl.Expr]:
    """Return the ends of an interval of the expected number of rare cases from the number seen (Poisson).

    Byar's approximation of the exact interval (Breslow and Day 1987, vol. 2, p. 69), good from one case on; null for null. For
    few cases Wilson's interval begins too high: two seen where 0.4 are usual would look clearly more.
    """
    seen = count.cast(pl.Float64)
    low = pl.when(seen > 0).then(seen * (1 - 1 / (9 * seen) - z / (3 * seen.sqrt())) ** 3).otherwise(seen)
    more = seen + 1
    return low.clip(lower_bound=0), more * (1 - 1 / (9 * more) + z / (3 * more.sqrt())) ** 3
