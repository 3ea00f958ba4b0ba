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
from analytics.stays import clock_rows, stay_rows

Tables = Mapping[str, pl.DataFrame]

#: Facts that are kept month by month -> kind of month that they belong to: of entry, or in which the review was opened.
MONTHLY: Final[dict[str, str]] = {
    "entry": "entry",
    "entry_line": "entry",
    "goods": "entry",
    "review": "review",
    "review_event": "review",
    "stay": "review",
    "clock": "review",
}

#: Columns whose latest value is the data's own date; dates that lie ahead by nature are not among them.
HAPPENED: Final[dict[str, tuple[str, ...]]] = {
    "entry": ("entry_date", "summary_date"),
    "review": ("opened_date", "closed_date"),
    "review_event": ("event_date",),
    "inquiry": ("received_date", "answered_date"),
    "feedback": ("received_date", "responded_date"),
}

#: Dimensions of an entry that its lines and reviews carry too.
_ENTRY_DIMENSIONS: Final = ("entry_date", "account_id", "port_code", "center_code", "program", "entry_type_code", "mode_code")

#: What a review takes from its entry.
STAKE: Final = (
    "entry_number", "entry_date", "value_usd", "duty_usd", "filer_code", "scheduled_liquidation_date", "liquidation_date",
    "extension_count", "suspended_date", "suspension_lifted_date",
)  # fmt: skip


def latest_date(tables: Tables) -> dt.date | None:
    """Return the latest day on which anything in the tables happened; null when they are empty."""
    days = [tables[name][column].max() for name, columns in HAPPENED.items() if name in tables for column in columns]
    return max((day for day in days if isinstance(day, dt.date)), default=None)


def first_date(tables: Tables) -> dt.date | None:
    """Return the first day on which anything in the tables began; null when they are empty."""
    days = [tables[name][columns[0]].min() for name, columns in HAPPENED.items() if name in tables]
    return min((day for day in days if isinstance(day, dt.date)), default=None)


def of_entries(tables: Tables, as_of: dt.date | None) -> dict[str, pl.DataFrame]:
    """Make the facts of entries and their lines.

    Args:
        tables: `entry`, `entry_line` of the same entries, and `account_key`.
        as_of: Later entries have not happened; null when there are none.

    Returns:
        `entry`, `entry_line`, and `goods`: lines and value by account and industry, to suggest assignments from.
    """
    entry = _entry(tables, as_of).sort("entry_date", "entry_number")
    # By the place of their entry, a number: a sort by texts takes several times as long.
    placed = entry.select("entry_number", *_ENTRY_DIMENSIONS).with_row_index("place")
    lines = tables["entry_line"].join(placed, on="entry_number").sort("place", "line_number").drop("place")
    sums = {"lines_count": pl.len().cast(pl.Int64), "value_usd": pl.col("value_usd").sum()}
    goods = lines.group_by("account_id", "industry_code").agg(**sums).sort("account_id", "industry_code")
    return {"entry": entry, "entry_line": lines, "goods": goods}


def of_reviews(tables: Tables, as_of: dt.date | None) -> dict[str, pl.DataFrame]:
    """Make the facts of reviews.

    Args:
        tables: `review`, `review_event` of the same reviews, `account_key`, and as `stake` the `STAKE` columns of their entries.
        as_of: Later openings, closings and events have not happened; null when there are none.

    Returns:
        `review`, `review_event`, `stay` (with one holder each) and `clock` (when it stood).
    """
    review = _review(tables, as_of)
    every = tables["review_event"].join(review, on="review_id", how="semi")
    inside = _while_open(every, tables["review"])
    stay = _stay(review, inside, as_of)
    return {
        "review": _with_holder(review, stay).sort("opened_date", "review_id"),
        "review_event": _by_day(every, as_of).sort("review_id", "event_date", "event_type"),
        "stay": stay,
        "clock": _clock(inside, as_of),
    }


def of_the_rest(tables: Tables, as_of: dt.date) -> dict[str, pl.DataFrame]:
    """Make the facts that are small enough to be made anew each time; what is dated as things stood on `as_of`."""
    rest = ("sample_stratum", "staff", "target", "meeting", "attendance", "follow_up", "news")
    made = {"inquiry": _inquiry(tables, as_of), "feedback": feedback(tables, as_of), "assignment": _assignments(tables, as_of)}
    return made | {name: tables[name] for name in rest}


def dimensions(tables: Tables, goods: pl.LazyFrame, entries: pl.LazyFrame, as_of: dt.date) -> dict[str, pl.DataFrame]:
    """Make the dimension tables of a version: Centers, industries, ports, headings, groups and account profiles."""
    plain = ("center", "industry", "hts_heading", "port", "working_group")
    return {name: tables[name] for name in plain} | {"account": account_profiles(tables, goods, entries, as_of)}


def profile_window(as_of: dt.date) -> str:
    """Return the first month whose goods count for the accounts' profiles."""
    return periods.months_back(as_of, 11).strftime("%Y-%m")


def account_profiles(tables: Tables, goods: pl.LazyFrame, entries: pl.LazyFrame, as_of: dt.date) -> pl.DataFrame:
    """Describe each account on `as_of`: who works it, and what its goods of the last 12 months suggest.

    Args:
        tables: `account`, `account_key`, `account_center`, `importer`, `industry`.
        goods: Facts `goods` of the last 12 months, values in cents.
        entries: `account_id` of the entries of the last 12 months.
        as_of: Date of the version.

    Returns:
        `account_id`, `account_key`, `account_name`, `size_band`, `status` (`NONE` without any assignment), `center_code`, `basis`,
        `participating_from`, `is_eligible` (an importer of it is a member of C-TPAT tier 2-3 or ISA on `as_of`), what `assignment.suggest` and `assignment.off_industry` give, and `entries_count` (last 12 months).
    """
    industries = tables["industry"].lazy().select("industry_code", "center_code")
    suggested = assignment.suggest(goods, industries)
    counted = entries.group_by("account_id").agg(entries_count=pl.len().cast(pl.Int64)).collect()
    in_force = (pl.col("valid_from") <= as_of) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of))
    current = tables["account_center"].filter(in_force).sort("valid_from").unique("account_id", keep="last")
    profile = tables["account"].join(
        current.select("account_id", "status", "center_code", "basis", "participating_from"), on="account_id", how="left"
    )
    elsewhere = assignment.off_industry(goods, industries, current.lazy().select("account_id", "center_code"))
    joined = _keyed(profile, tables["account_key"])
    for frame in (suggested, elsewhere, counted):
        joined = joined.join(frame, on="account_id", how="left")
    counts = pl.col("entries_count", "lines_count", "value_usd").fill_null(0)
    eligible = pl.col("account_id").is_in(_eligible(tables["importer"], as_of).implode())
    return joined.with_columns(pl.col("status").fill_null("NONE"), counts, is_eligible=eligible).sort("account_id")


def _eligible(importers: pl.DataFrame, as_of: dt.date) -> pl.Series:
    """List the accounts of which an importer is a member of a program that Centers ask for."""
    trusted = (pl.col("ctpat_tier") >= 2) & (pl.col("ctpat_since") <= as_of)
    assessed = pl.col("isa_member") & (pl.col("isa_since") <= as_of)
    return importers.filter(trusted.fill_null(value=False) | assessed.fill_null(value=False))["account_id"].unique()


def _holder(column: str = "center_code") -> pl.Expr:
    return pl.col(column).fill_null(codes.PORT_CODE)


def _entry(tables: Tables, as_of: dt.date | None) -> pl.DataFrame:
    """Give each entry up to `as_of` its account's key."""
    entry = tables["entry"] if as_of is None else tables["entry"].filter(pl.col("entry_date") <= as_of)
    keyed = _keyed(entry, tables["account_key"])
    return keyed.with_columns(_holder(), pl.col("mode_code").fill_null(codes.UNKNOWN))


def _review(tables: Tables, as_of: dt.date | None) -> pl.DataFrame:
    """Give each review its account's key and its entry's date, value and duty; a review closed after `as_of` is still open."""
    review = tables["review"] if as_of is None else as_it_stood(tables["review"], as_of)
    stake = tables["stake"].select(*STAKE).rename({"value_usd": "entry_value_usd", "duty_usd": "entry_duty_usd"})
    if as_of is not None:
        dates = ("liquidation_date", "suspended_date", "suspension_lifted_date")
        stake = stake.with_columns(pl.when(pl.col(name) <= as_of).then(pl.col(name)) for name in dates)
    minutes = (pl.col("hours") * 60).round().cast(pl.Int64)
    weeks = {f"{name}_week": pl.col(f"{name}_date").dt.truncate("1w") for name in ("opened", "closed")}
    dated = review.with_columns(_holder(), minutes=minutes, **weeks).join(stake, on="entry_number", how="left")
    return _keyed(dated, tables["account_key"])


def _keyed(frame: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Give each row its account's key, a small number that says nothing of the account."""
    numbered = keys.select("account_id", pl.col("account_key").cast(pl.UInt32))
    return frame.join(numbered, on="account_id", how="left", maintain_order="left")


def as_it_stood(review: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Take back what happened to reviews after a day."""
    later = pl.col("closed_date") > as_of
    ends = ("closed_date", "outcome", "severity", "finding_category", "revenue_change_usd")
    reopened = {name: pl.when(~later | later.is_null()).then(pl.col(name)) for name in ends}
    status = pl.when(later).then(pl.lit("open")).otherwise(pl.col("status"))
    return review.filter(pl.col("opened_date") <= as_of).with_columns(status=status, **reopened)


def _by_day(events: pl.DataFrame, as_of: dt.date | None) -> pl.DataFrame:
    """Leave out events that have not happened yet."""
    return events if as_of is None else events.filter(pl.col("event_date") <= as_of)


def _while_open(events: pl.DataFrame, review: pl.DataFrame) -> pl.DataFrame:
    """Leave out events before a review was opened or after it closed, as a correction of its dates can make them; a check counts them."""
    dated = events.join(review.select("review_id", "opened_date", "closed_date"), on="review_id")
    outside = (pl.col("event_date") < pl.col("opened_date")) | (pl.col("event_date") > pl.col("closed_date")).fill_null(value=False)
    return dated.filter(~outside).select(events.columns)


def _stay(review: pl.DataFrame, events: pl.DataFrame, as_of: dt.date | None) -> pl.DataFrame:
    """Split reviews at their transfers; a later transfer has not happened, and still says who held the review before it."""
    transfers = (
        events.filter(pl.col("event_type") == "transfer")
        .with_columns(_holder("from_center_code"), _holder("to_center_code"))
        .sort("review_id", "event_date")
    )
    kept = review.lazy().select(
        "review_id", "work_type", "center_code", "port_code", "industry_code", "program", "opened_date", "closed_date", "due_date",
        "outcome", "entry_value_usd", "entry_duty_usd", "account_key",
    )  # fmt: skip
    stays = stay_rows(kept, transfers.lazy()).collect()
    if as_of is not None:
        later = (pl.col("to_date") > as_of).fill_null(value=False)
        stays = stays.filter(pl.col("from_date") <= as_of).with_columns(
            to_date=pl.when(~later).then(pl.col("to_date")), is_last=pl.col("is_last") | later
        )
    # How a review ended belongs to the stay in which it ended.
    ended = pl.when(pl.col("is_last") & pl.col("to_date").is_not_null()).then(pl.col("outcome"))
    overdue = pl.col("opened_date") + pl.duration(days=standards.standard_days(pl.col("work_type")) + 1)
    return stays.with_columns(outcome=ended, backlog_date=overdue, opened_day=_day("opened_date")).sort(
        "opened_date", "review_id", "from_date"
    )


def _clock(events: pl.DataFrame, as_of: dt.date | None) -> pl.DataFrame:
    stood = clock_rows(_by_day(events, as_of).lazy()).collect().sort("review_id", "stop_date")
    return stood.with_columns(stop_day=_day("stop_date"), start_day=_day("start_date"))


def _day(date: str) -> pl.Expr:
    """Number a day, counted from 1970, so that days can be summed."""
    return pl.col(date).cast(pl.Int32).cast(pl.Int64)


def _with_holder(review: pl.DataFrame, stay: pl.DataFrame) -> pl.DataFrame:
    """Give each review the holder of its last stay: who has it on the as-of date, or closed it."""
    last = stay.filter("is_last").select("review_id", holder="center_code")
    return review.join(last, on="review_id", how="left").with_columns(center_code=pl.coalesce("holder", "center_code")).drop("holder")


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


def _assignments(tables: Tables, as_of: dt.date) -> pl.DataFrame:
    """Tell how each account came to its Center, up to a day."""
    known = tables["account_center"].filter(pl.col("valid_from") <= as_of)
    ended = pl.when(pl.col("valid_to") <= as_of).then(pl.col("valid_to"))
    return assignment.events(known.with_columns(valid_to=ended))


def feedback(tables: Tables, as_of: dt.date) -> pl.DataFrame:
    """Return what was said up to a day, with the Center of its group; what was answered or settled later waits still.

    What was settled later has an open status on that day: in progress once it was answered, else open. So it differs from what was
    settled on a day that nobody wrote down, which has a settled status and no day.

    Args:
        tables: `feedback` and `working_group`.
        as_of: Last day that has happened.
    """
    groups = tables["working_group"].select("group_code", "center_code")
    happened = [pl.when(pl.col(name) <= as_of).then(pl.col(name)).alias(name) for name in ("responded_date", "closed_date")]
    waiting = pl.when(pl.col("responded_date") <= as_of).then(pl.lit("in_progress")).otherwise(pl.lit("open"))
    status = pl.when(pl.col("closed_date") > as_of).then(waiting).otherwise(pl.col("status")).alias("status")
    return (
        tables["feedback"]
        .filter(pl.col("received_date") <= as_of)
        .join(groups, on="group_code")
        .with_columns(*happened, status)
        .sort("received_date", "feedback_id")
    )
