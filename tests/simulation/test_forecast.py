"""Forecasts of receipts on series whose truth is known: intervals hold what they say, and skill is claimed only where there is some."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from analytics import forecast
from analytics.smoothing import YEAR
from analytics.weekly import History

WEEKS, AHEAD = 156, 26
MONDAY = dt.date(2010, 10, 4)


def history(receipts: np.ndarray, completions: np.ndarray | None = None, *, start: float = 0.0, held_back: int = 0) -> History:
    """Make a history of counts; completions are as many as receipts by default."""
    done = receipts if completions is None else completions
    pending = start + (receipts - done).cumsum(axis=0)
    mondays = tuple(MONDAY + dt.timedelta(weeks=week) for week in range(len(receipts)))
    types = ("validation", "psc", "cf28")[: receipts.shape[1]]
    return History(mondays, types, receipts, done, pending, np.zeros_like(pending), held_back)


def mean_of(kind: str, rng: np.random.Generator, weeks: int) -> np.ndarray:
    week = np.arange(weeks)
    return {
        "stationary": np.full(weeks, 60.0),
        "seasonal": 60 * (1 + 0.3 * np.sin(2 * np.pi * week / YEAR)),
        "trending": 40 + 0.3 * week,
        "walk": np.maximum(60 + rng.normal(0, 1.5, weeks).cumsum(), 5.0),
        "overdispersed": 60 * rng.gamma(10, 0.1, weeks),
    }[kind]


def drawn(kind: str, seed: int, weeks: int = WEEKS + AHEAD) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mean = mean_of(kind, rng, weeks)
    return np.stack([rng.poisson(mean * part) for part in (0.6, 0.3, 0.1)], axis=1).astype(float)


@pytest.mark.parametrize(
    ("kind", "low80", "high80", "low95"),
    [
        ("stationary", 0.76, 0.88, 0.93),
        ("seasonal", 0.76, 0.97, 0.93),  # wider than need be: past errors hold those of the years before the season was known
        ("trending", 0.74, 0.88, 0.92),
        ("walk", 0.70, 0.88, 0.89),
        ("overdispersed", 0.76, 0.88, 0.93),
    ],
)
def test_intervals_hold_what_they_say(kind: str, low80: float, high80: float, low95: float) -> None:
    inside = {0.8: [], 0.95: []}
    for seed in range(30):
        y = drawn(kind, seed)
        test = forecast.backtest(y[:WEEKS])
        made = forecast.forecast(test, WEEKS - 1, forecast.chosen(test, WEEKS - 1))
        assert made.bounds is not None
        for share, (low, high) in made.bounds.items():
            actual = y[WEEKS:].sum(axis=1)
            inside[share].append(((low[:AHEAD] <= actual) & (actual <= high[:AHEAD])).mean())
    assert low80 < np.mean(inside[0.8]) < high80
    assert np.mean(inside[0.95]) > low95


def test_a_season_or_a_trend_is_chosen_where_there_is_one() -> None:
    picked = {
        kind: [forecast.chosen(forecast.backtest(drawn(kind, seed, WEEKS)), WEEKS - 1) for seed in range(12)]
        for kind in ("seasonal", "trending", "stationary")
    }
    assert set(picked["seasonal"]) <= {"last_year_with_growth", "seasonal_level"}
    assert "level" not in picked["trending"]
    assert picked["stationary"].count("level") >= 11


@pytest.mark.parametrize("kind", ["stationary", "walk"])
def test_noise_and_a_random_walk_have_no_skill_beyond_a_flat_line(kind: str) -> None:
    shares = []
    for seed in range(8):
        y = history(drawn(kind, seed, WEEKS))
        rows = forecast.scorecard(forecast.remade(y, forecast.backtest(y.receipts)))
        shares.append(rows.filter(band="1–26")["against_flat"][0])
    assert np.mean(shares) > forecast.WORTH


def beyond_flat(y: np.ndarray) -> bool:
    """Say whether the scorecard claims that a forecast sees more than a flat line."""
    past = history(y)
    whole = forecast.scorecard(forecast.remade(past, forecast.backtest(past.receipts))).filter(band="1–26")
    return bool(whole["against_flat"][0] <= forecast.WORTH)


def test_a_season_has_skill_beyond_a_flat_line_and_its_shuffled_weeks_have_none() -> None:
    """The same weeks in another order: in one of twenty skill may be claimed by chance."""
    seeds, claims = range(12), []
    for seed in seeds:
        y = drawn("seasonal", seed, WEEKS)
        assert beyond_flat(y), seed
        claims += [beyond_flat(np.random.default_rng(shuffle).permutation(y)) for shuffle in (2 * seed, 2 * seed + 1)]
    assert sum(claims) <= len(claims) / 20


def test_where_last_year_repeats_itself_seasonal_naive_wins_and_is_used() -> None:
    pattern = np.random.default_rng(5).integers(20, 120, YEAR).astype(float)
    y = history(np.tile(pattern, 3)[:, None])
    outlook = forecast.outlook(y)
    assert outlook.mase is not None
    assert outlook.mase > 1
    assert outlook.skill is False
    assert outlook.expected.model == forecast.NAIVE
    np.testing.assert_array_equal(outlook.expected.total[:YEAR], pattern)


def test_skill_is_not_claimed_untested() -> None:
    outlook = forecast.outlook(history(drawn("stationary", 1, 40)))
    assert (outlook.mase, outlook.skill) == (None, None)
    assert outlook.expected.model == outlook.best == forecast.FLAT


def test_a_very_young_history_has_no_interval() -> None:
    test = forecast.backtest(drawn("stationary", 1, 14))
    assert forecast.forecast(test, 13, forecast.chosen(test, 13)).bounds is None


def test_intervals_never_narrow_with_time() -> None:
    test = forecast.backtest(drawn("walk", 2, WEEKS))
    widths = forecast.spreads(test, WEEKS - 1, forecast.FLAT)
    assert widths is not None
    assert all((np.diff(width) >= -1e-12).all() for width in widths.values())
    assert (widths[0.8] <= widths[0.95]).all()


def test_a_past_forecast_is_made_of_the_weeks_before_it_alone() -> None:
    y = drawn("seasonal", 4, WEEKS)
    changed = y.copy()
    changed[120:] *= 3
    rows = [
        forecast.remade(history(each), forecast.backtest(each)).filter(pl.col("made") <= MONDAY + dt.timedelta(weeks=120))
        for each in (y, changed)
    ]
    same = ["made", "ahead", "model", "expected", "naive", "flat"]
    assert rows[0].height > 100
    assert rows[0].select(same).equals(rows[1].select(same))
    assert not rows[0].equals(rows[1])


def test_the_scorecard_is_the_mean_of_its_rows() -> None:
    y = history(drawn("trending", 6, WEEKS))
    rows = forecast.remade(y, forecast.backtest(y.receipts))
    card = forecast.scorecard(rows)
    assert card["band"].to_list() == ["1–4", "5–13", "14–26", "1–26"]
    part = [row for row in rows.iter_rows(named=True) if row["ahead"] <= 4]
    old = [row for row in part if row["naive"] is not None]
    mase = sum(abs(row["expected"] - row["actual"]) for row in old) / sum(abs(row["naive"] - row["actual"]) for row in old)
    bias = sum(row["expected"] - row["actual"] for row in part) / sum(row["actual"] for row in part)
    first = card.row(0, named=True)
    assert first["mase"] == pytest.approx(mase, rel=1e-12)
    assert first["bias_share"] == pytest.approx(bias, rel=1e-12)
    assert first["weeks"] == len(part)
    assert first["covered_80"] == pytest.approx(np.mean([row["in_80"] for row in part if row["in_80"] is not None]))
    assert forecast.outlook(y).mase == pytest.approx(card["mase"][3], rel=1e-9)
