"""Asking a rollup: flows summed over a period, stocks on its days.

Every question has the same parts: frames, filters, an as-of date after which nothing has happened yet, and the dimensions
to show it by. Dimensions are the filters' names plus `month`, `quarter`, `fiscal_year` and `district`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics import periods
from analytics.exc import QueryError
from analytics.filters import DIMENSIONS, Filters, column_of
from analytics.rollups import ByMonth, Family, Frames, route, smallest

TIMES: Final[tuple[str, ...]] = ("month", "quarter", "fiscal_year")
GROUPINGS: Final[tuple[str, ...]] = (*DIMENSIONS, "district", *TIMES)

#: The first day of anything, and of a fiscal year; a period without a beginning starts here.
BEGINNING: Final = dt.date(1, 10, 1)


@dataclass(frozen=True)
class Span:
    """The days of a question, both ends counted; `start` is `BEGINNING` when the period has none."""

    start: dt.date
    end: dt.date


def span(filters: Filters, as_of: dt.date) -> Span:
    """Return the filters' period, ended by the as-of date."""
    return Span(filters.from_date or BEGINNING, min(filters.to_date or as_of, as_of))


def check_groupings(by: Sequence[str]) -> None:
    """Refuse a grouping that is none.

    Raises:
        QueryError: an unknown or repeated grouping, or more than one of time.
    """
    unknown = [name for name in by if name not in GROUPINGS]
    if unknown:
        raise QueryError(f"Cannot show a number by “{unknown[0]}”; choose among {', '.join(GROUPINGS)}.")
    if len(set(by)) < len(by) or sum(name in TIMES for name in by) > 1:
        raise QueryError("Name each grouping once, and at most one of month, quarter and fiscal_year.")


def needed(filters: Filters, by: Sequence[str]) -> set[str]:
    """Return the dimensions that a rollup must have to answer."""
    groups = {"port" if name == "district" else name for name in by if name not in TIMES}
    return groups | set(filters.used)


def time_label(name: str, date: pl.Expr) -> pl.Expr:
    """Return the label of a date's month, fiscal quarter or fiscal year."""
    labels = {"month": periods.month_label, "quarter": periods.quarter_label, "fiscal_year": periods.fiscal_year_label}
    return labels[name](date)


def keys(by: Sequence[str], date: str = "date") -> list[pl.Expr]:
    """Return, for each grouping, what rows are grouped by, named as the grouping; `labelled` turns it into words.

    Groups are numbers and dates until they are summed: words for each row would take many times as long.
    """
    return [_key(name, pl.col(date)).alias(name) for name in by]


def _key(name: str, date: pl.Expr) -> pl.Expr:
    if name == "fiscal_year":
        return periods.fiscal_year_of(date)
    if name in TIMES:
        return date.dt.truncate({"month": "1mo", "quarter": "1q"}[name])
    if name == "district":
        return pl.col("port_code").cast(pl.String).str.slice(0, 2)
    return pl.col(column_of(name))


def labelled(frame: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Give the groups of `keys` their labels; other columns stay."""
    words = {"fiscal_year": periods.fiscal_year_words, "quarter": periods.quarter_label, "month": periods.month_label}
    labels = [
        (words[name](pl.col(name)) if name in words else pl.col(name).cast(pl.String)).alias(name) for name in by if name in GROUPINGS
    ]
    return frame.with_columns(labels)


def rows(
    frames: Frames,
    family: Family,
    filters: Filters,
    as_of: dt.date,
    by: Sequence[str] = (),
    *,
    measures: Sequence[str] | None = None,
    to_end: bool = False,
    joined: dt.date | None = None,
) -> pl.LazyFrame:
    """Return the filtered rows of the family's smallest fitting rollup, with the columns of `keys` added.

    Args:
        frames: Rollups at hand.
        family: Family asked.
        filters: What is kept; its period cuts `date`.
        as_of: Last day that has happened.
        by: Groupings.
        measures: Measures that are needed; null for all.
        to_end: Keep everything up to the period's end, as stocks need.
        joined: Whole fiscal years before this day may come in one piece, dated by their first day.
    """
    check_groupings(by)
    days = span(filters, as_of)
    start = BEGINNING if to_end else days.start
    wanted = needed(filters, by)

    def narrowed() -> pl.LazyFrame:
        frame = route(frames, family, wanted, start, days.end, joined)
        return frame.filter(filters.predicate()) if filters.used else frame

    rollup = smallest(frames, family, wanted)
    # A page asks many questions of one choice of filters. Where the filters alone ask for the rollup, all of them begin with these rows.
    if filters.used and isinstance(frames, ByMonth) and rollup == smallest(frames, family, filters.used):
        columns = [*rollup.group, *(family.measures if measures is None else measures)]
        choice = start, days.end, joined, filters.between(None, None)
        return frames.kept(rollup.name, choice, columns, narrowed).with_columns(keys(by))
    return narrowed().with_columns(keys(by))


def flows(
    frames: Frames, family: Family, measures: Sequence[str], filters: Filters, as_of: dt.date, by: Sequence[str] = ()
) -> pl.DataFrame:
    """Sum measures over the period.

    Returns:
        The `by` columns and the measures; one row a group that has any, in order; one row of sums without `by`.
    """
    apart = {"month", "quarter"} & set(by)
    found = rows(frames, family, filters, as_of, by, measures=measures, joined=None if apart else periods.FAR)
    return summed(found, measures, by)


def summed(frame: pl.LazyFrame, measures: Sequence[str], by: Sequence[str]) -> pl.DataFrame:
    """Sum measures of a frame by groups, in the order of their labels."""
    sums = [pl.col(measure).sum() for measure in measures]
    lazy = labelled(frame.group_by(by).agg(sums), by).sort(by) if by else frame.select(sums)
    return lazy.collect(engine="in-memory")


def bucket_ends(name: str | None, days: Span, first: dt.date) -> list[dt.date]:
    """List the last day of each month, fiscal quarter or fiscal year of a span; the last one ends with the span.

    Without a name there is one bucket. A span without a beginning starts at `first`.
    """
    if name is None:
        return [days.end]
    start = min(max(days.start, first), days.end)
    months = {"month": 1, "quarter": 3, "fiscal_year": 12}[name]
    ends, day = [], periods.month_start(start)
    while day <= days.end:
        end = periods.month_end(day)
        # Fiscal quarters and years end in months that divide the year counted from October.
        if (end.month + 2) % months == months - 1 or end >= days.end:
            ends.append(min(end, days.end))
        day = periods.next_month(day)
    return ends


def bucket_end(name: str, date: pl.Expr, days: Span) -> pl.Expr:
    """Return the last day of the bucket of a date; what was before the span lies in its first one."""
    day = pl.max_horizontal(date, days.start)
    if name == "fiscal_year":
        last = pl.date(periods.fiscal_year_of(day), 9, 30)
    else:
        last = day.dt.month_end() if name == "month" else day.dt.truncate("1q").dt.offset_by("2mo").dt.month_end()
    return pl.min_horizontal(last, days.end)


def stocks(
    frames: Frames, family: Family, measures: Sequence[str], filters: Filters, as_of: dt.date, by: Sequence[str] = ()
) -> pl.DataFrame:
    """Count what is there at the end of the period, or at the end of each month, quarter or fiscal year of it.

    Returns:
        The `by` columns, the measures (the running sum of the net changes up to the bucket's last day) and that day as `end`.
        Every group has every bucket from the first in which anything was seen; groups that are empty throughout are absent.
    """
    time = next((name for name in by if name in TIMES), None)
    others = [name for name in by if name != time]
    # What was there before the first bucket ends needs no date of its own.
    joined = periods.FAR if time is None else span(filters, as_of).start
    frame = rows(frames, family, filters, as_of, others, measures=measures, to_end=True, joined=joined)
    return running(frame, measures, span(filters, as_of), by)


def running(frame: pl.LazyFrame, measures: Sequence[str], days: Span, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum changes up to the end of a span, or up to the end of each month, quarter or fiscal year of it.

    Args:
        frame: `date` of a change, none after the span's end, the columns of `keys` but for that of time, and the measures.
        measures: What is summed.
        days: The span.
        by: Groupings.

    Returns:
        As `stocks`.
    """
    time = next((name for name in by if name in TIMES), None)
    others = [name for name in by if name != time]
    if time is None:
        return summed(frame, measures, others).with_columns(end=pl.lit(days.end))
    sums = [pl.col(measure).sum() for measure in measures]
    daily = frame.group_by([*others, "date"]).agg(sums).with_columns(end=bucket_end(time, pl.col("date"), days))
    changes = daily.group_by([*others, "end"]).agg(sums).sort("end").collect(engine="in-memory")
    first = changes["end"][0] if changes.height else days.end
    ends = pl.LazyFrame({"end": bucket_ends(time, days, first) if changes.height else []}, schema={"end": pl.Date})
    grid = changes.lazy().select(others).unique().join(ends, how="cross") if others else ends
    grid = grid.join(changes.lazy(), on=[*others, "end"], how="left").sort("end")
    running = pl.col(measures).fill_null(0).cum_sum()
    filled = grid.with_columns(running.over(others) if others else running)
    named = labelled(filled.with_columns(time_label(time, pl.col("end")).alias(time)), others)
    return named.select(*by, *measures, "end").sort(by).collect(engine="in-memory")


def result(frame: pl.DataFrame, by: Sequence[str], *extra: str, **columns: pl.Expr) -> pl.DataFrame:
    """Shape an answer: the `by` columns, `value`, `low`, `high`, `n`, `quality`, then extra columns; sorted by group."""
    empty = {"low": pl.lit(None, pl.Float64), "high": pl.lit(None, pl.Float64), "quality": pl.lit("ok")}
    shaped = frame.lazy().with_columns(**{name: expr for name, expr in empty.items() if name not in columns}).with_columns(**columns)
    ordered = shaped.select(*by, "value", "low", "high", pl.col("n").cast(pl.Int64), "quality", *extra)
    return (ordered.sort(by) if by else ordered).collect(engine="in-memory")
