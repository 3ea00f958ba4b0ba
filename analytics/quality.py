"""How far the data can be trusted: complete by month and port, fresh, assigned, and worked by the Center of its industry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from analytics import cube, periods
from analytics.filters import Filters
from analytics.rollups import VOLUME, Frames

#: Months before a month that say what a port may be expected to report.
_WINDOW: Final = 12

#: Entries a month below which a port's silence says nothing: it could be chance.
LEAST_EXPECTED: Final = 30

#: Below this share of what was expected a port's month is called thin; seasons alone do not halve it.
THIN_SHARE: Final = 0.5

#: Months that the page judges.
JUDGED_MONTHS: Final = 13


def completeness(frames: Frames, as_of: dt.date) -> pl.DataFrame:
    """Compare what each port reported in each whole month with what it usually reports.

    Returns:
        `month`, `port_code`, `entries_count`, `expected` (median of its twelve months before, at least half of them reported),
        `state` (`missing`, `thin` or `ok`); only ports of which at least `LEAST_EXPECTED` entries are expected.
    """
    last = _last_whole_month(as_of)
    first = periods.months_back(last, JUDGED_MONTHS - 1 + _WINDOW)
    counted = cube.flows(frames, VOLUME, ["entries_count"], Filters(first, last), as_of, ["month", "port"])
    months = pl.DataFrame(
        {"month": [periods.months_back(last, back).strftime("%Y-%m") for back in range(JUDGED_MONTHS - 1 + _WINDOW, -1, -1)]}
    )
    grid = months.join(counted.select("port").unique(), how="cross").join(counted, on=["month", "port"], how="left")
    before = pl.col("entries_count").fill_null(0).shift(1).rolling_median(_WINDOW).over("port", order_by="month")
    judged = grid.with_columns(pl.col("entries_count").fill_null(0), expected=before).filter(pl.col("expected") >= LEAST_EXPECTED)
    state = (
        pl.when(pl.col("entries_count") == 0).then(pl.lit("missing"))
        .when(pl.col("entries_count") < THIN_SHARE * pl.col("expected")).then(pl.lit("thin"))
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
    return judged.select("month", port_code="port", entries_count="entries_count", expected="expected", state=state).sort(
        "month", "port_code"
    )


def _last_whole_month(as_of: dt.date) -> dt.date:
    """Return the last day of the last month that is over."""
    return as_of if as_of == periods.month_end(as_of) else periods.month_start(as_of) - dt.timedelta(days=1)


def silent_months(frames: Frames, as_of: dt.date) -> list[str]:
    """List the whole months without any entry between the first that has one and the as-of date: their fiscal years are not complete."""
    last = _last_whole_month(as_of)
    counted = cube.flows(frames, VOLUME, ["entries_count"], Filters(None, as_of), as_of, ["month"])
    if counted.is_empty():
        return []
    there = set(counted.filter(pl.col("entries_count") > 0)["month"])
    first = dt.date.fromisoformat(f"{min(there)}-01")
    months = (last.year - first.year) * 12 + last.month - first.month
    every = [periods.months_back(last, back).strftime("%Y-%m") for back in range(months, -1, -1)]
    return [month for month in every if month not in there]


def gaps(reported: pl.DataFrame, month: str, by: str) -> pl.DataFrame:
    """List the months that a table which is kept by month skips: each group's, from its first to the table's last.

    Args:
        reported: Rows with a month (`YYYY-MM`) and a group.
        month: Name of the month's column.
        by: Name of the group's column.

    Returns:
        `by`, `month`, in order; what never came after the table's last month is a question of freshness.
    """
    there = reported.select(by, month=month).unique()
    known = there.select("month").unique()
    span = there.group_by(by).agg(first=pl.col("month").min())
    if known.is_empty():
        return there
    day = pl.col("month").str.to_date("%Y-%m")
    every = known.select(month=pl.date_range(day.min(), day.max(), "1mo").dt.strftime("%Y-%m"))
    wanted = span.join(every, how="cross").filter(pl.col("month") >= pl.col("first"))
    return wanted.join(there, on=[by, "month"], how="anti").select(by, "month").sort(by, "month")


def off_industry_share(frames: Frames, industry_centers: Mapping[str, str], filters: Filters, as_of: dt.date) -> tuple[float | None, int]:
    """Give the share of the value that Centers process whose goods belong to another Center's industry, and the lines it rests on.

    An account is assigned whole, by most of its goods, so some of it is always another's; much of it says that accounts are
    assigned wrongly.
    """
    sums = cube.flows(frames, VOLUME, ["value_cents", "lines_count"], filters, as_of, ["center", "industry"])
    owners = pl.DataFrame(
        {"industry": list(industry_centers), "owner": list(industry_centers.values())}, schema={"industry": pl.String, "owner": pl.String}
    )
    worked = sums.filter(pl.col("center") != "PORT").join(owners, on="industry", how="left")
    whole, lines = int(worked["value_cents"].sum()), int(worked["lines_count"].sum())
    off = int(worked.filter(pl.col("center") != pl.col("owner"))["value_cents"].sum())
    return (off / whole if whole else None), lines


def unassigned_share(profiles: pl.DataFrame) -> tuple[float | None, int]:
    """Give the share of the last twelve months' value of accounts whose Center is not settled, and the number of such accounts.

    Args:
        profiles: Account profiles as published; one that is in no program or not eligible waits for no Center.
    """
    open_cases = profiles.filter(pl.col("status").is_in(["PENDING", "APPEAL"]) & (pl.col("lines_count") > 0))
    whole, waiting = (float(frame["value_usd"].sum()) for frame in (profiles, open_cases))
    return (waiting / whole if whole else None), open_cases.height
