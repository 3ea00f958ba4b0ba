"""Key figures: a metric's value with its change on a year earlier, its trend, interval and number of cases."""

from __future__ import annotations

from typing import Any, Final

from analytics.metrics import METRICS, Metric
from ui import format, provisional
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
    "inquiries_on_time_share": "inquiries",
    "first_contact_share": "answered",
    "satisfied_share": "ratings",
}


def written(value: float | None, unit: str) -> str:
    """Write a metric's value by its unit."""
    return format.number(value, unit)


def key_figure(view: View, metric_id: str) -> KeyFigure:
    """Answer a metric for the period, the same period a year earlier and each month of the last year."""
    metric = METRICS[metric_id]
    now = _row(view.ask(metric_id).to_dicts())
    before = _row(view.ask(metric_id, filters=view.earlier).to_dicts()) if view.earlier else {}
    months = view.ask(metric_id, "month", filters=view.trend)
    change, unclear = _change(now, before, metric), _overlap(now, before)
    late = provisional.of_metric(view, metric_id)
    return KeyFigure(
        metric_id=metric_id,
        label=metric.name,
        value=_shown(now, metric),
        change=change.text if change else None,
        direction=change.direction if change else "flat",
        meaning="neutral" if change is None or unclear or late.hides(now.get("value"), before.get("value")) else change.meaning,
        against=_against(view, change, unclear=unclear),
        interval=format.interval(now.get("low"), now.get("high"), metric.unit),
        n=" · ".join(filter(None, (format.sample(now.get("n"), _CASES[metric_id]) if metric_id in _CASES else "", late.words))),
        trend=tuple(months["value"].cast(float).to_list()),
        provisional=now.get("quality") == "provisional" or late.provisional,
        definition=metric.definition,
    )


def _row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return rows[0] if rows else {}


def _overlap(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Say whether both values have intervals and these meet: then the change may be none."""
    ends = [row[end] for row in (now, before) for end in ("low", "high") if row.get(end) is not None]
    return len(ends) == 4 and bool(ends[0] <= ends[3] and ends[2] <= ends[1])


def _against(view: View, change: format.Change | None, *, unclear: bool) -> str:
    if change is None:
        return "no earlier year to compare" if view.earlier is None else ""
    return "vs a year earlier, no clear change" if unclear else "vs a year earlier"


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
        return format.relative_change(after, earlier, better=metric.direction)
    if metric.unit == "ratio" and after is not None and earlier is not None:
        change = format.change(after * 100, earlier * 100, "count", better=metric.direction)
        return change and change._replace(text=format.fixed(abs(after - earlier), 2))
    return format.change(after, earlier, metric.unit, better=metric.direction)
