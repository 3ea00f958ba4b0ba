"""Signal or noise, in words: what cards and key figures ask and say of a process chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import polars as pl

from analytics import format, monthly, process
from analytics.metrics import METRICS
from analytics.process import Verdict
from ui.frame import View


def histories(view: View, metric_ids: Sequence[str], provisional: Collection[dt.date] = ()) -> pl.DataFrame:
    """Return the months of metrics up to the period's end (`monthly.several`): one question each."""
    metrics = [METRICS[name] for name in metric_ids]
    span = {"end": view.end, "first_date": view.source.first_date, "provisional": provisional}
    return monthly.several(view.frames, metrics, view.filters, view.as_of, **span)  # type: ignore[arg-type]


def history(view: View, metric_id: str, provisional: Collection[dt.date] = ()) -> pl.DataFrame:
    """Return the months of one metric."""
    return histories(view, [metric_id], provisional).drop("metric_id")


def target_of(view: View, metric_id: str, targets: pl.DataFrame) -> float | None:
    """Return the target in force at the period's end: the Center's own when the view shows one Center, else that of all."""
    chosen = view.filters.centers
    return process.target_in_force(targets, metric_id, view.end, chosen[0] if len(chosen) == 1 else None)


def verdicts(view: View, months: pl.DataFrame, targets: pl.DataFrame) -> dict[str, Verdict]:
    """Judge the months of several metrics (`histories`) at once; a metric without any month has no verdict."""
    drawn = process.chart(months, "neither", ["metric_id"]).partition_by("metric_id", as_dict=True)
    return {
        str(name): process.verdict(part, METRICS[str(name)].direction, target_of(view, str(name), targets))
        for (name,), part in drawn.items()
    }


def target_clause(verdict: Verdict, unit: str) -> str:
    """Say whether the target will be met: `it will not reliably meet the target of 98.0%`; empty without one."""
    clauses = {
        process.MEETS: "it will reliably meet the target of",
        process.FAILS: "it will not reliably meet the target of",
        process.MAY: "it may or may not meet the target of",
    }
    return f"{clauses[verdict.assurance]} {format.number(verdict.target, unit)}" if verdict.assurance else ""
