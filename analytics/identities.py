"""What must add up: each identity with the residual it left, which must be zero.

The two sides of an identity are counted in different ways, so that a mistake in one shows.
"""

from __future__ import annotations

import polars as pl

from analytics import codes
from analytics.rollups import FAMILIES, Frames, Rollup, cents, rollups_of

#: The finest rollup of a family, by day.
_FINEST = {name: rollups_of(family)[-1] for name, family in FAMILIES.items()}


def check(frames: Frames, facts: Frames) -> pl.DataFrame:
    """Compare both sides of every identity.

    Args:
        frames: All rollups of a version.
        facts: Its facts.

    Returns:
        `identity` (in words), `cells` (places compared), `residual` (sum of absolute differences; must be 0).
    """
    checks = [
        _levels(frames),
        _volume(frames, facts),
        _money(facts),
        _pending(frames, facts),
        _equation(frames),
        _routing(facts),
        _stays(facts),
    ]
    return pl.concat(found.cast({"cells": pl.Int64, "residual": pl.Int64}) for found in checks)


def _compared(words: str, left: pl.LazyFrame, right: pl.LazyFrame, on: list[str]) -> pl.DataFrame:
    """Compare the `count` columns of two frames; a place missing on one side counts as 0 there."""
    both = left.join(right, on=on, how="full", coalesce=True, suffix="_right")
    difference = (pl.col("count").fill_null(0) - pl.col("count_right").fill_null(0)).abs()
    return both.select(identity=pl.lit(words), cells=pl.len(), residual=difference.sum()).collect()


def _levels(frames: Frames) -> pl.DataFrame:
    """Check that every rollup has the same totals as the finest one of its family, for every month."""
    each = pl.concat(
        _level(frames, rollup, name).cast({"residual": pl.Int64}) for name in FAMILIES for rollup in rollups_of(FAMILIES[name])[:-1]
    )
    broken = each.filter(pl.col("residual") != 0)["identity"]
    words = "Every rollup adds up to the finest one of its family, by month and measure" + (
        f"; not so: {', '.join(broken)}" if broken.len() else ""
    )
    return each.select(identity=pl.lit(words), cells=pl.col("cells").sum(), residual=pl.col("residual").sum())


def _level(frames: Frames, rollup: Rollup, name: str) -> pl.DataFrame:
    measures = [name for name in rollup.family.measures if not name.endswith("_squared")]
    names = ["date", *measures]
    per_month = pl.col("date").dt.truncate("1mo")

    def monthly(frame: pl.LazyFrame) -> pl.LazyFrame:
        long = frame.select(names).with_columns(per_month).group_by("date").agg(pl.col(measures).sum())
        return long.unpivot(index="date", value_name="count")

    return _compared(rollup.name, monthly(frames[rollup.name]), monthly(frames[_FINEST[name].name]), ["date", "variable"])


def _volume(frames: Frames, facts: Frames) -> pl.DataFrame:
    keys = ["date", "center_code", "port_code"]
    rolled = frames[_FINEST["volume"].name].group_by(keys).agg(count=pl.col("entries_count").sum())
    counted = facts["entry"].rename({"entry_date": "date"}).group_by(keys).agg(count=pl.len().cast(pl.Int64))
    return _compared("Entries of the rollup = entries of the facts, by day, Center and port", _plain(rolled, keys), counted, keys)


def _money(facts: Frames) -> pl.DataFrame:
    entries = facts["entry"].select("entry_number", count=cents("value_usd") + cents("duty_usd"))
    lines = facts["entry_line"].group_by("entry_number").agg(count=(cents("value_usd") + cents("duty_usd")).sum())
    return _compared("Value and duty of an entry = sum of its lines, in cents", entries, lines, ["entry_number"])


def _pending(frames: Frames, facts: Frames) -> pl.DataFrame:
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
    return _compared(words, _plain(running.select(*keys, "end", "count"), keys), counted, [*keys, "end"])


def _equation(frames: Frames) -> pl.DataFrame:
    """Check pending(t) = pending(t-1) + receipts - completions + transfers, for every day, Center, port and work type."""
    change = pl.col("receipts") - pl.col("completions") + pl.col("transfers_in") - pl.col("transfers_out")
    words = "Change in pending = receipts - completions + transfers, by day, Center, port and work type"
    keys = ["date", "center_code", "port_code", "work_type"]
    sums = frames[_FINEST["work"].name].group_by(keys).agg(left=pl.col("pending_net").sum(), right=change.sum())
    return sums.select(identity=pl.lit(words), cells=pl.len(), residual=(pl.col("left") - pl.col("right")).abs().sum()).collect()


def _routing(facts: Frames) -> pl.DataFrame:
    wrong = (pl.col("processed_by") == "CENTER") != (pl.col("center_code") != codes.PORT_CODE)
    words = "Entries are processed by a Center or by a port, never by both or neither"
    return facts["entry"].select(identity=pl.lit(words), cells=pl.len(), residual=wrong.sum()).collect()


def _stays(facts: Frames) -> pl.DataFrame:
    """Check that the stays of every review tile its open days."""
    days = (pl.col("to_date").fill_null(pl.col("horizon")) - pl.col("from_date")).dt.total_days().sum()
    tiled = facts["stay"].group_by("review_id").agg(count=days)
    horizon = facts["stay"].select(pl.col("horizon").max())
    ended = (
        facts["review"]
        .join(horizon, how="cross")
        .select("review_id", count=(pl.col("closed_date").fill_null(pl.col("horizon")) - pl.col("opened_date")).dt.total_days())
    )
    return _compared("Days with all holders = days open, for every review", tiled, ended, ["review_id"])


def _plain(frame: pl.LazyFrame, columns: list[str]) -> pl.LazyFrame:
    """Turn coded columns back into text, so that they meet the facts'."""
    return frame.with_columns(pl.col(name).cast(pl.String) for name in columns if name != "date")
