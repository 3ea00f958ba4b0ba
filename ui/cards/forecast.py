"""Cards of the weeks ahead: the fan of pending, receipts, hours against people, each work type, and how past forecasts did."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from analytics import capacity, codes, forecast, format, projection, smoothing, standards, weekly
from analytics.projection import Projection
from ui import charts
from ui.board import Card, Column
from ui.cards.shared import empty, plural, with_chart
from ui.forecasting import Plan, level_words, short_of

#: Weeks of the past that the charts show.
_PAST_WEEKS: Final = 52
#: Half of the paths that an 80 % and a 95 % interval leave out at either end.
_ENDS: Final = {"low95": 0.025, "low": 0.1, "high": 0.9, "high95": 0.975}
#: A work type grows when at least so many more are expected in a year.
_GROWS: Final = 3
_WEEK: Final = dt.timedelta(days=7)


def without(plan: Plan, key: str, *, wide: bool = False) -> Card:
    """Draw a card without a forecast: it says why there is none."""
    everything = replace(plan.view, filters=plan.view.filters.between(None, None))
    card = empty(everything, key, short_of(plan), "receipts", wide=wide)
    if plan.learned.history is None:
        return card
    message = f"A forecast needs {weekly.LEAST_WEEKS} settled weeks of work. Loosen a filter, or come back later."
    return Card(key, card.title, card.subtitle, card.alt, None, pl.DataFrame(), (), wide=wide, empty=message)


def held_words(plan: Plan) -> str:
    """Say which weeks are not learned from, and why."""
    held = plan.history.held_back
    if not held:
        return "All weeks are settled."
    return (
        f"Completions are recorded up to about 20 days late, so the last {plural(held, 'week')} {'is' if held == 1 else 'are'} not learned "
        f"from: the projection starts on {format.date(plan.history.settled_to)} and runs through them with the receipts that are known."
    )


def rule_words(plan: Plan) -> str:
    """Say what completions follow in the projection, and why."""
    if plan.learned.completions_rule == projection.PACE:
        return "Completions keep their pace, which missed pending less in the past than a share of the pile."
    young = plan.history.begun < smoothing.YEAR // 2
    why = "the history is young" if young else "in the past this missed pending no more than a steady pace"
    return f"Completions are a steady share of what is there: {why}."


def _fan_rows(shown: Projection) -> pl.DataFrame:
    """Return the fan by week, from the last settled week, when it has no width yet."""
    days = [shown.history.settled_to, *shown.sundays]
    levels = {name: [shown.start, *shown.quantile(share).tolist()] for name, share in {"mid": 0.5, **_ENDS}.items()}
    return pl.DataFrame({"day": days, **levels})


def pending_fan(plan: Plan) -> Card:
    """Where pending is heading, with the level to reach and when it is reached."""
    key = "pending_fan"
    if not plan.ready:
        return without(plan, key, wide=True)
    history, shown, level = plan.history, plan.shown, plan.level
    last = shown.sundays[-1]
    low, high = (float(shown.quantile(share)[-1]) for share in (0.1, 0.9))
    title = f"At this rate {format.count(low)} to {format.count(high)} reviews are pending on {format.date(last)}; {format.count(level)} is the level to reach"
    total = history.pending.sum(axis=1)
    past = _past(history, total)
    rows = _fan_rows(shown)
    table = pl.concat([past.select("day", pending="value"), rows.rename({"mid": "p50"})], how="diagonal").sort("day")
    marks = []
    if not shown.there(level):
        reached = [(share, shown.week_cleared(level, share)) for share in (0.5, 0.9)]
        marks = [(day, f"{'1 in 2' if share == 0.5 else '9 in 10'} {format.date(day)}") for share, day in reached if day]
    options: dict[str, Any] = {
        "changed": rows if plan.changed else None,
        "target": (level, f"to reach: {format.count(level)}"),
        "marks": marks,
    }
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending reviews at week’s end, and the 80% and 95% range of 2,000 simulated paths; marks: chance to be down by then"
            f"{'; grey: without the what-ifs' if plan.changed else ''} · {plan.narrowed}",
            alt=f"{title}. Pending was {format.count(total[history.settled - 1])} on {format.date(history.settled_to)}.",
            chart=None,
            table=table,
            columns=(
                Column("day", "Week to", "date"),
                Column("pending", "Pending, recorded", "count"),
                Column("p50", "Expected", "count"),
                Column("low", "80% low", "count"),
                Column("high", "80% high", "count"),
                Column("low95", "95% low", "count"),
                Column("high95", "95% high", "count"),
            ),
            metric_ids=("pending", "backlog", "receipts", "completions"),
            wide=True,
            note=f"To reach: {level_words(plan)}. {held_words(plan)} {rule_words(plan)} Paths wander by stretches of "
            f"{projection.BLOCK_WEEKS} weeks of past errors; transfers are left out.",
        ),
        charts.fan,
        past,
        _fan_rows(plan.base),
        noun="pending",
        **options,
    )


def _past(history: weekly.History, values: Any, *, provisional: bool = True) -> pl.DataFrame:
    first = max(history.length - _PAST_WEEKS, 0)
    weeks = range(first, history.length)
    return pl.DataFrame(
        {
            "day": [history.end(week + 1) for week in weeks],
            "value": [float(values[week]) for week in weeks],
            "provisional": [provisional and week >= history.settled for week in weeks],
        }
    )


def receipts(plan: Plan) -> Card:
    """How much is likely to come in, week by week."""
    key = "receipts_forecast"
    if not plan.ready:
        return without(plan, key)
    history, expected = plan.history, plan.outlook.expected
    total = history.receipts.sum(axis=1)
    before, coming = float(total[-13:].mean()), float(expected.total[:13].mean())
    change = format.relative_change(coming, before)
    moved = (
        "as many as"
        if change is None or change.direction == "flat"
        else f"up {change.text}"
        if format.grown(coming, before)
        else f"{change.text} {'more' if change.direction == 'up' else 'fewer'} than"
    )
    title = f"About {format.fixed(coming, 0 if coming >= 10 else 1)} reviews a week are expected over the next 13 weeks, {moved} in the 13 before"
    count = smoothing.YEAR
    rows = pl.DataFrame({"day": [history.known_to + step * _WEEK for step in range(1, count + 1)], "mid": expected.total[:count]})
    if expected.bounds:
        (low, high), (low95, high95) = expected.bounds[0.8], expected.bounds[0.95]
        rows = rows.with_columns(low=low[:count], high=high[:count], low95=low95[:count], high95=high95[:count])
    else:
        rows = rows.with_columns(**dict.fromkeys(("low", "high", "low95", "high95"), pl.lit(None, pl.Float64)))
    past = _past(history, total, provisional=False)
    table = pl.concat([past.select("day", receipts="value"), rows.rename({"mid": "expected"})], how="diagonal").sort("day")
    tested = "with the range that held 80% and 95% in its past" if expected.bounds else "too young to give a range"
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Receipts each week and their forecast, {tested} · {plan.narrowed}",
            alt=f"{title}.",
            chart=None,
            table=table,
            columns=(
                Column("day", "Week to", "date"),
                Column("receipts", "Receipts", "count"),
                Column("expected", "Expected", "count"),
                Column("low", "80% low", "count"),
                Column("high", "80% high", "count"),
                Column("low95", "95% low", "count"),
                Column("high95", "95% high", "count"),
            ),
            metric_ids=("receipts",),
            note=f"Forecast by work type: {forecast.words(expected.model)}, {_why(plan)} Short surges are cut before the level is learned.",
        ),
        charts.fan,
        past,
        rows,
        noun="receipts",
    )


def _why(plan: Plan) -> str:
    """Say why this model is used."""
    if plan.outlook.skill is False:
        return "because no model that was tested has been better."
    if plan.outlook.skill is None:
        return "untested against a year earlier: that takes more than a year of history."
    return f"which missed least in the tests up to {forecast.TESTED} weeks ahead."


def hours(plan: Plan) -> Card:
    """Hours of review that come in each week, against those that completions took and those that people have."""
    key = "hours"
    if not plan.ready:
        return without(plan, key)
    history, staffing = plan.history, plan.learned.staffing
    each = capacity.hours_by_type(history, staffing)
    if each is None:
        card = empty(plan.view, key, "Hours were recorded for too few reviews to compare work with people", "receipts")
        message = "A mean of hours needs ten reviews with hours recorded. Loosen a filter."
        return Card(key, card.title, card.subtitle, card.alt, None, pl.DataFrame(), (), empty=message)
    coming = plan.outlook.expected.by_type[:13].mean(axis=0)
    rows = pl.DataFrame(
        {
            "label": [codes.WORK_TYPES[name] for name in history.types],
            "needed": coming * each,
            "spent": history.pace * each,
            "hours_each": each,
            "own": [name in staffing.hours for name in history.types],
            "receipts": coming,
            "completions": history.pace,
        }
    ).sort(["needed", "label"], descending=[True, False])
    needed, spent = float(rows["needed"].sum()), float(rows["spent"].sum())
    title = _hours_title(needed, spent, history.settled_to)
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Hours of review a week: expected receipts of the next 13 weeks, and completions of {weekly.PACE_WEEKS} weeks to "
            f"{format.date(history.settled_to)} · {plan.narrowed}",
            alt=f"{title}.",
            chart=None,
            table=rows.with_columns(own=pl.when("own").then(pl.lit("own")).otherwise(pl.lit("too few: mean of the others"))),
            columns=(
                Column("label", "Work type", "text"),
                Column("needed", "Hours that come in", "count"),
                Column("spent", "Hours completed", "count"),
                Column("hours_each", "Hours for a review", "ratio"),
                Column("own", "Hours from", "text"),
                Column("receipts", "Receipts a week", "ratio"),
                Column("completions", "Completions a week", "ratio"),
            ),
            metric_ids=("receipts", "completions", "hours_per_review", "staff_on_board"),
            note=f"Hours for a review: means of the year to {format.date(history.settled_to)}. {_people_words(plan, spent)}",
        ),
        charts.bars,
        rows,
        "label",
        "needed",
        previous="spent",
        previous_label="completed",
    )


def _hours_title(needed: float, spent: float, to: dt.date) -> str:
    gap = int(format.rounded(needed) - format.rounded(spent))
    takes = plural(int(format.rounded(needed)), "hour")
    words = f"Work of the next {weekly.PACE_WEEKS} weeks takes {takes} a week, completions took {format.count(spent)} in the {weekly.PACE_WEEKS} to {format.date(to)}"
    return f"{words}: {plural(abs(gap), 'hour')} {'short' if gap > 0 else 'to spare'}" if gap else f"{words}: in balance"


def _people_words(plan: Plan, spent: float) -> str:
    """Say what people could do, where they are known."""
    people, overtime = plan.learned.staffing.people, plan.what_if.overtime_share
    if people is None:
        return "People are known for Centers alone; choose Centers, without Port, to compare their hours."
    there = people if plan.what_if.people is None else plan.what_if.people
    full = capacity.productive_hours(there, overtime)
    share = f"; recorded reviews took {format.share(spent / capacity.productive_hours(people))} of today’s" if people else ""
    return (
        f"{plural(there, 'person', 'people')} × {format.count(capacity.PRODUCTIVE_HOURS_A_YEAR)} productive hours a year = {format.count(full)} hours a week"
        f"{' with overtime' if overtime else ''}{share}. The rest goes to work that is not recorded as reviews, or to reviews outside these filters."
    )


def _a_week(value: float) -> str:
    """Write a number a week finely enough that small rows add up over a year."""
    return format.fixed(value, 1 if value >= 10 else 2)


def by_type(plan: Plan) -> Card:
    """Each work type by itself: which ones grow, and where they end."""
    key = "types_ahead"
    if not plan.ready:
        return without(plan, key)
    rows = _types_ahead(plan)
    title = _types_title(rows)
    said = rows.with_columns(
        pl.col("pending", "ahead").map_elements(format.count, pl.String),
        pl.col("receipts", "completions").map_elements(_a_week, pl.String),
    )
    day, end = format.date(plan.history.settled_to), format.date(plan.shown.sundays[-1])
    return with_chart(
        Card(
            key=key,
            title=title,
            subtitle=f"Pending of each work type on {day} and expected on {end}; receipts and completions expected a week between the two · "
            f"{plan.narrowed}",
            alt=f"{title}.",
            chart=None,
            table=rows,
            columns=_types_columns(day, end),
            metric_ids=("pending", "backlog", "receipts", "completions"),
            note=_types_note(plan, day, end),
        ),
        charts.words,
        said,
        "label",
        [("ahead", "In a year"), ("pending", day), ("receipts", "In a week"), ("completions", "Out a week")],
        bad=[(place, "ahead") for place, change in enumerate(rows["change"].to_list()) if change >= _GROWS],
    )


def _types_ahead(plan: Plan) -> pl.DataFrame:
    """Put together what is known and expected of each work type; the one that grows most first."""
    history, shown = plan.history, plan.shown
    last = history.settled - 1
    rows = pl.DataFrame(
        {
            "label": [codes.WORK_TYPES[name] for name in history.types],
            "pending": history.pending[last],
            "backlog": history.backlog[last],
            "receipts": shown.came_by_type.mean(axis=0),
            "completions": shown.done_by_type.mean(axis=0),
            "pace": history.pace,
            "ahead": np.asarray(shown.by_type[-1]),
            "standard": [standards.STANDARD_DAYS[name] for name in history.types],
        }
    ).with_columns(change=pl.col("ahead").map_elements(format.rounded, pl.Float64) - pl.col("pending"))
    return rows.sort(["change", "label"], descending=[True, False])


def _types_title(rows: pl.DataFrame) -> str:
    """Say how many work types grow, and which most."""
    growing, first = rows.filter(pl.col("change") >= _GROWS), rows.row(0, named=True)
    if growing.is_empty():
        return f"No work type is expected to grow by {_GROWS} reviews or more within a year"
    return (
        f"{plural(growing.height, 'work type')} of {rows.height} {'grows' if growing.height == 1 else 'grow'} by {_GROWS} or more within a year; "
        f"{first['label']} most, by {format.count(first['change'])}"
    )


def _types_columns(day: str, end: str) -> tuple[Column, ...]:
    """Return the columns of the table twin, between two days."""
    return (
        Column("label", "Work type", "text"),
        Column("pending", f"Pending on {day}", "count"),
        Column("backlog", f"Backlog on {day}", "count"),
        Column("receipts", "Receipts a week, expected", "ratio"),
        Column("completions", "Completions a week, expected", "ratio"),
        Column("pace", f"Completions a week, {weekly.PACE_WEEKS} weeks to {day}", "ratio"),
        Column("ahead", f"Pending on {end}", "count"),
        Column("change", "Change", "count"),
        Column("standard", "Standard (days)", "count"),
    )


def _types_note(plan: Plan, day: str, end: str) -> str:
    """Say how what comes in, what goes out and what is pending hang together."""
    keeps = (
        "People who run out of one kind of work take up the others."
        if plan.learned.completions_rule == projection.PACE
        else "Out is a share of what waits, not the past pace: it rises and falls with the pile."
    )
    return (
        f"In and out: a week in the mean of the {len(plan.shown.sundays)} weeks from {day} to {end}, so pending then is pending on {day} plus "
        f"what comes in less what goes out. Each work type is projected by itself and summed. {keeps}"
    )
