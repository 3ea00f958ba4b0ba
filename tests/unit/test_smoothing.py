"""The forecasts by hand: each is what its words say, and none looks ahead."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import smoothing
from analytics.smoothing import MODELS, YEAR


def counts(weeks: int = 170, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    season = 1 + 0.25 * np.sin(2 * np.pi * np.arange(weeks) / YEAR)
    late = np.where(np.arange(weeks) >= 40, 8.0, 0.0)
    return rng.poisson(np.stack([60 * season, 20 * np.ones(weeks), late], axis=1)).astype(float)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("week", [20, 60, 110, 150])
def test_no_forecast_looks_ahead(model: str, week: int) -> None:
    whole = counts()
    changed = whole.copy()
    changed[week + 1 :] = 999.0
    before, after = (smoothing.forecasts(each)[model][: week + 1] for each in (whole, changed))
    # What a series has not begun by then has no forecast either.
    np.testing.assert_allclose(before[:, :, :2], after[:, :, :2], rtol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_forecasts_are_counts_of_every_week_and_series(model: str) -> None:
    made = smoothing.forecasts(counts())[model]
    assert made.shape == (170, smoothing.HORIZON, 3)
    assert np.isfinite(made).all()
    assert made.min() >= 0


def test_seasonal_naive_is_the_same_week_a_year_earlier() -> None:
    y = counts()
    made = smoothing.forecasts(y)["seasonal_naive"]
    for week, ahead in ((60, 1), (110, 26), (169, 52)):
        np.testing.assert_array_equal(made[week, ahead - 1, :2], y[week + ahead - YEAR, :2])
    np.testing.assert_array_equal(made[169, 52], y[169 + 53 - 2 * YEAR])  # the 53rd week ahead: two years earlier


def test_the_level_is_exponential_smoothing_written_out() -> None:
    y = smoothing.trimmed(counts()[:, :1])
    level, weight = smoothing.levels(y)
    alpha = weight[-1, 0]
    assert alpha in (0.05, 0.1, 0.2, 0.3, 0.5)
    by_hand = 0.0
    for week, value in enumerate(y[:, 0]):
        by_hand += max(alpha, 1 / (week + 1)) * (value - by_hand)
    assert level[-1, 0] == pytest.approx(by_hand, rel=1e-12)


def test_the_trend_fades_to_a_bound() -> None:
    rising = np.arange(120.0)[:, None] * 2 + 30
    made = smoothing.forecasts(rising)["damped_trend"][-1, :, 0]
    steps = np.diff(made)
    assert (steps > 0).all()
    np.testing.assert_allclose(steps[1:] / steps[:-1], 0.95)


def test_a_surge_is_cut_and_a_lasting_jump_is_believed() -> None:
    y = np.full((120, 1), 20.0)
    y[80:86] = 90.0
    cut = smoothing.trimmed(y)
    assert cut[80:86].max() <= 20 + 2.5 * np.sqrt(20)
    assert smoothing.learn(y).level[-1, 0] == pytest.approx(20, rel=0.05)
    y[80:] = 90.0
    assert smoothing.learn(y).level[-1, 0] == pytest.approx(90, rel=0.05)
    np.testing.assert_array_equal(smoothing.trimmed(y[:10]), y[:10])


def test_the_season_is_found_and_averages_one() -> None:
    weeks = np.arange(260)
    true = 1 + 0.4 * np.sin(2 * np.pi * weeks / YEAR)
    index = smoothing.seasons((100 * true)[:, None])[-1, :, 0]
    assert index.mean() == pytest.approx(1, abs=1e-9)
    assert np.corrcoef(index, true[:YEAR])[0, 1] > 0.99
    assert (smoothing.seasons((100 * true)[:100, None]) == 1).all()  # under two years none is told


def test_a_series_without_anything_is_forecast_as_nothing() -> None:
    made = smoothing.forecasts(np.zeros((80, 2)))
    assert all((each == 0).all() for each in made.values())
