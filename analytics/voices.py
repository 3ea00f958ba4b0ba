"""What the working groups said and how it was answered, and how soon inquiries were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import codes, cube, service, standards, survival
from analytics.compliance import counted_share
from analytics.filters import Filters
from analytics.rollups import FEEDBACK, INQUIRIES, Frames
from analytics.voicewords import LEAST_ORGANIZATIONS
from analytics.workload import quality

#: Feedback that is open for more days than this has waited too long.
LONG_DAYS: Final = 90
#: Kinds that ask CBP to do something, so that it can agree or not.
ASKS: Final = ("recommendation", "complaint", "data_request")


def feedback_received(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count pieces of feedback received in the period."""
    sums = cube.flows(frames, FEEDBACK, ["feedback_count"], filters, as_of, by)
    return cube.result(sums, by, value=pl.col("feedback_count"), n=pl.col("feedback_count"))


def feedback_open(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the feedback that is not settled at the end of the period, whenever it came in; `n` is what came in until then."""
    return _waiting(frames, filters, as_of, by, 0)


def _waiting(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str], days: int) -> pl.DataFrame:
    """Count what is not settled so many days after it came in, at the end of the period or of each month, quarter or year of it.

    A stock: a piece enters it that many days after it came in, unless it is settled by then, and leaves it on the day on which it is
    settled. So a month long past and the last one count pieces of all ages alike. By month received with the status of today, the
    last months would hold what nobody had time to settle. What was settled on a day that nobody wrote down never enters.
    """
    span, others = cube.span(filters, as_of), [name for name in by if name not in cube.TIMES]
    rows = cube.rows(frames, FEEDBACK, filters, as_of, others, to_end=True)
    begins, closed, count, none = (
        pl.col("date").dt.offset_by(f"{days}d"),
        pl.col("closed_date"),
        pl.col("feedback_count"),
        pl.lit(0, pl.Int64),
    )
    waits = rows.filter((closed > begins) | (closed.is_null() & ~pl.col("status").is_in(codes.FEEDBACK_CLOSED)))
    changes = (
        rows.with_columns(value=none, n=count),
        waits.with_columns(date=begins, value=count, n=none),
        waits.filter(closed.is_not_null()).with_columns(date=closed, value=-count, n=none),
    )
    dated = pl.concat([change.select(*others, "date", "value", "n") for change in changes]).filter(pl.col("date") <= span.end)
    return cube.result(cube.running(dated, ["value", "n"], span, by), by)


def feedback_implemented_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the recommendations implemented in whole or part by all that were closed, of those received in the period."""
    rows = cube.rows(frames, FEEDBACK, filters, as_of, by).filter(
        (pl.col("kind") == "recommendation") & pl.col("status").is_in(codes.FEEDBACK_CLOSED)
    )
    done = pl.when(pl.col("status").is_in(["implemented", "partly_implemented"])).then(pl.col("feedback_count")).otherwise(0)
    sums = cube.summed(rows.with_columns(done=done, n=pl.col("feedback_count")), ["done", "n"], by)
    return counted_share(sums, "done", by)


def feedback_over_90(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the feedback that is not settled at the end of the period and came in more than 90 days before it; `n` is what came in until then."""
    return _waiting(frames, filters, as_of, by, LONG_DAYS + 1)


def feedback_accepted_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide what was asked for and agreed to, in whole or in part, by all that CBP took a position on, of what was received in the period."""
    return counted_share(cube.summed(_asked(frames, filters, as_of, by), ["accepted", "n"], by), "accepted", by)


def feedback_satisfied_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the ratings of 4 or 5 of 5 that were given to answers by all ratings, of the feedback received in the period."""
    rows = cube.rows(frames, FEEDBACK, filters, as_of, by).filter(pl.col("satisfaction").is_not_null())
    satisfied = (pl.col("satisfaction") >= service.SATISFIED) * pl.col("feedback_count")
    sums = cube.summed(rows.with_columns(satisfied=satisfied, n=pl.col("feedback_count")), ["satisfied", "n"], by)
    return counted_share(sums, "satisfied", by)


def _asked(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.LazyFrame:
    """Return what was asked for with a position taken: `n`, and `accepted` of it."""
    rows = cube.rows(frames, FEEDBACK, filters, as_of, by).filter(pl.col("kind").is_in(ASKS) & (pl.col("position") != "under_review"))
    accepted = pl.col("position").is_in(["agree", "partly"]) * pl.col("feedback_count")
    return rows.with_columns(accepted=accepted, n=pl.col("feedback_count"))


def acceptance(frames: Frames, filters: Filters, as_of: dt.date, by: str) -> pl.DataFrame:
    """Give the share accepted by a column of the feedback (`topic`, `segment`, `kind`).

    Returns:
        The column, `value` (0-1; null below 10 cases), `low`, `high` (95 %, Wilson), `n` on which a position was taken, `quality`,
        `accepted`.
    """
    sums = cube.summed(_asked(frames, filters, as_of, ()), ["accepted", "n"], [by])
    return counted_share(sums, "accepted", [by]).join(sums.select(by, "accepted"), on=by)


def ratings(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the ratings of answers to the feedback received in the period.

    Returns:
        The `by` columns, `satisfaction` 1-5, `feedback_count`.
    """
    rows = cube.rows(frames, FEEDBACK, filters, as_of, by).filter(pl.col("satisfaction").is_not_null())
    return cube.summed(rows, ["feedback_count"], [*by, "satisfaction"])


def durations(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = (), end: str = "responded_date") -> pl.DataFrame:
    """Count the feedback received in the period by days to its first answer, or to its end; without one as of the day as still open.

    Args:
        frames: Rollups at hand.
        filters: What is kept.
        as_of: Last day that has happened.
        by: Groupings.
        end: `responded_date` or `closed_date`; one that is closed without a date has no known end and is left out, and one that
            is closed after the as-of date was still open on it.

    Returns:
        The `by` columns, `days`, `closed`, `count`.
    """
    ended = pl.col(end).is_not_null() & (pl.col(end) <= as_of)
    until = pl.when(ended).then(pl.col(end)).otherwise(pl.lit(as_of))
    unknown = (pl.lit(end == "closed_date") & pl.col(end).is_null() & pl.col("status").is_in(codes.FEEDBACK_CLOSED)).fill_null(value=False)
    counted = (
        cube.rows(frames, FEEDBACK, filters, as_of, by)
        .filter(~unknown)
        .with_columns(closed=ended, days=(until - pl.col("date")).dt.total_days())
        .group_by([*by, "days", "closed"])
        .agg(count=pl.col("feedback_count").sum())
    )
    return cube.labelled(counted, by).collect()


def feedback_first_response_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give the median, P80 and P90 days to a first answer of the feedback received in the period, unanswered ones counted."""
    return _quantiles(durations(frames, filters, as_of, by), by)


def feedback_closure_days(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Give the median, P80 and P90 days until the feedback received in the period is settled, what is open counted."""
    return _quantiles(durations(frames, filters, as_of, by, "closed_date"), by)


def _quantiles(counted: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    found = survival.quantiles(counted, by)
    enough = pl.col("n") >= standards.LEAST_CASES
    hidden = {name: pl.when(enough).then(pl.col(name)) for name in ("low", "high", "p80", "p90")}
    return cube.result(found, by, "p80", "p90", value=pl.when(enough).then(pl.col("median")), quality=quality(enough), **hidden)


def inquiries_on_time_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the inquiries answered within two business days by those whose two days are over, or that were answered.

    An inquiry that is still open after two business days counts as late; one that may still be answered in time does not count.
    """
    rows = cube.rows(frames, INQUIRIES, filters, as_of, by)
    answered = (pl.col("answered_date") <= as_of).fill_null(value=False)
    decided = answered | (pl.col("answer_by_date") < as_of)
    on_time = answered & (pl.col("answered_date") <= pl.col("answer_by_date"))
    count = pl.col("inquiries_count")
    sums = cube.summed(rows.with_columns(n=decided * count, on_time=on_time * count), ["n", "on_time"], by)
    return counted_share(sums, "on_time", by)


def feedback_table(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.DataFrame:
    """Count the feedback received in the period by the given columns (`topic`, `status`, `kind`, `segment`, `position`, `center_code`).

    Returns:
        The `by` columns and `feedback_count`.
    """
    return cube.summed(cube.rows(frames, FEEDBACK, filters, as_of), ["feedback_count"], by)


def rollup(rows: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """Sum single pieces of feedback (the fact `feedback`) to the rollup that a publish would make of them, in its columns and types."""
    dated = rows.rename({"received_date": "date"}).select(*(name for name in columns.names() if name != "feedback_count"))
    counted = dated.group_by(dated.columns).agg(feedback_count=pl.len())
    return counted.select(pl.col(name).cast(kind) for name, kind in columns.items())


def public_rollup(rows: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """Sum the public pieces alone, as `rollup` does, without their segments: one of few organisations could name one.

    A count that holds more than the pieces that its reader may list tells each of the others: it is what is left on its day.
    """
    summed = rollup(rows.filter("is_public"), columns)
    return summed.with_columns(segment=pl.lit(None, summed.schema["segment"]))


def told(rows: pl.DataFrame) -> pl.DataFrame:
    """Take the segment out of pieces where fewer than three organisations of a group are of it.

    It is decided over all the rows at once and before anything is filtered or summed, so that no difference of two choices of filters
    tells a segment that is left out. Where it would be the only one of all segments that a group does not show, the one of next fewest
    organisations is left out too: else it would be known by elimination.

    Args:
        rows: `group_code`, `segment`, `organization_code`: all pieces that the reader reaches, whatever the filters.

    Returns:
        The rows in order; `segment` is null where it is left out.
    """
    groups = ["group_code", "segment"]
    counted = rows.group_by(groups).agg(organizations=pl.col("organization_code").n_unique()).sort("group_code", "organizations", "segment")
    few = (pl.col("organizations") < LEAST_ORGANIZATIONS).sum().over("group_code")
    alone = (few == 1) & (pl.len().over("group_code") == len(codes.SEGMENTS))
    hidden = counted.with_columns(_hidden=pl.int_range(pl.len()).over("group_code") < few + alone.cast(pl.Int64))
    marked = rows.join(hidden.select(*groups, "_hidden"), on=groups, how="left", maintain_order="left")
    return marked.with_columns(segment=pl.when(~pl.col("_hidden")).then(pl.col("segment"))).drop("_hidden")


def segments(rows: pl.DataFrame) -> pl.DataFrame:
    """Sum single pieces by the segment of the trade that gave them.

    Args:
        rows: `segment` (null: not told; these are summed together), `organization_code`, `kind`, `position`.

    Returns:
        `segment`, `feedback_count`, `organizations`, `value` (share agreed to of what was asked for and has a position; null below
        10 cases), `low`, `high` (95 %, Wilson), `n` with a position, `quality`; most feedback first.
    """
    decided = pl.col("kind").is_in(ASKS) & (pl.col("position") != "under_review")
    sums = rows.group_by("segment").agg(
        feedback_count=pl.len().cast(pl.Int64),
        organizations=pl.col("organization_code").n_unique().cast(pl.Int64),
        n=decided.sum().cast(pl.Int64),
        accepted=(decided & pl.col("position").is_in(["agree", "partly"])).sum().cast(pl.Int64),
    )
    shares = counted_share(sums, "accepted", ["segment"]).select("segment", "value", "low", "high", "quality")
    joined = sums.join(shares, on="segment", nulls_equal=True).drop("accepted")
    return joined.sort(["feedback_count", "segment"], descending=[True, False])
