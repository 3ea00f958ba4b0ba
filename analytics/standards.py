"""The standards that make pending work a backlog, and the ages at which the law draws a line.

A review is in the backlog when it has been open for more days than the standard of its work type. The statutes give
most of this work no number of days (19 USC 1504, 1514-1515, 1592; 19 CFR 177.11), so the standards here are service
standards: one table, shown on screen wherever a backlog is.
"""

from __future__ import annotations

from typing import Final

import polars as pl

#: Work type -> days that a review may be open before it counts as backlog.
STANDARD_DAYS: Final[dict[str, int]] = {
    "validation": 90,
    "psc": 30,
    "pea": 60,
    "prior_disclosure": 90,
    "protest": 180,
    "cf28": 60,
    "cf29": 45,
    "internal_advice": 90,
}

#: Ages in days at which a bucket begins: the marks of the liquidation cycle (30, 90, 180, 270, 314 days and a year).
AGE_MARKS: Final[tuple[int, ...]] = (0, 31, 91, 181, 271, 315, 366)

AGE_LABELS: Final[tuple[str, ...]] = ("0–30", "31–90", "91–180", "181–270", "271–314", "315–365", "Over 365")

#: Ages in days at which a bucket of protests begins: those of the statute, 30 days accelerated and two years (19 USC 1515).
PROTEST_MARKS: Final[tuple[int, ...]] = (0, 31, 366, 731)

PROTEST_LABELS: Final[tuple[str, ...]] = ("0–30 days", "31–365 days", "366–730 days", "Over 730 days")

#: Days ahead within which work is counted as falling due.
DUE_WINDOWS: Final[tuple[int, ...]] = (7, 14, 30)

#: Share of a sample that must be completed before its rate is more than provisional.
SAMPLE_COMPLETE_SHARE: Final = 0.95

#: Fewer sampled lines, or fewer effective ones, than this make no rate.
LEAST_SAMPLE: Final = 30

#: Fewer cases than this make no share of a full count.
LEAST_CASES: Final = 10

#: Business days within which an inquiry is to be answered.
INQUIRY_BUSINESS_DAYS: Final = 2


def standard_days(work_type: pl.Expr) -> pl.Expr:
    """Map a work type to its standard in days."""
    return work_type.replace_strict(STANDARD_DAYS, return_dtype=pl.Int64)
