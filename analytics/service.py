"""How the trade is served: requests and notices, what they led to, what is done on time, and how inquiries went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics import codes, coding, cube, standards
from analytics.compliance import counted_share
from analytics.filters import Filters
from analytics.rates import Z95, byar, wilson
from analytics.rollups import FILERS, FINDINGS, INQUIRIES, STAYS, VOLUME, WORK, Family, Frames
from analytics.workload import quality

#: Results that changed something for the importer: of a review, a correction, a disclosure or a protest.
CHANGED = ("change", "rejected", "referred", "approved", "approved_in_part", "valid")

#: Work type of a notice or a filing -> the results by which it led to something: a change, or its acceptance.
LED_TO: Final[dict[str, tuple[str, ...]]] = {
    "cf28": ("change", "rejected", "referred"),
    "cf29": ("change", "rejected", "referred"),
    "psc": ("approved", "approved_in_part"),
    "pea": ("approved", "approved_in_part"),
    "prior_disclosure": ("valid",),
}

#: From this rating on, of 1 to 5, somebody is counted as satisfied.
SATISFIED: Final = 4

#: Requests for information for entry summaries: narrowed and shown by what work and entry summaries have in common.
NOTICES = Family("notices", (), (("center",), ("center", "industry", "program"), ("center", "industry", "program", "port")))


def cf28_per_1000(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the requests for information issued in the period for each 1,000 entry summaries of it, with a 95 % interval."""
    asked = cube.flows(frames, WORK, ["cf28_receipts"], filters, as_of, by)
    return _per_1000(frames, asked.rename({"cf28_receipts": "asked_count"}), filters, as_of, by)


def notices(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = (), work_type: str = "cf28") -> pl.DataFrame:
    """Count the notices of a kind issued in the period for each 1,000 entry summaries of it.

    Args:
        frames: Rollups at hand.
        filters: What is kept; only the dimensions of `NOTICES` may be narrowed.
        as_of: Last day that has happened.
        by: Groupings.
        work_type: `cf28` or `cf29`; the latter needs a role that reaches work types.

    Returns:
        As `cf28_per_1000`, with `asked_count`.
    """
    if work_type == "cf28":
        asked = cube.flows(frames, WORK, ["cf28_receipts"], filters, as_of, by).rename({"cf28_receipts": "asked_count"})
    else:
        sums = cube.flows(frames, WORK, ["receipts"], filters.keeping("work_type", [work_type]), as_of, by)
        asked = sums.rename({"receipts": "asked_count"})
    return _per_1000(frames, asked, filters, as_of, by, "asked_count")


def _per_1000(frames: Frames, asked: pl.DataFrame, filters: Filters, as_of: dt.date, by: Sequence[str], *extra: str) -> pl.DataFrame:
    """Divide `asked_count` by the entry summaries of each group; too few below 30 summaries."""
    filed = cube.flows(frames, VOLUME, ["entries_count"], filters, as_of, by)
    both = filed.join(asked, on=list(by), how="left") if by else pl.concat([filed, asked], how="horizontal")
    n, asked_count = pl.col("entries_count"), pl.col("asked_count")
    enough = n >= standards.LEAST_SAMPLE
    low, high = byar(asked_count)
    shown = {"value": asked_count, "low": low, "high": high}
    thousands = {name: pl.when(enough).then(expr / n * 1000) for name, expr in shown.items()}
    counted = both.with_columns(asked_count.fill_null(0))
    return cube.result(counted, by, *extra, n=n, quality=quality(enough), **thousands)


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


def deemed_denials(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count the protests that were deemed denied in the period because nobody decided them in time; `n` are those decided."""
    rows = cube.rows(frames, FINDINGS, filters, as_of, by)
    deemed = pl.when(pl.col("outcome") == "deemed_denied").then(pl.col("completed_count")).otherwise(0)
    sums = cube.summed(rows.with_columns(value=deemed, n=pl.col("protests_decided")), ["value", "n"], by)
    return cube.result(sums, by)


def disclosures_valid_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide the prior disclosures found valid by those found valid or not in the period."""
    outcome = pl.col("outcome")
    return _ended(frames, filters, as_of, by, hits=outcome == "valid", of=outcome.is_in(["valid", "not_valid"]))


def led_to(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Say for notices and filings how many of those completed in the period led to a change, were accepted or were found valid.

    Returns:
        `work_type` (of `LED_TO`), `led_count`, `refused_count` (rejected or not valid), `reason_count` of them with a finding
        recorded, `n` (completed with a result), `share` (0-1) of those that led to something with its 95 % interval `low` and `high`
        (null below 10 cases), `change_usd`: the sum of the changes of revenue that were recorded, 0 when none was.
    """
    rows = cube.rows(frames, FINDINGS, filters.keeping("work_type", LED_TO), as_of, ["work_type"])
    counted = cube.summed(rows, ["completed_count", "change_cents"], ["work_type", "outcome", "finding_category"])
    done = pl.col("completed_count")
    named = pl.col("outcome").cast(pl.String)
    led = pl.any_horizontal((pl.col("work_type") == kind) & named.is_in(results) for kind, results in LED_TO.items())
    refused = named.is_in(["rejected", "not_valid"]) & ~led
    sums = counted.group_by("work_type").agg(
        led_count=done.filter(led).sum(),
        refused_count=done.filter(refused).sum(),
        reason_count=done.filter(refused & (pl.col("finding_category").cast(pl.String) != "none")).sum(),
        n=done.filter(named.is_not_null()).sum(),
        change_cents=pl.col("change_cents").sum(),
    )
    sums = sums.with_columns(change_usd=coding.dollars(pl.col("change_cents"))).drop("change_cents")
    shares = counted_share(sums, "led_count", ["work_type"]).select("work_type", "low", "high", "quality", share="value")
    return sums.join(shares, on="work_type").sort("work_type")


def protest_ages(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count the protests pending at the end of the period by age: up to 30 days, a year, two years, and beyond.

    Returns:
        `age` (label), `age_order` (0 is the youngest), `reviews_count`, `lapsed_count`: of them, those whose two years to decide
        are over (19 USC 1515(a); the calendar's anniversary). One row for each age.
    """
    end = cube.span(filters, as_of).end
    kept = cube.rows(frames, STAYS, filters.keeping("work_type", ["protest"]), as_of, to_end=True)
    running = pl.col("to_date").is_null() | (pl.col("to_date") > end)
    gross = (pl.lit(end) - pl.col("opened_date")).dt.total_days()
    order = pl.sum_horizontal((gross >= mark).cast(pl.Int32) for mark in standards.PROTEST_MARKS[1:])
    lapsed = pl.when(pl.col("opened_date").dt.offset_by("2y") < end).then(pl.col("reviews_count")).otherwise(0)
    counted = kept.filter(running).with_columns(age_order=order, lapsed_count=lapsed)
    sums = counted.group_by("age_order").agg(pl.col("reviews_count", "lapsed_count").sum()).collect()
    labels = pl.DataFrame({"age": standards.PROTEST_LABELS}).with_row_index("age_order").with_columns(pl.col("age_order").cast(pl.Int32))
    full = labels.join(sums, on="age_order", how="left", maintain_order="left")
    return full.select("age", "age_order", pl.col("reviews_count", "lapsed_count").fill_null(0))


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


def satisfied_share(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Divide those satisfied (4 or 5 of 5) by all who rated the answer to an inquiry received in the period."""
    return counted_share(ratings(frames, filters, as_of, by), "satisfied_count", by)


def ratings(frames: Frames, filters: Filters, as_of: dt.date, by: Sequence[str] = ()) -> pl.DataFrame:
    """Count who rated the answer to an inquiry received in the period, and who was satisfied.

    Returns:
        The `by` columns, `n` ratings, `satisfied_count` of them (4 or 5 of 5), `rating_sum`.
    """
    given, count = pl.col("satisfaction"), pl.col("inquiries_count")
    rows = _answers(frames, filters, as_of, by).filter(given.is_not_null())
    satisfied = pl.when(given >= SATISFIED).then(count).otherwise(0)
    counted = rows.with_columns(n=count, satisfied_count=satisfied, rating_sum=given * count)
    return cube.summed(counted, ["n", "satisfied_count", "rating_sum"], by)


def topics(frames: Frames, filters: Filters, as_of: dt.date) -> pl.DataFrame:
    """Count the inquiries of the period by topic.

    Returns:
        `topic`, `inquiries_count`, `answered_count`, `decided_count` (answered, or open after their two business days),
        `on_time_count` (answered within two business days), `first_count` (settled at first contact) of `known_count` answered
        with a record of it, `share` (0-1) of the decided ones that were in time with its 95 % interval `low` and `high` (null below
        10 cases); most first.
    """
    answered = (pl.col("answered_date") <= as_of).fill_null(value=False)
    on_time = answered & (pl.col("answered_date") <= pl.col("answer_by_date"))
    count = pl.col("inquiries_count")
    first = pl.col("resolved_first_contact")
    parts = {
        "answered_count": answered,
        "decided_count": answered | (pl.col("answer_by_date") < as_of),
        "on_time_count": on_time,
        "known_count": answered & first.is_not_null(),
        "first_count": answered & first.fill_null(value=False),
    }
    rows = cube.rows(frames, INQUIRIES, filters, as_of).with_columns(**{name: part * count for name, part in parts.items()})
    counted = cube.summed(rows, ["inquiries_count", *parts], ["topic"])
    named = counted.with_columns(pl.col("topic").cast(pl.String).fill_null(codes.UNKNOWN), n=pl.col("decided_count"))
    shares = counted_share(named, "on_time_count", ["topic"]).select("topic", "low", "high", "quality", share="value")
    known = named.drop("n").join(shares, on="topic")
    return known.sort(["inquiries_count", "topic"], descending=[True, False])
