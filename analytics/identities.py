"""What must add up: each identity with the residual it left, which must be zero.

The two sides of an identity are counted in different ways, so that a mistake in one shows. Dimensions are numbers, as
facts and rollups are kept (`analytics.coding`).
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from analytics import coding, periods
from analytics.rollups import FAMILIES, Frames, Rollup, rollups_of

#: The finest rollup of a family, by day.
_FINEST = {name: rollups_of(family)[-1] for name, family in FAMILIES.items()}

_SCHEMA = {"identity": pl.String, "cells": pl.Int64, "residual": pl.Int64}


def of_entries(frames: Frames, facts: Frames) -> pl.DataFrame:
    """Compare both sides of every identity of entries and their lines.

    Args:
        frames: Rollups of the same months.
        facts: `entry` and `entry_line`.

    Returns:
        `identity` (in words), `cells` (places compared), `residual` (sum of absolute differences; must be 0).
    """
    return _collected(*_levels(frames, ("volume", "participants", "liquidations")), _volume(frames, facts), _accounts(frames))


def within_entries(facts: Frames) -> pl.DataFrame:
    """Compare both sides of the identities that whole entries with their lines must meet, however many there are."""
    return _collected(_money(facts), _routing(facts))


def of_reviews(frames: Frames, facts: Frames) -> pl.DataFrame:
    """Compare both sides of every identity of reviews, as `of_entries` does; facts are `review`, `review_event`, `stay` and `clock`."""
    families = ("work", "stays", "teams", "sample", "findings", "filers")
    return _collected(
        *_levels(frames, families),
        _pending(frames, facts),
        _equation(frames),
        _stays(facts),
        _stopped(frames, facts),
        _events(facts),
        _account_work(frames),
    )


def of_the_rest(frames: Frames) -> pl.DataFrame:
    """Compare the levels of the small families."""
    return _collected(*_levels(frames, ("inquiries", "feedback")))


def ledger(known: pl.DataFrame, counted: pl.DataFrame, words: str) -> pl.DataFrame:
    """Compare what the ledger of loads says of each table and month with what was counted elsewhere.

    Args:
        known: `table_name`, `month` and measures: sums of the ledger.
        counted: The same columns, counted among the facts or by the database.
        words: The identity.
    """
    on = ["table_name", "month", "measure"]

    def long(frame: pl.DataFrame) -> pl.LazyFrame:
        measures = [name for name in frame.columns if name not in ("table_name", "month")]
        return frame.unpivot(measures, index=["table_name", "month"], variable_name="measure", value_name="count").lazy()

    return _collected(_compared(words, long(known), long(counted), on))


def summed(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Add identities of the same words up, in the order in which they first come."""
    every = pl.concat([pl.DataFrame(schema=_SCHEMA), *(part.cast(_SCHEMA) for part in parts)])  # type: ignore[arg-type]
    return every.group_by("identity", maintain_order=True).agg(pl.col("cells", "residual").sum())


def _collected(*checks: pl.LazyFrame) -> pl.DataFrame:
    """Run the comparisons; those of the same words are one identity."""
    return summed(pl.collect_all(checks, engine="in-memory"))


def _compared(words: str, left: pl.LazyFrame, right: pl.LazyFrame, on: list[str]) -> pl.LazyFrame:
    """Compare the `count` columns of two frames; a place missing on one side counts as 0 there."""
    both = left.join(right, on=on, how="full", coalesce=True, suffix="_right")
    difference = (pl.col("count").fill_null(0) - pl.col("count_right").fill_null(0)).abs()
    return both.select(identity=pl.lit(words), cells=pl.len(), residual=difference.sum())


def _levels(frames: Frames, families: Iterable[str]) -> list[pl.LazyFrame]:
    """Check that every rollup has the same totals as the finest one of its family, for every month."""
    return [_level(frames, rollup, name) for name in families for rollup in rollups_of(FAMILIES[name])[:-1]]


def _level(frames: Frames, rollup: Rollup, name: str) -> pl.LazyFrame:
    measures = rollup.family.measures
    names = ["date", *measures]
    per_month = pl.col("date").dt.truncate("1mo")

    def monthly(frame: pl.LazyFrame) -> pl.LazyFrame:
        long = frame.select(names).with_columns(per_month).group_by("date").agg(pl.col(measures).sum())
        return long.unpivot(index="date", value_name="count")

    words = "Every rollup adds up to the finest one of its family, by month and measure"
    return _compared(words, monthly(frames[rollup.name]), monthly(frames[_FINEST[name].name]), ["date", "variable"])


def _volume(frames: Frames, facts: Frames) -> pl.LazyFrame:
    keys = ["date", "center_code", "port_code"]
    rolled = frames[_FINEST["volume"].name].group_by(keys).agg(count=pl.col("entries_count").sum())
    counted = facts["entry"].rename({"entry_date": "date"}).group_by(keys).agg(count=pl.len().cast(pl.Int64))
    return _compared("Entries of the rollup = entries of the facts, by day, Center and port", rolled, counted, keys)


def _money(facts: Frames) -> pl.LazyFrame:
    entries = facts["entry"].select("entry_number", count=pl.col("value_cents").fill_null(0) + pl.col("duty_cents").fill_null(0))
    lines = (
        facts["entry_line"]
        .group_by("entry_number")
        .agg(count=(pl.col("value_cents").fill_null(0) + pl.col("duty_cents").fill_null(0)).sum())
    )
    return _compared("Value and duty of an entry = sum of its lines, in cents", entries, lines, ["entry_number"])


def _pending(frames: Frames, facts: Frames) -> pl.LazyFrame:
    """Compare pending as the running sum of changes with pending counted among the reviews, at every month's end."""
    keys = ["work_type", "port_code"]
    work = frames[_FINEST["work"].name]
    ends = work.select(end=pl.col("date").dt.month_end()).unique().sort("end")
    per_end = work.with_columns(end=pl.col("date").dt.month_end()).group_by([*keys, "end"]).agg(change=pl.col("pending_net").sum())
    groups = work.select(keys).unique().join(ends, how="cross")
    running = (
        groups.join(per_end, on=[*keys, "end"], how="left")
        .sort("end")
        .with_columns(count=pl.col("change").fill_null(0).cum_sum().over(keys))
        .filter(pl.col("count") != 0)
    )
    review = facts["review"].select(*keys, "opened_date", "closed_date").join(ends, how="cross")
    there = (pl.col("opened_date") <= pl.col("end")) & (pl.col("closed_date").is_null() | (pl.col("closed_date") > pl.col("end")))
    counted = review.filter(there).group_by([*keys, "end"]).agg(count=pl.len().cast(pl.Int64))
    words = "Pending by running sum = reviews open, by month end, work type and port"
    return _compared(words, running.select(*keys, "end", "count"), counted, [*keys, "end"])


def _equation(frames: Frames) -> pl.LazyFrame:
    """Check pending(t) = pending(t-1) + receipts - completions + transfers, for every day, Center, port and work type."""
    change = pl.col("receipts") - pl.col("completions") + pl.col("transfers_in") - pl.col("transfers_out")
    words = "Change in pending = receipts - completions + transfers, by day, Center, port and work type"
    keys = ["date", "center_code", "port_code", "work_type"]
    sums = frames[_FINEST["work"].name].group_by(keys).agg(left=pl.col("pending_net").sum(), right=change.sum())
    return sums.select(identity=pl.lit(words), cells=pl.len(), residual=(pl.col("left") - pl.col("right")).abs().sum())


def _accounts(frames: Frames) -> pl.LazyFrame:
    keys = ["date", "center_code"]
    every = frames[_FINEST["volume"].name].with_columns(pl.col("date").dt.month_start()).group_by(keys)
    named = frames[_FINEST["accounts"].name].group_by(keys)
    count = pl.col("entries_count").sum()
    return _compared("Entries of all accounts = all entries, by month and Center", named.agg(count=count), every.agg(count=count), keys)


def _account_work(frames: Frames) -> pl.LazyFrame:
    """Compare what accounts' work added to each stock by the end of each month with what all work did."""
    names = ["pending_net", "backlog_net", "past_due_net"]

    def monthly(family: str) -> pl.LazyFrame:
        dated = frames[_FINEST[family].name].with_columns(pl.col("date").dt.month_start())
        return (
            dated.group_by("date", "center_code").agg(pl.col(names).sum()).unpivot(names, index=["date", "center_code"], value_name="count")
        )

    words = "Pending, backlog and past due of all accounts = of all work, by month and Center"
    return _compared(words, monthly("account_work"), monthly("work"), ["date", "center_code", "variable"])


def _routing(facts: Frames) -> pl.LazyFrame:
    wrong = (pl.col("processed_by") == "CENTER") != (pl.col("center_code") != coding.PORT)
    words = "Entries are processed by a Center or by a port, never by both or neither"
    return facts["entry"].select(identity=pl.lit(words), cells=pl.len(), residual=wrong.sum())


def _stays(facts: Frames) -> pl.LazyFrame:
    """Check that the stays of every review tile its open days."""
    far = pl.lit(periods.FAR)  # on both sides, where something still lasts
    tiled = facts["stay"].group_by("review_id").agg(count=(pl.col("to_date").fill_null(far) - pl.col("from_date")).dt.total_days().sum())
    ended = facts["review"].select("review_id", count=(pl.col("closed_date").fill_null(far) - pl.col("opened_date")).dt.total_days())
    return _compared("Days with all holders = days open, for every review", tiled, ended, ["review_id"])


def _stopped(frames: Frames, facts: Frames) -> pl.LazyFrame:
    """Compare the days that pending reviews' clocks have stood, by running sums and among the reviews, at every month's end."""
    keys = ["work_type", "port_code"]
    names = ("stopped_net", "stop_day_net", "stopped_days_net")
    work = frames[_FINEST["work"].name].with_columns(end=pl.col("date").dt.month_end())
    ends = work.select("end").unique().sort("end")
    per_end = work.group_by([*keys, "end"]).agg(pl.col(names).sum())
    grid = work.select(keys).unique().join(ends, how="cross").join(per_end, on=[*keys, "end"], how="left").sort("end")
    running = grid.with_columns(pl.col(names).fill_null(0).cum_sum().over(keys))
    day = pl.col("end").cast(pl.Int32).cast(pl.Int64)
    left = running.select(*keys, "end", count=pl.col("stopped_days_net") + pl.col("stopped_net") * day - pl.col("stop_day_net"))
    open_then = facts["review"].select("review_id", *keys, "opened_date", "closed_date").join(facts["clock"], on="review_id")
    there = (pl.col("opened_date") <= pl.col("end")) & (pl.col("closed_date").is_null() | (pl.col("closed_date") > pl.col("end")))
    stood = (pl.min_horizontal("start_date", "end") - pl.col("stop_date")).dt.total_days()
    counted = open_then.join(ends, how="cross").filter(there & (pl.col("stop_date") <= pl.col("end"))).group_by([*keys, "end"])
    words = "Days that clocks stood by running sum = days between their events, by month end, work type and port"
    return _compared(words, left.filter(pl.col("count") != 0), counted.agg(count=stood.sum()), [*keys, "end"])


def _events(facts: Frames) -> pl.LazyFrame:
    """Count the events before their review was opened or after it closed."""
    dated = facts["review_event"].join(facts["review"].select("review_id", "opened_date", "closed_date"), on="review_id")
    outside = (pl.col("event_date") < pl.col("opened_date")) | (pl.col("event_date") > pl.col("closed_date")).fill_null(value=False)
    words = "Events lie between the opening and the closing of their reviews"
    return dated.select(identity=pl.lit(words), cells=pl.len(), residual=outside.sum())
