"""Single records for those whose role reaches them: the open reviews of a work list, and one review or account with all around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl

#: Most open reviews that a work list reads; a reader of more narrows it.
MOST: Final = 200_000

#: Most records of each kind around one review.
_AROUND: Final = 200


class Records(Protocol):
    """What is asked of a snapshot."""

    def rows(self, fact: str, predicate: pl.Expr, limit: int, order: str | None = None) -> pl.DataFrame:
        """Return records of a fact, cut to the scope."""

    def facts(self, fact: str) -> pl.LazyFrame:
        """Return a fact, not cut to the scope."""


@dataclass(frozen=True)
class Item:
    """One review and what is known around it; `review` has one row, `entry` one or none.

    Attributes:
        review: Facts of the review.
        events: Its `event_date`, `event_type`, `from_center_code`, `to_center_code`, `reason`, in order.
        clock: When its clock stood: `stop_date`, `start_date`.
        entry: Facts of its entry, if the reader's scope reaches it.
        lines: Lines of that entry.
        others: Other reviews of the same account within the scope, latest first.
    """

    review: pl.DataFrame
    events: pl.DataFrame
    clock: pl.DataFrame
    entry: pl.DataFrame
    lines: pl.DataFrame
    others: pl.DataFrame


@dataclass(frozen=True)
class Account:
    """One account and what is known of it within the reader's scope; `profile` has one row.

    Attributes:
        profile: Account profile (`data.facts.account_profiles`).
        pending: Its open reviews, and `stood`: when their clocks stood.
        stood: `review_id`, `stop_date`, `start_date`.
        done: Its completed reviews, latest first.
        goods: `industry_code`, `lines_count`, `value_usd` of the last 12 months, most lines first.
        history: Its assignments with their `event` (`analytics.assignment.events`), latest first.
    """

    profile: pl.DataFrame
    pending: pl.DataFrame
    stood: pl.DataFrame
    done: pl.DataFrame
    goods: pl.DataFrame
    history: pl.DataFrame


def account(records: Records, profile: pl.DataFrame, goods: pl.LazyFrame, history: pl.DataFrame) -> Account:
    """Return an account with all around it.

    Args:
        records: Reads single records, cut to the scope.
        profile: Its profile, which the reader may see.
        goods: Facts `goods` of the last 12 months, in dollars.
        history: Assignments of the accounts that the reader may see.
    """
    account_id = profile["account_id"][0]
    mine = pl.col("account_id") == account_id
    waiting, stood = pending(records, mine)
    done = records.rows("review", mine & pl.col("closed_date").is_not_null(), 10_000).sort("closed_date", "review_id", descending=True)
    sums = goods.filter(mine).group_by("industry_code").agg(pl.col("lines_count", "value_usd").sum())
    return Account(
        profile,
        waiting,
        stood,
        done.head(_AROUND),
        sums.sort(["lines_count", "industry_code"], descending=[True, False]).collect(),
        history.filter(mine).sort("valid_from", descending=True),
    )


def pending(records: Records, predicate: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the open reviews of a scope that meet a predicate, at most `MOST`, and the facts `clock` of these."""
    review = records.rows("review", pl.col("closed_date").is_null() & predicate, MOST)
    clock = records.facts("clock").join(review.lazy().select("review_id"), on="review_id", how="semi").collect()
    return review, clock


def item(records: Records, review_id: str) -> Item | None:
    """Return a review with all around it; null when there is none or the scope does not reach it."""
    review = records.rows("review", pl.col("review_id") == review_id, 1)
    if review.is_empty():
        return None
    # What follows a review is the reader's as the review is.
    events, clock = (
        records.facts(name).filter(pl.col("review_id") == review_id).head(_AROUND).collect() for name in ("review_event", "clock")
    )
    found = review.row(0, named=True)
    day, number = found["entry_date"], found["entry_number"]
    of_entry = (pl.col("entry_date") == day) & (pl.col("entry_number") == number) if day else pl.lit(value=False)
    entry = records.rows("entry", of_entry, 1)
    lines = (
        records.rows("entry_line", of_entry, _AROUND, "line_number") if entry.height else records.rows("entry_line", pl.lit(value=False), 0)
    )
    same = (pl.col("account_id") == found["account_id"]) & (pl.col("review_id") != review_id)
    # All of them: what stands above the list counts them.
    others = records.rows("review", same, MOST).sort("opened_date", "review_id", descending=True)
    return Item(review, events.sort("event_date"), clock.sort("stop_date"), entry, lines, others)
