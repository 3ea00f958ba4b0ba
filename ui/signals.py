"""Signal or noise, in words: what cards and key figures ask and say of a process chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import polars as pl

from analytics import monthly, process
from analytics.metrics import METRICS
from analytics.process import Verdict
from ui import format
from ui.frame import View


def history(view: View, metric_id: str, provisional: Collection[dt.date] = ()) -> pl.DataFrame:
    """Return the months of a metric up to the period's end (`monthly.series`): one question."""
    return monthly.series(
        view.frames, METRICS[metric_id], view.filters, view.as_of, end=view.end, first_date=view.source.first_date, provisional=provisional
    )


def target_of(view: View, metric_id: str, targets: pl.DataFrame) -> float | None:
    """Return the target in force at the period's end: the Center's own when the view shows one Center, else that of all."""
    chosen = view.filters.centers
    return process.target_in_force(targets, metric_id, view.end, chosen[0] if len(chosen) == 1 else None)


def verdicts(view: View, histories: dict[str, pl.DataFrame], targets: pl.DataFrame) -> dict[str, Verdict]:
    """Judge the months of several metrics at once."""
    parts = [months.with_columns(metric_id=pl.lit(name)) for name, months in histories.items()]
    drawn = process.chart(pl.concat(parts), "neither", ["metric_id"]) if parts else pl.DataFrame()
    return {
        name: process.verdict(drawn.filter(pl.col("metric_id") == name), METRICS[name].direction, target_of(view, name, targets))
        for name in histories
    }


def target_clause(verdict: Verdict, unit: str) -> str:
    """Say whether the target will be met: `it will not reliably meet the target of 98.0%`; empty without one."""
    clauses = {
        process.MEETS: "it will reliably meet the target of",
        process.FAILS: "it will not reliably meet the target of",
        process.MAY: "it may or may not meet the target of",
    }
    return f"{clauses[verdict.assurance]} {format.number(verdict.target, unit)}" if verdict.assurance else ""
