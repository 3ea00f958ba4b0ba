"""Kaplan-Meier against scipy on counts, with ties, groups and everything still open."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analytics import survival


def _sample(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    days = random.integers(0, 90, size)
    return days, random.random(size) < 0.7


def _counts(days: np.ndarray, closed: np.ndarray, **more: str) -> pl.DataFrame:
    frame = pl.DataFrame({"days": days.astype("int64"), "closed": closed})
    return frame.group_by("days", "closed").agg(count=pl.len().cast(pl.Int64)).with_columns(**{k: pl.lit(v) for k, v in more.items()})


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@pytest.mark.parametrize("seed", range(5))
def test_curve_and_interval_equal_scipy(seed: int) -> None:
    days, closed = _sample(seed, 200)
    oracle = stats.ecdf(stats.CensoredData(uncensored=days[closed], right=days[~closed])).sf
    interval = oracle.confidence_interval(method="log-log")
    ours = survival.product_limit(_counts(days, closed)).sort("days")
    at = {int(q): i for i, q in enumerate(oracle.quantiles)}
    for row in ours.iter_rows(named=True):
        i = at[row["days"]]
        assert math.isclose(row["still_open"], oracle.probabilities[i], abs_tol=1e-12)
        if row["low"] is not None:
            assert math.isclose(row["low"], interval.low.probabilities[i], abs_tol=1e-12)
            assert math.isclose(row["high"], interval.high.probabilities[i], abs_tol=1e-12)


def test_groups_are_estimated_apart() -> None:
    one, two = _sample(1, 150), _sample(2, 90)
    both = pl.concat([_counts(*one, team="a"), _counts(*two, team="b")])
    apart = survival.quantiles(both, ["team"]).sort("team")
    for team, sample in (("a", one), ("b", two)):
        alone = survival.quantiles(_counts(*sample)).row(0, named=True)
        assert apart.filter(team=team).drop("team").row(0, named=True) == alone


def test_open_reviews_lengthen_the_median() -> None:
    counts = pl.DataFrame({"days": [10, 20, 60], "closed": [True, True, False], "count": [4, 2, 6]})
    found = survival.quantiles(counts).row(0, named=True)
    assert found["n"] == 12
    assert found["median"] == 20  # of the completed alone it would be 10
    assert found["p80"] is None


def test_nothing_closed_reaches_no_quantile() -> None:
    counts = pl.DataFrame({"days": [5, 9], "closed": [False, False], "count": [3, 1]})
    found = survival.quantiles(counts).row(0, named=True)
    assert (found["n"], found["median"], found["p90"], found["low"]) == (4, None, None, None)


def test_everything_closed_at_once() -> None:
    found = survival.quantiles(pl.DataFrame({"days": [7], "closed": [True], "count": [5]})).row(0, named=True)
    assert (found["median"], found["p80"], found["p90"], found["n"]) == (7, 7, 7, 5)
