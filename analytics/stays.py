"""Who holds a review when, and when its clock stands: intervals made from dated events."""

from __future__ import annotations

import polars as pl


def stay_rows(reviews: pl.LazyFrame, transfers: pl.LazyFrame) -> pl.LazyFrame:
    """Split reviews at their transfers into stays with one holder each.

    Args:
        reviews: Facts `review` (a null Center is already `PORT`).
        transfers: `review_id`, `event_date`, `from_center_code`, `to_center_code` (nulls already `PORT`), in order.

    Returns:
        The review's columns with `center_code` of the stay, `from_date`, `to_date` (null while it lasts), `is_first`,
        `is_last`. A review's stays tile its open days without gap or overlap.
    """
    order = ["review_id", "from_date", "step"]
    starts = reviews.join(transfers.group_by("review_id").agg(first_holder=pl.col("from_center_code").first()), on="review_id", how="left")
    first = starts.select("review_id", from_date="opened_date", holder=pl.coalesce("first_holder", "center_code"), step=pl.lit(0))
    moves = transfers.select("review_id", from_date="event_date", holder="to_center_code", step=pl.lit(1))
    joined = pl.concat([first, moves]).sort(order).join(reviews.rename({"center_code": "last_center"}), on="review_id")
    following = pl.col("from_date").shift(-1).over("review_id", order_by=["from_date", "step"])
    return (
        joined.filter(pl.col("closed_date").is_null() | (pl.col("from_date") <= pl.col("closed_date")))
        .with_columns(to_date=following)
        .with_columns(is_last=pl.col("to_date").is_null(), to_date=pl.coalesce("to_date", "closed_date"), is_first=pl.col("step") == 0)
        .with_columns(center_code="holder")
        .drop("holder", "step", "last_center")
    )


def clock_rows(events: pl.LazyFrame) -> pl.LazyFrame:
    """Pair the stops of clocks with the starts that follow them.

    Only a running clock can be stopped and only a stopped one started; a stop and a start on one day leave it as it was.
    The day of opening is never moved: gross age counts through all stops, Center-controlled age leaves them out.

    Args:
        events: `review_id`, `event_date`, `event_type`.

    Returns:
        `review_id`, `stop_date`, `start_date` (null while it stands); the intervals of a review do not touch or overlap.
    """
    kinds = events.filter(pl.col("event_type").is_in(["clock_stop", "clock_start"]))
    days = kinds.group_by("review_id", "event_date").agg(
        stops=(pl.col("event_type") == "clock_stop").any(), starts=(pl.col("event_type") == "clock_start").any()
    )
    single = days.filter(pl.col("stops") != pl.col("starts")).sort("review_id", "event_date")
    before = pl.col("stops").shift(1).over("review_id", order_by="event_date")
    # A clock runs at first, so a start without a stop before it says nothing; a second stop in a row neither.
    turns = single.filter(pl.col("stops") != before.fill_null(value=False))
    following = pl.col("event_date").shift(-1).over("review_id", order_by="event_date")
    paired = turns.with_columns(start_date=following).filter(pl.col("stops"))
    return paired.select("review_id", stop_date="event_date", start_date="start_date")
