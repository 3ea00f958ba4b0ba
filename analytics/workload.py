"""What comes in, what goes out, what is waiting and how old it is.

Pending on a day: opened on or before it and not closed on or before it. Backlog: pending for more days than the standard
of its work type. Past due: pending after its due date. All three hold on any day, because they are sums of dated changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from analytics import coding, cube, periods, standards, survival
from analytics.filters import Filters
from analytics.rollups import AGE_STATES, AGE_SUMS, AT_STAKE, DUE_STATES, STAYS, WORK, ByMonth, Frames, route, smallest


def _flow(measure: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    return cube.result(cube.flows(frames, WORK, [measure], filters, as_of, by), by, value=pl.col(measure), n=pl.col(measure))


def receipts(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count reviews opened in the period, under the holder that received them."""
    return _flow("receipts", frames, filters, as_of, by)


def completions(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count reviews closed in the period, under the holder that closed them."""
    return _flow("completions", frames, filters, as_of, by)


def _stock(measure: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    counted = cube.stocks(frames, WORK, sorted({measure, "pending_net"}), filters, as_of, by)
    return cube.result(counted, by, value=pl.col(measure), n=pl.col("pending_net"))


def pending(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count reviews open at the end of the period."""
    return _stock("pending_net", frames, filters, as_of, by)


def backlog(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count reviews open for longer than the standard of their work type at the end of the period."""
    return _stock("backlog_net", frames, filters, as_of, by)


def past_due(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count reviews open after their due date at the end of the period."""
    return _stock("past_due_net", frames, filters, as_of, by)


def due_within_30(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count reviews open at the end of the period that fall due within the 30 days after it."""
    counted = cube.stocks(frames, WORK, ["due_30_net", "past_due_net", "pending_net"], filters, as_of, by)
    return cube.result(counted, by, value=pl.col("due_30_net") - pl.col("past_due_net"), n=pl.col("pending_net"))


def _at_stake(measure: str, state: str, frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    counted = cube.stocks(frames, WORK, [measure, state], filters, as_of, by)
    return cube.result(counted, by, value=coding.dollars(pl.col(measure)), n=pl.col(state))


def past_due_value_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the entered value of the entries of reviews that are past due at the end of the period."""
    return _at_stake("past_due_value_net", "past_due_net", frames, filters, as_of, by)


def past_due_duty_usd(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum the estimated duty of the entries of reviews that are past due at the end of the period."""
    return _at_stake("past_due_duty_net", "past_due_net", frames, filters, as_of, by)


def clock_stopped(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count pending reviews whose clock stands at the end of the period."""
    return _stock("stopped_net", frames, filters, as_of, by)


def pending_age_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Average the gross age of the reviews pending at the end of the period: days since each was opened, whatever stopped meanwhile."""
    return _age(frames, filters, as_of, by, stopped=pl.lit(0))


def controlled_age_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Average the Center-controlled age of the reviews pending at the end of the period: gross age less the days on which the clock stood."""
    standing = pl.col("stopped_net") * pl.col("day") - pl.col("stop_day_net")
    return _age(frames, filters, as_of, by, stopped=pl.col("stopped_days_net") + standing)


def _age(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str], stopped: pl.Expr) -> pl.DataFrame:
    """Average age from sums: of the days opened, and of the days stopped, of what is pending."""
    counted = cube.stocks(frames, WORK, ["pending_net", *AGE_SUMS], filters, as_of, by)
    numbered = counted.with_columns(day=pl.col("end").cast(pl.Int32).cast(pl.Int64))
    days = pl.col("pending_net") * pl.col("day") - pl.col("opened_day_net") - stopped
    return cube.result(numbered, by, value=pl.when(pl.col("pending_net") > 0).then(days / pl.col("pending_net")), n=pl.col("pending_net"))


def clearance_rate(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide completions by receipts; above 1 the pile shrinks."""
    sums = cube.flows(frames, WORK, ["receipts", "completions"], filters, as_of, by)
    rate = pl.when(pl.col("receipts") > 0).then(pl.col("completions") / pl.col("receipts"))
    return cube.result(sums, by, value=rate, n=pl.col("receipts"))


def days_of_work(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide pending by the completions a business day of the 13 weeks before: how long the pile lasts at that pace."""
    time = next((name for name in by if name in cube.TIMES), None)
    others = [name for name in by if name != time]
    days = cube.span(filters, as_of)
    stock = cube.stocks(frames, WORK, ["pending_net"], filters, as_of, by)
    first = days.start if days.start > cube.BEGINNING else _first_day(frames, filters, as_of)
    pace = _paces(frames, filters, cube.bucket_ends(time, days, first), others, time)
    joined = stock.join(pace, on=by, how="left") if by else pl.concat([stock, pace], how="horizontal")
    return cube.result(
        joined,
        by,
        value=pl.when(pl.col("pending_net") == 0).then(0.0).when(pl.col("a_day") > 0).then(pl.col("pending_net") / pl.col("a_day")),
        n=pl.col("pending_net"),
    )


def _first_day(frames: Frames, filters: Filters, as_of: dt.date) -> dt.date:
    first = cube.rows(frames, WORK, filters, as_of, to_end=True).select(pl.col("date").min()).collect().item()
    return first if isinstance(first, dt.date) else as_of


def _paces(frames: Frames, filters: Filters, ends: Sequence[dt.date], others: Sequence[str], time: str | None) -> pl.DataFrame:
    """Completions a business day in the 91 days up to each end, by group: one question, however many ends."""
    if time is None:
        start = ends[0] - dt.timedelta(days=90)
        sums = cube.flows(frames, WORK, ["completions"], filters.between(start, ends[0]), ends[0], others)
        return sums.select(*others, a_day=pl.col("completions") / periods.business_days(start, ends[0]))
    starts = [end - dt.timedelta(days=90) for end in ends]
    wanted = cube.needed(filters, others)
    # Straight to the rollup: these spans are asked for here alone, and would push out the rows that a page's questions share.
    parts = [
        route(frames, WORK, wanted, start, end).filter(filters.predicate()).select(*cube.keys(others), "completions", _end=pl.lit(end))
        for start, end in zip(starts, ends, strict=True)
    ]
    sums = pl.concat(parts).group_by([*others, "_end"]).agg(pl.col("completions").sum()).collect(engine="in-memory")
    worked = pl.DataFrame({"_end": ends, "_days": [periods.business_days(start, end) for start, end in zip(starts, ends, strict=True)]})
    if not others:
        sums = worked.select("_end").join(sums, on="_end", how="left").with_columns(pl.col("completions").fill_null(0))
    label = cube.time_label(time, pl.col("_end")).alias(time)
    paced = sums.join(worked, on="_end").with_columns(label, a_day=pl.col("completions") / pl.col("_days"))
    return cube.labelled(paced.lazy(), others).select(*others, time, "a_day").collect(engine="in-memory")


def time_to_complete_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give the median, P80 and P90 gross days of the reviews opened in the period, those still open counted.

    Returns:
        `value` is the median with its 95 % interval; extra columns `p80` and `p90`; null when not reached by `as_of`.
        Groups with fewer than 30 reviews are `too_few` and have no value.
    """
    found = survival.quantiles(durations(frames, filters, as_of, by), by)
    enough = pl.col("n") >= standards.LEAST_SAMPLE
    hidden = {name: pl.when(enough).then(pl.col(name)) for name in ("low", "high", "p80", "p90")}
    return cube.result(found, by, "p80", "p90", value=pl.when(enough).then(pl.col("median")), quality=quality(enough), **hidden)


def durations(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the reviews opened in the period by gross days and whether they were closed by `as_of`.

    Returns:
        The `by` columns (time is of opening), `days`, `closed`, `count`; each review once, under its last holder by `as_of`.
    """
    days = cube.span(filters, as_of)
    kept = cube.rows(frames, STAYS, filters.between(None, as_of), as_of, [name for name in by if name not in cube.TIMES])
    running = pl.col("to_date").is_null() | (pl.col("to_date") > as_of)
    times = cube.keys([name for name in by if name in cube.TIMES], "opened_date")
    last = kept.filter((running | pl.col("is_last")) & pl.col("opened_date").is_between(days.start, days.end))
    ended = pl.when(running).then(pl.lit(as_of)).otherwise(pl.col("to_date"))
    counted = (
        last.with_columns(*times, closed=~running, days=(ended - pl.col("opened_date")).dt.total_days())
        .group_by([*by, "days", "closed"])
        .agg(count=pl.col("reviews_count").sum())
    )
    return cube.labelled(counted, by).collect()


def oldest_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give the gross age in days of the oldest review open at the end of the period; null when none is open."""
    time = next((name for name in by if name in cube.TIMES), None)
    others = [name for name in by if name != time]
    days = cube.span(filters, as_of)
    rows = cube.rows(frames, STAYS, filters, as_of, others, to_end=True)
    first = days.start if days.start > cube.BEGINNING else rows.select(pl.col("date").min()).collect().item() or as_of
    ends = pl.Series("end", cube.bucket_ends(time, days, first), pl.Date)
    lasting = pl.col("to_date").is_null() | (pl.col("to_date") > ends[0])
    counted = rows.filter(lasting).group_by([*others, "date", "to_date"]).agg(pl.col("opened_date").min(), pl.col("reviews_count").sum())
    stays = cube.labelled(counted, others).collect()
    # Only the ends that each stay saw, and not every stay with every end.
    begun = ends.search_sorted(stays["date"], "left")
    over = ends.search_sorted(stays["to_date"].fill_null(periods.FAR), "left")
    seen = stays.with_columns(at=pl.int_ranges(begun, over)).explode("at")
    open_then = seen.with_columns(end=ends.gather(seen["at"]))
    labels = [cube.time_label(time, pl.col("end")).alias(time)] if time else []
    aged = open_then.with_columns(*labels, age=(pl.col("end") - pl.col("opened_date")).dt.total_days())
    oldest = [pl.col("age").max().alias("value"), pl.col("reviews_count").sum().alias("n")]
    return cube.result(aged.group_by(by).agg(oldest) if by else aged.select(oldest), by)


def ages(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count pending reviews at the end of the period by age bucket.

    Returns:
        The `by` columns, `age` (label), `age_order` (0 is the youngest), `reviews_count`.
    """
    marks = list(AGE_STATES)
    counted = cube.stocks(frames, WORK, ["pending_net", *marks], filters, as_of, by)
    at_least = ["pending_net", *marks]
    buckets = [
        counted.select(
            *by,
            age=pl.lit(label),
            age_order=pl.lit(i),
            reviews_count=pl.col(at_least[i]) - (pl.col(at_least[i + 1]) if i + 1 < len(at_least) else 0),
        )
        for i, label in enumerate(standards.AGE_LABELS)
    ]
    return pl.concat(buckets).sort([*by, "age_order"])


def due_next(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count pending reviews at the end of the period that are past due or fall due within 7, 14 and 30 days, and what is at stake.

    Returns:
        The `by` columns, `window` (label), `window_order`, `reviews_count` (each review in the first window it fits), and the
        entered value `value_usd` and estimated duty `duty_usd` of their entries; an entry counts with each of its reviews.
    """
    states = ["past_due_net", *DUE_STATES]
    counted = cube.stocks(frames, WORK, [*states, *AT_STAKE], filters, as_of, by)
    labels = ["Past due", "Next 7 days", "Days 8–14", "Days 15–30"]

    def beyond(names: Sequence[str], i: int) -> pl.Expr:
        """Each state holds the ones before it."""
        return pl.col(names[i]) - (pl.col(names[i - 1]) if i else 0)

    stakes = {what: [f"{state.removesuffix('_net')}_{what}_net" for state in states] for what in ("value", "duty")}
    windows = [
        counted.select(
            *by,
            window=pl.lit(label),
            window_order=pl.lit(i),
            reviews_count=beyond(states, i),
            value_usd=coding.dollars(beyond(stakes["value"], i)),
            duty_usd=coding.dollars(beyond(stakes["duty"], i)),
        )
        for i, label in enumerate(labels)
    ]
    return pl.concat(windows).sort([*by, "window_order"])


def due_days(frames: Frames, filters: Filters, as_of: dt.date, days: int = 30) -> pl.DataFrame:
    """Count the reviews open on the as-of date by the day ahead on which they fall due: the sum is `due_within_30`, for 30 days.

    Args:
        frames: Rollups at hand.
        filters: What is kept; the period does not count.
        as_of: Last day that has happened; what falls due on it lies ahead.
        days: Days ahead that are looked at.

    Returns:
        `work_type`, `due_date`, `reviews_count`; the nearest day first.
    """
    rollup = smallest(frames, WORK, cube.needed(filters.between(None, None), ["work_type"]))
    # A review is past due from the day after: that change lies ahead already, and nothing after the as-of date has undone it.
    first, last = as_of + dt.timedelta(days=1), as_of + dt.timedelta(days=days + 1)
    if isinstance(frames, ByMonth):
        months = pl.date_range(periods.month_start(first), last, "1mo", eager=True).to_list()
        found = pl.concat([frames.days(rollup.name, month) for month in months])
    else:
        found = frames[rollup.name]
    kept = found.filter(filters.between(None, None).predicate(), pl.col("date").is_between(first, last), pl.col("past_due_net") > 0)
    counted = kept.group_by(work_type=pl.col("work_type").cast(pl.String), due_date=pl.col("date").dt.offset_by("-1d"))
    sums = counted.agg(reviews_count=pl.col("past_due_net").sum().cast(pl.Int64))
    return sums.sort("due_date", "work_type").collect(engine="in-memory")


def quality(enough: pl.Expr, provisional: pl.Expr | None = None) -> pl.Expr:
    """Say in a word how far a number can be trusted: `too_few`, `provisional` or `ok`."""
    rest = pl.lit("ok") if provisional is None else pl.when(provisional).then(pl.lit("provisional")).otherwise(pl.lit("ok"))
    return pl.when(enough.fill_null(value=False)).then(rest).otherwise(pl.lit("too_few"))
