"""When the pile will be down: pending projected by work type, and the week by which it is at a level.

Pending at the end of a week is pending before it, plus receipts, less completions. Receipts follow the forecast. Completions
follow one of two rules, whichever has missed pending less in the past: they keep their *pace* (people are the limit), or they
are a steady *share* of what is there (the pile is the limit: each review takes its time, and more of them end when there are
more). Both wander as they have wandered before: each of 2,000 paths strings together stretches of past errors, drawn at random
(block bootstrap, Künsch 1989, Annals of Statistics 17:1217), the same stretch for all work types and for receipts and
completions, so that what moves together stays together. Work types are projected by themselves and summed: one pooled
average hides what grows (GAO-03-282).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import smoothing
from analytics.capacity import NOTHING, PSC, UNKNOWN, Staffing, WhatIf, change_of_capacity, freed_by_auto, hours_by_type
from analytics.forecast import FLAT, TESTED, Backtest, Outlook, chosen, month_ends
from analytics.smoothing import HORIZON, YEAR
from analytics.weekly import PACE_WEEKS, Floats, History

#: Rules of completions: what they follow.
PACE: Final = "pace"
SHARE: Final = "share"

PATHS: Final = 2000
_SEED: Final = 20120604
_LITTLE: Final = 1e-12
#: Weeks of past errors that stay together, so that a forecast that was too low for a month can be so again.
BLOCK_WEEKS: Final = 6
#: Weeks of a first history from which nothing is drawn or judged.
_YOUNG: Final = 8
#: Past projections that the choice of a rule needs. A younger history takes the share: a pace of its first weeks is that of empty desks.
_LEAST_ORIGINS: Final = 10
#: Paths of a projection that is made again as of a past month end.
_PAST_PATHS: Final = 200
#: Times that errors are widened at most.
_WIDEST: Final = 3.0


@dataclass(frozen=True)
class Projection:
    """Paths of pending from the last settled week on; the first `held_back` weeks are already past."""

    history: History
    #: Pending at the end of the last settled week, of all work types.
    start: float
    #: By week and path: what comes in, is completed and is pending at the week's end. Pending = pending before + receipts - completions.
    receipts: Floats
    completions: Floats
    pending: Floats
    #: Mean pending by week and work type, and mean receipts likewise.
    by_type: Floats
    came_by_type: Floats
    #: Share of what is there that is completed in a week, where completions follow the pile; 0 where they keep their pace.
    turnover: float = 0.0

    @cached_property
    def sundays(self) -> list[dt.date]:
        """Ends of the projected weeks."""
        return [self.history.end(self.history.settled + step) for step in range(1, len(self.pending) + 1)]

    def quantile(self, share: float) -> Floats:
        """Return the pending that a share of the paths stays at or below, by week."""
        return np.asarray(np.quantile(self.pending, share, axis=1))

    @cached_property
    def done_by_type(self) -> Floats:
        """Mean completions by week and work type: pending before, plus receipts, less pending."""
        before = np.vstack([self.history.pending[self.history.settled - 1], self.by_type[:-1]])
        return before + self.came_by_type - self.by_type

    @property
    def now(self) -> int:
        """Week that ends with the last whole week: what is expected to be pending once all is reported."""
        return max(self.history.held_back - 1, 0)

    @cached_property
    def middle(self) -> Floats:
        """Median pending by week: what is expected."""
        return self.quantile(0.5)

    def _week_of(self, day: dt.date) -> int:
        """Number the last week that ends by a day; -1 when none does."""
        return sum(sunday <= day for sunday in self.sundays) - 1

    def chance(self, level: float, day: dt.date) -> float:
        """Return the share of paths that are at or below a level on the last Sunday by a day."""
        week = self._week_of(day)
        return float((self.pending[week] <= level).mean()) if week >= 0 else 0.0

    def week_cleared(self, level: float, share: float) -> dt.date | None:
        """Return the first Sunday, from the last whole week on, on which so large a share of the paths is at or below a level.

        Null when there is none within a year. With a half it is where the median path meets the level.
        """
        weeks = np.flatnonzero((self.pending[self.now :] <= level).mean(axis=1) >= share)
        return self.sundays[self.now + int(weeks[0])] if len(weeks) else None

    def there(self, level: float) -> bool:
        """Whether pending is expected to be at or below a level already, once all is reported."""
        return bool(self.middle[self.now] <= level)

    def growth(self, weeks: int = PACE_WEEKS) -> float:
        """Return by how much pending is expected to grow a week over the next weeks; below 0 it falls."""
        return float((self.middle[self.now + weeks] - self.middle[self.now]) / weeks)

    def moving(self, weeks: int = PACE_WEEKS) -> tuple[float, float]:
        """Return the shares of paths (0-1) that have more, and fewer, pending after the next weeks than they have now."""
        step = self.pending[self.now + weeks] - self.pending[self.now]
        return float((step > 0).mean()), float((step < 0).mean())

    def more_needed(self, level: float, day: dt.date) -> int:
        """Return how many more completions a week from now on would bring expected pending to a level by a day; 0 when none."""
        week = self._week_of(day)
        left = week - self.now
        if left <= 0:
            return 0
        short = float(self.middle[week]) - level
        # Where completions are a share of what is there, each more now is some fewer later: what is cleared was part of the pile.
        kept = 1 - self.turnover
        lasting = left if kept >= 1 else (1 - kept**left) / (1 - kept)
        return max(int(np.ceil(short / lasting - 1e-9)), 0)


def _first(history: History) -> int:
    return int((history.receipts.sum(axis=1) > 0).argmax())


def paces(history: History) -> dict[str, Floats]:
    """Return what completions follow, as known at the end of each settled week, by rule and work type.

    `pace`: completions a week, smoothed as receipts are. `share`: completions over what was there to complete (pending before and
    receipts) in the last 13 weeks.
    """
    done, came = history.completions[: history.settled], history.receipts[: history.settled]
    there = came + np.vstack([np.zeros((1, len(history.types))), history.pending[: history.settled - 1]])
    sums = [np.vstack([np.zeros((1, done.shape[1])), each.cumsum(axis=0)]) for each in (done, there)]
    last = np.arange(1, len(done) + 1)
    begin = np.maximum(last - PACE_WEEKS, 0)
    part, whole = (each[last] - each[begin] for each in sums)
    return {PACE: smoothing.learn(done).level, SHARE: np.clip(part / np.maximum(whole, _LITTLE), 0.0, 1.0)}


@dataclass(frozen=True)
class Past:
    """What completions followed (`paces`), and by how much projections have missed pending, by rule: settled week, weeks ahead (to 26).

    The misses are NaN where they are not known yet.
    """

    rates: dict[str, Floats]
    errors: dict[str, Floats]

    def until(self, count: int) -> Past:
        """Return what was known after the first `count` weeks; nothing looked further."""
        return Past(*({rule: each[:count] for rule, each in kept.items()} for kept in (self.rates, self.errors)))


def past_of(history: History, test: Backtest) -> Past:
    """Project pending as of every settled week by each rule and compare with what came."""
    settled = history.settled
    actual = history.pending[:settled].sum(axis=1)
    places = np.arange(settled)[:, None] + np.arange(1, TESTED + 1)[None, :]
    came = np.where(places < settled, actual[np.minimum(places, settled - 1)], np.nan)
    rates, errors = paces(history), {}
    for rule, rate in rates.items():
        open_ = history.pending[:settled]
        ahead = np.empty((settled, TESTED))
        for step in range(TESTED):
            there = open_ + test.by_type[FLAT][:settled, step]
            open_ = np.maximum(there - (rate * there if rule == SHARE else rate), 0.0)
            ahead[:, step] = open_.sum(axis=1)
        errors[rule] = ahead - came
    return Past(rates, errors)


def rule_at(history: History, past: Past, at: int) -> str:
    """Choose the rule of completions that had missed pending less by the end of week `at`."""
    known = known_by(history, at)
    if known.any(axis=1).sum() < _LEAST_ORIGINS:
        return SHARE
    return min((SHARE, PACE), key=lambda rule: float(np.abs(past.errors[rule][known]).mean()))


@dataclass(frozen=True)
class Draws:
    """What comes in and what could be completed while nothing is changed, by week, work type and path.

    `could` are reviews where completions keep their pace, and shares of what is there where they follow the pile.
    """

    history: History
    rule: str
    came: Floats
    could: Floats


def draws(
    history: History,
    test: Backtest,
    model: str,
    rule: str,
    paths: int = PATHS,
    widened: float = 1.0,
    ahead: int = HORIZON,
    rates: dict[str, Floats] | None = None,
) -> Draws:
    """Draw receipts and completions from the last settled week over the weeks since, whose receipts are known, and so many weeks ahead.

    Both lie around what is expected and wander by stretches of past errors, `widened` times as far. The same data give the same draws.
    """
    rate = (rates or paces(history))[rule]
    astray, worked = wander(history, test, model, rule, rate)
    known = history.receipts[history.settled :]
    mean = np.vstack([known, test.by_type[model][-1][:ahead]])[:, :, None]
    weeks, (block, _, count) = len(mean), astray.shape
    places = np.random.default_rng(_SEED).integers(0, count, (-(-weeks // block), paths))

    came = _around(mean, widened * astray, np.sqrt(mean + 1), places)
    came[: len(known)] = known[:, :, None]
    now = np.broadcast_to(rate[-1][None, :, None], mean.shape)
    could = _around(now, widened * worked, now if rule == SHARE else np.sqrt(now + 1), places)
    return Draws(history, rule, came, could)


def _around(mean: Floats, errors: Floats, size: Floats, places: npt.NDArray[np.int64]) -> Floats:
    """String stretches of errors together around a mean; nothing is below 0, and on average there is as much as the mean.

    What is cut at 0 would leave more than the mean, of rare work types most. So each week and work type is scaled by what all
    stretches leave there; each is drawn as likely as another, so that this is their exact mean.

    Args:
        mean: By week and work type; the last axis has one place.
        errors: By week of the stretch, work type and stretch.
        size: What an error of 1 is, like `mean`.
        places: Stretches, one after the other, by path.
    """
    weeks = len(mean)
    every = np.concatenate([errors] * len(places))[:weeks]
    left = np.maximum(mean + every * size, 0.0).mean(axis=2, keepdims=True)
    scale = np.divide(mean, left, out=np.ones_like(left), where=left > 0)
    drawn = np.concatenate([errors[:, :, place] for place in places])[:weeks]
    return np.asarray(np.maximum(mean + drawn * size, 0.0) * scale)


def widening(history: History, past: Past, rule: str, at: int, shown: Projection) -> float:
    """Say how many times as far past projections missed pending as the paths spread: 1 to 3.

    Short stretches do not hold how a level drifts over months. So the half-width of the 80 % range is set against the 80 % quantile
    of past misses (in roots of pending) for 4 to 26 weeks ahead, and the middle of these ratios widens the errors that are drawn.
    """
    known = known_by(history, at)
    steps = [step for step in range(3, TESTED) if known[:, step].sum() >= _LEAST_ORIGINS]
    if not steps:
        return 1.0
    size = np.sqrt(history.pending[: history.settled].sum(axis=1) + 1)[:, None]
    scaled = np.abs(past.errors[rule]) / size
    low, high = shown.quantile(0.1), shown.quantile(0.9)
    ratios = [
        np.quantile(scaled[known[:, step], step], 0.8) * np.sqrt(shown.start + 1) / max((high[step] - low[step]) / 2, _LITTLE)
        for step in steps
    ]
    return float(np.clip(np.median(ratios), 1.0, _WIDEST))


def known_by(history: History, at: int) -> npt.NDArray[np.bool_]:
    """Say which past projections, by settled week and weeks ahead, had come due by the end of week `at`, of the weeks that are judged."""
    week = np.arange(history.settled)[:, None]
    due = week + np.arange(1, TESTED + 1)[None, :] <= at
    return np.asarray(due & (week >= max(_first(history) + _YOUNG, at - 2 * YEAR)))


def settled_draws(history: History, test: Backtest, model: str, past: Past, at: int, paths: int = PATHS, ahead: int = HORIZON) -> Draws:
    """Choose the rule of completions and the width by the past up to the end of week `at`, the last settled one, and draw."""
    rule = rule_at(history, past, at)
    first = project(draws(history, test, model, rule, _PAST_PATHS, ahead=TESTED, rates=past.rates))
    return draws(history, test, model, rule, paths, widening(history, past, rule, at, first), ahead, past.rates)


def of_outlook(history: History, outlook: Outlook) -> Draws:
    """Draw along an outlook on receipts, with the rule and the width of the newest settled week."""
    return settled_draws(history, outlook.test, outlook.expected.model, past_of(history, outlook.test), history.settled - 1)


def wander(history: History, test: Backtest, model: str, rule: str, rate: Floats) -> tuple[Floats, Floats]:
    """Collect stretches of weeks in which receipts and completions wandered around what was expected of them.

    Returns:
        By week of the stretch, work type and stretch: misses of receipts in roots of counts, and of completions likewise (`pace`) or
        as what was done over what was expected, less 1 (`share`). On average nothing is missed, because the paths are to lie around what is
        expected.
    """
    first = _first(history)
    third = (history.settled - first) // 3
    block = max(min(BLOCK_WEEKS, third), 1)
    origins = np.arange(max(first + min(_YOUNG, third), history.settled - 2 * YEAR), history.settled - block)
    after = origins[:, None] + np.arange(1, block + 1)[None, :]
    expected = test.by_type[model][origins, :block]
    astray = (history.receipts[after] - expected) / np.sqrt(expected + 1)
    done, then = history.completions[after], rate[origins][:, None, :]
    if rule == SHARE:
        due = then * (history.pending[after - 1] + history.receipts[after])
        worked = np.where(due > 0, done / np.maximum(due, _LITTLE), 1.0)
        # Each week alike, as they are drawn: weighted by what was due, draws would complete more than is expected of rare work types.
        worked = worked / np.maximum(worked.mean(axis=(0, 1)), _LITTLE) - 1
    else:
        worked = (done - then) / np.sqrt(then + 1)
        worked = worked - worked.mean(axis=(0, 1))
    astray = astray - astray.mean(axis=(0, 1))
    left, right = (np.ascontiguousarray(each.transpose(1, 2, 0)) for each in (astray, worked))
    return left, right


def project(drawn: Draws, what_if: WhatIf = NOTHING, staffing: Staffing = UNKNOWN) -> Projection:
    """Project pending along the draws; what is changed is changed from the week after the last whole one on."""
    history, came, could = drawn.history, drawn.came, drawn.could
    past = len(history.receipts) - history.settled
    change = change_of_capacity(history, staffing, what_if)
    if drawn.rule == SHARE:
        change *= freed_by_auto(history, staffing, what_if)
    if change != 1.0:
        could = np.concatenate([could[:past], could[past:] * change])
    accepted = np.zeros((len(came), came.shape[2]))
    reviewed = came
    if what_if.psc_auto_share and PSC in history.types:
        place = history.types.index(PSC)
        accepted[past:] = came[past:, place] * what_if.psc_auto_share
        reviewed = came.copy()
        reviewed[:, place] -= accepted
    hours = hours_by_type(history, staffing)
    start = history.pending[history.settled - 1]
    each = np.ones(len(history.types)) if hours is None else hours
    pending, by_type, done = _run(start, reviewed, could, each, follows=drawn.rule == SHARE)
    there = float((pending[past:] + done[past:]).mean())
    turnover = float(done[past:].mean()) / there if drawn.rule == SHARE and there > 0 else 0.0
    return Projection(history, float(start.sum()), came.sum(axis=1), done + accepted, pending, by_type, came.mean(axis=2), turnover)


def _run(start: Floats, came: Floats, could: Floats, hours: Floats, *, follows: bool) -> tuple[Floats, Floats, Floats]:
    """Work the weeks off, each work type by itself; returns pending by week and path, its mean by type, and what was reviewed.

    Where completions follow the pile (`follows`), `could` is a share of what is there. Where they keep their pace, hours that are
    left over go to the work types that still have work.
    """
    weeks, types, paths = came.shape
    # Sums over work types as products: many times faster than sums over so short an axis.
    one = np.ones(types)
    open_ = np.broadcast_to(start[:, None], (types, paths))
    pending, reviewed, by_type = np.empty((weeks, paths)), np.empty((weeks, paths)), np.empty((weeks, types))
    for week in range(weeks):
        there = open_ + came[week]
        if follows:
            open_ = there * np.maximum(1 - could[week], 0.0)
        else:
            over = there - could[week]
            left = np.maximum(over, 0.0)
            share = (could[week] + _LITTLE) * (left > 0)
            spare = hours @ (left - over) / np.maximum(hours @ share, _LITTLE)
            open_ = np.maximum(left - spare * share, 0.0)
        pending[week] = one @ open_
        reviewed[week] = one @ (there - open_)
        by_type[week] = open_.mean(axis=1)
    return pending, by_type, reviewed


def scorecard(history: History, test: Backtest) -> pl.DataFrame:
    """Project pending again as of each earlier month end and judge it by what came, up to 26 weeks ahead.

    Returns:
        One row: `forecasts` and `weeks` compared, `against_flat` (mean absolute error over that of “pending stays as it is”; null when
        there is nothing to compare), `bias_share` (projected less actual, over actual), `covered_80` and `covered_95` (0-1).
    """
    past, actual = past_of(history, test), history.pending.sum(axis=1)
    made = [week for week in month_ends(history) if week < history.settled - 1]
    miss, same, real, inside = [], [], [], []
    for week in made:
        count = min(TESTED, history.settled - 1 - week)
        then_known, known = history.until(week + 1), test.until(week + 1)
        drawn = settled_draws(then_known, known, chosen(known, week), past.until(week + 1), week, _PAST_PATHS, TESTED)
        then, came = project(drawn).pending[:count], actual[week + 1 : week + 1 + count]
        miss += (then.mean(axis=1) - came).tolist()
        same += (actual[week] - came).tolist()
        real += came.tolist()
        ends = np.quantile(then, (0.025, 0.1, 0.9, 0.975), axis=1)
        inside += list(zip((ends[1] <= came) & (came <= ends[2]), (ends[0] <= came) & (came <= ends[3]), strict=True))
    plain, held = float(np.abs(same).sum()), np.array(inside, dtype=np.float64).reshape(-1, 2)
    return pl.DataFrame(
        {
            "forecasts": [len(made)],
            "weeks": [len(miss)],
            "against_flat": [float(np.abs(miss).sum()) / plain if plain > 0 else None],
            "bias_share": [float(np.sum(miss) / np.sum(real)) if real and np.sum(real) > 0 else None],
            "covered_80": [float(held[:, 0].mean()) if real else None],
            "covered_95": [float(held[:, 1].mean()) if real else None],
        },
        schema_overrides=dict.fromkeys(("against_flat", "bias_share", "covered_80", "covered_95"), pl.Float64),
    )
