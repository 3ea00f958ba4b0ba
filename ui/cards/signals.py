"""The card of a process chart: any metric by month, with what in it is a signal and whether its target will be met."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import polars as pl

from analytics import format, monthly, process, signalwords
from analytics.metrics import METRICS
from ui import charts, signals
from ui.board import Card, Column
from ui.cards.shared import empty, with_chart
from ui.frame import View

_UNITS: Final = {"usd": ", dollars", "share": ", share", "days": ", days"}
_STOCK: Final = " What waits carries over from month to month, so it leaves its limits more easily than what comes in."


def trend(
    view: View, metric_id: str, *, targets: pl.DataFrame | None = None, provisional: Collection[dt.date] = (), wide: bool = False
) -> Card:
    """Draw a metric's process chart over up to 24 months to the period's end.

    Args:
        view: The page's question.
        metric_id: Metric shown; any.
        targets: Targets (`Snapshot.targets`); null for the view's own.
        provisional: First days of months that are known to be incomplete: drawn, but no signal.
        wide: Whether the card takes the whole row.
    """
    metric, key = METRICS[metric_id], f"trend_{metric_id}"
    months = signals.history(view, metric_id, provisional)
    if months["value"].drop_nulls().is_empty():
        return empty(view, key, f"{metric.name}: no month to judge", metric_id, wide=wide)
    drawn = process.chart(months, metric.direction, floor=monthly.floor(metric), ceiling=monthly.ceiling(metric))
    verdict = process.verdict(drawn, metric.direction, signals.target_of(view, metric_id, view.targets if targets is None else targets))
    clause = signals.target_clause(verdict, metric.unit)
    title = f"{metric.name}: {signalwords.said(verdict)}" + (f"; {clause}" if clause else "")
    narrowed = ", ".join(view.filters.only(metric.dimensions).narrowed(view.labels)) or "all Centers and ports"
    first, last = drawn["month"][0], drawn["month"][-1]
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"{metric.name} by month{_UNITS.get(metric.unit, '')} · {narrowed} · {format.month(first)} to {format.month(last)}",
            alt=f"{title}.",
            chart=None,
            table=_table(drawn),
            columns=_columns(metric.unit),
            metric_ids=(metric_id,),
            wide=wide,
            note=_note(metric_id, drawn),
        ),
        charts.process_chart,
        drawn,
        kind=metric.unit,
        target=verdict.target,
    )


def _note(metric_id: str, drawn: pl.DataFrame) -> str:
    """Say what the lines are, and what does not count."""
    note = "Between the dotted limits months differ by chance: average ± 2.66 × the mean step from one month to the next."
    if drawn["upper"].null_count() == drawn.height:
        note = "Limits need at least three settled months."
    elif drawn["settled"].max() < process.LEAST:  # type: ignore[operator]
        note += " With fewer than 12 months they are too rough to judge by."
    if drawn["starting"].any():
        note += " Grey: the first months after it began, not counted."
    if drawn["provisional"].any():
        note += " Hollow: provisional, not counted."
    return note + (_STOCK if metric_id in monthly.STOCKS else "")


def _table(drawn: pl.DataFrame) -> pl.DataFrame:
    word = pl.col("meaning").replace_strict(
        {name: look.past for name, look in charts.process.LOOKS.items()}, default=None, return_dtype=pl.String
    )
    state = (
        pl.when(pl.col("provisional"))
        .then(pl.lit("provisional"))
        .when(pl.col("starting"))
        .then(pl.lit("start-up"))
        .otherwise(pl.col("quality"))
    )
    return drawn.with_columns(signal=pl.concat_str([word, pl.col("rule")], separator=": "), state=state)


def _columns(unit: str) -> tuple[Column, ...]:
    return (
        Column("month", "Month", "month"),
        Column("value", "Value", unit),
        Column("centre", "Average", unit),
        Column("lower", "Lower limit", unit),
        Column("upper", "Upper limit", unit),
        Column("signal", "Signal", "text"),
        Column("n", "n", "count"),
        Column("state", "Quality", "text"),
    )
