"""A few forecasts of weekly counts that can be followed by hand, made at the end of every week from the weeks up to it alone.

All are arrays with a row a week and a column a series (a work type); a forecast has one more axis, the weeks ahead. Because
each is made for every week of the past at once, a back-test costs no more than a forecast. Statsmodels and statsforecast have
the same methods and more, but read 200 MB and seconds on import, and fit one series of one week at a time (docs/methods.md).

Sources: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.2 (naive), 8.1-8.2 (exponential
smoothing, damped trend), 3.4 (classical decomposition); the trimming is a Hampel filter that looks back alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from analytics.weekly import Floats

Places = npt.NDArray[np.int64]

YEAR: Final = 52

#: Weeks ahead: a year, and the week more that a fiscal year may end in.
HORIZON: Final = 53

#: A week is compared with the median of so many weeks before it; a jump is believed once it has lasted half of them.
TRIM_WEEKS: Final = 16
_TRIM_SPREADS: Final = 2.5

_LEVELS: Final = (0.05, 0.1, 0.2, 0.3, 0.5)
_TRENDS: Final = tuple((alpha, beta) for alpha in (0.1, 0.2, 0.4) for beta in (0.05, 0.15))
_DAMPING: Final = 0.95
#: Weeks ahead at which smoothing constants are compared.
_LAG: Final = 4
#: What a squared error counts a week later, when smoothing constants are compared.
_FORGET: Final = 0.98


@dataclass(frozen=True)
class Learned:
    """What all models share: the counts, the counts without surges, the level after each week and the weight that its last week had."""

    y: Floats
    cut: Floats
    level: Floats
    weight: Floats


def learn(y: Floats) -> Learned:
    """Trim and smooth the counts."""
    cut = trimmed(y)
    return Learned(y, cut, *levels(cut))


def forecasts(y: Floats, horizon: int = HORIZON) -> dict[str, Floats]:
    """Make the forecasts of every model at the end of every week: arrays by week, weeks ahead (the first is the next week) and series."""
    learned = learn(y)
    return {name: make(learned, horizon) for name, (_, make) in MODELS.items()}


def begins(y: Floats) -> Floats:
    """Return the first week in which each series has anything; the number of weeks when it never has."""
    return np.where((y > 0).any(axis=0), (y > 0).argmax(axis=0), len(y)).astype(np.float64)


def trimmed(y: Floats) -> Floats:
    """Cut single weeks and short surges to three spreads around the median of the weeks before, so that they are not learned as a level.

    The spread is 1.4826 times the median deviation, never less than that of a Poisson count.
    """
    cut = y.copy()
    if len(y) <= TRIM_WEEKS:
        return cut
    before = sliding_window_view(y, TRIM_WEEKS, axis=0)[:-1]  # weeks before each week from TRIM_WEEKS on
    middle = np.median(before, axis=-1)
    spread = 1.4826 * np.median(np.abs(before - middle[..., None]), axis=-1)
    room = _TRIM_SPREADS * np.maximum(spread, np.sqrt(np.maximum(middle, 1.0)))
    known = np.arange(TRIM_WEEKS, len(y))[:, None] - begins(y)[None, :] >= TRIM_WEEKS
    late = y[TRIM_WEEKS:]
    cut[TRIM_WEEKS:] = np.where(known, np.clip(late, np.maximum(middle - room, 0.0), middle + room), late)
    return cut


def _age(y: Floats) -> Floats:
    """Return how many weeks old each series is at each week; 0 in its first, negative before."""
    return np.arange(len(y))[:, None] - begins(y)[None, :]


def _best(forecast: Floats, y: Floats) -> Places:
    """Number, after each week, the smoothing constant whose forecasts of the weeks four ahead have missed least so far.

    One week ahead would favour constants that run after a surge; what is asked is where the level is for months.
    """
    missed = np.zeros_like(forecast)
    missed[_LAG:] = np.where((_age(y)[_LAG:] >= 2 * _LAG)[..., None], y[_LAG:, :, None] - forecast[:-_LAG], 0.0)
    score, best = np.zeros(missed.shape[1:]), np.empty(y.shape, dtype=np.int64)
    for week in range(len(y)):
        score = _FORGET * score + missed[week] ** 2
        best[week] = score.argmin(axis=-1)
    return best


def _taken(states: Floats, best: Places) -> Floats:
    """Take the state of the numbered constant."""
    return np.asarray(np.take_along_axis(states, best[..., None], axis=-1)[..., 0])


def levels(y: Floats) -> tuple[Floats, Floats]:
    """Smooth each series exponentially; returns the level after each week and the weight that each week had (the constant chosen)."""
    alpha = np.array(_LEVELS)
    age = _age(y)
    level = np.zeros((y.shape[1], len(alpha)))
    states = np.empty((*y.shape, len(alpha)))
    for week in range(len(y)):
        # A young series is averaged until its age carries the constant.
        step = np.maximum(alpha[None, :], 1.0 / np.maximum(age[week] + 1, 1.0)[:, None])
        level = level + step * np.where((age[week] >= 0)[:, None], y[week][:, None] - level, 0.0)
        states[week] = level
    best = _best(states, y)
    return _taken(states, best), alpha[best]


def level(learned: Learned, horizon: int) -> Floats:
    """Forecast the smoothed level, flat over all weeks ahead."""
    return np.repeat(learned.level[:, None, :], horizon, axis=1)


def damped_trend(learned: Learned, horizon: int) -> Floats:
    """Forecast the smoothed level with its smoothed weekly change, which fades by a twentieth a week."""
    y, cut, age = learned.y, learned.cut, _age(learned.y)
    alpha, beta = (np.array([pair[place] for pair in _TRENDS])[None, :] for place in (0, 1))
    height, slope = (np.zeros((y.shape[1], len(_TRENDS))) for _ in range(2))
    heights, slopes = (np.empty((*y.shape, len(_TRENDS))) for _ in range(2))
    for week in range(len(y)):
        old = age[week][:, None]
        error = np.where(old >= 0, cut[week][:, None] - (height + _DAMPING * slope), 0.0)
        step = np.maximum(alpha, 1.0 / np.maximum(old + 1, 1.0))
        height = height + _DAMPING * slope + step * error
        slope = np.where(old >= 8, _DAMPING * slope + alpha * beta * error, 0.0)
        heights[week], slopes[week] = height, slope
    ahead = np.cumsum(_DAMPING ** np.arange(1, horizon + 1))
    best = _best(heights + ahead[_LAG - 1] * slopes, cut)
    return np.maximum(_taken(heights, best)[:, None, :] + ahead[None, :, None] * _taken(slopes, best)[:, None, :], 0.0)


def _places(y: Floats, horizon: int) -> Places:
    """Return, for each week and weeks ahead, the same week of the last year that is known."""
    ahead = np.arange(1, horizon + 1)
    return np.arange(len(y))[:, None] + ahead[None, :] - YEAR * (1 + (ahead - 1) // YEAR)[None, :]


def seasonal_naive(learned: Learned, horizon: int) -> Floats:
    """Forecast what came in the same week a year earlier; the level where a series is younger than a year."""
    y = learned.y
    places = _places(y, horizon)
    last_year = y[np.maximum(places, 0)]
    known = places[:, :, None] >= begins(y)[None, None, :]
    return np.where(known, last_year, level(learned, horizon))


def last_year_with_growth(learned: Learned, horizon: int) -> Floats:
    """Forecast the (trimmed) same weeks a year earlier, five weeks averaged, times the growth of the last half year on the same half."""
    y, cut, half = learned.y, learned.cut, YEAR // 2
    total = np.vstack([np.zeros((1, y.shape[1])), cut.cumsum(axis=0)])

    def mean(first: Places, last: Places) -> Floats:
        return np.asarray((total[last] - total[first]) / np.maximum(last - first, 1)[..., None])

    week = np.arange(len(y))
    now = mean(np.maximum(week + 1 - half, 0), week + 1)
    then = mean(np.maximum(week + 1 - half - YEAR, 0), np.maximum(week + 1 - YEAR, 0))
    growth = np.clip(np.where(then > 0, now / np.maximum(then, 1e-9), 1.0), 0.5, 2.0)
    places = _places(y, horizon)
    around = mean(np.maximum(places - 2, 0), np.minimum(np.maximum(places + 3, 0), week[:, None] + 1))
    known = (places[:, :, None] >= begins(y)[None, None, :] + 2) & (_age(y) >= YEAR + half)[:, None, :]
    return np.where(known, around * growth[:, None, :], level(learned, horizon))


def seasons(y: Floats) -> Floats:
    """Return the season of each week of the year as known at the end of each week: rows, week of the year (0-51), series; 1 is none.

    The ratio of a week to the year around it, averaged over years and over five weeks and drawn half way to 1 while it rests on one
    year. A week's year is whole only half a year later, so the newest 26 weeks say nothing yet.
    """
    half = YEAR // 2
    index = np.ones((len(y), YEAR, y.shape[1]))
    if len(y) < 2 * YEAR:
        return index
    total = np.vstack([np.zeros((1, y.shape[1])), y.cumsum(axis=0)])
    around = (total[YEAR:] - total[:-YEAR]) / YEAR  # the year from half a year before week `half + i`
    middle = np.arange(half, half + len(around))
    whole = (middle[:, None] - half >= begins(y)[None, :]) & (around > 0)
    ratio = np.where(whole, y[np.minimum(middle, len(y) - 1)] / np.maximum(around, 1e-9), np.nan)
    sums, counts = np.zeros((YEAR, y.shape[1])), np.zeros((YEAR, y.shape[1]))
    for week in range(YEAR - 1, len(y)):
        place = week - (YEAR - 1)
        fresh = np.isfinite(ratio[place])
        sums[middle[place] % YEAR] += np.where(fresh, ratio[place], 0.0)
        counts[middle[place] % YEAR] += fresh
        index[week] = _smoothed(sums, counts) if (counts.sum(axis=0) >= YEAR).any() else 1.0
    return index


def _smoothed(sums: Floats, counts: Floats) -> Floats:
    """Average five weeks of the year around each, draw them towards 1, and let the whole year average 1."""
    near = [np.roll(sums, shift, axis=0) for shift in range(-2, 3)]
    many = [np.roll(counts, shift, axis=0) for shift in range(-2, 3)]
    n = np.sum(many, axis=0)
    mean = np.where(n > 0, np.sum(near, axis=0) / np.maximum(n, 1), 1.0)
    years = counts.sum(axis=0) / YEAR
    drawn = 1 + (mean - 1) * (years / (years + 1))[None, :]
    return np.where((years >= 1)[None, :], drawn / np.maximum(drawn.mean(axis=0), 1e-9), 1.0)


def seasonal_level(learned: Learned, horizon: int) -> Floats:
    """Forecast the smoothed level times the season of each week ahead, relative to the season in which the level was found."""
    weight = learned.weight
    index = seasons(learned.cut)
    week, back = np.arange(len(weight)), np.arange(YEAR)
    # The season within the level: the seasons of the weeks before, weighted as the level weighs them.
    passed = index[week[:, None], (week[:, None] - back[None, :]) % YEAR]
    weights = weight[:, None, :] * (1 - weight[:, None, :]) ** back[None, :, None]
    inside = (passed * weights).sum(axis=1) / weights.sum(axis=1)
    ahead = index[week[:, None], (week[:, None] + np.arange(1, horizon + 1)[None, :]) % YEAR]
    return np.asarray(learned.level[:, None, :] * ahead / np.maximum(inside, 1e-9)[:, None, :])


#: Model -> (its words, its forecasts). `seasonal_naive` is what the others are measured against; `level` foresees no change.
MODELS: Final[dict[str, tuple[str, Callable[[Learned, int], Floats]]]] = {
    "level": ("the smoothed level", level),
    "damped_trend": ("the smoothed level with a fading trend", damped_trend),
    "seasonal_level": ("the smoothed level with seasons", seasonal_level),
    "last_year_with_growth": ("last year’s weeks with growth", last_year_with_growth),
    "seasonal_naive": ("the same week a year earlier", seasonal_naive),
}
