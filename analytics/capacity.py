"""When the pile will be down: pending projected by work type, the week by which it is cleared, and what other staffing would do.

Pending at the end of a week is pending before it, plus receipts, less completions. Receipts follow the forecast, completions
the pace of the last settled weeks; both wander as they have wandered before: each of 2,000 paths strings together stretches
of past forecast errors, drawn at random (block bootstrap, Künsch 1989, Annals of Statistics 17:1217), the same stretch for all
work types and for receipts and completions, so that what moves together stays together. Work types are projected by
themselves and summed: one pooled average hides what grows (GAO-03-282).

Capacity is people x productive hours x (1 + overtime) / hours for a review. What a Center really completes is only part of
it, because its people do other work as well; so the pace that was observed is scaled by how far a what-if changes capacity.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analytics import codes, people, periods, service, standards
from analytics.filters import Filters
from analytics.forecast import FLAT, Backtest
from analytics.rollups import FINDINGS, Frames
from analytics.smoothing import HORIZON, YEAR
from analytics.weekly import PACE_WEEKS, Floats, History

#: Hours that a full-time employee works in a year once leave, holidays and training are off the 2,080 paid ones: the figure of
#: OMB Circular A-76 (general knowledge, the primary text was not read).
PRODUCTIVE_HOURS_A_YEAR: Final = 1776

PATHS: Final = 2000
_SEED: Final = 20120604
_LITTLE: Final = 1e-12
#: Weeks of past errors that stay together, so that a forecast that was too low for two months can be so again.
BLOCK_WEEKS: Final = 6
#: Weeks before a block in which work has come in.
_YOUNG: Final = 8
PSC: Final = "psc"

#: Rules for the level of pending to reach.
LEVELS: Final = ("standard", "receipts")


@dataclass(frozen=True)
class Staffing:
    """Who does the work; null when it is not known."""

    #: People on board of the holders in view.
    people: int | None
    #: Work type -> mean hours for a review; types with too few recorded are absent.
    hours: dict[str, float]


UNKNOWN: Final = Staffing(None, {})


@dataclass(frozen=True)
class WhatIf:
    """What is changed; null or 0 keeps what is."""

    people: int | None = None
    #: Mean hours for a review at the mix of today.
    hours: float | None = None
    overtime_share: float = 0.0
    #: Share of post summary corrections that are accepted without a review, beyond today's.
    psc_auto_share: float = 0.0

    @property
    def nothing(self) -> bool:
        """Whether nothing is changed."""
        return self == WhatIf()


NOTHING: Final = WhatIf()


def hours_by_type(history: History, staffing: Staffing) -> Floats | None:
    """Return hours for a review of each work type; one without its own takes the mean of the others, null when none is known."""
    known = [staffing.hours[name] for name in history.types if name in staffing.hours]
    if not known:
        return None
    weights = [history.pace[place] for place, name in enumerate(history.types) if name in staffing.hours]
    mean = float(np.average(known, weights=weights)) if sum(weights) > 0 else float(np.mean(known))
    return np.array([staffing.hours.get(name, mean) for name in history.types])


def mean_hours(history: History, staffing: Staffing) -> float | None:
    """Return the mean hours for a review at the mix of the pace; null when unknown."""
    hours = hours_by_type(history, staffing)
    return None if hours is None or history.pace.sum() <= 0 else float((hours * history.pace).sum() / history.pace.sum())


def productive_hours(people: float, overtime_share: float = 0.0) -> float:
    """Return the productive hours a week of so many people."""
    return people * PRODUCTIVE_HOURS_A_YEAR * (1 + overtime_share) / YEAR


def change_of_capacity(history: History, staffing: Staffing, what_if: WhatIf) -> float:
    """Return how many times today's capacity a what-if has: people x (1 + overtime) / hours for a review, against today's."""
    people = 1.0 if what_if.people is None or not staffing.people else what_if.people / staffing.people
    now = mean_hours(history, staffing)
    hours = 1.0 if what_if.hours is None or not now else now / max(what_if.hours, 1e-9)
    return people * (1 + what_if.overtime_share) * hours


def level(history: History, rule: str, own: float | None = None) -> float:
    """Return the level of pending to reach: a number of the reader's, or a rule summed over work types.

    `standard`: pending less backlog at the last settled week. `receipts`: what comes in within the standard of each work type at
    the receipts of the last 13 weeks (the target pending level of the USCIS Backlog Elimination Plan).
    """
    if own is not None:
        return own
    week = history.settled - 1
    if rule == "receipts":
        days = np.array([standards.STANDARD_DAYS[name] for name in history.types])
        rate = history.receipts[max(history.length - PACE_WEEKS, 0) :].mean(axis=0)
        return float(np.round((rate * days / 7).sum()))
    return float((history.pending[week] - history.backlog[week]).sum())


def fiscal_year_end(history: History) -> dt.date:
    """Return the 30 September that is ahead by at least one whole week after the last known one."""
    first = history.end(history.length + 1)
    return dt.date(periods.fiscal_year(first), 9, 30)


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
    #: Mean pending by week and work type.
    by_type: Floats

    @cached_property
    def sundays(self) -> list[dt.date]:
        """Ends of the projected weeks."""
        return [self.history.end(self.history.settled + step) for step in range(1, len(self.pending) + 1)]

    def quantile(self, share: float) -> Floats:
        """Return the pending that a share of the paths stays at or below, by week."""
        return np.asarray(np.quantile(self.pending, share, axis=1))

    @property
    def now(self) -> int:
        """Week that ends with the last whole week: what is expected to be pending once all is reported."""
        return max(self.history.held_back - 1, 0)

    def cleared(self, level: float) -> Floats:
        """Return the share of paths that have been at or below a level by each week, counted from now."""
        reached = np.logical_or.accumulate(self.pending[self.now :] <= level, axis=0).mean(axis=1)
        return np.concatenate([np.zeros(self.now), reached])

    def week_cleared(self, level: float, share: float) -> dt.date | None:
        """Return the Sunday by which so large a share of the paths has been at or below a level; null when not within a year."""
        weeks = np.flatnonzero(self.cleared(level) >= share)
        return self.sundays[int(weeks[0])] if len(weeks) else None

    def chance(self, level: float, day: dt.date) -> float:
        """Return the share of paths that have been at or below a level by a day."""
        weeks = sum(sunday <= day for sunday in self.sundays)
        return float(self.cleared(level)[weeks - 1]) if weeks else 0.0

    def more_needed(self, level: float, day: dt.date) -> int:
        """Return how many more completions a week from now on would bring expected pending to a level by a day; 0 when none."""
        weeks = sum(sunday <= day for sunday in self.sundays)
        left = weeks - 1 - self.now
        short = float(self.mean[weeks - 1]) - level if left > 0 else 0.0
        return max(int(np.ceil(short / left - 1e-9)), 0) if left > 0 else 0

    @cached_property
    def mean(self) -> Floats:
        """Mean pending by week."""
        return np.asarray(self.pending.mean(axis=1))

    @property
    def falls(self) -> bool:
        """Whether pending is expected to be lower in a year than now."""
        return bool(self.mean[-1] < self.mean[self.now])

    def clears(self, level: float) -> bool:
        """Whether pending comes down to a level: as likely as not within a year, and because it falls, not because it wanders."""
        return bool(self.mean[self.now] <= level) or (self.falls and self.week_cleared(level, 0.5) is not None)


@dataclass(frozen=True)
class Draws:
    """What comes in and what could be completed, by week, work type and path, while nothing is changed."""

    history: History
    came: Floats
    could: Floats


def draws(history: History, test: Backtest, model: str = FLAT, paths: int = PATHS) -> Draws:
    """Draw receipts and completions from the last settled week over the weeks since, whose receipts are known, and a year ahead.

    Both lie around what is expected (the model's forecast, the pace) and wander by stretches of past errors, in roots of counts.
    The same data give the same draws.
    """
    missed, done = wander(history, test, model)
    known = history.receipts[history.settled :]
    mean = np.vstack([known, test.by_type[model][-1][:HORIZON]])[:, :, None]
    weeks, (block, _, count) = len(mean), missed.shape
    places = np.random.default_rng(_SEED).integers(0, count, (-(-weeks // block), paths))

    def strung(errors: Floats) -> Floats:
        return np.concatenate([errors[:, :, place] for place in places])[:weeks]

    came = np.maximum(mean + strung(missed) * np.sqrt(mean + 1), 0.0)
    came[: len(known)] = known[:, :, None]
    pace = history.pace[None, :, None]
    return Draws(history, came, np.maximum(pace + strung(done) * np.sqrt(pace + 1), 0.0))


def wander(history: History, test: Backtest, model: str) -> tuple[Floats, Floats]:
    """Collect stretches of weeks in which receipts wandered around their forecast, and completions around their pace.

    Returns:
        Both as roots of counts, by week of the stretch, work type and stretch; on average nothing is missed, because the paths are to
        lie around the forecast that is shown.
    """
    first = int((history.receipts.sum(axis=1) > 0).argmax())
    third = (history.settled - first) // 3
    block = max(min(BLOCK_WEEKS, third), 1)
    origins = np.arange(max(first + min(_YOUNG, third), history.settled - 2 * YEAR), history.settled - block)
    after = origins[:, None] + np.arange(1, block + 1)[None, :]
    expected = test.by_type[model][origins, :block]
    sums = np.vstack([np.zeros((1, len(history.types))), history.completions.cumsum(axis=0)])
    begin = np.maximum(origins + 1 - PACE_WEEKS, first)
    pace = ((sums[origins + 1] - sums[begin]) / (origins + 1 - begin)[:, None])[:, None, :]
    missed = (history.receipts[after] - expected) / np.sqrt(expected + 1)
    done = (history.completions[after] - pace) / np.sqrt(pace + 1)
    centred = (each - each.mean(axis=(0, 1)) for each in (missed, done))
    left, right = (np.ascontiguousarray(each.transpose(1, 2, 0)) for each in centred)
    return left, right


def project(drawn: Draws, what_if: WhatIf = NOTHING, staffing: Staffing | None = None) -> Projection:
    """Project pending along the draws; what is changed is changed from the week after the last whole one on."""
    history, came = drawn.history, drawn.came
    staff, past = staffing or UNKNOWN, len(history.receipts) - history.settled
    could = drawn.could
    change = change_of_capacity(history, staff, what_if)
    if change != 1.0:
        could = np.concatenate([could[:past], could[past:] * change])
    accepted = np.zeros((len(came), came.shape[2]))
    if what_if.psc_auto_share and PSC in history.types:
        place = history.types.index(PSC)
        accepted[past:] = came[past:, place] * what_if.psc_auto_share
        reviewed = came.copy()
        reviewed[:, place] -= accepted
    else:
        reviewed = came
    hours = hours_by_type(history, staff)
    week = history.settled - 1
    pending, by_type, done = _run(history.pending[week], reviewed, could, np.ones(len(history.types)) if hours is None else hours)
    return Projection(history, float(history.pending[week].sum()), came.sum(axis=1), done + accepted, pending, by_type)


def _run(start: Floats, came: Floats, could: Floats, hours: Floats) -> tuple[Floats, Floats, Floats]:
    """Work the weeks off: each work type by its own pace, and hours that are left over go to the types that still have work."""
    weeks, types, paths = came.shape
    # Sums over work types as products: many times faster than sums over so short an axis.
    one = np.ones(types)
    open_ = np.broadcast_to(start[:, None], (types, paths))
    pending, reviewed, by_type = np.empty((weeks, paths)), np.empty((weeks, paths)), np.empty((weeks, types))
    for week in range(weeks):
        there = open_ + came[week]
        over = there - could[week]
        left = np.maximum(over, 0.0)
        share = (could[week] + _LITTLE) * (left > 0)
        spare = hours @ (left - over) / np.maximum(hours @ share, _LITTLE)
        open_ = np.maximum(left - spare * share, 0.0)
        pending[week] = one @ open_
        reviewed[week] = one @ (there - open_)
        by_type[week] = open_.mean(axis=1)
    return pending, by_type, reviewed


def staffing(frames: Frames, filters: Filters, history: History, as_of: dt.date) -> Staffing:
    """Find who does the work of a choice of filters: the people of its Centers, and hours for a review in the year to the last settled week.

    Ports have no staff here: people are known when Centers alone are chosen. They do all work of their Center, whatever else is
    narrowed.
    """
    own = Filters(centers=filters.centers)
    on_board = None
    if filters.centers and codes.PORT_CODE not in filters.centers:
        rows = people.staff_on_board(frames, own, as_of)
        on_board = int(rows["value"][0] or 0) if rows.height else 0
    year = filters.between(history.settled_to - dt.timedelta(weeks=YEAR), history.settled_to)
    hours = service.hours_per_review(frames, year.only(FINDINGS.dimensions), as_of, ["work_type"]).drop_nulls("value")
    return Staffing(on_board or None, dict(hours.select("work_type", "value").iter_rows()))
