"""The items to act on: open reviews in the order in which doing nothing changes a legal right.

One row an open review, with both its ages and its next consequence (`analytics.clocks`). Rows, not sums: only those whose
role reaches single records see them.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from analytics import clocks, standards
from analytics.exc import QueryError

#: Choices of a list -> (label, column of days, first day from now, last day from now); null ends are open. The law's date
#: (`days_to_consequence`) is what changes a right; the review's own due date (`days_to_due`) is often only a standard.
WINDOWS: Final[dict[str, tuple[str, str, int | None, int | None]]] = {
    "all": ("Everything open", "days_to_consequence", None, None),
    "lapsed": ("Legal date passed", "days_to_consequence", None, -1),
    "7": ("Legal date in 7 days", "days_to_consequence", 0, 7),
    "14": ("In 14 days", "days_to_consequence", 0, 14),
    "30": ("In 30 days", "days_to_consequence", 0, 30),
    "past_due": ("Past due", "days_to_due", None, -1),
    "due_7": ("Due in 7 days", "days_to_due", 0, 7),
    "due_30": ("Due in 30 days", "days_to_due", 0, 30),
}

#: Columns in which a search looks.
SEARCHED: Final = ("review_id", "entry_number", "account_name", "filer_code", "team")


def items(reviews: pl.DataFrame, stood: pl.DataFrame, accounts: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Make the work list of open reviews.

    Args:
        reviews: Facts `review` that are open on `as_of`.
        stood: Facts `clock` of these reviews: `review_id`, `stop_date`, `start_date` (null while the clock stands).
        accounts: `account_id`, `account_name`; accounts that the reader may not name are absent.
        as_of: Date of the data.

    Returns:
        The reviews with `account_name` (null when it may not be shown), `age_days` (gross), `controlled_age_days` (without the days
        that the clock stood), `clock_stands`, `is_backlog`, `days_to_due` (negative once past due), and what `clocks.next_consequence` adds; the nearest consequence first.
    """
    ended = pl.coalesce("start_date", pl.lit(as_of))
    stops = stood.lazy().filter(pl.col("stop_date") <= as_of).group_by("review_id")
    days = stops.agg(stood_days=(ended - pl.col("stop_date")).dt.total_days().sum(), clock_stands=pl.col("start_date").is_null().any())
    age = (pl.lit(as_of) - pl.col("opened_date")).dt.total_days()
    aged = (
        clocks.next_consequence(reviews.lazy(), as_of)
        .join(days, on="review_id", how="left")
        .join(accounts.lazy().select("account_id", "account_name"), on="account_id", how="left")
        .with_columns(
            age_days=age,
            days_to_due=(pl.col("due_date") - as_of).dt.total_days(),
            is_backlog=age > standards.standard_days(pl.col("work_type")),
            clock_stands=pl.col("clock_stands").fill_null(value=False),
        )
        .with_columns(controlled_age_days=pl.col("age_days") - pl.col("stood_days").fill_null(0))
        .drop("stood_days")
    )
    order = ["days_to_consequence", "due_date", "opened_date", "review_id"]
    return aged.sort(order, nulls_last=True).collect()


def narrowed(listed: pl.DataFrame, window: str, search: str) -> pl.DataFrame:
    """Keep the items of a window of `WINDOWS` in which every word of a search occurs.

    Raises:
        QueryError: there is no such window.
    """
    if window not in WINDOWS:
        raise QueryError(f"There is no window “{window[:40]}”; choose among {', '.join(WINDOWS)}.")
    _, column, first, last = WINDOWS[window]
    days = pl.col(column)
    kept = listed.filter(*([days >= first] if first is not None else []), *([days <= last] if last is not None else []))
    text = pl.concat_str([pl.col(name).fill_null("") for name in SEARCHED], separator=" ").str.to_lowercase()
    return kept.filter(text.str.contains(word, literal=True) for word in search.lower().split()) if search.strip() else kept


def counts(listed: pl.DataFrame) -> dict[str, int]:
    """Count the items of each window, whatever a search keeps."""
    return {name: narrowed(listed, name, "").height for name in WINDOWS}
