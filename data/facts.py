"""From the tables of the database to the facts and dimensions of a published version: pure functions on frames.

Facts carry the entry's dimensions on every line and review, `PORT` where no Center is, and nothing that a page would have
to look up again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from analytics import assignment, codes, periods, standards
from analytics.rollups import stay_rows

Tables = Mapping[str, pl.DataFrame]

#: Facts kept as one file a month -> the column whose month it is.
MONTHLY: Final[dict[str, str]] = {"entry": "entry_date", "entry_line": "entry_date", "review": "opened_date"}

#: Columns whose latest value is the data's own date; dates that lie ahead by nature are not among them.
HAPPENED: Final[dict[str, tuple[str, ...]]] = {
    "entry": ("entry_date", "summary_date"),
    "review": ("opened_date", "closed_date"),
    "inquiry": ("received_date", "answered_date"),
    "feedback": ("received_date", "responded_date"),
}

#: Dimensions of an entry that its lines and reviews carry too.
_ENTRY_DIMENSIONS: Final = ("entry_date", "account_id", "port_code", "center_code", "program", "entry_type_code", "mode_code")


def latest_date(tables: Tables) -> dt.date | None:
    """Return the latest day on which anything in the tables happened; null when they are empty."""
    days = [tables[name][column].max() for name, columns in HAPPENED.items() for column in columns]
    return max((day for day in days if isinstance(day, dt.date)), default=None)


def first_date(tables: Tables) -> dt.date | None:
    """Return the first day on which anything in the tables began; null when they are empty."""
    days = [tables[name][columns[0]].min() for name, columns in HAPPENED.items()]
    return min((day for day in days if isinstance(day, dt.date)), default=None)


def build(tables: Tables, as_of: dt.date) -> dict[str, pl.DataFrame]:
    """Make every fact of a version, as things stood on `as_of`.

    Args:
        tables: The database's tables in the contract's columns.
        as_of: Later entries, reviews and answers have not happened.

    Returns:
        `entry`, `entry_line`, `review`, `stay`, `inquiry`, `feedback`, `sample_stratum` and the small tables as they are.
    """
    entry = _entry(tables, as_of)
    review = _review(tables, entry, as_of)
    facts = {
        "entry": entry.sort("entry_date", "entry_number"),
        "entry_line": _entry_line(tables, entry),
        "review": review.sort("opened_date", "review_id"),
        "stay": _stay(review, tables["review_event"], as_of),
        "inquiry": _inquiry(tables, as_of),
        "feedback": _feedback(tables, as_of),
    }
    rest = ("review_event", "sample_stratum", "staff", "target", "meeting", "news")
    return facts | {name: tables[name] for name in rest}


def dimensions(tables: Tables, facts: Tables, as_of: dt.date) -> dict[str, pl.DataFrame]:
    """Make the dimension tables of a version: Centers, industries, ports, headings, groups and account profiles."""
    plain = ("center", "industry", "hts_heading", "port", "working_group")
    return {name: tables[name] for name in plain} | {"account": account_profiles(tables, facts, as_of)}


def account_profiles(tables: Tables, facts: Tables, as_of: dt.date) -> pl.DataFrame:
    """Describe each account on `as_of`: who works it, and what its goods of the last 12 months suggest.

    Returns:
        `account_id`, `account_name`, `size_band`, `status` (`NONE` without any assignment), `center_code`, `basis`,
        `participating_from`, `program`, what `assignment.suggest` gives, and `entries_count` (last 12 months).
    """
    since = periods.months_back(as_of, 11)
    window = pl.col("entry_date").is_between(since, as_of)
    suggested = assignment.suggest(
        facts["entry_line"].lazy().filter(window), tables["industry"].lazy().select("industry_code", "center_code")
    )
    entries = facts["entry"].filter(window).group_by("account_id").agg(entries_count=pl.len().cast(pl.Int64))
    in_force = (pl.col("valid_from") <= as_of) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of))
    current = tables["account_center"].filter(in_force).sort("valid_from").unique("account_id", keep="last")
    profile = tables["account"].join(
        current.select("account_id", "status", "center_code", "basis", "participating_from"), on="account_id", how="left"
    )
    joined = profile.join(suggested, on="account_id", how="left").join(entries, on="account_id", how="left")
    counts = pl.col("entries_count", "lines_count", "value_usd").fill_null(0)
    return joined.with_columns(pl.col("status").fill_null("NONE"), counts).sort("account_id")


def _holder(column: str = "center_code") -> pl.Expr:
    return pl.col(column).fill_null(codes.PORT_CODE)


def _entry(tables: Tables, as_of: dt.date) -> pl.DataFrame:
    """Give each entry up to `as_of` its account's key, a small number that says nothing of the account."""
    keys = tables["account"].select("account_id").sort("account_id").with_row_index("account_key")
    return (
        tables["entry"]
        .filter(pl.col("entry_date") <= as_of)
        .with_columns(_holder(), pl.col("mode_code").fill_null(codes.UNKNOWN))
        .join(keys, on="account_id", how="left")
    )


def _entry_line(tables: Tables, entry: pl.DataFrame) -> pl.DataFrame:
    return (
        tables["entry_line"]
        .join(entry.select("entry_number", *_ENTRY_DIMENSIONS), on="entry_number")
        .sort("entry_date", "entry_number", "line_number")
    )


def _review(tables: Tables, entry: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Give each review its entry's date, value and duty; a review closed after `as_of` is still open."""
    later = pl.col("closed_date") > as_of
    reopened = {
        "status": pl.when(later).then(pl.lit("open")).otherwise(pl.col("status")),
        **{
            name: pl.when(~later | later.is_null()).then(pl.col(name))
            for name in ("closed_date", "outcome", "severity", "finding_category", "revenue_change_usd")
        },
    }
    stake = entry.select("entry_number", "entry_date", entry_value_usd="value_usd", entry_duty_usd="duty_usd")
    return (
        tables["review"]
        .filter(pl.col("opened_date") <= as_of)
        .with_columns(_holder(), **reopened)
        .join(stake, on="entry_number", how="left")
    )


def _stay(review: pl.DataFrame, events: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    transfers = (
        events.filter((pl.col("event_type") == "transfer") & (pl.col("event_date") <= as_of))
        .with_columns(_holder("from_center_code"), _holder("to_center_code"))
        .sort("review_id", "event_date")
    )
    kept = review.lazy().select(
        "review_id", "work_type", "center_code", "port_code", "industry_code", "program", "opened_date", "closed_date", "due_date"
    )
    return stay_rows(kept, transfers.lazy(), pl.lit(as_of)).collect().sort("opened_date", "review_id", "from_date")


def _inquiry(tables: Tables, as_of: dt.date) -> pl.DataFrame:
    """Give each inquiry the day by which it is to be answered; the day it came in does not count."""
    received = tables["inquiry"].filter(pl.col("received_date") <= as_of)
    years = received.select(first=pl.col("received_date").dt.year().min(), last=pl.col("received_date").dt.year().max()).row(0)
    closed = periods.holidays(years[0] or as_of.year, years[1] or as_of.year)
    # The last day on which no more than the standard's business days have passed: the one before the next of them.
    late = pl.col("received_date").dt.add_business_days(standards.INQUIRY_BUSINESS_DAYS + 1, holidays=closed, roll="backward")
    by = late - pl.duration(days=1)
    answered = pl.when(pl.col("answered_date") <= as_of).then(pl.col("answered_date"))
    return received.with_columns(pl.col("port_code").fill_null(codes.UNKNOWN), answered_date=answered, answer_by_date=by)


def _feedback(tables: Tables, as_of: dt.date) -> pl.DataFrame:
    groups = tables["working_group"].select("group_code", "center_code")
    answered = pl.when(pl.col("responded_date") <= as_of).then(pl.col("responded_date"))
    return (
        tables["feedback"]
        .filter(pl.col("received_date") <= as_of)
        .join(groups, on="group_code")
        .with_columns(responded_date=answered)
        .sort("received_date", "feedback_id")
    )
