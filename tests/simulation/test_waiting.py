"""What waits of the feedback: counted at each month's end like any stock, fair to compare with a year before, and no signal by chance."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from analytics import monthly, moved, periods, process, signalwords
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.rollups import FEEDBACK, Frames, rollups_of
from tests.simulation.test_moved_rule import flat, month, series
from ui import signals
from ui.frame import View

FIRST, AS_OF = dt.date(2010, 10, 1), dt.date(2013, 9, 30)
DAYS = (AS_OF - FIRST).days + 1
IDS = {"feedback_open": -1, "feedback_over_90": 90}
RUNS = 120


def drawn(rng: np.random.Generator, a_month: float, mean_days: float) -> tuple[Any, Any]:
    """Days of receipt and of settling, counted from the first one, of a process that never changes: it ran for two years before."""
    count = rng.poisson(a_month * (DAYS + 730) / 30.4)
    received = rng.integers(-730, DAYS, count)
    return received, received + np.floor(rng.exponential(mean_days, count)).astype(int)


def frames(received: Any, settled: Any) -> Frames:
    """The rollup as a publish makes it on the as-of date."""
    day = pl.lit(FIRST).dt.offset_by
    rows = pl.DataFrame({"received": received, "settled": settled}).with_columns(over=pl.col("settled") < DAYS)
    rollup = rows.select(
        date=day(pl.format("{}d", "received")),
        closed_date=pl.when("over").then(day(pl.format("{}d", "settled"))),
        status=pl.when("over").then(pl.lit("answered")).otherwise(pl.lit("open")),
        center_code=pl.lit("ELE"),
        feedback_count=pl.lit(1, pl.Int64),
    )
    return {rollups_of(FEEDBACK)[0].name: rollup.lazy()}


def months(made: Frames) -> pl.DataFrame:
    return monthly.several(made, [METRICS[name] for name in IDS], Filters(), AS_OF, end=AS_OF, first_date=FIRST)


PROCESSES = [(18.0, 100.0), (18.0, 30.0), (60.0, 60.0)]


@pytest.mark.parametrize(("a_month", "mean_days"), PROCESSES)
def test_each_month_counts_what_waited_at_its_end(a_month: float, mean_days: float) -> None:
    received, settled = drawn(np.random.default_rng(7), a_month, mean_days)
    found = months(frames(received, settled))
    assert found.height == 2 * monthly.MONTHS
    for row in found.iter_rows(named=True):
        end = (periods.month_end(row["month"]) - FIRST).days
        assert row["value"] == np.sum((end - received > IDS[row["metric_id"]]) & (settled > end) & (received <= end))


@pytest.mark.parametrize(("a_month", "mean_days"), PROCESSES)
def test_a_steady_process_is_no_signal_and_no_change_on_a_year_before(a_month: float, mean_days: float) -> None:
    rng = np.random.default_rng(20130930)
    view = View(cast(Any, None), Filters(to_date=AS_OF))
    targets = pl.DataFrame(schema={"metric_id": pl.String, "center_code": pl.String, "valid_from": pl.Date, "target_value": pl.Float64})
    told, charted, changes = [], [], []
    for _ in range(RUNS):
        seen = months(frames(*drawn(rng, a_month, mean_days)))
        told += [verdict.state for verdict in signals.verdicts(view, seen, targets).values()]
        for name in IDS:
            own = seen.filter(metric_id=name)
            charted.append(process.verdict(process.chart(own, "lower"), "lower").state)
            changes.append(own["value"][-1] - own["value"][-13])
    signal = (process.CONCERN, process.IMPROVEMENT, process.UP, process.DOWN)
    assert len(told) == 2 * RUNS
    assert sum(state in signal for state in told) <= 0.05 * len(told)
    # Why they are not judged: the chart of months that carry over finds signals where nothing changes.
    assert sum(state in signal for state in charted) > 0.05 * len(charted)
    assert abs(np.mean(changes)) < 4 * np.std(changes) / np.sqrt(len(changes))


def test_nothing_is_held_against_what_carries_over() -> None:
    items = pl.DataFrame(
        {"feedback_id": ["F1", "F2"], "linked_metric_id": ["feedback_open", "backlog"], "effective_date": [month(12), month(12)]}
    )
    months_of = series(flat(12, [20.0] * 8))
    found = moved.judged(items, {"F1": months_of, "F2": months_of})
    assert found["state"].to_list() == [moved.UNJUDGED, moved.MOVED]
    assert found["reason"][0].startswith("the same pieces wait from month to month")
    assert found.select("before", "after").row(0) == (12, 8)
    assert "not judged by months" in signalwords.said(process.Verdict(process.CARRIED, 0))
