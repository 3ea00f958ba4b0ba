"""Key figures: a metric's value with its change on a year earlier, its trend, interval and number of cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from analytics import format, periods, process
from analytics.metrics import METRICS, Metric
from analytics.process import Verdict
from analytics.rollups import SAMPLE
from ui import changes, provisional, signals
from ui.board import KeyFigure
from ui.frame import View

_TOO_FEW: Final = "Too few"

#: What a metric's `n` counts, where it says more than the value itself.
_CASES: Final[dict[str, str]] = {
    "compliance_rate_major": "sampled lines",
    "compliance_rate_letter": "sampled lines",
    "net_revenue_gap_usd": "sampled lines",
    "revenue_collected_share": "sampled lines",
    "targeted_yield_share": "reviews",
    "time_to_complete_days": "reviews",
    "feedback_first_response_days": "pieces",
    "feedback_implemented_share": "closed",
    "feedback_closure_days": "pieces",
    "feedback_accepted_share": "with a position",
    "feedback_satisfied_share": "ratings",
    "inquiries_on_time_share": "inquiries",
    "first_contact_share": "answered",
    "satisfied_share": "ratings",
}

#: What `n` counts of other numbers, said with the facts behind them.
_OF: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "pending",
            "backlog",
            "past_due",
            "due_within_30",
            "clock_stopped",
            "pending_age_days",
            "controlled_age_days",
            "days_of_work",
            "oldest_days",
        ),
        "pending reviews",
    ),
    "clearance_rate": "receipts",
    "closed_on_time_share": "reviews completed",
    "rejected_share": "reviews completed",
    "work_changed_share": "reviews completed",
    "hours_per_review": "reviews completed",
}


def written(value: float | None, unit: str) -> str:
    """Write a metric's value by its unit."""
    return format.number(value, unit)


def key_figure(view: View, metric_id: str) -> KeyFigure:
    """Answer a metric as `key_figures` does."""
    return key_figures(view, [metric_id])[0]


def key_figures(view: View, metric_ids: Sequence[str]) -> list[KeyFigure]:
    """Answer metrics for the period, the same period a year earlier and each month of up to two years, and say what is a signal.

    Args:
        view: The page's question.
        metric_ids: Metrics, each asked three times; their process charts are worked out together.
    """
    told = signals.judged(view, metric_ids)
    return [_key_figure(view, METRICS[name], *told[name]) for name in metric_ids]


def _key_figure(view: View, metric: Metric, months: pl.DataFrame, verdict: Verdict) -> KeyFigure:
    trend = months.filter(pl.col("month") >= periods.months_back(view.end, 12))["value"].to_list()
    now = _row(view.ask(metric.id).to_dicts())
    before = _row(view.ask(metric.id, filters=view.earlier).to_dicts()) if view.earlier else {}
    change, unclear, late = _change(now, before, metric), changes.meet(now, before), provisional.of_metric(view, metric.id)
    clear = change is not None and changes.judge(view, metric.id, now, before, late) == changes.CLEAR
    interval = format.interval(now.get("low"), now.get("high"), metric.unit)
    figure = KeyFigure(
        metric_id=metric.id,
        label=signals.label(view, metric),
        value=_shown(now, metric),
        change=change.text if change else None,
        direction=change.direction if change else "flat",
        meaning=change.meaning if change and clear else "neutral",
        against=_against(view, change, unclear=unclear),
        interval=interval,
        n=" · ".join(filter(None, (format.sample(now.get("n"), _CASES[metric.id]) if metric.id in _CASES else "", late.words))),
        trend=tuple(trend),
        provisional=now.get("quality") == "provisional" or late.provisional,
        definition=metric.definition,
        facts=_facts(now, metric, interval),
    )
    return with_signal(figure, view, verdict, metric.unit)


def with_signal(figure: KeyFigure, view: View, verdict: Verdict, unit: str) -> KeyFigure:
    """Say on a figure, and with the facts behind it, what a process chart says of its series."""
    clause = signals.target_clause(verdict, unit)
    return replace(
        figure,
        signal=signals.dated(verdict, view),
        signal_tone=signals.TONES.get(verdict.state, "none"),
        assurance=_assured(verdict, unit),
        facts=(*figure.facts, ("Signal", signals.sentence(verdict)), *([("Target", clause)] if clause else [])),
    )


def of_metric(figure: KeyFigure, view: View, metric_id: str | None = None) -> KeyFigure:
    """Say on a figure what the process chart of its metric (or of another) says under the page's filters."""
    name = metric_id or figure.metric_id
    return with_signal(figure, view, signals.judged(view, [name])[name][1], METRICS[name].unit)


def said(figure: KeyFigure, words: str, why: str, tone: str = "none") -> KeyFigure:
    """Say on a figure that has no process chart what else tells signal from noise, or that nothing does, and why."""
    return replace(figure, signal=words, signal_tone=tone, facts=(*figure.facts, ("Signal", why)))


_ASSURED: Final = {
    process.MEETS: "months will reliably meet",
    process.FAILS: "months won’t reliably meet",
    process.MAY: "a month may or may not meet",
}


def _assured(verdict: Verdict, unit: str) -> str:
    """Say in a few words whether months will meet the target; the interval of the period may lie on one side of it all the same."""
    return f"{_ASSURED[verdict.assurance]} the target, {format.number(verdict.target, unit)}" if verdict.assurance else ""


def _facts(now: dict[str, Any], metric: Metric, interval: str) -> tuple[tuple[str, str], ...]:
    """List what stands behind a number: how it is computed, of how many, and how sure."""
    cases = format.sample(now.get("n"), _CASES.get(metric.id, _OF.get(metric.id, ""))).removeprefix("n = ")
    sampled = metric.unit in ("share", "days") or metric.family.name == SAMPLE.name
    return (
        ("Formula", metric.formula),
        ("n", cases or format.NONE),
        ("95% interval", interval.removeprefix("95% interval ") or (format.NONE if sampled else "none, all cases are counted")),
        ("Metric id", metric.id),
    )


def _row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return rows[0] if rows else {}


def _against(view: View, change: format.Change | None, *, unclear: bool) -> str:
    if change is None:
        return "no earlier year to compare" if view.earlier is None else ""
    if change.text == "new" or change.text.startswith("from"):
        return "none a year earlier" if change.text == "new" else "a year earlier"
    return "vs a year earlier, may be chance" if unclear else "vs a year earlier"


def _shown(row: dict[str, Any], metric: Metric) -> str:
    if row.get("quality") == "too_few":
        return _TOO_FEW
    if row.get("value") is None and metric.unit == "days":
        return "Not reached" if row.get("n") else format.NONE
    return written(row.get("value"), metric.unit)


def _change(now: dict[str, Any], before: dict[str, Any], metric: Metric) -> format.Change | None:
    """Compare counts and dollars in per cent, shares in points, days and ratios as they are."""
    after, earlier = now.get("value"), before.get("value")
    if metric.unit in ("count", "usd"):
        if earlier == 0 and after:
            return format.Change("new", "up", "neutral")
        return format.relative_change(after, earlier, better=metric.direction, kind=metric.unit)
    if metric.unit == "ratio" and after is not None and earlier is not None:
        change = format.change(after * 100, earlier * 100, "count", better=metric.direction)
        return change and change._replace(text=format.fixed(abs(after - earlier), 2))
    return format.change(after, earlier, metric.unit, better=metric.direction)
