"""How the trade is served: requests and notices, what they led to, what is done on time, and how inquiries went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from analytics import codes, cube, standards
from analytics.compliance import counted_share
from analytics.filters import Filters
from analytics.rates import Z95, wilson
from analytics.rollups import FILERS, FINDINGS, INQUIRIES, VOLUME, WORK, Family, Frames
from analytics.workload import quality

#: Results that changed something for the importer: of a review, a correction, a disclosure or a protest.
CHANGED = ("change", "rejected", "referred", "approved", "approved_in_part", "valid")

#: Requests for information for entry summaries: narrowed and shown by what work and entry summaries have in common.
NOTICES = Family("notices", (), (("center",), ("center", "industry", "program"), ("center", "industry", "program", "port")))


def cf28_per_1000(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the requests for information issued in the period for each 1,000 entry summaries of it, with a 95 % interval."""
    asked = cube.flows(frames, WORK, ["cf28_receipts"], filters, as_of, by)
    filed = cube.flows(frames, VOLUME, ["entries_count"], filters, as_of, by)
    both = filed.join(asked, on=list(by), how="left") if by else pl.concat([filed, asked], how="horizontal")
    n = pl.col("entries_count")
    rate = pl.when(n > 0).then(pl.col("cf28_receipts").fill_null(0) / n)
    low, high = wilson(rate.clip(0, 1), n)
    enough = n >= standards.LEAST_SAMPLE
    shown = {"value": rate, "low": low, "high": high}
    thousands = {name: pl.when(enough).then(expr * 1000) for name, expr in shown.items()}
    return cube.result(both, by, n=n, quality=quality(enough), **thousands)


def _ended(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str], *, hits: pl.Expr, of: pl.Expr) -> pl.DataFrame:
    """Share of completed reviews: `hits` of those that are `of`."""
    rows = cube.rows(frames, FINDINGS, filters, as_of, by).filter(of)
    counted = rows.with_columns(hits=pl.when(hits).then(pl.col("completed_count")).otherwise(0), n=pl.col("completed_count"))
    return counted_share(cube.summed(counted, ["hits", "n"], by), "hits", by)


def changed_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the reviews whose result changed something by all completed in the period with a result."""
    outcome = pl.col("outcome")
    return _ended(frames, filters, as_of, by, hits=outcome.is_in(CHANGED), of=outcome.is_not_null())


def rejected_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the reviews that ended in a reject by all completed in the period with a result."""
    outcome = pl.col("outcome")
    return _ended(frames, filters, as_of, by, hits=outcome == "rejected", of=outcome.is_not_null())


def protests_allowed_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the protests allowed in whole or in part by those decided in the period; a deemed denial counts as decided."""
    sums = cube.flows(frames, FINDINGS, ["protests_decided", "protests_allowed"], filters, as_of, by)
    return counted_share(sums.with_columns(n=pl.col("protests_decided")), "protests_allowed", by)


def closed_on_time_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the reviews completed on or before their due date by all completed in the period that had one."""
    sums = cube.flows(frames, FINDINGS, ["due_count", "on_time_count"], filters, as_of, by)
    return counted_share(sums.with_columns(n=pl.col("due_count")), "on_time_count", by)


def hours_per_review(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Average the hours worked on the reviews completed in the period for which hours were recorded."""
    sums = cube.flows(frames, FINDINGS, ["minutes", "timed_count"], filters, as_of, by)
    n = pl.col("timed_count")
    enough = n >= standards.LEAST_CASES
    return cube.result(sums, by, value=pl.when(enough).then(pl.col("minutes") / 60 / n), n=n, quality=quality(enough))


def outcomes(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count completed reviews of the period by how they ended.

    Returns:
        The `by` columns, `outcome` (code; null without a result) and `completed_count`.
    """
    rows = cube.rows(frames, FINDINGS, filters, as_of, by)
    return cube.summed(rows, ["completed_count"], [*by, "outcome"]).filter(pl.col("completed_count") > 0)


def filers(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count completed reviews and rejects of the period by filer, with the reason that most rejects had.

    Returns:
        `filer_code`, `completed_count`, `rejected_count`, `share` (0-1) with its 95 % interval `low` and `high`, `reason` (finding
        category; null without a reject); most rejects first.
    """
    counts = ["completed_count", "rejected_count"]
    each = cube.summed(cube.rows(frames, FILERS, filters, as_of), counts, ["filer_code", "finding_category"])
    ranked = each.sort(["rejected_count", "finding_category"], descending=[True, False])
    reasons = ranked.filter((pl.col("rejected_count") > 0) & (pl.col("finding_category") != "none")).group_by(
        "filer_code", maintain_order=True
    )
    sums = each.group_by("filer_code").agg(pl.col(counts).sum())
    share = pl.col("rejected_count") / pl.col("completed_count")
    low, high = wilson(share, pl.col("completed_count"))
    return (
        sums.filter(pl.col("completed_count") > 0)
        .join(reasons.agg(reason=pl.col("finding_category").first()), on="filer_code", how="left")
        .with_columns(share=share, low=low, high=high)
        .sort(["rejected_count", "share", "filer_code"], descending=[True, True, False])
    )


def _answers(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str]) -> pl.LazyFrame:
    """Return the inquiries received in the period that were answered by `as_of`."""
    return cube.rows(frames, INQUIRIES, filters, as_of, by).filter((pl.col("answered_date") <= as_of).fill_null(value=False))


def inquiries(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count inquiries received in the period."""
    sums = cube.flows(frames, INQUIRIES, ["inquiries_count"], filters, as_of, by)
    return cube.result(sums, by, value=pl.col("inquiries_count"), n=pl.col("inquiries_count"))


def first_contact_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the inquiries settled at the first contact by the answered ones for which that was recorded."""
    rows = _answers(frames, filters, as_of, by).filter(pl.col("resolved_first_contact").is_not_null())
    counted = rows.with_columns(
        hits=pl.when("resolved_first_contact").then(pl.col("inquiries_count")).otherwise(0), n=pl.col("inquiries_count")
    )
    return counted_share(cube.summed(counted, ["hits", "n"], by), "hits", by)


def satisfaction_mean(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Average the satisfaction (1-5) given on the inquiries received in the period, with a 95 % interval of the mean."""
    given, count = pl.col("satisfaction"), pl.col("inquiries_count")
    rows = _answers(frames, filters, as_of, by).filter(given.is_not_null())
    sums = cube.summed(rows.with_columns(n=count, first=given * count, second=given * given * count), ["n", "first", "second"], by)
    n = pl.col("n")
    mean = pl.when(n > 0).then(pl.col("first") / n)
    spread = Z95 * ((pl.col("second") / n - mean * mean).clip(lower_bound=0) / (n - 1)).sqrt()
    enough = n >= standards.LEAST_CASES
    shown = {"value": mean, "low": (mean - spread).clip(1, 5), "high": (mean + spread).clip(1, 5)}
    return cube.result(sums, by, quality=quality(enough), **{name: pl.when(enough).then(expr) for name, expr in shown.items()})


def topics(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count the inquiries of the period by topic.

    Returns:
        `topic`, `inquiries_count`, `answered_count`, `on_time_count` (within two business days); most first.
    """
    answered = (pl.col("answered_date") <= as_of).fill_null(value=False)
    on_time = answered & (pl.col("answered_date") <= pl.col("answer_by_date"))
    count = pl.col("inquiries_count")
    rows = cube.rows(frames, INQUIRIES, filters, as_of).with_columns(answered_count=answered * count, on_time_count=on_time * count)
    counted = cube.summed(rows, ["inquiries_count", "answered_count", "on_time_count"], ["topic"])
    known = counted.with_columns(pl.col("topic").cast(pl.String).fill_null(codes.UNKNOWN))
    return known.sort(["inquiries_count", "topic"], descending=[True, False])
