"""One review opened: its facts, clocks, history, entry, lines, and what else there is of its account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Protocol

import polars as pl
import streamlit as st

from analytics import clocks, codes, format
from ui import records, session
from ui.frame import View
from ui.lists import table


class Around(Protocol):
    """One review with what is around it (`data.items.Item`)."""

    @property
    def review(self) -> pl.DataFrame:
        """Its facts, one row."""

    @property
    def events(self) -> pl.DataFrame:
        """What happened to it."""

    @property
    def clock(self) -> pl.DataFrame:
        """When its clock stood."""

    @property
    def entry(self) -> pl.DataFrame:
        """Its entry, if the reader reaches it."""

    @property
    def lines(self) -> pl.DataFrame:
        """Lines of that entry."""

    @property
    def others(self) -> pl.DataFrame:
        """Other reviews of the account."""


class Records(Protocol):
    """A source that gives one review."""

    def item(self, review_id: str) -> Around | None:
        """Return one review with what is around it; null when the reader does not reach it."""


def detail(view: View, source: Records, listed: pl.DataFrame) -> None:
    """Draw the review that is open, if any: its facts, clocks, history, entry, lines, account and what was found for that account."""
    review_id = session.own("review")
    if not review_id:
        return
    around = source.item(review_id)
    if around is None:
        session.keep_own("review", "")
        records.not_there("review", review_id)
        return
    review = around.review.row(0, named=True)
    mine = listed.filter(pl.col("review_id") == review["review_id"])
    st.html(
        '<div class="cl-opened">'
        + _facts(view, review, mine.row(0, named=True) if mine.height else {})
        + _clocks(around.review, view.as_of)
        + _history(view, review, around)
        + _entry(view, review, around.entry)
        + _lines(around.lines, _why_no_lines(view, review, around.entry))
        + _others(around.others)
        + "</div>"
    )


def _pairs(caption: str, pairs: Iterable[tuple[str, object]]) -> str:
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in pairs)
    return f'<section class="cl-list"><h2>{escape(caption)}</h2><dl class="cl-facts">{cells}</dl></section>'


def _facts(view: View, review: Mapping[str, Any], listed: Mapping[str, Any]) -> str:
    account = listed.get("account_name") or "Account of another Center"
    ends = {rule.id: rule.consequence for rule in clocks.RULES}
    ahead = ends.get(str(listed.get("consequence_clock")), "")
    consequence = (
        f"{ahead}, {format.date(listed['consequence_date'])} ({_days_left(listed['days_to_consequence'])})" if ahead else "No legal date"
    )
    pairs = [
        ("If nothing is done", consequence if listed else "Completed: nothing is open"),
        ("Due", f"{format.date(review['due_date'])} · {codes.DUE_BASES.get(review['due_basis'] or '', 'no basis recorded')}"),
        ("Opened", format.date(review["opened_date"])),
        ("Gross age", format.days(listed.get("age_days"))),
        ("Center-controlled age", format.days(listed.get("controlled_age_days"))),
        ("Status", codes.REVIEW_STATUSES[review["status"]]),
        ("Why it was opened", codes.REVIEW_SOURCES[review["source"]]),
        ("Account", account),
        ("Program", codes.PROGRAMS[review["program"]]),
        ("Held by", view.label("center", review["center_code"])),
        ("Team", review["team"] or format.NONE),
        ("Port of entry", view.label("port", review["port_code"])),
        ("Industry", view.label("industry", review["industry_code"])),
    ]
    return _pairs(f"{codes.WORK_TYPES[review['work_type']]} {review['review_id']}", pairs)


def _days_left(days: int | None) -> str:
    if days is None:
        return format.NONE
    return f"{format.days(-days)} ago" if days < 0 else "today" if days == 0 else f"{format.days(days)} left"


def _clocks(review: pl.DataFrame, as_of: dt.date) -> str:
    running = clocks.clocks(review.lazy(), as_of).sort("date").collect()
    rules = {rule.id: rule for rule in clocks.RULES}
    rows = []
    for row in running.iter_rows(named=True):
        rule = rules[row["clock"]]
        rows.append((rule.name, format.date(row["date"]), _days_left(row["days"]), rule.duty, rule.consequence, rule.citation))
    heads = ("Clock", "Date", "", "Whose duty", "If nothing is done", "Source")
    return table("Clocks that run", heads, rows, empty="No clock runs: nothing is open, or the entry has liquidated.")


def _history(view: View, review: Mapping[str, Any], around: Around) -> str:
    events: list[tuple[dt.date, str, str]] = [(review["opened_date"], "Received", "")]
    for row in around.events.iter_rows(named=True):
        moved = row["event_type"] == "transfer"
        ends = [view.label("center", row[name] or codes.PORT_CODE) for name in ("from_center_code", "to_center_code")]
        events.append(
            (
                row["event_date"],
                codes.EVENT_TYPES[row["event_type"]],
                f"{ends[0]} to {ends[1]}: {row['reason'] or ''}" if moved else row["reason"] or "",
            )
        )
    if review["closed_date"]:
        events.append(
            (
                review["closed_date"],
                codes.REVIEW_STATUSES[review["status"]],
                codes.OUTCOMES.get(review["outcome"] or "", "no result recorded"),
            )
        )
    return table(
        "History",
        ("Day", "What", ""),
        [(format.date(day), what, more) for day, what, more in sorted(events, key=lambda event: event[0])],
        empty="",
    )


def _entry(view: View, review: Mapping[str, Any], entry: pl.DataFrame) -> str:
    if entry.is_empty():
        return table("Entry summary", (), [], empty=_why_no_entry(view, review["entry_number"]))
    row = entry.row(0, named=True)
    held = f"from {format.date(row['suspended_date'])}" if row["suspended_date"] else "no"
    lifted = f", lifted {format.date(row['suspension_lifted_date'])}" if row["suspension_lifted_date"] else ""
    ended = (
        f"{format.date(row['liquidation_date'])}, {str(row['liquidation_type']).replace('_', ' ')}"
        if row["liquidation_date"]
        else "not yet"
    )
    return _pairs(
        f"Entry summary {row['entry_number']}",
        [
            ("Entry date", format.date(row["entry_date"])),
            ("Type", f"{row['entry_type_code']} {codes.ENTRY_TYPES[row['entry_type_code']]}"),
            ("Filer", row["filer_code"]),
            ("Entered value", format.usd_full(row["value_usd"])),
            ("Estimated duty", format.usd_full(row["duty_usd"])),
            ("Processed by", view.label("center", row["center_code"])),
            ("Scheduled liquidation", format.date(row["scheduled_liquidation_date"])),
            ("Extensions", format.count(row["extension_count"])),
            ("Suspended", held + lifted),
            ("Liquidated", ended),
        ],
    )


def _why_no_entry(view: View, number: str | None) -> str:
    """Say why an item stands without its entry: it has none, others process it, or the data lack it."""
    if not number:
        return "It concerns no single entry summary."
    if view.source.scope.role.rows == "own":
        return (
            f"It concerns entry {number}, which its port or another Center processes; your role is shown entries of your own Center alone."
        )
    return f"It concerns entry {number}, which is not in the data."


def _why_no_lines(view: View, review: Mapping[str, Any], entry: pl.DataFrame) -> str:
    """Say why an item stands without lines."""
    number = review["entry_number"]
    if entry.height:
        return f"No line of entry {number} is in the data."
    if not number:
        return "It concerns no single entry summary, so there are no lines of its own."
    if view.source.scope.role.rows == "own":
        return f"Not shown: entry {number} is processed by its port or another Center, and so are its lines."
    return f"Entry {number} is not in the data, and so are none of its lines."


def _lines(lines: pl.DataFrame, why: str) -> str:
    rows = [
        (
            row["line_number"],
            row["hts_number"],
            row["origin_code"],
            format.usd_full(row["value_usd"]),
            format.usd_full(row["duty_usd"]),
            row["spi_code"] or "",
        )
        for row in lines.iter_rows(named=True)
    ]
    return table("Lines", ("Line", "Tariff number", "Origin", "Value", "Duty", "Preference"), rows, empty=why)


def _others(others: pl.DataFrame, most: int = 10) -> str:
    done = others.filter(pl.col("status") == "completed")
    found = int(done["severity"].is_in(["minor", "major"]).sum())
    waiting = others.filter(pl.col("closed_date").is_null()).height
    rows = [
        (
            row["review_id"],
            codes.WORK_TYPES[row["work_type"]],
            format.date(row["opened_date"]),
            format.date(row["closed_date"]),
            codes.OUTCOMES.get(row["outcome"] or "", ""),
            codes.FINDING_CATEGORIES.get(row["finding_category"] or "", ""),
            format.usd_full(row["revenue_change_usd"]),
        )
        for row in others.head(most).iter_rows(named=True)
    ]
    caption = f"The account’s other work: {format.count(waiting)} open, {format.count(found)} of {format.count(done.height)} completed found a discrepancy"
    return table(
        caption,
        ("Review", "Work type", "Opened", "Completed", "Result", "Found", "Revenue change"),
        rows,
        empty="Nothing else of this account.",
    )
