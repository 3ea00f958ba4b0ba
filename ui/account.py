"""One account opened: its facts, months, pending items, findings, notices, goods and assignments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Protocol

import polars as pl

from analytics import accounts, assignment, codes, format, worklist
from ui.cards.shared import plural, total
from ui.frame import View
from ui.lists import table


class Around(Protocol):
    """One account with what is around it (`data.items.Account`)."""

    @property
    def profile(self) -> pl.DataFrame:
        """Its profile, one row."""

    @property
    def pending(self) -> pl.DataFrame:
        """Its open reviews."""

    @property
    def stood(self) -> pl.DataFrame:
        """When their clocks stood."""

    @property
    def done(self) -> pl.DataFrame:
        """Its completed reviews, latest first."""

    @property
    def goods(self) -> pl.DataFrame:
        """Its goods of the last 12 months by industry."""

    @property
    def history(self) -> pl.DataFrame:
        """Its assignments, latest first."""


def sections(view: View, around: Around, industries: pl.DataFrame) -> list[str]:
    """Write what is known of an account."""
    profile = around.profile.row(0, named=True)
    months = accounts.months_of(view.frames, profile["account_key"], view.as_of)
    items = worklist.items(around.pending, around.stood, around.profile, view.as_of)
    return [
        _facts(view, profile, items),
        _months(months),
        _pending(view, items),
        _found(around.done),
        _notices(around),
        _goods(view, around.goods.join(industries.select("industry_code", "center_code"), on="industry_code", how="left")),
        _history(view, around.history),
    ]


def _facts(view: View, profile: Mapping[str, Any], items: pl.DataFrame) -> str:
    late = int((items["due_date"] < view.as_of).sum())
    pairs = [
        ("Number", profile["account_id"]),
        ("Size", codes.SIZE_BANDS.get(profile["size_band"] or "", format.NONE)),
        ("Assignment", codes.ASSIGNMENT_STATUSES.get(profile["status"], "No assignment on record")),
        ("Center", _center(view, profile["center_code"])),
        ("Rests on", profile["basis"] or format.NONE),
        ("Participates from", format.date(profile["participating_from"])),
        ("Most lines are goods of", f"{_center(view, profile['suggested_center_code'])}, {format.share(profile['suggested_share'])}"),
        ("Runner-up", f"{_center(view, profile['runner_up_center_code'])}, margin {format.points(profile['margin'])}"),
        ("Most value is goods of", _center(view, profile["value_center_code"])),
        ("Import value, 12 months", format.usd_full(profile["value_usd"])),
        ("Pending", plural(items.height, "review")),
        ("Past due", format.count(late)),
    ]
    return _pairs(profile["account_name"], pairs)


def _pairs(caption: str, pairs: Iterable[tuple[str, object]]) -> str:
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in pairs)
    return f'<section class="cl-list"><h2>{escape(caption)}</h2><dl class="cl-facts">{cells}</dl></section>'


def _center(view: View, code: str | None) -> str:
    return format.NONE if code is None else view.label("center", code)


def _months(months: pl.DataFrame) -> str:
    counts = ("entries_count", "lines_count")
    work = ("receipts", "completions", "pending", "cf28_receipts", "cf29_receipts")
    rows = [
        (
            format.month(row["date"]),
            *(format.count(row[name]) for name in counts),
            format.usd_full(row["value_usd"]),
            format.usd_full(row["duty_usd"]),
            *(format.count(row[name]) for name in work),
            f"{format.count(row['found_count'])} of {format.count(row['looked_count'])}",
        )
        for row in months.sort("date", descending=True).iter_rows(named=True)
    ]
    heads = (
        "Month",
        "Entry summaries",
        "Lines",
        "Value",
        "Duty",
        "Receipts",
        "Completions",
        "Pending at its end",
        "CF-28s",
        "CF-29s",
        "Found",
    )
    return table("Month by month, with the Centers that you see", heads, rows, empty="")


def _pending(view: View, items: pl.DataFrame, most: int = 15) -> str:
    rows = [
        (
            row["review_id"],
            codes.WORK_TYPES[row["work_type"]],
            format.date(row["opened_date"]),
            format.days(row["age_days"]),
            format.date(row["due_date"]),
            format.date(row["consequence_date"]),
            row["entry_number"] or format.NONE,
            view.label("port", row["port_code"]),
        )
        for row in items.head(most).iter_rows(named=True)
    ]
    caption = (
        f"Pending: the {most} nearest a consequence of {format.count(items.height)}"
        if items.height > most
        else f"Pending: {plural(items.height, 'review')}"
    )
    heads = ("Review", "Work type", "Opened", "Gross age", "Due", "Next consequence", "Entry", "Port of entry")
    return table(caption, heads, rows, empty="Nothing is pending.")


def _found(done: pl.DataFrame, most: int = 10) -> str:
    found = done.filter(pl.col("severity").is_in(["minor", "major"]))
    rows = [
        (
            row["review_id"],
            codes.WORK_TYPES[row["work_type"]],
            codes.REVIEW_SOURCES[row["source"]],
            format.date(row["closed_date"]),
            codes.SEVERITIES[row["severity"]],
            codes.FINDING_CATEGORIES.get(row["finding_category"] or "", ""),
            format.usd_full(row["revenue_change_usd"]),
        )
        for row in found.head(most).iter_rows(named=True)
    ]
    heads = ("Review", "Work type", "Why it was opened", "Completed", "Severity", "Found", "Revenue change")
    caption = f"Latest findings: {format.count(found.height)} of the last {plural(done.height, 'completed item')} found something"
    return table(caption, heads, rows, empty="No completed review found anything.")


def _notices(around: Around, most: int = 10) -> str:
    every = pl.concat([around.pending, around.done], how="diagonal").filter(pl.col("work_type").is_in(["cf28", "cf29"]))
    rows = [
        (
            row["review_id"],
            codes.WORK_TYPES[row["work_type"]],
            format.date(row["opened_date"]),
            format.date(row["due_date"]),
            format.date(row["closed_date"]),
            codes.OUTCOMES.get(row["outcome"] or "", ""),
        )
        for row in every.sort("opened_date", "review_id", descending=True).head(most).iter_rows(named=True)
    ]
    return table("Latest notices", ("Review", "Notice", "Sent", "Reply due", "Closed", "Result"), rows, empty="No notice was sent.")


def _goods(view: View, goods: pl.DataFrame, most: int = 12) -> str:
    lines, value = total(goods["lines_count"]), total(goods["value_usd"])
    rows = [
        (
            view.label("industry", row["industry_code"]),
            _center(view, row["center_code"]),
            format.count(row["lines_count"]),
            format.share(row["lines_count"] / lines if lines else None),
            format.usd_full(row["value_usd"]),
            format.share(row["value_usd"] / value if value else None),
        )
        for row in goods.head(most).iter_rows(named=True)
    ]
    caption = "Goods of the last 12 months, wherever processed" + (
        f": {most} of {plural(goods.height, 'industry', 'industries')}" if goods.height > most else ""
    )
    return table(caption, ("Industry", "Goods of", "Lines", "Share", "Value", "Share of value"), rows, empty="No goods.")


def _history(view: View, history: pl.DataFrame) -> str:
    rows = [
        (
            format.date(row["valid_from"]),
            assignment.EVENTS[row["event"]],
            _center(view, row["center_code"]),
            _center(view, row["from_center_code"]),
            row["basis"] or format.NONE,
            format.date(row["valid_to"]) if row["valid_to"] else "in force",
        )
        for row in history.iter_rows(named=True)
    ]
    return table(
        "Assignment",
        ("From", "What happened", "Center", "Before", "Rests on", "Until"),
        rows,
        empty="This account never had an assignment.",
    )
