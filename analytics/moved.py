"""You said, we did, did it move? What feedback led to, held against the months before it by one rule.

Method: the limits of a process chart (`analytics.process`) are frozen from up to 24 settled months before the month in which what was done
came into force, and the settled whole months after it are held against them. Months that are still reported, gaps and start-ups do not
count on either side, nor does the month in which it began. The rule, on the side that the metric's direction calls better:

* **moved**: the last seven months after are all better than the average before, or two of the last six lie beyond the limit;
* **too early**: fewer than six months after;
* **not moved**: neither;
* **cannot be judged**: fewer than twelve months before, events too rare, no better side, the months before were moving there already, or
  the number is a stock of few pieces that wait for months (`monthly.UNCHARTED`).

It says that a number moved after something was done, not that it moved because of it. `tests/simulation/test_moved_rule.py` measures how
often chance alone is called a move.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from analytics import monthly, periods, process
from analytics.exc import QueryError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.rollups import Frames

MOVED: Final = "moved"
NOT_MOVED: Final = "not moved"
TOO_EARLY: Final = "too early"
UNJUDGED: Final = "cannot be judged"
STATES: Final = (MOVED, NOT_MOVED, TOO_EARLY, UNJUDGED)

#: Settled months before that limits rest on: at least and at most.
LEAST_BEFORE: Final = process.LEAST
MOST_BEFORE: Final = 24
#: Settled whole months after, with fewer of which it is too early.
LEAST_AFTER: Final = 6
#: Of the last six months after, so many beyond the limit are a move.
BEYOND: Final = 2
#: Months that are asked for: those before, and a year and more after.
SPAN: Final = 48
#: Statuses of feedback that led to something.
DONE: Final = ("implemented", "partly_implemented")


class Judgement(NamedTuple):
    """What the rule says of one series."""

    state: str
    reason: str
    #: Settled months that count, before and after.
    before: int
    after: int
    centre: float | None = None
    lower: float | None = None
    upper: float | None = None
    #: Mean of the settled months after.
    mean_after: float | None = None


def effects(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the feedback that can be held against a number: it led to something, from a known day on, and names a metric of the registry."""
    done = pl.col("status").is_in(DONE) & pl.col("effective_date").is_not_null() & pl.col("linked_metric_id").is_in([*METRICS])
    return rows.filter(done).sort(["effective_date", "feedback_id"], descending=[True, False])


def judge(series: pl.DataFrame, effective: dt.date, direction: str) -> Judgement:
    """Hold the months after a day against those before it.

    Args:
        series: `month`, `value`, `provisional`, `starting`: one metric and slice, in any order.
        effective: Day from which what was done holds.
        direction: Which way is better: `higher`, `lower` or `neither`.
    """
    before, after = _sides(series, effective)
    counts = before.height, after.height
    if direction == "neither":
        return Judgement(UNJUDGED, "neither way is better for this number", *counts)
    if before.height < LEAST_BEFORE:
        return Judgement(UNJUDGED, f"{before.height} of the {LEAST_BEFORE} settled months that are needed before it", *counts)
    drawn = process.chart(before, direction)
    centre, lower, upper = (float(drawn[name][-1]) for name in ("centre", "lower", "upper"))
    values = after["value"].cast(pl.Float64).to_list()
    found = Judgement("", "", *counts, centre, lower, upper, sum(values) / len(values) if values else None)
    if (before["value"] == 0).sum() >= process.RARE_SHARE * before.height:
        return found._replace(state=UNJUDGED, reason="it happens too rarely for limits")
    if process.verdict(drawn, direction).state == process.IMPROVEMENT:
        return found._replace(state=UNJUDGED, reason="it was improving before already")
    if after.height < LEAST_AFTER:
        return found._replace(state=TOO_EARLY, reason=f"{after.height} of the {LEAST_AFTER} settled months that are needed after it")
    sign = 1 if direction == "higher" else -1
    # Limits lie at the same distance on both sides of the centre.
    state, reason = _ruled([sign * (value - centre) for value in values], (upper - lower) / 2)
    return found._replace(state=state, reason=reason)


def _ruled(better: Sequence[float], limit: float) -> tuple[str, str]:
    """Apply the rule to months after, written as how much better each is than the average before; worse ones are told by the same rule."""
    if told := _told(better, limit, "better"):
        return MOVED, told
    return NOT_MOVED, _told([-value for value in better], limit, "worse") or "no move beyond chance is found"


def _told(ahead: Sequence[float], limit: float, word: str) -> str:
    """Say what takes the months after beyond chance on one side of the average before; empty for nothing."""
    hair = 1e-9 * max(abs(limit), 1e-9)
    if len(ahead) >= process.RUN and all(value > hair for value in ahead[-process.RUN :]):
        return f"the last {process.RUN} months are all {word} than the average before"
    beyond = sum(value > limit + hair for value in ahead[-LEAST_AFTER:])
    return f"{beyond} of the last {LEAST_AFTER} months are {word} than the limit of before" if beyond >= BEYOND else ""


def _sides(series: pl.DataFrame, effective: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the settled months before, at most 24, and the settled whole months after."""
    settled = series.filter(~pl.col("provisional") & pl.col("value").is_not_null() & ~pl.col("starting")).sort("month")
    began = periods.month_start(effective)
    return settled.filter(pl.col("month") < began).tail(MOST_BEFORE), settled.filter(pl.col("month") >= effective)


def chart(series: pl.DataFrame, effective: dt.date, judgement: Judgement, direction: str) -> pl.DataFrame:
    """Draw the frame of a process chart with the limits of before over all months (`ui.charts.process_chart`).

    Returns:
        The months with `centre`, `lower`, `upper` (null without limits), `side` (`before`, `began` or `after`), `rule` and `meaning`:
        the months after that are beyond the limits.
    """
    lines = {name: pl.lit(getattr(judgement, name), pl.Float64) for name in ("centre", "lower", "upper")}
    shown = series.sort("month").with_columns(**lines)
    began, after = periods.month_start(effective), pl.col("month") >= effective
    counts = after & ~pl.col("provisional") & ~pl.col("starting")
    outside = process.outside_limits(pl.col("value"), pl.col("lower"), pl.col("upper"))
    ruled = shown.with_columns(
        side=pl.when(after).then(pl.lit("after")).when(pl.col("month") < began).then(pl.lit("before")).otherwise(pl.lit("began")),
        rule=pl.when(counts).then(outside),
    )
    return ruled.with_columns(meaning=process.meaning(pl.col("rule"), direction))


def histories(frames: Frames, items: pl.DataFrame, as_of: dt.date, first_date: dt.date) -> dict[str, pl.DataFrame]:
    """Ask the months of what each item is linked to: each metric and work type once, by Center.

    Args:
        frames: Rollups at hand.
        items: `feedback_id`, `linked_metric_id`, `linked_center_code` (null for all), `linked_work_type` (null for all).
        as_of: Last day that has happened.
        first_date: First day of the data.

    Returns:
        `feedback_id` -> its months (`monthly.several`); items whose slice the reader does not reach, or that has no month, are left out.
    """
    slices = items.with_columns(by=pl.col("linked_center_code").is_not_null()).partition_by(
        ["linked_work_type", "by"], as_dict=True, maintain_order=True
    )
    found: dict[str, pl.DataFrame] = {}
    for (work, by), part in slices.items():
        for metric_id in part["linked_metric_id"].unique(maintain_order=True):
            metric = METRICS[metric_id]
            filters = Filters(work_types=(str(work),)) if work and "work_type" in metric.dimensions else Filters()
            try:
                months = monthly.several(
                    frames, [metric], filters, as_of, end=as_of, first_date=first_date, by=["center"] if by else [], months=SPAN
                )
            except (QueryError, pl.exceptions.PolarsError, OSError):  # below what the role reaches, or damaged: the others still show
                continue
            for row in part.filter(linked_metric_id=metric_id).iter_rows(named=True):
                own = months.filter(pl.col("center") == row["linked_center_code"]) if by else months
                if own.height:
                    found[row["feedback_id"]] = own
    return found


def judged(items: pl.DataFrame, series: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Judge every item (`effects`) by its months (`histories`).

    Returns:
        The items with the fields of `Judgement`; a slice without months cannot be judged.
    """
    rows = []
    for row in items.iter_rows(named=True):
        own = series.get(row["feedback_id"])
        rows.append(_judged(row["linked_metric_id"], row["effective_date"], own))
    numbers = dict.fromkeys(("centre", "lower", "upper", "mean_after"), pl.Float64)
    schema = {"state": pl.String, "reason": pl.String, "before": pl.Int64, "after": pl.Int64, **numbers}
    return pl.concat([items, pl.DataFrame(rows, schema=schema, orient="row")], how="horizontal")


def _judged(metric_id: str, effective: dt.date, series: pl.DataFrame | None) -> Judgement:
    if series is None:
        return Judgement(UNJUDGED, "no month of this slice can be shown", 0, 0)
    if metric_id in monthly.UNCHARTED:
        reason = "the same pieces wait from month to month, so that chance alone would look like a move"
        return judge(series, effective, "neither")._replace(reason=reason)
    return judge(series, effective, METRICS[metric_id].direction)
