"""Receipts, completions and pending of each work type by whole weeks: what a forecast is learned from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import process
from analytics.codes import WORK_TYPES
from analytics.filters import Filters
from analytics.process import Verdict
from analytics.rollups import WORK, Frames, weeks

Floats = npt.NDArray[np.float64]

#: Last whole weeks whose completions are not learned from. A completion is recorded up to about 20 days after it happened, so
#: the newest three weeks always look as if less had been done; receipts are recorded as they come and are used up to the last week.
HELD_BACK_WEEKS: Final = 3

#: Weeks before the last settled one over which the pace of completions is taken: the 91 days of the metric `days_of_work`.
PACE_WEEKS: Final = 13

#: Fewer settled weeks of work than this carry no projection.
LEAST_WEEKS: Final = 13

#: Weeks of history that are learned from: five years. What was before tells little and costs time.
HISTORY_WEEKS: Final = 260

_MEASURES: Final = ("receipts", "completions", "pending_net", "backlog_net")
_WEEK: Final = dt.timedelta(days=7)


@dataclass(frozen=True)
class History:
    """Whole weeks, oldest first; arrays have a row a week and a column a work type. Stocks are at the week's end (Sunday)."""

    mondays: tuple[dt.date, ...]
    types: tuple[str, ...]
    receipts: Floats
    completions: Floats
    pending: Floats
    backlog: Floats
    #: Weeks at the end whose completions are provisional.
    held_back: int

    @property
    def length(self) -> int:
        """Number of whole weeks."""
        return len(self.mondays)

    @property
    def settled(self) -> int:
        """Number of weeks whose completions are complete: all but the last ones."""
        return max(self.length - self.held_back, 0)

    @property
    def known_to(self) -> dt.date:
        """Sunday of the last whole week."""
        return self.end(self.length)

    @property
    def settled_to(self) -> dt.date:
        """Sunday of the last settled week."""
        return self.end(self.settled)

    def end(self, count: int) -> dt.date:
        """Return the Sunday that ends the first `count` weeks; beyond the last week counting goes on."""
        return self.mondays[0] + count * _WEEK - dt.timedelta(days=1)

    def until(self, count: int) -> History:
        """Return the first `count` weeks, all of them settled: the history as it is known by now, up to then."""
        cut = slice(0, count)
        came, done, open_, late = (each[cut] for each in (self.receipts, self.completions, self.pending, self.backlog))
        return History(self.mondays[cut], self.types, came, done, open_, late, held_back=0)

    @cached_property
    def begun(self) -> int:
        """Settled weeks since work first came in."""
        seen = np.flatnonzero(self.receipts[: self.settled].sum(axis=1) > 0)
        return self.settled - int(seen[0]) if len(seen) else 0

    @property
    def enough(self) -> bool:
        """Whether there are enough settled weeks to project from."""
        return self.begun >= LEAST_WEEKS

    @cached_property
    def pace(self) -> Floats:
        """Mean completions a week of each work type over the last settled weeks."""
        return np.asarray(self.completions[max(self.settled - PACE_WEEKS, 0) : self.settled].mean(axis=0))

    @cached_property
    def net_flow(self) -> float:
        """Mean receipts less completions a week over the last settled weeks; above 0 the pile grows."""
        last = slice(max(self.settled - PACE_WEEKS, 0), self.settled)
        return float((self.receipts[last] - self.completions[last]).sum(axis=1).mean())

    def usual(self, weeks: int = 2 * PACE_WEEKS) -> Verdict:
        """Return the process chart of the completions of the last settled weeks: how much a week's work differs by chance."""
        last = slice(max(self.settled - weeks, 0), self.settled)
        counted = pl.DataFrame({"month": self.mondays[last], "value": self.completions[last].sum(axis=1)})
        return process.verdict(process.chart(counted.with_columns(provisional=False), "higher"), "higher")


def history(frames: Frames, filters: Filters, as_of: dt.date, held_back: int = HELD_BACK_WEEKS) -> History | None:
    """Sum the work of a choice of filters by whole weeks (Monday to Sunday) up to the as-of date; its period is not used.

    Returns:
        Null when nothing ever came in by then. Work types that never had any are left out.
    """
    last = as_of - dt.timedelta(days=(as_of.weekday() + 1) % 7)  # the Sunday on or before
    found = weeks(frames, WORK, filters.between(None, None), ["work_type"], _MEASURES).filter(pl.col("date") <= last)
    sums = found.group_by("date", pl.col("work_type").cast(pl.String)).agg(pl.col(_MEASURES).sum()).collect()
    busy = sums.filter(pl.any_horizontal(pl.col(_MEASURES) != 0)).sort("date")
    if busy.is_empty() or busy["receipts"].sum() == 0:
        return None
    types = tuple(name for name in WORK_TYPES if name in set(busy["work_type"].to_list()))
    first: dt.date = busy["date"].to_list()[0]
    mondays = [first + count * _WEEK for count in range(((last - first).days + 1) // 7)]
    if not mondays:
        return None
    grid = pl.DataFrame({"date": mondays}).join(pl.DataFrame({"work_type": types}), how="cross", maintain_order="left_right")
    full = grid.join(busy, on=["date", "work_type"], how="left", maintain_order="left").fill_null(0)
    arrays = {name: full[name].to_numpy().astype(np.float64).reshape(len(mondays), len(types)) for name in _MEASURES}
    stocks = {name: arrays[name].cumsum(axis=0) for name in ("pending_net", "backlog_net")}
    last_weeks = slice(-HISTORY_WEEKS, None)
    return History(
        mondays=tuple(mondays[last_weeks]),
        types=types,
        receipts=arrays["receipts"][last_weeks],
        completions=arrays["completions"][last_weeks],
        pending=stocks["pending_net"][last_weeks],
        backlog=stocks["backlog_net"][last_weeks],
        held_back=held_back,
    )
