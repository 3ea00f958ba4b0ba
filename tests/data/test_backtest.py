"""The figures that docs/methods.md takes from a run: what they are made of is what the pages show, and the late tail slows what is young."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analytics import forecast, projection, weekly
from analytics.filters import Filters
from benchmarks import backtest
from data.demo.planted import single
from data.store import Snapshot

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("end", [dt.date(2012, 12, 31), dt.date(2013, 3, 31), dt.date(2013, 6, 30), dt.date(2013, 9, 30)])
def test_the_last_quarter_looks_slower_while_its_reports_arrive_and_others_do_not(analyst: Snapshot, end: dt.date) -> None:
    medians = backtest.last_quarter(analyst, end)
    recorded, before = medians["as_recorded"], medians["without_three_weeks"]
    assert recorded is not None
    assert before is not None
    truth = single("late_reporting")
    if truth.from_date <= end <= truth.to_date:
        assert end - dt.timedelta(weeks=weekly.HELD_BACK_WEEKS) < truth.from_date
        assert recorded >= before + 2
    else:
        assert abs(recorded - before) <= 1


def test_the_medians_are_those_of_the_facts(analyst: Snapshot) -> None:
    """Kaplan-Meier written out over single reviews."""
    review = analyst.facts("review").collect().to_arrow()  # noqa: F841 - DuckDB reads it by its name
    for name, end in (("as_recorded", analyst.as_of), ("without_three_weeks", analyst.as_of - dt.timedelta(weeks=3))):
        rows = duckdb.sql(
            f"""select coalesce(least(closed_date, date '{end}'), date '{end}') - opened_date as days, closed_date <= date '{end}' as done
                from review where opened_date between date '2013-07-01' and date '{end}'"""
        ).fetchall()
        still, median = 1.0, None
        for day in sorted({days for days, done in rows if done}):
            risk, ended = sum(days >= day for days, _ in rows), sum(days == day and bool(done) for days, done in rows)
            still *= 1 - ended / risk
            if still <= 0.5 + 1e-12:
                median = day
                break
        assert backtest.last_quarter(analyst, analyst.as_of)[name] == median


@pytest.mark.parametrize("centers", [(), ("PHC",)])
def test_drawn_receipts_are_on_average_the_forecast(analyst: Snapshot, centers: tuple[str, ...]) -> None:
    history = weekly.history(analyst.frames, Filters(centers=centers), analyst.as_of)
    assert history is not None
    outlook = forecast.outlook(history)
    drawn = projection.of_outlook(history, outlook).came[history.held_back :]
    each = drawn.mean(axis=0)
    error = each.std(axis=1) / each.shape[1] ** 0.5
    assert (abs(each.mean(axis=1) - outlook.expected.by_type.mean(axis=0)) <= 4 * error + 1e-12).all()


def test_the_command_prints_all_of_it(store: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.backtest", str(store)]
    printed = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert set(printed["past"]) == {"all", "PORT", "ELE", "PHC"}
    for judged in printed["past"].values():
        assert judged["receipts"]["weeks"] > 100
        assert 0.5 < judged["pending"]["covered_80"] <= judged["pending"]["covered_95"]
