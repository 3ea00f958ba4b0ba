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


def _random(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a sample of random size, ties and share still open: from nothing closed to everything, from one day to hundreds."""
    random = np.random.default_rng(1000 + seed)
    size = int(random.integers(1, 120))
    days = random.integers(0, random.choice([1, 3, 15, 400]), size)
    return days, random.random(size) < random.choice([0.0, 0.1, 0.5, 0.9, 1.0])


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
def test_hundreds_of_random_samples_equal_scipy() -> None:
    """At once, as groups of one frame: curve, interval, quantiles and the interval of the median."""
    samples = {str(seed): _random(seed) for seed in range(400)}
    frame = pl.concat([_counts(*sample, team=name) for name, sample in samples.items()])
    curves = {name: part.sort("days") for (name,), part in survival.product_limit(frame, ["team"]).group_by("team")}
    found = {row["team"]: row for row in survival.quantiles(frame, ["team"]).iter_rows(named=True)}
    kinds = {"all open": 0, "none open": 0, "ties": 0}
    for name, (days, closed) in samples.items():
        kinds = {
            "all open": kinds["all open"] + (not closed.any()),
            "none open": kinds["none open"] + bool(closed.all()),
            "ties": kinds["ties"] + (len(set(days.tolist())) < len(days)),
        }
        assert found[name]["n"] == len(days)
        if not closed.any():
            assert name not in curves
            assert [found[name][each] for each in ("median", "p80", "p90", "low", "high")] == [None] * 5
            continue
        oracle = stats.ecdf(stats.CensoredData(uncensored=days[closed], right=days[~closed])).sf
        interval = oracle.confidence_interval(method="log-log")
        ended = np.isin(oracle.quantiles, days[closed])
        curve = curves[name]
        assert curve["days"].to_list() == oracle.quantiles[ended].tolist()
        np.testing.assert_allclose(curve["still_open"], oracle.probabilities[ended], atol=1e-12)
        inner = (oracle.probabilities[ended] > 0) & (oracle.probabilities[ended] < 1)
        for side, band in (("low", interval.low), ("high", interval.high)):
            known = curve[side].is_not_null().to_numpy()
            assert known.tolist() == inner.tolist()
            np.testing.assert_allclose(curve[side].drop_nulls(), band.probabilities[ended][inner], atol=1e-10)
        for share, column in survival.QUANTILES.items():
            reached = oracle.quantiles[oracle.probabilities <= 1 - share + 1e-12]
            assert found[name][column] == (reached.min() if len(reached) else None), (name, column)
        high = oracle.quantiles[ended][inner & (np.nan_to_num(interval.high.probabilities[ended], nan=1.0) <= 0.5)]
        assert found[name]["high"] == (high.min() if len(high) else None), name
    assert min(kinds.values()) > 30, kinds


def test_counts_weigh_as_so_many_reviews() -> None:
    random = np.random.default_rng(8)
    rows = pl.DataFrame({"days": random.integers(0, 40, 60), "closed": random.random(60) < 0.6, "count": random.integers(1, 9, 60)})
    each = rows.select(pl.all().repeat_by("count").explode()).with_columns(count=pl.lit(1, pl.Int64))
    assert each.height == rows["count"].sum()
    assert survival.product_limit(rows).equals(survival.product_limit(each))
    assert survival.quantiles(rows).equals(survival.quantiles(each))


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


def _three(seed: int, size: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(1, 40, size), random.random(size) < 0.75, random.choice(["a", "b", "c"], size), random.choice(["x", "y"], size)


def _grouped(days: np.ndarray, closed: np.ndarray, group: np.ndarray, kind: np.ndarray) -> pl.DataFrame:
    frame = pl.DataFrame({"days": days.tolist(), "closed": closed.tolist(), "group": group.tolist(), "kind": kind.tolist()})
    return frame.group_by("days", "closed", "group", "kind").agg(count=pl.len().cast(pl.Int64))


@pytest.mark.parametrize("seed", range(4))
def test_pace_against_the_others_is_the_log_rank_test(seed: int) -> None:
    days, closed, group, kind = _three(seed)
    for row in survival.pace(_grouped(days, closed, group, kind), "group").iter_rows(named=True):
        mine = group == row["group"]
        x, y = (stats.CensoredData(uncensored=days[part & closed], right=days[part & ~closed]) for part in (mine, ~mine))
        statistic = stats.logrank(x, y).statistic
        z = (row["observed"] - row["expected"]) / math.sqrt(row["variance"])
        assert abs(z) == pytest.approx(abs(statistic), abs=1e-10)
        bound = stats.norm.ppf(1 - 0.025 / 3) / math.sqrt(row["variance"])
        assert math.log(row["high"] / row["pace"]) == pytest.approx(bound, abs=1e-9)
        assert math.log(row["pace"] / row["low"]) == pytest.approx(bound, abs=1e-9)


def test_pace_within_strata_adds_their_counts_up() -> None:
    sample = _three(9)
    whole = survival.pace(_grouped(*sample), "group", ["kind"])
    parts = [survival.pace(_grouped(*(part[sample[3] == kind] for part in sample)), "group") for kind in ("x", "y")]
    for name in ("n", "observed", "expected", "variance"):
        assert whole[name].to_list() == pytest.approx((parts[0][name] + parts[1][name]).to_list()), name


def test_the_mix_of_work_says_nothing_of_pace() -> None:
    """One group does mostly quick work and the other slow work, each as fast as the other at either."""
    random = np.random.default_rng(3)
    kind = np.repeat(["quick", "slow"], 2000)
    group = np.where(random.random(4000) < np.where(kind == "quick", 0.9, 0.1), "a", "b")
    days = np.ceil(random.exponential(np.where(kind == "quick", 5, 50))).astype(int)
    counts = _grouped(days, np.ones(4000, dtype=bool), group, kind)
    crude, fair = (survival.pace(counts, "group", strata).sort("group") for strata in ([], ["kind"]))
    assert crude["low"][0] > 1.5
    assert crude["high"][1] < 0.7
    assert all(row["low"] < 1 < row["high"] for row in fair.iter_rows(named=True))


def test_one_group_alone_has_no_pace() -> None:
    days, closed, _, kind = _three(2)
    row = survival.pace(_grouped(days, closed, np.full(300, "a"), kind), "group", ["kind"]).row(0, named=True)
    assert (row["pace"], row["low"], row["high"]) == (None, None, None)
    assert row["observed"] == pytest.approx(row["expected"])
