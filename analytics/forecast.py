"""What will come in: weekly receipts with intervals, the model chosen by its past, and the scorecard of past forecasts.

Every model makes its forecast at the end of every week of the past from the weeks up to it alone (`analytics.smoothing`). So
the forecast that would have been made then, the choice among models, and the interval can all be made again as of any week,
and compared with what came. Forecasts are made by work type and summed.

Sources: rolling-origin evaluation (Tashman 2000, Int. J. Forecasting 16:437); scaled errors (Hyndman and Koehler 2006, ibid.
22:679), here relative to the seasonal naive forecast of the same weeks; split conformal intervals by weeks ahead (Stankeviciute
et al. 2021, Conformal time-series forecasting), pooled over neighbouring weeks ahead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import smoothing
from analytics.smoothing import HORIZON, MODELS, YEAR
from analytics.weekly import Floats, History

Mask = npt.NDArray[np.bool_]

NAIVE: Final = "seasonal_naive"
FLAT: Final = "level"

#: Weeks ahead over which models are compared, and the bands of the scorecard (their ends are 4, 13 and 26 weeks).
TESTED: Final = 26
BANDS: Final[tuple[tuple[int, int], ...]] = ((1, 4), (5, 13), (14, 26))

#: A model must have at most this share of the error of the flat level before it is preferred: the simplest wins a tie.
WORTH: Final = 0.97
#: Past forecasts that a choice, or an interval, needs.
_LEAST_ORIGINS: Final = 10
#: Weeks of a first history before forecasts are judged.
_YOUNG: Final = 8
#: Past weeks from which forecasts are judged: what was long ago says little about the work of today.
_JUDGED_WEEKS: Final = 2 * YEAR
COVERED: Final = (0.8, 0.95)
#: Counts cannot be foreseen more closely than chance: no interval is narrower than that of a Poisson count.
_CHANCE: Final = {0.8: 1.2816, 0.95: 1.96}


@dataclass(frozen=True)
class Backtest:
    """Forecasts of every model at the end of every week, and what came; arrays by week and weeks ahead."""

    receipts: Floats
    by_type: dict[str, Floats]

    @property
    def length(self) -> int:
        """Number of weeks."""
        return len(self.receipts)

    def until(self, count: int) -> Backtest:
        """Return what was known after the first `count` weeks; no forecast looked further."""
        return Backtest(self.receipts[:count], {name: each[:count] for name, each in self.by_type.items()})

    @cached_property
    def first(self) -> int:
        """First week in which anything came in."""
        return int((self.receipts.sum(axis=1) > 0).argmax())

    @cached_property
    def made(self) -> dict[str, Floats]:
        """Forecasts of all work types together."""
        return {name: each.sum(axis=2) for name, each in self.by_type.items()}

    @cached_property
    def actual(self) -> Floats:
        """What came in so many weeks after each week; NaN where that is not known yet."""
        return ahead(self.receipts.sum(axis=1))

    @cached_property
    def missed(self) -> dict[str, Floats]:
        """Forecast less what came, by model."""
        return {name: each - self.actual for name, each in self.made.items()}

    def known(self, at: int) -> Mask:
        """Say which forecasts had been made and had come due by the end of week `at`, of the weeks that are judged."""
        week = np.arange(self.length)[:, None]
        due = week + np.arange(1, HORIZON + 1)[None, :] <= at
        return np.asarray(due & (week >= max(self.first + _YOUNG, at - _JUDGED_WEEKS)))


def ahead(values: Floats) -> Floats:
    """Line up each week's following weeks: row is the week, column the weeks ahead; NaN beyond the end."""
    places = np.arange(len(values))[:, None] + np.arange(1, HORIZON + 1)[None, :]
    return np.where(places < len(values), values[np.minimum(places, len(values) - 1)], np.nan)


def backtest(receipts: Floats) -> Backtest:
    """Make all forecasts of all weeks; `receipts` has a row a week and a column a work type."""
    return Backtest(receipts, smoothing.forecasts(receipts))


def chosen(test: Backtest, at: int) -> str:
    """Choose the model whose forecasts up to 26 weeks ahead have missed least by the end of week `at`, among all but seasonal naive."""
    known = test.known(at)[:, :TESTED]
    if known.any(axis=1).sum() < _LEAST_ORIGINS:
        return FLAT
    missed = {name: float(np.abs(errors[:, :TESTED][known]).mean()) for name, errors in test.missed.items() if name != NAIVE}
    best = min(missed, key=lambda name: missed[name])
    return best if missed[best] < WORTH * missed[FLAT] else FLAT


def spreads(test: Backtest, at: int, model: str, horizon: int = HORIZON) -> dict[float, Floats] | None:
    """Say how many root-counts a forecast must be widened by to hold 80 and 95 % of what comes, by weeks ahead.

    Returns:
        Share covered -> width by weeks ahead: quantiles of |missed| / sqrt(forecast + 1) by the end of week `at`, pooled over two
        weeks ahead on either side; never falling with weeks ahead. Beyond what was tested it grows with the root of the weeks
        ahead. Null when fewer than ten forecasts of the next week have come due.
    """
    known = test.known(at)
    scaled = np.where(known, np.abs(test.missed[model]) / np.sqrt(test.made[model] + 1), np.nan)
    origins = known.sum(axis=0)
    tested = int((origins >= _LEAST_ORIGINS).sum())
    if not tested:
        return None
    columns = np.clip(np.arange(tested)[:, None] + np.arange(-2, 3)[None, :], 0, tested - 1)
    pooled = np.sort(scaled[:, columns].transpose(1, 0, 2).reshape(tested, -1), axis=1)  # NaN last
    counts = np.isfinite(pooled).sum(axis=1)
    found = {}
    for share in COVERED:
        rank = np.ceil(np.minimum((origins[:tested] + 1) * share / origins[:tested], 1.0) * counts).astype(np.int64)
        width = np.maximum(pooled[np.arange(tested), np.clip(rank, 1, counts) - 1], _CHANCE[share])
        further = width.max() * np.sqrt(np.arange(tested + 1, HORIZON + 1) / tested)
        found[share] = np.concatenate([np.maximum.accumulate(width), further])[:horizon]
    return found


@dataclass(frozen=True)
class Forecast:
    """Receipts of the weeks after the last whole one: by work type, and all with their intervals (null when untested)."""

    model: str
    by_type: Floats
    total: Floats
    bounds: dict[float, tuple[Floats, Floats]] | None


def forecast(test: Backtest, at: int, model: str) -> Forecast:
    """Make the forecast of a model at the end of week `at`, with 80 and 95 % intervals from what it has missed until then."""
    total = test.made[model][at]
    widths = spreads(test, at, model)
    root = np.sqrt(total + 1)
    bounds = {share: (np.maximum(total - width * root, 0.0), total + width * root) for share, width in widths.items()} if widths else None
    return Forecast(model, test.by_type[model][at], total, bounds)


def month_ends(history: History) -> list[int]:
    """List the last whole week of each month, from half a year after the first receipts."""
    ends = [history.end(count) for count in range(1, history.length + 1)]
    last = [week for week in range(history.length) if (ends[week] + dt.timedelta(days=7)).month != ends[week].month]
    first = int((history.receipts.sum(axis=1) > 0).argmax())
    return [week for week in last if first + YEAR // 2 <= week < history.length - 1]


def choices(history: History, test: Backtest) -> list[tuple[int, str]]:
    """Choose the model again as of each earlier month end: the week and the model."""
    return [(week, chosen(test, week)) for week in month_ends(history)]


def relative_error(test: Backtest, made: Sequence[tuple[int, str]]) -> float | None:
    """Divide what past forecasts missed, up to 26 weeks ahead, by what seasonal naive missed in the same weeks (MASE).

    Null when none of them had a year of history behind it.
    """
    old = [(week, model) for week, model in made if week >= test.first + YEAR - 1]
    if not old:
        return None
    mine = sum(float(np.nansum(np.abs(test.missed[model][week, :TESTED]))) for week, model in old)
    naive = sum(float(np.nansum(np.abs(test.missed[NAIVE][week, :TESTED]))) for week, _ in old)
    return mine / naive if naive > 0 else (None if mine == 0 else np.inf)


@dataclass(frozen=True)
class Outlook:
    """What is expected to come in, and how far that can be trusted."""

    history: History
    test: Backtest
    #: Model of the forecasts that were made again at month ends, and of the newest one: the best of those tested.
    best: str
    #: Error relative to seasonal naive; null when it could not be tested.
    mase: float | None
    expected: Forecast

    @property
    def skill(self) -> bool | None:
        """Whether the past forecasts missed less than seasonal naive; null when that could not be tested."""
        return None if self.mase is None else self.mase < 1


def outlook(history: History) -> Outlook:
    """Test, choose and forecast; where seasonal naive has been better, it is what is shown."""
    test = backtest(history.receipts)
    at = test.length - 1
    best = chosen(test, at)
    mase = relative_error(test, choices(history, test))
    used = NAIVE if mase is not None and mase >= 1 else best
    return Outlook(history, test, best, mase, forecast(test, at, used))


_REMADE: Final = {
    "made": pl.Date,
    "ahead": pl.Int64,
    "model": pl.String,
    "expected": pl.Float64,
    "naive": pl.Float64,
    "flat": pl.Float64,
    "actual": pl.Float64,
    "in_80": pl.Boolean,
    "in_95": pl.Boolean,
}


def remade(history: History, test: Backtest) -> pl.DataFrame:
    """Make the forecast again as of each earlier month end and set it beside what came.

    Returns:
        One row a forecast and week ahead (up to 26): `made` (Sunday), `ahead`, `model`, `expected`, `naive` (seasonal naive; null
        with less than a year of history), `flat`, `actual`, `in_80` and `in_95` (null without an interval).
    """
    columns: dict[str, list[object]] = {name: [] for name in _REMADE}
    for week, model in choices(history, test):
        count = min(TESTED, test.length - 1 - week)
        then, actual = forecast(test, week, model), test.actual[week, :count]
        columns["made"] += [history.end(week + 1)] * count
        columns["ahead"] += range(1, count + 1)
        columns["model"] += [model] * count
        columns["expected"] += then.total[:count].tolist()
        columns["naive"] += test.made[NAIVE][week, :count].tolist() if week >= test.first + YEAR - 1 else [None] * count
        columns["flat"] += test.made[FLAT][week, :count].tolist()
        columns["actual"] += actual.tolist()
        for share, name in zip(COVERED, ("in_80", "in_95"), strict=True):
            columns[name] += _inside(then, share, actual)
    return pl.DataFrame(columns, schema=_REMADE)


def _inside(then: Forecast, share: float, actual: Floats) -> list[object]:
    if then.bounds is None:
        return [None] * len(actual)
    low, high = (bound[: len(actual)] for bound in then.bounds[share])
    return list(((low <= actual) & (actual <= high)).tolist())


def scorecard(rows: pl.DataFrame) -> pl.DataFrame:
    """Judge past forecasts by how far ahead they were.

    Returns:
        `band` (`1–4`, `5–13`, `14–26`, then `1–26` for all), `forecasts` and `weeks` compared, `mase` (mean absolute error over that
        of seasonal naive for the same weeks; below 1 is better; null without a year of history), `against_flat` (over that of the
        flat level), `bias_share` (forecast less actual, over actual), `covered_80` and `covered_95` (0-1; null without intervals).
    """
    miss, compared = (pl.col("expected") - pl.col("actual")).abs(), pl.col("naive").is_not_null()
    naive, flat = ((pl.col(name) - pl.col("actual")).abs() for name in ("naive", "flat"))

    def share(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
        return pl.when(bottom > 0).then(top / bottom)

    judged = []
    for first, last in (*BANDS, (1, TESTED)):
        part = rows.filter(pl.col("ahead").is_between(first, last))
        judged.append(
            part.select(
                band=pl.lit(f"{first}–{last}"),
                forecasts=pl.col("made").n_unique(),
                weeks=pl.len(),
                mase=share(miss.filter(compared).sum(), naive.filter(compared).sum()),
                against_flat=share(miss.sum(), flat.sum()),
                bias_share=share((pl.col("expected") - pl.col("actual")).sum(), pl.col("actual").sum()),
                covered_80=pl.col("in_80").mean(),
                covered_95=pl.col("in_95").mean(),
            )
        )
    return pl.concat(judged)


def words(model: str) -> str:
    """Say in words what a model forecasts."""
    return MODELS[model][0]
